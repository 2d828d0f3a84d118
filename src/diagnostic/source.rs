//! Sources and spans: where in which text something stands.

use std::sync::{Arc, RwLock};

/// The number of a source in [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of a source.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { source, start: clip(start), end: clip(end) }
    }

    /// The smallest span that covers both; `self` if they stand in different sources.
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
    }
}

/// One text: a file, a cell or an input line.
#[derive(Debug)]
pub struct Source {
    /// How it is called in messages: `odd.cac`, `In[3]`.
    pub name: String,
    /// Its whole text.
    pub text: String,
    line_starts: Vec<usize>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name, text, line_starts }
    }

    /// The line of a byte, from 0.
    pub fn line_index(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= byte).saturating_sub(1)
    }

    /// The bytes of a line with its newline; `None` past the end.
    pub fn line_range(&self, line: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.line_starts.get(line)?;
        let end = self.line_starts.get(line + 1).copied().unwrap_or(self.text.len());
        Some(start..end)
    }

    /// Line and column of a byte, both from 1, the column counted in characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.line_index(byte);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let column = self.text.get(start..byte).map_or(0, |before| before.chars().count());
        (line + 1, column + 1)
    }
}

/// All texts that a session has read, so that a span can be shown long after its cell ran.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<RwLock<Vec<Arc<Source>>>>);

impl Sources {
    /// Adds a text and gives its number.
    pub fn add(&self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let mut all = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = SourceId(u32::try_from(all.len()).unwrap_or(u32::MAX));
        all.push(Arc::new(Source::new(name.into(), text.into())));
        id
    }

    /// The text with this number.
    pub fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        let all = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.get(id.0 as usize).cloned()
    }

    /// The text under a span; empty if there is none.
    pub fn text(&self, span: Span) -> String {
        self.get(span.source)
            .and_then(|s| s.text.get(span.start as usize..span.end as usize).map(str::to_owned))
            .unwrap_or_default()
    }

    /// Line and column of the start of a span, from 1.
    pub fn position(&self, span: Span) -> Option<(usize, usize)> {
        Some(self.get(span.source)?.position(span.start as usize))
    }
}
