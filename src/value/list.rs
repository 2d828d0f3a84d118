//! Lists: values in a row, or a range that is never written out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashu_int::IBig;

use super::{Failure, Value, as_table, deeper, failure, reaper};
use crate::diagnostic::Code;

/// The longest list that is held in memory (some hundred megabytes).
pub const LIST_LIMIT: u64 = 10_000_000;

/// How many items all lists and records of the process hold at the most (some gigabytes).
const LIVE_LIMIT: usize = 30_000_000;

/// The items that are alive. Memory belongs to the process, and so does its count.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// A share of the memory for values; it comes back when the list or record is dropped, to the count
/// that it was taken from: where a process holds this library more than once (every cell of an evcxr
/// notebook has its own), a list may be dropped by another one than it was made by.
#[derive(Debug)]
pub(super) struct Charge(usize, &'static AtomicUsize);

impl Charge {
    /// Takes a share for so many items.
    pub(super) fn take(items: usize) -> Result<Self, Failure> {
        let before = LIVE.fetch_add(items, Ordering::Relaxed);
        let charge = Self(items, &LIVE);
        if before.saturating_add(items) <= LIVE_LIMIT {
            return Ok(charge);
        }
        // What nobody holds any more does not count.
        reaper::wait();
        if LIVE.load(Ordering::Relaxed) <= LIVE_LIMIT {
            return Ok(charge);
        }
        Err(failure(
            Code::Resource,
            format!("all lists together would hold more than {LIVE_LIMIT} items"),
            "keep sums and lengths in place of lists: sum([len(xs) for i in 1..10])",
        ))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.1.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// What a value costs inside a list or a record: one item, and the text it alone holds.
pub(super) fn cost(value: &Value) -> usize {
    match value {
        Value::String(text) if Arc::strong_count(text) == 1 => 1 + text.len() / 64,
        _ => 1,
    }
}

/// What a list holds.
#[derive(Debug)]
pub enum Items {
    /// Values.
    Values(Vec<Value>),
    /// The ints `first, first + 1, …`.
    Range {
        /// The first int.
        first: IBig,
        /// How many.
        count: u64,
    },
}

/// A list. It knows how deep and how large it is, so that no walk over it is a surprise.
#[derive(Debug)]
pub struct List {
    items: Items,
    depth: u32,
    weight: u64,
    unknown: bool,
    table: std::sync::OnceLock<bool>,
    charge: Charge,
}

impl List {
    /// A list of values.
    ///
    /// # Errors
    /// E07 beyond [`LIST_LIMIT`] items or when nested too deeply.
    pub fn new(items: Vec<Value>) -> Result<Self, Failure> {
        check_length(items.len() as u64)?;
        // One walk: of millions of records each takes its time.
        let (mut held, mut depth, mut weight, mut unknown) = (0, 0, 1_u64, false);
        for item in &items {
            held += cost(item);
            depth = depth.max(item.depth());
            weight = weight.saturating_add(item.weight());
            unknown |= item.has_unknown();
        }
        let charge = Charge::take(held)?;
        let depth = deeper(depth)?;
        let table = std::sync::OnceLock::new();
        Ok(Self { items: Items::Values(items), depth, weight, unknown, table, charge })
    }

    /// The ints `first, first + 1, …`; takes no memory.
    pub fn range(first: IBig, count: u64) -> Self {
        let items = Items::Range { first, count };
        let table = std::sync::OnceLock::from(false);
        let weight = count.saturating_add(1);
        Self { items, depth: 1, weight, unknown: false, table, charge: Charge(0, &LIVE) }
    }

    /// What it holds.
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// How many items.
    pub fn len(&self) -> u64 {
        match &self.items {
            Items::Values(values) => values.len() as u64,
            Items::Range { count, .. } => *count,
        }
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index from 0.
    pub fn get(&self, index: u64) -> Option<Value> {
        match &self.items {
            Items::Values(values) => values.get(usize::try_from(index).ok()?).cloned(),
            Items::Range { first, count } => {
                (index < *count).then(|| Value::Int(first + IBig::from(index)))
            }
        }
    }

    /// The items one by one.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// The items as a vector.
    ///
    /// # Errors
    /// E07 for a range beyond [`LIST_LIMIT`].
    pub fn to_vec(&self) -> Result<Vec<Value>, Failure> {
        match &self.items {
            Items::Values(values) => Ok(values.clone()),
            Items::Range { count, .. } => {
                check_length(*count)?;
                Ok(self.iter().collect())
            }
        }
    }

    /// Whether all items are records with the same fields.
    pub fn is_table(&self) -> bool {
        *self.table.get_or_init(|| as_table(self).is_some())
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// Whether an item is unknown, or holds an unknown value.
    pub fn has_unknown(&self) -> bool {
        self.unknown
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if let Items::Values(values) = &mut self.items
            && self.weight >= reaper::LARGE as u64
        {
            // The share of the memory comes back when it is free indeed.
            let share = Charge(std::mem::take(&mut self.charge.0), self.charge.1);
            reaper::discard((std::mem::take(values), share));
        }
    }
}

fn check_length(length: u64) -> Result<(), Failure> {
    if length <= LIST_LIMIT {
        return Ok(());
    }
    Err(failure(
        Code::Resource,
        format!("a list of {length} items is too long"),
        format!("lists hold at most {LIST_LIMIT} items; `sum`, `min` and `max` need no list"),
    ))
}
