//! Whether a template only puts its channel numbers into layers.

use crate::evaluate::{BuiltinFunction, Closure, Scope};
use crate::syntax::ast::{BinaryOp, Clause, Expr, ExprKind, UnaryOp};
use crate::value::{Function, Value};

/// Builtins that pass numbers on as they are.
const PASSING: [&str; 8] = ["input", "conv", "pool", "relu", "output", "len", "zip", "range"];
/// How deep functions that call functions are followed.
const DEEPEST: u32 = 8;

/// Whether the text of a function has no branch and no rounding: nothing in it can depend on a
/// channel number but by products and sums, so that its networks at a few points tell all of them.
pub(super) fn is_straight(cx: &Scope<'_>, function: &dyn Function) -> bool {
    closure_is_straight(cx, function, DEEPEST)
}

fn closure_is_straight(cx: &Scope<'_>, function: &dyn Function, deep: u32) -> bool {
    let Some(closure) = function.as_any().downcast_ref::<Closure>() else { return false };
    let Some(scope) = cx.inside(closure).filter(|_| deep > 0) else { return false };
    expr_is_straight(&scope, &closure.lambda().body, deep)
}

fn expr_is_straight(scope: &Scope<'_>, expr: &Expr, deep: u32) -> bool {
    let here = match &expr.kind {
        ExprKind::If(_) | ExprKind::Lambda(_) => false,
        ExprKind::Binary(op, _) => matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Power
                | BinaryOp::RangeTo
                | BinaryOp::RangeUntil
        ),
        ExprKind::Unary(op, _) => matches!(op, UnaryOp::Negate),
        ExprKind::Comprehension(comprehension) => {
            comprehension.clauses.iter().all(|clause| matches!(clause, Clause::For { .. }))
        }
        ExprKind::Call(call) => match scope.eval(&call.callee) {
            Ok(Value::Function(function)) => match function.as_any().downcast_ref() {
                Some(BuiltinFunction(builtin)) => PASSING.contains(&builtin.name),
                None => closure_is_straight(scope, &*function, deep - 1),
            },
            _ => false,
        },
        _ => true,
    };
    // The key of a pooling geometry is asked about places, not about channels.
    here && expr.parts().into_iter().all(|part| {
        matches!((&expr.kind, &part.kind), (ExprKind::Call(_), ExprKind::Lambda(_)))
            || expr_is_straight(scope, part, deep)
    })
}
