//! How much a subtree that is wholly on one side can carry when weights are shared.
//!
//! Let `d_l` bound the dimension of the span that the sites below an index of level `l` reach on
//! that index, when all of them are on one side. Below the sites there is nothing: `d_(-1) = M`.
//! An index whose children enter through matrices `W_t` carries `prod_t (W_t u_t)` (elementwise),
//! with every `u_t` in a space of dimension `d = d_(l-1)`. This map is multilinear in
//! `(u_1, …, u_b)`, so its image has at most `d^b` dimensions, and at most `r_l`. If all children
//! are the same map (same `W_t`, same subtrees), then it is moreover *symmetric* in the
//! coordinates of the `u_t`, factors through the symmetric power `Sym^b(R^d)` and has an image of
//! at most `C(d+b-1, b)` dimensions. A convolution without pooling has one child: `min(r_l, d)`.
//! Pooling without a convolution is the same with the identity for `W_t`.
//!
//! A cut through such an index may pay `d_l` instead of `r_l`: write the subtree's tensor as a
//! basis of its span times coordinates; the network is unchanged and the bond between the two has
//! dimension `d_l`. All such bonds are in separate subtrees, so a cut may use many of them, and
//! the rank is at most the product of what it pays (theorem 1 of arXiv 1704.01552 on the
//! rewritten network).
//!
//! Children of a window of level `l` are the same map when no matrix below distinguishes them: a
//! convolution shared over its layer never does; one shared over windows does only in the level
//! whose window gives the places, and repeats in every window above; an unshared one always does.

use super::hierarchy::{Edge, Hierarchy};
use crate::network::{Network, Sharing};

/// For every level the largest dimension that an index can carry whose sites are all on one
/// side.
pub(super) fn pure_dimensions(network: &Network, hierarchy: &Hierarchy) -> Vec<u64> {
    let levels = hierarchy.levels();
    let mut dims: Vec<u64> = Vec::with_capacity(levels.len());
    // The convolutions between the sites and the current level.
    let mut below: Vec<(Sharing, Option<usize>)> = Vec::new();
    for (place, level) in levels.iter().enumerate() {
        let Some(child) = dims.last().copied() else {
            dims.push(level.dim);
            continue;
        };
        if let Some(Edge::Weight { conv }) =
            place.checked_sub(1).and_then(|below| levels.get(below)).map(|l| l.up)
        {
            let sharing = network.conv_layer(conv).map_or(Sharing::None, |(_, sharing)| sharing);
            // The level whose window gives the places: the first pooling from here on.
            let window =
                levels.iter().enumerate().skip(place).find(|(_, level)| level.window.is_some());
            below.push((sharing, window.map(|(level, _)| level)));
        }
        let same = below.iter().all(|(sharing, window)| match sharing {
            Sharing::Layer => true,
            Sharing::Window => window.is_some_and(|window| window < place),
            Sharing::None => false,
        });
        let reached = if same {
            symmetric_power(child, level.branching, level.dim)
        } else {
            power(child, level.branching, level.dim)
        };
        dims.push(reached.min(level.dim));
    }
    dims
}

/// `min(C(dim + copies - 1, copies), limit)`: the dimension of the symmetric power.
pub(super) fn symmetric_power(dim: u64, copies: u64, limit: u64) -> u64 {
    let steps = copies.min(dim.saturating_sub(1));
    let other = u128::from(copies.max(dim.saturating_sub(1)));
    let mut value = 1u128;
    for step in 1..=u128::from(steps) {
        // C(other + step, step), exact at every step, growing.
        value = match value.checked_mul(other + step) {
            Some(product) => product / step,
            None => return limit,
        };
        if value >= u128::from(limit) {
            return limit;
        }
    }
    (value as u64).min(limit)
}

/// `min(dim^copies, limit)`.
fn power(dim: u64, copies: u64, limit: u64) -> u64 {
    if dim <= 1 {
        return dim.min(limit);
    }
    let mut value = 1u64;
    for _ in 0..copies {
        value = value.saturating_mul(dim);
        if value >= limit {
            return limit;
        }
    }
    value
}
