//! Earlier inputs in the editor: prefix search on the arrows, and Ctrl-R.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::Result;
use rustyline::history::{History, SearchDirection, SearchResult};

/// A walk through the inputs that begin as the typed text does.
#[derive(Debug, Default)]
pub struct Walk {
    /// What was typed before the first arrow.
    prefix: String,
    /// The input that the last arrow brought.
    shown: Option<(String, usize)>,
    /// What stood in the editor when an arrow was pressed; the key handler says it.
    pub line: String,
}

/// A walk, shared by the key handler and the history.
pub type SharedWalk = Arc<Mutex<Walk>>;

/// The inputs of all sessions, the oldest first.
#[derive(Debug, Default)]
pub struct Past {
    entries: Vec<String>,
    walk: SharedWalk,
    /// Whether there seem to be no entries: an answer to a program is no input.
    hidden: bool,
}

impl Past {
    pub fn new(walk: SharedWalk) -> Self {
        Self { walk, ..Self::default() }
    }

    /// Adds inputs, of this session or of others.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            self.push(entry);
        }
    }

    /// Hides all entries, or shows them again.
    pub fn hide(&mut self, hidden: bool) {
        self.hidden = hidden;
    }

    /// Adds an input unless it is the last one again.
    fn push(&mut self, entry: String) -> bool {
        let is_new = self.entries.last() != Some(&entry) && !entry.trim().is_empty();
        if is_new {
            self.entries.push(entry);
        }
        is_new
    }

    /// The next input with the prefix of the walk. At the newest end stands what was typed; at the
    /// oldest, the walk stays where it is.
    fn step(&self, walk: &mut Walk, direction: SearchDirection) -> (String, usize) {
        let end = self.entries.len();
        let (shown, at) = walk.shown.clone().unwrap_or_else(|| (walk.prefix.clone(), end));
        let fits = |index: &usize| {
            self.entries
                .get(*index)
                .is_some_and(|entry| entry.starts_with(walk.prefix.as_str()) && *entry != shown)
        };
        let found = match direction {
            SearchDirection::Reverse => (0..at.min(end)).rev().find(fits),
            SearchDirection::Forward => (at.saturating_add(1)..end).find(fits),
        };
        match (found.and_then(|index| Some((self.entries.get(index)?.clone(), index))), direction) {
            (Some(found), _) => found,
            (None, SearchDirection::Reverse) => (shown, at),
            (None, SearchDirection::Forward) => (walk.prefix.clone(), end),
        }
    }
}

fn result(entry: String, idx: usize) -> SearchResult<'static> {
    let pos = entry.len();
    SearchResult { entry: Cow::Owned(entry), idx, pos }
}

impl History for Past {
    fn get(&self, index: usize, _: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        let shown = self.entries.get(index).filter(|_| !self.hidden);
        Ok(shown.map(|entry| SearchResult { entry: Cow::Borrowed(entry), idx: index, pos: 0 }))
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        Ok(self.push(line.to_owned()))
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        Ok(self.push(line))
    }

    fn len(&self) -> usize {
        if self.hidden { 0 } else { self.entries.len() }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn set_max_len(&mut self, _: usize) -> Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn append(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn load(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        self.entries.clear();
        Ok(())
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        let found = |index: &usize| self.entries.get(*index).is_some_and(|e| e.contains(term));
        let end = self.len();
        let index = match direction {
            SearchDirection::Reverse => (0..end.min(start.saturating_add(1))).rev().find(found),
            SearchDirection::Forward => (start..end).find(found),
        };
        Ok(index.and_then(|idx| {
            let entry = self.entries.get(idx)?;
            let pos = entry.find(term)?;
            Some(SearchResult { entry: Cow::Borrowed(entry), idx, pos })
        }))
    }

    /// The editor calls it for the arrows alone: `term` is the text left of the cursor.
    fn starts_with(
        &self,
        term: &str,
        _: usize,
        direction: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = walk.shown.as_ref().is_some_and(|(shown, _)| *shown == walk.line);
        if !goes_on {
            term.clone_into(&mut walk.prefix);
            walk.shown = None;
        }
        let (entry, idx) = self.step(&mut walk, direction);
        walk.shown = Some((entry.clone(), idx));
        Ok(Some(result(entry, idx)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_walk_through_what_begins_so() {
        let walk = SharedWalk::default();
        let mut past = Past::new(walk.clone());
        past.extend(["let a", "b", "let c", "let c"].map(str::to_owned));
        assert_eq!(past.len(), 3);
        let step = |line: &str, direction| {
            walk.lock().unwrap().line = line.to_owned();
            let found = past.starts_with(line, 0, direction).unwrap().unwrap();
            found.entry.into_owned()
        };
        use SearchDirection::{Forward, Reverse};
        assert_eq!(step("let", Reverse), "let c");
        assert_eq!(step("let c", Reverse), "let a");
        assert_eq!(step("let a", Reverse), "let a");
        assert_eq!(step("let a", Forward), "let c");
        assert_eq!(step("let c", Forward), "let");
        assert_eq!(step("", Reverse), "let c");
        assert_eq!(step("let c", Reverse), "b");
        assert_eq!(step("x", Reverse), "x");
    }
}
