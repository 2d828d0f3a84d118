//! The values that cross.

use crate::{FromCac, Integer, Mismatch};

/// A value of `.cac`, when its type is known only at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// An int that fits.
    Int(i64),
    /// Any other int.
    Big(Integer),
    /// A real.
    Real(f64),
    /// Text.
    String(String),
    /// A list of values of any types.
    List(Vec<Value>),
    /// A list of bools.
    Bools(Vec<bool>),
    /// A list of ints that fit.
    Ints(Vec<i64>),
    /// A list of reals.
    Reals(Vec<f64>),
    /// Named fields.
    Record(Record),
    /// A list of equal records, by columns.
    Table(Table),
    /// Numbers with a shape.
    Tensor(Tensor),
    /// A model.
    Model(Model),
}

/// Named fields, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Vec<(String, Value)>);

/// Rows with the same fields, by columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The number of rows.
    pub rows: usize,
    /// Names and columns; each is a list of `rows` values.
    pub columns: Vec<(String, Value)>,
}

/// Numbers with a shape: row-major, the last axis runs fastest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// As many numbers as the product of the shape.
    pub data: Vec<f64>,
}

/// A model: its network as text, and the bytes of a safetensors file with its weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// `network { input(16, dim = 4) … }` below a comment by which the notebook knows the network; a model
    /// that is given back keeps this text. A geometry by a function stands there as `…`.
    pub network: String,
    /// What `save(model, "m.safetensors")` writes.
    pub safetensors: Vec<u8>,
}

impl Value {
    /// The type as messages name it: `an int`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "none",
            Value::Bool(_) => "a bool",
            Value::Int(_) | Value::Big(_) => "an int",
            Value::Real(_) => "a real",
            Value::String(_) => "a string",
            Value::List(_) | Value::Bools(_) | Value::Ints(_) | Value::Reals(_) => "a list",
            Value::Record(_) => "a record",
            Value::Table(_) => "a table",
            Value::Tensor(_) => "a tensor",
            Value::Model(_) => "a model",
        }
    }

    /// The number of items, if it is a list or a table.
    pub fn items_len(&self) -> Option<usize> {
        match self {
            Value::List(items) => Some(items.len()),
            Value::Bools(items) => Some(items.len()),
            Value::Ints(items) => Some(items.len()),
            Value::Reals(items) => Some(items.len()),
            Value::Table(table) => Some(table.rows),
            _ => None,
        }
    }

    /// The items of a list; the rows of a table as records.
    ///
    /// # Errors
    /// When it is neither.
    pub fn into_items(self) -> Result<Vec<Value>, Mismatch> {
        match self {
            Value::List(items) => Ok(items),
            Value::Bools(items) => Ok(items.into_iter().map(Value::Bool).collect()),
            Value::Ints(items) => Ok(items.into_iter().map(Value::Int).collect()),
            Value::Reals(items) => Ok(items.into_iter().map(Value::Real).collect()),
            Value::Table(table) => {
                let mut rows = vec![Record::default(); table.rows];
                for (name, column) in table.columns {
                    for (row, value) in rows.iter_mut().zip(column.into_items()?) {
                        row.0.push((name.clone(), value));
                    }
                }
                Ok(rows.into_iter().map(Value::Record).collect())
            }
            other => Err(Mismatch::new("a list", &other)),
        }
    }
}

impl Record {
    /// The value of a field, as the type that is wanted.
    ///
    /// # Errors
    /// When there is no such field, or it is of another type.
    pub fn get<T: FromCac>(&self, name: &str) -> Result<T, Mismatch> {
        match self.0.iter().find(|(field, _)| field == name) {
            Some((_, value)) => T::from_cac(value.clone()).map_err(|wrong| wrong.inside(name)),
            None => Err(Mismatch::missing(name, self.0.iter().map(|(field, _)| field.as_str()))),
        }
    }
}

impl Table {
    /// A column, as a vector of the type that is wanted.
    ///
    /// # Errors
    /// When there is no such column, or an item is of another type.
    pub fn column<T: FromCac>(&self, name: &str) -> Result<Vec<T>, Mismatch> {
        match self.columns.iter().find(|(column, _)| column == name) {
            Some((_, values)) => T::list(values.clone()).map_err(|wrong| wrong.inside(name)),
            None => {
                Err(Mismatch::missing(name, self.columns.iter().map(|(name, _)| name.as_str())))
            }
        }
    }
}
