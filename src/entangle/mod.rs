//! Networks with weights as quantum states: ranks, spectra, entropies, amplitudes, samples.
//!
//! The tensor `A^y` of a class is the coefficient tensor of a state of `N` sites with local
//! dimension `M` (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552). It has `M^N` entries and is
//! never built unless it is asked for: every question is a recursion over the index tree, over
//! the different subtrees alone where weights are shared. A plain library that knows nothing of
//! the language. All entropies are in nats.

mod amplitude;
mod arithmetic;
mod core;
mod environment;
mod error;
mod field;
mod geometric;
mod gram;
mod grams;
mod grid;
mod linalg;
pub mod model;
mod plan;
mod rank;
mod reduced;
mod renyi;
mod sample;
mod scaled;
mod schmidt;
mod spectrum;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use amplitude::{Amplitudes, Sites};
pub use environment::{BondEntropy, bond_entropies};
pub use error::EntangleError;
pub use geometric::{Geometric, geometric};
pub use grams::spectrum_of_grams;
pub use grid::{Dense, GridRank, MAX_ENTRIES, Templates, dense, grid_rank};
pub(crate) use linalg::dispatch::{Instructions, instructions};
pub use plan::{Plan, PlanLevel};
pub use rank::{Draw, GenericRank, Method, generic_rank, plan};
pub use reduced::{Reduced, Reducer, correlation};
pub use sample::Sampler;
pub use scaled::Scaled;
#[cfg(test)]
use schmidt::core_sizes;
pub use schmidt::{Accuracy, entropy, renyi_two, schmidt, squared_norm};
pub use spectrum::{NumericalRank, RANK_TOLERANCE, Spectrum};
pub use tree::Output;
