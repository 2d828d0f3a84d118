//! Data sets: what is correlated in them, and the networks that fit.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::design::{Cost, DesignValue, Suggestion, suggest as suggest_design};
use super::layers::{ShapeArg, word};
use super::partitions::PartitionValue;
use super::spectra::ln_base;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::GraphError;
use crate::learn::{self, Correlations, DataError, Dataset};
use crate::network::Shape;
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, FromValue, Function, IntoValue, List, Mismatch, Object, Type, TypeSet,
    Value, as_table, failure, int_to_f64, json_real,
};

/// A data set as a value.
#[derive(Clone, Debug)]
pub(super) struct DatasetValue {
    data: Dataset,
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "samples", types: TypeSet::of(&[Type::Int]), doc: "The number of samples." },
    FieldInfo { name: "sites", types: TypeSet::of(&[Type::Int]), doc: "Numbers of a sample." },
    FieldInfo {
        name: "shape",
        types: TypeSet::LIST,
        doc: "The sizes of a sample: [64] or [8, 8].",
    },
    FieldInfo {
        name: "classes",
        types: TypeSet::of(&[Type::Int]),
        doc: "One more than the largest label; 0 without labels.",
    },
    FieldInfo {
        name: "labels",
        types: TypeSet::LIST.or(TypeSet::of(&[Type::None])),
        doc: "A label for each sample.",
    },
    FieldInfo { name: "values", types: TypeSet::LIST, doc: "The samples, each row by row." },
];

/// What to do about samples that cannot be read.
const UNREADABLE: &str = "look whether the file has changed, and read it again";

/// Values that are looked at for a text.
const SHOWN_VALUES: usize = 1 << 22;

/// The most values that become numbers of the language.
const LISTED_VALUES: usize = 1 << 26;

impl DatasetValue {
    fn describe(&self) -> String {
        let data = &self.data;
        let classes = match data.classes() {
            0 => "no labels".to_owned(),
            1 => "1 class".to_owned(),
            classes => format!("{classes} classes"),
        };
        format!("{} samples of {}, {classes}", data.samples(), data.shape())
    }

    /// The samples as lists.
    fn values(&self) -> Result<Value, Failure> {
        let data = &self.data;
        if data.samples().saturating_mul(data.sites()) > LISTED_VALUES {
            let (samples, sites) = (data.samples(), data.sites());
            return Err(failure(
                Code::Resource,
                format!("{samples} samples of {sites} values are too many for a list"),
                "take(data, 1_000).values",
            ));
        }
        let row = |row: Result<Cow<'_, [f64]>, DataError>| match row {
            Ok(row) => reals(&row),
            Err(error) => Err(failure(Code::File, error.to_string(), UNREADABLE)),
        };
        data.rows().map(row).collect::<Result<_, _>>().and_then(Value::list)
    }

    /// The least and the largest value, of as many samples as are looked at for a line of text.
    fn range(&self) -> String {
        let data = &self.data;
        let looked = (SHOWN_VALUES / data.sites()).clamp(1, data.samples());
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in data.rows().take(looked) {
            let row = match row {
                Ok(row) => row,
                Err(error) => return error.to_string(),
            };
            least = row.iter().copied().fold(least, f64::min);
            most = row.iter().copied().fold(most, f64::max);
        }
        let range = [least, most].map(crate::value::short_real).join(" to ");
        if looked == data.samples() {
            format!("values from {range}")
        } else {
            format!("values of the first {looked} samples from {range}")
        }
    }
}

fn reals(values: &[f64]) -> Result<Value, Failure> {
    Value::list(values.iter().map(|value| Value::Real(*value)).collect())
}

impl Object for DatasetValue {
    fn type_of(&self) -> Type {
        Type::Dataset
    }

    fn text(&self) -> String {
        format!("{}\n  {}", self.describe(), self.range())
    }

    fn brief(&self) -> String {
        format!("dataset({})", self.describe())
    }

    fn json(&self) -> Json {
        let rows = self.data.rows().take(16).flatten();
        let rows: Vec<Json> =
            rows.map(|row| row.iter().map(|value| json_real(*value)).collect()).collect();
        json!({
            "samples": self.data.samples(),
            "shape": self.data.shape().to_string(),
            "classes": self.data.classes(),
            "first": rows,
        })
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let data = &self.data;
        Some(match name {
            "samples" => Ok(Value::int(data.samples())),
            "sites" => Ok(Value::int(data.sites())),
            "shape" => Value::list(match data.shape() {
                Shape::Chain(n) => vec![Value::int(n)],
                Shape::Grid { rows, cols } => vec![Value::int(rows), Value::int(cols)],
            }),
            "classes" => Ok(Value::int(data.classes())),
            "labels" => data.labels().map_or(Ok(Value::None), |labels| {
                Value::list(labels.iter().map(|label| Value::int(*label)).collect())
            }),
            "values" => self.values(),
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.data == other.as_any().downcast_ref::<Self>()?.data)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl FromValue for DatasetValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Dataset]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().cloned(),
            _ => None,
        }
        .ok_or_else(|| Mismatch("it must be a data set".to_owned()))
    }
}

impl IntoValue for DatasetValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Dataset]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

fn explain(cx: &Scope<'_>, call: &Args, error: &DataError) -> Stop {
    let (code, hint) = match error {
        DataError::Interrupted => {
            return super::queries::explain(cx, call, &GraphError::Interrupted);
        }
        DataError::Constant { .. } => (
            Code::Domain,
            "add constant = 0 to count them as uncorrelated, or leave these sites out",
        ),
        DataError::TooFew { .. } => (Code::Domain, "dataset([[0, 1], [1, 0], [1, 1]])"),
        DataError::TooMany { .. } => {
            (Code::Resource, "use a part of the data: dataset(take(data.values, 1_000))")
        }
        DataError::NoClass { .. } => (Code::Domain, "class = 0, with labels in the data set"),
        DataError::Unlabelled => {
            (Code::Domain, "give labels: dataset([[0, 1], [1, 0]], labels = [0, 1])")
        }
        DataError::Flat => (Code::Domain, "leave the values as they are"),
        DataError::NoImages { .. } => {
            (Code::Shape, "dataset(data.values, labels = data.labels, shape = 8x8)")
        }
        DataError::Zero => (Code::Domain, "leave out class, or choose another theta"),
        DataError::NotFinite { .. } => {
            (Code::Domain, "fill in a number, or leave the sample out: filter(rows, row -> …)")
        }
        DataError::Empty => (Code::Domain, "dataset([[0, 1], [1, 0]])"),
        DataError::Unreadable { .. } => (Code::File, UNREADABLE),
        DataError::Length { .. } => (Code::Shape, "give every sample one number for each site"),
        DataError::Labels { .. } => (Code::Domain, "give one label for each sample"),
    };
    Diagnostic::new(code, error.to_string()).at(call.span_of(0), "").hint(hint).into()
}

/// A number of a sample; `none` is a number that is missing.
fn number(value: &Value, span: Span) -> Eval<f64> {
    match value {
        Value::Int(i) => Ok(int_to_f64(i)),
        Value::Real(x) => Ok(*x),
        Value::None => Ok(f64::NAN),
        other => {
            let found = other.type_of().with_article();
            Err(Diagnostic::new(Code::Type, "a sample is made of numbers")
                .at(span, format!("here is {found}"))
                .hint("dataset([[0, 1], [1, 0]])")
                .into())
        }
    }
}

/// The numbers of a sample: in a list, or in the lists of rows.
fn flatten(value: &Value, span: Span, out: &mut Vec<f64>, deep: u32) -> Eval<()> {
    match value {
        Value::List(list) if deep > 0 => {
            for item in list.iter() {
                flatten(&item, span, out, deep - 1)?;
            }
            Ok(())
        }
        other => {
            out.push(number(other, span)?);
            Ok(())
        }
    }
}

/// Samples, and a label for each.
type Table = (Vec<Vec<f64>>, Option<Vec<u32>>);

/// The samples and labels of a list of samples, or of a table with a column of labels.
fn samples_of(cx: &Scope<'_>, call: &Args, samples: &Arc<List>, labels: &Value) -> Eval<Table> {
    let (at, of_labels) = (call.span_of(0), call.span_of(1));
    let label = |value: &Value| -> Eval<u32> {
        let shown = crate::value::short(value);
        u64::from_value(value.clone())
            .ok()
            .and_then(|label| u32::try_from(label).ok())
            .filter(|l| *l < u32::MAX)
            .ok_or_else(|| {
                Diagnostic::new(Code::Domain, format!("a label is an int from 0, not {shown}"))
                    .at(of_labels, "")
                    .hint("labels = [0, 1, 1, 0]")
                    .into()
            })
    };
    let mut rows = Vec::new();
    if let Some(table) = as_table(samples) {
        let name = match labels {
            Value::String(name) => Some(Symbol::new(name)),
            _ => None,
        };
        if let Some(name) = name
            && !table.columns.contains(&name)
        {
            let names = table.columns.iter().map(|name| name.as_str()).collect();
            return Err(super::lists::no_column(name.as_str(), names, of_labels));
        }
        let mut found = Vec::new();
        for row in &table.rows {
            cx.check_interrupt()?;
            let mut values = Vec::new();
            for (column, value) in row.iter() {
                if Some(*column) == name {
                    found.push(label(value)?);
                } else {
                    values.push(number(value, at)?);
                }
            }
            rows.push(values);
        }
        if name.is_some() {
            return Ok((rows, Some(found)));
        }
    } else {
        for item in samples.iter() {
            cx.check_interrupt()?;
            let Value::List(_) = item else {
                let found = item.type_of().with_article();
                return Err(Diagnostic::new(Code::Type, "a sample is a list of numbers")
                    .at(at, format!("an item is {found}"))
                    .hint("dataset([[0, 1], [1, 0]])")
                    .into());
            };
            let mut values = Vec::new();
            flatten(&item, at, &mut values, 2)?;
            rows.push(values);
        }
    }
    let labels = match labels {
        Value::None => None,
        Value::List(list) => Some(list.iter().map(|value| label(&value)).collect::<Eval<_>>()?),
        other => {
            let found = other.type_of().with_article();
            return Err(Diagnostic::new(
                Code::Type,
                "labels are a list, or the name of a column of a table",
            )
            .at(of_labels, format!("this is {found}"))
            .hint("labels = [0, 1, 1, 0]")
            .into());
        }
    };
    Ok((rows, labels))
}

fn correlations_of(
    cx: &Scope<'_>,
    call: &Args,
    data: &DatasetValue,
    constant: Option<f64>,
) -> Eval<Correlations> {
    learn::correlations(&data.data, constant, &cx.machine().interrupt)
        .map_err(|error| explain(cx, call, &error))
}

/// The correlations of a data set by distance: for every feature size xi (a power of 2) the share of
/// the pairs whose distance is from xi to below 2 xi.
fn by_size(correlations: &Correlations, shape: Shape) -> Vec<(u64, f64)> {
    let extent = shape.rows().max(shape.cols());
    let mut sizes: Vec<(u64, f64)> = std::iter::successors(Some(1u64), |size| size.checked_mul(2))
        .take_while(|size| *size <= extent / 2)
        .map(|size| (size, 0.0))
        .collect();
    let place = |site: usize| shape.place(site as u64).unwrap_or((0, 0));
    for one in 0..correlations.sites() {
        let (row, col) = place(one);
        for other in 0..one {
            let (down, across) = place(other);
            let distance = row.abs_diff(down).max(col.abs_diff(across));
            let slot = sizes.iter_mut().rev().find(|(size, _)| *size <= distance);
            if let Some((_, sum)) = slot {
                *sum += correlations.pair(one, other);
            }
        }
    }
    let total: f64 = sizes.iter().map(|(_, sum)| sum).sum();
    if total > 0.0 {
        sizes.iter_mut().for_each(|(_, sum)| *sum /= total);
    }
    sizes
}

builtins! { DATASETS "Data":
    /// A data set: samples with a number for every site, and perhaps labels.
    ///
    /// `samples` is a list of samples, each a list of numbers (or of rows of numbers, for a grid), or a
    /// table with a row for each sample; then `labels` may name its column of labels. Without `shape` the
    /// sites are a chain, or the grid of the rows.
    ///
    /// > dataset([[0, 1, 1, 0], [1, 0, 0, 1]], labels = [0, 1])
    /// 2 samples of 4, 2 classes
    ///   values from 0 to 1
    pure fn dataset(
        cx, call;
        /** Lists of numbers, lists of rows, or a table. */ samples: Arc<List>,
        /** An int from 0 for each sample, or the name of a column. */ labels: Value = "none",
        /** 64 or 8x8. */ shape: Option<ShapeArg> = "none",
    ) -> Answer<DatasetValue> {
        if samples.has_unknown() || labels.has_unknown() {
            return Ok(Answer(None));
        }
        let (rows, labels) = samples_of(cx, call, &samples, &labels)?;
        let sites = rows.first().map_or(0, Vec::len);
        let height = match samples.get(0) {
            Some(Value::List(first)) if matches!(first.get(0), Some(Value::List(_))) => Some(first.len()),
            _ => None,
        };
        let shape = match (shape, height) {
            (Some(shape), _) => shape.0,
            (None, Some(height)) if height > 0 => {
                Shape::Grid { rows: height, cols: sites as u64 / height }
            }
            _ => Shape::Chain(sites as u64),
        };
        let wrong = rows.iter().position(|row| row.len() as u64 != shape.sites());
        if let (Some(sample), false) = (wrong, rows.is_empty()) {
            let found = rows.get(sample).map_or(0, Vec::len);
            let error = DataError::Length { sample, found, sites: shape.sites() };
            return Err(explain(cx, call, &error));
        }
        let values: Vec<f64> = rows.into_iter().flatten().collect();
        let data = Dataset::new(shape, values, labels).map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data })))
    }

    /// The 1,797 handwritten digits of 8x8 pixels that come with the program; values from 0 to 1.
    ///
    /// E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    /// Repository, 1998 (https://doi.org/10.24432/C50P49), licence CC BY 4.0; values divided by 16.
    ///
    /// > digits().classes
    /// 10
    pure fn digits(cx, call) -> Answer<DatasetValue> {
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let data = learn::digits().map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data })))
    }

    /// The absolute Pearson correlation of every pair of sites, as rows of a matrix.
    ///
    /// A site that has one value in all samples has no correlation: that is an error, unless `constant`
    /// says what it counts.
    ///
    /// > [round(100 * x) for x in correlations(dataset([[0, 1, 3], [1, 0, 5], [2, 2, 4]]))[0]]
    /// [100, 50, 50]
    pure fn correlations(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
    ) -> Answer<Value> {
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::List))));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let rows = (0..found.sites()).map(|site| reals(found.row(site)));
        Ok(Answer(Some(Value::list(rows.collect::<Result<_, _>>()?)?)))
    }

    /// The sum of the absolute correlations between the two sides of a partition.
    ///
    /// A quick surrogate of `data_entropy` (arXiv 2303.11249, section 5).
    ///
    /// > round(100 * correlation_cut(dataset([[0, 1, 3], [1, 0, 5], [2, 2, 4]]), sites([0])))
    /// 100
    pure fn correlation_cut(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
    ) -> Answer<f64> {
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let across = across.resolve(cx, data.data.shape(), call.span_of(1))?;
        let found = correlations_of(cx, call, &data, constant)?;
        Ok(Answer(Some(found.across(&across))))
    }

    /// The entanglement entropy of a data set across a partition, in nats or to a `base`.
    ///
    /// A value v becomes (cos, sin)(pi theta v), a sample the product over its sites, the data set the sum
    /// of its samples: a state whose entropy small for the canonical partitions of a locally connected
    /// network makes the data suitable for it (Alexander et al., arXiv 2303.11249). It comes from the
    /// Gram matrices of both sides; with `class` the samples of other labels count negatively.
    ///
    /// > round(1000 * data_entropy(dataset([[0, 0], [1, 1]]), left_right, theta = 0.5, base = 2))
    /// 1000
    pure fn data_entropy(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** What the values are multiplied with, beside pi. */ theta: f64 = "0.085",
        /** The label that is told from the others. */ class: Option<u64> = "none",
        /** The base of the logarithm. */ base: f64 = "e",
    ) -> Answer<f64> {
        let unit = ln_base(call, 4, base)?;
        if !theta.is_finite() {
            let error = Diagnostic::new(Code::Domain, "theta must be a finite number");
            return Err(error.at(call.span_of(2), "").hint("theta = 0.085").into());
        }
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let across = across.resolve(cx, data.data.shape(), call.span_of(1))?;
        let class = class.map(|class| u32::try_from(class).unwrap_or(u32::MAX));
        let interrupt = &cx.machine().interrupt;
        let spectrum = learn::data_spectrum(&data.data, &across, theta, class, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(spectrum.entropy(1.0) / unit)))
    }

    /// The sites of a data set in an order in which correlated ones are near.
    ///
    /// The sites are halved again and again with little correlation between the halves, so that a locally
    /// connected network fits the data better (arXiv 2303.11249). A record: `data` in the new order,
    /// `order` (for every place the site that comes there), and `before` and `after`: the correlations
    /// across the cuts, each as often as there are halvings below. Up to 12 sites a half is the best
    /// one, above it is found by exchanges: `after` is an upper bound.
    ///
    /// > rearrange(dataset([[0, 1, 0, 1], [1, 3, 1, 3], [2, 0, 2, 0], [3, 2, 3, 2]])).order
    /// [0, 2, 1, 3]
    pure fn rearrange(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
        /** The seed of random starts. */ seed: u64 = "0",
    ) -> Answer<Value> {
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Record))));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let (shape, interrupt) = (data.data.shape(), &cx.machine().interrupt);
        let arranged = learn::arrange(&found, shape, seed, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        let order = arranged.order.iter().map(|site| Value::int(*site)).collect();
        let sorted = DatasetValue { data: data.data.with_order(&arranged.order) };
        let fields = [
            ("data", Value::object(sorted)),
            ("order", Value::list(order)?),
            ("before", Value::Real(arranged.before)),
            ("after", Value::Real(arranged.after)),
        ];
        let fields = fields.into_iter().map(|(name, value)| (Symbol::new(name), value));
        Ok(Answer(Some(Value::record(fields.collect())?)))
    }

    /// The network for a data set: channel numbers that carry what is correlated in it, within a budget.
    ///
    /// The correlations of the pairs of sites are summed by distance: those from xi to below 2 xi are
    /// features of size xi. The design maximizes the sum over these sizes of their share times the bits of
    /// the min-cut across blocks of xi, for one group of blocks. Everything else is as in `design`.
    ///
    /// > let net(r) = network { input(4, dim = 2), conv(r[0]), pool(2), conv(r[1]), pool(2), output(2) }
    /// > suggest(dataset([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 0]]), net, 20, channels = [1..8, 1..8]).channels
    /// [2, 2]
    pure fn suggest(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A function from channel numbers to a network. */ template: Arc<dyn Function>,
        /** The most weights (or flops). */ budget: u64,
        /** A range for each channel number; 1..64 for as many as the template takes without it. */
        channels: Option<Arc<List>> = "none",
        /** "params" or "flops". */ cost: Arc<str> = "\"params\"",
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
        /** The most designs of the frontier. */ points: usize = "24",
    ) -> Answer<DesignValue> {
        let cost = word(call, 4, &cost, &["params", "flops"], |word| match word {
            "params" => Some(Cost::Params),
            "flops" => Some(Cost::Flops),
            _ => None,
        })?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let shape = data.data.shape();
        let sizes = by_size(&found, shape);
        let suggestion = Suggestion { template, budget, channels, cost, points, shape, sizes };
        suggest_design(cx, call, suggestion).map(|found| Answer(Some(found)))
    }
}
