//! Completion in strings: paths, columns, and what an argument may be.

use super::{Completion, CompletionKind, Completions};
use crate::evaluate::{Builtin, Param};
use crate::session::Session;
use crate::session::candidates::{Candidates, Rank};
use crate::session::cursor::Left;
use crate::session::fields::columns_of;
use crate::session::known::{Knower, Known, builtin_of};
use crate::value::{Type, Value};

/// Entries of a folder that are listed.
const MOST_PATHS: usize = 500;

impl Session {
    /// Texts: paths, columns, fields, and what an argument may be.
    pub(super) fn in_string(
        &self,
        left: &Left<'_>,
        start: usize,
        cursor: usize,
    ) -> Option<Completions> {
        let text = left.text;
        let last = left.tokens.len().checked_sub(1)?;
        if left.word(last) == "import" {
            return Some(paths(text, start, cursor, true));
        }
        let knower = Knower { session: self, left };
        let mut found = Candidates::new(text.get(start..cursor).unwrap_or(""));
        let indexed = left.word(last) == "[" && last > 0 && left.ends_value(last - 1);
        if indexed {
            if let Known::Value(Value::Record(record)) = knower.ending_at(last - 1) {
                self.add_fields(&Known::Value(Value::Record(record)), &mut found);
            }
            return Some(found.finish(start));
        }
        let call = left.argument_of()?;
        let Known::Value(Value::Function(function)) = knower.callee(call.open) else {
            return None;
        };
        let builtin = builtin_of(function.as_ref())?;
        let piped = usize::from(knower.piped(call.open).is_some());
        let param = param_at(builtin, call.label, call.position + piped)?;
        if param.name == "path" {
            return Some(paths(text, start, cursor, true));
        }
        for choice in choices(param) {
            found.add(Rank::Fitting, choice, CompletionKind::Value, || {
                (param_signature(param), param.doc.trim().to_owned())
            });
        }
        if param.doc.to_lowercase().contains("column") {
            let columns = match knower.first_argument(call.open) {
                Known::Value(Value::List(list)) => columns_of(&list),
                Known::Columns(columns) => columns,
                _ => Vec::new(),
            };
            for column in columns {
                found.add(Rank::Fitting, column.as_str(), CompletionKind::Column, Default::default);
            }
        }
        Some(found.finish(start))
    }
}

/// The parameter that an argument is for.
pub(super) fn param_at(
    builtin: &'static Builtin,
    label: Option<&str>,
    position: usize,
) -> Option<&'static Param> {
    match label {
        Some(label) => builtin.params.iter().find(|param| param.name == label),
        None => builtin.params.get(position),
    }
}

/// `sharing: string = "layer"`
pub(super) fn param_signature(param: &Param) -> String {
    match param.default {
        Some(default) => format!("{}: {} = {default}", param.name, param.types),
        None => format!("{}: {}", param.name, param.types),
    }
}

/// The texts that an argument may be: those in quotes in the line about it.
pub(super) fn choices(param: &Param) -> impl Iterator<Item = &'static str> {
    let is_text = param.types.contains(Type::String);
    let parts = param.doc.split('"').skip(1).step_by(2);
    parts.filter(move |text| is_text && !text.is_empty())
}

/// The entries of the folder that a path names; `quoted` if the path stands in a string.
pub(super) fn paths(text: &str, start: usize, cursor: usize, quoted: bool) -> Completions {
    let path = text.get(start..cursor).unwrap_or("");
    let (folder, prefix) = path
        .rsplit_once('/')
        .map_or(("", path), |(folder, name)| (if folder.is_empty() { "/" } else { folder }, name));
    let wanted = |name: &str| {
        name.starts_with(prefix)
            && (prefix.starts_with('.') || !name.starts_with('.'))
            // Such names would have to be escaped, and nobody types them.
            && !(quoted && name.contains(['"', '\\', '{', '}', '\n']))
    };
    let folder = std::path::Path::new(folder);
    let names = crate::builtins::folder_entries(folder, wanted, MOST_PATHS);
    let items = names
        .into_iter()
        .map(|text| Completion {
            text,
            kind: CompletionKind::Path,
            signature: String::new(),
            doc: String::new(),
        })
        .collect();
    Completions { start: cursor - prefix.len(), end: cursor, items }
}
