//! Products of matrices: own kernels for the small ones of a tree, faer's for large ones.

use super::dispatch::for_each_instruction_set;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use std::cell::RefCell;

/// Above this many multiplications, and with all sides at least [`LARGE_SIDE`], faer is faster.
const LARGE: usize = 48 * 48 * 48;
const LARGE_SIDE: usize = 24;

thread_local! {
    /// The transposed right factor of a small product.
    static TURNED: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// `x * y + z`, fused where that is one instruction.
#[inline(always)]
pub(super) fn fused<const FMA: bool>(x: f64, y: f64, z: f64) -> f64 {
    if FMA { x.mul_add(y, z) } else { x * y + z }
}

for_each_instruction_set! {
    /// `out = x y` for `x` of `rows x inner` and `y` of `inner x cols`, all row-major.
    fn small_product(x: &[f64], y: &[f64], out: &mut [f64], rows: usize, inner: usize, cols: usize)
        = small_product_body
}

#[inline(always)]
pub(super) fn small_product_body<const FMA: bool, const R: usize, const C: usize>(
    x: &[f64],
    y: &[f64],
    out: &mut [f64],
    rows: usize,
    inner: usize,
    cols: usize,
) {
    if x.len() < rows * inner || y.len() < inner * cols || out.len() < rows * cols {
        return;
    }
    let mut col = 0;
    while col + C <= cols {
        strip::<FMA, R, C>(x, y, out, (rows, inner, cols), col);
        col += C;
    }
    if C == 16 && col + 8 <= cols {
        strip::<FMA, R, 8>(x, y, out, (rows, inner, cols), col);
        col += 8;
    }
    if col + 4 <= cols {
        strip::<FMA, R, 4>(x, y, out, (rows, inner, cols), col);
        col += 4;
    }
    while col < cols {
        strip::<FMA, R, 1>(x, y, out, (rows, inner, cols), col);
        col += 1;
    }
}

/// `C` columns of the product, `R` rows at a time.
#[inline(always)]
fn strip<const FMA: bool, const R: usize, const C: usize>(
    x: &[f64],
    y: &[f64],
    out: &mut [f64],
    (rows, inner, cols): (usize, usize, usize),
    col: usize,
) {
    let mut row = 0;
    while row + R <= rows {
        tile::<FMA, R, C>(x, y, out, (inner, cols), row, col);
        row += R;
    }
    while row < rows {
        tile::<FMA, 1, C>(x, y, out, (inner, cols), row, col);
        row += 1;
    }
}

#[inline(always)]
fn tile<const FMA: bool, const R: usize, const C: usize>(
    x: &[f64],
    y: &[f64],
    out: &mut [f64],
    (inner, cols): (usize, usize),
    row: usize,
    col: usize,
) {
    let mut sums = [[0.0f64; C]; R];
    for k in 0..inner {
        // SAFETY: the caller has checked that x holds (row + R) * inner entries and y holds
        // inner * cols with col + C <= cols.
        let line = unsafe { &*y.as_ptr().add(k * cols + col).cast::<[f64; C]>() };
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above.
            let factor = unsafe { *x.get_unchecked((row + r) * inner + k) };
            for c in 0..C {
                sums[c] = fused::<FMA>(factor, line[c], sums[c]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        // SAFETY: the caller has checked that out holds (row + R) * cols entries.
        unsafe { out.as_mut_ptr().add((row + r) * cols + col).cast::<[f64; C]>().write(*sums) };
    }
}

/// `out = x y` for `x` of `rows x inner` and `y` of `inner x cols`, all row-major; does nothing
/// when the slices are too short. `2 rows inner cols` operations.
pub(crate) fn multiply(
    x: &[f64],
    y: &[f64],
    out: &mut [f64],
    rows: usize,
    inner: usize,
    cols: usize,
) {
    if is_large(rows, inner, cols) {
        let (Some(x), Some(y)) = (x.get(..rows * inner), y.get(..inner * cols)) else { return };
        let Some(out) = out.get_mut(..rows * cols) else { return };
        let x = MatRef::from_row_major_slice(x, rows, inner);
        let y = MatRef::from_row_major_slice(y, inner, cols);
        let out = MatMut::from_row_major_slice_mut(out, rows, cols);
        matmul(out, Accum::Replace, x, y, 1.0, Par::Seq);
    } else {
        small_product(x, y, out, rows, inner, cols);
    }
}

/// `out = x w^T` for `x` of `rows x inner` and `w` of `cols x inner`, all row-major; does nothing
/// when the slices are too short.
pub(crate) fn multiply_transposed(
    x: &[f64],
    w: &[f64],
    out: &mut [f64],
    rows: usize,
    inner: usize,
    cols: usize,
) {
    if is_large(rows, inner, cols) {
        let (Some(x), Some(w)) = (x.get(..rows * inner), w.get(..inner * cols)) else { return };
        let Some(out) = out.get_mut(..rows * cols) else { return };
        let x = MatRef::from_row_major_slice(x, rows, inner);
        let w = MatRef::from_row_major_slice(w, cols, inner).transpose();
        let out = MatMut::from_row_major_slice_mut(out, rows, cols);
        matmul(out, Accum::Replace, x, w, 1.0, Par::Seq);
        return;
    }
    TURNED.with_borrow_mut(|turned| {
        turn(w, turned, cols, inner);
        small_product(x, turned, out, rows, inner, cols);
    });
}

/// The transpose of `w` (`rows x cols`).
pub(super) fn turn(w: &[f64], turned: &mut Vec<f64>, rows: usize, cols: usize) {
    turned.clear();
    turned.resize(rows * cols, 0.0);
    for (row, line) in w.chunks_exact(cols.max(1)).enumerate().take(rows) {
        for (value, slot) in line.iter().zip(turned.iter_mut().skip(row).step_by(rows.max(1))) {
            *slot = *value;
        }
    }
}

fn is_large(rows: usize, inner: usize, cols: usize) -> bool {
    rows.min(inner).min(cols) >= LARGE_SIDE
        && rows.saturating_mul(inner).saturating_mul(cols) > LARGE
}

for_each_instruction_set! {
    /// `y = w x` for `w` of `y.len() x x.len()`.
    pub(crate) fn matrix_vector(w: &[f64], x: &[f64], y: &mut [f64]) = matrix_vector_body
}

#[inline(always)]
fn matrix_vector_body<const FMA: bool, const R: usize, const C: usize>(
    w: &[f64],
    x: &[f64],
    y: &mut [f64],
) {
    let cols = x.len();
    if cols == 0 {
        y.fill(0.0);
        return;
    }
    for (row, out) in w.chunks_exact(cols).zip(y.iter_mut()) {
        // Eight sums, so that additions need not wait for each other; always in this order.
        let mut sums = [0.0f64; 8];
        let (heads, tail) = row.as_chunks::<8>();
        let (values, rest) = x.as_chunks::<8>();
        for (head, value) in heads.iter().zip(values) {
            for lane in 0..8 {
                sums[lane] = fused::<FMA>(head[lane], value[lane], sums[lane]);
            }
        }
        let mut sum = ((sums[0] + sums[4]) + (sums[2] + sums[6]))
            + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
        for (head, value) in tail.iter().zip(rest) {
            sum = fused::<FMA>(*head, *value, sum);
        }
        *out = sum;
    }
}

for_each_instruction_set! {
    /// The largest over the rows of `w` (each as long as `squares`) of `sum w_i^2 squares_i`.
    pub(crate) fn largest_weighted_square(w: &[f64], squares: &[f64]) -> f64
        = largest_weighted_square_body
}

#[inline(always)]
fn largest_weighted_square_body<const FMA: bool, const R: usize, const C: usize>(
    w: &[f64],
    squares: &[f64],
) -> f64 {
    let mut largest = 0.0f64;
    let (values, rest) = squares.as_chunks::<8>();
    for row in w.chunks_exact(squares.len().max(1)) {
        let mut sums = [0.0f64; 8];
        let (heads, tail) = row.as_chunks::<8>();
        for (head, value) in heads.iter().zip(values) {
            for lane in 0..8 {
                sums[lane] = fused::<FMA>(head[lane] * head[lane], value[lane], sums[lane]);
            }
        }
        let mut sum: f64 = sums.iter().sum();
        for (head, value) in tail.iter().zip(rest) {
            sum = fused::<FMA>(head * head, *value, sum);
        }
        largest = largest.max(sum);
    }
    largest
}

for_each_instruction_set! {
    /// `y = w^T x` for `w` of `x.len() x y.len()`.
    pub(crate) fn transposed_vector(w: &[f64], x: &[f64], y: &mut [f64]) = transposed_vector_body
}

#[inline(always)]
fn transposed_vector_body<const FMA: bool, const R: usize, const C: usize>(
    w: &[f64],
    x: &[f64],
    y: &mut [f64],
) {
    y.fill(0.0);
    for (row, value) in w.chunks_exact(y.len().max(1)).zip(x) {
        for (out, weight) in y.iter_mut().zip(row) {
            *out = fused::<FMA>(*weight, *value, *out);
        }
    }
}

/// `out = w h w^T` for a symmetric `h` (`old x old`) and `w` of `new x old`.
pub(crate) fn congruence(
    w: &[f64],
    h: &[f64],
    out: &mut [f64],
    new: usize,
    old: usize,
    scratch: &mut Vec<f64>,
) {
    scratch.resize(new * old, 0.0);
    multiply(w, h, scratch, new, old, old);
    multiply_transposed(scratch, w, out, new, old, new);
}

/// `out = w^T e w` for a symmetric `e` (`new x new`) and `w` of `new x old`.
pub(crate) fn congruence_transposed(
    w: &[f64],
    e: &[f64],
    out: &mut [f64],
    new: usize,
    old: usize,
    scratch: &mut Vec<f64>,
) {
    // e w, then (e w)^T w: both products read rows.
    scratch.resize(2 * new * old, 0.0);
    let (half, turned) = scratch.split_at_mut(new * old);
    multiply(e, w, half, new, new, old);
    for (row, line) in half.chunks_exact(old.max(1)).enumerate() {
        for (value, slot) in line.iter().zip(turned.iter_mut().skip(row).step_by(new.max(1))) {
            *slot = *value;
        }
    }
    multiply(turned, w, out, old, new, old);
}

for_each_instruction_set! {
    /// The largest absolute value; infinite or not a number if an entry is.
    pub(super) fn largest(x: &[f64]) -> f64 = largest_body
}

#[inline(always)]
fn largest_body<const FMA: bool, const R: usize, const C: usize>(x: &[f64]) -> f64 {
    // As integers the absolute values of doubles have their order, and what is not a number is
    // above infinity.
    const SIGN: u64 = !(1 << 63);
    let mut lanes = [0u64; 8];
    let (chunks, rest) = x.as_chunks::<8>();
    for chunk in chunks {
        for lane in 0..8 {
            lanes[lane] = lanes[lane].max(chunk[lane].to_bits() & SIGN);
        }
    }
    let mut largest = lanes.iter().copied().max().unwrap_or(0);
    for value in rest {
        largest = largest.max(value.to_bits() & SIGN);
    }
    f64::from_bits(largest)
}

/// The power of two `e` with which the largest absolute value is in `[2^(e-1), 2^e)`; `None` when
/// all entries are 0 or one is not finite.
pub(crate) fn exponent(x: &[f64]) -> Option<i64> {
    let largest = largest(x);
    if largest == 0.0 || !largest.is_finite() {
        return None;
    }
    let (value, shift) =
        if largest < f64::MIN_POSITIVE { (largest * 2f64.powi(64), -64) } else { (largest, 0) };
    Some((value.to_bits() >> 52 & 0x7ff) as i64 - 1022 + shift)
}

/// Multiplies by `2^-e`, exactly but for what becomes subnormal.
pub(crate) fn scale_down(x: &mut [f64], e: i64) {
    let e = e.clamp(-2200, 2200);
    if (-1000..=1000).contains(&e) {
        let factor = f64::from_bits(((1023 - e) as u64) << 52);
        x.iter_mut().for_each(|entry| *entry *= factor);
        return;
    }
    let half = e / 2;
    let power = |e: i64| 2f64.powi(-(e as i32));
    let (first, second) = (power(half), power(e - half));
    x.iter_mut().for_each(|entry| *entry = *entry * first * second);
}
