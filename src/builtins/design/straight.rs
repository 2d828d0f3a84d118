//! Whether a template only puts multiples of its channel numbers into layers.
//!
//! The walk follows which values *depend* on channel numbers. They may be added, multiplied with what does
//! not depend on them, kept in lists, and given to layers and to functions of the same kind. Nothing
//! else: no condition, key, index, length, power or text may depend on them. Then the networks have
//! one structure and every number in them is an affine function of the channel numbers, which its
//! values at one point and at one step along each axis determine.

use crate::evaluate::{BuiltinFunction, Closure, Scope};
use crate::symbol::Symbol;
use crate::syntax::ast::{BinaryOp, BoundValue, Clause, Expr, ExprKind, Piece, UnaryOp};
use crate::value::{Function, Value};

/// Builtins that put numbers into layers, or pass lists on.
const PASSING: [&str; 6] = ["input", "conv", "pool", "relu", "output", "zip"];
/// How deep functions that call functions are followed.
const DEEPEST: u32 = 8;

/// The function does something else with what depends on channel numbers.
struct Bent;

/// Whether the networks of a template are affine in its channel numbers, by its text. With `choices`
/// the last parameter is not a channel number.
pub(super) fn is_straight(cx: &Scope<'_>, template: &dyn Function, choices: bool) -> bool {
    let Some(closure) = template.as_any().downcast_ref::<Closure>() else { return false };
    let count = closure.params().count();
    let depends = (0..count).map(|place| !(choices && place + 1 == count)).collect::<Vec<_>>();
    body(cx, closure, &depends, DEEPEST).is_ok()
}

/// Whether the value of a function depends on channel numbers, if these of its arguments do.
fn body(cx: &Scope<'_>, closure: &Closure, depends: &[bool], deep: u32) -> Result<bool, Bent> {
    let scope = cx.inside(closure).filter(|_| deep > 0).ok_or(Bent)?;
    let params = &closure.lambda().params;
    if depends.len() > params.len() {
        return Err(Bent);
    }
    // Parameters that are left out have their defaults; these may speak of those before.
    let mut walk = Walk { scope: &scope, names: Vec::new(), deep };
    for (place, param) in params.iter().enumerate() {
        let depends = match (depends.get(place), &param.default) {
            (Some(depends), _) => *depends,
            (None, Some(default)) => walk.depends(default)?,
            (None, None) => return Err(Bent),
        };
        walk.names.push((param.name.symbol, depends));
    }
    walk.depends(&closure.lambda().body)
}

struct Walk<'w, 's> {
    scope: &'w Scope<'s>,
    /// The names that are bound here, and whether their values depend on channel numbers.
    names: Vec<(Symbol, bool)>,
    deep: u32,
}

impl Walk<'_, '_> {
    /// Whether the value of an expression depends on channel numbers.
    fn depends(&mut self, expr: &Expr) -> Result<bool, Bent> {
        match &expr.kind {
            ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Dims(_) => Ok(false),
            ExprKind::Name(name) => Ok(self.bound(*name).unwrap_or(false)),
            ExprKind::String(pieces) => {
                let holes = pieces.iter().filter_map(|piece| match piece {
                    Piece::Hole(hole) => Some(hole),
                    Piece::Text(_) => None,
                });
                self.none_depends(holes)
            }
            ExprKind::List(items) | ExprKind::Network(items) => self.any_depends(items),
            ExprKind::Record(fields) => self.any_depends(fields.iter().map(|(_, value)| value)),
            // The weights of a network are a field too, and no multiple of its channel numbers.
            ExprKind::Field(object, _) => self.none_depends([&**object]),
            ExprKind::Index(parts) => {
                let [list, index] = &**parts;
                self.none_depends([index])?;
                self.depends(list)
            }
            ExprKind::Unary(UnaryOp::Negate, operand) => self.depends(operand),
            ExprKind::Unary(UnaryOp::Not, operand) => self.none_depends([&**operand]),
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Subtract, parts) => {
                self.any_depends(parts.iter())
            }
            ExprKind::Binary(BinaryOp::Multiply, parts) => {
                let [left, right] = &**parts;
                match (self.depends(left)?, self.depends(right)?) {
                    (true, true) => Err(Bent),
                    (left, right) => Ok(left || right),
                }
            }
            ExprKind::Binary(_, parts) => self.none_depends(parts.iter()),
            ExprKind::If(parts) => {
                let [test, yes, no] = &**parts;
                self.none_depends([test])?;
                self.any_depends([yes, no])
            }
            ExprKind::Lambda(lambda) => {
                // A function that sees what depends on channel numbers may do anything with it.
                let own = |name: Symbol| lambda.params.iter().any(|p| p.name.symbol == name);
                let seen = |name: Symbol| !own(name) && self.bound(name) == Some(true);
                let defaults = lambda.params.iter().filter_map(|param| param.default.as_ref());
                let sees = [&lambda.body].into_iter().chain(defaults).any(|e| e.mentions(&seen));
                if sees { Err(Bent) } else { Ok(false) }
            }
            ExprKind::Comprehension(comprehension) => {
                let before = self.names.len();
                for clause in &comprehension.clauses {
                    match clause {
                        Clause::If(test) => self.none_depends([test]).map(|_| ())?,
                        Clause::For { names, items } => {
                            // How many items there are does not depend: ranges do not.
                            let depends = self.depends(items)?;
                            self.names.extend(names.iter().map(|name| (name.symbol, depends)));
                        }
                    }
                }
                let found = self.depends(&comprehension.body);
                self.names.truncate(before);
                found
            }
            ExprKind::Where(inner, bindings) => {
                let before = self.names.len();
                for binding in bindings {
                    let depends = match &binding.value {
                        BoundValue::Value(value) => self.depends(value)?,
                        BoundValue::Function(lambda) => {
                            let seen = |name: Symbol| self.bound(name) == Some(true);
                            let defaults = lambda.params.iter().filter_map(|p| p.default.as_ref());
                            if [&lambda.body].into_iter().chain(defaults).any(|e| e.mentions(&seen))
                            {
                                return Err(Bent);
                            }
                            false
                        }
                    };
                    self.names.push((binding.name.symbol, depends));
                }
                let found = self.depends(inner);
                self.names.truncate(before);
                found
            }
            ExprKind::Call(call) => {
                self.none_depends([&call.callee])?;
                let args: Vec<&Expr> = call.args.iter().map(|arg| &arg.value).collect();
                let depends =
                    args.iter().map(|arg| self.depends(arg)).collect::<Result<Vec<_>, _>>()?;
                if !depends.contains(&true) {
                    return Ok(false);
                }
                // A name that is bound here hides the one that would be found outside.
                if let ExprKind::Name(name) = &call.callee.kind
                    && self.bound(*name).is_some()
                {
                    return Err(Bent);
                }
                let Ok(Value::Function(function)) = self.scope.eval(&call.callee) else {
                    return Err(Bent);
                };
                if let Some(BuiltinFunction(builtin)) = function.as_any().downcast_ref() {
                    return match builtin.name {
                        "len" => Ok(false),
                        name if PASSING.contains(&name) => Ok(true),
                        _ => Err(Bent),
                    };
                }
                let closure = function.as_any().downcast_ref::<Closure>().ok_or(Bent)?;
                if call.args.iter().any(|arg| arg.label.is_some()) {
                    return Err(Bent);
                }
                body(self.scope, closure, &depends, self.deep - 1)
            }
        }
    }

    fn bound(&self, name: Symbol) -> Option<bool> {
        self.names.iter().rev().find(|(known, _)| *known == name).map(|(_, depends)| *depends)
    }

    fn any_depends<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Result<bool, Bent> {
        let mut any = false;
        for expr in exprs {
            any |= self.depends(expr)?;
        }
        Ok(any)
    }

    fn none_depends<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<bool, Bent> {
        if self.any_depends(exprs)? { Err(Bent) } else { Ok(false) }
    }
}
