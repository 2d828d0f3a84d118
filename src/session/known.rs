//! What is known of an expression without running it: the value of a bound name, or the type that
//! a builtin gives back. Enough to list the fields behind a dot and the columns of a table.

use std::sync::Arc;

use super::Session;
use super::cursor::{Left, is_reserved};
use crate::evaluate::{Builtin, BuiltinFunction, Closure};
use crate::symbol::Symbol;
use crate::syntax::TokenKind;
use crate::value::{Type, TypeSet, Value};

/// What is known of an expression.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Its value.
    Value(Value),
    /// The types it may have.
    Types(TypeSet),
    /// The fields of a record.
    Fields(Vec<Symbol>),
    /// The columns of a table.
    Columns(Vec<Symbol>),
    /// Nothing.
    Nothing,
}

/// Expressions inside expressions that are followed.
const DEEPEST: usize = 48;

/// Builtins whose result has the rows, and so the columns, of their first argument.
const KEEPS_ROWS: [&str; 6] = ["filter", "sort", "take", "drop", "reverse", "unique"];

/// Follows expressions left of the cursor.
pub(super) struct Knower<'a> {
    pub session: &'a Session,
    pub left: &'a Left<'a>,
}

impl Knower<'_> {
    /// What is known of the callee of the call with this bracket.
    pub fn callee(&self, open: usize) -> Known {
        open.checked_sub(1).map_or(Known::Nothing, |end| self.chain(end, 0).1)
    }

    /// What is known of the first argument of a call: what a pipe brings, or what stands first in
    /// the brackets.
    pub fn first_argument(&self, open: usize) -> Known {
        self.piped(open).unwrap_or_else(|| self.first_written(open, 0))
    }

    /// Whether a pipe brings the first argument of a call, and what is known of it.
    pub fn piped(&self, open: usize) -> Option<Known> {
        let (start, _) = self.chain(open.checked_sub(1)?, 0);
        let pipe = start.checked_sub(1).filter(|pipe| self.left.word(*pipe) == "|>")?;
        Some(pipe.checked_sub(1).map_or(Known::Nothing, |end| self.pipeline(end, 0)))
    }

    /// What is known of the names, calls, fields and items that end with a token.
    pub fn ending_at(&self, end: usize) -> Known {
        self.chain(end, 0).1
    }

    /// The first token of a chain such as `f(x).a[0]`, and what is known of it.
    fn chain(&self, end: usize, depth: usize) -> (usize, Known) {
        let left = self.left;
        if depth > DEEPEST {
            return (end, Known::Nothing);
        }
        match (left.kind(end), left.word(end)) {
            (Some(TokenKind::Word), word) => {
                if end >= 2 && left.word(end - 1) == "." {
                    let (start, whole) = self.chain(end - 2, depth + 1);
                    return (start, self.field(&whole, word));
                }
                (end, self.name(word, end, depth + 1))
            }
            (Some(TokenKind::Close), sign) => {
                let Some(open) = left.opening(end) else { return (end, Known::Nothing) };
                let continues = open > 0 && left.ends_value(open - 1);
                match sign {
                    ")" if left.is_call(open) => {
                        let (start, callee) = self.chain(open - 1, depth + 1);
                        let piped = start > 0 && left.word(start - 1) == "|>";
                        let kept = || match piped {
                            true if start > 1 => self.pipeline(start - 2, depth + 1),
                            true => Known::Nothing,
                            false => self.first_written(open, depth + 1),
                        };
                        (start, result(&callee, kept))
                    }
                    ")" => (open, self.whole(open + 1, end, depth + 1)),
                    "]" if continues => {
                        let (start, whole) = self.chain(open - 1, depth + 1);
                        (start, self.item(&whole, open, end))
                    }
                    "]" => (open, self.list(open, depth + 1)),
                    _ if open > 0 && left.word(open - 1) == "network" => {
                        (open - 1, Known::Types(TypeSet::of(&[Type::Network])))
                    }
                    _ => (open, Known::Fields(self.keys(open))),
                }
            }
            (Some(TokenKind::String), _) => (end, Known::Types(TypeSet::of(&[Type::String]))),
            _ => (end, Known::Nothing),
        }
    }

    /// A chain, with the pipes left of it.
    fn pipeline(&self, end: usize, depth: usize) -> Known {
        let (start, known) = self.chain(end, depth + 1);
        let piped = start > 0 && self.left.word(start - 1) == "|>";
        // `x |> f` calls f without brackets.
        if piped && self.left.kind(end) == Some(TokenKind::Word) {
            let kept = || match start {
                0 | 1 => Known::Nothing,
                _ if depth > DEEPEST => Known::Nothing,
                _ => self.pipeline(start - 2, depth + 1),
            };
            return result(&known, kept);
        }
        known
    }

    /// A whole expression: the tokens `first..end`.
    fn whole(&self, first: usize, end: usize, depth: usize) -> Known {
        let left = self.left;
        let mut nested = 0_usize;
        let mut end = end;
        let mut piped = false;
        for index in first..end {
            match (left.kind(index), left.word(index)) {
                (Some(TokenKind::Open), _) => nested += 1,
                (Some(TokenKind::Close), _) => nested = nested.saturating_sub(1),
                (_, "|>") if nested == 0 => piped = true,
                (_, "where") if nested == 0 => {
                    end = index;
                    break;
                }
                (_, "if" | "->" | "→") if nested == 0 => return Known::Nothing,
                _ => {}
            }
        }
        let Some(last) = end.checked_sub(1).filter(|last| *last >= first) else {
            return Known::Nothing;
        };
        if depth > DEEPEST {
            return Known::Nothing;
        }
        if piped {
            return self.pipeline(last, depth + 1);
        }
        match self.chain(last, depth + 1) {
            (start, known) if start == first => known,
            // An operator stands in between.
            _ => Known::Nothing,
        }
    }

    /// The first argument that is written in the brackets of a call.
    fn first_written(&self, open: usize, depth: usize) -> Known {
        let left = self.left;
        let mut nested = 0_usize;
        for index in open + 1..left.tokens.len() {
            match (left.kind(index), left.word(index)) {
                (Some(TokenKind::Close), _) if nested == 0 => {
                    return self.whole(open + 1, index, depth + 1);
                }
                (Some(TokenKind::Open), _) => nested += 1,
                (Some(TokenKind::Close), _) => nested -= 1,
                (Some(TokenKind::Comma), _) if nested == 0 => {
                    return self.whole(open + 1, index, depth + 1);
                }
                _ => {}
            }
        }
        Known::Nothing
    }

    /// A name: a global, a `let` of this text, or a builtin.
    fn name(&self, word: &str, at: usize, depth: usize) -> Known {
        if is_reserved(word) {
            return Known::Nothing;
        }
        let symbol = Symbol::new(word);
        if let Some(value) = self.session.globals.get(symbol) {
            return Known::Value(value.clone());
        }
        if let Some(known) = self.bound_here(word, at, depth) {
            return known;
        }
        match self.session.registry.get(symbol) {
            Some(builtin) if builtin.traits.constant => Known::Types(builtin.returns),
            Some(builtin) => Known::Value(Value::Function(Arc::new(BuiltinFunction(builtin)))),
            None => Known::Nothing,
        }
    }

    /// What the last `let word = …` above a token binds.
    fn bound_here(&self, word: &str, at: usize, depth: usize) -> Option<Known> {
        let left = self.left;
        let starts = |index: &usize| {
            left.word(*index) == "let" && left.word(*index + 1) == word && *index + 1 < at
        };
        let start = (0..at.min(left.tokens.len())).rev().find(starts)?;
        if left.word(start + 2) != "=" {
            // A function of this text: it is known once it ran.
            return Some(Known::Nothing);
        }
        let mut nested = 0_usize;
        let mut end = start + 3;
        while end < at {
            match (left.kind(end), left.word(end)) {
                (Some(TokenKind::Open), _) => nested += 1,
                (Some(TokenKind::Close), _) => nested = nested.saturating_sub(1),
                (Some(TokenKind::Semicolon), _) if nested == 0 => break,
                (_, "|>" | "where" | "then" | "else" | "and" | "or") => {}
                _ if nested == 0 && end > start + 3 && left.fresh.get(end) == Some(&true) => break,
                _ => {}
            }
            end += 1;
        }
        Some(self.whole(start + 3, end, depth + 1))
    }

    /// `[{a, b: 2}, …]` and `[{a, b: 2} for …]` are tables.
    fn list(&self, open: usize, depth: usize) -> Known {
        if self.left.word(open + 1) == "{" && depth <= DEEPEST {
            return Known::Columns(self.keys(open + 1));
        }
        Known::Types(TypeSet::LIST)
    }

    /// The names of a record that is written out.
    fn keys(&self, open: usize) -> Vec<Symbol> {
        let left = self.left;
        let mut keys = Vec::new();
        let mut nested = 0_usize;
        for index in open + 1..left.tokens.len() {
            match left.kind(index) {
                Some(TokenKind::Open) => nested += 1,
                Some(TokenKind::Close) if nested == 0 => break,
                Some(TokenKind::Close) => nested -= 1,
                Some(TokenKind::Word) if nested == 0 => {
                    let begins = index == open + 1
                        || left.word(index - 1) == ","
                        || left.fresh.get(index) == Some(&true);
                    let next = left.word(index + 1);
                    let ends =
                        matches!(next, ":" | "," | "}") || left.fresh.get(index + 1) == Some(&true);
                    if begins && ends {
                        keys.push(Symbol::new(left.word(index)));
                    }
                }
                _ => {}
            }
        }
        keys
    }

    /// `whole[…]`: an item of a table is a record.
    fn item(&self, whole: &Known, open: usize, end: usize) -> Known {
        match whole {
            Known::Columns(columns) => Known::Fields(columns.clone()),
            Known::Value(Value::List(list)) => {
                let number = (open + 2 == end).then(|| self.left.word(open + 1));
                let number = number.and_then(|text| text.parse::<u64>().ok());
                number.or(Some(0)).and_then(|at| list.get(at)).map_or(Known::Nothing, Known::Value)
            }
            _ => Known::Nothing,
        }
    }

    fn field(&self, whole: &Known, name: &str) -> Known {
        match whole {
            Known::Value(Value::Record(record)) => {
                let value = record.get(Symbol::new(name)).cloned();
                value.map_or(Known::Nothing, Known::Value)
            }
            Known::Value(Value::Object(object)) => {
                let fields = self.session.registry.fields(object.type_of());
                let Some(info) = fields.iter().find(|field| field.name == name) else {
                    return Known::Nothing;
                };
                // Lists and records are worth their making: they have columns and fields.
                let wanted = TypeSet::LIST.or(TypeSet::of(&[Type::Record]));
                if info.types.meets(wanted)
                    && let Some(Ok(value)) = object.field(name)
                {
                    return Known::Value(value);
                }
                Known::Types(info.types)
            }
            Known::Types(types) => {
                let fields = some(*types).map_or(&[][..], |ty| self.session.registry.fields(ty));
                let info = fields.iter().find(|field| field.name == name);
                info.map_or(Known::Nothing, |info| Known::Types(info.types))
            }
            _ => Known::Nothing,
        }
    }
}

/// What a call gives; `kept` is what is known of its first argument.
fn result(callee: &Known, kept: impl FnOnce() -> Known) -> Known {
    let Known::Value(Value::Function(function)) = callee else { return Known::Nothing };
    match builtin_of(function.as_ref()) {
        Some(builtin) if KEEPS_ROWS.contains(&builtin.name) => kept(),
        Some(builtin) => Known::Types(builtin.returns),
        None => Known::Nothing,
    }
}

/// The builtin that a function is.
pub(super) fn builtin_of(function: &dyn crate::value::Function) -> Option<&'static Builtin> {
    function.as_any().downcast_ref::<BuiltinFunction>().map(|function| function.0)
}

/// The function of a program that a function is.
pub(super) fn closure_of(function: &dyn crate::value::Function) -> Option<&Closure> {
    function.as_any().downcast_ref()
}

/// The type of a set of one, `none` aside.
pub(super) fn some(types: TypeSet) -> Option<Type> {
    let mut found = types.iter().filter(|ty| *ty != Type::None);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
