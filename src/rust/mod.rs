//! Rust cells: the helper program that runs them, what is asked of it, and what it says.
//!
//! The helper (`convac-rust-cells`, the crate in `kernel/rust-cells/`) is a program of its own: it
//! holds a compiler's front end of 28 MB that nobody carries along who writes no Rust. [`Cells`]
//! starts it with the first cell and lives on if it dies. This room knows bytes, processes and
//! [`cac`]'s values; which values of the language these are is known by `builtins/rust`, and what
//! errors look like in a cell by `session`.

#[cfg(unix)]
mod cells;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod find;
#[cfg(unix)]
mod folder;
#[cfg(unix)]
mod function;
#[cfg(unix)]
mod helper;

use std::collections::BTreeMap;

pub use cac;
pub use convac_rust_wire::{CompilerError, Completion, Failure as CellFailure, Span as CellSpan};

#[cfg(unix)]
pub use cells::Cells;
#[cfg(not(unix))]
pub use elsewhere::{Cells, RustFunction};
#[cfg(unix)]
pub use function::RustFunction;

/// A Rust cell.
#[derive(Clone, Debug, Default)]
pub struct Cell<'c> {
    /// Its text.
    pub code: &'c str,
    /// What it takes over: names, Rust types and values.
    pub bring: Vec<(String, String, cac::Value)>,
    /// The variables that it gives back.
    pub give: Vec<String>,
    /// How long it may take.
    pub seconds: Option<f64>,
    /// How much memory cells may take from now on, in bytes.
    pub memory: Option<u64>,
}

/// What came of a cell.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What its last expression shows, by MIME type.
    pub data: BTreeMap<String, String>,
    /// What it gave back, in the order in which it was asked for.
    pub given: Vec<cac::Value>,
}

/// Who hears what a cell writes while it runs.
pub trait Listener: Send + Sync {
    /// It wrote something, to the standard error stream or to the standard output.
    fn text(&self, error: bool, text: &str);

    /// Something takes long that is none of the cell's doing. The last one has `done`.
    fn status(&self, text: &str, done: bool);
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Something is missing that Rust cells need.
    Missing {
        /// What, in one line.
        what: String,
        /// The command that brings it.
        hint: String,
    },
    /// The cell failed.
    Failed(CellFailure),
    /// The helper ended in the middle; whatever cells had made is lost.
    Gone {
        /// How it ended.
        how: String,
        /// What it said last.
        log: Vec<String>,
    },
    /// The user stopped it, and it had to be killed or had not started: whatever cells had made is lost.
    Stopped {
        /// Whether there was anything to lose.
        lost: bool,
    },
    /// A function of a cell failed.
    Fault(cac::Fault),
    /// The process that held a function is gone.
    FunctionGone,
    /// A file of the private folder cannot be read or written.
    File(String),
}

/// What is known of the helper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its program, if it is installed.
    pub program: Option<String>,
    /// The number of its process, if it runs.
    pub process: Option<u32>,
    /// The compiler.
    pub rustc: Option<String>,
    /// The private folder.
    pub folder: Option<String>,
    /// The memory that cells may take, in bytes.
    pub memory: Option<u64>,
}
