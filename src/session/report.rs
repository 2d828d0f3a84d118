//! What command line, REPL and kernel tell in the same words.

use serde_json::{Value as Json, json};

use crate::diagnostic::{Diagnostic, Sources};
use crate::evaluate::{Progress, Shown};
use crate::value::Failure;

/// The language as notebooks and kernels describe it.
pub fn language_info() -> Json {
    json!({
        "codemirror_mode": "convac",
        "file_extension": ".cac",
        "mimetype": "text/x-convac",
        "name": "convac",
        "pygments_lexer": "convac",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// An error as one JSON object: `code`, `message`, `line`, `column`, `file`, `hint`.
pub fn error_json(error: &Diagnostic, sources: &Sources) -> Json {
    let position = error.primary.as_ref().and_then(|label| sources.position(label.span));
    let source = error.primary.as_ref().and_then(|label| sources.get(label.span.source));
    json!({
        "code": error.code.as_str(),
        "message": error.message,
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
        "file": source.map(|source| source.name.clone()),
        "hint": error.hint,
    })
}

/// A shown value as one JSON object: `line`, `type`, `value`, `text`.
///
/// # Errors
/// Why the value has no form in JSON.
pub fn shown_json(shown: &Shown) -> Result<Json, Failure> {
    Ok(json!({
        "line": shown.line,
        "type": shown.value.type_of().as_str(),
        "value": crate::value::json(&shown.value)?,
        "text": crate::value::text(&shown.value),
    }))
}

/// `42 %  420 of 1000  about 3 s left`, and what else there is to tell
pub fn progress_line(progress: &Progress) -> String {
    #[allow(clippy::cast_precision_loss)]
    let share = progress.done as f64 / progress.total.max(1) as f64;
    let left = progress.elapsed.as_secs_f64() * (1.0 - share) / share.max(1e-9);
    let note = match progress.note.as_str() {
        "" => String::new(),
        note => format!("  {note}"),
    };
    format!(
        "{:3.0} %  {} of {}  about {} left{note}",
        100.0 * share,
        progress.done,
        progress.total,
        duration(left)
    )
}

fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.0} h", seconds / 3600.0)
    }
}
