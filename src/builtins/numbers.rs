//! Numbers: exact ints and f64 reals.

use dashu_int::IBig;
use dashu_int::ops::{Abs, Gcd};

use super::arguments::Number;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Stop};
use crate::value::{Value, int_log2, real_text};

fn domain(message: &str, span: Span, hint: &str) -> Stop {
    Diagnostic::new(Code::Domain, message).at(span, "").hint(hint).into()
}

/// The logarithm to base 2, also of ints beyond the range of f64.
fn log2_of(x: &Number, span: Span) -> Eval<f64> {
    let positive = match x {
        Number::Int(i) => *i > IBig::ZERO,
        Number::Real(x) => *x > 0.0 || x.is_nan(),
    };
    if !positive {
        return Err(domain("only positive numbers have a logarithm", span, "ln(abs(x))"));
    }
    Ok(match x {
        Number::Int(i) => int_log2(i),
        Number::Real(x) => x.log2(),
    })
}

fn whole(x: f64, span: Span) -> Eval<Number> {
    IBig::try_from(x)
        .map(Number::Int)
        .map_err(|_| domain(&format!("{} is no whole number", real_text(x)), span, "is_finite(x)"))
}

builtins! { NUMBERS "Numbers":
    /// The circle's circumference over its diameter.
    ///
    /// > pi
    /// 3.141592653589793
    constant fn pi(cx, call) -> f64 { Ok(std::f64::consts::PI) }

    /// Euler's number, the base of natural logarithms.
    ///
    /// > ln(e)
    /// 1.0
    constant fn e(cx, call) -> f64 { Ok(std::f64::consts::E) }

    /// The real that is larger than all others.
    ///
    /// > 10^300 < infinity
    /// true
    constant fn infinity(cx, call) -> f64 { Ok(f64::INFINITY) }

    /// The absolute value.
    ///
    /// > abs(-3)
    /// 3
    pure fn abs(cx, call; /** A number. */ x: Number) -> Number {
        Ok(match x {
            Number::Int(i) => Number::Int(i.abs()),
            Number::Real(x) => Number::Real(x.abs()),
        })
    }

    /// The largest int that is not above `x`.
    ///
    /// > floor(-2.5)
    /// -3
    pure fn floor(cx, call; /** A number. */ x: Number) -> Number {
        match x {
            Number::Int(_) => Ok(x),
            Number::Real(x) => whole(x.floor(), call.span_of(0)),
        }
    }

    /// The smallest int that is not below `x`.
    ///
    /// > ceil(2.1)
    /// 3
    pure fn ceil(cx, call; /** A number. */ x: Number) -> Number {
        match x {
            Number::Int(_) => Ok(x),
            Number::Real(x) => whole(x.ceil(), call.span_of(0)),
        }
    }

    /// The nearest int, or the nearest real with so many digits after the point.
    ///
    /// Halves go away from zero. With `digits` above 0 the result is a real.
    ///
    /// > round(2.5)
    /// 3
    ///
    /// > round(2.345, digits = 1)
    /// 2.3
    pure fn round(
        cx, call;
        /** A number. */ x: Number,
        /** Places after the point. */ digits: u64 = "0",
    ) -> Number {
        match (x, digits) {
            (Number::Int(i), _) => Ok(Number::Int(i)),
            (Number::Real(x), 0) => whole(x.round(), call.span_of(0)),
            (Number::Real(x), digits) => {
                let digits = usize::try_from(digits.min(400)).unwrap_or(400);
                Ok(Number::Real(format!("{x:.digits$}").parse().unwrap_or(x)))
            }
        }
    }

    /// The square root.
    ///
    /// > sqrt(16)
    /// 4.0
    pure fn sqrt(cx, call; /** A number that is not negative. */ x: Number) -> f64 {
        let value = x.to_f64();
        if value < 0.0 {
            return Err(domain("a negative number has no real square root", call.span_of(0), "sqrt(abs(x))"));
        }
        match &x {
            // Beyond the range of f64 the root may still be inside.
            Number::Int(i) if value.is_infinite() => Ok((int_log2(i) / 2.0).exp2()),
            _ => Ok(value.sqrt()),
        }
    }

    /// e to the power of `x`.
    ///
    /// > exp(0)
    /// 1.0
    pure fn exp(cx, call; /** A number. */ x: f64) -> f64 { Ok(x.exp()) }

    /// The natural logarithm, also of ints with thousands of digits.
    ///
    /// > ln(e^2)
    /// 2.0
    pure fn ln(cx, call; /** A positive number. */ x: Number) -> f64 {
        match &x {
            Number::Real(value) if *value > 0.0 => Ok(value.ln()),
            _ => Ok(log2_of(&x, call.span_of(0))? * std::f64::consts::LN_2),
        }
    }

    /// The logarithm to base 2, also of ints with thousands of digits.
    ///
    /// > log2(2^5000)
    /// 5000.0
    pure fn log2(cx, call; /** A positive number. */ x: Number) -> f64 { log2_of(&x, call.span_of(0)) }

    /// The logarithm to base 10.
    ///
    /// > log10(1000)
    /// 3.0
    pure fn log10(cx, call; /** A positive number. */ x: Number) -> f64 {
        let value = x.to_f64();
        if value > 0.0 && value.is_finite() {
            return Ok(value.log10());
        }
        Ok(log2_of(&x, call.span_of(0))? * std::f64::consts::LOG10_2)
    }

    /// The sine of an angle in radians.
    ///
    /// > sin(0)
    /// 0.0
    pure fn sin(cx, call; /** Radians. */ x: f64) -> f64 { Ok(x.sin()) }

    /// The cosine of an angle in radians.
    ///
    /// > cos(0)
    /// 1.0
    pure fn cos(cx, call; /** Radians. */ x: f64) -> f64 { Ok(x.cos()) }

    /// The tangent of an angle in radians.
    ///
    /// > tan(0)
    /// 0.0
    pure fn tan(cx, call; /** Radians. */ x: f64) -> f64 { Ok(x.tan()) }

    /// Whether a number is neither infinite nor undefined.
    ///
    /// > is_finite(2^5000)
    /// true
    pure fn is_finite(cx, call; /** A number. */ x: Number) -> bool {
        Ok(match x {
            Number::Int(_) => true,
            Number::Real(x) => x.is_finite(),
        })
    }

    /// The greatest common divisor of two ints.
    ///
    /// > gcd(12, 18)
    /// 6
    pure fn gcd(cx, call; /** An int. */ a: IBig, /** An int. */ b: IBig) -> IBig {
        if a == IBig::ZERO && b == IBig::ZERO {
            return Ok(IBig::ZERO);
        }
        Ok(IBig::from(a.gcd(&b)))
    }

    /// The number of ways to choose `k` of `n` things.
    ///
    /// `binomial(d + b - 1, b)` is the dimension of the symmetric power of order `b`.
    ///
    /// > binomial(5, 2)
    /// 10
    pure fn binomial(cx, call; /** At least 0. */ n: u64, /** At least 0. */ k: u64) -> IBig {
        if k > n {
            return Ok(IBig::ZERO);
        }
        let k = k.min(n - k);
        if k > 100_000 {
            let error = Diagnostic::new(Code::Resource, "the binomial coefficient is too large");
            return Err(error.at(call.span, "").hint("binomial(1000, 500)").into());
        }
        let mut value = IBig::ONE;
        for i in 1..=k {
            cx.check_interrupt()?;
            value = value * IBig::from(n - k + i) / IBig::from(i);
        }
        Ok(value)
    }

    /// A real or a text as an int; the fraction of a real is cut off.
    ///
    /// > int("12") + int(2.9)
    /// 14
    pure fn int(cx, call; /** A number or digits in quotes. */ x: Value) -> IBig {
        match &x {
            Value::Int(i) => Ok(i.clone()),
            Value::Real(x) => match whole(x.trunc(), call.span_of(0))? {
                Number::Int(i) => Ok(i),
                Number::Real(_) => Ok(IBig::ZERO),
            },
            Value::String(text) => text.trim().replace('_', "").parse().map_err(|_| {
                domain(&format!("{text:?} is no int"), call.span_of(0), "int(\"12\")")
            }),
            other => Err(no_number(other, call.span_of(0))),
        }
    }

    /// A number or a text as a real.
    ///
    /// > real("2.5") * 2
    /// 5.0
    pure fn real(cx, call; /** A number or a number in quotes. */ x: Value) -> f64 {
        match &x {
            Value::Int(i) => match crate::value::int_to_f64(i) {
                value if value.is_finite() => Ok(value),
                _ => Err(domain("the int is beyond the range of reals", call.span_of(0), "ln(10^400)")),
            },
            Value::Real(x) => Ok(*x),
            Value::String(text) => text.trim().parse().map_err(|_| {
                domain(&format!("{text:?} is no number"), call.span_of(0), "real(\"2.5\")")
            }),
            other => Err(no_number(other, call.span_of(0))),
        }
    }
}

fn no_number(value: &Value, span: Span) -> Stop {
    let found = value.type_of().with_article();
    Diagnostic::new(Code::Type, format!("{found} is no number"))
        .at(span, "a number or a string is wanted here")
        .hint("int(\"12\")")
        .into()
}
