//! A text with several cells in it, as it comes over a pipe: programs, and between them magics and
//! questions, each of which stands on lines of its own.

use super::completeness::{Completeness, completeness};
use super::magic::{Cell, split};
use crate::syntax::{Problem, scan};

/// The line before a cell in a file of several.
const SEPARATOR: &str = "# %%";

/// The cells of a text, in its order. Each begins with as many empty lines as there are lines
/// before it, so that the places of its errors are those of the text.
///
/// A magic or a question begins where a statement could begin, at the very beginning of a line.
/// It takes its line; `%time` takes the statement that begins there, and `%%…` all that follows; a
/// Rust cell ends before a line that begins with `%%`, or with `# %%` as in files that `%save` writes.
pub fn cells(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    // The first line of the program that is being read.
    let mut start = 0;
    let mut line = 0;
    while line < lines.len() {
        if !is_no_program(lines[line]) || is_open(&lines[start..line]) {
            line += 1;
            continue;
        }
        push(&mut found, &lines, start..line);
        let mut end = line + 1;
        if matches!(split(lines[line]), Cell::RustCell { .. }) {
            let ends = |line: &&str| line.starts_with("%%") || line.starts_with(SEPARATOR);
            end = lines[end..].iter().position(ends).map_or(lines.len(), |at| end + at);
        } else if lines[line].starts_with("%%") {
            end = lines.len();
        } else if matches!(split(lines[line]), Cell::Time(_) | Cell::Timeit(_)) {
            while end < lines.len() && is_open(&lines[line..end]) {
                end += 1;
            }
        }
        push(&mut found, &lines, line..end);
        (start, line) = (end, end);
    }
    push(&mut found, &lines, start..lines.len());
    found
}

fn push(found: &mut Vec<String>, lines: &[&str], range: std::ops::Range<usize>) {
    let cell = lines[range.clone()].concat();
    if !cell.trim().is_empty() {
        found.push(format!("{}{cell}", "\n".repeat(range.start)));
    }
}

/// Whether a line is a magic or a question, if a statement may begin there.
fn is_no_program(line: &str) -> bool {
    !line.starts_with(char::is_whitespace) && !matches!(split(line), Cell::Program(_))
}

/// Whether the lines want more of them.
fn is_open(lines: &[&str]) -> bool {
    let text = lines.concat();
    let text = text.trim_end_matches(['\n', '\r']);
    let is_unclosed = |problem: &Problem| matches!(problem, Problem::UnclosedString(_));
    matches!(completeness(text), Completeness::Incomplete { .. })
        || scan(text).problems.iter().any(is_unclosed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_stay_whole() {
        for text in ["let x = 2\nx\n  |> sqrt\nx + 1\n", "1", "let f(x) =\n  x\nf(2)\n"] {
            assert_eq!(cells(text), [text]);
        }
        assert!(cells("").is_empty() && cells("\n \n").is_empty());
    }

    #[test]
    fn magics_and_questions_stand_between_them() {
        let found = cells("let x = 2\n%who\nx + 1\n?sqrt\nx?\nx\n");
        let wanted = [
            "let x = 2\n",
            "\n%who\n",
            "\n\nx + 1\n",
            "\n\n\n?sqrt\n",
            "\n\n\n\nx?\n",
            "\n\n\n\n\nx\n",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_continues_a_statement_is_no_magic() {
        let text = "let t = \"a\n%who\n?x\n\"\n[1,\n%who\n]\n";
        assert_eq!(cells(text).len(), 1);
    }

    #[test]
    fn time_takes_a_statement_and_two_signs_take_all() {
        assert_eq!(cells("%time [1,\n2]\n3\n"), ["%time [1,\n2]\n", "\n\n3\n"]);
        assert_eq!(cells("%time\n1\n2\n").len(), 2);
        assert_eq!(cells("1\n%%time\n1\n%who\n"), ["1\n", "\n%%time\n1\n%who\n"]);
    }
}
