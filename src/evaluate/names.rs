//! The names that code reads and does not bind itself: whether they exist where a check does not
//! reach (branches that a constant condition rules out, bodies of functions that nobody calls,
//! items of empty lists), and what the result of a function depends on.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::scope::Scope;
use super::{Closure, Stop};
use crate::diagnostic::Diagnostic;
use crate::symbol::Symbol;
use crate::syntax::ast::{
    Binding, BoundValue, Clause, Expr, ExprKind, Lambda, Piece, Statement, StatementKind,
};
use crate::value::{Function, Value};

/// The names of a statement that nothing binds.
pub(super) fn unbound(scope: &Scope<'_>, statement: &Statement) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut free = |name: Symbol, expr: &Expr| {
        if !scope.is_known(name)
            && let Stop::Error(error) = scope.unknown_name(name, expr.span)
        {
            errors.push(*error);
        }
    };
    let mut walk = Walk { bound: Vec::new(), free: &mut free };
    match &statement.kind {
        StatementKind::Import { .. } => {}
        StatementKind::Let(binding) => walk.value(&binding.value),
        StatementKind::Expression(expr) => walk.expr(expr),
    }
    errors
}

impl Scope<'_> {
    /// What the results of a function depend on besides its arguments: the texts of the functions
    /// that it calls, and the values that it reads, each with its name, without the builtins. The
    /// function itself comes first; without a name it is called `the function`.
    pub fn dependencies(&self, function: &Arc<dyn Function>) -> Vec<(&'static str, Dependency)> {
        let mut found = Vec::new();
        // Names of different places may be equal; what they stand for tells them apart.
        let mut seen: FxHashSet<(usize, Symbol)> = FxHashSet::default();
        let first = Symbol::new("the function");
        let mut waiting = vec![(first, Value::Function(Arc::clone(function)))];
        while let Some((name, value)) = waiting.pop() {
            let Value::Function(function) = &value else {
                found.push((name.as_str(), Dependency::Value(value)));
                continue;
            };
            let Some(closure) = function.as_any().downcast_ref::<Closure>() else {
                found.push((name.as_str(), Dependency::Value(value)));
                continue;
            };
            let text = self.shared.sources.text(closure.lambda.span);
            found.push((name.as_str(), Dependency::Function(text)));
            let definition = Arc::as_ptr(&closure.lambda).addr();
            let globals = match closure.module {
                None => Arc::clone(self.session),
                Some(number) if self.module == Some(number) => Arc::clone(self.globals),
                Some(number) => self.shared.modules.get(number),
            };
            let mut names = Vec::new();
            let mut free = |name: Symbol, _: &Expr| {
                if closure.name != Some(name) && seen.insert((definition, name)) {
                    names.push(name);
                }
            };
            Walk { bound: Vec::new(), free: &mut free }.lambda(&closure.lambda);
            for name in names.into_iter().rev() {
                let value = closure.env.get(name).or_else(|| globals.get(name));
                waiting.extend(value.map(|value| (name, value.clone())));
            }
        }
        found
    }
}

/// What the result of a function depends on.
#[derive(Clone, Debug)]
pub enum Dependency {
    /// The text of a function.
    Function(String),
    /// A value; a builtin under another name is one too.
    Value(Value),
}

struct Walk<'f> {
    bound: Vec<Symbol>,
    /// Is told every name that nothing around it binds.
    free: &'f mut dyn FnMut(Symbol, &Expr),
}

impl Walk<'_> {
    /// Walks with further names bound.
    fn with(&mut self, names: impl IntoIterator<Item = Symbol>, walk: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(names);
        walk(self);
        self.bound.truncate(before);
    }

    fn value(&mut self, value: &BoundValue) {
        match value {
            BoundValue::Value(expr) => self.expr(expr),
            BoundValue::Function(lambda) => self.lambda(lambda),
        }
    }

    fn lambda(&mut self, lambda: &Lambda) {
        let before = self.bound.len();
        for param in &lambda.params {
            if let Some(default) = &param.default {
                self.expr(default);
            }
            self.bound.push(param.name.symbol);
        }
        self.expr(&lambda.body);
        self.bound.truncate(before);
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Dims(_) => {}
            ExprKind::Name(name) => {
                if !self.bound.contains(name) {
                    (self.free)(*name, expr);
                }
            }
            ExprKind::String(pieces) => {
                for piece in pieces {
                    if let Piece::Hole(expr) = piece {
                        self.expr(expr);
                    }
                }
            }
            ExprKind::List(items) | ExprKind::Network(items) => self.all(items),
            ExprKind::Record(fields) => self.all(fields.iter().map(|(_, value)| value)),
            ExprKind::Comprehension(comprehension) => {
                self.clauses(&comprehension.clauses, &comprehension.body);
            }
            ExprKind::Lambda(lambda) => self.lambda(lambda),
            ExprKind::If(parts) => self.all(parts.iter()),
            ExprKind::Call(call) => {
                self.expr(&call.callee);
                self.all(call.args.iter().map(|arg| &arg.value));
            }
            ExprKind::Index(parts) | ExprKind::Binary(_, parts) => self.all(parts.iter()),
            ExprKind::Field(object, _) => self.expr(object),
            ExprKind::Unary(_, operand) => self.expr(operand),
            ExprKind::Where(body, bindings) => self.bindings(bindings, body),
        }
    }

    fn bindings(&mut self, bindings: &[Binding], body: &Expr) {
        let Some((first, rest)) = bindings.split_first() else { return self.expr(body) };
        let name = first.name.symbol;
        match &first.value {
            BoundValue::Value(expr) => self.expr(expr),
            // A function may call itself.
            BoundValue::Function(lambda) => self.with([name], |walk| walk.lambda(lambda)),
        }
        self.with([name], |walk| walk.bindings(rest, body));
    }

    fn clauses(&mut self, clauses: &[Clause], body: &Expr) {
        match clauses.split_first() {
            None => self.expr(body),
            Some((Clause::If(test), rest)) => {
                self.expr(test);
                self.clauses(rest, body);
            }
            Some((Clause::For { names, items }, rest)) => {
                self.expr(items);
                let names = names.iter().map(|name| name.symbol);
                self.with(names, |walk| walk.clauses(rest, body));
            }
        }
    }
}
