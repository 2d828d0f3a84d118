//! Which vector instructions the machine has.
//!
//! The shipped program is built for every x86-64 machine; a loop compiled for AVX-512 or AVX2 is
//! 5 to 20 times faster. Kernels are written once as `#[inline(always)]` bodies and compiled for
//! each instruction set; the right one is chosen at run time. Results may differ in their last bits
//! between machines, never between threads.

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instructions {
    Plain,
    Avx2,
    Avx512,
}

static KNOWN: AtomicU8 = AtomicU8::new(0);

/// What this machine has; asked once.
#[inline]
pub(crate) fn instructions() -> Instructions {
    match KNOWN.load(Ordering::Relaxed) {
        1 => Instructions::Plain,
        2 => Instructions::Avx2,
        3 => Instructions::Avx512,
        _ => detect(),
    }
}

#[cold]
fn detect() -> Instructions {
    let found = best();
    let code = match found {
        Instructions::Plain => 1,
        Instructions::Avx2 => 2,
        Instructions::Avx512 => 3,
    };
    KNOWN.store(code, Ordering::Relaxed);
    found
}

#[cfg(target_arch = "x86_64")]
fn best() -> Instructions {
    let wide = std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl");
    let usual =
        std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
    match (usual, wide) {
        (true, true) => Instructions::Avx512,
        (true, false) => Instructions::Avx2,
        _ => Instructions::Plain,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Instructions {
    Instructions::Plain
}

/// Compiles a body for each instruction set. The body is a generic function whose first constant
/// says whether fused multiply-add is an instruction; the others are the tile of the set.
macro_rules! for_each_instruction_set {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        #[inline]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::entangle::linalg::dispatch::{Instructions, instructions};
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                unsafe fn avx512($($arg: $ty),*) $(-> $ret)? { $body::<true, 8, 16>($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                unsafe fn avx2($($arg: $ty),*) $(-> $ret)? { $body::<true, 4, 8>($($arg),*) }
                match instructions() {
                    // SAFETY: the machine has these instructions, as was asked.
                    Instructions::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    Instructions::Avx2 => return unsafe { avx2($($arg),*) },
                    Instructions::Plain => {}
                }
            }
            $body::<false, 4, 4>($($arg),*)
        }
    };
}

pub(crate) use for_each_instruction_set;
