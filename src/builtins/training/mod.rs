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
        TrainError::Data(error) => {
            return super::datasets::explain_at(cx, call, error, call.span_of(1));
        }
        TrainError::Sites { .. } => Code::Shape,
        TrainError::TooLarge { .. } => Code::Resource,
        TrainError::Checkpoint { .. } | TrainError::OtherRun { .. } => Code::File,
        _ => Code::Domain,
    };
    let span = match error {
        TrainError::TooLarge { .. } | TrainError::Weight { .. } => call.span_of(0),
        TrainError::NoClass { .. } => call.span_of_named("class"),
        TrainError::Sites { .. } | TrainError::Label { .. } | TrainError::EmptyClass { .. } => {
            call.span_of(1)
        }
        TrainError::Setting { name, .. } => call.span_of_named(name),
        TrainError::NotPositive { .. } => call.span_of_named("weights"),
        TrainError::Marginal { .. } => call.span_of(0),
        TrainError::Ratio => call.span_of_named("loss"),
        TrainError::Checkpoint { .. } | TrainError::OtherRun { .. } => {
            call.span_of_named("checkpoint")
        }
        _ => call.span,
    };
    Diagnostic::new(code, error.to_string()).at(span, "").hint(error.hint()).into()
}
