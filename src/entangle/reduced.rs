//! Density matrices of a few sites, and what follows from them: correlations and mutual
//! information of pairs.
//!
//! A subtree that holds some of the kept sites sends `R[s, s'] = sum over its other sites of
//! T[s, .] T[s', .]^T`, an `r x r` matrix for every pair of states of its kept sites; one that
//! holds none sends its Gram matrix. `O(M^(2k) r^3)` for each index above a kept site, `k` sites.

use super::EntangleError;
use super::environment::Summed;
use super::gram::rescale;
use super::linalg;
use super::model::Model;
use super::spectrum::entropy_of_weights;
use super::tree::Output;
use crate::graph::Run;
use crate::interrupt::Interrupt;
use rayon::prelude::*;

/// The largest number of rows of a density matrix.
const MAX_ROWS: usize = 1 << 10;
/// The most sites that are kept.
const MAX_KEPT: usize = 10;
/// The most numbers of one message.
const MAX_ENTRIES: usize = 1 << 28;

/// A density matrix of a few sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// The sites, in the order of the index: the first is the most significant digit.
    pub sites: Vec<u64>,
    /// The local dimension `M`.
    pub dim: usize,
    /// `M^k x M^k`, row-major, symmetric, of trace 1.
    pub matrix: Vec<f64>,
}

impl Reduced {
    /// The number of rows, `M^k`.
    pub fn rows(&self) -> usize {
        self.dim.pow(self.sites.len() as u32)
    }

    /// The probabilities of the states of the sites.
    pub fn probabilities(&self) -> Vec<f64> {
        self.matrix.iter().step_by(self.rows() + 1).map(|entry| entry.max(0.0)).collect()
    }

    /// The entropy of the sites (with all others) in nats.
    ///
    /// # Errors
    /// [`EntangleError::Interrupted`], [`EntangleError::NotFinite`].
    pub fn entropy(&self, order: f64, interrupt: &Interrupt) -> Result<f64, EntangleError> {
        let mut matrix = self.matrix.clone();
        let values = linalg::symmetric_eigenvalues(&mut matrix, self.rows(), interrupt)?;
        Ok(entropy_of_weights(&values, order))
    }

    /// The density matrix of the sites at some places of this one.
    fn trace_out(&self, kept: usize) -> Reduced {
        let (dim, sites) = (self.dim, self.sites.len());
        let stride = dim.pow((sites - 1 - kept) as u32);
        let rows = self.rows();
        let mut matrix = vec![0.0; dim * dim];
        for row in 0..rows {
            let digit = row / stride % dim;
            for other in 0..dim {
                let col = row + other * stride - digit * stride;
                let entry = self.matrix.get(row * rows + col).copied().unwrap_or(0.0);
                if let Some(slot) = matrix.get_mut(digit * dim + other) {
                    *slot += entry;
                }
            }
        }
        Reduced { sites: self.sites.get(kept).copied().into_iter().collect(), dim, matrix }
    }
}

/// A model ready for many density matrices.
pub struct Reducer<'m> {
    state: Summed<'m>,
}

/// What a subtree with kept sites sends: its sites in the order of the digits, the number of
/// their states, and a matrix for every pair of states.
struct Message {
    sites: Vec<u64>,
    states: usize,
    data: Vec<f64>,
}

impl<'m> Reducer<'m> {
    /// Prepares a model; `Output::OnA` and `Output::OnB` trace the class index out.
    ///
    /// # Errors
    /// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::ZeroState`],
    /// [`EntangleError::Interrupted`].
    pub fn new(
        model: &'m Model,
        output: Output,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        Ok(Reducer { state: Summed::new(model, output, interrupt)? })
    }

    /// The density matrix of these sites (row-major numbers, all different).
    ///
    /// # Errors
    /// [`EntangleError::OutOfRange`] for a site that is not there, [`EntangleError::Domain`] for
    /// none or one named twice, [`EntangleError::TooLarge`] above 1,024 states.
    pub fn reduce(&self, sites: &[u64], interrupt: &Interrupt) -> Result<Reduced, EntangleError> {
        let count = self.state.tree.hierarchy.input_shape().sites();
        let dim = self.state.tree.dim(0);
        if sites.is_empty() {
            return Err(EntangleError::Domain {
                message: "a density matrix needs a site".into(),
                hint: "[0, 1]".into(),
            });
        }
        if let Some(site) = sites.iter().find(|site| **site >= count) {
            return Err(EntangleError::OutOfRange {
                what: format!("site {site}"),
                range: format!("the network has sites 0 to {}", count.saturating_sub(1)),
                hint: "[0, 1]".into(),
            });
        }
        let mut sorted = sites.to_vec();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(EntangleError::Domain {
                message: format!("site {} is named twice", pair.first().copied().unwrap_or(0)),
                hint: "name every site once".into(),
            });
        }
        let rows = u32::try_from(sites.len()).ok().and_then(|power| dim.checked_pow(power));
        let rows = rows.filter(|rows| *rows <= MAX_ROWS && sites.len() <= MAX_KEPT);
        if rows.is_none() {
            let what = format!("the density matrix of {} sites of dimension {dim}", sites.len());
            let size = format!("{dim}^{} rows", sites.len());
            let hint = "entropy(model, sites([0, 1])) needs no density matrix";
            return Err(EntangleError::too_large(&what, size, format!("{MAX_ROWS} rows"), hint));
        }
        let last = self.state.tree.depth().saturating_sub(1);
        let top = self.index(last, 0, 0, &sorted, interrupt)?;
        let mut matrix: Vec<f64> = top
            .data
            .chunks_exact(self.state.top.len().max(1))
            .map(|block| block.iter().zip(&self.state.top).map(|(x, y)| x * y).sum())
            .collect();
        let trace: f64 = matrix.iter().step_by(top.states + 1).sum();
        if !trace.is_finite() || trace <= 0.0 {
            return Err(EntangleError::NotFinite);
        }
        matrix.iter_mut().for_each(|entry| *entry /= trace);
        Ok(in_order(&top.sites, sites, dim, &matrix))
    }

    /// What arrives at an index of a level: the product over its children, its own matrix not
    /// yet applied.
    fn index(
        &self,
        level: usize,
        kind: usize,
        position: u64,
        sites: &[u64],
        interrupt: &Interrupt,
    ) -> Result<Message, EntangleError> {
        interrupt.check()?;
        let dim = self.state.tree.dim(level);
        if level == 0 {
            // R[s, s'] = |s><s'|.
            let mut data = vec![0.0; dim.pow(4)];
            for row in 0..dim {
                for col in 0..dim {
                    if let Some(entry) =
                        data.get_mut((row * dim + col) * dim * dim + row * dim + col)
                    {
                        *entry = 1.0;
                    }
                }
            }
            return Ok(Message { sites: vec![position], states: dim, data });
        }
        let (Some(kinds), Some(under), Some(messages), Some(step)) = (
            self.state.subtrees.levels().get(level),
            self.state.subtrees.levels().get(level - 1),
            self.state.grams.levels.get(level - 1),
            self.state.tree.hierarchy.levels().get(level),
        ) else {
            return Err(EntangleError::ZeroState);
        };
        // The children above a kept site, by place in the window.
        let mut holding: Vec<(u64, Vec<u64>)> = Vec::new();
        for site in sites {
            let below = self.ancestor(*site, level - 1);
            let place = step.window.as_ref().map_or(0, |window| window.locate(below).1);
            match holding.iter_mut().find(|(known, _)| *known == place) {
                Some((_, list)) => list.push(*site),
                None => holding.push((place, vec![*site])),
            }
        }
        holding.sort_unstable_by_key(|(place, _)| *place);
        let (mut others, mut place) = (Vec::new(), 0u64);
        let mut parts = Vec::with_capacity(holding.len());
        for run in kinds.children(kind) {
            let end = place + u64::from(run.count);
            let held = holding.iter().filter(|(held, _)| (place..end).contains(held));
            let mut traced = run.count;
            for (held, list) in held {
                traced -= 1;
                let below =
                    step.window.as_ref().map_or(position, |window| window.source(position, *held));
                let child = run.kind as usize;
                let message = self.index(level - 1, child, below, list, interrupt)?;
                let matrix = self.state.tree.matrix(level - 1, under.matrix(child));
                parts.push(self.lift(message, matrix, level - 1, interrupt)?);
            }
            if traced > 0 {
                others.push(Run { count: traced, ..*run });
            }
            place = end;
        }
        let mut gram = Vec::new();
        messages.product(&others, &mut gram);
        let mut joined: Option<Message> = None;
        for part in parts {
            joined = Some(match joined {
                None => part,
                Some(left) => join(&left, &part, dim * dim)?,
            });
        }
        let mut joined = joined.ok_or(EntangleError::ZeroState)?;
        if !gram.is_empty() {
            for block in joined.data.chunks_exact_mut((dim * dim).max(1)) {
                block.iter_mut().zip(&gram).for_each(|(entry, factor)| *entry *= factor);
            }
        }
        rescale(&mut joined.data);
        Ok(joined)
    }

    /// `W R W^T` for every pair of states.
    fn lift(
        &self,
        message: Message,
        matrix: Option<&[f64]>,
        level: usize,
        interrupt: &Interrupt,
    ) -> Result<Message, EntangleError> {
        let Some(matrix) = matrix else { return Ok(message) };
        let (old, new) = (self.state.tree.dim(level), self.state.tree.up_dim(level));
        let pairs = message.states * message.states;
        if pairs.saturating_mul(new * new.max(old)) > MAX_ENTRIES {
            let hint = "keep fewer sites, or use fewer channels";
            let size = format!("{pairs} matrices of {new} x {new}");
            let limit = format!("{MAX_ENTRIES} numbers");
            return Err(EntangleError::too_large("a message", size, limit, hint));
        }
        let mut half = vec![0.0; pairs * old * new];
        linalg::multiply_transposed(&message.data, matrix, &mut half, pairs * old, old, new);
        let mut data = vec![0.0; pairs * new * new];
        let blocks =
            half.chunks_exact((old * new).max(1)).zip(data.chunks_exact_mut((new * new).max(1)));
        for (number, (block, out)) in blocks.enumerate() {
            if number % 256 == 0 {
                interrupt.check()?;
            }
            linalg::multiply(matrix, block, out, new, old, new);
        }
        rescale(&mut data);
        Ok(Message { data, ..message })
    }

    /// The position in a level of the index above a site.
    fn ancestor(&self, site: u64, level: usize) -> u64 {
        let steps = self.state.tree.hierarchy.levels().iter().skip(1).take(level);
        steps.fold(site, |position, step| match &step.window {
            Some(window) => window.locate(position).0,
            None => position,
        })
    }

    /// The mutual information `S(i) + S(j) - S(ij)` in nats of every pair of these sites, as a
    /// full symmetric matrix; on the diagonal the entropy `S(i)` of the site.
    ///
    /// # Errors
    /// As [`Reducer::reduce`].
    pub fn pairwise_information(
        &self,
        sites: &[u64],
        order: f64,
        interrupt: &Interrupt,
    ) -> Result<Vec<Vec<f64>>, EntangleError> {
        let count = sites.len();
        let single = |site: &u64| self.reduce(&[*site], interrupt)?.entropy(order, interrupt);
        let singles: Vec<f64> = sites.par_iter().map(single).collect::<Result<_, _>>()?;
        let row = |number: usize| -> Result<Vec<f64>, EntangleError> {
            let mut row = Vec::new();
            for other in number + 1..count {
                let pair = [
                    sites.get(number).copied().unwrap_or(0),
                    sites.get(other).copied().unwrap_or(0),
                ];
                let both = self.reduce(&pair, interrupt)?.entropy(order, interrupt)?;
                let sum = singles.get(number).zip(singles.get(other)).map_or(0.0, |(x, y)| x + y);
                row.push(sum - both);
            }
            Ok(row)
        };
        let upper: Vec<Vec<f64>> = (0..count).into_par_iter().map(row).collect::<Result<_, _>>()?;
        let mut full = vec![vec![0.0; count]; count];
        for (number, row) in upper.iter().enumerate() {
            for (offset, value) in row.iter().enumerate() {
                let other = number + 1 + offset;
                for (row, col) in [(number, other), (other, number)] {
                    if let Some(slot) = full.get_mut(row).and_then(|row| row.get_mut(col)) {
                        *slot = *value;
                    }
                }
            }
            if let Some(slot) = full.get_mut(number).and_then(|row| row.get_mut(number)) {
                *slot = singles.get(number).copied().unwrap_or(0.0);
            }
        }
        Ok(full)
    }
}

/// The Pearson correlation of an observable on two sites under `|psi|^2`: `values[d]` is what is
/// measured in the local state `d`. 0 when one of the two does not vary.
///
/// # Errors
/// As [`Reducer::reduce`]; [`EntangleError::Domain`] when there is not one value for each state.
pub fn correlation(
    reducer: &Reducer<'_>,
    first: u64,
    second: u64,
    values: &[f64],
    interrupt: &Interrupt,
) -> Result<f64, EntangleError> {
    let pair = reducer.reduce(&[first, second], interrupt)?;
    let dim = pair.dim;
    if values.len() != dim || values.iter().any(|value| !value.is_finite()) {
        return Err(EntangleError::Domain {
            message: format!("the observable needs {dim} finite values, one for each local state"),
            hint: "observable = range(0, M - 1)".into(),
        });
    }
    let probabilities = pair.probabilities();
    let marginal = |place: usize| pair.trace_out(place).probabilities();
    let (left, right) = (marginal(0), marginal(1));
    let mean = |weights: &[f64]| weights.iter().zip(values).map(|(p, x)| p * x).sum::<f64>();
    let (mean_left, mean_right) = (mean(&left), mean(&right));
    let spread = |weights: &[f64], mean: f64| {
        weights.iter().zip(values).map(|(p, x)| p * (x - mean) * (x - mean)).sum::<f64>()
    };
    let mut covariance = 0.0;
    for (row, x) in probabilities.chunks_exact(dim.max(1)).zip(values) {
        for (p, y) in row.iter().zip(values) {
            covariance += p * (x - mean_left) * (y - mean_right);
        }
    }
    let scale = (spread(&left, mean_left) * spread(&right, mean_right)).sqrt();
    let size = values.iter().fold(0.0f64, |size, x| size.max(x.abs()));
    if scale <= 1e-14 * size * size { Ok(0.0) } else { Ok((covariance / scale).clamp(-1.0, 1.0)) }
}

/// Kept sites of both, matrices multiplied entry by entry.
fn join(left: &Message, right: &Message, square: usize) -> Result<Message, EntangleError> {
    let states = left.states * right.states;
    if states.saturating_mul(states).saturating_mul(square) > MAX_ENTRIES {
        let hint = "keep fewer sites, or use fewer channels";
        let size = format!("{} matrices of {square} numbers", states.saturating_mul(states));
        let limit = format!("{MAX_ENTRIES} numbers");
        return Err(EntangleError::too_large("a message", size, limit, hint));
    }
    let mut data = vec![0.0; states * states * square];
    let mut blocks = data.chunks_exact_mut(square.max(1));
    let of = |message: &Message, row: usize, col: usize| {
        let start = (row * message.states + col) * square;
        (start, start + square)
    };
    for row in 0..states {
        for col in 0..states {
            let (from, to) = of(left, row / right.states, col / right.states);
            let x = left.data.get(from..to).unwrap_or(&[]);
            let (from, to) = of(right, row % right.states, col % right.states);
            let y = right.data.get(from..to).unwrap_or(&[]);
            let Some(block) = blocks.next() else { continue };
            for ((entry, x), y) in block.iter_mut().zip(x).zip(y) {
                *entry = x * y;
            }
        }
    }
    let sites = left.sites.iter().chain(&right.sites).copied().collect();
    Ok(Message { sites, states, data })
}

/// The density matrix with its digits in the order that was asked for.
fn in_order(found: &[u64], wanted: &[u64], dim: usize, matrix: &[f64]) -> Reduced {
    let rows = dim.pow(found.len() as u32);
    // For every wanted site the stride of its digit in the found order.
    let strides: Vec<usize> = wanted
        .iter()
        .map(|site| {
            let place = found.iter().position(|known| known == site).unwrap_or(0);
            dim.pow((found.len() - 1 - place) as u32)
        })
        .collect();
    let source = |number: usize| {
        let mut rest = number;
        strides.iter().rev().fold(0, |sum, stride| {
            let digit = rest % dim;
            rest /= dim;
            sum + digit * stride
        })
    };
    let order: Vec<usize> = (0..rows).map(source).collect();
    let mut out = Vec::with_capacity(rows * rows);
    for row in &order {
        out.extend(order.iter().map(|col| matrix.get(row * rows + col).copied().unwrap_or(0.0)));
    }
    Reduced { sites: wanted.to_vec(), dim, matrix: out }
}
