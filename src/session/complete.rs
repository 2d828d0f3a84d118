//! What can be written at the cursor.

mod locals;
#[cfg(test)]
mod tests;
mod texts;

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::Session;
use super::candidates::{Candidates, Rank};
use super::cursor::{Call, Inside, Left, clip};
use super::fields::signature_of;
use super::known::{Knower, Known, builtin_of, closure_of};
use super::magic::{MAGICS, head};
use super::words::WORDS;
use crate::evaluate::Builtin;
use crate::syntax::{TokenKind, tokenize};
use crate::value::{Function, Type, TypeSet, Value};
use locals::local_names;
use texts::{choices, param_at, param_signature, paths};

/// What can stand in the place of the bytes `start..end`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The first byte that is replaced.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The best first.
    pub items: Vec<Completion>,
}

/// A text that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// What it is.
    pub kind: CompletionKind,
    /// `f(x, y = 2) -> type`, `name: type = value`, or nothing.
    pub signature: String,
    /// One line, or nothing.
    pub doc: String,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A function, of a program or built in.
    Function,
    /// A value, or a text that an argument may be.
    Value,
    /// The name of an argument.
    Argument,
    /// A field of a record or of an object.
    Field,
    /// A column of a table.
    Column,
    /// A builtin that is or makes a partition.
    Partition,
    /// A builtin that makes a layer.
    Layer,
    /// A reserved word.
    Keyword,
    /// A file or a folder.
    Path,
    /// A magic.
    Magic,
}

impl CompletionKind {
    /// The kind as a word: `function`, `value`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Value => "value",
            Self::Argument => "argument",
            Self::Field => "field",
            Self::Column => "column",
            Self::Partition => "partition",
            Self::Layer => "layer",
            Self::Keyword => "keyword",
            Self::Path => "path",
            Self::Magic => "magic",
        }
    }
}

impl Session {
    /// What can be written at a byte of a cell. Any byte will do; one inside a character counts
    /// as the one before it.
    ///
    /// The bytes from the beginning of the name (or the text) up to the cursor are replaced; if
    /// the cursor stands inside a name that is known itself, all of that name.
    pub fn complete(&self, text: &str, cursor: usize) -> Completions {
        let cursor = clip(text, cursor);
        let mut found = match self.magics(text, cursor) {
            Some(found) => found,
            None => self.in_program(&program(text), cursor),
        };
        let rest = text.get(cursor..).unwrap_or("");
        let more = rest.find(|c| !crate::syntax::continues_word(c)).unwrap_or(rest.len());
        let whole = text.get(found.start..cursor + more).unwrap_or("");
        let known = more > 0 && found.items.iter().any(|item| item.text == whole);
        found.end = if known { cursor + more } else { cursor };
        found
    }

    /// The names and the arguments of magics; `None` where a program stands.
    fn magics(&self, text: &str, cursor: usize) -> Option<Completions> {
        let head = head(text)?;
        if cursor < head.name.start {
            return Some(Completions { start: cursor, ..Completions::default() });
        }
        if cursor <= head.name.end {
            let mut found = Candidates::new(text.get(head.name.start..cursor).unwrap_or(""));
            for magic in MAGICS {
                found.add(Rank::Builtin, magic.name, CompletionKind::Magic, || {
                    (magic.usage.lines().next().unwrap_or("").to_owned(), magic.doc.to_owned())
                });
            }
            return Some(found.finish(head.name.start));
        }
        match text.get(head.name.clone()).unwrap_or("") {
            "%time" | "%%time" | "%timeit" | "%%timeit" | "%doc" => None,
            "%save" | "%load" | "%run" | "%edit" | "%plots" if cursor <= head.body => {
                let start = head.argument.start.min(cursor);
                Some(paths(text, start, cursor, false))
            }
            "%%rust" if cursor >= head.body && text.get(..head.body)?.ends_with('\n') => {
                Some(self.in_rust(text, head.body, cursor))
            }
            "%%rust" => Some(self.in_rust_options(text, head.argument.start, cursor)),
            "%rust" => {
                let start = head.argument.start.min(cursor);
                let mut found = Candidates::new(text.get(start..cursor).unwrap_or(""));
                for word in ["status", "restart", "stop"] {
                    found.add(Rank::Choice, word, CompletionKind::Value, Default::default);
                }
                Some(found.finish(start))
            }
            _ => Some(Completions { start: cursor, ..Completions::default() }),
        }
    }

    fn in_program(&self, text: &str, cursor: usize) -> Completions {
        let mut left = Left::of(text, cursor);
        let nothing = Completions { start: cursor, end: cursor, items: Vec::new() };
        match left.inside {
            Inside::Comment => return nothing,
            Inside::String(start) => {
                return self.in_string(&left, start, cursor).unwrap_or(nothing);
            }
            Inside::Code => {}
        }
        let touches = left.tokens.last().is_some_and(|token| {
            token.end == cursor && matches!(token.kind, TokenKind::Number | TokenKind::String)
        });
        if touches {
            return nothing;
        }
        let start = left.take_word().unwrap_or(cursor);
        let mut found = Candidates::new(text.get(start..cursor).unwrap_or(""));
        let last = left.tokens.len().checked_sub(1);
        let before = last.map_or("", |last| left.word(last));
        let knower = Knower { session: self, left: &left };
        match (before, last) {
            (".", Some(dot)) => {
                let whole = dot.checked_sub(1).map_or(Known::Nothing, |end| knower.ending_at(end));
                self.add_fields(&whole, &mut found);
            }
            ("let", _) => self.add_globals(TypeSet::of(&[]), &mut found),
            ("as" | "for" | "import", _) => {}
            _ if is_parameter(&left) => {}
            _ => self.add_names(&knower, text, cursor, &mut found),
        }
        found.finish(start)
    }

    fn add_fields(&self, whole: &Known, found: &mut Candidates<'_>) {
        for field in self.fields_of(whole) {
            let kind = if field.column { CompletionKind::Column } else { CompletionKind::Field };
            found.add(Rank::Fitting, field.name, kind, || (field.signature, field.doc.to_owned()));
        }
    }

    /// Everything that may stand where an expression is expected.
    fn add_names(
        &self,
        knower: &Knower<'_>,
        text: &str,
        cursor: usize,
        found: &mut Candidates<'_>,
    ) {
        let left = knower.left;
        let mut wanted = TypeSet::of(&[]);
        if let Some(call) = left.argument_of() {
            wanted = self.add_arguments(knower, &call, text, cursor, found);
        } else if let Some(open) = left.open.last()
            && *open > 0
            && left.word(*open) == "{"
            && left.word(*open - 1) == "network"
        {
            wanted = TypeSet::of(&[Type::Layer]);
        }
        self.add_globals(wanted, found);
        for name in local_names(left, text) {
            found.add(Rank::Local, name, CompletionKind::Value, Default::default);
        }
        for builtin in self.registry.iter() {
            let kind = kind_of(builtin);
            let fits = matches!(kind, CompletionKind::Partition | CompletionKind::Layer)
                && builtin.returns.meets(wanted);
            let rank = if fits { Rank::Fitting } else { Rank::Builtin };
            found.add(rank, builtin.name, kind, || {
                let signature = format!("{} -> {}", builtin.signature(), builtin.returns);
                (signature, builtin.summary().to_owned())
            });
        }
        for entry in &WORDS {
            found.add(Rank::Keyword, entry.word, CompletionKind::Keyword, || {
                (entry.usage.to_owned(), entry.doc.to_owned())
            });
        }
    }

    fn add_globals(&self, wanted: TypeSet, found: &mut Candidates<'_>) {
        let special = TypeSet::of(&[Type::Partition, Type::Layer]);
        for (name, value) in self.globals.iter() {
            if !found.matches(name.as_str()) {
                continue;
            }
            let kind = match value {
                Value::Function(_) => CompletionKind::Function,
                _ => CompletionKind::Value,
            };
            let ty = value.type_of();
            let fits = special.contains(ty) && wanted.contains(ty);
            let rank = if fits { Rank::FittingGlobal } else { Rank::Global };
            found.add(rank, name.as_str(), kind, || {
                let doc = self.globals.doc(name).or_else(|| match value {
                    Value::Function(function) => function.doc(),
                    _ => None,
                });
                let doc = doc.and_then(|doc| doc.lines().next()).unwrap_or("").trim();
                (signature_of(name.as_str(), value), doc.to_owned())
            });
        }
    }

    /// The names of arguments that are not given yet, or the texts that the argument may be; says
    /// which types are wanted at the cursor.
    fn add_arguments(
        &self,
        knower: &Knower<'_>,
        call: &Call<'_>,
        text: &str,
        cursor: usize,
        found: &mut Candidates<'_>,
    ) -> TypeSet {
        let none = TypeSet::of(&[]);
        let Known::Value(Value::Function(function)) = knower.callee(call.open) else { return none };
        let left = knower.left;
        // In a list in an argument no further argument begins.
        let begins = call.begins && left.open.last() == Some(&call.open);
        let piped = usize::from(knower.piped(call.open).is_some());
        let position = call.position + piped;
        let given = given_labels(call, text, cursor);
        let free = |number: usize, name: &str| number >= position && !given.contains(name);
        if let Some(builtin) = builtin_of(function.as_ref()) {
            if begins {
                for (number, param) in builtin.params.iter().enumerate() {
                    if free(number, param.name) {
                        found.add_argument(param.name, || {
                            (param_signature(param), param.doc.trim().to_owned())
                        });
                    }
                }
            }
            let Some(param) = param_at(builtin, call.label, position) else { return none };
            let last = left.tokens.len().checked_sub(1).map_or("", |last| left.word(last));
            if last == "=" && call.label.is_some() {
                for choice in choices(param) {
                    let quoted = format!("\"{choice}\"");
                    found.add(Rank::Choice, &quoted, CompletionKind::Value, Default::default);
                }
            }
            return if param.types == TypeSet::ANY { none } else { param.types };
        }
        if let Some(closure) = closure_of(function.as_ref()).filter(|_| begins) {
            for (number, name) in closure.params().enumerate() {
                if free(number, name) {
                    found.add_argument(name, || {
                        let default = closure.default_of(name).map(|span| self.sources.text(span));
                        let signature = default
                            .map_or_else(|| name.to_owned(), |text| format!("{name} = {text}"));
                        (signature, format!("An argument of {}.", closure.signature()))
                    });
                }
            }
        }
        none
    }
}

/// The cell as a program: what `?` and `%time` add becomes blanks, byte for byte.
pub(super) fn program(text: &str) -> Cow<'_, str> {
    let start = text.len() - text.trim_start().len();
    let end = match head(text) {
        Some(head) => head.name.end,
        None => start + text[start..].bytes().take_while(|byte| *byte == b'?').count(),
    };
    if end <= start {
        return Cow::Borrowed(text);
    }
    let rest = text.get(end..).unwrap_or("");
    Cow::Owned(format!("{}{}{rest}", text.get(..start).unwrap_or(""), " ".repeat(end - start)))
}

/// Whether the cursor stands where `let f(…` names its parameters.
fn is_parameter(left: &Left<'_>) -> bool {
    let Some(open) = left.open.last().copied() else { return false };
    let Some(last) = left.tokens.len().checked_sub(1) else { return false };
    open >= 2
        && left.word(open) == "("
        && left.word(open - 2) == "let"
        && matches!(left.word(last), "(" | ",")
}

/// The labels of a call, on both sides of the cursor.
fn given_labels<'t>(call: &Call<'t>, text: &'t str, cursor: usize) -> FxHashSet<&'t str> {
    let mut given: FxHashSet<&str> = call.labels.iter().copied().collect();
    let rest = text.get(cursor..).unwrap_or("");
    let tokens = tokenize(rest).0;
    let mut depth = 0_usize;
    for (number, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth == 0 => break,
            TokenKind::Close => depth -= 1,
            TokenKind::Comma if depth == 0 => {
                let mut next = tokens[number + 1..].iter().filter(|t| t.kind != TokenKind::Newline);
                if let (Some(name), Some(sign)) = (next.next(), next.next())
                    && name.kind == TokenKind::Word
                    && sign.text(rest) == "="
                {
                    given.insert(name.text(rest));
                }
            }
            _ => {}
        }
    }
    given
}

/// What kind of a name a builtin is.
fn kind_of(builtin: &Builtin) -> CompletionKind {
    match builtin.returns.single() {
        Some(Type::Partition) => CompletionKind::Partition,
        Some(Type::Layer) => CompletionKind::Layer,
        _ if builtin.traits.constant => CompletionKind::Value,
        _ => CompletionKind::Function,
    }
}
