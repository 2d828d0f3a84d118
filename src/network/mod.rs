//! What is described: shapes, layers, pooling geometry, networks without weights, and
//! bipartitions of the sites.
//!
//! A network is a convolutional arithmetic circuit (ConvAC) or one with the usual
//! nonlinearities; nothing here has weights. The words are those of Levine, Yakira, Cohen and
//! Shashua (arXiv 1704.01552) and Cohen and Shashua (arXiv 1605.06743): *sites*, *local
//! dimension* `M`, *channels* `r_l`, *pooling window*.

mod builder;
mod count;
mod error;
mod geometry;
mod hint;
mod layer;
mod layers;
#[allow(clippy::module_inception)]
mod network;
mod partition;
mod random;
mod representation;
mod rule;
mod shape;
#[cfg(test)]
mod tests;

pub use builder::NetworkBuilder;
pub use count::Stage;
pub use error::{Cause, NetworkError, NetworkErrorKind};
pub use geometry::{Geometry, Grouping, GroupingError, Window};
pub use layer::{Layer, Pooling, Sharing};
pub use layers::Layers;
pub use network::{Network, Obstacle};
pub use partition::{Axis, Bipartition, Pattern, Side};
pub use random::SplitMix64;
pub use representation::Representation;
pub use rule::{PartitionError, PartitionErrorKind, Rule};
pub use shape::Shape;

/// The largest number of channels, local dimension or classes: 2^53, so that every size is
/// also an exact real.
pub const MAX_DIMENSION: u64 = 1 << 53;
/// The largest number of sites of any network: 2^40.
pub const MAX_SITES: u64 = 1 << 40;
/// The largest number of sites of anything that keeps an array with an entry per site: 2^26.
pub const MAX_EXPLICIT_SITES: u64 = 1 << 26;
/// The largest number of layers of a network.
pub const MAX_LAYERS: usize = 1024;
