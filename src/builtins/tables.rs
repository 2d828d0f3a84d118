//! Tables and records: grouping, columns, fields.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::arguments::Key;
use super::lists::keys_of;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::Eval;
use crate::symbol::Symbol;
use crate::value::{List, Record, TypeSet, Value, equal};

builtins! { TABLES "Lists and tables":
    /// The items in groups with equal keys: a table of `key` and `items`.
    ///
    /// The groups stand in the order in which their keys first appear.
    ///
    /// > group([{r: 1, x: 5}, {r: 2, x: 6}, {r: 1, x: 7}], by = "r").key
    /// [1, 2]
    pure fn group(cx, call; /** A list. */ xs: Arc<List>, /** A column, or a function of an item. */ by: Key) -> Value {
        let Some(keys) = keys_of(cx, &xs, &by, call.span_of(1))? else {
            return Ok(Value::Unknown(TypeSet::LIST));
        };
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        // Texts and ints are found by hashing; other keys by comparing with every group.
        let mut known: FxHashMap<String, usize> = FxHashMap::default();
        for (key, item) in keys.into_vec().into_iter().zip(xs.iter()) {
            cx.check_interrupt()?;
            let name = match &key {
                Value::String(text) => Some(format!("\"{text}")),
                Value::Int(i) => Some(i.to_string()),
                _ => None,
            };
            let mut found = name.as_ref().and_then(|name| known.get(name).copied());
            // An int may equal the real key of an earlier group.
            if found.is_none() && (name.is_none() || groups.len() > known.len()) {
                for (number, (other, _)) in groups.iter().enumerate() {
                    if equal(other, &key)? {
                        found = Some(number);
                        break;
                    }
                }
            }
            match found.and_then(|number| groups.get_mut(number)) {
                Some((_, items)) => items.push(item),
                None => {
                    if let Some(name) = name {
                        known.insert(name, groups.len());
                    }
                    groups.push((key, vec![item]));
                }
            }
        }
        let rows = groups.into_iter().map(|(key, items)| {
            Ok(Value::record(vec![
                (Symbol::new("key"), key),
                (Symbol::new("items"), Value::list(items)?),
            ])?)
        });
        Ok(Value::list(rows.collect::<Eval<_>>()?)?)
    }

    /// The names of the columns of a table.
    ///
    /// > columns([{r: 1, bits: 2.0}])
    /// ["r", "bits"]
    pure fn columns(cx, call; /** A table. */ table: Arc<List>) -> Vec<Value> {
        match crate::value::as_table(&table) {
            Some(table) => Ok(table.columns.iter().map(|name| Value::string(name.as_str())).collect()),
            None => Err(Diagnostic::new(Code::Type, "the list is no table")
                .at(call.span_of(0), "its items are not records with the same fields")
                .hint("columns([{r: 1, bits: 2.0}])")
                .into()),
        }
    }

    /// The fields of a record as a list of names.
    ///
    /// > keys({a: 1, b: 2})
    /// ["a", "b"]
    pure fn keys(cx, call; /** A record. */ record: Arc<Record>) -> Vec<Value> {
        Ok(record.fields().iter().map(|(name, _)| Value::string(name.as_str())).collect())
    }

    /// The fields of a record as a list of values.
    ///
    /// > values({a: 1, b: 2})
    /// [1, 2]
    pure fn values(cx, call; /** A record. */ record: Arc<Record>) -> Vec<Value> {
        Ok(record.fields().iter().map(|(_, value)| value.clone()).collect())
    }

    /// The fields of two records; those of the second replace those of the first.
    ///
    /// > merge({a: 1, b: 2}, {b: 3})
    /// {a: 1, b: 3}
    pure fn merge(cx, call; /** A record. */ first: Arc<Record>, /** A record. */ second: Arc<Record>) -> Value {
        let mut fields = first.fields().to_vec();
        for (name, value) in second.fields() {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => *old = value.clone(),
                None => fields.push((*name, value.clone())),
            }
        }
        Ok(Value::record(fields)?)
    }
}
