//! A notebook's side of the real helper.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use convac_rust_wire::{Failure, Reply, Request, read_frame, write_frame};

/// How long a test may wait for one answer: longer means that something hangs.
const LIMIT: Duration = Duration::from_secs(120);

pub struct Helper {
    pub child: Child,
    input: Option<ChildStdin>,
    replies: Receiver<Reply>,
    pub folder: tempfile::TempDir,
    next: u64,
    /// What cells wrote since the last question, output and errors.
    pub text: [String; 2],
}

impl Helper {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_in("rc", variables)
    }

    /// In a folder whose name begins so.
    pub fn start_in(name: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir_in("/tmp").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_convac-rust-cells"))
            .arg("--folder")
            .arg(folder.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = child.stdout.take().unwrap();
        let (sender, replies) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(reply)) = read_frame(&mut output) {
                if sender.send(reply).is_err() {
                    return;
                }
            }
        });
        let text = [String::new(), String::new()];
        let mut helper = Self { child, input, replies, folder, next: 0, text };
        loop {
            match helper.reply() {
                Reply::Hello { version } => assert_eq!(version, convac_rust_wire::VERSION),
                Reply::Starting { .. } => {}
                Reply::Ready { rustc } => {
                    assert!(rustc.starts_with("rustc "), "{rustc}");
                    return helper;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn send(&mut self, request: &Request) {
        write_frame(self.input.as_mut().unwrap(), request).unwrap();
    }

    fn reply(&mut self) -> Reply {
        self.replies.recv_timeout(LIMIT).expect("the helper says nothing: it hangs or is gone")
    }

    /// The answer; what cells write meanwhile is kept.
    pub fn answer(&mut self) -> Reply {
        loop {
            match self.reply() {
                Reply::Stream { error, text } => self.text[usize::from(error)] += &text,
                reply => return reply,
            }
        }
    }

    /// Waits until a cell has written something.
    pub fn wait_for(&mut self, wanted: &str) {
        while !self.text[0].contains(wanted) {
            match self.reply() {
                Reply::Stream { error, text } => self.text[usize::from(error)] += &text,
                reply => panic!("{reply:?}"),
            }
        }
    }

    pub fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn begin(&mut self, code: &str, seconds: Option<f64>) -> u64 {
        self.text = Default::default();
        let id = self.id();
        let (bring, give) = (Vec::new(), Vec::new());
        self.send(&Request::Execute { id, code: code.into(), bring, give, seconds });
        id
    }

    pub fn end(&mut self, id: u64) -> Result<BTreeMap<String, String>, Failure> {
        match self.answer() {
            Reply::Done { id: same, data, .. } if same == id => Ok(data),
            Reply::Failed { id: same, why, .. } if same == id => Err(why),
            other => panic!("{other:?}"),
        }
    }

    pub fn run(&mut self, code: &str) -> Result<BTreeMap<String, String>, Failure> {
        let id = self.begin(code, None);
        self.end(id)
    }

    /// The text of the value of a cell that works.
    pub fn value(&mut self, code: &str) -> String {
        let data = self.run(code).unwrap_or_else(|why| panic!("{code}: {why:?}"));
        data.get("text/plain").cloned().unwrap_or_default()
    }

    /// The descendants of the helper that live.
    pub fn descendants(&self) -> Vec<i32> {
        let mut parents = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
            else {
                continue;
            };
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            let mut fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
            if fields.next() != Some("Z") {
                parents.push((pid, fields.next().unwrap().parse::<i32>().unwrap()));
            }
        }
        let mut found = vec![i32::try_from(self.child.id()).unwrap()];
        let mut at = 0;
        while at < found.len() {
            let here = found[at];
            found.extend(parents.iter().filter(|(_, parent)| *parent == here).map(|(pid, _)| *pid));
            at += 1;
        }
        found.remove(0);
        found
    }

    /// The largest memory that the helper itself has taken, in MiB.
    pub fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Closes the way to the helper, as the end of a notebook does, and waits for its end.
    pub fn hang_up(&mut self) {
        self.input = None;
        let end = Instant::now() + LIMIT;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "the helper does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

pub fn gone(pids: &[i32]) {
    let end = Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|pid| is_alive(*pid)) {
        assert!(Instant::now() < end, "{pids:?} still run");
        std::thread::sleep(Duration::from_millis(5));
    }
}
