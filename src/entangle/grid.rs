//! The grid tensor of any small network, and the rank of its matricizations.
//!
//! With `T` templates for a site (vectors of `M` features) the function of a class becomes the
//! tensor `A[d_1, …, d_N] = h_y(x^(d_1), …, x^(d_N))`. For a ConvAC with the unit vectors as
//! templates it is `A^y` itself; for rectifiers and max pooling it is the grid tensor of Cohen and
//! Shashua, "Convolutional rectifier networks as generalized tensor decompositions"
//! (arXiv 1603.00162), whose ranks can be compared with those of ConvACs.

use super::EntangleError;
use super::gram::rescale;
use super::linalg;
use super::model::Model;
use super::spectrum::{NumericalRank, Spectrum};
use crate::graph::GraphError;
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Layer, Pooling, Side, SplitMix64, Window};

/// The most numbers of anything that a dense tensor is made of: 2^30.
const MAX_NUMBERS: u64 = 1 << 30;
/// The most entries of a dense tensor: 2^24, 128 MiB.
pub const MAX_ENTRIES: u64 = 1 << 24;

/// The templates of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Templates {
    count: usize,
    /// `count x M`, row-major.
    vectors: Vec<f64>,
}

impl Templates {
    /// The `M` unit vectors.
    ///
    /// # Errors
    /// [`EntangleError::TooLarge`] above 2^24 numbers.
    pub fn unit(dim: usize) -> Result<Self, EntangleError> {
        Self::check(dim, dim)?;
        Ok(Templates { count: dim, vectors: super::gram::identity(dim) })
    }

    /// So many vectors of independent numbers, uniform between -1 and 1.
    ///
    /// # Errors
    /// [`EntangleError::Domain`] for none, [`EntangleError::TooLarge`] above 2^24 numbers.
    pub fn random(count: usize, dim: usize, seed: u64) -> Result<Self, EntangleError> {
        Self::check(count, dim)?;
        let mut random = SplitMix64::new(seed);
        let vectors = (0..count * dim).map(|_| 2.0 * random.unit() - 1.0).collect();
        Ok(Templates { count, vectors })
    }

    fn check(count: usize, dim: usize) -> Result<(), EntangleError> {
        if count == 0 || dim == 0 {
            return Err(EntangleError::Domain {
                message: "a grid tensor needs at least one template".into(),
                hint: "templates = 2".into(),
            });
        }
        let numbers = (count as u64).checked_mul(dim as u64);
        if numbers.is_none_or(|numbers| numbers > MAX_ENTRIES) {
            let (size, limit) =
                (format!("{count}x{dim} numbers"), format!("{MAX_ENTRIES} numbers"));
            let hint = "use a smaller local dimension or fewer templates";
            return Err(EntangleError::too_large("the list of templates", size, limit, hint));
        }
        Ok(())
    }

    /// These vectors, each of `dim` features.
    ///
    /// # Errors
    /// [`EntangleError::Domain`] when there is none, one is of another length or not finite.
    pub fn listed(vectors: &[Vec<f64>], dim: usize) -> Result<Self, EntangleError> {
        let wrong = vectors
            .iter()
            .find(|vector| vector.len() != dim || vector.iter().any(|entry| !entry.is_finite()));
        if vectors.is_empty() || wrong.is_some() {
            return Err(EntangleError::Domain {
                message: format!(
                    "a template is a list of {dim} finite numbers, one for each feature"
                ),
                hint: format!("templates = {dim}"),
            });
        }
        Ok(Templates { count: vectors.len(), vectors: vectors.concat() })
    }

    /// All vectors, one after another.
    pub fn vectors(&self) -> &[f64] {
        &self.vectors
    }

    /// Their number.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// A dense tensor of every class.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// The size of every axis.
    pub size: usize,
    /// The number of sites.
    pub sites: usize,
    /// By class, the `size^sites` entries, row-major, site 0 first.
    pub classes: Vec<Vec<f64>>,
    /// The power of two of all entries.
    pub exponent: i64,
}

/// What arrives at one position for every choice of templates at its sites.
struct Block {
    /// The sites below, the first the most significant digit.
    sites: Vec<u64>,
    /// For every choice the channels.
    values: Vec<f64>,
    exponent: i64,
}

/// The dense tensor of every class on these templates.
///
/// Costs about `T^N` times the work of the last layers: a position is evaluated once for each
/// choice of templates at its own sites.
///
/// # Errors
/// [`EntangleError::TooLarge`] above 2^24 entries, [`EntangleError::Interrupted`].
pub fn dense(
    model: &Model,
    templates: &Templates,
    interrupt: &Interrupt,
) -> Result<Dense, EntangleError> {
    let network = model.network();
    let (sites, dim) = (network.input_shape().sites(), network.dim() as usize);
    let size = templates.count;
    check_size(size, sites, network.stages().iter().map(|stage| stage.channels_out))?;
    let mut blocks: Vec<Block> = (0..sites)
        .map(|site| Block { sites: vec![site], values: templates.vectors.clone(), exponent: 0 })
        .collect();
    let mut channels = dim;
    let mut conv = 0;
    for (layer, stage) in network.layers().iter().zip(network.stages()) {
        interrupt.check()?;
        match layer {
            Layer::Input { .. } => {}
            Layer::Relu => {
                for block in &mut blocks {
                    block.values.iter_mut().for_each(|value| *value = value.max(0.0));
                }
            }
            Layer::Conv { .. } | Layer::Output { .. } => {
                let is_conv = matches!(layer, Layer::Conv { .. });
                let weight = if is_conv { model.conv(conv) } else { Some(model.output()) };
                let of = network.weight_of_position(conv).filter(|_| is_conv);
                conv += usize::from(is_conv);
                let Some(weight) = weight else { continue };
                let new = weight.rows();
                for (position, block) in blocks.iter_mut().enumerate() {
                    interrupt.check()?;
                    let number = of.as_ref().map_or(0, |of| of(position as u64));
                    let matrix = weight.matrix(number as usize);
                    let rows = block.values.len() / channels.max(1);
                    let mut out = vec![0.0; rows * new];
                    linalg::multiply_transposed(
                        &block.values,
                        matrix,
                        &mut out,
                        rows,
                        channels,
                        new,
                    );
                    block.values = out;
                    block.exponent += rescale(&mut block.values);
                }
                channels = new;
            }
            Layer::Pool { window, kind, geometry } => {
                let Some(window) = Window::new(stage.shape_in, *window, geometry) else {
                    let text = format!("{layer} does not fit {}", stage.shape_in);
                    return Err(GraphError::Malformed(text).into());
                };
                let mut pooled = Vec::new();
                for target in 0..window.target().sites() {
                    let mut joined: Option<Block> = None;
                    for place in 0..window.size() {
                        interrupt.check()?;
                        let source = window.source(target, place) as usize;
                        let Some(member) = blocks.get(source) else { continue };
                        joined = Some(match joined {
                            None => Block {
                                sites: member.sites.clone(),
                                values: member.values.clone(),
                                exponent: member.exponent,
                            },
                            Some(left) => join(left, member, *kind, channels),
                        });
                    }
                    let Some(mut block) = joined else { continue };
                    if *kind == Pooling::Mean {
                        let share = 1.0 / window.size() as f64;
                        block.values.iter_mut().for_each(|value| *value *= share);
                    }
                    block.exponent += rescale(&mut block.values);
                    pooled.push(block);
                }
                blocks = pooled;
            }
        }
    }
    let Some(block) = blocks.pop() else { return Err(EntangleError::ZeroState) };
    let order = row_major(&block.sites, size);
    let mut classes = vec![vec![0.0; order.len()]; channels];
    for (values, target) in block.values.chunks_exact(channels.max(1)).zip(order) {
        for (class, value) in classes.iter_mut().zip(values) {
            if let Some(slot) = class.get_mut(target) {
                *slot = *value;
            }
        }
    }
    Ok(Dense { size, sites: sites as usize, classes, exponent: block.exponent })
}

fn check_size(
    size: usize,
    sites: u64,
    channels: impl Iterator<Item = u64>,
) -> Result<(), EntangleError> {
    let entries = u32::try_from(sites).ok().and_then(|power| (size as u64).checked_pow(power));
    let widest = channels.max().unwrap_or(1);
    let hint = "use fewer sites; rank(net, across) and entropy(model, across) need no dense tensor";
    if let Some(entries) = entries.filter(|entries| *entries <= MAX_ENTRIES) {
        // With one template the tensor is one number, but every site has its channels.
        let numbers = entries.max(sites).checked_mul(widest);
        if numbers.is_some_and(|numbers| numbers <= MAX_NUMBERS) && sites <= MAX_ENTRIES {
            return Ok(());
        }
        let size = format!("{entries} entries, {sites} sites, up to {widest} channels");
        let limit = format!("{MAX_NUMBERS} numbers and {MAX_ENTRIES} sites");
        return Err(EntangleError::too_large("the work on the dense tensor", size, limit, hint));
    }
    let size = format!("{size}^{sites} entries");
    let limit = format!("{MAX_ENTRIES} entries");
    Err(EntangleError::too_large("the dense tensor", size, limit, hint))
}

/// All pairs of choices of two blocks, pooled channel by channel.
fn join(mut left: Block, right: &Block, kind: Pooling, channels: usize) -> Block {
    let mut other = right.values.clone();
    let mut exponent = left.exponent + right.exponent;
    if kind != Pooling::Product {
        // Compared or added: both with the larger power of two. A block of zeros has none: it must
        // not push the other below the range of doubles, and is itself not scaled.
        let powers = [(&left.values, left.exponent), (&other, right.exponent)];
        let powers = powers.map(|(values, power)| linalg::exponent(values).map(|_| power));
        exponent = powers.into_iter().flatten().max().unwrap_or(exponent);
        for (values, power) in [&mut left.values, &mut other].into_iter().zip(powers) {
            if let Some(power) = power {
                linalg::scale_down(values, exponent - power);
            }
        }
    }
    let mut values = Vec::with_capacity(left.values.len() * other.len() / channels.max(1));
    for x in left.values.chunks_exact(channels.max(1)) {
        for y in other.chunks_exact(channels.max(1)) {
            values.extend(x.iter().zip(y).map(|(x, y)| match kind {
                Pooling::Product => x * y,
                Pooling::Max => x.max(*y),
                Pooling::Mean => x + y,
            }));
        }
    }
    if kind == Pooling::Product {
        // Windows may be long: every product starts from numbers of ordinary size.
        exponent += rescale(&mut values);
    }
    left.sites.extend(&right.sites);
    Block { sites: left.sites, values, exponent }
}

/// For every choice, in the order of the digits of `sites`, its row-major place.
fn row_major(sites: &[u64], size: usize) -> Vec<usize> {
    let count = sites.len() as u32;
    let mut order = vec![0usize];
    for site in sites {
        let stride = size.pow(count - 1 - *site as u32);
        order = order
            .iter()
            .flat_map(|place| (0..size).map(move |digit| place + digit * stride))
            .collect();
    }
    order
}

/// The rank of a grid tensor across a bipartition.
#[derive(Clone, Debug, PartialEq)]
pub struct GridRank {
    /// The numerical rank and the gap in the spectrum; of the zero tensor rank 0.
    pub rank: NumericalRank,
    /// The normalised singular values, largest first.
    pub values: Vec<f64>,
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
}

/// The rank of the grid tensor of a class across a bipartition.
///
/// # Errors
/// As [`dense`]; [`EntangleError::OutOfRange`] for a class that is not there.
pub fn grid_rank(
    model: &Model,
    across: &Bipartition,
    class: usize,
    templates: &Templates,
    tolerance: f64,
    interrupt: &Interrupt,
) -> Result<GridRank, EntangleError> {
    let network = model.network();
    if across.shape() != network.input_shape() {
        let (network, partition) = (network.input_shape(), across.shape());
        return Err(GraphError::ShapeMismatch { network, partition }.into());
    }
    let classes = network.classes();
    if class as u64 >= classes {
        return Err(EntangleError::OutOfRange {
            what: format!("class {class}"),
            range: format!("the model has classes 0 to {}", classes.saturating_sub(1)),
            hint: "class = 0".into(),
        });
    }
    let tensor = dense(model, templates, interrupt)?;
    let entries = tensor.classes.get(class).map_or(&[][..], Vec::as_slice);
    let (rows, cols, matrix) = matricize(entries, tensor.size, across);
    let values = linalg::singular_values(matrix, rows, cols, interrupt)?;
    let shape = (rows, cols);
    Ok(match Spectrum::from_singular_values(values, tensor.exponent) {
        Some(spectrum) => {
            GridRank { rank: spectrum.rank(tolerance), values: spectrum.values().to_vec(), shape }
        }
        None => {
            let rank = NumericalRank { rank: 0, tolerance, last_kept: 0.0, first_dropped: 0.0 };
            GridRank { rank, values: Vec::new(), shape }
        }
    })
}

/// The matrix of a tensor (row-major, site 0 first) with the sites of A as rows.
fn matricize(entries: &[f64], size: usize, across: &Bipartition) -> (usize, usize, Vec<f64>) {
    let sites = across.shape().sites();
    let (rows, cols) = (size.pow(across.count_a() as u32), size.pow(across.count_b() as u32));
    // The row and column of every entry, digit by digit.
    let mut places = vec![(0usize, 0usize)];
    for site in 0..sites {
        let in_a = across.side(site) == Side::A;
        let step = |(row, col): &(usize, usize), digit: usize| {
            if in_a { (row * size + digit, *col) } else { (*row, col * size + digit) }
        };
        places = places
            .iter()
            .flat_map(|place| (0..size).map(move |digit| (place, digit)))
            .map(|(place, digit)| step(place, digit))
            .collect();
    }
    let mut matrix = vec![0.0; rows * cols];
    for (value, (row, col)) in entries.iter().zip(places) {
        if let Some(slot) = matrix.get_mut(row * cols + col) {
            *slot = *value;
        }
    }
    (rows, cols, matrix)
}
