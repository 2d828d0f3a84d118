//! From a request to a problem of the engine, and from its optimum to an answer.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::super::networks::NetworkValue;
use super::answer::{DesignValue, FoundNetwork};
use super::formula::{Reader, Reading};
use super::oracle::{Called, CallingProblem, Cost, Goal, Need, Template, number_of};
use super::{explain, straight};
use crate::design::{
    Design, DesignError, Effort, Family, FormulaProblem, Limit, Measure, Oracle, Requirement,
    frontier, maximize, minimize,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Reporter, Scope, Stop};
use crate::network::Bipartition;
use crate::value::{Value, short_real};

/// What `design` is asked.
pub(super) struct Request {
    pub template: Template,
    /// For every channel number what it may be, growing.
    pub values: Vec<Vec<u64>>,
    pub goal: Goal,
    pub limits: Vec<Called>,
    pub needs: Vec<Need>,
    pub cost: Cost,
    /// The largest cost, if there is one.
    pub at_most: Option<u64>,
    /// The most designs of the frontier.
    pub points: usize,
    /// The most nodes of a search.
    pub nodes: u64,
}

/// Nodes of all searches of a frontier together, beside those of the optimum.
const FRONTIER_NODES: u64 = 20_000;

/// What the engine found.
struct Solved {
    best: Design,
    bound: f64,
    nodes: u64,
    proved: bool,
    frontier: Vec<Design>,
    complete: bool,
}

/// Solves a request.
pub(super) fn solve(cx: &Scope<'_>, call: &Args, request: &Request) -> Eval<DesignValue> {
    if let Some((problem, unit)) = as_formulas(cx, call, request)? {
        let solved = search(cx, call, request, &problem, &|at| problem.variables(at))?;
        let Some(solved) = solved else {
            return Err(no_design(cx, call, request, &problem, Some(&problem.without_limits())));
        };
        let made_of =
            "what is maximized and limited grows with every channel number by how it is made";
        let answer = answer(cx, request, solved, unit, made_of, &|at| problem.variables(at))?;
        if let Some(answer) = answer {
            return Ok(answer);
        }
        // A template that is no family after all: it is called.
    }
    let Request { template, values, goal, limits, needs, cost, at_most, .. } = request;
    let problem = CallingProblem::new(
        cx,
        template,
        values,
        goal.clone(),
        limits.clone(),
        needs.clone(),
        *cost,
        *at_most,
    );
    let variables = |at: &[u64]| problem.variables(at);
    let Some(solved) = search(cx, call, request, &problem, &variables)? else {
        return Err(no_design(cx, call, request, &problem, None));
    };
    let unit = matches!(goal, Goal::Partitions { .. }).then_some("bits").unwrap_or("value");
    let assumed = "if what is maximized and limited grows with every channel number, as it did wherever it was asked";
    let found = answer(cx, request, solved, unit, assumed, &variables)?;
    found.ok_or_else(|| {
        let message = "the template gives different networks for the same channel numbers";
        Diagnostic::new(Code::Domain, message).at(template.called.span, "").hint("").into()
    })
}

/// The request as formulas and the name of the objective; `None` where a function must be called.
fn as_formulas(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
) -> Eval<Option<(FormulaProblem, &'static str)>> {
    let Some(families) = families(cx, request) else { return Ok(None) };
    let shape = match families.first() {
        Some(family) => family.base().input_shape(),
        None => return Ok(None),
    };
    if families.iter().any(|family| family.base().input_shape() != shape) {
        return Ok(None);
    }
    let mut reader = Reader { scope: cx, shape, partitions: Vec::new() };
    let objective = match &request.goal {
        Goal::None => Measure::Constant(0.0),
        Goal::Function(called) => match reader.read(&*called.function) {
            Some(Reading::Number(measure)) => measure,
            _ => return Ok(None),
        },
        Goal::Partitions { parts, worst, .. } => {
            let mut measures = Vec::new();
            for (across, weight) in parts {
                let Some(bits) = reader.bits(across) else { return Ok(None) };
                measures.push(Measure::Scaled(*weight, Box::new(bits)));
            }
            if *worst { Measure::Smallest(measures) } else { Measure::Sum(measures) }
        }
    };
    let (mut limits, mut requirements): (Vec<Limit>, Vec<Requirement>) = Default::default();
    let mut functions: Vec<&Called> = request.limits.iter().collect();
    for need in &request.needs {
        match need {
            Need::Function(called) => functions.push(called),
            Need::Bits { across, bits, .. } => {
                let Some(measure) = reader.bits(across) else { return Ok(None) };
                requirements.push(Requirement { measure, at_least: *bits, strict: false });
            }
        }
    }
    for called in functions {
        let Some(Reading::Conditions { limits: less, requirements: more }) =
            reader.read(&*called.function)
        else {
            return Ok(None);
        };
        limits.extend(less);
        requirements.extend(more);
    }
    let unit = unit_of(&objective);
    let cost = match request.cost {
        Cost::Params => Measure::Params,
        Cost::Flops => Measure::Flops,
    };
    if let Some(most) = request.at_most {
        limits.push(Limit { measure: cost.clone(), at_most: most as f64, strict: false });
    }
    let partitions: Vec<Bipartition> = reader.partitions;
    let families = families.into_iter().map(|family| (family, partitions.clone())).collect();
    let values = request.values.clone();
    let interrupt = &cx.machine().interrupt;
    FormulaProblem::new(families, values, objective, limits, requirements, cost, interrupt)
        .map(|problem| Some((problem, unit)))
        .map_err(|error| explain(cx, call, &error))
}

/// What a measure is counted in.
fn unit_of(measure: &Measure) -> &'static str {
    match measure {
        Measure::Bits(_) => "bits",
        Measure::Scaled(by, term) if *by == std::f64::consts::LN_2 && unit_of(term) == "bits" => {
            "ln"
        }
        Measure::Scaled(_, term) => unit_of(term),
        Measure::Sum(terms) | Measure::Smallest(terms) | Measure::Largest(terms) => {
            let constant = |term: &&Measure| !matches!(term, Measure::Constant(_));
            let mut units = terms.iter().filter(constant).map(unit_of);
            let first = units.next().unwrap_or("value");
            if units.all(|unit| unit == first) { first } else { "value" }
        }
        Measure::Constant(_) | Measure::Params | Measure::Flops | Measure::PowerOfTwo(_) => "value",
    }
}

/// The template as families of networks, one for each choice: `None` where its text or its networks
/// at some points say that it is more than that.
fn families(cx: &Scope<'_>, request: &Request) -> Option<Vec<Family>> {
    if !straight::is_straight(cx, &*request.template.called.function) {
        return None;
    }
    let variables = request.values.len();
    // Primes tell which variable a channel number comes from; both lists differ everywhere.
    let primes: Vec<u64> = (1_009u64..).filter(|n| is_prime(*n)).take(2 * variables).collect();
    let (one, other) = primes.split_at(variables);
    let ends = |last: bool| -> Vec<u64> {
        let end = |values: &Vec<u64>| if last { values.last() } else { values.first() }.copied();
        request.values.iter().filter_map(end).collect()
    };
    let points = [one.to_vec(), other.to_vec(), ends(false), ends(true)];
    let choices = request.template.choices.len().max(1);
    let families = (0..choices).map(|choice| {
        let networks = points.iter().map(|point| {
            let network = request.template.network(cx, choice, point).ok()?;
            Some((point.clone(), (*network.0).clone()))
        });
        Family::through(&networks.collect::<Option<Vec<_>>>()?)
    });
    families.collect()
}

fn is_prime(n: u64) -> bool {
    (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

/// Optimum and frontier; `None` when there is no design.
fn search<O>(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    oracle: &O,
    variables: &dyn Fn(&[u64]) -> Vec<u64>,
) -> Eval<Option<Solved>>
where
    O: Oracle,
    O::Error: Into<Stop>,
{
    let reporter = Reporter::new(cx, request.nodes);
    let best_so_far: RefCell<Option<(Design, f64)>> = RefCell::new(None);
    let optimum_known = Cell::new(false);
    let progress = |nodes: u64, best: Option<&Design>, bound: f64| {
        reporter.reach(nodes);
        // Once the optimum is known, only cheaper designs of its value are sought.
        if let (Some(best), false) = (best, optimum_known.get()) {
            *best_so_far.borrow_mut() = Some((best.clone(), bound));
        }
    };
    let interrupt = &cx.machine().interrupt;
    let effort = |nodes: u64| Effort { nodes, interrupt, progress: &progress };
    let failed = |error: DesignError<O::Error>| {
        failure(cx, call, request, error, best_so_far.borrow().as_ref(), variables)
    };
    let only_cost = matches!(request.goal, Goal::None);
    let first = if only_cost {
        minimize(oracle, f64::NEG_INFINITY, &effort(request.nodes))
    } else {
        maximize(oracle, f64::INFINITY, &effort(request.nodes))
    };
    let first = first.map_err(failed)?;
    let Some(design) = first.design else {
        if first.complete {
            return Ok(None);
        }
        let message = format!("no design was found among {} nodes", first.nodes);
        return Err(Diagnostic::new(Code::Resource, message)
            .at(call.span, "the search is not at its end")
            .hint("nodes = 10_000_000")
            .into());
    };
    let mut solved = Solved {
        best: design,
        bound: first.bound,
        nodes: first.nodes,
        proved: first.complete,
        frontier: Vec::new(),
        complete: only_cost && first.complete,
    };
    if !only_cost {
        optimum_known.set(true);
        let cheapest =
            minimize(oracle, solved.best.value, &effort(request.nodes)).map_err(failed)?;
        solved.nodes += cheapest.nodes;
        if let Some(design) = cheapest.design {
            solved.best = design;
        }
        if solved.proved && cheapest.complete && request.points > 1 {
            let nodes = FRONTIER_NODES.min(request.nodes);
            let found =
                frontier(oracle, &solved.best, request.points, &effort(nodes)).map_err(failed)?;
            solved.frontier = found.designs;
            solved.complete = found.complete;
        }
    }
    if solved.frontier.is_empty() {
        solved.frontier.push(solved.best.clone());
    }
    reporter.finish_at(solved.nodes);
    Ok(Some(solved))
}

/// An error of a search as one of the language.
fn failure<E: Into<Stop>>(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    error: DesignError<E>,
    best: Option<&(Design, f64)>,
    variables: &dyn Fn(&[u64]) -> Vec<u64>,
) -> Stop {
    let span = match &request.goal {
        Goal::Function(called) => called.span,
        Goal::Partitions { span, .. } => *span,
        Goal::None => call.span,
    };
    let point = |at: &[u64]| {
        let numbers: Vec<String> = variables(at).iter().map(u64::to_string).collect();
        format!("[{}]", numbers.join(", "))
    };
    match error {
        DesignError::Oracle(error) => error.into(),
        DesignError::Interrupted => {
            let stop = explain(cx, call, &DesignError::Interrupted);
            match (stop, best) {
                (Stop::Error(error), Some((best, bound))) => {
                    let own =
                        if matches!(request.goal, Goal::None) { best.cost } else { best.value };
                    Stop::Error(Box::new(error.note(format!(
                        "the best design so far has channels {} and is worth {}; nothing is better than {}",
                        point(&best.at),
                        short_real(own),
                        short_real(*bound)
                    ))))
                }
                (stop, _) => stop,
            }
        }
        DesignError::Falls { low, high } => {
            let message = "what is maximized must grow with every channel number";
            let (low_value, high_value) = (short_real(low.1), short_real(high.1));
            let label = format!(
                "{low_value} with channels {}, {high_value} with {}",
                point(&low.0),
                point(&high.0)
            );
            Diagnostic::new(Code::Domain, message)
                .at(span, label)
                .hint("maximize = net -> min_cut(net, left_right).bits, with budgets in subject_to")
                .into()
        }
        DesignError::NotANumber { at } => {
            let message = format!("what is maximized is no number with channels {}", point(&at));
            Diagnostic::new(Code::Domain, message)
                .at(span, "")
                .hint("maximize = net -> min_cut(net, left_right).bits")
                .into()
        }
        DesignError::Graph(error) => explain(cx, call, &DesignError::Graph(error)),
        DesignError::Network(error) => explain(cx, call, &DesignError::Network(error)),
    }
}

/// Why there is no design: a budget that nothing keeps, a requirement that nothing meets, or both
/// against each other.
fn no_design<O: Oracle>(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    oracle: &O,
    unlimited: Option<&FormulaProblem>,
) -> Stop {
    let mut memory = O::Memory::default();
    let (mut keeps, mut meets) = (false, false);
    for choice in 0..oracle.choices() {
        let (low, high) = oracle.box_of(choice);
        keeps |= oracle.is_allowed(choice, &low, &mut memory).unwrap_or(false);
        meets |= oracle.is_enough(choice, &high, &mut memory).unwrap_or(false);
    }
    let span_of = |needs: bool| match (needs, request.limits.first(), request.needs.first()) {
        (false, Some(limit), _) => limit.span,
        (true, _, Some(Need::Function(need))) => need.span,
        (true, _, Some(Need::Bits { span, .. })) => *span,
        _ => call.span,
    };
    let name = if request.cost == Cost::Params { "weights" } else { "flops" };
    let counted = |low: bool| -> String {
        let pick = |values: &Vec<u64>| if low { values.first() } else { values.last() }.copied();
        let numbers: Vec<u64> = request.values.iter().filter_map(pick).collect();
        let Ok(net) = request.template.network(cx, 0, &numbers) else { return String::new() };
        let cost = if request.cost == Cost::Params { net.0.params() } else { net.0.flops() };
        format!("with channels {numbers:?} there are {cost} {name}")
    };
    if !keeps {
        return Diagnostic::new(Code::Domain, "even the smallest channel numbers break the budget")
            .at(span_of(false), counted(true))
            .hint(match request.at_most {
                Some(_) => "raise the budget, or begin the ranges of channels lower",
                None => "allow more in subject_to, or begin the ranges of channels lower",
            })
            .into();
    }
    if !meets {
        let message = "even the largest channel numbers do not meet what is required";
        return Diagnostic::new(Code::Domain, message)
            .at(span_of(true), counted(false))
            .hint("require less, end the ranges of channels higher, or raise dim of the input")
            .into();
    }
    let interrupt = &cx.machine().interrupt;
    let effort = Effort { nodes: request.nodes, interrupt, progress: &|_, _, _| () };
    let needed = unlimited
        .and_then(|problem| minimize(problem, f64::NEG_INFINITY, &effort).ok())
        .and_then(|found| found.design.filter(|_| found.complete));
    let message = "no channel numbers keep the budget and meet what is required";
    let error = Diagnostic::new(Code::Domain, message);
    match needed {
        Some(design) => error
            .at(
                span_of(false),
                format!("{} {name} are needed at least for what is required", design.cost),
            )
            .hint("allow more in subject_to, or require less"),
        None => error.at(call.span, "").hint("allow more in subject_to, or require less"),
    }
    .into()
}

/// The answer; `None` if the template does not give the network that was meant.
fn answer(
    cx: &Scope<'_>,
    request: &Request,
    solved: Solved,
    unit: &'static str,
    ground: &str,
    variables: &dyn Fn(&[u64]) -> Vec<u64>,
) -> Eval<Option<DesignValue>> {
    let made = |design: &Design| -> Eval<FoundNetwork> {
        let channels = variables(&design.at);
        let network: NetworkValue = request.template.network(cx, design.choice, &channels)?;
        let choice = request.template.choices.get(design.choice).cloned();
        Ok(FoundNetwork { network, channels, choice, value: design.value })
    };
    let mut best = made(&solved.best)?;
    let cost = match request.cost {
        Cost::Params => best.network.0.params(),
        Cost::Flops => best.network.0.flops(),
    };
    if crate::value::int_to_f64(&cost.into()) != solved.best.cost {
        return Ok(None);
    }
    if let Goal::Function(called) = &request.goal {
        // The value is what the function itself says of the network.
        let network = Value::object(best.network.clone());
        let own = number_of(
            cx.call_function(&called.function, vec![network], called.span)?,
            called.span,
        )?;
        if (own - best.value).abs() > 1e-8 * own.abs().max(1.0) {
            return Ok(None);
        }
        best.value = own;
    }
    let objective = (!matches!(request.goal, Goal::None)).then_some(unit);
    let frontier = solved.frontier.iter().map(made).collect::<Eval<Vec<_>>>()?;
    let nodes = solved.nodes;
    let reason = if solved.proved {
        format!("optimal, gap 0 (to 1e-9) after {nodes} nodes of branch and bound: {ground}")
    } else {
        let own = if objective.is_some() { best.value } else { solved.best.cost };
        format!(
            "not proved: after {nodes} nodes nothing can be better than {} (gap {}), {ground}",
            short_real(solved.bound),
            short_real((solved.bound - own).abs())
        )
    };
    Ok(Some(DesignValue {
        best,
        objective,
        cost: if request.cost == Cost::Params { "params" } else { "flops" },
        frontier: Arc::new(frontier),
        frontier_complete: solved.complete,
        proved: solved.proved,
        bound: solved.bound,
        nodes,
        reason,
    }))
}
