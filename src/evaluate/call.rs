//! Calls: arguments to parameters, the depth of calls, and where an error came from.

use std::sync::Arc;

use super::expression::{at, located};
use super::function::{BuiltinFunction, Closure, OutsideFunction};
use super::scope::Active;
use super::{Args, Builtin, Eval, Scope, Stop};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::symbol::Symbol;
use crate::syntax::ast::{Call, ExprKind, Name};
use crate::value::{Function, Type, TypeSet, Value};

/// Lists up to this length are given to builtins while checking.
const CHECKED_LENGTH: u64 = 1000;

/// An argument with its value.
pub(super) struct Given {
    pub label: Option<Name>,
    pub value: Value,
    pub span: Span,
}

impl Scope<'_> {
    /// `callee(arguments)`
    pub(super) fn call(&self, call: &Call, span: Span) -> Eval<Value> {
        let callee = self.eval(&call.callee).map_err(|stop| match (stop, &call.callee.kind) {
            // What is called is a function: so is what the hint binds.
            (Stop::Error(mut error), ExprKind::Name(name))
                if error.hint.as_ref().is_some_and(|hint| hint.starts_with("let ")) =>
            {
                error.hint = Some(format!("let {name}(x) = x"));
                Stop::Error(error)
            }
            (stop, _) => stop,
        })?;
        let mut given = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            let value = self.eval(&arg.value)?;
            given.push(Given { label: arg.label, value, span: arg.value.span });
        }
        match callee {
            Value::Function(function) => {
                let result = self.apply(&function, given, span);
                result.map_err(|stop| self.called_from(stop, function.as_ref(), span))
            }
            Value::Unknown(types) if types.contains(Type::Function) => {
                Ok(Value::Unknown(TypeSet::ANY))
            }
            other => {
                let found = other.type_of().with_article();
                let error = Diagnostic::new(Code::Type, "only functions can be called")
                    .at(call.callee.span, format!("this is {found}"));
                Err(match other.type_of() {
                    Type::Int | Type::Real => error.hint("write `*` to multiply"),
                    Type::List | Type::Table => error.hint("write xs[0] for an item"),
                    _ => error.hint("use it without `(…)`"),
                }
                .into())
            }
        }
    }

    /// Calls a function with these values: what builtins such as `map` do.
    ///
    /// # Errors
    /// Those of the function; E03 if it does not take so many arguments.
    pub fn call_function(
        &self,
        function: &Arc<dyn Function>,
        values: Vec<Value>,
        span: Span,
    ) -> Eval<Value> {
        let given = values.into_iter().map(|value| Given { label: None, value, span }).collect();
        self.apply(function, given, span)
    }

    /// Calls a function with arguments by name, which stand at one place: the fields of a record.
    ///
    /// # Errors
    /// Those of the function; E03 if it has no such parameters, or needs others.
    pub fn call_by_name(
        &self,
        function: &Arc<dyn Function>,
        values: Vec<(Symbol, Value)>,
        span: Span,
    ) -> Eval<Value> {
        let given = values.into_iter().map(|(symbol, value)| Given {
            label: Some(Name { symbol, span }),
            value,
            span,
        });
        self.apply(function, given.collect(), span)
    }

    /// Calls a function many times: what `map` does with a list. A function from outside is asked once.
    ///
    /// # Errors
    /// That of the first call that fails.
    pub fn call_each(
        &self,
        function: &Arc<dyn Function>,
        calls: Vec<Vec<Value>>,
        span: Span,
    ) -> Eval<Vec<Value>> {
        if let Some(OutsideFunction(outside)) = function.as_any().downcast_ref()
            && !self.shared.checks()
        {
            if let Some(wrong) = calls.iter().find(|call| call.len() != outside.arity()) {
                return Err(wrong_count(outside.name(), outside.arity(), wrong.len(), span));
            }
            let results =
                outside.call_each(calls, self.shared.output.as_ref(), &self.shared.interrupt);
            return results.map_err(|(_, failure)| at(failure, span));
        }
        let mut results = Vec::with_capacity(calls.len());
        for call in calls {
            self.check_interrupt()?;
            results.push(self.call_function(function, call, span)?);
        }
        Ok(results)
    }

    fn apply(&self, function: &Arc<dyn Function>, given: Vec<Given>, span: Span) -> Eval<Value> {
        if let Some(closure) = function.as_any().downcast_ref::<Closure>() {
            return self.call_closure(closure, function, given, span);
        }
        if let Some(BuiltinFunction(builtin)) = function.as_any().downcast_ref() {
            return self.call_builtin(builtin, given, span);
        }
        if let Some(OutsideFunction(outside)) = function.as_any().downcast_ref() {
            if let Some(label) = given.iter().find_map(|arg| arg.label) {
                let message = format!("the arguments of `{}` have no names", outside.name());
                let error = Diagnostic::new(Code::Call, message).at(label.span, "");
                return Err(error.hint(outside.signature()).into());
            }
            let values: Vec<Value> = given.into_iter().map(|arg| arg.value).collect();
            if values.len() != outside.arity() {
                return Err(wrong_count(outside.name(), outside.arity(), values.len(), span));
            }
            if self.shared.checks() || values.iter().any(Value::has_unknown) {
                return Ok(Value::Unknown(TypeSet::ANY));
            }
            let results = self.call_each(function, vec![values], span)?;
            let missing =
                || Diagnostic::new(Code::Bug, "a call without a result").at(span, "").into();
            return results.into_iter().next().ok_or_else(missing);
        }
        Err(Diagnostic::new(Code::Bug, "a function of an unknown kind").at(span, "").into())
    }

    /// Says where a function was called in which an error happened.
    fn called_from(&self, stop: Stop, function: &dyn Function, span: Span) -> Stop {
        const SHOWN_CALLS: usize = 3;
        let Stop::Error(error) = stop else { return stop };
        let inside = error.primary.as_ref().is_some_and(|label| {
            let at = label.span;
            at.source == span.source && at.start >= span.start && at.end <= span.end
        });
        let calls =
            error.secondary.iter().filter(|label| label.text.starts_with("called ")).count();
        if inside || calls >= SHOWN_CALLS || error.code == Code::Interrupted {
            return Stop::Error(error);
        }
        let label =
            function.name().map_or("called here".to_owned(), |n| format!("called here: {n}"));
        Stop::Error(Box::new(error.because(span, label)))
    }

    fn call_closure(
        &self,
        closure: &Closure,
        function: &Arc<dyn Function>,
        given: Vec<Given>,
        span: Span,
    ) -> Eval<Value> {
        let definition = Arc::as_ptr(&closure.lambda).addr();
        if self.shared.checks() && self.speculative && self.is_active(definition) {
            // A recursion whose end depends on an unknown value: its result is unknown.
            return Ok(Value::Unknown(TypeSet::ANY));
        }
        if self.calls >= self.shared.settings.call_depth {
            let limit = self.shared.settings.call_depth;
            return Err(Diagnostic::new(Code::Resource, "the calls are nested too deeply")
                .at(span, format!("more than {limit} calls are open"))
                .hint("give the recursion an end, or use `reduce`")
                .into());
        }
        let module;
        let globals = match closure.module {
            None => self.session,
            Some(number) if self.module == Some(number) => self.globals,
            Some(number) => {
                module = self.shared.modules.get(number);
                &module
            }
        };
        let active = Active { definition, parent: self.active };
        let scope = Scope {
            globals,
            module: closure.module,
            env: closure.env.clone(),
            calls: self.calls + 1,
            active: Some(&active),
            ..self.clone()
        };
        let scope = match closure.name {
            Some(name) => scope.bind(vec![(name, Value::Function(Arc::clone(function)))]),
            None => scope,
        };
        let scope = scope.with_params(closure, given, span)?;
        scope.eval(&closure.lambda.body)
    }

    fn is_active(&self, definition: usize) -> bool {
        let mut active = self.active;
        while let Some(here) = active {
            if here.definition == definition {
                return true;
            }
            active = here.parent;
        }
        false
    }

    /// Binds the parameters of a function of a program; defaults see the parameters before them.
    fn with_params(self, closure: &Closure, given: Vec<Given>, span: Span) -> Eval<Self> {
        let params = &closure.lambda.params;
        let mut slots: Vec<Option<Value>> = vec![None; params.len()];
        let name = closure.name.map_or("the function", Symbol::as_str);
        let mut position = 0;
        for arg in given {
            let slot = match arg.label {
                None => {
                    position += 1;
                    position - 1
                }
                Some(label) => match params.iter().position(|p| p.name.symbol == label.symbol) {
                    Some(slot) => slot,
                    None => {
                        let names = params.iter().map(|p| p.name.symbol.as_str());
                        return Err(unknown_argument(name, label, names.collect(), closure));
                    }
                },
            };
            match slots.get_mut(slot) {
                Some(free @ None) => *free = Some(arg.value),
                Some(Some(_)) => {
                    let name = params.get(slot).map_or("", |p| p.name.symbol.as_str());
                    return Err(given_twice(name, arg.span, closure));
                }
                None => {
                    return Err(too_many(name, params.len(), arg.span, &closure.signature()));
                }
            }
        }
        let mut bindings = Vec::with_capacity(params.len());
        let mut scope = self;
        for (param, slot) in params.iter().zip(slots) {
            let value = match (slot, &param.default) {
                (Some(value), _) => value,
                (None, Some(default)) => {
                    // The default may speak of parameters before it.
                    scope = scope.bind(std::mem::take(&mut bindings));
                    scope.eval(default)?
                }
                (None, None) => {
                    return Err(missing(
                        name,
                        param.name.symbol.as_str(),
                        span,
                        &closure.signature(),
                    ));
                }
            };
            bindings.push((param.name.symbol, value));
        }
        Ok(scope.bind(bindings))
    }

    /// Calls a builtin: binds the arguments, checks their types, and runs its body, or answers
    /// with an unknown value while checking.
    pub(super) fn call_builtin(
        &self,
        builtin: &'static Builtin,
        given: Vec<Given>,
        span: Span,
    ) -> Eval<Value> {
        let args = self.builtin_args(builtin, given, span)?;
        for (number, param) in builtin.params.iter().enumerate() {
            if let Some(value) = args.values().get(number) {
                args.check(number, value, param.types)?;
            }
        }
        let traits = builtin.traits;
        let unclear = |value: &Value| match value {
            // A check must not go through long lists; the run will.
            Value::List(list) => list.len() > CHECKED_LENGTH || list.has_unknown(),
            value => value.has_unknown(),
        };
        if self.shared.checks()
            && (traits.heavy || traits.effect || args.values().iter().any(unclear))
        {
            return Ok(Value::Unknown(builtin.returns));
        }
        if traits.effect {
            self.begin_effect()?;
        }
        match (builtin.call)(self, args) {
            Err(Stop::Error(failure)) => Err(at(failure, span)),
            Err(Stop::Unclear) if self.shared.checks() => Ok(Value::Unknown(builtin.returns)),
            other => other,
        }
    }

    fn builtin_args(&self, builtin: &'static Builtin, given: Vec<Given>, span: Span) -> Eval<Args> {
        let params = builtin.params;
        let positional = builtin.positional();
        let mut slots: Vec<Option<(Value, Span)>> = (0..params.len()).map(|_| None).collect();
        let mut position = 0;
        let mut rest = Vec::new();
        for arg in given {
            if builtin.traits.variadic && arg.label.is_none() {
                rest.push(arg.value);
                continue;
            }
            let slot = match arg.label {
                None if position < positional => {
                    position += 1;
                    position - 1
                }
                None => {
                    if let Some(param) = params.get(position) {
                        let error = Diagnostic::new(
                            Code::Call,
                            format!("`{}` of `{}` needs its name", param.name, builtin.name),
                        );
                        let hint =
                            format!("{} = {}", param.name, self.shared.sources.text(arg.span));
                        return Err(error.at(arg.span, "").hint(hint).into());
                    }
                    return Err(too_many(
                        builtin.name,
                        params.len(),
                        arg.span,
                        &builtin.signature(),
                    ));
                }
                Some(label) => match params.iter().position(|p| p.name == label.symbol.as_str()) {
                    Some(slot) => slot,
                    None => {
                        let names = params.iter().map(|p| p.name).collect();
                        let function = BuiltinFunction(builtin);
                        return Err(unknown_argument(builtin.name, label, names, &function));
                    }
                },
            };
            match slots.get_mut(slot) {
                Some(free @ None) => *free = Some((arg.value, arg.span)),
                _ => {
                    let name = params.get(slot).map_or("", |p| p.name);
                    return Err(given_twice(name, arg.span, &BuiltinFunction(builtin)));
                }
            }
        }
        if builtin.traits.variadic
            && let Some(first) = slots.first_mut()
        {
            *first = Some((located(Value::list(rest), span)?, span));
        }
        let mut values = Vec::with_capacity(params.len());
        let mut spans = Vec::with_capacity(params.len());
        for (number, (slot, param)) in slots.into_iter().zip(params).enumerate() {
            match slot {
                Some((value, span)) => {
                    values.push(value);
                    spans.push(Some(span));
                }
                None => {
                    let default = self.shared.registry.default(self, builtin, number)?;
                    values.push(default.ok_or_else(|| {
                        missing(builtin.name, param.name, span, &builtin.signature())
                    })?);
                    spans.push(None);
                }
            }
        }
        Ok(Args::new(builtin, values, spans, span))
    }

    /// Gives an error of a value the span of an argument.
    ///
    /// # Errors
    /// The error, with its place.
    pub fn located<T>(&self, result: Result<T, crate::value::Failure>, span: Span) -> Eval<T> {
        located(result, span)
    }
}

fn too_many(name: &str, count: usize, span: Span, signature: &str) -> Stop {
    let takes = match count {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        n => format!("{n} arguments"),
    };
    Diagnostic::new(Code::Call, format!("`{name}` takes {takes}"))
        .at(span, "this one is too much")
        .hint(signature)
        .into()
}

/// A function whose parameters have no names is called with too many or too few arguments.
fn wrong_count(name: &str, takes: usize, found: usize, span: Span) -> Stop {
    let arguments = if takes == 1 { "argument" } else { "arguments" };
    let call: Vec<String> = (1..=takes).map(|number| format!("x{number}")).collect();
    Diagnostic::new(Code::Call, format!("`{name}` takes {takes} {arguments}"))
        .at(span, format!("{found} here"))
        .hint(format!("{name}({})", call.join(", ")))
        .into()
}

fn missing(name: &str, param: &str, span: Span, signature: &str) -> Stop {
    Diagnostic::new(Code::Call, format!("`{name}` needs `{param}`"))
        .at(span, format!("`{param}` is missing"))
        .hint(signature)
        .into()
}

fn given_twice(param: &str, span: Span, function: &dyn Function) -> Stop {
    Diagnostic::new(Code::Call, format!("`{param}` is given twice"))
        .at(span, "again here")
        .hint(function.signature())
        .into()
}

fn unknown_argument(name: &str, label: Name, names: Vec<&str>, function: &dyn Function) -> Stop {
    let error =
        Diagnostic::new(Code::Call, format!("`{name}` has no parameter `{}`", label.symbol))
            .at(label.span, "");
    match did_you_mean(label.symbol.as_str(), names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(function.signature()),
    }
    .into()
}
