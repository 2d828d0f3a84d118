//! Design: what channel numbers carry, where they are wasted, and which are best.

mod answer;
mod curves;
mod formula;
mod oracle;
mod request;
mod solve;
mod straight;
mod suggest;
mod widths;

pub(super) use answer::{DesignValue, FIELDS as DESIGN_FIELDS};
pub(super) use curves::{CURVES, FIELDS as FEATURES_FIELDS};
pub(super) use oracle::Cost;
pub(super) use request::DESIGN;
pub(super) use suggest::{Suggestion, suggest};
pub(super) use widths::WIDTHS;

use crate::design::DesignError;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::GraphError;
use crate::network::Network;
use crate::symbol::Symbol;
use crate::value::{Failure, Value};

/// A row of a table.
fn row(cells: Vec<(&str, Value)>) -> Result<Value, Failure> {
    Value::record(cells.into_iter().map(|(name, value)| (Symbol::new(name), value)).collect())
}

/// An error of the engine as one of the language.
fn explain(cx: &Scope<'_>, call: &Args, error: &DesignError) -> Stop {
    match error {
        DesignError::Graph(error) => super::queries::explain(cx, call, error),
        DesignError::Interrupted => super::queries::explain(cx, call, &GraphError::Interrupted),
        DesignError::Network(error) => Diagnostic::new(Code::Domain, error.message.as_str())
            .at(call.span, error.label.as_str())
            .hint(error.hint.as_str())
            .into(),
        other => Diagnostic::new(Code::Domain, other.to_string()).at(call.span, "").hint("").into(),
    }
}

/// Refuses a network that is no ConvAC where it stands.
fn check_convac(network: &Network, span: Span) -> Eval<()> {
    match network.convac_obstacle() {
        Some(obstacle) => {
            let failure = super::queries::failure_of(&GraphError::NotConvac(obstacle));
            Err((*failure).or_at(span).into())
        }
        None => Ok(()),
    }
}

/// The name of a convolution, as networks show it.
fn conv_name(conv: usize) -> String {
    format!("conv{conv}")
}
