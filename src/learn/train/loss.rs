//! What training makes small: the cross-entropy of classes, from scores of any size.

use super::real::Real;

/// How scores become the probabilities of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `softmax(h)`.
    Softmax,
    /// `softmax(8 h / |h|)`: of the direction of the scores, which their size does not change. For
    /// products of many sites, whose sizes differ by powers of thousands.
    Direction,
    /// `h_y / sum h`: of positive scores, such as the likelihoods of a generative ConvAC
    /// (Sharir, Tamari, Cohen and Shashua, arXiv 1610.04167).
    Ratio,
    /// `-ln h_label`: of positive scores that are densities of inputs, so that a mixture learns what
    /// inputs of each class look like, and not only what tells them apart.
    Likelihood,
}

/// The length to which the scores of [`Loss::Direction`] are brought.
const LENGTH: f64 = 8.0;

/// Positive scores are no less than this part of their sum.
const LEAST_SHARE: f64 = 1e-30;

impl Loss {
    /// The spellings of the language.
    pub const NAMES: [&'static str; 4] = ["softmax", "direction", "ratio", "likelihood"];

    /// The loss of this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Loss::Softmax, Loss::Direction, Loss::Ratio, Loss::Likelihood];
        all.into_iter().find(|loss| loss.as_str() == name)
    }

    /// The spelling in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Loss::Softmax => "softmax",
            Loss::Direction => "direction",
            Loss::Ratio => "ratio",
            Loss::Likelihood => "likelihood",
        }
    }

    /// Whether it takes positive scores only.
    pub fn is_of_mixtures(self) -> bool {
        matches!(self, Loss::Ratio | Loss::Likelihood)
    }

    /// The cross-entropy `-ln p(label)`, or minus the logarithm of the likelihood, in nats of the scores `scores 2^exponent`, and its gradient by
    /// `scores`, times `weight`.
    pub(super) fn evaluate<T: Real>(
        self,
        scores: &[T],
        exponent: i32,
        label: usize,
        weight: f64,
        grad: &mut [T],
    ) -> f64 {
        let double = || scores.iter().map(|score| score.double());
        let score = scores.get(label).map_or(0.0, |score| score.double());
        match self {
            Loss::Softmax | Loss::Direction => {
                let norm = double().map(|x| x * x).sum::<f64>().sqrt();
                let unit = match self {
                    Loss::Softmax => f64::powi(2.0, exponent),
                    _ if norm > 0.0 => LENGTH / norm,
                    _ => 0.0,
                };
                let most = double().fold(f64::NEG_INFINITY, f64::max) * unit;
                let total: f64 = double().map(|x| (x * unit - most).exp()).sum();
                let mut along = 0.0;
                for (place, (slot, x)) in grad.iter_mut().zip(double()).enumerate() {
                    let hit = if place == label { 1.0 } else { 0.0 };
                    let flow = ((x * unit - most).exp() / total - hit) * unit * weight;
                    along += flow * x;
                    *slot = T::of(flow);
                }
                if self == Loss::Direction && norm > 0.0 {
                    // What only changes the size of the scores changes nothing.
                    for (slot, x) in grad.iter_mut().zip(double()) {
                        *slot = T::of(slot.double() - along * x / (norm * norm));
                    }
                }
                total.ln() + most - score * unit
            }
            Loss::Likelihood => {
                let total: f64 = double().sum();
                // An input that the class cannot have costs as much as the smallest share.
                let own = score.max(total * LEAST_SHARE).max(f64::MIN_POSITIVE);
                for (place, slot) in grad.iter_mut().enumerate() {
                    *slot = T::of(if place == label { -weight / own } else { 0.0 });
                }
                -own.ln() - f64::from(exponent) * std::f64::consts::LN_2
            }
            Loss::Ratio => {
                let total: f64 = double().sum();
                if total <= 0.0 {
                    // An input that no class can have: it says nothing of classes.
                    grad.fill(T::ZERO);
                    return (scores.len() as f64).ln();
                }
                let own = score.max(total * LEAST_SHARE);
                for (place, slot) in grad.iter_mut().enumerate() {
                    let hit = if place == label { 1.0 / own } else { 0.0 };
                    *slot = T::of(weight * (1.0 / total - hit));
                }
                total.ln() - own.ln()
            }
        }
    }
}

/// The class of the largest score, the first one of equal ones.
pub(super) fn predicted<T: Real>(scores: &[T]) -> usize {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate() {
        if scores.get(best).is_some_and(|most| score > most) {
            best = place;
        }
    }
    best
}
