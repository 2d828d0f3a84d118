//! Names and their values: globals, local frames, and where a call stands.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::function::BuiltinFunction;
use super::machine::Machine;
use super::registry::Place;
use super::{Eval, Stop};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::symbol::Symbol;
use crate::value::{Failure, Value, function_depth};

/// The values bound by the `let`s and `import`s of a program.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    values: FxHashMap<Symbol, Value>,
    docs: FxHashMap<Symbol, Arc<str>>,
    order: Vec<Symbol>,
}

impl Globals {
    /// Binds a name; an earlier value is replaced.
    pub fn set(&mut self, name: Symbol, value: Value) {
        self.docs.remove(&name);
        if self.values.insert(name, value).is_none() {
            self.order.push(name);
        }
    }

    /// Gives a name the `##` lines above its `let`.
    pub fn set_doc(&mut self, name: Symbol, doc: Arc<str>) {
        self.docs.insert(name, doc);
    }

    /// The `##` lines of a name.
    pub fn doc(&self, name: Symbol) -> Option<&str> {
        self.docs.get(&name).map(|doc| &**doc)
    }

    /// The value of a name.
    pub fn get(&self, name: Symbol) -> Option<&Value> {
        self.values.get(&name)
    }

    /// All names with their values, in the order in which they were first bound.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &Value)> {
        self.order.iter().filter_map(|name| Some((*name, self.values.get(name)?)))
    }
}

/// Local names: parameters, `where` bindings, the names of a comprehension.
#[derive(Debug)]
pub(super) struct Frame {
    bindings: Vec<(Symbol, Value)>,
    parent: Option<Arc<Frame>>,
    /// How deep the values are that it and its parents hold.
    depth: u32,
}

/// The local names that an expression sees; cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(super) struct Env(Option<Arc<Frame>>);

impl Env {
    pub fn get(&self, name: Symbol) -> Option<&Value> {
        let mut frame = self.0.as_deref();
        while let Some(here) = frame {
            if let Some((_, value)) = here.bindings.iter().rev().find(|(n, _)| *n == name) {
                return Some(value);
            }
            frame = here.parent.as_deref();
        }
        None
    }

    /// These names with further ones in front.
    pub fn with(&self, bindings: Vec<(Symbol, Value)>) -> Self {
        let inner = bindings.iter().map(|(_, value)| value.depth()).max().unwrap_or(0);
        let depth = inner.max(self.depth());
        Self(Some(Arc::new(Frame { bindings, parent: self.0.clone(), depth })))
    }

    pub fn depth(&self) -> u32 {
        self.0.as_ref().map_or(0, |frame| frame.depth)
    }

    /// The depth of a function that keeps these names.
    pub fn closure_depth(&self) -> Result<u32, Failure> {
        function_depth(self.depth())
    }

    fn names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut frame = self.0.as_deref();
        while let Some(here) = frame {
            names.extend(here.bindings.iter().map(|(name, _)| name.as_str()));
            frame = here.parent.as_deref();
        }
        names
    }
}

/// A function that is being evaluated, and those that called it.
#[derive(Debug)]
pub(super) struct Active<'a> {
    /// The address of its definition.
    pub definition: usize,
    pub parent: Option<&'a Active<'a>>,
}

/// What an expression sees while it is evaluated.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    pub(super) shared: &'a Machine,
    pub(super) globals: &'a Arc<Globals>,
    /// The globals of the session, which functions of the session see wherever they are called.
    pub(super) session: &'a Arc<Globals>,
    /// The module whose globals these are.
    pub(super) module: Option<usize>,
    pub(super) env: Env,
    /// How many calls are open.
    pub(super) calls: u32,
    /// Whether the items of a comprehension around this expression run in parallel.
    pub(super) parallel: bool,
    /// Whether a loop around this expression tells its progress, so that nothing inside does.
    pub(super) told: bool,
    /// While checking: whether a condition above is unknown, so that this may never run.
    pub(super) speculative: bool,
    pub(super) active: Option<&'a Active<'a>>,
    /// Whether the budget of a check does not count here: what is made once is made whole.
    pub(super) unbudgeted: bool,
    /// The files that are being imported, outermost first.
    pub(super) importing: &'a [Place],
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Machine({:?})", self.mode)
    }
}

impl<'a> Scope<'a> {
    /// The scope of a top-level statement.
    pub(super) fn top(
        shared: &'a Machine,
        globals: &'a Arc<Globals>,
        session: &'a Arc<Globals>,
        module: Option<usize>,
        importing: &'a [Place],
    ) -> Self {
        Self {
            shared,
            globals,
            session,
            module,
            env: Env::default(),
            calls: 0,
            parallel: false,
            told: false,
            speculative: false,
            active: None,
            unbudgeted: false,
            importing,
        }
    }

    /// What all threads of the run share.
    pub fn machine(&self) -> &'a Machine {
        self.shared
    }

    /// The same place without local names: where defaults of builtins are evaluated.
    pub(super) fn outermost(&self) -> Self {
        Self { env: Env::default(), unbudgeted: true, ..self.clone() }
    }

    /// Where the body of a function of a program is evaluated, without its parameters; `None` for
    /// a function of an imported module, whose globals are elsewhere.
    pub fn inside(&self, closure: &super::Closure) -> Option<Self> {
        let globals = match closure.module {
            None => self.session,
            Some(_) if self.module == closure.module => self.globals,
            Some(_) => return None,
        };
        let scope = Self {
            globals,
            module: closure.module,
            env: closure.env.clone(),
            calls: self.calls + 1,
            ..self.clone()
        };
        (scope.calls < self.shared.settings.call_depth).then_some(scope)
    }

    pub(super) fn with_env(&self, env: Env) -> Self {
        Self { env, ..self.clone() }
    }

    /// The same place with further names.
    #[must_use]
    pub fn bind(&self, bindings: Vec<(Symbol, Value)>) -> Self {
        self.with_env(self.env.with(bindings))
    }

    /// The value of a name.
    pub(super) fn lookup(&self, name: Symbol, span: Span) -> Eval<Value> {
        if let Some(value) = self.env.get(name).or_else(|| self.globals.get(name)) {
            return Ok(value.clone());
        }
        if let Some(builtin) = self.shared.registry.get(name) {
            if builtin.traits.constant {
                return self.call_builtin(builtin, Vec::new(), span);
            }
            return Ok(Value::Function(Arc::new(BuiltinFunction(builtin))));
        }
        Err(self.unknown_name(name, span))
    }

    /// Whether a name is bound at the top level, or a builtin.
    pub(super) fn is_known(&self, name: Symbol) -> bool {
        self.globals.get(name).is_some() || self.shared.registry.get(name).is_some()
    }

    pub(super) fn unknown_name(&self, name: Symbol, span: Span) -> Stop {
        let mut names = self.env.names();
        names.extend(self.globals.iter().map(|(name, _)| name.as_str()));
        names.extend(self.shared.registry.iter().map(|builtin| builtin.name));
        let error = Diagnostic::new(Code::Name, format!("there is no `{name}`"))
            .at(span, "not a builtin, and no `let` above binds it");
        match (did_you_mean(name.as_str(), names), name.as_str()) {
            (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
            (None, "True" | "False" | "None" | "null" | "nil") => {
                error.hint("the words are `true`, `false` and `none`")
            }
            (None, _) => error.hint(format!("let {name} = 8")),
        }
        .into()
    }

    /// While checking: evaluates what may never run. Names, calls and types must be right there
    /// too; an error of a class after `surely` may be what the condition guards against, so it
    /// only makes the result unknown.
    pub(super) fn speculate<T>(
        &self,
        surely: Code,
        unknown: T,
        evaluate: impl FnOnce(&Self) -> Eval<T>,
    ) -> Eval<T> {
        match evaluate(&Self { speculative: true, ..self.clone() }) {
            Err(Stop::Error(error)) if error.code > surely && error.code < Code::Interrupted => {
                Ok(unknown)
            }
            other => other,
        }
    }

    /// Stops if the user asked for it.
    ///
    /// # Errors
    /// E09.
    pub fn check_interrupt(&self) -> Eval<()> {
        if self.shared.interrupt.is_triggered() { Err(interrupted()) } else { Ok(()) }
    }

    /// Runs a computation of the engine on the threads of the session, or on this one inside a
    /// comprehension that has them.
    pub fn on_threads<R: Send>(&self, call: impl FnOnce() -> R + Send) -> R {
        if self.parallel {
            return call();
        }
        if let Some(pool) = self.shared.threads() {
            return pool.install(call);
        }
        match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(pool) => pool.install(call),
            Err(_) => call(),
        }
    }

    /// Says that what follows acts on the world: it must run in order.
    ///
    /// # Errors
    /// [`Stop::OutOfOrder`] inside a comprehension that runs in parallel.
    pub fn begin_effect(&self) -> Eval<()> {
        if self.parallel { Err(Stop::OutOfOrder) } else { Ok(()) }
    }
}

/// The error of an interrupted run.
pub(super) fn interrupted() -> Stop {
    Diagnostic::new(Code::Interrupted, "interrupted").hint("run it again").into()
}
