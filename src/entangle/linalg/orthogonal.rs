//! QR without Q: the R factor of a matrix, which is all that a core keeps of a side.

use super::detached::run_detached;
use super::dispatch::for_each_instruction_set;
use super::product::{fused, multiply_transposed};
use crate::interrupt::{Interrupt, Interrupted};
use faer::MatRef;

/// Up to so many columns the own Householder kernel is faster than faer's blocked one.
const SMALL_COLS: usize = 24;
/// Squares of norms that are neither under- nor overflowing.
const TINY: f64 = 1e-280;
const HUGE: f64 = 1e280;
/// Operations of a factorization that takes about 50 ms.
const LONG: f64 = 5e8;

/// Replaces `x` (`rows x cols`) by its R factor: `k = min(rows, cols)` rows, upper trapezoidal,
/// with `R^T R = x^T x`; returns `k`. `2 rows cols^2` operations.
///
/// # Errors
/// [`Interrupted`].
pub(crate) fn r_factor(
    x: &mut Vec<f64>,
    rows: usize,
    cols: usize,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    let kept = rows.min(cols);
    if x.len() < rows * cols || kept == 0 {
        x.truncate(kept * cols);
        return Ok(kept);
    }
    x.truncate(rows * cols);
    if kept <= SMALL_COLS && cols <= 2 * SMALL_COLS {
        householder(x, rows, cols);
        x.truncate(kept * cols);
        return Ok(kept);
    }
    interrupt.check()?;
    let work = 2.0 * rows as f64 * cols as f64 * kept as f64;
    let data = std::mem::take(x);
    *x = run_detached(work > LONG, interrupt, move || {
        let qr = MatRef::from_row_major_slice(&data, rows, cols).qr();
        let factor = qr.thin_R();
        let mut out = vec![0.0; kept * cols];
        for (row, line) in out.chunks_exact_mut(cols).enumerate() {
            for (col, entry) in line.iter_mut().enumerate().skip(row) {
                *entry = factor[(row, col)];
            }
        }
        out
    })?;
    Ok(kept)
}

for_each_instruction_set! {
    /// Householder reflections from the left; the upper rows become R.
    fn householder(x: &mut [f64], rows: usize, cols: usize) = householder_body
}

#[inline(always)]
fn householder_body<const FMA: bool, const R: usize, const C: usize>(
    x: &mut [f64],
    rows: usize,
    cols: usize,
) {
    let mut image = [0.0f64; 2 * SMALL_COLS];
    for col in 0..rows.min(cols) {
        let mut square = 0.0f64;
        for row in col + 1..rows {
            let entry = x[row * cols + col];
            square = fused::<FMA>(entry, entry, square);
        }
        let head = x[col * cols + col];
        let total = fused::<FMA>(head, head, square);
        let norm = if (TINY..HUGE).contains(&square) && total < HUGE {
            total.sqrt()
        } else {
            // Scaled, so that squares neither under- nor overflow.
            let mut largest = 0.0f64;
            for row in col + 1..rows {
                largest = largest.max(x[row * cols + col].abs());
            }
            if largest == 0.0 {
                continue;
            }
            let scale = largest.max(head.abs());
            let mut square = 0.0f64;
            for row in col..rows {
                let entry = x[row * cols + col] / scale;
                square = fused::<FMA>(entry, entry, square);
            }
            scale * square.sqrt()
        };
        let diagonal = if head > 0.0 { -norm } else { norm };
        // v = (1, x / (head - diagonal)), tau = (diagonal - head) / diagonal.
        let tau = (diagonal - head) / diagonal;
        let inverse = 1.0 / (head - diagonal);
        let width = cols - col - 1;
        let image = &mut image[..width];
        image.copy_from_slice(&x[col * cols + col + 1..col * cols + cols]);
        for row in col + 1..rows {
            let line = &mut x[row * cols + col..row * cols + cols];
            line[0] *= inverse;
            let factor = line[0];
            for (sum, entry) in image.iter_mut().zip(&line[1..]) {
                *sum = fused::<FMA>(factor, *entry, *sum);
            }
        }
        let (upper, lower) = x.split_at_mut((col + 1) * cols);
        for (entry, sum) in upper[col * cols + col + 1..].iter_mut().zip(image.iter_mut()) {
            *sum *= tau;
            *entry -= *sum;
        }
        upper[col * cols + col] = diagonal;
        for line in lower.chunks_exact_mut(cols) {
            let factor = -line[col];
            line[col] = 0.0;
            for (entry, sum) in line[col + 1..].iter_mut().zip(image.iter()) {
                *entry = fused::<FMA>(factor, *sum, *entry);
            }
        }
    }
}

/// The R factor of the row-wise products: rows `left[i] o right[j]` for all `i < p`, `j < q`, each
/// of `cols` entries, times the transpose of a matrix (`new x cols`) if there is one. `out` becomes
/// R, of `k` rows; returns `k`. Rows `(i, j)` and `(j, i)` of a product with itself are the same
/// and enter once, by `sqrt(2)`.
///
/// # Errors
/// [`Interrupted`].
#[allow(clippy::too_many_arguments)]
pub(crate) fn khatri_rao_r(
    (left, p): (&[f64], usize),
    (right, q): (&[f64], usize),
    cols: usize,
    lift: Option<(&[f64], usize)>,
    out: &mut Vec<f64>,
    interrupt: &Interrupt,
) -> Result<usize, Interrupted> {
    let same = p == q && std::ptr::eq(left.as_ptr(), right.as_ptr());
    let rows = if same { p * (p + 1) / 2 } else { p * q };
    let mut products = Vec::with_capacity(rows * cols);
    for (number, x) in left.chunks_exact(cols.max(1)).enumerate().take(p) {
        let first = if same { number } else { 0 };
        for (other, y) in right.chunks_exact(cols.max(1)).enumerate().take(q).skip(first) {
            let factor = if same && other > number { std::f64::consts::SQRT_2 } else { 1.0 };
            products.extend(x.iter().zip(y).map(|(x, y)| factor * x * y));
        }
    }
    match lift {
        None => {
            *out = products;
            r_factor(out, rows, cols, interrupt)
        }
        Some((matrix, new)) => {
            out.clear();
            out.resize(rows * new, 0.0);
            multiply_transposed(&products, matrix, out, rows, cols, new);
            r_factor(out, rows, new, interrupt)
        }
    }
}

/// A factor of a positive semidefinite matrix `g` (`n x n`): `f` (`k x n`) with `f^T f = g` up to
/// about `n 2^-52` of its largest entry; returns the numerical rank `k`, at least 1. Pivoted
/// Cholesky.
pub(crate) fn semidefinite_root(g: &[f64], n: usize, f: &mut Vec<f64>) -> usize {
    f.clear();
    if g.len() < n * n || n == 0 {
        return 0;
    }
    let mut diagonal: Vec<f64> = g.iter().step_by(n + 1).copied().take(n).collect();
    let largest = diagonal.iter().fold(0.0f64, |largest, entry| largest.max(*entry));
    let limit = largest * n as f64 * 0.5 * f64::EPSILON;
    f.reserve(n * n);
    let mut kept = 0;
    while kept < n {
        let mut pivot = 0;
        for (place, entry) in diagonal.iter().enumerate() {
            if *entry > diagonal[pivot] {
                pivot = place;
            }
        }
        let height = diagonal[pivot];
        if height <= limit || height.is_nan() || height <= 0.0 {
            break;
        }
        // The next row: (g[pivot] - sum of the rows before times their pivot entries) / root.
        let start = f.len();
        f.extend_from_slice(&g[pivot * n..pivot * n + n]);
        let (before, row) = f.split_at_mut(start);
        for line in before.chunks_exact(n) {
            let factor = -line[pivot];
            row.iter_mut().zip(line).for_each(|(entry, other)| *entry += factor * other);
        }
        let inverse = 1.0 / height.sqrt();
        for (entry, rest) in row.iter_mut().zip(&mut diagonal) {
            *entry *= inverse;
            *rest -= *entry * *entry;
        }
        // What was eliminated is 0, whatever rounding says.
        row[pivot] = height.sqrt();
        diagonal[pivot] = f64::NEG_INFINITY;
        kept += 1;
    }
    if kept == 0 {
        f.resize(n, 0.0);
        return 1;
    }
    kept
}
