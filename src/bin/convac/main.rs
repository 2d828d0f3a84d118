//! `convac`: run, check, format and explain `.cac` programs.

mod arguments;
mod commands;
mod notebook;
mod report;
mod run;
mod signals;
mod sink;
mod stop;

use clap::Parser;

use arguments::{Cli, Command};

/// Everything went well.
const OK: u8 = 0;
/// A program has errors.
const DIAGNOSTICS: u8 = 1;
/// The command line has errors; clap uses the same number.
const USAGE: u8 = 2;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> std::process::ExitCode {
    // A panic becomes error E99 where it is caught; the default message would only repeat it.
    std::panic::set_hook(Box::new(|_| {}));
    let cli = Cli::parse();
    let colors = report::Colors::choose(cli.color);
    let code = match cli.command {
        Command::Run(args) => run::run(&args, colors),
        Command::Check { file, json } => commands::check(&file, json, colors),
        Command::Fmt { files, check } => commands::format(&files, check, colors),
        Command::Doc { name } => commands::doc(name.as_deref(), colors),
        Command::Explain { code } => commands::explain(code.as_deref(), colors),
        Command::Notebook { file, output } => notebook::convert(&file, output.as_deref(), colors),
        Command::Completions { shell } => commands::completions(shell),
    };
    std::process::ExitCode::from(report::after_writing(code, colors))
}
