//! A large tree by its counts per layer: a pyramid of bars and a table.

use super::super::error::PlotError;
use super::super::font::{clean, shorten, text_width};
use super::super::numbers::grouped;
use super::super::partition::{legend_entry, legend_sides};
use super::super::scene::{Anchor, Scene, Stroke, below_middle};
use super::super::style;
use super::super::textual::{clip, pad_left, pad_right};
use super::dimension;

/// A tree of which only the counts per layer are known or wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeSummary {
    /// Written bold at the top left.
    pub title: Option<String>,
    /// Rows and columns of the sites.
    pub grid: (usize, usize),
    /// The layers; the first one holds the sites.
    pub layers: Vec<TreeLayerSummary>,
    /// What stands above the root.
    pub output: Option<String>,
    /// Written below.
    pub caption: Option<String>,
}

/// Counts of one layer. Without a cut, `a`, `b` and `cut` are 0 everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeLayerSummary {
    /// Its name.
    pub name: String,
    /// Dimension of its indices.
    pub dim: u64,
    /// Number of its indices.
    pub positions: u64,
    /// Indices on side A.
    pub a: u64,
    /// Indices on side B.
    pub b: u64,
    /// Indices that are cut.
    pub cut: u64,
}

const ROW: f64 = 25.0;
const BARS: f64 = 300.0;

impl TreeSummary {
    fn check(&self) -> Result<(), PlotError> {
        if self.layers.is_empty() || self.layers.len() > 64 {
            return Err(PlotError::new(
                format!("a tree of {} layers cannot be drawn", self.layers.len()),
                "draw between 1 and 64 layers",
            ));
        }
        Ok(())
    }

    fn marked(&self) -> bool {
        self.layers.iter().any(|layer| layer.a > 0 || layer.b > 0 || layer.cut > 0)
    }

    /// The summary as shapes: one bar per layer with the root on top, as wide as the
    /// logarithm of its positions, divided by A, cut and B.
    ///
    /// # Errors
    /// No layer, or more than 64.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        self.check()?;
        let marked = self.marked();
        let size = style::LABEL_SIZE;
        let names: Vec<String> = self
            .layers
            .iter()
            .map(|layer| shorten(&clean(&layer.name), size, true, 130.0))
            .collect();
        let dims: Vec<String> = (self.layers.iter().enumerate())
            .map(|(index, layer)| dimension(index, layer.dim))
            .collect();
        let widest = |texts: &[String], bold: bool| {
            texts.iter().map(|text| text_width(text, size, bold)).fold(0.0, f64::max)
        };
        let dim_left = style::MARGIN + widest(&names, true) + 16.0;
        let bars_left = dim_left + widest(&dims, false) + 22.0;
        let heads = if marked { vec!["indices", "A", "B", "cut"] } else { vec!["indices"] };
        let columns: Vec<Vec<String>> = heads
            .iter()
            .map(|head| {
                let cell = |layer: &TreeLayerSummary| match *head {
                    "A" => layer.a,
                    "B" => layer.b,
                    "cut" => layer.cut,
                    _ => layer.positions,
                };
                self.layers
                    .iter()
                    .map(|layer| match cell(layer) {
                        0 => "–".to_string(),
                        count => grouped(count),
                    })
                    .collect()
            })
            .collect();
        let mut rights = Vec::new();
        let mut x = bars_left + BARS + 8.0;
        for (head, cells) in heads.iter().zip(&columns) {
            x += 18.0 + widest(cells, true).max(text_width(head, size, false));
            rights.push(x);
        }
        let width = (x + style::MARGIN).ceil();
        let title = self.title.as_deref().unwrap_or("network");
        let label = format!(
            "{title}: counts of {} layers. {}",
            self.layers.len(),
            self.caption.as_deref().unwrap_or("")
        );
        let mut scene = Scene::new(width, 100.0, label);
        let mut y = scene.title(self.title.as_deref()) + 20.0;
        for (head, right) in heads.iter().zip(&rights) {
            scene.text((*right, y), head, size, style::INK_SOFT, Anchor::End);
        }
        let center = bars_left + BARS / 2.0;
        if let Some(output) = &self.output {
            scene.fitted((center, y), output, size, style::INK_SOFT, Anchor::Middle, BARS);
        }
        y += 8.0;
        let rule = Stroke::solid(style::GRID, style::HAIRLINE);
        scene.segment((style::MARGIN, y), (width - style::MARGIN, y), rule);
        y += 6.0;
        let largest = self.layers.iter().map(|layer| layer.positions).max().unwrap_or(1);
        let length = |positions: u64| {
            let share = ((positions as f64 + 1.0).log2() / (largest as f64 + 1.0).log2()).min(1.0);
            (BARS * share).max(6.0)
        };
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let base = y + ROW / 2.0 + below_middle(size);
            scene.bold((style::MARGIN, base), &names[index], size, style::INK, Anchor::Start);
            scene.text((dim_left, base), &dims[index], size, style::INK_SOFT, Anchor::Start);
            draw_bar(&mut scene, layer, center, y + 3.5, length(layer.positions));
            for ((head, cells), right) in heads.iter().zip(&columns).zip(&rights) {
                if *head == "cut" && layer.cut > 0 {
                    scene.bold((*right, base), &cells[index], size, style::CUT, Anchor::End);
                } else {
                    scene.text((*right, base), &cells[index], size, style::INK, Anchor::End);
                }
            }
            y += ROW;
        }
        y += 24.0;
        if marked {
            let next = legend_sides(&mut scene, (style::MARGIN, y), "side A", "side B");
            legend_entry(&mut scene, (next, y), "cut", |scene, center| {
                let corner = (center.0 - 7.0, center.1 - 7.0);
                scene.rectangle(corner, (14.0, 14.0), 0.0, Some(style::CUT), None);
            });
            y += 18.0;
        }
        let note = "bars: logarithm of the number of indices, divided by their shares";
        scene.fitted(
            (style::MARGIN, y + 8.0),
            note,
            style::NOTE_SIZE,
            style::INK_FAINT,
            Anchor::Start,
            width - 2.0 * style::MARGIN,
        );
        y += 16.0;
        if self.caption.is_some() {
            y = scene.caption(self.caption.as_deref(), y + 8.0);
        }
        scene.height = (y + style::MARGIN - 4.0).ceil();
        Ok(scene)
    }

    /// The summary as a table in letters; the middle layers are left out beyond 15.
    ///
    /// # Errors
    /// As [`TreeSummary::scene`].
    pub fn text(&self, width: usize) -> Result<String, PlotError> {
        self.check()?;
        let width = width.clamp(30, 200);
        let marked = self.marked();
        let mut rows = vec![vec!["layer".to_string(), "dim".into(), "indices".into()]];
        if marked {
            rows[0].extend(["A", "B", "cut"].map(String::from));
        }
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let mut row = vec![
                clip(&clean(&layer.name), 20),
                dimension(index, layer.dim),
                layer.positions.to_string(),
            ];
            if marked {
                row.extend([layer.a, layer.b, layer.cut].map(|count| count.to_string()));
            }
            rows.push(row);
        }
        if rows.len() > 15 {
            let left_out = rows.len() - 14;
            rows.drain(8..8 + left_out);
            let gap = vec!["…".to_string(); rows[0].len()];
            rows.insert(8, gap);
        }
        let widths: Vec<usize> = (0..rows[0].len())
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut lines = Vec::new();
        if let Some(title) = &self.title {
            lines.push(clip(clean(title).trim(), width));
        }
        if let Some(output) = &self.output {
            lines.push(clip(clean(output).trim(), width));
        }
        for row in rows {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(
                    |(column, (cell, &room))| {
                        if column < 2 { pad_right(cell, room) } else { pad_left(cell, room) }
                    },
                )
                .collect();
            lines.push(clip(cells.join("  ").trim_end(), width));
        }
        if let Some(caption) = &self.caption {
            lines.push(clip(clean(caption).trim(), width));
        }
        Ok(lines.join("\n"))
    }
}

fn draw_bar(scene: &mut Scene, layer: &TreeLayerSummary, center: f64, top: f64, length: f64) {
    let height = ROW - 7.0;
    let left = center - length / 2.0;
    let parts = [(layer.a, style::SIDE_A), (layer.cut, style::CUT), (layer.b, style::SIDE_B)];
    let total = parts.iter().map(|part| part.0 as f64).sum::<f64>();
    if total <= 0.0 {
        scene.rectangle((left, top), (length, height), 2.0, Some(style::NEUTRAL_FILL), None);
        return;
    }
    // Even a single index keeps three pixels: one cut among a million must be seen.
    let least = 3.0f64.min(length / 4.0);
    let wanted = parts
        .map(|part| if part.0 == 0 { 0.0 } else { (length * part.0 as f64 / total).max(least) });
    let squeeze = length / wanted.iter().sum::<f64>();
    let mut x = left;
    for ((_, color), wanted) in parts.iter().zip(wanted) {
        if wanted > 0.0 {
            scene.rectangle((x, top), (wanted * squeeze, height), 0.0, Some(*color), None);
        }
        x += wanted * squeeze;
    }
}
