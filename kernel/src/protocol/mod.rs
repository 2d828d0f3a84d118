//! The Jupyter messaging protocol 5.5 as types: frames to messages and back, signatures, requests.
//!
//! <https://jupyter-client.readthedocs.io/en/stable/messaging.html>. Nothing here reads or writes,
//! and every function is total: what a peer sends is either a message or a [`Refused`].

mod date;
mod message;
mod replay;
mod request;
mod signature;

pub use date::{Date, now};
pub use message::{Header, MAX_FRAMES, Message, Refused, Reply, Sender, Topic};
pub use replay::Replays;
pub use request::{
    CommInfo, CommMessage, Complete, Execute, HistoryAccess, HistoryRequest, Inspect, IsComplete,
    Request, Shutdown, byte_to_code_points, code_points_to_byte,
};
pub use signature::{Signer, UnknownScheme};

/// The version of the protocol that is spoken.
pub const VERSION: &str = "5.5";
