//! The helper of convac that runs Rust cells, by evcxr.
//!
//! It is one program in three processes. The **helper** talks to the notebook in frames
//! ([`convac_rust_wire`]) and has evcxr compile cells. The **runtime** loads and runs them. Between
//! the two, a process that user code cannot harm keeps apart what cells print and what evcxr and its
//! runtime tell each other over the same pipe.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(unix)]
mod between;
#[cfg(unix)]
mod control;
#[cfg(unix)]
mod engine;
#[cfg(unix)]
mod errors;
#[cfg(unix)]
mod folder;
#[cfg(unix)]
mod helper;
#[cfg(unix)]
mod outlet;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod runtime;
#[cfg(unix)]
mod splitter;
#[cfg(unix)]
mod toolchain;

use std::process::ExitCode;

/// Which of the three processes this is.
const ROLE: &str = "CONVAC_RUST_ROLE";

#[cfg(unix)]
fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("between") => return between::run(),
        Ok("runtime") => return runtime::run(),
        _ => {}
    }
    // Stands in for rustc where evcxr's cache is used.
    evcxr::runtime_hook();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--folder", folder] => helper::run(folder.as_ref()),
        ["--version"] => {
            println!("convac-rust-cells {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("convac starts this program for cells that begin with %%rust.");
            ExitCode::from(2)
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("Rust cells need a Unix system.");
    let _ = ROLE;
    ExitCode::from(2)
}
