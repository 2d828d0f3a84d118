//! The real program on real sockets: zeromq clients, and peers that are none.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use convac_kernel::protocol::{Message, Reply, Sender, Signer, Topic};
use serde_json::{Value as Json, json};
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, SubSocket, ZmqMessage};

/// Far more than anything takes; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const PORTS: [&str; 5] = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
const LONG: &str = "sum([sum([i * j mod 7 for j in 1..2000]) for i in 1..1000000])";

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convac-kernel"));
    command.env_remove("JPY_PARENT_PID").env_remove("JUPYTER_DATA_DIR");
    command
}

fn connection() -> Json {
    json!({
        "transport": "tcp", "ip": "127.0.0.1", "key": "a key", "signature_scheme": "hmac-sha256",
        "shell_port": 0, "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0,
    })
}

/// A kernel process in a folder of its own.
struct Kernel {
    folder: tempfile::TempDir,
    child: Child,
    info: Json,
}

impl Kernel {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connection.json");
        std::fs::write(&file, connection().to_string()).unwrap();
        let child = program()
            .arg("--connection-file")
            .arg(&file)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("CONVAC_HISTORY", folder.path().join("history.jsonl"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        let info = loop {
            let text = std::fs::read_to_string(&file).unwrap();
            let info: Json = serde_json::from_str(&text).unwrap_or_default();
            if PORTS.iter().all(|port| info[*port].as_u64().unwrap_or(0) > 0) {
                break info;
            }
            assert!(begin.elapsed() < PATIENCE, "no ports were taken");
            std::thread::sleep(Duration::from_millis(2));
        };
        Self { folder, child, info }
    }

    fn port(&self, name: &str) -> u16 {
        u16::try_from(self.info[name].as_u64().unwrap()).unwrap()
    }

    fn address(&self, name: &str) -> String {
        format!("tcp://127.0.0.1:{}", self.port(name))
    }

    /// The exit code.
    fn wait(&mut self) -> i32 {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it was not killed");
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    sender: Sender,
}

fn signer() -> Signer {
    Signer::new("hmac-sha256", "a key").unwrap()
}

struct Received {
    kind: String,
    parent: String,
    content: Json,
}

fn received(message: ZmqMessage) -> Received {
    let frames = message.into_vec();
    let message = Message::read(frames.clone(), &signer()).expect("a right message");
    let at = frames.iter().position(|f| &f[..] == b"<IDS|MSG>").unwrap();
    let parent: Json = serde_json::from_slice(&frames[at + 3]).unwrap();
    Received {
        kind: message.header.kind,
        parent: parent["msg_id"].as_str().unwrap_or("").to_owned(),
        content: Json::Object(message.content),
    }
}

async fn receive(socket: &mut impl SocketRecv) -> Received {
    let message = tokio::time::timeout(PATIENCE, socket.recv()).await.expect("a message comes");
    received(message.unwrap())
}

impl Client {
    async fn new(kernel: &Kernel) -> Self {
        let [mut shell, mut control] = [DealerSocket::new(), DealerSocket::new()];
        let mut iopub = SubSocket::new();
        shell.connect(&kernel.address("shell_port")).await.unwrap();
        control.connect(&kernel.address("control_port")).await.unwrap();
        iopub.connect(&kernel.address("iopub_port")).await.unwrap();
        iopub.subscribe("").await.unwrap();
        Self { shell, control, iopub, sender: Sender::new(signer(), "client") }
    }

    fn message(&self, kind: &'static str, content: Json) -> (String, ZmqMessage) {
        let frames = self.sender.frames(&Topic::To(&[]), None, &Reply::new(kind, content));
        let header: Json = serde_json::from_slice(&frames[2]).unwrap();
        let id = header["msg_id"].as_str().unwrap().to_owned();
        (id, ZmqMessage::try_from(frames).unwrap())
    }

    async fn ask(&mut self, kind: &'static str, content: Json) -> String {
        let (id, message) = self.message(kind, content);
        self.shell.send(message).await.unwrap();
        id
    }

    async fn command(&mut self, kind: &'static str, content: Json) -> Received {
        let (id, message) = self.message(kind, content);
        self.control.send(message).await.unwrap();
        let reply = receive(&mut self.control).await;
        assert_eq!(reply.parent, id);
        reply
    }

    /// The types of what is published for a request, up to its idle; and the texts.
    async fn outputs(&mut self, id: &str) -> (Vec<String>, Vec<Json>) {
        let (mut kinds, mut contents) = (Vec::new(), Vec::new());
        loop {
            let message = receive(&mut self.iopub).await;
            if message.parent != id {
                continue;
            }
            let idle = message.content["execution_state"] == "idle";
            kinds.push(message.kind);
            contents.push(message.content);
            if idle {
                return (kinds, contents);
            }
        }
    }

    async fn run(&mut self, code: &str) -> (Json, Vec<String>, Vec<Json>) {
        let id = self.ask("execute_request", json!({ "code": code })).await;
        let reply = receive(&mut self.shell).await;
        assert_eq!((reply.kind.as_str(), reply.parent.as_str()), ("execute_reply", id.as_str()));
        let (kinds, contents) = self.outputs(&id).await;
        (reply.content, kinds, contents)
    }
}

#[tokio::test]
async fn a_session_over_tcp() {
    let mut kernel = Kernel::start();
    let mut client = Client::new(&kernel).await;
    let welcome = receive(&mut client.iopub).await;
    assert_eq!((welcome.kind.as_str(), welcome.parent.as_str()), ("iopub_welcome", ""));
    assert_eq!(receive(&mut client.iopub).await.content["execution_state"], "starting");

    let (reply, kinds, contents) = client.run("print(\"a\")\nlet x = 6\nx * 7").await;
    assert_eq!(reply["status"], "ok");
    assert_eq!(kinds, ["status", "execute_input", "stream", "execute_result", "status"]);
    assert_eq!(contents[2], json!({"name": "stdout", "text": "a\n"}));
    assert_eq!(contents[3]["data"]["text/plain"], "42");

    let (reply, kinds, contents) = client.run("min_cut(1, 2)").await;
    assert_eq!((&reply["status"], &reply["ename"]), (&json!("error"), &json!("E04 Type")));
    assert_eq!(kinds.iter().filter(|kind| *kind == "error").count(), 1);
    let traceback = contents[2]["traceback"].to_string();
    assert!(traceback.contains("hint: ") && traceback.contains('^'), "{traceback}");

    let (reply, _, contents) = client.run("plot([1, 4, 9])").await;
    assert_eq!(reply["status"], "ok");
    let data = contents[2]["data"].as_object().unwrap();
    for mime in ["text/plain", "image/svg+xml", "image/png"] {
        assert!(data.contains_key(mime), "{mime}");
    }

    let id = client.ask("execute_request", json!({ "code": LONG })).await;
    // It has begun when its input is published.
    while receive(&mut client.iopub).await.kind != "execute_input" {}
    assert_eq!(client.command("interrupt_request", json!({})).await.content["status"], "ok");
    let reply = receive(&mut client.shell).await;
    assert_eq!((reply.parent, &reply.content["ename"]), (id, &json!("E09 Interrupted")));
    let (reply, _, contents) = client.run("x + 1").await;
    assert_eq!(reply["status"], "ok");
    assert_eq!(contents[2]["data"]["text/plain"], "7", "the state is kept");

    let reply = client.command("shutdown_request", json!({ "restart": false })).await;
    assert_eq!(reply.content, json!({ "status": "ok", "restart": false }));
    assert_eq!(kernel.wait(), 0);
    let left: Vec<PathBuf> = std::fs::read_dir(kernel.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let history = std::fs::read_to_string(kernel.folder.path().join("history.jsonl")).unwrap();
    assert_eq!(history.lines().count(), 5);
}

#[tokio::test]
async fn fresh_clients_hear_their_first_idle() {
    let kernel = Kernel::start();
    for _ in 0..20 {
        let mut client = Client::new(&kernel).await;
        let id = client.ask("kernel_info_request", json!({})).await;
        let (kinds, _) = client.outputs(&id).await;
        assert_eq!(kinds, ["status", "status"]);
    }
}

/// A greeting of ZMTP 3.1 and the command READY of a socket of this type.
fn greeting(kind: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1];
    bytes.extend_from_slice(b"NULL");
    bytes.resize(64, 0);
    let mut ready = b"\x05READY\x0bSocket-Type".to_vec();
    ready.extend_from_slice(&u32::try_from(kind.len()).unwrap().to_be_bytes());
    ready.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(&[4, u8::try_from(ready.len()).unwrap()]);
    bytes.extend_from_slice(&ready);
    bytes
}

#[tokio::test]
async fn peers_that_are_none_do_no_harm() {
    let mut kernel = Kernel::start();
    let mut open = Vec::new();
    for port in PORTS {
        let kind = match port {
            "iopub_port" => "SUB",
            "hb_port" => "REQ",
            _ => "DEALER",
        };
        let mut huge = greeting(kind);
        huge.push(2);
        huge.extend_from_slice(&(1_u64 << 40).to_be_bytes());
        let mut huge_command = greeting(kind);
        huge_command.push(6);
        huge_command.extend_from_slice(&(1_u64 << 40).to_be_bytes());
        let noise: Vec<u8> =
            (0..200_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
        let http = b"GET / HTTP/1.1\r\n\r\n".to_vec();
        for bytes in [http, noise, huge, huge_command] {
            let mut peer = TcpStream::connect(("127.0.0.1", kernel.port(port))).unwrap();
            peer.set_read_timeout(Some(PATIENCE)).unwrap();
            peer.write_all(&bytes).unwrap();
            // The guard closes the connection, with or without an error.
            let mut answer = Vec::new();
            let _ = peer.read_to_end(&mut answer);
        }
        for _ in 0..20 {
            open.push(TcpStream::connect(("127.0.0.1", kernel.port(port))).unwrap());
        }
    }
    let mut client = Client::new(&kernel).await;
    assert_eq!(client.run("1 + 1").await.0["status"], "ok");
    assert!(kernel.child.try_wait().unwrap().is_none(), "it lives");
    drop(open);
}

fn fails(info: &Json) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connection.json");
    std::fs::write(&file, info.to_string()).unwrap();
    let output = program().arg("-f").arg(&file).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_cannot_be_served_ends_with_a_line() {
    let mut info = connection();
    info["signature_scheme"] = json!("hmac-md5");
    let (code, text) = fails(&info);
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut info = connection();
    info["iopub_port"] = json!(taken.local_addr().unwrap().port());
    let (code, text) = fails(&info);
    assert_eq!((code, text.lines().count()), (1, 1), "{text}");
    assert!(text.contains("iopub"), "{text}");
    let output = program().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_kernel_is_installed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = program().args(args).arg("--prefix").arg(folder.path()).output().unwrap();
        output.status.code().unwrap()
    };
    let kernels = folder.path().join("share/jupyter/kernels");
    let exists = |path: &Path| path.exists();
    assert_eq!(run(&["install"]), 0);
    assert_eq!(run(&["install", "--name", "Second", "--display-name", "Another"]), 0);
    for file in ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"] {
        assert!(exists(&kernels.join("second").join(file)), "{file}");
    }
    let extension = folder.path().join("share/jupyter/labextensions/convac/package.json");
    assert!(exists(&extension));
    assert_eq!(run(&["uninstall"]), 0);
    assert!(exists(&extension), "the second kernel needs it");
    assert_eq!(run(&["uninstall", "--name", "second"]), 0);
    assert!(!exists(&extension) && !exists(&kernels.join("second")));
    assert_eq!(run(&["uninstall"]), 1);
    assert_eq!(run(&["install", "--user"]), 2, "one place only");
    assert_eq!(run(&["install", "--name", "a b"]), 2);
}
