//! The file of a sweep: a first line that says which sweep it is, then a line for each point.

use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};

use super::super::files::rows::{Rows, another_name, bytes_of};
use super::plain::{decode, encode, escaped, unescaped, unwritable};
use crate::diagnostic::Code;
use crate::evaluate::{Dependency, Scope};
use crate::symbol::Symbol;
use crate::value::{Failure, Function, Value, failure, short};

/// Named values: a point, or what the function gave there.
pub(super) type Fields = Vec<(Symbol, Value)>;

/// The first field of the first line, with the version of the format.
const MARK: &str = "$sweep";
/// Values of more parts than this stand in the first line by their beginning.
const WHOLE: u64 = 1000;

/// What makes a sweep the same one: the names of its fields, and all that its results depend on.
/// The points are no part of it, so that a sweep can be extended.
#[derive(Debug)]
pub(super) struct Identity {
    fields: Vec<Symbol>,
    uses: Vec<(String, String)>,
}

impl Identity {
    pub fn new(
        cx: &Scope<'_>,
        function: &std::sync::Arc<dyn Function>,
        fields: Vec<Symbol>,
    ) -> Self {
        let uses = cx.dependencies(function).into_iter().map(|(name, used)| {
            let text = match used {
                Dependency::Function(text) => words(&text),
                Dependency::Value(value) => describe(&value),
            };
            (name.to_owned(), text)
        });
        Self { uses: uses.collect(), fields }
    }

    fn line(&self) -> String {
        let names = self.fields.iter().map(|name| Json::from(name.as_str())).collect();
        let uses =
            self.uses.iter().map(|(name, text)| Json::from(vec![name.as_str(), text])).collect();
        let fields = [
            (MARK, Json::from(1)),
            ("convac", Json::from(env!("CARGO_PKG_VERSION"))),
            ("fields", Json::Array(names)),
            ("uses", Json::Array(uses)),
        ];
        let object: Map<String, Json> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Json::Object(object).to_string()
    }

    /// In what way a first line speaks of another sweep; `None` if it is this one.
    fn differs(&self, header: &Json) -> Option<String> {
        let names = |json: &Json| -> Option<Vec<String>> {
            json.as_array()?.iter().map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        let theirs = header.get("fields").and_then(names).unwrap_or_default();
        let ours: Vec<String> = self.fields.iter().map(|name| name.to_string()).collect();
        let (mut sorted, mut wanted) = (theirs.clone(), ours.clone());
        sorted.sort_unstable();
        wanted.sort_unstable();
        if sorted != wanted {
            let (theirs, ours) = (theirs.join(", "), ours.join(", "));
            return Some(format!("its points have the fields {theirs}, here they are {ours}"));
        }
        let pair = |json: &Json| match names(json)?.as_slice() {
            [name, text] => Some((name.clone(), text.clone())),
            _ => None,
        };
        let uses: Option<Vec<(String, String)>> = header
            .get("uses")
            .and_then(Json::as_array)
            .and_then(|uses| uses.iter().map(pair).collect());
        let uses = uses.unwrap_or_default();
        if uses == self.uses {
            return None;
        }
        // What a function reads is of more interest than that its text has changed, too.
        let changed = |functions: bool| {
            self.uses.iter().find_map(|(name, text)| {
                let (_, old) = uses.iter().find(|(other, old)| other == name && old != text)?;
                let function = text.contains("->") || text.contains(") =");
                (function == functions).then(|| {
                    if function {
                        format!("the text of {} has changed", named(name))
                    } else {
                        format!("{} was {}, and is {}", named(name), cut(old), cut(text))
                    }
                })
            })
        };
        let other = || {
            let lacks = |a: &[(String, String)], b: &[(String, String)]| {
                a.iter()
                    .find(|(name, _)| b.iter().all(|(other, _)| other != name))
                    .map(|(n, _)| named(n))
            };
            lacks(&self.uses, &uses)
                .map(|name| format!("{name} was not used then"))
                .or_else(|| lacks(&uses, &self.uses).map(|name| format!("{name} is not used now")))
        };
        let reason = changed(false).or_else(|| changed(true)).or_else(other);
        Some(reason.unwrap_or_else(|| "its function has changed".to_owned()))
    }
}

fn named(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("`{name}`") }
}

fn cut(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A text without its comments and with single blanks: what a formatter changes is no change.
fn words(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let end = line.char_indices().find(|(_, c)| {
            quoted ^= *c == '"';
            *c == '#' && !quoted
        });
        let code = end.map_or(line, |(at, _)| line.get(..at).unwrap_or_default());
        for word in code.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

/// A value in a line: all of it, or its beginning and a number that tells it from others.
fn describe(value: &Value) -> String {
    if value.weight() > WHOLE || unwritable(value).is_some() {
        return short(value);
    }
    encode(value).to_string()
}

/// The file of a sweep.
#[derive(Debug)]
pub(super) struct Log<'l> {
    path: &'l str,
    identity: &'l Identity,
    /// Open as soon as there is something to write: a file that is complete may be one that
    /// others read, too, or that nobody may write.
    rows: Option<Rows>,
    /// Results by the text of their points.
    done: FxHashMap<String, Fields>,
}

impl<'l> Log<'l> {
    /// What is done, if there is a file.
    ///
    /// # Errors
    /// E08 if it cannot be read or is that of another sweep.
    pub fn read(path: &'l str, identity: &'l Identity) -> Result<Self, Failure> {
        let (_, done) = read(path, &bytes_of(Path::new(path))?, identity)?;
        Ok(Self { path, identity, rows: None, done })
    }

    /// Opens the file for writing, or begins it.
    ///
    /// # Errors
    /// E08 if it cannot be written, or is being written by another run; it is as it was then.
    pub fn open(&mut self) -> Result<(), Failure> {
        let rows = Rows::open(Path::new(self.path))?;
        rows.lock()?;
        // Another run may have written it until now.
        let bytes = rows.read()?;
        let (whole, done) = read(self.path, &bytes, self.identity)?;
        if whole < bytes.len() {
            rows.cut(whole as u64)?;
        }
        if whole == 0 {
            rows.append(&self.identity.line())?;
        }
        self.done = done;
        self.rows = Some(rows);
        Ok(())
    }

    /// What the function gave at a point in an earlier run.
    pub fn result(&self, point: &Fields) -> Option<&Fields> {
        self.done.get(&key(point))
    }

    /// Writes down what the function gave at a point.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn write(&self, point: &Fields, result: &Fields) -> Result<(), Failure> {
        let Some(rows) = &self.rows else { return Ok(()) };
        let fields = point.iter().chain(result);
        let object: Map<String, Json> =
            fields.map(|(name, value)| (escaped(*name), encode(value))).collect();
        rows.append(&Json::Object(object).to_string())
    }
}

/// How many bytes of a file are whole lines, and what they say.
fn read(
    path: &str,
    bytes: &[u8],
    identity: &Identity,
) -> Result<(usize, FxHashMap<String, Fields>), Failure> {
    let another = |message: String| {
        let hint = format!("file = {:?}", another_name(Path::new(path)));
        failure(Code::File, message, hint)
    };
    let stranger = || another(format!("{path} is not the file of a sweep"));
    // Whoever wrote the last line was killed if it has no end: that point is done again.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut done = FxHashMap::default();
    if whole == 0 {
        let ours = identity.line().as_bytes().starts_with(bytes);
        return if ours { Ok((0, done)) } else { Err(stranger()) };
    }
    let text = std::str::from_utf8(bytes.get(..whole).unwrap_or_default());
    let mut lines = text.map_err(|_| stranger())?.lines();
    let header = lines.next().and_then(|line| serde_json::from_str::<Json>(line).ok());
    let header = header.filter(|header| header.get(MARK) == Some(&Json::from(1)));
    let header = header.ok_or_else(stranger)?;
    if let Some(difference) = identity.differs(&header) {
        return Err(another(format!("{path} is the file of another sweep: {difference}")));
    }
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((point, result)) = row(line, &identity.fields)? else {
            let message = format!("line {} of {path} is no row of this sweep", number + 2);
            return Err(another(message));
        };
        done.insert(key(&point), result);
    }
    Ok((whole, done))
}

/// The text of a point: equal for equal points, whichever way they were written.
fn key(point: &Fields) -> String {
    Json::Array(point.iter().map(|(_, value)| encode(value)).collect()).to_string()
}

/// The point and the results of a line; `None` if it is something else.
fn row(line: &str, names: &[Symbol]) -> Result<Option<(Fields, Fields)>, Failure> {
    let Ok(Json::Object(fields)) = serde_json::from_str(line) else { return Ok(None) };
    let mut all: Fields = Vec::with_capacity(fields.len());
    for (name, value) in &fields {
        let (Some(name), Some(value)) = (unescaped(name), decode(value)?) else { return Ok(None) };
        all.push((name, value));
    }
    let mut point = Vec::with_capacity(names.len());
    for name in names {
        let Some(at) = all.iter().position(|(other, _)| other == name) else { return Ok(None) };
        point.push(all.remove(at));
    }
    Ok(Some((point, all)))
}
