//! `convac-repl`: a session in a terminal, or over a pipe.

mod arguments;
mod config;
mod edit;
mod editor;
mod past;
#[path = "../convac/report.rs"]
mod report;
mod session;
mod sink;
mod stop;
mod tall;

use std::io::{IsTerminal, Read};

use clap::Parser;
use convac::diagnostic::{Code, Diagnostic};
use convac::terminal::Screen;

use arguments::Cli;
use session::Talk;

/// Everything went well.
const OK: u8 = 0;
/// A program has errors.
const DIAGNOSTICS: u8 = 1;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The size of the terminal; 80 columns and 24 rows where there is none.
fn screen() -> Screen {
    let size = terminal_size::terminal_size();
    let (columns, rows) = size.map_or((80, 24), |(width, height)| {
        (usize::from(width.0).max(1), usize::from(height.0).max(1))
    });
    Screen { columns, rows, cell: None }
}

fn main() -> std::process::ExitCode {
    // A panic becomes error E99 where it is caught; the default message would only repeat it.
    std::panic::set_hook(Box::new(|_| {}));
    let cli = Cli::parse();
    std::process::ExitCode::from(run(&cli))
}

fn run(cli: &Cli) -> u8 {
    let talk = Talk::new(cli);
    if let Some(path) = &cli.init {
        let code = talk.load(path);
        if code != OK && !cli.eval.is_empty() {
            return code;
        }
    }
    if !cli.eval.is_empty() {
        for program in &cli.eval {
            let code = talk.run("-e", program);
            if code != OK {
                return code;
            }
        }
        return OK;
    }
    if std::io::stdin().is_terminal() {
        return talk.converse(cli);
    }
    match read_all() {
        Ok(text) => talk.run("stdin", &text),
        Err(error) => {
            talk.report(&[*error]);
            DIAGNOSTICS
        }
    }
}

/// The standard input to its end.
fn read_all() -> Result<String, Box<Diagnostic>> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(1 << 30).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())
        .and_then(|_| String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned()))
        .map_err(|why| {
            let message = format!("cannot read the standard input: {why}");
            Box::new(Diagnostic::new(Code::File, message).hint("convac-repl -i first.cac"))
        })
}
