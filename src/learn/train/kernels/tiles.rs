//! Small products of matrices and convolutions with patches: tiles of sums in registers.

use super::super::lanes::{Four, Lanes};
use super::super::real::Real;
use super::{Matrix, MatrixMut, fits};

/// Takes columns in the widest vectors that fit: `$call` is one strip of the kernel.
macro_rules! strips {
    ($V:ident, $H:ident, $F:ident, $cols:expr, |$col:ident| $strip:ident($($arg:expr),*)) => {
        let mut $col = 0;
        while $col + 2 * $V::COUNT <= $cols {
            $strip::<T, $V, 2, R>($($arg),*);
            $col += 2 * $V::COUNT;
        }
        while $col + $V::COUNT <= $cols {
            $strip::<T, $V, 1, R>($($arg),*);
            $col += $V::COUNT;
        }
        while $col + $H::COUNT <= $cols {
            $strip::<T, $H, 1, R>($($arg),*);
            $col += $H::COUNT;
        }
        while $col < $cols {
            $strip::<T, $F<T>, 1, R>($($arg),*);
            $col += 4;
        }
    };
}

/// `C` vectors one after another. A loop: a closure would be compiled for plain machines, where it cannot
/// take in the instruction, and would be called.
///
/// # Safety
/// The machine has the instructions of `V`; `from` is followed by `C` vectors.
#[inline(always)]
unsafe fn line<V: Lanes, const C: usize>(from: *const V::Number) -> [V; C] {
    // SAFETY: the caller says so.
    unsafe {
        let mut line = [V::zero(); C];
        for c in 0..C {
            line[c] = V::load(from.add(c * V::COUNT));
        }
        line
    }
}

/// `out = x w`: `x` is `rows x inner`, `w` is `inner x cols`, `cols` a multiple of 4.
#[inline(always)]
pub(in super::super) fn multiply<T, V, H, const R: usize>(
    x: Matrix<'_, T>,
    w: Matrix<'_, T>,
    mut out: MatrixMut<'_, T>,
    rows: usize,
    inner: usize,
    cols: usize,
) where
    T: Real,
    V: Lanes<Number = T>,
    H: Lanes<Number = T>,
    Four<T>: Lanes<Number = T>,
{
    assert!(fits(x.data.len(), x.stride, rows, inner), "x is too short");
    assert!(fits(w.data.len(), w.stride, inner, cols), "w is too short");
    assert!(
        fits(out.data.len(), out.stride, rows, cols) && cols.is_multiple_of(4),
        "out is too short"
    );
    strips!(V, H, Four, cols, |col| product_strip(x, w, &mut out, rows, inner, col));
}

#[inline(always)]
fn product_strip<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    x: Matrix<'_, T>,
    w: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    rows: usize,
    inner: usize,
    col: usize,
) {
    let mut row = 0;
    while row + R <= rows {
        product_tile::<T, V, C, R>(x, w, out, inner, row, col);
        row += R;
    }
    while row < rows {
        product_tile::<T, V, C, 1>(x, w, out, inner, row, col);
        row += 1;
    }
}

#[inline(always)]
fn product_tile<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    x: Matrix<'_, T>,
    w: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    inner: usize,
    row: usize,
    col: usize,
) {
    // SAFETY: `multiply` has checked that x holds row + R rows of inner numbers, w inner rows and out
    // row + R rows of all columns; it is compiled for the instructions of V.
    unsafe {
        let mut sums = [[V::zero(); C]; R];
        let (from, lines) = (x.data.as_ptr().add(row * x.stride), w.data.as_ptr().add(col));
        for k in 0..inner {
            let line = line::<V, C>(lines.add(k * w.stride));
            for r in 0..R {
                let factor = *from.add(r * x.stride + k);
                for c in 0..C {
                    sums[r][c] = sums[r][c].plus(factor, line[c]);
                }
            }
        }
        for r in 0..R {
            let to = out.data.as_mut_ptr().add((row + r) * out.stride + col);
            for c in 0..C {
                sums[r][c].store(to.add(c * V::COUNT));
            }
        }
    }
}

/// `out += x^T y`: `x` is `rows x inner`, `y` is `rows x cols`, `cols` a multiple of 4; the gradient
/// of a matrix.
#[inline(always)]
pub(in super::super) fn accumulate<T, V, H, const R: usize>(
    x: Matrix<'_, T>,
    y: Matrix<'_, T>,
    mut out: MatrixMut<'_, T>,
    rows: usize,
    inner: usize,
    cols: usize,
) where
    T: Real,
    V: Lanes<Number = T>,
    H: Lanes<Number = T>,
    Four<T>: Lanes<Number = T>,
{
    assert!(fits(x.data.len(), x.stride, rows, inner), "x is too short");
    assert!(fits(y.data.len(), y.stride, rows, cols), "y is too short");
    assert!(
        fits(out.data.len(), out.stride, inner, cols) && cols.is_multiple_of(4),
        "out is too short"
    );
    strips!(V, H, Four, cols, |col| sum_strip(x, y, &mut out, rows, inner, col));
}

#[inline(always)]
fn sum_strip<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    x: Matrix<'_, T>,
    y: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    rows: usize,
    inner: usize,
    col: usize,
) {
    let mut k = 0;
    while k + R <= inner {
        sum_tile::<T, V, C, R>(x, y, out, rows, k, col);
        k += R;
    }
    while k + 2 <= inner {
        sum_tile::<T, V, C, 2>(x, y, out, rows, k, col);
        k += 2;
    }
    if k < inner {
        sum_tile::<T, V, C, 1>(x, y, out, rows, k, col);
    }
}

#[inline(always)]
fn sum_tile<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    x: Matrix<'_, T>,
    y: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    rows: usize,
    k: usize,
    col: usize,
) {
    // SAFETY: `accumulate` has checked that x holds rows rows of k + R numbers, y rows rows and out
    // k + R rows of all columns; it is compiled for the instructions of V.
    unsafe {
        let mut sums = [[V::zero(); C]; R];
        let (from, lines) = (x.data.as_ptr().add(k), y.data.as_ptr().add(col));
        for row in 0..rows {
            let line = line::<V, C>(lines.add(row * y.stride));
            for r in 0..R {
                let factor = *from.add(row * x.stride + r);
                for c in 0..C {
                    sums[r][c] = sums[r][c].plus(factor, line[c]);
                }
            }
        }
        for r in 0..R {
            let to = out.data.as_mut_ptr().add((k + r) * out.stride + col);
            for c in 0..C {
                let to = to.add(c * V::COUNT);
                V::load(to).sum(sums[r][c]).store(to);
            }
        }
    }
}

/// A convolution of a row of an image with patches: `out[i] = sum_k image[i + offsets[k]] w[k]` for
/// `rows` places; `w` is `offsets x cols`, `cols` a multiple of 4.
#[inline(always)]
pub(in super::super) fn convolve<T, V, H, const R: usize>(
    image: &[T],
    offsets: &[usize],
    w: Matrix<'_, T>,
    mut out: MatrixMut<'_, T>,
    rows: usize,
) where
    T: Real,
    V: Lanes<Number = T>,
    H: Lanes<Number = T>,
    Four<T>: Lanes<Number = T>,
{
    let cols = out.stride;
    let reach = offsets.iter().max().copied().unwrap_or(0);
    assert!(rows + reach <= image.len(), "the image is too small");
    assert!(fits(w.data.len(), w.stride, offsets.len(), cols), "w is too short");
    assert!(fits(out.data.len(), cols, rows, cols) && cols.is_multiple_of(4), "out is too short");
    strips!(V, H, Four, cols, |col| patch_strip(image, offsets, w, &mut out, rows, col));
}

#[inline(always)]
fn patch_strip<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    image: &[T],
    offsets: &[usize],
    w: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    rows: usize,
    col: usize,
) {
    let mut row = 0;
    while row + R <= rows {
        patch_tile::<T, V, C, R>(image, offsets, w, out, row, col);
        row += R;
    }
    while row < rows {
        patch_tile::<T, V, C, 1>(image, offsets, w, out, row, col);
        row += 1;
    }
}

#[inline(always)]
fn patch_tile<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    image: &[T],
    offsets: &[usize],
    w: Matrix<'_, T>,
    out: &mut MatrixMut<'_, T>,
    row: usize,
    col: usize,
) {
    // SAFETY: `convolve` has checked that image holds row + R + offset numbers, w a row for every offset
    // and out row + R rows of all columns; it is compiled for the instructions of V.
    unsafe {
        let mut sums = [[V::zero(); C]; R];
        let (from, lines) = (image.as_ptr().add(row), w.data.as_ptr().add(col));
        for (k, offset) in offsets.iter().enumerate() {
            let line = line::<V, C>(lines.add(k * w.stride));
            for r in 0..R {
                let factor = *from.add(offset + r);
                for c in 0..C {
                    sums[r][c] = sums[r][c].plus(factor, line[c]);
                }
            }
        }
        for r in 0..R {
            let to = out.data.as_mut_ptr().add((row + r) * out.stride + col);
            for c in 0..C {
                sums[r][c].store(to.add(c * V::COUNT));
            }
        }
    }
}

/// The gradient of [`convolve`] by its matrix: `out[k] += sum_i image[i + offsets[k]] grad[i]`.
#[inline(always)]
pub(in super::super) fn correlate<T, V, H, const R: usize>(
    image: &[T],
    offsets: &[usize],
    grad: Matrix<'_, T>,
    out: &mut [T],
    rows: usize,
) where
    T: Real,
    V: Lanes<Number = T>,
    H: Lanes<Number = T>,
    Four<T>: Lanes<Number = T>,
{
    let cols = grad.stride;
    let reach = offsets.iter().max().copied().unwrap_or(0);
    assert!(rows + reach <= image.len(), "the image is too small");
    assert!(fits(grad.data.len(), cols, rows, cols) && cols.is_multiple_of(4), "grad is too short");
    assert!(fits(out.len(), cols, offsets.len(), cols), "out is too short");
    strips!(V, H, Four, cols, |col| shift_strip(image, offsets, grad, out, rows, col));
}

#[inline(always)]
fn shift_strip<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    image: &[T],
    offsets: &[usize],
    grad: Matrix<'_, T>,
    out: &mut [T],
    rows: usize,
    col: usize,
) {
    let mut k = 0;
    while k + R <= offsets.len() {
        shift_tile::<T, V, C, R>(image, &offsets[k..], grad, out, rows, (k, col));
        k += R;
    }
    while k < offsets.len() {
        shift_tile::<T, V, C, 1>(image, &offsets[k..], grad, out, rows, (k, col));
        k += 1;
    }
}

#[inline(always)]
fn shift_tile<T: Real, V: Lanes<Number = T>, const C: usize, const R: usize>(
    image: &[T],
    offsets: &[usize],
    grad: Matrix<'_, T>,
    out: &mut [T],
    rows: usize,
    (k, col): (usize, usize),
) {
    let offsets = &offsets[..R];
    // SAFETY: `correlate` has checked that image holds rows + offset numbers, grad rows rows and out
    // k + R rows of all columns; it is compiled for the instructions of V.
    unsafe {
        let mut sums = [[V::zero(); C]; R];
        let lines = grad.data.as_ptr().add(col);
        for row in 0..rows {
            let line = line::<V, C>(lines.add(row * grad.stride));
            for r in 0..R {
                let factor = *image.as_ptr().add(row + offsets[r]);
                for c in 0..C {
                    sums[r][c] = sums[r][c].plus(factor, line[c]);
                }
            }
        }
        for r in 0..R {
            let to = out.as_mut_ptr().add((k + r) * grad.stride + col);
            for c in 0..C {
                let to = to.add(c * V::COUNT);
                V::load(to).sum(sums[r][c]).store(to);
            }
        }
    }
}
