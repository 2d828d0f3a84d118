//! Inputs that are higher than the screen.
//!
//! rustyline draws the whole input at every key and moves the cursor by relative steps, which
//! stop at the upper edge of the screen. For an input that does not fit, the rows that do are
//! drawn here, at absolute places, such that the steps which rustyline takes afterwards end where
//! the cursor belongs: it is told to go up by the rows between the cursor and the end, so the
//! last row of the input stands on the last row of the screen if the cursor is near enough to it,
//! and the cursor's row stands at the top if it is not.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// Rows and columns of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// A place on an endless screen: a row and a column, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

const TAB: usize = 8;

impl Place {
    /// Where a character leads; also where it stands itself.
    fn step(self, c: char, columns: usize) -> (Self, Self) {
        if c == '\n' {
            return (self, Self { row: self.row + 1, column: 0 });
        }
        let width = if c == '\t' { TAB - self.column % TAB } else { c.width().unwrap_or(0) };
        let after = Self { row: self.row, column: self.column + width };
        if after.column > columns {
            let stands = Self { row: self.row + 1, column: 0 };
            return (stands, Self { row: self.row + 1, column: width });
        }
        (self, after)
    }

    /// A full row ends on the next one.
    fn settled(self, columns: usize) -> Self {
        if self.column == columns { Self { row: self.row + 1, column: 0 } } else { self }
    }

    fn behind(self, text: &str, columns: usize) -> Self {
        text.chars().fold(self, |place, c| place.step(c, columns).1).settled(columns)
    }
}

/// How many rows a prompt and an input take.
pub fn rows(prompt: &str, line: &str, size: Size) -> usize {
    let columns = size.columns.max(1);
    Place::default().behind(prompt, columns).behind(line, columns).row + 1
}

/// What to write in the place of an input that is too high: `painted` is the input with colours,
/// the cursor is at the byte `cursor` of the line.
pub fn window(prompt: &str, line: &str, painted: &str, cursor: usize, size: Size) -> String {
    let columns = size.columns.max(1);
    let height = size.rows.max(1);
    let start = Place::default().behind(prompt, columns);
    let at = start.behind(line.get(..cursor).unwrap_or(line), columns);
    let end = start.behind(line, columns);
    let top = at.row.min((end.row + 1).saturating_sub(height));
    let mut out = String::from("\x1b[H\x1b[J");
    if top == 0 {
        out.push_str(prompt);
    }
    draw(&mut out, painted, start, top..top + height, columns);
    // rustyline adds a newline of its own where the last row is exactly full.
    let breaks = end.column == 0 && !line.ends_with('\n');
    let last = if breaks { height.saturating_sub(1).max(1) } else { height };
    let _ = write!(out, "\x1b[{last};1H");
    out
}

/// Writes the rows that are seen; escape sequences take no room and are always written.
fn draw(
    out: &mut String,
    painted: &str,
    start: Place,
    seen: std::ops::Range<usize>,
    columns: usize,
) {
    let mut place = start;
    let mut row = None;
    let mut rest = painted;
    while let Some(c) = rest.chars().next() {
        if c == '\x1b' {
            let end = rest.find('m').map_or(rest.len(), |at| at + 1);
            out.push_str(rest.get(..end).unwrap_or(""));
            rest = rest.get(end..).unwrap_or("");
            continue;
        }
        let (stands, after) = place.step(c, columns);
        if seen.contains(&stands.row) && c != '\n' {
            if row != Some(stands.row) {
                let _ = write!(out, "\x1b[{};{}H", stands.row - seen.start + 1, stands.column + 1);
                row = Some(stands.row);
            }
            out.push(c);
        }
        place = after;
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { columns: 10, rows: 3 };

    #[test]
    fn rows_are_counted_as_the_terminal_breaks_them() {
        assert_eq!(rows("> ", "", SIZE), 1);
        assert_eq!(rows("> ", "1234567", SIZE), 1);
        assert_eq!(rows("> ", "12345678", SIZE), 2);
        assert_eq!(rows("> ", "123456789", SIZE), 2);
        assert_eq!(rows("> ", "a\nb\n", SIZE), 3);
        assert_eq!(rows("> ", "界界界界界", SIZE), 2);
    }

    #[test]
    fn the_end_is_seen_with_the_cursor_there_and_the_cursor_elsewhere() {
        let line = "a\nb\nc\nd\ne";
        let end = window("> ", line, line, line.len(), SIZE);
        assert_eq!(end, "\x1b[H\x1b[J\x1b[1;1Hc\x1b[2;1Hd\x1b[3;1He\x1b[3;1H");
        let start = window("> ", line, line, 0, SIZE);
        assert_eq!(start, "\x1b[H\x1b[J> \x1b[1;3Ha\x1b[2;1Hb\x1b[3;1Hc\x1b[3;1H");
    }
}
