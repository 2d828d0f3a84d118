//! What one asks of a network without weights.

use std::sync::Arc;

use super::{Across, Answer, Bounds, Cut, Error, Rank};
use crate::builtins::typed::{self, CutParts};
use crate::entangle::generic_rank;
use crate::entangle::model::{Initial, Model, init};
use crate::graph::{self, OutputSide};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network};
use crate::plot::Picture;

impl Network {
    /// The sides of a partition of the sites of this network.
    ///
    /// # Errors
    /// [`Error::Partition`] when it does not fit the shape or a side is empty.
    pub fn partition(&self, across: impl Into<Across>) -> Result<Bipartition, Error> {
        Ok(across.into().resolve(self.input_shape())?)
    }

    /// The exact min-cut across a partition, for one class: the smallest product of bond dimensions
    /// that separates the sides, where the legs of a copy tensor count once. The rank of the
    /// matricization `[A^y]_{A,B}` is at most this for any weights (theorem 1 of Levine, Yakira,
    /// Cohen, Shashua, arXiv 1704.01552).
    ///
    /// # Errors
    /// [`Error::Graph`] when the network is no ConvAC or its sites are too many to be listed,
    /// [`Error::Partition`].
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let deep = Network::chain(16, 4).conv(8).pool(2).conv(8).pool(2).conv(16).pool(4);
    /// let net = deep.output(10)?;
    /// let cut = net.min_cut([0, 1, 2, 8, 9])?;
    /// assert_eq!(cut.formula(), "4 · 8^2");
    /// assert_eq!((cut.exact()?, cut.bits()), (256u32.into(), 8.0));
    /// // The same cut as the language's.
    /// let of_language = cac!("min_cut(net, sites([0..2, 8, 9]))", net = &net => Cut)?;
    /// assert_eq!(cut.text(), of_language.text());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn min_cut(&self, across: impl Into<Across>) -> Result<Cut, Error> {
        self.min_cut_with(across, OutputSide::Fixed)
    }

    /// The min-cut with the class index on a side, for the tensor of all classes.
    ///
    /// # Errors
    /// As [`Network::min_cut`].
    pub fn min_cut_with(
        &self,
        across: impl Into<Across>,
        output: OutputSide,
    ) -> Result<Cut, Error> {
        let across = across.into();
        let bipartition = across.resolve(self.input_shape())?;
        let cut = Arc::new(graph::min_cut(self, &bipartition, output, &Interrupt::new())?);
        let (network, engine) = (self.clone(), Arc::clone(&cut));
        let parts = CutParts { network, across: across.name(), bipartition, cut };
        Ok(Answer::new(engine, typed::cut(parts)))
    }

    /// What the rank across a partition can be: from above the min-cut, tightened where weights are
    /// shared; from below, without sharing, the min-cut of the best network of powers of one integer
    /// (theorem 2 of arXiv 1704.01552), for almost all weights.
    ///
    /// # Errors
    /// As [`Network::min_cut`].
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let net = Network::chain(4, 2).conv_with(2, Sharing::None).pool(4).output(1)?;
    /// let bound = net.bound(Rule::LeftRight)?;
    /// assert!(bound.tight && bound.base == Some(2));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn bound(&self, across: impl Into<Across>) -> Result<Bounds, Error> {
        let across = across.into();
        let bipartition = across.resolve(self.input_shape())?;
        let found = graph::bound(self, &bipartition, OutputSide::Fixed, &Interrupt::new())?;
        let bound = Arc::new(found);
        Ok(Answer::new(Arc::clone(&bound), typed::bound(bound, across.name())))
    }

    /// The generic rank across a partition: that of almost all weights, shared as the network says,
    /// exact over prime fields. `proved` says whether it meets an upper bound.
    ///
    /// # Errors
    /// [`Error::Entangle`] when the matrix is out of reach, and as [`Network::min_cut`].
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let net = Network::chain(4, 2).conv(4).pool(2).conv(4).pool(2).output(1)?;
    /// let rank = net.rank(Rule::LeftRight)?;
    /// assert!(rank.proved && rank.exact()? == 3u8.into()); // the min-cut is 4
    /// # Ok::<(), Error>(())
    /// ```
    pub fn rank(&self, across: impl Into<Across>) -> Result<Rank, Error> {
        let across = across.into();
        let bipartition = across.resolve(self.input_shape())?;
        let found = generic_rank(self, &bipartition, OutputSide::Fixed, &Interrupt::new())?;
        let rank = Arc::new(found);
        Ok(Answer::new(Arc::clone(&rank), typed::rank(rank, across.name())))
    }

    /// Gaussian weights of variance `1/(channels that enter)`: a model. The seed alone decides.
    ///
    /// # Errors
    /// [`Error::Model`] above 4 GiB.
    pub fn init(&self, seed: u64) -> Result<Model, Error> {
        self.init_with(Initial::Gaussian, seed, 1.0)
    }

    /// Random weights of another kind, all times `scale`.
    ///
    /// # Errors
    /// [`Error::Model`] above 4 GiB or for a scale that is not positive.
    pub fn init_with(&self, kind: Initial, seed: u64, scale: f64) -> Result<Model, Error> {
        Ok(init(self, kind, seed, scale, &Interrupt::new())?)
    }

    /// The drawing of the network: its layers as a tree of copy tensors and weights, or its counts
    /// per layer if it is large.
    ///
    /// # Errors
    /// [`Error::Value`] for a network that is too large.
    pub fn draw(&self) -> Result<Picture, Error> {
        Ok(typed::draw_network(self)?)
    }
}
