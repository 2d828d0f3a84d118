//! Exact comparison of products of bond dimensions.
//!
//! A cost is a vector of counts: how many bonds of each class it cuts. Its product
//! `prod_i d_i^(n_i)` has thousands of digits on large grids and is never multiplied out to be
//! compared. Three steps, each exact or with a proved error:
//!
//! 1. the difference of the base-2 logarithms in `f64`, with a bound of its rounding error;
//! 2. inside the bound, the exponents over a *pairwise coprime base* of the dimensions: numbers
//!    that are pairwise coprime and above 1 are multiplicatively independent, so equal products
//!    have equal exponents;
//! 3. for different exponents, logarithms in big-integer fixed point, rounded down and rounded
//!    up, at a precision that is doubled until the two intervals part. They do, because the
//!    products are known to differ.

use super::GraphError;
use dashu_int::{IBig, UBig};
use std::cmp::Ordering;
use std::fmt;

/// The bond dimensions of the classes of a network, ready to compare products of them.
#[derive(Clone, Debug)]
pub struct Dimensions {
    dims: Vec<u64>,
    logs: Vec<f64>,
    base: Vec<u64>,
    /// For every dimension its exponents over the base.
    exponents: Vec<Vec<u32>>,
}

impl Dimensions {
    /// The table of these dimensions; a dimension of 0 counts as 1.
    pub fn new(dims: &[u64]) -> Self {
        let dims: Vec<u64> = dims.iter().map(|dim| (*dim).max(1)).collect();
        let base = coprime_base(&dims);
        let exponents = dims
            .iter()
            .map(|dim| base.iter().map(|factor| exponent(*dim, *factor)).collect())
            .collect();
        let logs = dims.iter().map(|dim| (*dim as f64).log2()).collect();
        Dimensions { dims, logs, base, exponents }
    }

    /// The dimensions, by class.
    pub fn dims(&self) -> &[u64] {
        &self.dims
    }

    /// The pairwise coprime base, smallest first.
    pub fn base(&self) -> &[u64] {
        &self.base
    }

    /// The exponents of the dimension of a class over the base.
    pub fn exponents(&self, class: usize) -> &[u32] {
        self.exponents.get(class).map_or(&[], Vec::as_slice)
    }

    /// Compares `prod d_i^(left_i)` with `prod d_i^(right_i)` exactly.
    ///
    /// Counts are below 2^62, as they are of indices of one network, or differences of such
    /// counts in two's complement.
    pub fn compare(&self, left: &[u64], right: &[u64]) -> Ordering {
        let (mut sum, mut size) = (0.0f64, 0.0f64);
        for ((left, right), log) in left.iter().zip(right).zip(&self.logs) {
            if left != right {
                let term = left.wrapping_sub(*right) as i64 as f64 * log;
                sum += term;
                size += term.abs();
            }
        }
        // Each term is off by a logarithm (4 units in the last place at most) and two roundings,
        // the sum by one rounding per term.
        let error = size * (self.dims.len() as f64 + 16.0) * (0.5 * f64::EPSILON);
        if sum > error {
            Ordering::Greater
        } else if sum < -error {
            Ordering::Less
        } else if size == 0.0 {
            Ordering::Equal
        } else {
            self.compare_exactly(left, right)
        }
    }

    fn compare_exactly(&self, left: &[u64], right: &[u64]) -> Ordering {
        let mut difference = vec![0i128; self.base.len()];
        for ((left, right), exponents) in left.iter().zip(right).zip(&self.exponents) {
            let count = i128::from(left.wrapping_sub(*right) as i64);
            for (entry, exponent) in difference.iter_mut().zip(exponents) {
                *entry += count * i128::from(*exponent);
            }
        }
        compare_over_base(&self.base, &difference)
    }

    /// The sign of `sum_i difference_i log(base_i)`.
    pub(super) fn sign_over_base(&self, difference: &[i128]) -> Ordering {
        compare_over_base(&self.base, difference)
    }
}

/// The sign of `sum_i difference_i log(base_i)` for pairwise coprime bases above 1.
fn compare_over_base(base: &[u64], difference: &[i128]) -> Ordering {
    if difference.iter().all(|entry| *entry <= 0) {
        return if difference.iter().all(|entry| *entry == 0) {
            Ordering::Equal
        } else {
            Ordering::Less
        };
    }
    if difference.iter().all(|entry| *entry >= 0) {
        return Ordering::Greater;
    }
    let mut precision = 128;
    loop {
        let (mut low, mut high) = (IBig::ZERO, IBig::ZERO);
        for (factor, count) in base.iter().zip(difference) {
            if *count == 0 {
                continue;
            }
            let (down, up) =
                (fixed_log2(*factor, precision, false), fixed_log2(*factor, precision, true));
            let (below, above) = if *count > 0 { (down, up) } else { (up, down) };
            low += IBig::from(below) * *count;
            high += IBig::from(above) * *count;
        }
        if low > IBig::ZERO {
            return Ordering::Greater;
        }
        if high < IBig::ZERO {
            return Ordering::Less;
        }
        precision *= 2;
    }
}

/// `2^precision log2(number)`, a lower bound or (`up`) an upper bound.
///
/// Squaring a number of [1, 2) doubles its logarithm; every step is rounded to the same side,
/// so the result is a bound. Each of the `precision` squarings doubles the relative error, hence
/// twice the bits and a guard.
fn fixed_log2(number: u64, precision: usize, up: bool) -> UBig {
    if number <= 1 {
        return UBig::ZERO;
    }
    let bits = 2 * precision + 64;
    let whole = number.ilog2() as usize;
    let mut value = UBig::from(number) << (bits - whole);
    let two = UBig::ONE << (bits + 1);
    let mut result = UBig::from(whole as u64);
    for _ in 0..precision {
        let square = &value * &value;
        value = shift_right(square, bits, up);
        result <<= 1;
        if value >= two {
            value = shift_right(value, 1, up);
            result += UBig::ONE;
        }
    }
    if up { result + UBig::ONE } else { result }
}

fn shift_right(value: UBig, bits: usize, up: bool) -> UBig {
    if up { (value + ((UBig::ONE << bits) - UBig::ONE)) >> bits } else { value >> bits }
}

/// Pairwise coprime numbers above 1 of which every dimension is a product: split whatever has a
/// common factor, until nothing has.
fn coprime_base(dims: &[u64]) -> Vec<u64> {
    let mut base: Vec<u64> = Vec::new();
    let mut waiting: Vec<u64> = dims.to_vec();
    while let Some(number) = waiting.pop() {
        if number <= 1 {
            continue;
        }
        match base.iter().position(|factor| greatest_common_divisor(*factor, number) > 1) {
            None => base.push(number),
            Some(place) => {
                let factor = base.swap_remove(place);
                let common = greatest_common_divisor(factor, number);
                waiting.extend([common, factor / common, number / common]);
            }
        }
    }
    base.sort_unstable();
    base
}

fn greatest_common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn exponent(mut number: u64, factor: u64) -> u32 {
    let mut exponent = 0;
    while factor > 1 && number > 1 && number.is_multiple_of(factor) {
        number /= factor;
        exponent += 1;
    }
    exponent
}

/// A product of powers, kept as its factors because it can have millions of digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    factors: Vec<(u64, u64)>,
}

impl Weight {
    /// The product of `dim^count` over the pairs.
    pub fn new(factors: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut kept: Vec<(u64, u64)> = Vec::new();
        for (dim, count) in factors {
            match kept.iter_mut().find(|(known, _)| *known == dim) {
                Some((_, total)) => *total = total.saturating_add(count),
                None => kept.push((dim, count)),
            }
        }
        kept.retain(|(dim, count)| *dim > 1 && *count > 0);
        Weight { factors: kept }
    }

    /// Pairs of a number above 1 and its power, numbers distinct.
    pub fn factors(&self) -> &[(u64, u64)] {
        &self.factors
    }

    /// The natural logarithm.
    pub fn ln(&self) -> f64 {
        self.bits() * std::f64::consts::LN_2
    }

    /// The base-2 logarithm.
    pub fn bits(&self) -> f64 {
        // An empty sum of floats is -0.0; the logarithm of 1 is 0.0.
        let bits: f64 =
            self.factors.iter().map(|(dim, count)| *count as f64 * (*dim as f64).log2()).sum();
        bits + 0.0
    }

    /// Whether the product is 1.
    pub fn is_one(&self) -> bool {
        self.factors.is_empty()
    }

    /// The product, exactly.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when it has more than about `max_bits` bits; never above 2^32.
    pub fn value(&self, max_bits: u64) -> Result<UBig, GraphError> {
        let max_bits = max_bits.min(1 << 32);
        if self.bits() > max_bits as f64 + 1.0 {
            let size = format!("about 2^{:.0}", self.bits());
            let hint = "ask for its logarithm: .bits or .ln";
            return Err(GraphError::too_large(
                "the exact value",
                size,
                format!("2^{max_bits}"),
                hint,
            ));
        }
        let mut product = UBig::ONE;
        for (dim, count) in &self.factors {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            product *= UBig::from(*dim).pow(count);
        }
        Ok(product)
    }

    /// Compares two products exactly.
    pub fn compare(&self, other: &Weight) -> Ordering {
        let mut dims: Vec<u64> =
            self.factors.iter().chain(&other.factors).map(|(dim, _)| *dim).collect();
        dims.sort_unstable();
        dims.dedup();
        let counts = |weight: &Weight| -> Vec<u64> {
            let count = |dim: &u64| {
                weight.factors.iter().find(|(known, _)| known == dim).map_or(0, |(_, count)| *count)
            };
            dims.iter().map(count).collect()
        };
        Dimensions::new(&dims).compare(&counts(self), &counts(other))
    }
}

/// `2^4 · 8^2`, and `1` for the empty product.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.factors.is_empty() {
            return f.write_str("1");
        }
        for (place, (dim, count)) in self.factors.iter().enumerate() {
            if place > 0 {
                f.write_str(" · ")?;
            }
            match count {
                1 => write!(f, "{dim}")?,
                _ => write!(f, "{dim}^{count}")?,
            }
        }
        Ok(())
    }
}
