//! What a network can correlate at each feature size.
//!
//! The sites in alternating blocks (on a grid: a checkerboard of blocks) of `size` are the partition
//! that asks for correlations between features of that size. Where the blocks begin matters: a block
//! that no pooling window holds is split over the tree. So every shift is a partition of its own.

use super::DesignError;
use crate::graph::{Hierarchy, OutputSide, Weight, min_cut_on};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, Rule, Shape};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

/// The min-cuts of one feature size.
#[derive(Clone, Debug, PartialEq)]
pub struct FeaturePoint {
    /// Sites along each side of a block.
    pub size: u64,
    /// The min-cut of the blocks that begin at the first site.
    pub aligned: Weight,
    /// The smallest min-cut of all shifts, and the first shift (rows, columns) that has it.
    pub smallest: (Weight, (u64, u64)),
    /// The largest min-cut of all shifts, and the first shift (rows, columns) that has it.
    pub largest: (Weight, (u64, u64)),
    /// The mean of log2 of the min-cuts of all shifts.
    pub mean_bits: f64,
    /// The number of shifts.
    pub shifts: u64,
}

/// The partition into alternating blocks of a size, moved by rows and columns (of a chain, by the
/// columns).
///
/// # Errors
/// [`DesignError::Graph`] when one side would be empty.
pub fn shifted_blocks(
    shape: Shape,
    size: u64,
    (rows, cols): (u64, u64),
) -> Result<Bipartition, DesignError> {
    let rule = match (rows, cols) {
        (0, 0) => Rule::Blocks(size),
        _ => Rule::ShiftedBlocks { size, rows, cols },
    };
    Ok(rule.resolve(&shape)?)
}

/// The feature sizes of a network: powers of two and the sides of what its pooling windows see, as
/// far as both sides of the partition have sites.
pub fn feature_sizes(network: &Network) -> Vec<u64> {
    let shape = network.input_shape();
    let extent = shape.rows().max(shape.cols());
    let mut sizes: Vec<u64> = std::iter::successors(Some(1u64), |size| size.checked_mul(2))
        .take_while(|size| *size < extent && *size <= extent.div_ceil(2))
        .collect();
    let (mut rows, mut cols) = (1u64, 1u64);
    for layer in network.layers() {
        if let crate::network::Layer::Pool { window, .. } = layer {
            rows = rows.saturating_mul(window.rows());
            cols = cols.saturating_mul(window.cols());
            sizes.extend([rows, cols]);
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
        .retain(|size| *size <= extent.div_ceil(2) && shifted_blocks(shape, *size, (0, 0)).is_ok());
    sizes
}

/// All shifts of blocks of a size that give different partitions: shifting by one block exchanges
/// the sides.
fn shifts(shape: Shape, size: u64) -> Vec<(u64, u64)> {
    // Beyond the extent of the sites nothing moves any more but the whole.
    let down = if shape.rows() > 1 { size } else { 1 };
    let across = if shape.cols() > 1 { size } else { 1 };
    (0..down).flat_map(|row| (0..across).map(move |col| (row, col))).collect()
}

/// How many min-cuts [`features`] computes for these sizes.
pub fn count_shifts(shape: Shape, sizes: &[u64]) -> u64 {
    let of = |size: &u64| {
        let down = if shape.rows() > 1 { *size } else { 1 };
        let across = if shape.cols() > 1 { *size } else { 1 };
        down.saturating_mul(across)
    };
    sizes.iter().map(of).fold(0, u64::saturating_add)
}

/// The min-cuts of a network for some feature sizes, of all shifts or of the aligned blocks alone.
///
/// `step` is told after every min-cut, from any thread.
///
/// # Errors
/// [`DesignError::Graph`] when the network is no ConvAC or a size leaves a side empty,
/// [`DesignError::Interrupted`].
pub fn features(
    network: &Network,
    sizes: &[u64],
    shifted: bool,
    interrupt: &Interrupt,
    step: &(dyn Fn() + Sync),
) -> Result<Vec<FeaturePoint>, DesignError> {
    let hierarchy = Arc::new(Hierarchy::from_network(network)?);
    let shape = network.input_shape();
    let one = |size: u64| -> Result<FeaturePoint, DesignError> {
        let shifts = if shifted { shifts(shape, size) } else { vec![(0, 0)] };
        let cut = |shift: &(u64, u64)| -> Result<Option<Weight>, DesignError> {
            interrupt.check()?;
            step();
            // A block that is larger than what is left of the sites can leave a side empty.
            let across = match shifted_blocks(shape, size, *shift) {
                Ok(across) => across,
                Err(_) if *shift != (0, 0) => return Ok(None),
                Err(error) => return Err(error),
            };
            let cut = min_cut_on(&hierarchy, &across, OutputSide::Fixed, interrupt)?;
            Ok(Some(cut.weight()))
        };
        let weights: Vec<Result<Option<Weight>, DesignError>> =
            shifts.par_iter().with_min_len(8).map(cut).collect();
        let mut found: Vec<(Weight, (u64, u64))> = Vec::with_capacity(shifts.len());
        for (weight, shift) in weights.into_iter().zip(&shifts) {
            found.extend(weight?.map(|weight| (weight, *shift)));
        }
        let (aligned, _) = found.first().cloned().unwrap_or((Weight::new([]), (0, 0)));
        let better = |wanted: Ordering| {
            let start = found.first().cloned().unwrap_or((Weight::new([]), (0, 0)));
            found.iter().skip(1).fold(start, |best, other| {
                if other.0.compare(&best.0) == wanted { other.clone() } else { best }
            })
        };
        let bits: f64 = found.iter().map(|(weight, _)| weight.bits()).sum();
        Ok(FeaturePoint {
            size,
            aligned,
            smallest: better(Ordering::Less),
            largest: better(Ordering::Greater),
            mean_bits: bits / found.len().max(1) as f64,
            shifts: found.len() as u64,
        })
    };
    sizes.iter().map(|size| one(*size)).collect()
}
