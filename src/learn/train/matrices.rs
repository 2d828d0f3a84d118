//! The matrices of a step in the two layouts that its products need.

use super::plan::Plan;
use super::real::{Real, padded};

/// All matrices of a network, rows padded to whole vectors.
#[derive(Debug)]
pub(super) struct Matrices<T> {
    /// `W^T`, `cols x padded(rows)`: for the way up, and the layout of gradients.
    pub turned: Vec<T>,
    /// `W`, `rows x padded(cols)`: for the way down.
    pub straight: Vec<T>,
    shapes: Vec<Place>,
}

/// Where the matrices of a layer are.
#[derive(Clone, Copy, Debug)]
struct Place {
    positions: usize,
    rows: usize,
    cols: usize,
    turned: usize,
    straight: usize,
}

impl<T: Real> Matrices<T> {
    /// Room for the matrices of a plan, all 0.
    pub fn new(plan: &Plan) -> Self {
        let (mut turned, mut straight) = (0, 0);
        let shapes = plan.matrices.iter().map(|&[positions, rows, cols]| {
            let place = Place { positions, rows, cols, turned, straight };
            turned += positions * cols * padded(rows);
            straight += positions * rows * padded(cols);
            place
        });
        let shapes: Vec<Place> = shapes.collect();
        Self { turned: vec![T::ZERO; turned], straight: vec![T::ZERO; straight], shapes }
    }

    /// Takes over weights: layer by layer, matrix by matrix, row-major.
    pub fn set(&mut self, weights: &[T]) {
        let mut from = weights.iter();
        for place in &self.shapes {
            let (wide, high) = (padded(place.rows), padded(place.cols));
            for matrix in 0..place.positions {
                let turned = place.turned + matrix * place.cols * wide;
                let straight = place.straight + matrix * place.rows * high;
                for row in 0..place.rows {
                    for (col, value) in (0..place.cols).zip(from.by_ref()) {
                        self.turned[turned + col * wide + row] = *value;
                        self.straight[straight + row * high + col] = *value;
                    }
                }
            }
        }
    }

    /// The opposite of [`set`](Self::set) for what has the layout of `turned`, such as gradients.
    pub fn unturn(&self, turned: &[T], out: &mut [T]) {
        let mut out = out.iter_mut();
        for place in &self.shapes {
            let wide = padded(place.rows);
            for matrix in 0..place.positions {
                let begin = place.turned + matrix * place.cols * wide;
                for row in 0..place.rows {
                    for (col, slot) in (0..place.cols).zip(out.by_ref()) {
                        *slot = turned[begin + col * wide + row];
                    }
                }
            }
        }
    }

    /// Where matrix `number` of a layer begins in `turned`.
    pub fn turned_at(&self, layer: usize, number: usize) -> usize {
        let place = &self.shapes[layer];
        place.turned + number * place.cols * padded(place.rows)
    }

    /// Where matrix `number` of a layer begins in `straight`.
    pub fn straight_at(&self, layer: usize, number: usize) -> usize {
        let place = &self.shapes[layer];
        place.straight + number * place.rows * padded(place.cols)
    }
}
