//! What stands left of the cursor: tokens, open brackets, the call around it.
//!
//! Completion and pages look at text that is being written, so nothing here needs it to parse.

use crate::syntax::{RESERVED, Token, TokenKind, tokenize};

/// The nearest boundary of a character at or before a byte.
pub(super) fn clip(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// In what the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// Code, that in the holes of strings included.
    Code,
    /// A comment.
    Comment,
    /// The text of a string; the byte after its quote.
    String(usize),
}

/// The tokens left of the cursor, without comments and newlines; those of the outer code if the
/// cursor stands in the text of a string, those of the hole if it stands in a hole.
#[derive(Debug)]
pub(super) struct Left<'t> {
    /// The text up to the cursor, from its very beginning.
    pub text: &'t str,
    /// The tokens; their bytes count from the beginning of the text.
    pub tokens: Vec<Token>,
    /// For each token whether a line begins with it.
    pub fresh: Vec<bool>,
    /// The tokens that open the brackets around the cursor, outermost first.
    pub open: Vec<usize>,
    /// The token that the statement of the cursor begins with.
    pub statement: usize,
    /// In what the cursor stands.
    pub inside: Inside,
}

impl<'t> Left<'t> {
    /// Looks at the text left of a byte, which is a boundary.
    pub fn of(text: &'t str, cursor: usize) -> Self {
        let text = text.get(..cursor).unwrap_or(text);
        let (mut base, mut holes) = (0, 0);
        loop {
            let code = text.get(base..).unwrap_or("");
            let (mut tokens, unclosed) = tokenize(code);
            let last = tokens.last().copied().filter(|token| token.end == code.len());
            let mut inside = Inside::Code;
            match last {
                Some(token) if matches!(token.kind, TokenKind::Comment | TokenKind::Doc) => {
                    inside = Inside::Comment;
                }
                Some(token)
                    if token.kind == TokenKind::String
                        && unclosed.iter().any(|open| open.0 == token.start) =>
                {
                    let body = code.get(token.start + 1..).unwrap_or("");
                    if let Some(hole) = open_hole(body).filter(|_| holes < MOST_HOLES) {
                        holes += 1;
                        base += token.start + 1 + hole;
                        continue;
                    }
                    tokens.pop();
                    inside = Inside::String(base + token.start + 1);
                }
                _ => {}
            }
            let mut left = Self {
                text,
                tokens: Vec::new(),
                fresh: Vec::new(),
                open: Vec::new(),
                statement: 0,
                inside,
            };
            left.fill(&tokens, base);
            return left;
        }
    }

    fn fill(&mut self, tokens: &[Token], base: usize) {
        let mut fresh = true;
        for (number, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Comment | TokenKind::Doc => continue,
                TokenKind::Newline => {
                    fresh = true;
                    continue;
                }
                _ => {}
            }
            let here = Token { start: token.start + base, end: token.end + base, kind: token.kind };
            let next = tokens.get(number + 1).map(|next| next.kind);
            let begins = fresh
                && matches!(here.text(self.text), "let" | "import")
                && matches!(next, Some(TokenKind::Word | TokenKind::String));
            if begins {
                // A bracket above was forgotten.
                self.open.clear();
            }
            let index = self.tokens.len();
            let goes_on = self.tokens.last().is_some_and(|last| self.wants_more(*last))
                || begins_with_continuation(here.text(self.text));
            if begins || (self.open.is_empty() && fresh && !goes_on) {
                self.statement = index;
            }
            match here.kind {
                TokenKind::Open => self.open.push(index),
                TokenKind::Close => {
                    self.open.pop();
                }
                TokenKind::Semicolon if self.open.is_empty() => self.statement = index + 1,
                _ => {}
            }
            self.tokens.push(here);
            self.fresh.push(std::mem::take(&mut fresh));
        }
    }

    fn wants_more(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::Operator | TokenKind::Comma => true,
            TokenKind::Word => {
                is_reserved(token.text(self.text)) && !is_literal(token.text(self.text))
            }
            _ => false,
        }
    }

    /// The text of a token; empty beyond the ends.
    pub fn word(&self, index: usize) -> &'t str {
        self.tokens.get(index).and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    /// The kind of a token.
    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// Takes away the name that ends at the cursor and gives its first byte.
    pub fn take_word(&mut self) -> Option<usize> {
        let last = *self.tokens.last()?;
        if self.inside != Inside::Code
            || last.kind != TokenKind::Word
            || last.end != self.text.len()
        {
            return None;
        }
        self.tokens.pop();
        self.fresh.pop();
        Some(last.start)
    }

    /// The bracket that a closing one closes.
    pub fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for index in (0..=close.min(self.tokens.len().checked_sub(1)?)).rev() {
            match self.kind(index) {
                Some(TokenKind::Close) => depth += 1,
                Some(TokenKind::Open) if depth <= 1 => return (depth == 1).then_some(index),
                Some(TokenKind::Open) => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Whether a value ends with this token, so that a bracket behind it calls or indexes.
    pub fn ends_value(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Word) => {
                // `x.in` is a field.
                !is_reserved(self.word(index)) || (index > 0 && self.word(index - 1) == ".")
            }
            Some(TokenKind::Close | TokenKind::String) => true,
            _ => false,
        }
    }

    /// Whether a `(` opens the arguments of a call.
    pub fn is_call(&self, open: usize) -> bool {
        self.word(open) == "("
            && open > 0
            && self.ends_value(open - 1)
            && !(open > 1 && self.word(open - 2) == "let")
    }

    /// The calls around the cursor, innermost first.
    pub fn calls(&self) -> impl Iterator<Item = Call<'t>> + '_ {
        self.open.iter().rev().filter(|open| self.is_call(**open)).map(|open| self.call(*open))
    }

    /// The call whose argument stands at the cursor: it, or a list or a group in it.
    pub fn argument_of(&self) -> Option<Call<'t>> {
        for open in self.open.iter().rev() {
            if self.is_call(*open) {
                return Some(self.call(*open));
            }
            let indexes = *open > 0 && self.ends_value(*open - 1);
            if self.word(*open) == "{" || (self.word(*open) == "[" && indexes) {
                return None;
            }
        }
        None
    }

    fn call(&self, open: usize) -> Call<'t> {
        let mut call = Call { open, labels: Vec::new(), label: None, position: 0, begins: true };
        let mut depth = 0_usize;
        let mut start = open + 1;
        for index in open + 1..=self.tokens.len() {
            let kind = self.kind(index);
            let at_end = kind.is_none();
            match kind {
                Some(TokenKind::Open) => depth += 1,
                Some(TokenKind::Close) => depth = depth.saturating_sub(1),
                _ => {}
            }
            let ends = depth == 0 && kind == Some(TokenKind::Comma);
            if !(ends || at_end) {
                continue;
            }
            let label = (self.kind(start) == Some(TokenKind::Word) && self.word(start + 1) == "=")
                .then(|| self.word(start));
            call.labels.extend(label);
            if at_end {
                call.label = label;
                call.begins = start == index;
            } else if label.is_none() && index > start {
                call.position += 1;
            }
            start = index + 1;
        }
        call
    }
}

/// A call that is not closed yet.
#[derive(Clone, Debug)]
pub(super) struct Call<'t> {
    /// Its bracket; the callee ends with the token before it.
    pub open: usize,
    /// The labels of the arguments left of the cursor.
    pub labels: Vec<&'t str>,
    /// The label of the argument at the cursor.
    pub label: Option<&'t str>,
    /// How many arguments without labels stand before the one at the cursor.
    pub position: usize,
    /// Whether nothing of the argument at the cursor is written yet.
    pub begins: bool,
}

/// Whether a word is reserved.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

fn is_literal(word: &str) -> bool {
    matches!(word, "true" | "false" | "none")
}

/// Words and signs with which a line goes on with the statement above.
fn begins_with_continuation(word: &str) -> bool {
    matches!(word, "|>" | "where" | "then" | "else" | "and" | "or")
}

/// Strings longer than this are not searched for holes.
const LONGEST_STRING: usize = 4000;

/// Holes in strings in holes that are looked into.
const MOST_HOLES: usize = 32;

/// Where the code of a hole begins that is open at the end of a string that is open.
fn open_hole(body: &str) -> Option<usize> {
    if body.len() > LONGEST_STRING {
        return None;
    }
    let mut at = 0;
    loop {
        let rest = body.get(at..)?;
        let sign = rest.find(['{', '\\'])?;
        at += sign + 1;
        if rest.as_bytes().get(sign) == Some(&b'\\') {
            at += body.get(at..)?.chars().next().map_or(0, char::len_utf8);
            continue;
        }
        let hole = body.get(at..)?;
        match hole_end(hole) {
            Some(end) => at += end,
            None => return Some(at),
        }
    }
}

/// One past the brace that closes a hole.
fn hole_end(hole: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for token in tokenize(hole).0 {
        match (token.kind, token.text(hole)) {
            (TokenKind::Open, "{") => depth += 1,
            (TokenKind::Close, "}") if depth == 0 => return Some(token.end),
            (TokenKind::Close, "}") => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> Left<'_> {
        Left::of(text, text.len())
    }

    #[test]
    fn code_comments_and_strings() {
        assert_eq!(left("a # b").inside, Inside::Comment);
        assert_eq!(left("a # b\n").inside, Inside::Code);
        assert_eq!(left("f(\"ab").inside, Inside::String(3));
        assert_eq!(left("f(\"ab\"").inside, Inside::Code);
        assert_eq!(left("\"a {b} \\{ c").inside, Inside::String(1));
        assert_eq!(left("\"a {f(\"x\")} {y").inside, Inside::Code);
        assert_eq!(left("\"a {f(\"x").inside, Inside::String(7));
        assert_eq!(left("\"𝛼 {𝛽").word(0), "𝛽");
    }

    #[test]
    fn calls_know_their_arguments() {
        let text = "net |> f(1, g(2, 3), b = [1, 2], ";
        let found = left(text);
        let call = found.calls().next().unwrap();
        assert_eq!((call.position, call.label, call.begins), (2, None, true));
        assert_eq!(call.labels, ["b"]);
        let found = left("f(x = [1, (2");
        let call = found.argument_of().unwrap();
        assert_eq!((call.position, call.label, call.begins), (0, Some("x"), false));
        assert!(left("let f(x").calls().next().is_none());
        assert!(left("if (x").calls().next().is_none());
        assert!(left("f({a: ").argument_of().is_none());
    }

    #[test]
    fn statements_begin_where_the_scanner_says() {
        let at = |text: &str| {
            let found = left(text);
            found.word(found.statement).to_owned()
        };
        assert_eq!(at("a\nb c"), "b");
        assert_eq!(at("a\n  |> c"), "a");
        assert_eq!(at("a +\n c"), "a");
        assert_eq!(at("f(a\nlet c = 3"), "let");
        assert_eq!(at("a; c d"), "c");
    }

    #[test]
    fn offsets_are_clipped() {
        assert_eq!(clip("𝛼", 2), 0);
        assert_eq!(clip("𝛼", 9), 4);
    }
}
