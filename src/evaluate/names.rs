//! Names of code that a check does not reach: branches that a constant condition rules out, bodies
//! of functions that nobody calls, items of empty lists.
//!
//! The walk knows which names an expression binds and asks only whether the others exist; what
//! they are is left to the evaluator.

use super::scope::Scope;
use super::{Eval, Stop};
use crate::diagnostic::Diagnostic;
use crate::symbol::Symbol;
use crate::syntax::ast::{
    Binding, BoundValue, Clause, Expr, ExprKind, Lambda, Piece, Statement, StatementKind,
};

/// The names of a statement that nothing binds.
pub(super) fn unbound(scope: &Scope<'_>, statement: &Statement) -> Vec<Diagnostic> {
    let mut walk = Walk { scope, bound: Vec::new(), errors: Vec::new() };
    match &statement.kind {
        StatementKind::Import { .. } => {}
        StatementKind::Let(binding) => walk.value(&binding.value),
        StatementKind::Expression(expr) => walk.expr(expr),
    }
    walk.errors
}

struct Walk<'s> {
    scope: &'s Scope<'s>,
    bound: Vec<Symbol>,
    errors: Vec<Diagnostic>,
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
                if !self.bound.contains(name)
                    && let Err(Stop::Error(error)) = self.known(*name, expr)
                {
                    self.errors.push(*error);
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

    fn known(&self, name: Symbol, expr: &Expr) -> Eval<()> {
        if self.scope.is_known(name) {
            Ok(())
        } else {
            Err(self.scope.unknown_name(name, expr.span))
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
