//! The engine that ships: cells of a convac [`Session`].

mod sink;

use std::sync::{Arc, Mutex, PoisonError};

use convac::diagnostic::{Diagnostic, Sources, render, to_ansi, to_html};
use convac::evaluate::{Output as CellOutput, Settings, Shown, guard_this_thread};
use convac::interrupt::Interrupt;
use convac::session::{self, History, Session};
use convac::value::Value;
use serde_json::{Map, Value as Json, json};

use crate::kernel::{
    Answered, Bundle, Completed, CompletedItem, Completeness, Engine, EngineError, Info, Output,
    Past,
};
use crate::protocol::{HistoryAccess, HistoryRequest};
use sink::Sink;

/// A session with its history.
#[derive(Debug)]
pub struct Convac {
    session: Session,
    interrupt: Interrupt,
    history: History,
    stack: usize,
}

impl Convac {
    /// A new session. Gives a warning if its history cannot be kept.
    pub fn new(settings: Settings, history: History) -> Self {
        let stack = settings.stack;
        let session = Session::new(settings);
        Self { interrupt: session.interrupt(), session, history, stack }
    }
}

/// A value in all its forms; what cannot be drawn is told as a warning.
fn bundle(value: &Value) -> (Bundle, Vec<String>) {
    let forms = session::Bundle(value).mime();
    (
        Bundle { data: forms.data, metadata: forms.metadata },
        forms.failures.iter().map(|failure| failure.message.clone()).collect(),
    )
}

/// The errors of a cell as one: clients show exactly one.
fn failed(errors: &[Diagnostic], sources: &Sources) -> Box<EngineError> {
    let mut traceback = Vec::new();
    let mut html = String::new();
    for error in errors {
        let pieces = render(error, sources);
        if !traceback.is_empty() {
            traceback.push(String::new());
        }
        traceback.extend(to_ansi(&pieces).lines().map(str::to_owned));
        html.push_str(&to_html(&pieces));
    }
    let (name, mut value) = errors.first().map_or_else(Default::default, |first| {
        (format!("{} {:?}", first.code, first.code), first.message.clone())
    });
    match errors.len() {
        0 | 1 => {}
        2 => value.push_str(" (and 1 more error)"),
        n => value.push_str(&format!(" (and {} more errors)", n - 1)),
    }
    let all: Vec<Json> = errors.iter().map(|error| session::error_json(error, sources)).collect();
    let mut metadata = Map::new();
    metadata.insert("convac".to_owned(), json!({ "errors": all, "text/html": html }));
    Box::new(EngineError { name, value, traceback, metadata })
}

/// Keeps the last value that is shown, and nothing else.
#[derive(Debug, Default)]
struct Capture(Mutex<Option<Value>>);

impl CellOutput for Capture {
    fn stream(&self, _text: &str) {}

    fn show(&self, shown: &Shown) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown.value.clone());
    }
}

impl Engine for Convac {
    fn info(&self) -> Info {
        let version = env!("CARGO_PKG_VERSION");
        Info {
            implementation: "convac",
            version,
            banner: format!(
                "convac {version}: what correlations can a deep convolutional network carry, and why?\n\
                 ?min_cut shows a page, ??word searches them, %who lists the names"
            ),
            language: session::language_info(),
            help: json!([]),
        }
    }

    fn stack(&self) -> usize {
        // Twice over, so that a cell finds a whole stack free and needs no thread of its own.
        2 * self.stack
    }

    fn begin(&self) {
        guard_this_thread(2 * self.stack);
    }

    fn stopper(&self) -> Arc<dyn Fn() + Send + Sync> {
        let interrupt = self.interrupt.clone();
        Arc::new(move || interrupt.trigger())
    }

    fn clear_stop(&self) {
        self.interrupt.clear();
    }

    fn execute(
        &mut self,
        number: u64,
        code: &str,
        output: Arc<dyn Output>,
    ) -> Result<Answered, Box<EngineError>> {
        let sink = Arc::new(Sink::new(output));
        let name = format!("In[{number}]");
        let errors = self.session.run_cell(&name, code, Arc::clone(&sink) as _);
        sink.finish(errors.is_empty());
        if errors.is_empty() {
            Ok(Answered { output: sink.result() })
        } else {
            Err(failed(&errors, self.session.sources()))
        }
    }

    fn evaluate(&mut self, expression: &str) -> Result<Bundle, Box<EngineError>> {
        let capture = Arc::new(Capture::default());
        let output = Arc::clone(&capture) as Arc<dyn CellOutput>;
        let errors = self.session.run("expression", expression, None, output);
        if !errors.is_empty() {
            return Err(failed(&errors, self.session.sources()));
        }
        let value = capture.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match value {
            Some(value) => Ok(bundle(&value).0),
            None => {
                let error = Diagnostic::new(convac::diagnostic::Code::Syntax, "this has no value");
                Err(failed(&[error.hint("2 + 2")], self.session.sources()))
            }
        }
    }

    fn complete(&self, code: &str, byte: usize) -> Completed {
        let found = self.session.complete(code, byte);
        let item = |item: session::Completion| CompletedItem {
            text: item.text,
            kind: item.kind.as_str(),
            signature: item.signature,
            doc: item.doc,
        };
        let items = found.items.into_iter().map(item).collect();
        Completed { start: found.start, end: found.end, items }
    }

    fn inspect(&self, code: &str, byte: usize, detail: u8) -> Option<Bundle> {
        let page = self.session.inspect(code, byte, detail)?;
        Some(sink::page(&page.plain, &page.html))
    }

    fn completeness(&self, code: &str) -> Completeness {
        match session::completeness(code) {
            session::Completeness::Complete | session::Completeness::Empty => {
                Completeness::Complete
            }
            session::Completeness::Incomplete { indent } => Completeness::Incomplete(indent),
            session::Completeness::Invalid => Completeness::Invalid,
        }
    }

    fn remember(&mut self, number: u64, input: &str, output: Option<&str>) -> Option<String> {
        self.history.add(number, input, output).map(|failure| failure.message.clone())
    }

    fn history(&mut self, request: &HistoryRequest) -> Vec<Past> {
        let n = request.n.map(|n| usize::try_from(n).unwrap_or(0));
        let entries = match request.hist_access_type {
            HistoryAccess::Tail => self.history.tail(n.unwrap_or(usize::MAX)),
            HistoryAccess::Range => {
                self.history.range(request.session, request.start, request.stop)
            }
            HistoryAccess::Search => {
                let pattern = request.pattern.as_deref().unwrap_or("*");
                self.history.search(pattern, n, request.unique)
            }
        };
        let past = |entry: session::Entry| Past {
            session: entry.session,
            line: entry.line,
            input: entry.input,
            output: entry.output,
        };
        entries.into_iter().map(past).collect()
    }
}
