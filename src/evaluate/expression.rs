//! One function for each kind of expression.

use std::sync::Arc;

use super::function::Closure;
use super::registry::NetworkItem;
use super::scope::interrupted;
use super::{Eval, Scope, Stop, stack};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::symbol::Symbol;
use crate::syntax::ast::{
    BinaryOp, Binding, BoundValue, Expr, ExprKind, Lambda, Name, Piece, UnaryOp,
};
use crate::value::{Type, TypeSet, Value, brief};

/// The longest string, in bytes.
pub(super) const STRING_LIMIT: usize = 64 << 20;

impl Scope<'_> {
    /// The value of an expression.
    ///
    /// # Errors
    /// The first error, with the span where it happened.
    pub fn eval(&self, expr: &Expr) -> Eval<Value> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::None => Ok(Value::None),
            ExprKind::Bool(b) => Ok(Value::Bool(*b)),
            ExprKind::Int(i) => Ok(Value::Int(i.clone())),
            ExprKind::Real(x) => Ok(Value::Real(*x)),
            ExprKind::Name(name) => self.lookup(*name, span),
            ExprKind::Dims(sizes) => {
                located(Value::list(sizes.iter().cloned().map(Value::Int).collect()), span)
            }
            _ => {
                self.guard(span)?;
                if self.shared.checks() && !self.unbudgeted && !self.shared.step() {
                    return Ok(Value::Unknown(TypeSet::ANY));
                }
                self.eval_compound(expr)
            }
        }
    }

    /// Deep recursion and a stop by the user end every walk.
    fn guard(&self, span: Span) -> Eval<()> {
        if self.shared.interrupt.is_triggered() {
            return Err(interrupted());
        }
        if stack::is_low() {
            return Err(Diagnostic::new(Code::Resource, "the calls are nested too deeply")
                .at(span, "no stack is left here")
                .hint("use `reduce` or a comprehension in place of a recursion")
                .into());
        }
        Ok(())
    }

    fn eval_compound(&self, expr: &Expr) -> Eval<Value> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::String(pieces) => self.string(pieces, span),
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.eval(item)).collect::<Eval<_>>()?;
                located(Value::list(items), span)
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, span),
            ExprKind::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.symbol, self.eval(value)?)))
                    .collect::<Eval<_>>()?;
                located(Value::record(fields), span)
            }
            ExprKind::Lambda(lambda) => self.closure(None, lambda, None, span),
            ExprKind::If(parts) => self.conditional(parts),
            ExprKind::Network(items) => {
                let items = items
                    .iter()
                    .map(|expr| Ok(NetworkItem { value: self.eval(expr)?, expr }))
                    .collect::<Eval<Vec<_>>>()?;
                self.shared.registry.network(self, items, span)
            }
            ExprKind::Call(call) => self.call(call, span),
            ExprKind::Index(parts) => self.index(&parts[0], &parts[1], span),
            ExprKind::Field(object, name) => self.field(object, *name, span),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, span),
            ExprKind::Binary(op, sides) => match op {
                BinaryOp::And | BinaryOp::Or => self.logical(*op, sides, span),
                _ => {
                    let (left, right) = (self.eval(&sides[0])?, self.eval(&sides[1])?);
                    self.binary(*op, left, right, [sides[0].span, sides[1].span], span)
                }
            },
            ExprKind::Where(body, bindings) => self.bound(bindings)?.eval(body),
            // `eval` has handled the plain ones.
            _ => Ok(Value::None),
        }
    }

    fn string(&self, pieces: &[Piece], span: Span) -> Eval<Value> {
        let mut out = String::new();
        let mut unknown = false;
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole(expr) => {
                    let value = self.eval(expr)?;
                    unknown |= value.has_unknown();
                    out.push_str(&brief(&value));
                }
            }
            if out.len() > STRING_LIMIT {
                return Err(string_too_long(span));
            }
        }
        Ok(if unknown { Value::unknown(Type::String) } else { Value::string(out) })
    }

    fn conditional(&self, parts: &[Expr; 3]) -> Eval<Value> {
        self.chosen(parts).map_err(|stop| self.told_of_where(stop, parts))
    }

    /// In `if … then a else b where a = 1` only the last branch is bound: says so if another part
    /// wants the name.
    fn told_of_where(&self, stop: Stop, [test, yes, no]: &[Expr; 3]) -> Stop {
        let (Stop::Error(error), ExprKind::Where(_, bindings)) = (&stop, &no.kind) else {
            return stop;
        };
        let Some(place) = error.primary.as_ref().map(|label| label.span) else { return stop };
        let is_inside = [test, yes].into_iter().any(|part| {
            let span = part.span;
            span.source == place.source && span.start <= place.start && place.end <= span.end
        });
        if error.code != Code::Name || !is_inside {
            return stop;
        }
        let name = self.shared.sources.text(place);
        if !bindings.iter().any(|binding| binding.name.symbol.as_str() == name) {
            return stop;
        }
        let hint = format!("`where` reaches the last branch only: (if … else …) where {name} = …");
        Diagnostic::clone(error).hint(hint).into()
    }

    fn chosen(&self, parts: &[Expr; 3]) -> Eval<Value> {
        let test = self.eval(&parts[0])?;
        match self.truth(&test, parts[0].span)? {
            Some(true) => self.eval(&parts[1]),
            Some(false) => self.eval(&parts[2]),
            None => {
                let any = Value::Unknown(TypeSet::ANY);
                let yes = self.speculate(Code::Type, any.clone(), |scope| scope.eval(&parts[1]))?;
                let no = self.speculate(Code::Type, any, |scope| scope.eval(&parts[2]))?;
                Ok(Value::Unknown(yes.types().or(no.types())))
            }
        }
    }

    /// A bool; `None` while checking if it is unknown.
    pub(super) fn truth(&self, value: &Value, span: Span) -> Eval<Option<bool>> {
        match value {
            Value::Bool(b) => Ok(Some(*b)),
            Value::Unknown(types) if types.contains(Type::Bool) => Ok(None),
            other => {
                let found = other.type_of().with_article();
                let hint = match other.type_of() {
                    Type::Int | Type::Real => "compare it: x != 0",
                    Type::List | Type::Table => "ask for its length: len(xs) > 0",
                    _ => "compare it: x != none",
                };
                Err(Diagnostic::new(Code::Type, "a condition is true or false")
                    .at(span, format!("this is {found}"))
                    .hint(hint)
                    .into())
            }
        }
    }

    fn logical(&self, op: BinaryOp, sides: &[Expr; 2], _span: Span) -> Eval<Value> {
        let left = self.eval(&sides[0])?;
        let decided = match (op, self.truth(&left, sides[0].span)?) {
            (BinaryOp::And, Some(false)) => Some(false),
            (BinaryOp::Or, Some(true)) => Some(true),
            (_, None) => {
                let unknown = Value::unknown(Type::Bool);
                let right = self.speculate(Code::Type, unknown, |scope| scope.eval(&sides[1]))?;
                self.truth(&right, sides[1].span)?;
                None
            }
            (_, Some(_)) => {
                let right = self.eval(&sides[1])?;
                self.truth(&right, sides[1].span)?
            }
        };
        Ok(decided.map_or(Value::unknown(Type::Bool), Value::Bool))
    }

    fn unary(&self, op: UnaryOp, operand: &Expr, span: Span) -> Eval<Value> {
        let value = self.eval(operand)?;
        match op {
            UnaryOp::Not => {
                let truth = self.truth(&value, operand.span)?;
                Ok(truth.map_or(Value::unknown(Type::Bool), |b| Value::Bool(!b)))
            }
            UnaryOp::Negate => match value {
                Value::Int(i) => Ok(Value::Int(-i)),
                Value::Real(x) => Ok(Value::Real(-x)),
                Value::Unknown(types) if types.meets(TypeSet::NUMBER) => {
                    Ok(Value::Unknown(TypeSet::NUMBER))
                }
                other => {
                    let found = other.type_of().with_article();
                    Err(Diagnostic::new(Code::Type, "only numbers have a negative")
                        .at(operand.span, format!("this is {found}"))
                        .because(span, "")
                        .hint("not x, for bools")
                        .into())
                }
            },
        }
    }

    /// The scope in which the names of a `where` are known, each to those after it.
    fn bound(&self, bindings: &[Binding]) -> Eval<Self> {
        let mut scope = self.clone();
        for binding in bindings {
            let value = scope.binding_value(binding, None)?;
            scope = scope.bind(vec![(binding.name.symbol, value)]);
        }
        Ok(scope)
    }

    /// The value that a `let` or a `where` binds.
    pub(super) fn binding_value(&self, binding: &Binding, doc: Option<&Arc<str>>) -> Eval<Value> {
        match &binding.value {
            BoundValue::Value(expr) => match (self.eval(expr)?, doc) {
                // `let f = x -> …` names the function too.
                (Value::Function(function), doc) => {
                    let lambda = function.as_any().downcast_ref::<Closure>();
                    match (lambda, &expr.kind) {
                        (Some(closure), ExprKind::Lambda(_)) => {
                            let name = Some(binding.name);
                            self.closure(name, &closure.lambda, doc.cloned(), expr.span)
                        }
                        _ => Ok(Value::Function(function)),
                    }
                }
                (value, _) => Ok(value),
            },
            BoundValue::Function(lambda) => {
                self.closure(Some(binding.name), lambda, doc.cloned(), binding.name.span)
            }
        }
    }

    fn closure(
        &self,
        name: Option<Name>,
        lambda: &Arc<Lambda>,
        doc: Option<Arc<str>>,
        span: Span,
    ) -> Eval<Value> {
        let depth = self.env.closure_depth().map_err(|failure| at(failure, span))?;
        let name = name.map(|name| name.symbol);
        Ok(Value::Function(Arc::new(Closure {
            name,
            lambda: Arc::clone(lambda),
            env: self.env.clone(),
            module: self.module,
            doc,
            depth,
            signature: Arc::from(self.signature(name, lambda)),
        })))
    }

    /// `f(x, y = 2)`, or `(x, y) -> …` for a function without a name.
    fn signature(&self, name: Option<Symbol>, lambda: &Lambda) -> String {
        let params: Vec<String> = lambda
            .params
            .iter()
            .map(|param| match &param.default {
                Some(default) => {
                    format!("{} = {}", param.name.symbol, self.shared.sources.text(default.span))
                }
                None => param.name.symbol.to_string(),
            })
            .collect();
        match name {
            Some(name) => format!("{name}({})", params.join(", ")),
            None if params.len() == 1 => format!("{} -> …", params.concat()),
            None => format!("({}) -> …", params.join(", ")),
        }
    }
}

pub(super) fn string_too_long(span: Span) -> Stop {
    Diagnostic::new(Code::Resource, "the string is too long")
        .at(span, format!("more than {} MB", STRING_LIMIT >> 20))
        .hint("save(x, \"data.json\")")
        .into()
}

/// Gives an error of a value its place.
pub(super) fn located<T>(result: Result<T, crate::value::Failure>, span: Span) -> Eval<T> {
    result.map_err(|failure| at(failure, span))
}

#[allow(clippy::boxed_local)] // it comes boxed, and goes on boxed
pub(super) fn at(failure: crate::value::Failure, span: Span) -> Stop {
    Stop::Error(Box::new((*failure).or_at(span)))
}
