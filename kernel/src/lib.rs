//! The Jupyter kernel of convac.
//!
//! Three layers, each knowing only those above it in this list:
//!
//! - [`protocol`]: typed messages of the Jupyter messaging protocol 5.5, signed and verified. No
//!   input, no output.
//! - [`transport`]: the five sockets over zeromq, behind a guard that reads every frame first; and
//!   an in-memory twin for tests.
//! - [`kernel`]: what is done with a message: the queue, the thread of cells, the order of outputs.
//!   It runs anything that is an [`kernel::Engine`].
//!
//! [`engine`] is the one engine that ships, over the library's `Session`; [`echo`] is a small one
//! to test the kernel with. [`install`] writes kernel specifications.

#![warn(missing_docs)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::dbg_macro)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cli;
pub mod echo;
pub mod engine;
pub mod install;
pub mod kernel;
pub mod protocol;
pub mod transport;
