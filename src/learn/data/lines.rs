//! Stripes and bars: images whose class is a direction.

use super::{Source, resize::Size, stream};
use crate::learn::{DataError, Dataset};
use crate::network::{Shape, SplitMix64};
use std::sync::Arc;

/// What is drawn. Samples with even numbers have the label 0 and lie along the rows, odd ones have the
/// label 1 and lie along the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Every row (or column) is one or zero as a whole, not all of them the same: what far apart pixels
    /// have in common tells the class (MacKay, Information Theory, Inference, and Learning
    /// Algorithms, 2003, section 43.2).
    Stripes,
    /// One short line of so many pixels at a random place: what neighbours have in common tells it.
    Bars(usize),
}

#[derive(Debug)]
struct Drawn {
    lines: Lines,
    size: Size,
    samples: usize,
    noise: f64,
    seed: u64,
}

/// Samples of lines; every pixel is turned into its opposite with the probability `noise`.
///
/// # Errors
/// [`DataError::Empty`] for no sample or an image without room: with less than two rows or columns, or
/// shorter than the bar.
pub fn lines(
    lines: Lines,
    size: Size,
    samples: usize,
    noise: f64,
    seed: u64,
) -> Result<Dataset, DataError> {
    let (rows, columns) = size;
    let longest = if let Lines::Bars(length) = lines { length.max(2) } else { 2 };
    if rows < longest || columns < longest {
        return Err(DataError::Empty);
    }
    let source = Drawn { lines, size, samples, noise, seed };
    let labels = (0..samples).map(|sample| (sample % 2) as u32).collect();
    let shape = Shape::Grid { rows: rows as u64, cols: columns as u64 };
    Dataset::from_source(shape, Arc::new(source), Some(labels))
}

impl Drawn {
    /// Which of so many stripes are one: some, but not all.
    fn stripes(random: &mut SplitMix64, count: usize) -> Vec<bool> {
        loop {
            let drawn: Vec<bool> = (0..count).map(|_| random.below(2) == 1).collect();
            if drawn.contains(&true) && drawn.contains(&false) {
                return drawn;
            }
        }
    }
}

impl Source for Drawn {
    fn samples(&self) -> usize {
        self.samples
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let mut random = stream(self.seed, sample);
        let (rows, columns) = self.size;
        let upright = sample % 2 == 1;
        let is_set: Box<dyn Fn(usize, usize) -> bool> = match self.lines {
            Lines::Stripes => {
                let drawn = Self::stripes(&mut random, if upright { columns } else { rows });
                Box::new(move |row, column| {
                    drawn.get(if upright { column } else { row }) == Some(&true)
                })
            }
            Lines::Bars(length) => {
                let (down, across) = if upright { (length, 1) } else { (1, length) };
                let top = random.below((rows - down + 1) as u64) as usize;
                let left = random.below((columns - across + 1) as u64) as usize;
                Box::new(move |row, column| {
                    (top..top + down).contains(&row) && (left..left + across).contains(&column)
                })
            }
        };
        for (place, slot) in out.iter_mut().enumerate() {
            let flipped = self.noise > 0.0 && random.unit() < self.noise;
            *slot = f64::from(u8::from(is_set(place / columns, place % columns) != flipped));
        }
        Ok(())
    }
}
