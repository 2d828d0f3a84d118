//! A terminal with `convac-repl` in it: keys go in, a screen comes out.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

/// How long something may take before a test fails; nothing is measured with it.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    screen: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    folder: Option<tempfile::TempDir>,
}

/// How a terminal is set up.
pub struct Setup<'s> {
    pub rows: u16,
    pub columns: u16,
    pub arguments: &'s [&'s str],
    pub variables: &'s [(&'s str, &'s str)],
    /// Variables that are taken away.
    pub without: &'s [&'s str],
    /// The file of the history; a new one without.
    pub history: Option<&'s Path>,
    /// Where the standard output goes; to the terminal without.
    pub output: Option<&'s Path>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            rows: 24,
            columns: 80,
            arguments: &[],
            variables: &[],
            without: &[],
            history: None,
            output: None,
        }
    }
}

impl Terminal {
    /// A session that shows its first prompt.
    pub fn new() -> Self {
        Self::with(&Setup::default())
    }

    pub fn with(setup: &Setup) -> Self {
        let terminal = Self::start(setup);
        terminal.wait("the prompt", |screen| last_line(screen).starts_with('>'));
        terminal
    }

    pub fn start(setup: &Setup) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(setup.rows, setup.columns)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_convac-repl"))
            .args(setup.arguments)
            .current_dir(folder.path())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("TMUX")
            .env("TERM", "xterm-256color")
            .env("CONVAC_CONFIG", folder.path().join("repl.toml"))
            .env("CONVAC_HISTORY", setup.history.unwrap_or(&history));
        for (name, value) in setup.variables {
            command = command.env(name, value);
        }
        for name in setup.without {
            command = command.env_remove(name);
        }
        if let Some(path) = setup.output {
            command = command.stdout(std::fs::File::create(path).unwrap());
        }
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(setup.rows, setup.columns, 5000)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (reader, into, all) = (Arc::clone(&pty), Arc::clone(&screen), Arc::clone(&bytes));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                all.lock().unwrap().extend_from_slice(&buffer[..length]);
                into.lock().unwrap().process(&buffer[..length]);
            }
        });
        Self { pty, child, screen, bytes, folder: Some(folder) }
    }

    pub fn keys(&self, keys: &str) -> &Self {
        self.bytes(keys.as_bytes())
    }

    /// What a keyboard sends, text or not.
    pub fn bytes(&self, bytes: &[u8]) -> &Self {
        (&*self.pty).write_all(bytes).unwrap();
        self
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let process = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(process, signal).unwrap();
    }

    /// Whether the terminal is as a shell leaves it: it echoes, and gives whole lines.
    pub fn is_as_found(&self) -> bool {
        use nix::sys::termios::{LocalFlags, tcgetattr};
        let modes = tcgetattr(&*self.pty).unwrap().local_flags;
        modes.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG)
    }

    /// A pasted text, as terminals mark it.
    pub fn paste(&self, text: &str) -> &Self {
        let text = text.replace('\n', "\r");
        self.keys(&format!("\x1b[200~{text}\x1b[201~"))
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(rows, columns);
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// What stands on the screen, without blanks at the ends of lines.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Row and column of the cursor, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.screen.lock().unwrap().screen().cursor_position()
    }

    /// Everything that was written so far.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Waits until something was written, escape sequences included.
    pub fn writes(&self, part: &str) -> String {
        self.wait(&format!("{part:?}"), |_| self.raw().contains(part));
        self.raw()
    }

    /// The colour of a character on the screen.
    pub fn color_of(&self, text: &str) -> vt100::Color {
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        for row in 0..rows {
            let line: String = (0..columns)
                .map(|column| {
                    let cell = screen.cell(row, column).map(vt100::Cell::contents).unwrap_or(" ");
                    cell.chars().next().unwrap_or(' ')
                })
                .collect();
            if let Some(at) = line.find(text) {
                let column = u16::try_from(line[..at].chars().count()).unwrap();
                return screen.cell(row, column).unwrap().fgcolor();
            }
        }
        panic!("{text:?} is not on the screen:\n{}", screen.contents());
    }

    pub fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let text = self.text();
            if done(&text) {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "no {what} on the screen:\n{text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn shows(&self, part: &str) -> String {
        self.wait(&format!("{part:?}"), |screen| screen.contains(part))
    }

    /// Waits until the screen is empty but for a new prompt at its end.
    pub fn is_ready(&self) -> String {
        self.wait("new prompt", |screen| last_line(screen).trim_end() == ">")
    }

    /// Runs a line and gives what it showed: the lines between it and the next prompt.
    pub fn run(&self, line: &str) -> String {
        self.keys(&format!("{line}\r"));
        let echo = format!("> {line}");
        self.shows(&echo);
        let screen = self.is_ready();
        let start = screen.rfind(&echo).unwrap() + echo.len();
        screen[start..].trim_end_matches(['>', ' ']).trim().to_owned()
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> usize {
        self.bytes.lock().unwrap().len()
    }

    /// Waits for the end of the process.
    pub fn ends(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(start.elapsed() < PATIENCE, "the session does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn last_line(screen: &str) -> &str {
    screen.trim_end_matches('\n').lines().last().unwrap_or("")
}
