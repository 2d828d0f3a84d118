//! Partitions as rules that meet a shape later.

use super::{Axis, Bipartition, MAX_EXPLICIT_SITES, Shape, SplitMix64};
use std::fmt;

/// A rule that puts every site of a shape on a side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A is the first half of a chain, `floor(N/2)` sites, or the left `floor(cols/2)` columns.
    LeftRight,
    /// A is the top `floor(rows/2)` rows of a grid.
    TopBottom,
    /// `ABAB…` along a chain.
    Interleaved,
    /// A is where row + column is even, on a grid.
    Checkerboard,
    /// Blocks of `n` sites in turn along a chain, a checkerboard of `n x n` blocks on a grid;
    /// A first.
    Blocks(u64),
    /// As blocks, with the pattern moved so many sites towards the first site (or row and column).
    ShiftedBlocks {
        /// Sites along each side of a block.
        size: u64,
        /// By how many rows; not used on a chain.
        rows: u64,
        /// By how many columns, or sites of a chain.
        cols: u64,
    },
    /// A is these sites, in row-major order from 0.
    Sites(Vec<u64>),
    /// A is a uniformly random half, `floor(N/2)` sites.
    Random {
        /// The seed of [`SplitMix64`].
        seed: u64,
    },
    /// The sides of a rule exchanged.
    Complement(Box<Rule>),
}

/// The family of a [`PartitionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartitionErrorKind {
    /// The rule does not fit the shape.
    Shape,
    /// A number outside of what is allowed, or an empty side.
    Domain,
    /// More than a limit of this library.
    Resource,
}

/// Why a rule gives no bipartition of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionError {
    /// The family of the error.
    pub kind: PartitionErrorKind,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write under the fault.
    pub label: String,
    /// One line that says what to type instead.
    pub hint: String,
}

impl fmt::Display for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (hint: {})", self.message, self.label, self.hint)
    }
}

impl std::error::Error for PartitionError {}

impl PartitionError {
    pub(super) fn too_many_sites(shape: &Shape) -> Self {
        PartitionError {
            kind: PartitionErrorKind::Resource,
            message: format!(
                "a partition that lists its sites can have {MAX_EXPLICIT_SITES} of them"
            ),
            label: format!("{} sites", shape.sites()),
            hint: "left_right".into(),
        }
    }

    pub(super) fn beyond_any_network(shape: &Shape) -> Self {
        PartitionError {
            kind: PartitionErrorKind::Resource,
            message: "a network has at most 2^40 sites".into(),
            label: format!("a shape of {shape} has more"),
            hint: "1048576x1048576 or fewer sites".into(),
        }
    }

    fn misfit(rule: &Rule, shape: &Shape, needs: &str, hint: &str) -> Self {
        let on = if shape.dimensions() == 1 { "a chain" } else { "a grid" };
        PartitionError {
            kind: PartitionErrorKind::Shape,
            message: format!("{rule} is a partition of {needs}"),
            label: format!("the sites are {on} of {shape}"),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::LeftRight => write!(f, "left_right"),
            Rule::TopBottom => write!(f, "top_bottom"),
            Rule::Interleaved => write!(f, "interleaved"),
            Rule::Checkerboard => write!(f, "checkerboard"),
            Rule::Blocks(length) => write!(f, "blocks({length})"),
            Rule::ShiftedBlocks { size, rows, cols } if rows == cols => {
                write!(f, "blocks({size}, shift = {cols})")
            }
            Rule::ShiftedBlocks { size, rows, cols } => {
                write!(f, "blocks({size}, shift = [{rows}, {cols}])")
            }
            Rule::Sites(sites) => {
                let shown: Vec<String> = sites.iter().take(16).map(u64::to_string).collect();
                let more = if sites.len() > 16 { ", …" } else { "" };
                write!(f, "sites([{}{more}])", shown.join(", "))
            }
            Rule::Random { seed } => write!(f, "random(seed = {seed})"),
            Rule::Complement(inner) => write!(f, "complement({inner})"),
        }
    }
}

impl Rule {
    /// The bipartition of a shape by this rule.
    ///
    /// # Errors
    /// [`PartitionError`] when the rule does not fit the shape, a side is empty, a site is
    /// outside or given twice, or the sites are too many to list.
    pub fn resolve(&self, shape: &Shape) -> Result<Bipartition, PartitionError> {
        let chain = shape.dimensions() == 1;
        let what = self.to_string();
        let regular = |rows: Axis, cols: Axis| Bipartition::regular(*shape, rows, cols, &what);
        match self {
            Rule::LeftRight => regular(Axis::Even, Axis::Threshold(shape.cols() / 2)),
            Rule::TopBottom if chain => {
                Err(PartitionError::misfit(self, shape, "grids", "left_right"))
            }
            Rule::TopBottom => regular(Axis::Threshold(shape.rows() / 2), Axis::Even),
            Rule::Interleaved if !chain => {
                Err(PartitionError::misfit(self, shape, "chains", "checkerboard"))
            }
            Rule::Interleaved => regular(Axis::Even, Axis::Blocks(1)),
            Rule::Checkerboard if chain => {
                Err(PartitionError::misfit(self, shape, "grids", "interleaved"))
            }
            Rule::Checkerboard => regular(Axis::Blocks(1), Axis::Blocks(1)),
            Rule::Blocks(0) => Err(PartitionError {
                kind: PartitionErrorKind::Domain,
                message: "a block must have at least 1 site".into(),
                label: "this is 0".into(),
                hint: "blocks(1)".into(),
            }),
            Rule::ShiftedBlocks { size: 0, .. } => Rule::Blocks(0).resolve(shape),
            Rule::ShiftedBlocks { size, rows, cols } => {
                let period = size.saturating_mul(2);
                let axis = |shift: u64| Axis::Shifted { block: *size, shift: shift % period };
                regular(if chain { Axis::Even } else { axis(*rows) }, axis(*cols))
            }
            Rule::Blocks(length) if chain => regular(Axis::Even, Axis::Blocks(*length)),
            Rule::Blocks(length) => regular(Axis::Blocks(*length), Axis::Blocks(*length)),
            Rule::Sites(sites) => resolve_sites(shape, sites),
            Rule::Random { seed } => resolve_random(shape, *seed),
            // Nested complements are unwound in a loop: their depth is the caller's.
            Rule::Complement(inner) => {
                let (mut rule, mut flip) = (inner, true);
                while let Rule::Complement(deeper) = &**rule {
                    (rule, flip) = (deeper, !flip);
                }
                let inside = rule.resolve(shape)?;
                Ok(if flip { inside.complement() } else { inside })
            }
        }
    }
}

fn resolve_sites(shape: &Shape, sites: &[u64]) -> Result<Bipartition, PartitionError> {
    if shape.sites() > MAX_EXPLICIT_SITES {
        return Err(PartitionError::too_many_sites(shape));
    }
    let mut sides = vec![false; shape.sites() as usize];
    for site in sites {
        let fault = |message: String, label: String, hint: String| {
            Err(PartitionError { kind: PartitionErrorKind::Domain, message, label, hint })
        };
        match usize::try_from(*site).ok().and_then(|site| sides.get_mut(site)) {
            None => {
                let last = shape.sites().saturating_sub(1);
                let label = format!("the sites are 0 to {last}");
                return fault(
                    format!("site {site} is outside of the shape {shape}"),
                    label,
                    format!("sites([0..{}])", last.saturating_sub(1)),
                );
            }
            Some(true) => {
                let label = format!("site {site} is here a second time");
                return fault(
                    format!("site {site} is given twice"),
                    label,
                    format!("remove one of the two {site}"),
                );
            }
            Some(side) => *side = true,
        }
    }
    Bipartition::from_sides(*shape, sides)
}

fn resolve_random(shape: &Shape, seed: u64) -> Result<Bipartition, PartitionError> {
    if shape.sites() > MAX_EXPLICIT_SITES {
        return Err(PartitionError::too_many_sites(shape));
    }
    let sites = shape.sites() as usize;
    let mut sides = vec![false; sites];
    sides.iter_mut().take(sites / 2).for_each(|side| *side = true);
    SplitMix64::new(seed).shuffle(&mut sides);
    Bipartition::from_sides(*shape, sides)
}
