//! Steps down the gradient.

use super::real::Real;

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// `v = momentum v + g`, `theta -= rate v` (Polyak, 1964).
    Sgd {
        /// The share of the last step that is kept, from 0 to below 1.
        momentum: f64,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980).
    Adam {
        /// The decay of the mean of gradients.
        beta1: f64,
        /// The decay of the mean of their squares.
        beta2: f64,
    },
    /// Adam with Nesterov's momentum (Dozat, 2016).
    Nadam {
        /// The decay of the mean of gradients.
        beta1: f64,
        /// The decay of the mean of their squares.
        beta2: f64,
    },
}

/// What keeps steps finite where gradients vanish, as in the paper of Adam.
const EPSILON: f64 = 1e-8;

impl Method {
    /// The spellings of the language.
    pub const NAMES: [&'static str; 3] = ["adam", "nadam", "sgd"];

    /// The spelling in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Sgd { .. } => "sgd",
            Method::Adam { .. } => "adam",
            Method::Nadam { .. } => "nadam",
        }
    }

    /// How many numbers it keeps for each parameter.
    pub(super) fn memories(self) -> usize {
        match self {
            Method::Sgd { .. } => 1,
            _ => 2,
        }
    }

    /// One step: `step` counts from 1. `memory` has [`memories`](Self::memories) arrays as long as the
    /// parameters; `decay` times the rate is the share of a parameter that is taken away, apart from
    /// the gradient (Loshchilov and Hutter, arXiv 1711.05101).
    pub(super) fn step<T: Real>(
        self,
        step: u64,
        rate: f64,
        decay: f64,
        grads: &[T],
        parameters: &mut [T],
        memory: &mut [T],
    ) {
        let keep = T::of(1.0 - rate * decay);
        match self {
            Method::Sgd { momentum } => {
                let (momentum, rate) = (T::of(momentum), T::of(rate));
                for ((x, grad), speed) in parameters.iter_mut().zip(grads).zip(memory) {
                    *speed = *speed * momentum + *grad;
                    *x = *x * keep - *speed * rate;
                }
            }
            Method::Adam { beta1, beta2 } | Method::Nadam { beta1, beta2 } => {
                let power = |beta: f64| beta.powf(step as f64);
                // Nadam looks one step ahead; for Adam the mean alone counts.
                let (ahead, now) = match self {
                    Method::Nadam { .. } => {
                        (beta1 / (1.0 - power(beta1) * beta1), (1.0 - beta1) / (1.0 - power(beta1)))
                    }
                    _ => (1.0 / (1.0 - power(beta1)), 0.0),
                };
                let (ahead, now) = (T::of(rate * ahead), T::of(rate * now));
                let unit = T::of(1.0 / (1.0 - power(beta2)));
                let (one, two, epsilon) = (T::of(beta1), T::of(beta2), T::of(EPSILON));
                let (fresh, square) = (T::of(1.0 - beta1), T::of(1.0 - beta2));
                let (means, squares) = memory.split_at_mut(parameters.len());
                let state = means.iter_mut().zip(squares);
                for ((x, grad), (mean, variance)) in parameters.iter_mut().zip(grads).zip(state) {
                    *mean = *mean * one + *grad * fresh;
                    *variance = *variance * two + *grad * *grad * square;
                    let size = (*variance * unit).root() + epsilon;
                    *x = *x * keep - (*mean * ahead + *grad * now) / size;
                }
            }
        }
    }
}

/// How the rate changes in the course of training; `done` is the share of the steps that are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// It stays.
    Constant,
    /// Half a wave of the cosine, down to 0 (Loshchilov and Hutter, arXiv 1608.03983).
    Cosine,
    /// Straight down to 0.
    Linear,
    /// A tenth after half of the steps, a hundredth after three quarters.
    Step,
}

impl Schedule {
    /// The spellings of the language.
    pub const NAMES: [&'static str; 4] = ["constant", "cosine", "linear", "step"];

    /// The schedule of this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Schedule::Constant, Schedule::Cosine, Schedule::Linear, Schedule::Step];
        all.into_iter().find(|one| one.as_str() == name)
    }

    /// The spelling in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Cosine => "cosine",
            Schedule::Linear => "linear",
            Schedule::Step => "step",
        }
    }

    /// The factor of the rate.
    pub(super) fn factor(self, done: f64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
            Schedule::Linear => 1.0 - done,
            Schedule::Step if done < 0.5 => 1.0,
            Schedule::Step if done < 0.75 => 0.1,
            Schedule::Step => 0.01,
        }
    }
}
