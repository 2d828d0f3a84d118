//! Operators with two operands: which types they join and what comes out.

use std::cmp::Ordering;
use std::sync::Arc;

use dashu_int::IBig;

use super::arithmetic;
use super::expression::{STRING_LIMIT, at, located, string_too_long};
use super::{Eval, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::syntax::ast::BinaryOp;
use crate::value::{Items, List, Type, TypeSet, Value, compare, equal, failure};

impl Scope<'_> {
    /// `left op right`, for all operators but `and` and `or`.
    pub(super) fn binary(
        &self,
        op: BinaryOp,
        left: Value,
        right: Value,
        spans: [Span; 2],
        span: Span,
    ) -> Eval<Value> {
        use BinaryOp::{
            Add, And, Divide, Equal, Greater, GreaterEqual, In, Less, LessEqual, Multiply,
            NotEqual, Or, Power, Quotient, RangeTo, RangeUntil, Remainder, Subtract,
        };
        if left.has_unknown() || right.has_unknown() {
            return unknown(op, &left, &right, spans);
        }
        match op {
            Equal => Ok(Value::Bool(located(equal(&left, &right), span)?)),
            NotEqual => Ok(Value::Bool(!located(equal(&left, &right), span)?)),
            Less | LessEqual | Greater | GreaterEqual => {
                let order = located(compare(&left, &right), span)?;
                Ok(Value::Bool(match op {
                    Less => order == Some(Ordering::Less),
                    LessEqual => order.is_some_and(Ordering::is_le),
                    Greater => order == Some(Ordering::Greater),
                    _ => order.is_some_and(Ordering::is_ge),
                }))
            }
            In => self.within(&left, &right, spans),
            RangeTo | RangeUntil => range(op, &left, &right, spans),
            Add => add(left, right, spans, span),
            Subtract | Multiply | Divide | Quotient | Remainder | Power => {
                if !is_number(&left) || !is_number(&right) {
                    return Err(mismatch(op, &left, &right, spans));
                }
                arithmetic::apply(op, &left, &right).map_err(|failure| at(failure, span))
            }
            // Decided before both sides are known.
            And | Or => Ok(Value::None),
        }
    }

    /// `x in xs`
    fn within(&self, item: &Value, whole: &Value, spans: [Span; 2]) -> Eval<Value> {
        match (item, whole) {
            (Value::String(part), Value::String(text)) => Ok(Value::Bool(text.contains(&**part))),
            (Value::String(name), Value::Record(record)) => {
                Ok(Value::Bool(record.get(crate::symbol::Symbol::new(name)).is_some()))
            }
            (_, Value::List(list)) => {
                if let Items::Range { first, count } = list.items() {
                    let inside = match item {
                        Value::Int(i) => i >= first && *i < first + IBig::from(*count),
                        Value::Real(x) if x.fract() == 0.0 && x.is_finite() => IBig::try_from(*x)
                            .is_ok_and(|i| i >= *first && i < first + IBig::from(*count)),
                        _ => false,
                    };
                    return Ok(Value::Bool(inside));
                }
                for other in list.iter() {
                    self.check_interrupt()?;
                    if located(equal(item, &other), spans[0])? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            _ => Err(mismatch(BinaryOp::In, item, whole, spans)),
        }
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Real(_))
}

/// The result of an operator while one operand is unknown: its type, or an error if no value
/// could fit.
fn unknown(op: BinaryOp, left: &Value, right: &Value, spans: [Span; 2]) -> Eval<Value> {
    use BinaryOp::{
        Add, Equal, Greater, GreaterEqual, In, Less, LessEqual, NotEqual, RangeTo, RangeUntil,
    };
    let ordered = TypeSet::NUMBER.or(TypeSet::LIST).or(TypeSet::of(&[Type::String, Type::Bool]));
    let (wanted, gives) = match op {
        Equal | NotEqual => return Ok(Value::unknown(Type::Bool)),
        In => return Ok(Value::unknown(Type::Bool)),
        Less | LessEqual | Greater | GreaterEqual => (ordered, TypeSet::of(&[Type::Bool])),
        RangeTo | RangeUntil => (TypeSet::of(&[Type::Int]), TypeSet::of(&[Type::List])),
        Add => {
            let add = TypeSet::NUMBER.or(TypeSet::LIST).or(TypeSet::of(&[Type::String]));
            (add, add)
        }
        _ => (TypeSet::NUMBER, TypeSet::NUMBER),
    };
    if !left.types().meets(wanted) || !right.types().meets(wanted) {
        return Err(mismatch(op, left, right, spans));
    }
    Ok(Value::Unknown(gives))
}

fn mismatch(op: BinaryOp, left: &Value, right: &Value, spans: [Span; 2]) -> super::Stop {
    let (a, b) = (left.type_of(), right.type_of());
    let sign = op.as_str();
    let wrong_right = match op {
        BinaryOp::In => true,
        BinaryOp::Add => !matches!(b, Type::Int | Type::Real),
        _ => is_number(left),
    };
    let (first, second) = if wrong_right { (1, 0) } else { (0, 1) };
    let types = [a.with_article(), b.with_article()];
    let error = Diagnostic::new(
        Code::Type,
        format!("`{sign}` has no meaning for {} and {}", types[0], types[1]),
    )
    .at(spans[first], format!("this is {}", types[first]))
    .because(spans[second], format!("this is {}", types[second]));
    match (op, a, b) {
        (BinaryOp::Add, Type::String, _) => error.hint("put the value into the string: \"… {x}\""),
        (BinaryOp::Add, _, Type::String) => error.hint("put the value into the string: \"{x} …\""),
        (BinaryOp::In, _, _) => error.hint("x in [1, 2, 3]"),
        (_, Type::List | Type::Table, _) => error.hint(format!("[x {sign} 2 for x in xs]")),
        (_, _, Type::List | Type::Table) => error.hint(format!("[2 {sign} x for x in xs]")),
        (_, Type::String, _) | (_, _, Type::String) => error.hint("real(\"2.5\"), int(\"2\")"),
        (_, Type::Cut, _) | (_, _, Type::Cut) => error.hint("ask for a number: cut.bits"),
        (BinaryOp::RangeTo | BinaryOp::RangeUntil, _, _) => error.hint("range(0, 2.5, step = 0.5)"),
        _ => error.hint(format!("1 {sign} 2")),
    }
    .into()
}

fn range(op: BinaryOp, left: &Value, right: &Value, spans: [Span; 2]) -> Eval<Value> {
    let (Value::Int(first), Value::Int(last)) = (left, right) else {
        return Err(mismatch(op, left, right, spans));
    };
    let mut count = last - first;
    if op == BinaryOp::RangeTo {
        count += 1;
    }
    if count <= IBig::ZERO {
        return located(Value::list(Vec::new()), spans[0]);
    }
    let count = u64::try_from(&count).map_err(|_| {
        Diagnostic::new(Code::Resource, "the range is too long")
            .at(spans[1], "more than 2^64 items")
            .hint("1..10^9")
    })?;
    Ok(Value::List(Arc::new(List::range(first.clone(), count))))
}

fn add(left: Value, right: Value, spans: [Span; 2], span: Span) -> Eval<Value> {
    match (&left, &right) {
        (Value::String(a), Value::String(b)) => {
            if a.len() + b.len() > STRING_LIMIT {
                return Err(string_too_long(span));
            }
            Ok(Value::string(format!("{a}{b}")))
        }
        (Value::List(a), Value::List(b)) => {
            let mut items = located(a.to_vec(), spans[0])?;
            items.extend(located(b.to_vec(), spans[1])?);
            located(Value::list(items), span)
        }
        _ if is_number(&left) && is_number(&right) => {
            arithmetic::apply(BinaryOp::Add, &left, &right).map_err(|failure| at(failure, span))
        }
        _ => Err(mismatch(BinaryOp::Add, &left, &right, spans)),
    }
}

/// The sum of two numbers: exact for ints.
///
/// # Errors
/// E04 for anything else, E07 for an int that is too large.
pub fn numbers_add(left: &Value, right: &Value) -> Result<Value, crate::value::Failure> {
    numbers(BinaryOp::Add, left, right, "summed up", "sum([1, 2])")
}

/// The product of two numbers: exact for ints.
///
/// # Errors
/// E04 for anything else, E07 for an int that is too large.
pub fn numbers_multiply(left: &Value, right: &Value) -> Result<Value, crate::value::Failure> {
    numbers(BinaryOp::Multiply, left, right, "multiplied", "product([1, 2])")
}

/// The quotient of two numbers as a real; of ints of any size the nearest one.
///
/// # Errors
/// E04 for anything else, E06 for a division by zero.
pub fn numbers_divide(left: &Value, right: &Value) -> Result<Value, crate::value::Failure> {
    numbers(BinaryOp::Divide, left, right, "divided", "1 / 2")
}

fn numbers(
    op: BinaryOp,
    left: &Value,
    right: &Value,
    done: &str,
    hint: &str,
) -> Result<Value, crate::value::Failure> {
    if is_number(left) && is_number(right) {
        return arithmetic::apply(op, left, right);
    }
    let wrong = if is_number(left) { right } else { left };
    let found = wrong.type_of().with_article();
    Err(failure(Code::Type, format!("only numbers can be {done}; here is {found}"), hint))
}
