//! What Rust cells need: a compiler, cargo, a linker and the sources of the standard library.

use std::path::Path;
use std::process::Command;

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What, in one line.
    pub what: String,
    /// The command that brings it.
    pub hint: String,
}

const RUSTUP: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";

fn missing(what: impl Into<String>, hint: &str) -> Missing {
    Missing { what: what.into(), hint: hint.into() }
}

/// What a program prints; `None` if it cannot be run or fails.
fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// The version of the compiler.
///
/// # Errors
/// The first thing that is missing.
pub fn look() -> Result<String, Missing> {
    let Some(rustc) = says("rustc", &["--version"]) else {
        return Err(missing("there is no Rust compiler: `rustc` cannot be run", RUSTUP));
    };
    if says("cargo", &["--version"]).is_none() {
        return Err(missing("`cargo` cannot be run, which builds Rust cells", RUSTUP));
    }
    // The linker that rustc calls unless it is told another one; `-v` needs no input.
    if says("cc", &["-v"]).is_none() {
        let hint = match std::env::consts::OS {
            "macos" => "xcode-select --install",
            _ => "sudo apt install build-essential",
        };
        return Err(missing("there is no linker: `cc` cannot be run", hint));
    }
    let root = says("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let sources = Path::new(&root).join("lib/rustlib/src/rust/library/std");
    if !sources.is_dir() {
        let what =
            "the sources of Rust's standard library are missing, from which types are found out";
        return Err(missing(what, "rustup component add rust-src"));
    }
    Ok(rustc)
}
