//! The Renyi-2 entropy of any bipartition by the contraction of four copies.
//!
//! `tr rho_A^2` pairs two kets with two bras: on sites of B each ket with its own bra, on sites of
//! A crosswise. A subtree with sites of both sides sends `T[i, j, k, l]` over the channels of
//! (ket 1, bra 1, ket 2, bra 2), `r^4` entries, whatever the rank across the bipartition: the
//! purity is exact also where the spectrum has `4^512` values. `T` does not change under
//! `(i j)(k l)`, `(i k)(j l)` and `(i l)(j k)` for real weights, which saves half of the work:
//! `4 r^5` flops per mixed kind. A pure subtree sends its Gram matrix.

use super::EntangleError;
use super::gram::{Grams, Scratch, rescale};
use super::linalg;
use super::tree::{Output, Tree};
use super::walk::{A_ONLY, B_ONLY, MIXED};
use crate::graph::{Kinds, Subtrees};
use crate::interrupt::Interrupt;
use rayon::prelude::*;

/// A four-copy message and its power of two; nothing for a pure kind.
type FourCopies = (Vec<f64>, i64);

/// The Renyi-2 entropy in nats, and an estimate of its error.
pub(super) fn renyi_two(
    tree: &Tree<'_>,
    subtrees: &Subtrees,
    output: Output,
    interrupt: &Interrupt,
) -> Result<(f64, f64), EntangleError> {
    let grams = Grams::ascend(tree, subtrees, |_| true, interrupt)?;
    let last = subtrees.levels().len().saturating_sub(1);
    let mut below: Vec<FourCopies> = Vec::new();
    for (level, kinds) in subtrees.levels().iter().enumerate().take(last) {
        let make = |scratch: &mut Buffers, kind: usize| -> Result<FourCopies, EntangleError> {
            interrupt.check()?;
            if kinds.mask(kind) != MIXED {
                return Ok(FourCopies::default());
            }
            let (product, exponent) =
                product(subtrees, &grams, level, kinds, kind, &below, &mut scratch.gram);
            let dim = tree.dim(level);
            let (mut lifted, exponent) = match tree.matrix(level, kinds.matrix(kind)) {
                None => (product, exponent),
                Some(matrix) => (scratch.lift(&product, matrix, dim), exponent),
            };
            let own = rescale(&mut lifted);
            Ok((lifted, exponent + own))
        };
        let mixed = (0..kinds.len()).filter(|kind| kinds.mask(*kind) == MIXED).count();
        let large = mixed > 1 && mixed.saturating_mul(tree.up_dim(level).pow(4)) > 1 << 14;
        below = if large {
            let all = (0..kinds.len()).into_par_iter();
            all.map_init(Buffers::default, make).collect::<Result<_, _>>()?
        } else {
            let mut scratch = Buffers::default();
            (0..kinds.len()).map(|kind| make(&mut scratch, kind)).collect::<Result<_, _>>()?
        };
    }
    let Some(top) = subtrees.levels().get(last) else { return Err(EntangleError::ZeroState) };
    let mut buffers = Buffers::default();
    let (product, exponent) = product(subtrees, &grams, last, top, 0, &below, &mut buffers.gram);
    // The class index is one more site; one class is a site with one value, on either side.
    let dim = tree.dim(last);
    let mut heads = tree.heads(output)?.to_vec();
    rescale(&mut heads);
    let mut gram = vec![0.0; dim * dim];
    for head in heads.chunks_exact(dim.max(1)) {
        for (row, left) in gram.chunks_exact_mut(dim.max(1)).zip(head) {
            row.iter_mut().zip(head).for_each(|(entry, right)| *entry += left * right);
        }
    }
    let mut weights = Vec::new();
    multiply_pairs(&mut weights, &gram, dim, output == Output::OnA);
    let purity: f64 = product.iter().zip(&weights).map(|(x, y)| x * y).sum();
    let (norm, loss) = grams.checked_norm(tree, subtrees, &heads)?;
    if purity.is_nan() {
        return Err(EntangleError::NotFinite);
    }
    if purity <= 0.0 {
        return Err(EntangleError::Drift);
    }
    let ln_two = std::f64::consts::LN_2;
    let exponent = exponent - 2 * norm.exponent();
    let ratio = purity / (norm.mantissa() * norm.mantissa());
    // Where two copies lose digits by cancellation, four lose twice as many.
    let error = loss.error * loss.growth;
    Ok(((-(ratio.ln() + exponent as f64 * ln_two)).max(0.0), error))
}

/// The elementwise product of what arrives at the copy tensor of a mixed kind.
fn product(
    subtrees: &Subtrees,
    grams: &Grams,
    level: usize,
    kinds: &Kinds,
    kind: usize,
    below: &[FourCopies],
    gram: &mut Vec<f64>,
) -> (Vec<f64>, i64) {
    let (mut product, mut exponent) = (Vec::new(), 0i64);
    let Some(under) = level.checked_sub(1) else { return (vec![1.0], 0) };
    let Some(masks) = subtrees.levels().get(under) else { return (vec![1.0], 0) };
    for run in kinds.children(kind) {
        if masks.mask(run.kind as usize) != MIXED {
            continue;
        }
        let Some((message, own)) = below.get(run.kind as usize) else { continue };
        for _ in 0..run.count {
            if product.is_empty() {
                product.extend_from_slice(message);
            } else {
                product.iter_mut().zip(message).for_each(|(entry, factor)| *entry *= factor);
                exponent += rescale(&mut product);
            }
            exponent += own;
        }
    }
    for side in [A_ONLY, B_ONLY] {
        let of_side = kinds.children(kind).iter().copied();
        let runs: Vec<_> = of_side.filter(|run| masks.mask(run.kind as usize) == side).collect();
        let Some(messages) = grams.levels.get(under).filter(|_| !runs.is_empty()) else { continue };
        // The Gram matrix enters twice.
        exponent += 2 * messages.product(&runs, gram);
        multiply_pairs(&mut product, gram, messages.dim, side == A_ONLY);
    }
    let own = rescale(&mut product);
    (product, exponent + own)
}

/// Multiplies `T[i, j, k, l]` (all ones if empty) by `g[i, l] g[k, j]` on A, by `g[i, j] g[k, l]`
/// on B.
fn multiply_pairs(product: &mut Vec<f64>, gram: &[f64], dim: usize, crosswise: bool) {
    if product.is_empty() {
        product.resize(dim.pow(4), 1.0);
    }
    let rows = || gram.chunks_exact(dim.max(1));
    let mut blocks = product.chunks_exact_mut((dim * dim).max(1));
    for of_i in rows() {
        for (j, by_j) in of_i.iter().enumerate() {
            let Some(block) = blocks.next() else { return };
            for (row, of_k) in block.chunks_exact_mut(dim.max(1)).zip(rows()) {
                if crosswise {
                    let factor = of_k.get(j).copied().unwrap_or(0.0);
                    row.iter_mut().zip(of_i).for_each(|(entry, x)| *entry *= factor * x);
                } else {
                    row.iter_mut().zip(of_k).for_each(|(entry, x)| *entry *= by_j * x);
                }
            }
        }
    }
}

/// Buffers that are used again and again.
#[derive(Default)]
struct Buffers {
    gram: Vec<f64>,
    packed: Vec<f64>,
    work: Scratch,
}

impl Buffers {
    /// Applies a matrix (`new x old`) to all four legs.
    fn lift(&mut self, tensor: &[f64], matrix: &[f64], old: usize) -> Vec<f64> {
        let new = matrix.len() / old.max(1);
        // (k, l) first, for i <= j: T[j, i, l, k] is the same as T[i, j, k, l].
        self.packed.clear();
        for i in 0..old {
            for j in i..old {
                let start = (i * old + j) * old * old;
                self.packed.extend_from_slice(tensor.get(start..start + old * old).unwrap_or(&[]));
            }
        }
        let half = self.lift_pairs(matrix, old, new);
        // Then (i, j), for k <= l, from [pair i <= j][k][l] to [pair k <= l][i][j].
        self.packed.clear();
        self.packed.resize(new * (new + 1) / 2 * old * old, 0.0);
        let mut pair = 0;
        for i in 0..old {
            for j in i..old {
                let block = half.get(pair * new * new..(pair + 1) * new * new).unwrap_or(&[]);
                pair += 1;
                let mut target = 0;
                for k in 0..new {
                    for l in k..new {
                        let place = target * old * old;
                        target += 1;
                        let entries = (block.get(k * new + l), block.get(l * new + k));
                        let (Some(upper), Some(lower)) = entries else { continue };
                        if let Some(entry) = self.packed.get_mut(place + i * old + j) {
                            *entry = *upper;
                        }
                        if let Some(entry) = self.packed.get_mut(place + j * old + i) {
                            // For i = j both are the same number up to rounding.
                            *entry = if i == j { *upper } else { *lower };
                        }
                    }
                }
            }
        }
        let half = self.lift_pairs(matrix, old, new);
        // [pair k <= l][i][j] to [k][l][i][j], which is T[i, j, k, l] by its symmetry.
        let mut out = vec![0.0; new.pow(4)];
        let square = new * new;
        let mut blocks = half.chunks_exact(square.max(1));
        for k in 0..new {
            for l in k..new {
                let Some(block) = blocks.next() else { return out };
                let start = (k * new + l) * square;
                if let Some(place) = out.get_mut(start..start + square) {
                    place.copy_from_slice(block);
                }
                if k == l {
                    continue;
                }
                let start = (l * new + k) * square;
                if let Some(place) = out.get_mut(start..start + square) {
                    for (row, values) in place.chunks_exact_mut(new).enumerate() {
                        let column = block.iter().skip(row).step_by(new);
                        values.iter_mut().zip(column).for_each(|(entry, value)| *entry = *value);
                    }
                }
            }
        }
        out
    }

    /// `W X W^T` for every packed `old x old` matrix.
    fn lift_pairs(&mut self, matrix: &[f64], old: usize, new: usize) -> Vec<f64> {
        let pairs = self.packed.len() / (old * old).max(1);
        let half = &mut self.work.work;
        half.clear();
        half.resize(pairs * old * new, 0.0);
        linalg::multiply_transposed(&self.packed, matrix, half, pairs * old, old, new);
        let mut out = vec![0.0; pairs * new * new];
        let blocks =
            half.chunks_exact((old * new).max(1)).zip(out.chunks_exact_mut((new * new).max(1)));
        for (block, out) in blocks {
            linalg::multiply(matrix, block, out, new, old, new);
        }
        out
    }
}
