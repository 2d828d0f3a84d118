//! Amplitudes: single entries of the tensor, and scores of inputs.
//!
//! One bottom-up pass of vectors, `2 N r^2` operations, each vector with its own power of two. If
//! entries of one vector drift so far apart that one leaves the range of a double, the pass is
//! done again with a power of two for every entry.

use super::EntangleError;
use super::linalg;
use super::model::Model;
use super::scaled::Scaled;
use super::tree::{Output, Tree};
use crate::interrupt::Interrupt;
use crate::network::{Network, Sharing};

/// Entries below this share of the largest may have been rounded to 0 on the way.
const SAFE_SPREAD: f64 = 1e-250;

/// What stands at the sites.
#[derive(Clone, Copy, Debug)]
pub enum Sites<'x> {
    /// For every site, row-major, a state from 0 to `M - 1`: the amplitude of a basis state.
    States(&'x [u32]),
    /// For every site `M` numbers, row-major: the inner product with a product state, which is
    /// the score of an input by its representation functions.
    Vectors(&'x [f64]),
}

/// A model ready for many amplitudes.
pub struct Amplitudes<'m> {
    tree: Tree<'m>,
    sites: usize,
    /// By level, for every position the positions of its children, in a row; `None` where they
    /// are neighbours in order.
    children: Vec<Option<Vec<u32>>>,
    /// By level, which matrix is above every position; `None` where there is one for all, or
    /// one for each.
    matrices: Vec<MatrixOf>,
}

enum MatrixOf {
    One,
    Each,
    Listed(Vec<u32>),
}

impl<'m> Amplitudes<'m> {
    /// Prepares a model.
    ///
    /// # Errors
    /// [`EntangleError::Graph`] when the network is no ConvAC; [`EntangleError::TooLarge`] above
    /// 2^26 sites; [`EntangleError::Interrupted`].
    pub fn new(model: &'m Model, interrupt: &Interrupt) -> Result<Self, EntangleError> {
        let tree = Tree::new(model)?;
        let network = model.network();
        let count = network.input_shape().sites();
        if count > crate::network::MAX_EXPLICIT_SITES {
            let limit = format!("{} sites", crate::network::MAX_EXPLICIT_SITES);
            let hint = "use fewer sites, or ask for entropies, which need no list of sites";
            let what = "the list of sites";
            return Err(EntangleError::too_large(what, format!("{count} sites"), limit, hint));
        }
        let mut children = Vec::new();
        let mut matrices = Vec::new();
        for level in tree.hierarchy.levels() {
            interrupt.check()?;
            let chain = matches!(level.shape, crate::network::Shape::Chain(_));
            children.push(match &level.window {
                Some(window) if !(chain && window.is_contiguous()) => {
                    let size = window.size();
                    let all = (0..level.shape.sites())
                        .flat_map(|position| (0..size).map(move |place| (position, place)));
                    Some(
                        all.map(|(position, place)| window.source(position, place) as u32)
                            .collect(),
                    )
                }
                _ => None,
            });
            matrices.push(matrix_of(network, level));
        }
        Ok(Amplitudes { tree, sites: count as usize, children, matrices })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.tree.classes()
    }

    /// The amplitude of one class, or of all.
    ///
    /// # Errors
    /// [`EntangleError::Domain`] for a wrong number of sites or values,
    /// [`EntangleError::OutOfRange`] for a state beyond `M - 1` or a class that is not there.
    pub fn evaluate(
        &self,
        sites: Sites<'_>,
        output: Output,
        interrupt: &Interrupt,
    ) -> Result<Vec<Scaled>, EntangleError> {
        self.check(sites)?;
        let heads = self.tree.heads(output)?;
        let shift = self.tree.shift;
        if let Some((vector, exponent)) = self.pass(sites, interrupt)? {
            let exponent = exponent.saturating_add(shift);
            let scores = heads.chunks_exact(vector.len().max(1));
            let dot = |head: &[f64]| head.iter().zip(&vector).map(|(x, y)| x * y).sum::<f64>();
            return scores
                .map(|head| Scaled::from_parts(dot(head), exponent).ok_or(EntangleError::NotFinite))
                .collect();
        }
        let scale = Scaled::from_parts(1.0, shift).ok_or(EntangleError::NotFinite)?;
        let vector = self.careful_pass(sites, interrupt)?;
        let vector: Vec<Scaled> = vector.into_iter().map(|entry| entry.mul(scale)).collect();
        let scores = heads.chunks_exact(vector.len().max(1));
        scores
            .map(|head| {
                let terms = head.iter().zip(&vector);
                terms.into_iter().try_fold(Scaled::ZERO, |sum, (weight, entry)| {
                    let weight = Scaled::new(*weight).ok_or(EntangleError::NotFinite)?;
                    Ok(sum.add(weight.mul(*entry)))
                })
            })
            .collect()
    }

    fn check(&self, sites: Sites<'_>) -> Result<(), EntangleError> {
        let dim = self.tree.dim(0);
        let (given, wanted, what) = match sites {
            Sites::States(states) => (states.len(), self.sites, "states"),
            Sites::Vectors(values) => (values.len(), self.sites * dim, "numbers"),
        };
        if given != wanted {
            return Err(EntangleError::Domain {
                message: format!(
                    "{given} {what} are given for {} sites of dimension {dim}",
                    self.sites
                ),
                hint: format!("give {wanted} {what}"),
            });
        }
        match sites {
            Sites::States(states) => match states.iter().find(|state| **state as usize >= dim) {
                Some(state) => Err(EntangleError::OutOfRange {
                    what: format!("local state {state}"),
                    range: format!("every site has the states 0 to {}", dim.saturating_sub(1)),
                    hint: format!("use states from 0 to {}", dim.saturating_sub(1)),
                }),
                None => Ok(()),
            },
            Sites::Vectors(values) if values.iter().all(|value| value.is_finite()) => Ok(()),
            Sites::Vectors(_) => Err(EntangleError::Domain {
                message: "an input value is not finite".into(),
                hint: "replace it by a number".into(),
            }),
        }
    }

    /// The index tree.
    pub(super) fn tree(&self) -> &Tree<'m> {
        &self.tree
    }

    /// The position of a child of an index.
    pub(super) fn child(&self, level: usize, position: usize, member: usize) -> usize {
        let members = self.members(level);
        let number = position * members + member;
        match self.children.get(level) {
            Some(Some(order)) => order.get(number).map_or(0, |child| *child as usize),
            _ => number,
        }
    }

    /// The number of children of the indices of a level.
    pub(super) fn members(&self, level: usize) -> usize {
        let step = self.tree.hierarchy.levels().get(level);
        step.map_or(0, |step| if level == 0 { 0 } else { step.branching.max(1) as usize })
    }

    /// The matrix above an index.
    pub(super) fn matrix(&self, level: usize, position: usize) -> Option<&[f64]> {
        let number = match self.matrices.get(level) {
            Some(MatrixOf::Each) => position,
            Some(MatrixOf::Listed(list)) => list.get(position).map_or(0, |number| *number as usize),
            _ => 0,
        };
        self.tree.matrix(level, number)
    }

    /// The vector at the last index, with its power of two; `None` when entries drifted apart.
    fn pass(
        &self,
        sites: Sites<'_>,
        interrupt: &Interrupt,
    ) -> Result<Option<(Vec<f64>, i64)>, EntangleError> {
        let mut exponent = 0i64;
        let mut below: Vec<f64> = Vec::new();
        for (place, level) in self.tree.hierarchy.levels().iter().enumerate() {
            interrupt.check()?;
            let positions = level.shape.sites() as usize;
            let (dim, up) = (self.tree.dim(place), self.tree.up_dim(place));
            let members = if place == 0 { 0 } else { level.branching.max(1) as usize };
            let order = self.children.get(place).and_then(Option::as_ref);
            let mut current = vec![0.0; positions * up];
            let mut product = vec![0.0; dim];
            for (position, out) in current.chunks_exact_mut(up.max(1)).enumerate() {
                if position % 4096 == 4095 {
                    interrupt.check()?;
                }
                let matrix = self.matrix(place, position);
                if place == 0 {
                    match (sites, matrix) {
                        (Sites::States(states), Some(matrix)) => {
                            let state = states.get(position).map_or(0, |state| *state as usize);
                            let column = matrix.iter().skip(state).step_by(dim.max(1));
                            out.iter_mut().zip(column).for_each(|(entry, value)| *entry = *value);
                        }
                        (Sites::States(states), None) => {
                            let state = states.get(position).map_or(0, |state| *state as usize);
                            if let Some(entry) = out.get_mut(state) {
                                *entry = 1.0;
                            }
                        }
                        (Sites::Vectors(values), matrix) => {
                            let site =
                                values.get(position * dim..(position + 1) * dim).unwrap_or(&[]);
                            match matrix {
                                Some(matrix) => linalg::matrix_vector(matrix, site, out),
                                None => out.copy_from_slice(site),
                            }
                        }
                    }
                } else {
                    let child = |member: usize| match order {
                        None => position * members + member,
                        Some(order) => order
                            .get(position * members + member)
                            .map_or(0, |child| *child as usize),
                    };
                    let vector = |member: usize| {
                        let start = child(member) * dim;
                        below.get(start..start + dim).unwrap_or(&[])
                    };
                    product.copy_from_slice(vector(0));
                    for member in 1..members {
                        let factor = vector(member);
                        product.iter_mut().zip(factor).for_each(|(entry, factor)| *entry *= factor);
                        if member % 64 == 63 {
                            exponent += super::gram::rescale(&mut product);
                            if drifted(&product, |entry| {
                                (0..=member).all(|member| {
                                    vector(member).get(entry).is_some_and(|value| *value != 0.0)
                                })
                            }) {
                                return Ok(None);
                            }
                        }
                    }
                    let far = |entry: usize| {
                        (0..members).all(|member| {
                            vector(member).get(entry).is_some_and(|value| *value != 0.0)
                        })
                    };
                    if drifted(&product, far) {
                        return Ok(None);
                    }
                    match matrix {
                        Some(matrix) => linalg::matrix_vector(matrix, &product, out),
                        None => out.copy_from_slice(&product),
                    }
                }
                exponent += super::gram::rescale(out);
            }
            below = current;
        }
        Ok(Some((below, exponent)))
    }

    /// As [`Amplitudes::pass`], with a power of two for every entry: slower, always right.
    fn careful_pass(
        &self,
        sites: Sites<'_>,
        interrupt: &Interrupt,
    ) -> Result<Vec<Scaled>, EntangleError> {
        let scaled = |value: f64| Scaled::new(value).ok_or(EntangleError::NotFinite);
        let mut below: Vec<Scaled> = Vec::new();
        for (place, level) in self.tree.hierarchy.levels().iter().enumerate() {
            let positions = level.shape.sites() as usize;
            let (dim, up) = (self.tree.dim(place), self.tree.up_dim(place));
            let members = if place == 0 { 0 } else { level.branching.max(1) as usize };
            let order = self.children.get(place).and_then(Option::as_ref);
            let mut current = Vec::with_capacity(positions * up);
            for position in 0..positions {
                if position % 256 == 0 {
                    interrupt.check()?;
                }
                let mut product = Vec::with_capacity(dim);
                for entry in 0..dim {
                    product.push(match (place, sites) {
                        (0, Sites::States(states)) => {
                            let state = states.get(position).map_or(0, |state| *state as usize);
                            scaled(if state == entry { 1.0 } else { 0.0 })?
                        }
                        (0, Sites::Vectors(values)) => {
                            scaled(values.get(position * dim + entry).copied().unwrap_or(0.0))?
                        }
                        _ => (0..members).fold(scaled(1.0)?, |done, member| {
                            let number = position * members + member;
                            let child = order.map_or(number, |order| {
                                order.get(number).map_or(0, |child| *child as usize)
                            });
                            let factor = below.get(child * dim + entry).copied();
                            done.mul(factor.unwrap_or(Scaled::ZERO))
                        }),
                    });
                }
                match self.matrix(place, position) {
                    None => current.extend(product),
                    Some(matrix) => {
                        for row in matrix.chunks_exact(dim.max(1)) {
                            let mut sum = Scaled::ZERO;
                            for (weight, entry) in row.iter().zip(&product) {
                                sum = sum.add(scaled(*weight)?.mul(*entry));
                            }
                            current.push(sum);
                        }
                    }
                }
            }
            below = current;
        }
        Ok(below)
    }
}

/// Whether an entry is so small that it may have been rounded to 0, though no factor of it is 0.
fn drifted(product: &[f64], has_factors: impl Fn(usize) -> bool) -> bool {
    let largest = product.iter().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
    let limit = largest * SAFE_SPREAD;
    let suspects = product.iter().enumerate().filter(|(_, entry)| entry.abs() <= limit);
    suspects.into_iter().any(|(entry, _)| has_factors(entry))
}

fn matrix_of(network: &Network, level: &crate::graph::Level) -> MatrixOf {
    let crate::graph::Edge::Weight { conv } = level.up else { return MatrixOf::One };
    match network.conv_layer(conv) {
        Some((_, Sharing::None)) => MatrixOf::Each,
        Some((_, Sharing::Window)) => match network.weight_of_position(conv) {
            Some(of) => MatrixOf::Listed(
                (0..level.shape.sites()).map(|position| of(position) as u32).collect(),
            ),
            None => MatrixOf::One,
        },
        _ => MatrixOf::One,
    }
}
