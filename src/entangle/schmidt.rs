//! Schmidt spectra and entropies across a bipartition.
//!
//! The tensor of a class is a state of `N` sites; across a bipartition its singular values are
//! the Schmidt values. Pure subtrees (all on one side) enter by their Gram matrices or, for
//! printed spectra, by their QR factors; the others by compressed cores, so that nothing has `M^N`
//! entries. Two accuracies: squared values (`p`) to about 1e-16 of the largest, which is all that
//! entropies of order 1 and more need, or values to about 1e-16 of the largest.

use super::EntangleError;
use super::arithmetic::Real;
use super::core::{Core, Matrix};
use super::gram::{Grams, rescale};
use super::linalg;
use super::model::Model;
use super::plan::Plan;
use super::renyi;
use super::scaled::Scaled;
use super::spectrum::Spectrum;
use super::tree::{Output, Tree};
use super::walk::{MIXED, Walk};
use crate::graph::{ChildOrder, Labels, Run, Subtrees};
use crate::interrupt::Interrupt;
use crate::network::Bipartition;

/// How accurate a spectrum has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accuracy {
    /// The squared values to 1e-16 of the largest: enough for entropies of order 1 and more.
    Entropies,
    /// The values themselves to 1e-16 of the largest: for ranks and printed spectra.
    Values,
}

/// The largest estimated error of squared values that is accepted.
const TRUSTED: f64 = 1e-11;

/// The same of a Renyi-2 entropy, relative to it, if the spectrum can be had, and if it cannot.
const TRUSTED_ENTROPY: f64 = 1e-10;
const REFUSED_ENTROPY: f64 = 1e-8;

/// A question prepared: the tree, its kinds and the cost.
struct Prepared<'m> {
    tree: Tree<'m>,
    subtrees: Subtrees,
    plan: Plan,
}

impl<'m> Prepared<'m> {
    fn new(
        model: &'m Model,
        across: &Bipartition,
        output: Output,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let tree = Tree::new(model)?;
        tree.heads(output)?;
        let labels = Labels::Sides(across);
        let subtrees =
            Subtrees::new(model.network(), &tree.hierarchy, labels, ChildOrder::Any, interrupt)?;
        let plan = Plan::new(&tree, &subtrees, output);
        Ok(Prepared { tree, subtrees, plan })
    }

    fn matricization(
        &self,
        output: Output,
        accuracy: Accuracy,
        interrupt: &Interrupt,
    ) -> Result<Matrix<Real>, EntangleError> {
        let tree = &self.tree;
        let dims: Vec<usize> = (0..tree.depth()).map(|level| tree.dim(level)).collect();
        let grams = match accuracy {
            Accuracy::Values => None,
            Accuracy::Entropies => {
                Some(Grams::ascend(tree, &self.subtrees, |mask| mask != MIXED, interrupt)?)
            }
        };
        let pure = |level: usize, runs: &[Run], in_a: bool| {
            let level = grams.as_ref().and_then(|grams| grams.levels.get(level));
            Ok(joined_root(level.ok_or(EntangleError::ZeroState)?, runs, in_a))
        };
        let matrix = |level: usize, number: usize| tree.matrix(level, number);
        let walk: Walk<'_, Real> = Walk {
            subtrees: &self.subtrees,
            dims: &dims,
            matrix: &matrix,
            pure: grams.is_some().then_some(&pure),
        };
        let mut heads = tree.heads(output)?.to_vec();
        let exponent = rescale(&mut heads);
        let mut matrix = walk.matricization(&heads, output == Output::OnA, interrupt)?;
        matrix.exponent += exponent;
        Ok(matrix)
    }
}

/// The factor of the joined Gram matrix of children that are all on one side.
fn joined_root(level: &super::gram::GramLevel, runs: &[Run], in_a: bool) -> Core<Real> {
    let mut product = Vec::new();
    let exponent = level.product(runs, &mut product);
    // The factor has half the exponent: make it even.
    let odd = exponent.rem_euclid(2);
    if odd == 1 {
        product.iter_mut().for_each(|entry| *entry *= 2.0);
    }
    let mut factor = Vec::new();
    let rows = linalg::semidefinite_root(&product, level.dim, &mut factor);
    factor.truncate(rows * level.dim);
    let loss = level.loss(runs);
    let mut core = Core::pure(rows, level.dim, factor, ((exponent - odd) / 2, loss.error), in_a);
    core.drifted = loss.drifted;
    core
}

/// The Schmidt spectrum of a state across a bipartition.
///
/// Cost: see [`plan`](super::plan); `O(N r^3)` across a cut of one bond with [`Accuracy::Entropies`],
/// `O(N r^4)` with [`Accuracy::Values`]; as many kinds as levels with shared weights and a regular
/// partition.
///
/// # Errors
/// [`EntangleError::TooLarge`] beyond the limits of [`Plan::check`],
/// [`EntangleError::ZeroState`], and what [`plan`](super::plan) gives.
pub fn schmidt(
    model: &Model,
    across: &Bipartition,
    output: Output,
    accuracy: Accuracy,
    interrupt: &Interrupt,
) -> Result<Spectrum, EntangleError> {
    let prepared = Prepared::new(model, across, output, interrupt)?;
    prepared.plan.check()?;
    spectrum(&prepared, output, accuracy, interrupt)
}

fn spectrum(
    prepared: &Prepared<'_>,
    output: Output,
    accuracy: Accuracy,
    interrupt: &Interrupt,
) -> Result<Spectrum, EntangleError> {
    let matrix = match prepared.matricization(output, accuracy, interrupt) {
        // Gram matrices of very many channels are larger than factors of few rows.
        Err(EntangleError::TooLarge { .. }) if accuracy == Accuracy::Entropies => {
            return spectrum(prepared, output, Accuracy::Values, interrupt);
        }
        matrix => matrix?,
    };
    let Matrix { rows, cols, data, exponent, error, drifted } = matrix;
    let exponent = exponent.saturating_add(prepared.tree.shift);
    if drifted {
        return Err(EntangleError::Drift);
    }
    if accuracy == Accuracy::Entropies && error > TRUSTED {
        // Weights that cancel cost squares twice the digits: take the values themselves.
        return spectrum(prepared, output, Accuracy::Values, interrupt);
    }
    let spectrum = match accuracy {
        Accuracy::Values => {
            let values = linalg::singular_values(data, rows, cols, interrupt)?;
            Spectrum::from_singular_values(values, exponent)
        }
        Accuracy::Entropies => {
            let squares = linalg::squared_singular_values(&data, rows, cols, interrupt)?;
            Spectrum::from_squared(squares, 2 * exponent)
        }
    };
    spectrum.ok_or_else(|| {
        // Zero, or too small to be told from it? The Gram matrices know.
        let grams = Grams::ascend(&prepared.tree, &prepared.subtrees, |_| true, interrupt);
        let norm = grams.and_then(|grams| {
            let heads = prepared.tree.heads(output)?;
            grams.checked_norm(&prepared.tree, &prepared.subtrees, heads)
        });
        norm.err().unwrap_or(EntangleError::Drift)
    })
}

/// The entanglement entropy of an order in nats: von Neumann for 1, Renyi for others.
///
/// Order 2 takes the cheaper of the spectrum and the contraction of four copies, which also
/// works where the spectrum has astronomically many values.
///
/// # Errors
/// As [`schmidt`]; [`EntangleError::Domain`] for an order below 0 or not a number.
pub fn entropy(
    model: &Model,
    across: &Bipartition,
    output: Output,
    order: f64,
    interrupt: &Interrupt,
) -> Result<f64, EntangleError> {
    if order.is_nan() || order < 0.0 {
        return Err(EntangleError::Domain {
            message: format!("an entropy has an order of 0 or more, not {order}"),
            hint: "order = 1".into(),
        });
    }
    let prepared = Prepared::new(model, across, output, interrupt)?;
    let plan = &prepared.plan;
    if order == 2.0 && plan.renyi_allowed() {
        let cheaper = plan.renyi_flops < plan.flops || plan.check().is_err();
        if cheaper {
            let (entropy, error) =
                renyi::renyi_two(&prepared.tree, &prepared.subtrees, output, interrupt)?;
            // The error of a logarithm, against its size.
            let relative = error / entropy.max(1.0);
            if relative <= TRUSTED_ENTROPY {
                return Ok(entropy);
            }
            if plan.check().is_err() {
                if relative <= REFUSED_ENTROPY {
                    return Ok(entropy);
                }
                return Err(EntangleError::Cancellation { error: relative });
            }
        }
    }
    plan.check()?;
    // Small orders weigh small values: they need them, not their squares.
    let accuracy = if order < 1.0 { Accuracy::Values } else { Accuracy::Entropies };
    Ok(spectrum(&prepared, output, accuracy, interrupt)?.entropy(order))
}

/// The squared norm of a state: the sum of the squares of its amplitudes (over all classes, if
/// the class index is kept).
///
/// # Errors
/// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::OutOfRange`],
/// [`EntangleError::Interrupted`].
pub fn squared_norm(
    model: &Model,
    output: Output,
    interrupt: &Interrupt,
) -> Result<Scaled, EntangleError> {
    let tree = Tree::new(model)?;
    let heads = tree.heads(output)?;
    let (labels, order) = (Labels::None, ChildOrder::Any);
    let subtrees = Subtrees::new(model.network(), &tree.hierarchy, labels, order, interrupt)?;
    let grams = Grams::ascend(&tree, &subtrees, |_| true, interrupt)?;
    match grams.checked_norm(&tree, &subtrees, heads) {
        Ok((norm, _)) => {
            let scale = Scaled::from_parts(1.0, tree.shift.saturating_mul(2));
            Ok(norm.mul(scale.ok_or(EntangleError::NotFinite)?))
        }
        Err(EntangleError::ZeroState) => Ok(Scaled::ZERO),
        Err(error) => Err(error),
    }
}

/// The Renyi-2 entropy by four copies, whatever is cheaper, and an estimate of its error: for
/// tests and benches.
#[doc(hidden)]
pub fn renyi_two(
    model: &Model,
    across: &Bipartition,
    output: Output,
    interrupt: &Interrupt,
) -> Result<(f64, f64), EntangleError> {
    let prepared = Prepared::new(model, across, output, interrupt)?;
    renyi::renyi_two(&prepared.tree, &prepared.subtrees, output, interrupt)
}

/// By level the sizes `(a, b, channels)` of the cores of all kinds, and those of the last matrix.
#[cfg(test)]
pub(super) type CoreSizes = (Vec<Vec<(usize, usize, usize)>>, (usize, usize));

/// The sizes of the real cores of a spectrum: what a plan must know.
#[cfg(test)]
pub(super) fn core_sizes(
    model: &Model,
    across: &Bipartition,
    interrupt: &Interrupt,
) -> Result<CoreSizes, EntangleError> {
    let prepared = Prepared::new(model, across, Output::Class(0), interrupt)?;
    let tree = &prepared.tree;
    let dims: Vec<usize> = (0..tree.depth()).map(|level| tree.dim(level)).collect();
    let matrix = |level: usize, number: usize| tree.matrix(level, number);
    let walk: Walk<'_, Real> =
        Walk { subtrees: &prepared.subtrees, dims: &dims, matrix: &matrix, pure: None };
    let mut sizes = Vec::new();
    for level in 1..tree.depth() {
        let cores = walk.ascend(level, interrupt)?;
        let of = |core: &Core<Real>| (core.a, core.b, core.channels);
        sizes.push(cores.iter().flatten().map(of).collect());
    }
    let last = prepared.matricization(Output::Class(0), Accuracy::Values, interrupt)?;
    Ok((sizes, (last.rows, last.cols)))
}
