//! The inner loops of training: small products of matrices and pooling, channels last.
//!
//! Every loop is written once and compiled for AVX-512, AVX2 and plain machines
//! (`entangle::linalg::dispatch`); tiles of sums stay in registers. Columns come in multiples of 4 or 8
//! ([`super::real::padded`]), so that no loop has a tail.

mod loops;
mod tiles;

pub(super) use loops::*;
pub(super) use tiles::*;

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
