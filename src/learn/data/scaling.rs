//! Values shifted and scaled.

use super::Source;
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// What a value becomes: `(value - shift) * factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// What is subtracted first.
    pub shift: f64,
    /// What the rest is multiplied with.
    pub factor: f64,
}

/// Which values a scaling aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The least value becomes 0, the largest 1.
    Unit,
    /// The mean of all values becomes 0, their variance 1.
    Standard,
}

impl Scaling {
    /// The scaling that takes all values of some rows to a range; `None` if they are all the same.
    ///
    /// # Errors
    /// Those of the rows.
    pub fn of<R: AsRef<[f64]>>(
        rows: impl Iterator<Item = Result<R, DataError>>,
        range: Range,
    ) -> Result<Option<Self>, DataError> {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        // Mean and sum of squared distances from it, updated value by value (Welford, 1962).
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for row in rows {
            for value in row?.as_ref() {
                least = least.min(*value);
                most = most.max(*value);
                count += 1.0;
                let before = value - mean;
                mean += before / count;
                squares += before * (value - mean);
            }
        }
        let scaling = match range {
            Range::Unit => Self { shift: least, factor: (most - least).recip() },
            Range::Standard => Self { shift: mean, factor: (squares / count).sqrt().recip() },
        };
        Ok((least < most && scaling.factor.is_finite()).then_some(scaling))
    }
}

/// A view: the values of another source, scaled.
pub struct Scaled {
    of: Arc<dyn Source>,
    scaling: Scaling,
}

impl Scaled {
    /// With this scaling.
    pub fn new(of: Arc<dyn Source>, scaling: Scaling) -> Self {
        Self { of, scaling }
    }
}

impl fmt::Debug for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.scaling, self.of)
    }
}

impl Source for Scaled {
    fn samples(&self) -> usize {
        self.of.samples()
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        self.of.read(sample, out)?;
        for (site, value) in out.iter_mut().enumerate() {
            *value = (*value - self.scaling.shift) * self.scaling.factor;
            if !value.is_finite() {
                return Err(DataError::NotFinite { sample, site });
            }
        }
        Ok(())
    }
}
