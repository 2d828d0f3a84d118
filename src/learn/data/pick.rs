//! Some of the samples, in any order.

use super::Source;
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// A view: sample `i` is sample `picked[i]` of another source.
pub struct Pick {
    of: Arc<dyn Source>,
    picked: Box<[usize]>,
}

impl Pick {
    /// The samples with these numbers.
    pub fn new(of: Arc<dyn Source>, picked: Vec<usize>) -> Self {
        Self { of, picked: picked.into() }
    }
}

impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} picked from {:?}", self.picked.len(), self.of)
    }
}

impl Source for Pick {
    fn samples(&self) -> usize {
        self.picked.len()
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let below = self.picked.get(sample).copied().unwrap_or(usize::MAX);
        self.of.read(below, out).map_err(|error| error.of_sample(sample))
    }
}
