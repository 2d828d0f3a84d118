//! Equality and order.

use std::cmp::Ordering;
use std::sync::Arc;

use dashu_int::IBig;

use super::{Failure, Items, Value, failure};
use crate::diagnostic::Code;

/// The largest values that are compared item by item.
const WEIGHT_LIMIT: u64 = 100_000_000;

/// Whether two values are equal. Ints and reals compare by value, exactly; values of different
/// types are unequal; functions are equal only to themselves.
///
/// # Errors
/// E04 for values without equality, E07 for values too large to compare.
pub fn equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    if a.weight().min(b.weight()) > WEIGHT_LIMIT {
        return Err(failure(
            Code::Resource,
            "the values are too large to compare",
            "compare a part of them: take(xs, 1000)",
        ));
    }
    Ok(match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(_) | Value::Real(_), Value::Int(_) | Value::Real(_)) => {
            number_order(a, b) == Some(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            if Arc::ptr_eq(a, b) {
                return Ok(true);
            }
            if a.len() != b.len() {
                return Ok(false);
            }
            if let (Items::Range { first: a, .. }, Items::Range { first: b, .. }) =
                (a.items(), b.items())
            {
                return Ok(a == b);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(&a, &b)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Record(a), Value::Record(b)) => {
            if a.fields().len() != b.fields().len() {
                return Ok(false);
            }
            for (name, value) in a.fields() {
                match b.get(*name) {
                    Some(other) if equal(value, other)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Function(a), Value::Function(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => {
            if Arc::ptr_eq(a, b) {
                return Ok(true);
            }
            if a.type_of() != b.type_of() {
                return Ok(false);
            }
            a.equals(b.as_ref()).ok_or_else(|| {
                let ty = a.type_of();
                failure(
                    Code::Type,
                    format!("two values of type {ty} cannot be compared"),
                    "compare a field of them",
                )
            })?
        }
        _ => false,
    })
}

/// The order of two numbers, strings, bools, or lists of those; `None` with a NaN.
///
/// # Errors
/// E04 for values without an order.
pub fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>, Failure> {
    Ok(match (a, b) {
        (Value::Int(_) | Value::Real(_), Value::Int(_) | Value::Real(_)) => number_order(a, b),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::List(a), Value::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match compare(&a, &b)? {
                    Some(Ordering::Equal) => {}
                    other => return Ok(other),
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => {
            let (a, b) = (a.type_of().with_article(), b.type_of().with_article());
            return Err(failure(
                Code::Type,
                format!("{a} and {b} have no order"),
                "numbers, strings, bools and lists of those have one",
            ));
        }
    })
}

/// Ints and reals by their exact values: no int is rounded.
fn number_order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Real(b)) => int_real_order(a, *b),
        (Value::Real(a), Value::Int(b)) => int_real_order(b, *a).map(Ordering::reverse),
        _ => None,
    }
}

fn int_real_order(int: &IBig, real: f64) -> Option<Ordering> {
    if real.is_nan() {
        return None;
    }
    if real.is_infinite() {
        return Some(if real > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let floor = real.floor();
    let whole = IBig::try_from(floor).ok()?;
    Some(match int.cmp(&whole) {
        // The whole parts agree: a fraction makes the real larger.
        Ordering::Equal if real > floor => Ordering::Less,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_and_reals_compare_exactly() {
        let big = Value::int((1_u64 << 53) + 1);
        let near = Value::Real(9_007_199_254_740_992.0);
        assert_eq!(equal(&big, &near), Ok(false));
        assert_eq!(compare(&big, &near), Ok(Some(Ordering::Greater)));
        assert_eq!(equal(&Value::int(2), &Value::Real(2.0)), Ok(true));
        assert_eq!(compare(&Value::int(2), &Value::Real(2.5)), Ok(Some(Ordering::Less)));
        assert_eq!(compare(&Value::int(-3), &Value::Real(-2.5)), Ok(Some(Ordering::Less)));
        assert_eq!(compare(&Value::int(1), &Value::Real(f64::NAN)), Ok(None));
    }
}
