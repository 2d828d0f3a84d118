//! Whether a text can run as it stands, or wants more lines: what Enter does in a console.

use super::magic::{self, Cell};
use super::rust_cells;
use crate::diagnostic::SourceId;
use crate::syntax::{Problem, Scan, TokenKind, gives_up_at_end, goes_on, parse, scan};

/// What becomes of a text when Enter is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More lines are wanted.
    Incomplete {
        /// The blanks that the next line begins with.
        indent: String,
    },
    /// It has errors that no further line mends; running it tells them.
    Invalid,
    /// There is nothing but blanks.
    Empty,
}

/// The blanks of one level.
const STEP: usize = 2;

/// Says whether a text can run.
///
/// A text that begins with `%`, or asks with `?`, is complete; after `%time` the program decides.
/// A `%%` cell goes on until an empty line ends it, as in IPython.
pub fn completeness(text: &str) -> Completeness {
    if text.trim().is_empty() {
        return Completeness::Empty;
    }
    match magic::split(text) {
        Cell::Program(program) | Cell::Time(program) | Cell::Timeit(program) => of_program(program),
        Cell::Markdown(body) => of_body(body),
        Cell::RustCell { code, .. } => match of_body(code) {
            // An empty line inside of a function or a string does not end the cell.
            Completeness::Complete if rust_cells::is_open(code) => {
                Completeness::Incomplete { indent: String::new() }
            }
            other => other,
        },
        Cell::Unknown { name } if name.starts_with("%%") => {
            of_body(text.split_once('\n').map_or("", |(_, body)| body))
        }
        _ => Completeness::Complete,
    }
}

/// The body of a cell magic is complete after an empty line.
fn of_body(body: &str) -> Completeness {
    let last_is_empty = body.rsplit_once('\n').is_some_and(|(_, last)| last.trim().is_empty());
    if last_is_empty {
        Completeness::Complete
    } else {
        Completeness::Incomplete { indent: String::new() }
    }
}

fn of_program(text: &str) -> Completeness {
    let scanned = scan(text);
    if let Some(end) = open_string(text, &scanned) {
        // The lines behind it are text, whatever they look like: the first one decides.
        return of_program(text.get(..end).unwrap_or(""));
    }
    let last = scanned.statements.last();
    let Some(last) = last.filter(|_| scanned.incomplete || wants_branch(text, &scanned)) else {
        return if !parse(text, SourceId::default()).errors.is_empty() {
            Completeness::Invalid
        } else if ends_with_doc(&scanned) {
            Completeness::Incomplete { indent: String::new() }
        } else {
            Completeness::Complete
        };
    };
    // Everything before the last statement must be right already.
    let before = text.get(..last.start).unwrap_or("");
    let mendable = |problem: &Problem| match problem {
        Problem::Unclosed { stop, .. } => *stop >= text.len(),
        Problem::UnclosedString(at) => *at >= last.start,
        _ => false,
    };
    if !scanned.problems.iter().all(mendable)
        || !parse(before, SourceId::default()).errors.is_empty()
        || !(gives_up_at_end(&scanned) || ends_with_operator(text, &scanned))
    {
        return Completeness::Invalid;
    }
    Completeness::Incomplete { indent: indent(text, &scanned) }
}

/// Whether the last line is documentation of what comes next.
fn ends_with_doc(scanned: &Scan) -> bool {
    let mut tokens = scanned.tokens.iter().rev().map(|token| token.kind);
    tokens.next() == Some(TokenKind::Doc)
        && tokens.next().is_none_or(|kind| kind == TokenKind::Newline)
}

/// Where the first line of a string ends that goes on over the following lines and is not closed.
fn open_string(text: &str, scanned: &Scan) -> Option<usize> {
    let start = scanned.problems.iter().find_map(|problem| match problem {
        Problem::UnclosedString(at) => Some(*at),
        _ => None,
    })?;
    let end = start + text.get(start..)?.find('\n')?;
    goes_on(text, start).then_some(end)
}

/// Whether the last statement is an `if` whose `then` or `else` may stand on the next line.
fn wants_branch(text: &str, scanned: &Scan) -> bool {
    let Some(last) = scanned.statements.last() else { return false };
    let words =
        scanned.tokens.iter().filter(|t| t.start >= last.start && t.kind == TokenKind::Word);
    let mut open = 0_i64;
    for word in words {
        match word.text(text) {
            "if" => open += 1,
            "else" => open -= 1,
            _ => {}
        }
    }
    // A semicolon ends the statement for good.
    open > 0 && !last.hidden && !last.broken && gives_up_at_end(scanned)
}

/// `x |>` and its like: the parser gives up before the operator, because what comes behind it
/// decides what it is.
fn ends_with_operator(text: &str, scanned: &Scan) -> bool {
    let Some(last) = scanned.statements.last() else { return false };
    let Some(token) = scanned.tokens.iter().rfind(|t| t.end == last.end) else { return false };
    if token.kind == TokenKind::String {
        return false;
    }
    let before = text.get(last.start..token.start).unwrap_or("");
    scanned.open_brackets == 0 && parse(before, SourceId::default()).errors.is_empty()
}

/// Two blanks for each open bracket, or for an expression that goes on; never less than the last
/// line has itself. Inside a string blanks would be text.
fn indent(text: &str, scanned: &Scan) -> String {
    if scanned.problems.iter().any(|problem| matches!(problem, Problem::UnclosedString(_))) {
        return String::new();
    }
    let levels = scanned.open_brackets.max(1);
    let last = text.trim_end().rsplit('\n').next().unwrap_or("");
    let own = last.len() - last.trim_start_matches(' ').len();
    let closes = last.trim_start().starts_with([')', ']', '}']);
    let least = if closes { 0 } else { own };
    " ".repeat((levels * STEP).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incomplete(text: &str) -> usize {
        match completeness(text) {
            Completeness::Incomplete { indent } => indent.len(),
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn nothing_and_comments() {
        assert_eq!(completeness(""), Completeness::Empty);
        assert_eq!(completeness(" \n\t\n"), Completeness::Empty);
        assert_eq!(completeness("## doc\n# why"), Completeness::Complete);
        assert_eq!(completeness(";"), Completeness::Complete);
    }

    #[test]
    fn programs() {
        for text in [
            "1",
            "let x = 3\n",
            "x # and so on",
            "let 𝛼 = \"α\"; 𝛼",
            "f(1,\n  2)",
            "if a then 1 else 2",
            "network {\n  input(4, dim = 2)\n}",
            "[x for x in xs if x > 2]",
            "## doc\nlet f(x) = x",
            "## doc\n",
            "x ## doc",
        ] {
            assert_eq!(completeness(text), Completeness::Complete, "{text:?}");
        }
    }

    #[test]
    fn more_is_wanted() {
        for (text, indent) in [
            ("network {", 2),
            ("f(", 2),
            ("let x =", 2),
            ("1 +", 2),
            ("xs |>", 2),
            ("f([1, {a: 2,", 6),
            ("network {\n    conv(4)", 4),
            ("f(g(\n  1\n)", 2),
            ("\"abc", 0),
            ("print(\"abc", 0),
            ("## doc", 0),
            ("# why\n## doc\n## and more", 0),
            ("let a = 1\n## doc", 0),
            ("\"abc\nlet me see\nlet", 0),
            ("\"abc\nimport nothing", 0),
            ("\"abc\nit's 1 2 (", 0),
            ("print(\"abc\n\n  def) $\n", 0),
            ("let a = 1\nlet b = f([\"{a} is\nno code {g(\n\"x\"", 0),
            ("x where", 2),
            ("if a", 2),
            ("if a then 1", 2),
            ("if a\n  then 1", 2),
            ("[x for x in", 2),
            ("let f(x", 2),
            ("let a = 1\nlet b = [", 2),
            ("not", 2),
            ("\"{f(\"x\")} and {g(", 0),
        ] {
            assert_eq!(incomplete(text), indent, "{text:?}");
        }
    }

    #[test]
    fn errors_that_no_line_mends() {
        for text in [
            "f(1))",
            "let = 3",
            "1 2",
            "f(1 2,",
            "f(a]",
            "let a = [1, 2\nlet b = 3",
            "let a = \"x\nlet b = 3",
            "let a = \"x\nlet f(x) = 3",
            "let a = \"x\nimport \"b.cac\"",
            "1 2\n## doc",
            "f(1 2, \"abc\ndef",
            "\"abc\ndef \"x\" ghi",
            "1 2\nnetwork {",
            "$",
            "f($",
            "if a;",
            "let if = [",
        ] {
            assert_eq!(completeness(text), Completeness::Invalid, "{text:?}");
        }
    }

    #[test]
    fn magics() {
        for text in ["%who", "%foo", "?min_cut", "min_cut?", "??cut", "%time 1 + 1", "%time"] {
            assert_eq!(completeness(text), Completeness::Complete, "{text:?}");
        }
        assert_eq!(incomplete("%time network {"), 2);
        assert_eq!(incomplete("%%markdown"), 0);
        assert_eq!(incomplete("%%markdown\n"), 0);
        assert_eq!(incomplete("%%markdown\n# Title"), 0);
        assert_eq!(completeness("%%markdown\n# Title\n"), Completeness::Complete);
    }
}
