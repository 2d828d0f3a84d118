//! Small problems, point by point: nothing has to grow.

use super::DesignError;
use super::search::{Design, Effort, Oracle};

/// The number of points of all structures.
pub fn count_points<O: Oracle>(oracle: &O) -> u64 {
    let of = |choice| {
        let (low, high) = oracle.box_of(choice);
        let sides = low.iter().zip(&high).map(|(low, high)| (high + 1).saturating_sub(*low));
        sides.fold(1, u64::saturating_mul)
    };
    (0..oracle.choices()).map(of).fold(0, u64::saturating_add)
}

/// Every design that keeps the budgets and meets the requirements.
///
/// # Errors
/// Those of the oracle, [`DesignError::NotANumber`], [`DesignError::Interrupted`].
pub fn enumerate<O: Oracle>(
    oracle: &O,
    effort: &Effort<'_>,
) -> Result<Vec<Design>, DesignError<O::Error>> {
    let mut memory = O::Memory::default();
    let mut found = Vec::new();
    let mut points = 0;
    for choice in 0..oracle.choices() {
        let (low, high) = oracle.box_of(choice);
        let mut next = Some(low.clone());
        while let Some(at) = next {
            effort.interrupt.check()?;
            points += 1;
            let ask = DesignError::Oracle;
            if oracle.is_allowed(choice, &at, &mut memory).map_err(ask)?
                && oracle.is_enough(choice, &at, &mut memory).map_err(ask)?
            {
                let value = oracle.value(choice, &at, &mut memory).map_err(ask)?;
                let cost = oracle.cost(choice, &at, &mut memory).map_err(ask)?;
                if !value.is_finite() || !cost.is_finite() {
                    return Err(DesignError::NotANumber { at });
                }
                found.push(Design { choice, at: at.clone(), value, cost });
            }
            (effort.progress)(points, None, f64::NAN);
            next = after(at, &low, &high);
        }
    }
    Ok(found)
}

/// The point after a point; `None` after the last one.
fn after(mut at: Vec<u64>, low: &[u64], high: &[u64]) -> Option<Vec<u64>> {
    for (entry, (low, high)) in at.iter_mut().zip(low.iter().zip(high)) {
        if *entry < *high {
            *entry += 1;
            return Some(at);
        }
        *entry = *low;
    }
    None
}

/// Of some designs those that no other one beats in cost and value, cheapest first; of equal ones
/// the first.
pub fn pareto(mut designs: Vec<Design>) -> Vec<Design> {
    designs.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(b.value.total_cmp(&a.value)));
    let mut kept: Vec<Design> = Vec::new();
    for design in designs {
        if kept.last().is_none_or(|last| design.value > last.value) {
            kept.push(design);
        }
    }
    kept
}
