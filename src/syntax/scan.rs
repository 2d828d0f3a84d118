//! The scanner: splits a source into statements before the grammar sees it.
//!
//! So every statement is parsed alone and all errors of a file are reported. The scanner also
//! knows which newlines end a statement: those outside brackets that do not follow an operator
//! and do not stand before `|>`, `where`, `then`, `else`, `and` or `or`.

use super::token::{Token, TokenKind, Unclosed, tokenize};

/// A statement as a range of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawStatement {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The `##` lines above it, without the signs.
    pub doc: Option<String>,
    /// Whether a `;` follows: it is evaluated and not shown.
    pub hidden: bool,
    /// Whether a problem stands in it, so that there is nothing to parse.
    pub broken: bool,
}

/// What is wrong with the brackets, the strings or the characters of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A bracket that is never closed, and where the next statement begins if one was found.
    Unclosed {
        /// The bracket.
        open: Token,
        /// Where the next statement begins, or the end of the source.
        stop: usize,
    },
    /// A closing bracket without an opening one.
    Unopened(Token),
    /// A bracket closed by one of another kind.
    Mismatch {
        /// The bracket that is open.
        open: Token,
        /// The one that does not close it.
        close: Token,
    },
    /// A string without its closing quote.
    UnclosedString(usize),
    /// A character that no program contains.
    UnknownCharacter(Token),
    /// More brackets inside each other than [`MAX_DEPTH`].
    TooDeep(Token),
}

/// The statements of a source, with what is wrong outside the grammar's reach.
#[derive(Debug, Default)]
pub struct Scan {
    /// All tokens.
    pub tokens: Vec<Token>,
    /// The statements, in order.
    pub statements: Vec<RawStatement>,
    /// What is wrong, in order.
    pub problems: Vec<Problem>,
    /// The source with comments and meaningless newlines blanked, byte for byte as long.
    pub masked: String,
    /// Whether more input could complete the last statement: an open bracket or string, or an
    /// operator at the end.
    pub incomplete: bool,
    /// How many brackets are open at the end (what an editor indents by).
    pub open_brackets: usize,
    /// How deep the parser will have to go at the most: brackets, lambdas, `if` and `where`.
    pub nesting: usize,
}

/// How many brackets, lambdas, `if` and `where` may stand inside each other.
pub const MAX_DEPTH: usize = 200;

/// Scans a source.
pub fn scan(source: &str) -> Scan {
    let (tokens, unclosed_strings) = tokenize(source);
    let mut scanner = Scanner {
        source,
        tokens: &tokens,
        mask: source.as_bytes().to_vec(),
        open: Vec::new(),
        levels: vec![Level::default()],
        words: 0,
        signs: 0,
        next_word: next_meaningful(&tokens),
        out: Scan::default(),
        first: None,
        last_end: 0,
        doc: Vec::new(),
        broken: false,
    };
    scanner.run(&unclosed_strings);
    let Scanner { mask, mut out, .. } = scanner;
    // Whole comments and single newlines were replaced by blanks: still UTF-8.
    out.masked = String::from_utf8(mask).unwrap_or_else(|_| source.to_owned());
    out.tokens = tokens;
    out
}

struct Scanner<'s> {
    source: &'s str,
    tokens: &'s [Token],
    mask: Vec<u8>,
    open: Vec<Token>,
    /// What nests without brackets, at each level of the brackets.
    levels: Vec<Level>,
    /// The sum over the levels.
    words: usize,
    /// Signs and powers of the current statement: the parser may go deeper for each.
    signs: usize,
    /// For each token the next one that is no newline and no comment.
    next_word: Vec<usize>,
    out: Scan,
    /// Where the current statement begins.
    first: Option<usize>,
    last_end: usize,
    doc: Vec<&'s str>,
    /// Whether the current statement has a problem and must not be parsed.
    broken: bool,
}

/// Words and arrows that make the parser go deeper inside one pair of brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// `->`, `if` and `else`: a comma ends what they reach.
    until_comma: usize,
    /// `where`: its bindings are separated by commas, so only the end of the statement does.
    wheres: usize,
}

/// For each token the number of the first one from it on that is no newline and no comment.
fn next_meaningful(tokens: &[Token]) -> Vec<usize> {
    let mut next = vec![tokens.len(); tokens.len()];
    let mut last = tokens.len();
    for (number, token) in tokens.iter().enumerate().rev() {
        if !matches!(token.kind, TokenKind::Newline | TokenKind::Comment | TokenKind::Doc) {
            last = number;
        }
        next[number] = last;
    }
    next
}

impl<'s> Scanner<'s> {
    fn run(&mut self, unclosed_strings: &[Unclosed]) {
        let mut previous: Option<Token> = None;
        for (number, &token) in self.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Newline => {
                    if self.continues(previous, number) {
                        self.blank(token);
                    } else if self.open.is_empty() {
                        self.end_statement(false);
                        previous = None;
                    } else {
                        self.clear_level(false);
                    }
                    continue;
                }
                TokenKind::Comment => {
                    self.blank(token);
                    continue;
                }
                TokenKind::Doc => {
                    self.blank(token);
                    if self.first.is_none() {
                        let text = token.text(self.source).trim_start_matches('#');
                        self.doc.push(text.strip_prefix(' ').unwrap_or(text).trim_end());
                    }
                    continue;
                }
                TokenKind::Semicolon if self.open.is_empty() => {
                    self.end_statement(true);
                    previous = None;
                    continue;
                }
                _ => {}
            }
            if !self.open.is_empty() && self.begins_statement(token, number) {
                self.report_unclosed(token.start);
            }
            if self.first.is_none() {
                self.first = Some(token.start);
            }
            self.last_end = token.end;
            match token.kind {
                TokenKind::Open => {
                    self.open.push(token);
                    self.levels.push(Level::default());
                    self.deepen(token, 0);
                }
                TokenKind::Close => self.close(token),
                TokenKind::Unknown => self.problem(Problem::UnknownCharacter(token)),
                TokenKind::String => {
                    if unclosed_strings.iter().any(|open| open.0 == token.start) {
                        self.problem(Problem::UnclosedString(token.start));
                        self.out.incomplete = true;
                    }
                    let inside = self.look_into_holes(token);
                    self.deepen(token, inside);
                }
                TokenKind::Comma => self.clear_level(true),
                TokenKind::Operator | TokenKind::Word => self.nest(token),
                _ => {}
            }
            previous = Some(token);
        }
        if !self.open.is_empty() {
            self.out.incomplete = true;
            self.out.open_brackets = self.open.len();
            self.report_unclosed(self.source.len());
        }
        if previous.is_some_and(|token| self.wants_more(token)) {
            self.out.incomplete = true;
        }
        self.end_statement(false);
    }

    fn blank(&mut self, token: Token) {
        for byte in &mut self.mask[token.start..token.end] {
            *byte = b' ';
        }
    }

    /// Counts what nests without brackets.
    fn nest(&mut self, token: Token) {
        let Some(level) = self.levels.last_mut() else { return };
        match token.text(self.source) {
            "->" | "→" | "if" | "else" => level.until_comma += 1,
            "where" => level.wheres += 1,
            "-" | "not" | "^" => {
                // These cost the parser a little stack each; the tree has a limit of its own.
                self.signs += 1;
                self.out.nesting = self.out.nesting.max(self.signs);
                return;
            }
            _ => return,
        }
        self.words += 1;
        self.deepen(token, 0);
    }

    /// Forgets the levels of closed brackets.
    fn close_levels(&mut self) {
        for level in self.levels.drain((self.open.len() + 1).min(self.levels.len())..) {
            self.words -= level.until_comma + level.wheres;
        }
    }

    /// Begins the innermost level anew; a comma ends nothing while a `where` binds names.
    fn clear_level(&mut self, comma: bool) {
        if let Some(level) = self.levels.last_mut()
            && !(comma && level.wheres > 0)
        {
            self.words -= level.until_comma + level.wheres;
            *level = Level::default();
        }
    }

    fn deepen(&mut self, token: Token, inside: usize) {
        let depth = self.open.len() + self.words + inside;
        self.out.nesting = self.out.nesting.max(depth);
        if depth > MAX_DEPTH {
            self.problem(Problem::TooDeep(token));
        }
    }

    /// Blanks the newlines in the code of holes (those in the text of the string stay) and says
    /// how deep that code goes at the most.
    fn look_into_holes(&mut self, token: Token) -> usize {
        let text = token.text(self.source);
        if !text.contains('{') {
            return 0;
        }
        let (mut depth, mut deepest, mut words) = (0_usize, 0_usize, 0_usize);
        let mut escaped = false;
        for (offset, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'{' => depth += 1,
                b'(' | b'[' if depth > 0 => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b'\n' if depth > 0 => self.mask[token.start + offset] = b' ',
                b'>' if depth > 0 => words += 1,
                b'i' | b'w' if depth > 0 => {
                    let rest = &text.as_bytes()[offset..];
                    words += usize::from(rest.starts_with(b"if") || rest.starts_with(b"where"));
                }
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        deepest + words
    }

    /// The first problem of a statement; those behind it are its consequences.
    fn problem(&mut self, problem: Problem) {
        if !std::mem::replace(&mut self.broken, true) {
            self.out.problems.push(problem);
        }
    }

    fn close(&mut self, close: Token) {
        let fits = |open: &Token| {
            matches!(
                (open.text(self.source), close.text(self.source)),
                ("(", ")") | ("[", "]") | ("{", "}")
            )
        };
        match self.open.last() {
            None => self.problem(Problem::Unopened(close)),
            Some(open) if fits(open) => {
                self.open.pop();
                self.close_levels();
            }
            Some(&open) => {
                // `f(a]`: drop the bracket that does not fit. If an outer one fits, the inner
                // ones are the ones that were forgotten.
                let outer = self.open.iter().rposition(fits);
                self.problem(Problem::Mismatch { open, close });
                match outer {
                    Some(depth) => self.open.truncate(depth),
                    None => {
                        self.open.pop();
                    }
                }
                self.close_levels();
            }
        }
    }

    /// `let` and `import` never stand inside brackets: one at the start of a line means that a
    /// bracket above was forgotten.
    fn begins_statement(&self, token: Token, number: usize) -> bool {
        token.kind == TokenKind::Word
            && matches!(token.text(self.source), "let" | "import")
            && number > 0
            && self.tokens[..number]
                .iter()
                .rev()
                .find(|t| t.kind != TokenKind::Doc && t.kind != TokenKind::Comment)
                .is_some_and(|t| t.kind == TokenKind::Newline)
            && self
                .tokens
                .get(number + 1)
                .is_some_and(|t| matches!(t.kind, TokenKind::Word | TokenKind::String))
    }

    fn report_unclosed(&mut self, stop: usize) {
        if let Some(open) = self.open.pop() {
            self.open.clear();
            self.problem(Problem::Unclosed { open, stop });
        }
        self.end_statement(false);
    }

    fn end_statement(&mut self, hidden: bool) {
        self.levels.clear();
        self.levels.push(Level::default());
        (self.words, self.signs) = (0, 0);
        let Some(start) = self.first.take() else {
            // A lone `;` or an empty line: a comment block above does not document what follows
            // an empty line.
            return;
        };
        let doc = (!self.doc.is_empty()).then(|| self.doc.join("\n"));
        self.doc.clear();
        let broken = std::mem::take(&mut self.broken);
        let end = self.last_end;
        self.out.statements.push(RawStatement { start, end, doc, hidden, broken });
    }

    /// Whether a newline means nothing: inside (…) and […], after an operator, before `|>` and
    /// the words that go on with an expression.
    fn continues(&self, previous: Option<Token>, number: usize) -> bool {
        if let Some(open) = self.open.last()
            && open.text(self.source) != "{"
        {
            return true;
        }
        let Some(previous) = previous else { return false };
        if self.wants_more(previous) {
            return true;
        }
        let next = self.next_word.get(number).and_then(|next| self.tokens.get(*next));
        next.is_some_and(|token| match token.kind {
            TokenKind::Operator => token.text(self.source) == "|>",
            TokenKind::Word => {
                matches!(token.text(self.source), "where" | "then" | "else" | "and" | "or")
            }
            _ => false,
        })
    }

    /// Whether an expression cannot end with this token.
    fn wants_more(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::Operator => !(self.open.is_empty() && token.text(self.source) == ":"),
            TokenKind::Comma => self.open.is_empty(),
            TokenKind::Word => matches!(
                token.text(self.source),
                "and" | "or" | "not" | "div" | "mod" | "in" | "if" | "then" | "else" | "where"
            ),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(source: &str) -> Vec<&str> {
        let scanned = scan(source);
        let whole = scanned.statements.iter().filter(|s| !s.broken);
        whole.map(|s| &source[s.start..s.end]).collect()
    }

    #[test]
    fn newlines_end_statements_only_where_they_can() {
        assert_eq!(statements("a +\n b\nf (x)\n-3"), ["a +\n b", "f (x)", "-3"]);
        assert_eq!(statements("xs\n  # why\n\n  |> f\ny"), ["xs\n  # why\n\n  |> f", "y"]);
        assert_eq!(statements("let x = (1\n + 2)\n3"), ["let x = (1\n + 2)", "3"]);
        assert_eq!(statements("if a\n then 1\n else 2; b;"), ["if a\n then 1\n else 2", "b"]);
    }

    #[test]
    fn docs_belong_to_the_statement_below() {
        let scanned = scan("## One.\n## Two.\nlet f(x) = x # no\n\nf(1);");
        assert_eq!(scanned.statements[0].doc.as_deref(), Some("One.\nTwo."));
        assert_eq!(scanned.statements[1].doc, None);
        assert!(scanned.statements[1].hidden);
    }

    #[test]
    fn a_forgotten_bracket_costs_one_statement() {
        let source = "let a = [1, 2\nlet b = 3\nb";
        let scanned = scan(source);
        assert_eq!(statements(source), ["let b = 3", "b"]);
        assert!(matches!(scanned.problems[..], [Problem::Unclosed { .. }]));
        assert!(!scanned.incomplete);
    }

    #[test]
    fn incomplete_input_is_known() {
        for source in ["f(1,", "let x =", "network {", "1 +", "\"abc", "x where"] {
            assert!(scan(source).incomplete, "{source}");
        }
        for source in ["f(1)", "", "let x = 3", "f(1))"] {
            assert!(!scan(source).incomplete, "{source}");
        }
    }
}
