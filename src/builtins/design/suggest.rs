//! `suggest`: what is correlated in data, turned into a design.

use std::sync::Arc;

use super::super::partitions::PartitionValue;
use super::answer::DesignValue;
use super::oracle::{Called, Cost, Goal, Template};
use super::request::ranges;
use super::solve::{Request, solve};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Closure, Eval, Scope, Stop};
use crate::network::{Rule, Shape};
use crate::value::{Function, List};

/// The largest channel number that is tried where no range is given.
const WIDEST: u64 = 64;
/// The most layers that are tried where no range is given.
const MOST_LAYERS: usize = 24;
/// The most nodes of a search.
const NODES: u64 = 1_000_000;

/// What `suggest` is asked.
pub(in super::super) struct Suggestion {
    pub template: Arc<dyn Function>,
    pub budget: u64,
    pub channels: Option<Arc<List>>,
    pub cost: Cost,
    pub points: usize,
    /// The shape of the samples.
    pub shape: Shape,
    /// Feature sizes with their shares of the correlations.
    pub sizes: Vec<(u64, f64)>,
}

/// The best design for the correlations of data.
pub(in super::super) fn suggest(
    cx: &Scope<'_>,
    call: &Args,
    suggestion: Suggestion,
) -> Eval<DesignValue> {
    let Suggestion { template, budget, channels, cost, points, shape, sizes } = suggestion;
    let span = call.span_of(1);
    let called = Called { function: Arc::clone(&template), span };
    let closure = template.as_any().downcast_ref::<Closure>();
    let (values, apart) = match channels {
        Some(list) => ranges(call, 3, &list, closure, false)?,
        None => {
            let (layers, apart) = layers_of(cx, call, &called, closure, shape)?;
            (vec![(1..=WIDEST).collect(); layers], apart)
        }
    };
    let template = Template { called, apart, choices: Vec::new() };
    let lowest: Vec<u64> = values.iter().filter_map(|values| values.first().copied()).collect();
    let found = template.network(cx, 0, &lowest)?.0.input_shape();
    if found != shape {
        let message = format!("the network has {found} sites, the samples have {shape}");
        let hint = format!("input({shape}, dim = 2)");
        return Err(Diagnostic::new(Code::Shape, message).at(span, "").hint(hint).into());
    }
    let parts = sizes.iter().filter(|(_, share)| *share > 0.0).map(|(size, share)| {
        // A group of blocks has one block of each side in every direction.
        #[allow(clippy::cast_precision_loss)]
        let group =
            (2.0 * *size as f64).powi(shape.dimensions().cast_signed()) / shape.sites() as f64;
        (PartitionValue::Rule(Rule::Blocks(*size)), share * group.min(1.0))
    });
    let parts: Vec<(PartitionValue, f64)> = parts.collect();
    if parts.is_empty() {
        let message = "nothing is correlated in the data: any network will do";
        return Err(Diagnostic::new(Code::Domain, message)
            .at(call.span_of(0), "")
            .hint("correlations(data)")
            .into());
    }
    let goal = Goal::Partitions { parts, worst: false, span: call.span_of(0) };
    let request = Request {
        template,
        values,
        goal,
        limits: Vec::new(),
        needs: Vec::new(),
        cost,
        at_most: Some(budget),
        points,
        nodes: NODES,
    };
    solve(cx, call, &request)
}

/// How many channel numbers a template takes: as many as it has parameters, or the shortest list with
/// which it makes a network of the shape.
fn layers_of(
    cx: &Scope<'_>,
    call: &Args,
    called: &Called,
    closure: Option<&Closure>,
    shape: Shape,
) -> Eval<(usize, bool)> {
    let params = closure.map_or(1, |closure| closure.params().count());
    if params > 1 {
        return Ok((params, true));
    }
    let template = Template { called: called.clone(), apart: false, choices: Vec::new() };
    for layers in 1..=MOST_LAYERS {
        match template.network(cx, 0, &vec![1; layers]) {
            Ok(network) if network.0.input_shape() == shape => return Ok((layers, false)),
            Ok(_) => {}
            Err(Stop::Error(error)) if error.code != Code::Interrupted => {}
            Err(stop) => return Err(stop),
        }
    }
    let message = "how many channel numbers does the template take?";
    Err(Diagnostic::new(Code::Call, message)
        .at(call.span_of(1), format!("no list of ones makes a network of {shape} sites"))
        .hint("channels = [1..64, 1..64, 1..64]")
        .into())
}
