//! Tests of the engine's graph room; every generator is seeded.

mod closed_forms;
pub mod generate;
mod networks;
pub mod ranks;
mod trees;
mod values;
mod vectors;
