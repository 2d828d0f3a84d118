//! The formatter: blanks, indentation and the column of comments.
//!
//! It moves no line break and changes no token, so the tree stays the same and every comment
//! stays where it was; formatting twice changes nothing.

use super::parse::parse;
use super::scan::{RawStatement, scan};
use super::token::{RESERVED, Token, TokenKind};
use crate::diagnostic::{Diagnostic, SourceId};
use unicode_width::UnicodeWidthStr;

const INDENT: usize = 2;
/// Blanks between code and a comment behind it.
const COMMENT_GAP: usize = 2;

/// Formats a source.
///
/// # Errors
/// The syntax errors of the source, which is then left alone.
pub fn format(text: &str, source: SourceId) -> Result<String, Vec<Diagnostic>> {
    let program = parse(text, source);
    if !program.errors.is_empty() {
        return Err(program.errors);
    }
    let scanned = scan(text);
    let mut formatter =
        Formatter { text, statements: &scanned.statements, open: Vec::new(), out: Vec::new() };
    let mut where_indent = None;
    for line in scanned.tokens.split(|token| token.kind == TokenKind::Newline) {
        formatter.line(line, &mut where_indent);
    }
    Ok(join(formatter.out))
}

/// A formatted line: its code and the comment behind it.
#[derive(Default)]
struct Line {
    code: String,
    comment: Option<String>,
    /// Whether a bracket is left open, or closed first, at this line: no empty line stands
    /// behind the one or before the other.
    opens: bool,
    closes: bool,
}

struct Bracket {
    /// The indentation of the line where it opens.
    indent: usize,
    /// Whether blanks stand inside: `network { … }`.
    spaced: bool,
}

struct Formatter<'s> {
    text: &'s str,
    statements: &'s [RawStatement],
    open: Vec<Bracket>,
    out: Vec<Line>,
}

impl Formatter<'_> {
    fn line(&mut self, tokens: &[Token], where_indent: &mut Option<usize>) {
        let is_comment = |t: &Token| matches!(t.kind, TokenKind::Comment | TokenKind::Doc);
        let (code, comment) = match tokens.split_last() {
            Some((last, before)) if is_comment(last) => {
                (before, Some(last.text(self.text).trim_end().to_owned()))
            }
            _ => (tokens, None),
        };
        let closes = code.first().is_some_and(|t| t.kind == TokenKind::Close);
        let first = code.first().map_or("", |t| t.text(self.text));
        let continued = tokens.first().is_some_and(|token| self.inside_statement(token.start));
        let indent = match self.open.last() {
            // A line that closes brackets stands under the line that opened the last of them.
            Some(_) if closes => {
                let count = code.iter().take_while(|t| t.kind == TokenKind::Close).count();
                self.open
                    .len()
                    .checked_sub(count)
                    .and_then(|i| self.open.get(i))
                    .map_or(0, |b| b.indent)
            }
            Some(bracket) => bracket.indent + INDENT,
            None => match *where_indent {
                Some(column) if continued && first != "|>" => column,
                _ if continued => INDENT,
                _ => 0,
            },
        };
        if code.is_empty() {
            let comment = comment.map(|text| format!("{}{text}", " ".repeat(indent)));
            self.out.push(Line { code: comment.unwrap_or_default(), ..Line::default() });
            return;
        }
        let body = self.code(code, indent);
        let last_kind = code.last().map(|t| t.kind);
        if self.open.is_empty() {
            // Further bindings of a `where` stand under its first one.
            if last_kind == Some(TokenKind::Comma) {
                if first == "where" {
                    *where_indent = Some(indent + "where ".len());
                }
            } else {
                *where_indent = None;
            }
        }
        let opens = last_kind == Some(TokenKind::Open);
        let code = format!("{}{body}", " ".repeat(indent));
        self.out.push(Line { code, comment, opens, closes });
    }

    /// Whether a statement goes on at this byte.
    fn inside_statement(&self, at: usize) -> bool {
        let next = self.statements.partition_point(|statement| statement.start < at);
        next.checked_sub(1)
            .and_then(|i| self.statements.get(i))
            .is_some_and(|statement| at < statement.end)
    }

    fn code(&mut self, tokens: &[Token], indent: usize) -> String {
        let mut out = String::new();
        let mut previous: Option<Token> = None;
        // Whether the token before takes no blank behind it: a sign, or an operator without blanks.
        let mut glued = false;
        for (number, &token) in tokens.iter().enumerate() {
            let word = token.text(self.text);
            let spaced = self.open.last().is_some_and(|bracket| bracket.spaced);
            let sign = word == "-" && !previous.is_some_and(|before| ends_value(before, self.text));
            let tight = !sign
                && previous
                    .is_some_and(|before| self.is_tight(before, token, tokens.get(number + 1)));
            if let Some(before) = previous
                && !glued
                && !tight
                && self.gap(before, token, spaced)
            {
                out.push(' ');
            }
            glued = sign || tight;
            match token.kind {
                TokenKind::Open => {
                    let spaced = word == "{"
                        && previous.is_some_and(|before| before.text(self.text) == "network");
                    self.open.push(Bracket { indent, spaced });
                }
                TokenKind::Close => {
                    self.open.pop();
                }
                _ => {}
            }
            out.push_str(word);
            previous = Some(token);
        }
        out
    }

    /// Operators without blanks: always `.`, `..`, `..<` and `^`; `*`, `·` and `/` where they are
    /// written so on both sides.
    fn is_tight(&self, before: Token, token: Token, next: Option<&Token>) -> bool {
        match token.text(self.text) {
            "." | ".." | "..<" | "^" => true,
            "*" | "·" | "/" => {
                before.end == token.start && next.is_none_or(|next| next.start == token.end)
            }
            _ => false,
        }
    }

    fn gap(&self, before: Token, token: Token, spaced: bool) -> bool {
        match (before.kind, token.kind) {
            (_, TokenKind::Comma | TokenKind::Semicolon) => false,
            (TokenKind::Open, TokenKind::Close) => false,
            (TokenKind::Open, _) | (_, TokenKind::Close) => spaced,
            (_, TokenKind::Operator) if token.text(self.text) == ":" => false,
            // A call or an index; after a reserved word or an operator it is a group or a list.
            (_, TokenKind::Open) if token.text(self.text) != "{" => !ends_value(before, self.text),
            _ => true,
        }
    }
}

/// Whether a value can end with this token, so that a `-` behind it subtracts.
fn ends_value(token: Token, text: &str) -> bool {
    match token.kind {
        TokenKind::Number | TokenKind::String | TokenKind::Close => true,
        TokenKind::Word => {
            let word = token.text(text);
            !RESERVED.contains(&word) || matches!(word, "true" | "false" | "none")
        }
        _ => false,
    }
}

/// Puts the lines together: comments of neighbouring lines in one column, at most one empty line
/// in a row, none at the ends.
fn join(lines: Vec<Line>) -> String {
    let width = |line: &Line| line.code.lines().next_back().map_or(0, UnicodeWidthStr::width);
    let mut out = String::new();
    let mut empty = false;
    let mut after_open = true;
    let mut start = 0;
    while let Some(line) = lines.get(start) {
        let run = lines[start..].iter().take_while(|line| line.comment.is_some()).count();
        let block = &lines[start..start + run.max(1)];
        let column = block.iter().map(width).max().unwrap_or(0) + COMMENT_GAP;
        start += block.len();
        if line.code.is_empty() && line.comment.is_none() {
            empty = true;
            continue;
        }
        if empty && !after_open && !line.closes {
            out.push('\n');
        }
        empty = false;
        for line in block {
            out.push_str(&line.code);
            if let Some(comment) = &line.comment {
                out.extend(std::iter::repeat_n(' ', column - width(line)));
                out.push_str(comment);
            }
            out.push('\n');
            after_open = line.opens;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::format;
    use crate::diagnostic::SourceId;

    fn formatted(text: &str) -> String {
        let once = format(text, SourceId::default()).unwrap();
        assert_eq!(format(&once, SourceId::default()).as_ref(), Ok(&once), "not idempotent");
        once
    }

    #[test]
    fn blanks_and_indentation() {
        assert_eq!(formatted("let  f( x,y = 2 )=x ^ 2+y*3"), "let f(x, y = 2) = x^2 + y*3\n");
        assert_eq!(formatted("f (x) ; x [0]"), "f(x); x[0]\n");
        assert_eq!(formatted("- 3 - - x"), "-3 - -x\n");
        assert_eq!(formatted("[1 .. 5,(2)]\n\n\n\n{a :1,b}"), "[1..5, (2)]\n\n{a: 1, b}\n");
        assert_eq!(formatted("if not (a) then [1] else -x"), "if not (a) then [1] else -x\n");
        assert_eq!(
            formatted("network {input(4,dim=2)\n\n\n conv( 3 )\n\n}"),
            "network { input(4, dim = 2)\n\n  conv(3)\n}\n"
        );
        assert_eq!(formatted("a / b + c/d * e"), "a / b + c/d * e\n");
        assert_eq!(formatted("x -> -x"), "x -> -x\n");
        assert_eq!(formatted("a/-b + c*-d - x ^ - 1"), "a/-b + c*-d - x^-1\n");
        assert_eq!(formatted("x .. - 1; a / - b; - - x"), "x..-1; a / -b; --x\n");
    }

    #[test]
    fn continuation_lines() {
        assert_eq!(formatted("xs\n|> f\n # c\n|> g"), "xs\n  |> f\n  # c\n  |> g\n");
        assert_eq!(
            formatted("let r = a/b\nwhere a=1,\nb = 2\nr"),
            "let r = a/b\n  where a = 1,\n        b = 2\nr\n"
        );
        assert_eq!(formatted("let f(x) =\nx +\ny\nz"), "let f(x) =\n  x +\n  y\nz\n");
        assert_eq!(formatted("f([\n1,\n2\n])"), "f([\n  1,\n  2\n])\n");
    }

    #[test]
    fn comments_share_a_column() {
        assert_eq!(
            formatted("a # x\nlong_name #   y\n\nb # z"),
            "a          # x\nlong_name  #   y\n\nb  # z\n"
        );
        assert_eq!(
            formatted("#!/usr/bin/env x\n\n\n## d\nlet a = 1"),
            "#!/usr/bin/env x\n\n## d\nlet a = 1\n"
        );
        assert_eq!(formatted(""), "");
        assert_eq!(formatted("\n\n# only\n\n"), "# only\n");
    }
}
