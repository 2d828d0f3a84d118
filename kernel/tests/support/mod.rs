//! A scripted client: sends signed requests and asserts exactly what comes back.

#![allow(dead_code)] // every test file uses its own part

use std::time::Duration;

use bytes::Bytes;
use convac_kernel::echo::Echo;
use convac_kernel::kernel::{Ended, Kernel, Stopper};
use convac_kernel::protocol::{Message, Reply, Sender, Signer, Topic};
use convac_kernel::transport::{Channel, ListenerEvent, memory};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

/// How long a message may take before a test fails: far more than it ever does.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn signer() -> Signer {
    Signer::new("hmac-sha256", "a key").unwrap()
}

/// A client of a kernel that runs the echo engine.
pub struct Frontend {
    pub client: memory::Client,
    pub sender: Sender,
    pub signals: mpsc::UnboundedSender<Stopper>,
    pub kernel: tokio::task::JoinHandle<Ended>,
    identity: Bytes,
}

/// A message that came back.
pub struct Received {
    pub kind: String,
    pub parent: String,
    pub content: Json,
    pub metadata: Json,
    pub frames: Vec<Bytes>,
}

fn received(frames: Vec<Bytes>) -> Received {
    let message = Message::read(frames.clone(), &signer()).expect("a right message");
    let at = frames.iter().position(|f| f == &b"<IDS|MSG>"[..]).unwrap();
    let parent: Json = serde_json::from_slice(&frames[at + 3]).unwrap();
    Received {
        kind: message.header.kind,
        parent: parent["msg_id"].as_str().unwrap_or("").to_owned(),
        content: Json::Object(message.content),
        metadata: Json::Object(message.metadata),
        frames,
    }
}

impl Frontend {
    /// Starts a kernel, subscribes, and takes the welcome and the first status.
    pub async fn start() -> Self {
        let mut frontend = Self::silent().await;
        let subscribed = ListenerEvent::Subscribed { listener: 1, topic: String::new() };
        frontend.client.listeners.send(subscribed).unwrap();
        let welcome = frontend.iopub().await;
        assert_eq!((welcome.kind.as_str(), welcome.parent.as_str()), ("iopub_welcome", ""));
        frontend.state("starting", "").await;
        frontend
    }

    /// Starts a kernel that nobody listens to.
    pub async fn silent() -> Self {
        let (wire, client) = memory::pair();
        let (signals, receiver) = mpsc::unbounded_channel();
        let kernel = tokio::spawn(Kernel::new(Echo::default(), signer(), "me").run(wire, receiver));
        let sender = Sender::new(signer(), "client");
        Self { client, sender, signals, kernel, identity: Bytes::from_static(b"me") }
    }

    pub fn frames(&self, kind: &'static str, content: Json) -> (String, Vec<Bytes>) {
        let to = [self.identity.clone()];
        let frames = self.sender.frames(&Topic::To(&to), None, &Reply::new(kind, content));
        let header: Json = serde_json::from_slice(&frames[3]).unwrap();
        (header["msg_id"].as_str().unwrap().to_owned(), frames)
    }

    pub async fn raw(&self, channel: Channel, frames: Vec<Bytes>) {
        self.client.requests.send((channel, frames)).await.unwrap();
    }

    pub async fn send(&self, channel: Channel, kind: &'static str, content: Json) -> String {
        let (id, frames) = self.frames(kind, content);
        self.raw(channel, frames).await;
        id
    }

    pub async fn execute(&self, code: &str) -> String {
        self.send(Channel::Shell, "execute_request", json!({ "code": code })).await
    }

    pub async fn iopub(&mut self) -> Received {
        let published = tokio::time::timeout(PATIENCE, self.client.published()).await;
        let frames = published.expect("something is published").expect("the kernel lives");
        assert_eq!(&frames[1][..], b"<IDS|MSG>", "one topic frame");
        received(frames)
    }

    /// The next message on iopub has this type and answers this request.
    pub async fn expect(&mut self, kind: &str, parent: &str) -> Json {
        let message = self.iopub().await;
        assert_eq!((message.kind.as_str(), message.parent.as_str()), (kind, parent));
        message.content
    }

    pub async fn state(&mut self, state: &str, parent: &str) {
        let content = self.expect("status", parent).await;
        assert_eq!(content["execution_state"], state);
    }

    pub async fn reply(&mut self) -> (Channel, Received) {
        let reply = tokio::time::timeout(PATIENCE, self.client.replies.recv()).await;
        let (channel, frames) = reply.expect("a reply comes").expect("the kernel lives");
        assert_eq!(frames[0], self.identity, "the identity comes back");
        (channel, received(frames))
    }

    /// The next reply is of this type and answers this request on this channel.
    pub async fn expect_reply(&mut self, channel: Channel, kind: &str, parent: &str) -> Json {
        let (on, message) = self.reply().await;
        let found = (on, message.kind.as_str(), message.parent.as_str());
        assert_eq!(found, (channel, kind, parent));
        message.content
    }

    pub async fn expect_executed(&mut self, parent: &str) -> Json {
        self.expect_reply(Channel::Shell, "execute_reply", parent).await
    }

    /// The replies of an interrupt and of the cell that it ended: on two sockets, so in any order.
    pub async fn expect_interrupted(&mut self, cell: &str, interrupt: &str) -> Json {
        let mut replies = [self.reply().await, self.reply().await];
        replies.sort_by_key(|(_, message)| message.kind != "execute_reply");
        let [(shell, ended), (control, told)] = replies;
        let found = (shell, ended.kind.as_str(), ended.parent.as_str());
        assert_eq!(found, (Channel::Shell, "execute_reply", cell));
        let found = (control, told.kind.as_str(), told.parent.as_str());
        assert_eq!(found, (Channel::Control, "interrupt_reply", interrupt));
        ended.content
    }

    /// Nothing more was published.
    pub async fn nothing_more(&mut self) {
        let quiet = Duration::from_millis(80);
        if let Ok(frames) = tokio::time::timeout(quiet, self.client.published()).await {
            panic!("published: {}", received(frames.unwrap()).kind);
        }
    }
}
