//! Helpers for pictures in letters: clipping, padding and a field of braille dots.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Shortens text to a number of terminal columns, with an ellipsis.
pub(crate) fn clip(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        kept.push(character);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Fills up with spaces on the right.
pub(crate) fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Fills up with spaces on the left.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

/// A field of characters with 2 x 4 dots each; positions run from 0 to 1, upwards.
pub(crate) struct Braille {
    columns: usize,
    rows: usize,
    dots: Vec<u8>,
    signs: Vec<Option<char>>,
}

/// The bit of a dot by its column and its row from the top.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

impl Braille {
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, dots: vec![0; columns * rows], signs: vec![None; columns * rows] }
    }

    /// The dot at a position.
    fn cell(&self, x: f64, y: f64) -> (usize, usize) {
        let place = |share: f64, count: usize| {
            let last = (count - 1) as f64;
            (share * last).round().clamp(0.0, last) as usize
        };
        (place(x, 2 * self.columns.max(1)), place(1.0 - y, 4 * self.rows.max(1)))
    }

    fn set(&mut self, column: usize, row: usize) {
        if let Some(dots) = self.dots.get_mut(row / 4 * self.columns + column / 2) {
            *dots |= BITS[column % 2][row % 4];
        }
    }

    /// Sets one dot.
    pub(crate) fn dot(&mut self, x: f64, y: f64) {
        let (column, row) = self.cell(x, y);
        self.set(column, row);
    }

    /// Sets the dots of a straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (start, end) = (self.cell(from.0, from.1), self.cell(to.0, to.1));
        let steps = start.0.abs_diff(end.0).max(start.1.abs_diff(end.1)).max(1);
        for step in 0..=steps {
            let between = |one: usize, other: usize| {
                let share = step as f64 / steps as f64;
                (one as f64 + (other as f64 - one as f64) * share).round() as usize
            };
            self.set(between(start.0, end.0), between(start.1, end.1));
        }
    }

    /// Puts a character over the dots at a position; the first one there stays.
    pub(crate) fn sign(&mut self, x: f64, y: f64, sign: char) {
        let (column, row) = self.cell(x, y);
        if let Some(place) = self.signs.get_mut(row / 4 * self.columns + column / 2) {
            place.get_or_insert(sign);
        }
    }

    /// The lines from top to bottom, without trailing spaces.
    pub(crate) fn rows(&self) -> Vec<String> {
        (0..self.rows)
            .map(|row| {
                let line: String = (0..self.columns)
                    .map(|column| {
                        let index = row * self.columns + column;
                        match (self.signs[index], self.dots[index]) {
                            (Some(sign), _) => sign,
                            (None, 0) => ' ',
                            (None, bits) => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
                        }
                    })
                    .collect();
                line.trim_end().to_string()
            })
            .collect()
    }
}
