//! The weights of one layer, and what may be wrong with weights.

use crate::entangle::linalg;
use std::fmt;
use std::sync::Arc;

/// The matrices of one layer: `positions` matrices of `rows x cols`, row-major one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    positions: usize,
    rows: usize,
    cols: usize,
    data: Arc<[f64]>,
    /// The power of two of the largest entry; `None` when all are 0 or one is not finite.
    exponent: Option<i64>,
}

impl Weight {
    /// The weights of a shape `[positions, rows, cols]`; `None` when there are not as many.
    pub fn new(shape: [u64; 3], data: impl Into<Arc<[f64]>>) -> Option<Self> {
        let data = data.into();
        let [positions, rows, cols] = shape.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        let count = positions.checked_mul(rows)?.checked_mul(cols)?;
        let exponent = linalg::exponent(&data);
        (count == data.len()).then_some(Weight { positions, rows, cols, data, exponent })
    }

    /// The power of two of the largest entry; 0 when all entries are 0.
    pub fn exponent(&self) -> i64 {
        self.exponent.unwrap_or(0)
    }

    /// The same weights divided by a power of two.
    pub(in crate::entangle) fn scaled_down(&self, exponent: i64) -> Self {
        let mut data = self.data.to_vec();
        linalg::scale_down(&mut data, exponent);
        let exponent = self.exponent.map(|own| own - exponent);
        Weight { data: data.into(), exponent, ..*self }
    }

    /// `[positions, rows, cols]`.
    pub fn shape(&self) -> [u64; 3] {
        [self.positions as u64, self.rows as u64, self.cols as u64]
    }

    /// The number of matrices.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// The channels that leave.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The channels that enter.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All entries.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// One matrix, row-major; empty when there is none of this number.
    pub fn matrix(&self, number: usize) -> &[f64] {
        if number >= self.positions {
            return &[];
        }
        // There is a matrix of this number, so that nothing overflows.
        let size = self.rows * self.cols;
        self.data.get(number * size..(number + 1) * size).unwrap_or(&[])
    }
}

/// What is wrong with weights.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelError {
    /// A weight that the network needs is not there.
    Missing {
        /// Its name.
        name: String,
        /// Its shape.
        expected: [u64; 3],
    },
    /// A weight that the network does not have.
    Unexpected {
        /// Its name.
        name: String,
        /// The names that the network has.
        names: String,
    },
    /// A weight of another shape.
    Shape {
        /// Its name.
        name: String,
        /// The shape that the network needs.
        expected: [u64; 3],
        /// The shape that was found.
        found: Vec<u64>,
    },
    /// A number that is infinite or not a number.
    NotFinite {
        /// The name of the weight.
        name: String,
        /// The place of the number, row-major.
        index: usize,
    },
    /// A standard deviation that is not above 0.
    Deviation(f64),
    /// The weights need more memory than is allowed.
    TooLarge {
        /// Their memory.
        bytes: String,
        /// The limit.
        limit: String,
    },
    /// The scale is no positive number.
    Scale(f64),
    /// The bytes are no safetensors file that can be read.
    Format(String),
    /// The caller asked to stop.
    Interrupted,
}

impl ModelError {
    /// One line that says what to type instead.
    pub fn hint(&self) -> &'static str {
        match self {
            ModelError::Missing { .. }
            | ModelError::Unexpected { .. }
            | ModelError::Shape { .. } => {
                "load the weights with the network that they were made for"
            }
            ModelError::NotFinite { .. } => "init(net, seed = 1)",
            ModelError::TooLarge { .. } => "use fewer channels or sites, or sharing = \"layer\"",
            ModelError::Scale(_) => "scale = 1",
            ModelError::Deviation(_) => "give deviations above 0",
            ModelError::Format(_) => {
                "save(model, \"model.safetensors\") writes a file that can be read"
            }
            ModelError::Interrupted => "run it again",
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::Missing { name, expected } => {
                write!(f, "the weight {name} of shape {expected:?} is missing")
            }
            ModelError::Unexpected { name, names } => {
                write!(f, "the network has no weight {name}, only {names}")
            }
            ModelError::Shape { name, expected, found } => {
                write!(
                    f,
                    "the weight {name} has the shape {found:?}, the network needs {expected:?}"
                )
            }
            ModelError::NotFinite { name, index } => {
                write!(f, "number {index} of the weight {name} is not finite")
            }
            ModelError::TooLarge { bytes, limit } => {
                write!(f, "the weights are too large: {bytes}, the limit is {limit}")
            }
            ModelError::Deviation(found) => {
                write!(f, "the deviation of a normal density is a number above 0, not {found}")
            }
            ModelError::Scale(scale) => {
                write!(f, "the scale of weights is a finite number above 0, not {scale}")
            }
            ModelError::Format(reason) => write!(f, "this is no safetensors file: {reason}"),
            ModelError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ModelError {}
