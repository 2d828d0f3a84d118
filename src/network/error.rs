//! What can be wrong with a list of layers.

use std::fmt;

/// The family of a [`NetworkError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkErrorKind {
    /// Layers that do not fit each other.
    Shape,
    /// A number outside of what a layer allows.
    Domain,
    /// More than a limit of this library.
    Resource,
}

/// Why a list of layers is not a network; a message with everything needed to point at the
/// layer at fault and at the layer that caused the conflict.
#[derive(Clone, PartialEq, Eq)]
pub struct NetworkError {
    /// The family of the error.
    pub kind: NetworkErrorKind,
    /// The layer at fault, counted from 0 in the order of pushing.
    pub layer: usize,
    /// The argument of that layer at fault; `None` for the whole layer.
    pub argument: Option<&'static str>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write under the fault.
    pub label: String,
    /// The layer that the fault is in conflict with; boxed, so that results with this error stay small.
    pub cause: Option<Box<Cause>>,
    /// One line that says what to type instead.
    pub hint: String,
}

/// The layer that a fault is in conflict with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The layer, counted from 0 in the order of pushing.
    pub layer: usize,
    /// The argument of that layer; `None` for the whole layer.
    pub argument: Option<&'static str>,
    /// What to write under it.
    pub label: String,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (hint: {})", self.message, self.label, self.hint)
    }
}

/// As displayed: `unwrap` and `?` in a notebook print this.
impl fmt::Debug for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for NetworkError {}
