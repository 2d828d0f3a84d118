//! The syntax tree. Every node knows its span; no value ever does.

use std::sync::Arc;

use dashu_int::IBig;

use super::Symbol;
use crate::diagnostic::Span;

/// A name where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub symbol: Symbol,
    /// Where it stands.
    pub span: Span,
}

/// One statement of a program.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
    /// Its `##` lines.
    pub doc: Option<Arc<str>>,
    /// Whether it ends with `;`.
    pub hidden: bool,
}

/// The three kinds of statements.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `import "path" as name`
    Import {
        /// The path as written.
        path: Arc<str>,
        /// Where the path stands.
        path_span: Span,
        /// The name the module gets.
        name: Name,
    },
    /// `let name = …` or `let name(…) = …`
    Let(Binding),
    /// A bare expression: it is shown.
    Expression(Expr),
}

/// `name = value` or `name(parameters) = value`, after `let` or `where`.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name that is bound.
    pub name: Name,
    /// The value, or the function if there are parameters.
    pub value: BoundValue,
}

/// The right side of a [`Binding`].
#[derive(Clone, Debug)]
pub enum BoundValue {
    /// A value.
    Value(Expr),
    /// A function.
    Function(Arc<Lambda>),
}

/// Parameters and body of a function.
#[derive(Debug)]
pub struct Lambda {
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The body.
    pub body: Expr,
    /// The whole definition.
    pub span: Span,
}

/// A parameter with its default.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// The value it takes when the call leaves it out.
    pub default: Option<Expr>,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// The expressions of which it is made, also those inside of functions.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Dims(_)
            | ExprKind::Name(_) => Vec::new(),
            ExprKind::String(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Hole(expr) => Some(expr),
                    Piece::Text(_) => None,
                })
                .collect(),
            ExprKind::List(items) | ExprKind::Network(items) => items.iter().collect(),
            ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
            ExprKind::Comprehension(comprehension) => {
                let clauses = comprehension.clauses.iter().map(|clause| match clause {
                    Clause::For { items, .. } => items,
                    Clause::If(test) => test,
                });
                clauses.chain([&comprehension.body]).collect()
            }
            ExprKind::Lambda(lambda) => lambda.parts(),
            ExprKind::If(parts) => parts.iter().collect(),
            ExprKind::Call(call) => {
                let args = call.args.iter().map(|arg| &arg.value);
                [&call.callee].into_iter().chain(args).collect()
            }
            ExprKind::Index(parts) | ExprKind::Binary(_, parts) => parts.iter().collect(),
            ExprKind::Field(object, _) | ExprKind::Unary(_, object) => vec![object],
            ExprKind::Where(body, bindings) => {
                let values = bindings.iter().flat_map(|binding| match &binding.value {
                    BoundValue::Value(expr) => vec![expr],
                    BoundValue::Function(lambda) => lambda.parts(),
                });
                [&**body].into_iter().chain(values).collect()
            }
        }
    }

    /// Whether a name stands anywhere in it.
    pub fn mentions(&self, wanted: &dyn Fn(Symbol) -> bool) -> bool {
        match &self.kind {
            ExprKind::Name(name) => wanted(*name),
            // `{r}` is short for `{r: r}`, so fields are read as expressions too.
            _ => self.parts().into_iter().any(|part| part.mentions(wanted)),
        }
    }
}

impl Lambda {
    /// The body and the defaults of the parameters.
    fn parts(&self) -> Vec<&Expr> {
        let defaults = self.params.iter().filter_map(|param| param.default.as_ref());
        [&self.body].into_iter().chain(defaults).collect()
    }
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// An int of any size.
    Int(IBig),
    /// A real.
    Real(f64),
    /// A string: text and holes.
    String(Vec<Piece>),
    /// A shape such as `8x8`: a list of ints.
    Dims(Vec<IBig>),
    /// A name.
    Name(Symbol),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `[body for … if …]`
    Comprehension(Box<Comprehension>),
    /// `{a, b: 2}`
    Record(Vec<(Name, Expr)>),
    /// `x -> …`
    Lambda(Arc<Lambda>),
    /// `if … then … else …`
    If(Box<[Expr; 3]>),
    /// `network { … }`
    Network(Vec<Expr>),
    /// `f(…)`; a pipe `x |> f(…)` is a call whose first argument is `x`.
    Call(Box<Call>),
    /// `xs[i]`
    Index(Box<[Expr; 2]>),
    /// `x.field`
    Field(Box<Expr>, Name),
    /// `-x`, `not x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `… where a = …, b = …`
    Where(Box<Expr>, Vec<Binding>),
}

/// A piece of a string.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Text, escapes resolved.
    Text(Arc<str>),
    /// `{expression}`
    Hole(Expr),
}

/// `[body for a in xs for b in ys if c]`
#[derive(Clone, Debug)]
pub struct Comprehension {
    /// What each item is made of.
    pub body: Expr,
    /// The clauses, from the outer to the inner.
    pub clauses: Vec<Clause>,
}

/// A clause of a [`Comprehension`].
#[derive(Clone, Debug)]
pub enum Clause {
    /// `for a, b in xs`
    For {
        /// One name, or several that take an item apart.
        names: Vec<Name>,
        /// Where the items come from.
        items: Expr,
    },
    /// `if c`
    If(Expr),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub callee: Expr,
    /// The arguments in the order in which they are written (a piped one first).
    pub args: Vec<Arg>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `name =`
    pub label: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `..`
    RangeTo,
    /// `..<`
    RangeUntil,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `div`
    Quotient,
    /// `mod`
    Remainder,
    /// `^`
    Power,
}

impl BinaryOp {
    /// The operator as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::RangeTo => "..",
            Self::RangeUntil => "..<",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Quotient => "div",
            Self::Remainder => "mod",
            Self::Power => "^",
        }
    }
}
