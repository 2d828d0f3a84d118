//! The command line.

use std::path::PathBuf;

use clap::Parser;
use convac::terminal::Graphics;

use super::report::When;

/// A session with convac: what correlations can a deep convolutional network carry, and why?
///
/// Without a terminal on the standard input, what comes in is run without a prompt. With a
/// terminal only there, values go to the standard output and the prompt to the standard error.
#[derive(Debug, Parser)]
#[command(name = "convac-repl", version, about)]
pub struct Cli {
    /// Run this and leave; may be given several times.
    #[arg(short = 'e', long = "eval", value_name = "PROGRAM")]
    pub eval: Vec<String>,
    /// Run a file first, then stay.
    #[arg(short = 'i', long = "init", value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// One JSON object a line for every shown value.
    #[arg(long)]
    pub json: bool,
    /// Edit with the keys of vi.
    #[arg(long)]
    pub vi: bool,
    /// When to colour; NO_COLOR and CLICOLOR_FORCE are honoured.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub color: When,
    /// How pictures are shown in the terminal [default: what it can do].
    #[arg(long, value_name = "HOW", value_parser = clap::builder::PossibleValuesParser::new(Graphics::NAMES))]
    pub plots: Option<String>,
    /// Threads for comprehensions [default: all cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}
