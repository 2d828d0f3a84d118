//! Representation functions: the value of every site becomes a vector, and gradients of learned ones.

use super::kernels::{Matrix, MatrixMut};
use super::real::{Real, padded};
use crate::network::{Network, Representation, Shape};

/// The representation of a network with its parameters.
#[derive(Debug)]
pub(super) struct Lift<T> {
    kind: Representation,
    shape: Shape,
    pub sites: usize,
    pub dim: usize,
    /// Numbers that a sample has.
    pub values: usize,
    /// Affine: `patch x padded(dim)` and the biases. Gaussian: means, then logarithms of deviations.
    matrix: Vec<T>,
    bias: Vec<T>,
    patch: Patch,
    /// Roots of binomial coefficients of the cosines and sines.
    binomials: Vec<f64>,
}

/// Where the members of a patch are in an image with a border of zeros.
#[derive(Debug, Default)]
struct Patch {
    width: usize,
    height: usize,
    top: usize,
    left: usize,
    offsets: Vec<usize>,
}

impl Patch {
    fn new(shape: Shape, patch: Shape) -> Self {
        let size = |n: u64| n as usize;
        let width = size(shape.cols() + patch.cols() - 1);
        let height = size(shape.rows() + patch.rows() - 1);
        let places = (0..size(patch.rows()))
            .flat_map(|row| (0..size(patch.cols())).map(move |col| row * width + col));
        let (top, left) = (size((patch.rows() - 1) / 2), size((patch.cols() - 1) / 2));
        Self { width, height, top, left, offsets: places.collect() }
    }
}

/// Whether sites have a value; what is missing is summed over.
pub(super) type Missing<'m> = Option<&'m [bool]>;

impl<T: Real> Lift<T> {
    pub fn new(network: &Network) -> Self {
        let (kind, shape) = (network.features(), network.input_shape());
        let (sites, dim) = (shape.sites() as usize, network.dim() as usize);
        let patch = match kind {
            Representation::Affine { patch } => Patch::new(shape, patch),
            _ => Patch::default(),
        };
        let values = if kind.lifts() { sites } else { sites * dim };
        let (matrix, bias) = match kind {
            Representation::Affine { .. } => (patch.offsets.len() * padded(dim), padded(dim)),
            Representation::Gaussian => (dim, dim),
            _ => (0, 0),
        };
        let mut binomial = 1.0;
        let binomials = (0..dim).map(|d| {
            let root = f64::sqrt(binomial);
            binomial *= (dim - 1 - d) as f64 / (d + 1) as f64;
            root
        });
        Self {
            kind,
            shape,
            sites,
            dim,
            values,
            matrix: vec![T::ZERO; matrix],
            bias: vec![T::ZERO; bias],
            patch,
            binomials: if kind == Representation::CosSin {
                binomials.collect()
            } else {
                Vec::new()
            },
        }
    }

    /// The number of parameters, in the order of the shapes of the representation.
    pub fn parameters(&self) -> usize {
        match self.kind {
            Representation::Affine { .. } => (self.patch.offsets.len() + 1) * self.dim,
            Representation::Gaussian => 2 * self.dim,
            _ => 0,
        }
    }

    /// The numbers of a gradient, in the layout of the matrix and the bias.
    pub fn gradient_length(&self) -> usize {
        self.matrix.len() + self.bias.len()
    }

    /// Takes over parameters.
    pub fn set(&mut self, parameters: &[T]) {
        match self.kind {
            Representation::Affine { .. } => {
                let (inner, wide) = (self.patch.offsets.len(), padded(self.dim));
                let (weights, biases) = parameters.split_at(inner * self.dim);
                for (row, weights) in weights.chunks_exact(inner).enumerate() {
                    for (k, weight) in weights.iter().enumerate() {
                        self.matrix[k * wide + row] = *weight;
                    }
                }
                self.bias[..self.dim].copy_from_slice(biases);
            }
            Representation::Gaussian => {
                self.matrix.copy_from_slice(&parameters[..self.dim]);
                self.bias.copy_from_slice(&parameters[self.dim..]);
            }
            _ => {}
        }
    }

    /// A gradient in the order of parameters.
    pub fn unturn(&self, gradient: &[T], out: &mut [T]) {
        match self.kind {
            Representation::Affine { .. } => {
                let (inner, wide) = (self.patch.offsets.len(), padded(self.dim));
                let (matrix, bias) = gradient.split_at(inner * wide);
                for (row, out) in out[..inner * self.dim].chunks_exact_mut(inner).enumerate() {
                    for (k, slot) in out.iter_mut().enumerate() {
                        *slot = matrix[k * wide + row];
                    }
                }
                out[inner * self.dim..].copy_from_slice(&bias[..self.dim]);
            }
            Representation::Gaussian => out.copy_from_slice(gradient),
            _ => {}
        }
    }

    /// An image with a border of zeros, for patches.
    fn bordered(&self, sample: &[T], image: &mut Vec<T>) {
        let (patch, cols) = (&self.patch, self.shape.cols() as usize);
        image.clear();
        // The last row is followed by as many numbers as a patch may reach beyond it.
        image.resize(patch.width * (patch.height + 1), T::ZERO);
        for (row, values) in sample.chunks_exact(cols).enumerate() {
            let begin = (row + patch.top) * patch.width + patch.left;
            image[begin..begin + cols].copy_from_slice(values);
        }
    }

    /// The first site that is seen whose value has no level. What rounds to a level is one: values that
    /// were scaled may be a digit beyond 0 and 1.
    pub fn out_of_range(&self, values: &[f64], missing: Missing<'_>) -> Option<usize> {
        if self.kind != Representation::OneHot {
            return None;
        }
        let last = (self.dim - 1) as f64;
        let beyond = |x: f64| !(0.0..=last).contains(&(x * last).round());
        let seen = |site: usize| !missing.and_then(|missing| missing.get(site)).unwrap_or(&false);
        (0..values.len()).find(|site| beyond(values[*site]) && seen(*site))
    }

    /// The vectors of a sample: `sites x padded(dim)`; where there are exponents, those of the sites.
    pub fn forward(
        &self,
        sample: &[T],
        missing: Missing<'_>,
        out: &mut [T],
        exponents: &mut [i32],
        image: &mut Vec<T>,
    ) {
        let wide = padded(self.dim);
        let rows = out.chunks_exact_mut(wide);
        match self.kind {
            Representation::Given => {
                for (row, values) in rows.zip(sample.chunks_exact(self.dim)) {
                    row[..self.dim].copy_from_slice(values);
                }
            }
            Representation::CosSin => {
                for (row, x) in rows.zip(sample) {
                    let (sin, cos) = (x.double() * std::f64::consts::FRAC_PI_2).sin_cos();
                    for (d, (slot, root)) in row.iter_mut().zip(&self.binomials).enumerate() {
                        let (up, down) = (d as i32, (self.dim - 1 - d) as i32);
                        *slot = T::of(root * cos.powi(down) * sin.powi(up));
                    }
                }
            }
            Representation::OneHot => {
                for (row, x) in rows.zip(sample) {
                    row.fill(T::ZERO);
                    let level = (x.double() * (self.dim - 1) as f64).round();
                    row[(level.max(0.0) as usize).min(self.dim - 1)] = T::ONE;
                }
            }
            Representation::Gaussian => {
                for (site, (row, x)) in rows.zip(sample).enumerate() {
                    let density = |d: usize| {
                        let (mean, log) = (self.matrix[d].double(), self.bias[d].double());
                        let z = (x.double() - mean) / log.exp();
                        -0.5 * z * z - log - HALF_LN_TAU
                    };
                    let mut unit = 0.0;
                    if let Some(exponent) = exponents.get_mut(site) {
                        let most = (0..self.dim).map(density).fold(f64::NEG_INFINITY, f64::max);
                        let power = (most / std::f64::consts::LN_2).round();
                        unit = power * std::f64::consts::LN_2;
                        *exponent = power.clamp(-1e8, 1e8) as i32;
                    }
                    for (d, slot) in row[..self.dim].iter_mut().enumerate() {
                        *slot = T::of((density(d) - unit).exp());
                    }
                }
            }
            Representation::Affine { .. } => {
                self.bordered(sample, image);
                let (patch, cols) = (&self.patch, self.shape.cols() as usize);
                for (row, out) in out.chunks_exact_mut(cols * wide).enumerate() {
                    let image = &image[row * patch.width..];
                    let w = Matrix { data: &self.matrix, stride: wide };
                    let leaving = MatrixMut { data: &mut *out, stride: wide };
                    T::convolve(image, &patch.offsets, w, leaving, cols);
                    let bias = &self.bias[..wide];
                    for out in out.chunks_exact_mut(wide) {
                        for place in 0..wide {
                            out[place] += bias[place];
                        }
                    }
                    T::rectify(out);
                }
            }
        }
        if let Some(missing) = missing {
            for (site, row) in out.chunks_exact_mut(wide).enumerate() {
                if missing.get(site).copied().unwrap_or(false) {
                    row[..self.dim].fill(T::ONE);
                    if let Some(exponent) = exponents.get_mut(site) {
                        *exponent = 0;
                    }
                }
            }
        }
    }

    /// Adds the gradient of the parameters, given the vectors of a sample and their gradient, which is
    /// overwritten.
    pub fn backward(
        &self,
        sample: &[T],
        features: &[T],
        grad: &mut [T],
        sum: &mut [T],
        image: &mut Vec<T>,
    ) {
        let wide = padded(self.dim);
        match self.kind {
            Representation::Gaussian => {
                let (means, logs) = sum.split_at_mut(self.dim);
                let rows = features.chunks_exact(wide).zip(grad.chunks_exact(wide));
                for ((features, grad), x) in rows.zip(sample) {
                    for d in 0..self.dim {
                        let flow = grad[d] * features[d];
                        let deviation = T::of(self.bias[d].double().exp());
                        let z = (*x - self.matrix[d]) / deviation;
                        means[d] += flow * z / deviation;
                        logs[d] += flow * (z * z - T::ONE);
                    }
                }
            }
            Representation::Affine { .. } => {
                T::mask(features, grad);
                self.bordered(sample, image);
                let (patch, cols) = (&self.patch, self.shape.cols() as usize);
                let (matrix, bias) = sum.split_at_mut(self.matrix.len());
                for (row, grad) in grad.chunks_exact(cols * wide).enumerate() {
                    let image = &image[row * patch.width..];
                    let grad = Matrix { data: grad, stride: wide };
                    T::correlate(image, &patch.offsets, grad, matrix, cols);
                    for grad in grad.data.chunks_exact(wide) {
                        T::add_assign_all(bias, grad);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether parameters are learned.
    pub fn learns(&self) -> bool {
        self.gradient_length() > 0
    }
}

/// `ln(2 pi) / 2`.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
