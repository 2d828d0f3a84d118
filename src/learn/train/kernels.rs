//! The inner loops of training: small products of matrices and pooling, channels last.
//!
//! Every loop is written once and compiled for AVX-512, AVX2 and plain machines
//! (`entangle::linalg::dispatch`); tiles of sums stay in registers. Columns come in multiples of 4 or 8
//! ([`super::real::padded`]), so that no loop has a tail.

use super::lanes::{Four, Lanes};
use super::real::Real;

/// Rows of a matrix: row `i` starts at `i * stride`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'x, T> {
    pub data: &'x [T],
    pub stride: usize,
}

/// Rows of a matrix that are written.
#[derive(Debug)]
pub(super) struct MatrixMut<'x, T> {
    pub data: &'x mut [T],
    pub stride: usize,
}

/// Compiles kernels for each instruction set. The bodies of `tiled` ones are generic over two kinds of
/// vectors, wide ones and narrower ones, and over the rows of a tile; those of `looped` ones are plain
/// loops.
macro_rules! compiled {
    ($T:ty, $wide:ident, $half:ident, $usual:ident, $least:ty;
        tiled $(fn $tiled:ident($($arg:ident: $ty:ty),*);)+
        looped $(fn $looped:ident($($larg:ident: $lty:ty),*);)+
    ) => {
        $(kernels::compiled! { @one $T, $tiled, ($($arg: $ty),*),
            (std::arch::x86_64::$wide, std::arch::x86_64::$half, 8),
            (std::arch::x86_64::$usual, $least, 4), (Four<$T>, Four<$T>, 4) })+
        $(kernels::compiled! { @one $T, $looped, ($($larg: $lty),*), (), (), () })+
    };
    (@one $T:ty, $name:ident, ($($arg:ident: $ty:ty),*),
        ($($wide:tt)*), ($($usual:tt)*), ($($plain:tt)*)) => {
        #[inline]
        fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::entangle::{Instructions, instructions};
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
                unsafe fn avx512($($arg: $ty),*) { kernels::$name::<$T, $($wide)*>($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn avx2($($arg: $ty),*) { kernels::$name::<$T, $($usual)*>($($arg),*) }
                match instructions() {
                    // SAFETY: the machine has these instructions, as was asked.
                    Instructions::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    Instructions::Avx2 => return unsafe { avx2($($arg),*) },
                    Instructions::Plain => {}
                }
            }
            kernels::$name::<$T, $($plain)*>($($arg),*)
        }
    };
}

pub(super) use compiled;

/// Whether `rows` rows of `cols` numbers fit.
fn fits(length: usize, stride: usize, rows: usize, cols: usize) -> bool {
    rows == 0 || ((rows - 1) * stride + cols <= length && cols <= stride)
}

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
pub(super) fn multiply<T, V, H, const R: usize>(
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
pub(super) fn accumulate<T, V, H, const R: usize>(
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

/// `max(x, 0)`; a number that is none stays, so that it is found.
#[inline(always)]
pub(super) fn rectify<T: Real>(values: &mut [T]) {
    for value in values {
        *value = if *value < T::ZERO { T::ZERO } else { *value };
    }
}

/// Sets the gradient to 0 where a rectified value is 0.
#[inline(always)]
pub(super) fn mask<T: Real>(values: &[T], grad: &mut [T]) {
    let values = &values[..grad.len()];
    for place in 0..grad.len() {
        grad[place] = if values[place] > T::ZERO { grad[place] } else { T::ZERO };
    }
}

#[inline(always)]
pub(super) fn add_assign_all<T: Real>(out: &mut [T], terms: &[T]) {
    let terms = &terms[..out.len()];
    for place in 0..out.len() {
        out[place] += terms[place];
    }
}

/// The members of windows: `count` arrays of the length of `out`, one after another.
#[inline(always)]
fn member<T>(members: &[T], number: usize, length: usize) -> &[T] {
    &members[number * length..(number + 1) * length]
}

/// The largest member, and which it is: the first one of equal ones.
#[inline(always)]
pub(super) fn largest<T: Real>(members: &[T], count: usize, out: &mut [T], chosen: &mut [u8]) {
    let length = out.len();
    let (members, chosen) = (&members[..count * length], &mut chosen[..length]);
    if count == 4 {
        // The window of 2x2: the members are compared while they are in registers.
        for place in 0..length {
            let (mut best, mut which) = (members[place], 0);
            for number in 1..4 {
                let value = members[number * length + place];
                let better = is_better(value, best);
                which = if better { number as u8 } else { which };
                best = if better { value } else { best };
            }
            (out[place], chosen[place]) = (best, which);
        }
        return;
    }
    out.copy_from_slice(member(members, 0, length));
    chosen.fill(0);
    for number in 1..count {
        let values = member(members, number, length);
        for place in 0..length {
            let better = is_better(values[place], out[place]);
            chosen[place] = if better { number as u8 } else { chosen[place] };
            out[place] = if better { values[place] } else { out[place] };
        }
    }
}

/// Whether a member takes the place of the best so far. A number that is none does, and keeps it: so it
/// is found.
#[inline(always)]
#[allow(clippy::eq_op)] // a number that is none is not itself
fn is_better<T: Real>(value: T, best: T) -> bool {
    (value > best) | (value != value)
}

/// The gradient of [`largest`]: it goes to the member that was chosen. With `kept`, the rectified
/// result, none goes where that is 0.
#[inline(always)]
pub(super) fn unlargest<T: Real>(
    grad: &[T],
    chosen: &[u8],
    kept: Option<&[T]>,
    count: usize,
    out: &mut [T],
) {
    let length = grad.len();
    let chosen = &chosen[..length];
    for number in 0..count {
        let out = &mut out[number * length..(number + 1) * length];
        match kept {
            None => {
                for place in 0..length {
                    let passes = chosen[place] == number as u8;
                    out[place] = if passes { grad[place] } else { T::ZERO };
                }
            }
            Some(kept) => {
                let kept = &kept[..length];
                for place in 0..length {
                    let passes = (chosen[place] == number as u8) & (kept[place] > T::ZERO);
                    out[place] = if passes { grad[place] } else { T::ZERO };
                }
            }
        }
    }
}

/// The mean of the members.
#[inline(always)]
pub(super) fn average<T: Real>(members: &[T], count: usize, out: &mut [T]) {
    let length = out.len();
    out.copy_from_slice(member(members, 0, length));
    for number in 1..count {
        let values = member(members, number, length);
        for place in 0..length {
            out[place] += values[place];
        }
    }
    let share = T::ONE / T::of(count as f64);
    for sum in out.iter_mut() {
        *sum *= share;
    }
}

/// The gradient of [`average`].
#[inline(always)]
pub(super) fn unaverage<T: Real>(grad: &[T], count: usize, out: &mut [T]) {
    let (length, share) = (grad.len(), T::ONE / T::of(count as f64));
    for number in 0..count {
        let out = &mut out[number * length..(number + 1) * length];
        for place in 0..length {
            out[place] = grad[place] * share;
        }
    }
}

/// The product of up to four members.
#[inline(always)]
pub(super) fn product<T: Real>(members: &[T], count: usize, out: &mut [T]) {
    let length = out.len();
    let of = |number: usize| member(members, number, length);
    match count {
        1 => out.copy_from_slice(of(0)),
        2 => {
            let (x, y) = (of(0), of(1));
            for place in 0..length {
                out[place] = x[place] * y[place];
            }
        }
        3 => {
            let (x, y, z) = (of(0), of(1), of(2));
            for place in 0..length {
                out[place] = x[place] * y[place] * z[place];
            }
        }
        _ => {
            let (x, y, z, t) = (of(0), of(1), of(2), of(3));
            for place in 0..length {
                out[place] = (x[place] * y[place]) * (z[place] * t[place]);
            }
        }
    }
}

/// The gradient of [`product`]: for each member the product of the others, so that zeros do no harm.
#[inline(always)]
pub(super) fn unproduct<T: Real>(grad: &[T], members: &[T], count: usize, out: &mut [T]) {
    let length = grad.len();
    let of = |number: usize| member(members, number, length);
    let out = &mut out[..count * length];
    match count {
        1 => out.copy_from_slice(grad),
        2 => {
            let (first, second) = out.split_at_mut(length);
            for place in 0..length {
                first[place] = grad[place] * of(1)[place];
                second[place] = grad[place] * of(0)[place];
            }
        }
        3 => {
            let (first, rest) = out.split_at_mut(length);
            let (second, third) = rest.split_at_mut(length);
            let (x, y, z) = (of(0), of(1), of(2));
            for place in 0..length {
                let (g, x, y, z) = (grad[place], x[place], y[place], z[place]);
                first[place] = g * (y * z);
                second[place] = g * (x * z);
                third[place] = g * (x * y);
            }
        }
        _ => {
            let (first, rest) = out.split_at_mut(length);
            let (second, rest) = rest.split_at_mut(length);
            let (third, fourth) = rest.split_at_mut(length);
            let (x, y, z, t) = (of(0), of(1), of(2), of(3));
            for place in 0..length {
                let (g, x, y, z, t) = (grad[place], x[place], y[place], z[place], t[place]);
                let (low, high) = (g * (x * y), g * (z * t));
                first[place] = high * y;
                second[place] = high * x;
                third[place] = low * t;
                fourth[place] = low * z;
            }
        }
    }
}

/// Copies rows of `stride` numbers: row `i` of `out` is row `rows[i]` of `from`, or `fill` where there
/// is no such row.
#[inline(always)]
pub(super) fn gather<T: Real>(from: &[T], rows: &[u32], stride: usize, fill: T, out: &mut [T]) {
    for (row, out) in rows.iter().zip(out.chunks_exact_mut(stride)) {
        let begin = *row as usize * stride;
        match from.get(begin..begin + stride) {
            Some(from) => copy_row(from, out),
            None => out.fill(fill),
        }
    }
}

/// The opposite of [`gather`]: rows that have no place are dropped.
#[inline(always)]
pub(super) fn scatter<T: Real>(from: &[T], rows: &[u32], stride: usize, out: &mut [T]) {
    for (row, from) in rows.iter().zip(from.chunks_exact(stride)) {
        let begin = *row as usize * stride;
        if let Some(out) = out.get_mut(begin..begin + stride) {
            copy_row(from, out);
        }
    }
}

/// A row is some vectors: copied in pieces of known length, which costs no call.
#[inline(always)]
fn copy_row<T: Real>(from: &[T], out: &mut [T]) {
    if out.len().is_multiple_of(16) {
        copy_pieces(from.as_chunks::<16>().0, out.as_chunks_mut::<16>().0);
    } else {
        copy_pieces(from.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    }
}

#[inline(always)]
#[allow(clippy::manual_memcpy)] // a copy of some vectors is not worth a call
fn copy_pieces<T: Copy, const N: usize>(from: &[[T; N]], out: &mut [[T; N]]) {
    let from = &from[..out.len()];
    for piece in 0..out.len() {
        out[piece] = from[piece];
    }
}

/// The exponent of a row of zeros: less than any other row has, and sums of four of them are no less than
/// the least integer.
pub(super) const EXPONENT_OF_ZERO: i32 = -(1 << 28);

/// Divides every row of `stride` numbers by the power of two of its largest, which is added to
/// `exponents`; `factors` has what the row was multiplied by.
#[inline(always)]
pub(super) fn normalize<T: Real>(
    values: &mut [T],
    stride: usize,
    exponents: &mut [i32],
    factors: &mut [T],
) {
    let rows = values.chunks_exact_mut(stride).zip(exponents).zip(factors);
    for ((row, exponent), factor) in rows {
        let mut largest = [T::ZERO; 4];
        for piece in row.as_chunks::<4>().0 {
            for lane in 0..4 {
                let size = piece[lane].size();
                largest[lane] = if size > largest[lane] { size } else { largest[lane] };
            }
        }
        let most = |x: T, y: T| if y > x { y } else { x };
        let largest = most(most(largest[0], largest[1]), most(largest[2], largest[3]));
        let own = largest.exponent();
        *exponent = if largest > T::ZERO {
            exponent.saturating_add(own).max(EXPONENT_OF_ZERO)
        } else {
            EXPONENT_OF_ZERO
        };
        *factor = if largest > T::ZERO { T::power_of_two(-own) } else { T::ONE };
        for value in row {
            *value *= *factor;
        }
    }
}

/// A convolution of a row of an image with patches: `out[i] = sum_k image[i + offsets[k]] w[k]` for
/// `rows` places; `w` is `offsets x cols`, `cols` a multiple of 4.
#[inline(always)]
pub(super) fn convolve<T, V, H, const R: usize>(
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
pub(super) fn correlate<T, V, H, const R: usize>(
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
