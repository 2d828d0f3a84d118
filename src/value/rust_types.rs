//! Between values and the types of Rust programs: numbers of any width, text, lists, tuples.
//!
//! Builtins need few types ([`super::convert`]); programs that ask from outside have many. Nothing
//! is cut off: a value that a type cannot hold is a [`Mismatch`]. Only an int that becomes a real is rounded
//! to the nearest one, as in the language.

use dashu_int::{IBig, UBig};

use super::{Failure, FromValue, IntoValue, Mismatch, Type, TypeSet, Value, brief};

/// A value as a Rust type, whatever its type is.
///
/// # Errors
/// What the value would have to be.
pub fn typed<T: FromValue>(value: Value) -> Result<T, Mismatch> {
    if value.types().meets(T::TYPES) {
        return T::from_value(value);
    }
    let wanted = T::TYPES.single().map_or_else(|| T::TYPES.to_string(), Type::with_article);
    Err(Mismatch(format!("it must be {wanted}, not {}", value.type_of().with_article())))
}

macro_rules! ints {
    ($($rust:ty),*) => { $(
        impl FromValue for $rust {
            const TYPES: TypeSet = TypeSet::of(&[Type::Int]);

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                let Value::Int(int) = value else {
                    return Err(Mismatch("it must be an int".to_owned()));
                };
                <$rust>::try_from(&int).map_err(|_| {
                    Mismatch(format!("it must be from {} to {}", <$rust>::MIN, <$rust>::MAX))
                })
            }
        }
    )* };
}

macro_rules! into_ints {
    ($($rust:ty),*) => { $(
        impl IntoValue for $rust {
            const TYPES: TypeSet = TypeSet::of(&[Type::Int]);

            fn into_value(self) -> Result<Value, Failure> {
                Ok(Value::int(self))
            }
        }
    )* };
}

ints!(u8, u16, u32, u128, i8, i16, i32, i128, isize);
into_ints!(u8, u16, u32, u128, i8, i16, i32, i64, i128, isize);

impl FromValue for UBig {
    const TYPES: TypeSet = TypeSet::of(&[Type::Int]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let int = IBig::from_value(value)?;
        Self::try_from(int).map_err(|_| Mismatch("it must be at least 0".to_owned()))
    }
}

impl FromValue for String {
    const TYPES: TypeSet = TypeSet::of(&[Type::String]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text.as_ref().to_owned()),
            _ => Err(Mismatch("it must be a string".to_owned())),
        }
    }
}

impl FromValue for () {
    const TYPES: TypeSet = TypeSet::of(&[Type::None]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::None => Ok(()),
            other => Err(Mismatch(format!("it must be none, not {}", brief(&other)))),
        }
    }
}

impl IntoValue for f32 {
    const TYPES: TypeSet = TypeSet::of(&[Type::Real]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::Real(f64::from(self)))
    }
}

/// A part of a list; an error says which.
fn item<T: FromValue>(place: usize, value: Value) -> Result<T, Mismatch> {
    typed(value).map_err(|Mismatch(why)| Mismatch(format!("item {place}: {why}")))
}

impl<T: FromValue> FromValue for Vec<T> {
    const TYPES: TypeSet = TypeSet::LIST;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::List(list) = value else {
            return Err(Mismatch("it must be a list".to_owned()));
        };
        let items = list.to_vec().map_err(|failure| Mismatch(failure.message))?;
        items.into_iter().enumerate().map(|(place, value)| item(place, value)).collect()
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    const TYPES: TypeSet = TypeSet::LIST;

    fn into_value(self) -> Result<Value, Failure> {
        Value::list(self.into_iter().map(T::into_value).collect::<Result<_, _>>()?)
    }
}

impl<T: IntoValue, const N: usize> IntoValue for [T; N] {
    const TYPES: TypeSet = TypeSet::LIST;

    fn into_value(self) -> Result<Value, Failure> {
        Vec::from(self).into_value()
    }
}

impl<T: IntoValue + Clone> IntoValue for &[T] {
    const TYPES: TypeSet = TypeSet::LIST;

    fn into_value(self) -> Result<Value, Failure> {
        self.to_vec().into_value()
    }
}

impl<T: IntoValue + Clone> IntoValue for &Vec<T> {
    const TYPES: TypeSet = TypeSet::LIST;

    fn into_value(self) -> Result<Value, Failure> {
        self.clone().into_value()
    }
}

impl IntoValue for &String {
    const TYPES: TypeSet = TypeSet::of(&[Type::String]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::string(self))
    }
}

impl IntoValue for &Value {
    const TYPES: TypeSet = TypeSet::ANY;

    fn into_value(self) -> Result<Value, Failure> {
        Ok(self.clone())
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    const TYPES: TypeSet = T::TYPES.or(TypeSet::of(&[Type::None]));

    fn into_value(self) -> Result<Value, Failure> {
        self.map_or(Ok(Value::None), T::into_value)
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $place:tt),+;)*) => { $(
        impl<$($name: FromValue),+> FromValue for ($($name,)+) {
            const TYPES: TypeSet = TypeSet::LIST;

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                let count = $count;
                let Value::List(list) = value else {
                    return Err(Mismatch(format!("it must be a list of {count}")));
                };
                if list.len() != count {
                    let wrong = format!("it must have {count} items, not {}", list.len());
                    return Err(Mismatch(wrong));
                }
                Ok(($(item($place, list.get($place).unwrap_or(Value::None))?,)+))
            }
        }

        impl<$($name: IntoValue),+> IntoValue for ($($name,)+) {
            const TYPES: TypeSet = TypeSet::LIST;

            fn into_value(self) -> Result<Value, Failure> {
                Value::list(vec![$(self.$place.into_value()?),+])
            }
        }
    )* };
}

tuples! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
}

#[cfg(test)]
mod tests {
    use super::{FromValue, IntoValue, Mismatch, UBig, Value, typed};

    fn there_and_back<T: FromValue + IntoValue + Clone + PartialEq + std::fmt::Debug>(rust: T) {
        assert_eq!(typed::<T>(rust.clone().into_value().unwrap()), Ok(rust));
    }

    #[test]
    fn what_goes_in_comes_out() {
        there_and_back(u8::MAX);
        there_and_back(i8::MIN);
        there_and_back(i64::MIN);
        there_and_back(u64::MAX);
        there_and_back(i128::MIN);
        there_and_back(u128::MAX);
        there_and_back(UBig::from(7u8).pow(300));
        there_and_back(-0.5);
        there_and_back("α".to_owned());
        there_and_back(());
        there_and_back(vec![vec![1u8, 2], vec![]]);
        there_and_back((1i16, 2.5, "three".to_owned(), vec![true], None::<u8>, Some(6u8)));
    }

    #[test]
    fn nothing_is_rounded_or_cut_off() {
        let why = |Mismatch(why)| why;
        let of = |rust: i64| rust.into_value().unwrap();
        assert_eq!(typed::<u8>(of(256)).unwrap_err().0, "it must be from 0 to 255");
        assert_eq!(typed::<u64>(of(-1)).unwrap_err().0, "it must be at least 0");
        assert!(typed::<UBig>(of(-1)).is_err());
        assert_eq!(
            typed::<i64>(Value::Real(2.0)).map_err(why).unwrap_err(),
            "it must be an int, not a real"
        );
        assert_eq!(typed::<f64>(of(2)), Ok(2.0));
        let list = vec![1i64, -2].into_value().unwrap();
        assert_eq!(
            typed::<Vec<u8>>(list.clone()).unwrap_err().0,
            "item 1: it must be from 0 to 255"
        );
        assert_eq!(typed::<(u8,)>(list.clone()).unwrap_err().0, "it must have 1 items, not 2");
        assert!(
            typed::<Vec<String>>(list).unwrap_err().0.starts_with("item 0: it must be a string")
        );
        assert!(typed::<String>(Value::None).is_err());
        assert_eq!(typed::<Option<String>>(Value::None), Ok(None));
    }
}
