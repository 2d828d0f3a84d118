//! The two kinds of numbers that cores are made of: f64 and residues mod a prime.

use super::EntangleError;
use super::core::Lift;
use super::field::{self, Field};
use super::linalg;
use crate::interrupt::Interrupt;
use std::fmt::Debug;
use std::marker::PhantomData;

/// What the recursion over the tree asks of its numbers.
///
/// Matrices are row-major.
pub(super) trait Arithmetic: Copy + Send + Sync {
    /// A number.
    type Element: Copy + Send + Sync + Debug + PartialEq;

    const ZERO: Self::Element;
    const ONE: Self::Element;

    /// The product of two numbers.
    fn times(left: Self::Element, right: Self::Element) -> Self::Element;

    /// `out = x w^T` for `x` of `rows x inner`, `w` of `cols x inner`.
    fn multiply_transposed(
        x: &[Self::Element],
        w: &[Self::Element],
        out: &mut [Self::Element],
        sizes: (usize, usize, usize),
        interrupt: &Interrupt,
    ) -> Result<(), EntangleError>;

    /// Replaces the rows by at most `cols` that span the same space, up to an isometry from the
    /// left (reals) or any injective map (residues); their number.
    fn compress_rows(
        x: &mut Vec<Self::Element>,
        rows: usize,
        cols: usize,
        interrupt: &Interrupt,
    ) -> Result<usize, EntangleError>;

    /// Takes out the power of two of the largest entry, if numbers have a size.
    fn take_exponent(x: &mut [Self::Element]) -> i64;

    /// For every column of a matrix of so many columns the square of its norm; empty where
    /// numbers have no size.
    fn column_squares(x: &[Self::Element], channels: usize) -> Vec<f64>;

    /// The row-wise products of two matrices of `channels` columns (every row of one with every
    /// row of the other), times the transpose of a matrix if there is one, compressed; with the
    /// number of rows that are left.
    fn join_rows(
        rows: (Rows<'_, Self>, Rows<'_, Self>),
        channels: usize,
        lift: Lift<'_, Self>,
        interrupt: &Interrupt,
    ) -> Result<(usize, Vec<Self::Element>), EntangleError>;
}

/// A matrix with the number of its rows.
pub(super) type Rows<'r, A> = (&'r [<A as Arithmetic>::Element], usize);

/// Double precision, each array with its own power of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Real;

impl Arithmetic for Real {
    type Element = f64;

    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;

    fn times(left: f64, right: f64) -> f64 {
        left * right
    }

    fn multiply_transposed(
        x: &[f64],
        w: &[f64],
        out: &mut [f64],
        (rows, inner, cols): (usize, usize, usize),
        interrupt: &Interrupt,
    ) -> Result<(), EntangleError> {
        // Blocks of rows, so that a stop is answered within milliseconds.
        const BLOCK_FLOPS: usize = 1 << 26;
        let block = (BLOCK_FLOPS / (inner * cols).max(1)).max(16);
        for (x, out) in x.chunks(block * inner.max(1)).zip(out.chunks_mut(block * cols.max(1))) {
            interrupt.check()?;
            linalg::multiply_transposed(x, w, out, x.len() / inner.max(1), inner, cols);
        }
        debug_assert!(rows * cols == out.len());
        Ok(())
    }

    fn compress_rows(
        x: &mut Vec<f64>,
        rows: usize,
        cols: usize,
        interrupt: &Interrupt,
    ) -> Result<usize, EntangleError> {
        let kept = linalg::r_factor(x, rows, cols, interrupt)?;
        x.truncate(kept * cols);
        Ok(kept)
    }

    fn take_exponent(x: &mut [f64]) -> i64 {
        match linalg::exponent(x) {
            Some(exponent) if exponent != 0 => {
                linalg::scale_down(x, exponent);
                exponent
            }
            _ => 0,
        }
    }

    fn column_squares(x: &[f64], channels: usize) -> Vec<f64> {
        let mut squares = vec![0.0; channels];
        for row in x.chunks_exact(channels.max(1)) {
            squares.iter_mut().zip(row).for_each(|(square, entry)| *square += entry * entry);
        }
        squares
    }

    fn join_rows(
        (left, right): (Rows<'_, Self>, Rows<'_, Self>),
        channels: usize,
        lift: Lift<'_, Self>,
        interrupt: &Interrupt,
    ) -> Result<(usize, Vec<f64>), EntangleError> {
        let mut out = Vec::new();
        let kept = linalg::khatri_rao_r(left, right, channels, lift, &mut out, interrupt)?;
        Ok((kept, out))
    }
}

/// Residues mod the prime of a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modular<F>(PhantomData<F>);

impl<F: Field> Arithmetic for Modular<F> {
    type Element = u64;

    const ZERO: u64 = 0;
    const ONE: u64 = 1;

    fn times(left: u64, right: u64) -> u64 {
        F::mul(left, right)
    }

    fn multiply_transposed(
        x: &[u64],
        w: &[u64],
        out: &mut [u64],
        sizes: (usize, usize, usize),
        interrupt: &Interrupt,
    ) -> Result<(), EntangleError> {
        Ok(field::multiply_transposed::<F>(x, w, out, sizes, interrupt)?)
    }

    fn compress_rows(
        x: &mut Vec<u64>,
        rows: usize,
        cols: usize,
        interrupt: &Interrupt,
    ) -> Result<usize, EntangleError> {
        let kept = field::row_basis::<F>(x, rows, cols, interrupt)?;
        x.truncate(kept * cols);
        Ok(kept)
    }

    fn take_exponent(_: &mut [u64]) -> i64 {
        0
    }

    fn column_squares(_: &[u64], _: usize) -> Vec<f64> {
        Vec::new()
    }

    fn join_rows(
        ((left, p), (right, q)): (Rows<'_, Self>, Rows<'_, Self>),
        channels: usize,
        lift: Lift<'_, Self>,
        interrupt: &Interrupt,
    ) -> Result<(usize, Vec<u64>), EntangleError> {
        let mut rows = Vec::with_capacity(p * q * channels);
        for left in left.chunks_exact(channels.max(1)) {
            for right in right.chunks_exact(channels.max(1)) {
                rows.extend(left.iter().zip(right).map(|(x, y)| F::mul(*x, *y)));
            }
        }
        let mut cols = channels;
        if let Some((matrix, new)) = lift {
            let mut lifted = vec![0; p * q * new];
            let sizes = (p * q, channels, new);
            Self::multiply_transposed(&rows, matrix, &mut lifted, sizes, interrupt)?;
            (rows, cols) = (lifted, new);
        }
        let kept = Self::compress_rows(&mut rows, p * q, cols, interrupt)?;
        Ok((kept, rows))
    }
}
