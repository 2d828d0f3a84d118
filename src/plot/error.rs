//! The one error of this room.

use std::fmt;

/// Why a picture cannot be drawn, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotError {
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// What would help, in one line, or nothing.
    pub hint: Option<String>,
}

impl PlotError {
    /// An error with a message and a hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }

    /// An error that needs no hint.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }
}

impl fmt::Display for PlotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PlotError {}
