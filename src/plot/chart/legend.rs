//! The legend beside a chart, and the symbols of the series.

use super::super::font::{clean, shorten, text_width};
use super::super::scene::{Anchor, Point, Scene, Shape, Stroke, below_middle};
use super::super::style::{self, Color};
use super::{Chart, Mark};

const ROW: f64 = 21.0;
const KEY: f64 = 22.0;
const KEY_GAP: f64 = 8.0;
const WIDEST: f64 = 170.0;

/// What stands in the legend, ready to be measured and drawn.
pub(super) struct Legend {
    title: Option<String>,
    /// Series index and shortened label.
    entries: Vec<(usize, String)>,
    /// Width in pixels.
    pub width: f64,
}

impl Legend {
    /// The legend of a chart, or nothing when one series says no more than the axis.
    pub(super) fn of(chart: &Chart) -> Option<Self> {
        let entries: Vec<(usize, String)> = chart
            .series
            .iter()
            .enumerate()
            .filter_map(|(index, series)| {
                let label = clean(series.label.as_deref()?);
                Some((index, shorten(label.trim(), style::LABEL_SIZE, false, WIDEST)))
            })
            .filter(|(_, label)| !label.is_empty())
            .collect();
        let title = chart
            .legend_title
            .as_deref()
            .map(|title| shorten(clean(title).trim(), style::LABEL_SIZE, true, WIDEST + KEY))
            .filter(|title| !title.is_empty());
        let says_more = entries.len() > 1
            || title.is_some()
            || entries.first().is_some_and(|entry| entry.1 != chart.y.label.trim());
        if entries.is_empty() || !says_more {
            return None;
        }
        let widest = entries
            .iter()
            .map(|entry| KEY + KEY_GAP + text_width(&entry.1, style::LABEL_SIZE, false))
            .chain(title.iter().map(|title| text_width(title, style::LABEL_SIZE, true)))
            .fold(0.0, f64::max);
        Some(Self { title, entries, width: widest })
    }

    /// Draws the legend from a corner downwards, at most `height` pixels.
    pub(super) fn draw(&self, scene: &mut Scene, chart: &Chart, corner: Point, height: f64) {
        let mut middle = corner.1 + ROW / 2.0;
        let base = below_middle(style::LABEL_SIZE);
        if let Some(title) = &self.title {
            let place = (corner.0, middle + base);
            scene.bold(place, title, style::LABEL_SIZE, style::INK, Anchor::Start);
            middle += ROW;
        }
        let rows = (((height - (middle - corner.1)) / ROW).max(1.0)) as usize;
        let shown =
            if self.entries.len() > rows { rows.saturating_sub(1) } else { self.entries.len() };
        for (index, label) in self.entries.iter().take(shown) {
            let color = series_color(*index);
            match chart.series[*index].mark {
                Mark::Bars => {
                    let key = (corner.0 + 5.0, middle - 6.0);
                    scene.rectangle(key, (12.0, 12.0), 2.0, Some(color), None);
                }
                mark => {
                    if mark != Mark::Points {
                        let stroke =
                            Stroke { color, width: style::LINE_WIDTH, dash: series_dash(*index) };
                        scene.segment((corner.0, middle), (corner.0 + KEY, middle), stroke);
                    }
                    if mark != Mark::Line {
                        symbol(scene, (corner.0 + KEY / 2.0, middle), *index);
                    }
                }
            }
            let place = (corner.0 + KEY + KEY_GAP, middle + base);
            scene.text(place, label, style::LABEL_SIZE, style::INK, Anchor::Start);
            middle += ROW;
        }
        if shown < self.entries.len() {
            let note = format!("and {} more", self.entries.len() - shown);
            let place = (corner.0 + KEY + KEY_GAP, middle + base);
            scene.text(place, &note, style::LABEL_SIZE, style::INK_FAINT, Anchor::Start);
        }
    }
}

/// The colour of a series; colours repeat after eight, then with dashes.
pub(super) fn series_color(index: usize) -> Color {
    style::SERIES[index % style::SERIES.len()]
}

/// The dashes of a series beyond the first eight.
pub(super) fn series_dash(index: usize) -> Option<f64> {
    match index / style::SERIES.len() {
        0 => None,
        1 => Some(6.0),
        _ => Some(2.5),
    }
}

/// Draws the symbol of a series: its shape too tells the series apart.
pub(super) fn symbol(scene: &mut Scene, center: Point, index: usize) {
    let color = series_color(index);
    let edge = Some(Stroke::solid(style::BACKGROUND, 1.0));
    let radius = style::POINT_RADIUS;
    let corners: &[Point] = match index % 6 {
        1 => &[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)],
        2 => &[(0.0, -1.3), (1.2, 0.85), (-1.2, 0.85)],
        3 => &[(0.0, -1.35), (1.35, 0.0), (0.0, 1.35), (-1.35, 0.0)],
        4 => &[(0.0, 1.3), (1.2, -0.85), (-1.2, -0.85)],
        5 => &[
            (-0.4, -1.3),
            (0.4, -1.3),
            (0.4, -0.4),
            (1.3, -0.4),
            (1.3, 0.4),
            (0.4, 0.4),
            (0.4, 1.3),
            (-0.4, 1.3),
            (-0.4, 0.4),
            (-1.3, 0.4),
            (-1.3, -0.4),
            (-0.4, -0.4),
        ],
        _ => {
            scene.disc(center, radius + 0.4, color, edge);
            return;
        }
    };
    scene.shapes.push(Shape::Area {
        outline: corners
            .iter()
            .map(|corner| (center.0 + corner.0 * radius, center.1 + corner.1 * radius))
            .collect(),
        fill: Some(color),
        stroke: edge,
    });
}
