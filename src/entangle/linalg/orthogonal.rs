//! QR without Q: the R factor of a matrix, which is all that a core keeps of a side.

use super::detached::run_detached;
use super::dispatch::for_each_instruction_set;
use super::product::{exponent, fused, multiply_transposed};
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
        householder(x, cols, &[rows; 2 * SMALL_COLS]);
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

/// Householder reflections from the left; the upper rows become R. `active[col]` is the number of
/// rows that are not 0 up to that column: rows that begin with zeros stand last. Rows are padded
/// to a multiple of 8 entries, so that loops over them have a known length.
fn householder(x: &mut [f64], cols: usize, active: &[usize]) {
    let width = cols.next_multiple_of(8);
    if width == cols {
        return reflect(x, cols, active, width);
    }
    let mut padded = vec![0.0; x.len() / cols * width];
    for (row, line) in padded.chunks_exact_mut(width).zip(x.chunks_exact(cols)) {
        row[..cols].copy_from_slice(line);
    }
    reflect(&mut padded, cols, active, width);
    for (row, line) in padded.chunks_exact(width).zip(x.chunks_exact_mut(cols)) {
        line.copy_from_slice(&row[..cols]);
    }
}

for_each_instruction_set! {
    fn reflect(x: &mut [f64], cols: usize, active: &[usize], width: usize) = reflect_body
}

#[inline(always)]
pub(super) fn reflect_body<const FMA: bool, const R: usize, const C: usize>(
    x: &mut [f64],
    cols: usize,
    active: &[usize],
    width: usize,
) {
    match width {
        8 => reflect_rows::<FMA, 8>(x, cols, active),
        16 => reflect_rows::<FMA, 16>(x, cols, active),
        24 => reflect_rows::<FMA, 24>(x, cols, active),
        32 => reflect_rows::<FMA, 32>(x, cols, active),
        40 => reflect_rows::<FMA, 40>(x, cols, active),
        _ => reflect_rows::<FMA, 48>(x, cols, active),
    }
}

#[inline(always)]
fn reflect_rows<const FMA: bool, const W: usize>(x: &mut [f64], cols: usize, active: &[usize]) {
    let (x, _) = x.as_chunks_mut::<W>();
    for col in 0..cols.min(x.len()) {
        let count = active[col].min(x.len());
        let square = column_square::<FMA, W>(&x[col + 1..count.max(col + 1)], col);
        let head = x[col][col];
        let total = fused::<FMA>(head, head, square);
        let norm = if (TINY..HUGE).contains(&square) && total < HUGE {
            total.sqrt()
        } else {
            // Scaled, so that squares neither under- nor overflow.
            let mut largest = 0.0f64;
            for line in &x[col + 1..count.max(col + 1)] {
                largest = largest.max(line[col].abs());
            }
            if largest == 0.0 {
                continue;
            }
            let scale = largest.max(head.abs());
            let mut square = 0.0f64;
            for line in &x[col..count] {
                let entry = line[col] / scale;
                square = fused::<FMA>(entry, entry, square);
            }
            scale * square.sqrt()
        };
        let diagonal = if head > 0.0 { -norm } else { norm };
        // v = (1, x / (head - diagonal)), tau = (diagonal - head) / diagonal.
        let tau = (diagonal - head) / diagonal;
        let inverse = 1.0 / (head - diagonal);
        let (upper, lower) = x.split_at_mut(col + 1);
        let pivot = &mut upper[col];
        let lower = &mut lower[..count - col - 1];
        // image = tau v^T x; left of the column all is 0.
        let mut image = image_of::<FMA, W>(lower, col, inverse);
        for (sum, entry) in image.iter_mut().zip(pivot.iter()) {
            *sum += entry;
        }
        for sum in &mut image[..=col] {
            *sum = 0.0;
        }
        for (entry, sum) in pivot.iter_mut().zip(image.iter_mut()) {
            *sum *= tau;
            *entry -= *sum;
        }
        pivot[col] = diagonal;
        for line in lower.iter_mut() {
            let factor = -line[col];
            for (entry, sum) in line.iter_mut().zip(&image) {
                *entry = fused::<FMA>(factor, *sum, *entry);
            }
            // Last: a load of the whole row right after the store of one entry would wait for it.
            line[col] = 0.0;
        }
    }
}

/// The sum of the squares of one column. Four sums, so that additions need not wait for each
/// other; always in this order.
#[inline(always)]
fn column_square<const FMA: bool, const W: usize>(lines: &[[f64; W]], col: usize) -> f64 {
    let mut sums = [0.0f64; 4];
    let (blocks, rest) = lines.as_chunks::<4>();
    for block in blocks {
        for (sum, line) in sums.iter_mut().zip(block) {
            *sum = fused::<FMA>(line[col], line[col], *sum);
        }
    }
    for line in rest {
        sums[0] = fused::<FMA>(line[col], line[col], sums[0]);
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

/// Scales one column by `inverse` and gives the sum of the rows, each times its entry there.
#[inline(always)]
fn image_of<const FMA: bool, const W: usize>(
    lines: &mut [[f64; W]],
    col: usize,
    inverse: f64,
) -> [f64; W] {
    let (mut even, mut odd) = ([0.0f64; W], [0.0f64; W]);
    let (pairs, rest) = lines.as_chunks_mut::<2>();
    for [first, second] in pairs {
        let (x, y) = (first[col] * inverse, second[col] * inverse);
        for k in 0..W {
            even[k] = fused::<FMA>(x, first[k], even[k]);
            odd[k] = fused::<FMA>(y, second[k], odd[k]);
        }
        (first[col], second[col]) = (x, y);
    }
    for line in rest {
        let x = line[col] * inverse;
        for k in 0..W {
            even[k] = fused::<FMA>(x, line[k], even[k]);
        }
        line[col] = x;
    }
    for k in 0..W {
        even[k] += odd[k];
    }
    even
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
    let starts = |x: &[f64], count: usize| -> Vec<usize> {
        let lines = x.chunks_exact(cols.max(1)).take(count);
        lines.map(|line| line.iter().position(|entry| *entry != 0.0).unwrap_or(cols)).collect()
    };
    let (left_starts, right_starts) = (starts(left, p), starts(right, q));
    // R factors are upper trapezoidal, so row (i, j) begins with zeros up to column max(i, j):
    // sorted by where they begin, most rows do not take part in the first reflections.
    let in_order = |starts: &[usize]| -> Vec<(usize, usize)> {
        let begun = starts.iter().copied().enumerate().filter(|(_, start)| *start < cols);
        let mut rows: Vec<(usize, usize)> = begun.map(|(row, start)| (start, row)).collect();
        rows.sort_unstable();
        rows
    };
    let (lefts, rights) = (in_order(&left_starts), in_order(&right_starts));
    let mut pairs: Vec<(usize, usize, usize)> = Vec::with_capacity(p * q);
    if same {
        for (number, (start, j)) in lefts.iter().enumerate() {
            pairs.extend(lefts[..=number].iter().map(|(_, i)| (*start, *i, *j)));
        }
    } else {
        // Two ordered lists are merged; each row meets those of the other that begin before it.
        let (mut i, mut j) = (0, 0);
        while i < lefts.len() || j < rights.len() {
            let left_first = j == rights.len() || (i < lefts.len() && lefts[i].0 <= rights[j].0);
            if left_first {
                let (start, row) = lefts[i];
                pairs.extend(rights[..j].iter().map(|(_, other)| (start, row, *other)));
                i += 1;
            } else {
                let (start, row) = rights[j];
                pairs.extend(lefts[..i].iter().map(|(_, other)| (start, *other, row)));
                j += 1;
            }
        }
    }
    let mut products = Vec::with_capacity(pairs.len() * cols);
    for (_, i, j) in &pairs {
        let factor = if same && i != j { std::f64::consts::SQRT_2 } else { 1.0 };
        let (x, y) = (&left[i * cols..(i + 1) * cols], &right[j * cols..(j + 1) * cols]);
        products.extend(x.iter().zip(y).map(|(x, y)| factor * x * y));
    }
    let rows = pairs.len();
    let mut kept = rows;
    if rows > cols {
        kept = cols;
        if cols <= SMALL_COLS {
            let mut active = [0usize; SMALL_COLS];
            let mut place = 0;
            for (col, count) in active.iter_mut().enumerate().take(cols) {
                while place < rows && pairs[place].0 <= col {
                    place += 1;
                }
                *count = place.max(col + 1);
            }
            householder(&mut products, cols, &active[..cols]);
            products.truncate(kept * cols);
        } else {
            kept = r_factor(&mut products, rows, cols, interrupt)?;
        }
    }
    let Some((matrix, new)) = lift else {
        *out = products;
        out.resize(kept * cols, 0.0);
        return if rows > cols { Ok(kept) } else { r_factor(out, kept, cols, interrupt) };
    };
    out.clear();
    out.resize(kept * new, 0.0);
    multiply_transposed(&products, matrix, out, kept, cols, new);
    r_factor(out, kept, new, interrupt)
}

/// A factor of a positive semidefinite matrix `g` (`n x n`): `f` (`k x n`) with `f^T f = g`, entry
/// `(i, j)` up to about `n 2^-52 sqrt(g_ii g_jj)`; returns the numerical rank `k`, at least 1.
///
/// Pivoted Cholesky of the matrix with its diagonal scaled to about 1, so that a small channel
/// keeps its digits beside a large one: the next matrix may make it large again.
pub(crate) fn semidefinite_root(g: &[f64], n: usize, f: &mut Vec<f64>) -> usize {
    f.clear();
    if g.len() < n * n || n == 0 {
        return 0;
    }
    // Powers of two, so that scaling rounds nothing; 0 for an empty channel.
    let scales: Vec<f64> = g
        .iter()
        .step_by(n + 1)
        .take(n)
        .map(|entry| match exponent(&[*entry]) {
            Some(power) if *entry > 0.0 => 2f64.powi((power / 2) as i32),
            _ => 0.0,
        })
        .collect();
    let inverses: Vec<f64> =
        scales.iter().map(|scale| if *scale > 0.0 { 1.0 / scale } else { 0.0 }).collect();
    let mut diagonal: Vec<f64> = g
        .iter()
        .step_by(n + 1)
        .zip(&inverses)
        .map(|(entry, inverse)| entry * inverse * inverse)
        .collect();
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
        let scaled = g[pivot * n..pivot * n + n].iter().zip(&inverses);
        f.extend(scaled.map(|(entry, inverse)| entry * inverses[pivot] * inverse));
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
    for row in f.chunks_exact_mut(n) {
        row.iter_mut().zip(&scales).for_each(|(entry, scale)| *entry *= scale);
    }
    kept
}
