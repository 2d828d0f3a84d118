//! Training: gradients of networks by their weights, the steps down, and what trained models answer.
//!
//! ConvACs and ConvNets of any layers are trained by one engine. `plan` turns a network into blocks (a
//! matrix, a rectifier, a pooling), `lift` evaluates representation functions, `pass` runs blocks up
//! and down over `kernels` in channels-last layout, `engine` sums gradients of batches, `trainer`
//! makes the steps of a run.

// Kernels index inside bounds that they check at their entry; iterators would hide the loops that
// the compiler turns into vector instructions.
#![allow(clippy::needless_range_loop)]

mod checkpoint;
mod classify;
mod engine;
mod error;
mod generate;
mod kernels;
mod lanes;
mod lift;
mod loss;
mod matrices;
mod memory;
mod optimizer;
mod options;
mod pass;
mod plan;
mod real;
mod start;
#[cfg(test)]
mod tests;
mod trainer;

pub use classify::{Classifier, Scores, Unseen, Verdict, is_normalized, lifted};
pub use engine::Sign;
pub use error::TrainError;
pub use generate::Generator;
pub use loss::Loss;
pub use optimizer::{Method, Schedule};
pub use options::Options;
pub use trainer::{Epoch, Status, Trainer};
