//! Tests of the engine's graph room; every generator is seeded.

mod closed_forms;
mod generate;
mod networks;
mod ranks;
mod trees;
mod values;
mod vectors;
