//! The weights of learned representation functions.

use super::init::{gaussian, stream};
use super::{ModelError, Weight};
use crate::network::{Network, Representation};

/// The names and shapes `[1, M, n]` of what the representation functions of a network learn: of
/// "affine" ones `input.weight` (a row for each function, over the patch, row-major) and `input.bias`,
/// of "gaussian" ones `input.mean` and `input.deviation`.
pub fn feature_shapes(network: &Network) -> Vec<(String, [u64; 3])> {
    network.features().weight_shapes(network.dim())
}

/// What representation functions start from: affine ones with normal weights of variance `2 / n` over
/// a patch of `n` (He et al., arXiv 1502.01852) and no bias; densities with means spread evenly over 0
/// to 1, and the distance of two as deviation.
pub fn standard_features(network: &Network, seed: u64) -> Vec<Weight> {
    let dim = network.dim();
    let shapes = feature_shapes(network);
    let data: Vec<Vec<f64>> = match network.features() {
        Representation::Gaussian => {
            let means = (0..dim).map(|d| (d as f64 + 0.5) / dim as f64);
            vec![means.collect(), vec![1.0 / dim as f64; dim as usize]]
        }
        Representation::Affine { patch } => {
            let mut random = stream(seed, u64::MAX, 0);
            let spread = (2.0 / patch.sites() as f64).sqrt();
            let weights = (0..dim * patch.sites()).map(|_| spread * gaussian(&mut random));
            vec![weights.collect(), vec![0.0; dim as usize]]
        }
        _ => Vec::new(),
    };
    shapes.into_iter().zip(data).filter_map(|((_, shape), data)| Weight::new(shape, data)).collect()
}

/// Whether weights are those of a network's representation.
pub(super) fn check(network: &Network, features: &[Weight]) -> Result<(), ModelError> {
    let expected = feature_shapes(network);
    for (number, (name, shape)) in expected.iter().enumerate() {
        let Some(weight) = features.get(number) else {
            return Err(ModelError::Missing { name: name.clone(), expected: *shape });
        };
        if weight.shape() != *shape {
            let (name, found) = (name.clone(), weight.shape().to_vec());
            return Err(ModelError::Shape { name, expected: *shape, found });
        }
        if let Some(index) = weight.data().iter().position(|entry| !entry.is_finite()) {
            return Err(ModelError::NotFinite { name: name.clone(), index });
        }
        if name == "input.deviation"
            && let Some(wrong) = weight.data().iter().find(|entry| **entry <= 0.0)
        {
            return Err(ModelError::Deviation(*wrong));
        }
    }
    Ok(())
}
