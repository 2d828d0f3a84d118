//! From pest's pairs to the syntax tree: precedence, spans, literals.

use std::sync::Arc;

use dashu_int::IBig;
use pest::iterators::{Pair, Pairs};

use super::Symbol;
use super::ast::{
    Arg, BinaryOp, Binding, BoundValue, Call, Clause, Comprehension, Expr, ExprKind, Lambda, Name,
    Param, Piece, Statement, StatementKind, UnaryOp,
};
use super::literal;
use super::operators::{Infix, NEGATE_POWER, NOT_POWER, infix, pipe};
use super::parse::Rule;
use super::scan::RawStatement;
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};

type Built<T> = Result<T, Box<Diagnostic>>;

/// How deep a tree may be: walks over it recurse.
const MAX_TREE_DEPTH: usize = 1000;

/// Makes the tree of one statement.
pub(super) struct Builder {
    source: SourceId,
    /// Where the statement begins in the source.
    offset: usize,
    /// The depth of the deepest tree built so far inside the current node.
    deepest: usize,
    /// How many chains are being climbed.
    climbing: usize,
}

impl Builder {
    pub(super) fn new(source: SourceId, offset: usize) -> Self {
        Self { source, offset, deepest: 0, climbing: 0 }
    }

    pub(super) fn statement(
        &mut self,
        pairs: Pairs<'_, Rule>,
        span: Span,
        raw: &RawStatement,
    ) -> Built<Statement> {
        let mut inner = pairs.flat_map(Pair::into_inner);
        let pair = inner.next().ok_or_else(|| self.malformed(span))?;
        let kind = match pair.as_rule() {
            Rule::import => self.import(pair)?,
            Rule::define => StatementKind::Let(self.binding(pair)?),
            _ => StatementKind::Expression(self.expr(pair)?),
        };
        Ok(Statement { kind, span, doc: raw.doc.as_deref().map(Arc::from), hidden: raw.hidden })
    }

    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        // A rule's span may end with the blanks that were tried before an optional part.
        let text = span.as_str();
        let end = span.start() + text.trim_end().len();
        Span::new(self.source, self.offset + span.start(), self.offset + end)
    }

    /// The grammar promises what the builder asks for; should they ever differ, it is an error
    /// and not a crash.
    fn malformed(&self, span: Span) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(Code::Bug, "the grammar and the syntax tree differ").at(span, ""))
    }

    fn next<'i>(&self, pairs: &mut Pairs<'i, Rule>, span: Span) -> Built<Pair<'i, Rule>> {
        pairs.next().ok_or_else(|| self.malformed(span))
    }

    /// Builds a node and keeps count of the depth of the tree.
    fn node(&mut self, span: Span, kind: impl FnOnce(&mut Self) -> Built<ExprKind>) -> Built<Expr> {
        let outer = std::mem::take(&mut self.deepest);
        let kind = kind(self)?;
        self.deeper(span)?;
        self.deepest = self.deepest.max(outer);
        Ok(Expr { kind, span })
    }

    fn deeper(&mut self, span: Span) -> Built<()> {
        self.deepest += 1;
        if self.deepest <= MAX_TREE_DEPTH { Ok(()) } else { Err(too_large(span)) }
    }

    fn import(&mut self, pair: Pair<'_, Rule>) -> Built<StatementKind> {
        let span = self.span(&pair);
        let mut inner = pair
            .into_inner()
            .filter(|p| p.as_rule() != Rule::kw_import && p.as_rule() != Rule::kw_as);
        let (Some(path), Some(name)) = (inner.next(), inner.next()) else {
            return Err(self.malformed(span));
        };
        let path_span = self.span(&path);
        let pieces = self.pieces(path)?;
        let text = match pieces.as_slice() {
            [] => Arc::from(""),
            [Piece::Text(text)] => Arc::clone(text),
            _ => {
                return Err(Box::new(
                    Diagnostic::new(Code::Syntax, "the path of an import is plain text")
                        .at(path_span, "no holes here")
                        .hint("import \"blocks.cac\" as blocks"),
                ));
            }
        };
        Ok(StatementKind::Import { path: text, path_span, name: self.name(&name) })
    }

    fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { symbol: Symbol::new(pair.as_str()), span: self.span(pair) }
    }

    /// `name params? = expr` of a `let` or a `where`.
    fn binding(&mut self, pair: Pair<'_, Rule>) -> Built<Binding> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let mut first = self.next(&mut inner, span)?;
        if first.as_rule() == Rule::kw_let {
            first = self.next(&mut inner, span)?;
        }
        let name = self.name(&first);
        let second = self.next(&mut inner, span)?;
        let value = if second.as_rule() == Rule::params {
            let params = self.params(second)?;
            let body = self.next(&mut inner, span)?;
            let body = self.expr(body)?;
            BoundValue::Function(Arc::new(Lambda { params, body, span }))
        } else {
            BoundValue::Value(self.expr(second)?)
        };
        Ok(Binding { name, value })
    }

    fn params(&mut self, pair: Pair<'_, Rule>) -> Built<Vec<Param>> {
        let mut params: Vec<Param> = Vec::new();
        for param in pair.into_inner() {
            let span = self.span(&param);
            let mut inner = param.into_inner();
            let name = self.next(&mut inner, span)?;
            let name = self.name(&name);
            let default = inner.next().map(|pair| self.expr(pair)).transpose()?;
            self.refuse_twice(&params, name)?;
            if let (Some(before), None) = (params.last(), &default)
                && before.default.is_some()
            {
                return Err(Box::new(
                    Diagnostic::new(Code::Syntax, format!("`{}` needs a default too", name.symbol))
                        .at(name.span, "it follows a parameter with a default")
                        .because(before.name.span, "this one has a default")
                        .hint("put parameters without a default first"),
                ));
            }
            params.push(Param { name, default });
        }
        Ok(params)
    }

    fn refuse_twice(&self, params: &[Param], name: Name) -> Built<()> {
        match params.iter().find(|p| p.name.symbol == name.symbol) {
            None => Ok(()),
            Some(first) => Err(Box::new(
                Diagnostic::new(Code::Syntax, format!("`{}` stands here twice", name.symbol))
                    .at(name.span, "")
                    .because(first.name.span, "first here")
                    .hint("give one of them another name"),
            )),
        }
    }

    /// `chain (where bindings)?`
    fn expr(&mut self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let chain = self.next(&mut inner, span)?;
        if inner.peek().is_none() {
            return self.chain(chain);
        }
        self.node(span, |builder| {
            let body = builder.chain(chain)?;
            let mut bindings: Vec<Binding> = Vec::new();
            for pair in inner.filter(|p| p.as_rule() == Rule::binding) {
                bindings.push(builder.binding(pair)?);
            }
            Ok(ExprKind::Where(Box::new(body), bindings))
        })
    }

    /// A chain of operands and operators, by precedence climbing.
    fn chain(&mut self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut items = pair.into_inner().peekable();
        // What stands beside this chain makes it no deeper.
        let outer = std::mem::take(&mut self.deepest);
        let expr = self.climb(&mut items, 0, span)?;
        self.deepest = self.deepest.max(outer);
        if items.peek().is_some() { Err(self.malformed(span)) } else { Ok(expr) }
    }

    fn climb<'i>(
        &mut self,
        items: &mut std::iter::Peekable<Pairs<'i, Rule>>,
        floor: u8,
        span: Span,
    ) -> Built<Expr> {
        // Prefixes and powers nest to the right: the way down is bounded as the way up is.
        self.climbing += 1;
        if self.climbing > MAX_TREE_DEPTH {
            return Err(too_large(span));
        }
        let mut left = self.operand(items, span)?;
        while let Some(operator) = items.peek().map(Pair::as_rule).and_then(infix) {
            if operator.power < floor {
                break;
            }
            let sign = items.next().ok_or_else(|| self.malformed(span))?;
            let sign_span = self.span(&sign);
            self.refuse_chained(&left, operator.kind, sign_span)?;
            let right_floor = if operator.right { operator.power } else { operator.power + 1 };
            // Both sides hang below the new node: the deeper one counts.
            let before = std::mem::take(&mut self.deepest);
            let right = self.climb(items, right_floor, span)?;
            self.deepest = self.deepest.max(before);
            let whole = left.span.to(right.span);
            self.deeper(whole)?;
            left = match operator.kind {
                Infix::Pipe => pipe(left, right, whole),
                Infix::Binary(op) => {
                    Expr { kind: ExprKind::Binary(op, Box::new([left, right])), span: whole }
                }
            };
        }
        self.climbing -= 1;
        Ok(left)
    }

    /// `1..4..5` and `a < b < c` mean nothing.
    fn refuse_chained(&self, left: &Expr, kind: Infix, at: Span) -> Built<()> {
        use BinaryOp::{
            Equal, Greater, GreaterEqual, In, Less, LessEqual, NotEqual, RangeTo, RangeUntil,
        };
        let class = |op: BinaryOp| match op {
            RangeTo | RangeUntil => 1,
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | In => 2,
            _ => 0,
        };
        let (Infix::Binary(op), ExprKind::Binary(left_op, sides)) = (kind, &left.kind) else {
            return Ok(());
        };
        // `(a < b) == c` is fine: the parenthesis makes the left side begin before its operand.
        let bare = left.span.start == sides[0].span.start;
        if class(op) == 0 || class(op) != class(*left_op) || !bare {
            return Ok(());
        }
        let error = if class(op) == 1 {
            Diagnostic::new(Code::Syntax, "a range has two ends")
                .at(at, "a third one here")
                .hint("write `1..5`, or a list `[1..4, 5]`")
        } else {
            Diagnostic::new(Code::Syntax, "comparisons do not chain")
                .at(at, "a second one here")
                .hint("write `a < b and b < c`")
        };
        Err(Box::new(error.because(left.span, "this is one already")))
    }

    /// `prefix* term postfix*`. `-x^2` is `-(x^2)`, `not a == b` is `not (a == b)`.
    fn operand<'i>(
        &mut self,
        items: &mut std::iter::Peekable<Pairs<'i, Rule>>,
        span: Span,
    ) -> Built<Expr> {
        let pair = items.next().ok_or_else(|| self.malformed(span))?;
        let (op, floor) = match pair.as_rule() {
            Rule::neg => (UnaryOp::Negate, NEGATE_POWER),
            Rule::not => (UnaryOp::Not, NOT_POWER),
            _ => return self.postfixes(pair, items),
        };
        let start = self.span(&pair);
        let operand = self.climb(items, floor, span)?;
        let whole = start.to(operand.span);
        self.deeper(whole)?;
        Ok(Expr { kind: ExprKind::Unary(op, Box::new(operand)), span: whole })
    }

    fn postfixes<'i>(
        &mut self,
        term: Pair<'i, Rule>,
        items: &mut std::iter::Peekable<Pairs<'i, Rule>>,
    ) -> Built<Expr> {
        let mut left = self.term(term)?;
        while let Some(pair) =
            items.next_if(|pair| matches!(pair.as_rule(), Rule::call | Rule::index | Rule::access))
        {
            let end = self.span(&pair);
            let whole = left.span.to(end);
            let before = std::mem::take(&mut self.deepest);
            let kind = match pair.as_rule() {
                Rule::call => {
                    let args = self.args(pair)?;
                    ExprKind::Call(Box::new(Call { callee: left, args }))
                }
                Rule::index => {
                    let index = self.next(&mut pair.into_inner(), end)?;
                    ExprKind::Index(Box::new([left, self.expr(index)?]))
                }
                _ => {
                    let word = self.next(&mut pair.into_inner(), end)?;
                    ExprKind::Field(Box::new(left), self.name(&word))
                }
            };
            self.deepest = self.deepest.max(before);
            self.deeper(whole)?;
            left = Expr { kind, span: whole };
        }
        Ok(left)
    }

    fn args(&mut self, pair: Pair<'_, Rule>) -> Built<Vec<Arg>> {
        let mut args: Vec<Arg> = Vec::new();
        for arg in pair.into_inner() {
            let span = self.span(&arg);
            let mut inner = arg.into_inner();
            let mut first = self.next(&mut inner, span)?;
            let mut label = None;
            if first.as_rule() == Rule::label {
                let name = self.next(&mut first.into_inner(), span)?;
                label = Some(self.name(&name));
                first = self.next(&mut inner, span)?;
            }
            args.push(Arg { label, value: self.expr(first)? });
        }
        Ok(args)
    }

    fn term(&mut self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::group => {
                let inner = self.next(&mut pair.into_inner(), span)?;
                let expr = self.expr(inner)?;
                Ok(Expr { span, ..expr })
            }
            Rule::lambda => self.node(span, |b| b.lambda(pair, span)),
            Rule::cond => self.node(span, |b| b.cond(pair, span)),
            Rule::network => self.node(span, |b| {
                let items = pair.into_inner().filter(|p| p.as_rule() == Rule::expr);
                Ok(ExprKind::Network(items.map(|p| b.expr(p)).collect::<Built<_>>()?))
            }),
            Rule::record => self.node(span, |b| b.record(pair)),
            Rule::list => self.node(span, |b| b.list(pair, span)),
            Rule::string => self.node(span, |b| Ok(ExprKind::String(b.pieces(pair)?))),
            Rule::dims => {
                let sizes = pair.as_str().split('x').map(literal::int);
                let sizes = sizes.collect::<Option<Vec<IBig>>>();
                Ok(Expr { kind: ExprKind::Dims(sizes.ok_or_else(|| self.malformed(span))?), span })
            }
            Rule::int => {
                let value = literal::int(pair.as_str()).ok_or_else(|| self.malformed(span))?;
                Ok(Expr { kind: ExprKind::Int(value), span })
            }
            Rule::real => match literal::real(pair.as_str()) {
                Some(value) => Ok(Expr { kind: ExprKind::Real(value), span }),
                None => Err(Box::new(
                    Diagnostic::new(Code::Domain, "the real number is too large")
                        .at(span, "reals end at 1.797e308")
                        .hint("ints have no limit: `10^400`"),
                )),
            },
            Rule::bool => Ok(Expr { kind: ExprKind::Bool(pair.as_str() == "true"), span }),
            Rule::none => Ok(Expr { kind: ExprKind::None, span }),
            Rule::named => {
                let mut parts = pair.into_inner();
                let name = self.next(&mut parts, span)?;
                let symbol = Symbol::new(name.as_str());
                match parts.next() {
                    None => Ok(Expr { kind: ExprKind::Name(symbol), span }),
                    Some(body) => {
                        let name = Name { symbol, span: self.span(&name) };
                        self.node(span, |b| {
                            let params = vec![Param { name, default: None }];
                            let body = b.expr(body)?;
                            Ok(ExprKind::Lambda(Arc::new(Lambda { params, body, span })))
                        })
                    }
                }
            }
            _ => Err(self.malformed(span)),
        }
    }

    fn lambda(&mut self, pair: Pair<'_, Rule>, span: Span) -> Built<ExprKind> {
        let mut params: Vec<Param> = Vec::new();
        let mut body = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::name {
                let name = self.name(&part);
                self.refuse_twice(&params, name)?;
                params.push(Param { name, default: None });
            } else {
                body = Some(self.expr(part)?);
            }
        }
        let body = body.ok_or_else(|| self.malformed(span))?;
        Ok(ExprKind::Lambda(Arc::new(Lambda { params, body, span })))
    }

    fn cond(&mut self, pair: Pair<'_, Rule>, span: Span) -> Built<ExprKind> {
        let mut parts = pair.into_inner().filter(|p| p.as_rule() == Rule::expr);
        let (Some(test), Some(yes), Some(no)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(self.malformed(span));
        };
        Ok(ExprKind::If(Box::new([self.expr(test)?, self.expr(yes)?, self.expr(no)?])))
    }

    fn record(&mut self, pair: Pair<'_, Rule>) -> Built<ExprKind> {
        let mut fields: Vec<(Name, Expr)> = Vec::new();
        let mut seen: std::collections::HashMap<Symbol, Span> = std::collections::HashMap::new();
        for field in pair.into_inner() {
            let span = self.span(&field);
            let mut inner = field.into_inner();
            let name = self.next(&mut inner, span)?;
            let name = self.name(&name);
            if let Some(first) = seen.insert(name.symbol, name.span) {
                return Err(Box::new(
                    Diagnostic::new(
                        Code::Syntax,
                        format!("the field `{}` stands here twice", name.symbol),
                    )
                    .at(name.span, "")
                    .because(first, "first here")
                    .hint("remove one of them"),
                ));
            }
            let value = match inner.next() {
                Some(value) => self.expr(value)?,
                None => Expr { kind: ExprKind::Name(name.symbol), span: name.span },
            };
            fields.push((name, value));
        }
        Ok(ExprKind::Record(fields))
    }

    fn list(&mut self, pair: Pair<'_, Rule>, span: Span) -> Built<ExprKind> {
        let mut items = Vec::new();
        let mut clauses = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::clause {
                clauses.push(self.clause(part, span)?);
            } else {
                items.push(self.expr(part)?);
            }
        }
        if clauses.is_empty() {
            return Ok(ExprKind::List(items));
        }
        if let Some(Clause::If(test)) = clauses.first() {
            return Err(Box::new(
                Diagnostic::new(Code::Syntax, "a comprehension begins with `for`")
                    .at(test.span, "this `if` has nothing to choose from")
                    .hint("[x for x in xs if x > 0]"),
            ));
        }
        let body = items.pop().ok_or_else(|| self.malformed(span))?;
        Ok(ExprKind::Comprehension(Box::new(Comprehension { body, clauses })))
    }

    fn clause(&mut self, pair: Pair<'_, Rule>, span: Span) -> Built<Clause> {
        let mut names = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.name(&part)),
                Rule::expr => {
                    let expr = self.expr(part)?;
                    return Ok(if names.is_empty() {
                        Clause::If(expr)
                    } else {
                        Clause::For { names, items: expr }
                    });
                }
                _ => {}
            }
        }
        Err(self.malformed(span))
    }

    fn pieces(&mut self, pair: Pair<'_, Rule>) -> Built<Vec<Piece>> {
        let mut pieces = Vec::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            if part.as_rule() == Rule::hole {
                let inner = self.next(&mut part.into_inner(), span)?;
                pieces.push(Piece::Hole(self.expr(inner)?));
                continue;
            }
            let start = part.as_span().start() + self.offset;
            let text = literal::unescape(part.as_str()).map_err(|bad| {
                let at = Span::new(self.source, start + bad.start, start + bad.end);
                Box::new(
                    Diagnostic::new(Code::Syntax, "the escape means nothing")
                        .at(at, "")
                        .hint(r#"the escapes are \n \t \" \\ \{ \} and \u{3b1}"#),
                )
            })?;
            pieces.push(Piece::Text(Arc::from(text)));
        }
        Ok(pieces)
    }
}

fn too_large(span: Span) -> Box<Diagnostic> {
    let label = format!("more than {MAX_TREE_DEPTH} operators or levels");
    Box::new(
        Diagnostic::new(Code::Resource, "the expression is too large")
            .at(span, label)
            .hint("give its parts names with `let`, or build a list and `sum` it"),
    )
}
