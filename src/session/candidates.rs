//! Candidates of a completion: those that match what is written, in order, none twice.

use rustc_hash::FxHashSet;

use super::complete::{Completion, CompletionKind, Completions};

/// The classes of candidates, in the order in which they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A text that the argument may be.
    Choice,
    /// The name of an argument.
    Argument,
    /// A global of the type that is wanted.
    FittingGlobal,
    /// A field, a column, or a builtin of the type that is wanted.
    Fitting,
    /// A global.
    Global,
    /// A name that the text itself binds.
    Local,
    /// A builtin or a magic.
    Builtin,
    /// A reserved word.
    Keyword,
}

/// How well a name matches what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// It begins with it.
    Exact,
    /// It begins with it, but for capital letters.
    Folded,
    /// It has its characters in this order.
    Scattered,
}

/// Candidates so far.
pub(super) struct Candidates<'p> {
    prefix: &'p str,
    folded: String,
    found: Vec<(Match, Rank, Completion)>,
    seen: FxHashSet<String>,
}

impl<'p> Candidates<'p> {
    /// No candidates yet for what is written.
    pub fn new(prefix: &'p str) -> Self {
        let folded = prefix.to_lowercase();
        Self { prefix, folded, found: Vec::new(), seen: FxHashSet::default() }
    }

    /// Whether a name matches at all.
    pub fn matches(&self, name: &str) -> bool {
        self.quality(name).is_some()
    }

    fn quality(&self, name: &str) -> Option<Match> {
        if name.starts_with(self.prefix) {
            return Some(Match::Exact);
        }
        let lower = name.to_lowercase();
        if lower.starts_with(&self.folded) {
            return Some(Match::Folded);
        }
        let mut rest = lower.chars();
        let scattered = self.folded.chars().all(|wanted| rest.any(|c| c == wanted));
        scattered.then_some(Match::Scattered)
    }

    /// Adds a name unless it does not match or is there already; `describe` gives its signature
    /// and its line, and is asked only for names that match.
    pub fn add(
        &mut self,
        rank: Rank,
        name: &str,
        kind: CompletionKind,
        describe: impl FnOnce() -> (String, String),
    ) {
        let Some(quality) = self.quality(name) else { return };
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let (signature, doc) = describe();
        let completion = Completion { text: name.to_owned(), kind, signature, doc };
        self.found.push((quality, rank, completion));
    }

    /// Adds the name of an argument: `name = ` is written.
    pub fn add_argument(&mut self, name: &str, describe: impl FnOnce() -> (String, String)) {
        let Some(quality) = self.quality(name) else { return };
        // A builtin or a global may have the same name, and stays.
        let (signature, doc) = describe();
        let text = format!("{name} = ");
        if self.seen.insert(text.clone()) {
            let completion = Completion { text, kind: CompletionKind::Argument, signature, doc };
            self.found.push((quality, Rank::Argument, completion));
        }
    }

    /// The candidates in order: by class, then by how well they match, then by name. Names that
    /// only have the characters somewhere are offered if there are no others.
    pub fn finish(mut self, start: usize) -> Completions {
        if self.found.iter().any(|(quality, ..)| *quality != Match::Scattered) {
            self.found.retain(|(quality, ..)| *quality != Match::Scattered);
        }
        self.found
            .sort_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)).then_with(|| a.2.text.cmp(&b.2.text)));
        let items = self.found.into_iter().map(|(_, _, item)| item).collect();
        Completions { start, end: start + self.prefix.len(), items }
    }
}
