//! An independent check of a min-cut: that it is a cut, and that it weighs what it says.
//!
//! Not of the same code as the dynamic programme: the weight is multiplied out bond by bond in
//! big integers, and the separation is a breadth-first search on the tensor network. That no cut
//! weighs less is proved by a flow of the same value ([`super::max_flow_tree`]).

use super::hierarchy::Edge;
use super::mincut::MinCut;
use super::tree::IndexTree;
use super::view::{Tensor, View};
use super::{GraphError, OutputSide};
use crate::interrupt::Interrupt;
use crate::network::Side;
use dashu_int::UBig;
use petgraph::visit::EdgeRef;
use rustc_hash::FxHashSet;
use std::collections::HashMap;

/// What the check of a cut found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The number of cut bonds.
    pub bonds: u64,
    /// The product of their dimensions.
    pub weight: UBig,
    /// Whether that is the value that the cut claims.
    pub weight_matches: bool,
    /// Whether every listed bond is one of the network, with its dimension.
    pub bonds_exist: bool,
    /// Whether no leg of A reaches a leg of B without crossing the cut.
    pub separates: bool,
}

impl Certificate {
    /// Whether everything is as claimed.
    pub fn holds(&self) -> bool {
        self.weight_matches && self.bonds_exist && self.separates
    }
}

/// Checks a cut of a tree; `sides` by site. The weight is kept below `max_bits` bits.
///
/// # Errors
/// [`GraphError::TooLarge`] when the weight has more than `max_bits` bits,
/// [`GraphError::Interrupted`].
pub fn certify(
    tree: &IndexTree,
    sides: &[Side],
    cut: &MinCut,
    max_bits: u64,
    interrupt: &Interrupt,
) -> Result<Certificate, GraphError> {
    let edges = cut.edges(u64::MAX, interrupt)?;
    let claimed = cut.value(max_bits)?;
    let weight: UBig = product(&edges.iter().map(|edge| edge.dim).collect::<Vec<u64>>());
    // Names of indices: layer and position; sites of different classes have different numbers.
    let mut by_name: HashMap<(&str, u64), usize> = HashMap::new();
    for index in 0..tree.len() {
        if let (Some(class), Some(position)) = (tree.class(index), tree.position(index))
            && class.up != Edge::Identity
        {
            by_name.insert((class.name.as_str(), position), index);
        }
    }
    let mut removed: FxHashSet<Option<usize>> = FxHashSet::default();
    let mut bonds_exist = true;
    for edge in &edges {
        if edge.layer == "output" {
            bonds_exist &= cut.output() != OutputSide::Fixed
                && edge.dim == tree.outputs()
                && removed.insert(None);
            continue;
        }
        match by_name.get(&(edge.layer.as_str(), edge.position)) {
            Some(index) => {
                let dim = tree.class(*index).map(|class| class.dim);
                bonds_exist &= dim == Some(edge.dim) && removed.insert(Some(*index));
            }
            None => bonds_exist = false,
        }
    }
    interrupt.check()?;
    let separates = separates(tree, sides, cut.output(), &removed, interrupt)?;
    let weight_matches = weight == claimed;
    Ok(Certificate { bonds: edges.len() as u64, weight, weight_matches, bonds_exist, separates })
}

/// A product by halves, so that large factors are multiplied with large ones.
fn product(dims: &[u64]) -> UBig {
    match dims {
        [] => UBig::ONE,
        [dim] => UBig::from(*dim),
        _ => {
            let (left, right) = dims.split_at(dims.len() / 2);
            product(left) * product(right)
        }
    }
}

/// Breadth first from the legs of A over bonds whose index is not cut: no leg of B is reached.
fn separates(
    tree: &IndexTree,
    sides: &[Side],
    output: OutputSide,
    removed: &FxHashSet<Option<usize>>,
    interrupt: &Interrupt,
) -> Result<bool, GraphError> {
    let view = View::new(tree, output);
    let side = |tensor: &Tensor| match tensor {
        Tensor::Site { site } => sides.get(*site as usize).copied(),
        Tensor::Output => output.side(),
        _ => None,
    };
    let graph = &view.graph;
    let mut seen = vec![false; graph.node_count()];
    let mut queue: Vec<_> = graph
        .node_indices()
        .filter(|v| graph.node_weight(*v).and_then(side) == Some(Side::A))
        .collect();
    for vertex in &queue {
        if let Some(slot) = seen.get_mut(vertex.index()) {
            *slot = true;
        }
    }
    let mut next = 0;
    while let Some(vertex) = queue.get(next).copied() {
        next += 1;
        if next % 1024 == 0 {
            interrupt.check()?;
        }
        if graph.node_weight(vertex).and_then(side) == Some(Side::B) {
            return Ok(false);
        }
        for edge in graph.edges(vertex) {
            let other = if edge.source() == vertex { edge.target() } else { edge.source() };
            if !removed.contains(&edge.weight().index)
                && let Some(slot) = seen.get_mut(other.index())
                && !*slot
            {
                *slot = true;
                queue.push(other);
            }
        }
    }
    Ok(true)
}
