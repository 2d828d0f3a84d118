//! A checked list of layers.

use super::count::{self, Stage};
use super::{Layer, NetworkBuilder, NetworkError, Pooling, Representation, Shape, Sharing, Window};
use dashu_int::UBig;
use std::sync::Arc;

/// A network without weights: one input, layers that fit each other, one output.
///
/// Clones share their data.
#[derive(Clone, Debug)]
pub struct Network {
    content: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    layers: Vec<Layer>,
    stages: Vec<Stage>,
    input_shape: Shape,
    dim: u64,
    features: Representation,
    classes: u64,
}

/// The first layer that keeps a network from being a ConvAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The layer, counted from 0.
    pub layer: usize,
    /// The name of its stage, such as `relu0`.
    pub name: String,
    /// Why a tensor-network query cannot see through it.
    pub reason: String,
    /// What to ask or to change instead.
    pub hint: String,
}

impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        self.content.layers == other.content.layers
    }
}

impl Eq for Network {}

impl Network {
    /// The network of these layers, from the input to the output.
    ///
    /// # Errors
    /// [`NetworkError`] at the first layer that does not fit.
    pub fn new(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        let mut builder = NetworkBuilder::new();
        for layer in layers {
            builder.push(layer)?;
        }
        builder.finish()
    }

    /// The network of layers that a builder has checked.
    pub(super) fn from_checked(layers: Vec<Layer>) -> Self {
        let (mut input_shape, mut dim, mut classes) = (Shape::Chain(1), 1, 1);
        let mut features = Representation::Given;
        for layer in &layers {
            match layer {
                Layer::Input { shape, dim: local, features: of } => {
                    (input_shape, dim, features) = (*shape, *local, *of);
                }
                Layer::Output { classes: number } => classes = *number,
                _ => {}
            }
        }
        let stages = count::stages(&layers);
        let content = Content { layers, stages, input_shape, dim, features, classes };
        Network { content: Arc::new(content) }
    }

    /// The layers, from the input to the output.
    pub fn layers(&self) -> &[Layer] {
        &self.content.layers
    }

    /// The layout of the sites.
    pub fn input_shape(&self) -> Shape {
        self.content.input_shape
    }

    /// The local dimension `M`.
    pub fn dim(&self) -> u64 {
        self.content.dim
    }

    /// What lifts the value of a site to `M` numbers.
    pub fn features(&self) -> Representation {
        self.content.features
    }

    /// The number of classes `Y`.
    pub fn classes(&self) -> u64 {
        self.content.classes
    }

    /// One entry per layer: name, shapes, weights and work.
    pub fn stages(&self) -> &[Stage] {
        &self.content.stages
    }

    /// The number of weights, without those of learned representation functions.
    pub fn params(&self) -> UBig {
        self.stages().iter().map(|stage| &stage.weights).sum()
    }

    /// The floating-point operations of one forward pass of one input: `2 rows cols` per
    /// matrix-vector product and position, `b-1` per pooled channel of a window of `b` (`b` for
    /// the mean), 1 per rectified value. Evaluating the representation functions is not counted.
    pub fn flops(&self) -> UBig {
        self.stages().iter().map(|stage| &stage.flops).sum()
    }

    /// The first layer that keeps the network from being a ConvAC, if any: a rectifier, max or
    /// mean pooling.
    pub fn convac_obstacle(&self) -> Option<Obstacle> {
        self.layers().iter().zip(self.stages()).enumerate().find_map(|(layer, (kind, stage))| {
            let (reason, hint) = match kind {
                Layer::Relu => (
                    "a rectifier is not linear, so the score is no tensor network",
                    "remove relu() and use product pooling, or ask for the grid_rank of a small model",
                ),
                Layer::Pool { kind: Pooling::Max, .. } => (
                    "max pooling is no product, so the score is no tensor network",
                    "use kind = \"product\", or ask for the grid_rank of a small model",
                ),
                Layer::Pool { kind: Pooling::Mean, .. } => (
                    "mean pooling adds the members of a window, so the score is no product of them",
                    "use kind = \"product\", or ask for the grid_rank of a small model",
                ),
                _ => return None,
            };
            Some(Obstacle { layer, name: stage.name.clone(), reason: reason.into(), hint: hint.into() })
        })
    }

    /// The number of convolutions.
    pub fn convolutions(&self) -> usize {
        self.layers().iter().filter(|layer| matches!(layer, Layer::Conv { .. })).count()
    }

    /// How the matrices of convolution `conv` (counted from 0) are really shared: a layer with
    /// one position shares nothing, nor does `window` sharing with one window, and `window`
    /// sharing with windows of one position is `layer` sharing. `None` when there is no such
    /// convolution.
    pub fn effective_sharing(&self, conv: usize) -> Option<Sharing> {
        let (index, sharing) = self.conv_layer(conv)?;
        let positions = self.stages().get(index)?.shape_in.sites();
        let matrices = self.stages().get(index)?.weight_shape?[0];
        Some(match sharing {
            _ if matrices == positions => Sharing::None,
            _ if matrices == 1 => Sharing::Layer,
            other => other,
        })
    }

    /// The pooling step that follows convolution `conv` and gives `window` sharing its places;
    /// `None` when no pooling follows.
    pub fn window_after(&self, conv: usize) -> Option<Window> {
        let (index, _) = self.conv_layer(conv)?;
        count::next_window(self.layers(), index, self.stages().get(index)?.shape_in)
    }

    /// Which matrix of the weight of convolution `conv` (first axis of `conv<n>.weight`) acts at
    /// every position, as a function. `None` when there is no such convolution.
    pub fn weight_of_position(&self, conv: usize) -> Option<impl Fn(u64) -> u64 + use<>> {
        let (_, sharing) = self.conv_layer(conv)?;
        let window = if sharing == Sharing::Window { self.window_after(conv) } else { None };
        Some(move |position: u64| match (sharing, &window) {
            (Sharing::Layer, _) | (Sharing::Window, None) => 0,
            (Sharing::Window, Some(window)) => window.locate(position).1,
            (Sharing::None, _) => position,
        })
    }

    /// The place in the list of layers of convolution `conv`, and its sharing as written.
    pub fn conv_layer(&self, conv: usize) -> Option<(usize, Sharing)> {
        let convolutions =
            self.layers().iter().enumerate().filter_map(|(index, layer)| match layer {
                Layer::Conv { sharing, .. } => Some((index, *sharing)),
                _ => None,
            });
        convolutions.into_iter().nth(conv)
    }
}
