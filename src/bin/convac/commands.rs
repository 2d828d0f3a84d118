//! The small commands: check, fmt, doc, explain, completions.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use convac::diagnostic::{Code, Diagnostic, Sources, did_you_mean};
use convac::session::Session;
use convac::symbol::Symbol;

use super::arguments::Cli;
use super::report::{Colors, error_json, print, print_errors};
use super::run::{read_source, report_plain};
use super::{DIAGNOSTICS, OK, stop};

pub fn check(file: &Path, json: bool, colors: Colors) -> u8 {
    let session = Session::default();
    stop::handle(session.interrupt());
    let (name, text) = match read_source(file) {
        Ok(source) => source,
        Err(error) => {
            report_plain(&error, json, colors);
            return DIAGNOSTICS;
        }
    };
    let path = (file.as_os_str() != "-").then_some(file);
    let errors = session.check(&name, &text, path);
    if json {
        for error in &errors {
            print(&format!("{}\n", error_json(error, session.sources())));
        }
    } else {
        print_errors(&errors, session.sources(), colors);
    }
    if errors.is_empty() { OK } else { DIAGNOSTICS }
}

pub fn format(files: &[PathBuf], check: bool, colors: Colors) -> u8 {
    let mut code = OK;
    for file in files {
        match format_one(file, check, colors) {
            Ok(true) => {}
            Ok(false) => code = DIAGNOSTICS,
            Err(error) => {
                report_plain(&error, false, colors);
                code = DIAGNOSTICS;
            }
        }
    }
    code
}

/// Formats one file; false if it has errors or, with `check`, is not formatted.
fn format_one(file: &Path, check: bool, colors: Colors) -> Result<bool, Box<Diagnostic>> {
    let (name, text) = read_source(file)?;
    let sources = Sources::default();
    let source = sources.add(name.as_str(), text.as_str());
    let formatted = match convac::syntax::format(&text, source) {
        Ok(formatted) => formatted,
        Err(errors) => {
            print_errors(&errors, &sources, colors);
            return Ok(false);
        }
    };
    if check {
        if formatted != text {
            eprintln!("{name} is not formatted");
        }
        return Ok(formatted == text);
    }
    if file.as_os_str() == "-" {
        print(&formatted);
    } else if formatted != text {
        convac::builtins::write_whole(file, formatted.as_bytes())?;
    }
    Ok(true)
}

pub fn doc(name: Option<&str>, colors: Colors) -> u8 {
    let session = Session::default();
    let registry = session.registry();
    let Some(name) = name else {
        print(&format!("{}\n", convac::builtins::manual::overview(registry)));
        return OK;
    };
    if let Some(builtin) = registry.get(Symbol::new(name)) {
        print(&format!("{}\n", convac::builtins::manual::page(builtin, registry)));
        return OK;
    }
    let error = Diagnostic::new(Code::Name, format!("there is no builtin `{name}`"));
    let names: Vec<&str> = registry.iter().map(|builtin| builtin.name).collect();
    let error = match did_you_mean(name, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("convac doc"),
    };
    report_plain(&error, false, colors);
    DIAGNOSTICS
}

pub fn explain(code: Option<&str>, colors: Colors) -> u8 {
    let Some(wanted) = code else {
        for code in Code::ALL {
            let title = code.page().lines().next().unwrap_or("").trim_start_matches("# ");
            print(&format!("{title}\n"));
        }
        return OK;
    };
    match wanted.parse::<Code>() {
        Ok(code) => {
            print(code.page());
            OK
        }
        Err(_) => {
            let error = Diagnostic::new(Code::Name, format!("there is no error code {wanted:?}"));
            report_plain(&error.hint("convac explain E05"), false, colors);
            DIAGNOSTICS
        }
    }
}

pub fn completions(shell: clap_complete::Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "convac", &mut script);
    print(&String::from_utf8_lossy(&script));
    OK
}
