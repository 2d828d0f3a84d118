//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::report::When;

/// What correlations can a deep convolutional network carry, and why?
#[derive(Debug, Parser)]
#[command(name = "convac", version, about, propagate_version = true)]
pub struct Cli {
    /// When to colour messages; NO_COLOR and CLICOLOR_FORCE are honoured.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub color: When,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program and show every bare top-level expression.
    Run(RunArgs),
    /// Verify names, calls, types and shapes without running anything.
    Check {
        /// A .cac file; - is the standard input.
        file: PathBuf,
        /// Errors as JSON, one object a line.
        #[arg(long)]
        json: bool,
    },
    /// Format programs in place; - formats the standard input to the standard output.
    Fmt {
        /// .cac files, or -.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Change nothing; exit with 1 if a file is not formatted.
        #[arg(long)]
        check: bool,
    },
    /// Print the page of a builtin, or the list of all.
    Doc {
        /// Its name.
        name: Option<String>,
    },
    /// Explain an error code such as E05, or list all.
    Explain {
        /// The code.
        code: Option<String>,
    },
    /// Turn a .cac program into a notebook, or a notebook into a program.
    Notebook {
        /// A .cac or .ipynb file; - is a program on the standard input.
        file: PathBuf,
        /// Where to; the standard output without it.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// A .cac file; - is the standard input.
    pub file: PathBuf,
    /// One JSON object a line for every shown value.
    #[arg(long)]
    pub json: bool,
    /// Let a top-level `let NAME = …` bind another value.
    #[arg(long = "set", value_name = "NAME=EXPR")]
    pub set: Vec<String>,
    /// Write every shown picture as SVG and PNG into this folder.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Threads for comprehensions [default: all cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Run again whenever the file changes.
    #[arg(long)]
    pub watch: bool,
}
