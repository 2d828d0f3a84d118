//! Prime fields: arithmetic, products and elimination, all exact.
//!
//! Three primes: `2^31 - 1` and `2^61 - 1`, whose reductions are shifts, and `8388593 = 2^23 - 15`,
//! whose products of matrices are exact in doubles and so as fast as floating-point ones.

mod blocked;
mod eliminate;
mod primes;
#[cfg(test)]
mod tests;

pub(super) use eliminate::{multiply_transposed, rank, row_basis};
pub(super) use primes::{Field, Mersenne31, Mersenne61, Small};
