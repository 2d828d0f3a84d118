//! Samples in memory.

use super::Source;
use crate::learn::DataError;
use std::fmt;

/// Values of samples, one after another.
pub struct Memory {
    sites: usize,
    values: Box<[f64]>,
}

impl Memory {
    /// Samples of so many sites; the values are known to be finite and to fill whole samples.
    pub fn new(sites: usize, values: Vec<f64>) -> Self {
        Self { sites, values: values.into() }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples of {} sites in memory", self.samples(), self.sites)
    }
}

impl Source for Memory {
    fn samples(&self) -> usize {
        self.values.len() / self.sites.max(1)
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let first = sample.saturating_mul(self.sites);
        let row = self.values.get(first..first.saturating_add(self.sites)).unwrap_or(&[]);
        for (slot, value) in out.iter_mut().zip(row) {
            *slot = *value;
        }
        Ok(())
    }

    fn in_memory(&self) -> Option<&[f64]> {
        Some(&self.values)
    }
}
