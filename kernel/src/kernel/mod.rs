//! What is done with messages.
//!
//! One task reads requests (`dispatch`) and answers control itself; requests on shell go through
//! a `queue` to the one thread that runs cells (`worker`). Everything published goes through
//! one actor (`iopub`), which alone knows the order. The header of a request travels with its
//! job: there is no "current parent" anywhere.

mod dispatch;
mod engine;
mod iopub;
mod outlet;
mod queue;
mod spill;
mod worker;

pub use dispatch::{Ended, Kernel, Stopper};
pub use engine::{
    Answered, Bundle, Completed, CompletedItem, Completeness, Engine, EngineError, Info, NoAnswer,
    Output, Past,
};
