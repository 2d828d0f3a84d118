//! The registry: all builtins by name, and what else the evaluator asks of the rooms above it.

use std::path::PathBuf;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{Builtin, Eval, Scope};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};
use crate::symbol::Symbol;
use crate::syntax::ast::{Expr, StatementKind};
use crate::value::{Failure, FieldInfo, Type, Value};

/// An item of `network { … }`: its value and where it and its arguments stand.
#[derive(Debug)]
pub struct NetworkItem<'e> {
    /// A layer or a list of layers.
    pub value: Value,
    /// The expression.
    pub expr: &'e Expr,
}

/// Where a program stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path as the user wrote it; imports start from its folder.
    pub path: PathBuf,
    /// The path that tells the file from all others.
    pub identity: PathBuf,
}

/// A file that an `import` reads.
#[derive(Debug)]
pub struct Loaded {
    /// Where it stands.
    pub place: Place,
    /// Its text.
    pub text: String,
}

/// The builtins and the hooks of the rooms above.
pub struct Registry {
    builtins: FxHashMap<Symbol, Entry>,
    tables: Vec<&'static [Builtin]>,
    fields: fn(Type) -> &'static [FieldInfo],
    network: fn(&Scope<'_>, Vec<NetworkItem<'_>>, Span) -> Eval<Value>,
    load: fn(&str, Option<&std::path::Path>) -> Result<Loaded, Failure>,
}

struct Entry {
    builtin: &'static Builtin,
    /// The values of the defaults, made when they are first needed.
    defaults: OnceLock<Result<Vec<Option<Value>>, Failure>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registry({} builtins)", self.builtins.len())
    }
}

impl Registry {
    /// A registry of these tables; `fields` lists the fields of a type of objects, `network`
    /// makes the value of `network { … }`, `load` reads a file for `import`.
    pub fn new(
        tables: Vec<&'static [Builtin]>,
        fields: fn(Type) -> &'static [FieldInfo],
        network: fn(&Scope<'_>, Vec<NetworkItem<'_>>, Span) -> Eval<Value>,
        load: fn(&str, Option<&std::path::Path>) -> Result<Loaded, Failure>,
    ) -> Self {
        let builtins = tables
            .iter()
            .flat_map(|table| table.iter())
            .map(|builtin| {
                (Symbol::new(builtin.name), Entry { builtin, defaults: OnceLock::new() })
            })
            .collect();
        Self { builtins, tables, fields, network, load }
    }

    /// All builtins, in the order of their tables.
    pub fn iter(&self) -> impl Iterator<Item = &'static Builtin> + '_ {
        self.tables.iter().flat_map(|table| table.iter())
    }

    /// The builtin with this name.
    pub fn get(&self, name: Symbol) -> Option<&'static Builtin> {
        self.builtins.get(&name).map(|entry| entry.builtin)
    }

    /// The fields of a type of objects.
    pub fn fields(&self, ty: Type) -> &'static [FieldInfo] {
        (self.fields)(ty)
    }

    pub(super) fn network(
        &self,
        scope: &Scope<'_>,
        items: Vec<NetworkItem<'_>>,
        span: Span,
    ) -> Eval<Value> {
        (self.network)(scope, items, span)
    }

    pub(super) fn load(
        &self,
        path: &str,
        from: Option<&std::path::Path>,
    ) -> Result<Loaded, Failure> {
        (self.load)(path, from)
    }

    /// The value of the default of a parameter.
    pub(super) fn default(
        &self,
        scope: &Scope<'_>,
        builtin: &'static Builtin,
        number: usize,
    ) -> Eval<Option<Value>> {
        let Some(entry) = self.builtins.get(&Symbol::new(builtin.name)) else { return Ok(None) };
        let made = entry.defaults.get_or_init(|| defaults(scope, builtin));
        match made {
            Ok(values) => Ok(values.get(number).cloned().flatten()),
            Err(failure) => Err(failure.clone().into()),
        }
    }
}

/// Evaluates the defaults of a builtin: literals and constants.
fn defaults(scope: &Scope<'_>, builtin: &'static Builtin) -> Result<Vec<Option<Value>>, Failure> {
    let bug = |text: &str| {
        let message = format!("the default `{text}` of `{}` is no value", builtin.name);
        Box::new(Diagnostic::new(Code::Bug, message))
    };
    builtin
        .params
        .iter()
        .map(|param| {
            let Some(text) = param.default else { return Ok(None) };
            let program = crate::syntax::parse(text, SourceId(u32::MAX));
            match program.statements.first().map(|s| &s.kind) {
                Some(StatementKind::Expression(expr)) => {
                    scope.outermost().eval(expr).map(Some).map_err(|_| bug(text))
                }
                _ => Err(bug(text)),
            }
        })
        .collect()
}
