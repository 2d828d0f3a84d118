//! Linear algebra of the room: own kernels for the small matrices of a tree, faer for large ones.
//!
//! The only place that knows faer. All matrices are row-major slices. Calls that take long run on
//! a thread of their own, so that a stop is answered within some 10 ms.

// Kernels index inside bounds that they check at their entry; iterators would hide the loops that
// the compiler turns into vector instructions.
#![allow(clippy::needless_range_loop)]

mod detached;
pub(crate) mod dispatch;
mod eigen;
mod orthogonal;
mod product;
mod singular;
#[cfg(test)]
mod tests;

pub(super) use eigen::symmetric_eigenvalues;
pub(super) use orthogonal::{khatri_rao_r, r_factor, semidefinite_root};
pub(super) use product::{
    congruence, congruence_transposed, exponent, largest_weighted_square, matrix_vector, multiply,
    multiply_transposed, scale_down, transposed_vector,
};
pub(super) use singular::{singular_values, squared_singular_values};

use crate::interrupt::Interrupted;

/// Why a decomposition has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinalgError {
    /// An entry is infinite or not a number.
    NotFinite,
    /// The caller asked to stop.
    Interrupted,
}

impl From<Interrupted> for LinalgError {
    fn from(_: Interrupted) -> Self {
        LinalgError::Interrupted
    }
}
