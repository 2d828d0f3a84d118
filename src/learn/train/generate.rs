//! Generative models: images drawn from the mixture that a positive ConvAC is, whole or where sites are
//! missing.
//!
//! Rows of positive matrices that sum to 1 are distributions of a hidden state below a hidden state, so a
//! ConvAC is a tree of hidden states with a class at its top (Sharir, Tamari, Cohen and Shashua, arXiv
//! 1610.04167). The values that go up are the likelihoods of what is seen below; on the way down every
//! state is drawn in proportion to the matrix times those: exact samples of what is not seen, given what
//! is, in `O(N r)`.

use super::classify::{Unseen, is_normalized};
use super::error::TrainError;
use super::lift::Lift;
use super::real::padded;
use super::start::parameters_of;
use super::trainer::check_sites;
use crate::entangle::model::Model;
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::{Layer, Network, Representation, SplitMix64, Window};
use rayon::prelude::*;

use super::engine::Sign;

/// A model that draws samples.
#[derive(Debug)]
pub struct Generator {
    model: Model,
    lift: Lift<f64>,
    steps: Vec<Step>,
}

/// A layer on the way down.
#[derive(Debug)]
enum Step {
    /// A matrix, and the number of each position's.
    Matrix { conv: Option<usize>, of: Vec<u32> },
    /// The sources of every position that leaves, one after another.
    Pool { sources: Vec<u32>, size: usize },
}

impl Generator {
    /// The generator of a model.
    ///
    /// # Errors
    /// [`TrainError::Marginal`] if the model is no mixture: signed weights, rectifiers, or
    /// representation functions that do not sum to 1.
    pub fn new(model: &Model) -> Result<Self, TrainError> {
        let network = model.network();
        let wrong = |reason: &str| Err(TrainError::Marginal { reason: reason.to_owned() });
        if let Some(obstacle) = network.convac_obstacle() {
            return Err(TrainError::Marginal { reason: obstacle.reason });
        }
        if !matches!(network.features(), Representation::OneHot | Representation::Gaussian) {
            return wrong("the representation functions do not sum to 1 over the values of a site");
        }
        if !is_normalized(model) {
            return wrong("the weights are not positive with rows that sum to 1");
        }
        let mut lift = Lift::new(network);
        let parameters = parameters_of(model, Sign::Signed)?;
        let own: Vec<f64> = parameters[..lift.parameters()].iter().map(|x| f64::from(*x)).collect();
        lift.set(&own);
        let steps = steps(network).ok_or(TrainError::TooLarge { bytes: f64::INFINITY })?;
        Ok(Self { model: model.clone(), lift, steps })
    }

    /// Samples of a class, or of all classes with equal probability; the labels are the classes. The
    /// seed alone decides.
    ///
    /// # Errors
    /// [`TrainError::Label`] for a class that is not there, [`TrainError::Data`] when interrupted.
    pub fn generate(
        &self,
        count: usize,
        class: Option<u32>,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Dataset, TrainError> {
        let network = self.model.network();
        let classes = network.classes();
        if let Some(label) = class.filter(|class| u64::from(*class) >= classes) {
            return Err(TrainError::NoClass { class: label, classes });
        }
        let sites = self.lift.sites;
        let all = vec![true; sites];
        let drawn = (0..count).into_par_iter().map(|sample| {
            interrupt.check().map_err(DataError::from)?;
            let mut random = stream(seed, sample);
            let label = class.unwrap_or_else(|| random.below(classes) as u32);
            let mut values = vec![0.0; sites];
            self.fill(&mut values, &all, Some(label), &mut random);
            Ok((values, label))
        });
        collect(network, drawn.collect::<Result<Vec<_>, TrainError>>()?)
    }

    /// The samples with the sites that are not seen drawn anew, given those that are and, if it is
    /// given, the class; otherwise the class is drawn too.
    ///
    /// # Errors
    /// [`TrainError::Sites`], [`TrainError::Data`] of reading or when interrupted.
    pub fn inpaint(
        &self,
        data: &Dataset,
        unseen: &Unseen,
        class: Option<u32>,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Dataset, TrainError> {
        let network = self.model.network();
        check_sites(network, data)?;
        let classes = network.classes();
        if let Some(label) = class.filter(|class| u64::from(*class) >= classes) {
            return Err(TrainError::NoClass { class: label, classes });
        }
        let sites = self.lift.sites;
        let drawn = (0..data.samples()).into_par_iter().map(|sample| {
            interrupt.check().map_err(DataError::from)?;
            let mut random = stream(seed, sample);
            let mut values = vec![0.0; sites];
            data.read(sample, &mut values)?;
            let missing = unseen.of(sample, sites).unwrap_or_else(|| vec![false; sites]);
            if let Some(site) = self.lift.out_of_range(&values, Some(&missing)) {
                return Err(DataError::Level { sample, site, value: values[site] }.into());
            }
            let drawn = self.fill(&mut values, &missing, class, &mut random);
            Ok((values, data.label(sample).unwrap_or(drawn)))
        });
        collect(network, drawn.collect::<Result<Vec<_>, TrainError>>()?)
    }

    /// Draws the missing values of a sample; the class at the top.
    fn fill(
        &self,
        values: &mut [f64],
        missing: &[bool],
        class: Option<u32>,
        random: &mut SplitMix64,
    ) -> u32 {
        // Up: what enters every layer, each position divided by its largest.
        let dim = self.lift.dim;
        let wide = padded(dim);
        let mut lifted = vec![0.0; self.lift.sites * wide];
        let mut exponents = vec![0; self.lift.sites];
        let densities = self.model.network().features() == Representation::Gaussian;
        let units: &mut [i32] = if densities { &mut exponents } else { &mut [] };
        self.lift.forward(values, Some(missing), &mut lifted, units, &mut Vec::new());
        let features: Vec<f64> =
            lifted.chunks_exact(wide).flat_map(|row| row[..dim].to_vec()).collect();
        let mut entering = vec![(features, dim)];
        for step in &self.steps {
            let Some((below, channels)) = entering.last() else { continue };
            entering.push(self.up(step, below, *channels));
        }
        // Down: the state of every position.
        let top = entering.last().map_or(&[][..], |(scores, _)| scores);
        let class = class.unwrap_or_else(|| draw(top.iter().copied(), random));
        let mut states = vec![class];
        for (step, (below, channels)) in self.steps.iter().zip(&entering).rev() {
            states = match step {
                Step::Pool { sources, size } => {
                    let mut out = vec![0; below.len() / channels];
                    for (sources, state) in sources.chunks_exact(*size).zip(&states) {
                        for source in sources {
                            out[*source as usize] = *state;
                        }
                    }
                    out
                }
                Step::Matrix { conv, of } => {
                    let weight = conv.and_then(|conv| self.model.conv(conv));
                    let weight = weight.unwrap_or(self.model.output());
                    let rows = states.iter().zip(below.chunks_exact(*channels)).zip(of);
                    rows.map(|((state, likelihoods), number)| {
                        let matrix = weight.matrix(*number as usize);
                        let row = &matrix[*state as usize * channels..][..*channels];
                        draw(row.iter().zip(likelihoods).map(|(w, x)| w * x), random)
                    })
                    .collect()
                }
            };
        }
        for ((value, state), missing) in values.iter_mut().zip(states).zip(missing) {
            if *missing {
                *value = self.value(state as usize, random);
            }
        }
        class
    }

    /// What goes up from a layer.
    fn up(&self, step: &Step, below: &[f64], channels: usize) -> (Vec<f64>, usize) {
        let (mut out, leaving) = match step {
            Step::Matrix { conv, of } => {
                let weight = conv.and_then(|conv| self.model.conv(conv));
                let weight = weight.unwrap_or(self.model.output());
                let rows = below.chunks_exact(channels).zip(of);
                let out = rows.flat_map(|(x, number)| {
                    let rows = weight.matrix(*number as usize).chunks_exact(channels);
                    rows.map(move |row| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
                });
                (out.collect::<Vec<f64>>(), weight.rows())
            }
            Step::Pool { sources, size } => {
                let mut out = Vec::with_capacity(below.len() / size);
                for sources in sources.chunks_exact(*size) {
                    let mut product = vec![1.0; channels];
                    for source in sources {
                        let row = &below[*source as usize * channels..][..channels];
                        product.iter_mut().zip(row).for_each(|(product, x)| *product *= x);
                        unit(&mut product);
                    }
                    out.extend(product);
                }
                (out, channels)
            }
        };
        out.chunks_exact_mut(leaving.max(1)).for_each(unit);
        (out, leaving)
    }

    /// A value of a site in a state.
    fn value(&self, state: usize, random: &mut SplitMix64) -> f64 {
        match self.model.network().features() {
            Representation::Gaussian => {
                let of = |number: usize| {
                    let weight = self.model.features().get(number);
                    weight.and_then(|weight| weight.data().get(state)).copied().unwrap_or(0.0)
                };
                of(0) + of(1) * super::start::normal(random)
            }
            _ => state as f64 / (self.lift.dim.max(2) - 1) as f64,
        }
    }
}

/// Divides likelihoods by the largest: only their ratios are needed.
fn unit(values: &mut [f64]) {
    let most = values.iter().copied().fold(0.0, f64::max);
    if most > 0.0 {
        values.iter_mut().for_each(|value| *value /= most);
    }
}

/// A place, with the probability of its weight; any if all are 0.
fn draw(weights: impl Iterator<Item = f64> + Clone, random: &mut SplitMix64) -> u32 {
    let total: f64 = weights.clone().sum();
    let mut left = random.unit() * total;
    let mut last = 0;
    for (place, weight) in (0u32..).zip(weights) {
        if weight > 0.0 {
            last = place;
            if left < weight {
                break;
            }
            left -= weight;
        }
    }
    last
}

fn stream(seed: u64, sample: usize) -> SplitMix64 {
    let mut first = SplitMix64::new(seed ^ 0x6472_6177_0000_0003);
    SplitMix64::new(first.next_u64() ^ (sample as u64).wrapping_mul(0xA076_1D64_78BD_642F))
}

fn collect(network: &Network, drawn: Vec<(Vec<f64>, u32)>) -> Result<Dataset, TrainError> {
    let (values, labels): (Vec<Vec<f64>>, Vec<u32>) = drawn.into_iter().unzip();
    let values = values.into_iter().flatten().collect();
    Ok(Dataset::new(network.input_shape(), values, Some(labels))?)
}

/// The layers of a ConvAC with their positions written out.
fn steps(network: &Network) -> Option<Vec<Step>> {
    let mut conv = 0;
    let layers = network.layers().iter().zip(network.stages()).skip(1);
    layers
        .map(|(layer, stage)| {
            let positions = stage.shape_in.sites();
            Some(match layer {
                Layer::Conv { .. } => {
                    let of = network.weight_of_position(conv)?;
                    conv += 1;
                    let of = (0..positions).map(|position| u32::try_from(of(position)).ok());
                    Step::Matrix { conv: Some(conv - 1), of: of.collect::<Option<_>>()? }
                }
                Layer::Pool { window, geometry, .. } => {
                    let window = Window::new(stage.shape_in, *window, geometry)?;
                    let targets = 0..window.target().sites();
                    let sources = targets.flat_map(|target| {
                        let window = &window;
                        (0..window.size()).map(move |place| window.source(target, place) as u32)
                    });
                    let sources = sources.collect();
                    Step::Pool { sources, size: usize::try_from(window.size()).ok()? }
                }
                _ => Step::Matrix { conv: None, of: vec![0] },
            })
        })
        .collect()
}
