//! The sockets of a kernel as channels of frames.
//!
//! [`open`] gives the real ones: zeromq behind a guard that reads every frame before zeromq
//! does. [`memory::pair`] gives a twin without sockets, for tests. The layers above see a [`Wire`]
//! and cannot tell which one it is.

mod connection;
mod frame;
mod guard;
pub mod log;
pub mod memory;
mod sockets;

use bytes::Bytes;
use tokio::sync::mpsc;

pub use connection::{ConnectionError, ConnectionFile, Ports};
pub use sockets::{Sockets, open};

/// A channel on which clients send requests and get replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Cells and questions about them, in order.
    Shell,
    /// Interrupts and the end; never waits for a cell.
    Control,
    /// Questions to the user, and the answers.
    Stdin,
}

impl Channel {
    /// Its name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Control => "control",
            Self::Stdin => "stdin",
        }
    }
}

/// What happens to those who listen on iopub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerEvent {
    /// A client asked for these topics; it hears nothing yet.
    Subscribed {
        /// The number of the connection.
        listener: u64,
        /// The beginning of the topics that it wants.
        topic: String,
    },
    /// A welcome went through: from here on the client hears everything.
    Welcomed {
        /// The number of the connection.
        listener: u64,
    },
    /// The connection ended.
    Gone {
        /// The number of the connection.
        listener: u64,
    },
}

/// The topic of the welcome to a listener: begins with what it asked for, so that it gets it.
pub fn welcome_topic(listener: u64, topic: &str) -> String {
    format!("{topic}{WELCOME}{listener}")
}

/// The mark in the topic of a welcome, before the number of the connection.
const WELCOME: &str = "/iopub_welcome/";

/// The listener that a topic welcomes; `None` for all other topics.
fn welcomed(topic: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(topic).ok()?;
    let (_, number) = text.rsplit_once(WELCOME)?;
    number.parse().ok()
}

/// The ends of the channels that the kernel holds.
#[derive(Debug)]
pub struct Wire {
    /// What clients send.
    pub from_clients: mpsc::Receiver<(Channel, Vec<Bytes>)>,
    /// To one client; the first frames are its identities.
    pub to_clients: mpsc::UnboundedSender<(Channel, Vec<Bytes>)>,
    /// To all listeners; the first frame is the topic.
    pub iopub: mpsc::UnboundedSender<Vec<Bytes>>,
    /// Who listens.
    pub listeners: mpsc::UnboundedReceiver<ListenerEvent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welcomes_are_known_by_their_topic() {
        assert_eq!(welcomed(welcome_topic(7, "").as_bytes()), Some(7));
        assert_eq!(welcomed(welcome_topic(70, "kernel.").as_bytes()), Some(70));
        for other in [&b"kernel.1.status"[..], b"", b"\xff", b"/iopub_welcome/x"] {
            assert_eq!(welcomed(other), None);
        }
    }
}
