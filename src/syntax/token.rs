//! Tokens: what the scanner sees, and what the formatter and the highlighters work on.

/// The kind of a [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a reserved word.
    Word,
    /// An int, a real or a shape such as `8x8`.
    Number,
    /// A whole string with its quotes and holes.
    String,
    /// An operator, `=`, `->`, `.` and `:` included.
    Operator,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The end of a line.
    Newline,
    /// `# …` up to the end of the line.
    Comment,
    /// `## …` up to the end of the line.
    Doc,
    /// A character that no program contains.
    Unknown,
}

/// A piece of source text: the bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Token {
    /// The text of the token in its source.
    pub fn text<'s>(&self, source: &'s str) -> &'s str {
        source.get(self.start..self.end).unwrap_or("")
    }
}

/// The reserved words: everything else that looks like a word is a name.
pub const RESERVED: [&str; 18] = [
    "let", "import", "as", "if", "then", "else", "for", "in", "where", "network", "and", "or",
    "not", "mod", "div", "true", "false", "none",
];

/// The operators, longest first, so that the first that fits is the right one.
const OPERATORS: [&str; 27] = [
    "..<", "..", "|>", "->", "==", "!=", "<=", ">=", "→", "≠", "≤", "≥", "∈", "·", "+", "-", "*",
    "/", "^", "<", ">", "=", ".", ":", "!", "|", "&",
];

/// Whether a name may begin with this character.
pub fn starts_word(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c)
}

/// Whether a name may go on with this character: subscript digits may, as in `α₁`; the dot of
/// `b·c` multiplies, although Unicode would let it continue a word.
pub fn continues_word(c: char) -> bool {
    c != '·' && (unicode_ident::is_xid_continue(c) || ('₀'..='₉').contains(&c))
}

/// A string that is not closed: the byte of the quote that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclosed(pub usize);

/// Cuts a source into tokens; blanks (except newlines) are left out. Never fails: characters
/// that no program contains become [`TokenKind::Unknown`], and a string that is not closed ends
/// with its line and is reported.
pub fn tokenize(source: &str) -> (Vec<Token>, Vec<Unclosed>) {
    let (tokens, unclosed) = tokens_of(source, false);
    // A forgotten quote pairs with the next one, lines below: look again, and take a string that
    // swallows the beginning of a statement for the one that was left open.
    if unclosed.is_empty() { (tokens, unclosed) } else { tokens_of(source, true) }
}

/// Whether the lines behind an open string, which begins at `start`, may be its text. If one of
/// them begins a statement, a quote was forgotten.
pub fn goes_on(source: &str, start: usize) -> bool {
    !source.get(start..).unwrap_or("").lines().skip(1).any(begins_statement)
}

/// Whether a line begins as statements do: `let name =`, `let name(` or `import "`.
fn begins_statement(line: &str) -> bool {
    let (tokens, _) = tokens_of(line, false);
    let mut words = tokens.iter().map(|token| token.text(line));
    match words.next() {
        Some("let") => matches!(words.nth(1), Some("=" | "(")),
        Some("import") => words.next().is_some_and(|path| path.starts_with('"')),
        _ => false,
    }
}

fn tokens_of(source: &str, suspicious: bool) -> (Vec<Token>, Vec<Unclosed>) {
    let mut tokens = Vec::with_capacity(source.len() / 4);
    let mut unclosed = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let start = at;
        let kind = match c {
            ' ' | '\t' | '\r' => {
                at += 1;
                continue;
            }
            '\n' => {
                at += 1;
                TokenKind::Newline
            }
            '#' => {
                at = line_end(source, at);
                if source[start..].starts_with("##") { TokenKind::Doc } else { TokenKind::Comment }
            }
            '"' => {
                let swallows = |end: &usize| {
                    let text = &source[at..*end];
                    suspicious && (text.contains("\nlet ") || text.contains("\nimport "))
                };
                at = match string_end(source, at, 0).filter(|end| !swallows(end)) {
                    Some(end) => end,
                    None => {
                        unclosed.push(Unclosed(at));
                        line_end(source, at)
                    }
                };
                TokenKind::String
            }
            '(' | '[' | '{' => {
                at += 1;
                TokenKind::Open
            }
            ')' | ']' | '}' => {
                at += 1;
                TokenKind::Close
            }
            ',' => {
                at += 1;
                TokenKind::Comma
            }
            ';' => {
                at += 1;
                TokenKind::Semicolon
            }
            c if c.is_ascii_digit() => {
                at = number_end(source, at);
                TokenKind::Number
            }
            c if starts_word(c) => {
                at += word_length(&source[at..]);
                TokenKind::Word
            }
            c => match OPERATORS.iter().find(|op| source[at..].starts_with(**op)) {
                Some(op) => {
                    at += op.len();
                    TokenKind::Operator
                }
                None => {
                    at += c.len_utf8();
                    TokenKind::Unknown
                }
            },
        };
        tokens.push(Token { kind, start, end: at });
    }
    (tokens, unclosed)
}

fn line_end(source: &str, at: usize) -> usize {
    source[at..].find('\n').map_or(source.len(), |offset| at + offset)
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !continues_word(c)).unwrap_or(rest.len())
}

/// The end of a number: digits with `_`, a fraction, an exponent, or sizes joined by `x`.
/// Letters that follow belong to it, so that `2x` is one token and one error.
fn number_end(source: &str, at: usize) -> usize {
    let bytes = source.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            at += 1;
        }
        at
    };
    let mut end = digits(at);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end + word_length(&source[end..])
}

/// The bytes of an escape: `\n`, or `\u{3b1}` with its braces, which open no hole.
fn escape_length(rest: &str) -> usize {
    if let Some((digits, _)) = rest.strip_prefix("\\u{").and_then(|tail| tail.split_once('}'))
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return "\\u{}".len() + digits.len();
    }
    1 + rest[1..].chars().next().map_or(0, char::len_utf8)
}

/// How deep strings and holes may be nested.
const STRING_DEPTH: usize = 32;

/// The end of the string that opens at `at`, or `None` if it is not closed. Holes may hold
/// strings and records of their own.
fn string_end(source: &str, at: usize, depth: usize) -> Option<usize> {
    if depth > STRING_DEPTH {
        return None;
    }
    let bytes = source.as_bytes();
    let mut at = at + 1;
    let mut braces = 0_usize;
    loop {
        match (bytes.get(at)?, braces) {
            (b'\\', 0) => at += escape_length(&source[at..]),
            (b'"', 0) => return Some(at + 1),
            (b'"', _) => at = string_end(source, at, depth + 1)?,
            (b'{', _) => {
                braces += 1;
                at += 1;
            }
            (b'}', 1..) => {
                braces -= 1;
                at += 1;
            }
            (_, _) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(TokenKind, &str)> {
        tokenize(source).0.iter().map(|t| (t.kind, t.text(source))).collect()
    }

    #[test]
    fn strings_with_holes_are_one_token() {
        let source = r#""a {f("x {1}")} \" \{ b" + 1"#;
        let found = kinds(source);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], (TokenKind::String, r#""a {f("x {1}")} \" \{ b""#));
    }

    #[test]
    fn ranges_are_not_reals() {
        let texts: Vec<&str> = kinds("1..4 1.5 2e-3 8x8 1_000 2x").iter().map(|t| t.1).collect();
        assert_eq!(texts, ["1", "..", "4", "1.5", "2e-3", "8x8", "1_000", "2x"]);
    }

    #[test]
    fn an_open_string_ends_with_its_line() {
        let (tokens, unclosed) = tokenize("let a = \"abc\nlet b = 2");
        assert_eq!(unclosed, [Unclosed(8)]);
        assert_eq!(tokens.len(), 9);
    }
}
