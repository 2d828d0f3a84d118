//! The layers of a network.

use super::{Geometry, Representation, Shape};
use std::fmt;

/// One layer, without weights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The sites, each lifted to `dim` representation functions (the local dimension `M`).
    Input {
        /// The layout of the sites.
        shape: Shape,
        /// The local dimension `M`.
        dim: u64,
        /// What lifts a site to `M` numbers.
        features: Representation,
    },
    /// A 1x1 convolution: a matrix `channels x (channels below)` at every position, no bias.
    Conv {
        /// The number of channels `r_l` that leave the layer.
        channels: u64,
        /// Which positions have the same matrix.
        sharing: Sharing,
    },
    /// Pooling over windows, channel by channel.
    Pool {
        /// The size of a window.
        window: Shape,
        /// What is taken of the members of a window.
        kind: Pooling,
        /// Which positions are the members of a window.
        geometry: Geometry,
    },
    /// The rectifier `max(x, 0)` on every value.
    Relu,
    /// A dense layer `classes x channels` on the one position that is left, no bias.
    Output {
        /// The number of classes `Y`.
        classes: u64,
    },
}

/// Which positions of a convolution have the same matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// One matrix for the layer: a true 1x1 convolution.
    Layer,
    /// One matrix for every place inside a window of the next pooling.
    Window,
    /// One matrix for every position.
    None,
}

/// What pooling takes of the members of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// The product: the copy tensor of a ConvAC.
    Product,
    /// The largest value.
    Max,
    /// The average.
    Mean,
}

impl Layer {
    /// What the layer is called in the language: `input`, `conv`, `pool`, `relu` or `output`.
    pub fn name(&self) -> &'static str {
        match self {
            Layer::Input { .. } => "input",
            Layer::Conv { .. } => "conv",
            Layer::Pool { .. } => "pool",
            Layer::Relu => "relu",
            Layer::Output { .. } => "output",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layer::Input { shape, dim, features } => {
                write!(f, "input({shape}, dim = {dim}")?;
                if features.lifts() {
                    write!(f, ", features = \"{features}\"")?;
                }
                match features {
                    Representation::Affine { patch } if patch.sites() != 1 => {
                        write!(f, ", patch = {patch})")
                    }
                    _ => write!(f, ")"),
                }
            }
            Layer::Conv { channels, sharing: Sharing::Layer } => write!(f, "conv({channels})"),
            Layer::Conv { channels, sharing } => {
                write!(f, "conv({channels}, sharing = \"{sharing}\")")
            }
            Layer::Pool { window, kind, geometry } => {
                write!(f, "pool({window}")?;
                if *kind != Pooling::Product {
                    write!(f, ", kind = \"{kind}\"")?;
                }
                match geometry.as_str() {
                    Some("contiguous") => {}
                    Some(name) => write!(f, ", geometry = \"{name}\"")?,
                    None => write!(f, ", geometry = …")?,
                }
                write!(f, ")")
            }
            Layer::Relu => write!(f, "relu()"),
            Layer::Output { classes } => write!(f, "output({classes})"),
        }
    }
}

impl Sharing {
    /// The spelling in the language.
    pub fn as_str(&self) -> &'static str {
        match self {
            Sharing::Layer => "layer",
            Sharing::Window => "window",
            Sharing::None => "none",
        }
    }

    /// The sharing with this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        [Sharing::Layer, Sharing::Window, Sharing::None]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Pooling {
    /// The spelling in the language.
    pub fn as_str(&self) -> &'static str {
        match self {
            Pooling::Product => "product",
            Pooling::Max => "max",
            Pooling::Mean => "mean",
        }
    }

    /// The kind with this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        [Pooling::Product, Pooling::Max, Pooling::Mean]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
