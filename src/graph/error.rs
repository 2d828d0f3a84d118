//! Why a question about a tensor network has no answer.

use crate::interrupt::Interrupted;
use crate::network::{Obstacle, PartitionError, Shape};
use std::fmt;

/// Why a question about a tensor network has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphError {
    /// The network is no ConvAC: a layer is in the way.
    NotConvac(Obstacle),
    /// The answer would be larger than a limit.
    TooLarge {
        /// What is too large, such as `the list of cut bonds`.
        what: String,
        /// Its size.
        size: String,
        /// The largest size that is allowed.
        limit: String,
        /// What to ask instead.
        hint: String,
    },
    /// The partition is of other sites than those of the network.
    ShapeMismatch {
        /// The sites of the network.
        network: Shape,
        /// The sites of the partition.
        partition: Shape,
    },
    /// The sides of a partition cannot be listed.
    Partition(PartitionError),
    /// The description of a tree is no rooted tree with positive dimensions.
    Malformed(String),
    /// The caller asked to stop.
    Interrupted,
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GraphError::NotConvac(obstacle) => {
                write!(f, "the network is no ConvAC: {} ({})", obstacle.reason, obstacle.name)
            }
            GraphError::TooLarge { what, size, limit, .. } => {
                write!(f, "{what} is too large: {size}, the limit is {limit}")
            }
            GraphError::ShapeMismatch { network, partition } => {
                write!(f, "the partition is of {partition} sites, the network has {network}")
            }
            GraphError::Partition(error) => error.fmt(f),
            GraphError::Malformed(reason) => f.write_str(reason),
            GraphError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for GraphError {}

impl From<Interrupted> for GraphError {
    fn from(_: Interrupted) -> Self {
        GraphError::Interrupted
    }
}

impl From<PartitionError> for GraphError {
    fn from(error: PartitionError) -> Self {
        GraphError::Partition(error)
    }
}

impl GraphError {
    /// One line that says what to type instead, where there is one.
    pub fn hint(&self) -> Option<&str> {
        match self {
            GraphError::NotConvac(obstacle) => Some(&obstacle.hint),
            GraphError::TooLarge { hint, .. } => Some(hint),
            GraphError::Partition(error) => Some(&error.hint),
            _ => None,
        }
    }

    pub(super) fn too_large(
        what: &str,
        size: impl ToString,
        limit: impl ToString,
        hint: &str,
    ) -> Self {
        GraphError::TooLarge {
            what: what.into(),
            size: size.to_string(),
            limit: limit.to_string(),
            hint: hint.into(),
        }
    }
}
