//! The twin of the sockets for tests: the same channels, without a network.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Channel, ListenerEvent, Wire, welcomed};

/// The client's ends of a [`Wire`].
#[derive(Debug)]
pub struct Client {
    /// What goes to the kernel.
    pub requests: mpsc::Sender<(Channel, Vec<Bytes>)>,
    /// What comes back.
    pub replies: mpsc::UnboundedReceiver<(Channel, Vec<Bytes>)>,
    /// What is published.
    pub iopub: mpsc::UnboundedReceiver<Vec<Bytes>>,
    /// To subscribe.
    pub listeners: mpsc::UnboundedSender<ListenerEvent>,
}

/// A kernel's end and a client's end.
pub fn pair() -> (Wire, Client) {
    let (requests, from_clients) = mpsc::channel(1000);
    let (to_clients, replies) = mpsc::unbounded_channel();
    let (publish, iopub) = mpsc::unbounded_channel();
    let (tell, listeners) = mpsc::unbounded_channel();
    (
        Wire { from_clients, to_clients, iopub: publish, listeners },
        Client { requests, replies, iopub, listeners: tell },
    )
}

impl Client {
    /// The next published message; a welcome is acknowledged as the guard would do it.
    pub async fn published(&mut self) -> Option<Vec<Bytes>> {
        let frames = self.iopub.recv().await?;
        if let Some(listener) = frames.first().and_then(|topic| welcomed(topic)) {
            // The kernel may be gone.
            let _ = self.listeners.send(ListenerEvent::Welcomed { listener });
        }
        Some(frames)
    }
}
