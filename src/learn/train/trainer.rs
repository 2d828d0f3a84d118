//! A run: epochs of steps, validation, early stopping, snapshots; it can be stopped after any step,
//! written down and taken up again with the same bits.

use super::engine::{Engine, Outcome};
use super::error::TrainError;
use super::options::Options;
use super::start::{model_of, parameters_of, random_parameters};
use crate::entangle::model::Model;
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::{Network, SplitMix64};

/// What an epoch gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: u64,
    /// The steps since the beginning.
    pub steps: u64,
    /// The rate of its last step.
    pub rate: f64,
    /// The mean loss of its samples, each before its step, in nats.
    pub loss: f64,
    /// The share of its samples that were classified right, before their steps.
    pub accuracy: f64,
    /// The mean loss of the validation data after the epoch, in nats.
    pub validation_loss: Option<f64>,
    /// The accuracy on the validation data after the epoch.
    pub validation_accuracy: Option<f64>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There are steps left.
    Running,
    /// The epochs are over, or patience is.
    Done,
}

/// A run.
#[derive(Debug)]
pub struct Trainer {
    network: Network,
    options: Options,
    engine: Engine<f32>,
    pub(super) state: State,
    /// The order of samples in the present epoch.
    order: Vec<usize>,
    ordered: Option<u64>,
    gradient: Vec<f32>,
    /// The steps of an epoch.
    batches: u64,
    fingerprints: Fingerprints,
}

/// Numbers that tell what a run was given from other things of the same kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprints {
    pub data: u64,
    pub validate: Option<u64>,
    /// Of the weights of the model that it went on from.
    pub from: Option<u64>,
}

/// All that a run has become; what is not here follows from its settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub parameters: Vec<f32>,
    pub memory: Vec<f32>,
    /// Epochs that are over.
    pub epoch: u64,
    /// Steps of the present epoch.
    pub batch: u64,
    pub steps: u64,
    /// The sums of the present epoch.
    pub loss: f64,
    pub hits: u64,
    pub seen: u64,
    pub history: Vec<Epoch>,
    /// The smallest validation loss, its epoch and parameters; only with patience.
    pub best: Option<(f64, u64, Vec<f32>)>,
    /// Parameters at the beginning and after some epochs.
    pub snapshots: Vec<(u64, Vec<f32>)>,
    pub done: bool,
}

impl Trainer {
    /// A run on a data set, from random weights or from those of a model.
    ///
    /// # Errors
    /// [`TrainError`] when data, network and settings do not fit.
    pub fn new(
        network: &Network,
        data: &Dataset,
        validate: Option<&Dataset>,
        options: Options,
        from: Option<&Model>,
    ) -> Result<Self, TrainError> {
        options.check(network, validate.is_some())?;
        check_data(network, data, true)?;
        if let Some(validate) = validate {
            check_data(network, validate, false)?;
        }
        // The parameters, the gradient, the memory of the method, the best ones, and copies on the way.
        let arrays = 6 + options.method.memories() as u64;
        let arrays = arrays.saturating_add(options.snapshots.min(options.epochs.saturating_add(1)));
        let mut engine = Engine::new(network, options.sign, arrays)?;
        let parameters = match from {
            Some(model) => parameters_of(model, options.sign)?,
            None => random_parameters(network, options.sign, options.seed),
        };
        engine.set(&parameters);
        let gradient = vec![0.0; parameters.len()];
        let memory = vec![0.0; parameters.len() * options.method.memories()];
        let mut state = State {
            parameters,
            memory,
            epoch: 0,
            batch: 0,
            steps: 0,
            loss: 0.0,
            hits: 0,
            seen: 0,
            history: Vec::new(),
            best: None,
            snapshots: Vec::new(),
            done: options.epochs == 0,
        };
        if options.snapshots > 0 {
            state.snapshots.push((0, state.parameters.clone()));
        }
        let fingerprints = Fingerprints {
            data: fingerprint(data)?,
            validate: validate.map(fingerprint).transpose()?,
            from: from.map(|_| fingerprint_of(&state.parameters)),
        };
        let batches = data.samples().div_ceil(options.batch) as u64;
        let (order, network) = (Vec::new(), network.clone());
        let ordered = None;
        Ok(Self {
            network,
            options,
            engine,
            state,
            order,
            ordered,
            gradient,
            batches,
            fingerprints,
        })
    }

    /// The settings.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What tells this run from others with the same settings.
    pub(super) fn fingerprints(&self) -> Fingerprints {
        self.fingerprints
    }

    /// What the epochs so far gave.
    pub fn history(&self) -> &[Epoch] {
        &self.state.history
    }

    /// The steps so far.
    pub fn steps(&self) -> u64 {
        self.state.steps
    }

    /// The mean loss and the accuracy of the present epoch so far; of the last one at its end.
    pub fn now(&self) -> Option<(f64, f64)> {
        let state = &self.state;
        if state.seen > 0 {
            let seen = state.seen as f64;
            return Some((state.loss / seen, state.hits as f64 / seen));
        }
        state.history.last().map(|last| (last.loss, last.accuracy))
    }

    /// The steps of all epochs.
    pub fn total_steps(&self) -> u64 {
        self.batches.saturating_mul(self.options.epochs)
    }

    /// Replaces the state by one that was written down; whether this run can have come there.
    pub(super) fn take_up(&mut self, state: State) -> bool {
        let options = &self.options;
        let steps = state.epoch.checked_mul(self.batches);
        let steps = steps.and_then(|steps| steps.checked_add(state.batch));
        let is_past = |epoch: u64| epoch <= state.epoch;
        let possible = state.epoch <= options.epochs
            && state.batch <= self.batches
            && steps == Some(state.steps)
            && state.history.len() as u64 == state.epoch
            && (state.done || state.epoch < options.epochs)
            && state.snapshots.len() as u64 <= options.snapshots
            && state.snapshots.iter().all(|(epoch, _)| is_past(*epoch))
            && state.best.as_ref().is_none_or(|(_, epoch, _)| is_past(*epoch))
            && state.best.is_some() == (options.patience.is_some() && state.epoch > 0);
        if possible {
            self.engine.set(&state.parameters);
            self.state = state;
        }
        possible
    }

    /// One step, and what comes at the end of an epoch.
    ///
    /// # Errors
    /// [`TrainError`] of the data, that the run was interrupted (then it can go on), or that the loss or
    /// a weight is no number any more (then it cannot).
    pub fn step(
        &mut self,
        data: &Dataset,
        validate: Option<&Dataset>,
        interrupt: &Interrupt,
    ) -> Result<Status, TrainError> {
        if self.state.done {
            return Ok(Status::Done);
        }
        let batches = self.batches;
        if self.state.batch < batches {
            self.descend(data, interrupt)?;
        }
        if self.state.batch == batches {
            self.end_epoch(validate, interrupt)?;
        }
        Ok(if self.state.done { Status::Done } else { Status::Running })
    }

    fn descend(&mut self, data: &Dataset, interrupt: &Interrupt) -> Result<(), TrainError> {
        let (epoch, options) = (self.state.epoch, self.options);
        if self.ordered != Some(epoch) {
            // Every epoch has an order of its own, which follows from the seed and its number alone.
            let mut random = SplitMix64::new(options.seed ^ 0x6f72_6465_7200_0002);
            let seed = random.next_u64() ^ epoch.wrapping_mul(0xA076_1D64_78BD_642F);
            self.order = (0..data.samples()).collect();
            SplitMix64::new(seed).shuffle(&mut self.order);
            self.ordered = Some(epoch);
        }
        let begin = self.state.batch as usize * options.batch;
        let end = (begin + options.batch).min(self.order.len());
        let loss = options.loss_of(&self.network);
        let found = self.engine.gradient(
            data,
            &self.order[begin..end],
            loss,
            &self.state.parameters,
            &mut self.gradient,
            interrupt,
        )?;
        let rate = self.rate_at(self.state.steps);
        let diverged = TrainError::Diverged { epoch: epoch + 1, step: self.state.steps + 1, rate };
        if !found.loss.is_finite() || !all_finite(&self.gradient) {
            return Err(diverged);
        }
        let state = &mut self.state;
        state.steps += 1;
        options.method.step(
            state.steps,
            rate,
            options.weight_decay,
            &self.gradient,
            &mut state.parameters,
            &mut state.memory,
        );
        // The gradient was finite, its step need not be; what is no number is never written down.
        if !all_finite(&state.parameters) {
            return Err(diverged);
        }
        self.engine.set(&state.parameters);
        state.batch += 1;
        state.loss += found.loss;
        state.hits += found.hits as u64;
        state.seen += found.samples as u64;
        Ok(())
    }

    /// The rate of the step after so many.
    fn rate_at(&self, steps: u64) -> f64 {
        let total = self.total_steps().max(1);
        self.options.rate * self.options.schedule.factor(steps as f64 / total as f64)
    }

    fn end_epoch(
        &mut self,
        validate: Option<&Dataset>,
        interrupt: &Interrupt,
    ) -> Result<(), TrainError> {
        let found = match validate {
            Some(data) => {
                let all: Vec<usize> = (0..data.samples()).collect();
                let loss = self.options.loss_of(&self.network);
                Some(evaluate(&self.engine, data, &all, loss, interrupt)?)
            }
            None => None,
        };
        let options = self.options;
        let rate = self.rate_at(self.state.steps.saturating_sub(1));
        let state = &mut self.state;
        let mean = |sum: f64, count: usize| sum / count.max(1) as f64;
        state.epoch += 1;
        let total = options.epochs;
        let validation_loss = found.map(|found| mean(found.loss, found.samples));
        state.history.push(Epoch {
            epoch: state.epoch,
            steps: state.steps,
            rate,
            loss: mean(state.loss, state.seen as usize),
            accuracy: mean(state.hits as f64, state.seen as usize),
            validation_loss,
            validation_accuracy: found.map(|found| mean(found.hits as f64, found.samples)),
        });
        (state.loss, state.hits, state.seen, state.batch) = (0.0, 0, 0, 0);
        if let (Some(patience), Some(loss)) = (options.patience, validation_loss) {
            let better =
                state.best.as_ref().is_none_or(|(best, _, _)| loss < *best || best.is_nan());
            if better {
                state.best = Some((loss, state.epoch, state.parameters.clone()));
            }
            let since = state.best.as_ref().map_or(0, |(_, best, _)| state.epoch - best);
            state.done = since >= patience;
        }
        state.done |= state.epoch >= total;
        if options.snapshots > 1 {
            // Evenly from the beginning to the end.
            let due = |number: u64| {
                let all = u128::from(number) * u128::from(total);
                all.div_ceil(u128::from(options.snapshots - 1))
            };
            let next = state.snapshots.len() as u64;
            let is_due = next < options.snapshots && u128::from(state.epoch) >= due(next);
            if is_due || state.done {
                state.snapshots.push((state.epoch, state.parameters.clone()));
            }
        }
        Ok(())
    }

    /// The model so far; after early stopping the one of the smallest validation loss.
    ///
    /// # Errors
    /// [`TrainError::Model`] when a weight is no number.
    pub fn model(&self) -> Result<Model, TrainError> {
        let best = self.state.best.as_ref().filter(|_| self.state.done);
        let parameters = best.map_or(&self.state.parameters, |(_, _, parameters)| parameters);
        self.model_at(parameters, self.state.steps)
    }

    /// The models in the course of training: the epochs after which they were, and they.
    ///
    /// # Errors
    /// [`TrainError::Model`] when a weight is no number.
    pub fn snapshots(&self) -> Result<Vec<(u64, Model)>, TrainError> {
        let all = self.state.snapshots.iter();
        all.map(|(epoch, parameters)| Ok((*epoch, self.model_at(parameters, 0)?))).collect()
    }

    fn model_at(&self, parameters: &[f32], steps: u64) -> Result<Model, TrainError> {
        let model = model_of(&self.network, &self.engine, parameters, self.options.seed, steps);
        // Numbers of which no model can be made, such as a deviation of 0, were made by steps too large.
        model.map_err(|error| match error {
            TrainError::Model(_) => TrainError::Diverged {
                epoch: self.state.epoch.max(1),
                step: self.state.steps,
                rate: self.options.rate,
            },
            other => other,
        })
    }
}

fn all_finite(values: &[f32]) -> bool {
    // Of all numbers at once: the loop has no exit, and becomes vector instructions.
    values.iter().fold(true, |all, x| all & x.is_finite())
}

/// The losses and hits of some samples.
pub(super) fn evaluate(
    engine: &Engine<f32>,
    data: &Dataset,
    samples: &[usize],
    loss: super::loss::Loss,
    interrupt: &Interrupt,
) -> Result<Outcome, DataError> {
    let found = engine.scores(
        data,
        samples,
        |_| None,
        interrupt,
        |place, scores, exponent| {
            let label = data.label(samples[place]).unwrap_or(0) as usize;
            let mut grad = vec![0.0f32; scores.len()];
            let loss = loss.evaluate(scores, exponent, label, 1.0, &mut grad);
            (loss, super::loss::predicted(scores) == label)
        },
    )?;
    let mut outcome = Outcome { samples: found.len(), ..Outcome::default() };
    for (loss, hit) in found {
        outcome.loss += loss;
        outcome.hits += usize::from(hit);
    }
    Ok(outcome)
}

/// Whether data fits a network: the values of a sample, the labels, and, for training, no class without
/// a sample.
pub(super) fn check_data(
    network: &Network,
    data: &Dataset,
    trains: bool,
) -> Result<(), TrainError> {
    check_sites(network, data)?;
    let Some(labels) = data.labels() else { return Err(DataError::Unlabelled.into()) };
    let classes = network.classes();
    if let Some(label) = labels.iter().max().filter(|label| u64::from(**label) >= classes) {
        return Err(TrainError::Label { label: *label, classes });
    }
    if trains {
        let mut there = vec![false; usize::try_from(classes).unwrap_or(usize::MAX).min(1 << 24)];
        for label in labels {
            if let Some(there) = there.get_mut(*label as usize) {
                *there = true;
            }
        }
        if let Some(class) = there.iter().position(|there| !there) {
            return Err(TrainError::EmptyClass { class: class as u32 });
        }
    }
    Ok(())
}

/// Whether samples have the values that a network takes.
pub(super) fn check_sites(network: &Network, data: &Dataset) -> Result<(), TrainError> {
    let (lifts, dim) = (network.features().lifts(), network.dim());
    let expected = network.input_shape().sites().saturating_mul(if lifts { 1 } else { dim });
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    if data.sites() != expected {
        return Err(TrainError::Sites { found: data.sites(), expected, lifts, dim });
    }
    Ok(())
}

/// FNV-1a, word by word.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A number made of the labels and of some samples.
fn fingerprint(data: &Dataset) -> Result<u64, DataError> {
    let mut hash = Hash::new();
    hash.add(data.samples() as u64);
    for label in data.labels().unwrap_or(&[]) {
        hash.add(u64::from(*label));
    }
    let mut row = vec![0.0; data.sites()];
    let every = data.samples().div_ceil(16).max(1);
    for sample in (0..data.samples()).step_by(every) {
        data.read(sample, &mut row)?;
        row.iter().for_each(|value| hash.add(value.to_bits()));
    }
    Ok(hash.0)
}

/// A number made of parameters.
fn fingerprint_of(parameters: &[f32]) -> u64 {
    let mut hash = Hash::new();
    parameters.iter().for_each(|x| hash.add(u64::from(x.to_bits())));
    hash.0
}
