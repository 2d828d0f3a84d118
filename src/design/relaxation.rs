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
/// Prices that are tried for each.
const PRICES: usize = 30;

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

    /// The value at logarithms of the variables.
    fn value(&self, point: &[f64]) -> f64 {
        self.terms.iter().map(|(factor, variables)| factor * monomial(variables, point)).sum()
    }

    /// The derivatives by the logarithms (to base 2) of the variables.
    fn gradient(&self, point: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.resize(point.len(), 0.0);
        for (factor, variables) in &self.terms {
            let slope = factor * monomial(variables, point) * std::f64::consts::LN_2;
            for variable in variables.iter().flatten() {
                if let Some(entry) = out.get_mut(*variable) {
                    *entry += slope;
                }
            }
        }
    }
}

fn monomial(variables: &[Option<usize>; 2], point: &[f64]) -> f64 {
    let power: f64 =
        variables.iter().flatten().map(|variable| point.get(*variable).copied().unwrap_or(0.0)).sum();
    power.exp2()
}

/// A linear function that is nowhere below a measure, and equal to it at a point.
fn above(measure: &Measure, choice: &Choice, logs: &[f64], n: usize, memory: &mut Memory) -> Linear {
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
    let (floor, ceiling) = (logs(low), logs(high));
    let n = low.len();
    let mut best: Option<Relaxed> = None;
    for budget in budgets {
        let mut mean: Option<Linear> = None;
        let mut point: Vec<f64> =
            floor.iter().zip(&ceiling).map(|(low, high)| 0.5 * (low + high)).collect();
        let mut channels = Vec::new();
        for round in 0..ROUNDS {
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
            let value = under(mean, budget, &floor, &ceiling, &mut point);
            if best.as_ref().is_none_or(|best| value < best.bound) {
                let near = point.iter().zip(low.iter().zip(high));
                let near = near.map(|(y, (low, high))| (y.exp2().round() as u64).clamp(*low, *high));
                best = Some(Relaxed { bound: value, near: near.collect() });
            }
            if best.as_ref().is_some_and(|best| best.bound <= enough) {
                return best;
            }
        }
    }
    best
}

/// The largest value of a linear function in a box within a budget, or a little more; `point`
/// becomes where it is, about.
fn under(
    linear: &Linear,
    budget: &Budget,
    floor: &[f64],
    ceiling: &[f64],
    point: &mut Vec<f64>,
) -> f64 {
    // Without a price: the upper corner.
    let corner = linear.at(ceiling);
    if budget.value(ceiling) <= budget.at_most {
        point.clear();
        point.extend_from_slice(ceiling);
        return corner;
    }
    let (mut cheap, mut dear) = (-60.0f64, 60.0f64);
    let scale = linear.gradient.iter().sum::<f64>().max(1e-300) / budget.at_most.max(1.0);
    let mut best = corner;
    let mut slopes = Vec::new();
    for _ in 0..PRICES {
        let middle = 0.5 * (cheap + dear);
        let price = scale * middle.exp2();
        climb(linear, budget, price, floor, ceiling, point);
        let cost = budget.value(point);
        budget.gradient(point, &mut slopes);
        let mut value = linear.at(point) - price * (cost - budget.at_most);
        for (((g, slope), y), (low, high)) in
            linear.gradient.iter().zip(&slopes).zip(point.iter()).zip(floor.iter().zip(ceiling))
        {
            let rise = g - price * slope;
            value += if rise > 0.0 { rise * (high - y) } else { rise * (low - y) };
        }
        best = best.min(value);
        if cost > budget.at_most {
            cheap = middle;
        } else {
            dear = middle;
        }
        if dear - cheap < 1e-6 {
            break;
        }
    }
    // Some units in the last place for the sums above.
    best + 1e-12 * best.abs().max(1.0)
}

/// Goes up `g·y - price P(y)` coordinate by coordinate; each has its maximum in closed form but for
/// squares of a variable, whose slope is taken from the last step.
fn climb(
    linear: &Linear,
    budget: &Budget,
    price: f64,
    floor: &[f64],
    ceiling: &[f64],
    point: &mut [f64],
) {
    for _ in 0..12 {
        let mut moved = 0.0f64;
        for variable in 0..point.len() {
            // P = rest + slope 2^y (+ square 4^y).
            let (mut slope, mut square) = (0.0, 0.0);
            for (factor, variables) in &budget.terms {
                match variables {
                    [Some(one), Some(other)] if *one == variable && *other == variable => {
                        square += factor;
                    }
                    [Some(one), other] | [other, Some(one)] if *one == variable => {
                        slope += factor * monomial(&[*other, None], point);
                    }
                    _ => {}
                }
            }
            let g = linear.gradient.get(variable).copied().unwrap_or(0.0);
            let (low, high) = (
                floor.get(variable).copied().unwrap_or(0.0),
                ceiling.get(variable).copied().unwrap_or(0.0),
            );
            // 2 square x^2 + slope x = g / (price ln 2), x = 2^y.
            let right = g / (price * std::f64::consts::LN_2);
            let x = if square > 0.0 {
                let root = (slope * slope + 8.0 * square * right).sqrt();
                2.0 * right / (slope + root).max(1e-300)
            } else {
                right / slope.max(1e-300)
            };
            let y = x.max(1e-300).log2().clamp(low, high);
            if let Some(entry) = point.get_mut(variable) {
                moved = moved.max((*entry - y).abs());
                *entry = y;
            }
        }
        if moved < 1e-7 {
            return;
        }
    }
}
