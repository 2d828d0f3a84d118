//! What correlations can a deep convolutional network carry, and why?

pub mod builtins;
pub mod diagnostic;
pub mod evaluate;
pub mod graph;
pub mod interrupt;
pub mod network;
pub mod plot;
pub mod session;
pub mod symbol;
pub mod syntax;
pub mod value;
