//! The small picture of a partition: one square per site.

use super::error::PlotError;
use super::numbers::grouped;
use super::partition::{legend_sides, square};
use super::scene::{Anchor, Scene};
use super::style;
use super::tree::TreeLabel;

/// The sites of a shape coloured by their side.
#[derive(Clone, Debug, PartialEq)]
pub struct SitesPicture {
    /// Rows of the shape; 1 for a chain.
    pub rows: usize,
    /// Columns of the shape.
    pub cols: usize,
    /// Per site, row by row, whether it is on side A.
    pub side_a: Vec<bool>,
}

/// Squares per row and column that are drawn.
const MOST: usize = 64;

/// What is drawn of the sites.
struct Shown {
    /// Rows of labels; nothing for a block with sites of both sides, with A's share.
    cells: Vec<Vec<f64>>,
    note: Option<String>,
    /// Site number at the start of each row of a folded chain.
    numbers: Option<usize>,
}

impl SitesPicture {
    fn check(&self) -> Result<(), PlotError> {
        if self.rows.checked_mul(self.cols) != Some(self.side_a.len()) || self.side_a.is_empty() {
            return Err(PlotError::plain(format!(
                "a shape of {} x {} sites cannot have {} sides",
                self.rows,
                self.cols,
                self.side_a.len()
            )));
        }
        Ok(())
    }

    fn share(&self, row: usize, column: usize) -> f64 {
        match self.side_a.get(row * self.cols + column) {
            Some(true) => 1.0,
            _ => 0.0,
        }
    }

    fn shown(&self) -> Shown {
        if self.rows == 1 && self.cols > MOST {
            // A long chain is folded like text; beyond 4096 sites only its beginning is shown.
            let drawn = self.cols.min(MOST * MOST);
            let cells = (0..drawn.div_ceil(MOST))
                .map(|line| {
                    (line * MOST..((line + 1) * MOST).min(drawn))
                        .map(|site| self.share(0, site))
                        .collect()
                })
                .collect();
            let note = (drawn < self.cols).then(|| {
                format!(
                    "the first {} of {} sites",
                    grouped(drawn as u64),
                    grouped(self.cols as u64)
                )
            });
            return Shown { cells, note, numbers: Some(MOST) };
        }
        let block = self.rows.max(self.cols).div_ceil(MOST);
        let blocks: Vec<Vec<f64>> = (0..self.rows.div_ceil(block))
            .map(|row| {
                (0..self.cols.div_ceil(block))
                    .map(|column| self.block_share(row * block, column * block, block))
                    .collect()
            })
            .collect();
        if block == 1 {
            return Shown { cells: blocks, note: None, numbers: None };
        }
        let pure = blocks.iter().flatten().any(|&share| share == 0.0 || share == 1.0);
        if pure {
            return Shown {
                cells: blocks,
                note: Some(format!("each square is {block} × {block} sites")),
                numbers: None,
            };
        }
        // A pattern finer than the blocks would be one even colour: show a corner of it.
        let (rows, columns) = (self.rows.min(MOST), self.cols.min(MOST));
        Shown {
            cells: (0..rows)
                .map(|row| (0..columns).map(|column| self.share(row, column)).collect())
                .collect(),
            note: Some(format!("the upper left {rows} × {columns} sites")),
            numbers: None,
        }
    }

    fn block_share(&self, top: usize, left: usize, block: usize) -> f64 {
        let (mut count, mut sum) = (0.0, 0.0);
        for row in top..(top + block).min(self.rows) {
            for column in left..(left + block).min(self.cols) {
                count += 1.0;
                sum += self.share(row, column);
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    }

    fn counts(&self) -> (String, String) {
        let a = self.side_a.iter().filter(|&&side| side).count();
        let b = self.side_a.len() - a;
        (format!("{} sites", grouped(a as u64)), format!("{} sites", grouped(b as u64)))
    }

    /// The picture as shapes. Chains of more than 64 sites are folded into rows; shapes of
    /// more than 64 x 64 show blocks of sites by A's share, or a corner if all are mixed.
    ///
    /// # Errors
    /// No site, or not one side per site.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        self.check()?;
        let shown = self.shown();
        let rows = shown.cells.len();
        let columns = shown.cells.iter().map(Vec::len).max().unwrap_or(1);
        let side = (480.0 / rows.max(columns) as f64).clamp(7.0, 28.0);
        let gap = if side >= 10.0 { 1.5 } else { 0.75 };
        let margin = 16.0;
        let lead = if shown.numbers.is_some() { 36.0 } else { 0.0 };
        let wide = lead + side * columns as f64;
        let (a, b) = self.counts();
        let width = (wide + 2.0 * margin).max(230.0);
        let label = format!("partition of {} x {} sites", self.rows, self.cols);
        let mut scene = Scene::new(width.ceil(), 100.0, label);
        for (row, cells) in shown.cells.iter().enumerate() {
            let y = margin + row as f64 * side;
            if let Some(step) = shown.numbers
                && (side >= 11.0 || row % 2 == 0)
            {
                let place = (margin + lead - 7.0, y + 0.5 * side + 3.5);
                let number = (row * step).to_string();
                scene.text(place, &number, 9.5, style::INK_FAINT, Anchor::End);
            }
            for (column, &share) in cells.iter().enumerate() {
                let place = (margin + lead + column as f64 * side, y);
                if share == 0.0 || share == 1.0 {
                    let label = if share == 1.0 { TreeLabel::A } else { TreeLabel::B };
                    square(&mut scene, place, side - gap, Some(label));
                } else {
                    let color = style::SIDE_B.toward(style::SIDE_A, share);
                    let size = (side - gap, side - gap);
                    scene.rectangle(place, size, 0.0, Some(color), None);
                }
            }
        }
        let mut y = margin + rows as f64 * side + 18.0;
        legend_sides(&mut scene, (margin, y), &a, &b);
        y += 8.0;
        if let Some(note) = &shown.note {
            y += 18.0;
            scene.text((margin, y), note, style::NOTE_SIZE, style::INK_FAINT, Anchor::Start);
        }
        scene.height = (y + margin).ceil();
        Ok(scene)
    }

    /// The sides in letters, at most 20 lines.
    ///
    /// # Errors
    /// As [`SitesPicture::scene`].
    pub fn text(&self, width: usize) -> Result<String, PlotError> {
        self.check()?;
        let width = width.clamp(20, 200);
        let letter = |share: f64| match share {
            1.0 => 'A',
            0.0 => 'B',
            _ => '+',
        };
        let mut lines: Vec<String> = Vec::new();
        if self.rows == 1 {
            let per_line = width.min(MOST);
            let total = self.cols.div_ceil(per_line);
            for line in 0..total.min(17) {
                let sites = line * per_line..((line + 1) * per_line).min(self.cols);
                lines.push(sites.map(|site| letter(self.share(0, site))).collect());
            }
            if total > 17 {
                lines.push("…".to_string());
            }
        } else {
            let block = self.rows.div_ceil(17).max(self.cols.div_ceil(width));
            for row in (0..self.rows).step_by(block) {
                let columns = (0..self.cols).step_by(block);
                let letters = columns.map(|column| letter(self.block_share(row, column, block)));
                lines.push(letters.collect());
            }
            if block > 1 {
                lines.push(format!("(a letter is {block} × {block} sites, + has both sides)"));
            }
        }
        let (a, b) = self.counts();
        lines.push(format!("A: {a}, B: {b}"));
        Ok(lines.join("\n"))
    }
}
