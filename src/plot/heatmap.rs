//! A matrix as coloured cells with a colour bar.

use ndarray::Array2;

use super::error::PlotError;
use super::font::{clean, shorten, text_width};
use super::numbers::{compact, short};
use super::scale::AxisScale;
use super::scene::{Anchor, Scene, Stroke, below_middle};
use super::style::{self, Color};
use super::textual::{clip, pad_left};

/// A matrix drawn as cells, row 0 at the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// Written bold at the top left.
    pub title: Option<String>,
    /// The values, rows x columns. Cells that are not finite are grey with a stroke through
    /// them. More than 96 rows or columns are joined into blocks that show their mean.
    pub values: Array2<f64>,
    /// What the columns are.
    pub x_label: String,
    /// What the rows are.
    pub y_label: String,
    /// Names of the rows; else their numbers from 0 are shown.
    pub row_labels: Option<Vec<String>>,
    /// Names of the columns; else their numbers from 0 are shown.
    pub col_labels: Option<Vec<String>>,
    /// What the values are, with their unit; written over the colour bar.
    pub value_label: String,
}

const MOST_CELLS: usize = 96;
const FIELD: f64 = 400.0;
const BAR_WIDTH: f64 = 14.0;

/// A perceptually uniform colour map, dark blue to yellow (samples of viridis); 0 to 1.
pub fn colormap(share: f64) -> Color {
    const SAMPLES: [u32; 9] =
        [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725];
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let place = share * (SAMPLES.len() - 1) as f64;
    let index = (place as usize).min(SAMPLES.len() - 2);
    Color::hex(SAMPLES[index]).toward(Color::hex(SAMPLES[index + 1]), place - index as f64)
}

/// The matrix as it is drawn: blocks of `block` x `block` cells joined.
struct Shown {
    values: Array2<f64>,
    block: usize,
    low: f64,
    high: f64,
}

impl Heatmap {
    fn shown(&self) -> Result<Shown, PlotError> {
        let (rows, columns) = self.values.dim();
        if rows == 0 || columns == 0 {
            return Err(PlotError::plain("a matrix without cells cannot be drawn"));
        }
        for (name, labels, count) in
            [("row", &self.row_labels, rows), ("column", &self.col_labels, columns)]
        {
            if let Some(labels) = labels
                && labels.len() != count
            {
                return Err(PlotError::new(
                    format!("{count} {name}s have {} {name} labels", labels.len()),
                    format!("give one label per {name}"),
                ));
            }
        }
        let fits = |value: f64| value.is_finite() && value.abs() <= 1e300;
        let block = rows.max(columns).div_ceil(MOST_CELLS);
        let shape = (rows.div_ceil(block), columns.div_ceil(block));
        let values = Array2::from_shape_fn(shape, |(row, column)| {
            let mut mean = 0.0;
            let mut count = 0.0;
            for y in row * block..((row + 1) * block).min(rows) {
                for x in column * block..((column + 1) * block).min(columns) {
                    let value = self.values[(y, x)];
                    if fits(value) {
                        count += 1.0;
                        mean += (value - mean) / count;
                    }
                }
            }
            if count > 0.0 { mean } else { f64::NAN }
        });
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Err(PlotError::new(
                "there is no cell to draw",
                "every value of the matrix is not finite",
            ));
        }
        Ok(Shown { values, block, low, high })
    }

    /// The heatmap as shapes.
    ///
    /// # Errors
    /// No finite value, or labels that are not as many as rows or columns.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        let shown = self.shown()?;
        let (rows, columns) = shown.values.dim();
        let cell = (FIELD / rows.max(columns) as f64).min(48.0);
        let (wide, tall) = (cell * columns as f64, cell * rows as f64);
        let row_names = names(self.row_labels.as_deref(), rows, shown.block, 120.0);
        let column_names = names(self.col_labels.as_deref(), columns, shown.block, 90.0);
        let width_of = |name: &String| text_width(name, style::TICK_SIZE, false);
        let left = style::MARGIN + 8.0 + row_names.iter().map(width_of).fold(0.0, f64::max);
        let widest_column = column_names.iter().map(width_of).fold(0.0, f64::max);

        let scale = AxisScale::exact(shown.low, shown.high, 5);
        let bar_left = left + wide + 28.0;
        let bar_texts = scale.ticks.iter().filter_map(|tick| tick.label.as_ref());
        let bar_text = bar_texts.map(width_of).fold(0.0, f64::max);
        let value_label = shorten(&clean(self.value_label.trim()), style::LABEL_SIZE, false, 160.0);
        let value_width = text_width(&value_label, style::LABEL_SIZE, false);
        let right = bar_left + (BAR_WIDTH + 6.0 + bar_text).max(value_width);
        let title_width = self
            .title
            .as_ref()
            .map_or(0.0, |title| text_width(&clean(title), style::TITLE_SIZE, true).min(420.0));
        let width = (right + style::MARGIN).max(title_width + 2.0 * style::MARGIN + 2.0);
        let mut scene = Scene::new(width.ceil(), 400.0, self.description());
        let mut top = scene.title(self.title.as_deref()) + 17.0;
        let room = bar_left - 12.0 - style::MARGIN;
        let place = (style::MARGIN, top);
        let label = self.y_label.trim();
        scene.fitted(place, label, style::LABEL_SIZE, style::INK_SOFT, Anchor::Start, room);
        let place = (bar_left, top);
        scene.text(place, &value_label, style::LABEL_SIZE, style::INK_SOFT, Anchor::Start);
        top += 12.0;

        self.draw_cells(&mut scene, &shown, (left, top), cell);
        let stride = (14.0 / cell).ceil() as usize;
        for (row, name) in row_names.iter().enumerate().step_by(stride.max(1)) {
            let y = top + (row as f64 + 0.5) * cell + below_middle(style::TICK_SIZE);
            scene.text((left - 8.0, y), name, style::TICK_SIZE, style::INK_SOFT, Anchor::End);
        }
        let upward = self.col_labels.is_some() && widest_column > cell - 6.0;
        let needed = if upward { 14.0 } else { widest_column + 8.0 };
        let stride = (needed / cell).ceil().max(1.0) as usize;
        for (column, name) in column_names.iter().enumerate().step_by(stride) {
            let x = left + (column as f64 + 0.5) * cell;
            if upward {
                let place = (x + below_middle(style::TICK_SIZE), top + tall + 8.0);
                scene.upward(place, name, style::TICK_SIZE, style::INK_SOFT, Anchor::End);
            } else {
                let place = (x, top + tall + 6.0 + style::TICK_SIZE);
                scene.text(place, name, style::TICK_SIZE, style::INK_SOFT, Anchor::Middle);
            }
        }
        let mut bottom = top + tall + if upward { widest_column + 12.0 } else { 22.0 };
        if !self.x_label.trim().is_empty() {
            bottom += 18.0;
            let place = ((left + left + wide) / 2.0, bottom);
            let label = self.x_label.trim();
            let room = wide.max(120.0);
            scene.fitted(place, label, style::LABEL_SIZE, style::INK_SOFT, Anchor::Middle, room);
        }
        if shown.block > 1 {
            bottom += 20.0;
            let note = format!("each cell is the mean of {0} × {0} values", shown.block);
            let place = (style::MARGIN, bottom);
            scene.text(place, &note, style::NOTE_SIZE, style::INK_FAINT, Anchor::Start);
        }
        let bar_height = tall.clamp(80.0, 260.0);
        draw_bar(&mut scene, &scale, (bar_left, top), bar_height);
        scene.height = (bottom + 4.0).max(top + bar_height + 6.0) + style::MARGIN - 4.0;
        scene.height = scene.height.ceil();
        Ok(scene)
    }

    fn description(&self) -> String {
        let title = self.title.as_deref().unwrap_or("heatmap");
        format!("{title}: {} by {} and {}", self.value_label, self.y_label, self.x_label)
    }

    fn draw_cells(&self, scene: &mut Scene, shown: &Shown, corner: (f64, f64), cell: f64) {
        let (rows, columns) = shown.values.dim();
        let texts: Vec<String> = if rows <= 12 && columns <= 12 {
            // Small values would all read 0: then every cell shows more digits.
            let small = shown.low.abs().max(shown.high.abs()) < 0.1;
            let write = |&value: &f64| if small { short(value) } else { compact(value) };
            shown.values.iter().map(write).collect()
        } else {
            Vec::new()
        };
        let text_size = style::NOTE_SIZE;
        let legible = texts.iter().all(|text| text_width(text, text_size, false) <= cell - 5.0);
        let gap = if cell > 12.0 { 1.0 } else { 0.0 };
        for ((row, column), &value) in shown.values.indexed_iter() {
            let x = corner.0 + column as f64 * cell;
            let y = corner.1 + row as f64 * cell;
            // Without gaps each cell reaches under the next, or the card would shine through.
            let reach = |inner: bool| if inner { 1.0 } else { 0.0 };
            let size = if gap > 0.0 {
                (cell - gap, cell - gap)
            } else {
                (cell + reach(column + 1 < columns), cell + reach(row + 1 < rows))
            };
            let side = cell - gap;
            if !value.is_finite() {
                scene.rectangle((x, y), size, 0.0, Some(style::MISSING), None);
                let stroke = Stroke::solid(style::AXIS, 1.0);
                scene.segment(
                    (x + 0.2 * cell, y + 0.8 * cell),
                    (x + 0.8 * cell, y + 0.2 * cell),
                    stroke,
                );
                continue;
            }
            let color = colormap(shown.share(value));
            scene.rectangle((x, y), size, 0.0, Some(color), None);
            if legible && let Some(text) = texts.get(row * columns + column) {
                let ink = if color.brightness() > 0.55 { style::INK } else { style::BACKGROUND };
                let place = (x + side / 2.0, y + side / 2.0 + below_middle(text_size));
                scene.text(place, text, text_size, ink, Anchor::Middle);
            }
        }
    }

    /// The heatmap as text of at most 20 lines: shades from light to full.
    ///
    /// # Errors
    /// As [`Heatmap::scene`].
    pub fn text(&self, width: usize) -> Result<String, PlotError> {
        const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
        let shown = self.shown()?;
        let (rows, columns) = shown.values.dim();
        let width = width.clamp(30, 200);
        let mut lines = Vec::new();
        if let Some(title) = self.title.as_deref().map(clean) {
            lines.push(clip(title.trim(), width));
        }
        let (down, across) = (self.y_label.trim(), self.x_label.trim());
        if !down.is_empty() || !across.is_empty() {
            let labels = clean(&format!("rows: {down}, columns: {across}"));
            lines.push(clip(&labels, width));
        }
        let (down, across) = (rows.div_ceil(15), columns.div_ceil((width - 8) / 2));
        for row in (0..rows).step_by(down) {
            let cells: String = (0..columns)
                .step_by(across)
                .map(|column| {
                    let part = ndarray::s![
                        row..(row + down).min(rows),
                        column..(column + across).min(columns)
                    ];
                    let block = shown.values.slice(part);
                    let finite = block.iter().copied().filter(|value| value.is_finite());
                    let count = finite.clone().count();
                    // A block without a value gives no sum and is shown as missing.
                    let value = finite
                        .map(|value| value / count as f64)
                        .reduce(|sum, value| sum + value)
                        .unwrap_or(f64::NAN);
                    let sign = if value.is_finite() {
                        SHADES[((shown.share(value) * 4.0).round() as usize).min(4)]
                    } else {
                        '?'
                    };
                    [sign, sign].iter().collect::<String>()
                })
                .collect();
            let name = match &self.row_labels {
                Some(names) => clip(&clean(&names[(row * shown.block).min(names.len() - 1)]), 6),
                None => (row * shown.block).to_string(),
            };
            lines.push(format!("{} {}", pad_left(&name, 6), cells.trim_end()));
        }
        lines.push(clip(
            &clean(&format!(
                "{} from {} (light) to {} (full)",
                self.value_label.trim(),
                short(shown.low),
                short(shown.high)
            )),
            width,
        ));
        Ok(lines.join("\n"))
    }
}

impl Shown {
    /// Where a value lies between the lowest and the highest.
    fn share(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span > 0.0 { (value - self.low) / span } else { 0.5 }
    }
}

/// Names of rows or columns, or the number of the first one in each block.
fn names(labels: Option<&[String]>, count: usize, block: usize, limit: f64) -> Vec<String> {
    (0..count)
        .map(|index| match labels.and_then(|labels| labels.get(index * block)) {
            Some(name) => shorten(&clean(name), style::TICK_SIZE, false, limit),
            None => (index * block).to_string(),
        })
        .collect()
}

fn draw_bar(scene: &mut Scene, scale: &AxisScale, corner: (f64, f64), height: f64) {
    let steps = 64;
    let step = height / f64::from(steps);
    for index in 0..steps {
        let share = 1.0 - (f64::from(index) + 0.5) / f64::from(steps);
        let place = (corner.0, corner.1 + f64::from(index) * step);
        let size = (BAR_WIDTH, step + if index + 1 < steps { 0.4 } else { 0.0 });
        scene.rectangle(place, size, 0.0, Some(colormap(share)), None);
    }
    for tick in &scale.ticks {
        if let Some(label) = &tick.label {
            let y = corner.1 + (1.0 - tick.position) * height;
            let place = (corner.0 + BAR_WIDTH + 6.0, y + below_middle(style::TICK_SIZE));
            scene.text(place, label, style::TICK_SIZE, style::INK_SOFT, Anchor::Start);
            let stroke = Stroke::solid(style::BACKGROUND.with_alpha(0.7), 1.0);
            scene.segment((corner.0, y), (corner.0 + BAR_WIDTH, y), stroke);
        }
    }
}
