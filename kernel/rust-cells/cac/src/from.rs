//! From `.cac` to Rust.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;

use crate::{Integer, Model, Record, Table, Tensor, Value};

/// A value is not of the type that is wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch(String);

impl Mismatch {
    /// `wanted` is a type with its article.
    pub fn new(wanted: &str, found: &Value) -> Self {
        Self(match found {
            Value::Int(int) => format!("wants {wanted}, and this is the int {int}"),
            Value::Big(int) => format!("wants {wanted}, and this is the int {int}"),
            Value::Real(real) => format!("wants {wanted}, and this is the real {real:?}"),
            other => format!("wants {wanted}, and this is {}", other.kind()),
        })
    }

    pub(crate) fn missing<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.collect();
        Self(format!("there is no `{name}`; there are {}", names.join(", ")))
    }

    pub(crate) fn inside(self, name: impl fmt::Display) -> Self {
        Self(format!("{name}: {}", self.0))
    }

    fn length(wanted: usize, found: usize) -> Self {
        Self(format!("wants a list of {wanted} items, and this one has {found}"))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// What `unwrap` prints.
impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

/// What a `.cac` value can become.
#[diagnostic::on_unimplemented(
    message = "no `.cac` value can become a `{Self}`",
    label = "this type does not cross",
    note = "what crosses by value: integers, f32, f64, bool, char, String, Option, Vec, arrays, tuples of up to six, BTreeMap and HashMap with String keys, cac::Record, cac::Table, cac::Tensor, cac::Model, cac::Integer, cac::Value"
)]
pub trait FromCac: Sized {
    /// The Rust value.
    ///
    /// # Errors
    /// [`Mismatch`] when the value is of another type or out of range.
    fn from_cac(value: Value) -> Result<Self, Mismatch>;

    /// The items of a list.
    ///
    /// # Errors
    /// [`Mismatch`] when it is no list, or one of its items is of another type.
    fn list(values: Value) -> Result<Vec<Self>, Mismatch> {
        let items = values.into_items()?.into_iter().enumerate();
        items
            .map(|(at, item)| {
                Self::from_cac(item).map_err(|wrong| wrong.inside(format!("item {at}")))
            })
            .collect()
    }
}

impl FromCac for Value {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

impl FromCac for () {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::None => Ok(()),
            other => Err(Mismatch::new("none", &other)),
        }
    }
}

macro_rules! plain {
    ($($ty:ty, $wanted:literal, $variant:ident $(, $packed:ident)?;)+) => { $(
        impl FromCac for $ty {
            fn from_cac(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::$variant(found) => Ok(found),
                    other => Err(Mismatch::new($wanted, &other)),
                }
            }
            $(
                fn list(values: Value) -> Result<Vec<Self>, Mismatch> {
                    match values {
                        Value::$packed(items) => Ok(items),
                        other => each(other),
                    }
                }
            )?
        }
    )+ };
}

plain! {
    bool, "a bool", Bool, Bools;
    String, "a string", String;
    Record, "a record", Record;
    Table, "a table", Table;
    Tensor, "a tensor", Tensor;
    Model, "a model", Model;
}

/// The items of a list that is not packed as the type that is wanted.
fn each<T: FromCac>(values: Value) -> Result<Vec<T>, Mismatch> {
    let items = values.into_items()?.into_iter().enumerate();
    items
        .map(|(at, item)| T::from_cac(item).map_err(|wrong| wrong.inside(format!("item {at}"))))
        .collect()
}

macro_rules! integers {
    ($($ty:ty)+) => { $(
        impl FromCac for $ty {
            fn from_cac(value: Value) -> Result<Self, Mismatch> {
                let fits = match &value {
                    Value::Int(int) => Self::try_from(*int).ok(),
                    Value::Big(int) => Self::try_from(int.clone()).ok(),
                    _ => None,
                };
                fits.ok_or_else(|| {
                    let wanted = format!("an int from {} to {}", Self::MIN, Self::MAX);
                    Mismatch::new(&wanted, &value)
                })
            }
        }
    )+ };
}

integers! { i8 i16 i32 i128 u8 u16 u32 u64 u128 isize usize }

impl FromCac for i64 {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Int(int) => Ok(int),
            other => Err(Mismatch::new("an int of 64 bits", &other)),
        }
    }

    fn list(values: Value) -> Result<Vec<Self>, Mismatch> {
        match values {
            Value::Ints(items) => Ok(items),
            other => each(other),
        }
    }
}

impl FromCac for Integer {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Int(int) => Ok(Integer::from(i128::from(int))),
            Value::Big(int) => Ok(int),
            other => Err(Mismatch::new("an int", &other)),
        }
    }
}

impl FromCac for f64 {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Real(real) => Ok(real),
            // The nearest real, as where the language wants a real.
            Value::Int(int) => Ok(int as f64),
            Value::Big(int) => Ok(int.to_f64()),
            other => Err(Mismatch::new("a real", &other)),
        }
    }

    fn list(values: Value) -> Result<Vec<Self>, Mismatch> {
        match values {
            Value::Reals(items) => Ok(items),
            Value::Ints(items) => Ok(items.into_iter().map(|int| int as f64).collect()),
            other => each(other),
        }
    }
}

impl FromCac for f32 {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        let shown = value.clone();
        let real = f64::from_cac(value)?;
        let single = real as f32;
        // Rounding is what single precision means; a finite real that becomes infinite is another one.
        if single.is_infinite() && real.is_finite() {
            return Err(Mismatch::new("a real of 32 bits", &shown));
        }
        Ok(single)
    }
}

impl FromCac for char {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        if let Value::String(text) = &value {
            let mut chars = text.chars();
            if let (Some(only), None) = (chars.next(), chars.next()) {
                return Ok(only);
            }
        }
        Err(Mismatch::new("a string of one character", &value))
    }
}

impl<T: FromCac> FromCac for Option<T> {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::None => Ok(None),
            other => T::from_cac(other).map(Some),
        }
    }
}

impl<T: FromCac> FromCac for Vec<T> {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        T::list(value)
    }
}

impl<T: FromCac, const N: usize> FromCac for [T; N] {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        <[T; N]>::try_from(T::list(value)?).map_err(|items| Mismatch::length(N, items.len()))
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)+;)+) => { $(
        impl<$($name: FromCac),+> FromCac for ($($name,)+) {
            fn from_cac(value: Value) -> Result<Self, Mismatch> {
                let items = value.into_items()?;
                let found = items.len();
                if found != $count {
                    return Err(Mismatch::length($count, found));
                }
                let mut items = items.into_iter().enumerate();
                Ok(($({
                    let (at, item) = items.next().ok_or_else(|| Mismatch::length($count, found))?;
                    $name::from_cac(item).map_err(|wrong| wrong.inside(format!("item {at}")))?
                },)+))
            }
        }
    )+ };
}

tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
}

/// The fields of a record as pairs.
fn pairs<T: FromCac, M: FromIterator<(String, T)>>(value: Value) -> Result<M, Mismatch> {
    let Value::Record(record) = value else { return Err(Mismatch::new("a record", &value)) };
    record
        .0
        .into_iter()
        .map(|(name, value)| match T::from_cac(value) {
            Ok(value) => Ok((name, value)),
            Err(wrong) => Err(wrong.inside(name)),
        })
        .collect()
}

impl<T: FromCac> FromCac for BTreeMap<String, T> {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        pairs(value)
    }
}

impl<T: FromCac, S: BuildHasher + Default> FromCac for HashMap<String, T, S> {
    fn from_cac(value: Value) -> Result<Self, Mismatch> {
        pairs(value)
    }
}
