//! Tests of the room against dense tensors; every generator is seeded.

mod grids;
pub mod oracle;
mod properties;
mod ranks;
mod spectra;
mod states;
