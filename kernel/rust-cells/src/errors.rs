//! What evcxr and the compiler say, in the terms of the cell that the user wrote.

use convac_rust_wire::{CompilerError, Span};
use evcxr::CompilationError;

/// Where the user's cell stands in the text that was run: with lines put in behind its commands, which
/// take values over, and lines behind it that give variables back.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Lines of the cell before those that are put in.
    pub commands: usize,
    /// Lines that are put in.
    pub above: usize,
    /// Lines of the cell.
    pub lines: usize,
    /// The variables of the lines behind it.
    pub given: Vec<String>,
}

impl Frame {
    /// The line of the cell, or behind it, that a line of the whole text is.
    fn line(&self, line: usize) -> Option<usize> {
        if line <= self.commands {
            return Some(line);
        }
        line.checked_sub(self.above).filter(|line| *line > self.commands)
    }
}

/// What the crate `cac` says of types that do not cross.
const CROSSING: &str = "cannot become a `.cac` value";

/// The errors, each with the places that are in the cell.
pub fn told(errors: &[CompilationError], frame: &Frame) -> Vec<CompilerError> {
    let mut out: Vec<CompilerError> = Vec::new();
    // Warnings come with the errors, and a line that counts them.
    let real = |error: &&CompilationError| {
        error.level() == "error" && !error.message().starts_with("aborting due to")
    };
    let some = errors.iter().any(|error| real(&error));
    let told_of = errors.iter().filter(|error| !some || real(error));
    for error in told_of.map(|error| one(error, frame)) {
        // A type that does not cross lacks more than one thing, and the compiler says some errors twice.
        let told = out.iter_mut().find(|told| {
            **told == error || told.about_out.is_some() && told.about_out == error.about_out
        });
        match told {
            None => out.push(error),
            Some(told) if error.message.contains(CROSSING) => *told = error,
            Some(_) => {}
        }
    }
    out
}

fn one(error: &CompilationError, frame: &Frame) -> CompilerError {
    let mut spans = Vec::new();
    let mut about_out = None;
    let mut messages: Vec<_> = error.spanned_messages().iter().collect();
    messages.sort_by_key(|message| !message.is_primary);
    for message in messages {
        let Some(span) = message.span else { continue };
        let Some(line) = frame.line(span.start_line) else { continue };
        if line > frame.lines {
            about_out = about_out.or_else(|| frame.given.get(line - frame.lines - 1).cloned());
            continue;
        }
        let end_line = frame.line(span.end_line).unwrap_or(line).clamp(line, frame.lines.max(line));
        // evcxr puts the message where the compiler has no label.
        let label = match message.label.strip_prefix("error: ") {
            Some(rest) if rest == error.message() => String::new(),
            _ => message.label.clone(),
        };
        spans.push(Span {
            line,
            column: span.start_column,
            end_line,
            end_column: span.end_column,
            label,
        });
    }
    let children = error.json["children"].as_array().cloned().unwrap_or_default();
    let notes = children.iter().filter(|child| child["level"] == "note");
    let notes = notes.filter_map(|child| child["message"].as_str().map(str::to_owned));
    let helps = error.help().into_iter().chain(error.evcxr_extra_hint().map(str::to_owned));
    // What shall be written stands below the words, after an empty line.
    let helps = helps.map(|help| match help.split_once("\n\n") {
        Some((words, text)) => format!("{words}: `{}`", text.trim()),
        None => help,
    });
    let mut helps: Vec<String> =
        helps.map(|help| help.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mut notes: Vec<String> = notes.filter(|note| !note.contains("evcxr")).collect();
    if error.message().contains(CROSSING) {
        // What crosses is said by the first note; the rest is about how that is written in Rust.
        notes.truncate(1);
        helps = vec!["give back the parts that `.cac` needs: numbers, text, lists, records".into()];
    }
    CompilerError {
        message: error.message(),
        code: error.code().map(str::to_owned),
        spans,
        helps,
        notes,
        about_out,
    }
}

/// Where a line of the generated crate stands in a cell: the line of the cell with the same text, if
/// there is exactly one.
pub fn place(source: &str, line: usize, cell: &str) -> Option<usize> {
    let text = source.lines().nth(line.checked_sub(1)?)?;
    let mut same =
        cell.lines().enumerate().filter(|(_, here)| *here == text && !here.trim().is_empty());
    match (same.next(), same.next()) {
        (Some((number, _)), None) => Some(number + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_cell() {
        let source = "mod a {}\nfn main() {\nlet x = 1;\npanic!();\n}\n";
        assert_eq!(place(source, 4, "let x = 1;\npanic!();"), Some(2));
        assert_eq!(place(source, 4, "panic!();\npanic!();"), None);
        assert_eq!(place(source, 1, "panic!();"), None);
        assert_eq!(place(source, 9, "panic!();"), None);
        assert_eq!(place(source, 0, "panic!();"), None);
    }
}
