//! Plots: charts of tables, heat maps, drawings of networks and cuts.

use std::any::Any;
use std::sync::Arc;

use ndarray::Array2;
use serde_json::{Value as Json, json};

use super::arguments::Names;
use super::layers::word;
use super::lists::no_column;
use super::networks::NetworkValue;
use super::partitions::PartitionValue;
use super::pictures;
use super::queries::{CutValue, cut_of};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::OutputSide;
use crate::plot::{Axis, Chart, Heatmap, Mark, Picture, Scale, Series};
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, FromValue, IntoValue, List, Media, MediaKind, Mismatch, Object, Type,
    TypeSet, Value, brief, equal, int_to_f64, json_real,
};

/// A figure as a value.
#[derive(Clone, Debug)]
pub(super) struct PlotValue {
    pub picture: Picture,
    /// What kind of figure, for one line of text.
    pub what: String,
    /// Its data.
    pub data: Json,
}

pub(super) static FIELDS: &[FieldInfo] = &[];

/// The width of the text form, in characters.
const TEXT_WIDTH: usize = 76;

impl Object for PlotValue {
    fn type_of(&self) -> Type {
        Type::Plot
    }

    fn text(&self) -> String {
        self.picture.text(TEXT_WIDTH)
    }

    fn brief(&self) -> String {
        self.what.clone()
    }

    fn json(&self) -> Json {
        self.data.clone()
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        pictures::media(&self.picture, kind)
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.picture == other.as_any().downcast_ref::<Self>()?.picture)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for PlotValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Plot]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// Checks that a picture can be drawn, so that the error stands at the call.
fn drawable(picture: Picture, what: &str, data: Json) -> Eval<PlotValue> {
    picture.scene().map_err(|error| Stop::Error(pictures::explain(&error)))?;
    Ok(PlotValue { picture, what: what.to_owned(), data })
}

fn type_error(message: &str, value: &Value, span: Span, hint: &str) -> Stop {
    let found = value.type_of().with_article();
    Diagnostic::new(Code::Type, message).at(span, format!("here is {found}")).hint(hint).into()
}

fn number(value: &Value, span: Span) -> Eval<f64> {
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
struct Columns {
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Columns {
    fn of(list: &List, span: Span) -> Eval<Self> {
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

    fn index(&self, name: &str, span: Span) -> Eval<usize> {
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
struct Wanted<'c> {
    call: &'c Args,
    x: Option<Arc<str>>,
    y: Option<Names>,
    color: Option<Arc<str>>,
    kind: Arc<str>,
    log: Arc<str>,
    error: Option<Arc<str>>,
    mark: Value,
}

fn chart(list: &List, wanted: &Wanted<'_>) -> Eval<Chart> {
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

/// The point that `mark` names: `[x, y]`, or a row with the columns of the axes.
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
        other => Err(type_error(
            "a mark is a point [x, y] or a row of the table",
            other,
            span,
            "mark = [8, 16]",
        )),
    }
}

fn chart_data(chart: &Chart) -> Json {
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

/// A matrix: rows of numbers, or a table with a column for the rows, the columns and the values.
struct Matrix {
    values: Array2<f64>,
    rows: Option<Vec<String>>,
    cols: Option<Vec<String>>,
}

fn matrix_of_rows(list: &List, span: Span) -> Eval<Matrix> {
    let mut values = Vec::new();
    let mut width = None;
    for row in list.iter() {
        let Value::List(row) = &row else {
            return Err(type_error(
                "a heat map needs rows of numbers",
                &row,
                span,
                "heatmap([[1, 2], [3, 4]])",
            ));
        };
        if *width.get_or_insert(row.len()) != row.len() {
            return Err(Diagnostic::new(Code::Shape, "the rows of a heat map have equal lengths")
                .at(span, format!("{} and {}", width.unwrap_or(0), row.len()))
                .hint("heatmap([[1, 2], [3, 4]])")
                .into());
        }
        for item in row.iter() {
            values.push(number(&item, span)?);
        }
    }
    let cols = usize::try_from(width.unwrap_or(0)).unwrap_or(0);
    let rows = values.len().checked_div(cols).unwrap_or(0);
    if rows == 0 {
        let error = Diagnostic::new(Code::Domain, "there is nothing to draw");
        return Err(error.at(span, "no values").hint("heatmap([[1, 2], [3, 4]])").into());
    }
    let values = Array2::from_shape_vec((rows, cols), values)
        .map_err(|error| Stop::from(Diagnostic::new(Code::Bug, error.to_string()).at(span, "")))?;
    Ok(Matrix { values, rows: None, cols: None })
}

fn matrix_of_table(
    list: &List,
    x: usize,
    y: usize,
    value: usize,
    columns: &Columns,
    span: Span,
) -> Eval<Matrix> {
    let (mut xs, mut ys): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let place = |known: &mut Vec<Value>, item: &Value| -> Eval<usize> {
        for (number, other) in known.iter().enumerate() {
            if equal(other, item)? {
                return Ok(number);
            }
        }
        known.push(item.clone());
        Ok(known.len() - 1)
    };
    let mut cells = Vec::new();
    for row in &columns.rows {
        let get = |column: usize| row.get(column).cloned().unwrap_or(Value::None);
        let cell = (place(&mut ys, &get(y))?, place(&mut xs, &get(x))?);
        cells.push((cell, number(&get(value), span)?));
    }
    let mut values = Array2::from_elem((ys.len(), xs.len()), f64::NAN);
    for (cell, number) in cells {
        if let Some(slot) = values.get_mut(cell) {
            *slot = number;
        }
    }
    debug_assert_eq!(columns.rows.len() as u64, list.len());
    let names = |values: Vec<Value>| Some(values.iter().map(brief).collect());
    Ok(Matrix { values, rows: names(ys), cols: names(xs) })
}

/// What can be drawn: a network or a cut.
#[derive(Clone, Debug)]
enum Drawn {
    Network(NetworkValue),
    Cut(CutValue),
    Partition(PartitionValue),
    Plot(PlotValue),
}

impl FromValue for Drawn {
    const TYPES: TypeSet = TypeSet::of(&[Type::Network, Type::Cut, Type::Partition, Type::Plot]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Object(object) = &value else {
            return Err(Mismatch("it must be a network or a cut".to_owned()));
        };
        let any = object.as_any();
        None.or_else(|| any.downcast_ref().cloned().map(Self::Network))
            .or_else(|| any.downcast_ref().cloned().map(Self::Cut))
            .or_else(|| any.downcast_ref().cloned().map(Self::Partition))
            .or_else(|| any.downcast_ref().cloned().map(Self::Plot))
            .ok_or_else(|| Mismatch("it must be a network or a cut".to_owned()))
    }
}

fn draw_network(
    cx: &Scope<'_>,
    call: &Args,
    net: &NetworkValue,
    title: Option<String>,
) -> Eval<PlotValue> {
    cx.check_interrupt()?;
    let picture = pictures::network(&net.0, title)
        .map_err(|failure| Stop::Error(Box::new(Diagnostic::clone(&failure).or_at(call.span))))?;
    drawable(picture, "drawing of a network", net.json())
}

builtins! { PLOTS "Plots":
    /// A chart of a table, of pairs or of numbers.
    ///
    /// `x` and `y` name columns; several `y`, or a `color` column, give several series with a
    /// legend. Text on the x axis becomes categories. Without `x` and `y` the first column is
    /// drawn against the other ones.
    ///
    /// > [{r, bits: 2.0 * r} for r in [2, 4, 8]] |> plot(x = "r", y = "bits") |> type_of
    /// plot
    pure fn plot(
        cx, call;
        /** A table, numbers, or pairs. */ data: Arc<List>,
        /** The column of the x axis. */ x: Option<Arc<str>> = "none",
        /** The column of the y axis, or several. */ y: Option<Names> = "none",
        /** The column that tells series apart. */ color: Option<Arc<str>> = "none",
        /** "auto", "line", "points", "both" or "bars". */ kind: Arc<str> = "\"auto\"",
        /** Logarithmic axes: "none", "x", "y" or "xy". */ log: Arc<str> = "\"none\"",
        /** What stands above. */ title: Option<Arc<str>> = "none",
        /** A column with the half lengths of error bars. */ error: Option<Arc<str>> = "none",
        /** A point to ring: [x, y], or a row of the table. */ mark: Value = "none",
        /** What stands at the x axis; the column's name without it. */ x_label: Option<Arc<str>> = "none",
        /** What stands at the y axis; the column's name without it. */ y_label: Option<Arc<str>> = "none",
    ) -> PlotValue {
        let wanted = Wanted { call, x, y, color, kind, log, error, mark };
        let mut chart = chart(&data, &wanted)?;
        chart.title = title.map(|text| text.to_string());
        if let Some(label) = x_label {
            chart.x.label = label.to_string();
        }
        if let Some(label) = y_label {
            chart.y.label = label.to_string();
        }
        let json = chart_data(&chart);
        drawable(Picture::Chart(chart), "plot", json)
    }

    /// A matrix as coloured cells: rows of numbers, or a table and the names of its columns.
    ///
    /// > heatmap([[1, 2], [3, 4]]) |> type_of
    /// plot
    pure fn heatmap(
        cx, call;
        /** Rows of numbers, or a table. */ data: Arc<List>,
        /** Of a table: the column for the columns of the map. */ x: Option<Arc<str>> = "none",
        /** Of a table: the column for its rows. */ y: Option<Arc<str>> = "none",
        /** Of a table: the column of the values. */ value: Option<Arc<str>> = "none",
        /** What stands above. */ title: Option<Arc<str>> = "none",
        /** What the columns are. */ x_label: Option<Arc<str>> = "none",
        /** What the rows are. */ y_label: Option<Arc<str>> = "none",
        /** What the values are. */ label: Option<Arc<str>> = "none",
    ) -> PlotValue {
        let at = call.span_of(0);
        let name = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("").to_owned();
        let matrix = match (&x, &y, &value) {
            (Some(x), Some(y), Some(value)) => {
                let columns = Columns::of(&data, at)?;
                let x = columns.index(x, call.span_of(1))?;
                let y = columns.index(y, call.span_of(2))?;
                let value = columns.index(value, call.span_of(3))?;
                matrix_of_table(&data, x, y, value, &columns, at)?
            }
            (None, None, None) => matrix_of_rows(&data, at)?,
            _ => {
                return Err(Diagnostic::new(Code::Call, "a heat map of a table needs three columns")
                    .at(call.span, "")
                    .hint("heatmap(t, x = \"r\", y = \"xi\", value = \"bits\")")
                    .into());
            }
        };
        let rows: Vec<Vec<Json>> = matrix
            .values
            .rows()
            .into_iter()
            .map(|row| row.iter().map(|x| json_real(*x)).collect())
            .collect();
        let json = json!({ "kind": "heatmap", "title": title.as_deref(), "values": rows });
        let map = Heatmap {
            title: title.as_deref().map(str::to_owned),
            values: matrix.values,
            x_label: x_label.or(x).map_or(String::new(), |text| text.to_string()),
            y_label: y_label.or(y).map_or(String::new(), |text| text.to_string()),
            row_labels: matrix.rows,
            col_labels: matrix.cols,
            value_label: name(&label.or(value)),
        };
        drawable(Picture::Heatmap(map), "heat map", json)
    }

    /// The drawing of a network as a tree of copy tensors, or of a cut through it.
    ///
    /// With `across` the min-cut of that partition is drawn into the network.
    ///
    /// > draw(network { input(4, dim = 2), conv(3), pool(4), output(2) }) |> type_of
    /// plot
    heavy fn draw(
        cx, call;
        /** A network or a cut. */ x: Drawn,
        /** A partition whose min-cut is drawn. */ across: Option<PartitionValue> = "none",
        /** What stands above. */ title: Option<Arc<str>> = "none",
    ) -> PlotValue {
        let title = title.map(|text| text.to_string());
        match (x, across) {
            (Drawn::Plot(plot), _) => Ok(plot),
            (Drawn::Network(net), None) => draw_network(cx, call, &net, title),
            (Drawn::Network(net), Some(across)) => {
                let cut = cut_of(cx, call, &net, &across, OutputSide::Fixed)?;
                drawable(cut.picture(title)?, "drawing of a cut", cut.json())
            }
            (Drawn::Cut(cut), _) => drawable(cut.picture(title)?, "drawing of a cut", cut.json()),
            (Drawn::Partition(partition), _) => match &partition {
                PartitionValue::Resolved { bipartition, .. } => {
                    let picture = pictures::sites(bipartition)
                        .ok_or_else(|| pictures::no_picture("the partition", "on(64x64)"))?;
                    drawable(picture, "drawing of a partition", partition.json())
                }
                _ => Err(Diagnostic::new(Code::Shape, "a rule has no sites to draw")
                    .at(call.span_of(0), "it meets a shape later")
                    .hint("draw(interleaved |> on(16))")
                    .into()),
            },
        }
    }
}
