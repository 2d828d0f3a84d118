//! Random weights.

use super::{Model, ModelError, Origin, Weight, standard_features, weight_shapes};
use crate::interrupt::Interrupt;
use crate::network::{Network, SplitMix64};
use dashu_int::UBig;

/// The largest memory of the weights of one model: 4 GiB.
pub const MAX_WEIGHT_BYTES: u64 = 1 << 32;

/// A distribution of initial weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Normal with mean 0 and variance `scale^2 / cols`, `cols` being the channels that enter.
    Gaussian,
    /// Uniform between `-a` and `a` with the same variance.
    Uniform,
    /// Orthonormal rows (or columns, if there are more rows) times `scale`, uniformly distributed
    /// (Haar): the Q of a Gaussian matrix, by Gram and Schmidt.
    Orthogonal,
    /// Positive; every row is uniformly distributed on the simplex of sum `scale`.
    Positive,
}

impl Initial {
    /// All of them with their spellings.
    pub const ALL: [(&'static str, Initial); 4] = [
        ("gaussian", Initial::Gaussian),
        ("uniform", Initial::Uniform),
        ("orthogonal", Initial::Orthogonal),
        ("positive", Initial::Positive),
    ];

    /// The one of this spelling.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The spelling.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// A model with random weights.
///
/// Every matrix has a stream of its own, made of the seed, the layer and its number, so that
/// results depend on nothing else.
///
/// # Errors
/// [`ModelError::TooLarge`] above 4 GiB, [`ModelError::Scale`], [`ModelError::Interrupted`].
pub fn init(
    network: &Network,
    kind: Initial,
    seed: u64,
    scale: f64,
    interrupt: &Interrupt,
) -> Result<Model, ModelError> {
    if !scale.is_finite() || scale <= 0.0 {
        return Err(ModelError::Scale(scale));
    }
    let bytes = network.params() * 8u8;
    if bytes > UBig::from(MAX_WEIGHT_BYTES) {
        // Rounded up: what is a little above the limit is not shown as the limit.
        let gib: UBig = (&bytes + ((1u64 << 30) - 1)) >> 30;
        let bytes = if gib > UBig::from(1u64 << 20) {
            format!("about 1e{} bytes", bytes.to_string().len() - 1)
        } else {
            format!("{gib} GiB")
        };
        return Err(ModelError::TooLarge { bytes, limit: "4 GiB".into() });
    }
    let mut weights = Vec::new();
    for (layer, (_, shape)) in weight_shapes(network).into_iter().enumerate() {
        let [positions, rows, cols] = shape.map(|size| size as usize);
        let mut data = Vec::with_capacity(positions * rows * cols);
        for position in 0..positions {
            if position % 64 == 0 {
                interrupt.check().map_err(|_| ModelError::Interrupted)?;
            }
            let mut random = stream(seed, layer as u64, position as u64);
            let start = data.len();
            match kind {
                Initial::Orthogonal => {
                    // The scale comes last: its square may under- or overflow.
                    fill(&mut data, rows * cols, interrupt, || gaussian(&mut random))?;
                }
                Initial::Gaussian => {
                    let spread = scale / (cols as f64).sqrt();
                    fill(&mut data, rows * cols, interrupt, || spread * gaussian(&mut random))?;
                }
                Initial::Uniform => {
                    let spread = scale * (3.0 / cols as f64).sqrt();
                    fill(&mut data, rows * cols, interrupt, || {
                        spread * (2.0 * random.unit() - 1.0)
                    })?;
                }
                Initial::Positive => {
                    fill(&mut data, rows * cols, interrupt, || {
                        // Exponential: never 0, so that no row sums to 0.
                        -(1.0 - random.unit()).max(f64::MIN_POSITIVE).ln() + f64::MIN_POSITIVE
                    })?;
                }
            }
            let Some(matrix) = data.get_mut(start..) else { continue };
            match kind {
                Initial::Orthogonal => orthonormalize(matrix, rows, cols, scale, interrupt)?,
                Initial::Positive => {
                    for row in matrix.chunks_exact_mut(cols.max(1)) {
                        let total: f64 = row.iter().sum();
                        row.iter_mut().for_each(|entry| *entry *= scale / total);
                    }
                }
                _ => {}
            }
        }
        weights.extend(Weight::new(shape, data));
    }
    let Some(output) = weights.pop() else {
        return Err(ModelError::Missing { name: "output.weight".into(), expected: [1, 1, 1] });
    };
    let origin = Origin::Initial { kind, seed, scale };
    let model = Model::new(network.clone(), weights, output, origin)?;
    model.with_features(standard_features(network, seed))
}

/// The stream of a matrix.
pub(super) fn stream(seed: u64, layer: u64, position: u64) -> SplitMix64 {
    let mut mixed = SplitMix64::new(seed);
    let mut by_layer =
        SplitMix64::new(mixed.next_u64() ^ layer.wrapping_mul(0xA076_1D64_78BD_642F));
    SplitMix64::new(by_layer.next_u64() ^ position.wrapping_mul(0xE703_7ED1_A0B4_28DB))
}

fn fill(
    data: &mut Vec<f64>,
    count: usize,
    interrupt: &Interrupt,
    mut draw: impl FnMut() -> f64,
) -> Result<(), ModelError> {
    const BLOCK: usize = 1 << 16;
    let mut left = count;
    while left > 0 {
        interrupt.check().map_err(|_| ModelError::Interrupted)?;
        let size = left.min(BLOCK);
        data.extend((0..size).map(|_| draw()));
        left -= size;
    }
    Ok(())
}

/// A standard normal number by the polar method (Marsaglia and Bray, 1964); the second number of
/// each pair is dropped, so that streams stay simple.
pub(super) fn gaussian(random: &mut SplitMix64) -> f64 {
    loop {
        let (x, y) = (2.0 * random.unit() - 1.0, 2.0 * random.unit() - 1.0);
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

/// Makes the rows (or the columns, if there are more rows) orthonormal, times `scale`: Gram and
/// Schmidt, twice, because once is not enough for digits.
fn orthonormalize(
    matrix: &mut [f64],
    rows: usize,
    cols: usize,
    scale: f64,
    interrupt: &Interrupt,
) -> Result<(), ModelError> {
    let (count, length) = if rows <= cols { (rows, cols) } else { (cols, rows) };
    let place = |vector: usize, entry: usize| {
        if rows <= cols { vector * cols + entry } else { entry * cols + vector }
    };
    let mut vectors: Vec<Vec<f64>> = (0..count)
        .map(|vector| {
            let entries = (0..length).map(|entry| matrix.get(place(vector, entry)).copied());
            entries.map(|entry| entry.unwrap_or(0.0)).collect()
        })
        .collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    for number in 0..count {
        interrupt.check().map_err(|_| ModelError::Interrupted)?;
        let (done, rest) = vectors.split_at_mut(number);
        let Some(vector) = rest.first_mut() else { break };
        for _ in 0..2 {
            for other in done.iter() {
                let overlap = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(entry, other)| *entry -= overlap * other);
            }
        }
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|entry| *entry /= norm);
    }
    for (number, vector) in vectors.iter().enumerate() {
        for (entry, value) in vector.iter().enumerate() {
            if let Some(slot) = matrix.get_mut(place(number, entry)) {
                *slot = scale * value;
            }
        }
    }
    Ok(())
}
