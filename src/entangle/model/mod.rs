//! Models: networks with weights.

mod features;
mod forward;
mod init;
mod safetensors;
#[cfg(test)]
mod tests;
mod weight;

pub use features::{feature_shapes, standard_features};
pub use forward::{Features, forward};
pub use init::{Initial, MAX_WEIGHT_BYTES, init};
pub use safetensors::{decode, encode};
pub use weight::{ModelError, Weight};

use crate::network::Network;
use std::sync::Arc;

/// A network with weights. Clones share their data.
#[derive(Clone, Debug)]
pub struct Model {
    content: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    network: Network,
    convs: Vec<Weight>,
    output: Weight,
    /// What the representation functions have learned.
    features: Vec<Weight>,
    origin: Origin,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Random ones.
    Initial {
        /// Their distribution.
        kind: Initial,
        /// Its seed.
        seed: u64,
        /// The factor of all weights.
        scale: f64,
    },
    /// Training; what a run was is told by who ran it.
    Trained {
        /// The seed of the run.
        seed: u64,
        /// The steps down the gradient.
        steps: u64,
    },
    /// A file or other data.
    Given,
}

impl Model {
    /// A network with these weights: one for each convolution, from the input up, and that of the
    /// output.
    ///
    /// # Errors
    /// [`ModelError`] for a missing weight, a wrong shape or a number that is not finite.
    pub fn new(
        network: Network,
        convs: Vec<Weight>,
        output: Weight,
        origin: Origin,
    ) -> Result<Self, ModelError> {
        let expected = weight_shapes(&network);
        let given = convs.iter().chain([&output]);
        if convs.len() + 1 != expected.len() {
            let (name, shape) = expected
                .get(convs.len())
                .map_or(("output.weight".to_owned(), [1, 0, 0]), Clone::clone);
            return Err(ModelError::Missing { name, expected: shape });
        }
        for ((name, shape), weight) in expected.iter().zip(given) {
            if weight.shape() != *shape {
                let (name, found) = (name.clone(), weight.shape().to_vec());
                return Err(ModelError::Shape { name, expected: *shape, found });
            }
            if let Some(index) = weight.data().iter().position(|entry| !entry.is_finite()) {
                return Err(ModelError::NotFinite { name: name.clone(), index });
            }
        }
        let features = standard_features(&network, 0);
        Ok(Model { content: Arc::new(Content { network, convs, output, features, origin }) })
    }

    /// The same model with other weights of its representation functions, in the order of
    /// [`feature_shapes`].
    ///
    /// # Errors
    /// [`ModelError`] for a missing weight, a wrong shape, a number that is not finite or a deviation
    /// that is not positive.
    pub fn with_features(&self, features: Vec<Weight>) -> Result<Self, ModelError> {
        features::check(self.network(), &features)?;
        let Content { network, convs, output, origin, .. } = &*self.content;
        let (network, convs) = (network.clone(), convs.clone());
        let (output, origin) = (output.clone(), origin.clone());
        Ok(Model { content: Arc::new(Content { network, convs, output, features, origin }) })
    }

    /// The weights of the representation functions, in the order of [`feature_shapes`]; none if
    /// nothing of them is learned.
    pub fn features(&self) -> &[Weight] {
        &self.content.features
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.content.network
    }

    /// The weight of a convolution, counted from 0 at the input.
    pub fn conv(&self, conv: usize) -> Option<&Weight> {
        self.content.convs.get(conv)
    }

    /// The weight of the output: one matrix, `classes x channels`.
    pub fn output(&self) -> &Weight {
        &self.content.output
    }

    /// Where the weights come from.
    pub fn origin(&self) -> &Origin {
        &self.content.origin
    }

    /// All weights with their names: `conv0.weight` .. `output.weight`, then those of the
    /// representation functions (`input.weight`, `input.bias`, or `input.mean`, `input.deviation`).
    pub fn weights(&self) -> impl Iterator<Item = (String, &Weight)> {
        let names = weight_shapes(self.network()).into_iter().map(|(name, _)| name);
        let features = feature_shapes(self.network()).into_iter().map(|(name, _)| name);
        let own = names.zip(self.content.convs.iter().chain([&self.content.output]));
        own.chain(features.zip(&self.content.features))
    }

    /// A Gaussian model, for tests.
    #[cfg(test)]
    pub fn random(network: &Network, seed: u64) -> Self {
        init(network, Initial::Gaussian, seed, 1.0, &crate::interrupt::Interrupt::new()).unwrap()
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        self.network() == other.network()
            && self.content.convs == other.content.convs
            && self.content.output == other.content.output
            && self.content.features == other.content.features
    }
}

/// The names and shapes `[positions, rows, cols]` of the weights of a network, from the input up.
pub fn weight_shapes(network: &Network) -> Vec<(String, [u64; 3])> {
    let stages = network.stages().iter();
    stages
        .filter_map(|stage| Some((format!("{}.weight", stage.name), stage.weight_shape?)))
        .collect()
}
