//! Gaussian elimination and products over a prime field.

use super::primes::Field;
use crate::interrupt::{Interrupt, Interrupted};

/// Products between two looks at the interrupt.
const STEPS: usize = 1 << 20;

/// `out = x w^T` for `x` of `rows x inner` and `w` of `cols x inner`, row-major, all reduced.
///
/// # Errors
/// [`Interrupted`].
pub(crate) fn multiply_transposed<F: Field>(
    x: &[u64],
    w: &[u64],
    out: &mut [u64],
    (rows, inner, cols): (usize, usize, usize),
    interrupt: &Interrupt,
) -> Result<(), Interrupted> {
    // Row by row of x: out[row] = sum_k x[row][k] wT[k], which runs along rows.
    let mut turned = vec![0; inner * cols];
    for (row, line) in w.chunks_exact(inner.max(1)).enumerate().take(cols) {
        for (value, slot) in line.iter().zip(turned.iter_mut().skip(row).step_by(cols.max(1))) {
            *slot = *value;
        }
    }
    let stride = (STEPS / (inner * cols).max(1)).max(1);
    let lines = x.chunks_exact(inner.max(1)).zip(out.chunks_exact_mut(cols.max(1))).take(rows);
    for (number, (line, sums)) in lines.enumerate() {
        if number % stride == 0 {
            interrupt.check()?;
        }
        sums.fill(0);
        for (factor, other) in line.iter().zip(turned.chunks_exact(cols.max(1))) {
            if *factor != 0 {
                F::add_multiple(sums, other, *factor);
            }
        }
        sums.iter_mut().for_each(|entry| *entry = F::reduce(*entry));
    }
    Ok(())
}

/// Brings a matrix into row echelon form; the rank. Its first rows are a reduced basis of the row
/// space with pivots 1.
///
/// # Errors
/// [`Interrupted`].
pub(super) fn echelon<F: Field>(
    x: &mut [u64],
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    let Some(x) = x.get_mut(..rows * cols) else { return Ok(0) };
    let mut found = 0;
    let mut steps = 0;
    for col in 0..cols {
        if found == rows {
            break;
        }
        interrupt.check()?;
        let column = x.iter().skip(found * cols + col).step_by(cols);
        let Some(offset) = column.into_iter().position(|entry| F::reduce(*entry) != 0) else {
            continue;
        };
        let pivot_row = found + offset;
        if pivot_row != found {
            let (upper, lower) = x.split_at_mut(pivot_row * cols);
            let (Some(first), Some(second)) =
                (upper.get_mut(found * cols..(found + 1) * cols), lower.get_mut(..cols))
            else {
                return Ok(found);
            };
            first.swap_with_slice(second);
        }
        let (upper, lower) = x.split_at_mut((found + 1) * cols);
        let Some(pivot) = upper.get_mut(found * cols + col..) else { return Ok(found) };
        let inverse = F::inverse(F::reduce(pivot.first().copied().unwrap_or(1)));
        pivot.iter_mut().for_each(|entry| *entry = F::mul(F::reduce(*entry), inverse));
        for row in lower.chunks_exact_mut(cols) {
            let Some(row) = row.get_mut(col..) else { continue };
            let head = row.first().map_or(0, |entry| F::reduce(*entry));
            if head != 0 {
                F::add_multiple(row, pivot, F::PRIME - head);
                if let Some(entry) = row.first_mut() {
                    *entry = 0;
                }
            }
            steps += row.len();
            if steps > STEPS {
                interrupt.check()?;
                steps = 0;
            }
        }
        found += 1;
    }
    if let Some(basis) = x.get_mut(..found * cols) {
        basis.iter_mut().for_each(|entry| *entry = F::reduce(*entry));
    }
    Ok(found)
}

/// The rank of a matrix (`rows x cols`), which is used up.
///
/// # Errors
/// [`Interrupted`].
pub(crate) fn rank<F: Field>(
    x: &mut [u64],
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    F::rank(x, rows, cols, interrupt)
}

/// Replaces a matrix by a basis of its row space; the number of its rows.
///
/// # Errors
/// [`Interrupted`].
pub(crate) fn row_basis<F: Field>(
    x: &mut Vec<u64>,
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    let found = echelon::<F>(x, rows, cols, interrupt)?;
    x.truncate(found * cols);
    Ok(found)
}
