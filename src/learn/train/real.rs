//! The scalars of training: floats for speed, doubles for proofs.

use super::kernels::{self, Matrix, MatrixMut};
use super::lanes::Four;

/// `f32` or `f64`. Training runs in `f32`; the same code in `f64` is what gradients are checked in.
pub(super) trait Real:
    Copy
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + std::iter::Sum
    + 'static
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::AddAssign
    + std::ops::MulAssign
{
    const ZERO: Self;
    const ONE: Self;
    /// The nearest number of this type.
    fn of(value: f64) -> Self;
    fn double(self) -> f64;
    fn size(self) -> Self;
    fn root(self) -> Self;
    /// The power of two of a normal number, `1.0` having 0.
    fn exponent(self) -> i32;
    /// `2^exponent`, within the normal numbers.
    fn power_of_two(exponent: i32) -> Self;

    /// See [`kernels::multiply`].
    fn multiply(
        x: Matrix<'_, Self>,
        w: Matrix<'_, Self>,
        out: MatrixMut<'_, Self>,
        rows: usize,
        inner: usize,
        cols: usize,
    );
    /// See [`kernels::accumulate`].
    fn accumulate(
        x: Matrix<'_, Self>,
        y: Matrix<'_, Self>,
        out: MatrixMut<'_, Self>,
        rows: usize,
        inner: usize,
        cols: usize,
    );
    fn rectify(values: &mut [Self]);
    fn largest(members: &[Self], count: usize, out: &mut [Self], chosen: &mut [u8]);
    fn unlargest(
        grad: &[Self],
        chosen: &[u8],
        kept: Option<&[Self]>,
        count: usize,
        out: &mut [Self],
    );
    fn average(members: &[Self], count: usize, out: &mut [Self]);
    fn unaverage(grad: &[Self], count: usize, out: &mut [Self]);
    fn product(members: &[Self], count: usize, out: &mut [Self]);
    fn unproduct(grad: &[Self], members: &[Self], count: usize, out: &mut [Self]);
    fn mask(values: &[Self], grad: &mut [Self]);
    fn add_assign_all(out: &mut [Self], terms: &[Self]);
    fn gather(from: &[Self], rows: &[u32], stride: usize, fill: Self, out: &mut [Self]);
    fn scatter(from: &[Self], rows: &[u32], stride: usize, out: &mut [Self]);
    fn normalize(values: &mut [Self], stride: usize, exponents: &mut [i32], factors: &mut [Self]);
    fn convolve(
        image: &[Self],
        offsets: &[usize],
        w: Matrix<'_, Self>,
        out: MatrixMut<'_, Self>,
        rows: usize,
    );
    fn correlate(
        image: &[Self],
        offsets: &[usize],
        grad: Matrix<'_, Self>,
        out: &mut [Self],
        rows: usize,
    );
}

macro_rules! real {
    ($T:ty, $bits:ty, $mantissa:literal, $bias:literal, $wide:ident, $half:ident, $usual:ident, $least:ty) => {
        impl Real for $T {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $T
            }

            #[inline(always)]
            fn double(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn size(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn exponent(self) -> i32 {
                ((self.to_bits() >> $mantissa) as i32 & (2 * $bias + 1)) - $bias
            }

            #[inline(always)]
            fn power_of_two(exponent: i32) -> Self {
                <$T>::from_bits(((exponent.clamp(1 - $bias, $bias) + $bias) as $bits) << $mantissa)
            }

            kernels::compiled! { $T, $wide, $half, $usual, $least;
                tiled
                fn multiply(x: Matrix<'_, $T>, w: Matrix<'_, $T>, out: MatrixMut<'_, $T>, rows: usize, inner: usize, cols: usize);
                fn accumulate(x: Matrix<'_, $T>, y: Matrix<'_, $T>, out: MatrixMut<'_, $T>, rows: usize, inner: usize, cols: usize);
                fn convolve(image: &[$T], offsets: &[usize], w: Matrix<'_, $T>, out: MatrixMut<'_, $T>, rows: usize);
                fn correlate(image: &[$T], offsets: &[usize], grad: Matrix<'_, $T>, out: &mut [$T], rows: usize);
                looped
                fn rectify(values: &mut [$T]);
                fn largest(members: &[$T], count: usize, out: &mut [$T], chosen: &mut [u8]);
                fn unlargest(grad: &[$T], chosen: &[u8], kept: Option<&[$T]>, count: usize, out: &mut [$T]);
                fn average(members: &[$T], count: usize, out: &mut [$T]);
                fn unaverage(grad: &[$T], count: usize, out: &mut [$T]);
                fn product(members: &[$T], count: usize, out: &mut [$T]);
                fn unproduct(grad: &[$T], members: &[$T], count: usize, out: &mut [$T]);
                fn mask(values: &[$T], grad: &mut [$T]);
                fn add_assign_all(out: &mut [$T], terms: &[$T]);
                fn gather(from: &[$T], rows: &[u32], stride: usize, fill: $T, out: &mut [$T]);
                fn scatter(from: &[$T], rows: &[u32], stride: usize, out: &mut [$T]);
                fn normalize(values: &mut [$T], stride: usize, exponents: &mut [i32], factors: &mut [$T]);
            }
        }
    };
}

real!(f32, u32, 23, 127, __m512, __m256, __m256, std::arch::x86_64::__m128);
real!(f64, u64, 52, 1023, __m512d, __m256d, __m256d, Four<f64>);

/// The numbers that a row of channels occupies: so many that rows are whole vectors. What is beyond
/// the channels is 0 everywhere.
pub(super) fn padded(channels: usize) -> usize {
    if channels <= 4 { 4 } else { channels.next_multiple_of(8) }
}
