//! Networks for other programs: PyTorch, ONNX, quimb, ITensor.
//!
//! What is exported takes the values of the representation functions, `[batch, M, N]` on a chain and
//! `[batch, M, rows, cols]` on a grid, and gives class scores `[batch, Y]`. Text and bytes only;
//! no file is touched here.

mod onnx;
mod protobuf;
mod pytorch;
mod steps;
#[cfg(test)]
mod tests;
mod tree_script;

pub use onnx::onnx;
pub use pytorch::pytorch;
pub use steps::ExportError;
pub use tree_script::{itensor, quimb};
