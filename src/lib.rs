//! What correlations can a deep convolutional network carry, and why?
//!
//! A convolutional arithmetic circuit (ConvAC) is a quantum many-body state in the shape of a
//! tree tensor network (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552); the min-cut of its
//! graph bounds the rank across every partition of its input. [`network`] describes networks and
//! partitions, [`graph`] answers min-cuts and bounds exactly, [`plot`] draws them. These rooms are
//! a plain library. On top of them stands a small language: [`session`] runs its programs.
//!
//! ```
//! use convac::session::Session;
//!
//! let errors = Session::default().check("cell", "let net = network { input(4, dim = 2) }", None);
//! assert_eq!(errors[0].message, "the network has no output");
//! ```

#![warn(missing_docs)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::dbg_macro)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod builtins;
pub mod design;
pub mod diagnostic;
pub mod entangle;
pub mod evaluate;
pub mod export;
pub mod graph;
pub mod interrupt;
pub mod learn;
pub mod network;
pub mod plot;
pub mod rust;
pub mod session;
pub mod symbol;
pub mod syntax;
pub mod terminal;
pub mod value;
