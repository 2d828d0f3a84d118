//! The values of the language.
//!
//! Values are immutable and cheap to clone. Those of the engine (networks, cuts, plots, …) are
//! [`Object`]s: this room knows what every value can do, not what there is.

mod compare;
mod convert;
mod html;
mod json;
mod list;
mod number;
mod object;
mod reaper;
mod record;
mod rust_types;
mod table;
mod text;
mod types;

use std::sync::Arc;

use dashu_int::IBig;

use crate::diagnostic::{Code, Diagnostic};

pub use compare::{compare, equal};
pub use convert::{FromValue, IntoValue, Mismatch};
pub use html::{base64, escape as escape_html, html, pre as pre_html, unbase64};
pub use json::{json, json_int, json_real};
pub use list::{Items, LIST_LIMIT, List};
pub use number::{
    INT_BITS_LIMIT, int_digits, int_log2, int_to_f64, real_text, short_int, short_real,
};
pub use object::{FieldInfo, Function, Media, MediaKind, Object};
pub use reaper::Heap;
pub use record::Record;
pub use rust_types::typed;
pub use table::{Cells, table_cells, whole_cells};
pub use table::{Table, as_table};
pub use text::{brief, short, text};
pub use types::{Type, TypeSet};

/// An error that does not know yet where it happened; the evaluator adds the span.
pub type Failure = Box<Diagnostic>;

/// An error with a message and a hint.
pub fn failure(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Box::new(Diagnostic::new(code, message).hint(hint))
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// An exact int of any size.
    Int(IBig),
    /// A real.
    Real(f64),
    /// Text.
    String(Arc<str>),
    /// A list or a table.
    List(Arc<List>),
    /// Named fields, in order.
    Record(Arc<Record>),
    /// A function.
    Function(Arc<dyn Function>),
    /// A value of the engine.
    Object(Arc<dyn Object>),
    /// While checking: some value of one of these types.
    Unknown(TypeSet),
}

impl Value {
    /// An int.
    pub fn int(value: impl Into<IBig>) -> Self {
        Self::Int(value.into())
    }

    /// Text.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// A list of these values.
    ///
    /// # Errors
    /// E07 if it is too long or nested too deeply.
    pub fn list(items: Vec<Self>) -> Result<Self, Failure> {
        Ok(Self::List(Arc::new(List::new(items)?)))
    }

    /// A record with these fields.
    ///
    /// # Errors
    /// E07 if it is nested too deeply.
    pub fn record(fields: Vec<(crate::symbol::Symbol, Self)>) -> Result<Self, Failure> {
        Ok(Self::Record(Arc::new(Record::new(fields)?)))
    }

    /// An object of the engine.
    pub fn object(object: impl Object) -> Self {
        Self::Object(Arc::new(object))
    }

    /// An unknown value of one type.
    pub const fn unknown(ty: Type) -> Self {
        Self::Unknown(TypeSet::of(&[ty]))
    }

    /// The type; a list of equal records is a table. Of an unknown value with several possible
    /// types the first one.
    pub fn type_of(&self) -> Type {
        match self {
            Self::None => Type::None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Real(_) => Type::Real,
            Self::String(_) => Type::String,
            Self::List(list) if list.is_table() => Type::Table,
            Self::List(_) => Type::List,
            Self::Record(_) => Type::Record,
            Self::Function(_) => Type::Function,
            Self::Object(object) => object.type_of(),
            Self::Unknown(types) => types.iter().next().unwrap_or(Type::None),
        }
    }

    /// What the value may be: one type unless it is unknown.
    pub fn types(&self) -> TypeSet {
        match self {
            Self::Unknown(types) => *types,
            // An empty list has no records that could differ.
            Self::List(list) if list.is_empty() => TypeSet::LIST,
            other => TypeSet::of(&[other.type_of()]),
        }
    }

    /// Whether it is, or holds, an unknown value.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::List(list) => list.has_unknown(),
            Self::Record(record) => record.has_unknown(),
            _ => false,
        }
    }

    /// How deep values are nested in it: 0 for a plain one.
    pub fn depth(&self) -> u32 {
        match self {
            Self::List(list) => list.depth(),
            Self::Record(record) => record.depth(),
            Self::Function(function) => function.depth(),
            _ => 0,
        }
    }

    /// How many plain values it holds when written out.
    pub fn weight(&self) -> u64 {
        match self {
            Self::List(list) => list.weight(),
            Self::Record(record) => record.weight(),
            _ => 1,
        }
    }
}

/// How deep values may be nested: walking over them recurses.
pub const MAX_VALUE_DEPTH: u32 = 500;

/// The depth of a value that holds others of this depth.
fn deeper(inner: u32) -> Result<u32, Failure> {
    if inner < MAX_VALUE_DEPTH {
        return Ok(inner + 1);
    }
    let message = format!("values are nested more than {MAX_VALUE_DEPTH} levels deep");
    Err(failure(Code::Resource, message, "keep the parts in one flat list"))
}

/// The depth of a function that holds values of this depth.
///
/// # Errors
/// E07 beyond [`MAX_VALUE_DEPTH`].
pub fn function_depth(inner: u32) -> Result<u32, Failure> {
    deeper(inner)
}
