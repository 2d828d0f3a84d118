//! Scanner and parser are total: no panic, every span lies in the source, every error can be
//! shown, and nothing is left out without an error.
#![no_main]

use convac::diagnostic::{
    Code, Diagnostic, SourceId, Sources, Span, render, to_ansi, to_html, to_plain,
};
use convac::syntax::ast::{
    Binding, BoundValue, Clause, Expr, ExprKind, Lambda, Name, Piece, Statement, StatementKind,
};
use convac::syntax::{TokenKind, parse, scan, tokenize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let sources = Sources::default();
    sources.add("another.cac", "let a = 1\n");
    let source = sources.add("fuzz.cac", text.as_ref());
    let text = Text { text: &text, source };

    let covered = text.tokens();
    let scanned = scan(text.text);
    assert_eq!(scanned.masked.len(), text.text.len(), "the mask has another length");
    let mut last = 0;
    for raw in &scanned.statements {
        assert!(raw.start < raw.end && last <= raw.start, "statements overlap: {raw:?}");
        text.bytes(raw.start, raw.end);
        last = raw.end;
    }

    let program = parse(text.text, source);
    for error in &program.errors {
        text.error(error, &sources);
    }
    for statement in &program.statements {
        text.statement(statement);
    }
    if program.errors.is_empty() {
        assert!(scanned.problems.is_empty(), "problems are not told: {:?}", scanned.problems);
        assert_eq!(program.statements.len(), scanned.statements.len(), "statements are missing");
        let mut spans = program.statements.iter().map(|s| s.span).peekable();
        for (start, end) in covered {
            while spans.next_if(|span| (span.end as usize) <= start).is_some() {}
            let fits = |s: &Span| s.start as usize <= start && end <= s.end as usize;
            assert!(spans.peek().is_some_and(fits), "no statement holds the token {start}..{end}");
        }
    } else {
        let all = scanned.statements.len() + scanned.problems.len();
        assert!(program.statements.len() < all, "errors, and yet every statement is there");
    }
});

struct Text<'s> {
    text: &'s str,
    source: SourceId,
}

impl Text<'_> {
    /// Checks the tokens and gives those that a statement has to hold.
    fn tokens(&self) -> Vec<(usize, usize)> {
        let (tokens, _) = tokenize(self.text);
        let mut covered = Vec::new();
        let mut last = 0;
        for token in &tokens {
            assert!(token.start < token.end && last <= token.start, "tokens overlap: {token:?}");
            self.bytes(token.start, token.end);
            self.blank(last, token.start);
            last = token.end;
            match token.kind {
                TokenKind::Newline
                | TokenKind::Comment
                | TokenKind::Doc
                | TokenKind::Semicolon => {}
                _ => covered.push((token.start, token.end)),
            }
        }
        self.blank(last, self.text.len());
        covered
    }

    fn blank(&self, start: usize, end: usize) {
        let between = &self.text[start..end];
        assert!(between.bytes().all(|b| b" \t\r".contains(&b)), "no token holds {between:?}");
    }

    fn bytes(&self, start: usize, end: usize) {
        assert!(self.text.get(start..end).is_some(), "{start}..{end} is no part of the source");
    }

    fn error(&self, error: &Diagnostic, sources: &Sources) {
        assert_ne!(error.code, Code::Bug, "{error:?}");
        assert!(!error.message.is_empty());
        assert!(error.primary.is_some(), "an error without a place: {error:?}");
        for label in error.primary.iter().chain(&error.secondary) {
            assert_eq!(label.span.source, self.source, "{error:?}");
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            // What is missing at the end of the source is shown one byte behind it.
            assert!(start <= end && end <= self.text.len() + 1, "outside the source: {error:?}");
            assert!(self.text.is_char_boundary(start), "inside a character: {error:?}");
            assert!(
                end > self.text.len() || self.text.is_char_boundary(end),
                "inside a character: {error:?}"
            );
        }
        let pieces = render(error, sources);
        let plain = to_plain(&pieces);
        // Control characters of the source never reach a terminal.
        let shown: String =
            error.message.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        assert!(plain.contains(&shown), "the message is not shown: {plain}");
        assert!(to_ansi(&pieces).len() >= plain.len());
        assert!(to_html(&pieces).len() >= plain.len());
    }

    fn statement(&self, statement: &Statement) {
        let whole = Span::new(self.source, 0, self.text.len());
        let span = self.inside(statement.span, whole);
        match &statement.kind {
            StatementKind::Import { path_span, name, .. } => {
                self.inside(*path_span, span);
                self.name(*name, span);
            }
            StatementKind::Let(binding) => self.binding(binding, span),
            StatementKind::Expression(expr) => self.expr(expr, span),
        }
    }

    fn inside(&self, span: Span, outer: Span) -> Span {
        assert_eq!(span.source, self.source);
        assert!(span.start < span.end, "an empty node: {span:?}");
        assert!(outer.start <= span.start && span.end <= outer.end, "{span:?} not in {outer:?}");
        self.bytes(span.start as usize, span.end as usize);
        span
    }

    fn name(&self, name: Name, outer: Span) {
        let span = self.inside(name.span, outer);
        assert_eq!(&self.text[span.start as usize..span.end as usize], name.symbol.as_str());
    }

    fn binding(&self, binding: &Binding, outer: Span) {
        self.name(binding.name, outer);
        match &binding.value {
            BoundValue::Value(expr) => self.expr(expr, outer),
            BoundValue::Function(lambda) => self.lambda(lambda, outer),
        }
    }

    fn lambda(&self, lambda: &Lambda, outer: Span) {
        let span = self.inside(lambda.span, outer);
        for param in &lambda.params {
            self.name(param.name, span);
            param.default.iter().for_each(|expr| self.expr(expr, span));
        }
        self.expr(&lambda.body, span);
    }

    fn expr(&self, expr: &Expr, outer: Span) {
        let span = self.inside(expr.span, outer);
        match &expr.kind {
            ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Dims(_)
            | ExprKind::Name(_) => {}
            ExprKind::String(pieces) => {
                for piece in pieces {
                    if let Piece::Hole(expr) = piece {
                        self.expr(expr, span);
                    }
                }
            }
            ExprKind::List(items) | ExprKind::Network(items) => {
                items.iter().for_each(|item| self.expr(item, span));
            }
            ExprKind::Comprehension(comprehension) => {
                self.expr(&comprehension.body, span);
                for clause in &comprehension.clauses {
                    match clause {
                        Clause::For { names, items } => {
                            names.iter().for_each(|name| self.name(*name, span));
                            self.expr(items, span);
                        }
                        Clause::If(test) => self.expr(test, span),
                    }
                }
            }
            ExprKind::Record(fields) => {
                for (name, value) in fields {
                    self.name(*name, span);
                    self.expr(value, span);
                }
            }
            ExprKind::Lambda(lambda) => self.lambda(lambda, span),
            ExprKind::If(parts) => parts.iter().for_each(|part| self.expr(part, span)),
            ExprKind::Call(call) => {
                self.expr(&call.callee, span);
                for arg in &call.args {
                    arg.label.iter().for_each(|label| self.name(*label, span));
                    self.expr(&arg.value, span);
                }
            }
            ExprKind::Index(sides) | ExprKind::Binary(_, sides) => {
                sides.iter().for_each(|side| self.expr(side, span));
            }
            ExprKind::Field(value, name) => {
                self.expr(value, span);
                self.name(*name, span);
            }
            ExprKind::Unary(_, value) => self.expr(value, span),
            ExprKind::Where(body, bindings) => {
                self.expr(body, span);
                bindings.iter().for_each(|binding| self.binding(binding, span));
            }
        }
    }
}
