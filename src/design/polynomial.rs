//! Numbers of weights and operations as functions of the channel numbers.

use crate::network::{Layer, Network, Pooling, Stage};

/// A sum of products of at most two channel numbers with positive factors: exact below 2^128,
/// and there it stops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial {
    /// Factor and the convolutions (counted from 0) whose channel numbers it multiplies.
    terms: Vec<(u128, [Option<usize>; 2])>,
}

impl Polynomial {
    /// The number of weights of a network for any channel numbers.
    pub fn params(network: &Network) -> Self {
        let mut terms = Vec::new();
        for (layer, stage, below) in layers(network) {
            if let Some([positions, ..]) = stage.weight_shape {
                terms.push(match layer {
                    Layer::Conv { .. } => product(positions, network, below, Some(below.1)),
                    _ => product(positions.saturating_mul(network.classes()), network, below, None),
                });
            }
        }
        Self { terms }
    }

    /// The floating-point operations of one forward pass for any channel numbers, counted as
    /// [`Network::flops`] does.
    pub fn flops(network: &Network) -> Self {
        let mut terms = Vec::new();
        for (layer, stage, below) in layers(network) {
            let sites = stage.shape_out.sites();
            terms.push(match layer {
                Layer::Input { .. } => continue,
                Layer::Conv { .. } => {
                    product(sites.saturating_mul(2), network, below, Some(below.1))
                }
                Layer::Pool { window, kind, .. } => {
                    let size = window.sites();
                    let work = if *kind == Pooling::Mean { size } else { size.saturating_sub(1) };
                    product(work.saturating_mul(sites), network, below, None)
                }
                Layer::Relu => product(sites, network, below, None),
                Layer::Output { classes } => {
                    product(classes.saturating_mul(2), network, below, None)
                }
            });
        }
        Self { terms }
    }

    /// The value at these channel numbers; at most `2^128 - 1`.
    pub fn value(&self, channels: &[u64]) -> u128 {
        let channel = |conv: &Option<usize>| {
            conv.map_or(1, |conv| u128::from(channels.get(conv).copied().unwrap_or(0)))
        };
        self.terms.iter().fold(0u128, |sum, (factor, [one, other])| {
            let product = factor.saturating_mul(channel(one)).saturating_mul(channel(other));
            sum.saturating_add(product)
        })
    }

    /// Factors and the convolutions whose channel numbers they multiply.
    pub fn terms(&self) -> impl Iterator<Item = (f64, [Option<usize>; 2])> + '_ {
        self.terms.iter().map(|(factor, convs)| (*factor as f64, *convs))
    }
}

/// Every layer with its sizes and, below it, the last convolution or none, and the convolution
/// that it is if it is one.
fn layers(network: &Network) -> impl Iterator<Item = (&Layer, &Stage, (Option<usize>, usize))> {
    let mut convolutions = 0usize;
    network.layers().iter().zip(network.stages()).map(move |(layer, stage)| {
        let below = (convolutions.checked_sub(1), convolutions);
        convolutions += usize::from(matches!(layer, Layer::Conv { .. }));
        (layer, stage, below)
    })
}

/// `factor` times what arrives, times the channels of a convolution.
fn product(
    factor: u64,
    network: &Network,
    (below, _): (Option<usize>, usize),
    conv: Option<usize>,
) -> (u128, [Option<usize>; 2]) {
    let factor = u128::from(factor);
    match below {
        Some(below) => (factor, [Some(below), conv]),
        None => (factor.saturating_mul(u128::from(network.dim())), [None, conv]),
    }
}
