//! Plots: charts of tables, heat maps, drawings of networks and cuts.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Names;
use super::charts::{Columns, Wanted, chart, chart_data};
use super::datasets::DatasetValue;
use super::matrices::{matrix_of_rows, matrix_of_table};
use super::networks::NetworkValue;
use super::partitions::PartitionValue;
use super::pictures;
use super::queries::{CutValue, cut_of};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::OutputSide;
use crate::plot::{Heatmap, Picture};
use crate::value::{
    Failure, FieldInfo, FromValue, IntoValue, List, Media, MediaKind, Mismatch, Object, Type,
    TypeSet, Value, json_real,
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

/// What can be drawn: a network or a cut.
#[derive(Clone, Debug)]
enum Drawn {
    Network(NetworkValue),
    Cut(CutValue),
    Partition(PartitionValue),
    Plot(PlotValue),
    Data(DatasetValue),
}

impl FromValue for Drawn {
    const TYPES: TypeSet =
        TypeSet::of(&[Type::Network, Type::Cut, Type::Partition, Type::Plot, Type::Dataset]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Object(object) = &value else {
            return Err(Mismatch("it must be a network or a cut".to_owned()));
        };
        let any = object.as_any();
        None.or_else(|| any.downcast_ref().cloned().map(Self::Network))
            .or_else(|| any.downcast_ref().cloned().map(Self::Cut))
            .or_else(|| any.downcast_ref().cloned().map(Self::Partition))
            .or_else(|| any.downcast_ref().cloned().map(Self::Plot))
            .or_else(|| any.downcast_ref().cloned().map(Self::Data))
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
        /** A point to ring: [x, y], a row of the table, or a value in one such as a network. */ mark: Value = "none",
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
            (Drawn::Data(data), _) => drawable(
                data.contact_sheet(cx, call, title)?,
                "contact sheet of a data set",
                data.json(),
            ),
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
