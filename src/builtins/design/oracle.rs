//! A problem of design whose functions are called: anything that a program can say of a network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::networks::NetworkValue;
use super::super::partitions::PartitionValue;
use crate::design::Oracle;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Scope, Stop};
use crate::graph::{self, OutputSide};
use crate::value::{Function, Value, int_to_f64};

/// A function of a program and where it is given.
#[derive(Clone, Debug)]
pub(super) struct Called {
    pub function: Arc<dyn Function>,
    pub span: Span,
}

/// What is maximized.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// Nothing: only the cost counts.
    None,
    /// A function of the network.
    Function(Called),
    /// The bits of min-cuts times their weights: the smallest, or the sum.
    Partitions { parts: Vec<(PartitionValue, f64)>, worst: bool, span: Span },
}

/// What is required.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// A condition.
    Function(Called),
    /// So many bits across a partition.
    Bits { across: PartitionValue, bits: f64, span: Span },
}

/// The bits of a min-cut.
fn bits_of(cx: &Scope<'_>, net: &NetworkValue, across: &PartitionValue, span: Span) -> Eval<f64> {
    let across = across.resolve(cx, net.0.input_shape(), span)?;
    let cut = graph::min_cut(&net.0, &across, OutputSide::Fixed, &cx.machine().interrupt);
    cut.map(|cut| cut.bits())
        .map_err(|error| (*super::super::queries::failure_of(&error)).or_at(span).into())
}

/// What is minimized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::builtins) enum Cost {
    Params,
    Flops,
}

/// How a template is called.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub called: Called,
    /// Whether it takes every channel number as an argument of its own, or all in one list.
    pub apart: bool,
    /// What is chosen from; empty where the template takes the channel numbers alone.
    pub choices: Vec<Value>,
}

impl Template {
    /// The network at a point.
    pub fn network(&self, cx: &Scope<'_>, choice: usize, at: &[u64]) -> Eval<NetworkValue> {
        let numbers = at.iter().map(|channels| Value::int(*channels));
        let mut values = if self.apart {
            numbers.collect()
        } else {
            vec![Value::list(numbers.collect()).map_err(Stop::from)?]
        };
        values.extend(self.choices.get(choice).cloned());
        let span = self.called.span;
        let made = cx.call_function(&self.called.function, values, span)?;
        match &made {
            Value::Object(object) => object.as_any().downcast_ref::<NetworkValue>().cloned(),
            _ => None,
        }
        .ok_or_else(|| {
            let found = made.type_of().with_article();
            Diagnostic::new(Code::Type, "the template must give a network")
                .at(span, format!("it gives {found}"))
                .hint("r -> network { input(4, dim = 2), conv(r[0]), pool(4), output(1) }")
                .into()
        })
    }
}

/// What is known of a point once it was asked for.
#[derive(Clone, Copy, Debug)]
struct Point {
    value: f64,
    cost: f64,
    allowed: bool,
    enough: bool,
}

/// The problem; what was computed once is kept.
pub(super) struct CallingProblem<'p, 's> {
    pub cx: &'p Scope<'s>,
    pub template: &'p Template,
    pub objective: Goal,
    pub limits: Vec<Called>,
    pub requirements: Vec<Need>,
    pub cost: Cost,
    /// The largest cost, if there is one.
    pub at_most: Option<u64>,
    /// For every variable the numbers that it may be; points are places in these lists.
    pub values: &'p [Vec<u64>],
    pub choices: usize,
    known: Mutex<HashMap<(usize, Vec<u64>), Point>>,
}

impl<'p, 's> CallingProblem<'p, 's> {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        cx: &'p Scope<'s>,
        template: &'p Template,
        values: &'p [Vec<u64>],
        objective: Goal,
        limits: Vec<Called>,
        requirements: Vec<Need>,
        cost: Cost,
        at_most: Option<u64>,
    ) -> Self {
        let choices = template.choices.len().max(1);
        let known = Mutex::default();
        Self {
            cx,
            template,
            objective,
            limits,
            requirements,
            cost,
            at_most,
            values,
            choices,
            known,
        }
    }

    /// The variables at a point.
    pub fn variables(&self, at: &[u64]) -> Vec<u64> {
        let values = self.values.iter().zip(at);
        values.map(|(values, at)| values.get(*at as usize).copied().unwrap_or(1)).collect()
    }

    fn point(&self, choice: usize, at: &[u64]) -> Eval<Point> {
        let key = (choice, at.to_vec());
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(point) = lock().get(&key) {
            return Ok(*point);
        }
        let net = self.template.network(self.cx, choice, &self.variables(at))?;
        let count = match self.cost {
            Cost::Params => net.0.params(),
            Cost::Flops => net.0.flops(),
        };
        let value = Value::object(net.clone());
        let call = |called: &Called| {
            self.cx.call_function(&called.function, vec![value.clone()], called.span)
        };
        let truth = |called: &Called| -> Eval<bool> {
            match call(called)? {
                Value::Bool(b) => Ok(b),
                other => {
                    let found = other.type_of().with_article();
                    Err(Diagnostic::new(Code::Type, "the condition must give true or false")
                        .at(called.span, format!("it gives {found}"))
                        .hint("subject_to = net -> params(net) <= 5_000")
                        .into())
                }
            }
        };
        let mut point =
            Point { value: 0.0, cost: int_to_f64(&count.into()), allowed: true, enough: true };
        match &self.objective {
            Goal::None => {}
            Goal::Partitions { parts, worst, span } => {
                let bits = parts.iter().map(|(across, weight)| {
                    bits_of(self.cx, &net, across, *span).map(|bits| weight * bits)
                });
                let bits = bits.collect::<Eval<Vec<f64>>>()?;
                point.value = if *worst {
                    bits.into_iter().fold(f64::INFINITY, f64::min)
                } else {
                    bits.into_iter().sum()
                };
            }
            Goal::Function(objective) => point.value = number_of(call(objective)?, objective.span)?,
        }
        point.allowed = self.at_most.is_none_or(|most| point.cost <= most as f64);
        for limit in &self.limits {
            point.allowed = point.allowed && truth(limit)?;
        }
        for requirement in &self.requirements {
            point.enough = point.enough
                && match requirement {
                    Need::Function(condition) => truth(condition)?,
                    Need::Bits { across, bits, span } => {
                        bits_of(self.cx, &net, across, *span)? >= *bits
                    }
                };
        }
        lock().insert(key, point);
        Ok(point)
    }
}

/// The number that an objective gives.
pub(super) fn number_of(value: Value, span: Span) -> Eval<f64> {
    match value {
        Value::Int(i) => Ok(int_to_f64(&i)),
        Value::Real(x) => Ok(x),
        other => {
            let found = other.type_of().with_article();
            Err(Diagnostic::new(Code::Type, "what is maximized must be a number")
                .at(span, format!("it gives {found}"))
                .hint("maximize = net -> min_cut(net, left_right).bits")
                .into())
        }
    }
}

impl Oracle for CallingProblem<'_, '_> {
    type Error = Stop;
    type Memory = ();

    fn choices(&self) -> usize {
        self.choices
    }

    fn box_of(&self, _choice: usize) -> (Vec<u64>, Vec<u64>) {
        let last = self.values.iter().map(|values| (values.len() as u64).saturating_sub(1));
        (vec![0; self.values.len()], last.collect())
    }

    fn value(&self, choice: usize, at: &[u64], (): &mut ()) -> Result<f64, Stop> {
        self.point(choice, at).map(|point| point.value)
    }

    fn cost(&self, choice: usize, at: &[u64], (): &mut ()) -> Result<f64, Stop> {
        self.point(choice, at).map(|point| point.cost)
    }

    fn is_allowed(&self, choice: usize, at: &[u64], (): &mut ()) -> Result<bool, Stop> {
        self.point(choice, at).map(|point| point.allowed)
    }

    fn is_enough(&self, choice: usize, at: &[u64], (): &mut ()) -> Result<bool, Stop> {
        self.point(choice, at).map(|point| point.enough)
    }

    fn cost_step(&self) -> f64 {
        1.0
    }

    fn is_parallel(&self) -> bool {
        // A function may print, and the evaluator has its own threads.
        false
    }
}
