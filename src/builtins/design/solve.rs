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
    count_points, enumerate, frontier, maximize, minimize, pareto,
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

/// Called problems of at most so many designs are looked at one by one.
const ENUMERATED: u64 = 4096;

/// On what an answer rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    /// Functions that grow by how they are made.
    Formulas,
    /// All designs.
    Enumeration,
    /// That functions grow, as they did where they were asked.
    Assumption,
}

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
        let solved =
            search(cx, call, request, &problem, Ground::Formulas, &|at| problem.variables(at))?;
        let Some(solved) = solved else {
            return Err(no_design(cx, call, request, &problem, Some(&problem.without_limits())));
        };
        let variables = |at: &[u64]| problem.variables(at);
        let answer = answer(cx, request, solved, unit, Ground::Formulas, &variables)?;
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
    let small = count_points(&problem) <= ENUMERATED;
    let solved = if small {
        search_all(cx, call, request, &problem, &variables)?
    } else {
        search(cx, call, request, &problem, Ground::Assumption, &variables)?
    };
    let Some(solved) = solved else {
        return Err(no_design(cx, call, request, &problem, None));
    };
    let unit = if matches!(goal, Goal::Partitions { .. }) { "bits" } else { "value" };
    let ground = if small { Ground::Enumeration } else { Ground::Assumption };
    let found = answer(cx, request, solved, unit, ground, &variables)?;
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

/// The template as families of networks, one for each choice: `None` where its text says that it is
/// more than that, or where a channel number is not fixed and no multiple of one variable.
fn families(cx: &Scope<'_>, request: &Request) -> Option<Vec<Family>> {
    let choices = request.template.choices.len();
    if !straight::is_straight(cx, &*request.template.called.function, choices > 0) {
        return None;
    }
    // By its text every channel number is affine in the variables: one point and one step along
    // each axis determine it.
    let low: Vec<u64> =
        request.values.iter().filter_map(|values| values.first().copied()).collect();
    let steps = request.values.iter().enumerate().filter_map(|(variable, values)| {
        let mut point = low.clone();
        *point.get_mut(variable)? = *values.get(1)?;
        Some(point)
    });
    let points: Vec<Vec<u64>> = [low.clone()].into_iter().chain(steps).collect();
    let families = (0..choices.max(1)).map(|choice| {
        let networks = points.iter().map(|point| {
            let network = request.template.network(cx, choice, point).ok()?;
            Some((point.clone(), (*network.0).clone()))
        });
        Family::through(&networks.collect::<Option<Vec<_>>>()?)
    });
    families.collect()
}

/// Optimum and frontier; `None` when there is no design.
fn search<O>(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    oracle: &O,
    ground: Ground,
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
        let best = best_so_far.borrow();
        let best = best
            .as_ref()
            .map(|(best, bound)| (best, (ground == Ground::Formulas).then_some(*bound)));
        failure(cx, call, request, error, best, variables)
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

/// As [`search`], by looking at all designs.
fn search_all(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    problem: &CallingProblem<'_, '_>,
    variables: &dyn Fn(&[u64]) -> Vec<u64>,
) -> Eval<Option<Solved>> {
    let points = count_points(problem);
    let reporter = Reporter::new(cx, points);
    let progress = |points: u64, _: Option<&Design>, _: f64| reporter.reach(points);
    let interrupt = &cx.machine().interrupt;
    let effort = Effort { nodes: points, interrupt, progress: &progress };
    let all = enumerate(problem, &effort)
        .map_err(|error| failure(cx, call, request, error, None, variables))?;
    reporter.finish();
    // Cheapest first, and each better than those before: the last one is the best and, of the
    // best, the cheapest.
    let mut frontier = pareto(all);
    let only_cost = matches!(request.goal, Goal::None);
    let best = if only_cost { frontier.first() } else { frontier.last() }.cloned();
    let Some(best) = best else { return Ok(None) };
    let bound = if only_cost { best.cost } else { best.value };
    let complete = only_cost || frontier.len() <= request.points;
    if only_cost || request.points < 2 {
        frontier = vec![best.clone()];
    } else {
        // Where there are too many, the cheapest ones are left out.
        frontier.drain(..frontier.len().saturating_sub(request.points));
    }
    Ok(Some(Solved { best, bound, nodes: points, proved: true, frontier, complete }))
}

/// An error of a search as one of the language.
fn failure<E: Into<Stop>>(
    cx: &Scope<'_>,
    call: &Args,
    request: &Request,
    error: DesignError<E>,
    best: Option<(&Design, Option<f64>)>,
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
    let with_best = |stop: Stop| match (stop, best) {
        (Stop::Error(error), Some((best, bound))) if error.code == Code::Interrupted => {
            let own = if matches!(request.goal, Goal::None) { best.cost } else { best.value };
            let (channels, own) = (point(&best.at), short_real(own));
            let limit = match bound {
                Some(bound) => format!("; nothing is better than {}", short_real(bound)),
                None => String::new(),
            };
            Stop::Error(Box::new(error.note(format!(
                "the best design so far has channels {channels} and is worth {own}{limit}"
            ))))
        }
        (stop, _) => stop,
    };
    match error {
        DesignError::Oracle(error) => with_best(error.into()),
        DesignError::Interrupted => with_best(explain(cx, call, &DesignError::Interrupted)),
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
            let message =
                format!("what is maximized is no finite number with channels {}", point(&at));
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
    ground: Ground,
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
    let own = if objective.is_some() { best.value } else { solved.best.cost };
    let grows = "what is maximized and limited grows with every channel number";
    let reason = match (ground, solved.proved) {
        (Ground::Enumeration, _) => format!("optimal: all {nodes} designs were looked at"),
        (Ground::Formulas, true) => format!(
            "optimal, gap 0 (to 1e-9) after {nodes} nodes of branch and bound: {grows} by how it is made"
        ),
        (Ground::Formulas, false) => format!(
            "not proved: after {nodes} nodes nothing can be better than {} (gap {}), because {grows} by how it is made",
            short_real(solved.bound),
            short_real((solved.bound - own).abs())
        ),
        (Ground::Assumption, true) => format!(
            "not proved: branch and bound ended after {nodes} nodes, but that {grows} is assumed; it was \
             so wherever it was asked"
        ),
        (Ground::Assumption, false) => {
            format!("not proved: {nodes} nodes were not enough, and that {grows} is assumed")
        }
    };
    let assumed = ground == Ground::Assumption;
    Ok(Some(DesignValue {
        best,
        objective,
        cost: if request.cost == Cost::Params { "params" } else { "flops" },
        frontier: Arc::new(frontier),
        frontier_complete: solved.complete && !assumed,
        proved: solved.proved && !assumed,
        bound: (!assumed).then_some(solved.bound),
        nodes,
        reason,
    }))
}
