//! A Schmidt spectrum and the numbers that are made of it.

use super::scaled::Scaled;

/// Values above this share of the largest count for a rank unless another is asked for.
pub const RANK_TOLERANCE: f64 = 1e-10;
/// Orders so near to 1 that the Renyi entropy is taken by way of `expm1`.
const NEAR_ONE: f64 = 0.5;

/// The Schmidt spectrum of a state across a bipartition: normalised values, largest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    values: Vec<f64>,
    p: Vec<f64>,
    norm: Scaled,
    full: bool,
}

/// A numerical rank and the gap that its tolerance sits in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumericalRank {
    /// How many values are above the tolerance.
    pub rank: usize,
    /// The tolerance, a share of the largest value.
    pub tolerance: f64,
    /// The smallest value that counts, a share of the largest.
    pub last_kept: f64,
    /// The largest value that does not count, a share of the largest; 0 without one.
    pub first_dropped: f64,
}

impl Spectrum {
    /// The spectrum of singular values times `2^exponent`, in any order; `None` of a zero state.
    pub fn from_singular_values(mut values: Vec<f64>, exponent: i64) -> Option<Self> {
        values.sort_unstable_by(|x, y| y.total_cmp(x));
        let largest = values.first().copied().filter(|value| *value > 0.0 && value.is_finite())?;
        values.iter_mut().for_each(|value| *value /= largest);
        // From the smallest up, so that none is lost.
        let total: f64 = values.iter().rev().map(|value| value * value).sum();
        let norm = Scaled::from_parts(largest, exponent)?.mul(Scaled::new(total.sqrt())?);
        let root = total.sqrt();
        values.iter_mut().for_each(|value| *value /= root);
        let p = values.iter().map(|value| value * value).collect();
        Some(Spectrum { values, p, norm, full: true })
    }

    /// The spectrum of squared singular values times `2^exponent`; `None` of a zero state. Values
    /// below `1e-8` of the largest are rounding.
    pub fn from_squared(mut squares: Vec<f64>, exponent: i64) -> Option<Self> {
        squares.sort_unstable_by(|x, y| y.total_cmp(x));
        squares.iter_mut().for_each(|square| *square = square.max(0.0));
        let total: f64 = squares.iter().rev().sum();
        if !total.is_finite() || total <= 0.0 {
            return None;
        }
        squares.iter_mut().for_each(|square| *square /= total);
        let norm = Scaled::from_parts(total, exponent)?.sqrt();
        let values = squares.iter().map(|square| square.sqrt()).collect();
        Some(Spectrum { values, p: squares, norm, full: false })
    }

    /// The Schmidt values, largest first; their squares sum to 1.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The squared Schmidt values: the eigenvalues of the density matrix of either side.
    pub fn p(&self) -> &[f64] {
        &self.p
    }

    /// The norm of the state before it was normalised.
    pub fn norm(&self) -> Scaled {
        self.norm
    }

    /// Whether the values themselves are accurate to 1e-16 of the largest, not their squares only.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// How many values are above a share of the largest.
    pub fn rank(&self, tolerance: f64) -> NumericalRank {
        let largest = self.values.first().copied().unwrap_or(1.0);
        let share = |value: &f64| value / largest;
        let rank = self.values.iter().take_while(|value| share(value) > tolerance).count();
        NumericalRank {
            rank,
            tolerance,
            last_kept: rank
                .checked_sub(1)
                .and_then(|last| self.values.get(last))
                .map_or(1.0, share),
            first_dropped: self.values.get(rank).map_or(0.0, share),
        }
    }

    /// The entropy of an order in nats: von Neumann for 1, `ln` of the numerical rank for 0,
    /// `-ln p_max` for infinity, else Renyi, `ln(sum p^a) / (1 - a)`.
    pub fn entropy(&self, order: f64) -> f64 {
        if order == 0.0 {
            return (self.rank(RANK_TOLERANCE).rank.max(1) as f64).ln();
        }
        entropy_of_weights(&self.p, order)
    }

    /// `sum p^2`.
    pub fn purity(&self) -> f64 {
        self.p.iter().rev().map(|p| p * p).sum()
    }

    /// The geometric measure across the cut, `sqrt(1 - p_max)`.
    pub fn geometric(&self) -> f64 {
        self.p.iter().skip(1).rev().sum::<f64>().max(0.0).sqrt()
    }

    /// The negativity, `((sum of the values)^2 - 1) / 2`: the sum of the products of all pairs.
    pub fn negativity(&self) -> f64 {
        let (mut pairs, mut sum) = (0.0, 0.0);
        for value in self.values.iter().rev() {
            pairs += value * sum;
            sum += value;
        }
        pairs
    }
}

/// The entropy in nats of weights that need not sum to 1; what is below 0 by rounding counts as 0.
/// Order 0 counts the weights above `1e-20` of the largest.
pub(super) fn entropy_of_weights(weights: &[f64], order: f64) -> f64 {
    let largest = weights.iter().fold(0.0f64, |largest, weight| largest.max(*weight));
    if largest <= 0.0 {
        return 0.0;
    }
    let mut p: Vec<f64> = weights.iter().map(|weight| weight.max(0.0) / largest).collect();
    p.sort_unstable_by(f64::total_cmp);
    // From the smallest up and without the 1 of the largest: ln_1p keeps what is far below 1.
    let others: f64 = p.iter().take(p.len().saturating_sub(1)).sum();
    let (total, ln_total) = (1.0 + others, others.ln_1p());
    let entropy = if order == 0.0 {
        (p.iter().filter(|p| **p > RANK_TOLERANCE * RANK_TOLERANCE).count() as f64).ln()
    } else if order.is_infinite() {
        ln_total
    } else if (order - 1.0).abs() < NEAR_ONE {
        // With q = p / sum p: ln(sum q e^((a-1) ln q)) / (1-a), whose terms less 1 have one sign.
        let step = order - 1.0;
        let terms = p.iter().filter(|p| **p > 0.0).map(|p| {
            let ln_q = p.ln() - ln_total;
            p / total * if step == 0.0 { -ln_q } else { (step * ln_q).exp_m1() }
        });
        let sum: f64 = terms.sum();
        if step == 0.0 { sum } else { -sum.ln_1p() / step }
    } else {
        // With q = p / p_max: ln(sum q^a) - a ln(sum q), over 1 - a. ln_1p keeps small rests.
        let rest = |order: f64| {
            let last = p.len().saturating_sub(1);
            p.iter().take(last).filter(|p| **p > 0.0).map(|p| p.powf(order)).sum::<f64>().ln_1p()
        };
        // The quotient of the orders first: their products may overflow.
        rest(order) / (1.0 - order) + rest(1.0) * (order / (order - 1.0))
    };
    if entropy > 0.0 { entropy } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Spectrum, entropy_of_weights};
    use crate::network::SplitMix64;

    #[test]
    fn closed_forms() {
        let flat = Spectrum::from_singular_values(vec![2.0; 8], 10).unwrap();
        for order in [0.0, 0.3, 1.0, 2.0, 7.5, f64::INFINITY] {
            assert!((flat.entropy(order) - 8f64.ln()).abs() < 1e-14, "{order}");
        }
        assert!((flat.negativity() - 3.5).abs() < 1e-14);
        assert!((flat.geometric() - (7.0f64 / 8.0).sqrt()).abs() < 1e-15);
        assert!((flat.norm().to_f64() - 32f64.sqrt() * 1024.0).abs() < 1e-9);
        // p = (9/25, 16/25).
        let two = Spectrum::from_singular_values(vec![3.0, 4.0], 0).unwrap();
        assert!((two.entropy(1.0) - 0.653_418_194_793_701_8).abs() < 1e-14);
        assert!((two.geometric() - 0.6).abs() < 1e-15);
        assert!((two.purity() - (81.0 + 256.0) / 625.0).abs() < 1e-15);
        let one = Spectrum::from_singular_values(vec![0.0, 5.0, 0.0], 0).unwrap();
        for order in [0.0, 0.5, 1.0, 2.0, f64::INFINITY] {
            let entropy = one.entropy(order);
            assert!(entropy == 0.0 && entropy.is_sign_positive());
        }
        assert_eq!(one.rank(1e-10).rank, 1);
        assert!(Spectrum::from_singular_values(vec![0.0; 3], 0).is_none());
        assert!(Spectrum::from_squared(vec![0.0; 3], 0).is_none());
    }

    #[test]
    fn entropies_of_nearly_pure_states_keep_their_digits() {
        for small in [1e-9f64, 1e-12, 1e-17, 1e-20] {
            let spectrum = Spectrum::from_singular_values(vec![1.0, small.sqrt()], 0).unwrap();
            let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 1e-8;
            assert!(near(spectrum.entropy(1.0), small * (1.0 - small.ln())), "{small}");
            assert!(near(spectrum.entropy(f64::INFINITY), small), "{small}");
            assert!(near(spectrum.entropy(2.0), 2.0 * small), "{small}");
            assert!(near(spectrum.entropy(1.0 + 1e-12), small * (1.0 - small.ln())), "{small}");
        }
        for order in [1e100, 1e308, f64::MAX] {
            assert!((entropy_of_weights(&[0.125; 8], order) - 8f64.ln()).abs() < 1e-14, "{order}");
        }
    }

    #[test]
    fn the_formulas_for_orders_meet() {
        let mut random = SplitMix64::new(5);
        for _ in 0..300 {
            let count = random.below(30) as usize + 2;
            let weights: Vec<f64> = (0..count).map(|_| (-30.0 * random.unit()).exp()).collect();
            // Each pair is on both sides of a change of formula, or on both sides of 1.
            for (order, step) in [
                (0.5, 1e-12),
                (1.5, 1e-12),
                (1.0, 1e-14),
                (1.0, 1e-9),
                (1.0 - 1e-5, 1e-12),
                (1.0 + 1e-5, 1e-12),
            ] {
                let below = entropy_of_weights(&weights, order - step);
                let above = entropy_of_weights(&weights, order + step);
                // The slope is at most half the variance of ln p, that is below 30^2.
                assert!((below / above - 1.0).abs() < 1e-10 + 1e4 * step, "{order} {step}");
            }
        }
    }

    #[test]
    fn entropies_fall_with_the_order_and_are_continuous_at_one() {
        let mut random = SplitMix64::new(3);
        for _ in 0..200 {
            let count = random.below(20) as usize + 1;
            let weights: Vec<f64> = (0..count).map(|_| random.unit().powi(6)).collect();
            let orders = [
                0.0,
                0.1,
                0.5,
                0.9,
                0.999_999,
                1.0,
                1.000_001,
                1.1,
                2.0,
                5.0,
                100.0,
                f64::INFINITY,
            ];
            let entropies: Vec<f64> =
                orders.iter().map(|order| entropy_of_weights(&weights, *order)).collect();
            for pair in entropies.windows(2) {
                assert!(pair[1] <= pair[0] + 1e-12, "{entropies:?}");
            }
            let (below, at) = (
                entropy_of_weights(&weights, 1.0 - 1.01e-5),
                entropy_of_weights(&weights, 1.0 - 0.99e-5),
            );
            assert!((below - at).abs() < 1e-6 * (1.0 + at), "{below} {at}");
        }
    }
}
