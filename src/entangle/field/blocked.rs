//! The rank mod `2^23 - 15` by blocked elimination in doubles.
//!
//! Residues are kept between `-p/2` and `p/2`, below `2^22`; a product is below `2^44` and a sum
//! of 128 of them below `2^51`, so that products of matrices in doubles are exact, and a fast
//! floating-point product does nearly all of the work.

use super::primes::{Field, Small};
use crate::entangle::linalg::dispatch::for_each_instruction_set;
use crate::interrupt::{Interrupt, Interrupted};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

const PRIME: f64 = Small::PRIME as f64;
/// Columns of a panel: the length of exact sums.
const PANEL: usize = 128;
/// Rows that are updated between two looks at the interrupt.
const BAND: usize = 512;

/// The rank of a matrix of residues; see [`super::rank`].
pub(super) fn rank(
    x: &[u64],
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    let Some(x) = x.get(..rows * cols) else { return Ok(0) };
    let mut a: Vec<f64> = Vec::with_capacity(x.len());
    for band in x.chunks((BAND * cols).max(1)) {
        interrupt.check()?;
        a.extend(band.iter().map(|entry| centred(*entry as f64)));
    }
    let mut found = 0;
    for start in (0..cols).step_by(PANEL) {
        if found == rows {
            break;
        }
        let end = (start + PANEL).min(cols);
        let pivots = panel(&mut a, (rows, cols), found, (start, end), interrupt)?;
        update(&mut a, (rows, cols), found, (start, end), &pivots, interrupt)?;
        found += pivots.len();
    }
    Ok(found)
}

/// The residue of an integer of at most `2^51` between `-p/2` and `p/2` (give or take 1).
#[inline(always)]
fn centred(value: f64) -> f64 {
    // Adding and taking away 1.5 2^52 rounds to the nearest integer.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let quotient = (value * (1.0 / PRIME) + ROUND) - ROUND;
    value - quotient * PRIME
}

for_each_instruction_set! {
    fn reduce_all(x: &mut [f64]) = reduce_all_body
}

#[inline(always)]
fn reduce_all_body<const FMA: bool, const R: usize, const C: usize>(x: &mut [f64]) {
    x.iter_mut().for_each(|entry| *entry = centred(*entry));
}

for_each_instruction_set! {
    /// `row -= factor pivot`.
    fn subtract_multiple(row: &mut [f64], pivot: &[f64], factor: f64) = subtract_multiple_body
}

#[inline(always)]
fn subtract_multiple_body<const FMA: bool, const R: usize, const C: usize>(
    row: &mut [f64],
    pivot: &[f64],
    factor: f64,
) {
    for (entry, other) in row.iter_mut().zip(pivot) {
        *entry = centred(*entry - factor * other);
    }
}

/// Eliminates the columns of a panel below row `found`. Pivot rows are moved up; the multipliers
/// stay in the columns of their pivots, which are returned.
fn panel(
    a: &mut [f64],
    (rows, cols): (usize, usize),
    found: usize,
    (start, end): (usize, usize),
    interrupt: &Interrupt,
) -> Result<Vec<usize>, Interrupted> {
    let mut pivots = Vec::new();
    for col in start..end {
        let top = found + pivots.len();
        if top == rows {
            break;
        }
        interrupt.check()?;
        let Some(row) = (top..rows).find(|row| a[row * cols + col] != 0.0) else { continue };
        if row != top {
            let (upper, lower) = a.split_at_mut(row * cols);
            upper[top * cols..(top + 1) * cols].swap_with_slice(&mut lower[..cols]);
        }
        let head = a[top * cols + col];
        let inverse = centred(Small::inverse(head.rem_euclid(PRIME) as u64) as f64);
        let (upper, lower) = a.split_at_mut((top + 1) * cols);
        let pivot = &upper[top * cols + col + 1..top * cols + end];
        for row in lower.chunks_exact_mut(cols) {
            if row[col] == 0.0 {
                continue;
            }
            let factor = centred(row[col] * inverse);
            row[col] = factor;
            subtract_multiple(&mut row[col + 1..end], pivot, factor);
        }
        pivots.push(col);
    }
    Ok(pivots)
}

/// Does to the columns right of a panel what was done in it.
fn update(
    a: &mut [f64],
    (rows, cols): (usize, usize),
    found: usize,
    (start, end): (usize, usize),
    pivots: &[usize],
    interrupt: &Interrupt,
) -> Result<(), Interrupted> {
    let (count, width) = (pivots.len(), cols - end);
    if count == 0 || width == 0 {
        return Ok(());
    }
    debug_assert!(end - start <= PANEL);
    // The pivot rows among themselves.
    for number in 1..count {
        let (upper, lower) = a.split_at_mut((found + number) * cols);
        let row = &mut lower[..cols];
        for (other, pivot) in pivots[..number].iter().enumerate() {
            let factor = row[*pivot];
            if factor != 0.0 {
                let line = &upper[(found + other) * cols + end..(found + other + 1) * cols];
                subtract_multiple(&mut row[end..], line, factor);
            }
        }
    }
    // All rows below: a band of them minus its multipliers times the pivot rows.
    let (upper, lower) = a.split_at_mut((found + count) * cols);
    let mut pivot_rows = Vec::with_capacity(count * width);
    for row in upper[found * cols..].chunks_exact(cols) {
        pivot_rows.extend_from_slice(&row[end..]);
    }
    let pivot_rows = MatRef::from_row_major_slice(&pivot_rows, count, width);
    let below = rows - found - count;
    let (mut factors, mut band) = (Vec::new(), Vec::new());
    for first in (0..below).step_by(BAND) {
        interrupt.check()?;
        let size = BAND.min(below - first);
        factors.clear();
        band.clear();
        for row in lower[first * cols..(first + size) * cols].chunks_exact(cols) {
            factors.extend(pivots.iter().map(|pivot| row[*pivot]));
            band.extend_from_slice(&row[end..]);
        }
        let multipliers = MatRef::from_row_major_slice(&factors, size, count);
        let target = MatMut::from_row_major_slice_mut(&mut band, size, width);
        matmul(target, Accum::Add, multipliers, pivot_rows, -1.0, Par::Seq);
        reduce_all(&mut band);
        let lines = lower[first * cols..(first + size) * cols].chunks_exact_mut(cols);
        for (row, values) in lines.zip(band.chunks_exact(width)) {
            row[end..].copy_from_slice(values);
        }
    }
    Ok(())
}
