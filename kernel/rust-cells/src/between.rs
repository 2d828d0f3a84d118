//! The process between evcxr and its runtime.
//!
//! evcxr and its runtime talk over the runtime's standard output, where cells print, too. Here the
//! two are kept apart: what cells print goes to the helper over a socket, at once and in pieces of any
//! size; what is meant for evcxr goes on to it. A cell that prints without a newline, without end or
//! bytes that are no text harms nobody.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::ROLE;
use crate::folder::{OUTPUT, private};
use crate::runtime::SECRET;

/// What the helper is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum News {
    /// Text of the standard output.
    Output = 1,
    /// Text of the standard error stream.
    Error = 2,
    /// A cell begins to run.
    Begin = 3,
    /// It has ended; everything that it wrote was told before. One byte: [`PANICKED`], [`RETURNED`] or 0.
    End = 4,
    /// The runtime is dead: exit status and signal, four bytes each; -1 for what there is not.
    Died = 5,
}

impl News {
    fn of(byte: u8) -> Option<Self> {
        [Self::Output, Self::Error, Self::Begin, Self::End, Self::Died]
            .into_iter()
            .find(|news| *news as u8 == byte)
    }
}

/// A cell ended by a panic.
pub const PANICKED: u8 = 1;

/// A cell ended by a `?`.
pub const RETURNED: u8 = 2;

/// What the helper says when it has heard of an end.
pub const HEARD: u8 = b'h';

/// What it says to have the runtime stopped.
pub const STOP: u8 = b's';

/// How long its answer is waited for; without one things go on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads one piece of news; `None` at the end.
pub fn read_news(from: &mut impl Read) -> io::Result<Option<(News, Vec<u8>)>> {
    let mut head = [0; 5];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [kind, length @ ..] = head;
    let mut payload = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut payload)?;
    let news = News::of(kind).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Some((news, payload)))
}

fn tell(socket: &Mutex<UnixStream>, news: News, payload: &[u8]) {
    let mut message = vec![news as u8];
    message.extend((payload.len() as u32).to_le_bytes());
    message.extend(payload);
    // Without a helper there is nobody to tell, and the runtime is about to be stopped.
    let _ = socket.lock().unwrap_or_else(PoisonError::into_inner).write_all(&message);
}

/// Runs the runtime until it ends.
pub fn run() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the runtime of Rust cells cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> io::Result<()> {
    let socket = UnixStream::connect(private().join(OUTPUT))?;
    let secret = secret();
    let mut child = Command::new(std::env::current_exe()?)
        .env(ROLE, "runtime")
        // Panics are told in one line, and a backtrace would show evcxr and this program.
        .env("RUST_BACKTRACE", "0")
        .env(SECRET, &secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let missing = || io::Error::other("the runtime has no pipes");
    let input = child.stdin.take().ok_or_else(missing)?;
    let output = child.stdout.take().ok_or_else(missing)?;
    let errors = child.stderr.take().ok_or_else(missing)?;
    let child = Arc::new(Mutex::new(child));
    let (heard, answers) = channel();
    let mut commands = socket.try_clone()?;
    let socket = Arc::new(Mutex::new(socket));
    {
        let child = Arc::clone(&child);
        std::thread::spawn(move || {
            let mut said = [0];
            while commands.read_exact(&mut said).is_ok() && said == [HEARD] {
                if heard.send(()).is_err() {
                    break;
                }
            }
            // The helper wants the runtime to be stopped; that it is gone means the same.
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        });
    }
    {
        let socket = Arc::clone(&socket);
        std::thread::spawn(move || pass_commands(input, &socket));
    }
    pump(output, errors, Splitter::new(&secret), &socket, &answers);
    let (code, signal) = wait(&child)?;
    let mut payload = code.unwrap_or(-1).to_le_bytes().to_vec();
    payload.extend(signal.unwrap_or(-1).to_le_bytes());
    tell(&socket, News::Died, &payload);
    let _ = answers.recv_timeout(PATIENCE);
    Ok(())
}

fn wait(child: &Mutex<Child>) -> io::Result<(Option<i32>, Option<i32>)> {
    loop {
        // The lock is not held while waiting: the helper may still say that it should be killed.
        let ended = child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?;
        match ended {
            Some(status) => return Ok((status.code(), status.signal())),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Passes what evcxr says on to the runtime; the end too.
fn pass_commands(mut runtime: ChildStdin, socket: &Mutex<UnixStream>) {
    let mut lines = BufReader::new(io::stdin());
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if line.starts_with(b"LOAD_AND_RUN ") {
            tell(socket, News::Begin, &[]);
        }
        if runtime.write_all(&line).and_then(|()| runtime.flush()).is_err() {
            return;
        }
    }
}

fn ready(fd: &impl std::os::fd::AsFd, wait: Option<&Timespec>) -> bool {
    poll(&mut [PollFd::new(fd, PollFlags::IN)], wait).is_ok_and(|ready| ready > 0)
}

/// Takes everything that the runtime writes until both of its streams have ended.
fn pump(
    mut output: ChildStdout,
    mut errors: ChildStderr,
    mut splitter: Splitter,
    socket: &Mutex<UnixStream>,
    answers: &Receiver<()>,
) {
    let mut buffer = vec![0; 64 << 10];
    let (mut output_open, mut errors_open) = (true, true);
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    while output_open || errors_open {
        let mut fds = Vec::with_capacity(2);
        if errors_open {
            fds.push(PollFd::new(&errors, PollFlags::IN));
        }
        if output_open {
            fds.push(PollFd::new(&output, PollFlags::IN));
        }
        if poll(&mut fds, None).is_err() {
            continue;
        }
        drop(fds);
        while errors_open && ready(&errors, Some(&now)) {
            match errors.read(&mut buffer) {
                Ok(count) if count > 0 => tell(socket, News::Error, &buffer[..count]),
                _ => errors_open = false,
            }
            // A flood of errors does not keep the output waiting.
            if output_open && ready(&output, Some(&now)) {
                break;
            }
        }
        if output_open && ready(&output, Some(&now)) {
            match output.read(&mut buffer) {
                Ok(count) if count > 0 => {
                    splitter.take(&buffer[..count]);
                    for piece in splitter.pieces.drain(..) {
                        match piece {
                            Piece::Text(text) => tell(socket, News::Output, &text),
                            Piece::Evcxr(line) => {
                                let _ = io::stdout()
                                    .write_all(&line)
                                    .and_then(|()| io::stdout().flush());
                            }
                            Piece::End { how } => {
                                // What was written to the other stream before comes before.
                                while errors_open && ready(&errors, Some(&now)) {
                                    match errors.read(&mut buffer) {
                                        Ok(count) if count > 0 => {
                                            tell(socket, News::Error, &buffer[..count]);
                                        }
                                        _ => errors_open = false,
                                    }
                                }
                                tell(socket, News::End, &[how]);
                                // evcxr hears of the end when the helper knows all about it.
                                let _ = answers.recv_timeout(PATIENCE);
                                let line = format!("{COMPLETE}\n");
                                let _ = io::stdout()
                                    .write_all(line.as_bytes())
                                    .and_then(|()| io::stdout().flush());
                            }
                        }
                    }
                }
                _ => output_open = false,
            }
        }
    }
    if let Some(rest) = splitter.finish() {
        tell(socket, News::Output, &rest);
    }
}

/// What evcxr waits for at the end of a cell.
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";
/// A `?` of a cell met an error.
const ERROR: &[u8] = b"EVCXR_ERROR_OCCURRED";
const PANIC: &[u8] = b"EVCXR_PANIC_NOTIFICATION";
const BEGIN_CONTENT: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END_CONTENT: &[u8] = b"EVCXR_END_CONTENT";
/// The line by which the runtime says that a cell has ended.
pub fn end_line(secret: &str) -> String {
    format!("EVCXR_END {secret}\n")
}

/// A word that no cell can guess.
fn secret() -> String {
    let mut bytes = [0; 16];
    if let Ok(mut random) = std::fs::File::open("/dev/urandom") {
        let _ = random.read_exact(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What else evcxr's runtime says: a line that begins so.
const OTHERS: [&[u8]; 2] = [ERROR, b"EVCXR_VARIABLE_CHANGED_TYPE:"];
/// The longest content (a picture, a page) that is passed on.
const MAX_CONTENT: usize = 64 << 20;

/// A part of the runtime's standard output.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// A cell printed it.
    Text(Vec<u8>),
    /// It is for evcxr: whole lines.
    Evcxr(Vec<u8>),
    /// The cell has ended: [`PANICKED`], [`RETURNED`] or 0.
    End { how: u8 },
}

/// Cuts the runtime's standard output into pieces. Words for evcxr may follow printed text on the
/// same line, because nobody ends the last line of a cell that did not end it itself.
#[derive(Default)]
struct Splitter {
    /// The line by which the runtime ends a cell; no cell knows it.
    complete: Vec<u8>,
    /// What may become a word for evcxr.
    held: Vec<u8>,
    /// The content that is being told, with its first line.
    content: Option<Vec<u8>>,
    /// Whether it was too long, and is dropped.
    dropped: bool,
    /// How the cell will have ended.
    how: u8,
    pieces: Vec<Piece>,
}

impl Splitter {
    fn new(secret: &str) -> Self {
        Self { complete: end_line(secret).into_bytes(), ..Self::default() }
    }

    fn text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        // Most lines hold no word for evcxr, and long runs of text are passed on as they are.
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            self.held.extend_from_slice(line);
            if line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.held);
                self.line(&line);
            } else if self.content.is_none() && !self.may_become_a_word() {
                let text = std::mem::take(&mut self.held);
                self.text(&text);
            }
        }
        if let Some(content) = &self.content
            && content.len() + self.held.len() > MAX_CONTENT
        {
            self.dropped = true;
            self.held.clear();
            self.content = Some(Vec::new());
        }
    }

    /// Whether a word for evcxr stands in what is held, or could be about to.
    fn may_become_a_word(&self) -> bool {
        let word = b"EVCXR_";
        self.held.windows(word.len()).any(|window| window == word)
            || (1..word.len()).any(|count| self.held.ends_with(&word[..count]))
    }

    fn line(&mut self, line: &[u8]) {
        if let Some(content) = &mut self.content {
            let ends = line.trim_ascii_end() == END_CONTENT || contains(line, PANIC).is_some();
            if !self.dropped {
                content.extend_from_slice(line);
            }
            if !ends {
                return;
            }
            let whole = self.content.take().unwrap_or_default();
            if contains(line, PANIC).is_some() {
                self.how = PANICKED;
            }
            if std::mem::take(&mut self.dropped) {
                self.text(b"(what this cell shows is longer than 64 MB and is left out)\n");
                if self.how == PANICKED {
                    self.pieces.push(Piece::Evcxr(line.to_vec()));
                }
            } else {
                self.pieces.push(Piece::Evcxr(whole));
            }
            return;
        }
        if let Some(at) = contains(line, BEGIN_CONTENT) {
            self.text(&line[..at]);
            self.content = Some(line[at..].to_vec());
            return;
        }
        if !self.complete.is_empty() && line.ends_with(&self.complete) {
            self.text(&line[..line.len() - self.complete.len()]);
            let how = std::mem::take(&mut self.how);
            self.pieces.push(Piece::End { how });
            return;
        }
        let told =
            OTHERS.iter().copied().chain([PANIC]).filter_map(|word| contains(line, word)).min();
        match told {
            Some(at) => {
                if line[at..].starts_with(PANIC) {
                    self.how = PANICKED;
                } else if line[at..].starts_with(ERROR) {
                    self.how = RETURNED;
                }
                self.text(&line[..at]);
                self.pieces.push(Piece::Evcxr(line[at..].to_vec()));
            }
            None => self.text(line),
        }
    }

    /// What is left at the end.
    fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.held);
        (!rest.is_empty() && self.content.is_none()).then_some(rest)
    }
}

fn contains(line: &[u8], word: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line[from..].iter().position(|byte| *byte == word[0]) {
        let at = from + at;
        if line[at..].starts_with(word) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a text, whatever the sizes of the parts in which it arrives.
    fn pieces(text: &[u8]) -> Vec<Piece> {
        let mut whole = Splitter::new("s3");
        whole.take(text);
        for size in [1, 2, 7, 13] {
            let mut parts = Splitter::new("s3");
            for part in text.chunks(size) {
                parts.take(part);
            }
            assert_eq!(parts.pieces, whole.pieces, "parts of {size}");
            assert_eq!(parts.held, whole.held);
        }
        whole.pieces
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn evcxr(line: &str) -> Piece {
        Piece::Evcxr(line.into())
    }

    #[test]
    fn text_and_words_are_kept_apart() {
        assert_eq!(pieces(b"a\nb\n"), [text("a\nb\n")]);
        assert_eq!(
            pieces(b"fooEVCXR_END s3\nbar"),
            [text("foo"), Piece::End { how: 0 }, text("bar")]
        );
        assert_eq!(
            pieces(b"xEVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\nEVCXR_END s3\n"),
            [
                text("x"),
                evcxr("EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n"),
                Piece::End { how: 0 }
            ]
        );
        assert_eq!(
            pieces(b"EVCXR_PANIC_NOTIFICATION\nEVCXR_END s3\nEVCXR_END s3\n"),
            [
                evcxr("EVCXR_PANIC_NOTIFICATION\n"),
                Piece::End { how: PANICKED },
                Piece::End { how: 0 }
            ]
        );
        assert_eq!(
            pieces(b"aEVCXR_VARIABLE_CHANGED_TYPE:x\n"),
            [text("a"), evcxr("EVCXR_VARIABLE_CHANGED_TYPE:x\n")]
        );
    }

    #[test]
    fn a_question_mark_that_meets_an_error() {
        assert_eq!(
            pieces(b"lost\nEVCXR_ERROR_OCCURRED\nEVCXR_END s3\n"),
            [text("lost\n"), evcxr("EVCXR_ERROR_OCCURRED\n"), Piece::End { how: RETURNED }]
        );
    }

    #[test]
    fn what_only_looks_like_a_word_is_text() {
        assert_eq!(pieces(b"EVCXR EVCX\nEVCXR_ELSE\n"), [text("EVCXR EVCX\nEVCXR_ELSE\n")]);
        assert_eq!(pieces(b"EVCXR_EXECUTION_COMPLETE\n"), [text("EVCXR_EXECUTION_COMPLETE\n")]);
        let mut open = Splitter::new("s3");
        open.take(b"% EVC");
        assert_eq!(open.pieces, []);
        assert_eq!(open.finish().unwrap(), b"% EVC");
    }

    #[test]
    fn content_that_is_too_long_is_dropped() {
        let mut splitter = Splitter::new("s3");
        splitter.take(b"EVCXR_BEGIN_CONTENT image/svg+xml\n");
        let part = vec![b'x'; 1 << 20];
        for _ in 0..80 {
            splitter.take(&part);
            assert!(splitter.held.len() <= MAX_CONTENT + part.len());
        }
        splitter.take(b"\nEVCXR_END_CONTENT\nEVCXR_END s3\n");
        assert_eq!(
            splitter.pieces,
            [
                text("(what this cell shows is longer than 64 MB and is left out)\n"),
                Piece::End { how: 0 }
            ]
        );
    }

    #[test]
    fn news_there_and_back() {
        let (mut here, there) = UnixStream::pair().unwrap();
        let there = Mutex::new(there);
        tell(&there, News::Output, b"abc");
        tell(&there, News::Begin, b"");
        drop(there);
        assert_eq!(read_news(&mut here).unwrap(), Some((News::Output, b"abc".to_vec())));
        assert_eq!(read_news(&mut here).unwrap(), Some((News::Begin, vec![])));
        assert_eq!(read_news(&mut here).unwrap(), None);
    }
}
