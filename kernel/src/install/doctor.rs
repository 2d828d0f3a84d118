//! `convac-kernel doctor`: is everything in its place, and does a kernel answer?

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

use super::folders::data_folders;
use crate::protocol::{Message, Reply, Sender, Signer, Topic};

/// A kernel specification that was found.
pub(super) struct Spec {
    folder: PathBuf,
    program: Option<PathBuf>,
    pub is_convac: bool,
}

/// All specifications below a folder of data.
pub(super) fn specs(data: &Path) -> Vec<Spec> {
    let Ok(entries) = std::fs::read_dir(data.join("kernels")) else { return Vec::new() };
    let mut found: Vec<Spec> = entries
        .flatten()
        .filter_map(|entry| {
            let folder = entry.path();
            let text = std::fs::read_to_string(folder.join("kernel.json")).ok()?;
            let spec: Json = serde_json::from_str(&text).ok()?;
            let program = spec["argv"][0].as_str().map(PathBuf::from);
            Some(Spec { folder, program, is_convac: spec["language"] == "convac" })
        })
        .collect();
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

/// A program as the system would find it.
fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_path_buf());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

struct Report {
    failed: bool,
}

impl Report {
    fn good(&self, text: &str) {
        println!("ok       {text}");
    }

    fn warn(&self, text: &str) {
        println!("warning  {text}");
    }

    fn bad(&mut self, text: &str) {
        self.failed = true;
        println!("error    {text}");
    }
}

/// Looks at everything and tells it; the exit code is 1 if something is wrong.
pub fn doctor() -> ExitCode {
    let mut report = Report { failed: false };
    specifications(&mut report);
    match Command::new("jupyter").arg("--version").output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let of = |name: &str| {
                let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
                line.and_then(|line| line.rsplit(' ').next()).unwrap_or("none").to_owned()
            };
            report.good(&format!(
                "jupyter: jupyterlab {}, notebook {}, jupyter_client {}",
                of("jupyterlab"),
                of("notebook"),
                of("jupyter_client")
            ));
        }
        _ => report.warn("no `jupyter` on the path: pip install jupyterlab"),
    }
    let extension = data_folders()
        .into_iter()
        .map(|data| data.join("labextensions").join(super::EXTENSION_NAME))
        .find(|folder| folder.join("package.json").is_file());
    match extension {
        Some(folder) => report.good(&format!("colours of cells: {}", folder.display())),
        None => report.warn("cells have no colours: convac-kernel install"),
    }
    history(&report);
    match try_kernel() {
        Ok((start, answer)) => report.good(&format!(
            "a kernel starts in {} ms and answers in {:.1} ms",
            start.as_millis(),
            answer.as_secs_f64() * 1e3
        )),
        Err(why) => report.bad(&format!("a kernel does not answer: {why}")),
    }
    ExitCode::from(u8::from(report.failed))
}

fn specifications(report: &mut Report) {
    let mut any = false;
    for data in data_folders() {
        for spec in specs(&data).iter().filter(|spec| spec.is_convac) {
            any = true;
            let folder = spec.folder.display();
            match spec.program.as_deref().map(|program| (program, find(program))) {
                Some((_, Some(program))) => {
                    report.good(&format!("kernel: {folder} runs {}", program.display()));
                }
                Some((program, None)) => report.bad(&format!(
                    "kernel: {folder} wants {}, which is not there: convac-kernel install",
                    program.display()
                )),
                None => report.bad(&format!("kernel: {folder} names no program")),
            }
        }
    }
    if !any {
        report.bad("Jupyter knows no convac kernel: convac-kernel install");
    }
}

fn history(report: &Report) {
    let Some(path) = convac::session::history_path() else {
        report.warn("no place for a history: this user has no home");
        return;
    };
    match convac::session::History::open(&path).1 {
        None => report.good(&format!("history: {}", path.display())),
        Some(warning) => report.warn(&format!("history: {}", warning.message)),
    }
}

/// A kernel that ends when this is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a kernel and asks it who it is: the time to its first answer, and that of the second.
fn try_kernel() -> Result<(Duration, Duration), String> {
    let file = std::env::temp_dir().join(format!("convac-doctor-{}.json", std::process::id()));
    let connection = json!({
        "transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256", "key": "doctor",
        "shell_port": 0, "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0,
    });
    super::write(&file, connection.to_string().as_bytes())?;
    let tried = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(ask(&file)));
    // It is ours, and small.
    let _ = std::fs::remove_file(&file);
    tried
}

async fn ask(file: &Path) -> Result<(Duration, Duration), String> {
    let begin = Instant::now();
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new(program)
        .arg("--connection-file")
        .arg(file)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut kernel = Started(child);
    let port = loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let written: Json = serde_json::from_str(&text).unwrap_or_default();
        match written["shell_port"].as_u64() {
            Some(port) if port > 0 => break port,
            _ => {}
        }
        if let Ok(Some(status)) = kernel.0.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if begin.elapsed() > Duration::from_secs(10) {
            return Err("it took more than 10 s to start".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let mut socket = DealerSocket::new();
    let connected = socket.connect(&format!("tcp://127.0.0.1:{port}")).await;
    connected.map_err(|error| error.to_string())?;
    let signer = Signer::new("hmac-sha256", "doctor").map_err(|scheme| scheme.0)?;
    let sender = Sender::new(signer.clone(), "doctor");
    let mut times = [begin, begin];
    for time in &mut times {
        let sent = Instant::now();
        let request = Reply::new("kernel_info_request", json!({}));
        let frames = sender.frames(&Topic::To(&[]), None, &request);
        let message = ZmqMessage::try_from(frames).map_err(|error| error.to_string())?;
        socket.send(message).await.map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(Duration::from_secs(10), socket.recv()).await;
        let answer = answer.map_err(|_| "no answer in 10 s".to_owned())?;
        let frames = answer.map_err(|error| error.to_string())?.into_vec();
        let message = Message::read(frames, &signer).map_err(|refused| refused.to_string())?;
        if message.content.get("status") != Some(&Json::from("ok")) {
            return Err("its answer is an error".to_owned());
        }
        *time = sent;
    }
    let [first, second] = times;
    Ok((second - begin.min(first), second.elapsed()))
}
