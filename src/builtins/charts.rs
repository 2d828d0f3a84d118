//! Charts of tables: which columns become axes and series.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Names;
use super::layers::word;
use super::lists::no_column;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Stop};
use crate::plot::{Axis, Chart, Mark, Scale, Series};
use crate::symbol::Symbol;
use crate::value::{List, Value, brief, equal, int_to_f64, json_real};

pub(super) fn type_error(message: &str, value: &Value, span: Span, hint: &str) -> Stop {
    let found = value.type_of().with_article();
    Diagnostic::new(Code::Type, message).at(span, format!("here is {found}")).hint(hint).into()
}

pub(super) fn number(value: &Value, span: Span) -> Eval<f64> {
    match value {
        Value::Int(i) => Ok(int_to_f64(i)),
        Value::Real(x) => Ok(*x),
        Value::None => Ok(f64::NAN),
        other => {
            Err(type_error("only numbers can be drawn", other, span, "plot(sweep, y = \"bits\")"))
        }
    }
}

/// The data of a chart: columns of a table, pairs, or plain numbers.
pub(super) struct Columns {
    pub names: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Columns {
    pub fn of(list: &List, span: Span) -> Eval<Self> {
        if let Some(table) = crate::value::as_table(list) {
            let names = table.columns.iter().map(|name| name.as_str().to_owned()).collect();
            let rows = table.rows.iter().map(|r| r.iter().map(|(_, v)| v.clone()).collect());
            return Ok(Self { names, rows: rows.collect() });
        }
        let items = list.to_vec()?;
        if items.is_empty() {
            return Err(Diagnostic::new(Code::Domain, "there is nothing to plot")
                .at(span, "an empty list")
                .hint("plot([1, 4, 9])")
                .into());
        }
        let pairs = items.iter().all(|item| matches!(item, Value::List(pair) if pair.len() == 2));
        let rows = items.iter().enumerate().map(|(i, item)| match item {
            Value::List(pair) if pairs => Ok(pair.iter().collect()),
            Value::Int(_) | Value::Real(_) => Ok(vec![Value::int(i), item.clone()]),
            other => Err(type_error(
                "a plot needs a table, numbers or pairs of numbers",
                other,
                span,
                "plot([{r, bits: 2.0 * r} for r in 1..8], x = \"r\", y = \"bits\")",
            )),
        });
        let names = if pairs { ["x", "y"] } else { ["index", "value"] };
        Ok(Self { names: names.map(str::to_owned).to_vec(), rows: rows.collect::<Eval<_>>()? })
    }

    pub fn index(&self, name: &str, span: Span) -> Eval<usize> {
        self.names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| no_column(name, self.names.iter().map(String::as_str).collect(), span))
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.rows.iter().all(|row| {
            matches!(row.get(column), Some(Value::Int(_) | Value::Real(_) | Value::None))
        })
    }
}

/// What a call of `plot` asks for.
pub(super) struct Wanted<'c> {
    pub call: &'c Args,
    pub x: Option<Arc<str>>,
    pub y: Option<Names>,
    pub color: Option<Arc<str>>,
    pub kind: Arc<str>,
    pub log: Arc<str>,
    pub error: Option<Arc<str>>,
    pub mark: Value,
}

pub(super) fn chart(list: &List, wanted: &Wanted<'_>) -> Eval<Chart> {
    let call = wanted.call;
    let columns = Columns::of(list, call.span_of(0))?;
    let x = match &wanted.x {
        Some(name) => columns.index(name, call.span_of(1))?,
        None => 0,
    };
    let color = match &wanted.color {
        Some(name) => Some(columns.index(name, call.span_of(3))?),
        None => None,
    };
    let ys: Vec<usize> = match &wanted.y {
        Some(names) => {
            let indices = names.0.iter().map(|name| columns.index(name, call.span_of(2)));
            indices.collect::<Eval<_>>()?
        }
        None => (0..columns.names.len())
            .filter(|column| *column != x && Some(*column) != color && columns.is_numeric(*column))
            .collect(),
    };
    if ys.is_empty() {
        return Err(Diagnostic::new(Code::Domain, "no column of numbers is left for the y axis")
            .at(call.span, "")
            .hint("plot(sweep, x = \"r\", y = \"bits\")")
            .into());
    }
    let error = match &wanted.error {
        Some(name) => Some(columns.index(name, call.span_of(7))?),
        None => None,
    };
    let mut groups: Vec<Value> = Vec::new();
    if let Some(color) = color {
        for row in &columns.rows {
            let key = row.get(color).cloned().unwrap_or(Value::None);
            let mut known = false;
            for group in &groups {
                known |= equal(group, &key)?;
            }
            if !known {
                groups.push(key);
            }
        }
    }
    let categories = (!columns.is_numeric(x)).then(|| {
        let mut names: Vec<String> = Vec::new();
        for row in &columns.rows {
            let name = row.get(x).map(brief).unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    });
    let kinds = ["auto", "line", "points", "both", "bars"];
    let mark = word(call, 4, &wanted.kind, &kinds, |word| match word {
        "auto" => Some(if categories.is_some() { Mark::Bars } else { Mark::LinePoints }),
        "line" => Some(Mark::Line),
        "points" => Some(Mark::Points),
        "both" => Some(Mark::LinePoints),
        "bars" => Some(Mark::Bars),
        _ => None,
    })?;
    let (log_x, log_y) =
        word(call, 5, &wanted.log, &["none", "x", "y", "xy"], |word| match word {
            "none" | "" => Some((false, false)),
            "x" => Some((true, false)),
            "y" => Some((false, true)),
            "xy" => Some((true, true)),
            _ => None,
        })?;
    let at = call.span_of(0);
    let x_of = |row: &[Value]| -> Eval<f64> {
        let value = row.get(x).unwrap_or(&Value::None);
        match &categories {
            None => number(value, at),
            Some(names) => {
                let name = brief(value);
                #[allow(clippy::cast_precision_loss)] // at most some thousand names
                Ok(names.iter().position(|known| *known == name).map_or(f64::NAN, |i| i as f64))
            }
        }
    };
    let mut series = Vec::new();
    let shown_groups: Vec<Option<&Value>> =
        if groups.is_empty() { vec![None] } else { groups.iter().map(Some).collect() };
    for group in shown_groups {
        for &y in &ys {
            let mut points = Vec::new();
            let mut errors = error.map(|_| Vec::new());
            for row in &columns.rows {
                if let (Some(color), Some(group)) = (color, group)
                    && !equal(row.get(color).unwrap_or(&Value::None), group)?
                {
                    continue;
                }
                points.push((x_of(row)?, number(row.get(y).unwrap_or(&Value::None), at)?));
                if let (Some(errors), Some(column)) = (&mut errors, error) {
                    errors.push(number(row.get(column).unwrap_or(&Value::None), at)?);
                }
            }
            let name = columns.names.get(y).cloned().unwrap_or_default();
            let label = match group {
                Some(group) if ys.len() > 1 => Some(format!("{} {name}", brief(group))),
                Some(group) => Some(brief(group)),
                None if ys.len() > 1 => Some(name),
                None => None,
            };
            series.push(Series { label, mark, points, errors, highlight: None });
        }
    }
    if let (Some(first), Some(point)) = (series.first_mut(), marked(wanted, &columns, x, &ys)?) {
        first.highlight = Some(point);
    }
    let scale = |log: bool| if log { Scale::Log } else { Scale::Linear };
    let y_name = match ys.as_slice() {
        [one] => columns.names.get(*one).cloned().unwrap_or_default(),
        _ => String::new(),
    };
    Ok(Chart {
        title: None,
        x: Axis {
            label: columns.names.get(x).cloned().unwrap_or_default(),
            scale: scale(log_x),
            categories,
        },
        y: Axis { label: y_name, scale: scale(log_y), categories: None },
        series,
        legend_title: color.and_then(|column| columns.names.get(column).cloned()),
    })
}

/// The point that `mark` names: `[x, y]`, a row with the columns of the axes, or a value of the
/// engine that stands in a row of the table.
fn marked(
    wanted: &Wanted<'_>,
    columns: &Columns,
    x: usize,
    ys: &[usize],
) -> Eval<Option<(f64, f64)>> {
    let span = wanted.call.span_of(8);
    let name = |column: usize| columns.names.get(column).map_or("", String::as_str);
    match &wanted.mark {
        Value::None => Ok(None),
        Value::List(pair) if pair.len() == 2 => {
            let mut pair = pair.iter();
            let (x, y) = (pair.next().unwrap_or(Value::None), pair.next().unwrap_or(Value::None));
            Ok(Some((number(&x, span)?, number(&y, span)?)))
        }
        Value::Record(row) => {
            let y = ys.first().map_or("", |column| name(*column));
            let get = |name: &str| row.get(Symbol::new(name)).cloned().unwrap_or(Value::None);
            Ok(Some((number(&get(name(x)), span)?, number(&get(y), span)?)))
        }
        Value::Object(_) => {
            for row in &columns.rows {
                let mut found = false;
                for cell in row.iter().filter(|cell| matches!(cell, Value::Object(_))) {
                    found |= equal(cell, &wanted.mark)?;
                }
                if let (true, Some(y)) = (found, ys.first()) {
                    let cell = |column: usize| row.get(column).unwrap_or(&Value::None);
                    return Ok(Some((number(cell(x), span)?, number(cell(*y), span)?)));
                }
            }
            Ok(None)
        }
        other => Err(type_error(
            "a mark is a point [x, y] or a row of the table",
            other,
            span,
            "mark = [8, 16]",
        )),
    }
}

pub(super) fn chart_data(chart: &Chart) -> Json {
    let axis = |axis: &Axis| {
        json!({
            "label": axis.label,
            "scale": if axis.scale == Scale::Log { "log" } else { "linear" },
            "categories": axis.categories,
        })
    };
    let series: Vec<Json> = chart
        .series
        .iter()
        .map(|series| {
            let points: Vec<Json> =
                series.points.iter().map(|(x, y)| json!([json_real(*x), json_real(*y)])).collect();
            let mark = match series.mark {
                Mark::Line => "line",
                Mark::Points => "points",
                Mark::LinePoints => "both",
                Mark::Bars => "bars",
            };
            let errors =
                series.errors.as_ref().map(|e| e.iter().map(|x| json_real(*x)).collect::<Vec<_>>());
            json!({ "label": series.label, "mark": mark, "points": points, "errors": errors })
        })
        .collect();
    json!({
        "kind": "chart",
        "title": chart.title,
        "x": axis(&chart.x),
        "y": axis(&chart.y),
        "series": series,
    })
}
