//! Arithmetic of ints and reals. Ints are exact; one real makes the result real.

use dashu_int::IBig;
use dashu_int::ops::{BitTest, DivRemEuclid, UnsignedAbs};

use crate::diagnostic::Code;
use crate::syntax::ast::BinaryOp;
use crate::value::{Failure, INT_BITS_LIMIT, Value, failure, int_to_f64};

/// `left op right` for two numbers.
pub(super) fn apply(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Failure> {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        return ints(op, a, b);
    }
    let (a, b) = (to_f64(left)?, to_f64(right)?);
    if b == 0.0 && matches!(op, BinaryOp::Divide | BinaryOp::Quotient | BinaryOp::Remainder) {
        return Err(zero_division());
    }
    Ok(Value::Real(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Quotient => (a / b).floor(),
        BinaryOp::Remainder => a - b * (a / b).floor(),
        _ => {
            if a < 0.0 && b.fract() != 0.0 && b.is_finite() {
                return Err(failure(
                    Code::Domain,
                    "a negative number has no real power with a fraction",
                    "abs(x)^0.5",
                ));
            }
            a.powf(b)
        }
    }))
}

/// A number as a real; an int beyond the range of reals is an error and not infinity.
fn to_f64(value: &Value) -> Result<f64, Failure> {
    match value {
        Value::Int(i) => match int_to_f64(i) {
            x if x.is_finite() => Ok(x),
            _ => Err(failure(
                Code::Domain,
                "the int is beyond the range of reals, which ends at 1.797e308",
                "compute with logarithms: ln, log2",
            )),
        },
        Value::Real(x) => Ok(*x),
        _ => Ok(f64::NAN),
    }
}

fn zero_division() -> Failure {
    failure(Code::Domain, "division by zero", "if x == 0 then 0 else 1/x")
}

fn ints(op: BinaryOp, a: &IBig, b: &IBig) -> Result<Value, Failure> {
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => {
            check_bits(a.bit_len() as u128 + b.bit_len() as u128)?;
            a * b
        }
        BinaryOp::Divide => return ratio(a, b).map(Value::Real),
        BinaryOp::Quotient | BinaryOp::Remainder => {
            if *b == IBig::ZERO {
                return Err(zero_division());
            }
            // Floored, so that `a mod b` has the sign of `b`: -1 mod 4 is 3.
            let (quotient, remainder) = a.div_rem_euclid(b);
            let remainder = IBig::from(remainder);
            let below = *b < IBig::ZERO && remainder != IBig::ZERO;
            match (op, below) {
                (BinaryOp::Quotient, false) => quotient,
                (BinaryOp::Quotient, true) => quotient - 1,
                (_, false) => remainder,
                (_, true) => remainder + b,
            }
        }
        _ => return power(a, b),
    };
    check_bits(value.bit_len() as u128)?;
    Ok(Value::Int(value))
}

fn check_bits(bits: u128) -> Result<(), Failure> {
    if bits <= INT_BITS_LIMIT as u128 {
        return Ok(());
    }
    Err(failure(
        Code::Resource,
        format!("the int would have {bits} bits; the limit is {INT_BITS_LIMIT}"),
        "compute with logarithms: ln, log2, or `.bits` of a cut",
    ))
}

fn power(base: &IBig, exponent: &IBig) -> Result<Value, Failure> {
    if *exponent < IBig::ZERO {
        if *base == IBig::ZERO {
            return Err(zero_division());
        }
        return Ok(Value::Real(int_to_f64(base).powf(int_to_f64(exponent))));
    }
    let small = base.clone().unsigned_abs() <= dashu_int::UBig::ONE;
    let exponent_value = match usize::try_from(exponent) {
        Ok(value) => value,
        // 0, 1 and -1 have every power; only the parity matters.
        Err(_) if small => usize::from(exponent.bit(0)) + 2,
        Err(_) => return Err(check_bits(u128::MAX).err().unwrap_or_else(zero_division)),
    };
    if !small {
        check_bits((base.bit_len() as u128 - 1) * exponent_value as u128)?;
    }
    let exponent_value =
        if small && exponent_value > 3 { 2 + exponent_value % 2 } else { exponent_value };
    Ok(Value::Int(base.pow(exponent_value)))
}

/// `a / b` as the nearest real (within one unit in the last place), also where both are beyond
/// the range of f64.
fn ratio(a: &IBig, b: &IBig) -> Result<f64, Failure> {
    if *b == IBig::ZERO {
        return Err(zero_division());
    }
    let direct = int_to_f64(a) / int_to_f64(b);
    if a.bit_len() <= 53 && b.bit_len() <= 53 {
        return Ok(direct);
    }
    // Scale so that the quotient has at least 64 bits, divide exactly, and scale back.
    let shift = 64 + b.bit_len() as i64 - a.bit_len() as i64;
    let quotient = match usize::try_from(shift) {
        Ok(left) => (a << left) / b,
        Err(_) => a / (b << shift.unsigned_abs() as usize),
    };
    let mut value = int_to_f64(&quotient);
    let mut remaining = -shift;
    while remaining != 0 && value != 0.0 && value.is_finite() {
        let step = remaining.clamp(-1000, 1000);
        value *= 2_f64.powi(step as i32);
        remaining -= step;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(op: BinaryOp, a: i64, b: i64) -> String {
        match apply(op, &Value::int(a), &Value::int(b)) {
            Ok(value) => crate::value::brief(&value),
            Err(failure) => failure.code.to_string(),
        }
    }

    #[test]
    fn quotients_are_floored() {
        let pairs = [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3), (6, -3), (0, -3)];
        for (a, b) in pairs {
            let quotient = (a as f64 / b as f64).floor() as i64;
            assert_eq!(int(BinaryOp::Quotient, a, b), quotient.to_string(), "{a} div {b}");
            assert_eq!(
                int(BinaryOp::Remainder, a, b),
                (a - b * quotient).to_string(),
                "{a} mod {b}"
            );
        }
        assert_eq!(int(BinaryOp::Quotient, 1, 0), "E06");
    }

    #[test]
    fn powers() {
        assert_eq!(int(BinaryOp::Power, 2, 100), "1267650600228229401496703205376");
        assert_eq!(int(BinaryOp::Power, -1, i64::MAX), "-1");
        assert_eq!(int(BinaryOp::Power, -1, i64::MAX - 1), "1");
        assert_eq!(int(BinaryOp::Power, 0, i64::MAX), "0");
        assert_eq!(int(BinaryOp::Power, 0, 0), "1");
        assert_eq!(int(BinaryOp::Power, 2, -1), "0.5");
        assert_eq!(int(BinaryOp::Power, 2, 1_000_000_000), "E07");
    }

    #[test]
    fn ratios_of_huge_ints() {
        let a = IBig::from(3) << 5000;
        let b = IBig::from(2) << 5000;
        assert_eq!(ratio(&a, &b), Ok(1.5));
        assert_eq!(ratio(&b, &IBig::from(3)), Ok(f64::INFINITY));
        assert_eq!(ratio(&IBig::from(1), &a), Ok(0.0));
        assert_eq!(ratio(&IBig::from(-1), &IBig::from(3)), Ok(-1.0 / 3.0));
        assert_eq!(ratio(&IBig::from(1_i64 << 60), &IBig::from(3)), Ok((1_i64 << 60) as f64 / 3.0));
    }
}
