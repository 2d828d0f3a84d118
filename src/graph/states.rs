//! The states of the dynamic programme, interned by value.
//!
//! A state holds three costs of the subtree below an index: with the index on side A, on side B,
//! and cut (its own dimension not yet counted). Every cost is a vector of counts per class (see
//! `cost.rs`). Costs are ordered by their product, then by the number of cut bonds, then by the
//! counts from the input up; the order is total and respects sums, so the best cut is unique as
//! a vector of counts, whatever the order of the computation.

use super::cost::Dimensions;
use super::hierarchy::Edge;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// The first entry of a cost that cannot be.
///
/// Other entries are counts or differences of counts in two's complement; this one is neither.
pub(super) const INFINITE: u64 = 1 << 63;
/// Nothing below yet, or purity not asked for.
const UNKNOWN: u64 = 0;
const MIXED: u64 = 3;
const EMPTY: u32 = u32::MAX;
/// The largest table of pairs that is kept as an array.
const DENSE_LIMIT: usize = 1 << 22;

/// What an index of one class costs: the column of its count when its subtree has sites of both
/// sides, and when it is wholly on one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub mixed: usize,
    pub pure: usize,
}

/// The rules by which costs combine.
#[derive(Debug)]
pub(super) struct Algebra {
    pub dimensions: Dimensions,
    pub track_purity: bool,
}

/// The three costs of a state.
pub(super) struct Costs<'a> {
    pub on_a: &'a [u64],
    pub on_b: &'a [u64],
    pub cut: &'a [u64],
    purity: u64,
}

impl Algebra {
    /// The number of entries of a row: purity, then three costs.
    pub fn width(&self) -> usize {
        1 + 3 * self.columns()
    }

    pub fn columns(&self) -> usize {
        self.dimensions.dims().len()
    }

    pub fn compare(&self, left: &[u64], right: &[u64]) -> Ordering {
        match (left.first() == Some(&INFINITE), right.first() == Some(&INFINITE)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let bonds =
                    |cost: &[u64]| cost.iter().fold(0u64, |sum, count| sum.wrapping_add(*count));
                let first = || left.iter().zip(right).find(|(left, right)| left != right);
                self.dimensions
                    .compare(left, right)
                    .then_with(|| signed_cmp(bonds(left), bonds(right)))
                    .then_with(|| {
                        first().map_or(Ordering::Equal, |(left, right)| signed_cmp(*left, *right))
                    })
            }
        }
    }

    pub fn costs<'a>(&self, row: &'a [u64]) -> Costs<'a> {
        let (purity, rest) =
            row.split_first().map_or((UNKNOWN, row), |(purity, rest)| (*purity, rest));
        let (on_a, rest) = rest.split_at(self.columns().min(rest.len()));
        let (on_b, cut) = rest.split_at(self.columns().min(rest.len()));
        Costs { on_a, on_b, cut, purity }
    }

    /// The state of a leg on a side.
    pub fn leg(&self, in_a: bool) -> Vec<u64> {
        let mut row = vec![0; self.width()];
        let forbidden = if in_a { 1 + self.columns() } else { 1 };
        if let Some(entry) = row.get_mut(forbidden) {
            *entry = INFINITE;
        }
        if self.track_purity
            && let Some(entry) = row.first_mut()
        {
            *entry = if in_a { 1 } else { 2 };
        }
        row
    }

    /// The state of an index without children so far.
    pub fn nothing(&self) -> Vec<u64> {
        vec![0; self.width()]
    }

    /// Adds `times` children to a partial state.
    pub fn add(&self, partial: &mut [u64], child: &[u64], times: u64) {
        let columns = self.columns();
        let (Some((purity, partial)), Some((child_purity, child))) =
            (partial.split_first_mut(), child.split_first())
        else {
            return;
        };
        *purity = match (*purity, *child_purity) {
            (UNKNOWN, other) | (other, UNKNOWN) => other,
            (left, right) if left == right => left,
            _ => MIXED,
        };
        for (sum, term) in partial.chunks_exact_mut(columns).zip(child.chunks_exact(columns)) {
            if sum.first() == Some(&INFINITE) {
                continue;
            }
            if term.first() == Some(&INFINITE) {
                sum.fill(0);
                if let Some(entry) = sum.first_mut() {
                    *entry = INFINITE;
                }
                continue;
            }
            for (entry, count) in sum.iter_mut().zip(term) {
                *entry = entry.wrapping_add(count.wrapping_mul(times));
            }
        }
    }

    /// The cost of cutting the index of a state, its own dimension included.
    pub fn cut_cost(&self, state: &[u64], columns: Columns) -> Vec<u64> {
        let costs = self.costs(state);
        let mut cut = costs.cut.to_vec();
        let column =
            if costs.purity == 1 || costs.purity == 2 { columns.pure } else { columns.mixed };
        if let Some(entry) = cut.get_mut(column)
            && *entry != INFINITE
        {
            *entry = entry.wrapping_add(1);
        }
        cut
    }

    /// What a state costs the parent that is on side A, on side B, or cut.
    pub fn close(&self, state: &[u64], columns: Columns, up: Edge) -> Vec<u64> {
        if up == Edge::Identity {
            return state.to_vec();
        }
        let costs = self.costs(state);
        let cut = self.cut_cost(state, columns);
        let smaller = |left: &'_ [u64], right: &'_ [u64]| -> Vec<u64> {
            if self.compare(left, right) == Ordering::Greater {
                right.to_vec()
            } else {
                left.to_vec()
            }
        };
        let (on_a, on_b) = (smaller(costs.on_a, &cut), smaller(costs.on_b, &cut));
        let any = smaller(&on_a, &on_b);
        let mut row = Vec::with_capacity(self.width());
        row.push(costs.purity);
        row.extend(on_a);
        row.extend(on_b);
        row.extend(any);
        row
    }

    /// Takes out of an offer what it costs in any case, and returns it. Choices depend on
    /// differences of costs only, and these take few values: a cut index never costs more than
    /// its dimension above the cheapest. So there are few different offers, however many sites.
    pub fn normalise(&self, offer: &mut [u64]) -> Vec<u64> {
        let columns = self.columns();
        let least: Vec<u64> = offer.iter().skip(1 + 2 * columns).copied().collect();
        for cost in offer.get_mut(1..).unwrap_or(&mut []).chunks_exact_mut(columns) {
            if cost.first() != Some(&INFINITE) {
                cost.iter_mut()
                    .zip(&least)
                    .for_each(|(entry, least)| *entry = entry.wrapping_sub(*least));
            }
        }
        least
    }

    /// The label of an index of this state below a parent with this label (`None`: a parent that
    /// takes any). Ties go to A, then B, then cut.
    pub fn choose(
        &self,
        state: &[u64],
        columns: Columns,
        up: Edge,
        parent: Option<Label>,
    ) -> Label {
        if up == Edge::Identity
            && let Some(label) = parent
        {
            return label;
        }
        let costs = self.costs(state);
        let cut = self.cut_cost(state, columns);
        let mut best = (Label::Cut, cut.as_slice());
        if parent != Some(Label::A) && self.compare(costs.on_b, best.1) != Ordering::Greater {
            best = (Label::B, costs.on_b);
        }
        if parent != Some(Label::B) && self.compare(costs.on_a, best.1) != Ordering::Greater {
            best = (Label::A, costs.on_a);
        }
        best.0
    }
}

/// The order of two counts or differences of counts.
fn signed_cmp(left: u64, right: u64) -> Ordering {
    (left.wrapping_sub(right) as i64).cmp(&0)
}

/// Where an index is in a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// On side A, uncut.
    A,
    /// On side B, uncut.
    B,
    /// Cut: its dimension is paid once, whatever the number of its legs.
    Cut,
}

/// Rows of one width, each stored once.
#[derive(Debug)]
pub(super) struct Interner {
    width: usize,
    rows: Vec<u64>,
    table: Vec<u32>,
    len: u32,
}

impl Interner {
    pub fn new(width: usize) -> Self {
        Interner { width: width.max(1), rows: Vec::new(), table: vec![EMPTY; 16], len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn row(&self, id: u32) -> &[u64] {
        let start = id as usize * self.width;
        self.rows.get(start..start + self.width).unwrap_or(&[])
    }

    pub fn intern(&mut self, row: &[u64]) -> u32 {
        let mask = self.table.len() - 1;
        let mut slot = hash(row) as usize & mask;
        while let Some(id) = self.table.get(slot).copied()
            && id != EMPTY
        {
            if self.row(id) == row {
                return id;
            }
            slot = (slot + 1) & mask;
        }
        let id = self.len;
        self.rows.extend_from_slice(row);
        self.len += 1;
        if let Some(entry) = self.table.get_mut(slot) {
            *entry = id;
        }
        if self.len() * 2 > self.table.len() {
            self.grow();
        }
        id
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        let mut table = vec![EMPTY; mask + 1];
        for id in 0..self.len {
            let mut slot = hash(self.row(id)) as usize & mask;
            while table.get(slot).is_some_and(|entry| *entry != EMPTY) {
                slot = (slot + 1) & mask;
            }
            if let Some(entry) = table.get_mut(slot) {
                *entry = id;
            }
        }
        self.table = table;
    }
}

fn hash(row: &[u64]) -> u64 {
    let mixed = row.iter().fold(0u64, |hash, entry| {
        (hash.rotate_left(5) ^ entry).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    mixed ^ (mixed >> 29) ^ (mixed >> 47)
}

/// The memory of `(partial state, child) -> partial state`: an array while it is small, then a
/// hash map.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    children: usize,
    dense: Vec<u32>,
    sparse: FxHashMap<u64, u32>,
}

impl Pairs {
    /// For so many different children.
    pub fn new(children: usize) -> Self {
        Pairs { children: children.max(1), ..Self::default() }
    }

    #[inline]
    pub fn get(&self, partial: u32, child: u32) -> Option<u32> {
        let slot = partial as usize * self.children + child as usize;
        match self.dense.get(slot) {
            Some(&EMPTY) => None,
            Some(found) => Some(*found),
            None if slot < DENSE_LIMIT => None,
            None => self.sparse.get(&(u64::from(partial) << 32 | u64::from(child))).copied(),
        }
    }

    pub fn insert(&mut self, partial: u32, child: u32, result: u32) {
        let slot = partial as usize * self.children + child as usize;
        if slot < DENSE_LIMIT {
            if slot >= self.dense.len() {
                let rows = (partial as usize + 1) * self.children;
                self.dense.resize(rows.min(DENSE_LIMIT).max(slot + 1), EMPTY);
            }
            if let Some(entry) = self.dense.get_mut(slot) {
                *entry = result;
            }
        } else {
            self.sparse.insert(u64::from(partial) << 32 | u64::from(child), result);
        }
    }
}
