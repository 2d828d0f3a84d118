//! Images of another size.

use super::Source;
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// Rows and columns of an image.
pub type Size = (usize, usize);

/// How an image is taken to another size: along each axis by area when it shrinks (a pixel is the
/// mean of what it covers), linearly between the centres of pixels when it grows.
#[derive(Debug)]
pub struct Scaler {
    from: Size,
    down: Axis,
    across: Axis,
}

/// For every pixel of the new axis the old pixels it is made of, with their weights.
type Axis = Vec<Vec<(usize, f64)>>;

fn axis(from: usize, to: usize) -> Axis {
    let ratio = from as f64 / to as f64;
    let weights = |pixel: usize| -> Vec<(usize, f64)> {
        if to <= from {
            let (start, end) = (pixel as f64 * ratio, (pixel + 1) as f64 * ratio);
            let covered = |old: usize| {
                let overlap = end.min((old + 1) as f64) - start.max(old as f64);
                (overlap > 1e-12).then_some((old, overlap / ratio))
            };
            let last = (end.ceil() as usize).min(from);
            (start.floor() as usize..last).filter_map(covered).collect()
        } else {
            let center = (pixel as f64 + 0.5) * ratio - 0.5;
            let center = center.clamp(0.0, (from - 1) as f64);
            let below = center.floor() as usize;
            let share = center - below as f64;
            if share == 0.0 {
                vec![(below, 1.0)]
            } else {
                vec![(below, 1.0 - share), (below + 1, share)]
            }
        }
    };
    (0..to).map(weights).collect()
}

impl Scaler {
    /// From a size to another; an empty side counts as one pixel.
    pub fn new(from: Size, to: Size) -> Self {
        let (from, to) = ((from.0.max(1), from.1.max(1)), (to.0.max(1), to.1.max(1)));
        Self { from, down: axis(from.0, to.0), across: axis(from.1, to.1) }
    }

    /// Rows and columns of the new image.
    pub fn size(&self) -> Size {
        (self.down.len(), self.across.len())
    }

    /// The image in another size; both row-major.
    pub fn scale(&self, image: &[f64], out: &mut [f64]) {
        let columns = self.across.len();
        // First all rows to the new width.
        let mut wide = vec![0.0; self.from.0 * columns];
        for (row, slots) in image.chunks_exact(self.from.1).zip(wide.chunks_exact_mut(columns)) {
            for (slot, weights) in slots.iter_mut().zip(&self.across) {
                let part =
                    |(old, weight): &(usize, f64)| row.get(*old).copied().unwrap_or(0.0) * weight;
                *slot = weights.iter().map(part).sum();
            }
        }
        for (slots, weights) in out.chunks_exact_mut(columns).zip(&self.down) {
            slots.fill(0.0);
            for (old, weight) in weights {
                let row = wide.get(old * columns..(old + 1) * columns).unwrap_or(&[]);
                for (slot, value) in slots.iter_mut().zip(row) {
                    *slot += weight * value;
                }
            }
        }
    }
}

/// A view: images of another source in another size.
pub struct Resize {
    of: Arc<dyn Source>,
    scaler: Scaler,
}

impl Resize {
    /// Images of a size to another.
    pub fn new(of: Arc<dyn Source>, from: Size, to: Size) -> Self {
        Self { of, scaler: Scaler::new(from, to) }
    }
}

impl fmt::Debug for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.scaler.size();
        write!(f, "to {rows}x{columns} from {:?}", self.of)
    }
}

impl Source for Resize {
    fn samples(&self) -> usize {
        self.of.samples()
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let mut image = vec![0.0; self.scaler.from.0 * self.scaler.from.1];
        self.of.read(sample, &mut image)?;
        self.scaler.scale(&image, out);
        Ok(())
    }
}
