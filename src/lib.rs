//! What correlations can a deep convolutional network carry, and why?
//!
//! A convolutional arithmetic circuit (ConvAC) is a quantum many-body state in the shape of a
//! tree tensor network (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552); the min-cut of its
//! graph bounds the rank across every partition of its input. [`network`] describes networks and
//! partitions, [`graph`] answers min-cuts and bounds exactly, [`plot`] draws them. These rooms are
//! a plain library. On top of them stands a small language: [`session`] runs its programs.
//! [`api`] gathers what a Rust program asks on the first day, [`cac!`] runs a program of the
//! language in it:
//!
//! ```
//! use convac::prelude::*;
//!
//! let deep = Network::chain(16, 4).conv(8).pool(2).conv(8).pool(2).conv(16).pool(4);
//! let net = deep.output(10)?;
//! let cut = net.min_cut([0, 1, 2, 8, 9])?;
//! assert_eq!((cut.formula().as_str(), cut.bits()), ("4 · 8^2", 8.0));
//! assert!(cut.prove()?.holds());
//!
//! let entropy = net.init(1)?.entropy(Rule::LeftRight)?;
//! assert!(entropy < 16f64.ln());
//! assert_eq!(cac!("min_cut(net, blocks(2)).bits", net = &net => f64)?, 12.0);
//! # Ok::<(), Error>(())
//! ```

#![warn(missing_docs)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::dbg_macro)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod api;
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

pub use api::prelude;
