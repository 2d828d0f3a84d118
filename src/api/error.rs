//! The one error of everything that a Rust program asks.

use std::borrow::Cow;
use std::fmt;

use super::EvalError;
use crate::design::DesignError;
use crate::entangle::EntangleError;
use crate::entangle::model::ModelError;
use crate::export::ExportError;
use crate::graph::GraphError;
use crate::learn::DataError;
use crate::learn::data::FormatError;
use crate::learn::train::TrainError;
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
    /// Data of which a question makes no sense.
    Data(DataError),
    /// Data that cannot be read.
    Format(FormatError),
    /// A training that does not begin, or ends.
    Train(TrainError),
    /// A question about designs.
    Design(DesignError),
    /// A network that another program cannot hold.
    Export(ExportError),
    /// A program of the language.
    Eval(EvalError),
    /// A value of the language that cannot be made.
    Value(Failure),
}

impl Error {
    /// What to do instead, where that is known and not part of the message.
    pub fn hint(&self) -> Option<Cow<'_, str>> {
        let told = match self {
            Error::Graph(GraphError::Partition(_)) => None,
            Error::Graph(error) => error.hint(),
            Error::Entangle(EntangleError::Graph(GraphError::Partition(_))) => None,
            Error::Entangle(error) => error.hint(),
            Error::Model(error) => Some(error.hint()),
            Error::Value(failure) => failure.hint.as_deref(),
            Error::Format(error) => Some(error.hint.as_str()),
            Error::Train(error) => return Some(error.hint().into()),
            Error::Network(_)
            | Error::Partition(_)
            | Error::Grouping(_)
            | Error::Plot(_)
            | Error::Data(_)
            | Error::Design(_)
            | Error::Export(_)
            | Error::Eval(_) => None,
        };
        told.map(Cow::Borrowed)
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
            Error::Format(error) => f.write_str(&error.message),
            Error::Train(error) => error.fmt(f),
            Error::Design(error) => error.fmt(f),
            Error::Export(error) => error.fmt(f),
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
    FormatError => Error::Format,
    TrainError => Error::Train,
    ExportError => Error::Export,
    EvalError => Error::Eval,
    Failure => Error::Value,
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// `E` is the error of what a design asks of its networks.
impl<E: Into<Error>> From<DesignError<E>> for Error {
    fn from(error: DesignError<E>) -> Self {
        match error {
            DesignError::Graph(error) => error.into(),
            DesignError::Network(error) => Error::Network(error),
            DesignError::Oracle(error) => error.into(),
            DesignError::Falls { low, high } => Error::Design(DesignError::Falls { low, high }),
            DesignError::NotANumber { at } => Error::Design(DesignError::NotANumber { at }),
            DesignError::Interrupted => Error::Design(DesignError::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_every_room_become_one() {
        fn of(error: impl Into<Error>) -> String {
            error.into().to_string()
        }
        let falls: DesignError = DesignError::Falls { low: (vec![1], 2.0), high: (vec![2], 1.0) };
        assert_eq!(of(falls), "the function falls where channels grow: 2 at [1], 1 at [2]");
        let told: DesignError<PlotError> = DesignError::Oracle(PlotError::plain("no"));
        assert_eq!(of(told), "no");
        assert_eq!(of(FormatError::broken("cut", "get it again")), "cut (hint: get it again)");
        let train = TrainError::EmptyClass { class: 3 };
        assert_eq!(of(train.clone()), format!("{train} (hint: {})", train.hint()));
        let export = || ExportError::TooLarge { positions: 9, limit: 8 };
        assert_eq!(of(export()), export().to_string());
    }
}
