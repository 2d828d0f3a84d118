//! Branch and bound over integers (channel numbers, or their places in lists of allowed ones), with
//! nothing but monotonicity.
//!
//! A node is a box of channel numbers. What must be large (the objective, requirements) is largest
//! in its upper corner, what must be small (costs, budgets) is smallest in its lower corner; so both
//! corners tell whether the box can hold a design, and the box shrinks: an upper side that breaks a
//! budget with all others at their lowest, or a lower side that misses the goal with all others at
//! their highest, is in no design. Nodes are taken by their bound, so many at a time whatever the
//! number of threads, and a box is given up when its bound is no better than the best design: at the
//! end nothing is left, and the best design is the optimum.

use super::DesignError;
use super::probe::{Probe, Window, set};
use super::problem::ROUNDING;
use super::relaxation::Relaxed;
use crate::interrupt::Interrupt;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Nodes that are worked on at the same time. Not the number of threads: what is visited shall not
/// depend on it.
const BATCH: usize = 64;

/// What a search asks about points of a box of channel numbers; everything grows with every number.
pub trait Oracle: Sync {
    /// Why there is no answer.
    type Error: Send;
    /// What a thread keeps between questions.
    type Memory: Default + Send;

    /// The number of structures among which is chosen.
    fn choices(&self) -> usize;
    /// The smallest and the largest numbers of a structure.
    fn box_of(&self, choice: usize) -> (Vec<u64>, Vec<u64>);
    /// What shall be large; grows with every number.
    ///
    /// # Errors
    /// Its own.
    fn value(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Self::Memory,
    ) -> Result<f64, Self::Error>;
    /// What shall be small; grows with every number.
    ///
    /// # Errors
    /// Its own.
    fn cost(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Self::Memory,
    ) -> Result<f64, Self::Error>;
    /// Whether all budgets are kept; true for smaller numbers if it is for larger ones.
    ///
    /// # Errors
    /// Its own.
    fn is_allowed(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Self::Memory,
    ) -> Result<bool, Self::Error>;
    /// Whether all requirements are met; true for larger numbers if it is for smaller ones.
    ///
    /// # Errors
    /// Its own.
    fn is_enough(
        &self,
        choice: usize,
        at: &[u64],
        memory: &mut Self::Memory,
    ) -> Result<bool, Self::Error>;
    /// The smallest difference of two costs, 0 where there is none.
    fn cost_step(&self) -> f64 {
        0.0
    }
    /// Whether several threads may ask at the same time.
    fn is_parallel(&self) -> bool {
        true
    }
    /// An upper bound of the value in a box where the budgets are kept and the cost is at most
    /// `cap`, closer than the upper corner; need not be below `enough`. `None` if there is none.
    fn relaxed(
        &self,
        _choice: usize,
        _low: &[u64],
        _high: &[u64],
        _cap: f64,
        _enough: f64,
        _memory: &mut Self::Memory,
    ) -> Option<Relaxed> {
        None
    }
}

/// A design with what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The structure.
    pub choice: usize,
    /// The point.
    pub at: Vec<u64>,
    /// The objective.
    pub value: f64,
    /// The cost.
    pub cost: f64,
}

/// How much work a search may do, and whom it tells.
pub struct Effort<'e> {
    /// The largest number of nodes.
    pub nodes: u64,
    /// Stops the search.
    pub interrupt: &'e Interrupt,
    /// Hears now and then the number of nodes so far, the best design, and what nothing is better
    /// than.
    pub progress: &'e dyn Fn(u64, Option<&Design>, f64),
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The best design; `None` if there is none (or none was found).
    pub design: Option<Design>,
    /// Nothing is better than this: the largest value, or the smallest cost, that any design can
    /// have. Equal to that of the design when `complete`.
    pub bound: f64,
    /// Nodes visited.
    pub nodes: u64,
    /// Whether everything was searched, so that the design is the optimum.
    pub complete: bool,
}

/// The design of the largest value whose cost is at most `cap`, to `1e-9` of the value.
///
/// # Errors
/// Those of the oracle, [`DesignError::Falls`] where it does not grow,
/// [`DesignError::Interrupted`].
pub fn maximize<O: Oracle>(
    oracle: &O,
    cap: f64,
    effort: &Effort<'_>,
) -> Result<Found, DesignError<O::Error>> {
    Search { oracle, goal: Goal::Value { cap } }.run(effort)
}

/// The design of the smallest cost whose value is at least `floor` (less `1e-9` of it).
///
/// # Errors
/// As [`maximize`].
pub fn minimize<O: Oracle>(
    oracle: &O,
    floor: f64,
    effort: &Effort<'_>,
) -> Result<Found, DesignError<O::Error>> {
    Search { oracle, goal: Goal::Cost { floor } }.run(effort)
}

#[derive(Clone, Copy, Debug)]
enum Goal {
    Value { cap: f64 },
    Cost { floor: f64 },
}

struct Search<'o, O> {
    oracle: &'o O,
    goal: Goal,
}

/// A box.
#[derive(Clone, Debug)]
struct Node {
    choice: usize,
    low: Vec<u64>,
    high: Vec<u64>,
    /// The smaller, the sooner: minus the largest value, or the smallest cost.
    rank: f64,
    number: u64,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    /// The heap gives the largest: the best bound, then the youngest (which is nearer to a design).
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.total_cmp(&self.rank).then(self.number.cmp(&other.number))
    }
}

/// What came of a box.
#[derive(Debug, Default)]
struct Outcome {
    designs: Vec<Design>,
    parts: Vec<Node>,
}

impl<O: Oracle> Search<'_, O> {
    fn run(&self, effort: &Effort<'_>) -> Result<Found, DesignError<O::Error>> {
        let mut heap = BinaryHeap::new();
        let mut number = 0;
        for choice in 0..self.oracle.choices() {
            let (low, high) = self.oracle.box_of(choice);
            if low.iter().zip(&high).all(|(low, high)| low <= high) {
                let rank = f64::NEG_INFINITY;
                heap.push(Node { choice, low, high, rank, number });
                number += 1;
            }
        }
        let mut best: Option<Design> = None;
        let mut nodes = 0;
        while let Some(first) = heap.peek() {
            effort.interrupt.check()?;
            if !self.can_win(first.rank, best.as_ref()) {
                heap.clear();
                break;
            }
            if nodes >= effort.nodes {
                let rank = first.rank;
                let bound = if matches!(self.goal, Goal::Value { .. }) { -rank } else { rank };
                return Ok(Found { design: best, bound, nodes, complete: false });
            }
            let batch: Vec<Node> = std::iter::from_fn(|| heap.pop())
                .take(if nodes == 0 { 1 } else { BATCH })
                .collect();
            nodes += batch.len() as u64;
            let work = |node: &Node| {
                effort.interrupt.check().map_err(DesignError::from)?;
                self.visit(node, best.as_ref(), &mut O::Memory::default())
            };
            // A few boxes are not worth waking other threads.
            let outcomes: Vec<Result<Outcome, DesignError<O::Error>>> =
                if batch.len() < 8 || !self.oracle.is_parallel() {
                    batch.iter().map(work).collect()
                } else {
                    batch.par_iter().with_min_len(4).map(work).collect()
                };
            for outcome in outcomes {
                let outcome = outcome?;
                for design in outcome.designs {
                    if best.as_ref().is_none_or(|best| self.is_better(&design, best)) {
                        best = Some(design);
                    }
                }
                for mut part in outcome.parts {
                    part.number = number;
                    number += 1;
                    heap.push(part);
                }
            }
            let left = heap.peek().map_or(f64::INFINITY, |node| node.rank);
            let bound = match (&self.goal, &best) {
                (Goal::Value { .. }, best) => {
                    best.as_ref().map_or(-left, |best| best.value.max(-left))
                }
                (Goal::Cost { .. }, best) => best.as_ref().map_or(left, |best| best.cost.min(left)),
            };
            (effort.progress)(nodes, best.as_ref(), bound);
        }
        let bound = match (&self.goal, &best) {
            (Goal::Value { .. }, Some(best)) => best.value,
            (Goal::Cost { .. }, Some(best)) => best.cost,
            (Goal::Value { .. }, None) => f64::NEG_INFINITY,
            (Goal::Cost { .. }, None) => f64::INFINITY,
        };
        Ok(Found { design: best, bound, nodes, complete: true })
    }

    fn is_better(&self, design: &Design, best: &Design) -> bool {
        match self.goal {
            Goal::Value { .. } => {
                design.value.total_cmp(&best.value).then(best.cost.total_cmp(&design.cost)).is_gt()
            }
            Goal::Cost { .. } => {
                design.cost.total_cmp(&best.cost).then(best.value.total_cmp(&design.value)).is_lt()
            }
        }
    }

    /// Whether a box of this rank can hold a better design.
    fn can_win(&self, rank: f64, best: Option<&Design>) -> bool {
        let Some(best) = best else { return true };
        match self.goal {
            Goal::Value { .. } => -rank > above(best.value),
            Goal::Cost { .. } => rank < best.cost,
        }
    }

    fn window(&self, best: Option<&Design>) -> Window {
        match self.goal {
            Goal::Value { cap } => Window {
                cap,
                cap_itself: true,
                floor: best.map_or(f64::NEG_INFINITY, |best| above(best.value)),
                floor_itself: best.is_none(),
            },
            Goal::Cost { floor } => Window {
                cap: best.map_or(f64::INFINITY, |best| best.cost),
                cap_itself: best.is_none(),
                floor: floor - ROUNDING * floor.abs().max(1.0),
                floor_itself: true,
            },
        }
    }

    /// Shrinks a box, and gives its best point or its parts.
    fn visit(
        &self,
        node: &Node,
        best: Option<&Design>,
        memory: &mut O::Memory,
    ) -> Result<Outcome, DesignError<O::Error>> {
        let mut probe = Probe { oracle: self.oracle, choice: node.choice, memory };
        let window = self.window(best);
        let (mut low, mut high) = (node.low.clone(), node.high.clone());
        let mut outcome = Outcome::default();
        probe.check_growth(&low, &high)?;
        loop {
            if !probe.is_cheap(&low, window)? || !probe.is_good(&high, window)? {
                return Ok(outcome);
            }
            let lowered = probe.lower_tops(&low, &mut high, window)?;
            let raised = probe.raise_bottoms(&mut low, &high, window)?;
            if !lowered && !raised {
                break;
            }
        }
        let (cheap_top, good_bottom) =
            (probe.is_cheap(&high, window)?, probe.is_good(&low, window)?);
        match self.goal {
            Goal::Value { .. } if cheap_top => {
                outcome.designs.push(probe.design(&high)?);
                return Ok(outcome);
            }
            Goal::Cost { .. } if good_bottom => {
                outcome.designs.push(probe.design(&low)?);
                return Ok(outcome);
            }
            _ => {}
        }
        let mut near = None;
        let rank = match self.goal {
            Goal::Value { cap } => {
                let mut bound = probe.value(&high)?;
                if let Some(found) =
                    self.oracle.relaxed(node.choice, &low, &high, cap, window.floor, probe.memory)
                {
                    bound = bound.min(found.bound);
                    near = Some(found.near);
                }
                -bound
            }
            Goal::Cost { .. } => {
                // What is cheaper than the best design may all be worth too little.
                if window.cap.is_finite() {
                    let cap = window.cap - self.oracle.cost_step();
                    let floor = window.floor;
                    let choice = node.choice;
                    if let Some(found) =
                        self.oracle.relaxed(choice, &low, &high, cap, floor, probe.memory)
                        && found.bound < floor
                    {
                        return Ok(outcome);
                    }
                }
                probe.cost(&low)?
            }
        };
        if !self.can_win(rank, best) {
            return Ok(outcome);
        }
        outcome.designs.extend(self.guess(&mut probe, &low, &high, near, window)?);
        let Some((side, middle)) = probe.split(&low, &high, window)? else { return Ok(outcome) };
        let part = |low: &[u64], high: &[u64]| Node {
            choice: node.choice,
            low: low.to_vec(),
            high: high.to_vec(),
            rank,
            number: 0,
        };
        let (mut upper, mut lower) = (low.clone(), high.clone());
        if let (Some(from), Some(to)) = (upper.get_mut(side), lower.get_mut(side)) {
            (*from, *to) = (middle + 1, middle);
        }
        outcome.parts.push(part(&low, &lower));
        outcome.parts.push(part(&upper, &high));
        Ok(outcome)
    }

    /// A good point of a box without searching it: as far up from the bottom as is cheap, or as far
    /// down from the top as is good.
    fn guess(
        &self,
        probe: &mut Probe<'_, '_, O>,
        low: &[u64],
        high: &[u64],
        near: Option<Vec<u64>>,
        window: Window,
    ) -> Result<Option<Design>, DesignError<O::Error>> {
        match self.goal {
            Goal::Value { .. } => {
                let mut point = low.to_vec();
                if let Some(near) = near {
                    for (side, wanted) in near.into_iter().enumerate() {
                        let bottom = point.get(side).copied().unwrap_or(wanted);
                        set(&mut point, side, wanted);
                        if !probe.is_cheap(&point, window)? {
                            set(&mut point, side, bottom);
                        }
                    }
                }
                for (side, top) in high.iter().enumerate() {
                    let from = point.get(side).copied().unwrap_or(*top);
                    let last = probe.largest(&mut point, side, from, *top, |probe, at| {
                        probe.is_cheap(at, window)
                    })?;
                    set(&mut point, side, last);
                }
                let good = probe.is_good(&point, window)?;
                if good { Ok(Some(probe.design(&point)?)) } else { Ok(None) }
            }
            Goal::Cost { .. } => {
                let mut point = high.to_vec();
                for (side, bottom) in low.iter().enumerate().rev() {
                    let from = point.get(side).copied().unwrap_or(*bottom);
                    let first = probe.smallest(&mut point, side, *bottom, from, |probe, at| {
                        probe.is_good(at, window)
                    })?;
                    set(&mut point, side, first);
                }
                let cheap = probe.is_cheap(&point, window)?;
                if cheap { Ok(Some(probe.design(&point)?)) } else { Ok(None) }
            }
        }
    }
}

/// What must be exceeded to be better than a value.
fn above(value: f64) -> f64 {
    value + ROUNDING * value.abs().max(1.0)
}
