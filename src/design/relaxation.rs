//! An upper bound of a concave objective under a budget, for all real channel numbers of a box.
//!
//! In the logarithms `y` of the channel numbers the objective is a minimum of linear functions (or a
//! sum of such), and the number of weights or operations is a sum of exponentials, convex. So with
//! any of the linear functions (or a mean of them) `a + g·y` and any price `λ >= 0`, all `y` of the
//! box within the budget `P(y) <= C` have
//!
//! `f(y) <= a + g·y - λ (P(y) - C) = h(y) <= h(z) + ∇h(z)·(y - z)`
//!
//! for any point `z`, and the right side is largest in a corner of the box. The bound holds whatever
//! `λ`, `z` and the mean are; they are found by iteration, so that it is close.

use super::family::{Channel, Family};
use super::measure::Measure;
use super::polynomial::Polynomial;
use super::problem::{Choice, Memory, logs_at};

/// Means of linear functions that are tried.
const ROUNDS: usize = 24;
/// How closely the logarithm of the price is found.
const PRICE_WIDTH: f64 = 1e-3;

/// A polynomial of the variables that must not exceed a number.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// Factors and up to two variables.
    terms: Vec<(f64, [Option<usize>; 2])>,
    at_most: f64,
}

/// What is known of all real points of a box.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// No point within the budget has a larger value.
    pub bound: f64,
    /// Integers near the best real point.
    pub near: Vec<u64>,
}

/// `constant + gradient · y`.
#[derive(Clone, Debug)]
struct Linear {
    constant: f64,
    gradient: Vec<f64>,
}

impl Linear {
    fn of(constant: f64, variables: usize) -> Self {
        Self { constant, gradient: vec![0.0; variables] }
    }

    fn add(&mut self, other: &Linear, weight: f64) {
        self.constant += weight * other.constant;
        for (sum, term) in self.gradient.iter_mut().zip(&other.gradient) {
            *sum += weight * term;
        }
    }

    fn scale(&mut self, factor: f64) {
        self.constant *= factor;
        self.gradient.iter_mut().for_each(|entry| *entry *= factor);
    }

    fn at(&self, point: &[f64]) -> f64 {
        self.constant + self.gradient.iter().zip(point).map(|(g, y)| g * y).sum::<f64>()
    }
}

impl Budget {
    /// The budget of a polynomial of the channel numbers of a family.
    pub fn new(polynomial: &Polynomial, family: &Family, at_most: f64) -> Self {
        let terms = polynomial.terms().map(|(mut factor, convs)| {
            let variables = convs.map(|conv| {
                match conv.and_then(|conv| family.channels().get(conv).copied())? {
                    Channel::Fixed(channels) => {
                        factor *= channels as f64;
                        None
                    }
                    Channel::Free { variable, factor: times } => {
                        factor *= times as f64;
                        Some(variable)
                    }
                }
            });
            (factor, variables)
        });
        Self { terms: terms.collect(), at_most }
    }

    /// The value at these variables (not their logarithms).
    fn value(&self, at: &[f64]) -> f64 {
        self.terms.iter().map(|(factor, variables)| factor * monomial(variables, at)).sum()
    }

    /// The derivatives by the logarithms (to base 2) of the variables.
    fn gradient(&self, at: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.resize(at.len(), 0.0);
        for (factor, variables) in &self.terms {
            let slope = factor * monomial(variables, at) * std::f64::consts::LN_2;
            for variable in variables.iter().flatten() {
                if let Some(entry) = out.get_mut(*variable) {
                    *entry += slope;
                }
            }
        }
    }
}

fn monomial(variables: &[Option<usize>; 2], at: &[f64]) -> f64 {
    let variables = variables.iter().flatten();
    variables.map(|variable| at.get(*variable).copied().unwrap_or(1.0)).product()
}

/// A linear function that is nowhere below a measure, and equal to it at a point.
fn above(
    measure: &Measure,
    choice: &Choice,
    logs: &[f64],
    n: usize,
    memory: &mut Memory,
) -> Linear {
    match measure {
        Measure::Bits(number) => {
            let mut linear = Linear::of(0.0, n);
            let Some(cut) = choice.cuts.get(*number) else { return linear };
            let (counts, _) = cut.counts(choice.dim, logs, &mut memory.scratch);
            let (input, convs) = counts.split_first().unwrap_or((&0.0, &[]));
            linear.constant = input * choice.dim;
            for (count, channel) in convs.iter().zip(choice.family.channels()) {
                match *channel {
                    Channel::Fixed(channels) => {
                        linear.constant += count * (channels as f64).log2();
                    }
                    Channel::Free { variable, factor } => {
                        linear.constant += count * (factor as f64).log2();
                        if let Some(entry) = linear.gradient.get_mut(variable) {
                            *entry += count;
                        }
                    }
                }
            }
            linear
        }
        Measure::Sum(terms) => terms.iter().fold(Linear::of(0.0, n), |mut sum, term| {
            sum.add(&above(term, choice, logs, n, memory), 1.0);
            sum
        }),
        Measure::Scaled(factor, term) => {
            let mut linear = above(term, choice, logs, n, memory);
            linear.scale(*factor);
            linear
        }
        Measure::Smallest(terms) => {
            let point = variables_of(choice, logs, n);
            let all = terms.iter().map(|term| above(term, choice, logs, n, memory));
            all.min_by(|left, right| left.at(&point).total_cmp(&right.at(&point)))
                .unwrap_or(Linear::of(f64::INFINITY, n))
        }
        Measure::Constant(value) => Linear::of(*value, n),
        Measure::Params | Measure::Flops | Measure::PowerOfTwo(_) | Measure::Largest(_) => {
            Linear::of(f64::INFINITY, n)
        }
    }
}

/// The logarithms of the variables from those of the channel numbers.
fn variables_of(choice: &Choice, logs: &[f64], n: usize) -> Vec<f64> {
    let mut point = vec![0.0; n];
    for (channel, log) in choice.family.channels().iter().zip(logs) {
        if let Channel::Free { variable, factor } = *channel
            && let Some(entry) = point.get_mut(variable)
        {
            *entry = log - (factor as f64).log2();
        }
    }
    point
}

/// The bound for a box; stops early when it is not above `enough`. `None` without a budget.
pub(super) fn bound(
    objective: &Measure,
    choice: &Choice,
    budgets: &[Budget],
    (low, high): (&[u64], &[u64]),
    enough: f64,
    memory: &mut Memory,
) -> Option<Relaxed> {
    let logs = |ints: &[u64]| -> Vec<f64> { ints.iter().map(|i| (*i as f64).log2()).collect() };
    let real = |ints: &[u64]| -> Vec<f64> { ints.iter().map(|i| *i as f64).collect() };
    let region =
        Region { floor: logs(low), ceiling: logs(high), bottom: real(low), top: real(high) };
    let n = low.len();
    let mut best: Option<Relaxed> = None;
    for budget in budgets {
        let mut mean: Option<Linear> = None;
        let mut at: Vec<f64> =
            region.bottom.iter().zip(&region.top).map(|(low, high)| (low * high).sqrt()).collect();
        let (mut point, mut channels) = (Vec::new(), Vec::new());
        let mut price = None;
        for round in 0..ROUNDS {
            point.clear();
            point.extend(at.iter().map(|x: &f64| x.log2()));
            logs_at(&choice.family, &point, &mut channels);
            let newest = above(objective, choice, &channels, n, memory);
            let mean = match &mut mean {
                None => mean.insert(newest),
                Some(mean) => {
                    let weight = 2.0 / (round as f64 + 2.0);
                    mean.scale(1.0 - weight);
                    mean.add(&newest, weight);
                    mean
                }
            };
            let value = under(mean, budget, &region, &mut price, &mut at);
            if best.as_ref().is_none_or(|best| value < best.bound) {
                let near = at.iter().zip(low.iter().zip(high));
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let near = near.map(|(x, (low, high))| (x.round() as u64).clamp(*low, *high));
                best = Some(Relaxed { bound: value, near: near.collect() });
            }
            if best.as_ref().is_some_and(|best| best.bound <= enough) {
                return best;
            }
        }
    }
    best
}

/// A box, and the logarithms of its sides.
struct Region {
    floor: Vec<f64>,
    ceiling: Vec<f64>,
    bottom: Vec<f64>,
    top: Vec<f64>,
}

/// The largest value of a linear function in a box within a budget, or a little more; `at` becomes
/// where it is, about, and `known` (the logarithm of) the price there.
fn under(
    linear: &Linear,
    budget: &Budget,
    region: &Region,
    known: &mut Option<f64>,
    at: &mut Vec<f64>,
) -> f64 {
    // Without a price: the upper corner.
    let corner = linear.at(&region.ceiling);
    if budget.value(&region.top) <= budget.at_most {
        at.clone_from(&region.top);
        return corner;
    }
    let scale = linear.gradient.iter().sum::<f64>().max(1e-300) / budget.at_most.max(1.0);
    let mut best = corner;
    let mut slopes = Vec::new();
    let mut probe = |logarithm: f64, at: &mut Vec<f64>| -> bool {
        let price = scale * logarithm.exp2();
        climb(linear, budget, price, region, at);
        let cost = budget.value(at);
        budget.gradient(at, &mut slopes);
        let mut value = linear.constant - price * (cost - budget.at_most);
        for (variable, x) in at.iter().enumerate() {
            let of = |all: &[f64]| all.get(variable).copied().unwrap_or(0.0);
            let (g, y) = (of(&linear.gradient), x.log2());
            let rise = g - price * of(&slopes);
            let corner = if rise > 0.0 { of(&region.ceiling) } else { of(&region.floor) };
            value += g * y + rise * (corner - y);
        }
        // The terms of a high price cancel: what that may cost in digits is added.
        value += 1e-14 * price * (cost + budget.at_most);
        best = best.min(value);
        cost > budget.at_most
    };
    // The price is near the last one, if there was one.
    let (mut cheap, mut dear) = (-60.0f64, 60.0f64);
    if let Some(known) = *known {
        let mut step = 0.25;
        let mut from = known;
        let first = probe(from, at);
        while (cheap..=dear).contains(&from) {
            let next = if first { from + step } else { from - step };
            if first {
                cheap = from;
            } else {
                dear = from;
            }
            let costly = probe(next, at);
            if costly != first {
                if first {
                    dear = next;
                } else {
                    cheap = next;
                }
                break;
            }
            from = next;
            step *= 2.0;
        }
    }
    while dear - cheap > PRICE_WIDTH {
        let middle = 0.5 * (cheap + dear);
        if probe(middle, at) {
            cheap = middle;
        } else {
            dear = middle;
        }
    }
    *known = Some(0.5 * (cheap + dear));
    // Some units in the last place for the sums above.
    best + 1e-12 * best.abs().max(1.0)
}

/// Goes up `g·y - price P(y)` coordinate by coordinate; each has its maximum in closed form.
fn climb(linear: &Linear, budget: &Budget, price: f64, region: &Region, at: &mut [f64]) {
    for _ in 0..12 {
        let mut moved = 0.0f64;
        for variable in 0..at.len() {
            // P = rest + slope x + square x^2.
            let (mut slope, mut square) = (0.0, 0.0);
            for (factor, variables) in &budget.terms {
                match variables {
                    [Some(one), Some(other)] if *one == variable && *other == variable => {
                        square += factor;
                    }
                    [Some(one), other] | [other, Some(one)] if *one == variable => {
                        slope += factor * monomial(&[*other, None], at);
                    }
                    _ => {}
                }
            }
            let of = |all: &[f64]| all.get(variable).copied().unwrap_or(1.0);
            // x (slope + 2 square x) = g / (price ln 2).
            let right = of(&linear.gradient) / (price * std::f64::consts::LN_2);
            let x = if square > 0.0 {
                let root = (slope * slope + 8.0 * square * right).sqrt();
                2.0 * right / (slope + root).max(1e-300)
            } else {
                right / slope.max(1e-300)
            };
            let x = x.clamp(of(&region.bottom), of(&region.top));
            if let Some(entry) = at.get_mut(variable) {
                moved = moved.max((*entry - x).abs() / x.max(1.0));
                *entry = x;
            }
        }
        if moved < 1e-5 {
            return;
        }
    }
}
