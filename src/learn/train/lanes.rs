//! Vectors of the instruction sets, for the tiles of [`super::kernels`].
//!
//! Compilers do not keep a tile of sums in registers reliably; so vectors are named. Each type is used
//! only inside functions that are compiled for its instruction set, after the machine was asked for it.

/// Numbers that one instruction works on.
pub(super) trait Lanes: Copy {
    type Number: Copy;
    /// How many there are.
    const COUNT: usize;

    /// # Safety
    /// The machine has the instructions.
    unsafe fn zero() -> Self;
    /// # Safety
    /// The machine has the instructions; `from` is followed by `COUNT` numbers.
    unsafe fn load(from: *const Self::Number) -> Self;
    /// # Safety
    /// The machine has the instructions; `to` is followed by room for `COUNT` numbers.
    unsafe fn store(self, to: *mut Self::Number);
    /// `self + factor * line`.
    ///
    /// # Safety
    /// The machine has the instructions.
    unsafe fn plus(self, factor: Self::Number, line: Self) -> Self;
    /// # Safety
    /// The machine has the instructions.
    unsafe fn sum(self, other: Self) -> Self;
}

/// Four numbers, on any machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Four<T>([T; 4]);

macro_rules! plain {
    ($T:ty) => {
        impl Lanes for Four<$T> {
            type Number = $T;
            const COUNT: usize = 4;

            #[inline(always)]
            unsafe fn zero() -> Self {
                Four([0.0; 4])
            }

            #[inline(always)]
            unsafe fn load(from: *const $T) -> Self {
                // SAFETY: the caller says that there are four numbers.
                Four(unsafe { from.cast::<[$T; 4]>().read() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $T) {
                // SAFETY: the caller says that there is room for four numbers.
                unsafe { to.cast::<[$T; 4]>().write(self.0) }
            }

            #[inline(always)]
            unsafe fn plus(self, factor: $T, line: Self) -> Self {
                let ([a, b, c, d], [w, x, y, z]) = (self.0, line.0);
                Four([a + factor * w, b + factor * x, c + factor * y, d + factor * z])
            }

            #[inline(always)]
            unsafe fn sum(self, other: Self) -> Self {
                let ([a, b, c, d], [w, x, y, z]) = (self.0, other.0);
                Four([a + w, b + x, c + y, d + z])
            }
        }
    };
}

plain!(f32);
plain!(f64);

#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($T:ty, $V:ident, $count:literal, $zero:ident, $load:ident, $store:ident, $splat:ident, $fused:ident, $add:ident) => {
        impl Lanes for std::arch::x86_64::$V {
            type Number = $T;
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller says that the machine has the instruction.
                unsafe { std::arch::x86_64::$zero() }
            }

            #[inline(always)]
            unsafe fn load(from: *const $T) -> Self {
                // SAFETY: as above, and that there are the numbers.
                unsafe { std::arch::x86_64::$load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $T) {
                // SAFETY: as above, and that there is room.
                unsafe { std::arch::x86_64::$store(to, self) }
            }

            #[inline(always)]
            unsafe fn plus(self, factor: $T, line: Self) -> Self {
                // SAFETY: the caller says that the machine has the instructions.
                unsafe { std::arch::x86_64::$fused(std::arch::x86_64::$splat(factor), line, self) }
            }

            #[inline(always)]
            unsafe fn sum(self, other: Self) -> Self {
                // SAFETY: the caller says that the machine has the instruction.
                unsafe { std::arch::x86_64::$add(self, other) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use super::Lanes;

    vector!(
        f32,
        __m512,
        16,
        _mm512_setzero_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps
    );
    vector!(
        f32,
        __m256,
        8,
        _mm256_setzero_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps
    );
    vector!(
        f32,
        __m128,
        4,
        _mm_setzero_ps,
        _mm_loadu_ps,
        _mm_storeu_ps,
        _mm_set1_ps,
        _mm_fmadd_ps,
        _mm_add_ps
    );
    vector!(
        f64,
        __m512d,
        8,
        _mm512_setzero_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_set1_pd,
        _mm512_fmadd_pd,
        _mm512_add_pd
    );
    vector!(
        f64,
        __m256d,
        4,
        _mm256_setzero_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_set1_pd,
        _mm256_fmadd_pd,
        _mm256_add_pd
    );
}
