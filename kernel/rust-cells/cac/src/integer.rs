//! Integers of any size: what is needed to carry them, not to compute with them.

use std::fmt;
use std::str::FromStr;

/// An integer that `i128` does not hold. `to_string` and `parse` are the way to other libraries.
///
/// ```
/// let big: cac::Integer = "-1234567890123456789012345678901234567890".parse().unwrap();
/// assert_eq!(big.to_string(), "-1234567890123456789012345678901234567890");
/// assert_eq!(i128::try_from(cac::Integer::from(i128::MIN)), Ok(i128::MIN));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Integer {
    negative: bool,
    /// In base 2^32, the lowest first; without zeros at the end.
    limbs: Vec<u32>,
}

/// The text is no integer, or the integer does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoInteger;

impl fmt::Display for NoInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no integer of this range")
    }
}

impl std::error::Error for NoInteger {}

/// Decimal digits that are handled at once, and the power of ten.
const DIGITS: usize = 9;
const POWER: u32 = 1_000_000_000;

impl Integer {
    /// The integer of this sign and magnitude in base 2^32, the lowest limb first.
    pub fn from_limbs(negative: bool, mut limbs: Vec<u32>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self { negative: negative && !limbs.is_empty(), limbs }
    }

    /// Whether it is less than 0.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its magnitude in base 2^32, the lowest limb first.
    pub fn limbs(&self) -> &[u32] {
        &self.limbs
    }

    /// The nearest real up to rounding of each limb; infinite beyond the range.
    pub fn to_f64(&self) -> f64 {
        // A sum from the top rounds at most three times where it matters: text is exact.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl From<i128> for Integer {
    fn from(value: i128) -> Self {
        let mut rest = value.unsigned_abs();
        let mut limbs = Vec::new();
        while rest > 0 {
            limbs.push(rest as u32);
            rest >>= 32;
        }
        Self { negative: value < 0, limbs }
    }
}

impl Integer {
    /// Its magnitude, if 128 bits hold it.
    fn magnitude(&self) -> Option<u128> {
        let fits = self.limbs.len() <= 4;
        let sum = |sum, limb: &u32| (sum << 32) | u128::from(*limb);
        fits.then(|| self.limbs.iter().rev().fold(0_u128, sum))
    }
}

macro_rules! narrower {
    ($($ty:ty)+) => { $(
        impl TryFrom<Integer> for $ty {
            type Error = NoInteger;

            fn try_from(value: Integer) -> Result<Self, NoInteger> {
                let magnitude = value.magnitude().ok_or(NoInteger)?;
                if !value.negative {
                    return Self::try_from(magnitude).map_err(|_| NoInteger);
                }
                // -2^127 is the one whose magnitude is no i128.
                let least = magnitude == i128::MIN.unsigned_abs();
                let positive = i128::try_from(magnitude).ok();
                let negative = positive.map(|int| -int).or(least.then_some(i128::MIN));
                Self::try_from(negative.ok_or(NoInteger)?).map_err(|_| NoInteger)
            }
        }
    )+ };
}

narrower! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.limbs.clone();
        let mut groups = Vec::new();
        while !limbs.is_empty() {
            let mut rest = 0_u64;
            for limb in limbs.iter_mut().rev() {
                let sum = (rest << 32) | u64::from(*limb);
                *limb = (sum / u64::from(POWER)) as u32;
                rest = sum % u64::from(POWER);
            }
            groups.push(rest as u32);
            while limbs.last() == Some(&0) {
                limbs.pop();
            }
        }
        let mut text = groups.last().map_or("0".to_owned(), u32::to_string);
        for group in groups.iter().rev().skip(1) {
            text.push_str(&format!("{group:09}"));
        }
        f.pad_integral(!self.negative, "", &text)
    }
}

impl FromStr for Integer {
    type Err = NoInteger;

    fn from_str(text: &str) -> Result<Self, NoInteger> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoInteger);
        }
        let mut limbs: Vec<u32> = Vec::new();
        let first = digits.len() % DIGITS;
        let cuts = (usize::from(first > 0)..=digits.len() / DIGITS).map(|k| first + k * DIGITS);
        let mut begin = 0;
        for end in std::iter::once(first).chain(cuts).filter(|end| *end > 0) {
            if end <= begin {
                continue;
            }
            let group: u32 = digits[begin..end].parse().map_err(|_| NoInteger)?;
            let scale = 10_u64.pow((end - begin) as u32);
            let mut carry = u64::from(group);
            for limb in &mut limbs {
                let sum = u64::from(*limb) * scale + carry;
                *limb = sum as u32;
                carry = sum >> 32;
            }
            if carry > 0 {
                limbs.push(carry as u32);
            }
            begin = end;
        }
        Ok(Self::from_limbs(negative, limbs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in [
            "0",
            "1",
            "-1",
            "999999999",
            "1000000000",
            "-1000000001",
            "4294967296",
            "340282366920938463463374607431768211456",
            "123456789012345678901234567890123456789",
            "-100000000000000000000000000000000000000000000000000000000000000000000000000000000",
        ] {
            assert_eq!(text.parse::<Integer>().unwrap().to_string(), text);
        }
        for text in ["", "-", "1a", "--1", "1 "] {
            assert_eq!(text.parse::<Integer>(), Err(NoInteger));
        }
        assert_eq!("-0".parse::<Integer>().unwrap(), Integer::default());
    }

    #[test]
    fn powers_of_two() {
        let mut value = Integer::from(1);
        let mut decimal = vec![1_u8];
        for power in 0..500 {
            let text: String = decimal.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
            assert_eq!(value.to_string(), text, "2^{power}");
            assert_eq!(text.parse::<Integer>().unwrap(), value);
            let mut limbs = value.limbs().to_vec();
            let mut carry = 0;
            for limb in &mut limbs {
                let sum = (u64::from(*limb) << 1) | carry;
                *limb = sum as u32;
                carry = sum >> 32;
            }
            if carry > 0 {
                limbs.push(1);
            }
            value = Integer::from_limbs(false, limbs);
            let mut carry = 0;
            for digit in &mut decimal {
                let sum = *digit * 2 + carry;
                *digit = sum % 10;
                carry = sum / 10;
            }
            if carry > 0 {
                decimal.push(1);
            }
        }
    }

    #[test]
    fn the_ends_of_i128() {
        for value in [0, 1, -1, i128::MAX, i128::MIN, i128::from(i64::MIN) - 1] {
            assert_eq!(i128::try_from(Integer::from(value)), Ok(value));
            assert_eq!(Integer::from(value).to_string(), value.to_string());
        }
        let beyond: Integer = "170141183460469231731687303715884105728".parse().unwrap();
        assert_eq!(i128::try_from(beyond.clone()), Err(NoInteger));
        assert_eq!(u128::try_from(beyond), Ok(1 << 127));
        let most: Integer = u128::MAX.to_string().parse().unwrap();
        assert_eq!(u128::try_from(most), Ok(u128::MAX));
        let beyond: Integer = "340282366920938463463374607431768211456".parse().unwrap();
        assert_eq!(u128::try_from(beyond), Err(NoInteger));
        assert_eq!(u128::try_from(Integer::from(-1)), Err(NoInteger));
        assert_eq!(i8::try_from(Integer::from(-128)), Ok(-128));
        assert_eq!(Integer::from(3).to_f64(), 3.0);
    }
}
