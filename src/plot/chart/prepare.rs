//! From a chart's data to clean points on scaled axes.

use super::super::error::PlotError;
use super::super::scale::{AxisScale, Tick, all_powers_of_two};
use super::{Axis, Chart, Mark, Scale};

/// Values beyond this are left out: their differences would not be finite.
const HUGE: f64 = 1e300;
const MOST_CATEGORIES: usize = 1000;
const MOST_SERIES: usize = 200;

/// A point on the axes: positions from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub x: f64,
    pub y: f64,
    /// Lower and upper end of the error bar.
    pub error: Option<(f64, f64)>,
}

/// A series on the axes: pieces of a line that have no gap inside.
pub(super) struct PlacedSeries {
    pub pieces: Vec<Vec<Placed>>,
    pub highlight: Option<Placed>,
}

/// Everything that is needed to draw.
pub(super) struct Prepared {
    pub x: AxisScale,
    pub y: AxisScale,
    pub series: Vec<PlacedSeries>,
    /// Points that are not finite, too large, or in no category.
    pub skipped: usize,
    /// Distance of neighbouring x positions of bars, 0 to 1.
    pub bar_room: f64,
}

pub(super) fn prepare(chart: &Chart) -> Result<Prepared, PlotError> {
    check(chart)?;
    let categories = chart.x.categories.as_ref().map(Vec::len);
    let usable = |x: f64, y: f64| {
        let fits = |value: f64| value.is_finite() && value.abs() <= HUGE;
        let named = categories.is_none_or(|count| x >= 0.0 && x < count as f64 && x.fract() == 0.0);
        fits(x) && fits(y) && named
    };
    let points = || {
        chart
            .series
            .iter()
            .flat_map(|series| series.points.iter().copied().chain(series.highlight))
            .filter(|&(x, y)| usable(x, y))
    };
    let total: usize = chart.series.iter().map(|series| series.points.len()).sum();
    let kept: usize = chart
        .series
        .iter()
        .map(|series| series.points.iter().filter(|point| usable(point.0, point.1)).count())
        .sum();
    if kept == 0 {
        return Err(PlotError::new(
            "there is no point to draw",
            if total == 0 {
                "the series are empty"
            } else {
                "every point has a value that is not finite"
            },
        ));
    }
    let bars = chart.series.iter().any(|series| series.mark == Mark::Bars);
    let x = match categories {
        Some(count) => AxisScale::categories(count),
        None => scale_of(&chart.x, "x", points().map(|point| point.0), &[], false)?,
    };
    let ends = error_ends(chart);
    let y = scale_of(&chart.y, "y", points().map(|point| point.1), &ends, bars)?;
    let bar_room = if bars { bar_room(chart, &x, categories, &usable) } else { 0.0 };
    let widen = if bars && categories.is_none() { bar_room / 2.0 } else { 0.0 };
    let x = x.widened(widen);
    let bar_room = bar_room / (1.0 + 2.0 * widen);
    let series = chart
        .series
        .iter()
        .map(|series| {
            let place = |(px, py): (f64, f64), error: Option<f64>| Placed {
                x: x.position(px),
                y: y.position(py),
                error: error.filter(|size| size.is_finite() && *size > 0.0).map(|size| {
                    let inside = |value: f64| y.position(value).clamp(0.0, 1.0);
                    (inside(py - size), inside(py + size))
                }),
            };
            let mut pieces = vec![Vec::new()];
            for (index, &point) in series.points.iter().enumerate() {
                if usable(point.0, point.1) {
                    let error = series.errors.as_ref().and_then(|errors| errors.get(index));
                    if let Some(piece) = pieces.last_mut() {
                        piece.push(place(point, error.copied()));
                    }
                } else if pieces.last().is_some_and(|piece| !piece.is_empty()) {
                    pieces.push(Vec::new());
                }
            }
            PlacedSeries {
                pieces,
                highlight: series
                    .highlight
                    .filter(|&(px, py)| usable(px, py))
                    .map(|point| place(point, None)),
            }
        })
        .collect();
    Ok(Prepared { x, y, series, skipped: total - kept, bar_room })
}

fn check(chart: &Chart) -> Result<(), PlotError> {
    if chart.series.len() > MOST_SERIES {
        return Err(PlotError::new(
            format!("{} series are too many for one chart", chart.series.len()),
            format!("draw at most {MOST_SERIES}"),
        ));
    }
    if let Some(names) = &chart.x.categories
        && (names.len() > MOST_CATEGORIES || names.is_empty())
    {
        return Err(PlotError::new(
            format!("an axis cannot show {} categories", names.len()),
            format!("draw between 1 and {MOST_CATEGORIES}"),
        ));
    }
    for series in &chart.series {
        if let Some(errors) = &series.errors
            && errors.len() != series.points.len()
        {
            return Err(PlotError::new(
                format!(
                    "a series has {} points but {} error bars",
                    series.points.len(),
                    errors.len()
                ),
                "give one error per point",
            ));
        }
    }
    Ok(())
}

/// Ends of the error bars, so that the axis holds them.
fn error_ends(chart: &Chart) -> Vec<f64> {
    let mut ends = Vec::new();
    for series in &chart.series {
        for (point, error) in series.points.iter().zip(series.errors.iter().flatten()) {
            for end in [point.1 - error, point.1 + error] {
                let drawable = chart.y.scale == Scale::Linear || end > 0.0;
                if end.is_finite() && end.abs() <= HUGE && drawable && *error > 0.0 {
                    ends.push(end);
                }
            }
        }
    }
    ends
}

fn scale_of(
    axis: &Axis,
    name: &str,
    values: impl Iterator<Item = f64> + Clone,
    ends: &[f64],
    bars: bool,
) -> Result<AxisScale, PlotError> {
    let all = values.clone().chain(ends.iter().copied());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let wanted = if name == "x" { 8 } else { 6 };
    match axis.scale {
        Scale::Linear => {
            // Between two channels, or two sites, there is nothing.
            let whole = name == "x" && ends.is_empty() && values.clone().all(|v| v.fract() == 0.0);
            Ok(AxisScale::linear(low, high, bars, whole, wanted))
        }
        Scale::Log => {
            if low <= 0.0 {
                let label = if axis.label.trim().is_empty() { name } else { axis.label.trim() };
                let label: String = label.chars().take(60).collect();
                return Err(PlotError::new(
                    format!("the logarithmic axis \"{label}\" cannot show the value {low}"),
                    "take a linear axis, or keep only positive values",
                ));
            }
            let binary = all_powers_of_two(values);
            // Bars grow from the axis' end: leave room below the shortest.
            let low = if bars { low / (high / low).powf(0.08).max(1.3) } else { low };
            Ok(AxisScale::logarithmic(low, high, binary, wanted))
        }
    }
}

/// The smallest distance of two different bar positions.
fn bar_room(
    chart: &Chart,
    x: &AxisScale,
    categories: Option<usize>,
    usable: &impl Fn(f64, f64) -> bool,
) -> f64 {
    if let Some(count) = categories {
        return 1.0 / count.max(1) as f64;
    }
    let mut places: Vec<f64> = chart
        .series
        .iter()
        .filter(|series| series.mark == Mark::Bars)
        .flat_map(|series| &series.points)
        .filter(|point| usable(point.0, point.1))
        .map(|point| x.position(point.0))
        .collect();
    places.sort_by(f64::total_cmp);
    places
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|&gap| gap > 1e-9)
        .fold(0.3, f64::min)
        .max(1e-4)
}

/// Thins out a line: per column of `1 / columns` the first, lowest, highest and last point.
pub(super) fn thin_line(points: &[Placed], columns: usize) -> Vec<Placed> {
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    let column = |point: &Placed| (point.x * columns as f64).floor() as i64;
    let mut kept = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let here = column(&points[start]);
        let end = points[start..]
            .iter()
            .position(|point| column(point) != here)
            .map_or(points.len(), |offset| start + offset);
        let by_height = |one: &usize, other: &usize| points[*one].y.total_cmp(&points[*other].y);
        let lowest = (start..end).min_by(by_height).unwrap_or(start);
        let highest = (start..end).max_by(by_height).unwrap_or(start);
        let mut chosen = [start, lowest, highest, end - 1];
        chosen.sort_unstable();
        for (index, &place) in chosen.iter().enumerate() {
            if index == 0 || chosen[index - 1] != place {
                kept.push(points[place]);
            }
        }
        start = end;
    }
    // A line that runs to and fro over the columns is thinned evenly instead.
    if kept.len() > 8 * columns {
        let stride = kept.len().div_ceil(8 * columns);
        kept = kept.into_iter().step_by(stride).collect();
    }
    kept
}

/// Thins out symbols: one per cell of a raster of `columns` x `rows`, in the order given.
pub(super) fn thin_points(points: &[Placed], columns: usize, rows: usize) -> Vec<Placed> {
    if points.len() <= 4000 {
        return points.to_vec();
    }
    let mut taken = vec![false; columns * rows];
    points
        .iter()
        .filter(|point| {
            let cell = |share: f64, count: usize| {
                ((share * count as f64).max(0.0) as usize).min(count.saturating_sub(1))
            };
            let index = cell(point.y, rows) * columns + cell(point.x, columns);
            taken.get_mut(index).is_some_and(|seen| !std::mem::replace(seen, true))
        })
        .copied()
        .collect()
}

/// Ticks of a category axis: every category has one, in the middle of its slot.
pub(super) fn category_ticks(scale: &AxisScale, names: &[String]) -> Vec<Tick> {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| Tick {
            position: scale.position(index as f64),
            label: Some(super::super::font::clean(name)),
        })
        .collect()
}
