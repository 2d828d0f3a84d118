//! Reads functions of a network as formulas that grow with every channel number.
//!
//! `net -> min_cut(net, interleaved).bits` is evaluated a million times in a search. Where its text
//! says that it is made of min-cuts, weights and operations by sums, minima, maxima, positive factors
//! and comparisons, it becomes a [`Measure`], which needs no interpreter and grows for certain.
//! Everything else stays a function that is called.

use crate::design::{Limit, Measure, Requirement};
use crate::evaluate::{BuiltinFunction, Closure, Scope};
use crate::network::Bipartition;
use crate::symbol::Symbol;
use crate::syntax::ast::{BinaryOp, BoundValue, Clause, Expr, ExprKind, UnaryOp};
use crate::value::{FromValue, Function, Value, int_to_f64};

use super::super::partitions::PartitionValue;

/// A function as a formula.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// A number that grows with the channels.
    Number(Measure),
    /// Budgets that fall, and requirements that rise, all to be kept.
    Conditions { limits: Vec<Limit>, requirements: Vec<Requirement> },
}

/// Reads functions; the partitions that they name are numbered as they come.
pub(super) struct Reader<'r, 's> {
    pub scope: &'r Scope<'s>,
    /// The sites of the networks.
    pub shape: crate::network::Shape,
    /// The partitions so far, on that shape.
    pub partitions: Vec<Bipartition>,
}

/// What an expression stands for.
#[derive(Clone, Debug)]
enum Term {
    Value(Value),
    Net,
    Cut(usize),
    Number(Measure),
    Conditions(Vec<Limit>, Vec<Requirement>),
    List(Vec<Term>),
}

/// The names that stand for more than values.
type Names = Vec<(Symbol, Term)>;

impl Reader<'_, '_> {
    /// The formula of a function of one network; `None` where it is not one.
    pub fn read(&mut self, function: &dyn Function) -> Option<Reading> {
        let closure = function.as_any().downcast_ref::<Closure>()?;
        let [param] = closure.lambda().params.as_slice() else { return None };
        let scope = self.scope.inside(closure)?;
        let names = vec![(param.name.symbol, Term::Net)];
        match self.term(&scope, &names, &closure.lambda().body)? {
            Term::Number(measure) => Some(Reading::Number(measure)),
            Term::Conditions(limits, requirements) => {
                Some(Reading::Conditions { limits, requirements })
            }
            _ => None,
        }
    }

    /// The bits of the min-cut across a partition.
    pub fn bits(&mut self, across: &PartitionValue) -> Option<Measure> {
        let span = crate::diagnostic::Span::default();
        let bipartition = across.resolve(self.scope, self.shape, span).ok()?;
        Some(Measure::Bits(self.number(bipartition)))
    }

    fn number(&mut self, bipartition: Bipartition) -> usize {
        if let Some(known) = self.partitions.iter().position(|known| *known == bipartition) {
            return known;
        }
        self.partitions.push(bipartition);
        self.partitions.len() - 1
    }

    fn term(&mut self, scope: &Scope<'_>, names: &Names, expr: &Expr) -> Option<Term> {
        let is_symbolic = |name: Symbol| names.iter().any(|(known, _)| *known == name);
        if !expr.mentions(&is_symbolic) {
            return scope.eval(expr).ok().map(Term::Value);
        }
        match &expr.kind {
            ExprKind::Name(name) => {
                names.iter().rev().find(|(known, _)| known == name).map(|(_, term)| term.clone())
            }
            ExprKind::Call(call) => {
                if call.callee.mentions(&is_symbolic) {
                    return None;
                }
                let args = call.args.iter().map(|arg| {
                    let term = self.term(scope, names, &arg.value)?;
                    Some((arg.label.map(|label| label.symbol), term))
                });
                let args = args.collect::<Option<Vec<_>>>()?;
                let Ok(Value::Function(function)) = scope.eval(&call.callee) else { return None };
                self.call(scope, &*function, &args)
            }
            ExprKind::Field(object, field) => {
                let object = self.term(scope, names, object)?;
                let scaled =
                    |measure, by| Some(Term::Number(Measure::Scaled(by, Box::new(measure))));
                match (object, field.symbol.as_str()) {
                    (Term::Net, "params") => Some(Term::Number(Measure::Params)),
                    (Term::Net, "flops") => Some(Term::Number(Measure::Flops)),
                    (Term::Cut(number), "bits") => Some(Term::Number(Measure::Bits(number))),
                    (Term::Cut(number), "ln") => {
                        scaled(Measure::Bits(number), std::f64::consts::LN_2)
                    }
                    (Term::Cut(number), "value") => {
                        let bits = Box::new(Measure::Bits(number));
                        Some(Term::Number(Measure::PowerOfTwo(bits)))
                    }
                    _ => None,
                }
            }
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.term(scope, names, item));
                items.collect::<Option<_>>().map(Term::List)
            }
            ExprKind::Binary(op, sides) => {
                let [left, right] = &**sides;
                let left = self.term(scope, names, left)?;
                let right = self.term(scope, names, right)?;
                binary(*op, left, right)
            }
            ExprKind::Unary(UnaryOp::Negate | UnaryOp::Not, _) => None,
            ExprKind::Comprehension(comprehension) => {
                let [Clause::For { names: bound, items }] = comprehension.clauses.as_slice() else {
                    return None;
                };
                let Term::Value(Value::List(list)) = self.term(scope, names, items)? else {
                    return None;
                };
                const MOST_ITEMS: u64 = 4096;
                let [name] = bound.as_slice() else { return None };
                if list.len() > MOST_ITEMS {
                    return None;
                }
                let items = list.iter().map(|item| {
                    let inner = scope.bind(vec![(name.symbol, item)]);
                    let seen: Names =
                        names.iter().filter(|(known, _)| *known != name.symbol).cloned().collect();
                    self.term(&inner, &seen, &comprehension.body)
                });
                items.collect::<Option<_>>().map(Term::List)
            }
            ExprKind::Where(body, bindings) => {
                let (mut scope, mut names) = (scope.clone(), names.clone());
                for binding in bindings {
                    let BoundValue::Value(value) = &binding.value else { return None };
                    let name = binding.name.symbol;
                    let term = self.term(&scope, &names, value)?;
                    names.retain(|(known, _)| *known != name);
                    match term {
                        Term::Value(value) => scope = scope.bind(vec![(name, value)]),
                        term => names.push((name, term)),
                    }
                }
                self.term(&scope, &names, body)
            }
            _ => None,
        }
    }

    fn call(
        &mut self,
        scope: &Scope<'_>,
        function: &dyn Function,
        args: &[(Option<Symbol>, Term)],
    ) -> Option<Term> {
        if let Some(closure) = function.as_any().downcast_ref::<Closure>() {
            let params = &closure.lambda().params;
            if args.len() != params.len() || args.iter().any(|(label, _)| label.is_some()) {
                return None;
            }
            let mut inner = scope.inside(closure)?;
            let mut names = Names::new();
            for (param, (_, term)) in params.iter().zip(args) {
                match term {
                    Term::Value(value) => {
                        inner = inner.bind(vec![(param.name.symbol, value.clone())]);
                    }
                    term => names.push((param.name.symbol, term.clone())),
                }
            }
            return self.term(&inner, &names, &closure.lambda().body);
        }
        let BuiltinFunction(builtin) = function.as_any().downcast_ref::<BuiltinFunction>()?;
        let named = |wanted: &str, place: usize| {
            let is = |label: &Option<Symbol>| label.is_some_and(|label| label.as_str() == wanted);
            let by_name = args.iter().find(|(label, _)| is(label));
            by_name.or_else(|| args.get(place).filter(|(label, _)| label.is_none())).map(|(_, t)| t)
        };
        match (builtin.name, args.len()) {
            ("min_cut", 2) => {
                let (Some(Term::Net), Some(Term::Value(across))) =
                    (named("net", 0), named("across", 1))
                else {
                    return None;
                };
                let across = PartitionValue::from_value(across.clone()).ok()?;
                match self.bits(&across)? {
                    Measure::Bits(number) => Some(Term::Cut(number)),
                    _ => None,
                }
            }
            ("params", 1) if matches!(named("net", 0), Some(Term::Net)) => {
                Some(Term::Number(Measure::Params))
            }
            ("flops", 1) if matches!(named("net", 0), Some(Term::Net)) => {
                Some(Term::Number(Measure::Flops))
            }
            ("min" | "max" | "sum" | "mean", _) => {
                let terms: Vec<Term> = match args {
                    [(None, Term::List(items))] => items.clone(),
                    [(None, one), (None, other)] => vec![one.clone(), other.clone()],
                    _ => return None,
                };
                let measures = terms.into_iter().map(measure).collect::<Option<Vec<_>>>()?;
                let count = measures.len() as f64;
                Some(Term::Number(match builtin.name {
                    _ if measures.is_empty() => return None,
                    "min" => Measure::Smallest(measures),
                    "max" => Measure::Largest(measures),
                    "sum" => Measure::Sum(measures),
                    _ => Measure::Scaled(1.0 / count, Box::new(Measure::Sum(measures))),
                }))
            }
            _ => None,
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(int_to_f64(i)),
        Value::Real(x) => Some(*x),
        _ => None,
    }
    // Larger ints than a double holds are compared by the evaluator.
    .filter(|x| x.is_finite())
}

fn measure(term: Term) -> Option<Measure> {
    match term {
        Term::Number(measure) => Some(measure),
        Term::Value(value) => number(&value).map(Measure::Constant),
        _ => None,
    }
}

fn binary(op: BinaryOp, left: Term, right: Term) -> Option<Term> {
    if op == BinaryOp::And {
        let (Term::Conditions(mut limits, mut needs), Term::Conditions(others, more)) =
            (left, right)
        else {
            return None;
        };
        limits.extend(others);
        needs.extend(more);
        return Some(Term::Conditions(limits, needs));
    }
    let constant = |term: &Term| match term {
        Term::Value(value) => number(value),
        _ => None,
    };
    let (a, b) = (constant(&left), constant(&right));
    let (left, right) = (measure(left)?, measure(right)?);
    let scaled = |by: f64, measure| {
        (by >= 0.0 && by.is_finite()).then(|| Term::Number(Measure::Scaled(by, Box::new(measure))))
    };
    let strict = matches!(op, BinaryOp::Less | BinaryOp::Greater);
    let limit = |measure, at_most| {
        Some(Term::Conditions(vec![Limit { measure, at_most, strict }], Vec::new()))
    };
    let need = |measure, at_least| {
        Some(Term::Conditions(Vec::new(), vec![Requirement { measure, at_least, strict }]))
    };
    match (op, a, b) {
        (BinaryOp::Add, ..) => Some(Term::Number(Measure::Sum(vec![left, right]))),
        (BinaryOp::Subtract, _, Some(b)) => {
            Some(Term::Number(Measure::Sum(vec![left, Measure::Constant(-b)])))
        }
        (BinaryOp::Multiply, Some(a), _) => scaled(a, right),
        (BinaryOp::Multiply, _, Some(b)) => scaled(b, left),
        (BinaryOp::Divide, _, Some(b)) if b > 0.0 => scaled(1.0 / b, left),
        (BinaryOp::Less | BinaryOp::LessEqual, _, Some(b)) => limit(left, b),
        (BinaryOp::Less | BinaryOp::LessEqual, Some(a), _) => need(right, a),
        (BinaryOp::Greater | BinaryOp::GreaterEqual, _, Some(b)) => need(left, b),
        (BinaryOp::Greater | BinaryOp::GreaterEqual, Some(a), _) => limit(right, a),
        _ => None,
    }
}
