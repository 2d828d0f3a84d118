//! A chart as shapes: frame, grid and labels here, lines and bars by plotters.

use std::convert::Infallible;

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::Rectangle;
use plotters::series::LineSeries;
use plotters::style::{Color as _, RGBColor, ShapeStyle};

use super::super::backend::{SceneBackend, UNITS_PER_PIXEL};
use super::super::error::PlotError;
use super::super::font::{clean, register_font, shorten, text_width, wrap};
use super::super::numbers::short;
use super::super::scale::Tick;
use super::super::scene::{Anchor, Scene, Stroke, below_middle};
use super::super::style;
use super::legend::{Legend, series_color, series_dash, symbol};
use super::prepare::{
    Placed, PlacedSeries, Prepared, category_ticks, prepare, thin_line, thin_points,
};
use super::{Chart, Mark};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const TICK_GAP: f64 = 8.0;

/// Where the data are drawn, in pixels.
#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn x(&self, position: f64) -> f64 {
        self.left + position * self.width
    }

    fn y(&self, position: f64) -> f64 {
        self.top + (1.0 - position) * self.height
    }
}

pub(super) fn draw(chart: &Chart) -> Result<Scene, PlotError> {
    register_font();
    let prepared = prepare(chart)?;
    let mut scene = Scene::new(WIDTH, HEIGHT, description(chart));
    let mut top = scene.title(chart.title.as_deref());
    let legend = Legend::of(chart);
    let legend_room = legend.as_ref().map_or(0.0, |legend| legend.width + 26.0);
    let right = WIDTH - style::MARGIN - legend_room;

    if !chart.y.label.trim().is_empty() {
        let place = (style::MARGIN, top + 17.0);
        let room = right - style::MARGIN;
        let label = chart.y.label.trim();
        scene.fitted(place, label, style::LABEL_SIZE, style::INK_SOFT, Anchor::Start, room);
        top += 28.0;
    } else {
        top += 10.0;
    }
    let left = style::MARGIN
        + TICK_GAP
        + prepared
            .y
            .ticks
            .iter()
            .filter_map(|tick| tick.label.as_deref())
            .map(|label| text_width(label, style::TICK_SIZE, false))
            .fold(0.0, f64::max);
    let mut bottom = HEIGHT - style::MARGIN;
    if prepared.skipped > 0 {
        let note = match prepared.skipped {
            1 => "1 point without a place on the axes is left out".to_string(),
            count => format!("{count} points without a place on the axes are left out"),
        };
        let place = (WIDTH - style::MARGIN, bottom + 4.0);
        scene.text(place, &note, style::NOTE_SIZE, style::INK_FAINT, Anchor::End);
        bottom -= 16.0;
    }
    if !chart.x.label.trim().is_empty() {
        let place = ((left + right) / 2.0, bottom);
        let label = chart.x.label.trim();
        let room = right - left;
        scene.fitted(place, label, style::LABEL_SIZE, style::INK_SOFT, Anchor::Middle, room);
        bottom -= 21.0;
    }
    let names = match &chart.x.categories {
        Some(names) => {
            let ticks = category_ticks(&prepared.x, names);
            Labels::of_categories(ticks, (right - left) / names.len().max(1) as f64)
        }
        None => Labels::of_numbers(&prepared.x.ticks, right - left),
    };
    bottom -= names.height;
    let frame =
        Frame { left, top, width: (right - left).max(40.0), height: (bottom - top).max(40.0) };
    draw_grid(&mut scene, frame, &prepared, chart.x.categories.is_some());
    names.draw(&mut scene, frame);
    draw_series(&mut scene, frame, chart, &prepared)?;
    draw_highlights(&mut scene, frame, chart, &prepared);
    if let Some(legend) = legend {
        let room = HEIGHT - style::MARGIN - frame.top;
        legend.draw(&mut scene, chart, (right + 26.0, frame.top - 6.0), room);
    }
    Ok(scene)
}

fn description(chart: &Chart) -> String {
    let title = chart.title.as_deref().unwrap_or("chart");
    format!("{title}: {} over {}", chart.y.label, chart.x.label)
}

fn draw_grid(scene: &mut Scene, frame: Frame, prepared: &Prepared, categories: bool) {
    let line = |tick: &Tick| {
        let color = if tick.label.is_some() { style::GRID } else { style::GRID_MINOR };
        Stroke::solid(color, style::HAIRLINE)
    };
    let bottom = frame.top + frame.height;
    for tick in &prepared.y.ticks {
        let y = frame.y(tick.position);
        scene.segment((frame.left, y), (frame.left + frame.width, y), line(tick));
        if let Some(label) = &tick.label {
            let place = (frame.left - TICK_GAP, y + below_middle(style::TICK_SIZE));
            scene.text(place, label, style::TICK_SIZE, style::INK_SOFT, Anchor::End);
        }
    }
    if !categories {
        for tick in &prepared.x.ticks {
            let x = frame.x(tick.position);
            scene.segment((x, frame.top), (x, bottom), line(tick));
        }
    }
    let axis = Stroke::solid(style::AXIS, style::HAIRLINE);
    scene.segment((frame.left, bottom), (frame.left + frame.width, bottom), axis);
    let base = prepared.y.base();
    if base > 1e-6 && base < 1.0 - 1e-6 {
        let y = frame.y(base);
        scene.segment((frame.left, y), (frame.left + frame.width, y), axis);
    }
}

/// The labels below the horizontal axis in the arrangement that fits.
struct Labels {
    ticks: Vec<(f64, Vec<String>)>,
    upward: bool,
    height: f64,
}

const LINE: f64 = 1.25 * style::TICK_SIZE;

impl Labels {
    /// Numbers: every one, or every second, third, … so that they keep a distance.
    fn of_numbers(ticks: &[Tick], room: f64) -> Self {
        let labelled: Vec<(f64, String)> =
            ticks.iter().filter_map(|tick| Some((tick.position, tick.label.clone()?))).collect();
        let crowded = |stride: usize| {
            let mut end = f64::NEG_INFINITY;
            labelled.iter().step_by(stride).any(|(position, label)| {
                let half = text_width(label, style::TICK_SIZE, false) / 2.0;
                let start = position * room - half;
                let overlaps = start < end + 8.0;
                end = position * room + half;
                overlaps
            })
        };
        let stride = (1..=labelled.len().max(1)).find(|&stride| !crowded(stride)).unwrap_or(1);
        Self {
            ticks: labelled
                .into_iter()
                .step_by(stride)
                .map(|(position, label)| (position, vec![label]))
                .collect(),
            upward: false,
            height: 12.0 + style::TICK_SIZE,
        }
    }

    /// Names: beside each other on one or two lines if they fit, else upwards.
    fn of_categories(ticks: Vec<Tick>, slot: f64) -> Self {
        let names: Vec<(f64, String)> =
            ticks.into_iter().map(|tick| (tick.position, tick.label.unwrap_or_default())).collect();
        let width = |text: &str| text_width(text, style::TICK_SIZE, false);
        let room = slot - 8.0;
        let fits = |lines: &[String]| lines.iter().all(|line| width(line) <= room);
        let wrapped = |lines: usize| -> Vec<(f64, Vec<String>)> {
            names
                .iter()
                .map(|(position, name)| {
                    (*position, wrap(name, style::TICK_SIZE, false, room.max(10.0), lines))
                })
                .collect()
        };
        let untouched = |wrapped: &[(f64, Vec<String>)]| {
            wrapped.iter().zip(&names).all(|((_, lines), (_, name))| {
                fits(lines)
                    && lines.join(" ") == name.split_whitespace().collect::<Vec<_>>().join(" ")
            })
        };
        for lines in 1..=2 {
            let candidate = wrapped(lines);
            if untouched(&candidate) || (lines == 2 && room >= 60.0) {
                return Self {
                    ticks: candidate,
                    upward: false,
                    height: 10.0 + LINE * lines as f64,
                };
            }
        }
        let stride = (15.0 / slot.max(0.01)).ceil().max(1.0) as usize;
        let longest = 110.0;
        let shown: Vec<(f64, Vec<String>)> = names
            .iter()
            .step_by(stride)
            .map(|(position, name)| {
                (*position, vec![shorten(name, style::TICK_SIZE, false, longest)])
            })
            .collect();
        let height =
            shown.iter().flat_map(|(_, lines)| lines).map(|name| width(name)).fold(0.0, f64::max);
        Self { ticks: shown, upward: true, height: height + 14.0 }
    }

    fn draw(&self, scene: &mut Scene, frame: Frame) {
        let bottom = frame.top + frame.height;
        for (position, lines) in &self.ticks {
            let x = frame.x(*position);
            if self.upward {
                for name in lines {
                    let place = (x + below_middle(style::TICK_SIZE), bottom + 8.0);
                    scene.upward(place, name, style::TICK_SIZE, style::INK_SOFT, Anchor::End);
                }
                continue;
            }
            let mut base = bottom + 7.0 + style::TICK_SIZE;
            for line in lines {
                let half = text_width(line, style::TICK_SIZE, false) / 2.0;
                let x = x.clamp(half + 4.0, (scene.width - half - 4.0).max(half + 4.0));
                let place = (x, base);
                scene.text(place, line, style::TICK_SIZE, style::INK_SOFT, Anchor::Middle);
                base += LINE;
            }
        }
    }
}

type Area<'scene> = DrawingArea<SceneBackend<'scene>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A plotters area whose two axes run from 0 to 1 over the frame.
fn area(backend: SceneBackend<'_>, frame: Frame) -> Area<'_> {
    let units = |pixels: f64| (pixels * UNITS_PER_PIXEL).round() as i32;
    let x = units(frame.left)..units(frame.left + frame.width);
    let y = units(frame.top + frame.height)..units(frame.top);
    backend.into_drawing_area().apply_coord_spec(Cartesian2d::new(0.0..1.0, 0.0..1.0, (x, y)))
}

fn failed(error: DrawingAreaErrorKind<Infallible>) -> PlotError {
    PlotError::plain(format!("the chart could not be drawn: {error}"))
}

fn draw_series(
    scene: &mut Scene,
    frame: Frame,
    chart: &Chart,
    prepared: &Prepared,
) -> Result<(), PlotError> {
    let bar_count = chart.series.iter().filter(|series| series.mark == Mark::Bars).count();
    let mut bar_index = 0;
    for (index, (series, placed)) in chart.series.iter().zip(&prepared.series).enumerate() {
        let color = series_color(index);
        let ink = RGBColor(color.red, color.green, color.blue);
        if series.mark == Mark::Bars {
            let offset = bar_index as f64 - (bar_count as f64 - 1.0) / 2.0;
            let slot = 0.8 * prepared.bar_room / bar_count.max(1) as f64;
            let bars = draw_bars(scene, frame, placed, prepared, offset * slot, slot, ink)?;
            draw_errors(scene, frame, bars.iter(), style::INK_SOFT);
            bar_index += 1;
            continue;
        }
        if series.mark != Mark::Points {
            let backend = SceneBackend::new(scene).with_dash(series_dash(index));
            let area = area(backend, frame);
            let look = ShapeStyle {
                color: ink.to_rgba(),
                filled: false,
                stroke_width: (style::LINE_WIDTH * UNITS_PER_PIXEL) as u32,
            };
            for piece in &placed.pieces {
                let thin = thin_line(piece, (2.0 * frame.width) as usize);
                let line = LineSeries::new(thin.iter().map(|point| (point.x, point.y)), look);
                for element in line {
                    area.draw(&element).map_err(failed)?;
                }
            }
        }
        let all: Vec<Placed> = placed.pieces.concat();
        let cell = 3.0;
        let raster = ((frame.width / cell) as usize, (frame.height / cell) as usize);
        let shown = thin_points(&all, raster.0, raster.1);
        draw_errors(scene, frame, shown.iter(), color);
        // Symbols on a line of many points would hide it.
        let crowded = series.mark == Mark::LinePoints && all.len() > 120;
        let lonely = |piece: &&Vec<Placed>| piece.len() == 1;
        if series.mark == Mark::Points || (series.mark == Mark::LinePoints && !crowded) {
            let many = shown.len() > 600;
            for point in &shown {
                let center = (frame.x(point.x), frame.y(point.y));
                if many {
                    scene.disc(center, 1.8, color, None);
                } else {
                    symbol(scene, center, index);
                }
            }
        } else {
            // A point between two gaps has no line: without a symbol it would be lost.
            for point in placed.pieces.iter().filter(lonely).flatten().take(2000) {
                symbol(scene, (frame.x(point.x), frame.y(point.y)), index);
            }
        }
    }
    Ok(())
}

/// Draws the bars of one series and returns where their ends are.
fn draw_bars(
    scene: &mut Scene,
    frame: Frame,
    placed: &PlacedSeries,
    prepared: &Prepared,
    offset: f64,
    slot: f64,
    ink: RGBColor,
) -> Result<Vec<Placed>, PlotError> {
    let base = prepared.y.base();
    let columns = (2.0 * frame.width) as usize;
    let mut bars: Vec<Placed> = placed.pieces.concat();
    if bars.len() > 2 * columns {
        // Of the bars that share half a pixel only the longest can be seen.
        bars.sort_by(|one, other| one.x.total_cmp(&other.x));
        let column = |bar: &Placed| (bar.x * columns as f64).floor();
        let mut longest: Vec<Placed> = Vec::new();
        for bar in bars {
            match longest.last_mut() {
                Some(last) if column(last) == column(&bar) => {
                    if (bar.y - base).abs() > (last.y - base).abs() {
                        *last = bar;
                    }
                }
                _ => longest.push(bar),
            }
        }
        bars = longest;
    }
    let gap = if slot * frame.width > 6.0 { 1.0 / frame.width } else { 0.0 };
    let half = ((slot - gap) / 2.0).max(0.4 / frame.width);
    let area = area(SceneBackend::new(scene), frame);
    for bar in &mut bars {
        bar.x += offset;
        let corners = [(bar.x - half, base), (bar.x + half, bar.y)];
        area.draw(&Rectangle::new(corners, ink.filled())).map_err(failed)?;
    }
    Ok(bars)
}

fn draw_errors<'points>(
    scene: &mut Scene,
    frame: Frame,
    points: impl Iterator<Item = &'points Placed>,
    color: style::Color,
) {
    let stroke = Stroke::solid(color, 1.4);
    for point in points {
        let Some((low, high)) = point.error else {
            continue;
        };
        let x = frame.x(point.x);
        scene.segment((x, frame.y(low)), (x, frame.y(high)), stroke);
        for end in [low, high] {
            let y = frame.y(end);
            scene.segment((x - 3.5, y), (x + 3.5, y), stroke);
        }
    }
}

fn draw_highlights(scene: &mut Scene, frame: Frame, chart: &Chart, prepared: &Prepared) {
    for (index, (series, placed)) in chart.series.iter().zip(&prepared.series).enumerate() {
        let (Some(point), Some(values)) = (placed.highlight, series.highlight) else {
            continue;
        };
        let center = (frame.x(point.x), frame.y(point.y));
        symbol(scene, center, index);
        scene.shapes.push(super::super::scene::Shape::Disc {
            center,
            radius: 8.5,
            fill: None,
            stroke: Some(Stroke::solid(style::CUT, 2.0)),
        });
        let name = chart
            .x
            .categories
            .as_ref()
            .and_then(|names| names.get(values.0 as usize))
            .map_or_else(|| short(values.0), |name| clean(name));
        let label = shorten(
            &format!("({name}, {})", short(values.1)),
            style::TICK_SIZE,
            true,
            0.5 * frame.width,
        );
        let width = text_width(&label, style::TICK_SIZE, true);
        let half = width / 2.0 + 4.0;
        let x = center
            .0
            .clamp(frame.left + half, (frame.left + frame.width - half).max(frame.left + half));
        let above = center.1 - 15.0 - style::TICK_SIZE > frame.top;
        let y = if above { center.1 - 15.0 } else { center.1 + 15.0 + 0.8 * style::TICK_SIZE };
        scene.rectangle(
            (x - half, y - style::TICK_SIZE - 1.0),
            (2.0 * half, style::TICK_SIZE + 6.0),
            3.0,
            Some(style::BACKGROUND.with_alpha(0.85)),
            None,
        );
        scene.bold((x, y), &label, style::TICK_SIZE, style::CUT, Anchor::Middle);
    }
}
