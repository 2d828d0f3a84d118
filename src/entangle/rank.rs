//! The generic rank across a bipartition, by random weights over prime fields.
//!
//! The rank is largest for almost all weights. Over `GF(p)` the rank for *any* weights is a
//! certified lower bound of it: a minor that is not 0 mod p is not the zero polynomial. When it
//! meets an upper bound (the min-cut, tightened where sharing allows) the rank is proved. When it
//! stays below, it is right but for the probability that random weights hit a zero of a nonzero
//! polynomial: at most `k d / p` for each draw, where `k` is the rank and `d` the degree of an
//! amplitude in the weights (Schwartz, 1980; Zippel, 1979).
//!
//! Where the matrix is out of reach, weights are chosen for which the tensor falls into factors:
//! above a level every matrix passes one channel. Then the rank is the product of the ranks of
//! the subtrees of that level, again a certified lower bound.

use super::EntangleError;
use super::arithmetic::Modular;
use super::core::Matrix;
use super::field::{self, Field, Mersenne31, Mersenne61, Small};
use super::plan::Plan;
use super::walk::{MIXED, Walk};
use crate::graph::{
    Bound, ChildOrder, Edge, Hierarchy, Labels, OutputSide, Subtrees, Weight, bound,
};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, SplitMix64};
use std::cmp::Ordering;

/// The largest matrix of a rank: 2^13 rows.
const MAX_RANK: f64 = 8192.0;
/// The most work of one draw.
const MAX_FLOPS: f64 = 4e12;
/// The largest memory of one draw, in bytes.
const MAX_BYTES: f64 = 4.0 * (1u64 << 30) as f64;
/// Matrices above this size are first tried over the small prime, whose arithmetic is faster.
const SMALL_PRIME_ABOVE: f64 = 600.0;

/// One draw of random weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The prime of the field.
    pub prime: u64,
    /// The rank of the matricization there.
    pub rank: u64,
}

/// How a generic rank was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// The whole matrix, compressed to so many rows and columns.
    Whole {
        /// Rows of the largest matrix that was eliminated.
        rows: u64,
        /// Its columns.
        cols: u64,
    },
    /// A product over the subtrees of a level, with weights above that pass one channel.
    Product {
        /// The level: `input`, `conv0`, …
        level: String,
    },
}

/// The generic rank across a bipartition.
#[derive(Clone, Debug)]
pub struct GenericRank {
    /// The rank for almost all weights, shared as the network says.
    pub value: Weight,
    /// Whether it meets an upper bound, so that it is certain.
    pub proved: bool,
    /// If it is not proved, a bound of the probability that it is larger.
    pub error_probability: f64,
    /// What the draws gave.
    pub draws: Vec<Draw>,
    /// How it was found.
    pub method: Method,
    /// The bounds that it was compared with.
    pub bound: Bound,
}

/// The network as the recursion sees it, for weights of any kind.
struct Generic {
    hierarchy: Hierarchy,
    subtrees: Subtrees,
    dims: Vec<usize>,
    /// By level, the number of matrices above it and whether there are any.
    matrices: Vec<Option<usize>>,
    heads: usize,
    on_a: bool,
}

impl Generic {
    fn new(
        network: &Network,
        across: &Bipartition,
        output: OutputSide,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let hierarchy = Hierarchy::from_network(network)?;
        let labels = Labels::Sides(across);
        let subtrees = Subtrees::new(network, &hierarchy, labels, ChildOrder::Any, interrupt)?;
        let shapes: Vec<[u64; 3]> = (0..network.convolutions())
            .filter_map(|conv| {
                let (layer, _) = network.conv_layer(conv)?;
                network.stages().get(layer)?.weight_shape
            })
            .collect();
        let matrices = hierarchy.levels().iter().map(|level| match level.up {
            Edge::Weight { conv } => shapes.get(conv).map(|shape| shape[0] as usize),
            Edge::Identity | Edge::Top => None,
        });
        let matrices = matrices.collect();
        let dims = hierarchy
            .levels()
            .iter()
            .map(|level| usize::try_from(level.dim).unwrap_or(usize::MAX))
            .collect();
        let heads = match output {
            OutputSide::Fixed => 1,
            OutputSide::A | OutputSide::B => network.classes() as usize,
        };
        let on_a = output == OutputSide::A;
        Ok(Generic { hierarchy, subtrees, dims, matrices, heads, on_a })
    }

    fn plan(&self) -> Plan {
        let dims: Vec<f64> = self.dims.iter().map(|dim| *dim as f64).collect();
        let names = self.hierarchy.levels().iter().map(|level| level.name.clone()).collect();
        let lifts = self.matrices.iter().map(Option::is_some).collect();
        Plan::of_sizes(&dims, names, lifts, (self.heads as f64, self.on_a), &self.subtrees)
    }

    /// The entries of all matrices that a draw needs.
    fn weights(&self) -> f64 {
        let levels = self.matrices.iter().enumerate();
        levels
            .map(|(level, count)| count.map_or(0.0, |count| self.entries(level) * count as f64))
            .sum()
    }

    fn entries(&self, level: usize) -> f64 {
        let dim = |level: usize| self.dims.get(level).map_or(1.0, |dim| *dim as f64);
        dim(level) * dim(level + 1)
    }

    /// The degree of an amplitude in the weights: the number of matrices on the tree, and the
    /// output.
    fn degree(&self) -> f64 {
        let levels = self.hierarchy.levels().iter().zip(&self.matrices);
        1.0 + levels
            .filter(|(_, count)| count.is_some())
            .map(|(level, _)| level.shape.sites() as f64)
            .sum::<f64>()
    }

    /// Random matrices over a field, by level.
    fn draw<F: Field>(
        &self,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Vec<Vec<u64>>, EntangleError> {
        let mut random = SplitMix64::new(seed);
        let mut levels = Vec::with_capacity(self.matrices.len());
        for (level, count) in self.matrices.iter().enumerate() {
            let size = count.map_or(0, |count| count * self.entries(level) as usize);
            let mut entries = Vec::with_capacity(size);
            while entries.len() < size {
                interrupt.check()?;
                let more = (size - entries.len()).min(1 << 16);
                entries.extend((0..more).map(|_| random.below(F::PRIME)));
            }
            levels.push(entries);
        }
        Ok(levels)
    }

    /// Hands the recursion over a field with random weights, and random heads, to `question`.
    fn with_walk<F: Field, T>(
        &self,
        seed: u64,
        interrupt: &Interrupt,
        question: impl FnOnce(&Walk<'_, Modular<F>>, &[u64]) -> Result<T, EntangleError>,
    ) -> Result<T, EntangleError> {
        let weights = self.draw::<F>(seed, interrupt)?;
        let matrix = |level: usize, number: usize| {
            (*self.matrices.get(level)?)?;
            let size = self.entries(level) as usize;
            weights.get(level)?.get(number * size..(number + 1) * size)
        };
        let walk: Walk<'_, Modular<F>> =
            Walk { subtrees: &self.subtrees, dims: &self.dims, matrix: &matrix, pure: None };
        let width = self.dims.last().copied().unwrap_or(1);
        let mut random = SplitMix64::new(!seed);
        let heads: Vec<u64> = (0..width * self.heads).map(|_| random.below(F::PRIME)).collect();
        question(&walk, &heads)
    }

    fn whole<F: Field>(
        &self,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<(Draw, Method), EntangleError> {
        self.with_walk::<F, _>(seed, interrupt, |walk, heads| {
            let matrix = walk.matricization(heads, self.on_a, interrupt)?;
            let method = Method::Whole { rows: matrix.rows as u64, cols: matrix.cols as u64 };
            Ok((Draw { prime: F::PRIME, rank: rank_of::<F>(matrix, interrupt)? }, method))
        })
    }

    /// A lower bound as a product over the subtrees of the highest level that is within reach.
    fn product(&self, interrupt: &Interrupt) -> Result<Option<(Weight, String)>, EntangleError> {
        if self.heads > 1 {
            return Ok(None);
        }
        let plan = self.plan();
        let mut top = None;
        for (level, step) in plan.levels.iter().enumerate().skip(1) {
            // The core of a kind is its matricization with one more leg.
            let (a, b, channels) = step.largest;
            let small = a.min(b);
            let fits = a * b * channels <= (1u64 << 24) as f64
                && small * small * a.max(b) * (step.kinds as f64) < MAX_FLOPS / 8.0;
            if !fits {
                break;
            }
            top = Some(level);
        }
        let Some(top) = top else { return Ok(None) };
        let Some(level) = self.hierarchy.levels().get(top) else { return Ok(None) };
        let counts = self.multiplicities(top);
        let factors = self.with_walk::<Mersenne31, _>(1, interrupt, |walk, _| {
            let below = walk.ascend(top, interrupt)?;
            let width = self.dims.get(top).copied().unwrap_or(1);
            let mut random = SplitMix64::new(99);
            let head: Vec<u64> = (0..width).map(|_| random.below(Mersenne31::PRIME)).collect();
            let Some(kinds) = self.subtrees.levels().get(top) else { return Ok(Vec::new()) };
            let mut factors = Vec::new();
            for (kind, count) in (0..kinds.len()).zip(counts) {
                if kinds.mask(kind) != MIXED {
                    continue;
                }
                let matrix = walk.close(top, kind, &below, &head, false, interrupt)?;
                factors.push((rank_of::<Mersenne31>(matrix, interrupt)?, count));
            }
            Ok(factors)
        })?;
        Ok(Some((Weight::new(factors), level.name.clone())))
    }

    /// How many indices of a level are of each kind.
    fn multiplicities(&self, level: usize) -> Vec<u64> {
        let levels = self.subtrees.levels();
        let mut counts = vec![1u64];
        for above in (level + 1..levels.len()).rev() {
            let (Some(kinds), Some(under)) = (levels.get(above), levels.get(above - 1)) else {
                break;
            };
            let mut next = vec![0u64; under.len()];
            for (kind, count) in (0..kinds.len()).zip(&counts) {
                for run in kinds.children(kind) {
                    if let Some(slot) = next.get_mut(run.kind as usize) {
                        *slot += count * u64::from(run.count);
                    }
                }
            }
            counts = next;
        }
        counts
    }
}

fn rank_of<F: Field>(
    matrix: Matrix<Modular<F>>,
    interrupt: &Interrupt,
) -> Result<u64, EntangleError> {
    let Matrix { rows, cols, mut data, .. } = matrix;
    Ok(field::rank::<F>(&mut data, rows, cols, interrupt)? as u64)
}

/// What the spectrum of any model of a network across a bipartition costs, before it is computed.
///
/// # Errors
/// [`EntangleError::Graph`] when the network is no ConvAC or the partition does not fit,
/// [`EntangleError::Interrupted`].
pub fn plan(
    network: &Network,
    across: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<Plan, EntangleError> {
    Ok(Generic::new(network, across, output, interrupt)?.plan())
}

/// The generic rank of the matricization across a bipartition.
///
/// Draws over two primes until the rank meets the upper bound; four draws in all where it stays
/// below. Cost: about `k^3` operations for a matrix of rank `k` (2 s for 4,096).
///
/// # Errors
/// [`EntangleError::TooLarge`] when the matrix is out of reach and the product bound does not
/// meet the upper bound; [`EntangleError::Graph`] when the network is no ConvAC or the partition
/// does not fit; [`EntangleError::Interrupted`].
pub fn generic_rank(
    network: &Network,
    across: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<GenericRank, EntangleError> {
    let bound = bound(network, across, output, interrupt)?;
    let generic = Generic::new(network, across, output, interrupt)?;
    let plan = generic.plan();
    let bytes = plan.bytes + 8.0 * generic.weights();
    let within = plan.rank_bound() <= MAX_RANK && plan.flops <= MAX_FLOPS && bytes <= MAX_BYTES;
    if !within {
        return product_rank(&generic, bound, &plan, interrupt);
    }
    let upper = |rank: u64| Weight::new([(rank, 1)]).compare(&bound.upper) != Ordering::Less;
    let (mut draws, mut method) = (Vec::new(), Method::Whole { rows: 1, cols: 1 });
    type Attempt = fn(&Generic, u64, &Interrupt) -> Result<(Draw, Method), EntangleError>;
    let attempts: [(bool, Attempt); 5] = [
        (plan.rank_bound() > SMALL_PRIME_ABOVE, Generic::whole::<Small>),
        (true, Generic::whole::<Mersenne31>),
        (true, Generic::whole::<Mersenne61>),
        (true, Generic::whole::<Mersenne31>),
        (plan.rank_bound() <= SMALL_PRIME_ABOVE, Generic::whole::<Mersenne61>),
    ];
    for (number, (wanted, attempt)) in attempts.into_iter().enumerate() {
        if !wanted {
            continue;
        }
        let (draw, used) = attempt(&generic, 1 + number as u64, interrupt)?;
        let met = upper(draw.rank);
        draws.push(draw);
        method = used;
        if met {
            break;
        }
    }
    let rank = draws.iter().map(|draw| draw.rank).max().unwrap_or(0);
    let value = Weight::new([(rank, 1)]);
    let proved = value.compare(&bound.upper) == Ordering::Equal;
    let degree = generic.degree();
    let chance = |draw: &Draw| {
        // A rank below the largest one found says nothing of larger ones.
        let chance = (rank + 1) as f64 * degree / draw.prime as f64;
        if draw.rank == rank { chance.min(1.0) } else { 1.0 }
    };
    let error_probability = if proved { 0.0 } else { draws.iter().map(chance).product() };
    Ok(GenericRank { value, proved, error_probability, draws, method, bound })
}

fn product_rank(
    generic: &Generic,
    bound: Bound,
    plan: &Plan,
    interrupt: &Interrupt,
) -> Result<GenericRank, EntangleError> {
    let found =
        if generic.weights() * 8.0 <= MAX_BYTES { generic.product(interrupt)? } else { None };
    match found {
        Some((value, level)) if value.compare(&bound.upper) == Ordering::Equal => {
            let method = Method::Product { level };
            let draws = Vec::new();
            Ok(GenericRank { value, proved: true, error_probability: 0.0, draws, method, bound })
        }
        found => {
            let known = bound.lower.as_ref().map_or(0.0, Weight::bits);
            let lower = found.map_or(known, |(value, _)| value.bits().max(known));
            let what = format!(
                "the matrix of this rank (which is from 2^{:.4} to 2^{:.4})",
                lower,
                bound.upper.bits()
            );
            let gigabytes = |bytes: f64| format!("{:.1} GB", bytes / (1u64 << 30) as f64);
            let operations = |flops: f64| format!("{flops:.1e} operations");
            let (size, limit) = match plan.rank_bound() {
                rows if rows >= 1e15 => (format!("{rows:.1e} rows"), format!("{MAX_RANK} rows")),
                rows if rows > MAX_RANK => (format!("{rows:.0} rows"), format!("{MAX_RANK} rows")),
                _ if plan.flops > MAX_FLOPS => (operations(plan.flops), operations(MAX_FLOPS)),
                _ => (gigabytes(plan.bytes + 8.0 * generic.weights()), gigabytes(MAX_BYTES)),
            };
            Err(EntangleError::too_large(&what, size, limit, "bound(net, across)"))
        }
    }
}
