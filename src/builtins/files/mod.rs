//! Files: the only folder of the library that reads or writes any.

pub(super) mod rows;
pub(super) mod sources;

use std::fs::TryLockError;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::networks::NetworkValue;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Loaded, Place, Stop};
use crate::symbol::Symbol;
use crate::value::{Failure, Media, MediaKind, Value, as_table, failure, json, text};

/// The largest file that is read, in bytes.
const READ_LIMIT: u64 = 1 << 30;

/// Reads a program for `import`; the path starts from the folder of the importing file.
pub(super) fn load_program(path: &str, from: Option<&Path>) -> Result<Loaded, Failure> {
    let base = from.and_then(Path::parent).unwrap_or(Path::new(""));
    let file = base.join(path);
    let text = read_text(&file)?;
    Ok(Loaded { place: place(&file), text })
}

/// Where a program stands: its path, and what tells it from all other files.
pub fn place(path: &Path) -> Place {
    let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    Place { path: path.to_path_buf(), identity }
}

/// Reads a file as text.
///
/// # Errors
/// E08 with what the system says, or that it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    decode_text(read(path)?).map_err(|why| {
        failure(
            Code::File,
            format!("{} is {why}", path.display()),
            format!("iconv -t UTF-8 {}", path.display()),
        )
    })
}

/// Bytes as text.
///
/// # Errors
/// Why they are none: `not UTF-8 text: byte 3 fits no character`.
pub fn decode_text(mut bytes: Vec<u8>) -> Result<String, String> {
    // Some programs begin UTF-8 with a mark that is no text.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("not UTF-8 text: byte {at} fits no character")
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let meta = std::fs::metadata(path).map_err(|error| cannot("read", path, &error))?;
    if meta.is_dir() {
        return Err(failure(
            Code::File,
            format!("{} is a folder", path.display()),
            format!("{}", path.join("first.cac").display()),
        ));
    }
    if meta.len() > READ_LIMIT {
        let size = meta.len() >> 20;
        let message = format!("{} is too large: {size} MB", path.display());
        return Err(failure(Code::Resource, message, "split it into smaller files"));
    }
    std::fs::read(path).map_err(|error| cannot("read", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "look at the path: it starts from the current folder",
        std::io::ErrorKind::PermissionDenied => "choose a folder that you may write to",
        _ => "choose another path",
    };
    failure(Code::File, format!("cannot {what} {}: {error}", path.display()), hint)
}

/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// The names in a folder that are wanted, in order, folders with a `/` at their end; none if the
/// folder cannot be read. At most `most` of them.
pub fn folder_entries(folder: &Path, wanted: impl Fn(&str) -> bool, most: usize) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| wanted(name))
        .collect();
    names.sort_unstable();
    names.truncate(most);
    for name in &mut names {
        if folder.join(&*name).is_dir() {
            name.push('/');
        }
    }
    names
}

/// Makes a folder, and those above it.
///
/// # Errors
/// E08 with what the system says.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| cannot("make the folder", folder, &error))
}

/// Writes a file at once: it is either the old one or the whole new one.
///
/// # Errors
/// E08 with what the system says; the old file is as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_at_once(path, bytes, false)
}

/// Opens a file for writing, for its owner's eyes only if it is private.
fn options(private: bool) -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    options
}

fn write_at_once(path: &Path, bytes: &[u8], private: bool) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| {
        failure(Code::File, format!("{} names no file", path.display()), "\"sweep.csv\"")
    })?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    let part: PathBuf = folder.join(part);
    *unfinished() = Some(part.clone());
    let written = options(private)
        .write(true)
        .truncate(true)
        .open(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    *unfinished() = None;
    written.map_err(|error| {
        // What was begun is taken away; that this fails too changes nothing.
        let _ = std::fs::remove_file(&part);
        cannot("write", path, &error)
    })
}

/// The file that is being written; one at a time, because effects run in order.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes away what [`write_whole`] has begun: for a process that ends at once.
pub fn remove_unfinished() {
    if let Some(part) = unfinished().take() {
        // Nobody is left to be told.
        let _ = std::fs::remove_file(part);
    }
}

/// A private file of lines to which several processes append. Whoever writes holds the lock, a
/// file beside it, so that the lines of two processes never mix.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The journal at a path; it and its folder are made if there are none.
    ///
    /// # Errors
    /// E08 if it cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder)?;
        }
        let opened = options(true).read(true).append(true).open(path);
        opened.map_err(|error| cannot("write", path, &error))?;
        // A link stays one when the file is replaced.
        Ok(Self { path: path.canonicalize().unwrap_or_else(|_| path.to_path_buf()) })
    }

    /// How many bytes it has; `None` if it is gone.
    pub fn length(&self) -> Option<u64> {
        std::fs::metadata(&self.path).ok().map(|meta| meta.len())
    }

    /// Its last bytes, at the most so many.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn read_end(&self, most: u64) -> Result<Vec<u8>, Failure> {
        let read = || {
            let mut file = std::fs::File::open(&self.path)?;
            let skipped = file.metadata()?.len().saturating_sub(most);
            file.seek(SeekFrom::Start(skipped))?;
            let mut bytes = Vec::new();
            file.take(most).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error: std::io::Error| cannot("read", &self.path, &error))
    }

    /// Its bytes from a place on, at the most so many.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn read_from(&self, start: u64, most: u64) -> Result<Vec<u8>, Failure> {
        let read = || {
            let mut file = std::fs::File::open(&self.path)?;
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.take(most).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error: std::io::Error| cannot("read", &self.path, &error))
    }

    /// Waits for the lock; `None` if others still hold it in the end.
    ///
    /// # Errors
    /// E08 where there are no locks.
    pub fn lock(&self, patience: Duration) -> Result<Option<Locked<'_>>, Failure> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let name = PathBuf::from(name);
        let file = options(true).truncate(false).write(true).open(&name);
        let file = file.map_err(|error| cannot("write", &name, &error))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Locked { journal: self, _lock: file })),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
                Err(TryLockError::Error(error)) => return Err(cannot("lock", &name, &error)),
            }
        }
    }
}

/// A journal that nobody else writes as long as this lives.
#[derive(Debug)]
pub struct Locked<'j> {
    journal: &'j Journal,
    _lock: std::fs::File,
}

impl Locked<'_> {
    /// Appends whole lines in one write. If a process was killed in the middle of its line, they
    /// begin on a new one.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn append(&self, lines: &str) -> Result<(), Failure> {
        let path = &self.journal.path;
        let append = || {
            let mut file = options(true).read(true).append(true).open(path)?;
            let mut last = [b'\n'];
            if file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            let torn = if last == [b'\n'] { "" } else { "\n" };
            file.write_all(format!("{torn}{lines}").as_bytes())
        };
        append().map_err(|error: std::io::Error| cannot("write", path, &error))
    }

    /// Replaces the whole journal, at once.
    ///
    /// # Errors
    /// E08; the old one is as it was.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), Failure> {
        write_at_once(&self.journal.path, bytes, true)
    }
}

fn extension(path: &str) -> String {
    Path::new(path).extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The bytes of a value in the format that the extension names.
fn encode(value: &Value, path: &str) -> Result<Vec<u8>, Failure> {
    let media = |kind: MediaKind| {
        let media = match value {
            Value::Object(object) => object.media(kind),
            _ => None,
        };
        match media {
            Some(Ok(Media::Text(text))) => Ok(text.into_bytes()),
            Some(Ok(Media::Bytes(bytes))) => Ok(bytes),
            Some(Err(failure)) => Err(failure),
            None => {
                let found = value.type_of().with_article();
                Err(failure(
                    Code::File,
                    format!("{found} has no picture"),
                    "save(plot(sweep, x = \"r\", y = \"bits\"), \"sweep.svg\")",
                ))
            }
        }
    };
    match extension(path).as_str() {
        "json" => {
            let mut out = serde_json::to_vec_pretty(&json(value)?).map_err(|error| {
                failure(Code::File, format!("cannot write JSON: {error}"), "save(x, \"x.txt\")")
            })?;
            out.push(b'\n');
            Ok(out)
        }
        "csv" => encode_csv(value),
        "txt" => Ok(format!("{}\n", text(value)).into_bytes()),
        "svg" => media(MediaKind::Svg),
        "png" => media(MediaKind::Png),
        "html" => media(MediaKind::Html),
        "safetensors" => super::models::to_bytes(value),
        "onnx" => super::exports::onnx(value),
        ending @ ("py" | "jl" | "dot" | "tex") => {
            super::exports::text_for(value, ending).map(String::into_bytes)
        }
        other => Err(failure(
            Code::File,
            format!("values are not saved as {other:?}"),
            "the endings are .csv .json .txt .svg .png .html .safetensors .onnx .py .jl .dot .tex",
        )),
    }
}

fn encode_csv(value: &Value) -> Result<Vec<u8>, Failure> {
    let Value::List(list) = value else { return Err(no_table(value)) };
    let table = as_table(list).ok_or_else(|| no_table(value))?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bad = |error: csv::Error| {
        failure(Code::File, format!("cannot write CSV: {error}"), "save(x, \"x.json\")")
    };
    writer.write_record(table.columns.iter().map(|name| name.as_str())).map_err(bad)?;
    for row in &table.rows {
        let cells = row.iter().map(|(_, value)| match value {
            Value::None => String::new(),
            Value::Int(i) => i.to_string(),
            other => crate::value::brief(other),
        });
        writer.write_record(cells).map_err(bad)?;
    }
    writer.into_inner().map_err(|error| {
        failure(Code::File, format!("cannot write CSV: {error}"), "save(x, \"x.json\")")
    })
}

fn no_table(value: &Value) -> Failure {
    let found = value.type_of().with_article();
    failure(
        Code::Type,
        format!("only tables are saved as CSV; this is {found}"),
        "save([{r, bits: 2.0} for r in 1..4], \"sweep.csv\")",
    )
}

fn decode(path: &str) -> Result<Value, Failure> {
    let file = Path::new(path);
    match extension(path).as_str() {
        "json" => {
            let text = read_text(file)?;
            let parsed = serde_json::from_str(&text).map_err(|error| {
                failure(Code::File, format!("{path} is not JSON: {error}"), "load(\"x.json\")")
            })?;
            from_json(&parsed)
        }
        "csv" => decode_csv(path, &read_text(file)?),
        "txt" | "cac" => Ok(Value::string(read_text(file)?)),
        other => Err(failure(
            Code::File,
            format!("files with the ending {other:?} are not understood"),
            "the endings are .csv, .json, .txt and .safetensors",
        )),
    }
}

fn from_json(value: &serde_json::Value) -> Result<Value, Failure> {
    Ok(match value {
        serde_json::Value::Null => Value::None,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(i), _) => Value::int(i),
            (None, Some(i)) => Value::int(i),
            (None, None) => Value::Real(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(items) => {
            Value::list(items.iter().map(from_json).collect::<Result<_, _>>()?)?
        }
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().map(|(name, v)| Ok((Symbol::new(name), from_json(v)?)));
            Value::record(fields.collect::<Result<_, Failure>>()?)?
        }
    })
}

fn decode_csv(path: &str, text: &str) -> Result<Value, Failure> {
    let bad = |error: csv::Error| {
        failure(Code::File, format!("{path} is not CSV: {error}"), "load(\"x.csv\")")
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<Symbol> = reader.headers().map_err(bad)?.iter().map(Symbol::new).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(bad)?;
        let cells = row.iter().map(cell);
        rows.push(Value::record(names.iter().copied().zip(cells).collect())?);
    }
    Value::list(rows)
}

/// A cell of a CSV file: none, a bool, an int, a real, or text.
fn cell(text: &str) -> Value {
    match text.trim() {
        "" => Value::None,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        digits if digits.len() < 10_000 && digits.parse::<dashu_int::IBig>().is_ok() => {
            digits.parse::<dashu_int::IBig>().map_or(Value::None, Value::Int)
        }
        other => match other.parse::<f64>() {
            Ok(x) => Value::Real(x),
            Err(_) => Value::string(text),
        },
    }
}

builtins! { FILES "Files":
    /// Writes a value to a file; the ending of the path decides how.
    ///
    /// Tables are saved as .csv, any value as .json or .txt, what has a picture as .svg or .png,
    /// what has a table or a picture of its own as .html, models as .safetensors (which numpy and
    /// PyTorch read: `conv0.weight` of shape [positions, channels out, channels in], …,
    /// `output.weight` of [classes, channels]) or .onnx, and as code (see `code`): .py for PyTorch, .jl for
    /// ITensor, .dot for Graphviz, .tex for the formula of a cut; a text under these endings is written
    /// as it is. In .json, ints beyond 2^53 become texts. The file is written at once: after an
    /// error the old one is as it was.
    effect fn save(cx, call; /** Any value. */ x: Value, /** Where to, from the current folder. */ path: Arc<str>) -> () {
        let bytes = encode(&x, &path)?;
        cx.check_interrupt()?;
        write_whole(Path::new(&*path), &bytes).map_err(|error| {
            Diagnostic::clone(&error).or_at(call.span_of(1))
        })?;
        Ok(())
    }

    /// Reads a file: a table from .csv, data from .json, text from .txt, weights from .safetensors.
    ///
    /// `load("model.safetensors", net)` gives a model. Weights in doubles, floats, half floats and
    /// ints are read; a matrix that all positions share may be [rows, cols], or [rows, cols, 1, 1] as
    /// PyTorch has it. Names, shapes and numbers are checked.
    heavy fn load(
        cx, call;
        /** Where from, from the current folder. */ path: Arc<str>,
        /** The network that the weights belong to. */ net: Option<NetworkValue> = "none",
    ) -> Value {
        if extension(&path) == "safetensors" {
            let Some(net) = net else {
                return Err(Diagnostic::new(Code::Call, "weights belong to a network")
                    .at(call.span, "which one?")
                    .hint(format!("load({path:?}, net)"))
                    .into());
            };
            let bytes = read(Path::new(&*path))
                .map_err(|error| Stop::from(Diagnostic::clone(&error).or_at(call.span_of(0))))?;
            let model = super::models::from_bytes(cx, &bytes, &net, call.span_of(0))?;
            return Ok(Value::object(model));
        }
        decode(&path).map_err(|error| Diagnostic::clone(&error).or_at(call.span_of(0)).into())
    }
}
