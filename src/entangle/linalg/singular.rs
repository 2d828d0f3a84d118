//! Singular values, by a ladder of methods that never gives up.

use super::LinalgError;
use super::detached::run_detached;
use super::eigen::symmetric_eigenvalues;
use super::product::{exponent, largest, multiply_transposed, scale_down, turn};
use crate::interrupt::Interrupt;
use faer::MatRef;

/// Sizes whose singular values take about 50 ms or more.
const LONG: usize = 600;
/// Operations of a block of a Gram matrix: small matrices are one block.
const BLOCK_FLOPS: usize = 1 << 29;

/// All `min(rows, cols)` singular values of a row-major matrix, largest first, each to about
/// `1e-16` of the largest.
///
/// The ladder: faer's bidiagonalisation; if that does not converge the transpose; then one-sided
/// Jacobi rotations, which always converge.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::Interrupted`].
pub(crate) fn singular_values(
    mut data: Vec<f64>,
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<Vec<f64>, LinalgError> {
    if data.len() < rows * cols {
        return Ok(Vec::new());
    }
    data.truncate(rows * cols);
    // Even a look at each entry of a large matrix takes its time: all of it may be stopped.
    run_detached(rows.min(cols) >= LONG, interrupt, move || {
        if !largest(&data).is_finite() {
            return Err(LinalgError::NotFinite);
        }
        // Extreme sizes are scaled away.
        let power = exponent(&data).unwrap_or(0);
        scale_down(&mut data, power);
        let mut values = if rows.min(cols) <= 1 {
            vec![data.iter().map(|entry| entry * entry).sum::<f64>().sqrt(); rows.min(cols)]
        } else {
            let matrix = MatRef::from_row_major_slice(&data, rows, cols);
            let found = matrix.singular_values().ok().or_else(|| {
                let mut turned = Vec::new();
                turn(&data, &mut turned, rows, cols);
                MatRef::from_row_major_slice(&turned, cols, rows).singular_values().ok()
            });
            let found = found.filter(|values| values.iter().all(|value| value.is_finite()));
            found.unwrap_or_else(|| one_sided_jacobi(&data, rows, cols))
        };
        values.sort_unstable_by(|x, y| y.total_cmp(x));
        scale_down(&mut values, -power);
        Ok(values)
    })?
}

/// The squares of the singular values, largest first, each to about `1e-16` of the largest: by the
/// eigenvalues of the smaller Gram matrix, which is faster than [`singular_values`].
///
/// # Errors
/// As [`singular_values`].
pub(crate) fn squared_singular_values(
    x: &[f64],
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<Vec<f64>, LinalgError> {
    let Some(x) = x.get(..rows * cols) else { return Ok(Vec::new()) };
    if !largest(x).is_finite() {
        return Err(LinalgError::NotFinite);
    }
    let turned;
    let (lines, count, length) = if rows <= cols {
        (x, rows, cols)
    } else {
        let mut buffer = Vec::new();
        turn(x, &mut buffer, rows, cols);
        turned = buffer;
        (&turned[..], cols, rows)
    };
    let mut gram = vec![0.0; count * count];
    let block = (BLOCK_FLOPS / (count * length).max(1)).max(32);
    let mut part = Vec::new();
    for (number, lines_of) in lines.chunks(block * length.max(1)).enumerate() {
        interrupt.check()?;
        // Below the diagonal, and in the block on it: the rest is the same by symmetry.
        let rows = lines_of.len() / length.max(1);
        let end = number * block + rows;
        part.clear();
        part.resize(rows * end, 0.0);
        multiply_transposed(lines_of, lines, &mut part, rows, length, end);
        let targets = gram.chunks_exact_mut(count).skip(number * block);
        for (target, values) in targets.zip(part.chunks_exact(end.max(1))) {
            target[..end].copy_from_slice(values);
        }
    }
    let mut values = symmetric_eigenvalues(&mut gram, count, interrupt)?;
    values.iter_mut().for_each(|value| *value = value.max(0.0));
    Ok(values)
}

/// Rotations of pairs of rows (or columns, whichever are fewer) until all are orthogonal.
pub(super) fn one_sided_jacobi(x: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    let mut buffer = Vec::new();
    let (count, length) = if rows <= cols {
        buffer.extend_from_slice(x);
        (rows, cols)
    } else {
        turn(x, &mut buffer, rows, cols);
        (cols, rows)
    };
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    for _ in 0..100 {
        let mut rotated = false;
        for first in 0..count {
            for second in first + 1..count {
                let (head, tail) = buffer.split_at_mut(second * length);
                let (v, w) = (&mut head[first * length..(first + 1) * length], &mut tail[..length]);
                let (a, b, c) = (dot(v, v), dot(w, w), dot(v, w));
                if c.abs() <= f64::EPSILON * (a * b).sqrt() || c == 0.0 {
                    continue;
                }
                rotated = true;
                let zeta = (b - a) / (2.0 * c);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                for (x, y) in v.iter_mut().zip(w.iter_mut()) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    buffer.chunks_exact(length.max(1)).map(|line| dot(line, line).sqrt()).collect()
}
