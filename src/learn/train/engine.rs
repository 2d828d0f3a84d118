//! Losses and gradients of batches, on all threads, with the same bits for any number of them.
//!
//! A batch is divided into parts that depend on nothing but its size; each part sums its own gradient,
//! and the sums are added in the order of the parts.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::error::TrainError;
use super::lift::{Lift, Missing};
use super::loss::{Loss, predicted};
use super::matrices::Matrices;
use super::memory::Memory;
use super::pass::Pass;
use super::plan::Plan;
use super::real::{Real, padded};
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::Network;

/// What the entries of matrices may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Any number.
    Signed,
    /// Positive numbers; every row sums to 1, being the softmax of as many parameters. So the scores of
    /// a ConvAC are mixtures of products of its representation functions, as in SimNets (Cohen,
    /// Sharir and Shashua, arXiv 1506.03059).
    Positive,
}

/// The most parts of a batch.
const PARTS: usize = 16;
/// Bytes of the values of samples that go through the network together: some of the second-level cache.
const TOGETHER: usize = 1 << 19;

/// A network that is trained, or that answers for many samples.
#[derive(Debug)]
pub(super) struct Engine<T> {
    pub plan: Plan,
    pub lift: Lift<T>,
    pub matrices: Matrices<T>,
    pub sign: Sign,
    pub classes: usize,
    /// Samples that go through the network together.
    group: usize,
    /// Groups that are in work at the same time, on as many threads at most.
    at_once: usize,
    scratch: Mutex<Vec<Scratch<T>>>,
}

/// The memory of one thread.
#[derive(Debug)]
struct Scratch<T> {
    pass: Pass<T>,
    doubles: Vec<f64>,
    samples: Vec<T>,
    image: Vec<T>,
}

/// What a batch gives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// The sum of the losses of the samples.
    pub loss: f64,
    pub hits: usize,
    pub samples: usize,
}

impl Outcome {
    pub fn add(&mut self, other: Outcome) {
        self.loss += other.loss;
        self.hits += other.hits;
        self.samples += other.samples;
    }
}

impl<T: Real> Engine<T> {
    /// Room for a network, and for so many arrays of its parameters elsewhere.
    ///
    /// # Errors
    /// [`TrainError::TooLarge`] for more than the memory that is allowed; nothing was taken then.
    pub fn new(network: &Network, sign: Sign, arrays: u64) -> Result<Self, TrainError> {
        let memory = Memory::of(network, arrays);
        memory.check()?;
        let beyond = TrainError::TooLarge { bytes: f64::INFINITY };
        let plan = Plan::new(network).ok_or(beyond.clone())?;
        let lift = Lift::new(network);
        let matrices = Matrices::new(&plan);
        let numbers: usize = plan
            .blocks
            .iter()
            .map(|block| {
                block.positions_in * block.stride_in() * 2
                    + block.positions_out * block.stride_out()
            })
            .sum();
        let most = if plan.blocks.iter().any(|block| block.unshared) { 32 } else { 16 };
        let group = (TOGETHER / (numbers * size_of::<T>()).max(1)).clamp(1, most);
        let classes = usize::try_from(network.classes()).map_err(|_| beyond)?;
        let (at_once, scratch) = (memory.at_once(), Mutex::new(Vec::new()));
        Ok(Self { plan, lift, matrices, sign, classes, group, at_once, scratch })
    }

    /// The number of parameters: of the representation, then of the matrices.
    #[cfg(test)]
    pub fn parameters(&self) -> usize {
        let entries = self.plan.matrices.iter().map(|shape| shape.iter().product::<usize>());
        self.lift.parameters() + entries.sum::<usize>()
    }

    /// Takes over parameters.
    pub fn set(&mut self, parameters: &[T]) {
        let (lift, matrices) = parameters.split_at(self.lift.parameters());
        self.lift.set(lift);
        match self.sign {
            Sign::Signed => self.matrices.set(matrices),
            Sign::Positive => self.matrices.set(&self.softmax(matrices)),
        }
    }

    /// The entries of positive matrices.
    pub fn softmax(&self, parameters: &[T]) -> Vec<T> {
        let mut out = parameters.to_vec();
        self.for_each_row(&mut out, |row| {
            let most = row.iter().map(|x| x.double()).fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = row.iter().map(|x| (x.double() - most).exp()).sum();
            row.iter_mut().for_each(|x| *x = T::of((x.double() - most).exp() / total));
        });
        out
    }

    fn for_each_row(&self, values: &mut [T], mut call: impl FnMut(&mut [T])) {
        let mut rest = values;
        for [positions, rows, cols] in &self.plan.matrices {
            let (own, others) = rest.split_at_mut(positions * rows * cols);
            own.chunks_exact_mut(*cols).for_each(&mut call);
            rest = others;
        }
    }

    /// The gradient by parameters, from that by entries in the layout of `turned`.
    fn by_parameters(&self, lift: &[T], turned: &[T], parameters: &[T], out: &mut [T]) {
        let (first, rest) = out.split_at_mut(self.lift.parameters());
        self.lift.unturn(lift, first);
        self.matrices.unturn(turned, rest);
        if self.sign == Sign::Positive {
            let entries = self.softmax(&parameters[self.lift.parameters()..]);
            let mut begin = 0;
            self.for_each_row(rest, |grads| {
                let row = &entries[begin..begin + grads.len()];
                let mean: f64 = row.iter().zip(&*grads).map(|(w, g)| w.double() * g.double()).sum();
                for (grad, w) in grads.iter_mut().zip(row) {
                    *grad = T::of(w.double() * (grad.double() - mean));
                }
                begin += row.len();
            });
        }
    }

    /// The losses of some samples, and the mean gradient of their losses by the parameters.
    ///
    /// # Errors
    /// [`DataError`] of reading, or that it was interrupted.
    pub fn gradient(
        &self,
        data: &Dataset,
        samples: &[usize],
        loss: Loss,
        parameters: &[T],
        grads: &mut [T],
        interrupt: &Interrupt,
    ) -> Result<Outcome, DataError> {
        let length = self.matrices.turned.len() + self.lift.gradient_length();
        let weight = 1.0 / samples.len().max(1) as f64;
        let part = samples.len().div_ceil(PARTS).max(1);
        let parts: Vec<&[usize]> = samples.chunks(part).collect();
        let mut outcome = Outcome::default();
        let mut total: Option<Vec<T>> = None;
        for wave in parts.chunks(self.at_once) {
            let sums: Vec<Result<(Outcome, Vec<T>), DataError>> = wave
                .par_iter()
                .map(|samples| self.part(data, samples, loss, weight, length, interrupt))
                .collect();
            for sum in sums {
                let (own, sum) = sum?;
                outcome.add(own);
                match &mut total {
                    None => total = Some(sum),
                    Some(total) => T::add_assign_all(total, &sum),
                }
            }
        }
        let total = total.unwrap_or_else(|| vec![T::ZERO; length]);
        let (turned, lift) = total.split_at(self.matrices.turned.len());
        self.by_parameters(lift, turned, parameters, grads);
        Ok(outcome)
    }

    /// The losses of a part of a batch, and the sum of their gradients by entries.
    fn part(
        &self,
        data: &Dataset,
        samples: &[usize],
        loss: Loss,
        weight: f64,
        length: usize,
        interrupt: &Interrupt,
    ) -> Result<(Outcome, Vec<T>), DataError> {
        let mut sum = vec![T::ZERO; length];
        let mut outcome = Outcome::default();
        self.with_scratch(|scratch| {
            for samples in samples.chunks(self.group) {
                let (how, sum) = ((loss, weight), &mut sum);
                outcome.add(self.up_and_down(scratch, data, samples, how, sum, interrupt)?);
            }
            Ok::<(), DataError>(())
        })?;
        Ok((outcome, sum))
    }

    /// Calls a function with the scores of every sample: its place in `samples`, its scores, their
    /// exponent. Sites of which `missing` is true are summed over.
    ///
    /// # Errors
    /// [`DataError`] of reading, or that it was interrupted.
    pub fn scores<R: Send>(
        &self,
        data: &Dataset,
        samples: &[usize],
        missing: impl Fn(usize) -> Option<Vec<bool>> + Sync,
        interrupt: &Interrupt,
        call: impl Fn(usize, &[T], i32) -> R + Sync,
    ) -> Result<Vec<R>, DataError> {
        let numbered: Vec<(usize, usize)> = samples.iter().copied().enumerate().collect();
        let mut all = Vec::with_capacity(samples.len());
        for wave in numbered.chunks(self.group * self.at_once) {
            let parts: Vec<Result<Vec<R>, DataError>> = wave
                .par_chunks(self.group)
                .map(|group| self.scores_of(data, group, &missing, interrupt, &call))
                .collect();
            for part in parts {
                all.extend(part?);
            }
        }
        Ok(all)
    }

    /// What a function makes of the scores of samples that go through the network together.
    fn scores_of<R>(
        &self,
        data: &Dataset,
        group: &[(usize, usize)],
        missing: &impl Fn(usize) -> Option<Vec<bool>>,
        interrupt: &Interrupt,
        call: &impl Fn(usize, &[T], i32) -> R,
    ) -> Result<Vec<R>, DataError> {
        self.with_scratch(|scratch| {
            let samples: Vec<usize> = group.iter().map(|(_, sample)| *sample).collect();
            let of = |place: usize| missing(group.get(place).map_or(0, |(place, _)| *place));
            self.enter(scratch, data, &samples, of, interrupt)?;
            scratch.pass.forward(&self.plan, &self.matrices, samples.len(), interrupt)?;
            let (stride, count) = (padded(self.classes), self.plan.blocks.len());
            let rows = scratch.pass.values[count].chunks_exact(stride);
            let scores = rows.zip(group).enumerate().map(|(row, (scores, (place, _)))| {
                let exponent = scratch.pass.exponents[count].get(row).copied();
                call(*place, &scores[..self.classes], exponent.unwrap_or(0))
            });
            Ok(scores.collect())
        })
    }

    fn with_scratch<R>(&self, call: impl FnOnce(&mut Scratch<T>) -> R) -> R {
        let kept = self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = kept.unwrap_or_else(|| Scratch {
            pass: Pass::new(&self.plan, self.group),
            doubles: vec![0.0; self.lift.values],
            samples: vec![T::ZERO; self.lift.values * self.group],
            image: Vec::new(),
        });
        let result = call(&mut scratch);
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        result
    }

    /// Reads samples and lifts their sites.
    fn enter(
        &self,
        scratch: &mut Scratch<T>,
        data: &Dataset,
        samples: &[usize],
        missing: impl Fn(usize) -> Option<Vec<bool>>,
        interrupt: &Interrupt,
    ) -> Result<(), DataError> {
        let (sites, wide, values) = (self.lift.sites, padded(self.lift.dim), self.lift.values);
        let exponents = self.plan.blocks.first().is_some_and(|block| block.exponents);
        for (place, sample) in samples.iter().enumerate() {
            interrupt.check()?;
            data.read(*sample, &mut scratch.doubles)?;
            let missing = missing(place);
            let missing: Missing<'_> = missing.as_deref();
            if let Some(site) = self.lift.out_of_range(&scratch.doubles, missing) {
                let (sample, value) = (*sample, scratch.doubles[site]);
                return Err(DataError::Level { sample, site, value });
            }
            let own = &mut scratch.samples[place * values..(place + 1) * values];
            let doubles = &scratch.doubles[..values];
            for number in 0..values {
                own[number] = T::of(doubles[number]);
            }
            let units: &mut [i32] = if exponents {
                &mut scratch.pass.exponents[0][place * sites..(place + 1) * sites]
            } else {
                &mut []
            };
            let out = &mut scratch.pass.values[0][place * sites * wide..(place + 1) * sites * wide];
            self.lift.forward(own, missing, out, units, &mut scratch.image);
        }
        Ok(())
    }

    fn up_and_down(
        &self,
        scratch: &mut Scratch<T>,
        data: &Dataset,
        samples: &[usize],
        (loss, weight): (Loss, f64),
        sum: &mut [T],
        interrupt: &Interrupt,
    ) -> Result<Outcome, DataError> {
        self.enter(scratch, data, samples, |_| None, interrupt)?;
        let pass = &mut scratch.pass;
        pass.forward(&self.plan, &self.matrices, samples.len(), interrupt)?;
        let (stride, count) = (padded(self.classes), self.plan.blocks.len());
        let mut outcome = Outcome { samples: samples.len(), ..Outcome::default() };
        for (row, sample) in samples.iter().enumerate() {
            let scores = &pass.values[count][row * stride..][..self.classes];
            let grad = &mut pass.down[row * stride..(row + 1) * stride];
            grad.fill(T::ZERO);
            let label = data.label(*sample).unwrap_or(0) as usize;
            let exponent = pass.exponents[count].get(row).copied().unwrap_or(0);
            let grad = &mut grad[..self.classes];
            outcome.loss += loss.evaluate(scores, exponent, label, weight, grad);
            outcome.hits += usize::from(predicted(scores) == label);
        }
        let (turned, lift) = sum.split_at_mut(self.matrices.turned.len());
        let learns = self.lift.learns();
        pass.backward(&self.plan, &self.matrices, samples.len(), turned, learns, interrupt)?;
        if learns {
            let (values, row) = (self.lift.values, self.lift.sites * padded(self.lift.dim));
            for place in 0..samples.len() {
                let own = &scratch.samples[place * values..(place + 1) * values];
                let features = &pass.values[0][place * row..(place + 1) * row];
                let grad = &mut pass.down[place * row..(place + 1) * row];
                self.lift.backward(own, features, grad, lift, &mut scratch.image);
            }
        }
        Ok(outcome)
    }
}
