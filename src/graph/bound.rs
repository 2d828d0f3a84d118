//! Bounds of the generic rank: from above the min-cut, tightened where weights are shared; from
//! below the best network of powers of one integer.
//!
//! *Below* (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552, theorem 2): for unshared weights
//! and an integer `p >= 2`, replace every bond dimension `c` by `p^floor(log_p c)`; for almost
//! all weights the rank is at least the min-cut of that network. If all bonds are powers of one
//! `p`, the rank equals the min-cut almost surely.

use super::cost::Weight;
use super::hierarchy::Hierarchy;
use super::mincut::{self, Driver, MinCut};
use super::solve::{OutputSide, Prices};
use super::symmetric::pure_dimensions;
use super::{GraphError, min_cut_on};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, Sharing};
use std::cmp::Ordering;
use std::sync::Arc;

/// What is known of the generic rank without computing it.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The min-cut: the rank is at most this for any weights.
    pub min_cut: MinCut,
    /// The rank is at most this for any weights that are shared as the network says.
    pub upper: Weight,
    /// Whether `upper` is below the min-cut.
    pub tightened: bool,
    /// For almost all weights the rank is at least this; `None` when theorem 2 does not apply.
    pub lower: Option<Weight>,
    /// The integer `p` that gives `lower`; `None` without it, or when every bond has dimension 1.
    pub base: Option<u64>,
    /// Whether the generic rank is known: the bounds meet, or `upper` is 1.
    pub tight: bool,
    /// One sentence that says why.
    pub reason: String,
}

/// Bounds of the generic rank across a bipartition.
///
/// Costs a min-cut for each integer that can be the best base: few, since a base is skipped when
/// the min-cut's own bonds show that it cannot win.
///
/// # Errors
/// As [`super::min_cut`].
pub fn bound(
    network: &Network,
    bipartition: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<Bound, GraphError> {
    let hierarchy = Arc::new(Hierarchy::from_network(network)?);
    let min_cut = min_cut_on(&hierarchy, bipartition, output, interrupt)?;
    let weight = min_cut.weight();
    let upper = upper(network, &hierarchy, bipartition, output, interrupt)?
        .unwrap_or_else(|| weight.clone());
    let tightened = upper.compare(&weight) == Ordering::Less;
    let upper = if tightened { upper } else { weight };
    let unshared = (0..network.convolutions())
        .all(|conv| network.effective_sharing(conv) == Some(Sharing::None));
    let found = if unshared {
        Some(lower(&hierarchy, bipartition, output, &min_cut, interrupt)?)
    } else {
        None
    };
    let (lower, base) = found.map_or((None, None), |(lower, base)| (Some(lower), base));
    let meets = lower.as_ref().is_some_and(|lower| lower.compare(&upper) == Ordering::Equal);
    let tight = meets || upper.is_one();
    let mut bound = Bound { min_cut, upper, tightened, lower, base, tight, reason: String::new() };
    bound.reason = reason(&bound, &hierarchy);
    Ok(bound)
}

/// The min-cut where one-sided subtrees cost what they can carry; `None` when that is no less
/// than without.
fn upper(
    network: &Network,
    hierarchy: &Hierarchy,
    bipartition: &Bipartition,
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<Option<Weight>, GraphError> {
    let dims: Vec<u64> = hierarchy.levels().iter().map(|level| level.dim).collect();
    let pure = pure_dimensions(network, hierarchy);
    if pure == dims {
        return Ok(None);
    }
    let prices = Prices::with_pure(&dims, &pure, hierarchy.classes());
    let counts = mincut::counts(hierarchy, &prices, bipartition, output, interrupt, Driver::Any)?;
    let paid = prices.algebra.dimensions.dims().iter().copied().zip(counts);
    Ok(Some(Weight::new(paid)))
}

/// The best bound of theorem 2 and its base.
fn lower(
    hierarchy: &Hierarchy,
    bipartition: &Bipartition,
    output: OutputSide,
    min_cut: &MinCut,
    interrupt: &Interrupt,
) -> Result<(Weight, Option<u64>), GraphError> {
    let dims: Vec<u64> = hierarchy.levels().iter().map(|level| level.dim).collect();
    let classes = hierarchy.classes();
    // Without a leg the output index is in no cut; its dimension makes no candidate.
    let with_leg = (output != OutputSide::Fixed).then_some(classes);
    // The cut that is smallest in the network itself bounds the min-cut for every base: try the
    // promising bases first and stop when none can win.
    let mut candidates: Vec<(u64, Weight)> = Vec::new();
    for base in bases(dims.iter().copied().chain(with_leg)) {
        interrupt.check()?;
        let exponents = min_cut
            .layers()
            .iter()
            .map(|factor| power_below(factor.dim, base).saturating_mul(factor.count));
        candidates.push((base, Weight::new([(base, exponents.fold(0u64, u64::saturating_add))])));
    }
    candidates.sort_by(|(base, left), (other, right)| right.compare(left).then(base.cmp(other)));
    let mut best: Option<(u64, Weight)> = None;
    for (base, at_most) in candidates {
        if best.as_ref().is_some_and(|(_, best)| at_most.compare(best) != Ordering::Greater) {
            break;
        }
        let floor = |dim: u64| {
            let exponent = u32::try_from(power_below(dim, base)).unwrap_or(0);
            base.checked_pow(exponent).unwrap_or(1)
        };
        let floors: Vec<u64> = dims.iter().map(|dim| floor(*dim)).collect();
        let prices = Prices::new(&floors, floor(classes));
        let counts =
            mincut::counts(hierarchy, &prices, bipartition, output, interrupt, Driver::Any)?;
        let exponent =
            prices.algebra.dimensions.dims().iter().zip(counts).fold(0u64, |sum, (dim, count)| {
                sum.saturating_add(power_below(*dim, base).saturating_mul(count))
            });
        let value = Weight::new([(base, exponent)]);
        if best.as_ref().is_none_or(|(_, best)| value.compare(best) == Ordering::Greater) {
            best = Some((base, value));
        }
    }
    Ok(best.map_or((Weight::new([]), None), |(base, weight)| (weight, Some(base))))
}

/// `floor(log_base dim)` for `base >= 2`.
fn power_below(dim: u64, base: u64) -> u64 {
    u64::from(dim.checked_ilog(base).unwrap_or(0))
}

/// The integers that can be the best base: between them, the exponents `floor(log_p c)` do not
/// change while `p^exponent` grows, so the largest `p` of each stretch is best; it is the floor of
/// a root of a bond dimension.
fn bases(dims: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut distinct: Vec<u64> = dims.filter(|dim| *dim > 1).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut bases: Vec<u64> =
        distinct.iter().flat_map(|dim| (1..=dim.ilog2()).map(|k| root(*dim, k))).collect();
    bases.sort_unstable();
    bases.dedup();
    bases.retain(|base| *base >= 2);
    bases
}

/// `floor(number^(1/degree))`, exactly.
fn root(number: u64, degree: u32) -> u64 {
    let (mut low, mut high) = (1u64, number);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if middle.checked_pow(degree).is_some_and(|power| power <= number) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// A weight in a sentence: the number while it is short, else its factors.
fn spoken(weight: &Weight) -> String {
    match weight.value(64) {
        Ok(value) if weight.bits() <= 63.0 => value.to_string(),
        _ => weight.to_string(),
    }
}

fn reason(bound: &Bound, hierarchy: &Hierarchy) -> String {
    let (upper, min_cut) = (spoken(&bound.upper), spoken(&bound.min_cut.weight()));
    if bound.upper.is_one() {
        return "the min-cut is 1, so the two sides are never correlated".into();
    }
    let Some(lower) = &bound.lower else {
        let shared = "weights are shared, so the lower bound of the theorem does not apply";
        return if bound.tightened {
            format!("{shared}; symmetric powers tighten {min_cut} to {upper}")
        } else {
            format!("{shared}; the min-cut {min_cut} bounds the rank from above")
        };
    };
    let Some(base) = bound.base else {
        return "every bond has dimension 1".into();
    };
    let mut dims: Vec<u64> = hierarchy.levels().iter().map(|level| level.dim).collect();
    if bound.min_cut.output() != OutputSide::Fixed {
        dims.push(hierarchy.classes());
    }
    dims.retain(|dim| *dim > 1);
    dims.sort_unstable();
    dims.dedup();
    let not_power = |dim: &&u64| {
        base.checked_pow(u32::try_from(power_below(**dim, base)).unwrap_or(0)) != Some(**dim)
    };
    if bound.tight {
        return if dims.iter().any(|dim| not_power(&dim)) {
            format!(
                "the bounds meet: bonds rounded down to powers of {base} already give the min-cut {min_cut}, so the \
                 rank equals it for almost all weights"
            )
        } else {
            format!(
                "every bond is a power of {base}, so the rank equals the min-cut for almost all weights"
            )
        };
    }
    // Two bonds that are no powers of one integer say it best.
    let pair = dims.iter().enumerate().find_map(|(place, left)| {
        dims.iter()
            .skip(place + 1)
            .find(|right| !commensurable(*left, **right))
            .map(|right| (*right, *left))
    });
    let gives = format!("the best base {base} gives {}, the min-cut {min_cut}", spoken(lower));
    match pair {
        Some((left, right)) => {
            format!("bonds {left} and {right} are not powers of one integer: {gives}")
        }
        None => format!("the bonds are not all powers of one integer: {gives}"),
    }
}

/// Whether two numbers above 1 are powers of one integer.
fn commensurable(mut left: u64, mut right: u64) -> bool {
    // Euclid on the exponents.
    while left > 1 && right > 1 {
        if left < right {
            (left, right) = (right, left);
        }
        if !left.is_multiple_of(right) {
            return false;
        }
        left /= right;
    }
    true
}
