//! Environments: the Gram matrix of all that is not below a bond; entropies of all bonds at once.
//!
//! From the top down, `E_child = (W^T E W) o prod of the siblings' G`. Across a bond with message
//! `G = F^T F` from below and environment `E` from above the squared Schmidt values are the
//! eigenvalues of `F E F^T`, so one pass up and one pass down give every bond of the tree in
//! `O(N r^3)`.

use super::EntangleError;
use super::gram::{Grams, Scratch, rescale};
use super::linalg;
use super::model::Model;
use super::spectrum::entropy_of_weights;
use super::tree::{Output, Tree};
use crate::graph::{ChildOrder, Labels, Run, Subtrees};
use crate::interrupt::Interrupt;
use rayon::prelude::*;

/// Kinds of a level above which its bonds are shared out to threads.
const PARALLEL_BONDS: usize = 64;

/// The entropy across one bond, or across all that look alike.
#[derive(Clone, Debug, PartialEq)]
pub struct BondEntropy {
    /// The level below the bond: `input` for a site, `conv0`, …
    pub level: String,
    /// The row-major position of one such index in its level.
    pub position: u64,
    /// How many bonds have this very entropy because their weights are shared.
    pub count: u64,
    /// The number of sites below the bond.
    pub sites: u64,
    /// The largest rank that the dimensions of the bond allow.
    pub dim: u64,
    /// The entropy in nats.
    pub entropy: f64,
}

/// A state whose sites are all summed over from below: what passes from the top down begin with.
pub(super) struct Summed<'m> {
    pub tree: Tree<'m>,
    /// The kinds with their children in the order of places.
    pub subtrees: Subtrees,
    pub grams: Grams,
    /// The environment of the last index: the Gram matrix of the heads.
    pub top: Vec<f64>,
}

impl<'m> Summed<'m> {
    /// Prepares a model.
    ///
    /// # Errors
    /// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::ZeroState`],
    /// [`EntangleError::Drift`], [`EntangleError::Interrupted`].
    pub fn new(
        model: &'m Model,
        output: Output,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let tree = Tree::new(model)?;
        let heads = tree.heads(output)?;
        let (labels, order) = (Labels::None, ChildOrder::Places);
        let subtrees = Subtrees::new(model.network(), &tree.hierarchy, labels, order, interrupt)?;
        let grams = Grams::ascend(&tree, &subtrees, |_| true, interrupt)?;
        grams.checked_norm(&tree, &subtrees, heads)?;
        let top = head_gram(heads, tree.dim(tree.depth().saturating_sub(1)));
        Ok(Summed { tree, subtrees, grams, top })
    }
}

/// A bond that is visited on the way down.
struct Bond {
    kind: u32,
    position: u64,
    count: u64,
    environment: Vec<f64>,
}

/// The entropy (of any order from 1 on) of the state across every bond of the tree.
///
/// Costs `O(N r^3)`: two passes and the eigenvalues of one `r x r` matrix for each bond. Bonds
/// that are alike by sharing are computed once.
///
/// # Errors
/// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::ZeroState`],
/// [`EntangleError::Domain`] for an order below 1, [`EntangleError::Interrupted`].
pub fn bond_entropies(
    model: &Model,
    output: Output,
    order: f64,
    interrupt: &Interrupt,
) -> Result<Vec<BondEntropy>, EntangleError> {
    if order.is_nan() || order < 1.0 {
        return Err(EntangleError::Domain {
            message: format!("the bonds have entropies of order 1 or more, not {order}"),
            hint: "order = 1".into(),
        });
    }
    let Summed { tree, subtrees, grams, top } = Summed::new(model, output, interrupt)?;
    let mut sites_below = vec![1u64; tree.depth()];
    for (level, step) in tree.hierarchy.levels().iter().enumerate().skip(1) {
        let below = sites_below.get(level - 1).copied().unwrap_or(1);
        if let Some(slot) = sites_below.get_mut(level) {
            *slot = below.saturating_mul(step.branching.max(1));
        }
    }
    // At the last index the environment is the Gram matrix of the heads.
    let mut above = vec![Bond { kind: 0, position: 0, count: 1, environment: top }];
    let mut found = Vec::new();
    for level in (1..tree.depth()).rev() {
        let (Some(kinds), Some(messages)) =
            (subtrees.levels().get(level), grams.levels.get(level - 1))
        else {
            continue;
        };
        let (Some(here), Some(below)) =
            (tree.hierarchy.levels().get(level), tree.hierarchy.levels().get(level - 1))
        else {
            continue;
        };
        let under = subtrees.levels().get(level - 1);
        let sites = sites_below.get(level - 1).copied().unwrap_or(1);
        let dim = tree.dim(level);
        let descend = |scratch: &mut Scratch,
                       bond: &Bond|
         -> Result<Vec<(Bond, f64)>, EntangleError> {
            interrupt.check()?;
            let runs = kinds.children(bond.kind as usize);
            let others = siblings(messages, runs, &bond.environment, interrupt)?;
            let mut children = Vec::with_capacity(runs.len());
            let mut place = 0u64;
            for (number, run) in runs.iter().enumerate() {
                let environment = others.get(number).cloned().unwrap_or_default();
                let (message, _) = messages.message(run.kind as usize);
                let entropy = bond_entropy(message, &environment, dim, order, scratch, interrupt)?;
                let kind = run.kind;
                let position = match &here.window {
                    Some(window) => window.source(bond.position, place),
                    None => bond.position,
                };
                place += u64::from(run.count);
                let count = bond.count * u64::from(run.count);
                // What the child's index sees is beyond its matrix.
                let matrix =
                    under.and_then(|under| tree.matrix(level - 1, under.matrix(kind as usize)));
                let environment = match matrix {
                    None => environment,
                    Some(matrix) => {
                        let old = tree.dim(level - 1);
                        let mut out = vec![0.0; old * old];
                        linalg::congruence_transposed(
                            matrix,
                            &environment,
                            &mut out,
                            dim,
                            old,
                            &mut scratch.work,
                        );
                        rescale(&mut out);
                        out
                    }
                };
                children.push((Bond { kind, position, count, environment }, entropy));
            }
            Ok(children)
        };
        let lists: Vec<Vec<(Bond, f64)>> = if above.len() > PARALLEL_BONDS {
            above.par_iter().map_init(Scratch::default, descend).collect::<Result<_, _>>()?
        } else {
            let mut scratch = Scratch::default();
            above.iter().map(|bond| descend(&mut scratch, bond)).collect::<Result<_, _>>()?
        };
        above = Vec::new();
        for (bond, entropy) in lists.into_iter().flatten() {
            found.push(BondEntropy {
                level: below.name.clone(),
                position: bond.position,
                count: bond.count,
                sites,
                dim: below.dim.min(here.dim),
                entropy,
            });
            above.push(bond);
        }
    }
    found.reverse();
    Ok(found)
}

/// `sum_y w_y w_y^T`, scaled.
fn head_gram(heads: &[f64], dim: usize) -> Vec<f64> {
    let mut heads = heads.to_vec();
    rescale(&mut heads);
    let mut gram = vec![0.0; dim * dim];
    for head in heads.chunks_exact(dim.max(1)) {
        for (row, left) in gram.chunks_exact_mut(dim.max(1)).zip(head) {
            row.iter_mut().zip(head).for_each(|(entry, right)| *entry += left * right);
        }
    }
    gram
}

/// The environment of one child of every run: that of the index times the messages of all others.
/// Products from the left and from the right, so that a window of `b` costs `O(b r^2)`.
fn siblings(
    messages: &super::gram::GramLevel,
    runs: &[Run],
    index: &[f64],
    interrupt: &Interrupt,
) -> Result<Vec<Vec<f64>>, EntangleError> {
    let multiply = |target: &mut [f64], factor: &[f64]| {
        target.iter_mut().zip(factor).for_each(|(entry, factor)| *entry *= factor);
        rescale(target);
    };
    let mut product = Vec::new();
    let mut others = Vec::with_capacity(runs.len());
    let mut before = index.to_vec();
    for run in runs {
        interrupt.check()?;
        let mut own = before.clone();
        if run.count > 1 {
            messages.product(&[Run { count: run.count - 1, ..*run }], &mut product);
            multiply(&mut own, &product);
        }
        others.push(own);
        messages.product(&[*run], &mut product);
        multiply(&mut before, &product);
    }
    let mut after: Option<Vec<f64>> = None;
    for (run, own) in runs.iter().zip(&mut others).rev() {
        if let Some(after) = &after {
            multiply(own, after);
        }
        messages.product(&[*run], &mut product);
        match &mut after {
            None => after = Some(product.clone()),
            Some(after) => multiply(after, &product),
        }
    }
    Ok(others)
}

/// The entropy of the eigenvalues of `F E F^T` with `F^T F = G`.
fn bond_entropy(
    message: &[f64],
    environment: &[f64],
    dim: usize,
    order: f64,
    scratch: &mut Scratch,
    interrupt: &Interrupt,
) -> Result<f64, EntangleError> {
    let mut factor = Vec::new();
    let rows = linalg::semidefinite_root(message, dim, &mut factor);
    scratch.product.clear();
    scratch.product.resize(rows * rows, 0.0);
    let factor = factor.get(..rows * dim).unwrap_or(&[]);
    linalg::congruence(factor, environment, &mut scratch.product, rows, dim, &mut scratch.work);
    let values = linalg::symmetric_eigenvalues(&mut scratch.product, rows, interrupt)?;
    Ok(entropy_of_weights(&values, order))
}
