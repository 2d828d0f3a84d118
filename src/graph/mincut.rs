//! The min-cut of a bipartition: exact value, factors, cut bonds and labels.
//!
//! The rank of the matricization `[A^y]_{A,B}` is at most the min-cut for any weights (Levine,
//! Yakira, Cohen, Shashua, arXiv 1704.01552, theorem 1), where the legs of one copy tensor count
//! once. Of all cuts with the smallest product, one with the fewest bonds is reported; of those,
//! the one with the fewest bonds near the input.

use super::GraphError;
use super::cost::Weight;
use super::hierarchy::Hierarchy;
use super::periodic::{self, Grid};
use super::solve::{self, OutputSide, Prices};
use super::states::Label;
use super::trace::{self, CutEdge};
use super::tree::IndexTree;
use super::tree_solve;
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, MAX_EXPLICIT_SITES, Network, Shape, Side};
use dashu_int::UBig;
use std::sync::Arc;

/// How many bonds of one layer a cut cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// The layer: `input`, `conv0`, …, `output`.
    pub layer: String,
    /// The bond dimension.
    pub dim: u64,
    /// The number of cut bonds.
    pub count: u64,
}

/// The labels of one layer, for drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerLabels {
    /// The layer: `input`, `conv0`, …, `output`.
    pub layer: String,
    /// The bond dimension.
    pub dim: u64,
    /// The positions.
    pub shape: Shape,
    /// Whether the indices are one copy tensor with their parents, so that a cut one is counted
    /// there.
    pub merged: bool,
    /// The label of every position, row-major.
    pub labels: Vec<Label>,
}

/// A smallest cut between the two sides of a bipartition.
#[derive(Clone, Debug)]
pub struct MinCut {
    factors: Vec<Factor>,
    output: OutputSide,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Levels { hierarchy: Arc<Hierarchy>, bipartition: Bipartition },
    Tree { tree: Arc<IndexTree>, sides: Arc<[Side]> },
}

/// The min-cut of a network across a bipartition.
///
/// Costs `O(N)` steps, or about as many as there are levels when every pooling is contiguous and
/// the partition regular.
///
/// # Errors
/// [`GraphError`] when the network is no ConvAC, the partition is of another shape, the sites
/// are too many to be listed, or the caller interrupts.
pub fn min_cut(
    network: &Network,
    bipartition: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<MinCut, GraphError> {
    min_cut_on(&Arc::new(Hierarchy::from_network(network)?), bipartition, output, interrupt)
}

/// As [`min_cut`], for many partitions of one network.
///
/// # Errors
/// As [`min_cut`].
pub fn min_cut_on(
    hierarchy: &Arc<Hierarchy>,
    bipartition: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<MinCut, GraphError> {
    let prices = Prices::of(hierarchy);
    let counts = counts(hierarchy, &prices, bipartition, output, interrupt, Driver::Any)?;
    Ok(MinCut::of_levels(hierarchy, bipartition, output, &counts))
}

/// The min-cut of any index tree; `sides` by site.
///
/// # Errors
/// [`GraphError::Malformed`] when there is not one side per site, [`GraphError::Interrupted`].
pub fn min_cut_tree(
    tree: &Arc<IndexTree>,
    sides: &[Side],
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<MinCut, GraphError> {
    let counts = tree_solve::solve(tree, sides, interrupt)?.answer(tree, output);
    let names = tree.classes().iter().map(|class| (class.name.clone(), class.dim));
    let names = names.chain([("output".to_string(), tree.outputs())]);
    let factors =
        names.zip(counts).map(|((layer, dim), count)| Factor { layer, dim, count }).collect();
    Ok(MinCut {
        factors,
        output,
        source: Source::Tree { tree: Arc::clone(tree), sides: sides.into() },
    })
}

/// Which of the two ways to solve a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// On rectangles where possible.
    Any,
    /// Index by index.
    #[cfg(test)]
    Explicit,
    /// On rectangles.
    #[cfg(test)]
    Periodic,
}

/// The counts of the cheapest cut under some prices, by column.
pub(super) fn counts(
    hierarchy: &Hierarchy,
    prices: &Prices,
    bipartition: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
    driver: Driver,
) -> Result<Vec<u64>, GraphError> {
    if hierarchy.input_shape() != bipartition.shape() {
        let (network, partition) = (hierarchy.input_shape(), bipartition.shape());
        return Err(GraphError::ShapeMismatch { network, partition });
    }
    let columns = prices.column(hierarchy.levels().len().saturating_sub(1));
    let grid = Grid::new(hierarchy, bipartition);
    #[cfg(test)]
    let grid = grid.filter(|_| driver != Driver::Explicit);
    if let Some(grid) = grid {
        match periodic::solve(hierarchy, prices, grid, interrupt) {
            Ok(solved) => return Ok(prices.answer(solved.root(), columns, output)),
            // A pattern that fits no window can have more views than a small network has sites.
            Err(GraphError::TooLarge { .. })
                if driver == Driver::Any
                    && hierarchy.input_shape().sites() <= MAX_EXPLICIT_SITES => {}
            Err(error) => return Err(error),
        }
    }
    let sides = listed(hierarchy, bipartition)?;
    let solved = solve::solve(hierarchy, prices, &sides, interrupt, false)?;
    Ok(solved.answer(prices, columns, output))
}

fn listed(hierarchy: &Hierarchy, bipartition: &Bipartition) -> Result<Arc<[bool]>, GraphError> {
    hierarchy.check_explicit()?;
    Ok(bipartition.sides()?)
}

impl MinCut {
    pub(super) fn of_levels(
        hierarchy: &Arc<Hierarchy>,
        bipartition: &Bipartition,
        output: OutputSide,
        counts: &[u64],
    ) -> Self {
        let names = hierarchy.levels().iter().map(|level| (level.name.clone(), level.dim));
        let names = names.chain([("output".to_string(), hierarchy.classes())]);
        let factors = names
            .zip(counts)
            .map(|((layer, dim), count)| Factor { layer, dim, count: *count })
            .collect();
        let source =
            Source::Levels { hierarchy: Arc::clone(hierarchy), bipartition: bipartition.clone() };
        MinCut { factors, output, source }
    }

    /// The product of the cut dimensions, not multiplied out.
    pub fn weight(&self) -> Weight {
        Weight::new(self.factors.iter().map(|factor| (factor.dim, factor.count)))
    }

    /// The exact value.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when it has more than about `max_bits` bits.
    pub fn value(&self, max_bits: u64) -> Result<UBig, GraphError> {
        self.weight().value(max_bits)
    }

    /// The natural logarithm of the value.
    pub fn ln(&self) -> f64 {
        self.weight().ln()
    }

    /// The base-2 logarithm of the value.
    pub fn bits(&self) -> f64 {
        self.weight().bits()
    }

    /// For every layer that is cut, from the input up, how many of its bonds are.
    pub fn factors(&self) -> Vec<Factor> {
        self.factors.iter().filter(|factor| factor.count > 0).cloned().collect()
    }

    /// As [`MinCut::factors`], with the layers that are not cut.
    pub fn layers(&self) -> &[Factor] {
        &self.factors
    }

    /// The number of cut bonds.
    pub fn bonds(&self) -> u64 {
        self.factors.iter().map(|factor| factor.count).sum()
    }

    /// The value as a product, one factor per cut layer from the input up: `2^4 · 8^2`.
    pub fn formula(&self) -> String {
        let power = |factor: &Factor| match factor.count {
            1 => factor.dim.to_string(),
            count => format!("{}^{count}", factor.dim),
        };
        let powers: Vec<String> =
            self.factors.iter().filter(|factor| factor.count > 0).map(power).collect();
        if powers.is_empty() { "1".into() } else { powers.join(" · ") }
    }

    /// On which side the class index is.
    pub fn output(&self) -> OutputSide {
        self.output
    }

    /// The cut bonds, by layer from the input up, then by position. Computed when asked for.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when there are more than `limit`, [`GraphError::Interrupted`].
    pub fn edges(&self, limit: u64, interrupt: &Interrupt) -> Result<Vec<CutEdge>, GraphError> {
        if self.bonds() > limit {
            let size = format!("{} bonds", self.bonds());
            let hint = "ask how many bonds of each layer are cut: .layers";
            return Err(GraphError::too_large(
                "the list of cut bonds",
                size,
                format!("{limit} bonds"),
                hint,
            ));
        }
        match &self.source {
            Source::Tree { tree, sides } => {
                let (labels, output) =
                    tree_solve::solve(tree, sides, interrupt)?.labels(tree, self.output);
                Ok(trace::edges_of_tree(tree, &labels, output))
            }
            Source::Levels { hierarchy, bipartition } => {
                let prices = Prices::of(hierarchy);
                let explicit = hierarchy.check_explicit();
                // On rectangles only what is cut is visited, at some hash look-ups each.
                let steps = self.bonds().saturating_mul(4 * hierarchy.levels().len() as u64);
                let grid = Grid::new(hierarchy, bipartition)
                    .filter(|_| explicit.is_err() || steps < hierarchy.indices());
                if let Some(grid) = grid {
                    match periodic::solve(hierarchy, &prices, grid, interrupt) {
                        Ok(solved) => {
                            return trace::edges_of_grid(
                                hierarchy,
                                &prices,
                                &solved,
                                self.output,
                                interrupt,
                            );
                        }
                        Err(GraphError::TooLarge { .. }) if explicit.is_ok() => {}
                        Err(error) => return Err(error),
                    }
                }
                let (labels, output) = self.level_labels(hierarchy, bipartition, interrupt)?;
                trace::edges_of_levels(hierarchy, &labels, output, interrupt)
            }
        }
    }

    /// The label of every position of every layer, for drawing, from the input up; last the
    /// output index, if it has a leg.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when the network has more than `limit` indices,
    /// [`GraphError::Interrupted`].
    pub fn labelling(
        &self,
        limit: u64,
        interrupt: &Interrupt,
    ) -> Result<Vec<LayerLabels>, GraphError> {
        let indices = match &self.source {
            Source::Tree { tree, .. } => tree.len() as u64,
            Source::Levels { hierarchy, .. } => hierarchy.indices(),
        };
        if indices > limit {
            let size = format!("{indices} indices");
            let hint = "ask how many bonds of each layer are cut: .layers";
            return Err(GraphError::too_large(
                "the labelled network",
                size,
                format!("{limit} indices"),
                hint,
            ));
        }
        let (mut layers, output) = match &self.source {
            Source::Tree { tree, sides } => {
                let (labels, output) =
                    tree_solve::solve(tree, sides, interrupt)?.labels(tree, self.output);
                (tree_layers(tree, &labels), output)
            }
            Source::Levels { hierarchy, bipartition } => {
                let (labels, output) = self.level_labels(hierarchy, bipartition, interrupt)?;
                (level_layers(hierarchy, labels, interrupt)?, output)
            }
        };
        if let (Some(label), Some(factor)) = (output, self.factors.last()) {
            let (layer, dim) = (factor.layer.clone(), factor.dim);
            layers.push(LayerLabels {
                layer,
                dim,
                shape: Shape::Chain(1),
                merged: false,
                labels: vec![label],
            });
        }
        Ok(layers)
    }

    fn level_labels(
        &self,
        hierarchy: &Hierarchy,
        bipartition: &Bipartition,
        interrupt: &Interrupt,
    ) -> Result<(Vec<Vec<Label>>, Option<Label>), GraphError> {
        let prices = Prices::of(hierarchy);
        let sides = listed(hierarchy, bipartition)?;
        let solved = solve::solve(hierarchy, &prices, &sides, interrupt, true)?;
        trace::labels(hierarchy, &prices, &solved, self.output, interrupt)
    }
}

fn level_layers(
    hierarchy: &Hierarchy,
    labels: Vec<Vec<Label>>,
    interrupt: &Interrupt,
) -> Result<Vec<LayerLabels>, GraphError> {
    let levels = hierarchy.levels().iter().zip(hierarchy.orders(interrupt)?).zip(labels);
    let layer = |((level, order), labels): ((&super::Level, &Option<Vec<u32>>), Vec<Label>)| {
        let labels = match order {
            None => labels,
            Some(order) => {
                let mut placed = vec![Label::Cut; labels.len()];
                for (position, label) in order.iter().zip(labels) {
                    if let Some(slot) = placed.get_mut(*position as usize) {
                        *slot = label;
                    }
                }
                placed
            }
        };
        let merged = level.up == super::Edge::Identity;
        LayerLabels {
            layer: level.name.clone(),
            dim: level.dim,
            shape: level.shape,
            merged,
            labels,
        }
    };
    Ok(levels.map(layer).collect())
}

fn tree_layers(tree: &IndexTree, labels: &[Label]) -> Vec<LayerLabels> {
    let mut by_class: Vec<Vec<(u64, Label)>> = vec![Vec::new(); tree.classes().len()];
    for (index, label) in labels.iter().enumerate() {
        if let Some(list) = tree.class_number(index).and_then(|class| by_class.get_mut(class)) {
            list.push((tree.position(index).unwrap_or(0), *label));
        }
    }
    let layer = |(class, mut list): (&super::Class, Vec<(u64, Label)>)| {
        list.sort_by_key(|(position, _)| *position);
        LayerLabels {
            layer: class.name.clone(),
            dim: class.dim,
            shape: class.shape.unwrap_or(Shape::Chain(list.len() as u64)),
            merged: class.up == super::Edge::Identity,
            labels: list.into_iter().map(|(_, label)| label).collect(),
        }
    };
    tree.classes().iter().zip(by_class).map(layer).collect()
}
