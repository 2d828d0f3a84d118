//! The outputs of a cell as messages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use convac::diagnostic::Code;
use convac::evaluate::{Output as CellOutput, Progress, Shown};
use convac::session::progress_line;
use convac::value::{Failure, escape_html, failure};
use serde_json::{Map, Value as Json};

use super::bundle;
use crate::kernel::{Bundle, NoAnswer, Output};

/// The outputs of one cell.
pub struct Sink {
    output: Arc<dyn Output>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The text of the result, for the history.
    result: Option<String>,
    bar: Option<Bar>,
    /// The id of the line that tells what takes long.
    status: Option<String>,
}

/// A progress bar that is shown.
struct Bar {
    id: String,
    last: Progress,
}

/// The longest text of a result that is kept in the history.
const MAX_RESULT: usize = 4 << 10;

/// Text with its HTML.
pub fn page(plain: &str, html: &str) -> Bundle {
    forms(&[("text/plain", plain), ("text/html", html)])
}

fn forms(forms: &[(&str, &str)]) -> Bundle {
    let data = forms.iter().map(|(mime, text)| ((*mime).to_owned(), Json::from(*text))).collect();
    Bundle { data, metadata: Map::new() }
}

fn bar(progress: &Progress, ended: Ended) -> Bundle {
    #[allow(clippy::cast_precision_loss)]
    let percent = 100.0 * progress.done as f64 / progress.total.max(1) as f64;
    let text = match ended {
        Ended::Not => progress_line(progress),
        Ended::Done => format!(
            "{} of {} in {:.1} s",
            progress.total,
            progress.total,
            progress.elapsed.as_secs_f64()
        ),
        Ended::Stopped => format!(
            "stopped at {} of {} after {:.1} s",
            progress.done,
            progress.total,
            progress.elapsed.as_secs_f64()
        ),
    };
    let html = format!(
        "<div style=\"display:flex;align-items:center;gap:0.8em;font-family:monospace\">\
         <div style=\"width:16em;height:0.7em;border:1px solid currentColor;border-radius:0.35em;\
         overflow:hidden\"><div style=\"width:{percent:.1}%;height:100%;background:#3b82c4\"></div>\
         </div><div>{}</div></div>",
        escape_html(&text)
    );
    page(&text, &html)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Not,
    Done,
    Stopped,
}

/// The id of a progress bar, unlike those of all other cells and processes.
fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("convac-{:x}-{:x}-{count}", std::process::id(), crate::protocol::now().0)
}

impl Sink {
    /// A sink of these outputs.
    pub fn new(output: Arc<dyn Output>) -> Self {
        Self { output, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cell has ended: a bar that was stopped in the middle says so.
    pub fn finish(&self, well: bool) {
        if let Some(last) = self.state().bar.take()
            && !well
        {
            self.output.update(bar(&last.last, Ended::Stopped), &last.id);
        }
    }

    /// The text of the result.
    pub fn result(&self) -> Option<String> {
        self.state().result.take()
    }
}

impl CellOutput for Sink {
    fn stream(&self, text: &str) {
        self.output.stream("stdout", text);
    }

    fn warn(&self, text: &str) {
        self.output.stream("stderr", text);
    }

    fn clear(&self, wait: bool) {
        self.output.clear(wait);
    }

    fn show(&self, shown: &Shown) {
        let (bundle, failures) = bundle(&shown.value);
        if shown.result {
            let plain = bundle.data.get("text/plain").and_then(Json::as_str).unwrap_or_default();
            self.state().result = Some(plain.chars().take(MAX_RESULT).collect());
            self.output.result(bundle);
        } else {
            self.output.display(bundle, None);
        }
        for failure in failures {
            self.output.stream("stderr", &format!("{failure}\n"));
        }
    }

    fn progress(&self, progress: &Progress) {
        let ended = if progress.done >= progress.total { Ended::Done } else { Ended::Not };
        let mut state = self.state();
        let shown = bar(progress, ended);
        match &mut state.bar {
            Some(bar) => {
                bar.last = progress.clone();
                self.output.update(shown, &bar.id);
            }
            None => {
                let id = new_id();
                self.output.display(shown, Some(&id));
                state.bar = Some(Bar { id, last: progress.clone() });
            }
        }
        if ended == Ended::Done {
            // The next long computation of the cell gets a bar of its own.
            state.bar = None;
        }
    }

    fn status(&self, text: &str, done: bool) {
        let mut state = self.state();
        let html =
            format!("<div style=\"font-family:monospace;opacity:0.7\">{}</div>", escape_html(text));
        match state.status.take() {
            Some(id) => {
                self.output.update(page(text, &html), &id);
                state.status = Some(id).filter(|_| !done);
            }
            None => {
                let id = new_id();
                self.output.display(page(text, &html), Some(&id));
                state.status = Some(id).filter(|_| !done);
            }
        }
    }

    fn forms(&self, forms: &BTreeMap<String, String>) {
        let mut data = Map::new();
        for (mime, text) in forms {
            let json = mime == "application/json" || mime.ends_with("+json");
            let parsed = if json { serde_json::from_str(text).ok() } else { None };
            let text =
                if mime.starts_with("text/") { text.trim_end_matches('\n') } else { text.trim() };
            data.insert(mime.clone(), parsed.unwrap_or_else(|| Json::from(text)));
        }
        // Clients that show text alone show what there is.
        if !data.contains_key("text/plain") {
            let kinds: Vec<&str> = forms.keys().map(String::as_str).collect();
            data.insert("text/plain".to_owned(), format!("<{}>", kinds.join(", ")).into());
        }
        let plain = data.get("text/plain").and_then(Json::as_str).unwrap_or_default();
        self.state().result = Some(plain.chars().take(MAX_RESULT).collect());
        self.output.result(Bundle { data, metadata: Map::new() });
    }

    fn page(&self, plain: &str, html: &str) {
        self.output.page(page(plain, html));
    }

    fn markdown(&self, text: &str) {
        self.output.display(forms(&[("text/plain", text), ("text/markdown", text)]), None);
    }

    fn ask(&self, prompt: &str, password: bool) -> Result<String, Failure> {
        self.output.ask(prompt, password).map_err(|why| match why {
            NoAnswer::Nobody => failure(
                Code::File,
                format!("there is nobody to answer {prompt:?}"),
                "let answer = \"…\"",
            ),
            NoAnswer::Interrupted => failure(Code::Interrupted, "interrupted", "run it again"),
        })
    }
}
