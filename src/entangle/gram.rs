//! Gram messages: the inner products of what a subtree sends to its parent.
//!
//! `G_v = W (G_1 o … o G_b) W^T` with the elementwise product at a copy tensor, of dimension
//! `r x r`: `4 r^3` flops per kind. The Gram matrix of the channels of a subtree is all that the
//! rest of the network sees of it when its sites are summed over.

use super::EntangleError;
use super::linalg;
use super::scaled::Scaled;
use super::tree::Tree;
use crate::graph::{Run, Subtrees};
use crate::interrupt::Interrupt;
use rayon::prelude::*;

/// The largest memory of messages, in bytes.
const MAX_BYTES: u128 = 1 << 32;
/// Flops of a level above which its kinds are shared out to threads.
const PARALLEL_FLOPS: usize = 1 << 22;

/// The messages of one level.
#[derive(Clone, Debug, Default)]
pub(super) struct GramLevel {
    /// The dimension of the messages.
    pub dim: usize,
    data: Vec<f64>,
    exponents: Vec<i64>,
    losses: Vec<Loss>,
}

/// How many digits of a message are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Loss {
    /// An estimate of the relative error.
    pub error: f64,
    /// By how much cancellation let an error grow on the worst way up.
    pub growth: f64,
    /// Whether a channel has become too small beside another one to be told from 0.
    flushed: bool,
    /// Whether such a channel may matter, because the larger ones are gone since.
    pub drifted: bool,
}

impl Loss {
    /// Of a number that was rounded once.
    pub const ROUNDED: Loss =
        Loss { error: f64::EPSILON, growth: 1.0, flushed: false, drifted: false };

    /// After terms that would give `expected` with random signs gave `found`: if that is less, they
    /// cancel, and their errors do not.
    fn cancelled(self, expected: f64, found: f64) -> Self {
        let growth = if found > 0.0 { (expected / found).max(1.0) } else { 1.0 };
        Loss { error: self.error * growth, growth: self.growth * growth, ..self }
    }

    /// After a message has become 0, or infinite, though nothing that it is made of is: a matrix is
    /// so small, or large, beside those of its layer that its square is out of range.
    fn vanished(
        mut self,
        out: Option<i64>,
        matrix: Option<&[f64]>,
        product: Option<&[f64]>,
    ) -> Self {
        if out.is_none() {
            let is_there = |factor: Option<&[f64]>| {
                factor.is_none_or(|factor| linalg::exponent(factor).is_some())
            };
            self.drifted |= is_there(matrix) && is_there(product);
        }
        self
    }

    /// After the largest entry has become smaller by a power of two in one step that had so many
    /// factors, each with a largest entry of 1/2 or more.
    fn suppressed(mut self, exponent: Option<i64>, factors: i64) -> Self {
        self.drifted |=
            self.flushed && exponent.is_none_or(|exponent| exponent < -600 - 2 * factors);
        self
    }
}

/// The messages of all levels below the last.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    pub levels: Vec<GramLevel>,
}

impl GramLevel {
    /// The message of a kind and its power of two.
    pub fn message(&self, kind: usize) -> (&[f64], i64) {
        let size = self.dim * self.dim;
        let message = self.data.get(kind * size..(kind + 1) * size).unwrap_or(&[]);
        (message, self.exponents.get(kind).copied().unwrap_or(0))
    }

    /// What is lost in the product of the messages of children.
    pub fn loss(&self, runs: &[Run]) -> Loss {
        // Rounding errors of different subtrees are independent: their squares add up. Those of
        // equal subtrees differ by a common factor, which a normalised state does not see.
        runs.iter().fold(Loss::ROUNDED, |sum, run| {
            let own = self.losses.get(run.kind as usize).copied().unwrap_or(Loss::ROUNDED);
            Loss {
                error: sum.error.hypot(own.error * f64::from(run.count).sqrt()),
                growth: sum.growth.max(own.growth),
                flushed: sum.flushed || own.flushed,
                drifted: sum.drifted || own.drifted,
            }
        })
    }

    /// Whether a channel of a product is 0, or nearly, though no factor of it is.
    fn is_flushed(&self, runs: &[Run], product: &[f64]) -> bool {
        const SMALL: f64 = 1e-270;
        let diagonal = || product.iter().step_by(self.dim + 1);
        let largest = diagonal().fold(0.0f64, |largest, entry| largest.max(*entry));
        let small = diagonal().enumerate().filter(|(_, entry)| **entry <= SMALL * largest);
        small.into_iter().any(|(channel, _)| {
            runs.iter().all(|run| {
                let (message, _) = self.message(run.kind as usize);
                message.get(channel * (self.dim + 1)).is_some_and(|entry| *entry > 0.0)
            })
        })
    }

    /// The elementwise product of the messages of children; its power of two.
    pub fn product(&self, runs: &[Run], out: &mut Vec<f64>) -> i64 {
        let mut exponent = 0;
        out.clear();
        let mut since_scaled = 0u32;
        for run in runs {
            let (message, own) = self.message(run.kind as usize);
            exponent += own * i64::from(run.count);
            if run.count > 2 {
                exponent += elementwise_power(message, run.count, out);
                since_scaled = 0;
                continue;
            }
            for _ in 0..run.count {
                if out.is_empty() {
                    out.extend_from_slice(message);
                } else {
                    out.iter_mut().zip(message).for_each(|(entry, factor)| *entry *= factor);
                }
                since_scaled += 1;
                if since_scaled >= 16 {
                    exponent += rescale(out);
                    since_scaled = 0;
                }
            }
        }
        exponent
    }
}

/// Multiplies `out` (if it is not empty) by `message^count`, entry by entry; the power of two
/// that was taken out.
fn elementwise_power(message: &[f64], mut count: u32, out: &mut Vec<f64>) -> i64 {
    let mut square = message.to_vec();
    let (mut square_exponent, mut exponent) = (rescale(&mut square), 0i64);
    while count > 0 {
        if count & 1 == 1 {
            if out.is_empty() {
                out.extend_from_slice(&square);
            } else {
                out.iter_mut().zip(&square).for_each(|(entry, factor)| *entry *= factor);
            }
            exponent += square_exponent + rescale(out);
        }
        count >>= 1;
        if count > 0 {
            square.iter_mut().for_each(|entry| *entry *= *entry);
            square_exponent = 2 * square_exponent + rescale(&mut square);
        }
    }
    exponent
}

/// Takes out the power of two of the largest entry of a positive semidefinite matrix, which stands
/// on its diagonal; `None` when that is 0 or not finite.
fn rescale_gram(entries: &mut [f64]) -> Option<i64> {
    let dim = entries.len().isqrt();
    let mut largest = 0.0f64;
    for entry in entries.iter().step_by(dim + 1) {
        if !entry.is_finite() {
            return None;
        }
        largest = largest.max(*entry);
    }
    let exponent = linalg::exponent(&[largest])?;
    if exponent != 0 {
        linalg::scale_down(entries, exponent);
    }
    Some(exponent)
}

/// Takes out the power of two of the largest entry.
pub(super) fn rescale(entries: &mut [f64]) -> i64 {
    match linalg::exponent(entries) {
        Some(exponent) if exponent != 0 => {
            linalg::scale_down(entries, exponent);
            exponent
        }
        _ => 0,
    }
}

impl Grams {
    /// The messages of the kinds whose mask `wanted` accepts; what it accepts of a kind it must
    /// accept of its children.
    pub fn ascend(
        tree: &Tree<'_>,
        subtrees: &Subtrees,
        wanted: impl Fn(u8) -> bool + Sync,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let last = subtrees.levels().len().saturating_sub(1);
        check_size(tree, subtrees)?;
        let mut levels: Vec<GramLevel> = Vec::with_capacity(last);
        for (level, kinds) in subtrees.levels().iter().enumerate().take(last) {
            interrupt.check()?;
            let (old, new) = (tree.dim(level), tree.up_dim(level));
            let size = new * new;
            let mut current = GramLevel {
                dim: new,
                data: vec![0.0; kinds.len() * size],
                exponents: vec![0; kinds.len()],
                losses: vec![Loss::ROUNDED; kinds.len()],
            };
            let below = levels.last();
            let flops = kinds.len().saturating_mul(old * new * (old + new));
            let fill = |scratch: &mut Scratch,
                        kind: usize,
                        out: &mut [f64],
                        exponent: &mut i64,
                        loss: &mut Loss| {
                if flops > PARALLEL_FLOPS && interrupt.check().is_err() {
                    return;
                }
                if wanted(kinds.mask(kind)) {
                    let matrix = tree.matrix(level, kinds.matrix(kind));
                    (*exponent, *loss) =
                        message(below, kinds.children(kind), matrix, old, out, scratch);
                }
            };
            if flops > PARALLEL_FLOPS && kinds.len() > 1 {
                current
                    .data
                    .par_chunks_mut(size)
                    .zip(current.exponents.par_iter_mut())
                    .zip(current.losses.par_iter_mut())
                    .enumerate()
                    .for_each_init(Scratch::default, |scratch, (kind, ((out, exponent), loss))| {
                        fill(scratch, kind, out, exponent, loss);
                    });
            } else {
                let mut scratch = Scratch::default();
                let places = current.data.chunks_mut(size).zip(&mut current.exponents);
                for (kind, ((out, exponent), loss)) in places.zip(&mut current.losses).enumerate() {
                    fill(&mut scratch, kind, out, exponent, loss);
                }
            }
            interrupt.check()?;
            levels.push(current);
        }
        Ok(Grams { levels })
    }

    /// The squared norm of the state with these heads (rows of the output matrix), the sum of
    /// `w (G_1 o … o G_b) w^T` over the heads, and what is lost in it.
    pub fn squared_norm(
        &self,
        tree: &Tree<'_>,
        subtrees: &Subtrees,
        heads: &[f64],
    ) -> Option<(Scaled, Loss)> {
        let (product, exponent) = self.at_top(tree, subtrees);
        let width = tree.up_dim(tree.depth());
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut image = vec![0.0; width];
        // Weights of any size: the heads are scaled before they are squared.
        let mut heads = heads.to_vec();
        let scale = rescale(&mut heads);
        for head in heads.chunks_exact(width.max(1)) {
            linalg::matrix_vector(&product, head, &mut image);
            sum += head.iter().zip(&image).map(|(x, y)| x * y).sum::<f64>();
            let diagonal = product.iter().step_by(width + 1);
            squares += head.iter().zip(diagonal).map(|(x, y)| x * x * y).sum::<f64>();
        }
        let runs = subtrees.levels().last().map_or(&[][..], |kinds| kinds.children(0));
        let level = self.levels.last();
        let mut loss = level.map_or(Loss::ROUNDED, |level| level.loss(runs));
        loss.flushed |= level.is_some_and(|level| level.is_flushed(runs, &product));
        let (_, own) = frexp(sum);
        let loss = loss.suppressed((sum > 0.0).then_some(own), 0);
        let norm = Scaled::from_parts(sum.max(0.0), exponent + 2 * scale)?;
        Some((norm, loss.cancelled(squares, sum)))
    }

    /// As [`Grams::squared_norm`], of a state that is not zero.
    ///
    /// # Errors
    /// [`EntangleError::ZeroState`], [`EntangleError::Drift`], [`EntangleError::NotFinite`].
    pub fn checked_norm(
        &self,
        tree: &Tree<'_>,
        subtrees: &Subtrees,
        heads: &[f64],
    ) -> Result<(Scaled, Loss), EntangleError> {
        if heads.iter().all(|weight| *weight == 0.0) {
            return Err(EntangleError::ZeroState);
        }
        let found = self.squared_norm(tree, subtrees, heads);
        let (norm, loss) = found.ok_or(EntangleError::NotFinite)?;
        if loss.drifted {
            return Err(EntangleError::Drift);
        }
        if norm.is_zero() { Err(EntangleError::ZeroState) } else { Ok((norm, loss)) }
    }

    /// The elementwise product of the messages that arrive at the last index.
    pub fn at_top(&self, tree: &Tree<'_>, subtrees: &Subtrees) -> (Vec<f64>, i64) {
        let mut product = Vec::new();
        let runs = subtrees.levels().last().map_or(&[][..], |kinds| kinds.children(0));
        let exponent = self.levels.last().map_or(0, |level| level.product(runs, &mut product));
        if product.is_empty() {
            product = identity(tree.dim(tree.depth().saturating_sub(1)));
        }
        (product, exponent)
    }
}

/// The mantissa and the power of two of a number.
fn frexp(value: f64) -> (f64, i64) {
    Scaled::new(value).map_or((value, 0), |scaled| (scaled.mantissa(), scaled.exponent()))
}

/// The unit matrix.
pub(super) fn identity(dim: usize) -> Vec<f64> {
    let mut entries = vec![0.0; dim * dim];
    entries.iter_mut().step_by(dim + 1).for_each(|entry| *entry = 1.0);
    entries
}

/// Buffers that are used again and again.
#[derive(Default)]
pub(super) struct Scratch {
    pub product: Vec<f64>,
    pub work: Vec<f64>,
}

/// The message of one kind; its power of two and what is lost in it.
fn message(
    below: Option<&GramLevel>,
    children: &[Run],
    matrix: Option<&[f64]>,
    old: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) -> (i64, Loss) {
    let Some(below) = below else {
        // The states of a site are orthonormal.
        match matrix {
            None => out.iter_mut().step_by(old + 1).for_each(|entry| *entry = 1.0),
            Some(matrix) => {
                let new = matrix.len() / old.max(1);
                linalg::multiply_transposed(matrix, matrix, out, new, old, new);
            }
        }
        let own = rescale_gram(out);
        return (own.unwrap_or(0), Loss::ROUNDED.vanished(own, matrix, None));
    };
    let exponent = below.product(children, &mut scratch.product);
    let mut loss = below.loss(children);
    loss.flushed |= below.is_flushed(children, &scratch.product);
    let (factors, given) = children.iter().fold((0, 0), |(factors, given), run| {
        let count = i64::from(run.count);
        (factors + count, given + count * below.message(run.kind as usize).1)
    });
    match matrix {
        None => out.copy_from_slice(&scratch.product),
        Some(matrix) => {
            let new = matrix.len() / old.max(1);
            linalg::congruence(matrix, &scratch.product, out, new, old, &mut scratch.work);
            scratch.work.clear();
            scratch.work.extend(scratch.product.iter().step_by(old + 1));
            let expected = linalg::largest_weighted_square(matrix, &scratch.work);
            let found = out.iter().step_by(new + 1).fold(0.0f64, |found, entry| found.max(*entry));
            loss = loss.cancelled(expected, found);
        }
    }
    let own = rescale_gram(out);
    let loss = loss.vanished(own, matrix, Some(&scratch.product));
    let exponent = exponent + own.unwrap_or(0);
    (exponent, loss.suppressed(own.map(|_| exponent - given), factors))
}

fn check_size(tree: &Tree<'_>, subtrees: &Subtrees) -> Result<(), EntangleError> {
    let mut bytes = 0u128;
    for (level, kinds) in subtrees.levels().iter().enumerate() {
        let dim = tree.up_dim(level) as u128;
        bytes += 8 * kinds.len() as u128 * dim * dim;
    }
    if bytes > MAX_BYTES {
        let hint = "use fewer sites or channels, or sharing = \"layer\"";
        return Err(EntangleError::too_large(
            "the list of Gram matrices",
            format!("{} GiB", bytes >> 30),
            format!("{} GiB", MAX_BYTES >> 30),
            hint,
        ));
    }
    Ok(())
}
