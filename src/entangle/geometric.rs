//! The geometric measure over all sites: how far the nearest product state is.
//!
//! Alternating least squares: with all sites but one fixed, the best state of that site is the
//! normalised contraction of the others. One pass up and one down update every site with fresh
//! neighbours, `O(N (r^2 + M r))` operations. There are local optima, so many starts are made; the
//! largest overlap found is a lower bound of the largest there is, and the measure from it an
//! upper bound. From the other side no product state overlaps more than the largest Schmidt
//! value across any bond allows.

use super::EntangleError;
use super::amplitude::Amplitudes;
use super::environment::bond_entropies;
use super::gram::rescale;
use super::linalg;
use super::model::Model;
use super::scaled::Scaled;
use super::tree::Output;
use crate::interrupt::Interrupt;
use crate::network::SplitMix64;
use rayon::prelude::*;

/// The most sweeps of one start.
const MAX_SWEEPS: usize = 1000;
/// A start ends when a sweep changes the overlap by less than this share.
const TOLERANCE: f64 = 1e-13;
/// Starts whose overlaps agree to this share have found the same optimum.
const SAME: f64 = 1e-8;

/// The nearest product state that was found.
#[derive(Clone, Debug)]
pub struct Geometric {
    /// `sqrt(1 - overlap^2)` of the best product state found: an upper bound of the measure.
    pub upper: f64,
    /// `sqrt(1 - p_max)` of the bond that allows least: a lower bound of the measure.
    pub lower: f64,
    /// The natural logarithm of the squared overlap with the normalised state.
    pub ln_overlap: f64,
    /// The number of starts, and how many of them found the best overlap.
    pub restarts: usize,
    /// How many starts found it.
    pub hits: usize,
    /// The largest change that one more update of any site would make: 0 at an optimum.
    pub residual: f64,
    /// The sweeps of the best start.
    pub sweeps: usize,
    /// The states of the sites of the best product state, row-major, `N x M`, each of norm 1.
    pub product: Vec<f64>,
}

/// A vector with its power of two.
type Vector = (Vec<f64>, i64);

/// One start: the sites and what they send up.
struct Climb<'a, 'm> {
    network: &'a Amplitudes<'m>,
    sites: Vec<f64>,
    /// By level, the messages of all positions.
    messages: Vec<Vec<Vector>>,
    /// The squared overlap (not normalised) after the last update, and the largest change of a
    /// site in this sweep.
    overlap: Scaled,
    change: f64,
}

/// Where one start ended.
struct End {
    overlap: Scaled,
    residual: f64,
    sweeps: usize,
    sites: Vec<f64>,
}

/// The geometric measure of the state of one class over all its sites.
///
/// # Errors
/// [`EntangleError::Graph`] when the network is no ConvAC, [`EntangleError::OutOfRange`],
/// [`EntangleError::ZeroState`], [`EntangleError::Domain`] without a start,
/// [`EntangleError::Interrupted`].
pub fn geometric(
    model: &Model,
    class: usize,
    restarts: usize,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Geometric, EntangleError> {
    if restarts == 0 {
        return Err(EntangleError::Domain {
            message: "the search needs at least one start".into(),
            hint: "restarts = 20".into(),
        });
    }
    let output = Output::Class(class);
    let bonds = bond_entropies(model, output, f64::INFINITY, interrupt)?;
    let least = bonds.iter().map(|bond| bond.entropy).fold(0.0f64, f64::max);
    let network = Amplitudes::new(model, interrupt)?;
    let norm = squared_norm(&network, model, output, interrupt)?;
    let heads = network.tree().heads(output)?;
    let climb = |number: usize| -> Result<End, EntangleError> {
        let mut random = SplitMix64::new(seed.wrapping_add(number as u64));
        let stream = random.next_u64();
        Climb::start(&network, stream, interrupt)?.run(heads, interrupt)
    };
    let ends: Vec<End> = (0..restarts).into_par_iter().map(climb).collect::<Result<_, _>>()?;
    let mut best: Option<&End> = None;
    for end in &ends {
        // The first of equals, so that the answer does not depend on threads.
        if best.is_none_or(|best| end.overlap > best.overlap) {
            best = Some(end);
        }
    }
    let best = best.ok_or(EntangleError::ZeroState)?;
    let hits = ends.iter().filter(|end| end.overlap.ratio(best.overlap) > 1.0 - SAME).count();
    let shift = 2.0 * network.tree().shift as f64 * std::f64::consts::LN_2;
    let ln_overlap = (best.overlap.ln_abs() + shift - norm.ln_abs()).min(0.0);
    Ok(Geometric {
        upper: (-ln_overlap.exp_m1()).max(0.0).sqrt(),
        lower: (-(-least).exp_m1()).max(0.0).sqrt(),
        ln_overlap,
        restarts,
        hits,
        residual: best.residual,
        sweeps: best.sweeps,
        product: best.sites.clone(),
    })
}

fn squared_norm(
    network: &Amplitudes<'_>,
    model: &Model,
    output: Output,
    interrupt: &Interrupt,
) -> Result<Scaled, EntangleError> {
    let norm = super::squared_norm(model, output, interrupt)?;
    if norm.is_zero() || network.classes() == 0 { Err(EntangleError::ZeroState) } else { Ok(norm) }
}

impl<'a, 'm> Climb<'a, 'm> {
    fn start(
        network: &'a Amplitudes<'m>,
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let tree = network.tree();
        let dim = tree.dim(0);
        let count = tree.hierarchy.input_shape().sites() as usize;
        let mut random = SplitMix64::new(seed);
        let mut sites = Vec::with_capacity(count * dim);
        for _ in 0..count {
            // The sum of uniform numbers is near enough to a Gaussian for a start.
            let mut site: Vec<f64> =
                (0..dim).map(|_| (0..4).map(|_| random.unit() - 0.5).sum::<f64>()).collect();
            normalise(&mut site);
            sites.extend(site);
        }
        let messages = vec![Vec::new(); tree.depth()];
        let mut climb = Climb { network, sites, messages, overlap: Scaled::ZERO, change: 0.0 };
        for level in 0..tree.depth() {
            interrupt.check()?;
            let positions = tree.hierarchy.levels().get(level).map_or(0, |step| step.shape.sites());
            let all =
                (0..positions as usize).map(|position| climb.message(level, position)).collect();
            if let Some(slot) = climb.messages.get_mut(level) {
                *slot = all;
            }
        }
        Ok(climb)
    }

    fn run(mut self, heads: &[f64], interrupt: &Interrupt) -> Result<End, EntangleError> {
        let mut last = Scaled::ZERO;
        let mut sweeps = 0;
        let top = self.network.tree().depth().saturating_sub(1);
        while sweeps < MAX_SWEEPS {
            self.change = 0.0;
            self.descend(top, 0, (heads.to_vec(), 0), interrupt)?;
            sweeps += 1;
            let grown = if last.is_zero() { f64::INFINITY } else { self.overlap.ratio(last) - 1.0 };
            if self.overlap.is_zero() || grown.abs() <= TOLERANCE {
                break;
            }
            last = self.overlap;
        }
        Ok(End { overlap: self.overlap, residual: self.change, sweeps, sites: self.sites })
    }

    /// What an index sends up: its product, with its matrix applied.
    fn message(&self, level: usize, position: usize) -> Vector {
        let tree = self.network.tree();
        let dim = tree.dim(level);
        let (product, mut exponent) = if level == 0 {
            let site = self.sites.get(position * dim..(position + 1) * dim);
            (site.unwrap_or(&[]).to_vec(), 0)
        } else {
            self.product(level, position, None)
        };
        let mut out = match self.network.matrix(level, position) {
            None => product,
            Some(matrix) => {
                let mut out = vec![0.0; tree.up_dim(level)];
                linalg::matrix_vector(matrix, &product, &mut out);
                out
            }
        };
        exponent += rescale(&mut out);
        (out, exponent)
    }

    /// The product of the messages of all children of an index, but one.
    fn product(&self, level: usize, position: usize, without: Option<usize>) -> Vector {
        let mut product = vec![1.0; self.network.tree().dim(level)];
        let mut exponent = 0;
        let below = level.checked_sub(1).and_then(|below| self.messages.get(below));
        for member in 0..self.network.members(level) {
            if without == Some(member) {
                continue;
            }
            let child = self.network.child(level, position, member);
            let Some((message, own)) = below.and_then(|below| below.get(child)) else { continue };
            product.iter_mut().zip(message).for_each(|(entry, factor)| *entry *= factor);
            exponent += own + if member % 8 == 7 { rescale(&mut product) } else { 0 };
        }
        (product, exponent)
    }

    /// Updates all sites below an index, first to last; `environment` is what the rest of the
    /// network looks like from the index.
    fn descend(
        &mut self,
        level: usize,
        position: usize,
        environment: Vector,
        interrupt: &Interrupt,
    ) -> Result<(), EntangleError> {
        let dim = self.network.tree().dim(level);
        let (environment, exponent) = environment;
        if level == 0 {
            let mut site = environment;
            let length = normalise(&mut site);
            if length == 0.0 {
                return Ok(());
            }
            if let Some(old) = self.sites.get_mut(position * dim..(position + 1) * dim) {
                let change: f64 = old.iter().zip(&site).map(|(x, y)| (x - y) * (x - y)).sum();
                self.change = self.change.max(change.sqrt());
                old.copy_from_slice(&site);
            }
            let overlap = Scaled::from_parts(length, exponent).ok_or(EntangleError::NotFinite)?;
            self.overlap = overlap.mul(overlap);
            return Ok(());
        }
        interrupt.check()?;
        for member in 0..self.network.members(level) {
            interrupt.check()?;
            let child = self.network.child(level, position, member);
            let (mut seen, mut own) = self.product(level, position, Some(member));
            seen.iter_mut().zip(&environment).for_each(|(entry, factor)| *entry *= factor);
            own += exponent;
            let mut below = match self.network.matrix(level - 1, child) {
                None => seen,
                Some(matrix) => {
                    let mut out = vec![0.0; self.network.tree().dim(level - 1)];
                    linalg::transposed_vector(matrix, &seen, &mut out);
                    out
                }
            };
            own += rescale(&mut below);
            self.descend(level - 1, child, (below, own), interrupt)?;
            let message = self.message(level - 1, child);
            if let Some(slot) = self.messages.get_mut(level - 1).and_then(|all| all.get_mut(child))
            {
                *slot = message;
            }
        }
        Ok(())
    }
}

/// Makes a vector one of norm 1; its norm before.
fn normalise(vector: &mut [f64]) -> f64 {
    let largest = vector.iter().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    vector.iter_mut().for_each(|entry| *entry /= largest);
    let length = vector.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|entry| *entry /= length);
    length * largest
}
