//! Blobs: one shape in each image, closed or with holes, symmetric or not.
//!
//! The experiment of Cohen and Shashua, "Inductive Bias of Deep Convolutional Networks through
//! Pooling Geometry" (arXiv 1605.06743, section 6): a network whose pooling windows are squares is
//! suited for telling closed blobs from open ones, one whose windows join mirrored places for telling
//! symmetric ones. An ellipse is bent, turned, set into a tile, and loses some of its pixels; two scores
//! are measured on the pixels that are left, and the images with the highest and the lowest scores
//! are the two classes.

use super::bytes::{InMemory, Number, Numbers, Order};
use super::stream;
use crate::interrupt::Interrupt;
use crate::learn::{DataError, Dataset};
use crate::network::{Shape, SplitMix64};
use rayon::prelude::*;
use std::sync::Arc;

/// Rows and columns of an image.
pub const SIDE: usize = 32;
/// The most images that are made: two GB of candidates.
const MOST: usize = 1 << 20;
/// A pixel is set when more than this of it is covered.
const COVERED: f64 = 0.1;

/// What tells the two classes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The share of the pixels of the blob in those of its closing (with a cross of five pixels).
    Closedness,
    /// The share of the pixels of the blob that are set also in its mirror image, left to right.
    Symmetry,
}

/// A blob in its image.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Row-major, 32 by 32.
    pub pixels: Vec<bool>,
    /// The first row and column of the tile in which it lies.
    pub corner: (usize, usize),
    /// Rows and columns of the tile.
    pub tile: usize,
}

/// Samples of two classes, as many of each (or one more of the second): label 1 for the 40 % of all
/// candidates with the highest scores, 0 for the 40 % with the lowest, those between left out. The
/// tile has `tile` rows, 16 or 32; without it either one at random.
///
/// # Errors
/// [`DataError::Empty`], [`DataError::TooMany`] above 2^20, [`DataError::Interrupted`].
pub fn blobs(
    task: Task,
    samples: usize,
    tile: Option<usize>,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Dataset, DataError> {
    if samples == 0 {
        return Err(DataError::Empty);
    }
    if samples > MOST {
        let (found, limit) = (samples as u64, MOST as u64);
        return Err(DataError::TooMany { what: "samples", found, limit });
    }
    let candidates = (5 * samples).div_ceil(4);
    let all: Vec<(f64, Vec<u8>)> = (0..candidates)
        .into_par_iter()
        .map(|candidate| {
            if interrupt.is_triggered() {
                return (0.0, Vec::new());
            }
            let blob = Blob::random(&mut stream(seed, candidate), tile);
            let score = blob.score(task);
            (score, blob.pixels.iter().map(|pixel| u8::from(*pixel)).collect())
        })
        .collect();
    interrupt.check()?;
    let score = |candidate: &usize| all.get(*candidate).map_or(0.0, |(score, _)| *score);
    let mut order: Vec<usize> = (0..candidates).collect();
    order.sort_by(|one, other| score(one).total_cmp(&score(other)).then(one.cmp(other)));
    let low = samples / 2;
    let mut chosen: Vec<(usize, u32)> = order.iter().take(low).map(|one| (*one, 0)).collect();
    chosen.extend(order.iter().rev().take(samples - low).map(|one| (*one, 1)));
    // Candidates come in no order of their scores.
    chosen.sort_unstable();
    let image = |(candidate, _): &(usize, u32)| {
        all.get(*candidate).map_or(&[][..], |(_, pixels)| pixels).iter().copied()
    };
    let source = Numbers {
        bytes: Arc::new(InMemory::new(chosen.iter().flat_map(image).collect())),
        first: 0,
        number: Number::Unsigned(1),
        order: Order::Little,
        scale: 1.0,
        samples,
        sites: SIDE * SIDE,
    };
    let shape = Shape::Grid { rows: SIDE as u64, cols: SIDE as u64 };
    let labels = chosen.iter().map(|(_, label)| *label).collect();
    Dataset::from_source(shape, Arc::new(source), Some(labels))
}

impl Blob {
    /// A blob with at least one pixel, in a tile of 16 or 32 rows, or of either at random.
    pub fn random(random: &mut SplitMix64, tile: Option<usize>) -> Self {
        loop {
            let blob = Self::attempt(random, tile);
            if blob.pixels.contains(&true) {
                return blob;
            }
        }
    }

    fn attempt(random: &mut SplitMix64, tile: Option<usize>) -> Self {
        let mut between = |low: f64, high: f64| low + (high - low) * random.unit();
        let height = (2f64.powf(between(3.5, 5.0)) / 2.0).floor();
        let (amplitude, frequency) =
            (between(0.0, 4.0), between(0.0, 3.0 * std::f64::consts::TAU / SIDE as f64));
        let angle = between(0.0, std::f64::consts::PI);
        let drop = between(0.1, 0.33);
        let image = turned(&rolled(&ellipse(height), amplitude, frequency), angle);
        let tile = tile.filter(|tile| [SIDE / 2, SIDE].contains(tile));
        let tile = tile.unwrap_or(if random.below(2) == 0 { SIDE / 2 } else { SIDE });
        let tiles = (SIDE / tile.max(1)) as u64;
        let mut place = || random.below(tiles) as usize * tile;
        let corner = (place(), place());
        let symmetric = random.below(2) == 0;
        let mut dropped = vec![false; tile * tile];
        for row in dropped.chunks_exact_mut(tile.max(1)) {
            let drawn = if symmetric { tile.div_ceil(2) } else { tile };
            for pixel in row.iter_mut().take(drawn) {
                *pixel = random.unit() < drop;
            }
            if symmetric {
                for column in 0..tile / 2 {
                    let left = row.get(column).copied().unwrap_or(false);
                    if let Some(right) = row.get_mut(tile - 1 - column) {
                        *right = left;
                    }
                }
            }
        }
        let small = shrunk(&image, SIDE / tile.max(1));
        let mut pixels = vec![false; SIDE * SIDE];
        let rows = pixels.chunks_exact_mut(SIDE).skip(corner.0);
        let parts = small.chunks_exact(tile).zip(dropped.chunks_exact(tile));
        for (row, (values, dropped)) in rows.zip(parts) {
            for ((pixel, value), dropped) in row.iter_mut().skip(corner.1).zip(values).zip(dropped)
            {
                *pixel = *value > COVERED && !dropped;
            }
        }
        Self { pixels, corner, tile }
    }

    /// Whether a pixel is set; outside of the image none is.
    fn at(&self, row: i64, column: i64) -> bool {
        at(&self.pixels, SIDE, row, column)
    }

    /// The score of a task, from 0 to 1.
    pub fn score(&self, task: Task) -> f64 {
        let set = self.pixels.iter().filter(|pixel| **pixel).count();
        match task {
            Task::Closedness => set as f64 / self.closed() as f64,
            Task::Symmetry => {
                let (top, left) = (self.corner.0 as i64, self.corner.1 as i64);
                let side = self.tile as i64;
                let both = (0..side * side).filter(|place| {
                    let (row, column) = (place / side, place % side);
                    self.at(top + row, left + column)
                        && self.at(top + row, left + side - 1 - column)
                });
                both.count() as f64 / set as f64
            }
        }
    }

    /// The pixels of the closing: dilated and then eroded by a pixel with its four neighbours, on a
    /// plane without border.
    fn closed(&self) -> usize {
        const CROSS: [(i64, i64); 5] = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)];
        // One pixel more on each side holds the whole dilated blob that the erosion looks at.
        let side = SIDE + 2;
        let wide = (0..(side * side) as i64).map(|place| {
            let (row, column) = (place / side as i64 - 1, place % side as i64 - 1);
            CROSS.iter().any(|(down, across)| self.at(row + down, column + across))
        });
        let wide: Vec<bool> = wide.collect();
        let kept = (0..(SIDE * SIDE) as i64).filter(|place| {
            let (row, column) = (place / SIDE as i64 + 1, place % SIDE as i64 + 1);
            CROSS.iter().all(|(down, across)| at(&wide, side, row + down, column + across))
        });
        kept.count()
    }
}

fn at(pixels: &[bool], side: usize, row: i64, column: i64) -> bool {
    let inside = |place: i64| usize::try_from(place).ok().filter(|place| *place < side);
    match (inside(row), inside(column)) {
        (Some(row), Some(column)) => pixels.get(row * side + column).copied().unwrap_or(false),
        _ => false,
    }
}

/// The middle of an image, between its pixels.
const MIDDLE: f64 = (SIDE as f64 - 1.0) / 2.0;

/// An ellipse as wide as the image; its half axes are 16 and `height`.
fn ellipse(height: f64) -> Vec<bool> {
    let inside = |place: usize| {
        let (row, column) = ((place / SIDE) as f64, (place % SIDE) as f64);
        ((column - MIDDLE) / (SIDE as f64 / 2.0)).powi(2) + ((row - MIDDLE) / height).powi(2) < 1.0
    };
    (0..SIDE * SIDE).map(inside).collect()
}

/// Every column moved down by a sine of its number; what leaves below comes in above.
fn rolled(pixels: &[bool], amplitude: f64, frequency: f64) -> Vec<bool> {
    let from = |place: usize| {
        let (row, column) = (place / SIDE, place % SIDE);
        let down = (amplitude * (frequency * column as f64).sin()).trunc() as i64;
        let row = (row as i64 - down).rem_euclid(SIDE as i64) as usize;
        pixels.get(row * SIDE + column).copied().unwrap_or(false)
    };
    (0..SIDE * SIDE).map(from).collect()
}

/// Turned around the middle, linearly between pixels; how much of each pixel is covered.
fn turned(pixels: &[bool], angle: f64) -> Vec<f64> {
    let (sine, cosine) = angle.sin_cos();
    let covered = |place: usize| {
        let (row, column) = ((place / SIDE) as f64 - MIDDLE, (place % SIDE) as f64 - MIDDLE);
        let from = (cosine * row - sine * column + MIDDLE, sine * row + cosine * column + MIDDLE);
        let (below, left) = (from.0.floor(), from.1.floor());
        let (down, across) = (from.0 - below, from.1 - left);
        let corner = |row: i64, column: i64| {
            f64::from(u8::from(at(pixels, SIDE, below as i64 + row, left as i64 + column)))
        };
        (1.0 - down) * ((1.0 - across) * corner(0, 0) + across * corner(0, 1))
            + down * ((1.0 - across) * corner(1, 0) + across * corner(1, 1))
    };
    (0..SIDE * SIDE).map(covered).collect()
}

/// The means of squares of `by` by `by` pixels.
fn shrunk(image: &[f64], by: usize) -> Vec<f64> {
    let side = SIDE / by.max(1);
    let mean = |place: usize| {
        let (row, column) = (by * (place / side), by * (place % side));
        let parts = (0..by * by).map(|part| {
            let place = (row + part / by) * SIDE + column + part % by;
            image.get(place).copied().unwrap_or(0.0)
        });
        parts.sum::<f64>() / (by * by) as f64
    };
    (0..side * side).map(mean).collect()
}
