//! The dynamic programme on the levels of a network, index by index.
//!
//! Cost of an index on a side: the sum (of logarithms) over its children of the cheaper of
//! "child on that side" and "child cut"; cost of a cut index: its own dimension once, children
//! as they like. On trees this is the min-cut of Levine et al. (arXiv 1704.01552, section 4)
//! with every copy tensor counted once. Equal states are computed once.

use super::GraphError;
use super::cost::Dimensions;
use super::hierarchy::{Edge, Hierarchy};
use super::states::{Algebra, Columns, INFINITE, Interner, Label, Pairs};
use crate::interrupt::Interrupt;
use crate::network::Side;
use std::cmp::Ordering;

/// On which side the class index of the output layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OutputSide {
    /// One class is asked for: the output layer is a vector, without a leg.
    #[default]
    Fixed,
    /// All classes, and their index belongs to side A.
    A,
    /// All classes, and their index belongs to side B.
    B,
}

impl OutputSide {
    /// The side of the class index, if it has a leg.
    pub fn side(self) -> Option<Side> {
        match self {
            OutputSide::Fixed => None,
            OutputSide::A => Some(Side::A),
            OutputSide::B => Some(Side::B),
        }
    }
}

/// The dimensions under which a cut is sought: those of the network, or others with the same
/// structure.
#[derive(Debug)]
pub(super) struct Prices {
    pub algebra: Algebra,
    /// By level.
    pub columns: Vec<Columns>,
    /// The column of the output index.
    pub output: usize,
}

impl Prices {
    /// One price per level and one for the output index.
    pub fn new(dims: &[u64], output: u64) -> Self {
        let all: Vec<u64> = dims.iter().copied().chain([output]).collect();
        let columns = (0..dims.len()).map(|level| Columns { mixed: level, pure: level }).collect();
        let algebra = Algebra { dimensions: Dimensions::new(&all), track_purity: false };
        Prices { algebra, columns, output: dims.len() }
    }

    /// Other prices for indices whose subtrees are wholly on one side.
    pub fn with_pure(dims: &[u64], pure: &[u64], output: u64) -> Self {
        let all: Vec<u64> = dims.iter().chain(pure).copied().chain([output]).collect();
        let count = dims.len();
        let columns =
            (0..count).map(|level| Columns { mixed: level, pure: count + level }).collect();
        let algebra = Algebra { dimensions: Dimensions::new(&all), track_purity: true };
        Prices { algebra, columns, output: 2 * count }
    }

    /// The prices of a network's own dimensions.
    pub fn of(hierarchy: &Hierarchy) -> Self {
        let dims: Vec<u64> = hierarchy.levels().iter().map(|level| level.dim).collect();
        Prices::new(&dims, hierarchy.classes())
    }

    pub fn column(&self, level: usize) -> Columns {
        self.columns.get(level).copied().unwrap_or(Columns { mixed: 0, pure: 0 })
    }

    /// The counts of the cheapest cut, given the state of the last index.
    pub fn answer(&self, root: &[u64], columns: Columns, output: OutputSide) -> Vec<u64> {
        let row = self.algebra.close(root, columns, Edge::Top);
        let costs = self.algebra.costs(&row);
        let on_side = match output {
            OutputSide::Fixed => return costs.cut.to_vec(),
            OutputSide::A => costs.on_a,
            OutputSide::B => costs.on_b,
        };
        let cut = self.output_cut(costs.cut);
        if self.algebra.compare(on_side, &cut) == Ordering::Greater {
            cut
        } else {
            on_side.to_vec()
        }
    }

    /// The label of the output index, `None` without a leg.
    pub fn output_label(
        &self,
        root: &[u64],
        columns: Columns,
        output: OutputSide,
    ) -> Option<Label> {
        let row = self.algebra.close(root, columns, Edge::Top);
        let costs = self.algebra.costs(&row);
        let (on_side, label) = match output {
            OutputSide::Fixed => return None,
            OutputSide::A => (costs.on_a, Label::A),
            OutputSide::B => (costs.on_b, Label::B),
        };
        let cut = self.output_cut(costs.cut);
        Some(if self.algebra.compare(on_side, &cut) == Ordering::Greater {
            Label::Cut
        } else {
            label
        })
    }

    fn output_cut(&self, any: &[u64]) -> Vec<u64> {
        let mut cut = any.to_vec();
        if let Some(entry) = cut.get_mut(self.output)
            && *entry != INFINITE
        {
            *entry = entry.wrapping_add(1);
        }
        cut
    }
}

/// The different states of one level, and what each costs the parent.
#[derive(Debug)]
pub(super) struct Table {
    pub states: Interner,
    /// What states cost the parent; several states can cost the same.
    pub offers: Interner,
    /// For every state its offer.
    pub closed: Vec<u32>,
    /// For every state what its offer had taken out, one entry per column; empty unless offers
    /// are normalised.
    taken: Vec<Vec<u64>>,
}

impl Table {
    pub fn new(prices: &Prices) -> Self {
        let width = prices.algebra.width();
        Table {
            states: Interner::new(width),
            offers: Interner::new(width),
            closed: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// The table of the sites: state 0 is a site in A, state 1 a site in B.
    pub fn of_sites(prices: &Prices) -> Self {
        let mut table = Table::new(prices);
        for in_a in [true, false] {
            table.states.intern(&prices.algebra.leg(in_a));
        }
        table
    }

    /// Makes the offers of all states; with `normalise` without what they cost in any case.
    pub fn close(
        &mut self,
        prices: &Prices,
        columns: Columns,
        up: Edge,
        normalise: bool,
        interrupt: &Interrupt,
    ) -> Result<(), GraphError> {
        self.closed.clear();
        self.taken.clear();
        for id in 0..self.states.len() as u32 {
            if id % 256 == 0 {
                interrupt.check()?;
            }
            let mut offer = prices.algebra.close(self.states.row(id), columns, up);
            if normalise {
                self.taken.push(prices.algebra.normalise(&mut offer));
            }
            let offer = self.offers.intern(&offer);
            self.closed.push(offer);
        }
        Ok(())
    }

    /// What the offers of all these states had taken out.
    fn total_taken(
        &self,
        states: &[u32],
        total: &mut [u64],
        interrupt: &Interrupt,
    ) -> Result<(), GraphError> {
        // Never anything from sites, half of all indices.
        if self.taken.iter().flatten().all(|count| *count == 0) {
            return Ok(());
        }
        let mut times = vec![0u64; self.states.len()];
        for states in states.chunks(1 << 18) {
            interrupt.check()?;
            for state in states {
                if let Some(times) = times.get_mut(*state as usize) {
                    *times += 1;
                }
            }
        }
        for (taken, times) in self.taken.iter().zip(times).filter(|(_, times)| *times > 0) {
            for (total, count) in total.iter_mut().zip(taken) {
                *total = total.wrapping_add(count.wrapping_mul(times));
            }
        }
        Ok(())
    }
}

/// All levels solved.
#[derive(Debug)]
pub(super) struct Solved {
    pub tables: Vec<Table>,
    /// By level, the state of every index in tree order; only the last level unless asked for.
    pub states: Vec<Vec<u32>>,
    /// What every cut costs at least, taken out of the states on the way up.
    taken: Vec<u64>,
}

impl Solved {
    /// The counts of the cheapest cut.
    pub fn answer(&self, prices: &Prices, columns: Columns, output: OutputSide) -> Vec<u64> {
        let mut counts = prices.answer(self.root(), columns, output);
        for (count, taken) in counts.iter_mut().zip(&self.taken) {
            *count = count.wrapping_add(*taken);
        }
        counts
    }

    /// The state of the last index.
    pub fn root(&self) -> &[u64] {
        let id = self.states.last().and_then(|states| states.first());
        self.tables.last().zip(id).map_or(&[], |(table, id)| table.states.row(*id))
    }
}

/// Solves a network index by index. `sides` is in row-major order, `true` for A; with `keep` the
/// state of every index is kept.
pub(super) fn solve(
    hierarchy: &Hierarchy,
    prices: &Prices,
    sides: &[bool],
    interrupt: &Interrupt,
    keep: bool,
) -> Result<Solved, GraphError> {
    hierarchy.check_explicit()?;
    interrupt.check()?;
    let order = hierarchy.orders(interrupt)?.first().and_then(Option::as_ref);
    let mut current: Vec<u32> = Vec::with_capacity(sides.len());
    match order {
        Some(order) => {
            for sites in order.chunks(1 << 18) {
                interrupt.check()?;
                current.extend(
                    sites.iter().map(|site| u32::from(sides.get(*site as usize) != Some(&true))),
                );
            }
        }
        None => {
            for sides in sides.chunks(1 << 18) {
                interrupt.check()?;
                current.extend(sides.iter().map(|side| u32::from(!side)));
            }
        }
    }
    let mut solved =
        Solved { tables: Vec::new(), states: Vec::new(), taken: vec![0; prices.algebra.columns()] };
    let mut below: Option<Table> = None;
    for (place, level) in hierarchy.levels().iter().enumerate() {
        let mut table = match &below {
            None => Table::of_sites(prices),
            Some(children) => {
                children.total_taken(&current, &mut solved.taken, interrupt)?;
                let (table, next) =
                    fold(prices, children, &current, level.branching as usize, interrupt)?;
                let previous = std::mem::replace(&mut current, next);
                if keep {
                    solved.states.push(previous);
                }
                table
            }
        };
        table.close(prices, prices.column(place), level.up, true, interrupt)?;
        solved.tables.extend(below.replace(table));
    }
    solved.tables.extend(below);
    solved.states.push(current);
    Ok(solved)
}

/// Folds the children of every index of a level, pair by pair.
fn fold(
    prices: &Prices,
    children: &Table,
    states: &[u32],
    branching: usize,
    interrupt: &Interrupt,
) -> Result<(Table, Vec<u32>), GraphError> {
    let mut table = Table::new(prices);
    // Partial states share the interner with the finished ones; those that stay partial are
    // closed too, which costs little and keeps one numbering.
    let mut pairs = Pairs::new(children.offers.len());
    // After one child a partial state is that child's offer: no look-up is needed.
    let single = |offer: &u32| {
        let mut row = prices.algebra.nothing();
        prices.algebra.add(&mut row, children.offers.row(*offer), 1);
        table.states.intern(&row)
    };
    let singles: Vec<u32> = children.closed.iter().map(single).collect();
    let mut next = Vec::with_capacity(states.len() / branching.max(1));
    let mut budget = 0usize;
    for window in states.chunks(branching.max(1)) {
        if budget == 0 {
            interrupt.check()?;
            budget = 1 << 14;
        }
        budget = budget.saturating_sub(window.len());
        let Some((first, others)) = window.split_first() else { continue };
        let mut partial = singles.get(*first as usize).copied().unwrap_or(0);
        for (count, state) in others.iter().enumerate() {
            if count % (1 << 16) == (1 << 16) - 1 {
                interrupt.check()?;
            }
            let Some(offer) = children.closed.get(*state as usize).copied() else { continue };
            partial = match pairs.get(partial, offer) {
                Some(known) => known,
                None => {
                    budget = budget.saturating_sub(64);
                    let mut row = table.states.row(partial).to_vec();
                    prices.algebra.add(&mut row, children.offers.row(offer), 1);
                    let made = table.states.intern(&row);
                    pairs.insert(partial, offer, made);
                    made
                }
            };
        }
        next.push(partial);
    }
    Ok((table, next))
}
