//! The designs of which none is both cheaper and better than another.

use super::DesignError;
use super::search::{Design, Effort, Oracle, maximize, minimize};

/// Budgets in equal ratios that are tried first.
const MOST_SPACED: usize = 24;

/// Designs, cheapest first, each the cheapest of its value and the best of its cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frontier {
    /// The designs; a better value costs more.
    pub designs: Vec<Design>,
    /// Whether these are all.
    pub complete: bool,
    /// Nodes visited.
    pub nodes: u64,
}

/// The Pareto frontier below an optimum: each of its designs is an optimum under a budget of its
/// own.
///
/// At most `points` designs are sought: first for budgets in equal ratios between the smallest cost
/// and that of the optimum, then in the widest gaps, until there are none or the points are spent.
/// All searches together visit as many nodes as `effort` allows, the last one a few more.
///
/// # Errors
/// As [`maximize`].
pub fn frontier<O: Oracle>(
    oracle: &O,
    optimum: &Design,
    points: usize,
    effort: &Effort<'_>,
) -> Result<Frontier, DesignError<O::Error>> {
    let mut found = Frontier { designs: vec![optimum.clone()], complete: false, nodes: 0 };
    let least = minimize(oracle, f64::NEG_INFINITY, effort)?;
    found.nodes += least.nodes;
    let Some(least) = least.design.filter(|_| least.complete) else { return Ok(found) };
    found.add_best_within(oracle, least.cost, effort)?;
    let spaced = (points / 2).min(MOST_SPACED);
    let ratio = (optimum.cost / least.cost.max(1.0)).max(1.0);
    for step in (1..spaced).rev() {
        let budget = least.cost.max(1.0) * ratio.powf(step as f64 / spaced as f64);
        // The designs above a budget that found them are closer to it than the next budget.
        let known = found.designs.iter().any(|design| design.cost == budget.floor());
        if !known && !found.add_best_within(oracle, budget.floor(), effort)? {
            return Ok(found);
        }
    }
    // Between a design and the next cheaper one there is nothing once the budget just below it gives
    // that cheaper one.
    let mut searched: Vec<f64> = Vec::new();
    loop {
        let gaps = found.designs.windows(2).filter_map(|pair| match pair {
            [below, above] if !searched.contains(&above.cost) => {
                Some((above.cost / below.cost.max(1.0), above.cost))
            }
            _ => None,
        });
        let Some((_, cost)) = gaps.max_by(|left, right| left.0.total_cmp(&right.0)) else {
            found.complete = true;
            return Ok(found);
        };
        if found.designs.len() >= points {
            return Ok(found);
        }
        // Without whole steps of the cost the next design is sought just below.
        let step = oracle.cost_step().max(1e-12 * cost.abs());
        if !found.add_best_within(oracle, cost - step, effort)? {
            return Ok(found);
        }
        searched.push(cost);
    }
}

impl Frontier {
    /// Adds the best design within a budget, the cheapest of its value; false when a search did
    /// not end.
    fn add_best_within<O: Oracle>(
        &mut self,
        oracle: &O,
        budget: f64,
        effort: &Effort<'_>,
    ) -> Result<bool, DesignError<O::Error>> {
        let rest = |nodes: u64| Effort { nodes: effort.nodes.saturating_sub(nodes), ..*effort };
        let best = maximize(oracle, budget, &rest(self.nodes))?;
        self.nodes += best.nodes;
        let Some(design) = best.design.filter(|_| best.complete) else { return Ok(best.complete) };
        let cheapest = minimize(oracle, design.value, &rest(self.nodes))?;
        self.nodes += cheapest.nodes;
        if let Some(design) = cheapest.design.filter(|_| cheapest.complete) {
            self.insert(design);
        }
        Ok(cheapest.complete)
    }

    /// Adds a design where its cost puts it, unless it is there already.
    fn insert(&mut self, design: Design) {
        let place = self.designs.partition_point(|known| known.cost < design.cost);
        let known = self.designs.get(place).is_some_and(|known| known.cost == design.cost);
        let before = place.checked_sub(1).and_then(|before| self.designs.get(before));
        if !known && before.is_none_or(|before| before.value < design.value) {
            self.designs.insert(place, design);
        }
    }
}
