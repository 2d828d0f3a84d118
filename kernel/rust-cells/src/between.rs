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
use crate::splitter::{Piece, Splitter};

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
                                // What was written to the other stream before comes before: what its
                                // pipe can hold. A thread may write there for ever.
                                for _ in 0..FULL_PIPE / buffer.len() {
                                    if !errors_open || !ready(&errors, Some(&now)) {
                                        break;
                                    }
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

/// How many bytes a pipe can hold at the most, unless somebody enlarges it.
const FULL_PIPE: usize = 1 << 20;

/// What evcxr waits for at the end of a cell.
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";

/// A word that no cell can guess.
fn secret() -> String {
    let mut bytes = [0; 16];
    if let Ok(mut random) = std::fs::File::open("/dev/urandom") {
        let _ = random.read_exact(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
