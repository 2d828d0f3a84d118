//! A bipartition of the sites of a shape.
//!
//! Bipartitions are named by the sites of their sides, never by a bond. Regular ones are kept
//! as a rule, so that a chain of 2^40 sites needs no array.

use super::rule::{PartitionError, PartitionErrorKind};
use super::{MAX_EXPLICIT_SITES, MAX_SITES, Shape};
use std::sync::Arc;

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The first side.
    A,
    /// The second side.
    B,
}

impl Side {
    /// The other side.
    pub fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }

    /// `A` or `B`.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::A => "A",
            Side::B => "B",
        }
    }
}

/// The sites of a shape on two sides, neither of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bipartition {
    shape: Shape,
    pattern: Pattern,
    count_a: u64,
}

/// How the sides are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Site (row, col) is in A when the parities of the two axes are equal (unequal if `flip`).
    Regular {
        /// The parity of a row.
        rows: Axis,
        /// The parity of a column; on a chain, of a site.
        cols: Axis,
        /// Whether the sides are exchanged.
        flip: bool,
    },
    /// For every site in row-major order, whether it is in A.
    Listed(Arc<[bool]>),
}

/// A parity along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Even everywhere.
    Even,
    /// Even below this place, odd from there on.
    Threshold(u64),
    /// Even and odd blocks of so many places in turn, even first.
    Blocks(u64),
    /// As blocks, moved towards the first place: place 0 is place `shift` of the pattern.
    Shifted {
        /// The places of a block.
        block: u64,
        /// Where in the pattern place 0 is; less than two blocks.
        shift: u64,
    },
}

impl Axis {
    /// Whether a place is odd.
    pub fn is_odd(&self, place: u64) -> bool {
        match *self {
            Axis::Even => false,
            Axis::Threshold(first) => place >= first,
            Axis::Blocks(length) => place.checked_div(length).unwrap_or(0) % 2 == 1,
            Axis::Shifted { block, shift } => {
                Axis::Blocks(block).is_odd(place.saturating_add(shift))
            }
        }
    }

    /// How many of the first `length` places are odd.
    fn count_odd(&self, length: u64) -> u64 {
        match *self {
            Axis::Even => 0,
            Axis::Threshold(first) => length.saturating_sub(first),
            Axis::Blocks(block) => {
                let block = block.max(1);
                let period = block.saturating_mul(2);
                (length / period) * block + (length % period).saturating_sub(block)
            }
            Axis::Shifted { block, shift } => {
                let blocks = Axis::Blocks(block);
                blocks.count_odd(length.saturating_add(shift)) - blocks.count_odd(shift)
            }
        }
    }
}

impl Bipartition {
    /// The bipartition with these sides, in row-major order, `true` for A.
    ///
    /// # Errors
    /// [`PartitionError`] when the number of sides is not that of the sites, when there are more
    /// than 2^26, or when a side is empty.
    pub fn from_sides(shape: Shape, sides: Vec<bool>) -> Result<Self, PartitionError> {
        if shape.sites() > MAX_EXPLICIT_SITES {
            return Err(PartitionError::too_many_sites(&shape));
        }
        if sides.len() as u64 != shape.sites() {
            return Err(PartitionError {
                kind: PartitionErrorKind::Shape,
                message: "the partition does not list every site".into(),
                label: format!("{} sides for {} sites", sides.len(), shape.sites()),
                hint: format!("give one side for each of the {} sites", shape.sites()),
            });
        }
        let count_a = sides.iter().filter(|side| **side).count() as u64;
        Self { shape, pattern: Pattern::Listed(sides.into()), count_a }
            .with_both_sides("this partition")
    }

    /// The regular bipartition with this pattern.
    pub(super) fn regular(
        shape: Shape,
        rows: Axis,
        cols: Axis,
        what: &str,
    ) -> Result<Self, PartitionError> {
        if shape.sites() > MAX_SITES {
            return Err(PartitionError::beyond_any_network(&shape));
        }
        let (height, width) = (shape.rows(), shape.cols());
        let (down, across) = (rows.count_odd(height), cols.count_odd(width));
        let count_a = (height - down) * (width - across) + down * across;
        Self { shape, pattern: Pattern::Regular { rows, cols, flip: false }, count_a }
            .with_both_sides(what)
    }

    fn with_both_sides(self, what: &str) -> Result<Self, PartitionError> {
        let empty = match self.count_a {
            0 => "A",
            count if count == self.shape.sites() => "B",
            _ => return Ok(self),
        };
        let hint = match self.shape {
            _ if self.shape.sites() < 2 => "use a network of at least 2 sites",
            Shape::Chain(_) => "left_right",
            Shape::Grid { cols: 1, .. } => "top_bottom",
            Shape::Grid { .. } => "left_right",
        };
        Err(PartitionError {
            kind: PartitionErrorKind::Domain,
            message: format!("side {empty} of the partition is empty"),
            label: format!("{what} puts all {} sites on one side", self.shape.sites()),
            hint: hint.into(),
        })
    }

    /// The sides exchanged.
    pub fn complement(&self) -> Self {
        let pattern = match &self.pattern {
            Pattern::Regular { rows, cols, flip } => {
                Pattern::Regular { rows: *rows, cols: *cols, flip: !flip }
            }
            Pattern::Listed(sides) => Pattern::Listed(sides.iter().map(|side| !side).collect()),
        };
        Self { shape: self.shape, pattern, count_a: self.shape.sites() - self.count_a }
    }

    /// The layout of the sites.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How the sides are kept.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The number of sites in A.
    pub fn count_a(&self) -> u64 {
        self.count_a
    }

    /// The number of sites in B.
    pub fn count_b(&self) -> u64 {
        self.shape.sites() - self.count_a
    }

    /// The side of a site (row-major from 0); sites outside count as B.
    pub fn side(&self, site: u64) -> Side {
        let in_a = match &self.pattern {
            Pattern::Regular { rows, cols, flip } => {
                let width = self.shape.cols().max(1);
                (rows.is_odd(site / width) ^ cols.is_odd(site % width)) == *flip
            }
            Pattern::Listed(sides) => sides.get(site as usize).copied().unwrap_or(false),
        };
        if in_a { Side::A } else { Side::B }
    }

    /// For every site in row-major order, whether it is in A.
    ///
    /// # Errors
    /// [`PartitionError`] of kind `Resource` above 2^26 sites.
    pub fn sides(&self) -> Result<Arc<[bool]>, PartitionError> {
        match &self.pattern {
            Pattern::Listed(sides) => Ok(Arc::clone(sides)),
            Pattern::Regular { rows, cols, flip } => {
                if self.shape.sites() > MAX_EXPLICIT_SITES {
                    return Err(PartitionError::too_many_sites(&self.shape));
                }
                let across: Vec<bool> =
                    (0..self.shape.cols()).map(|col| cols.is_odd(col)).collect();
                let mut sides = Vec::with_capacity(self.shape.sites() as usize);
                for row in 0..self.shape.rows() {
                    let even = rows.is_odd(row) == *flip;
                    sides.extend(across.iter().map(|odd| *odd != even));
                }
                Ok(sides.into())
            }
        }
    }

    /// The sides as text: `AAAABBBB` for a chain, one line per row for a grid. With more than
    /// `max` sites only the first places are shown, then the numbers of sites.
    pub fn text(&self, max: u64) -> String {
        let (height, width) = (self.shape.rows(), self.shape.cols());
        let (rows, cols) = if self.shape.sites() <= max {
            (height, width)
        } else {
            (height.min(max.clamp(1, 16)), width.min(64))
        };
        let mut text = String::new();
        for row in 0..rows {
            if row > 0 {
                text.push('\n');
            }
            for col in 0..cols {
                text.push_str(self.side(row.saturating_mul(width).saturating_add(col)).as_str());
            }
            if cols < width {
                text.push('…');
            }
        }
        if rows < height || cols < width {
            let separator = if height > 1 { "\n…" } else { "" };
            text.push_str(&format!(
                "{separator} ({} sites, {} in A)",
                self.shape.sites(),
                self.count_a
            ));
        }
        text
    }
}
