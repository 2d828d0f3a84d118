//! A chart in letters: braille dots for one series, a sign per series for several, bars of
//! block characters.

use unicode_width::UnicodeWidthStr;

use super::super::error::PlotError;
use super::super::font::clean;
use super::super::numbers::short;
use super::super::textual::{Braille, clip, pad_left, pad_right};
use super::prepare::{Placed, Prepared, prepare, thin_line};
use super::{Chart, Mark};

const ROWS: usize = 11;
const SIGNS: [char; 8] = ['●', '○', '▲', '△', '■', '□', '◆', '◇'];
const MOST_BARS: usize = 16;

pub(super) fn write(chart: &Chart, width: usize) -> Result<String, PlotError> {
    let prepared = prepare(chart)?;
    let width = width.clamp(30, 200);
    let mut lines = Vec::new();
    if let Some(title) = chart.title.as_deref().map(clean).filter(|title| !title.trim().is_empty())
    {
        lines.push(clip(title.trim(), width));
    }
    let only_bars = chart.series.iter().all(|series| series.mark == Mark::Bars);
    if only_bars {
        bars(chart, width, &mut lines);
    } else {
        curves(chart, &prepared, width, &mut lines);
    }
    if prepared.skipped > 0 {
        let noun = if prepared.skipped == 1 { "point" } else { "points" };
        lines.push(format!("({} {noun} left out)", prepared.skipped));
    }
    Ok(lines.join("\n"))
}

/// One line per bar, its value at the end.
fn bars(chart: &Chart, width: usize, lines: &mut Vec<String>) {
    let mut rows: Vec<(f64, String, f64)> = Vec::new();
    for series in &chart.series {
        for &(x, y) in
            series.points.iter().filter(|point| point.0.is_finite() && point.1.is_finite())
        {
            let name = match &chart.x.categories {
                Some(names) => match names.get(x as usize) {
                    Some(name) if x >= 0.0 && x.fract() == 0.0 => clean(name),
                    _ => continue,
                },
                None => short(x),
            };
            let name = match &series.label {
                Some(label) if chart.series.len() > 1 => format!("{name} · {}", clean(label)),
                _ => name,
            };
            rows.push((x, name, y));
        }
    }
    let heading = format!("{} by {}", chart.y.label.trim(), chart.x.label.trim());
    if !chart.y.label.trim().is_empty() || !chart.x.label.trim().is_empty() {
        lines.push(clip(&clean(&heading), width));
    }
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let hidden = rows.len().saturating_sub(MOST_BARS);
    rows.truncate(MOST_BARS);
    let names = rows.iter().map(|row| row.1.width()).max().unwrap_or(0).min(width / 3);
    let values: Vec<String> = rows.iter().map(|row| short(row.2)).collect();
    let digits = values.iter().map(|value| value.width()).max().unwrap_or(0);
    let room = width.saturating_sub(names + digits + 3).max(4);
    let largest = rows.iter().map(|row| row.2.abs()).fold(0.0, f64::max);
    for ((_, name, value), written) in rows.iter().zip(&values) {
        let share = if largest > 0.0 { value.abs() / largest } else { 0.0 };
        let eighths = (share * 8.0 * room as f64).round() as usize;
        // A negative value has a pale bar.
        let mut bar = if *value < 0.0 { "░" } else { "█" }.repeat(eighths / 8);
        if *value > 0.0 && !eighths.is_multiple_of(8) {
            bar.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
        }
        let name = pad_right(&clip(name, names), names);
        lines.push(format!("{name} {bar} {written}"));
    }
    if hidden > 0 {
        lines.push(format!("… {hidden} more"));
    }
}

/// Curves on a field of dots, with the ends of both axes.
fn curves(chart: &Chart, prepared: &Prepared, width: usize, lines: &mut Vec<String>) {
    let labels: Vec<(usize, String)> = prepared
        .y
        .ticks
        .iter()
        .filter_map(|tick| {
            let row = ((1.0 - tick.position) * (ROWS - 1) as f64).round();
            Some((row.clamp(0.0, (ROWS - 1) as f64) as usize, tick.label.clone()?))
        })
        .collect();
    let margin = labels.iter().map(|label| label.1.width()).max().unwrap_or(0);
    let columns = width.saturating_sub(margin + 2).clamp(10, 72);
    let mut field = Braille::new(columns, ROWS);
    let several = prepared.series.len() > 1;
    for (index, (series, placed)) in chart.series.iter().zip(&prepared.series).enumerate() {
        for piece in &placed.pieces {
            let thin = thin_line(piece, 2 * columns);
            if matches!(series.mark, Mark::Line | Mark::LinePoints) {
                for pair in thin.windows(2) {
                    field.line((pair[0].x, pair[0].y), (pair[1].x, pair[1].y));
                }
            }
            for point in thin.iter().take(20_000) {
                field.dot(point.x, point.y);
            }
        }
        if several {
            let all: Vec<Placed> = placed.pieces.concat();
            let step = all.len().div_ceil(24).max(1);
            for point in all.iter().step_by(step) {
                field.sign(point.x, point.y, SIGNS[index % SIGNS.len()]);
            }
        }
    }
    if !chart.y.label.trim().is_empty() {
        lines.push(clip(&clean(chart.y.label.trim()), width));
    }
    for (row, line) in field.rows().into_iter().enumerate() {
        let label = labels.iter().find(|label| label.0 == row).map_or("", |label| label.1.as_str());
        let edge = if label.is_empty() { '│' } else { '┤' };
        lines.push(format!("{}{edge}{line}", pad_left(label, margin)));
    }
    lines.push(format!("{}└{}", " ".repeat(margin), "─".repeat(columns)));
    lines.push(ruler(chart, prepared, margin + 1, columns));
    let label = clean(chart.x.label.trim());
    if !label.is_empty() {
        let label = clip(&label, columns);
        let lead = margin + 1 + (columns - label.width().min(columns)) / 2;
        lines.push(format!("{}{label}", " ".repeat(lead)));
    }
    if several {
        let entries: Vec<String> = chart
            .series
            .iter()
            .enumerate()
            .take(12)
            .map(|(index, series)| {
                let name = clean(series.label.as_deref().unwrap_or("series"));
                format!("{} {}", SIGNS[index % SIGNS.len()], clip(name.trim(), 24))
            })
            .collect();
        lines.push(clip(&entries.join("   "), width));
    }
}

/// The labels of the horizontal axis, as many as fit.
fn ruler(chart: &Chart, prepared: &Prepared, lead: usize, columns: usize) -> String {
    let labels: Vec<(f64, String)> = match &chart.x.categories {
        Some(names) => names
            .iter()
            .enumerate()
            .map(|(index, name)| (prepared.x.position(index as f64), clip(&clean(name), 14)))
            .collect(),
        None => prepared
            .x
            .ticks
            .iter()
            .filter_map(|tick| Some((tick.position, tick.label.clone()?)))
            .collect(),
    };
    let mut line = " ".repeat(lead);
    let mut end = lead;
    for (position, label) in labels {
        let width = label.width();
        let middle = lead as f64 + position * columns as f64;
        let start = (middle - width as f64 / 2.0).round().max(lead as f64) as usize;
        if (end == lead || start > end) && start + width <= lead + columns + 2 {
            line.push_str(&" ".repeat(start.saturating_sub(end)));
            line.push_str(&label);
            end = start.max(end) + width;
        }
    }
    line
}
