//! The settings of a run.

use super::engine::Sign;
use super::error::TrainError;
use super::loss::Loss;
use super::optimizer::{Method, Schedule};
use crate::network::{Layer, Network, Pooling, Representation};

/// The settings of a run. With the network and the data they decide every bit of its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How often every sample is seen.
    pub epochs: u64,
    /// The samples of a step; the last one of an epoch may have fewer.
    pub batch: usize,
    /// The rate of the steps at the beginning.
    pub rate: f64,
    /// How a gradient becomes a step.
    pub method: Method,
    /// How the rate changes.
    pub schedule: Schedule,
    /// The share of a parameter that is taken away in a step, divided by the rate.
    pub weight_decay: f64,
    /// The seed of the first weights and of the order of samples.
    pub seed: u64,
    /// The loss; without it the one that suits the network.
    pub loss: Option<Loss>,
    /// What the entries of matrices may be.
    pub sign: Sign,
    /// After so many epochs without a smaller validation loss training ends.
    pub patience: Option<u64>,
    /// So many models in the course of training are kept, from the first to the last.
    pub snapshots: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 64,
            rate: 0.003,
            method: Method::Adam { beta1: 0.9, beta2: 0.999 },
            schedule: Schedule::Constant,
            weight_decay: 0.0,
            seed: 0,
            loss: None,
            sign: Sign::Signed,
            patience: None,
            snapshots: 0,
        }
    }
}

/// A number of a few digits, for messages.
pub(super) fn short(x: f64) -> String {
    let rounded = format!("{x:.2e}").parse::<f64>().unwrap_or(x);
    if (1e-4..1e6).contains(&rounded) { format!("{rounded}") } else { format!("{rounded:e}") }
}

impl Options {
    /// The loss of a network: of positive weights the ratio of the scores, of products their
    /// direction, otherwise the softmax.
    pub fn loss_of(&self, network: &Network) -> Loss {
        self.loss.unwrap_or(match self.sign {
            Sign::Positive => Loss::Ratio,
            Sign::Signed if has_products(network) => Loss::Direction,
            Sign::Signed => Loss::Softmax,
        })
    }

    /// Whether the settings fit each other and the network.
    pub(super) fn check(&self, network: &Network, validates: bool) -> Result<(), TrainError> {
        let setting = |fits: bool, name, rule| match fits {
            true => Ok(()),
            false => Err(TrainError::Setting { name, rule }),
        };
        setting(self.batch > 0, "batch", "at least 1")?;
        setting(self.rate.is_finite() && self.rate > 0.0, "rate", "a number above 0")?;
        let decays = self.weight_decay.is_finite() && self.weight_decay >= 0.0;
        setting(decays, "weight_decay", "0 or more")?;
        let share = |x: f64| (0.0..1.0).contains(&x);
        match self.method {
            Method::Sgd { momentum } => {
                setting(share(momentum), "momentum", "from 0 to below 1")?;
            }
            Method::Adam { beta1, beta2 } | Method::Nadam { beta1, beta2 } => {
                setting(share(beta1), "beta1", "from 0 to below 1")?;
                setting(share(beta2), "beta2", "from 0 to below 1")?;
            }
        }
        let patient = self.patience.is_none() || validates;
        setting(patient, "patience", "used with data to validate on")?;
        setting(self.patience != Some(0), "patience", "at least 1")?;
        if self.loss_of(network).is_of_mixtures() && self.sign == Sign::Signed {
            return Err(TrainError::Ratio);
        }
        if self.sign == Sign::Positive {
            if let Some(obstacle) = network.convac_obstacle() {
                return Err(TrainError::NotPositive { reason: obstacle.reason });
            }
            if network.features() == Representation::Given {
                let reason = "the features are given, and may be negative".into();
                return Err(TrainError::NotPositive { reason });
            }
        }
        Ok(())
    }

    /// The settings by name, for checkpoints and records of runs.
    pub fn named(&self, network: &Network) -> Vec<(&'static str, String)> {
        let method = match self.method {
            Method::Sgd { momentum } => format!("sgd, momentum {momentum}"),
            Method::Adam { beta1, beta2 } => format!("adam, beta1 {beta1}, beta2 {beta2}"),
            Method::Nadam { beta1, beta2 } => format!("nadam, beta1 {beta1}, beta2 {beta2}"),
        };
        let patience = self.patience.map_or("none".to_owned(), |patience| patience.to_string());
        vec![
            ("epochs", self.epochs.to_string()),
            ("batch", self.batch.to_string()),
            ("rate", self.rate.to_string()),
            ("optimizer", method),
            ("schedule", self.schedule.as_str().to_owned()),
            ("weight_decay", self.weight_decay.to_string()),
            ("seed", self.seed.to_string()),
            ("loss", self.loss_of(network).as_str().to_owned()),
            ("weights", if self.sign == Sign::Signed { "signed" } else { "positive" }.to_owned()),
            ("patience", patience),
            ("snapshots", self.snapshots.to_string()),
        ]
    }
}

/// Whether a network pools products.
pub(super) fn has_products(network: &Network) -> bool {
    let product = |layer: &Layer| matches!(layer, Layer::Pool { kind: Pooling::Product, .. });
    network.layers().iter().any(product)
}
