//! The representation layer in front of a network: the number of every site becomes a vector.

use super::Source;
use crate::learn::DataError;
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::Arc;

/// The vectors that stand for numbers, all of one length.
#[derive(Clone, Default)]
pub struct Vectors {
    length: usize,
    /// By the bits of the number, where its vector begins.
    places: FxHashMap<u64, usize>,
    numbers: Vec<f64>,
}

impl Vectors {
    /// The vectors of these numbers, one after another; `None` unless all have `length` finite entries.
    pub fn new(of: &[f64], length: usize, numbers: Vec<f64>) -> Option<Self> {
        if length == 0
            || numbers.len() != of.len().checked_mul(length)?
            || !numbers.iter().all(|number| number.is_finite())
        {
            return None;
        }
        let places = of.iter().enumerate().map(|(at, number)| (number.to_bits(), at * length));
        Some(Self { length, places: places.collect(), numbers })
    }

    /// The length of each: the local dimension `M`.
    pub fn length(&self) -> usize {
        self.length
    }

    fn of(&self, number: f64) -> Option<&[f64]> {
        let place = *self.places.get(&number.to_bits())?;
        self.numbers.get(place..place + self.length)
    }
}

impl fmt::Debug for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vectors of {} for {} numbers", self.length, self.places.len())
    }
}

/// A view: each number of another source replaced by its vector.
#[derive(Debug)]
pub struct Represented {
    of: Arc<dyn Source>,
    sites: usize,
    vectors: Vectors,
}

impl Represented {
    /// Samples of so many sites, with the vectors of all numbers that occur.
    pub fn new(of: Arc<dyn Source>, sites: usize, vectors: Vectors) -> Self {
        Self { of, sites, vectors }
    }
}

impl Source for Represented {
    fn samples(&self) -> usize {
        self.of.samples()
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let mut numbers = vec![0.0; self.sites];
        self.of.read(sample, &mut numbers)?;
        let places = out.chunks_exact_mut(self.vectors.length);
        for (number, place) in numbers.iter().zip(places) {
            let Some(vector) = self.vectors.of(*number) else {
                let message = format!("{number} has no vector: the source has changed");
                return Err(DataError::Unreadable { sample, message });
            };
            place.copy_from_slice(vector);
        }
        Ok(())
    }
}
