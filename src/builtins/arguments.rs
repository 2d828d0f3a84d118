//! Argument types that several tables share.

use std::sync::Arc;

use dashu_int::IBig;

use crate::value::{
    Failure, FromValue, Function, IntoValue, Mismatch, Type, TypeSet, Value, int_to_f64,
};

/// An int or a real.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Int(IBig),
    Real(f64),
}

impl Number {
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(i) => int_to_f64(i),
            Self::Real(x) => *x,
        }
    }
}

impl FromValue for Number {
    const TYPES: TypeSet = TypeSet::NUMBER;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Int(i) => Ok(Self::Int(i)),
            Value::Real(x) => Ok(Self::Real(x)),
            _ => Err(Mismatch("it must be a number".to_owned())),
        }
    }
}

impl IntoValue for Number {
    const TYPES: TypeSet = TypeSet::NUMBER;

    fn into_value(self) -> Result<Value, Failure> {
        Ok(match self {
            Self::Int(i) => Value::Int(i),
            Self::Real(x) => Value::Real(x),
        })
    }
}

/// A column name or a function of a row.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Column(Arc<str>),
    Function(Arc<dyn Function>),
}

impl FromValue for Key {
    const TYPES: TypeSet = TypeSet::of(&[Type::String, Type::Function]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(name) => Ok(Self::Column(name)),
            Value::Function(function) => Ok(Self::Function(function)),
            _ => Err(Mismatch("it must be a column name or a function".to_owned())),
        }
    }
}

/// A string or a list of strings.
#[derive(Clone, Debug)]
pub(super) struct Names(pub Vec<Arc<str>>);

impl FromValue for Names {
    const TYPES: TypeSet = TypeSet::LIST.or(TypeSet::of(&[Type::String]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch(format!("it holds {}", other.type_of().with_article()))),
        };
        match value {
            Value::List(list) => Ok(Self(list.iter().map(text).collect::<Result<_, _>>()?)),
            other => Ok(Self(vec![text(other)?])),
        }
    }
}

/// The answer of a query, or nothing while checking.
pub(super) struct Answer<T>(pub Option<T>);

impl<T: IntoValue> IntoValue for Answer<T> {
    const TYPES: TypeSet = T::TYPES;

    fn into_value(self) -> Result<Value, Failure> {
        match self.0 {
            Some(answer) => answer.into_value(),
            None => Ok(Value::Unknown(Self::TYPES)),
        }
    }
}
