//! Why a question about a design has no answer.

use crate::graph::GraphError;
use crate::interrupt::Interrupted;
use crate::network::{NetworkError, PartitionError};
use std::fmt;

/// Why a question about a design has no answer.
#[derive(Clone, Debug)]
pub enum DesignError<E = std::convert::Infallible> {
    /// A question about a tensor network has none.
    Graph(GraphError),
    /// Channel numbers make no network.
    Network(Box<NetworkError>),
    /// A function of channel numbers falls where it must grow: its values at two points, the
    /// second with at least as many channels everywhere.
    Falls {
        /// The smaller channel numbers and the value there.
        low: (Vec<u64>, f64),
        /// The larger channel numbers and the value there.
        high: (Vec<u64>, f64),
    },
    /// A function of channel numbers is infinite or no number.
    NotANumber {
        /// Where.
        at: Vec<u64>,
    },
    /// What asks is told so by its own error.
    Oracle(E),
    /// The caller asked to stop.
    Interrupted,
}

impl<E: fmt::Display> fmt::Display for DesignError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DesignError::Graph(error) => error.fmt(f),
            DesignError::Network(error) => f.write_str(&error.message),
            DesignError::Falls { low, high } => write!(
                f,
                "the function falls where channels grow: {} at {:?}, {} at {:?}",
                low.1, low.0, high.1, high.0
            ),
            DesignError::NotANumber { at } => {
                write!(f, "the function is no finite number at {at:?}")
            }
            DesignError::Oracle(error) => error.fmt(f),
            DesignError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for DesignError<E> {}

impl<E> From<GraphError> for DesignError<E> {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Interrupted => DesignError::Interrupted,
            error => DesignError::Graph(error),
        }
    }
}

impl<E> From<NetworkError> for DesignError<E> {
    fn from(error: NetworkError) -> Self {
        DesignError::Network(Box::new(error))
    }
}

impl<E> From<PartitionError> for DesignError<E> {
    fn from(error: PartitionError) -> Self {
        DesignError::Graph(GraphError::Partition(error))
    }
}

impl<E> From<Interrupted> for DesignError<E> {
    fn from(_: Interrupted) -> Self {
        DesignError::Interrupted
    }
}
