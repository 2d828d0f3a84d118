//! Where shown values, printed lines and progress go.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::value::{Failure, Value, failure};

/// A value that is shown: a bare expression at the top level, or `show(x)`.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The value.
    pub value: Value,
    /// The expression, or the call of `show`.
    pub span: Span,
    /// The first line of the expression, from 1.
    pub line: usize,
    /// Whether it is the value of the last bare expression: the result of the cell.
    pub result: bool,
}

/// How far a long computation is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What is counted.
    pub done: u64,
    /// How many there are.
    pub total: u64,
    /// Time since it began.
    pub elapsed: Duration,
    /// What else there is to tell, such as a loss; often nothing.
    pub note: String,
}

/// The sink of a session: the terminal, a file, a notebook.
pub trait Output: Send + Sync {
    /// A line that `print` wrote, with its newline.
    fn stream(&self, text: &str);

    /// A line that `warn` wrote, with its newline; beside what a program prints.
    fn warn(&self, text: &str) {
        self.stream(text);
    }

    /// A value is shown.
    fn show(&self, shown: &Shown);

    /// A value is shown again, with all its rows and columns.
    fn show_whole(&self, shown: &Shown) {
        self.show(shown);
    }

    /// What the cell has shown goes away, at once or when something new is shown. Where nothing
    /// can be taken back, nothing happens.
    fn clear(&self, _wait: bool) {}

    /// A page of help, in both of its forms.
    fn page(&self, plain: &str, _html: &str) {
        self.stream(&format!("{plain}\n"));
    }

    /// Text in Markdown.
    fn markdown(&self, text: &str) {
        self.stream(&format!("{}\n", text.trim_end()));
    }

    /// A long computation goes on; called some ten times a second from half a second on. The
    /// last call has `done == total`.
    fn progress(&self, _progress: &Progress) {}

    /// Something else than the program takes long, such as the start of a helper; said again with
    /// other words as it goes on. The last one has `done`.
    fn status(&self, _text: &str, _done: bool) {}

    /// What a cell of another language shows, by MIME type; bytes are in base64, as notebooks keep
    /// them.
    fn forms(&self, forms: &BTreeMap<String, String>) {
        if let Some(plain) = forms.get("text/plain") {
            self.stream(&format!("{}\n", plain.trim_end_matches('\n')));
        }
    }

    /// Reads a line from the user.
    ///
    /// # Errors
    /// E08 where there is nobody to ask.
    fn ask(&self, prompt: &str, _password: bool) -> Result<String, Failure> {
        Err(failure(
            crate::diagnostic::Code::File,
            format!("there is nobody to answer {prompt:?}"),
            "let answer = \"…\"",
        ))
    }
}

/// A sink that drops everything: for checks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Output for Silent {
    fn stream(&self, _text: &str) {}

    fn show(&self, _shown: &Shown) {}
}
