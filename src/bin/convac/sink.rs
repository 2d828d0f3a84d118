//! Where `convac run` writes shown values: as text or as JSON, and pictures into a folder.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use convac::diagnostic::{Diagnostic, Sources};
use convac::evaluate::{Output, Progress, Shown};
use convac::interrupt::Interrupt;
use convac::session::{Bundle, Pictures, shown_json};
use convac::value::Failure;
use serde_json::json;

use super::report::{error_json, print};

/// The sink of a run.
pub struct Sink {
    json: bool,
    pictures: Option<Pictures>,
    interrupt: Interrupt,
    sources: Sources,
    /// Errors of pictures that could not be drawn or written.
    errors: Mutex<Vec<Diagnostic>>,
    progress: Option<Mutex<bool>>,
}

impl Sink {
    pub fn new(json: bool, plots: Option<PathBuf>, interrupt: Interrupt, sources: Sources) -> Self {
        let visible = std::io::stderr().is_terminal();
        Self {
            json,
            pictures: plots.map(Pictures::new),
            interrupt,
            sources,
            errors: Mutex::default(),
            progress: visible.then(Mutex::default),
        }
    }

    /// The errors of pictures.
    pub fn take_errors(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.errors.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Writes an error as JSON.
    pub fn write_error(&self, error: &Diagnostic) {
        self.write(&format!("{}\n", error_json(error, &self.sources)));
    }

    fn write(&self, text: &str) {
        self.clear_progress();
        if !print(text) {
            self.interrupt.trigger();
        }
    }

    fn fail(&self, failure: &Failure, shown: &Shown) {
        let error = Diagnostic::clone(failure).or_at(shown.span);
        self.errors.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(error);
    }

    fn clear_progress(&self) {
        if let Some(visible) = &self.progress {
            let mut visible = visible.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if std::mem::take(&mut *visible) {
                let _ = write!(std::io::stderr(), "\r\x1b[J");
            }
        }
    }
}

impl Output for Sink {
    fn stream(&self, text: &str) {
        if self.json {
            self.write(&format!("{}\n", json!({ "stream": "stdout", "text": text })));
        } else {
            self.write(text);
        }
    }

    fn warn(&self, text: &str) {
        if self.json {
            self.write(&format!("{}\n", json!({ "stream": "stderr", "text": text })));
        } else {
            self.clear_progress();
            // Nobody is left to be told that the standard error is closed.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    fn show(&self, shown: &Shown) {
        if self.json {
            match shown_json(shown) {
                Ok(line) => self.write(&format!("{line}\n")),
                Err(failure) => self.fail(&failure, shown),
            }
        } else {
            self.write(&format!("{}\n", Bundle(&shown.value).plain()));
        }
        if let Some(Err(failure)) = self.pictures.as_ref().map(|pictures| pictures.write(shown)) {
            self.fail(&failure, shown);
        }
    }

    fn progress(&self, progress: &Progress) {
        let Some(visible) = &self.progress else { return };
        if progress.done >= progress.total {
            self.clear_progress();
            return;
        }
        *visible.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        // The cursor stays at its beginning: there it is found again in a narrower terminal too.
        let line = convac::session::progress_line(progress);
        let _ = std::io::stderr().write_all(format!("\r{line}\x1b[K\r").as_bytes());
    }

    fn ask(&self, prompt: &str, _password: bool) -> Result<String, Failure> {
        let mut line = String::new();
        let gap = if prompt.ends_with(char::is_whitespace) { "" } else { " " };
        let _ = write!(std::io::stderr(), "{prompt}{gap}");
        match std::io::stdin().read_line(&mut line) {
            Ok(length) if length > 0 => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
            _ => Err(convac::value::failure(
                convac::diagnostic::Code::File,
                format!("there is nobody to answer {prompt:?}"),
                "echo answer | convac run file.cac",
            )),
        }
    }
}
