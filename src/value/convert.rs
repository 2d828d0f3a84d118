//! Between values and the Rust types of builtins.

use std::sync::Arc;

use dashu_int::{IBig, UBig};

use super::{Failure, Function, List, Record, Type, TypeSet, Value, int_to_f64};

/// Why a value of the right type is not taken: it is outside the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(pub String);

/// A Rust type that a parameter of a builtin may have.
pub trait FromValue: Sized {
    /// The types of values that it is made from.
    const TYPES: TypeSet;

    /// Makes it from a value of one of [`Self::TYPES`].
    ///
    /// # Errors
    /// What the value would have to be, to complete "… is -3: …".
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

/// A Rust type that a builtin may give back.
pub trait IntoValue {
    /// What it becomes.
    const TYPES: TypeSet;

    /// Makes it a value.
    ///
    /// # Errors
    /// E07 if the value is too large.
    fn into_value(self) -> Result<Value, Failure>;
}

fn wrong() -> Mismatch {
    Mismatch("it has the wrong type".to_owned())
}

macro_rules! from_value {
    ($rust:ty, $types:expr, $pattern:pat => $made:expr) => {
        impl FromValue for $rust {
            const TYPES: TypeSet = $types;

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    $pattern => $made,
                    _ => Err(wrong()),
                }
            }
        }
    };
}

from_value!(bool, TypeSet::of(&[Type::Bool]), Value::Bool(b) => Ok(b));
from_value!(IBig, TypeSet::of(&[Type::Int]), Value::Int(i) => Ok(i));
from_value!(Arc<str>, TypeSet::of(&[Type::String]), Value::String(s) => Ok(s));
from_value!(Arc<List>, TypeSet::LIST, Value::List(list) => Ok(list));
from_value!(Arc<Record>, TypeSet::of(&[Type::Record]), Value::Record(record) => Ok(record));
from_value!(Arc<dyn Function>, TypeSet::of(&[Type::Function]), Value::Function(f) => Ok(f));
from_value!(u64, TypeSet::of(&[Type::Int]), Value::Int(i) => {
    if i < IBig::ZERO {
        Err(Mismatch("it must be at least 0".to_owned()))
    } else {
        u64::try_from(&i).map_err(|_| Mismatch("it must be below 2^64".to_owned()))
    }
});
from_value!(i64, TypeSet::of(&[Type::Int]), Value::Int(i) => {
    i64::try_from(&i).map_err(|_| Mismatch("it must be between -2^63 and 2^63".to_owned()))
});
from_value!(usize, TypeSet::of(&[Type::Int]), Value::Int(i) => {
    if i < IBig::ZERO {
        Err(Mismatch("it must be at least 0".to_owned()))
    } else {
        usize::try_from(&i).map_err(|_| Mismatch("it must be below 2^64".to_owned()))
    }
});

impl FromValue for f64 {
    const TYPES: TypeSet = TypeSet::NUMBER;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Real(x) => Ok(x),
            Value::Int(i) => Ok(int_to_f64(&i)),
            _ => Err(wrong()),
        }
    }
}

impl FromValue for Value {
    const TYPES: TypeSet = TypeSet::ANY;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const TYPES: TypeSet = T::TYPES.or(TypeSet::of(&[Type::None]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::None => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

macro_rules! into_value {
    ($rust:ty, $types:expr, $value:ident => $made:expr) => {
        impl IntoValue for $rust {
            const TYPES: TypeSet = $types;

            fn into_value(self) -> Result<Value, Failure> {
                let $value = self;
                Ok($made)
            }
        }
    };
}

into_value!(bool, TypeSet::of(&[Type::Bool]), b => Value::Bool(b));
into_value!(f64, TypeSet::of(&[Type::Real]), x => Value::Real(x));
into_value!(IBig, TypeSet::of(&[Type::Int]), i => Value::Int(i));
into_value!(UBig, TypeSet::of(&[Type::Int]), i => Value::Int(IBig::from(i)));
into_value!(u64, TypeSet::of(&[Type::Int]), i => Value::int(i));
into_value!(usize, TypeSet::of(&[Type::Int]), i => Value::int(i));
into_value!(String, TypeSet::of(&[Type::String]), s => Value::string(s));
into_value!(&str, TypeSet::of(&[Type::String]), s => Value::string(s));
into_value!((), TypeSet::of(&[Type::None]), _unit => Value::None);
into_value!(Value, TypeSet::ANY, value => value);
into_value!(Arc<List>, TypeSet::LIST, list => Value::List(list));
