//! A network as the steps that every format writes.

use crate::network::{Layer, Network, Obstacle, Pooling, Shape, Sharing, Window};
use std::fmt;

/// The most positions whose places are written out.
const MOST_POSITIONS: u64 = 1 << 16;

/// Why a network is not exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// The format is for ConvACs.
    NotConvac(Obstacle),
    /// More positions than are written out.
    TooLarge {
        /// The positions.
        positions: u64,
        /// The most that are written.
        limit: u64,
    },
    /// A weight is outside the range of the format's numbers.
    OutOfRange {
        /// The weight tensor.
        name: String,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportError::NotConvac(obstacle) => {
                write!(f, "the network is no ConvAC: {} ({})", obstacle.reason, obstacle.name)
            }
            ExportError::TooLarge { positions, limit } => {
                write!(
                    f,
                    "the places of {positions} positions are too many to be written, the limit is {limit}"
                )
            }
            ExportError::OutOfRange { name } => {
                write!(f, "a weight of {name} is outside the range of 32-bit floats")
            }
        }
    }
}

impl std::error::Error for ExportError {}

/// One step of a forward pass.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Matrices at all positions.
    Conv {
        /// Counted from 0: its weights are `conv<number>.weight`.
        number: usize,
        /// The positions.
        shape: Shape,
        /// Channels below and above.
        channels: (u64, u64),
        /// The number of matrices.
        matrices: u64,
        /// Which matrix acts at every position; `None` where there is one.
        places: Option<Vec<u64>>,
    },
    /// The rectifier.
    Relu,
    /// Windows of positions become one each.
    Pool {
        /// Counted from 0.
        number: usize,
        kind: Pooling,
        window: Shape,
        below: Shape,
        above: Shape,
        channels: u64,
        /// Whether the windows are neighbours, in order.
        contiguous: bool,
        /// For every window its members.
        members: Vec<u64>,
    },
    /// The dense layer.
    Output { channels: u64, classes: u64 },
}

/// The steps of a network.
pub(super) fn steps(network: &Network) -> Result<Vec<Step>, ExportError> {
    let positions = network.input_shape().sites();
    let (mut convs, mut pools) = (0, 0);
    let mut steps = Vec::new();
    for (layer, stage) in network.layers().iter().zip(network.stages()) {
        match layer {
            Layer::Input { .. } => {}
            Layer::Relu => steps.push(Step::Relu),
            Layer::Conv { channels, sharing } => {
                let number = convs;
                convs += 1;
                let shape = stage.shape_in;
                let matrices = stage.weight_shape.map_or(1, |[matrices, ..]| matrices);
                let places = match network.weight_of_position(number) {
                    Some(place) if *sharing != Sharing::Layer && matrices > 1 => {
                        check(positions)?;
                        Some((0..shape.sites()).map(place).collect())
                    }
                    _ => None,
                };
                let channels = (stage.channels_in, *channels);
                steps.push(Step::Conv { number, shape, channels, matrices, places });
            }
            Layer::Pool { window, kind, geometry } => {
                let number = pools;
                pools += 1;
                let Some(step) = Window::new(stage.shape_in, *window, geometry) else { continue };
                let contiguous = step.is_contiguous();
                // The engines of other programs know neighbours, but no products of them.
                let written = !contiguous || *kind == Pooling::Product;
                if written {
                    check(positions)?;
                }
                let windows = if written { step.target().sites() } else { 0 };
                let members = (0..windows)
                    .flat_map(|window| (0..step.size()).map(move |place| (window, place)))
                    .map(|(window, place)| step.source(window, place));
                steps.push(Step::Pool {
                    number,
                    kind: *kind,
                    window: *window,
                    below: stage.shape_in,
                    above: stage.shape_out,
                    channels: stage.channels_in,
                    contiguous,
                    members: members.collect(),
                });
            }
            Layer::Output { classes } => {
                steps.push(Step::Output { channels: stage.channels_in, classes: *classes });
            }
        }
    }
    Ok(steps)
}

pub(super) fn check(positions: u64) -> Result<(), ExportError> {
    if positions <= MOST_POSITIONS {
        return Ok(());
    }
    Err(ExportError::TooLarge { positions, limit: MOST_POSITIONS })
}

/// The sizes of a shape: one or two.
pub(super) fn sizes(shape: Shape) -> Vec<u64> {
    match shape {
        Shape::Chain(length) => vec![length],
        Shape::Grid { rows, cols } => vec![rows, cols],
    }
}
