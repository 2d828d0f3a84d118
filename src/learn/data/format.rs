//! What is wrong with a file of data, and the limits of what is held in memory.

use std::fmt;

/// The most bytes of data that are unpacked into memory: 1 GB.
pub const MEMORY_LIMIT: u64 = 1 << 30;

/// The most sites of a sample of a file: a hostile header asks for more.
pub const SITE_LIMIT: u64 = 1 << 24;

/// Why bytes are no data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Which kind of defect.
    pub defect: Defect,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: String,
}

/// A kind of defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The bytes are not what they should be: cut, damaged, of another format.
    Broken,
    /// The format is right, and what it holds is no data set.
    Unfit,
    /// It would not fit the memory.
    TooLarge,
}

impl FormatError {
    /// Bytes that are cut, damaged or of another format.
    pub fn broken(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { defect: Defect::Broken, message: message.into(), hint: hint.into() }
    }

    /// Contents that are no samples or no labels.
    pub fn unfit(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { defect: Defect::Unfit, message: message.into(), hint: hint.into() }
    }

    /// Contents above a limit.
    pub fn too_large(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { defect: Defect::TooLarge, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FormatError {}
