//! How a min-cut depends on each channel number.

use super::DesignError;
use super::family::{channels_of, convolutions_of_levels, with_channels};
use crate::graph::{Hierarchy, MinCut, OutputSide, Weight, min_cut};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, MAX_DIMENSION, Network};
use std::cmp::Ordering;

/// How the min-cut depends on the channel number of one convolution, all others as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSensitivity {
    /// The convolution, counted from 0.
    pub conv: usize,
    /// Its channel number `r`.
    pub channels: u64,
    /// How many of its bonds the reported smallest cut cuts.
    pub bonds: u64,
    /// `ln W(r + 1) - ln W(r)`; 0 exactly when wider is useless, and then it stays so.
    pub up: f64,
    /// `ln W(r) - ln W(r - 1)`, `None` for one channel; above 0 exactly when the layer binds.
    pub down: Option<f64>,
    /// The smallest channel number with which the min-cut is as large as it gets by this layer;
    /// `None` when it grows up to the largest dimension.
    pub enough: Option<u64>,
}

/// The dependence of the min-cut on every channel number.
///
/// # Errors
/// As [`min_cut`].
pub fn sensitivity(
    network: &Network,
    across: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<Vec<LayerSensitivity>, DesignError> {
    let channels = channels_of(network);
    let here = min_cut(network, across, output, interrupt)?;
    let weight = here.weight();
    let hierarchy = Hierarchy::from_network(network)?;
    let with = |conv: usize, to: u64| -> Result<MinCut, DesignError> {
        let changed = channels.iter().enumerate().map(|(i, r)| if i == conv { to } else { *r });
        let network = with_channels(network, changed)?;
        Ok(min_cut(&network, across, output, interrupt)?)
    };
    let convolutions = convolutions_of_levels(&hierarchy);
    let bonds_of = |cut: &MinCut, conv: usize| -> u64 {
        let factors = cut.layers().iter().zip(&convolutions);
        factors.filter(|(_, of)| **of == Some(conv)).map(|(factor, _)| factor.count).sum()
    };
    let rows = channels.iter().enumerate().map(|(conv, r)| {
        let up =
            if *r < MAX_DIMENSION { slope(&weight, &with(conv, r + 1)?.weight()) } else { 0.0 };
        let down = match r {
            0 | 1 => None,
            r => Some(slope(&with(conv, r - 1)?.weight(), &weight)),
        };
        let enough = enough(|to| with(conv, to), |cut| bonds_of(cut, conv))?;
        Ok(LayerSensitivity { conv, channels: *r, bonds: bonds_of(&here, conv), up, down, enough })
    });
    rows.collect()
}

/// `ln high - ln low`, and exactly 0 for equal products.
fn slope(low: &Weight, high: &Weight) -> f64 {
    if low.compare(high) == Ordering::Equal { 0.0 } else { high.ln() - low.ln() }
}

/// The smallest channel number with the min-cut of the largest one.
///
/// A cut with `j` bonds of the layer and `a` in all others costs `a r^j`; as a function of `ln r` the
/// min-cut is the smallest of such lines, so the steps of Newton's method, from line to line, go
/// up to the kink where no line with `j > 0` is below the flat one.
fn enough(
    with: impl Fn(u64) -> Result<MinCut, DesignError>,
    bonds: impl Fn(&MinCut) -> u64,
) -> Result<Option<u64>, DesignError> {
    let flat = with(MAX_DIMENSION)?;
    let top = flat.weight();
    if bonds(&flat) > 0 && with(MAX_DIMENSION - 1)?.weight().compare(&top) == Ordering::Less {
        return Ok(None);
    }
    let (mut less, mut r) = (0, 1);
    loop {
        let cut = with(r)?;
        let weight = cut.weight();
        if weight.compare(&top).is_eq() {
            break;
        }
        less = r;
        let step = (top.bits() - weight.bits()) / bonds(&cut).max(1) as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let next = ((r as f64).log2() + step).exp2().round() as u64;
        r = next.clamp(r + 1, MAX_DIMENSION);
    }
    // The logarithms are rounded: the exact number is between the last two.
    let mut first = true;
    while less + 1 < r {
        // Nearly always the first guess is right.
        let middle = if first { r - 1 } else { less + (r - less) / 2 };
        first = false;
        if with(middle)?.weight().compare(&top).is_eq() {
            r = middle;
        } else {
            less = middle;
        }
    }
    Ok(Some(r))
}
