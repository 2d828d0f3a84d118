//! Which bonds a cut cuts: from the states back down to the indices.

use super::GraphError;
use super::hierarchy::{Edge, Hierarchy};
use super::periodic::{SolvedGrid, child_view};
use super::solve::{OutputSide, Prices, Solved, Table};
use super::states::{Columns, Label};
use super::tree::IndexTree;
use crate::interrupt::Interrupt;
use std::fmt;

/// One bond that a cut cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutEdge {
    /// The layer of the index: `input`, `conv0`, …, `output`.
    pub layer: String,
    /// The bond dimension.
    pub dim: u64,
    /// The row-major position of the index in its layer.
    pub position: u64,
    /// The sites below.
    pub sites: SitesBelow,
}

/// The sites below an index, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SitesBelow {
    /// The smallest site number.
    pub first: u64,
    /// The largest site number.
    pub last: u64,
    /// How many there are.
    pub count: u64,
}

impl fmt::Display for SitesBelow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 1 {
            write!(f, "site {}", self.first)
        } else if self.last.saturating_sub(self.first).saturating_add(1) == self.count {
            write!(f, "sites {}..{}", self.first, self.last)
        } else {
            write!(f, "{} sites between {} and {}", self.count, self.first, self.last)
        }
    }
}

/// The labels of all indices of a network, by level in tree order, and of the output index.
pub(super) fn labels(
    hierarchy: &Hierarchy,
    prices: &Prices,
    solved: &Solved,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<(Vec<Vec<Label>>, Option<Label>), GraphError> {
    let count = hierarchy.levels().len();
    let output = prices.output_label(solved.root(), prices.column(count.saturating_sub(1)), output);
    let mut by_level: Vec<Vec<Label>> = Vec::with_capacity(count);
    let mut above: Vec<Option<Label>> = vec![output];
    let mut branching = 1usize;
    for (place, level) in hierarchy.levels().iter().enumerate().rev() {
        let (Some(table), Some(states)) = (solved.tables.get(place), solved.states.get(place))
        else {
            continue;
        };
        let mut chooser = Chooser::new(prices, table, prices.column(place), level.up);
        let mut labels = Vec::with_capacity(states.len());
        for (index, state) in states.iter().enumerate() {
            if index % 1024 == 0 {
                interrupt.check()?;
            }
            labels.push(
                chooser.choose(*state, above.get(index / branching.max(1)).copied().flatten()),
            );
        }
        branching = level.branching as usize;
        above = labels.iter().copied().map(Some).collect();
        by_level.push(labels);
    }
    by_level.reverse();
    Ok((by_level, output))
}

/// Remembers the choice for every state and label of the parent.
struct Chooser<'a> {
    prices: &'a Prices,
    table: &'a Table,
    columns: Columns,
    up: Edge,
    known: Vec<[Option<Label>; 4]>,
}

impl<'a> Chooser<'a> {
    fn new(prices: &'a Prices, table: &'a Table, columns: Columns, up: Edge) -> Self {
        Chooser { prices, table, columns, up, known: vec![[None; 4]; table.states.len()] }
    }

    fn choose(&mut self, state: u32, parent: Option<Label>) -> Label {
        let slot = match parent {
            None => 0,
            Some(Label::A) => 1,
            Some(Label::B) => 2,
            Some(Label::Cut) => 3,
        };
        let Some(known) = self.known.get_mut(state as usize).and_then(|known| known.get_mut(slot))
        else {
            return Label::Cut;
        };
        *known.get_or_insert_with(|| {
            self.prices.algebra.choose(self.table.states.row(state), self.columns, self.up, parent)
        })
    }
}

/// The bond of the output index, if it is cut.
fn output_edge(classes: u64, sites: u64, label: Option<Label>) -> Option<CutEdge> {
    let below = SitesBelow { first: 0, last: sites.saturating_sub(1), count: sites };
    (label == Some(Label::Cut)).then(|| CutEdge {
        layer: "output".into(),
        dim: classes,
        position: 0,
        sites: below,
    })
}

/// The cut bonds of a network, from labels.
pub(super) fn edges_of_levels(
    hierarchy: &Hierarchy,
    labels: &[Vec<Label>],
    output: Option<Label>,
    interrupt: &Interrupt,
) -> Result<Vec<CutEdge>, GraphError> {
    let orders = hierarchy.orders(interrupt)?;
    let sites = hierarchy.input_shape().sites();
    let leaf_order = orders.first().and_then(Option::as_ref);
    let mut edges = Vec::new();
    let mut span = 1u64;
    for ((level, order), labels) in hierarchy.levels().iter().zip(orders).zip(labels) {
        span = span.saturating_mul(level.branching.max(1));
        if level.up == Edge::Identity {
            continue;
        }
        let start = edges.len();
        for (index, label) in labels.iter().enumerate() {
            if index % 256 == 0 {
                interrupt.check()?;
            }
            if *label != Label::Cut {
                continue;
            }
            let index = index as u64;
            let position = order
                .as_ref()
                .map_or(Some(index), |order| order.get(index as usize).map(|p| u64::from(*p)));
            let (first, last) = match leaf_order {
                None => (index * span, (index + 1) * span - 1),
                Some(order) => {
                    let below = order
                        .get((index * span) as usize..((index + 1) * span) as usize)
                        .unwrap_or(&[]);
                    let (least, most) = (below.iter().min(), below.iter().max());
                    (
                        least.map_or(0, |site| u64::from(*site)),
                        most.map_or(0, |site| u64::from(*site)),
                    )
                }
            };
            let below = SitesBelow { first, last, count: span };
            let position = position.unwrap_or(index);
            edges.push(CutEdge {
                layer: level.name.clone(),
                dim: level.dim,
                position,
                sites: below,
            });
        }
        if let Some(added) = edges.get_mut(start..) {
            added.sort_by_key(|edge| edge.position);
        }
    }
    edges.extend(output_edge(hierarchy.classes(), sites, output));
    Ok(edges)
}

/// The cut bonds of a network that was solved on rectangles. Descends only where something is
/// cut below, so that the work is about the number of cut bonds times the number of levels.
pub(super) fn edges_of_grid(
    hierarchy: &Hierarchy,
    prices: &Prices,
    solved: &SolvedGrid,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<Vec<CutEdge>, GraphError> {
    let levels = hierarchy.levels();
    let last = levels.len().saturating_sub(1);
    let width = hierarchy.input_shape().cols();
    let output = prices.output_label(solved.root(), prices.column(last), output);
    let root_view = solved.grid.view(last, 0, 0);
    let label_of = |level: usize, view, parent| {
        let state = solved.state(level, view)?;
        let row = solved.tables.get(level)?.states.row(state);
        let up = levels.get(level)?.up;
        let label = prices.algebra.choose(row, prices.column(level), up, parent);
        let costs = prices.algebra.costs(row);
        let below = match label {
            Label::A => costs.on_a,
            Label::B => costs.on_b,
            Label::Cut => costs.cut,
        };
        let below = below.iter().any(|count| *count > 0);
        Some((label, label == Label::Cut && up != Edge::Identity, below))
    };
    let mut found: Vec<(usize, CutEdge)> = Vec::new();
    let mut waiting = vec![(last, 0u64, 0u64, root_view, output)];
    while let Some((place, row, col, view, parent)) = waiting.pop() {
        interrupt.check()?;
        let (Some(level), Some((label, cut, below))) =
            (levels.get(place), label_of(place, view, parent))
        else {
            continue;
        };
        if cut {
            let (down, across) = solved.grid.spans.get(place).copied().unwrap_or((1, 1));
            let first = row * down * width + col * across;
            let sites = SitesBelow {
                first,
                last: first + (down - 1) * width + (across - 1),
                count: down * across,
            };
            let position = row * level.shape.cols() + col;
            found.push((
                place,
                CutEdge { layer: level.name.clone(), dim: level.dim, position, sites },
            ));
        }
        if !below || place == 0 {
            continue;
        }
        let (rows, cols) = solved.child_runs(place, view);
        let windows = solved.grid.windows.get(place).copied().unwrap_or((1, 1));
        let mut stopped = Ok(());
        rows.visit(|(row_start, row_count, row_view)| {
            cols.visit(|(col_start, col_count, col_view)| {
                let child = child_view(row_view, col_view);
                if let Some((_, cut, below)) = label_of(place - 1, child, Some(label))
                    && (cut || below)
                {
                    for down in row_start..row_start + row_count {
                        for across in col_start..col_start + col_count {
                            let (row, col) = (row * windows.0 + down, col * windows.1 + across);
                            waiting.push((place - 1, row, col, child, Some(label)));
                        }
                    }
                }
                stopped = interrupt.check();
                stopped.is_ok()
            });
            stopped.is_ok()
        });
        stopped?;
    }
    found.sort_by_key(|(place, edge)| (*place, edge.position));
    let mut edges: Vec<CutEdge> = found.into_iter().map(|(_, edge)| edge).collect();
    edges.extend(output_edge(hierarchy.classes(), hierarchy.input_shape().sites(), output));
    Ok(edges)
}

/// The cut bonds of a tree, from labels: by class, then position.
pub(super) fn edges_of_tree(
    tree: &IndexTree,
    labels: &[Label],
    output: Option<Label>,
) -> Vec<CutEdge> {
    let mut below: Vec<SitesBelow> = Vec::with_capacity(tree.len());
    let mut found: Vec<(usize, CutEdge)> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        let own = tree.site(index).map(|site| SitesBelow { first: site, last: site, count: 1 });
        let children = below.get(tree.children(index)).unwrap_or(&[]).iter().copied();
        let sites = own.into_iter().chain(children).reduce(|left, right| SitesBelow {
            first: left.first.min(right.first),
            last: left.last.max(right.last),
            count: left.count + right.count,
        });
        let sites = sites.unwrap_or(SitesBelow { first: 0, last: 0, count: 0 });
        below.push(sites);
        let (Some(class), Some(number)) = (tree.class(index), tree.class_number(index)) else {
            continue;
        };
        if *label == Label::Cut && class.up != Edge::Identity {
            let position = tree.position(index).unwrap_or(0);
            found.push((
                number,
                CutEdge { layer: class.name.clone(), dim: class.dim, position, sites },
            ));
        }
    }
    found.sort_by_key(|(number, edge)| (*number, edge.position));
    let mut edges: Vec<CutEdge> = found.into_iter().map(|(_, edge)| edge).collect();
    edges.extend(output_edge(tree.outputs(), tree.sites(), output));
    edges
}
