//! Why a question about a model has no answer.

use super::linalg::LinalgError;
use crate::graph::GraphError;
use crate::interrupt::Interrupted;
use std::fmt;

/// Why a question about a model has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum EntangleError {
    /// The network or the partition does not allow the question.
    Graph(GraphError),
    /// The answer, or what it is made of, would be larger than a limit.
    TooLarge {
        /// What is too large, such as `the core at conv2`.
        what: String,
        /// Its size.
        size: String,
        /// The largest size that is allowed.
        limit: String,
        /// What to ask instead.
        hint: String,
    },
    /// All amplitudes are 0 (or too small to tell), so there is no state to normalise.
    ZeroState,
    /// A class, a site or a value that the model does not have.
    OutOfRange {
        /// What was asked for, such as `class 12`.
        what: String,
        /// What there is, such as `the model has classes 0 to 9`.
        range: String,
        /// What to type instead.
        hint: String,
    },
    /// An argument that has no meaning.
    Domain {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: String,
    },
    /// The weights are such that an intermediate result is not finite.
    NotFinite,
    /// The weights cancel so strongly that too few digits are left.
    Cancellation {
        /// An estimate of the relative error.
        error: f64,
    },
    /// Channels of one index differ by more than a double can hold, and the smaller ones matter.
    Drift,
    /// The caller asked to stop.
    Interrupted,
}

impl EntangleError {
    /// One line that says what to type instead, where there is one.
    pub fn hint(&self) -> Option<&str> {
        match self {
            EntangleError::Graph(error) => error.hint(),
            EntangleError::TooLarge { hint, .. }
            | EntangleError::OutOfRange { hint, .. }
            | EntangleError::Domain { hint, .. } => Some(hint),
            EntangleError::ZeroState => Some("init(net, seed = 1)"),
            EntangleError::NotFinite => Some("use weights of ordinary size, such as those of init"),
            EntangleError::Cancellation { .. } => {
                Some("entropy(model, across) of fewer sites or channels, by its whole spectrum")
            }
            EntangleError::Drift => {
                Some("use weights whose channels are of similar size, such as those of init")
            }
            EntangleError::Interrupted => None,
        }
    }

    pub(super) fn too_large(
        what: &str,
        size: impl ToString,
        limit: impl ToString,
        hint: &str,
    ) -> Self {
        EntangleError::TooLarge {
            what: what.into(),
            size: size.to_string(),
            limit: limit.to_string(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for EntangleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntangleError::Graph(error) => error.fmt(f),
            EntangleError::TooLarge { what, size, limit, .. } => {
                write!(f, "{what} is too large: {size}, the limit is {limit}")
            }
            EntangleError::ZeroState => f.write_str("the state is zero: it cannot be normalised"),
            EntangleError::OutOfRange { what, range, .. } => {
                write!(f, "there is no {what}: {range}")
            }
            EntangleError::Domain { message, .. } => f.write_str(message),
            EntangleError::NotFinite => {
                f.write_str("an intermediate result is not finite: the weights are too large")
            }
            EntangleError::Cancellation { error } => {
                write!(f, "the weights cancel: the answer would have an error of {error:.0e}")
            }
            EntangleError::Drift => f.write_str(
                "channels that differ by more than 10^270 in size cancel or drop out: \
                 the smaller ones cannot be compared",
            ),
            EntangleError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for EntangleError {}

impl From<Interrupted> for EntangleError {
    fn from(_: Interrupted) -> Self {
        EntangleError::Interrupted
    }
}

impl From<GraphError> for EntangleError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Interrupted => EntangleError::Interrupted,
            error => EntangleError::Graph(error),
        }
    }
}

impl From<LinalgError> for EntangleError {
    fn from(error: LinalgError) -> Self {
        match error {
            LinalgError::NotFinite => EntangleError::NotFinite,
            LinalgError::Interrupted => EntangleError::Interrupted,
        }
    }
}
