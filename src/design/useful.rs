//! Widths that no partition can use.
//!
//! Let `D` bound what the subtree of a child carries (`D = M` at a site, `min(r_l, D^b)` above a
//! window of `b`), and `E` what the rest of the network carries towards an index: above it is the
//! parent with its other children and the parent's own rest, `E = min(r_(l+1), D_l^(b'-1) E')`, and 1
//! at the top. An index with `k` children on A and `b - k` on B, and the rest on A, needs no cut of its
//! own if `b - k` children are cut, or `k` children and the rest; so a cut through an index of
//! layer `l` is never needed once `r_l >= max_k min(D^(b-k), D^k E)`, whatever the partition. With
//! fewer channels some partition has a smaller min-cut: the one with these children and this rest.
//! While `r_l` is judged its own layer counts as unlimited (`D_l = D^b`).

use super::DesignError;
use super::family::{channels_of, convolutions_of_levels, with_channels};
use crate::graph::{Edge, Hierarchy};
use crate::network::Network;

/// The useful width of one convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsefulWidth {
    /// The convolution, counted from 0.
    pub conv: usize,
    /// Its channel number.
    pub channels: u64,
    /// With the other channel numbers as they are, more channels than this change the min-cut of no
    /// partition, and fewer change that of some. At most `2^64 - 1`.
    pub useful: u64,
    /// The channel number in the trimmed network.
    pub trimmed: u64,
}

/// Indices of one dimension: what is cut, and how many children it has.
#[derive(Clone, Copy, Debug)]
struct Layer {
    dim: u64,
    branching: u64,
}

/// The indices of a network from the input up, with pooling that merges indices merged.
fn layers(hierarchy: &Hierarchy) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut merged = false;
    for level in hierarchy.levels() {
        match layers.last_mut().filter(|_| merged) {
            Some(last) => last.branching = last.branching.saturating_mul(level.branching),
            None => layers.push(Layer { dim: level.dim, branching: level.branching }),
        }
        merged = level.up == Edge::Identity;
    }
    layers
}

fn power(base: u64, exponent: u64) -> u64 {
    if base <= 1 {
        return base;
    }
    // A power of 2 or more with 64 or more factors has left the range.
    u32::try_from(exponent)
        .ok()
        .filter(|exponent| *exponent < 64)
        .map_or(u64::MAX, |exponent| base.saturating_pow(exponent))
}

/// The largest useful dimension of layer `place`; `top` is the dimension of the output leg, 1
/// without one.
fn useful(layers: &[Layer], place: usize, top: u64) -> u64 {
    let mut carried: Vec<u64> = Vec::with_capacity(layers.len());
    for (number, layer) in layers.iter().enumerate() {
        let below = carried.last().copied();
        let all = below.map_or(layer.dim, |below| power(below, layer.branching));
        carried.push(if number == place { all } else { all.min(layer.dim) });
    }
    let mut rest = top;
    for number in (place + 1..layers.len()).rev() {
        let (Some(parent), Some(child)) = (layers.get(number), carried.get(number - 1)) else {
            continue;
        };
        let others = power(*child, parent.branching.saturating_sub(1)).saturating_mul(rest);
        rest = others.min(parent.dim);
    }
    let (Some(layer), Some(below)) =
        (layers.get(place), place.checked_sub(1).and_then(|below| carried.get(below)))
    else {
        return u64::MAX;
    };
    let b = layer.branching;
    // One side falls with k, the other rises: the best k is where they meet, near the middle.
    let at = |k: u64| power(*below, b - k).min(power(*below, k).saturating_mul(rest));
    (0..=b.min(64))
        .chain((b.saturating_sub(64)..=b).chain(b / 2..=b.div_ceil(2)))
        .map(at)
        .max()
        .unwrap_or(1)
}

/// By convolution the layer of indices that carry its channels.
fn places(hierarchy: &Hierarchy) -> Vec<usize> {
    let convolutions = convolutions_of_levels(hierarchy);
    let count = convolutions.iter().flatten().max().map_or(0, |last| last + 1);
    // Every convolution begins a layer, and nothing else does above the input.
    (1..=count).collect()
}

/// The useful width of every convolution, and the widths of the trimmed network.
///
/// `with_output` counts the class index as a leg that may be on either side.
///
/// # Errors
/// [`DesignError::Graph`] when the network is no ConvAC.
pub fn useful_widths(
    network: &Network,
    with_output: bool,
) -> Result<Vec<UsefulWidth>, DesignError> {
    let hierarchy = Hierarchy::from_network(network)?;
    let top = if with_output { network.classes() } else { 1 };
    let places = places(&hierarchy);
    let mut layers = layers(&hierarchy);
    let channels = channels_of(network);
    let mut widths: Vec<UsefulWidth> = places
        .iter()
        .enumerate()
        .map(|(conv, place)| {
            let channels = channels.get(conv).copied().unwrap_or(1);
            let useful = useful(&layers, *place, top);
            UsefulWidth { conv, channels, useful, trimmed: channels }
        })
        .collect();
    // Every single step keeps all min-cuts; what a step trims can make other widths useless.
    loop {
        let mut changed = false;
        for (width, place) in widths.iter_mut().zip(&places) {
            let useful = useful(&layers, *place, top);
            if useful < width.trimmed {
                width.trimmed = useful;
                changed = true;
                if let Some(layer) = layers.get_mut(*place) {
                    layer.dim = useful;
                }
            }
        }
        if !changed {
            return Ok(widths);
        }
    }
}

/// The network without useless widths: for every partition its min-cut is that of the original.
///
/// # Errors
/// As [`useful_widths`].
pub fn trimmed(network: &Network, with_output: bool) -> Result<Network, DesignError> {
    let widths = useful_widths(network, with_output)?;
    with_channels(network, widths.iter().map(|width| width.trimmed))
}
