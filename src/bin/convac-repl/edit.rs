//! `%edit`: a program in the editor of the user's choice.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use convac::diagnostic::{Code, Diagnostic};
use convac::session::Session;

use super::{keyboard, stop};

/// What was edited.
pub enum Edited {
    /// A file of the user's.
    File(PathBuf),
    /// A program.
    Program(String),
}

/// Opens the `last` program, the program that binds a name, or a file, and waits for its end.
///
/// # Errors
/// E08 when there is no editor, when it fails, or when the text cannot be written or read; E06
/// when there is no such program.
pub fn edit(what: &str, last: &str, session: &Session) -> Result<Edited, Box<Diagnostic>> {
    if is_path(what) {
        open(Path::new(what))?;
        return Ok(Edited::File(PathBuf::from(what)));
    }
    let program = if what.is_empty() {
        last
    } else {
        session.program_that_binds(what).ok_or_else(|| {
            let message = format!("no program of this session binds `{what}`");
            let hint = format!("%edit {what}.cac opens a file");
            Box::new(Diagnostic::new(Code::Domain, message).hint(hint))
        })?
    };
    let draft = Draft::with(program)?;
    open(&draft.0)?;
    convac::builtins::read_text(&draft.0).map(Edited::Program)
}

/// Whether a file is meant: names of the language have no dots and no slashes.
fn is_path(what: &str) -> bool {
    what.contains(['.', '/', '\\']) || (!what.is_empty() && Path::new(what).is_file())
}

/// The editor with a file, until it ends. Its Ctrl-C is its own.
fn open(path: &Path) -> Result<(), Box<Diagnostic>> {
    let chosen = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok());
    let editor = chosen.into_iter().find(|editor| !editor.trim().is_empty());
    let editor = editor.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned());
    stop::lend(true);
    let turn = keyboard::lend();
    let ended = start(&editor, path);
    drop(turn);
    stop::lend(false);
    let error = |message: String| {
        Box::new(Diagnostic::new(Code::File, message).hint("EDITOR=nano convac-repl"))
    };
    match ended {
        Ok(status) if status.success() => Ok(()),
        // What a shell says of a program that it does not find.
        Ok(status) if status.code() == Some(127) => {
            Err(error(format!("there is no editor {editor:?}")))
        }
        Ok(status) => Err(error(format!("the editor {editor:?} failed ({status}): nothing runs"))),
        Err(cause) => Err(error(format!("the editor {editor:?} cannot be started: {cause}"))),
    }
}

/// The variable may hold arguments and quotes, as in `code --wait`: the shell knows.
#[cfg(unix)]
fn start(editor: &str, path: &Path) -> std::io::Result<ExitStatus> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
    shell.stdin(keyboard::for_others()).status()
}

#[cfg(not(unix))]
fn start(editor: &str, path: &Path) -> std::io::Result<ExitStatus> {
    let mut words = editor.split_whitespace();
    let mut program = Command::new(words.next().unwrap_or("notepad"));
    program.args(words).arg(path).stdin(keyboard::for_others()).status()
}

/// A file that nobody else reads; it goes with the value.
struct Draft(PathBuf);

impl Draft {
    fn with(text: &str) -> Result<Self, Box<Diagnostic>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let folder = std::env::temp_dir();
        let failed = |cause: std::io::Error| {
            let message = format!("cannot write into {}: {cause}", folder.display());
            Box::new(Diagnostic::new(Code::File, message).hint("%edit first.cac"))
        };
        let mut number = 0;
        loop {
            let path = folder.join(format!("convac-{}-{number}.cac", std::process::id()));
            match options.open(&path) {
                Ok(mut file) => {
                    let draft = Self(path);
                    let ending = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                    file.write_all(format!("{text}{ending}").as_bytes()).map_err(failed)?;
                    return Ok(draft);
                }
                Err(cause)
                    if cause.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 =>
                {
                    number += 1;
                }
                Err(cause) => return Err(failed(cause)),
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
