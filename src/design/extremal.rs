//! The balanced partitions of the smallest and of the largest min-cut.
//!
//! All subtrees of one layer have the same shape, so a table for each layer tells, for every number
//! `k` of sites on A, what a subtree can cost a parent on A, on B, or cut. For the smallest min-cut the
//! three costs are minimized one by one: labels and sites are chosen together. For the largest one
//! the sites are chosen first and the cut answers, so a table keeps all costs that no other choice
//! of sites beats in all three (its Pareto front).

use super::DesignError;
use super::problem::ROUNDING;
use crate::graph::{Edge, GraphError, Hierarchy};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network};

/// Which min-cut is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The smallest.
    Smallest,
    /// The largest.
    Largest,
}

/// Costs in bits that a subtree has for a parent on A, on B, or cut.
type Costs = [f64; 3];

/// One way to choose the sites of a subtree, or of the first children of an index.
#[derive(Clone, Copy, Debug)]
struct Way {
    costs: Costs,
    /// For every cost the way of the children before the last, and of the last child: their sites
    /// on A and their places in the tables. The same three times where sites are chosen first.
    from: [[(u32, u32); 2]; 3],
}

/// By number of sites on A, the ways that count.
type Table = Vec<Vec<Way>>;

/// The tables of a layer: of the first child of an index, of the first two, …, of all. The first
/// one is what a child costs its parent, so its ways come from the layer below: from its ways and
/// labels.
type LayerTables = Vec<Table>;

/// Costs that differ by less are alike; a tree of thousands of indices adds up as many of them and
/// stays below 1e-9 bits.
const ALIKE: f64 = 1e-13;

/// The most ways that are kept.
const MAX_WAYS: u64 = 1 << 22;

/// The balanced bipartition (`floor(N/2)` sites in A) of the smallest or largest min-cut, to `1e-9`
/// bits. Of several any one, always the same.
///
/// Costs `O(N^2)` for the smallest, and as many times the square of the sizes of the fronts for the
/// largest; at most `limit` combinations.
///
/// # Errors
/// [`DesignError::Graph`] when the network is no ConvAC, has one site, or when there are more than
/// `limit` combinations to be looked at; [`DesignError::Interrupted`].
pub fn extreme_partition(
    network: &Network,
    extreme: Extreme,
    limit: u64,
    interrupt: &Interrupt,
) -> Result<Bipartition, DesignError> {
    let hierarchy = Hierarchy::from_network(network)?;
    let sites = hierarchy.input_shape().sites();
    let half = sites / 2;
    let too_large = |combinations: u64| {
        DesignError::Graph(GraphError::TooLarge {
            what: "the search for an extreme partition".into(),
            size: format!("{sites} sites, more than {combinations} combinations"),
            limit: format!("{limit} combinations"),
            hint: "features(net)".into(),
        })
    };
    if sites.saturating_mul(sites) / 2 > limit {
        return Err(too_large(sites.saturating_mul(sites) / 2));
    }
    let order = hierarchy.site_order(interrupt)?.map(<[u32]>::to_vec);
    let mut layers: Vec<LayerTables> = Vec::new();
    let (mut spent, mut stored) = (0u64, 0u64);
    for (place, level) in hierarchy.levels().iter().enumerate() {
        let below = place.checked_sub(1).and_then(|below| hierarchy.levels().get(below));
        let (Some(below), Some(tables)) = (below, layers.last()) else {
            layers.push(vec![site_tables()]);
            continue;
        };
        let child = closed(tables.last(), below.dim, below.up == Edge::Identity, extreme);
        let mut partial = vec![child.clone()];
        for _ in 1..level.branching {
            let spend = Spend { half, extreme, limit };
            let joined = join(partial.last(), &child, spend, &mut spent, interrupt)?;
            let Some(joined) = joined.filter(|_| stored <= MAX_WAYS) else {
                return Err(too_large(limit));
            };
            stored += joined.iter().map(|ways| ways.len() as u64).sum::<u64>();
            partial.push(joined);
        }
        layers.push(partial);
    }
    let top = hierarchy.levels().last().map_or(1, |level| level.dim);
    let table = closed(layers.last().and_then(|tables| tables.last()), top, false, extreme);
    let ways = table.get(half as usize).map_or(&[][..], Vec::as_slice);
    let chosen = ways.iter().reduce(|best, other| {
        let gain = other.costs[2] - best.costs[2];
        let better = match extreme {
            Extreme::Smallest => gain < -ROUNDING,
            Extreme::Largest => gain > ROUNDING,
        };
        if better { other } else { best }
    });
    let mut walk = Walk { layers: &layers, sides: vec![false; sites as usize] };
    if let Some(way) = chosen {
        let [own, (label, _)] = way.from[2];
        walk.index(layers.len().saturating_sub(1), 0, label, own);
    }
    let sides = walk.sides;
    let sides = match order {
        None => sides,
        Some(order) => {
            let mut placed = vec![false; sides.len()];
            for (site, side) in order.iter().zip(sides) {
                if let Some(slot) = placed.get_mut(*site as usize) {
                    *slot = side;
                }
            }
            placed
        }
    };
    Ok(Bipartition::from_sides(hierarchy.input_shape(), sides)?)
}

/// A site: on B or on A.
fn site_tables() -> Table {
    let way = |costs| Way { costs, from: [[(0, 0); 2]; 3] };
    vec![vec![way([f64::INFINITY, 0.0, 0.0])], vec![way([0.0, f64::INFINITY, 0.0])]]
}

/// What the ways of an index cost its parent. Labels of ways are kept: `from` of a closed way names
/// for each cost the way and the label below that it comes from.
fn closed(table: Option<&Table>, dim: u64, merged: bool, extreme: Extreme) -> Table {
    let price = (dim as f64).log2();
    let empty = Table::new();
    let table = table.unwrap_or(&empty);
    let close = |k: usize, ways: &[Way]| -> Vec<Way> {
        let mut all: Vec<Way> = ways
            .iter()
            .enumerate()
            .map(|(number, way)| {
                let [a, b, below] = way.costs;
                let cut = below + price;
                let own = (k as u32, number as u32);
                // The label (0 A, 1 B, 2 cut) that is cheapest below a parent of each label.
                let on = |cost: f64, label: u32| if cost <= cut { (cost, label) } else { (cut, 2) };
                let (a, b) = if merged { ((a, 0), (b, 1)) } else { (on(a, 0), on(b, 1)) };
                let any = if merged {
                    (below, 2)
                } else if a.0 <= b.0 {
                    a
                } else {
                    b
                };
                Way {
                    costs: [a.0, b.0, any.0],
                    from: [a, b, any].map(|(_, label)| [own, (label, 0)]),
                }
            })
            .collect();
        if extreme == Extreme::Largest {
            prune(&mut all);
        }
        all
    };
    table.iter().enumerate().map(|(k, ways)| close(k, ways)).collect()
}

/// What a search may look at.
#[derive(Clone, Copy, Debug)]
struct Spend {
    half: u64,
    extreme: Extreme,
    limit: u64,
}

/// Adds one more child to the children so far. `None` when there are too many combinations.
fn join(
    table: Option<&Table>,
    child: &Table,
    Spend { half, extreme, limit }: Spend,
    spent: &mut u64,
    interrupt: &Interrupt,
) -> Result<Option<Table>, DesignError> {
    let empty = Table::new();
    let table = table.unwrap_or(&empty);
    // More sites on A than half of all are in no balanced partition.
    let most = (table.len() + child.len()).saturating_sub(2).min(half as usize);
    let mut joined: Table = vec![Vec::new(); most + 1];
    for (k, slot) in joined.iter_mut().enumerate() {
        interrupt.check()?;
        let first = k.saturating_sub(child.len() - 1);
        for before in first..=k.min(table.len().saturating_sub(1)) {
            let (Some(firsts), Some(lasts)) = (table.get(before), child.get(k - before)) else {
                continue;
            };
            *spent += (firsts.len() * lasts.len()) as u64;
            for (i, one) in firsts.iter().enumerate() {
                for (j, other) in lasts.iter().enumerate() {
                    let from = [(before as u32, i as u32), ((k - before) as u32, j as u32)];
                    let mut costs = one.costs;
                    costs.iter_mut().zip(other.costs).for_each(|(sum, cost)| *sum += cost);
                    let way = Way { costs, from: [from; 3] };
                    match (extreme, slot.first_mut()) {
                        (Extreme::Smallest, Some(best)) => improve(best, &way),
                        _ => slot.push(way),
                    }
                }
            }
            if extreme == Extreme::Largest && slot.len() > 64 {
                prune(slot);
            }
        }
        if extreme == Extreme::Largest {
            prune(slot);
        }
        if *spent > limit {
            return Ok(None);
        }
    }
    Ok(Some(joined))
}

/// Takes every cost that is smaller.
fn improve(best: &mut Way, other: &Way) {
    for place in 0..3 {
        if other.costs[place] < best.costs[place] {
            best.costs[place] = other.costs[place];
            best.from[place] = other.from[place];
        }
    }
}

/// Drops every way that another one equals or exceeds in all three costs.
fn prune(ways: &mut Vec<Way>) {
    let sum = |way: &Way| way.costs.iter().map(|cost| cost.min(1e100)).sum::<f64>();
    // A way can only be beaten by one whose costs add up to as much.
    ways.sort_by(|left, right| sum(right).total_cmp(&sum(left)));
    let mut kept: Vec<Way> = Vec::new();
    for way in ways.iter() {
        let beats = |other: &Way| {
            other.costs.iter().zip(way.costs).all(|(other, cost)| *other >= cost - ALIKE)
        };
        if !kept.iter().any(beats) {
            kept.push(*way);
        }
    }
    *ways = kept;
}

/// Goes down the tree along the chosen ways.
struct Walk<'w> {
    layers: &'w [LayerTables],
    /// The sites in tree order, true for A.
    sides: Vec<bool>,
}

impl Walk<'_> {
    /// The sites below an index of a layer that has a label and is in a way of its layer.
    fn index(&mut self, layer: usize, position: usize, label: u32, (k, way): (u32, u32)) {
        let Some(tables) = self.layers.get(layer) else { return };
        if layer == 0 {
            if let Some(side) = self.sides.get_mut(position) {
                *side = k == 1;
            }
            return;
        }
        let find = |table: &Table, (k, way): (u32, u32)| {
            table.get(k as usize).and_then(|ways| ways.get(way as usize)).copied()
        };
        let Some(first) = tables.first() else { return };
        let mut all = (k, way);
        for (child, table) in tables.iter().enumerate().rev() {
            let mut last = all;
            if child > 0 {
                let Some(way) = find(table, all) else { return };
                [all, last] = way.from.get(label as usize).copied().unwrap_or_default();
            }
            let Some(way) = find(first, last) else { return };
            let [own, (below, _)] = way.from.get(label as usize).copied().unwrap_or_default();
            self.index(layer - 1, position * tables.len() + child, below, own);
        }
    }
}
