//! Statements: binding names, showing values, importing files.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::function::Closure;
use super::machine::Machine;
use super::names;
use super::output::Shown;
use super::registry::Place;
use super::scope::{Globals, Scope};
use super::{Eval, Stop};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};
use crate::symbol::Symbol;
use crate::syntax::ast::{ExprKind, Statement, StatementKind};
use crate::syntax::parse;
use crate::value::{Type, TypeSet, Value};

/// The result of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// All errors, in the order of the text.
    pub errors: Vec<Diagnostic>,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd {
    /// The globals after the last statement that succeeded.
    pub globals: Arc<Globals>,
    /// The error that ended it.
    pub error: Option<Diagnostic>,
}

/// Checks statements: every one, whatever is wrong with those before it. A name whose `let` fails
/// is unknown from there on, so that one mistake is told once.
pub fn check(
    machine: &Machine,
    globals: &Arc<Globals>,
    statements: &[Statement],
    broken_names: &[Symbol],
    overrides: &FxHashMap<Symbol, Value>,
    file: Option<&Place>,
) -> Checked {
    let mut globals = Arc::clone(globals);
    for name in broken_names {
        Arc::make_mut(&mut globals).set(*name, Value::Unknown(TypeSet::ANY));
    }
    let mut errors = Vec::new();
    let importing: Vec<Place> = file.cloned().into_iter().collect();
    for statement in statements {
        machine.refill();
        let stepped = {
            let scope = Scope::top(machine, &globals, &globals, None, &importing);
            step(&scope, statement, overrides)
        };
        match stepped {
            Ok(Stepped::Bound(name, value)) => Arc::make_mut(&mut globals).set(name, value),
            Ok(Stepped::Value(_)) => {}
            Err(stop) => {
                if let Stop::Error(error) = stop {
                    errors.push(*error);
                }
                if let Some(name) = bound_name(statement) {
                    Arc::make_mut(&mut globals).set(name, Value::Unknown(TypeSet::ANY));
                }
            }
        }
        if machine.interrupt.is_triggered() {
            break;
        }
    }
    errors.extend(check_definitions(machine, &globals, statements, &importing));
    let scope = Scope::top(machine, &globals, &globals, None, &importing);
    for statement in statements {
        errors.extend(names::unbound(&scope, statement));
    }
    let place = |error: &Diagnostic| error.primary.as_ref().map(|label| label.span);
    let mut seen = FxHashSet::default();
    errors.retain(|error| {
        let at = place(error).map(|s| (s.source.0, s.start, s.end));
        seen.insert((error.code, at, error.message.clone()))
    });
    errors.sort_by_key(|error| place(error).map(|span| (span.source.0, span.start)));
    Checked { errors }
}

/// Checks the bodies of functions that nobody called, with unknown arguments.
pub fn check_definitions(
    machine: &Machine,
    globals: &Arc<Globals>,
    statements: &[Statement],
    importing: &[Place],
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for statement in statements {
        let StatementKind::Let(binding) = &statement.kind else { continue };
        let Some(Value::Function(function)) = globals.get(binding.name.symbol) else { continue };
        let Some(closure) = function.as_any().downcast_ref::<Closure>() else { continue };
        machine.refill();
        let top = Scope::top(machine, globals, globals, None, importing);
        let any = Value::Unknown(TypeSet::ANY);
        let unknown = closure.lambda.params.iter().map(|_| any.clone()).collect();
        let called = top.speculate(Code::Shape, any, |scope| {
            scope.call_function(function, unknown, statement.span)
        });
        if let Err(Stop::Error(error)) = called {
            errors.push(*error);
        }
    }
    errors
}

/// Runs statements until one fails. Values of bare expressions are shown unless a `;` follows.
pub fn run(
    machine: &Machine,
    globals: &Arc<Globals>,
    statements: &[Statement],
    overrides: &FxHashMap<Symbol, Value>,
    file: Option<&Place>,
) -> RunEnd {
    let mut globals = Arc::clone(globals);
    let importing: Vec<Place> = file.cloned().into_iter().collect();
    let is_shown = |s: &Statement| !s.hidden && matches!(s.kind, StatementKind::Expression(_));
    let last = statements.iter().rposition(is_shown);
    for (number, statement) in statements.iter().enumerate() {
        let stepped = {
            let scope = Scope::top(machine, &globals, &globals, None, &importing);
            step(&scope, statement, overrides)
        };
        match stepped {
            Ok(Stepped::Bound(name, value)) => {
                let globals = Arc::make_mut(&mut globals);
                globals.set(name, value);
                if let Some(doc) = &statement.doc {
                    globals.set_doc(name, Arc::clone(doc));
                }
            }
            Ok(Stepped::Value(value)) => {
                let silent =
                    matches!(value, Value::None) && gives_nothing(machine, &globals, statement);
                if !statement.hidden && !silent {
                    show(machine, value, statement.span, last == Some(number));
                }
            }
            Err(Stop::Error(error)) => return RunEnd { globals, error: Some(*error) },
            Err(Stop::OutOfOrder | Stop::Unclear) => {
                let error =
                    Diagnostic::new(Code::Bug, "an effect ran out of order").at(statement.span, "");
                return RunEnd { globals, error: Some(error) };
            }
        }
    }
    RunEnd { globals, error: None }
}

/// Whether a statement is a call of a builtin that never gives a value, such as `print(x)`.
fn gives_nothing(machine: &Machine, globals: &Globals, statement: &Statement) -> bool {
    let StatementKind::Expression(expr) = &statement.kind else { return false };
    let ExprKind::Call(call) = &expr.kind else { return false };
    let ExprKind::Name(name) = &call.callee.kind else { return false };
    let builtin = machine.registry.get(*name).filter(|_| globals.get(*name).is_none());
    builtin.is_some_and(|builtin| builtin.returns == TypeSet::of(&[Type::None]))
}

/// Shows a value in the sink of the machine.
fn show(machine: &Machine, value: Value, span: Span, result: bool) {
    let line = machine.sources.position(span).map_or(0, |(line, _)| line);
    machine.output.show(&Shown { value, span, line, result });
}

impl Scope<'_> {
    /// Shows a value in the middle of a run.
    ///
    /// # Errors
    /// [`Stop::OutOfOrder`] inside a parallel comprehension.
    pub fn show(&self, value: Value, span: Span) -> Eval<()> {
        self.begin_effect()?;
        show(self.shared, value, span, false);
        Ok(())
    }
}

enum Stepped {
    Bound(Symbol, Value),
    Value(Value),
}

fn bound_name(statement: &Statement) -> Option<Symbol> {
    match &statement.kind {
        StatementKind::Import { name, .. } => Some(name.symbol),
        StatementKind::Let(binding) => Some(binding.name.symbol),
        StatementKind::Expression(_) => None,
    }
}

fn step(
    scope: &Scope<'_>,
    statement: &Statement,
    overrides: &FxHashMap<Symbol, Value>,
) -> Eval<Stepped> {
    match &statement.kind {
        StatementKind::Expression(expr) => Ok(Stepped::Value(scope.eval(expr)?)),
        StatementKind::Let(binding) => {
            let name = binding.name.symbol;
            if let Some(value) = overrides.get(&name) {
                return Ok(Stepped::Bound(name, value.clone()));
            }
            let value = scope.binding_value(binding, statement.doc.as_ref())?;
            Ok(Stepped::Bound(name, value))
        }
        StatementKind::Import { path, path_span, name } => {
            Ok(Stepped::Bound(name.symbol, import(scope, path, *path_span)?))
        }
    }
}

/// The value of an import: a record of what the file's `let`s bind. Bare expressions of the file
/// are not evaluated.
fn import(scope: &Scope<'_>, path: &str, span: Span) -> Eval<Value> {
    let machine = scope.shared;
    let from = scope.importing.last().map(|place| place.path.as_path());
    let loaded = machine.registry.load(path, from).map_err(|failure| (*failure).or_at(span))?;
    let same = |open: &Place| open.identity == loaded.place.identity;
    if let Some(start) = scope.importing.iter().position(same) {
        let open = scope.importing[start..].iter().chain(std::iter::once(&loaded.place));
        let names = open.map(|place| &place.path);
        let chain: Vec<String> = names
            .map(|p| p.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .collect();
        return Err(Diagnostic::new(Code::File, "the imports form a circle")
            .at(span, chain.join(" -> "))
            .hint("move what both files need into a third one")
            .into());
    }
    let source: SourceId =
        machine.sources.add(loaded.place.path.display().to_string(), loaded.text.as_str());
    let program = parse(&loaded.text, source);
    let mut importing = scope.importing.to_vec();
    importing.push(loaded.place);
    let module = machine.modules.reserve();
    let mut globals: Arc<Globals> = Arc::default();
    let mut failed: Vec<Diagnostic> = program.errors;
    if failed.is_empty() {
        for statement in &program.statements {
            if matches!(statement.kind, StatementKind::Expression(_)) {
                continue;
            }
            let stepped = {
                let top = Scope::top(machine, &globals, scope.session, Some(module), &importing);
                step(&top, statement, &FxHashMap::default())
            };
            match stepped {
                Ok(Stepped::Bound(name, value)) => Arc::make_mut(&mut globals).set(name, value),
                Ok(Stepped::Value(_)) => {}
                Err(Stop::Error(error)) => {
                    failed.push(*error);
                    break;
                }
                Err(stop) => return Err(stop),
            }
        }
    }
    machine.modules.set(module, Arc::clone(&globals));
    let more = failed.len().saturating_sub(1);
    if let Some(first) = failed.into_iter().next() {
        let first = first.because(span, "imported here");
        let first = if more > 0 {
            first.note(format!("and {more} more errors in that file"))
        } else {
            first
        };
        return Err(first.into());
    }
    let fields = globals.iter().map(|(name, value)| (name, value.clone())).collect();
    let record = Value::record(fields).map_err(|failure| (*failure).or_at(span))?;
    debug_assert_eq!(record.type_of(), Type::Record);
    Ok(record)
}
