//! The tensor network of a ConvAC as an index tree: min-cut, bounds, certificates, views.
//!
//! A copy tensor is one index with several legs; a weight matrix joins an index to its parent.
//! Nothing here has weights. See Levine, Yakira, Cohen and Shashua, arXiv 1704.01552.

mod bound;
mod certificate;
mod cost;
mod error;
mod flow;
mod hierarchy;
mod mincut;
mod periodic;
mod solve;
mod states;
mod subtrees;
mod symmetric;
#[cfg(test)]
pub(crate) mod tests;
mod trace;
mod tree;
mod tree_solve;
mod view;

pub use bound::{Bound, bound};
pub use certificate::{Certificate, certify};
pub use cost::{Dimensions, Weight};
pub use error::GraphError;
pub use flow::{CapacityGroup, ExactLogarithms, FlowCut, FlowNetwork, Integers, max_flow_tree};
pub use hierarchy::{Edge, Hierarchy, Level};
pub use mincut::{Factor, LayerLabels, MinCut, min_cut, min_cut_on, min_cut_tree};
pub use solve::OutputSide;
pub use states::Label;
pub use subtrees::{ChildOrder, Kinds, Labels, Run, Subtrees};
pub use trace::{CutEdge, SitesBelow};
pub use tree::{Class, IndexTree, MAX_TREE_INDICES};
pub use view::{Bond, Tensor, View};
