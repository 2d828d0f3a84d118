//! Numbers as text.

use dashu_int::IBig;
use dashu_int::ops::{BitTest, EstimatedLog2, UnsignedAbs};

/// The digits of a shortened int on either side of the gap.
const SHOWN_DIGITS: usize = 20;
/// Ints with more digits than this are shortened where they are shown.
const FULL_DIGITS: usize = 1000;

/// The largest int, in bits (two and a half million digits): multiplying and printing stay short.
pub const INT_BITS_LIMIT: usize = 1 << 23;

/// A real in its shortest form that reads back as the same number: `2.0`, `0.1`, `1e300`.
pub fn real_text(x: f64) -> String {
    if x.is_nan() {
        "nan".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { "infinity".to_owned() } else { "-infinity".to_owned() }
    } else {
        format!("{x:?}")
    }
}

/// A real with at most six significant digits, for tables and sentences.
pub fn short_real(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        return real_text(x);
    }
    let magnitude = x.abs();
    if !(1e-4..1e9).contains(&magnitude) {
        let text = format!("{x:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{exponent}");
    }
    #[allow(clippy::cast_possible_truncation)] // between -5 and 9
    let whole = magnitude.log10().floor() as i32;
    let decimals = usize::try_from(5 - whole).unwrap_or(0);
    let text = format!("{x:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// How many decimal digits an int has.
pub fn int_digits(value: &IBig) -> usize {
    if *value == IBig::ZERO {
        return 1;
    }
    let magnitude = value.clone().unsigned_abs();
    magnitude.ilog(&dashu_int::UBig::from(10_u8)) + 1
}

/// An int as it is shown: whole up to 1,000 digits, else both ends and the number of digits.
pub fn short_int(value: &IBig) -> String {
    // Three bits hold less than a digit: no long division for ints that are surely short.
    if value.bit_len() <= 3 * FULL_DIGITS {
        return value.to_string();
    }
    let text = value.to_string();
    let digits = text.trim_start_matches('-').len();
    if digits <= FULL_DIGITS {
        return text;
    }
    let sign = text.len() - digits;
    let head = &text[..sign + SHOWN_DIGITS];
    let tail = &text[text.len() - SHOWN_DIGITS..];
    format!("{head}…{tail} ({digits} digits)")
}

/// The nearest real; infinity beyond the range.
pub fn int_to_f64(value: &IBig) -> f64 {
    value.to_f64().value()
}

/// `log2 |value|`, also where the value itself is beyond the range of f64.
pub fn int_log2(value: &IBig) -> f64 {
    let small = int_to_f64(value).abs();
    if small.is_finite() && small < 1e300 {
        return small.log2();
    }
    // Shift the number into the range; the bits that fall off are below an f64's precision.
    let shift = value.bit_len().saturating_sub(128);
    let top = value.clone().unsigned_abs() >> shift;
    #[allow(clippy::cast_precision_loss)]
    let shift = shift as f64;
    let top = top.to_f64().value().log2();
    if top.is_finite() { top + shift } else { f64::from(value.log2_est()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_read_back() {
        assert_eq!(real_text(2.0), "2.0");
        assert_eq!(real_text(0.1), "0.1");
        assert_eq!(real_text(1e300), "1e300");
        assert_eq!(real_text(f64::NEG_INFINITY), "-infinity");
    }

    #[test]
    fn short_reals() {
        assert_eq!(short_real(16.0), "16");
        assert_eq!(short_real(11.090_354_888_959_125), "11.0904");
        assert_eq!(short_real(1234.5678), "1234.57");
        assert_eq!(short_real(0.000_012_345_678), "1.23457e-5");
        assert_eq!(short_real(-2.5e12), "-2.5e12");
        assert_eq!(short_real(100.0), "100");
    }

    #[test]
    fn ints_of_many_digits() {
        let big = IBig::from(10).pow(5000);
        assert_eq!(int_digits(&big), 5001);
        assert!(short_int(&big).ends_with("(5001 digits)"));
        assert!((int_log2(&big) - 5000.0 * 10_f64.log2()).abs() < 1e-9);
        assert_eq!(int_digits(&IBig::from(-999)), 3);
    }
}
