//! Errors and pages on the terminal.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use convac::diagnostic::{Code, Diagnostic, Sources, render, to_ansi, to_plain};
use convac::terminal::wrapped;
use serde_json::json;

/// When to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

/// Whether messages on the standard error are coloured.
#[derive(Clone, Copy, Debug)]
pub struct Colors(pub bool);

impl Colors {
    /// The choice of the command line, of NO_COLOR and CLICOLOR_FORCE, and of the terminal.
    pub fn choose(when: When) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self(match when {
            When::Always => true,
            When::Never => false,
            When::Auto if no_color => false,
            When::Auto if set("CLICOLOR_FORCE") => true,
            When::Auto => std::io::stderr().is_terminal() && !dumb,
        })
    }
}

/// Writes errors to the standard error, with an empty line between them; in the width of the
/// terminal if it is one.
pub fn print_errors(errors: &[Diagnostic], sources: &Sources, colors: Colors) {
    let columns = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| width.0);
    let mut out = std::io::stderr().lock();
    for (number, error) in errors.iter().enumerate() {
        let pieces = render(error, sources);
        let text = if colors.0 { to_ansi(&pieces) } else { to_plain(&pieces) };
        let text = match columns {
            Some(columns) => wrapped(&text, usize::from(columns)),
            None => text,
        };
        let gap = if number > 0 { "\n" } else { "" };
        // Nobody is left to be told that the standard error is closed.
        let _ = writeln!(out, "{gap}{text}");
    }
}

/// An error as one line of `--json`.
pub fn error_json(error: &Diagnostic, sources: &Sources) -> serde_json::Value {
    json!({ "error": convac::session::error_json(error, sources) })
}

/// Why the standard output could not be written, the first time that happened.
static WRITE_FAILURE: OnceLock<String> = OnceLock::new();

/// Whether the standard output cannot be written any more.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Writes text to the standard output; false if that cannot be done any more. A reader who went
/// away is no failure; a full disk is one, which [`after_writing`] tells.
pub fn print(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            CLOSED.store(true, Ordering::SeqCst);
            if error.kind() != ErrorKind::BrokenPipe {
                let _ = WRITE_FAILURE.set(error.to_string());
            }
            false
        }
    }
}

/// Whether the standard output cannot be written any more.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::SeqCst)
}

/// The exit code of a process that wrote what it could: what was not written is an error.
pub fn after_writing(code: u8, colors: Colors) -> u8 {
    let Some(cause) = WRITE_FAILURE.get() else { return code };
    let message = format!("cannot write the standard output: {cause}");
    let error = Diagnostic::new(Code::File, message).hint("make room where the output goes");
    print_errors(&[error], &Sources::default(), colors);
    code.max(super::DIAGNOSTICS)
}
