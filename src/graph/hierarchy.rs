//! The index tree of a network level by level.
//!
//! All indices of one level have the same dimension and the same number of children, so a level
//! is a few numbers, and a chain of 2^40 sites costs no memory. In *tree order* the children of
//! an index are neighbours: child `t` of index `i` of a level with `b` children each is index
//! `b i + t` of the level below.

use super::GraphError;
use crate::interrupt::Interrupt;
use crate::network::{Geometry, Layer, Network, Shape, Window};
use std::sync::OnceLock;

/// The largest number of indices of a network that is walked index by index.
pub(super) const MAX_INDICES: u64 = 1 << 28;

/// What joins an index to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Nothing: pooling without a convolution in between. Index and parent are one copy tensor.
    Identity,
    /// A weight matrix of this convolution (counted from 0).
    Weight {
        /// The convolution.
        conv: usize,
    },
    /// The output layer; only above the last index.
    Top,
}

/// All indices of one depth.
#[derive(Clone, Debug)]
pub struct Level {
    /// `input`, the convolution whose channels the index carries (`conv0`), or the pooling that
    /// merges without a convolution (`pool1`).
    pub name: String,
    /// The place in the list of layers of what makes this index.
    pub layer: usize,
    /// The bond dimension.
    pub dim: u64,
    /// What joins the indices to those of the next level.
    pub up: Edge,
    /// The positions of the indices.
    pub shape: Shape,
    /// The number of children of each index; 0 for the input.
    pub branching: u64,
    /// The pooling that joins the children; `None` for the input and for a convolution that is
    /// followed by another convolution or the output.
    pub window: Option<Window>,
    /// The window's shape (1 or 1x1 without pooling).
    pub window_shape: Shape,
}

/// The levels of a ConvAC, from the input up.
#[derive(Debug)]
pub struct Hierarchy {
    levels: Vec<Level>,
    classes: u64,
    contiguous: bool,
    orders: OnceLock<Vec<Option<Vec<u32>>>>,
}

impl Hierarchy {
    /// The levels of a network.
    ///
    /// # Errors
    /// [`GraphError::NotConvac`] when a layer is not linear or not product pooling.
    pub fn from_network(network: &Network) -> Result<Self, GraphError> {
        if let Some(obstacle) = network.convac_obstacle() {
            return Err(GraphError::NotConvac(obstacle));
        }
        let mut levels: Vec<Level> = Vec::new();
        let mut pending: Option<(usize, usize, u64)> = None;
        let (mut convs, mut contiguous) = (0, true);
        let one = |shape: Shape| match shape {
            Shape::Chain(_) => Shape::Chain(1),
            Shape::Grid { .. } => Shape::Grid { rows: 1, cols: 1 },
        };
        for (layer, (kind, stage)) in network.layers().iter().zip(network.stages()).enumerate() {
            // A convolution makes an index of its own only if no pooling follows it.
            let flush = |levels: &mut Vec<Level>, pending: Option<(usize, usize, u64)>| {
                let (Some((conv, made_by, dim)), Some(below)) = (pending, levels.last_mut()) else {
                    return;
                };
                below.up = Edge::Weight { conv };
                let shape = below.shape;
                levels.push(Level {
                    name: format!("conv{conv}"),
                    layer: made_by,
                    dim,
                    up: Edge::Top,
                    shape,
                    branching: 1,
                    window: None,
                    window_shape: one(shape),
                });
            };
            match kind {
                Layer::Input { shape, dim, .. } => levels.push(Level {
                    name: stage.name.clone(),
                    layer,
                    dim: *dim,
                    up: Edge::Top,
                    shape: *shape,
                    branching: 0,
                    window: None,
                    window_shape: one(*shape),
                }),
                Layer::Conv { channels, .. } => {
                    flush(&mut levels, pending.take());
                    pending = Some((convs, layer, *channels));
                    convs += 1;
                }
                Layer::Pool { window, geometry, .. } => {
                    let Some(below) = levels.last_mut() else { continue };
                    let Some(step) = Window::new(below.shape, *window, geometry) else {
                        return Err(GraphError::Malformed(format!(
                            "{kind} does not fit {}",
                            below.shape
                        )));
                    };
                    contiguous &= *geometry == Geometry::Contiguous;
                    let (name, made_by, dim, up) = match pending.take() {
                        Some((conv, made_by, dim)) => {
                            (format!("conv{conv}"), made_by, dim, Edge::Weight { conv })
                        }
                        None => (stage.name.clone(), layer, below.dim, Edge::Identity),
                    };
                    below.up = up;
                    levels.push(Level {
                        name,
                        layer: made_by,
                        dim,
                        up: Edge::Top,
                        shape: step.target(),
                        branching: window.sites(),
                        window: Some(step),
                        window_shape: *window,
                    });
                }
                Layer::Output { .. } => flush(&mut levels, pending.take()),
                Layer::Relu => {}
            }
        }
        Ok(Hierarchy { levels, classes: network.classes(), contiguous, orders: OnceLock::new() })
    }

    /// The levels, from the input to the index that the output layer reads.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The layout of the sites.
    pub fn input_shape(&self) -> Shape {
        self.levels.first().map_or(Shape::Chain(1), |level| level.shape)
    }

    /// The number of classes, the dimension of the output index.
    pub fn classes(&self) -> u64 {
        self.classes
    }

    /// Whether every pooling joins neighbours.
    pub fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    /// The number of indices, the output index not counted.
    pub fn indices(&self) -> u64 {
        self.levels.iter().fold(0u64, |sum, level| sum.saturating_add(level.shape.sites()))
    }

    /// Refuses to walk a network index by index when it has too many.
    pub(super) fn check_explicit(&self) -> Result<(), GraphError> {
        let sites = self.input_shape().sites();
        if sites > crate::network::MAX_EXPLICIT_SITES {
            let hint =
                "use contiguous pooling and a regular partition such as left_right, or fewer sites";
            let limit = format!("{} sites", crate::network::MAX_EXPLICIT_SITES);
            return Err(GraphError::too_large(
                "the list of sites",
                format!("{sites} sites"),
                limit,
                hint,
            ));
        }
        if self.indices() > MAX_INDICES {
            let size = format!("{} indices", self.indices());
            let hint = "use fewer sites, or fewer convolutions without pooling";
            return Err(GraphError::too_large(
                "the tensor network",
                size,
                format!("{MAX_INDICES} indices"),
                hint,
            ));
        }
        Ok(())
    }

    /// The row-major position of every site in tree order, in which the sites below an index are
    /// neighbours; `None` where the two orders are the same.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when there are too many sites to be listed,
    /// [`GraphError::Interrupted`].
    pub fn site_order(&self, interrupt: &Interrupt) -> Result<Option<&[u32]>, GraphError> {
        self.check_explicit()?;
        Ok(self.orders(interrupt)?.first().and_then(Option::as_deref))
    }

    /// For every level the row-major position of each index in tree order; `None` where the two
    /// orders are the same. Only called after [`Hierarchy::check_explicit`].
    pub(super) fn orders(&self, interrupt: &Interrupt) -> Result<&[Option<Vec<u32>>], GraphError> {
        if let Some(orders) = self.orders.get() {
            return Ok(orders);
        }
        let orders = self.make_orders(interrupt)?;
        Ok(self.orders.get_or_init(|| orders))
    }

    fn make_orders(&self, interrupt: &Interrupt) -> Result<Vec<Option<Vec<u32>>>, GraphError> {
        let mut orders: Vec<Option<Vec<u32>>> = vec![None; self.levels.len()];
        let mut above: Option<Vec<u32>> = None;
        for (place, level) in self.levels.iter().enumerate().rev() {
            interrupt.check()?;
            let Some(window) = &level.window else {
                set(&mut orders, place, above.clone());
                continue;
            };
            let chain = matches!(level.shape, Shape::Chain(_));
            if chain && above.is_none() && window.is_contiguous() {
                continue;
            }
            let size = window.size();
            let mut below = Vec::with_capacity(level.shape.sites().saturating_mul(size) as usize);
            for index in 0..level.shape.sites() {
                let target = match &above {
                    None => index,
                    Some(order) => {
                        order.get(index as usize).map_or(0, |position| u64::from(*position))
                    }
                };
                for place in 0..size {
                    if below.len() % (1 << 16) == 0 {
                        interrupt.check()?;
                    }
                    below.push(window.source(target, place) as u32);
                }
            }
            set(&mut orders, place, above.replace(below));
        }
        Ok(orders)
    }
}

fn set(orders: &mut [Option<Vec<u32>>], place: usize, order: Option<Vec<u32>>) {
    if let Some(slot) = orders.get_mut(place) {
        *slot = order;
    }
}
