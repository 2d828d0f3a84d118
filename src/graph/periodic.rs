//! The dynamic programme on rectangles: contiguous pooling and a regular partition.
//!
//! The sites below an index form a rectangle, and what the programme sees of it is only where
//! the boundaries of the partition lie in it: along each axis "even", "odd", or the offset of
//! the rectangle against the pattern. Rectangles that look alike are computed once, and children
//! that look alike are added once with their number, so that 2^40 sites cost about as many steps
//! as there are levels.

use super::GraphError;
use super::hierarchy::Hierarchy;
use super::solve::{Prices, Table};
use crate::interrupt::Interrupt;
use crate::network::{Axis, Bipartition, Pattern};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// The largest number of different rectangles.
const MAX_VIEWS: usize = 1 << 22;

/// What the programme sees of an interval: 0 even, 1 odd, else 2 plus the offset.
pub(super) type View = u64;

/// What the programme sees of a rectangle, by rows and by columns.
type Rectangle = (View, View);

/// A run of neighbouring children that look alike: first child, number, view.
pub(super) type Run = (u64, u64, View);

/// A regular pattern cut into rectangles.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    rows: Axis,
    cols: Axis,
    flip: bool,
    /// By level, the rows and columns of sites below one index.
    pub spans: Vec<(u64, u64)>,
    /// By level, the rows and columns of children of one index.
    pub windows: Vec<(u64, u64)>,
}

impl Grid {
    /// The rectangles of a network and a partition, if both are regular.
    pub fn new(hierarchy: &Hierarchy, bipartition: &Bipartition) -> Option<Self> {
        let Pattern::Regular { rows, cols, flip } = bipartition.pattern() else { return None };
        Self::of_axes(hierarchy, *rows, *cols, *flip)
    }

    /// The rectangles of a network when all sites look alike.
    pub fn blank(hierarchy: &Hierarchy) -> Option<Self> {
        Self::of_axes(hierarchy, Axis::Even, Axis::Even, false)
    }

    fn of_axes(hierarchy: &Hierarchy, rows: Axis, cols: Axis, flip: bool) -> Option<Self> {
        if !hierarchy.is_contiguous() {
            return None;
        }
        let (mut spans, mut windows) = (Vec::new(), Vec::new());
        let (mut down, mut across) = (1u64, 1u64);
        for level in hierarchy.levels() {
            let window = (level.window_shape.rows(), level.window_shape.cols());
            (down, across) = (down.saturating_mul(window.0), across.saturating_mul(window.1));
            spans.push((down, across));
            windows.push(window);
        }
        Some(Grid { rows, cols, flip, spans, windows })
    }

    /// The view of the rectangle of one index, by its row and column in its level.
    pub fn view(&self, level: usize, row: u64, col: u64) -> Rectangle {
        let (down, across) = self.spans.get(level).copied().unwrap_or((1, 1));
        normal((
            view(self.rows, row.saturating_mul(down), down),
            view(self.cols, col.saturating_mul(across), across),
        ))
    }
}

/// Rectangles wholly on one side look alike.
fn normal(rectangle: Rectangle) -> Rectangle {
    if rectangle.0 < 2 && rectangle.1 < 2 { (0, rectangle.0 ^ rectangle.1) } else { rectangle }
}

fn view(axis: Axis, start: u64, length: u64) -> View {
    let last = start.saturating_add(length.saturating_sub(1));
    match axis {
        Axis::Even => 0,
        Axis::Threshold(first) if last < first => 0,
        Axis::Threshold(first) if start >= first => 1,
        Axis::Threshold(first) => 2 + (first - start),
        Axis::Blocks(block) => {
            let block = block.max(1);
            if start / block == last / block {
                (start / block) % 2
            } else {
                2 + start % block.saturating_mul(2)
            }
        }
        Axis::Shifted { block, shift } => {
            view(Axis::Blocks(block), start.saturating_add(shift), length)
        }
    }
}

/// The children of an interval, in order, as runs that look alike: `count` children of `length`
/// places. Stops early when `take` says so.
pub(super) fn runs(
    axis: Axis,
    seen: View,
    length: u64,
    count: u64,
    mut take: impl FnMut(Run) -> bool,
) {
    let length = length.max(1);
    if seen < 2 {
        take((0, count, seen));
        return;
    }
    let offset = seen - 2;
    let mut child = 0;
    while child < count {
        let (size, view) = match axis {
            Axis::Even => (count, 0),
            Axis::Threshold(_) => {
                let start = child * length;
                if start >= offset {
                    (count, 1)
                } else if start + length <= offset {
                    ((offset - start) / length, 0)
                } else {
                    (1, 2 + (offset - start))
                }
            }
            Axis::Blocks(block) | Axis::Shifted { block, .. } => {
                let block = block.max(1);
                let start = offset.saturating_add(child * length);
                let inside = (block - start % block) / length;
                if inside > 0 {
                    (inside, (start / block) % 2)
                } else {
                    (1, 2 + start % block.saturating_mul(2))
                }
            }
        };
        let size = size.min(count - child);
        if !take((child, size, view)) {
            return;
        }
        child += size;
    }
}

/// The children of an interval with the number of each view.
fn counted_views(
    axis: Axis,
    seen: View,
    length: u64,
    count: u64,
    interrupt: &Interrupt,
) -> Result<Vec<(View, u64)>, GraphError> {
    let mut counts: FxHashMap<View, u64> = FxHashMap::default();
    let mut steps = 0u32;
    let mut add = |children: u64, times: u64| -> Result<(), GraphError> {
        let mut stopped = Ok(());
        runs(axis, seen, length, children, |(_, size, view)| {
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(1 << 14) {
                stopped = interrupt.check();
            }
            if counts.len() > MAX_VIEWS {
                stopped = Ok(());
                return false;
            }
            *counts.entry(view).or_insert(0) += size * times;
            stopped.is_ok()
        });
        if counts.len() > MAX_VIEWS { Err(too_many()) } else { Ok(stopped?) }
    };
    // Blocks repeat after `2 block / gcd` children: one period is enough.
    let period = match axis {
        Axis::Blocks(block) | Axis::Shifted { block, .. } if seen >= 2 => {
            let double = block.max(1).saturating_mul(2);
            double / greatest_common_divisor(double, length.max(1))
        }
        _ => count,
    };
    if period < count {
        add(period, count / period)?;
        add(count % period, 1)?;
    } else {
        add(count, 1)?;
    }
    let mut views: Vec<(View, u64)> =
        counts.into_iter().filter(|(_, number)| *number > 0).collect();
    views.sort_unstable();
    Ok(views)
}

fn greatest_common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn too_many() -> GraphError {
    let size = format!("more than {MAX_VIEWS} different windows");
    let hint = "use a block length that the pooling windows divide, or fewer sites";
    GraphError::too_large("the pattern of this partition", size, MAX_VIEWS, hint)
}

/// All levels solved on rectangles.
#[derive(Debug)]
pub(super) struct SolvedGrid {
    pub grid: Grid,
    pub tables: Vec<Table>,
    /// By level, the state of every view.
    states: Vec<FxHashMap<Rectangle, u32>>,
}

impl SolvedGrid {
    /// The state of the index with this view.
    pub fn state(&self, level: usize, rectangle: Rectangle) -> Option<u32> {
        self.states.get(level)?.get(&rectangle).copied()
    }

    /// The state of the last index.
    pub fn root(&self) -> &[u64] {
        let last = self.tables.len().saturating_sub(1);
        let id = self.state(last, self.grid.view(last, 0, 0));
        self.tables.last().zip(id).map_or(&[], |(table, id)| table.states.row(id))
    }

    /// The children of a view of a level as runs by rows and by columns.
    pub fn child_runs(&self, level: usize, rectangle: Rectangle) -> (Runs<'_>, Runs<'_>) {
        let windows = self.grid.windows.get(level).copied().unwrap_or((1, 1));
        let below = level
            .checked_sub(1)
            .and_then(|below| self.grid.spans.get(below))
            .copied()
            .unwrap_or((1, 1));
        (
            Runs { axis: &self.grid.rows, seen: rectangle.0, length: below.0, count: windows.0 },
            Runs { axis: &self.grid.cols, seen: rectangle.1, length: below.1, count: windows.1 },
        )
    }
}

/// The children of a view along one axis.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    axis: &'a Axis,
    seen: View,
    length: u64,
    count: u64,
}

impl Runs<'_> {
    /// Visits the runs in order until `take` says no.
    pub fn visit(self, take: impl FnMut(Run) -> bool) {
        runs(*self.axis, self.seen, self.length, self.count, take);
    }
}

/// The view of a child by the views of its row and column.
pub(super) fn child_view(rows: View, cols: View) -> Rectangle {
    normal((rows, cols))
}

/// Solves a network on rectangles.
pub(super) fn solve(
    hierarchy: &Hierarchy,
    prices: &Prices,
    grid: Grid,
    interrupt: &Interrupt,
) -> Result<SolvedGrid, GraphError> {
    let levels = hierarchy.levels();
    let last = levels.len().saturating_sub(1);
    // Downwards: which views occur, and of which views their children are.
    let mut needed: Vec<Vec<Rectangle>> = vec![Vec::new(); levels.len()];
    let mut children: Vec<Vec<Vec<(u32, u64)>>> = vec![Vec::new(); levels.len()];
    if let Some(top) = needed.get_mut(last) {
        top.push(grid.view(last, 0, 0));
    }
    let mut total = 0usize;
    for place in (1..levels.len()).rev() {
        let Some(windows) = grid.windows.get(place).copied() else { continue };
        let Some(spans) = grid.spans.get(place - 1).copied() else { continue };
        let mut numbers: FxHashMap<Rectangle, u32> = FxHashMap::default();
        let mut below: Vec<Rectangle> = Vec::new();
        let mut by_rows: FxHashMap<View, Vec<(View, u64)>> = FxHashMap::default();
        let mut by_cols: FxHashMap<View, Vec<(View, u64)>> = FxHashMap::default();
        let mut lists = Vec::new();
        for rectangle in needed.get(place).map_or(&[][..], Vec::as_slice) {
            interrupt.check()?;
            if let Entry::Vacant(free) = by_rows.entry(rectangle.0) {
                free.insert(counted_views(grid.rows, rectangle.0, spans.0, windows.0, interrupt)?);
            }
            if let Entry::Vacant(free) = by_cols.entry(rectangle.1) {
                free.insert(counted_views(grid.cols, rectangle.1, spans.1, windows.1, interrupt)?);
            }
            let mut list = Vec::new();
            for (row, rows) in by_rows.get(&rectangle.0).map_or(&[][..], Vec::as_slice) {
                interrupt.check()?;
                for (col, cols) in by_cols.get(&rectangle.1).map_or(&[][..], Vec::as_slice) {
                    let child = normal((*row, *col));
                    let number = *numbers.entry(child).or_insert_with(|| {
                        below.push(child);
                        below.len() as u32 - 1
                    });
                    list.push((number, rows * cols));
                    total += 1;
                }
                if total > 4 * MAX_VIEWS || below.len() > MAX_VIEWS {
                    return Err(too_many());
                }
            }
            lists.push(list);
        }
        if let Some(slot) = children.get_mut(place) {
            *slot = lists;
        }
        if let Some(slot) = needed.get_mut(place - 1) {
            *slot = below;
        }
    }
    // Upwards: the states.
    let mut tables: Vec<Table> = Vec::new();
    let mut states: Vec<FxHashMap<Rectangle, u32>> = Vec::new();
    let mut below: Vec<u32> = Vec::new();
    for (place, level) in levels.iter().enumerate() {
        let views = needed.get(place).map_or(&[][..], Vec::as_slice);
        let mut current = Vec::with_capacity(views.len());
        let mut table = match tables.last() {
            None => {
                // A site is odd or even; with `flip` the odd ones are in A.
                current.extend(views.iter().map(|view| u32::from((view.1 == 1) != grid.flip)));
                Table::of_sites(prices)
            }
            Some(child_table) => {
                let mut table = Table::new(prices);
                for (place, list) in
                    children.get(place).map_or(&[][..], Vec::as_slice).iter().enumerate()
                {
                    if place % 64 == 0 {
                        interrupt.check()?;
                    }
                    let mut row = prices.algebra.nothing();
                    for (number, times) in list {
                        let state = below.get(*number as usize).copied().unwrap_or(0);
                        let offer = child_table.closed.get(state as usize).copied().unwrap_or(0);
                        prices.algebra.add(&mut row, child_table.offers.row(offer), *times);
                    }
                    current.push(table.states.intern(&row));
                }
                table
            }
        };
        table.close(prices, prices.column(place), level.up, false, interrupt)?;
        tables.push(table);
        states.push(views.iter().copied().zip(current.iter().copied()).collect());
        below = current;
    }
    Ok(SolvedGrid { grid, tables, states })
}
