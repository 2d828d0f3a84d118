//! How the sites are laid out.

use std::fmt;

/// A chain of sites or a grid of sites; also the size of a pooling window.
///
/// Positions are numbered from 0, on a grid in row-major order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// So many sites in a row.
    Chain(u64),
    /// A rectangle of sites.
    Grid {
        /// The number of rows.
        rows: u64,
        /// The number of columns.
        cols: u64,
    },
}

impl Shape {
    /// The number of sites. The shapes of a network are checked when it is built, so that for
    /// them the product does not overflow; for any other it stops at `u64::MAX`.
    pub fn sites(&self) -> u64 {
        self.rows().saturating_mul(self.cols())
    }

    /// The number of axes: 1 for a chain, 2 for a grid.
    pub fn dimensions(&self) -> u32 {
        match self {
            Shape::Chain(_) => 1,
            Shape::Grid { .. } => 2,
        }
    }

    /// The number of rows; a chain is one row.
    pub fn rows(&self) -> u64 {
        match *self {
            Shape::Chain(_) => 1,
            Shape::Grid { rows, .. } => rows,
        }
    }

    /// The number of columns; the length of a chain.
    pub fn cols(&self) -> u64 {
        match *self {
            Shape::Chain(length) => length,
            Shape::Grid { cols, .. } => cols,
        }
    }

    /// Row and column of a position, `None` outside.
    pub fn place(&self, position: u64) -> Option<(u64, u64)> {
        if position >= self.sites() {
            return None;
        }
        Some((position.checked_div(self.cols())?, position.checked_rem(self.cols())?))
    }

    /// What is left after pooling by `window`, if the window has as many axes and tiles each.
    pub fn pooled(&self, window: &Shape) -> Option<Shape> {
        let divide =
            |length: u64, by: u64| (by > 0 && length.is_multiple_of(by)).then(|| length / by);
        match (*self, *window) {
            (Shape::Chain(length), Shape::Chain(by)) => Some(Shape::Chain(divide(length, by)?)),
            (Shape::Grid { rows, cols }, Shape::Grid { rows: down, cols: across }) => {
                Some(Shape::Grid { rows: divide(rows, down)?, cols: divide(cols, across)? })
            }
            _ => None,
        }
    }
}

/// A chain.
impl From<u64> for Shape {
    fn from(length: u64) -> Self {
        Shape::Chain(length)
    }
}

/// A grid: rows, columns.
impl From<(u64, u64)> for Shape {
    fn from((rows, cols): (u64, u64)) -> Self {
        Shape::Grid { rows, cols }
    }
}

/// A grid: rows, columns.
impl From<[u64; 2]> for Shape {
    fn from([rows, cols]: [u64; 2]) -> Self {
        Shape::Grid { rows, cols }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Chain(length) => write!(f, "{length}"),
            Shape::Grid { rows, cols } => write!(f, "{rows}x{cols}"),
        }
    }
}
