//! What a language has to offer, so that the kernel can serve it.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::protocol::HistoryRequest;

/// What a client asks first.
#[derive(Clone, Debug)]
pub struct Info {
    /// The name of the kernel.
    pub implementation: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Shown by consoles when they start.
    pub banner: String,
    /// `language_info`
    pub language: Json,
    /// `help_links`
    pub help: Json,
}

/// A value in several forms, by MIME type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    /// The forms; `text/plain` always.
    pub data: Map<String, Json>,
    /// Sizes of pictures.
    pub metadata: Map<String, Json>,
}

/// Why a cell failed, as clients show it.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineError {
    /// The class of the error.
    pub name: String,
    /// One line.
    pub value: String,
    /// What is shown, with ANSI colours.
    pub traceback: Vec<String>,
    /// For programs that read errors.
    pub metadata: Map<String, Json>,
}

/// Possible continuations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// The first byte that they replace.
    pub start: usize,
    /// One past the last byte that they replace.
    pub end: usize,
    /// The continuations, best first.
    pub items: Vec<CompletedItem>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedItem {
    /// What is written.
    pub text: String,
    /// `function`, `argument`, …
    pub kind: &'static str,
    /// How it is called, or its type.
    pub signature: String,
    /// One line.
    pub doc: String,
}

/// Whether a cell can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More must follow, on a line that begins with this.
    Incomplete(String),
    /// No continuation mends it.
    Invalid,
}

/// An entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The session, from 1.
    pub session: u64,
    /// The line, from 1.
    pub line: u64,
    /// The program.
    pub input: String,
    /// What it gave, as text.
    pub output: Option<String>,
}

/// What came of a cell that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The text of the result, for the history.
    pub output: Option<String>,
}

/// Why a question to the user has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The client does not ask its user anything.
    Nobody,
    /// The user interrupted.
    Interrupted,
}

/// Where the outputs of one cell go.
pub trait Output: Send + Sync {
    /// Text on `stdout` or `stderr`.
    fn stream(&self, name: &'static str, text: &str);

    /// A value is shown; one with an id can be changed later.
    fn display(&self, bundle: Bundle, id: Option<&str>);

    /// What is shown under this id changes.
    fn update(&self, bundle: Bundle, id: &str);

    /// The value of the cell.
    fn result(&self, bundle: Bundle);

    /// A page of help: consoles open it in their pager, notebooks below the cell.
    fn page(&self, bundle: Bundle);

    /// What is shown goes away, at once or when something new comes.
    fn clear(&self, wait: bool);

    /// Asks the user for a line.
    ///
    /// # Errors
    /// Why there is no answer.
    fn ask(&self, prompt: &str, password: bool) -> Result<String, NoAnswer>;
}

/// A language.
pub trait Engine: Send + 'static {
    /// What it is.
    fn info(&self) -> Info;

    /// The stack that cells need, in bytes.
    fn stack(&self) -> usize;

    /// Called once, first thing on the thread of cells.
    fn begin(&self) {}

    /// A function that stops the cell that runs, from any thread.
    fn stopper(&self) -> Arc<dyn Fn() + Send + Sync>;

    /// Forgets a stop that was asked for; called between cells.
    fn clear_stop(&self);

    /// Runs a cell with this number.
    ///
    /// # Errors
    /// Why it failed.
    fn execute(
        &mut self,
        number: u64,
        code: &str,
        output: Arc<dyn Output>,
    ) -> Result<Answered, Box<EngineError>>;

    /// The value of an expression, without any output.
    ///
    /// # Errors
    /// Why it has none.
    fn evaluate(&mut self, expression: &str) -> Result<Bundle, Box<EngineError>>;

    /// What may stand at a byte of a cell.
    fn complete(&self, code: &str, byte: usize) -> Completed;

    /// What stands at a byte of a cell.
    fn inspect(&self, code: &str, byte: usize, detail: u8) -> Option<Bundle>;

    /// Whether a cell can run as it is.
    fn completeness(&self, code: &str) -> Completeness;

    /// Keeps a cell in the history. Gives a warning the first time that it cannot.
    fn remember(&mut self, number: u64, input: &str, output: Option<&str>) -> Option<String>;

    /// Entries of the history.
    fn history(&mut self, request: &HistoryRequest) -> Vec<Past>;
}
