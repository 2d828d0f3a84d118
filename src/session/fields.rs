//! Fields and columns, and how names and values are written in one line.

use super::Session;
use super::known::{Known, builtin_of, some};
use crate::symbol::Symbol;
use crate::value::{Items, List, Type, Value, short};

/// A field, a column or a name of a module.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    /// `bits: real`, `r: int = 8`
    pub signature: String,
    pub doc: &'static str,
    /// Whether it is a column of a table.
    pub column: bool,
}

impl Session {
    /// The fields, or the columns, that may stand behind a dot.
    pub(super) fn fields_of(&self, known: &Known) -> Vec<Field> {
        let of_type = |ty: Type| {
            let field = |info: &crate::value::FieldInfo| Field {
                name: info.name,
                signature: format!("{}: {}", info.name, info.types),
                doc: info.doc,
                column: false,
            };
            self.registry.fields(ty).iter().map(field).collect()
        };
        let bare = |names: &[Symbol], column: bool| {
            let field = |name: &Symbol| {
                let name = name.as_str();
                Field { name, signature: name.to_owned(), doc: "", column }
            };
            names.iter().map(field).collect()
        };
        match known {
            Known::Value(Value::Record(record)) => record
                .fields()
                .iter()
                .map(|(name, value)| Field {
                    name: name.as_str(),
                    signature: signature_of(name.as_str(), value),
                    doc: "",
                    column: false,
                })
                .collect(),
            Known::Value(Value::List(list)) => bare(&columns_of(list), true),
            Known::Value(value) => of_type(value.type_of()),
            Known::Types(types) => some(*types).map_or(Vec::new(), of_type),
            Known::Fields(names) => bare(names, false),
            Known::Columns(names) => bare(names, true),
            Known::Nothing => Vec::new(),
        }
    }
}

/// The columns of a list that is a table.
pub(super) fn columns_of(list: &List) -> Vec<Symbol> {
    if !list.is_table() {
        return Vec::new();
    }
    match list.items() {
        Items::Values(rows) => match rows.first() {
            Some(Value::Record(row)) => row.fields().iter().map(|(name, _)| *name).collect(),
            _ => Vec::new(),
        },
        Items::Range { .. } => Vec::new(),
    }
}

/// Characters of a value in a signature.
const SHOWN: usize = 60;

/// `f(x, y = 2)` for a function, `name: type = value` for everything else.
pub(super) fn signature_of(name: &str, value: &Value) -> String {
    let Value::Function(function) = value else {
        return format!("{name}: {} = {}", value.type_of(), value_text(value));
    };
    let signature = function.signature();
    match builtin_of(function.as_ref()) {
        Some(builtin) => format!("{signature} -> {}", builtin.returns),
        // A lambda has no name of its own.
        None if function.name().is_none() => {
            let arguments = signature.find('(').and_then(|at| signature.get(at..));
            format!("{name}{}", arguments.unwrap_or("(…)"))
        }
        None => signature,
    }
}

/// A value in one short line; text has quotes.
pub(super) fn value_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("\"{}\"", text.chars().take(SHOWN).collect::<String>()),
        other => short(other),
    };
    let line = text.replace(['\n', '\r', '\t'], " ");
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
