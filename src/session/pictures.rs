//! Shown pictures as files: `01-plot.svg`, `01-plot.png`, `02-cut.svg`, …

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Bundle;
use crate::diagnostic::Diagnostic;
use crate::evaluate::{Output, Progress, Shown};
use crate::value::{Failure, Value};

/// A folder into which the pictures of shown values are written.
#[derive(Debug)]
pub struct Pictures {
    folder: PathBuf,
    count: AtomicUsize,
}

impl Pictures {
    /// A folder that exists.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), count: AtomicUsize::new(0) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the picture of a shown value, if it has one, as SVG and as PNG.
    ///
    /// # Errors
    /// Why it cannot be drawn or written.
    pub fn write(&self, shown: &Shown) -> Result<(), Failure> {
        let bundle = Bundle(&shown.value);
        let Some(svg) = bundle.svg() else { return Ok(()) };
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let name = format!("{number:02}-{}", shown.value.type_of());
        let write = |ending: &str, bytes: &[u8]| {
            let path = self.folder.join(format!("{name}.{ending}"));
            crate::builtins::write_whole(&path, bytes)
        };
        let svg = svg.and_then(|svg| write("svg", svg.as_bytes()));
        let png = match bundle.png() {
            Some(png) => png.and_then(|png| write("png", &png)),
            None => Ok(()),
        };
        svg.and(png)
    }
}

/// A sink that keeps the answer and writes pictures before it hands everything on.
pub(super) struct Drawing {
    pub inner: Arc<dyn Output>,
    pub pictures: Option<Arc<Pictures>>,
    /// The value that was shown as the result.
    pub answer: Mutex<Option<Value>>,
    /// Errors of pictures that could not be drawn or written.
    pub errors: Mutex<Vec<Diagnostic>>,
}

impl Drawing {
    pub fn new(inner: Arc<dyn Output>, pictures: Option<Arc<Pictures>>) -> Self {
        Self { inner, pictures, answer: Mutex::default(), errors: Mutex::default() }
    }

    /// The result of the cell, if it has shown one.
    pub fn take_answer(&self) -> Option<Value> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The errors of pictures.
    pub fn take_errors(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.errors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Output for Drawing {
    fn stream(&self, text: &str) {
        self.inner.stream(text);
    }

    fn warn(&self, text: &str) {
        self.inner.warn(text);
    }

    fn clear(&self, wait: bool) {
        self.inner.clear(wait);
    }

    fn show(&self, shown: &Shown) {
        if shown.result {
            let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
            *answer = Some(shown.value.clone());
        }
        if let Some(Err(failure)) = self.pictures.as_ref().map(|pictures| pictures.write(shown)) {
            let error = Diagnostic::clone(&failure).or_at(shown.span);
            self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
        }
        self.inner.show(shown);
    }

    fn show_whole(&self, shown: &Shown) {
        self.inner.show_whole(shown);
    }

    fn page(&self, plain: &str, html: &str) {
        self.inner.page(plain, html);
    }

    fn markdown(&self, text: &str) {
        self.inner.markdown(text);
    }

    fn status(&self, text: &str, done: bool) {
        self.inner.status(text, done);
    }

    fn forms(&self, forms: &BTreeMap<String, String>) {
        self.inner.forms(forms);
    }

    fn progress(&self, progress: &Progress) {
        self.inner.progress(progress);
    }

    fn ask(&self, prompt: &str, password: bool) -> Result<String, Failure> {
        self.inner.ask(prompt, password)
    }
}
