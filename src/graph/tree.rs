//! The index tree: every index of a tensor network and what joins it to its parent.
//!
//! A copy tensor is one index with several legs; a weight matrix joins an index to its parent
//! (a hyperedge of the tensor network). Leaves are sites. The indices are kept in an arena,
//! children before parents and the children of an index side by side (reverse breadth-first
//! order), the root last.

use super::GraphError;
use super::hierarchy::{Edge, Hierarchy};
use crate::interrupt::Interrupt;
use crate::network::{Network, Shape};
use std::ops::Range;

/// The largest number of indices of an index tree.
pub const MAX_TREE_INDICES: u64 = 1 << 26;

/// Indices of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `input`, `conv0`, `pool1`, …: see [`super::Level`].
    pub name: String,
    /// The bond dimension.
    pub dim: u64,
    /// What joins the indices to their parents.
    pub up: Edge,
    /// The positions; `None` for a tree that comes from no network.
    pub shape: Option<Shape>,
}

/// One index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Index {
    class: u32,
    first_child: u32,
    children: u32,
    position: u32,
}

/// A tree of indices with the top tensor on the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTree {
    classes: Vec<Class>,
    indices: Vec<Index>,
    sites: u64,
    outputs: u64,
}

impl IndexTree {
    /// The index tree of a ConvAC.
    ///
    /// # Errors
    /// [`GraphError::NotConvac`], or [`GraphError::TooLarge`] above 2^26 sites or indices.
    pub fn from_network(network: &Network) -> Result<Self, GraphError> {
        Self::from_hierarchy(&Hierarchy::from_network(network)?)
    }

    /// The index tree of levels.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] above 2^26 sites or indices.
    pub fn from_hierarchy(hierarchy: &Hierarchy) -> Result<Self, GraphError> {
        hierarchy.check_explicit()?;
        check_size(hierarchy.indices())?;
        let mut classes = Vec::new();
        let mut indices: Vec<Index> = Vec::with_capacity(hierarchy.indices() as usize);
        let orders = hierarchy.orders(&Interrupt::new())?;
        let mut below = 0u32;
        for ((level, order), class) in hierarchy.levels().iter().zip(orders).zip(0u32..) {
            let start = indices.len() as u32;
            let children = level.branching as u32;
            for place in 0..level.shape.sites() as u32 {
                let position =
                    order.as_ref().map_or(Some(place), |order| order.get(place as usize).copied());
                let first_child = if children == 0 { 0 } else { below + place * children };
                indices.push(Index {
                    class,
                    first_child,
                    children,
                    position: position.unwrap_or(place),
                });
            }
            below = start;
            let shape = Some(level.shape);
            classes.push(Class { name: level.name.clone(), dim: level.dim, up: level.up, shape });
        }
        Ok(IndexTree {
            classes,
            indices,
            sites: hierarchy.input_shape().sites(),
            outputs: hierarchy.classes(),
        })
    }

    /// Any rooted tree: dimensions and parents of the vertices, one of them without a parent.
    /// Vertices without children are sites, numbered in the order given; every edge is a weight
    /// matrix. `outputs` is the dimension of the output index.
    ///
    /// # Errors
    /// [`GraphError::Malformed`] when this is no tree with positive dimensions,
    /// [`GraphError::TooLarge`] above 2^26 vertices.
    pub fn from_parents(
        dims: &[u64],
        parents: &[Option<usize>],
        outputs: u64,
    ) -> Result<Self, GraphError> {
        let malformed = |reason: String| Err(GraphError::Malformed(reason));
        let count = dims.len();
        check_size(count as u64)?;
        if parents.len() != count || count == 0 {
            return malformed(format!(
                "{count} dimensions and {} parents make no tree",
                parents.len()
            ));
        }
        if dims.contains(&0) || outputs == 0 {
            return malformed("a dimension must be at least 1".into());
        }
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut root = None;
        for (vertex, parent) in parents.iter().enumerate() {
            match parent {
                None if root.is_none() => root = Some(vertex),
                None => {
                    return malformed(format!("vertices without a parent: {root:?} and {vertex}"));
                }
                Some(parent) => match children.get_mut(*parent) {
                    Some(list) => list.push(vertex),
                    None => {
                        return malformed(format!(
                            "vertex {vertex} has the parent {parent}, which is not there"
                        ));
                    }
                },
            }
        }
        let Some(root) = root else { return malformed("a tree needs a root".into()) };
        // Breadth first with the last child first; reversed, children are in order and first.
        let mut order = vec![root];
        let mut next = 0;
        while let Some(vertex) = order.get(next).copied() {
            order.extend(children.get(vertex).into_iter().flatten().rev());
            next += 1;
        }
        if order.len() != count {
            return malformed("some vertices do not hang from the root".into());
        }
        order.reverse();
        let mut place = vec![0u32; count];
        for (vertex, number) in order.iter().zip(0u32..) {
            if let Some(slot) = place.get_mut(*vertex) {
                *slot = number;
            }
        }
        // One class per role and dimension; positions count within the class, of leaves over all.
        let mut classes: Vec<Class> = Vec::new();
        let mut class_of: Vec<(u32, u32)> = Vec::with_capacity(count);
        let mut filled: Vec<u32> = Vec::new();
        let mut sites = 0u32;
        for (vertex, dim) in dims.iter().enumerate() {
            let leaf = children.get(vertex).is_none_or(Vec::is_empty);
            let top = vertex == root;
            let name = match (leaf, top) {
                (true, _) => format!("input {dim}"),
                (false, true) => format!("root {dim}"),
                (false, false) => format!("bond {dim}"),
            };
            let class = classes.iter().position(|class| class.name == name).unwrap_or_else(|| {
                let up = if top { Edge::Top } else { Edge::Weight { conv: classes.len() } };
                classes.push(Class { name, dim: *dim, up, shape: None });
                filled.push(0);
                classes.len() - 1
            });
            let counter = if leaf { Some(&mut sites) } else { filled.get_mut(class) };
            let position = counter.map_or(0, |counter| {
                *counter += 1;
                *counter - 1
            });
            class_of.push((class as u32, position));
        }
        let mut indices = Vec::with_capacity(count);
        for vertex in &order {
            let list = children.get(*vertex).map_or(&[][..], Vec::as_slice);
            let first_child =
                list.first().and_then(|child| place.get(*child)).copied().unwrap_or(0);
            let (class, position) = class_of.get(*vertex).copied().unwrap_or((0, 0));
            indices.push(Index { class, first_child, children: list.len() as u32, position });
        }
        let tree = IndexTree { classes, indices, sites: u64::from(sites), outputs };
        tree.validate()?;
        Ok(tree)
    }

    /// Checks the invariants: children before parents and side by side, every index but the last
    /// the child of exactly one, identity edges between equal dimensions, every site once.
    ///
    /// # Errors
    /// [`GraphError::Malformed`] naming what is violated.
    pub fn validate(&self) -> Result<(), GraphError> {
        let malformed = |reason: String| Err(GraphError::Malformed(reason));
        let mut has_parent = vec![false; self.indices.len()];
        let mut has_leaf = vec![false; usize::try_from(self.sites).unwrap_or(0)];
        for index in 0..self.len() {
            let Some(class) = self.class(index) else {
                return malformed(format!("index {index} has no class"));
            };
            if self.children(index).is_empty() {
                let slot = self.site(index).and_then(|site| has_leaf.get_mut(site as usize));
                match slot {
                    Some(seen) if !*seen => *seen = true,
                    _ => {
                        return malformed(format!(
                            "the site of index {index} is not there or there twice"
                        ));
                    }
                }
            }
            for child in self.children(index) {
                match has_parent.get_mut(child) {
                    Some(seen) if child < index && !*seen => *seen = true,
                    _ => {
                        return malformed(format!(
                            "index {child} is not the child of {index} alone"
                        ));
                    }
                }
                let below = self.class(child);
                if below.is_some_and(|below| below.up == Edge::Identity && below.dim != class.dim) {
                    return malformed(format!(
                        "identity between different dimensions at index {child}"
                    ));
                }
            }
        }
        has_parent.pop();
        if self.indices.is_empty() || has_parent.contains(&false) || has_leaf.contains(&false) {
            return malformed("the indices are no tree".into());
        }
        Ok(())
    }

    /// The number of indices, the output index not counted.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is no index; never so for a tree that was built.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The number of sites.
    pub fn sites(&self) -> u64 {
        self.sites
    }

    /// The dimension of the output index, the number of classes of the network.
    pub fn outputs(&self) -> u64 {
        self.outputs
    }

    /// The classes of indices, of a network from the input up.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The number of the class of an index.
    pub fn class_number(&self, index: usize) -> Option<usize> {
        self.indices.get(index).map(|index| index.class as usize)
    }

    /// The class of an index.
    pub fn class(&self, index: usize) -> Option<&Class> {
        self.classes.get(self.class_number(index)?)
    }

    /// The children of an index, a range of indices.
    pub fn children(&self, index: usize) -> Range<usize> {
        self.indices.get(index).map_or(0..0, |index| {
            let first = index.first_child as usize;
            first..first + index.children as usize
        })
    }

    /// The row-major position of an index in its layer.
    pub fn position(&self, index: usize) -> Option<u64> {
        self.indices.get(index).map(|index| u64::from(index.position))
    }

    /// The site of a leaf, `None` for other indices.
    pub fn site(&self, index: usize) -> Option<u64> {
        self.indices
            .get(index)
            .filter(|index| index.children == 0)
            .map(|index| u64::from(index.position))
    }

    /// For every index the last one of its copy tensor: the ancestor that it is joined to by
    /// identities, itself if there is none.
    pub fn merged(&self) -> Vec<usize> {
        let mut merged: Vec<usize> = (0..self.len()).collect();
        for index in (0..self.len()).rev() {
            let Some(top) = merged.get(index).copied() else { continue };
            for child in self.children(index) {
                let identity = self.class(child).is_some_and(|class| class.up == Edge::Identity);
                if let Some(slot) = merged.get_mut(child)
                    && identity
                {
                    *slot = top;
                }
            }
        }
        merged
    }
}

fn check_size(indices: u64) -> Result<(), GraphError> {
    if indices <= MAX_TREE_INDICES {
        return Ok(());
    }
    let (size, limit) = (format!("{indices} indices"), format!("{MAX_TREE_INDICES} indices"));
    Err(GraphError::too_large("the tensor network", size, limit, "use fewer sites"))
}
