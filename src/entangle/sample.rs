//! Perfect sampling of the Born distribution `|psi|^2`.
//!
//! Gram messages go up once. A sample is drawn from the top down: the environment of the first
//! child holds the Gram matrices of its siblings; once it is drawn its amplitude vector takes the
//! place of its Gram matrix. Every sample is independent and exact up to rounding, `O(N r^3)`
//! operations. (Perfect sampling: Ferris and Vidal, 2012.)

use super::EntangleError;
use super::environment::Summed;
use super::gram::rescale;
use super::linalg;
use super::model::Model;
use super::tree::Output;
use crate::interrupt::Interrupt;
use crate::network::{MAX_EXPLICIT_SITES, SplitMix64};
use rayon::prelude::*;

/// The most numbers that the Gram matrices of one pooling window may have: 1 GiB.
const MAX_WINDOW_NUMBERS: usize = 1 << 27;

/// Draws samples of one state.
pub struct Sampler<'m> {
    state: Summed<'m>,
}

/// One draw on its way.
struct Draw<'d> {
    states: &'d mut [u32],
    random: SplitMix64,
    interrupt: &'d Interrupt,
    work: Vec<f64>,
}

impl<'m> Sampler<'m> {
    /// Prepares a model. `Output::OnA` and `Output::OnB` both sum over the classes: the mixture
    /// of all classes, each with the weight of its norm.
    ///
    /// # Errors
    /// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::ZeroState`],
    /// [`EntangleError::TooLarge`] above 2^26 sites, [`EntangleError::Interrupted`].
    pub fn new(
        model: &'m Model,
        output: Output,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let sites = model.network().input_shape().sites();
        if sites > MAX_EXPLICIT_SITES {
            let limit = format!("{MAX_EXPLICIT_SITES} sites");
            let hint = "use fewer sites, or ask for entropies, which need no list of sites";
            return Err(EntangleError::too_large(
                "a sample",
                format!("{sites} sites"),
                limit,
                hint,
            ));
        }
        Ok(Sampler { state: Summed::new(model, output, interrupt)? })
    }

    /// The states of all sites (row-major, from 0 to `M - 1`) of `count` samples.
    ///
    /// Sample `i` depends on the seed and on `i` alone, not on `count` or the number of threads.
    ///
    /// # Errors
    /// [`EntangleError::Interrupted`].
    pub fn draw(
        &self,
        count: usize,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Vec<Vec<u32>>, EntangleError> {
        let one = |number: usize| {
            let mut streams = SplitMix64::new(seed);
            let stream = streams.next_u64() ^ (number as u64).wrapping_mul(0xD129_0D3B_3A9C_3CB5);
            self.one(SplitMix64::new(stream), interrupt)
        };
        if count > 1 {
            (0..count).into_par_iter().map(one).collect()
        } else {
            (0..count).map(one).collect()
        }
    }

    fn one(&self, random: SplitMix64, interrupt: &Interrupt) -> Result<Vec<u32>, EntangleError> {
        let sites = self.state.tree.hierarchy.input_shape().sites() as usize;
        let mut states = vec![0u32; sites];
        let mut draw = Draw { states: &mut states, random, interrupt, work: Vec::new() };
        let last = self.state.tree.depth().saturating_sub(1);
        self.index(last, 0, 0, &self.state.top, &mut draw)?;
        Ok(states)
    }

    /// Draws the sites below one index whose environment is known; the amplitude vector of what
    /// was drawn, on the index itself, up to a positive factor.
    fn index(
        &self,
        level: usize,
        kind: usize,
        position: u64,
        environment: &[f64],
        draw: &mut Draw<'_>,
    ) -> Result<Vec<f64>, EntangleError> {
        let dim = self.state.tree.dim(level);
        if level == 0 {
            let diagonal = environment.iter().step_by(dim + 1).map(|entry| entry.max(0.0));
            let weights: Vec<f64> = diagonal.collect();
            let state = choose(&weights, draw.random.unit());
            if let Some(slot) = draw.states.get_mut(position as usize) {
                *slot = state as u32;
            }
            let mut vector = vec![0.0; dim];
            if let Some(entry) = vector.get_mut(state) {
                *entry = 1.0;
            }
            return Ok(vector);
        }
        draw.interrupt.check()?;
        let (Some(kinds), Some(under), Some(messages), Some(step)) = (
            self.state.subtrees.levels().get(level),
            self.state.subtrees.levels().get(level - 1),
            self.state.grams.levels.get(level - 1),
            self.state.tree.hierarchy.levels().get(level),
        ) else {
            return Err(EntangleError::ZeroState);
        };
        let children: Vec<usize> = kinds
            .children(kind)
            .iter()
            .flat_map(|run| (0..run.count).map(|_| run.kind as usize))
            .collect();
        if children.len().saturating_mul(dim * dim) > MAX_WINDOW_NUMBERS {
            let size = format!("{} children of {dim} x {dim} numbers", children.len());
            let limit = format!("{MAX_WINDOW_NUMBERS} numbers");
            let hint = "use smaller windows or fewer channels";
            return Err(EntangleError::too_large("a pooling window", size, limit, hint));
        }
        // What stands to the right is still summed over: products of Gram matrices from the end.
        let square = dim * dim;
        let mut tails = vec![1.0; square * children.len()];
        for place in (0..children.len().saturating_sub(1)).rev() {
            let (left, right) = tails.split_at_mut((place + 1) * square);
            let (Some(target), Some(source)) =
                (left.get_mut(place * square..), right.get(..square))
            else {
                continue;
            };
            let (message, _) = messages.message(children.get(place + 1).copied().unwrap_or(0));
            for ((entry, tail), gram) in target.iter_mut().zip(source).zip(message) {
                *entry = tail * gram;
            }
            rescale(target);
        }
        let mut drawn = vec![1.0; dim];
        let mut local = vec![0.0; square];
        for (place, child) in children.iter().enumerate() {
            let tail = tails.get(place * square..(place + 1) * square).unwrap_or(&[]);
            let rows = local.chunks_exact_mut(dim).zip(tail.chunks_exact(dim));
            for (((row, tail), of_index), left) in
                rows.zip(environment.chunks_exact(dim)).zip(&drawn)
            {
                for (((entry, tail), index), right) in
                    row.iter_mut().zip(tail).zip(of_index).zip(&drawn)
                {
                    *entry = tail * index * left * right;
                }
            }
            rescale(&mut local);
            let below = match &step.window {
                Some(window) => window.source(position, place as u64),
                None => position,
            };
            let matrix = self.state.tree.matrix(level - 1, under.matrix(*child));
            let vector = match matrix {
                None => self.index(level - 1, *child, below, &local, draw)?,
                Some(matrix) => {
                    let old = self.state.tree.dim(level - 1);
                    let mut seen = vec![0.0; old * old];
                    let mut work = std::mem::take(&mut draw.work);
                    linalg::congruence_transposed(matrix, &local, &mut seen, dim, old, &mut work);
                    draw.work = work;
                    rescale(&mut seen);
                    let vector = self.index(level - 1, *child, below, &seen, draw)?;
                    let mut lifted = vec![0.0; dim];
                    linalg::matrix_vector(matrix, &vector, &mut lifted);
                    lifted
                }
            };
            drawn.iter_mut().zip(&vector).for_each(|(entry, factor)| *entry *= factor);
            rescale(&mut drawn);
        }
        Ok(drawn)
    }
}

/// The place at which a uniform number falls among weights; the last with a weight if all else
/// fails by rounding.
fn choose(weights: &[f64], uniform: f64) -> usize {
    let total: f64 = weights.iter().sum();
    let mut rest = uniform * total;
    for (place, weight) in weights.iter().enumerate() {
        if rest < *weight {
            return place;
        }
        rest -= weight;
    }
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}
