//! Proofs of training: every gradient against differences, every score against the plain forward pass.

mod forward;
mod gradients;
pub(super) mod networks;
mod runs;
