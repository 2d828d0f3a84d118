//! The five sockets, by zeromq.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::sync::mpsc;
use zeromq::{
    Listener, PubSocket, RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket,
    SocketRecv, SocketSend, ZmqMessage,
};

use super::connection::Transport;
use super::guard::{Guard, HEARTBEAT, Inside};
use super::{Channel, ConnectionError, ConnectionFile, Ports, Wire, log};

/// Requests that wait to be looked at; clients beyond that wait themselves. Few, because nobody has
/// looked at their signatures yet, and each may be large.
const WAITING: usize = 8;

/// The time that zeromq has to take an answer.
const BEAT: std::time::Duration = std::time::Duration::from_secs(1);

/// Open sockets; they close when this is dropped.
#[derive(Debug)]
pub struct Sockets {
    /// The channels.
    pub wire: Wire,
    /// The ports that were taken.
    pub ports: Ports,
    /// What is removed in the end.
    pub leftovers: Leftovers,
}

/// Files of this process: socket files, and the folder of those between guard and zeromq.
#[derive(Debug, Default)]
pub struct Leftovers {
    files: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl Leftovers {
    /// Removes them.
    pub fn remove(&self) {
        // What is gone already needs no removing.
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The doors to the network: bound first, so that a port that is taken ends the start.
enum Door {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

fn door(
    file: &ConnectionFile,
    port: u16,
    name: &str,
    leftovers: &mut Leftovers,
) -> Result<(Door, u16), ConnectionError> {
    let wrong = |why: &dyn std::fmt::Display, at: &str| {
        ConnectionError(format!("cannot listen on {at} ({name}): {why}"))
    };
    match file.transport {
        Transport::Tcp => {
            let ip = if file.ip == "*" { "0.0.0.0" } else { &file.ip };
            let at = format!("{ip}:{port}");
            let bound = std::net::TcpListener::bind((ip, port)).and_then(|listener| {
                listener.set_nonblocking(true)?;
                let port = listener.local_addr()?.port();
                Ok((Door::Tcp(tokio::net::TcpListener::from_std(listener)?), port))
            });
            bound.map_err(|error| wrong(&error, &at))
        }
        #[cfg(unix)]
        Transport::Ipc => {
            let free = |port: &u16| !Path::new(&format!("{}-{port}", file.ip)).exists();
            let port = match port {
                0 => (1..u16::MAX).find(free).unwrap_or(0),
                port => port,
            };
            let path = PathBuf::from(format!("{}-{port}", file.ip));
            let at = path.display().to_string();
            if std::os::unix::net::UnixStream::connect(&path)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
            {
                // Of a kernel that was killed: nobody listens there.
                let _ = std::fs::remove_file(&path);
            }
            let listener = tokio::net::UnixListener::bind(&path).map_err(|e| wrong(&e, &at))?;
            leftovers.files.push(path);
            Ok((Door::Unix(listener), port))
        }
        #[cfg(not(unix))]
        Transport::Ipc => Err(wrong(&"there are no socket files on this system", &file.ip)),
    }
}

/// Binds zeromq's end inside, and tells where the guard finds it.
#[cfg(unix)]
async fn inside(
    socket: &mut impl Socket,
    name: &str,
    folder: &Path,
) -> Result<Inside, ConnectionError> {
    let path = folder.join(name);
    let listener = std::os::unix::net::UnixListener::bind(&path);
    let listener = listener.map_err(|error| cannot_bind(&error))?;
    let bound = socket.bind_listener(Listener::Ipc(listener)).await;
    bound.map_err(|error| cannot_bind(&error))?;
    Ok(Inside::Path(path))
}

#[cfg(not(unix))]
async fn inside(
    socket: &mut impl Socket,
    _name: &str,
    _folder: &Path,
) -> Result<Inside, ConnectionError> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|e| cannot_bind(&e))?;
    let port = listener.local_addr().map_err(|error| cannot_bind(&error))?;
    let bound = socket.bind_listener(Listener::Tcp(listener)).await;
    bound.map_err(|error| cannot_bind(&error))?;
    Ok(Inside::Port(port))
}

fn cannot_bind(error: &dyn std::fmt::Display) -> ConnectionError {
    ConnectionError(format!("cannot bind a socket inside: {error}"))
}

/// A folder that only this user can open.
fn private_folder() -> Result<PathBuf, ConnectionError> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let places = runtime.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
    let name = format!("{FOLDER}{}-{:x}", std::process::id(), crate::protocol::now().0);
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for place in places {
        let folder = place.join(&name);
        // The path of a socket has its limit.
        if folder.as_os_str().len() + HEARTBEAT.len() >= MAX_SOCKET_PATH {
            continue;
        }
        remove_stale(&place);
        if builder.create(&folder).is_ok() {
            return Ok(folder);
        }
    }
    let place = std::env::temp_dir();
    Err(ConnectionError(format!("cannot make a folder in {}", place.display())))
}

/// The longest path of a socket file that every system takes.
const MAX_SOCKET_PATH: usize = 100;

const FOLDER: &str = "convac-kernel-";

/// Removes the folders of kernels that were killed: their sockets refuse connections. Processes may live
/// where this one cannot see them, so that their numbers say nothing.
fn remove_stale(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(FOLDER)) else { continue };
        let Some((process, time)) = rest.split_once('-') else { continue };
        let ours = process.parse::<u32>().is_ok() && i64::from_str_radix(time, 16).is_ok();
        // One that is starting may be between two steps.
        let age = entry.metadata().and_then(|meta| meta.modified()).map(|time| time.elapsed());
        let old = age.is_ok_and(|age| age.is_ok_and(|age| age > YOUNG));
        if ours && old && is_deaf(&entry.path()) {
            // Not ours to remove, perhaps.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The age of a folder before it can be a leftover.
const YOUNG: std::time::Duration = std::time::Duration::from_secs(60);

/// Whether nobody listens on the sockets of a folder.
#[cfg(unix)]
fn is_deaf(folder: &Path) -> bool {
    // A folder that is being made has no socket yet: that is another error.
    std::os::unix::net::UnixStream::connect(folder.join(Channel::Shell.as_str()))
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

#[cfg(not(unix))]
fn is_deaf(_folder: &Path) -> bool {
    false
}

/// Opens the sockets that a connection file names.
///
/// # Errors
/// What the system says, in one line: a port that is taken, an address that is not of this
/// machine.
pub async fn open(file: &ConnectionFile) -> Result<Sockets, ConnectionError> {
    let mut leftovers = Leftovers::default();
    let mut open = |port, name| door(file, port, name, &mut leftovers);
    let (shell_door, shell_port) = open(file.ports.shell, "shell")?;
    let (iopub_door, iopub_port) = open(file.ports.iopub, "iopub")?;
    let (stdin_door, stdin_port) = open(file.ports.stdin, "stdin")?;
    let (control_door, control_port) = open(file.ports.control, "control")?;
    let (heartbeat_door, heartbeat_port) = open(file.ports.heartbeat, "heartbeat")?;
    let ports = Ports {
        shell: shell_port,
        iopub: iopub_port,
        stdin: stdin_port,
        control: control_port,
        heartbeat: heartbeat_port,
    };
    let folder = private_folder()?;
    leftovers.folder = Some(folder.clone());

    let (requests, from_clients) = mpsc::channel(WAITING);
    let (to_clients, mut replies) = mpsc::unbounded_channel::<(Channel, Vec<Bytes>)>();
    let (iopub, published) = mpsc::unbounded_channel();
    let (tell, listeners) = mpsc::unbounded_channel();

    let mut senders = Vec::new();
    for (channel, door) in [
        (Channel::Shell, shell_door),
        (Channel::Control, control_door),
        (Channel::Stdin, stdin_door),
    ] {
        let mut socket = RouterSocket::new();
        let inside = inside(&mut socket, channel.as_str(), &folder).await?;
        watch(Guard::new(channel.as_str(), inside, None), door);
        let (send, receive) = socket.split();
        let (sender, outgoing) = mpsc::unbounded_channel();
        senders.push((channel, sender));
        tokio::spawn(pump_requests(channel, receive, requests.clone()));
        tokio::spawn(pump_replies(channel, send, outgoing));
    }
    // One queue for each channel: a client that does not read on one must not stop the others.
    tokio::spawn(async move {
        while let Some((channel, frames)) = replies.recv().await {
            if let Some((_, sender)) = senders.iter().find(|(name, _)| *name == channel) {
                // The pump ends with the process.
                let _ = sender.send(frames);
            }
        }
    });

    let mut socket = PubSocket::new();
    let at = inside(&mut socket, "iopub", &folder).await?;
    watch(Guard::new("iopub", at, Some(tell)), iopub_door);
    tokio::spawn(pump_iopub(socket, published));

    let mut socket = RepSocket::new();
    let at = inside(&mut socket, HEARTBEAT, &folder).await?;
    watch(Guard::new(HEARTBEAT, at, None), heartbeat_door);
    tokio::spawn(echo(socket));

    let wire = Wire { from_clients, to_clients, iopub, listeners };
    Ok(Sockets { wire, ports, leftovers })
}

fn watch(guard: Guard, door: Door) {
    match door {
        Door::Tcp(listener) => drop(tokio::spawn(guard.tcp(listener))),
        #[cfg(unix)]
        Door::Unix(listener) => drop(tokio::spawn(guard.unix(listener))),
    }
}

async fn pump_requests(
    channel: Channel,
    mut socket: RouterRecvHalf,
    requests: mpsc::Sender<(Channel, Vec<Bytes>)>,
) {
    loop {
        match socket.recv().await {
            Ok(message) => {
                if requests.send((channel, message.into_vec())).await.is_err() {
                    return;
                }
            }
            // A peer that resets is no reason to stop.
            Err(error) => log::count(&format!("cannot receive on {}: {error}", channel.as_str())),
        }
    }
}

async fn pump_replies(
    channel: Channel,
    mut socket: RouterSendHalf,
    mut replies: mpsc::UnboundedReceiver<Vec<Bytes>>,
) {
    while let Some(frames) = replies.recv().await {
        let Ok(message) = ZmqMessage::try_from(frames) else { continue };
        match tokio::time::timeout(BEAT, socket.send(message)).await {
            Ok(Ok(())) => {}
            // The client went away before its answer came.
            Ok(Err(error)) => {
                log::count(&format!("cannot reply on {}: {error}", channel.as_str()));
            }
            Err(_) => log::count(&format!("a client does not read on {}", channel.as_str())),
        }
    }
}

async fn pump_iopub(mut socket: PubSocket, mut published: mpsc::UnboundedReceiver<Vec<Bytes>>) {
    while let Some(frames) = published.recv().await {
        let Ok(message) = ZmqMessage::try_from(frames) else { continue };
        if let Err(error) = socket.send(message).await {
            log::count(&format!("cannot publish: {error}"));
        }
    }
}

/// The heartbeat: whatever comes goes back.
async fn echo(mut socket: RepSocket) {
    loop {
        match socket.recv().await {
            Ok(message) => {
                // A peer that never reads must not stop the hearts of the others.
                let sent = tokio::time::timeout(BEAT, socket.send(message)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    log::count("cannot answer a heartbeat");
                }
            }
            // Not a request, or a peer that reset.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
