//! From a source to statements: the scanner splits, pest parses, [`build`](super::build) makes
//! the tree. All errors of a source are reported, in order.

use pest::Parser;
use pest_derive::Parser;

use super::Symbol;
use super::ast::Statement;
use super::build::Builder;
use super::scan::{Problem, RawStatement, Scan, scan};
use super::syntax_error;
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};

/// The parser that pest makes of the grammar.
#[derive(Parser)]
#[grammar = "../grammar/convac.pest"]
pub(super) struct Grammar;

/// A parsed source.
#[derive(Debug, Default)]
pub struct Program {
    /// The statements that are well formed.
    pub statements: Vec<Statement>,
    /// What is wrong with the others, in the order of the text.
    pub errors: Vec<Diagnostic>,
    /// The names that the others would have bound: nobody is to blame for using them.
    pub broken_names: Vec<Symbol>,
    /// Whether more input could complete the last statement.
    pub incomplete: bool,
}

/// The longest statement, in bytes: the parser keeps some hundred bytes for each.
pub const MAX_STATEMENT: usize = 1 << 20;
/// The longest source, in bytes.
pub const MAX_SOURCE: usize = 1 << 26;

/// Nesting up to which the parser stays on the caller's stack.
const SHALLOW: usize = 16;
/// The stack for deeper sources, in bytes: [`super::scan::MAX_DEPTH`] levels of an unoptimised
/// build fit several times.
const DEEP_STACK: usize = 64 << 20;

/// Parses a source. Never fails: what is wrong stands in [`Program::errors`].
pub fn parse(text: &str, source: SourceId) -> Program {
    if text.len() > MAX_SOURCE {
        let message = format!("a source of {} MB is too long", text.len() >> 20);
        let error = Diagnostic::new(Code::Resource, message)
            .at(Span::new(source, 0, 0), "at most 64 MB")
            .hint("split it into files and `import` them");
        return Program { errors: vec![error], ..Program::default() };
    }
    let scanned = scan(text);
    if scanned.nesting <= SHALLOW {
        return parse_scanned(text, source, &scanned);
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(DEEP_STACK)
            .spawn_scoped(scope, || parse_scanned(text, source, &scanned))
            .ok()
            .and_then(|thread| thread.join().ok())
    })
    .unwrap_or_else(|| {
        let message = "the parser found no memory for its stack";
        let error = Diagnostic::new(Code::Resource, message).at(Span::new(source, 0, 0), "");
        Program { errors: vec![error], ..Program::default() }
    })
}

fn parse_scanned(text: &str, source: SourceId, scanned: &Scan) -> Program {
    let mut program = Program { incomplete: scanned.incomplete, ..Program::default() };
    for problem in &scanned.problems {
        program.errors.push(describe(problem, text, source));
    }
    for part in parts(text, source, scanned) {
        program.statements.extend(part.statements);
        program.errors.extend(part.errors);
        program.broken_names.extend(part.broken_names);
    }
    let start = |error: &Diagnostic| error.primary.as_ref().map_or(0, |label| label.span.start);
    program.errors.sort_by_key(start);
    program
}

/// Statements from which on a source is parsed on several threads.
const MANY: usize = 1000;

/// Parses the statements; those of a long source on several threads, in the order of the text.
fn parts(text: &str, source: SourceId, scanned: &Scan) -> Vec<Program> {
    let all = &scanned.statements;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if all.len() < MANY || threads == 1 {
        return vec![part(text, source, scanned, all)];
    }
    let size = all.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let (first, rest) = all.split_at(size.min(all.len()));
        let spawn = |chunk| {
            let work = move || part(text, source, scanned, chunk);
            let builder = std::thread::Builder::new().stack_size(DEEP_STACK);
            // Where the system gives no thread, the work is done here.
            builder.spawn_scoped(scope, work).map_err(|_| chunk)
        };
        let others: Vec<_> = rest.chunks(size).map(spawn).collect();
        let mut parts = vec![part(text, source, scanned, first)];
        for other in others {
            parts.push(match other {
                Ok(thread) => match thread.join() {
                    Ok(part) => part,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(chunk) => part(text, source, scanned, chunk),
            });
        }
        parts
    })
}

/// Parses some of the statements.
fn part(text: &str, source: SourceId, scanned: &Scan, statements: &[RawStatement]) -> Program {
    let mut program = Program::default();
    for raw in statements {
        if !raw.broken {
            match parse_statement(text, source, scanned, raw) {
                Ok(statement) => {
                    program.statements.push(statement);
                    continue;
                }
                Err(error) => program.errors.push(*error),
            }
        }
        program.broken_names.extend(bound_name(text, scanned, raw));
    }
    program
}

/// The name that a statement would bind if it were well formed.
fn bound_name(text: &str, scanned: &Scan, raw: &RawStatement) -> Option<Symbol> {
    let first = scanned.tokens.partition_point(|token| token.start < raw.start);
    let last = scanned.tokens.partition_point(|token| token.start < raw.end);
    let mut words = scanned.tokens.get(first..last)?.iter().map(|token| token.text(text));
    let name = match words.next()? {
        "let" => words.next()?,
        "import" => words.skip_while(|word| *word != "as").nth(1)?,
        _ => return None,
    };
    name.starts_with(super::starts_word).then(|| Symbol::new(name))
}

fn parse_statement(
    text: &str,
    source: SourceId,
    scanned: &Scan,
    raw: &RawStatement,
) -> Result<Statement, Box<Diagnostic>> {
    let span = Span::new(source, raw.start, raw.end);
    if raw.end - raw.start > MAX_STATEMENT {
        let message = "the statement is too long";
        return Err(Box::new(
            Diagnostic::new(Code::Resource, message)
                .at(Span::new(source, raw.start, raw.start), "more than 1 MB")
                .hint("split it with `let`, or `load` the data from a file"),
        ));
    }
    let code = scanned.masked.get(raw.start..raw.end).unwrap_or("");
    match Grammar::parse(Rule::statement, code) {
        Ok(pairs) => Builder::new(source, raw.start).statement(pairs, span, raw),
        Err(error) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) => at,
                pest::error::InputLocation::Span((at, _)) => at,
            };
            Err(Box::new(syntax_error::explain(text, source, scanned, raw, raw.start + at)))
        }
    }
}

/// Whether the last statement is well formed as far as it goes, so that the parser gives up at its
/// end and not before: what follows may still complete it.
pub fn gives_up_at_end(scanned: &Scan) -> bool {
    let Some(raw) = scanned.statements.last() else { return true };
    let code = scanned.masked.get(raw.start..raw.end).unwrap_or("");
    if scanned.nesting > SHALLOW || code.len() > MAX_STATEMENT {
        // Too deep or too long to be tried in passing.
        return true;
    }
    let gives_up = |code: &str| match Grammar::parse(Rule::statement, code) {
        Ok(_) => 0,
        Err(error) => match error.location {
            pest::error::InputLocation::Pos(at) => at,
            pest::error::InputLocation::Span((at, _)) => at,
        },
    };
    // Behind a parameter or a field the parser points at its beginning; with a comma it goes on.
    gives_up(code) >= code.len()
        || (scanned.open_brackets > 0 && gives_up(&format!("{code},")) > code.len())
}

fn describe(problem: &Problem, text: &str, source: SourceId) -> Diagnostic {
    let span = |token: &super::Token| Span::new(source, token.start, token.end);
    let closing = |open: &str| match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    };
    match problem {
        Problem::Unclosed { open, stop } => {
            let sign = open.text(text);
            let close = closing(sign);
            let error = Diagnostic::new(Code::Syntax, format!("`{sign}` is never closed"))
                .at(span(open), format!("a `{close}` is missing"))
                .hint(format!("add `{close}`"));
            if *stop < text.len() {
                let next = Span::new(source, *stop, stop + 3);
                error.because(next, "the next statement begins here")
            } else {
                error
            }
        }
        Problem::Unopened(close) => {
            let sign = close.text(text);
            Diagnostic::new(Code::Syntax, format!("`{sign}` closes nothing"))
                .at(span(close), "no bracket is open here")
                .hint(format!("remove `{sign}`"))
        }
        Problem::Mismatch { open, close } => {
            let wanted = closing(open.text(text));
            Diagnostic::new(
                Code::Syntax,
                format!("`{}` does not close `{}`", close.text(text), open.text(text)),
            )
            .at(span(close), format!("`{wanted}` is expected here"))
            .because(span(open), "this bracket is open")
            .hint(format!("write `{wanted}`"))
        }
        Problem::UnclosedString(at) => Diagnostic::new(Code::Syntax, "the string is never closed")
            .at(Span::new(source, *at, at + 1), "it begins here")
            .hint("add `\"`; a brace that is text is written `\\{`"),
        Problem::UnknownCharacter(token) => {
            let c = token.text(text).chars().next().unwrap_or(' ');
            let shown = if c.is_control() || c.is_whitespace() {
                format!("U+{:04X}", u32::from(c))
            } else {
                format!("`{c}`")
            };
            let error =
                Diagnostic::new(Code::Syntax, format!("the character {shown} has no meaning here"))
                    .at(span(token), "");
            match c {
                '\'' | '`' | '“' | '”' | '‘' | '’' => error.hint("strings stand in \"…\""),
                '×' => error.hint("write `8x8` for a shape, `*` for a product"),
                '%' => error.hint("write `mod` for the remainder"),
                '?' => error.hint("help(min_cut)"),
                _ => error.hint("remove it"),
            }
        }
        Problem::TooDeep(token) => {
            let limit = super::scan::MAX_DEPTH;
            Diagnostic::new(Code::Resource, "the expression is nested too deeply")
                .at(span(token), format!("more than {limit} levels"))
                .hint("give the inner parts names with `let`")
        }
    }
}
