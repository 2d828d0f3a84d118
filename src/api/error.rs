//! The one error of everything that a Rust program asks.

use std::fmt;

use super::EvalError;
use crate::entangle::EntangleError;
use crate::entangle::model::ModelError;
use crate::graph::GraphError;
use crate::learn::DataError;
use crate::network::{GroupingError, NetworkError, PartitionError};
use crate::plot::PlotError;
use crate::value::Failure;

/// Why a question has no answer. Every error of the engine becomes one by `?`.
///
/// Shown and debugged as one line, the message and what to do instead, because that is what `?` in
/// a notebook and `unwrap` in a test print.
///
/// ```
/// use convac::prelude::*;
///
/// let net = Network::chain(4, 2).relu().pool(4).output(1)?;
/// let error = net.min_cut(Rule::LeftRight).unwrap_err();
/// assert_eq!(format!("{error:?}"), error.to_string());
/// assert!(error.to_string().starts_with("the network is no ConvAC: a rectifier is not linear"));
/// # Ok::<(), Error>(())
/// ```
#[non_exhaustive]
pub enum Error {
    /// Layers that are no network.
    Network(Box<NetworkError>),
    /// A rule that is no partition of the sites.
    Partition(PartitionError),
    /// Groups that are no pooling geometry.
    Grouping(GroupingError),
    /// A question about the graph: a min-cut, a bound.
    Graph(GraphError),
    /// A question about a state: a rank, a spectrum.
    Entangle(EntangleError),
    /// Weights that do not fit.
    Model(ModelError),
    /// A picture that cannot be drawn.
    Plot(PlotError),
    /// Data that cannot be read.
    Data(DataError),
    /// A program of the language.
    Eval(EvalError),
    /// A value of the language that cannot be made.
    Value(Failure),
}

impl Error {
    /// What to do instead, where that is known and not part of the message.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Graph(GraphError::Partition(_)) => None,
            Error::Graph(error) => error.hint(),
            Error::Entangle(EntangleError::Graph(GraphError::Partition(_))) => None,
            Error::Entangle(error) => error.hint(),
            Error::Model(error) => Some(error.hint()),
            Error::Value(failure) => failure.hint.as_deref(),
            Error::Network(_)
            | Error::Partition(_)
            | Error::Grouping(_)
            | Error::Plot(_)
            | Error::Data(_)
            | Error::Eval(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Network(error) => error.fmt(f),
            Error::Partition(error) => error.fmt(f),
            Error::Grouping(error) => error.fmt(f),
            Error::Graph(error) => error.fmt(f),
            Error::Entangle(error) => error.fmt(f),
            Error::Model(error) => error.fmt(f),
            Error::Plot(error) => error.fmt(f),
            Error::Data(error) => error.fmt(f),
            Error::Eval(error) => error.fmt(f),
            Error::Value(failure) => f.write_str(&failure.message),
        }?;
        match self.hint() {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

macro_rules! from {
    ($($error:ty => $made:expr),* $(,)?) => { $(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                let make = $made;
                make(error)
            }
        }
    )* };
}

from! {
    NetworkError => |error| Error::Network(Box::new(error)),
    PartitionError => Error::Partition,
    GroupingError => Error::Grouping,
    GraphError => Error::Graph,
    EntangleError => Error::Entangle,
    ModelError => Error::Model,
    PlotError => Error::Plot,
    DataError => Error::Data,
    EvalError => Error::Eval,
    Failure => Error::Value,
}
