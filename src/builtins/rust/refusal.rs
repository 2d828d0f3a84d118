//! Why there is no answer from Rust, in the words of the language.

use crate::diagnostic::{Code, Diagnostic};
use crate::rust::{CellFailure, CompilerError, Refusal};

/// How many lines of the helper's log are shown.
const LOG: usize = 6;

/// What is lost with a process, for a sentence.
fn lost(names: &[String]) -> String {
    const NAMED: usize = 8;
    match names {
        [] => "no variables are lost".into(),
        [one] => format!("the variable {one} is lost"),
        _ => {
            let mut list = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            if names.len() > NAMED {
                list += &format!(" and {} more", names.len() - NAMED);
            }
            format!("the variables {list} are lost")
        }
    }
}

/// The note behind the end of a process that held variables.
fn kept() -> &'static str {
    "functions, types and imports of cells are kept; what `rust_fn` gave must be asked for again"
}

/// An error of the compiler without its places: what it says, and what could help.
pub fn compiler_error(error: &CompilerError) -> Diagnostic {
    let mut lines = error.message.lines();
    let first = lines.next().unwrap_or("");
    let message = match &error.code {
        Some(code) => format!("{first} [{code}]"),
        None => first.to_owned(),
    };
    let mut diagnostic = Diagnostic::new(Code::Rust, message);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        diagnostic = diagnostic.note(line.trim_end().to_owned());
    }
    if let Some(name) = &error.about_out {
        diagnostic = diagnostic.note(format!("this is about `--out {name}`"));
    }
    for note in &error.notes {
        diagnostic = diagnostic.note(note.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let mut helps = error.helps.iter();
    let hint = helps
        .next()
        .cloned()
        .or_else(|| error.code.as_ref().map(|code| format!("rustc --explain {code}")));
    for help in helps {
        diagnostic = diagnostic.note(help.clone());
    }
    diagnostic.hint(hint.unwrap_or_else(|| "convac explain E10".into()))
}

/// The errors of a refusal; only those of the compiler are several.
pub fn errors(refusal: &Refusal) -> Vec<Diagnostic> {
    match refusal {
        Refusal::Failed(CellFailure::Compiler { errors }) => {
            errors.iter().map(compiler_error).collect()
        }
        other => vec![error(other)],
    }
}

fn error(refusal: &Refusal) -> Diagnostic {
    let rust = |message: String| Diagnostic::new(Code::Rust, message);
    match refusal {
        Refusal::Missing { what, hint } => {
            Diagnostic::new(Code::File, what.clone()).hint(hint.clone())
        }
        Refusal::Failed(failure) => failed(failure),
        Refusal::Gone { how, log } => {
            let mut error = rust(format!("the helper for Rust cells ended: {how}"));
            for line in log.iter().skip(log.len().saturating_sub(LOG)) {
                error = error.note(line.clone());
            }
            error
                .note(
                    "all that Rust cells had made is lost; the next Rust cell starts a new helper",
                )
                .hint("run the cells again that define what you need")
        }
        Refusal::Stopped { lost: false } => {
            Diagnostic::new(Code::Interrupted, "interrupted before Rust was ready")
                .hint("run it again")
        }
        Refusal::Stopped { lost: true } => Diagnostic::new(
            Code::Interrupted,
            "interrupted; the process of Rust cells had to be ended",
        )
        .note("all that Rust cells had made is lost; the next Rust cell starts a new one")
        .hint("run the cells again that define what you need"),
        Refusal::Fault(fault) => {
            rust(fault.why.clone()).hint("return a Result to say what is wrong")
        }
        Refusal::FunctionGone => rust("the process that held this Rust function has ended".into())
            .hint("let f = rust_fn(\"f\")"),
        Refusal::File(why) => Diagnostic::new(Code::File, why.clone()).hint("%rust restart"),
    }
}

fn failed(failure: &CellFailure) -> Diagnostic {
    let rust = |message: String| Diagnostic::new(Code::Rust, message);
    match failure {
        CellFailure::Compiler { errors } => errors
            .first()
            .map_or_else(|| rust("the compiler refuses the cell".into()), compiler_error),
        CellFailure::Refused { message } => {
            let mut lines = message.lines().filter(|line| !line.trim().is_empty());
            let mut error =
                rust(lines.next().unwrap_or("evcxr refuses the cell").trim().to_owned());
            for line in lines.take(20) {
                error = error.note(line.trim_end().to_owned());
            }
            error.hint("convac explain E10")
        }
        CellFailure::Panicked { message, elsewhere, .. } => {
            let mut lines = message.lines();
            let mut error = rust(format!("the cell panicked: {}", lines.next().unwrap_or("")));
            for line in lines.take(20) {
                error = error.note(line.to_owned());
            }
            let error = match elsewhere {
                Some(place) => error.note(format!("at {place}")),
                None => error,
            };
            error
                .note("variables of before are kept, but for those that the cell had taken; its own do not exist")
                .hint("return a Result, or test what may be missing")
        }
        CellFailure::Returned => {
            rust("the cell ended early: a `?` met an error, which is printed above".into())
                .note("variables of before are kept; its own do not exist")
                .hint("match result { Ok(value) => …, Err(error) => … }")
        }
        CellFailure::Ended { how, lost: names } => {
            let memory = how.starts_with("signal 6");
            let error = rust(format!("the process of Rust cells ended: {how}")).note(format!(
                "{}; {}",
                lost(names),
                kept()
            ));
            match memory {
                true => error.hint("if memory ran out: %%rust --memory 8192 (MiB)"),
                false => error.hint("run the cells again that bind what you need"),
            }
        }
        CellFailure::Interrupted { lost: None } => {
            Diagnostic::new(Code::Interrupted, "interrupted while it was compiled; nothing is lost")
                .hint("run it again")
        }
        CellFailure::Interrupted { lost: Some(names) } => {
            Diagnostic::new(Code::Interrupted, "interrupted; the process of Rust cells was ended")
                .note(format!("{}; {}", lost(names), kept()))
                .hint("run the cells again that bind what you need")
        }
        CellFailure::TimedOut { seconds, lost: names } => {
            let error = Diagnostic::new(
                Code::Resource,
                format!("the cell took longer than {seconds} s and was stopped"),
            );
            let error = match names {
                Some(names) => error.note(format!("{}; {}", lost(names), kept())),
                None => error.note("it was still being compiled; nothing is lost"),
            };
            error.hint(format!("%%rust --seconds {}", 10.0 * seconds))
        }
        CellFailure::NoFunction { defined } => {
            let error = Diagnostic::new(Code::Name, "no Rust cell defines this function");
            match defined.as_slice() {
                [] => error.note("no cell has defined anything"),
                names => error.note(format!("cells define {}", names.join(", "))),
            }
            .hint("fn f(x: f64) -> f64 { x * x }")
        }
    }
}
