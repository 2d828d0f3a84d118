//! Colours for programs while they are typed.

use crate::session::{Cell, split};
use crate::syntax::{RESERVED, Token, TokenKind, goes_on, tokenize};

/// What a piece of a program is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Names of the program, brackets, commas.
    Plain,
    /// `let`, `network`, `for`, …
    Keyword,
    /// The name of a builtin.
    Builtin,
    /// Ints, reals, shapes, `true`, `false`, `none`.
    Number,
    /// Text in quotes.
    String,
    /// `# …`
    Comment,
    /// `+`, `|>`, `->`, …
    Operator,
    /// `%time`, `?`
    Magic,
    /// What no program contains.
    Wrong,
}

impl Paint {
    /// The escape sequence that begins it; empty for plain text. These are the sixteen colours of
    /// the terminal's own palette, so that light and dark backgrounds both work.
    pub const fn begin(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Keyword => "\x1b[35m",
            Self::Builtin => "\x1b[34m",
            Self::Number => "\x1b[36m",
            Self::String => "\x1b[32m",
            Self::Comment => "\x1b[90m",
            Self::Operator => "\x1b[33m",
            Self::Magic => "\x1b[1;35m",
            Self::Wrong => "\x1b[31m",
        }
    }
}

/// The text of a cell with colours; apart from the escape sequences it is the same text.
/// `is_builtin` says which names are builtins; `matching` are bytes to mark: a pair of brackets.
pub fn highlight(
    cell: &str,
    is_builtin: impl Fn(&str) -> bool,
    matching: Option<(usize, usize)>,
) -> String {
    let start = magic_end(cell);
    let mut out = String::with_capacity(cell.len() * 2);
    paint(&mut out, Paint::Magic, cell.get(..start).unwrap_or(""));
    let code = cell.get(start..).unwrap_or("");
    if matches!(split(cell), Cell::RustCell { .. }) {
        // Its words are those of Rust.
        out.push_str(code);
        return out;
    }
    let mut done = 0;
    let (tokens, open) = tokenize(code);
    // While a string of many lines is typed, the lines behind its quote are its text.
    let open = open.first().map(|open| open.0).filter(|start| goes_on(code, *start));
    for token in tokens {
        if open == Some(token.start) {
            out.push_str(code.get(done..token.start).unwrap_or(""));
            paint(&mut out, Paint::String, code.get(token.start..).unwrap_or(""));
            return out;
        }
        out.push_str(code.get(done..token.start).unwrap_or(""));
        let text = token.text(code);
        let is_marked = matching.is_some_and(|(a, b)| {
            let at = start + token.start;
            at == a || at == b
        });
        if is_marked {
            out.push_str("\x1b[1;4m");
            out.push_str(text);
            out.push_str("\x1b[0m");
        } else {
            paint(&mut out, class(token, code, &is_builtin), text);
        }
        done = token.end;
    }
    out.push_str(code.get(done..).unwrap_or(""));
    out
}

/// Where the program begins behind `%time`, or the end of what is no program at all.
fn magic_end(cell: &str) -> usize {
    let first = cell.len() - cell.trim_start().len();
    let rest = cell.get(first..).unwrap_or("");
    if rest.starts_with('?') {
        return cell.len();
    }
    if !rest.starts_with('%') {
        return 0;
    }
    let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
    if matches!(rest.get(..word), Some("%time" | "%%time" | "%timeit" | "%%timeit")) {
        first + word
    } else if rest.get(..word) == Some("%%rust") {
        first + rest.find('\n').unwrap_or(rest.len())
    } else {
        cell.len()
    }
}

fn class(token: Token, code: &str, is_builtin: &impl Fn(&str) -> bool) -> Paint {
    let text = token.text(code);
    match token.kind {
        TokenKind::Word if matches!(text, "true" | "false" | "none") => Paint::Number,
        TokenKind::Word if RESERVED.contains(&text) => Paint::Keyword,
        TokenKind::Word if is_builtin(text) && !is_field(token, code) => Paint::Builtin,
        TokenKind::Number => Paint::Number,
        TokenKind::String => Paint::String,
        TokenKind::Comment | TokenKind::Doc => Paint::Comment,
        TokenKind::Operator if text != "." => Paint::Operator,
        TokenKind::Unknown => Paint::Wrong,
        _ => Paint::Plain,
    }
}

/// `cut.rank` is a field, whatever builtin has its name.
fn is_field(token: Token, code: &str) -> bool {
    code.get(..token.start).is_some_and(|before| {
        let before = before.trim_end_matches(' ');
        before.ends_with('.') && !before.ends_with("..")
    })
}

fn paint(out: &mut String, paint: Paint, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push_str(paint.begin());
    out.push_str(text);
    if !paint.begin().is_empty() {
        out.push_str("\x1b[0m");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('\x1b') {
            out.push_str(&rest[..at]);
            let end = rest[at..].find('m').unwrap() + at + 1;
            rest = &rest[end..];
        }
        out + rest
    }

    #[test]
    fn the_text_stays_the_same() {
        for text in [
            "",
            "let x = min_cut(net, \"a {b}\") # why",
            "  f(\n  1.5, ",
            "\"open",
            "f(\"open\nit's let (x",
            "%time 1 + 1",
            "%who",
            "?min_cut",
            "𝛼 = §",
            "a.rank |> f",
        ] {
            assert_eq!(plain(&highlight(text, |name| name == "rank", None)), text);
        }
    }

    #[test]
    fn classes() {
        let is_builtin = |name: &str| name == "rank";
        assert_eq!(highlight("rank", is_builtin, None), "\x1b[34mrank\x1b[0m");
        assert_eq!(highlight("a.rank", is_builtin, None), "a.rank");
        assert_eq!(highlight("let", is_builtin, None), "\x1b[35mlet\x1b[0m");
        assert_eq!(highlight("true", is_builtin, None), "\x1b[36mtrue\x1b[0m");
        assert_eq!(
            highlight("%time 1", is_builtin, None),
            "\x1b[1;35m%time\x1b[0m \x1b[36m1\x1b[0m"
        );
        assert_eq!(highlight("f(\"a\n1 (", is_builtin, None), "f(\x1b[32m\"a\n1 (\x1b[0m");
        assert!(highlight("f(\"a\nlet x = 1", is_builtin, None).contains("\x1b[35mlet"));
        assert_eq!(
            highlight("(a)", is_builtin, Some((0, 2))),
            "\x1b[1;4m(\x1b[0ma\x1b[1;4m)\x1b[0m"
        );
    }
}
