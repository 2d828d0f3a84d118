//! The history of inputs, shared by all sessions of a user.
//!
//! It is one file of JSON lines. Several processes append to it at once and may be killed at any
//! moment: each writes whole lines, in one go and under a lock, and a line that is torn is skipped
//! when the file is read. Whatever is wrong with the file, the session goes on: its own inputs
//! are always in memory.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::builtins::Journal;
use crate::diagnostic::Diagnostic;
use crate::value::Failure;

/// Entries beyond which a file is shortened when it is opened.
const MOST_ENTRIES: usize = 20_000;
/// Entries that are kept then.
const KEPT_ENTRIES: usize = 10_000;
/// Bytes beyond which a file is shortened, and that are read of it.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes that are kept then.
const KEPT_BYTES: usize = 32 << 20;
/// The longest input, and the longest output, that is written to the file.
const LONGEST: usize = 1 << 20;
/// How long to wait for the lock.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long to wait after it was waited for in vain.
const LITTLE_PATIENCE: Duration = Duration::from_millis(20);

/// One input of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the session.
    pub session: u64,
    /// The number of the input in its session, from 1.
    pub line: u64,
    /// What was typed.
    pub input: String,
    /// The text of its result, if that is kept.
    pub output: Option<String>,
}

impl Entry {
    fn to_line(&self) -> String {
        let mut entry = json!({ "session": self.session, "line": self.line, "input": self.input });
        if let (Some(output), Json::Object(fields)) = (&self.output, &mut entry) {
            fields.insert("output".to_owned(), Json::String(output.clone()));
        }
        format!("{entry}\n")
    }

    /// The entry of a line; `None` if the line is torn.
    fn of_line(line: &[u8]) -> Option<Self> {
        let entry: Json = serde_json::from_slice(line).ok()?;
        Some(Self {
            session: entry.get("session")?.as_u64()?,
            line: entry.get("line")?.as_u64()?,
            input: entry.get("input")?.as_str()?.to_owned(),
            output: entry.get("output").and_then(Json::as_str).map(str::to_owned),
        })
    }
}

/// Where an input of this session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the file.
    File,
    /// On its way there.
    Waiting,
    /// Only in memory.
    Memory,
}

/// What the file held when it was last read.
#[derive(Debug, Default)]
struct Known {
    length: Option<u64>,
    entries: Arc<Vec<Entry>>,
}

/// The inputs of this session and of all others.
#[derive(Debug)]
pub struct History {
    /// `None` where there is no file, or none that can be written.
    journal: Option<Journal>,
    session: u64,
    /// Whether the number of the session is taken: an entry of it is in the file.
    numbered: bool,
    own: Vec<(Entry, Place)>,
    known: Mutex<Known>,
    /// How many bytes of the file the user of [`History::news`] has seen.
    seen: u64,
    patience: Duration,
}

impl History {
    /// A history that no file keeps.
    pub fn in_memory() -> Self {
        Self {
            journal: None,
            session: 1,
            numbered: false,
            own: Vec::new(),
            known: Mutex::default(),
            seen: 0,
            patience: PATIENCE,
        }
    }

    /// The history in a file, which is made if there is none. Never fails: without a usable file
    /// it is kept in memory, and the warning says why.
    ///
    /// The number of the session is a guess until the first entry is written.
    pub fn open(path: &Path) -> (Self, Option<Failure>) {
        let mut history = Self::in_memory();
        match Journal::open(path) {
            Ok(journal) => history.journal = Some(journal),
            Err(failure) => return (history, Some(warning(&failure))),
        }
        history.shorten();
        // Before the entries are read: what comes in between is rather seen twice.
        history.seen = history.journal.as_ref().and_then(Journal::length).unwrap_or(0);
        history.session = highest(&history.others()) + 1;
        (history, None)
    }

    /// The number of this session.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// Adds an input. The first time that writing fails the warning is given; from then on the
    /// history is kept in memory.
    ///
    /// While others hold the lock for long, entries wait in memory and are written with the next.
    pub fn add(&mut self, line: u64, input: &str, output: Option<&str>) -> Option<Failure> {
        let output = output.filter(|output| output.len() <= LONGEST).map(str::to_owned);
        let place = match self.journal {
            Some(_) if input.len() <= LONGEST => Place::Waiting,
            _ => Place::Memory,
        };
        let entry = Entry { session: self.session, line, input: input.to_owned(), output };
        self.own.push((entry, place));
        let failure = self.write().err()?;
        self.journal = None;
        Some(warning(&failure))
    }

    /// Writes what waits.
    fn write(&mut self) -> Result<(), Failure> {
        let Some(journal) = &self.journal else { return Ok(()) };
        if self.own.iter().all(|(_, place)| *place != Place::Waiting) {
            return Ok(());
        }
        let Some(locked) = journal.lock(self.patience)? else {
            self.patience = LITTLE_PATIENCE;
            return Ok(());
        };
        self.patience = PATIENCE;
        if !self.numbered {
            // Under the lock nobody else takes this number.
            self.session = highest(&self.others()) + 1;
            for (entry, _) in &mut self.own {
                entry.session = self.session;
            }
        }
        let waiting = self.own.iter().filter(|(_, place)| *place == Place::Waiting);
        let lines: String = waiting.map(|(entry, _)| entry.to_line()).collect();
        locked.append(&lines)?;
        self.numbered = true;
        for (_, place) in &mut self.own {
            if *place == Place::Waiting {
                *place = Place::File;
            }
        }
        Ok(())
    }

    /// The entries of the file; it is read again if its length changed.
    fn others(&self) -> Arc<Vec<Entry>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = &self.journal {
            let length = journal.length();
            if length != known.length
                && let Ok(bytes) = journal.read_end(MOST_BYTES)
            {
                *known = Known { length, entries: Arc::new(entries(&bytes)) };
            }
        }
        Arc::clone(&known.entries)
    }

    /// All entries in the order in which they were typed, as far as that is known.
    fn merged<'h>(&'h self, others: &'h [Entry]) -> Vec<&'h Entry> {
        let mut out = Vec::with_capacity(others.len() + self.own.len());
        if !self.numbered || self.journal.is_none() {
            // Nothing of this session is in the file, or what is there may not be all.
            out.extend(others.iter().filter(|e| !self.numbered || e.session != self.session));
            out.extend(self.own.iter().map(|(entry, _)| entry));
            return out;
        }
        let missing = self.own.iter().filter(|(_, place)| *place != Place::File);
        let mut missing = missing.map(|(entry, _)| entry).peekable();
        for entry in others {
            if entry.session == self.session {
                while let Some(earlier) = missing.next_if(|own| own.line < entry.line) {
                    out.push(earlier);
                }
            }
            out.push(entry);
        }
        out.extend(missing);
        out
    }

    /// The newest entries of all sessions, in the order in which they were typed.
    pub fn tail(&self, n: usize) -> Vec<Entry> {
        let others = self.others();
        let all = self.merged(&others);
        all[all.len().saturating_sub(n)..].iter().copied().cloned().collect()
    }

    /// What other sessions have written since the file was opened, or since this was called last.
    /// Only that is read.
    pub fn news(&mut self) -> Vec<Entry> {
        let Some(journal) = &self.journal else { return Vec::new() };
        let Some(length) = journal.length() else { return Vec::new() };
        if length <= self.seen {
            // A shorter file was replaced by the newest of its entries.
            self.seen = length;
            return Vec::new();
        }
        let bytes = journal.read_from(self.seen, MOST_BYTES).unwrap_or_default();
        // A line that is being written comes the next time.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.seen += whole as u64;
        let mut found = entries(&bytes[..whole]);
        found.retain(|entry| !self.numbered || entry.session != self.session);
        found
    }

    /// The lines `start..stop` of a session: 0 is this one, negative numbers count back from it,
    /// positive ones are those of [`Entry::session`]. Negative lines count from the end.
    pub fn range(&self, session: i64, start: i64, stop: Option<i64>) -> Vec<Entry> {
        let wanted = match u64::try_from(session) {
            Ok(number) if number > 0 => Some(number),
            _ => self.session.checked_sub(session.unsigned_abs()),
        };
        let others = self.others();
        let lines: Vec<&Entry> = if wanted == Some(self.session) {
            self.own.iter().map(|(entry, _)| entry).collect()
        } else {
            others.iter().filter(|entry| Some(entry.session) == wanted).collect()
        };
        let end = lines.iter().map(|entry| entry.line).max().map_or(0, |line| line + 1);
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        let from_end = |line: i64| if line < 0 { line.saturating_add(end) } else { line };
        let (start, stop) = (from_end(start), stop.map_or(i64::MAX, from_end));
        let inside = |entry: &&Entry| {
            i64::try_from(entry.line).is_ok_and(|line| (start..stop).contains(&line))
        };
        lines.into_iter().filter(inside).cloned().collect()
    }

    /// The newest `n` entries (all without a number) whose whole input fits a pattern with `*` and
    /// `?`, in the order in which they were typed; of equal inputs only the last one if they are
    /// to be `unique`.
    pub fn search(&self, pattern: &str, n: Option<usize>, unique: bool) -> Vec<Entry> {
        let pattern: Vec<char> = pattern.chars().collect();
        let others = self.others();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut found: VecDeque<Entry> = VecDeque::new();
        for entry in self.merged(&others).into_iter().rev() {
            if n.is_some_and(|n| found.len() >= n) {
                break;
            }
            if fits(&pattern, &entry.input) && (!unique || seen.insert(&entry.input)) {
                found.push_front(entry.clone());
            }
        }
        found.into()
    }

    /// Drops the oldest entries of a file that has grown too long. What goes wrong here goes wrong
    /// again, and is told, when an entry is written.
    fn shorten(&self) {
        let too_long = |entries: &[Entry]| entries.len() > MOST_ENTRIES;
        let Some(journal) = &self.journal else { return };
        let is_long = || journal.length().is_some_and(|length| length > MOST_BYTES);
        if !too_long(&self.others()) && !is_long() {
            return;
        }
        let Ok(Some(locked)) = journal.lock(PATIENCE) else { return };
        // Another process may have done it in the meantime.
        let all = self.others();
        if !too_long(&all) && !is_long() {
            return;
        }
        let mut lines: VecDeque<String> = VecDeque::new();
        let (mut bytes, mut kept_highest) = (0, 0);
        for entry in all.iter().rev().take(KEPT_ENTRIES) {
            let line = entry.to_line();
            bytes += line.len();
            if bytes > KEPT_BYTES {
                break;
            }
            kept_highest = kept_highest.max(entry.session);
            lines.push_front(line);
        }
        // The highest number stays, so that no session gets it again.
        let highest = highest(&all);
        if kept_highest < highest
            && let Some(last) = all.iter().rev().find(|entry| entry.session == highest)
        {
            lines.push_front(last.to_line());
        }
        let text: String = lines.into_iter().collect();
        // The file stays as it is if it cannot be replaced.
        let _ = locked.replace(text.as_bytes());
    }
}

fn highest(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.session).max().unwrap_or(0)
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    bytes.split(|byte| *byte == b'\n').filter_map(Entry::of_line).collect()
}

fn warning(failure: &Diagnostic) -> Failure {
    let mut warning = failure.clone();
    warning.message = format!("the history is kept in memory only: {}", failure.message);
    warning.hint = Some("CONVAC_HISTORY=~/history.jsonl names another file".to_owned());
    Box::new(warning)
}

/// Whether a text fits a pattern: `*` is any text, `?` any character.
fn fits(pattern: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // The last star, and how far it reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(sign) if *sign == '?' || text.get(t) == Some(sign) => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, reach)) => {
                    *reach += 1;
                    (p, t) = (*at + 1, *reach);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|sign| *sign == '*')
}

/// Where the history is: `$CONVAC_HISTORY`, or a file in the user's folder for data. `None` if
/// there is no such folder, or the variable is empty: nothing is to be kept.
pub fn history_path() -> Option<PathBuf> {
    path_from(|name| std::env::var_os(name))
}

fn path_from(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable("CONVAC_HISTORY") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let folder =
        |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        folder("XDG_DATA_HOME")
            .or_else(|| folder("HOME").map(|home| home.join(".local").join("share")))
    };
    Some(data?.join("convac").join("history.jsonl"))
}

#[cfg(test)]
mod tests;
