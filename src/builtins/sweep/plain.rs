//! Values as JSON and back without a loss: what stands in the file of a sweep.
//!
//! Ints are numbers without a point, reals numbers with one or an exponent. What JSON cannot say is
//! a record with one field that no record of the language has: `{"$int": "36893488147419103232"}`,
//! `{"$real": "nan"}`.

use dashu_int::IBig;
use serde_json::{Map, Value as Json};

use crate::symbol::Symbol;
use crate::value::{Failure, Type, Value};

/// The type of something in a value that no file holds; `None` if all of it can be written.
pub(super) fn unwritable(value: &Value) -> Option<Type> {
    match value {
        Value::Function(_) | Value::Object(_) => Some(value.type_of()),
        Value::List(list) => list.iter().find_map(|item| unwritable(&item)),
        Value::Record(record) => record.fields().iter().find_map(|(_, value)| unwritable(value)),
        _ => None,
    }
}

/// The value as JSON; what [`unwritable`] finds becomes null.
pub(super) fn encode(value: &Value) -> Json {
    match value {
        Value::None | Value::Unknown(_) | Value::Function(_) | Value::Object(_) => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(i) => match i64::try_from(i) {
            Ok(small) => Json::from(small),
            Err(_) => tagged("$int", i.to_string()),
        },
        Value::Real(x) => match serde_json::Number::from_f64(*x) {
            Some(number) => Json::Number(number),
            None if x.is_nan() => tagged("$real", "nan".to_owned()),
            None if *x > 0.0 => tagged("$real", "infinity".to_owned()),
            None => tagged("$real", "-infinity".to_owned()),
        },
        Value::String(text) => Json::String(text.to_string()),
        Value::List(list) => Json::Array(list.iter().map(|item| encode(&item)).collect()),
        Value::Record(record) => {
            let fields = record.fields().iter();
            Json::Object(fields.map(|(name, value)| (escaped(*name), encode(value))).collect())
        }
    }
}

/// The name of a field; one of a JSON file may begin as our own do.
pub(super) fn escaped(name: Symbol) -> String {
    let name = name.as_str();
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}

/// A field's name as it was; `None` for one of ours.
pub(super) fn unescaped(name: &str) -> Option<Symbol> {
    match name.strip_prefix('$') {
        None => Some(Symbol::new(name)),
        Some(rest) if rest.starts_with('$') => Some(Symbol::new(rest)),
        Some(_) => None,
    }
}

fn tagged(tag: &str, text: String) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), Json::String(text))]))
}

/// The value of JSON; `None` if [`encode`] has never written it.
///
/// # Errors
/// E07 when it is too large.
pub(super) fn decode(json: &Json) -> Result<Option<Value>, Failure> {
    Ok(Some(match json {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(i), _) => Value::int(i),
            (None, Some(x)) if number.is_f64() => Value::Real(x),
            _ => return Ok(None),
        },
        Json::String(text) => Value::string(text),
        Json::Array(items) => {
            let items: Result<Option<Vec<Value>>, Failure> =
                items.iter().map(decode).map(Result::transpose).map(Option::transpose).collect();
            let Some(items) = items? else { return Ok(None) };
            Value::list(items)?
        }
        Json::Object(fields) => return record(fields),
    }))
}

fn record(fields: &Map<String, Json>) -> Result<Option<Value>, Failure> {
    if let (1, Some((name, Json::String(text)))) = (fields.len(), fields.iter().next()) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        match (name.as_str(), text.as_str()) {
            ("$int", _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Ok(text.parse::<IBig>().ok().map(Value::Int));
            }
            ("$real", "nan") => return Ok(Some(Value::Real(f64::NAN))),
            ("$real", "infinity") => return Ok(Some(Value::Real(f64::INFINITY))),
            ("$real", "-infinity") => return Ok(Some(Value::Real(f64::NEG_INFINITY))),
            _ => {}
        }
    }
    let mut out = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let (Some(name), Some(value)) = (unescaped(name), decode(value)?) else { return Ok(None) };
        out.push((name, value));
    }
    Ok(Some(Value::record(out)?))
}
