//! Data sets as values: made, read, generated, taken apart, asked and looked at.

mod files;
mod generate;
mod make;
mod part;
mod picture;
mod questions;
mod represent;
mod views;

use std::any::Any;
use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::pictures;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Scope, Stop};
use crate::graph::GraphError;
use crate::learn::{DataError, Dataset};
use crate::network::Shape;
use crate::value::{
    Failure, FieldInfo, FromValue, IntoValue, Media, MediaKind, Mismatch, Object, Type, TypeSet,
    Value, failure, json_real,
};

pub(super) use files::FILES;
pub(super) use generate::GENERATE;
pub(super) use make::MADE;
pub(super) use part::{Sequence, Whole, samples, train_and_test};
pub(super) use questions::QUESTIONS;
pub(super) use represent::REPRESENT;
pub(super) use views::VIEWS;

/// A data set as a value.
#[derive(Clone, Debug)]
pub(super) struct DatasetValue {
    /// The samples.
    pub data: Dataset,
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

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let title = match kind {
            MediaKind::Latex => return None,
            // In a terminal the picture stands below the text, which says it already.
            MediaKind::Letters(_) => Some(String::new()),
            MediaKind::Html | MediaKind::Svg | MediaKind::Png => None,
        };
        let picture = match self.picture(title) {
            Ok(picture) => picture,
            Err(error) => return Some(Err(failure(Code::File, error.to_string(), UNREADABLE))),
        };
        match kind {
            MediaKind::Html => Some(Ok(pictures::html(&self.text(), Some(&picture)))),
            kind => pictures::media(&picture, kind),
        }
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
            "labels" if data.samples() > LISTED_VALUES => Err(failure(
                Code::Resource,
                format!("{} labels are too many for a list", data.samples()),
                "take(data, 1_000).labels",
            )),
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

/// An error of a data set at the call that asked.
pub(super) fn explain(cx: &Scope<'_>, call: &Args, error: &DataError) -> Stop {
    explain_at(cx, call, error, call.span_of(0))
}

/// The error of a data set that is not the first argument.
pub(super) fn explain_at(cx: &Scope<'_>, call: &Args, error: &DataError, span: Span) -> Stop {
    let (code, hint) = match error {
        DataError::Interrupted => {
            return super::queries::explain(cx, call, &GraphError::Interrupted);
        }
        DataError::NoImages { sites } => {
            let side = sites.isqrt();
            let side = if side * side == *sites { side } else { 8 };
            let hint = format!("dataset(data.values, labels = data.labels, shape = {side}x{side})");
            return Diagnostic::new(Code::Shape, error.to_string()).at(span, "").hint(hint).into();
        }
        DataError::Constant { .. } => (
            Code::Domain,
            "add constant = 0 to count them as uncorrelated, or leave these sites out",
        ),
        DataError::TooFew { .. } => (Code::Domain, "dataset([[0, 1], [1, 0], [1, 1]])"),
        DataError::TooMany { .. } => (Code::Resource, "use a part of the data: take(data, 1_000)"),
        DataError::NoClass { .. } => (Code::Domain, "class = 0, with labels in the data set"),
        DataError::Unlabelled => {
            (Code::Domain, "give labels: dataset([[0, 1], [1, 0]], labels = [0, 1])")
        }
        DataError::Flat => (Code::Domain, "leave the values as they are"),
        DataError::Zero => (Code::Domain, "leave out class, or choose another theta"),
        DataError::NotFinite { .. } => {
            (Code::Domain, "fill in a number, or leave the sample out: filter(rows, row -> …)")
        }
        DataError::Level { .. } => (Code::Domain, "normalize(data)"),
        DataError::Empty => (Code::Domain, "dataset([[0, 1], [1, 0]])"),
        DataError::Unreadable { .. } => (Code::File, UNREADABLE),
        DataError::Length { .. } => (Code::Shape, "give every sample one number for each site"),
        DataError::Labels { .. } => (Code::Domain, "give one label for each sample"),
    };
    Diagnostic::new(code, error.to_string()).at(span, "").hint(hint).into()
}
