//! User errors as values: a code, a message, the span at fault, the span that caused it and a
//! hint that can be typed as it stands.

mod code;
mod render;
mod source;
mod suggest;

pub use code::{Code, UnknownCode};
pub use render::{Style, Styled, render, to_ansi, to_html, to_plain};
pub use source::{Source, SourceId, Sources, Span};
pub use suggest::did_you_mean;

/// A span with the words that stand under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// One error, ready to be shown as text, HTML or JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its class.
    pub code: Code,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// The place at fault.
    pub primary: Option<Label>,
    /// Places that explain it: where a shape comes from, where a function was called.
    pub secondary: Vec<Label>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// What to type instead.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error without a place; [`Diagnostic::at`] gives it one.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// Sets the place at fault and the words under it.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: label.into() });
        self
    }

    /// Sets the place at fault unless it is known already.
    #[must_use]
    pub fn or_at(self, span: Span) -> Self {
        if self.primary.is_some() { self } else { self.at(span, "") }
    }

    /// Adds a place that explains the error.
    #[must_use]
    pub fn because(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: label.into() });
        self
    }

    /// Adds a sentence.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the hint: what to type instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
