//! What takes a list or a text, and a data set as well: `take`, `drop`, `split`.

use std::ops::Range;
use std::sync::Arc;

use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope};
use crate::symbol::Symbol;
use crate::value::{FromValue, List, Mismatch, Type, TypeSet, Value, int_to_f64};

/// A list or a data set.
#[derive(Clone, Debug)]
pub(in crate::builtins) enum Sequence {
    List(Arc<List>),
    Data(DatasetValue),
}

impl FromValue for Sequence {
    const TYPES: TypeSet = TypeSet::LIST.or(TypeSet::of(&[Type::Dataset]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(list) => Ok(Self::List(list)),
            other => DatasetValue::from_value(other)
                .map(Self::Data)
                .map_err(|_| Mismatch("it must be a list or a data set".to_owned())),
        }
    }
}

/// A text or a data set.
#[derive(Clone, Debug)]
pub(in crate::builtins) enum Whole {
    Text(Arc<str>),
    Data(DatasetValue),
}

impl FromValue for Whole {
    const TYPES: TypeSet = TypeSet::of(&[Type::String, Type::Dataset]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            other => DatasetValue::from_value(other)
                .map(Self::Data)
                .map_err(|_| Mismatch("it must be a string or a data set".to_owned())),
        }
    }
}

/// The samples with these numbers, as far as there are such.
pub(in crate::builtins) fn samples(
    cx: &Scope<'_>,
    call: &Args,
    data: &DatasetValue,
    numbers: Range<u64>,
) -> Eval<Value> {
    let place =
        |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(data.data.samples());
    let part = data.data.picked((place(numbers.start)..place(numbers.end)).collect());
    Ok(Value::object(DatasetValue { data: part.map_err(|error| explain(cx, call, &error))? }))
}

/// A data set in two parts, as `split` makes them: a share or a number of samples for training, the
/// rest for tests.
pub(in crate::builtins) fn train_and_test(
    cx: &Scope<'_>,
    call: &Args,
    data: &DatasetValue,
    by: &Value,
    stratified: bool,
    seed: u64,
) -> Eval<Value> {
    let all = data.data.samples();
    let first = match by {
        Value::Real(share) if *share > 0.0 && *share < 1.0 => (share * all as f64).round() as usize,
        Value::Int(count) if int_to_f64(count) < all as f64 => {
            usize::from_value(by.clone()).unwrap_or(0)
        }
        _ => 0,
    };
    if first == 0 || first >= all {
        let message = format!("{all} samples do not split at {}", crate::value::short(by));
        return Err(Diagnostic::new(Code::Domain, message)
            .at(call.span_of(1), "both parts need a sample")
            .hint("split(data, 0.8) for a share, split(data, 1_000) for a number of samples")
            .into());
    }
    let (train, test) =
        data.data.split(first, stratified, seed).map_err(|error| explain(cx, call, &error))?;
    let field = |name, data| (Symbol::new(name), Value::object(DatasetValue { data }));
    Ok(Value::record(vec![field("train", train), field("test", test)])?)
}
