//! How tightly operators bind.

use super::ast::{Arg, BinaryOp, Call, Expr, ExprKind};
use super::parse::Rule;
use crate::diagnostic::Span;

#[derive(Clone, Copy)]
pub(super) enum Infix {
    Pipe,
    Binary(BinaryOp),
}

#[derive(Clone, Copy)]
pub(super) struct Operator {
    pub kind: Infix,
    pub power: u8,
    /// Whether it groups to the right.
    pub right: bool,
}

/// `not` binds looser than a comparison and tighter than `and`.
pub(super) const NOT_POWER: u8 = 4;
/// `-` binds tighter than `*` and looser than `^`.
pub(super) const NEGATE_POWER: u8 = 9;

/// The binding power of an infix operator; higher binds tighter.
pub(super) fn infix(rule: Rule) -> Option<Operator> {
    use BinaryOp::{
        Add, And, Divide, Equal, Greater, GreaterEqual, In, Less, LessEqual, Multiply, NotEqual,
        Or, Power, Quotient, RangeTo, RangeUntil, Remainder, Subtract,
    };
    let (op, power) = match rule {
        Rule::pipe => return Some(Operator { kind: Infix::Pipe, power: 1, right: false }),
        Rule::or => (Or, 2),
        Rule::and => (And, 3),
        Rule::eq => (Equal, 5),
        Rule::ne => (NotEqual, 5),
        Rule::lt => (Less, 5),
        Rule::le => (LessEqual, 5),
        Rule::gt => (Greater, 5),
        Rule::ge => (GreaterEqual, 5),
        Rule::within => (In, 5),
        Rule::upto => (RangeTo, 6),
        Rule::until => (RangeUntil, 6),
        Rule::add => (Add, 7),
        Rule::sub => (Subtract, 7),
        Rule::mul => (Multiply, 8),
        Rule::div => (Divide, 8),
        Rule::quot => (Quotient, 8),
        Rule::rem => (Remainder, 8),
        Rule::pow => (Power, 10),
        _ => return None,
    };
    Some(Operator { kind: Infix::Binary(op), power, right: op == Power })
}

/// `x |> f(y)` is `f(x, y)`; `x |> f` is `f(x)`.
pub(super) fn pipe(left: Expr, right: Expr, span: Span) -> Expr {
    let first = Arg { label: None, value: left };
    let call = match right.kind {
        ExprKind::Call(mut call) => {
            call.args.insert(0, first);
            call
        }
        kind => Box::new(Call { callee: Expr { kind, span: right.span }, args: vec![first] }),
    };
    Expr { kind: ExprKind::Call(call), span }
}
