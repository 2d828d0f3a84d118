//! Real numbers with an exponent of 64 bits.
//!
//! The norm of a state of `2^20` sites is of the order of `2^-569029`, which no double holds. A
//! scaled number is a double of `[1/2, 1)` times a power of two, so products of millions of sites
//! neither under- nor overflow and keep their sign.

use std::cmp::Ordering;
use std::f64::consts::{LN_2, LOG10_2};
use std::fmt;

/// `mantissa 2^exponent`, with `1/2 <= |mantissa| < 1`, or 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled {
    mantissa: f64,
    exponent: i64,
}

/// What `LOG10_2` is short of the logarithm of 2.
const LOG10_2_REST: f64 = -2.8037281277851704e-18;
/// Bits beyond which an addend is lost.
const LOST_BITS: i64 = 1100;

impl Scaled {
    /// 0.
    pub const ZERO: Scaled = Scaled { mantissa: 0.0, exponent: 0 };

    /// A double; `None` for one that is not finite.
    pub fn new(value: f64) -> Option<Self> {
        Self::from_parts(value, 0)
    }

    /// `mantissa 2^exponent`; `None` when the mantissa is not finite.
    pub fn from_parts(mantissa: f64, exponent: i64) -> Option<Self> {
        if !mantissa.is_finite() {
            return None;
        }
        if mantissa == 0.0 {
            return Some(Self::ZERO);
        }
        // Subnormal numbers are made normal first.
        let (value, shift) = if mantissa.abs() < f64::MIN_POSITIVE {
            (mantissa * 2f64.powi(64), -64)
        } else {
            (mantissa, 0)
        };
        let bits = value.to_bits();
        let power = (bits >> 52 & 0x7ff) as i64 - 1022;
        let mantissa = f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52);
        Some(Scaled { mantissa, exponent: exponent.saturating_add(power + shift) })
    }

    /// The factor of `[1/2, 1)` with the sign, or 0.
    pub fn mantissa(self) -> f64 {
        self.mantissa
    }

    /// The power of two.
    pub fn exponent(self) -> i64 {
        self.exponent
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    /// The product.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // a plain method reads better beside `ratio`
    pub fn mul(self, other: Self) -> Self {
        let exponent = self.exponent.saturating_add(other.exponent);
        Self::from_parts(self.mantissa * other.mantissa, exponent).unwrap_or(Self::ZERO)
    }

    /// The sum.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn add(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let (large, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = large.exponent.saturating_sub(small.exponent);
        if distance > LOST_BITS {
            return large;
        }
        let sum = large.mantissa + power_of_two(small.mantissa, -distance);
        Self::from_parts(sum, large.exponent).unwrap_or(Self::ZERO)
    }

    /// The number with the other sign.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn neg(self) -> Self {
        Scaled { mantissa: -self.mantissa, ..self }
    }

    /// The square root; 0 of a negative number.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let odd = self.exponent.rem_euclid(2);
        let mantissa = if odd == 1 { self.mantissa * 2.0 } else { self.mantissa };
        Self::from_parts(mantissa.max(0.0).sqrt(), (self.exponent - odd) / 2).unwrap_or(Self::ZERO)
    }

    /// The quotient as a double: 0, infinite or not a number where doubles say so.
    pub fn ratio(self, other: Self) -> f64 {
        let quotient = self.mantissa / other.mantissa;
        power_of_two(quotient, self.exponent.saturating_sub(other.exponent))
    }

    /// The nearest double; 0 or infinite outside their range.
    pub fn to_f64(self) -> f64 {
        power_of_two(self.mantissa, self.exponent)
    }

    /// The natural logarithm of the absolute value; minus infinity of 0.
    pub fn ln_abs(self) -> f64 {
        if self.is_zero() {
            return f64::NEG_INFINITY;
        }
        self.mantissa.abs().ln() + self.exponent as f64 * LN_2
    }

    /// The base-2 logarithm of the absolute value; minus infinity of 0.
    pub fn log2_abs(self) -> f64 {
        if self.is_zero() {
            return f64::NEG_INFINITY;
        }
        self.mantissa.abs().log2() + self.exponent as f64
    }

    /// The decimal mantissa of `[1, 10)` with the sign, and the power of ten; `(0, 0)` of 0.
    ///
    /// The logarithm is carried in two doubles, so the mantissa has at least 8 right digits for
    /// exponents up to `2^46`.
    pub fn decimal(self) -> (f64, i64) {
        if self.is_zero() {
            return (0.0, 0);
        }
        let count = self.exponent as f64;
        let product = count * LOG10_2;
        let rest = count.mul_add(LOG10_2, -product) + count * LOG10_2_REST;
        let whole = product.floor();
        let fraction = (product - whole) + rest + self.mantissa.abs().log10();
        let carry = fraction.floor();
        let mantissa = 10f64.powf(fraction - carry);
        (mantissa.copysign(self.mantissa), (whole + carry) as i64)
    }
}

/// `value 2^exponent`, rounded once, for a value of ordinary size.
fn power_of_two(value: f64, exponent: i64) -> f64 {
    let exponent = exponent.clamp(-3000, 3000) as i32;
    // Steps inside the range of normal numbers are exact; the last one alone may round.
    let (step, count) = if exponent < 0 { (-960, exponent / -960) } else { (960, exponent / 960) };
    let rest = 2f64.powi(exponent - step * count);
    let mut value = if exponent < 0 { value } else { value * rest };
    if count == 0 && exponent < 0 {
        return value * rest;
    }
    for number in 0..count {
        // Towards 0 the remainder comes first, then full steps.
        if exponent < 0 && number == 0 {
            value *= rest;
        }
        value *= 2f64.powi(step);
    }
    value
}

impl PartialOrd for Scaled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Scaled {}

impl Ord for Scaled {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| if number.is_zero() { 0.0 } else { number.mantissa.signum() };
        let (left, right) = (sign(self), sign(other));
        if left != right || left == 0.0 {
            return left.total_cmp(&right);
        }
        let by_size = self
            .exponent
            .cmp(&other.exponent)
            .then(self.mantissa.abs().total_cmp(&other.mantissa.abs()));
        if left > 0.0 { by_size } else { by_size.reverse() }
    }
}

impl fmt::Display for Scaled {
    /// The shortest double that is the same number, or `1.234567e-171297` outside their range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_f64();
        if self.is_zero() || (value.is_finite() && value.abs() >= f64::MIN_POSITIVE) {
            return write!(f, "{value:?}");
        }
        let (mut mantissa, mut power) = self.decimal();
        // Rounding to seven digits may reach 10.
        if format!("{:.6}", mantissa.abs()) == "10.000000" {
            (mantissa, power) = (mantissa / 10.0, power + 1);
        }
        write!(f, "{mantissa:.6}e{power}")
    }
}

#[cfg(test)]
mod tests {
    use super::Scaled;

    fn scaled(value: f64) -> Scaled {
        Scaled::new(value).unwrap()
    }

    #[test]
    fn parts_are_those_of_the_double() {
        for value in [1.0, -0.75, 3.5e-310, f64::MIN_POSITIVE, f64::MAX, 5e-324, -1e300] {
            let number = scaled(value);
            assert!((0.5..1.0).contains(&number.mantissa().abs()));
            assert_eq!(number.to_f64(), value);
        }
        assert!(Scaled::new(f64::NAN).is_none() && Scaled::new(f64::INFINITY).is_none());
        assert_eq!(scaled(0.0), Scaled::ZERO);
    }

    #[test]
    fn arithmetic_is_that_of_doubles() {
        let values = [3.0, -2.5, 1e-200, 7e150, 0.0, -1.0];
        for x in values {
            for y in values {
                assert_eq!(scaled(x).mul(scaled(y)).to_f64(), x * y);
                assert_eq!(scaled(x).add(scaled(y)).to_f64(), x + y);
                assert_eq!(scaled(x).cmp(&scaled(y)), x.partial_cmp(&y).unwrap(), "{x} {y}");
            }
            assert_eq!(scaled(x).mul(scaled(x)).sqrt().to_f64(), x.abs());
            assert_eq!(scaled(x).neg().to_f64(), -x);
        }
        assert_eq!(scaled(3.0).ratio(scaled(4.0)), 0.75);
    }

    #[test]
    fn large_powers_keep_their_digits() {
        // 2^-569029 and 2^(2^40), by exact integer arithmetic elsewhere.
        let small = Scaled::from_parts(1.0, -569_029).unwrap();
        assert_eq!(small.to_string(), "1.594400e-171295");
        let mut third = scaled(1.0);
        (0..1000).for_each(|_| third = third.mul(scaled(0.1)));
        let (mantissa, power) = third.decimal();
        let whole = if power == -1000 { mantissa } else { mantissa / 10.0 };
        assert!((whole - 1.0).abs() < 1e-10, "{mantissa} {power}");
        assert_eq!(scaled(-2.5).to_string(), "-2.5");
        assert_eq!(small.log2_abs(), -569_029.0);
        assert_eq!(small.to_f64(), 0.0);
    }
}
