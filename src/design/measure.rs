//! What is maximized, limited and required: functions that grow with every channel number.

/// A function of the channel numbers that grows (or stays) with each of them, by how it is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// The same everywhere.
    Constant(f64),
    /// log2 of the min-cut across a partition, by its number in the problem.
    Bits(usize),
    /// The number of weights.
    Params,
    /// The operations of a forward pass.
    Flops,
    /// The sum of all of these.
    Sum(Vec<Measure>),
    /// Another one times a factor that is not negative.
    Scaled(f64, Box<Measure>),
    /// 2 to the power of another one: a min-cut from its bits.
    PowerOfTwo(Box<Measure>),
    /// The smallest of these.
    Smallest(Vec<Measure>),
    /// The largest of these.
    Largest(Vec<Measure>),
}

/// What the leaves of a [`Measure`] are at a point.
pub trait Term {
    /// log2 of the min-cut across partition `number`.
    fn bits(&mut self, number: usize) -> f64;
    /// The number of weights.
    fn params(&mut self) -> f64;
    /// The operations of a forward pass.
    fn flops(&mut self) -> f64;
}

impl Measure {
    /// The value at a point.
    pub fn value(&self, at: &mut impl Term) -> f64 {
        match self {
            Measure::Constant(value) => *value,
            Measure::Bits(number) => at.bits(*number),
            Measure::Params => at.params(),
            Measure::Flops => at.flops(),
            Measure::Sum(terms) => terms.iter().map(|term| term.value(at)).sum(),
            Measure::Scaled(factor, term) => factor * term.value(at),
            Measure::PowerOfTwo(term) => term.value(at).exp2(),
            Measure::Smallest(terms) => {
                terms.iter().map(|term| term.value(at)).fold(f64::INFINITY, f64::min)
            }
            Measure::Largest(terms) => {
                terms.iter().map(|term| term.value(at)).fold(f64::NEG_INFINITY, f64::max)
            }
        }
    }

    /// Whether it is concave in the logarithms of the channel numbers: sums and minima of
    /// min-cuts are.
    pub fn is_concave(&self) -> bool {
        match self {
            Measure::Constant(_) | Measure::Bits(_) => true,
            Measure::Sum(terms) | Measure::Smallest(terms) => terms.iter().all(Self::is_concave),
            Measure::Scaled(_, term) => term.is_concave(),
            Measure::Params | Measure::Flops | Measure::PowerOfTwo(_) | Measure::Largest(_) => {
                false
            }
        }
    }

    /// Whether a cut is in it, so that it is known to some units in the last place only.
    pub fn has_cut(&self) -> bool {
        match self {
            Measure::Bits(_) => true,
            Measure::Constant(_) | Measure::Params | Measure::Flops => false,
            Measure::Sum(terms) | Measure::Smallest(terms) | Measure::Largest(terms) => {
                terms.iter().any(Self::has_cut)
            }
            Measure::Scaled(_, term) | Measure::PowerOfTwo(term) => term.has_cut(),
        }
    }
}
