//! The process of the helper.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use convac_rust_wire::{Reply, Request, VERSION, read_frame, write_frame};

use super::folder::Folder;
use super::{Listener, Refusal};
use crate::interrupt::Interrupt;

/// How often the flag is read that stops a cell.
const GLANCE: Duration = Duration::from_millis(15);

/// How long the helper may take to stop a cell before it is killed. Reading the standard library and
/// finding out types are one piece of work each that cannot be stopped.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long it may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(2);

/// How many lines of its log are kept.
const LOG: usize = 30;

/// What happens at its pipes.
enum Event {
    Reply(Reply),
    Log(String),
    /// It says nothing any more; why, if it is not its end.
    End(Option<String>),
}

/// A helper that runs.
#[derive(Debug)]
pub(super) struct Helper {
    child: Child,
    input: ChildStdin,
    events: Receiver<Event>,
    log: Vec<String>,
    folder: Folder,
    rustc: String,
    /// Whether it still takes requests.
    usable: bool,
    /// How it ended, once that was asked; its number may belong to others from then on.
    ended: Option<ExitStatus>,
    /// What cells wrote while nobody listened.
    late: Vec<(bool, String)>,
}

impl Helper {
    /// Starts the helper and waits until it is ready.
    pub fn start(
        program: &Path,
        memory: Option<u64>,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<Self, Refusal> {
        let began = Instant::now();
        listener.status("starting Rust …", false);
        let folder =
            Folder::new().map_err(|error| Refusal::File(format!("a private folder: {error}")))?;
        let mut command = Command::new(program);
        command.arg("--folder").arg(folder.path());
        if let Some(bytes) = memory {
            command.env("CONVAC_RUST_MEMORY", bytes.to_string());
        }
        // A group of its own: Ctrl-C in a terminal is for this program, which tells it.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let unusable = |error: std::io::Error| Refusal::Missing {
            what: format!(
                "the helper for Rust cells, {}, cannot be started: {error}",
                program.display()
            ),
            hint: "cargo install --locked --path kernel/rust-cells".into(),
        };
        let mut child = command.spawn().map_err(unusable)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(mut output), Some(errors)) = pipes else {
            return Err(Refusal::File("the helper has no pipes".into()));
        };
        let (sender, events) = channel();
        let log = sender.clone();
        std::thread::spawn(move || pass_replies(&mut output, &sender));
        std::thread::spawn(move || {
            let mut lines = BufReader::new(errors).split(b'\n');
            // Whatever it says is taken: a pipe that nobody reads would stop it.
            while let Some(Ok(line)) = lines.next() {
                if log.send(Event::Log(String::from_utf8_lossy(&line).into_owned())).is_err() {
                    break;
                }
            }
        });
        let mut helper = Self {
            child,
            input,
            events,
            log: Vec::new(),
            folder,
            rustc: String::new(),
            usable: true,
            ended: None,
            late: Vec::new(),
        };
        helper.wait_until_ready(program, listener, interrupt, began)?;
        Ok(helper)
    }

    fn wait_until_ready(
        &mut self,
        program: &Path,
        listener: &dyn Listener,
        interrupt: &Interrupt,
        began: Instant,
    ) -> Result<(), Refusal> {
        let mut step = String::new();
        let mut told = Instant::now();
        loop {
            if interrupt.is_triggered() {
                listener.status("starting Rust was stopped", true);
                self.kill();
                return Err(Refusal::Stopped { lost: false });
            }
            let seconds = began.elapsed().as_secs_f64();
            if told.elapsed() > Duration::from_millis(500) {
                told = Instant::now();
                listener.status(&format!("starting Rust: {step}, {seconds:.0} s …"), false);
            }
            let wrong = match self.next(GLANCE) {
                Ok(None) => continue,
                Ok(Some(Reply::Hello { version: VERSION })) => continue,
                Ok(Some(Reply::Starting { step: next })) => {
                    step = next;
                    listener.status(&format!("starting Rust: {step} …"), false);
                    continue;
                }
                Ok(Some(Reply::Ready { rustc })) => {
                    listener.status(&format!("Rust is ready after {seconds:.1} s ({rustc})"), true);
                    self.rustc = rustc;
                    return Ok(());
                }
                Ok(Some(Reply::Missing { what, hint })) => Refusal::Missing { what, hint },
                Ok(Some(Reply::Hello { version })) => Refusal::Missing {
                    what: format!(
                        "the helper for Rust cells, {}, is of another version (its frames are version {version}, and {VERSION} is wanted)",
                        program.display()
                    ),
                    hint: "cargo install --locked --path kernel/rust-cells".into(),
                },
                Ok(Some(_)) => {
                    self.kill();
                    Refusal::Gone { how: "it said something unexpected".into(), log: self.log() }
                }
                Err(refusal) => refusal,
            };
            listener.status("Rust was not started", true);
            self.kill();
            return Err(wrong);
        }
    }

    /// The next reply, if there is one in this time.
    fn next(&mut self, wait: Duration) -> Result<Option<Reply>, Refusal> {
        match self.events.recv_timeout(wait) {
            Ok(Event::Reply(reply)) => Ok(Some(reply)),
            Ok(Event::Log(line)) => {
                self.note(line);
                Ok(None)
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Ok(Event::End(why)) => Err(self.gone(why)),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone(None)),
        }
    }

    fn note(&mut self, line: String) {
        if self.log.len() == LOG {
            self.log.remove(0);
        }
        self.log.push(line);
    }

    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// It has ended, or says what makes no sense.
    fn gone(&mut self, why: Option<String>) -> Refusal {
        let how = match why {
            Some(why) => why,
            None => {
                let ended = self.wait(FAREWELL);
                ended.map_or_else(|| "it closed its pipes".to_owned(), |status| status.to_string())
            }
        };
        // What it said at last may still be in the pipe.
        while let Ok(Event::Log(line)) = self.events.recv_timeout(GLANCE) {
            self.note(line);
        }
        self.kill();
        Refusal::Gone { how, log: self.log() }
    }

    /// Asks something that has one answer.
    pub fn ask(
        &mut self,
        request: &Request,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<Reply, Refusal> {
        let id = request.id().unwrap_or(0);
        self.drain(listener);
        self.send(request)?;
        let mut told = false;
        let answer = self.answer(id, listener, interrupt, &mut told);
        if told {
            let how = match &answer {
                Ok(Reply::Failed { .. }) | Err(_) => "compiling has ended",
                Ok(_) => "compiled",
            };
            listener.status(how, true);
        }
        answer
    }

    /// Waits for the answer to a question; `told` when it was said that something is compiled.
    fn answer(
        &mut self,
        id: u64,
        listener: &dyn Listener,
        interrupt: &Interrupt,
        told: &mut bool,
    ) -> Result<Reply, Refusal> {
        let mut asked_to_stop: Option<Instant> = None;
        loop {
            if interrupt.is_triggered() && asked_to_stop.is_none() {
                asked_to_stop = Some(Instant::now());
                self.send(&Request::Interrupt { of: id })?;
            }
            if asked_to_stop.is_some_and(|since| since.elapsed() > PATIENCE) {
                self.kill();
                return Err(Refusal::Stopped { lost: true });
            }
            match self.events.recv_timeout(GLANCE) {
                Ok(Event::Reply(Reply::Stream { error, text })) => listener.text(error, &text),
                // Of a question that was given up.
                Ok(Event::Reply(reply)) if reply.id().is_some_and(|answered| answered < id) => {}
                Ok(Event::Reply(reply)) if reply.id() != Some(id) => {
                    let why = "it answered something that it was not asked".to_owned();
                    return Err(self.gone(Some(why)));
                }
                Ok(Event::Reply(reply)) => return Ok(reply),
                Ok(Event::Log(line)) => {
                    if let Some(step) = cargo_step(&line) {
                        listener.status(&step, false);
                        *told = true;
                    }
                    self.note(line);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::End(why)) => return Err(self.gone(why)),
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone(None)),
            }
        }
    }

    /// Asks something whose answer is not worth waiting for long.
    pub fn ask_quickly(&mut self, request: &Request, wait: Duration) -> Option<Reply> {
        let id = request.id();
        self.send(request).ok()?;
        let end = Instant::now() + wait;
        loop {
            let left = end.checked_duration_since(Instant::now())?;
            match self.next(left) {
                Ok(Some(reply)) if reply.id() == id => return Some(reply),
                Ok(Some(Reply::Stream { error, text })) => self.late.push((error, text)),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Tells what was written while nobody listened: by functions and threads of cells.
    pub fn drain(&mut self, listener: &dyn Listener) {
        for (error, text) in std::mem::take(&mut self.late) {
            listener.text(error, &text);
        }
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Reply(Reply::Stream { error, text }) => listener.text(error, &text),
                // Of a question that was given up.
                Event::Reply(_) => {}
                Event::Log(line) => self.note(line),
                Event::End(_) => self.usable = false,
            }
        }
    }

    fn send(&mut self, request: &Request) -> Result<(), Refusal> {
        match write_frame(&mut self.input, request) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.gone(None)),
        }
    }

    /// Why it takes no more requests, if it does not.
    pub fn lost(&mut self) -> Option<String> {
        if !self.usable {
            return Some("the helper for Rust cells ended".into());
        }
        if let Some(status) = self.has_ended() {
            return Some(format!("the helper for Rust cells ended ({status})"));
        }
        let folder = self.folder.path();
        if !self.folder.is_there() {
            return Some(format!(
                "the private folder of Rust cells, {}, was deleted",
                folder.display()
            ));
        }
        None
    }

    pub fn usable(&mut self) -> bool {
        self.lost().is_none()
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn rustc(&self) -> &str {
        &self.rustc
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in which a value crosses.
    pub fn file(&self, direction: &str, number: u64) -> PathBuf {
        self.folder.path().join(format!("{direction}-{number}"))
    }

    fn wait(&mut self, time: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if let Some(status) = self.has_ended() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    /// How it ended, if it did. What it had started ends with it, now: later another group may have its
    /// number.
    fn has_ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.ended = Some(status);
            self.kill_group();
        }
        self.ended
    }

    fn kill_group(&self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            let group = nix::unistd::Pid::from_raw(group);
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
    }

    /// Kills it and all that it started.
    fn kill(&mut self) {
        self.usable = false;
        if self.ended.is_none() {
            self.kill_group();
            self.ended = self.child.wait().ok();
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        if self.usable && write_frame(&mut self.input, &Request::Quit).is_ok() {
            self.wait(FAREWELL);
        }
        self.kill();
    }
}

fn pass_replies(output: &mut impl std::io::Read, events: &Sender<Event>) {
    loop {
        let event = match read_frame(output) {
            Ok(Some(reply)) => Event::Reply(reply),
            Ok(None) => Event::End(None),
            Err(error) => Event::End(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => None,
                _ => Some(format!("what it said could not be read: {error}")),
            }),
        };
        let last = matches!(event, Event::End(_));
        if events.send(event).is_err() || last {
            return;
        }
    }
}

/// What cargo says while it builds dependencies: `   Compiling regex v1.12.0`.
fn cargo_step(line: &str) -> Option<String> {
    let line = line.trim();
    let verbs = ["Compiling ", "Downloading ", "Downloaded ", "Updating ", "Locking ", "Blocking "];
    verbs.iter().any(|verb| line.starts_with(verb)).then(|| line.to_owned())
}
