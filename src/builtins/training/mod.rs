//! Training networks, and what trained models answer for data.

mod answers;
mod run;
mod train;

pub(super) use answers::ANSWERS;
pub(super) use run::Run;
pub(super) use train::TRAINING;

use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Scope, Stop};
use crate::learn::train::TrainError;

/// An error of training at the argument that caused it.
pub(super) fn explain(cx: &Scope<'_>, call: &Args, error: &TrainError) -> Stop {
    if let Err(stop) = cx.check_interrupt() {
        return stop;
    }
    let code = match error {
        TrainError::Data(error) => return super::datasets::explain(cx, call, error),
        TrainError::Sites { .. } => Code::Shape,
        TrainError::TooLarge => Code::Resource,
        TrainError::Checkpoint { .. } | TrainError::OtherRun { .. } => Code::File,
        _ => Code::Domain,
    };
    let span = match error {
        TrainError::Sites { .. } | TrainError::Label { .. } | TrainError::EmptyClass { .. } => {
            call.span_of(1)
        }
        _ => call.span,
    };
    Diagnostic::new(code, error.to_string()).at(span, "").hint(error.hint()).into()
}
