//! The one actor that publishes: it owns the order of all outputs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::protocol::{Header, Reply, Sender, Topic};
use crate::transport::{ListenerEvent, welcome_topic};

/// Text is collected for so long, so that a loop that prints does not flood the clients.
const COLLECT: Duration = Duration::from_millis(50);

/// Text is sent when there is so much of it.
const ENOUGH: usize = 16 << 10;

/// How often a welcome is repeated until it goes through, and for how long.
const REPEAT: Duration = Duration::from_millis(1);
const GIVE_UP: Duration = Duration::from_millis(250);

/// How long a client whose first request came may take to listen as well.
const LISTEN_SOON: Duration = Duration::from_millis(100);

/// A listener that came within this time before a client's first request is taken for that client's.
const RECENT: Duration = Duration::from_millis(100);

/// Listeners without a client that are remembered.
const MAX_PAIRED: usize = 100;

/// After a listener that never heard its welcome nobody waits for others, for so long.
const REST: Duration = Duration::from_secs(1);

/// Something to publish.
#[derive(Debug)]
pub enum Publish {
    /// Text, joined with what comes before and after.
    Stream {
        /// The request that it answers.
        parent: Arc<Header>,
        /// `stdout` or `stderr`.
        name: &'static str,
        /// The text.
        text: String,
    },
    /// Any other message.
    Message {
        /// The request that it answers.
        parent: Option<Arc<Header>>,
        /// The message.
        reply: Reply,
    },
    /// The text so far goes out now.
    Flush,
    /// A client that was not known sent its first request.
    NewClient,
}

/// The state of a kernel, published before and after each request.
pub fn status(parent: Option<Arc<Header>>, state: &str) -> Publish {
    let reply = Reply::new("status", json!({ "execution_state": state }));
    Publish::Message { parent, reply }
}

/// The actor.
pub struct Iopub {
    sender: Arc<Sender>,
    wire: mpsc::UnboundedSender<Vec<bytes::Bytes>>,
    collected: Option<Collected>,
    /// Who subscribed and has not heard anything yet.
    waiting: BTreeMap<(u64, String), Instant>,
    /// When listeners were welcomed whose client has not said anything yet.
    paired: VecDeque<Instant>,
    /// When clients said something first whose listener is not here yet.
    expected: VecDeque<Instant>,
    /// Until when nobody waits for listeners.
    rests: Instant,
    started: bool,
}

struct Collected {
    parent: Arc<Header>,
    name: &'static str,
    text: String,
    due: Instant,
}

impl Iopub {
    /// An actor that publishes on this wire.
    pub fn new(sender: Arc<Sender>, wire: mpsc::UnboundedSender<Vec<bytes::Bytes>>) -> Self {
        let long_ago = Instant::now().checked_sub(COLLECT).unwrap_or_else(Instant::now);
        Self {
            sender,
            wire,
            collected: None,
            waiting: BTreeMap::new(),
            paired: VecDeque::new(),
            expected: VecDeque::new(),
            rests: long_ago,
            started: false,
        }
    }

    /// Publishes until all senders are gone.
    pub async fn run(
        mut self,
        mut outputs: mpsc::UnboundedReceiver<Publish>,
        mut listeners: mpsc::UnboundedReceiver<ListenerEvent>,
    ) {
        let mut listening = true;
        loop {
            // A subscriber hears what is published from its welcome on: until then all wait.
            let holds = self.holds();
            let due = self.collected.as_ref().map(|collected| collected.due);
            tokio::select! {
                biased;
                event = listeners.recv(), if listening => match event {
                    Some(event) => self.listener(event),
                    None => listening = false,
                },
                () = tokio::time::sleep(REPEAT), if holds => self.welcome_again(),
                output = outputs.recv(), if !holds => match output {
                    Some(output) => self.publish(output),
                    None => break,
                },
                () = sleep_until(due), if !holds && due.is_some() => self.flush(),
            }
        }
        self.flush();
    }

    /// Whether outputs wait for somebody who is about to listen.
    fn holds(&mut self) -> bool {
        while self.expected.front().is_some_and(|since| since.elapsed() >= LISTEN_SOON) {
            self.expected.pop_front();
        }
        !self.expected.is_empty() || (!self.waiting.is_empty() && self.rests <= Instant::now())
    }

    /// A client said something for the first time. Clients connect to shell and to iopub at the same
    /// time, and the first request may win: its listener came a moment ago, or comes in a moment.
    fn new_client(&mut self) {
        while self.paired.front().is_some_and(|since| since.elapsed() > RECENT) {
            self.paired.pop_front();
        }
        if self.paired.pop_front().is_none() {
            self.expected.push_back(Instant::now());
        }
    }

    fn welcomed(&mut self, listener: u64) {
        self.waiting.retain(|(waiting, _), _| *waiting != listener);
        if self.expected.pop_front().is_none() {
            self.paired.push_back(Instant::now());
            if self.paired.len() > MAX_PAIRED {
                self.paired.pop_front();
            }
        }
        if !std::mem::replace(&mut self.started, true) {
            self.publish(status(None, "starting"));
        }
    }

    fn listener(&mut self, event: ListenerEvent) {
        match event {
            ListenerEvent::Subscribed { listener, topic } => {
                self.welcome(listener, &topic);
                self.waiting.insert((listener, topic), Instant::now());
            }
            ListenerEvent::Welcomed { listener } => self.welcomed(listener),
            ListenerEvent::Gone { listener } => {
                self.waiting.retain(|(waiting, _), _| *waiting != listener);
            }
        }
    }

    fn welcome(&self, listener: u64, topic: &str) {
        let reply = Reply::new("iopub_welcome", json!({ "subscription": topic }));
        let topic = welcome_topic(listener, topic);
        let frames = self.sender.frames(&Topic::Publish(&topic), None, &reply);
        self.send(frames);
    }

    fn welcome_again(&mut self) {
        let before = self.waiting.len();
        self.waiting.retain(|_, since| since.elapsed() < GIVE_UP);
        if self.waiting.len() < before {
            self.rests = Instant::now() + REST;
        }
        for (listener, topic) in self.waiting.keys() {
            self.welcome(*listener, topic);
        }
    }

    fn publish(&mut self, output: Publish) {
        match output {
            Publish::Stream { parent, name, text } => self.collect(parent, name, &text),
            Publish::Message { parent, reply } => {
                self.flush();
                self.message(parent.as_deref(), &reply);
            }
            Publish::Flush => self.flush(),
            Publish::NewClient => self.new_client(),
        }
    }

    fn collect(&mut self, parent: Arc<Header>, name: &'static str, text: &str) {
        let same = |collected: &Collected| {
            collected.name == name && Arc::ptr_eq(&collected.parent, &parent)
        };
        if !self.collected.as_ref().is_some_and(same) {
            self.flush();
        }
        // Also the first line waits: lines that are printed together stay together, whatever else the
        // machine does, so that a notebook is the same each time.
        let due = Instant::now() + COLLECT;
        let collected = self.collected.get_or_insert_with(|| Collected {
            parent,
            name,
            text: String::new(),
            due,
        });
        collected.text.push_str(text);
        if collected.text.len() >= ENOUGH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if let Some(collected) = self.collected.take() {
            let content = json!({ "name": collected.name, "text": collected.text });
            self.message(Some(&collected.parent), &Reply::new("stream", content));
        }
    }

    fn message(&self, parent: Option<&Header>, reply: &Reply) {
        let topic = format!("kernel.{}.{}", self.sender.session(), reply.kind);
        self.send(self.sender.frames(&Topic::Publish(&topic), parent, reply));
    }

    fn send(&self, frames: Vec<bytes::Bytes>) {
        // The sockets are gone only when the process ends.
        let _ = self.wire.send(frames);
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
