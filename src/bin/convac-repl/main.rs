//! `convac-repl`: a session in a terminal, or over a pipe.

mod arguments;
mod assistant;
mod config;
mod converse;
mod edit;
mod editor;
#[cfg_attr(not(unix), path = "keyboard_elsewhere.rs")]
mod keyboard;
mod keys;
mod lines;
mod offers;
mod past;
#[path = "../convac/report.rs"]
mod report;
mod session;
#[path = "../convac/signals.rs"]
mod signals;
mod sink;
mod stop;
mod tall;
#[cfg(unix)]
mod typed;

use std::io::IsTerminal;

use clap::Parser;
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
    let talk = Talk::new(&cli);
    let code = run(&talk, &cli);
    keyboard::restore();
    std::process::ExitCode::from(report::after_writing(code, talk.colors()))
}

fn run(talk: &Talk, cli: &Cli) -> u8 {
    let is_typed = std::io::stdin().is_terminal();
    let edits = is_typed && std::io::stdout().is_terminal() && !cli.json && !talk.is_dumb();
    if edits && let Err(code) = talk.open_editor(cli) {
        return code;
    }
    let mut code = OK;
    if let Some(path) = &cli.init {
        code = talk.load(path);
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
    if is_typed {
        // What failed before was told, and was mended or not by who sits there.
        return if edits { talk.converse() } else { talk.converse_in_lines() };
    }
    match lines::all() {
        Ok(text) => code.max(talk.run_all("stdin", &text)),
        Err(error) => {
            talk.report(&[*error]);
            DIAGNOSTICS
        }
    }
}
