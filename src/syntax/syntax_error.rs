//! Readable syntax errors: what pest reports is a position and a set of rules; what a person
//! needs is the token there, what it follows, and the usual slip behind it.

use super::scan::{RawStatement, Scan};
use super::token::{RESERVED, Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};

/// Explains why a statement does not parse, from the byte where the parser gave up.
pub(super) fn explain(
    text: &str,
    source: SourceId,
    scanned: &Scan,
    raw: &RawStatement,
    at: usize,
) -> Diagnostic {
    let first = scanned.tokens.partition_point(|token| token.start < raw.start);
    let last = scanned.tokens.partition_point(|token| token.start < raw.end);
    let tokens: Vec<Token> = scanned
        .tokens
        .get(first..last)
        .unwrap_or(&[])
        .iter()
        .copied()
        .filter(|t| !matches!(t.kind, TokenKind::Newline | TokenKind::Comment | TokenKind::Doc))
        .collect();
    let index = tokens.iter().position(|token| token.end > at);
    let place = Place {
        text,
        source,
        previous: index.unwrap_or(tokens.len()).checked_sub(1).and_then(|i| tokens.get(i).copied()),
        token: index.and_then(|i| tokens.get(i).copied()),
        next: index.and_then(|i| tokens.get(i + 1).copied()),
        first: tokens.first().copied(),
        end: raw.end,
    };
    place.slip(&tokens).unwrap_or_else(|| place.general())
}

struct Place<'s> {
    text: &'s str,
    source: SourceId,
    previous: Option<Token>,
    token: Option<Token>,
    next: Option<Token>,
    first: Option<Token>,
    end: usize,
}

impl Place<'_> {
    fn span(&self, token: Token) -> Span {
        Span::new(self.source, token.start, token.end)
    }

    fn word(&self, token: Option<Token>) -> &str {
        token.map_or("", |token| token.text(self.text))
    }

    fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::Syntax, message)
    }

    /// The usual slips, each with its own words.
    fn slip(&self, tokens: &[Token]) -> Option<Diagnostic> {
        let token = self.token?;
        let word = token.text(self.text);
        let previous = self.word(self.previous);
        let first = self.first?;
        let strange = first.text(self.text);
        if matches!(strange, "def" | "fn" | "function" | "return" | "while" | "var" | "const") {
            return Some(
                self.error(format!("`{strange}` means nothing here"))
                    .at(self.span(first), "")
                    .hint("let f(x) = x^2"),
            );
        }
        // x = 3
        let named = first.kind == TokenKind::Word;
        if word == "=" && named && self.previous == self.first && tokens.len() > 2 {
            let name = self.previous?;
            let rest = self.text.get(name.start..self.end).unwrap_or("").lines().next()?;
            return Some(
                self.error("values are bound with `let`")
                    .at(self.span(token), "there is no assignment")
                    .hint(format!("let {rest}")),
            );
        }
        if token.kind == TokenKind::String && word.contains('{') {
            return Some(
                self.error("what stands between braces in a string is an expression")
                    .at(self.span(token), "this one is not understood")
                    .hint(r#""{1 + 1} bits"; a brace that is text is written \{"#),
            );
        }
        // let for = 2
        let named = matches!(previous, "let" | "for" | "as");
        if named && token.kind == TokenKind::Word && RESERVED.contains(&word) {
            return Some(
                self.error(format!("`{word}` is a reserved word"))
                    .at(self.span(token), "a name is expected here")
                    .hint(format!("use another name, such as `{word}_`")),
            );
        }
        let key = self.next.is_some_and(|next| next.text(self.text) == ":");
        if key && RESERVED.contains(&word) {
            return Some(
                self.error(format!("`{word}` is a reserved word"))
                    .at(self.span(token), "it names no field")
                    .hint(format!("use another name, such as `{word}_`")),
            );
        }
        if token.kind == TokenKind::Number
            && let Some(error) = self.number(token, word)
        {
            return Some(error);
        }
        // == for =, the signs of other languages
        let other = match word {
            "!" => Some(("`!` means nothing here", "write `not`, or `!=` for unequal")),
            "&" => Some(("`&` means nothing here", "write `and`")),
            "|" => Some(("`|` means nothing here", "write `or`, or `|>` for a pipe")),
            "*" if previous == "*" => Some(("`**` means nothing here", "write `^` for powers")),
            ":" => Some(("`:` stands only in records", "write `=` for arguments and `let`")),
            "=" if previous == "=" => None,
            "=" => Some((
                "`=` stands only in `let`, in `where` and in named arguments",
                "write `==` to compare",
            )),
            _ => None,
        };
        if let Some((message, hint)) = other {
            return Some(self.error(message).at(self.span(token), "").hint(hint));
        }
        if self.previous.is_some_and(|p| p.kind == TokenKind::Word) && token == self.first? {
            return None;
        }
        self.two_values(token)
    }

    fn number(&self, token: Token, word: &str) -> Option<Diagnostic> {
        let digits = word.find(|c: char| !c.is_ascii_digit() && c != '_')?;
        let (number, rest) = word.split_at(digits);
        let letters = rest.chars().next().is_some_and(super::token::starts_word);
        letters.then(|| {
            self.error("there is no multiplication without a sign")
                .at(self.span(token), "")
                .hint(format!("{number}*{rest}"))
        })
    }

    /// Two values side by side: a comma or an operator is missing.
    fn two_values(&self, token: Token) -> Option<Diagnostic> {
        let previous = self.previous?;
        let ends =
            matches!(previous.kind, TokenKind::Number | TokenKind::String | TokenKind::Close)
                || (previous.kind == TokenKind::Word
                    && !matches!(
                        previous.text(self.text),
                        "let"
                            | "import"
                            | "as"
                            | "if"
                            | "then"
                            | "else"
                            | "for"
                            | "in"
                            | "where"
                            | "network"
                            | "and"
                            | "or"
                            | "not"
                            | "mod"
                            | "div"
                    ));
        let begins = matches!(token.kind, TokenKind::Number | TokenKind::String | TokenKind::Open)
            || (token.kind == TokenKind::Word
                && !matches!(
                    token.text(self.text),
                    "as" | "then" | "else" | "for" | "in" | "where" | "and" | "or" | "mod" | "div"
                ));
        if !(ends && begins) {
            return None;
        }
        let hint = self
            .line_with(previous.end, ", ", token.start)
            .unwrap_or_else(|| "write `,` between them".to_owned());
        Some(
            self.error("a comma or an operator is missing")
                .at(
                    self.span(token),
                    format!("nothing joins this to `{}`", shortened(self.word(self.previous))),
                )
                .hint(hint),
        )
    }

    /// The line of the statement with other text between two places, if it fits into a hint.
    fn line_with(&self, before: usize, between: &str, after: usize) -> Option<String> {
        let start = self.text.get(..before)?.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(after..)?;
        let end = after + rest.find(['\n', '#']).unwrap_or(rest.len());
        let line =
            format!("{}{between}{}", self.text.get(start..before)?, self.text.get(after..end)?);
        let line = line.trim();
        (line.chars().count() <= 90 && !line.contains('\n')).then(|| line.to_owned())
    }

    /// What was expected, from the token before.
    fn general(&self) -> Diagnostic {
        let previous = self.word(self.previous);
        let expected = match self.previous.map(|p| p.kind) {
            None => "a statement",
            Some(_) if matches!(previous, "let" | "for" | "as" | ".") => "a name",
            Some(_) if previous == "import" => "a path in quotes",
            Some(_) if previous == "network" => "`{`",
            Some(TokenKind::Operator | TokenKind::Open | TokenKind::Comma) => "a value",
            Some(TokenKind::Word)
                if RESERVED.contains(&previous)
                    && !matches!(previous, "true" | "false" | "none") =>
            {
                "a value"
            }
            Some(_) => "an operator or the end of the statement",
        };
        match self.token {
            None => {
                let end = Span::new(self.source, self.end, self.end + 1);
                let error = self
                    .error("the statement is not finished")
                    .at(end, format!("{expected} is expected here"));
                match previous {
                    "" => error,
                    _ if self.word(self.first) == "if" => error.hint("if a > b then a else b"),
                    _ => {
                        let without =
                            self.previous.and_then(|p| self.line_with(p.start, "", self.end));
                        let short =
                            without.filter(|_| previous.chars().all(|c| !c.is_alphanumeric()));
                        error.hint(
                            short.unwrap_or_else(|| format!("complete it, or remove `{previous}`")),
                        )
                    }
                }
            }
            Some(token) => {
                let word = token.text(self.text);
                let shown = shortened(word);
                let error = self
                    .error(format!("`{shown}` does not fit here"))
                    .at(self.span(token), format!("{expected} is expected here"));
                match (expected, word) {
                    (_, ")" | "]" | "}" | ",") if expected == "a value" => {
                        error.hint(format!("remove `{previous}`, or add a value after it"))
                    }
                    ("a name", _) => error.hint("names begin with a letter or `_`"),
                    _ => match self.next {
                        Some(next) if next.kind == TokenKind::Operator => {
                            error.hint(format!("remove `{shown}`"))
                        }
                        _ => {
                            error.hint(format!("remove `{shown}`, or put it on a line of its own"))
                        }
                    },
                }
            }
        }
    }
}

/// The beginning of a token, for a message.
fn shortened(word: &str) -> String {
    const SHOWN: usize = 24;
    let line = word.lines().next().unwrap_or("");
    if line.len() == word.len() && word.chars().count() <= SHOWN {
        return word.to_owned();
    }
    line.chars().take(SHOWN).chain(std::iter::once('…')).collect()
}
