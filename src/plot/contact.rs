//! Samples of a data set side by side, a line for each class.

use super::error::PlotError;
use super::font::{clean, text_width};
use super::numbers::short;
use super::scene::{Anchor, Raster, Scene, Stroke, below_middle};
use super::style;
use super::textual::clip;

/// Images of the same size in lines. The least of all values is black, the largest white.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactSheet {
    /// Written bold at the top left.
    pub title: Option<String>,
    /// Rows of an image; 1 for a chain, which is drawn as a band.
    pub rows: usize,
    /// Columns of an image.
    pub columns: usize,
    /// The lines, from the top.
    pub strips: Vec<Strip>,
}

/// One line of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// What stands before it: a class.
    pub label: Option<String>,
    /// The values of each image, row-major.
    pub images: Vec<Vec<f64>>,
}

/// The longest side of an image, in pixels of the figure.
const SIDE: f64 = 52.0;
/// The height of the band of a chain.
const BAND: f64 = 14.0;
/// The width of the band of a chain.
const BAND_WIDTH: f64 = 64.0;
/// Between images.
const GAP: f64 = 4.0;
/// More pixels than this on a side are joined, so that a figure stays small.
const MOST_PIXELS: usize = 128;

impl ContactSheet {
    /// The least and the largest value that is finite.
    fn range(&self) -> Result<(f64, f64), PlotError> {
        if self.rows == 0 || self.columns == 0 {
            return Err(PlotError::plain("an image without pixels cannot be drawn"));
        }
        let images = || self.strips.iter().flat_map(|strip| &strip.images);
        if images().any(|image| image.len() != self.rows.saturating_mul(self.columns)) {
            return Err(PlotError::plain("the images have different sizes"));
        }
        let values = || images().flatten().copied().filter(|value| value.is_finite());
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Err(PlotError::plain("there is no image to draw"));
        }
        Ok((low, high))
    }

    /// The means of blocks of an image on a raster of at most so many rows and columns.
    fn joined(&self, image: &[f64], most: (usize, usize)) -> (usize, usize, Vec<f64>) {
        let block = self.rows.div_ceil(most.0).max(self.columns.div_ceil(most.1)).max(1);
        // A chain has one row, whatever the block is.
        let (rows, columns) = (self.rows.div_ceil(block), self.columns.div_ceil(block));
        let mean = |place: usize| {
            let (top, left) = (place / columns * block, place % columns * block);
            let (mut sum, mut count) = (0.0, 0.0);
            for row in top..(top + block).min(self.rows) {
                for column in left..(left + block).min(self.columns) {
                    sum += image.get(row * self.columns + column).copied().unwrap_or(0.0);
                    count += 1.0;
                }
            }
            sum / count
        };
        (rows, columns, (0..rows * columns).map(mean).collect())
    }

    /// The sheet as shapes: every image is one raster.
    ///
    /// # Errors
    /// No image, or images of other sizes.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        let (low, high) = self.range()?;
        let (height, width) = if self.rows == 1 {
            (BAND, BAND_WIDTH)
        } else {
            let side = SIDE / self.rows.max(self.columns) as f64;
            ((side * self.rows as f64).max(2.0), (side * self.columns as f64).max(2.0))
        };
        let labels = self.strips.iter().filter_map(|strip| strip.label.as_deref());
        let lead =
            labels.map(|text| text_width(text, style::LABEL_SIZE, false)).fold(0.0, f64::max);
        let lead = if lead > 0.0 { lead.min(120.0) + 10.0 } else { 0.0 };
        let most = self.strips.iter().map(|strip| strip.images.len()).max().unwrap_or(0);
        let note = format!("black {}, white {}", short(low), short(high));
        let title = self.title.as_deref().map(clean).unwrap_or_default();
        let wide = (lead + most as f64 * (width + GAP) - GAP)
            .max(text_width(&title, style::TITLE_SIZE, true).min(420.0) + 2.0)
            .max(text_width(&note, style::NOTE_SIZE, false));
        let size = ((wide + 2.0 * style::MARGIN).ceil(), 100.0);
        let mut scene = Scene::new(size.0, size.1, format!("contact sheet: {title}"));
        let mut top = scene.title(self.title.as_deref());
        if self.title.is_some() {
            top += 8.0;
        }
        for strip in &self.strips {
            if let Some(label) = &strip.label {
                let place = (
                    style::MARGIN + lead - 10.0,
                    top + 0.5 * height + below_middle(style::LABEL_SIZE),
                );
                let (size, color) = (style::LABEL_SIZE, style::INK_SOFT);
                scene.fitted(place, label, size, color, Anchor::End, 120.0);
            }
            for (number, image) in strip.images.iter().enumerate() {
                let (rows, columns, values) = self.joined(image, (MOST_PIXELS, MOST_PIXELS));
                let corner = (style::MARGIN + lead + number as f64 * (width + GAP), top);
                // White images end somewhere, too.
                let edge = Stroke::solid(style::AXIS, style::HAIRLINE);
                scene.rectangle(corner, (width, height), 0.0, None, Some(edge));
                let shade = |value: &f64| (255.0 * share(*value, low, high)).round() as u8;
                scene.raster(Raster {
                    corner,
                    size: (width, height),
                    rows,
                    columns,
                    shades: values.iter().map(shade).collect(),
                });
            }
            top += height + GAP;
        }
        top += 12.0;
        let place = (style::MARGIN, top);
        scene.text(place, &note, style::NOTE_SIZE, style::INK_FAINT, Anchor::Start);
        scene.height = (top + style::MARGIN - 6.0).ceil();
        Ok(scene)
    }

    /// One image of each line in half blocks, as many as fit: of at most 20 lines.
    ///
    /// # Errors
    /// As [`ContactSheet::scene`].
    pub fn text<'s>(&'s self, width: usize) -> Result<String, PlotError> {
        let (low, high) = self.range()?;
        let width = width.clamp(30, 200);
        let mut lines = Vec::new();
        let title = self.title.as_deref().map(clean).unwrap_or_default();
        if !title.trim().is_empty() {
            lines.push(clip(title.trim(), width));
        }
        // Images one after another: the first ones of all classes, or all of the first line.
        let labelled = self.strips.iter().any(|strip| strip.label.is_some());
        let shown: Vec<(&str, &Vec<f64>)> = if labelled {
            let first = |strip: &'s Strip| {
                let label = strip.label.as_deref().unwrap_or("");
                strip.images.first().map(|image| (label, image))
            };
            self.strips.iter().filter_map(first).collect()
        } else {
            self.strips.iter().flat_map(|strip| &strip.images).map(|image| ("", image)).collect()
        };
        let pictures: Vec<(&str, Vec<String>)> = shown
            .into_iter()
            .map(|(label, image)| {
                let (rows, columns, values) = self.joined(image, (16, width.min(16)));
                (label, blocks(&values, rows, columns, (low, high)))
            })
            .collect();
        let (wide, tall) = match pictures.first() {
            Some((_, rows)) => (rows.first().map_or(1, |row| row.chars().count()), rows.len()),
            None => (1, 1),
        };
        let each = ((width + 2) / (wide + 2)).max(1);
        let most = (19 / (tall + usize::from(labelled))).max(1) * each;
        for line in pictures.chunks(each).take(most.div_ceil(each)) {
            if labelled {
                let names: Vec<String> =
                    line.iter().map(|(name, _)| format!("{:<wide$}", clip(name, wide))).collect();
                lines.push(names.join("  ").trim_end().to_owned());
            }
            for row in 0..tall {
                let parts: Vec<&str> = line
                    .iter()
                    .map(|(_, picture)| picture.get(row).map_or("", String::as_str))
                    .collect();
                lines.push(parts.join("  ").trim_end().to_owned());
            }
        }
        Ok(lines.join("\n"))
    }
}

/// Where a value lies between black and white.
fn share(value: f64, low: f64, high: f64) -> f64 {
    if value.is_finite() && high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Two pixels in each character: filled where a pixel is in the brighter half.
fn blocks(values: &[f64], rows: usize, columns: usize, (low, high): (f64, f64)) -> Vec<String> {
    let bright = |row: usize, column: usize| {
        let value = if row < rows { values.get(row * columns + column) } else { None };
        value.is_some_and(|value| share(*value, low, high) > 0.5)
    };
    let sign = |row: usize, column: usize| match (bright(row, column), bright(row + 1, column)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => '·',
    };
    (0..rows).step_by(2).map(|row| (0..columns).map(|column| sign(row, column)).collect()).collect()
}
