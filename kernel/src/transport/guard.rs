//! What stands between the network and zeromq.
//!
//! The `zeromq` crate reserves memory for as many bytes as a frame claims to have, before anybody
//! is authenticated: a claim of 2^40 bytes ends the process. So peers connect to the guard. It
//! looks at the header of every frame, hands on what is in order, and ends the connection of what
//! is not. Beside that it answers the pings of ZMTP 3.1, which the crate does not know, and tells
//! when a subscriber of iopub begins to hear.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
};
use tokio::sync::mpsc;

use super::frame::{
    Command, FrameHeader, GREETING, MAX_COMMAND, MAX_MESSAGE, SIGNATURE, begins_greeting, command,
};
use super::{ListenerEvent, log, welcomed};
use crate::protocol::MAX_FRAMES;

/// The most connections of one port.
const MAX_CONNECTIONS: usize = 400;

/// The time that a peer has to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// The longest topic that is looked at.
const MAX_TOPIC: u64 = 512;

/// The name of the port of heartbeats.
pub const HEARTBEAT: &str = "heartbeat";

/// A client that sent a message of so many bytes is asked to connect again when it is silent: zeromq
/// keeps the memory of the largest message as long as the connection lasts.
const LARGE: u64 = 4 << 20;

/// Silence in both directions, after which nothing can be on its way.
const SILENCE: Duration = Duration::from_secs(1);

/// The time that a client has to take what it is sent, and how many answers it may leave unread: a
/// queue of zeromq that is full stops everybody.
const READS: Duration = Duration::from_secs(30);
const UNREAD: u64 = 50_000;

/// Frames above this size count against [`BUDGET`] until their message is whole.
const COUNTED: u64 = 64 << 10;

/// Bytes of all messages that are on their way in: they are kept before anybody knows who sent them.
const BUDGET: u64 = 256 << 20;

/// The bytes that are kept now.
static PENDING: AtomicU64 = AtomicU64::new(0);

/// The part of [`PENDING`] that belongs to one connection.
#[derive(Default)]
struct Share(u64);

impl Share {
    /// Takes more; false if there is too much already.
    fn take(&mut self, bytes: u64) -> bool {
        self.0 += bytes;
        PENDING.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= BUDGET
    }

    fn give_back(&mut self) {
        PENDING.fetch_sub(std::mem::take(&mut self.0), Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Subscriptions of one connection that are told.
const MAX_SUBSCRIPTIONS: usize = 16;

/// Where the guard finds the socket of zeromq.
#[derive(Clone, Debug)]
pub enum Inside {
    /// A socket file that only this user can open.
    #[cfg(unix)]
    Path(PathBuf),
    /// A port of this machine, where there are no socket files.
    #[cfg(not(unix))]
    Port(std::net::SocketAddr),
}

/// One guarded port.
#[derive(Clone, Debug)]
pub struct Guard {
    name: &'static str,
    inside: Inside,
    /// For iopub: who is told about listeners.
    listeners: Option<mpsc::UnboundedSender<ListenerEvent>>,
    /// The largest message that a client may send here.
    largest: u64,
    open: Arc<AtomicUsize>,
}

/// The number of the next connection.
static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

impl Guard {
    /// A guard of a port in front of a socket.
    pub fn new(
        name: &'static str,
        inside: Inside,
        listeners: Option<mpsc::UnboundedSender<ListenerEvent>>,
    ) -> Self {
        // Subscriptions and heartbeats are short.
        let short = listeners.is_some() || name == HEARTBEAT;
        let largest = if short { MAX_COMMAND } else { MAX_MESSAGE };
        Self { name, inside, listeners, largest, open: Arc::default() }
    }

    /// Accepts connections for ever.
    pub async fn tcp(self, listener: tokio::net::TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Messages are small and somebody waits for each.
                    let _ = stream.set_nodelay(true);
                    let (read, write) = stream.into_split();
                    self.accepted(read, write);
                }
                Err(error) => self.not_accepted(&error).await,
            }
        }
    }

    /// Accepts connections for ever.
    #[cfg(unix)]
    pub async fn unix(self, listener: tokio::net::UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (read, write) = stream.into_split();
                    self.accepted(read, write);
                }
                Err(error) => self.not_accepted(&error).await,
            }
        }
    }

    async fn not_accepted(&self, error: &io::Error) {
        log::count(&format!("cannot accept on {}: {error}", self.name));
        // Out of files: some connection ends sooner or later.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    fn accepted<R, W>(&self, read: R, write: W)
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        if self.open.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            self.open.fetch_sub(1, Ordering::Relaxed);
            log::count(&format!("too many connections on {}", self.name));
            return;
        }
        let guard = self.clone();
        tokio::spawn(async move {
            let listener = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            if let Err(Ended::Refused(why)) = guard.connection(listener, read, write).await {
                log::count(&format!("closed a connection on {}: {why}", guard.name));
            }
            guard.tell(ListenerEvent::Gone { listener });
            guard.open.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn tell(&self, event: ListenerEvent) {
        if let Some(listeners) = &self.listeners {
            // The kernel is gone when nobody hears this.
            let _ = listeners.send(event);
        }
    }

    async fn connection<R, W>(&self, listener: u64, read: R, write: W) -> Result<(), Ended>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut client = BufReader::new(read);
        let mut first = [0; SIGNATURE];
        match tokio::time::timeout(HANDSHAKE, client.read_exact(&mut first)).await {
            Ok(read) => read?,
            Err(_) => return Err(Ended::Refused("it said nothing")),
        };
        if !begins_greeting(&first) {
            return Err(Ended::Refused("it does not speak ZMTP"));
        }
        #[cfg(unix)]
        let (inside_read, inside_write) = match &self.inside {
            Inside::Path(path) => match tokio::net::UnixStream::connect(path).await {
                Ok(stream) => stream.into_split(),
                Err(_) => return Err(Ended::Refused("the socket inside is gone")),
            },
        };
        #[cfg(not(unix))]
        let (inside_read, inside_write) = match &self.inside {
            Inside::Port(port) => tokio::net::TcpStream::connect(port).await?.into_split(),
        };
        let mut inside = BufWriter::new(inside_write);
        inside.write_all(&first).await?;
        let (pongs, pongs_to_send) = mpsc::channel(4);
        let traffic = Traffic::default();
        let up = Upstream { guard: self, listener, pongs, traffic: &traffic };
        let down = Downstream { guard: self, listener, pongs: pongs_to_send, traffic: &traffic };
        tokio::select! {
            end = up.run(client, inside) => end,
            end = down.run(BufReader::new(inside_read), BufWriter::new(write)) => end,
        }
    }
}

/// What went through a connection.
#[derive(Default)]
struct Traffic {
    up: AtomicU64,
    down: AtomicU64,
    large: AtomicBool,
    /// Whether a message is on its way in.
    receiving: AtomicBool,
}

impl Traffic {
    /// Messages without an answer.
    fn unread(&self) -> u64 {
        self.up.load(Ordering::Relaxed).saturating_sub(self.down.load(Ordering::Relaxed))
    }

    /// Whether a large message went through and everything is answered.
    fn is_over(&self) -> bool {
        self.large.load(Ordering::Relaxed)
            && !self.receiving.load(Ordering::Relaxed)
            && self.unread() == 0
    }
}

/// How a connection ended.
enum Ended {
    /// A peer closed it.
    Closed,
    /// The guard closed it, and why.
    Refused(&'static str),
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

/// Reads the header of the next frame.
async fn header(reader: &mut (impl AsyncRead + Unpin)) -> Result<FrameHeader, Ended> {
    let flags = reader.read_u8().await?;
    let bytes = FrameHeader::length_bytes(flags).ok_or(Ended::Refused("a frame without sense"))?;
    let mut length = [0; 8];
    let length = length.get_mut(..bytes).unwrap_or_default();
    reader.read_exact(length).await?;
    Ok(FrameHeader::new(flags, length))
}

async fn body(reader: &mut (impl AsyncRead + Unpin), length: u64) -> Result<Vec<u8>, Ended> {
    let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
    reader.read_exact(&mut body).await?;
    Ok(body)
}

async fn hand_on(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    length: u64,
) -> Result<(), Ended> {
    let copied = tokio::io::copy(&mut reader.take(length), writer).await?;
    if copied == length { Ok(()) } else { Err(Ended::Closed) }
}

/// A write to a client, which has its time.
async fn in_time(write: impl Future<Output = io::Result<()>>) -> Result<(), Ended> {
    match tokio::time::timeout(READS, write).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Ended::Refused("it does not read")),
    }
}

/// From a client to zeromq.
struct Upstream<'g> {
    guard: &'g Guard,
    listener: u64,
    pongs: mpsc::Sender<Vec<u8>>,
    traffic: &'g Traffic,
}

impl Upstream<'_> {
    async fn run(
        self,
        mut client: BufReader<impl AsyncRead + Unpin>,
        mut inside: BufWriter<impl AsyncWrite + Unpin>,
    ) -> Result<(), Ended> {
        let handshake = async {
            inside.flush().await?;
            hand_on(&mut client, &mut inside, (GREETING - SIGNATURE) as u64).await?;
            inside.flush().await?;
            // The command READY.
            let ready = header(&mut client).await?;
            if !ready.command || ready.length > MAX_COMMAND {
                return Err(Ended::Refused("it does not say what it is"));
            }
            inside.write_all(ready.as_bytes()).await?;
            hand_on(&mut client, &mut inside, ready.length).await?;
            inside.flush().await?;
            Ok(())
        };
        match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(done) => done?,
            Err(_) => return Err(Ended::Refused("it did not finish its greeting")),
        }
        let (mut frames, mut bytes, mut subscriptions) = (0_usize, 0_u64, 0_usize);
        let mut share = Share::default();
        loop {
            if client.buffer().is_empty() {
                inside.flush().await?;
            }
            let frame = header(&mut client).await?;
            if frame.command {
                if frame.length > MAX_COMMAND {
                    return Err(Ended::Refused("a command that is too long"));
                }
                let body = body(&mut client, frame.length).await?;
                match command(&body) {
                    // A peer that pings and never reads gets no more answers.
                    Command::Ping(answer) => drop(self.pongs.try_send(answer)),
                    Command::Pong => {}
                    Command::Other => {
                        inside.write_all(frame.as_bytes()).await?;
                        inside.write_all(&body).await?;
                    }
                }
                continue;
            }
            self.traffic.receiving.store(true, Ordering::Relaxed);
            frames += 1;
            bytes = bytes.saturating_add(frame.length);
            if bytes > self.guard.largest {
                return Err(Ended::Refused("a message that is too large"));
            }
            if frame.length > COUNTED && !share.take(frame.length) {
                return Err(Ended::Refused("too many large messages at once"));
            }
            if self.traffic.unread() > UNREAD {
                return Err(Ended::Refused("it does not read its answers"));
            }
            if frames > MAX_FRAMES {
                return Err(Ended::Refused("a message of more than 256 frames"));
            }
            inside.write_all(frame.as_bytes()).await?;
            let listens = self.guard.listeners.is_some() && frames == 1 && !frame.more;
            if listens && (1..=MAX_TOPIC).contains(&frame.length) {
                let body = body(&mut client, frame.length).await?;
                inside.write_all(&body).await?;
                inside.flush().await?;
                let topic = body.split_first().filter(|(sign, _)| **sign == 1);
                if let Some(topic) = topic.and_then(|(_, t)| std::str::from_utf8(t).ok())
                    && subscriptions < MAX_SUBSCRIPTIONS
                {
                    subscriptions += 1;
                    let topic = topic.to_owned();
                    let listener = self.listener;
                    self.guard.tell(ListenerEvent::Subscribed { listener, topic });
                }
            } else {
                hand_on(&mut client, &mut inside, frame.length).await?;
            }
            if !frame.more {
                self.traffic.up.fetch_add(1, Ordering::Relaxed);
                self.traffic.large.fetch_or(bytes > LARGE, Ordering::Relaxed);
                self.traffic.receiving.store(false, Ordering::Relaxed);
                (frames, bytes) = (0, 0);
                share.give_back();
            }
        }
    }
}

/// From zeromq to a client.
struct Downstream<'g> {
    guard: &'g Guard,
    listener: u64,
    pongs: mpsc::Receiver<Vec<u8>>,
    traffic: &'g Traffic,
}

impl Downstream<'_> {
    async fn run(
        mut self,
        mut inside: BufReader<impl AsyncRead + Unpin>,
        mut client: BufWriter<impl AsyncWrite + Unpin>,
    ) -> Result<(), Ended> {
        hand_on(&mut inside, &mut client, GREETING as u64).await?;
        // The topics of the welcomes that this client has had; a retry is not told twice.
        let mut heard: Vec<Vec<u8>> = Vec::new();
        let mut begins = true;
        let mut skip = false;
        loop {
            if inside.buffer().is_empty() {
                in_time(client.flush()).await?;
            }
            if begins {
                let before = self.traffic.up.load(Ordering::Relaxed);
                tokio::select! {
                    () = tokio::time::sleep(SILENCE), if self.traffic.is_over() => {
                        // The client connects again by itself.
                        if self.traffic.is_over() && self.traffic.up.load(Ordering::Relaxed) == before {
                            return Ok(());
                        }
                        continue;
                    }
                    Some(pong) = self.pongs.recv() => {
                        in_time(client.write_all(&pong)).await?;
                        continue;
                    }
                    filled = inside.fill_buf() => {
                        if filled?.is_empty() {
                            return Ok(());
                        }
                    }
                }
            }
            let frame = header(&mut inside).await?;
            let mut known = None;
            if begins
                && !frame.command
                && self.guard.listeners.is_some()
                && frame.length <= MAX_TOPIC
            {
                let topic = body(&mut inside, frame.length).await?;
                if let Some(listener) = welcomed(&topic) {
                    skip = listener != self.listener || heard.contains(&topic);
                    if !skip {
                        heard.push(topic.clone());
                        self.guard.tell(ListenerEvent::Welcomed { listener });
                    }
                }
                known = Some(topic);
            }
            match (skip, known) {
                (true, None) => {
                    hand_on(&mut inside, &mut tokio::io::sink(), frame.length).await?;
                }
                (true, Some(_)) => {}
                (false, Some(topic)) => {
                    in_time(client.write_all(frame.as_bytes())).await?;
                    in_time(client.write_all(&topic)).await?;
                }
                (false, None) => {
                    in_time(client.write_all(frame.as_bytes())).await?;
                    match tokio::time::timeout(
                        READS,
                        hand_on(&mut inside, &mut client, frame.length),
                    )
                    .await
                    {
                        Ok(done) => done?,
                        Err(_) => return Err(Ended::Refused("it does not read")),
                    }
                }
            }
            begins = !frame.more;
            if begins {
                skip = false;
                self.traffic.down.fetch_add(u64::from(!frame.command), Ordering::Relaxed);
            }
        }
    }
}
