//! What one asks of a network with weights: it is a state of its sites.
//!
//! The methods ask of class 0, which is the only one of a network with `output(1)`; those with an
//! [`Output`] take any class, or keep the class index on a side.

use std::sync::Arc;

use super::{Across, Answer, Error, Schmidt};
use crate::builtins::typed;
use crate::entangle::model::{Model, forward};
use crate::entangle::{
    self, Accuracy, Amplitudes, BondEntropy, Output, Sampler, Scaled, Sites, bond_entropies,
    squared_norm,
};
use crate::interrupt::Interrupt;

/// The class of networks with one output.
const FIRST: Output = Output::Class(0);

impl Model {
    /// The Schmidt spectrum across a partition: the singular values of the matricization
    /// `[A^y]_{A,B}`, normalised, each to about 1e-16 of the largest. By `Deref` it has `values()`,
    /// `p()`, `entropy(order)` in nats, `negativity()`, `geometric()` and `purity()`.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the network is no ConvAC, the state is zero or the matrix too large.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let net = Network::chain(16, 4).conv(4).pool(2).conv(4).pool(8).output(1)?;
    /// let model = net.init(1)?;
    /// let spectrum = model.schmidt(Rule::LeftRight)?;
    /// assert!(spectrum.values().len() as f64 <= net.min_cut(Rule::LeftRight)?.bits().exp2());
    /// let nats = cac!("entropy(model, left_right)", model = &model => f64)?;
    /// assert!((spectrum.entropy(1.0) - nats).abs() < 1e-12);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn schmidt(&self, across: impl Into<Across>) -> Result<Schmidt, Error> {
        self.schmidt_with(across, FIRST)
    }

    /// The Schmidt spectrum of any class, or with the class index on a side.
    ///
    /// # Errors
    /// As [`Model::schmidt`]; [`Error::Entangle`] for a class that is not there.
    pub fn schmidt_with(
        &self,
        across: impl Into<Across>,
        output: Output,
    ) -> Result<Schmidt, Error> {
        let across = across.into();
        let sides = across.resolve(self.network().input_shape())?;
        let interrupt = Interrupt::new();
        let found = entangle::schmidt(self, &sides, output, Accuracy::Values, &interrupt)?;
        let spectrum = Arc::new(found);
        Ok(Answer::new(Arc::clone(&spectrum), typed::spectrum(spectrum, across.name())))
    }

    /// The von Neumann entropy across a partition, in nats.
    ///
    /// # Errors
    /// As [`Model::schmidt`].
    pub fn entropy(&self, across: impl Into<Across>) -> Result<f64, Error> {
        self.entropy_with(across, 1.0, FIRST)
    }

    /// The entropy of any order (1 is von Neumann's, others are Renyi's), in nats. Order 2 also works
    /// where the spectrum has astronomically many values.
    ///
    /// # Errors
    /// As [`Model::schmidt`]; [`Error::Entangle`] for an order below 0.
    pub fn entropy_with(
        &self,
        across: impl Into<Across>,
        order: f64,
        output: Output,
    ) -> Result<f64, Error> {
        let sides = across.into().resolve(self.network().input_shape())?;
        Ok(entangle::entropy(self, &sides, output, order, &Interrupt::new())?)
    }

    /// The von Neumann entropy across every bond of the tree, in nats.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the network is no ConvAC or the state is zero.
    pub fn bond_entropies(&self) -> Result<Vec<BondEntropy>, Error> {
        Ok(bond_entropies(self, FIRST, 1.0, &Interrupt::new())?)
    }

    /// The amplitude of a basis state: one entry of the tensor `A^y`, for a local state from 0 to
    /// `M - 1` at every site, row-major. Amplitudes of many sites are smaller than a double can be,
    /// hence [`Scaled`]; `.to_f64()` is the double.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the network is no ConvAC, or for states that do not fit it.
    pub fn amplitude(&self, states: &[u32]) -> Result<Scaled, Error> {
        let interrupt = Interrupt::new();
        let all = Amplitudes::new(self, &interrupt)?;
        let found = all.evaluate(Sites::States(states), FIRST, &interrupt)?;
        Ok(found.first().copied().unwrap_or(Scaled::ZERO))
    }

    /// The score of every class, for a network of any kind; `features` has the `M` values of every
    /// site in turn, row-major.
    ///
    /// # Errors
    /// [`Error::Entangle`] for a wrong number of features or one that is not finite.
    pub fn evaluate(&self, features: &[f64]) -> Result<Vec<Scaled>, Error> {
        Ok(forward(self, features, &Interrupt::new())?)
    }

    /// The norm of the state: the root of the sum of its squared amplitudes.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the network is no ConvAC.
    pub fn norm(&self) -> Result<Scaled, Error> {
        Ok(squared_norm(self, FIRST, &Interrupt::new())?.sqrt())
    }

    /// Measurements of all sites by the Born rule, exact and independent: for every sample the local
    /// states, row-major. The seed alone decides.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the network is no ConvAC or the state is zero.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let model = Network::chain(8, 2).conv(3).pool(8).output(1)?.init(0)?;
    /// let samples = model.sample(100, 7)?;
    /// assert_eq!((samples.len(), samples[0].len()), (100, 8));
    /// // What has no weight is never drawn.
    /// assert!(!model.amplitude(&samples[0])?.is_zero());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn sample(&self, count: usize, seed: u64) -> Result<Vec<Vec<u32>>, Error> {
        let interrupt = Interrupt::new();
        Ok(Sampler::new(self, FIRST, &interrupt)?.draw(count, seed, &interrupt)?)
    }
}
