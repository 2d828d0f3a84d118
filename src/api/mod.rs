//! For programs and notebooks in Rust: the questions of the language as methods, its programs as
//! expressions, its values as evcxr shows them.
//!
//! Everything here is thin. The engine answers ([`crate::graph`], [`crate::entangle`]); an
//! [`Answer`] is its result together with the value that the language would show for it, so that
//! the text, the picture and the numbers are the same in a program, in a notebook and in Rust. What
//! one uses on the first day is in [`prelude`].
//!
//! | question | in Rust | in the language |
//! |---|---|---|
//! | a network | `Network::chain(16, 4).conv(8).pool(16).output(10)?` | `network { input(16, dim = 4), … }` |
//! | its min-cut | [`net.min_cut(Rule::LeftRight)?`](crate::network::Network::min_cut) | `min_cut(net, left_right)` |
//! | proved how | [`cut.prove()?`](Answer::prove) | |
//! | bounds of the rank | [`net.bound(across)?`](crate::network::Network::bound) | `bound(net, across)` |
//! | its generic rank | [`net.rank(across)?`](crate::network::Network::rank) | `rank(net, across)` |
//! | random weights | [`net.init(1)?`](crate::network::Network::init) | `init(net, seed = 1)` |
//! | Schmidt values | [`model.schmidt(across)?`](crate::entangle::model::Model::schmidt) | `schmidt(model, across)` |
//! | an entropy | [`model.entropy(across)?`](crate::entangle::model::Model::entropy) | `entropy(model, across)` |
//! | anything else | [`cac!("…")`](crate::cac), [`session.eval("…")`](crate::session::Session::eval) | `…` |
//!
//! # Notebooks
//!
//! In [evcxr](https://github.com/evcxr/evcxr) the last expression of a cell is shown by its method
//! `evcxr_display`, which networks, partitions, models, answers, pictures and values of the language
//! have: plain text always, HTML and SVG where there are such. So a cell that ends with
//! `net.min_cut(Rule::LeftRight)?` shows the drawing of the cut.
//!
//! evcxr links the library into every cell anew, and unloads none: a cell that asks something large keeps
//! threads of its own until the kernel ends. Values, models and sessions may go from cell to cell.
//!
//! # Stopping
//!
//! The methods run to their end. A caller that wants to stop one from another thread uses the
//! functions of the engine, which take an [`Interrupt`](crate::interrupt::Interrupt), or
//! [`Session::interrupt`](crate::session::Session::interrupt).

mod across;
mod answer;
mod chart;
mod display;
mod error;
mod eval;
mod model;
mod network;
pub mod prelude;
mod stdout;
#[cfg(test)]
mod tests;

pub use across::Across;
pub use answer::{Answer, Bounds, Cut, Proof, Rank, Schmidt};
pub use chart::table;
pub use error::Error;
pub use eval::EvalError;
