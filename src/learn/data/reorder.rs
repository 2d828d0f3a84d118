//! Samples with their sites in another order.

use super::Source;
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// A view: site `i` is site `order[i]` of another source.
pub struct Reorder {
    of: Arc<dyn Source>,
    sites: usize,
    order: Box<[usize]>,
}

impl Reorder {
    /// A new order of so many sites.
    pub fn new(of: Arc<dyn Source>, sites: usize, order: &[usize]) -> Self {
        Self { of, sites, order: order.into() }
    }
}

impl fmt::Debug for Reorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reordered {:?}", self.of)
    }
}

impl Source for Reorder {
    fn samples(&self) -> usize {
        self.of.samples()
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let mut below = vec![0.0; self.sites];
        self.of.read(sample, &mut below)?;
        for (slot, site) in out.iter_mut().zip(&self.order) {
            *slot = below.get(*site).copied().unwrap_or(0.0);
        }
        Ok(())
    }
}
