//! What a network takes in memory, known before anything is allocated.
//!
//! Bytes are estimated from above, by less than a small factor, in floats: no size is too large to be
//! told.

use super::error::TrainError;
use super::pass::TILE_ROWS;
use super::real::padded;
use crate::network::{Layer, Network};

/// The most that training or asking a network may take: 4 GiB.
pub(super) const MAX_BYTES: f64 = (1u64 << 32) as f64;
/// The part of it that is shared by what is in work at the same time.
const WORKING_BYTES: f64 = (1u64 << 30) as f64;

/// The bytes of a network in single precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// What is there once: the plan, the matrices, the parameters and what is kept for each of them.
    pub fixed: f64,
    /// What one sample takes on its way up and down.
    pub sample: f64,
    /// The sum of gradients of a part of a batch.
    pub sum: f64,
}

impl Memory {
    /// What a network takes, with so many arrays as long as its parameters.
    pub fn of(network: &Network, arrays: u64) -> Self {
        let wide =
            |channels: u64| usize::try_from(channels).map_or(channels as f64, |n| padded(n) as f64);
        let mut memory = Memory { fixed: 0.0, sample: 0.0, sum: 0.0 };
        let mut parameters = 0.0;
        for (layer, stage) in network.layers().iter().zip(network.stages()) {
            let sites = stage.shape_in.sites() as f64;
            let (below, above) = (wide(stage.channels_in), wide(stage.channels_out));
            // Values, gradients, members of windows that are kept; exponents and rows.
            let numbers = match layer {
                Layer::Pool { .. } | Layer::Relu => 2.0 * below,
                _ => 2.0 * (below + above),
            };
            memory.sample += sites * (4.0 * numbers + 24.0);
            // The rows of a tile: what enters, what leaves, their gradients.
            memory.sample += 8.0 * TILE_ROWS as f64 * (below + above);
            if matches!(layer, Layer::Input { .. }) {
                continue;
            }
            // Members of windows, their lists while the plan is made, and matrices of their own.
            memory.fixed += 80.0 * sites;
            if let Some([positions, rows, cols]) = stage.weight_shape {
                let turned = positions as f64 * cols as f64 * wide(rows);
                let straight = positions as f64 * rows as f64 * wide(cols);
                parameters += positions as f64 * rows as f64 * cols as f64;
                memory.sum += 4.0 * turned;
                memory.fixed += 4.0 * (turned + straight);
            }
        }
        // The model of the parameters is made of doubles.
        memory.fixed += parameters * (4.0 * arrays as f64 + 16.0);
        memory
    }

    /// Whether all of it fits.
    ///
    /// # Errors
    /// [`TrainError::TooLarge`].
    pub fn check(&self) -> Result<(), TrainError> {
        let bytes = self.fixed + self.sample + 2.0 * self.sum;
        if bytes <= MAX_BYTES { Ok(()) } else { Err(TrainError::TooLarge { bytes }) }
    }

    /// How many parts of a batch may be in work at the same time: at least one. So what is taken does
    /// not grow with the threads of the machine.
    pub fn at_once(&self) -> usize {
        (WORKING_BYTES / (self.sample + self.sum).max(1.0)).clamp(1.0, 1024.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::train::matrices::Matrices;
    use crate::learn::train::pass::Pass;
    use crate::learn::train::plan::Plan;
    use crate::learn::train::tests::networks::random_network;

    #[test]
    fn what_is_announced_is_what_is_taken() {
        for seed in 0..200 {
            let network = random_network(seed);
            let memory = Memory::of(&network, 0);
            let plan = Plan::new(&network).unwrap();
            let matrices = Matrices::<f32>::new(&plan);
            let sample = Pass::<f32>::new(&plan, 1).bytes() as f64;
            assert!(memory.sum >= 4.0 * matrices.turned.len() as f64, "seed {seed}");
            let fixed = 4.0 * (matrices.turned.len() + matrices.straight.len()) as f64;
            assert!(memory.fixed >= fixed, "seed {seed}");
            // Rows of a tile are announced, and not taken before they are needed.
            let tiles: f64 = network
                .stages()
                .iter()
                .map(|stage| tile(stage.channels_in, stage.channels_out))
                .sum();
            let announced = memory.sample - tiles;
            assert!(
                sample <= announced && announced <= 8.0 * sample,
                "seed {seed}: {sample} {announced}"
            );
        }
    }

    fn tile(below: u64, above: u64) -> f64 {
        8.0 * TILE_ROWS as f64 * (padded(below as usize) + padded(above as usize)) as f64
    }
}
