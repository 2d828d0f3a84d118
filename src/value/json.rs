//! Values as JSON: ints beyond 2^53 as decimal strings, reals in their shortest form.

use dashu_int::IBig;
use serde_json::{Map, Value as Json};

use super::{Failure, Value, failure, real_text};
use crate::diagnostic::Code;

/// The largest value that is written as JSON, in plain values.
const WEIGHT_LIMIT: u64 = 20_000_000;

/// The value as JSON.
///
/// # Errors
/// E07 if it is too large to be written out.
pub fn json(value: &Value) -> Result<Json, Failure> {
    if value.weight() > WEIGHT_LIMIT {
        return Err(failure(
            Code::Resource,
            "the value is too large to be written as JSON",
            "take(xs, 1000)",
        ));
    }
    Ok(write(value))
}

fn write(value: &Value) -> Json {
    match value {
        Value::None | Value::Unknown(_) => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(i) => json_int(i),
        Value::Real(x) => json_real(*x),
        Value::String(text) => Json::String(text.to_string()),
        Value::List(list) => Json::Array(list.iter().map(|item| write(&item)).collect()),
        Value::Record(record) => {
            let fields =
                record.fields().iter().map(|(name, v)| (name.as_str().to_owned(), write(v)));
            Json::Object(fields.collect::<Map<_, _>>())
        }
        Value::Function(function) => Json::String(function.signature()),
        Value::Object(object) => object.json(),
    }
}

/// An int: a number up to 2^53, a decimal string beyond.
pub fn json_int(value: &IBig) -> Json {
    const EXACT: i64 = 1 << 53;
    match i64::try_from(value) {
        Ok(small) if (-EXACT..=EXACT).contains(&small) => Json::from(small),
        _ => Json::String(value.to_string()),
    }
}

/// A real; what JSON cannot say stands in quotes (`"infinity"`, `"nan"`).
pub fn json_real(x: f64) -> Json {
    serde_json::Number::from_f64(x).map_or_else(|| Json::String(real_text(x)), Json::Number)
}
