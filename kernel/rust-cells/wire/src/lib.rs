//! What convac and its helper for Rust cells tell each other: JSON in frames, over the helper's
//! standard input and output.
//!
//! A frame is a length in bytes (four bytes, little-endian) and that much JSON: a [`Request`] to the
//! helper, a [`Reply`] from it. The helper says [`Reply::Ready`] or [`Reply::Missing`] first. Then
//! every request but [`Request::Interrupt`] and [`Request::Quit`] is answered by exactly one frame
//! that carries its number; [`Reply::Stream`] comes in between. What crosses by value does not stand
//! in frames but in files `in-<number>` and `out-<number>` of the private folder.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the frames; both sides must have the same.
pub const VERSION: u32 = 1;

/// The longest frame, in bytes.
pub const MAX_FRAME: u32 = 256 << 20;

/// What the helper is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Run a cell.
    Execute {
        /// The number of the request.
        id: u64,
        /// The cell.
        code: String,
        /// What it takes over, in order.
        #[serde(default)]
        bring: Vec<Brought>,
        /// The variables that it gives back, with the numbers of their files.
        #[serde(default)]
        give: Vec<(String, u64)>,
        /// How long it may take.
        #[serde(default)]
        seconds: Option<f64>,
    },
    /// Make a function callable, at the socket `f<number>` of the private folder.
    Function {
        /// The number of the request.
        id: u64,
        /// Its name.
        name: String,
        /// The number of its socket.
        number: u64,
    },
    /// What could be written at a place.
    Complete {
        /// The number of the request.
        id: u64,
        /// The cell.
        code: String,
        /// The place, in bytes.
        at: usize,
    },
    /// The errors of a cell, without running it.
    Check {
        /// The number of the request.
        id: u64,
        /// The cell.
        code: String,
    },
    /// How much memory the cells may take from now on.
    Limit {
        /// The number of the request.
        id: u64,
        /// Bytes of address space.
        memory: u64,
    },
    /// Stop a request, which may be still waiting; its own answer says what came of it.
    Interrupt {
        /// The number of that request.
        of: u64,
    },
    /// End the process that runs cells and start a new one: a function of a cell runs on, or has ended
    /// it. The answer is a failure that says how it ended and what is lost.
    Restart {
        /// The number of the request.
        id: u64,
    },
    /// Stop and leave nothing behind.
    Quit,
}

/// A value that a cell takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// The variable.
    pub name: String,
    /// Its Rust type.
    pub ty: String,
    /// The number of its file.
    pub number: u64,
}

/// What the helper says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Reply {
    /// The helper lives and looks for what it needs.
    Hello {
        /// Its [`VERSION`].
        version: u32,
    },
    /// What it does before the first cell.
    Starting {
        /// In a few words.
        step: String,
    },
    /// Cells can be run.
    Ready {
        /// The version of the compiler.
        rustc: String,
    },
    /// Something is missing that it needs; it has ended.
    Missing {
        /// What, in one line.
        what: String,
        /// The command that brings it.
        hint: String,
    },
    /// A cell wrote something.
    Stream {
        /// Whether it went to the standard error stream.
        error: bool,
        /// The text.
        text: String,
    },
    /// An answer without an error.
    Done {
        /// The number of the request.
        id: u64,
        /// What the last expression shows, by MIME type.
        #[serde(default)]
        data: BTreeMap<String, String>,
        /// Whether the process that runs cells is a new one: by `:restart` or `:clear`.
        #[serde(default)]
        renewed: bool,
    },
    /// An answer to [`Request::Function`].
    Served {
        /// The number of the request.
        id: u64,
        /// The number of its parameters.
        arity: usize,
        /// `(f64, Vec<i64>) -> bool`
        signature: String,
    },
    /// An answer to [`Request::Complete`].
    Completions {
        /// The number of the request.
        id: u64,
        /// Where what is replaced begins, in bytes.
        start: usize,
        /// Where it ends.
        end: usize,
        /// What could stand there.
        items: Vec<Completion>,
    },
    /// An answer that is an error.
    Failed {
        /// The number of the request.
        id: u64,
        /// What went wrong.
        why: Failure,
        /// Whether the process that runs cells is a new one: by a `:restart` or `:clear` of a cell that
        /// failed behind it.
        #[serde(default)]
        renewed: bool,
    },
}

impl Request {
    /// Its number, if it is answered.
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Execute { id, .. }
            | Self::Function { id, .. }
            | Self::Complete { id, .. }
            | Self::Check { id, .. }
            | Self::Limit { id, .. }
            | Self::Restart { id } => Some(*id),
            Self::Interrupt { .. } | Self::Quit => None,
        }
    }
}

impl Reply {
    /// The number of the request that it answers.
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Done { id, .. }
            | Self::Served { id, .. }
            | Self::Completions { id, .. }
            | Self::Failed { id, .. } => Some(*id),
            Self::Hello { .. }
            | Self::Starting { .. }
            | Self::Ready { .. }
            | Self::Missing { .. }
            | Self::Stream { .. } => None,
        }
    }
}

/// Something that could be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// The kind, as rust-analyzer names it.
    pub kind: String,
    /// How it is shown.
    pub label: String,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// The compiler refuses the cell: nothing of it ran.
    Compiler {
        /// What it says.
        errors: Vec<CompilerError>,
    },
    /// evcxr refuses the cell.
    Refused {
        /// What it says.
        message: String,
    },
    /// The code panicked; variables that the cell would have made do not exist.
    Panicked {
        /// What the panic says.
        message: String,
        /// The line of the cell, from 1, if it is in the cell.
        line: Option<usize>,
        /// The column, from 1.
        column: Option<usize>,
        /// The file and line if it is elsewhere.
        elsewhere: Option<String>,
    },
    /// A `?` met an error, which the cell has printed; variables that the cell would have made do not
    /// exist.
    Returned,
    /// The process that runs the cells ended.
    Ended {
        /// How: `exit status 3`, `signal 11 (segmentation fault)`.
        how: String,
        /// The variables that are lost.
        lost: Vec<String>,
    },
    /// The user stopped it.
    Interrupted {
        /// The variables that are lost; `None` if the process was not touched.
        lost: Option<Vec<String>>,
    },
    /// It took longer than it may.
    TimedOut {
        /// The limit in seconds.
        seconds: f64,
        /// The variables that are lost; `None` if the process was not touched.
        lost: Option<Vec<String>>,
    },
    /// There is no function of this name.
    NoFunction {
        /// What is defined.
        defined: Vec<String>,
    },
}

/// An error of the compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompilerError {
    /// One line.
    pub message: String,
    /// `E0308`
    pub code: Option<String>,
    /// Where, the primary place first.
    pub spans: Vec<Span>,
    /// What could help, one line each.
    pub helps: Vec<String>,
    /// What else it says.
    pub notes: Vec<String>,
    /// Whether it is about `--out` and not about the text of the cell: the variable.
    pub about_out: Option<String>,
}

/// A part of a cell; lines and columns count from 1, columns in characters, the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The line where it begins.
    pub line: usize,
    /// The column where it begins.
    pub column: usize,
    /// The line where it ends.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
    /// What is said of it.
    pub label: String,
}

/// Writes a frame.
///
/// # Errors
/// When it is too long or cannot be written.
pub fn write_frame(out: &mut impl Write, frame: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(frame)?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= MAX_FRAME);
    let length =
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame too long"))?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(json);
    out.write_all(&bytes)?;
    out.flush()
}

/// Reads a frame; `None` at the end.
///
/// # Errors
/// When the stream breaks, ends within a frame, or holds something else.
pub fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    loop {
        match from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    from.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame too long"));
    }
    let mut json = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut json)?;
    if json.len() != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(serde_json::from_slice(&json)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_there_and_back() {
        let requests = [
            Request::Execute {
                id: 1,
                code: "let 𝛼 = 1;\n".into(),
                bring: vec![Brought { name: "a".into(), ty: "Vec<f64>".into(), number: 3 }],
                give: vec![("b".into(), 4)],
                seconds: Some(0.5),
            },
            Request::Interrupt { of: 1 },
            Request::Quit,
        ];
        let mut bytes = Vec::new();
        for request in &requests {
            write_frame(&mut bytes, request).unwrap();
        }
        let mut rest = bytes.as_slice();
        for request in requests {
            assert_eq!(read_frame(&mut rest).unwrap(), Some(request));
        }
        assert_eq!(read_frame::<Request>(&mut rest).unwrap(), None);
        for end in [1, 3, 5, 40] {
            assert!(read_frame::<Request>(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        assert!(read_frame::<Reply>(&mut &b"hello, world"[..]).is_err());
        let mut huge = u32::MAX.to_le_bytes().to_vec();
        huge.extend([0; 8]);
        assert!(read_frame::<Reply>(&mut huge.as_slice()).is_err());
        assert!(read_frame::<Reply>(&mut &[2, 0, 0, 0, b'{', b'}'][..]).is_err());
    }
}
