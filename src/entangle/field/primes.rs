//! The primes and their arithmetic.

use super::eliminate;
use crate::entangle::linalg::dispatch::for_each_instruction_set;
use crate::interrupt::{Interrupt, Interrupted};

/// A prime field; its elements are numbers from 0 to `PRIME - 1`.
pub(crate) trait Field: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// The prime, at most `2^61 - 1`.
    const PRIME: u64;

    /// The product.
    fn mul(left: u64, right: u64) -> u64;

    /// `row += factor pivot`, entry by entry. Entries of `row` may come and leave as any number
    /// that [`Field::reduce`] takes; those of `pivot` are reduced.
    fn add_multiple(row: &mut [u64], pivot: &[u64], factor: u64);

    /// The element that an entry of a row stands for.
    fn reduce(entry: u64) -> u64;

    /// The rank of a matrix, which is used up.
    fn rank(
        x: &mut [u64],
        rows: usize,
        cols: usize,
        interrupt: &Interrupt,
    ) -> Result<usize, Interrupted> {
        eliminate::echelon::<Self>(x, rows, cols, interrupt)
    }

    /// The inverse of an element that is not 0.
    fn inverse(element: u64) -> u64 {
        let (mut base, mut exponent, mut result) = (element, Self::PRIME - 2, 1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = Self::mul(result, base);
            }
            base = Self::mul(base, base);
            exponent >>= 1;
        }
        result
    }
}

/// `2^31 - 1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mersenne31;

/// `2^61 - 1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mersenne61;

/// `2^23 - 15`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Small;

impl Field for Mersenne31 {
    const PRIME: u64 = (1 << 31) - 1;

    fn mul(left: u64, right: u64) -> u64 {
        Self::reduce(left * right)
    }

    fn add_multiple(row: &mut [u64], pivot: &[u64], factor: u64) {
        add_multiple_31(row, pivot, factor);
    }

    fn reduce(entry: u64) -> u64 {
        // 2^31 = 1: the high bits are added to the low ones, twice.
        let once = (entry & Self::PRIME) + (entry >> 31);
        let twice = (once & Self::PRIME) + (once >> 31);
        if twice >= Self::PRIME { twice - Self::PRIME } else { twice }
    }
}

for_each_instruction_set! {
    fn add_multiple_31(row: &mut [u64], pivot: &[u64], factor: u64) = add_multiple_31_body
}

/// Entries stay below `2^33`, so one folding after each product is enough.
#[inline(always)]
fn add_multiple_31_body<const FMA: bool, const R: usize, const C: usize>(
    row: &mut [u64],
    pivot: &[u64],
    factor: u64,
) {
    const LOW: u64 = 0xffff_ffff;
    for (entry, other) in row.iter_mut().zip(pivot) {
        let sum = *entry + (*other & LOW) * (factor & LOW);
        *entry = (sum & Mersenne31::PRIME) + (sum >> 31);
    }
}

impl Field for Mersenne61 {
    const PRIME: u64 = (1 << 61) - 1;

    fn mul(left: u64, right: u64) -> u64 {
        let product = u128::from(left) * u128::from(right);
        Self::reduce((product as u64 & Self::PRIME) + (product >> 61) as u64)
    }

    fn add_multiple(row: &mut [u64], pivot: &[u64], factor: u64) {
        for (entry, other) in row.iter_mut().zip(pivot) {
            let product = u128::from(*other) * u128::from(factor) + u128::from(*entry);
            *entry = (product as u64 & Self::PRIME) + (product >> 61) as u64;
        }
    }

    fn reduce(entry: u64) -> u64 {
        let once = (entry & Self::PRIME) + (entry >> 61);
        if once >= Self::PRIME { once - Self::PRIME } else { once }
    }
}

impl Field for Small {
    const PRIME: u64 = (1 << 23) - 15;

    fn mul(left: u64, right: u64) -> u64 {
        left * right % Self::PRIME
    }

    fn add_multiple(row: &mut [u64], pivot: &[u64], factor: u64) {
        for (entry, other) in row.iter_mut().zip(pivot) {
            *entry = (*entry + other * factor) % Self::PRIME;
        }
    }

    fn reduce(entry: u64) -> u64 {
        entry % Self::PRIME
    }

    fn rank(
        x: &mut [u64],
        rows: usize,
        cols: usize,
        interrupt: &Interrupt,
    ) -> Result<usize, Interrupted> {
        super::blocked::rank(x, rows, cols, interrupt)
    }
}
