//! From Rust to `.cac`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

use crate::{Integer, Model, Record, Table, Tensor, Value};

/// What can become a `.cac` value.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot become a `.cac` value",
    label = "this type does not cross",
    note = "what crosses by value: integers, f32, f64, bool, char, text, Option, Result, Vec, slices, arrays, tuples of up to six, BTreeMap and HashMap with String keys, cac::Record, cac::Table, cac::Tensor, cac::Model, cac::Integer, cac::Value"
)]
pub trait IntoCac {
    /// The `.cac` value.
    ///
    /// # Errors
    /// What an `Err` says, and a [`Table`] or [`Tensor`] whose parts do not fit each other.
    fn into_cac(self) -> Result<Value, String>;

    /// A list of such values.
    ///
    /// # Errors
    /// The number of the first item that has none, and why.
    fn into_list(items: Vec<Self>) -> Result<Value, (usize, String)>
    where
        Self: Sized,
    {
        let items = items.into_iter().enumerate();
        let values = items.map(|(at, item)| item.into_cac().map_err(|why| (at, why)));
        values.collect::<Result<_, _>>().map(Value::List)
    }
}

impl IntoCac for Value {
    fn into_cac(self) -> Result<Value, String> {
        Ok(self)
    }
}

impl IntoCac for () {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::None)
    }
}

macro_rules! packed {
    ($($ty:ty, $variant:ident, $list:ident;)+) => { $(
        impl IntoCac for $ty {
            fn into_cac(self) -> Result<Value, String> {
                Ok(Value::$variant(self.into()))
            }

            fn into_list(items: Vec<Self>) -> Result<Value, (usize, String)> {
                Ok(Value::$list(items.into_iter().map(Into::into).collect()))
            }
        }
    )+ };
}

packed! {
    bool, Bool, Bools;
    i8, Int, Ints;
    i16, Int, Ints;
    i32, Int, Ints;
    i64, Int, Ints;
    u8, Int, Ints;
    u16, Int, Ints;
    u32, Int, Ints;
    f32, Real, Reals;
    f64, Real, Reals;
}

macro_rules! wide {
    ($($ty:ty)+) => { $(
        impl IntoCac for $ty {
            fn into_cac(self) -> Result<Value, String> {
                Ok(match i64::try_from(self) {
                    Ok(int) => Value::Int(int),
                    Err(_) => Value::Big(magnitude(self < 0 as $ty, self.unsigned_abs_128())),
                })
            }

            fn into_list(items: Vec<Self>) -> Result<Value, (usize, String)> {
                match items.iter().map(|item| i64::try_from(*item)).collect::<Result<Vec<i64>, _>>() {
                    Ok(ints) => Ok(Value::Ints(ints)),
                    Err(_) => {
                        let values = items.into_iter().enumerate();
                        let values = values.map(|(at, item)| item.into_cac().map_err(|why| (at, why)));
                        values.collect::<Result<_, _>>().map(Value::List)
                    }
                }
            }
        }
    )+ };
}

/// The magnitude of an integer of any width.
trait Magnitude {
    fn unsigned_abs_128(self) -> u128;
}

macro_rules! magnitudes {
    ($($signed:ty)+; $($unsigned:ty)+) => {
        $( impl Magnitude for $signed {
            fn unsigned_abs_128(self) -> u128 {
                self.unsigned_abs() as u128
            }
        } )+
        $( impl Magnitude for $unsigned {
            fn unsigned_abs_128(self) -> u128 {
                self as u128
            }
        } )+
    };
}

magnitudes! { i128 isize; u64 u128 usize }

fn magnitude(negative: bool, mut rest: u128) -> Integer {
    let mut limbs = Vec::new();
    while rest > 0 {
        limbs.push(rest as u32);
        rest >>= 32;
    }
    Integer::from_limbs(negative, limbs)
}

wide! { i128 u64 u128 isize usize }

impl IntoCac for Integer {
    fn into_cac(self) -> Result<Value, String> {
        let small = i128::try_from(self.clone()).ok().and_then(|int| i64::try_from(int).ok());
        Ok(small.map_or(Value::Big(self), Value::Int))
    }
}

impl IntoCac for String {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::String(self))
    }
}

impl IntoCac for &str {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::String(self.to_owned()))
    }
}

impl IntoCac for char {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::String(self.to_string()))
    }
}

impl IntoCac for Record {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::Record(self))
    }
}

impl IntoCac for Table {
    fn into_cac(self) -> Result<Value, String> {
        self.check()?;
        Ok(Value::Table(self))
    }
}

impl IntoCac for Tensor {
    fn into_cac(self) -> Result<Value, String> {
        self.check()?;
        Ok(Value::Tensor(self))
    }
}

impl IntoCac for Model {
    fn into_cac(self) -> Result<Value, String> {
        Ok(Value::Model(self))
    }
}

impl<T: IntoCac> IntoCac for Option<T> {
    fn into_cac(self) -> Result<Value, String> {
        self.map_or(Ok(Value::None), IntoCac::into_cac)
    }
}

impl<T: IntoCac, E: Display> IntoCac for Result<T, E> {
    fn into_cac(self) -> Result<Value, String> {
        self.map_err(|error| error.to_string())?.into_cac()
    }
}

fn items<T: IntoCac>(items: Vec<T>) -> Result<Value, String> {
    T::into_list(items).map_err(|(at, why)| format!("item {at}: {why}"))
}

impl<T: IntoCac> IntoCac for Vec<T> {
    fn into_cac(self) -> Result<Value, String> {
        items(self)
    }
}

impl<T: IntoCac, const N: usize> IntoCac for [T; N] {
    fn into_cac(self) -> Result<Value, String> {
        items(self.into())
    }
}

impl<T: IntoCac + Clone> IntoCac for &[T] {
    fn into_cac(self) -> Result<Value, String> {
        items(self.to_vec())
    }
}

macro_rules! shared {
    ($($ty:ty)+) => { $(
        impl<T: IntoCac + Clone> IntoCac for $ty {
            fn into_cac(self) -> Result<Value, String> {
                T::clone(&self).into_cac()
            }
        }
    )+ };
}

shared! { Box<T> Rc<T> Arc<T> }

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: IntoCac),+> IntoCac for ($($name,)+) {
            fn into_cac(self) -> Result<Value, String> {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                Ok(Value::List(vec![$($name.into_cac()?),+]))
            }
        }
    };
}

tuples! { A }
tuples! { A B }
tuples! { A B C }
tuples! { A B C D }
tuples! { A B C D E }
tuples! { A B C D E F }

fn record<T: IntoCac>(fields: impl Iterator<Item = (String, T)>) -> Result<Value, String> {
    let fields = fields.map(|(name, value)| match value.into_cac() {
        Ok(value) => Ok((name, value)),
        Err(why) => Err(format!("{name}: {why}")),
    });
    Ok(Value::Record(Record(fields.collect::<Result<_, _>>()?)))
}

impl<T: IntoCac> IntoCac for BTreeMap<String, T> {
    fn into_cac(self) -> Result<Value, String> {
        record(self.into_iter())
    }
}

impl<T: IntoCac, S> IntoCac for HashMap<String, T, S> {
    /// In the order of the names: the order of a hash map differs from run to run.
    fn into_cac(self) -> Result<Value, String> {
        let mut fields: Vec<(String, T)> = self.into_iter().collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        record(fields.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FromCac;

    fn there_and_back<T: IntoCac + FromCac + Clone + PartialEq + std::fmt::Debug>(value: T) {
        let crossed = value.clone().into_cac().unwrap();
        let crossed = Value::decode(&crossed.encode()).unwrap();
        assert_eq!(T::from_cac(crossed), Ok(value));
    }

    #[test]
    fn every_type_comes_back() {
        there_and_back(());
        there_and_back(true);
        there_and_back((i8::MIN, u8::MAX, i16::MIN, u16::MAX));
        there_and_back((i32::MIN, u32::MAX, i64::MIN, u64::MAX));
        there_and_back((1_u128 << 127, (1_u128 << 127) - 1, i128::MAX));
        there_and_back((i128::MIN, u128::MAX, isize::MIN, usize::MAX));
        there_and_back("123456789012345678901234567890123456789012".parse::<Integer>().unwrap());
        there_and_back((0.1_f64, 0.1_f32, 'ü', "text".to_owned()));
        there_and_back((Some(3), None::<i64>));
        there_and_back(vec![vec![0.5, -0.0], vec![], vec![f64::INFINITY]]);
        there_and_back(vec![u64::MAX, 0]);
        there_and_back([[1, 2], [3, 4]]);
        there_and_back(vec![("a".to_owned(), true)]);
        there_and_back(BTreeMap::from([("b".to_owned(), 1), ("a".to_owned(), 2)]));
        there_and_back(HashMap::from([("b".to_owned(), vec![1.5])]));
        there_and_back(Tensor { shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] });
        there_and_back(Model { network: "n".into(), safetensors: vec![1, 2] });
    }

    #[test]
    fn lists_are_packed() {
        assert_eq!(vec![1_u8, 2].into_cac(), Ok(Value::Ints(vec![1, 2])));
        assert_eq!(vec![1.5_f32].into_cac(), Ok(Value::Reals(vec![1.5])));
        assert_eq!([1_usize, 2].into_cac(), Ok(Value::Ints(vec![1, 2])));
        assert_eq!((&[true][..]).into_cac(), Ok(Value::Bools(vec![true])));
        assert_eq!(Vec::<f64>::from_cac(Value::Ints(vec![1, 2])), Ok(vec![1.0, 2.0]));
        assert_eq!(Vec::<f64>::from_cac(Value::List(vec![Value::Int(1)])), Ok(vec![1.0]));
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let says = |wrong: crate::Mismatch| wrong.to_string();
        assert_eq!(
            says(u8::from_cac(Value::Int(300)).unwrap_err()),
            "wants an int from 0 to 255, and this is the int 300"
        );
        assert_eq!(
            says(u128::from_cac((-1_i128 << 100).into_cac().unwrap()).unwrap_err()),
            "wants an int from 0 to 340282366920938463463374607431768211455, and this is the int \
             -1267650600228229401496703205376"
        );
        assert_eq!(
            says(f32::from_cac(Value::Real(1e300)).unwrap_err()),
            "wants a real of 32 bits, and this is the real 1e300"
        );
        assert_eq!(f32::from_cac(Value::Real(f64::INFINITY)), Ok(f32::INFINITY));
        assert_eq!(
            says(i64::from_cac(Value::Real(2.0)).unwrap_err()),
            "wants an int of 64 bits, and this is the real 2.0"
        );
        assert_eq!(
            says(Vec::<bool>::from_cac(Value::Ints(vec![1])).unwrap_err()),
            "item 0: wants a bool, and this is the int 1"
        );
        assert_eq!(
            says(<[f64; 2]>::from_cac(Value::Reals(vec![1.0])).unwrap_err()),
            "wants a list of 2 items, and this one has 1"
        );
        let record = Record(vec![("a".into(), Value::Int(1))]);
        assert_eq!(
            says(record.get::<bool>("a").unwrap_err()),
            "a: wants a bool, and this is the int 1"
        );
        assert_eq!(says(record.get::<i64>("b").unwrap_err()), "there is no `b`; there are a");
        assert_eq!(record.get::<i64>("a"), Ok(1));
        let failed: Result<i64, &str> = Err("no");
        assert_eq!(vec![Ok(1), failed].into_cac(), Err("item 1: no".to_owned()));
        let table = Table { rows: 2, columns: vec![("x".into(), Value::Ints(vec![1]))] };
        assert!(table.into_cac().is_err());
        assert!(Tensor { shape: vec![2], data: vec![] }.into_cac().is_err());
    }

    #[test]
    fn rows_of_tables() {
        let columns = vec![
            ("x".to_owned(), Value::Ints(vec![1, 2])),
            ("y".to_owned(), Value::Reals(vec![0.5, 1.5])),
        ];
        let table = Table { rows: 2, columns };
        assert_eq!(table.column::<f64>("x"), Ok(vec![1.0, 2.0]));
        let rows: Vec<BTreeMap<String, f64>> = FromCac::from_cac(Value::Table(table)).unwrap();
        assert_eq!(rows[1]["y"], 1.5);
    }
}
