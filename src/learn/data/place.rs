//! Images at random places of a black canvas.

use super::resize::{Scaler, Size};
use super::{Source, stream};
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// A view: every image of another source, in another size, at random places of a canvas of zeros.
///
/// With several copies the first ones of all images come first: sample `k` shows image `k mod n` of
/// `n`, so that the samples of fewer copies are the first ones of more.
pub struct Placed {
    of: Arc<dyn Source>,
    from: Size,
    scaler: Scaler,
    canvas: Size,
    copies: usize,
    seed: u64,
}

impl Placed {
    /// Images of size `from`, as `size`, on a canvas that is at least as large.
    pub fn new(
        of: Arc<dyn Source>,
        from: Size,
        size: Size,
        canvas: Size,
        copies: usize,
        seed: u64,
    ) -> Self {
        Self { of, from, scaler: Scaler::new(from, size), canvas, copies, seed }
    }
}

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.canvas;
        write!(f, "{} copies on {rows}x{columns} of {:?}", self.copies, self.of)
    }
}

impl Source for Placed {
    fn samples(&self) -> usize {
        self.of.samples().saturating_mul(self.copies)
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let (rows, columns) = self.scaler.size();
        let mut image = vec![0.0; self.from.0 * self.from.1];
        let below = sample % self.of.samples().max(1);
        self.of.read(below, &mut image).map_err(|error| error.of_sample(sample))?;
        let mut small = vec![0.0; rows * columns];
        self.scaler.scale(&image, &mut small);
        let mut random = stream(self.seed, sample);
        let mut place = |room: usize, side: usize| {
            random.below((room.saturating_sub(side) + 1) as u64) as usize
        };
        let (top, left) = (place(self.canvas.0, rows), place(self.canvas.1, columns));
        out.fill(0.0);
        let lines = out.chunks_exact_mut(self.canvas.1).skip(top);
        for (line, row) in lines.zip(small.chunks_exact(columns)) {
            for (slot, value) in line.iter_mut().skip(left).zip(row) {
                *slot = *value;
            }
        }
        Ok(())
    }
}
