//! Networks that differ in their channel numbers only.

use super::DesignError;
use crate::graph::{Edge, Hierarchy};
use crate::network::{Layer, Network};

/// The channel number of one convolution of a [`Family`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Always this.
    Fixed(u64),
    /// `factor` times a variable.
    Free {
        /// The variable, counted from 0.
        variable: usize,
        /// What it is multiplied with.
        factor: u64,
    },
}

impl Channel {
    /// The channel number where the variables have these values; stops at `2^64 - 1`.
    pub fn at(&self, variables: &[u64]) -> u64 {
        match *self {
            Channel::Fixed(channels) => channels,
            Channel::Free { variable, factor } => {
                variables.get(variable).copied().unwrap_or(0).saturating_mul(factor)
            }
        }
    }
}

/// Networks of one structure, one for each value of some variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    network: Network,
    channels: Vec<Channel>,
}

impl Family {
    /// The family of a network in which the channel numbers are these, one for each convolution.
    pub fn new(network: Network, channels: Vec<Channel>) -> Self {
        Self { network, channels }
    }

    /// Finds how the channel numbers of a network follow from variables, from networks at some
    /// points: `None` if a layer differs in more than its channel number, or if the channel
    /// numbers are neither fixed nor multiples of one variable at all of the points.
    ///
    /// Two of the points must differ in every variable, in such a way that a channel number tells
    /// which variable it is a multiple of.
    pub fn through(points: &[(Vec<u64>, Network)]) -> Option<Self> {
        let ((first, network), others) = points.split_first()?;
        let seen = channels_of(network);
        let found = seen.iter().enumerate().map(|(conv, channels)| {
            let fits = |channel: Channel| {
                channel.at(first) == *channels
                    && others.iter().all(|(variables, network)| {
                        channels_of(network).get(conv) == Some(&channel.at(variables))
                    })
            };
            let fixed = Some(Channel::Fixed(*channels)).filter(|channel| fits(*channel));
            fixed.or_else(|| {
                let free = first.iter().enumerate().filter_map(|(variable, value)| {
                    let factor = channels.checked_div(*value)?;
                    Some(Channel::Free { variable, factor })
                });
                free.into_iter().find(|channel| fits(*channel))
            })
        });
        let family = Self { network: network.clone(), channels: found.collect::<Option<_>>()? };
        let same = points.iter().all(|(variables, network)| {
            family.network(variables).is_ok_and(|made| made == *network)
        });
        same.then_some(family)
    }

    /// A network of the family.
    pub fn base(&self) -> &Network {
        &self.network
    }

    /// The channel numbers as functions of the variables.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The network where the variables have these values.
    ///
    /// # Errors
    /// [`DesignError::Network`] when a channel number is not allowed.
    pub fn network(&self, variables: &[u64]) -> Result<Network, DesignError> {
        with_channels(&self.network, self.channels.iter().map(|channel| channel.at(variables)))
    }
}

/// A network with other channel numbers, one for each convolution.
pub(super) fn with_channels(
    network: &Network,
    channels: impl IntoIterator<Item = u64>,
) -> Result<Network, DesignError> {
    let mut channels = channels.into_iter();
    let layers = network.layers().iter().map(|layer| match layer {
        Layer::Conv { channels: own, sharing } => {
            Layer::Conv { channels: channels.next().unwrap_or(*own), sharing: *sharing }
        }
        other => other.clone(),
    });
    Ok(Network::new(layers.collect())?)
}

/// The channel numbers of a network.
pub(super) fn channels_of(network: &Network) -> Vec<u64> {
    let channels = network.layers().iter().filter_map(|layer| match layer {
        Layer::Conv { channels, .. } => Some(*channels),
        _ => None,
    });
    channels.collect()
}

/// For every level the convolution (counted from 0) whose channels its indices carry, `None` where
/// they carry the representation functions of the sites.
pub(super) fn convolutions_of_levels(hierarchy: &Hierarchy) -> Vec<Option<usize>> {
    let mut current = None;
    let mut edge = Edge::Identity;
    let levels = hierarchy.levels().iter().map(|level| {
        if let Edge::Weight { conv } = std::mem::replace(&mut edge, level.up) {
            current = Some(conv);
        }
        current
    });
    levels.collect()
}
