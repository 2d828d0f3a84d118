//! `%%rust`: what a cell hands over and takes back, and its errors at their places.

use std::sync::Arc;

use super::Session;
use super::candidates::{Candidates, Rank};
use super::cells::Asked;
use super::complete::{Completion, CompletionKind, Completions};
use crate::builtins::rust::{Known, Telling, compiler_error, errors, inward, outward};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::evaluate::{Output, Shown};
use crate::rust::{Cell, CellFailure, CellSpan, Cells, CompilerError, Refusal};
use crate::symbol::Symbol;
use crate::syntax::{RESERVED, continues_word, starts_word};
use crate::value::{Failure, Value};

/// What stands behind `%%rust`.
#[derive(Debug, Default)]
struct Options<'t> {
    bring: Vec<&'t str>,
    give: Vec<&'t str>,
    seconds: Option<f64>,
    /// In MiB.
    memory: Option<u64>,
}

impl Session {
    fn rust(&self) -> Cells {
        self.kept.get()
    }

    /// `%rust`
    pub(super) fn rust_process(
        &self,
        wish: &str,
        asked: &Asked<'_>,
        output: &dyn Output,
    ) -> Result<(), Failure> {
        let lost = "variables, functions and dependencies of Rust cells are gone";
        match wish {
            "" | "status" => {
                let status = self.rust().status();
                let text =
                    |value: Option<String>, none: &str| Value::string(value.unwrap_or(none.into()));
                let memory = status.memory.map(|bytes| format!("{} MiB", bytes >> 20));
                let fields = vec![
                    (Symbol::new("program"), text(status.program, "not installed")),
                    (Symbol::new("process"), status.process.map_or(Value::None, Value::int)),
                    (Symbol::new("rustc"), text(status.rustc, "not started")),
                    (Symbol::new("folder"), text(status.folder, "none")),
                    (Symbol::new("memory"), text(memory, "no limit")),
                ];
                let value = Value::record(fields)?;
                output.show(&Shown { value, span: asked.name(), line: 1, result: true });
            }
            "restart" | "stop" => {
                let text = match self.rust().stop() {
                    true if wish == "stop" => format!("Rust is stopped: {lost}\n"),
                    true => format!("Rust is stopped, the next Rust cell starts it anew: {lost}\n"),
                    false => "Rust was not running; the next Rust cell starts it\n".into(),
                };
                output.stream(&text);
            }
            other => {
                let message = format!("`%rust` knows status, restart and stop, not {other:?}");
                let error = Diagnostic::new(Code::Call, message).at(asked.argument(), "");
                return Err(error.hint("%rust restart").into());
            }
        }
        Ok(())
    }

    /// `%%rust`
    pub(super) fn run_rust(
        &mut self,
        asked: &Asked<'_>,
        options: &str,
        code: &str,
        output: &dyn Output,
    ) -> Vec<Diagnostic> {
        match self.try_rust(asked, options, code, output) {
            Ok(()) => Vec::new(),
            Err(errors) => errors,
        }
    }

    fn try_rust(
        &mut self,
        asked: &Asked<'_>,
        options: &str,
        code: &str,
        output: &dyn Output,
    ) -> Result<(), Vec<Diagnostic>> {
        let options = read_options(asked, options).map_err(|error| vec![*error])?;
        if code.trim().is_empty() && options.give.is_empty() {
            return Err(vec![asked.missing("Rust code in the lines below")]);
        }
        let mut cell = Cell {
            code,
            give: options.give.iter().map(|name| (*name).to_owned()).collect(),
            seconds: options.seconds,
            memory: options.memory.map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
            ..Cell::default()
        };
        let known: Known = self.kept.get();
        for name in &options.bring {
            let value = self.globals.get(Symbol::new(name)).cloned();
            let value = value.ok_or_else(|| vec![self.unbound(asked, name)])?;
            let (crossed, ty) = outward(&value, &known).map_err(|failure| {
                let mut error = *failure;
                error.message = format!("`{name}`: {}", error.message);
                vec![error.or_at(place(asked, name))]
            })?;
            cell.bring.push(((*name).to_owned(), ty, crossed));
        }
        let outcome = self.rust().execute(&cell, &Telling(output), &self.interrupt);
        let outcome = outcome.map_err(|refusal| placed(asked, code, &refusal))?;
        let mut bound = Vec::new();
        for (name, value) in options.give.iter().zip(outcome.given) {
            let value = inward(value, &known).map_err(|failure| {
                let mut error = *failure;
                error.message = format!("`{name}`: {}", error.message);
                vec![error.or_at(place(asked, name))]
            })?;
            bound.push((Symbol::new(name), value));
        }
        let globals = Arc::make_mut(&mut self.globals);
        for (name, value) in bound {
            globals.set(name, value);
        }
        // A last expression without a value shows nothing, as `none` does.
        let unit = outcome.data.len() == 1
            && outcome.data.get("text/plain").is_some_and(|text| text == "()");
        if !outcome.data.is_empty() && !unit {
            output.forms(&outcome.data);
        }
        Ok(())
    }

    fn unbound(&self, asked: &Asked<'_>, name: &str) -> Diagnostic {
        let error = Diagnostic::new(Code::Name, format!("there is no value `{name}` to hand over"))
            .at(place(asked, name), "");
        let names = self.globals.iter().map(|(name, _)| name.as_str());
        match did_you_mean(name, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("let {name} = 8")),
        }
    }

    /// What could be written in the code of a Rust cell, as rust-analyzer says.
    pub(super) fn in_rust(&self, text: &str, body: usize, cursor: usize) -> Completions {
        let code = text.get(body..).unwrap_or("");
        let Some((start, end, items)) = self.rust().complete(code, cursor - body) else {
            return Completions { start: cursor, end: cursor, items: Vec::new() };
        };
        let item = |item: crate::rust::Completion| Completion {
            text: item.text,
            kind: match item.kind.as_str() {
                "function" | "method" => CompletionKind::Function,
                "field" => CompletionKind::Field,
                "keyword" => CompletionKind::Keyword,
                "magic" => CompletionKind::Magic,
                _ => CompletionKind::Value,
            },
            signature: item.label,
            doc: String::new(),
        };
        // What is replaced ends at the cursor: the caller looks at what follows.
        let start = body + start.min(end).min(cursor - body);
        Completions { start, end: cursor, items: items.into_iter().map(item).collect() }
    }

    /// What could be written behind `%%rust`.
    pub(super) fn in_rust_options(&self, text: &str, start: usize, cursor: usize) -> Completions {
        let before = text.get(start..cursor).unwrap_or("");
        let word = before.rfind([' ', ',', '=', '\t']).map_or(0, |at| at + 1);
        let mut found = Candidates::new(before.get(word..).unwrap_or(""));
        let mut option = before.get(..word).unwrap_or("").split([' ', ',', '=', '\t']);
        let option = option.rfind(|part| part.starts_with('-')).unwrap_or("");
        if option == "--in" {
            for (name, value) in self.globals.iter() {
                found.add(Rank::Global, name.as_str(), CompletionKind::Value, || {
                    (super::fields::value_text(value), String::new())
                });
            }
        }
        for (name, doc) in OPTIONS {
            found.add(Rank::Argument, name, CompletionKind::Argument, || {
                (String::new(), doc.to_owned())
            });
        }
        found.finish(start + word)
    }
}

/// What may stand behind `%%rust`.
const OPTIONS: [(&str, &str); 4] = [
    ("--in", "Values that the cell takes over, as Rust variables."),
    ("--out", "Variables that it gives back."),
    ("--seconds", "How long it may take."),
    ("--memory", "How much memory Rust cells may take, in MiB."),
];

/// Reads `--in a,b --out c --seconds 60 --memory 4096`.
fn read_options<'t>(asked: &Asked<'_>, text: &'t str) -> Result<Options<'t>, Failure> {
    const WORDS: [&str; 4] = [OPTIONS[0].0, OPTIONS[1].0, OPTIONS[2].0, OPTIONS[3].0];
    let mut options = Options::default();
    let mut word = "";
    let wrong = |message: String, part: &str| {
        let error = Diagnostic::new(Code::Call, message).at(place(asked, part), "");
        Box::new(error.hint("%%rust --in a,b --out c --seconds 60 --memory 4096"))
    };
    let mut taken = true;
    // `--in=a` is as good as `--in a`, and blanks may stand around commas.
    let parts = text.split(|c: char| c.is_whitespace() || c == ',' || c == '=');
    for part in parts.filter(|part| !part.is_empty()) {
        if part.starts_with('-') && !part[1..].starts_with(|c: char| c.is_ascii_digit()) {
            if !taken {
                return Err(wrong(format!("`{word}` wants something behind it"), word));
            }
            if !WORDS.contains(&part) {
                let error = wrong(format!("`%%rust` has no option `{part}`"), part);
                return Err(match did_you_mean(part, WORDS) {
                    Some(near) => Box::new(error.hint(format!("did you mean `{near}`?"))),
                    None => error,
                });
            }
            (word, taken) = (part, false);
            continue;
        }
        taken = true;
        match word {
            "--in" | "--out" => {
                if !part.starts_with(starts_word) || !part.chars().all(continues_word) {
                    return Err(wrong(format!("{part:?} is no name"), part));
                }
                if RESERVED.contains(&part) && word == "--out" {
                    return Err(wrong(
                        format!("`{part}` is a word of the language and no name"),
                        part,
                    ));
                }
                if !is_rust_name(part) {
                    let message = format!("`{part}` is no name of a variable in Rust");
                    let error = Diagnostic::new(Code::Call, message).at(place(asked, part), "");
                    let hint = match word {
                        "--in" => format!("let value = {part}"),
                        _ => format!("let value = {part};"),
                    };
                    return Err(Box::new(error.hint(hint)));
                }
                let names = if word == "--in" { &mut options.bring } else { &mut options.give };
                if !names.contains(&part) {
                    names.push(part);
                }
            }
            "--seconds" => match part.parse::<f64>() {
                Ok(seconds) if seconds > 0.0 && seconds.is_finite() => {
                    options.seconds = Some(seconds)
                }
                _ => {
                    return Err(wrong(
                        format!("`--seconds` wants a time in seconds, not {part:?}"),
                        part,
                    ));
                }
            },
            "--memory" => match part.parse::<u64>() {
                Ok(mebibytes) if mebibytes >= 16 => options.memory = Some(mebibytes),
                _ => {
                    let message = format!("`--memory` wants at least 16 (MiB), not {part:?}");
                    return Err(wrong(message, part));
                }
            },
            _ => return Err(wrong(format!("{part:?} belongs to no option"), part)),
        }
    }
    if taken {
        Ok(options)
    } else {
        Err(wrong(format!("`{word}` wants something behind it"), word))
    }
}

/// Whether Rust takes it as the name of a variable.
fn is_rust_name(name: &str) -> bool {
    const WORDS: [&str; 52] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
        "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
        "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
        "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "try",
        "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
    begins && name != "_" && chars.all(unicode_ident::is_xid_continue) && !WORDS.contains(&name)
}

/// Where a word stands behind `%%rust`: the last one, because `--out` comes last.
fn place(asked: &Asked<'_>, word: &str) -> Span {
    let Some(head) = &asked.head else { return asked.name() };
    let line = asked.text.get(head.argument.clone()).unwrap_or("");
    let whole = |at: &usize| {
        let (before, after) =
            (line.get(..*at).unwrap_or(""), line.get(at + word.len()..).unwrap_or(""));
        let joins = |c: char| continues_word(c) || c == '-';
        !before.ends_with(joins) && !after.starts_with(joins)
    };
    let found = line.match_indices(word).map(|(at, _)| at).filter(whole).last();
    found.map_or(asked.argument(), |at| {
        let start = head.argument.start + at;
        asked.span(start..start + word.len())
    })
}

/// The errors of a cell, each at its place.
fn placed(asked: &Asked<'_>, code: &str, refusal: &Refusal) -> Vec<Diagnostic> {
    let start = asked.text.len() - code.len();
    match refusal {
        Refusal::Failed(CellFailure::Compiler { errors }) if !errors.is_empty() => {
            errors.iter().map(|error| of_compiler(asked, code, error)).collect()
        }
        Refusal::Failed(CellFailure::Panicked { line: Some(line), column, .. }) => {
            let here = byte(code, *line, column.unwrap_or(1));
            let end = here
                + code
                    .get(here..)
                    .map_or(0, |rest| rest.find(['\n', ';', '(']).unwrap_or(rest.len()));
            let span = asked.span(start + here..start + end.max(here));
            errors(refusal).into_iter().map(|error| error.at(span, "here")).collect()
        }
        _ => errors(refusal).into_iter().map(|error| error.or_at(asked.name())).collect(),
    }
}

fn of_compiler(asked: &Asked<'_>, code: &str, error: &CompilerError) -> Diagnostic {
    let start = asked.text.len() - code.len();
    let here = |span: &CellSpan| -> Span {
        let begin = byte(code, span.line, span.column);
        let end = byte(code, span.end_line, span.end_column).max(begin);
        asked.span(start + begin..start + end)
    };
    let mut diagnostic = compiler_error(error);
    let mut spans = error.spans.iter();
    diagnostic = match (spans.next(), &error.about_out) {
        (Some(first), _) => diagnostic.at(here(first), first.label.clone()),
        (None, Some(name)) => diagnostic.at(place(asked, name), ""),
        (None, None) => diagnostic.at(asked.name(), ""),
    };
    for span in spans.filter(|span| !span.label.is_empty()) {
        diagnostic = diagnostic.because(here(span), span.label.clone());
    }
    diagnostic
}

/// The byte of a line and a column, both from 1, columns in characters.
fn byte(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = text.get(start..).unwrap_or("").split('\n').next().unwrap_or("");
    let within = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    start + within
}

/// Whether a bracket, a string or a comment of a Rust text is still open.
pub(super) fn is_open(code: &str) -> bool {
    let mut depth = 0_i64;
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '"' => end_of_string(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => end_of_raw_string(rest),
            '\'' => end_of_char(rest),
            '/' if rest.starts_with("//") => Some(rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => end_of_comment(rest),
            '(' | '[' | '{' => {
                depth += 1;
                Some(1)
            }
            ')' | ']' | '}' => {
                depth -= 1;
                Some(1)
            }
            c => Some(c.len_utf8()),
        };
        match skipped.and_then(|skipped| rest.get(skipped..)) {
            Some(after) => rest = after,
            None => return true,
        }
    }
    depth > 0
}

fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn end_of_raw_string(text: &str) -> Option<usize> {
    let signs = text.chars().skip(1).take_while(|c| *c == '#').count();
    if !text.get(1 + signs..)?.starts_with('"') {
        // A name such as `r#type`.
        return Some(1 + signs);
    }
    let end = format!("\"{}", "#".repeat(signs));
    text.get(2 + signs..)?.find(&end).map(|at| 2 + signs + at + end.len())
}

/// A character, or a lifetime.
fn end_of_char(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => Some(text.get(3..)?.find('\'').map_or(2, |at| at + 4)),
        (Some(_), Some((at, '\''))) => Some(at + 1),
        _ => Some(1),
    }
}

fn end_of_comment(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_characters() {
        let text = "ab\n𝛼b\n";
        assert_eq!(byte(text, 1, 1), 0);
        assert_eq!(byte(text, 1, 3), 2);
        assert_eq!(byte(text, 2, 2), 7);
        assert_eq!(byte(text, 2, 9), 8);
        assert_eq!(byte(text, 9, 1), text.len());
    }

    #[test]
    fn brackets_strings_and_comments() {
        for open in ["fn f() {\n\n", "(1,", "\"a", "r#\"a\"", "/* a /* b */", "let x = [1,\n"] {
            assert!(is_open(open), "{open}");
        }
        for closed in [
            "fn f<'a>(x: &'a str) -> char { '{' }",
            "let x = \"{\\\"(\";",
            "let y = r##\"{\"# ( \"##; // {",
            "let r#type = '\\''; /* { /* */ */",
            "'\\u{7d}'",
            "}",
            "",
        ] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
