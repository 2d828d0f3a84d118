//! The evaluator: programs to values.
//!
//! Two modes share every line: *run* computes, *check* goes the same way with unknown values in
//! the place of what is heavy, so that names, calls, types and shapes are verified before
//! anything long begins. Builtins come from a [`Registry`]; this room knows none of them.

mod access;
mod arithmetic;
mod builtin;
mod call;
mod comprehension;
mod expression;
mod fan_out;
mod function;
mod kept;
mod machine;
mod names;
mod operator;
mod output;
mod program;
mod progress;
mod registry;
mod scope;
mod stack;
mod threads;

pub use builtin::{Args, Builtin, Param, Traits};
pub use function::{BuiltinFunction, Closure, Outside, OutsideFunction, arity};
pub use kept::Kept;
pub use machine::{Machine, Mode, Modules, Settings};
pub use names::Dependency;
pub use operator::{numbers_add, numbers_divide, numbers_multiply};
pub use output::{Output, Progress, Shown, Silent};
pub use program::{Checked, RunEnd, check, check_definitions, run};
pub use progress::Reporter;
pub use registry::{Loaded, NetworkItem, Place, Registry};
pub use scope::{Globals, Scope};
pub use stack::{guard_this_thread, with_stack};
pub use threads::Threads;

use crate::diagnostic::Diagnostic;
use crate::value::Failure;

/// Why an evaluation ended early.
#[derive(Clone, Debug)]
pub enum Stop {
    /// An error for the user.
    Error(Failure),
    /// An effect was met in a comprehension that runs in parallel: it must run in order.
    OutOfOrder,
    /// While checking: a builtin depends on what is known only when the program runs, such as the values
    /// of a function from outside. Its own value is unknown then.
    Unclear,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Error(failure)
    }
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Error(Box::new(diagnostic))
    }
}

impl From<std::convert::Infallible> for Stop {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// The result of an evaluation.
pub type Eval<T> = Result<T, Stop>;
