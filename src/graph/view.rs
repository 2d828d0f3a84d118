//! The tensor network as a petgraph graph: vertices are tensors, edges are bonds.

use super::hierarchy::Edge;
use super::solve::OutputSide;
use super::tree::IndexTree;
use petgraph::graph::{NodeIndex, UnGraph};
use std::fmt::Write;

/// A vertex of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tensor {
    /// The open leg of a site.
    Site {
        /// The site, row-major from 0.
        site: u64,
    },
    /// A copy tensor: an index and all its legs. A site's own index is one only if pooling joins
    /// it without a convolution.
    Copy {
        /// The layer of the index.
        layer: String,
        /// Its row-major position.
        position: u64,
    },
    /// A weight matrix.
    Weight {
        /// The convolution, from 0.
        conv: usize,
        /// The position that it acts on, in the layer below.
        position: u64,
    },
    /// The vector of one class, or the matrix of all classes.
    Top,
    /// The open leg of the classes.
    Output,
}

/// A bond of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// The bond dimension.
    pub dim: u64,
    /// The index of the tree that the bond is a leg of (the last one of its copy tensor); `None`
    /// for the output index.
    pub index: Option<usize>,
}

/// The tensor network of an index tree.
#[derive(Clone, Debug)]
pub struct View {
    /// Tensors and bonds.
    pub graph: UnGraph<Tensor, Bond>,
    /// For every index of the tree the vertex of its copy tensor, of a site without one the
    /// vertex of the site.
    pub vertices: Vec<NodeIndex>,
}

impl View {
    /// The tensor network of a tree, with an output leg unless one class is fixed.
    pub fn new(tree: &IndexTree, output: OutputSide) -> Self {
        let merged = tree.merged();
        let mut graph = UnGraph::with_capacity(2 * tree.len() + 2, 2 * tree.len() + 2);
        let mut vertices: Vec<NodeIndex> = vec![NodeIndex::end(); tree.len()];
        // Copy tensors first, so that sites can be joined to them.
        for (index, top) in merged.iter().enumerate() {
            let (Some(class), Some(position)) = (tree.class(index), tree.position(index)) else {
                continue;
            };
            if *top == index && tree.site(index).is_none() {
                let vertex = graph.add_node(Tensor::Copy { layer: class.name.clone(), position });
                if let Some(slot) = vertices.get_mut(index) {
                    *slot = vertex;
                }
            }
        }
        for (index, top) in merged.iter().enumerate() {
            let dim = tree.class(index).map_or(1, |class| class.dim);
            let above = vertices.get(*top).copied().unwrap_or_default();
            let vertex = match tree.site(index) {
                None => above,
                Some(site) => {
                    let vertex = graph.add_node(Tensor::Site { site });
                    if *top != index {
                        graph.add_edge(vertex, above, Bond { dim, index: Some(*top) });
                    }
                    vertex
                }
            };
            if let Some(slot) = vertices.get_mut(index) {
                *slot = if *top == index { vertex } else { above };
            }
        }
        for (index, top) in merged.iter().enumerate() {
            let Some(parent) = vertices.get(index).copied() else { continue };
            for child in tree.children(index) {
                let (Some(class), Some(below)) = (tree.class(child), vertices.get(child).copied())
                else {
                    continue;
                };
                if let Edge::Weight { conv } = class.up {
                    let position = tree.position(child).unwrap_or(0);
                    let weight = graph.add_node(Tensor::Weight { conv, position });
                    let dim = tree.class(index).map_or(1, |class| class.dim);
                    graph.add_edge(below, weight, Bond { dim: class.dim, index: Some(child) });
                    graph.add_edge(weight, parent, Bond { dim, index: Some(*top) });
                }
            }
        }
        let root = tree.len().saturating_sub(1);
        if let (Some(class), Some(below)) = (tree.class(root), vertices.get(root).copied()) {
            let top = graph.add_node(Tensor::Top);
            graph.add_edge(below, top, Bond { dim: class.dim, index: Some(root) });
            if output != OutputSide::Fixed {
                let leg = graph.add_node(Tensor::Output);
                graph.add_edge(top, leg, Bond { dim: tree.outputs(), index: None });
            }
        }
        View { graph, vertices }
    }

    /// The view in Graphviz's DOT language: sites as circles, weights as boxes, copy tensors as
    /// points.
    pub fn dot(&self) -> String {
        self.dot_with(&|_| false)
    }

    /// As [`View::dot`], with the bonds in red whose index (`None`: the output index) is cut.
    pub fn dot_with(&self, is_cut: &dyn Fn(Option<usize>) -> bool) -> String {
        let mut text = String::from("graph network {\n  rankdir = BT;\n");
        for vertex in self.graph.node_indices() {
            let look = match self.graph.node_weight(vertex) {
                Some(Tensor::Site { site }) => format!("shape = circle, label = \"{site}\""),
                Some(Tensor::Copy { layer, position }) => {
                    format!("shape = point, tooltip = \"{layer} {position}\"")
                }
                Some(Tensor::Weight { conv, position }) => {
                    format!("shape = box, label = \"W{conv} {position}\"")
                }
                Some(Tensor::Top) => "shape = triangle, label = \"top\"".to_string(),
                Some(Tensor::Output) => "shape = circle, label = \"y\"".to_string(),
                None => continue,
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "  t{} [{look}];", vertex.index());
        }
        for edge in self.graph.edge_indices() {
            if let (Some((left, right)), Some(bond)) =
                (self.graph.edge_endpoints(edge), self.graph.edge_weight(edge))
            {
                let cut = if is_cut(bond.index) { ", color = red, penwidth = 3" } else { "" };
                let (left, right) = (left.index(), right.index());
                let _ = writeln!(text, "  t{left} -- t{right} [label = \"{}\"{cut}];", bond.dim);
            }
        }
        text.push_str("}\n");
        text
    }
}
