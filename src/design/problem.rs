//! A problem of design whose functions are known by how they are made.

use super::DesignError;
use super::cut_function::{CutFunction, Scratch};
use super::family::{Channel, Family, with_channels};
use super::measure::{Measure, Term};
use super::polynomial::Polynomial;
use super::relaxation::{self, Budget, Relaxed};
use super::search::Oracle;
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network};

/// What a measure is off at the most, relative to itself and at least absolutely, where cuts are
/// in it: sums of logarithms in doubles.
pub(super) const ROUNDING: f64 = 1e-9;

/// A measure that must not exceed a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What is limited.
    pub measure: Measure,
    /// The largest value that is allowed.
    pub at_most: f64,
    /// Whether that value itself is not allowed.
    pub strict: bool,
}

/// A measure that must reach a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// What must be large.
    pub measure: Measure,
    /// The smallest value that is enough.
    pub at_least: f64,
    /// Whether that value itself is not enough.
    pub strict: bool,
}

/// The slack of a comparison with a measure.
fn slack(measure: &Measure, number: f64) -> f64 {
    if measure.has_cut() { ROUNDING * number.abs().max(1.0) } else { 0.0 }
}

impl Limit {
    fn allows(&self, value: f64) -> bool {
        let slack = slack(&self.measure, self.at_most);
        if self.strict { value < self.at_most - slack } else { value <= self.at_most + slack }
    }
}

impl Requirement {
    fn is_met(&self, value: f64) -> bool {
        let slack = slack(&self.measure, self.at_least);
        if self.strict { value > self.at_least + slack } else { value >= self.at_least - slack }
    }
}

/// One structure among which is chosen.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub family: Family,
    pub dim: f64,
    pub cuts: Vec<CutFunction>,
    pub params: Polynomial,
    pub flops: Polynomial,
}

/// A problem of design whose functions are [`Measure`]s of the networks of some families.
#[derive(Clone, Debug)]
pub struct FormulaProblem {
    pub(super) choices: Vec<Choice>,
    /// For every variable the numbers that it may be, growing; points are places in these lists.
    values: Vec<Vec<u64>>,
    pub(super) objective: Measure,
    pub(super) limits: Vec<Limit>,
    requirements: Vec<Requirement>,
    pub(super) cost: Measure,
}

impl FormulaProblem {
    /// The problem of finding variables, each from a list of growing numbers, such that `objective`
    /// is large and `cost` is small. A point of the search is the places in these lists. `families`
    /// gives for each structure its partitions, in the order in which the measures number them.
    ///
    /// # Errors
    /// As [`CutFunction::new`].
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        families: Vec<(Family, Vec<Bipartition>)>,
        values: Vec<Vec<u64>>,
        objective: Measure,
        limits: Vec<Limit>,
        requirements: Vec<Requirement>,
        cost: Measure,
        interrupt: &Interrupt,
    ) -> Result<Self, DesignError> {
        let choices = families.into_iter().map(|(family, across)| {
            let base = family.base();
            let cuts = across.iter().map(|across| CutFunction::new(base, across, interrupt));
            Ok(Choice {
                dim: (base.dim() as f64).log2(),
                cuts: cuts.collect::<Result<_, DesignError>>()?,
                params: Polynomial::params(base),
                flops: Polynomial::flops(base),
                family,
            })
        });
        let choices = choices.collect::<Result<_, DesignError>>()?;
        Ok(Self { choices, values, objective, limits, requirements, cost })
    }

    /// The same problem without limits.
    #[must_use]
    pub fn without_limits(&self) -> Self {
        Self { limits: Vec::new(), ..self.clone() }
    }

    /// The variables at a point.
    pub fn variables(&self, at: &[u64]) -> Vec<u64> {
        let values = self.values.iter().zip(at);
        values.map(|(values, at)| values.get(*at as usize).copied().unwrap_or(1)).collect()
    }

    /// The network of a design.
    ///
    /// # Errors
    /// [`DesignError::Network`] when a channel number is not allowed.
    pub fn network(&self, choice: usize, at: &[u64]) -> Result<Option<Network>, DesignError> {
        let Some(choice) = self.choices.get(choice) else { return Ok(None) };
        let variables = self.variables(at);
        let channels = choice.family.channels().iter().map(|channel| channel.at(&variables));
        with_channels(choice.family.base(), channels).map(Some)
    }

    fn at<'p>(&'p self, choice: usize, at: &[u64], memory: &'p mut Memory) -> Option<At<'p>> {
        let choice = self.choices.get(choice)?;
        memory.variables.clear();
        let values = self.values.iter().zip(at);
        memory
            .variables
            .extend(values.map(|(values, at)| values.get(*at as usize).copied().unwrap_or(1)));
        memory.channels.clear();
        let variables = &memory.variables;
        memory.channels.extend(choice.family.channels().iter().map(|c| c.at(variables)));
        memory.logs.clear();
        memory.logs.extend(memory.channels.iter().map(|channels| (*channels as f64).log2()));
        Some(At { choice, memory })
    }
}

/// What the threads of a search keep between evaluations.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    variables: Vec<u64>,
    channels: Vec<u64>,
    pub(super) logs: Vec<f64>,
    pub(super) scratch: Scratch,
}

/// A point of one choice.
struct At<'p> {
    choice: &'p Choice,
    memory: &'p mut Memory,
}

impl Term for At<'_> {
    fn bits(&mut self, number: usize) -> f64 {
        let Some(cut) = self.choice.cuts.get(number) else { return f64::NAN };
        let Memory { logs, scratch, .. } = &mut *self.memory;
        cut.bits(self.choice.dim, logs, scratch)
    }

    fn params(&mut self) -> f64 {
        self.choice.params.value(&self.memory.channels) as f64
    }

    fn flops(&mut self) -> f64 {
        self.choice.flops.value(&self.memory.channels) as f64
    }
}

impl Oracle for FormulaProblem {
    type Error = std::convert::Infallible;
    type Memory = Memory;

    fn choices(&self) -> usize {
        self.choices.len()
    }

    fn box_of(&self, _choice: usize) -> (Vec<u64>, Vec<u64>) {
        let last = self.values.iter().map(|values| (values.len() as u64).saturating_sub(1));
        (vec![0; self.values.len()], last.collect())
    }

    fn value(&self, choice: usize, at: &[u64], memory: &mut Memory) -> Result<f64, Self::Error> {
        let at = self.at(choice, at, memory);
        Ok(at.map_or(f64::NAN, |mut at| self.objective.value(&mut at)))
    }

    fn cost(&self, choice: usize, at: &[u64], memory: &mut Memory) -> Result<f64, Self::Error> {
        let at = self.at(choice, at, memory);
        Ok(at.map_or(f64::NAN, |mut at| self.cost.value(&mut at)))
    }

    fn is_allowed(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Memory,
    ) -> Result<bool, Self::Error> {
        let Some(mut at) = self.at(choice, at, memory) else { return Ok(false) };
        Ok(self.limits.iter().all(|limit| limit.allows(limit.measure.value(&mut at))))
    }

    fn is_enough(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Memory,
    ) -> Result<bool, Self::Error> {
        let Some(mut at) = self.at(choice, at, memory) else { return Ok(false) };
        Ok(self.requirements.iter().all(|needed| needed.is_met(needed.measure.value(&mut at))))
    }

    fn cost_step(&self) -> f64 {
        match self.cost {
            Measure::Params | Measure::Flops => 1.0,
            _ => 0.0,
        }
    }

    fn relaxed(
        &self,
        choice: usize,
        low: &[u64],
        high: &[u64],
        cap: f64,
        enough: f64,
        memory: &mut Memory,
    ) -> Option<Relaxed> {
        let choice = self.choices.get(choice)?;
        if !self.objective.is_concave() {
            return None;
        }
        let budgets = self.limits.iter().map(|limit| (&limit.measure, limit.at_most));
        let budgets = budgets.chain(std::iter::once((&self.cost, cap)));
        let budgets = budgets.filter_map(|(measure, at_most)| {
            let polynomial = match measure {
                Measure::Params => &choice.params,
                Measure::Flops => &choice.flops,
                _ => return None,
            };
            at_most.is_finite().then(|| Budget::new(polynomial, &choice.family, at_most))
        });
        let budgets: Vec<Budget> = budgets.collect();
        let (low, high) = (self.variables(low), self.variables(high));
        let found =
            relaxation::bound(&self.objective, choice, &budgets, (&low, &high), enough, memory);
        found.map(|mut found| {
            for (near, values) in found.near.iter_mut().zip(&self.values) {
                *near = (values.partition_point(|value| value <= near) as u64).saturating_sub(1);
            }
            found
        })
    }
}

/// The logarithms of the channel numbers of a family at logarithms of its variables.
pub(super) fn logs_at(family: &Family, variables: &[f64], logs: &mut Vec<f64>) {
    logs.clear();
    logs.extend(family.channels().iter().map(|channel| match *channel {
        Channel::Fixed(channels) => (channels as f64).log2(),
        Channel::Free { variable, factor } => {
            variables.get(variable).copied().unwrap_or(0.0) + (factor as f64).log2()
        }
    }));
}
