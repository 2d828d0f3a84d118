//! The task that reads requests: verifies them, answers control, hands on shell.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::engine::{Engine, Info};
use super::iopub::{Iopub, Publish, status};
use super::queue::Queue;
use super::worker::{Worker, info, malformed};
use crate::protocol::{Message, Refused, Replays, Reply, Request, Sender, Signer, Topic};
use crate::transport::{Channel, ListenerEvent, Wire, log};

/// The time that the last messages have to leave: the sockets close at once.
const LINGER: Duration = Duration::from_millis(100);

/// Sessions of clients that are remembered.
const MAX_CLIENTS: usize = 10_000;

/// How a kernel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A client asked for it.
    Shutdown,
    /// The system did, or the process that started it is gone.
    Stopped,
    /// The transport is gone.
    Disconnected,
}

/// What the system asks of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopper {
    /// Like an interrupt request.
    Interrupt,
    /// Like a shutdown request.
    Stop,
}

/// A kernel that serves an engine.
pub struct Kernel<E> {
    engine: E,
    signer: Signer,
    username: String,
}

impl<E: Engine> Kernel<E> {
    /// A kernel that signs with this key.
    pub fn new(engine: E, signer: Signer, username: &str) -> Self {
        Self { engine, signer, username: username.to_owned() }
    }

    /// Serves until somebody ends it.
    pub async fn run(self, wire: Wire, signals: mpsc::UnboundedReceiver<Stopper>) -> Ended {
        let Wire { from_clients, to_clients, iopub: published, listeners } = wire;
        let sender = Arc::new(Sender::new(self.signer.clone(), &self.username));
        let queue = Queue::new(self.engine.stopper());
        let (iopub, outputs) = mpsc::unbounded_channel();
        let dispatcher = Dispatcher {
            info: self.engine.info(),
            signer: self.signer,
            replays: Replays::default(),
            sender: Arc::clone(&sender),
            queue: queue.clone(),
            clients: HashSet::new(),
            iopub: iopub.clone(),
            to_clients: to_clients.clone(),
        };
        let actor = Iopub::new(Arc::clone(&sender), published);
        tokio::spawn(publish(actor, outputs, listeners));
        let stack = self.engine.stack();
        let worker = Worker {
            engine: self.engine,
            queue: queue.clone(),
            sender,
            iopub,
            to_clients,
            count: 0,
        };
        let thread = std::thread::Builder::new().name("cells".to_owned()).stack_size(stack);
        if let Err(error) = thread.spawn(move || worker.run()) {
            log::warn(&format!("cannot start the thread of cells: {error}"));
            return Ended::Stopped;
        }
        let ended = dispatcher.run(from_clients, signals).await;
        queue.close();
        tokio::time::sleep(LINGER).await;
        ended
    }
}

async fn publish(
    actor: Iopub,
    outputs: mpsc::UnboundedReceiver<Publish>,
    listeners: mpsc::UnboundedReceiver<ListenerEvent>,
) {
    actor.run(outputs, listeners).await;
}

struct Dispatcher {
    info: Info,
    signer: Signer,
    replays: Replays,
    sender: Arc<Sender>,
    queue: Queue,
    /// The sessions of the clients that have sent something on shell.
    clients: HashSet<String>,
    iopub: mpsc::UnboundedSender<Publish>,
    to_clients: mpsc::UnboundedSender<(Channel, Vec<Bytes>)>,
}

impl Dispatcher {
    async fn run(
        mut self,
        mut from_clients: mpsc::Receiver<(Channel, Vec<Bytes>)>,
        mut signals: mpsc::UnboundedReceiver<Stopper>,
    ) -> Ended {
        let mut signalled = true;
        loop {
            let (channel, frames) = tokio::select! {
                biased;
                signal = signals.recv(), if signalled => match signal {
                    Some(Stopper::Interrupt) => {
                        self.queue.interrupt();
                        continue;
                    }
                    Some(Stopper::Stop) => return Ended::Stopped,
                    None => {
                        signalled = false;
                        continue;
                    }
                },
                received = from_clients.recv() => match received {
                    Some(received) => received,
                    None => return Ended::Disconnected,
                },
            };
            match self.read(frames) {
                Ok(message) => {
                    if self.dispatch(channel, message) {
                        return Ended::Shutdown;
                    }
                }
                // Whoever sent it is not told: it may be anybody.
                Err(why) => {
                    log::count(&format!("refused a message on {}: {why}", channel.as_str()));
                }
            }
        }
    }

    fn read(&mut self, frames: Vec<Bytes>) -> Result<Message, Refused> {
        let signature = Message::signature(&frames).cloned().unwrap_or_default();
        let message = Message::read(frames, &self.signer)?;
        // Only signatures that are right are remembered, so that nobody can fill the memory.
        if self.replays.is_new(&signature) { Ok(message) } else { Err(Refused::Replay) }
    }

    /// True if the kernel ends.
    fn dispatch(&mut self, channel: Channel, mut message: Message) -> bool {
        let content = std::mem::take(&mut message.content);
        if channel == Channel::Stdin {
            if message.header.kind == "input_reply"
                && let Some(Json::String(answer)) = content.get("value")
            {
                self.queue.answered(&message.identities, answer.clone());
            }
            return false;
        }
        self.meet(&message.header.session);
        let request = Request::read(&message.header.kind, content);
        match (channel, request) {
            // A shutdown on shell is an old custom; it must not wait for a cell either.
            (_, Request::Shutdown(shutdown)) => {
                self.queue.interrupt();
                let content = json!({ "status": "ok", "restart": shutdown.restart });
                let reply = Reply::new("shutdown_reply", content);
                let parent = Some(Arc::new(message.header.clone()));
                let told = Publish::Message { parent, reply: reply.clone() };
                let _ = self.iopub.send(told);
                self.answered(channel, &message, Some(&reply));
                true
            }
            (Channel::Control, Request::KernelInfo) => {
                let reply = Reply::new("kernel_info_reply", info(&self.info));
                self.answered(channel, &message, Some(&reply));
                false
            }
            (Channel::Control, Request::Interrupt) => {
                self.queue.interrupt();
                let reply = Reply::new("interrupt_reply", json!({ "status": "ok" }));
                self.answered(channel, &message, Some(&reply));
                false
            }
            (Channel::Control, Request::Malformed { reply, why }) => {
                let reply = Reply::new(reply, malformed(&why));
                self.answered(channel, &message, Some(&reply));
                false
            }
            (Channel::Control, _) => {
                log::count(&format!("no answer to {:?} on control", message.header.kind));
                self.answered(channel, &message, None);
                false
            }
            (_, request) => {
                if matches!(request, Request::Unknown) {
                    log::count(&format!("no answer to {:?} on shell", message.header.kind));
                }
                self.queue.push(request, message);
                false
            }
        }
    }

    /// Tells the actor of iopub when a client says something for the first time: it connected a moment
    /// ago, perhaps, and is about to listen.
    fn meet(&mut self, session: &str) {
        if self.clients.contains(session) {
            return;
        }
        if self.clients.len() >= MAX_CLIENTS {
            self.clients.clear();
        }
        self.clients.insert(session.to_owned());
        let _ = self.iopub.send(Publish::NewClient);
    }

    /// Busy, the reply, idle.
    fn answered(&self, channel: Channel, message: &Message, reply: Option<&Reply>) {
        let parent = Arc::new(message.header.clone());
        let _ = self.iopub.send(status(Some(Arc::clone(&parent)), "busy"));
        if let Some(reply) = reply {
            let to = Topic::To(&message.identities);
            let frames = self.sender.frames(&to, Some(&message.header), reply);
            let _ = self.to_clients.send((channel, frames));
        }
        let _ = self.iopub.send(status(Some(parent), "idle"));
    }
}
