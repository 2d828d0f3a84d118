//! A random stream of its own for every sample.

use crate::network::SplitMix64;

/// The generator of one sample: it depends on the seed and the number of the sample alone, not on
/// which samples were made before, or on which thread.
///
/// Both numbers go through the generator's mixing, so that neighbouring seeds or samples do not give
/// the same sequence at another place.
pub fn stream(seed: u64, sample: usize) -> SplitMix64 {
    let seeded = SplitMix64::new(seed).next_u64();
    let mixed = SplitMix64::new(seeded ^ sample as u64).next_u64();
    SplitMix64::new(mixed ^ seeded.rotate_left(32))
}
