//! Values that cross between convac and its Rust cells.
//!
//! A Rust cell sees this crate as `cac`. `%%rust --in a --out b` binds the `.cac` value `a` as a Rust
//! variable and gives the Rust variable `b` back; `rust_fn("f")` makes a function of a cell callable.
//! Everything crosses by value, in the format of [`Value::encode`].
//!
//! ```
//! use cac::{FromCac, IntoCac, Value};
//!
//! let widths = vec![2_i64, 4, 8];
//! let value = Value::decode(&widths.clone().into_cac().unwrap().encode()).unwrap();
//! assert_eq!(Vec::<i64>::from_cac(value), Ok(widths));
//! ```
//!
//! | `.cac` | Rust, as `--in` binds it | what `--out` and functions take and give, too |
//! |---|---|---|
//! | `none` | `()` | `Option<T>` |
//! | bool | `bool` | |
//! | int | `i64`, `i128` or [`Integer`], the first that holds it | all integer types |
//! | real | `f64` | `f32` |
//! | string | `String` | `char`, `&str` (out) |
//! | list | `Vec<T>`; ints among reals are `f64`; `Vec<Value>` if the items have other types | arrays, tuples of up to six, slices (out) |
//! | record | [`Record`] | `BTreeMap<String, T>`, `HashMap<String, T>` |
//! | table | [`Table`] | |
//! | tensor | [`Tensor`] | |
//! | model | [`Model`]: the bytes of a safetensors file | |
//!
//! The crate has no dependencies and is compiled once when the first Rust cell runs.

#![warn(missing_docs)]
#![deny(unsafe_code)]

mod code;
mod from;
mod function;
mod integer;
mod into;
mod place;
#[cfg(unix)]
mod serve;
mod value;

pub use code::Malformed;
pub use from::{FromCac, Mismatch};
pub use function::{Fault, Function};
pub use integer::{Integer, NoInteger};
pub use into::IntoCac;
pub use place::{FLUSH, begin, flush, give, panic_line, take};
#[cfg(unix)]
pub use serve::{Served, answer, ask, serve};
pub use value::{Model, Record, Table, Tensor, Value};
