//! What a model answers for data: scores, classes, losses, with all sites or with some.

use super::engine::{Engine, Sign};
use super::error::TrainError;
use super::lift::Lift;
use super::loss::{Loss, predicted};
use super::real::padded;
use super::start::parameters_of;
use super::trainer::{check_data, check_sites};
use crate::entangle::model::Model;
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::{Bipartition, Network, Representation, Side, SplitMix64};

/// A model that classifies.
#[derive(Debug)]
pub struct Classifier {
    engine: Engine<f32>,
    network: Network,
    normalized: bool,
}

/// The scores `mantissas 2^exponent` of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One for each class.
    pub mantissas: Vec<f32>,
    /// Their common power of two.
    pub exponent: i32,
}

/// What a classifier makes of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The mean loss, in nats.
    pub loss: f64,
    /// The share of samples whose largest score is that of their label.
    pub accuracy: f64,
    /// The samples.
    pub samples: usize,
}

/// Which sites of the samples are not seen.
#[derive(Clone, Debug)]
pub enum Unseen {
    /// None.
    Nothing,
    /// The sites of side A of a partition.
    Sites(Bipartition),
    /// Each site with this probability, for every sample anew; the seed decides.
    Share {
        /// The probability.
        share: f64,
        /// The seed.
        seed: u64,
    },
}

impl Unseen {
    /// For every site of a sample whether it is missing.
    pub fn of(&self, sample: usize, sites: usize) -> Option<Vec<bool>> {
        match self {
            Unseen::Nothing => None,
            Unseen::Sites(partition) => {
                let missing = |site: usize| partition.side(site as u64) == Side::A;
                Some((0..sites).map(missing).collect())
            }
            Unseen::Share { share, seed } => {
                let mut first = SplitMix64::new(*seed);
                let mixed = first.next_u64() ^ (sample as u64).wrapping_mul(0xA076_1D64_78BD_642F);
                let mut random = SplitMix64::new(mixed);
                Some((0..sites).map(|_| random.unit() < *share).collect())
            }
        }
    }
}

impl Classifier {
    /// The classifier of a model.
    ///
    /// # Errors
    /// [`TrainError::TooLarge`].
    pub fn new(model: &Model) -> Result<Self, TrainError> {
        let network = model.network().clone();
        let mut engine = Engine::new(&network, Sign::Signed, 1)?;
        engine.set(&parameters_of(model, Sign::Signed)?);
        let normalized = is_normalized(model);
        Ok(Self { engine, network, normalized })
    }

    /// The loss that suits the model: the ratio of normalized positive weights, otherwise that of
    /// training signed ones.
    pub fn loss(&self) -> Loss {
        let sign = if self.normalized { Sign::Positive } else { Sign::Signed };
        super::options::Options { sign, ..Default::default() }.loss_of(&self.network)
    }

    /// The scores of all samples.
    ///
    /// # Errors
    /// [`TrainError`] of data that does not fit, of sites that cannot be left out, or that it was
    /// interrupted.
    pub fn scores(
        &self,
        data: &Dataset,
        unseen: &Unseen,
        interrupt: &Interrupt,
    ) -> Result<Vec<Scores>, TrainError> {
        self.map(data, unseen, interrupt, |_, mantissas, exponent| Scores {
            mantissas: mantissas.to_vec(),
            exponent,
        })
    }

    /// The class of the largest score of every sample, the first one of equal ones.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    pub fn classes(
        &self,
        data: &Dataset,
        unseen: &Unseen,
        interrupt: &Interrupt,
    ) -> Result<Vec<u32>, TrainError> {
        self.map(data, unseen, interrupt, |_, scores, _| predicted(scores) as u32)
    }

    /// Loss and accuracy.
    ///
    /// # Errors
    /// As [`scores`](Self::scores), and for labels that are no classes.
    pub fn judge(
        &self,
        data: &Dataset,
        loss: Loss,
        unseen: &Unseen,
        interrupt: &Interrupt,
    ) -> Result<Verdict, TrainError> {
        check_data(&self.network, data, false)?;
        let found = self.map(data, unseen, interrupt, |sample, scores, exponent| {
            let label = data.label(sample).unwrap_or(0) as usize;
            let mut grad = vec![0.0; scores.len()];
            let loss = loss.evaluate(scores, exponent, label, 1.0, &mut grad);
            (loss, predicted(scores) == label)
        })?;
        let samples = found.len();
        let share = 1.0 / samples.max(1) as f64;
        let loss = found.iter().map(|(loss, _)| loss).sum::<f64>() * share;
        let accuracy = found.iter().filter(|(_, hit)| *hit).count() as f64 * share;
        Ok(Verdict { loss, accuracy, samples })
    }

    /// How many samples of each label were taken for each class: `classes x classes`, row by row.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn confusion(&self, data: &Dataset, interrupt: &Interrupt) -> Result<Vec<u64>, TrainError> {
        check_data(&self.network, data, false)?;
        let classes = self.classes(data, &Unseen::Nothing, interrupt)?;
        let width = self.engine.classes;
        let mut counts = vec![0; width * width];
        for (sample, class) in classes.into_iter().enumerate() {
            let label = data.label(sample).unwrap_or(0) as usize;
            counts[label * width + class as usize] += 1;
        }
        Ok(counts)
    }

    fn map<R: Send>(
        &self,
        data: &Dataset,
        unseen: &Unseen,
        interrupt: &Interrupt,
        call: impl Fn(usize, &[f32], i32) -> R + Sync,
    ) -> Result<Vec<R>, TrainError> {
        check_sites(&self.network, data)?;
        if !matches!(unseen, Unseen::Nothing) {
            self.check_marginal()?;
        }
        let all: Vec<usize> = (0..data.samples()).collect();
        let sites = self.engine.lift.sites;
        let missing = |sample: usize| unseen.of(sample, sites);
        let found =
            self.engine.scores(data, &all, missing, interrupt, |sample, scores, exponent| {
                if scores.iter().any(|score| !score.is_finite()) {
                    return Err(sample);
                }
                Ok(call(sample, scores, exponent))
            })?;
        found
            .into_iter()
            .map(|one| {
                one.map_err(|sample| {
                    let message = "a score is not finite".to_owned();
                    TrainError::Data(DataError::Unreadable { sample, message })
                })
            })
            .collect()
    }

    /// Whether sites can be summed over: representation functions and rows of matrices that sum to 1.
    fn check_marginal(&self) -> Result<(), TrainError> {
        let wrong = |reason: &str| Err(TrainError::Marginal { reason: reason.to_owned() });
        if let Some(obstacle) = self.network.convac_obstacle() {
            return Err(TrainError::Marginal { reason: obstacle.reason });
        }
        if !matches!(self.network.features(), Representation::OneHot | Representation::Gaussian) {
            return wrong("the representation functions do not sum to 1 over the values of a site");
        }
        if !self.normalized {
            return wrong("the weights are not positive with rows that sum to 1");
        }
        Ok(())
    }
}

/// The features of a sample: for every site, row-major, `M` numbers.
///
/// # Errors
/// [`TrainError::Sites`] for another number of values than the network has sites.
pub fn lifted(model: &Model, values: &[f64]) -> Result<Vec<f64>, TrainError> {
    let network = model.network();
    let mut lift = Lift::<f64>::new(network);
    if values.len() != lift.values {
        let (found, expected, dim) = (values.len(), lift.values, network.dim());
        let lifts = network.features().lifts();
        return Err(TrainError::Sites { found, expected, lifts, dim });
    }
    if let Some(site) = lift.out_of_range(values, None) {
        return Err(DataError::Level { sample: 0, site, value: values[site] }.into());
    }
    let parameters = parameters_of(model, Sign::Signed)?;
    let own: Vec<f64> = parameters[..lift.parameters()].iter().map(|x| f64::from(*x)).collect();
    lift.set(&own);
    let wide = padded(lift.dim);
    let mut out = vec![0.0; lift.sites * wide];
    lift.forward(values, None, &mut out, &mut [], &mut Vec::new());
    Ok(out.chunks_exact(wide).flat_map(|row| row[..lift.dim].to_vec()).collect())
}

/// Whether all entries are positive and all rows sum to 1, up to the digits of a float.
pub fn is_normalized(model: &Model) -> bool {
    let matrices = crate::entangle::model::weight_shapes(model.network()).len();
    model.weights().take(matrices).all(|(_, weight)| {
        let mut rows = weight.data().chunks_exact(weight.cols().max(1));
        rows.all(|row| {
            row.iter().all(|x| *x >= 0.0) && (row.iter().sum::<f64>() - 1.0).abs() < 1e-5
        })
    })
}
