//! Answers of the engine that know how the language shows them.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use dashu_int::UBig;

use super::Error;
use crate::builtins::typed;
use crate::entangle::{GenericRank, Spectrum};
use crate::graph::{
    Bound, Certificate, GraphError, IndexTree, MinCut, OutputSide, certify, max_flow_tree,
};
use crate::interrupt::Interrupt;
use crate::network::Bipartition;
use crate::plot::Picture;
use crate::session::Bundle;
use crate::value::{Failure, FromValue, INT_BITS_LIMIT, IntoValue, Mismatch, Type, TypeSet, Value};

/// A result of the engine together with the value of the language that shows it.
///
/// It is the result by `Deref`: a [`Cut`] has all methods of [`MinCut`], a [`Schmidt`] those of
/// [`Spectrum`]. Text, HTML and pictures are those of the language.
#[derive(Clone)]
pub struct Answer<T> {
    engine: Arc<T>,
    value: Value,
}

/// The answer of [`min_cut`](crate::network::Network::min_cut).
pub type Cut = Answer<MinCut>;
/// The answer of [`bound`](crate::network::Network::bound).
pub type Bounds = Answer<Bound>;
/// The answer of [`rank`](crate::network::Network::rank).
pub type Rank = Answer<GenericRank>;
/// The answer of [`schmidt`](crate::entangle::model::Model::schmidt).
pub type Schmidt = Answer<Spectrum>;

impl<T> Answer<T> {
    pub(super) fn new(engine: Arc<T>, value: Value) -> Self {
        Self { engine, value }
    }

    /// The answer as a value of the language, to be handed to a program.
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    /// What a session shows: several lines.
    pub fn text(&self) -> String {
        Bundle(&self.value).plain()
    }

    /// The drawing: of a cut the tree with its sides and what is cut, of a spectrum its chart.
    ///
    /// # Errors
    /// [`Error::Value`] for what has no drawing (bounds and ranks) or is too large for one.
    pub fn draw(&self) -> Result<Picture, Error> {
        typed::drawing(&self.value)
            .unwrap_or_else(|| {
                let what = self.value.type_of().as_str();
                let code = crate::diagnostic::Code::Domain;
                Err(crate::value::failure(
                    code,
                    format!("a {what} has no picture"),
                    "ask for its text()",
                ))
            })
            .map_err(Error::from)
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.engine
    }
}

impl<T> AsRef<T> for Answer<T> {
    fn as_ref(&self) -> &T {
        &self.engine
    }
}

impl<T> fmt::Display for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::value::brief(&self.value))
    }
}

impl<T> IntoValue for Answer<T> {
    const TYPES: TypeSet = TypeSet::ANY;

    fn into_value(self) -> Result<Value, Failure> {
        Ok(self.value)
    }
}

impl<T> IntoValue for &Answer<T> {
    const TYPES: TypeSet = TypeSet::ANY;

    fn into_value(self) -> Result<Value, Failure> {
        Ok(self.value.clone())
    }
}

macro_rules! from_value {
    ($rust:ty, $type:expr, $what:literal, $find:expr) => {
        impl FromValue for $rust {
            const TYPES: TypeSet = TypeSet::of(&[$type]);

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                let find = $find;
                match find(&value) {
                    Some(engine) => Ok(Self::new(engine, value)),
                    None => Err(Mismatch(concat!("it must be ", $what).to_owned())),
                }
            }
        }
    };
}

from_value!(Cut, Type::Cut, "a cut", |value| typed::cut_parts(value).map(|parts| parts.cut));
from_value!(Bounds, Type::Bound, "a bound", typed::bound_of);
from_value!(Rank, Type::Rank, "a generic rank", typed::rank_of);
from_value!(Schmidt, Type::Spectrum, "a spectrum", typed::spectrum_of);

/// Why a min-cut is one: two checks that share no code with what found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// That it is a cut and weighs what it says: the bonds are multiplied out one by one, and the
    /// sides searched for a way around them.
    pub certificate: Certificate,
    /// That none is smaller: an exact flow of the same value (max-flow, min-cut).
    pub flow: UBig,
}

impl Proof {
    /// Whether both checks agree with the cut.
    pub fn holds(&self) -> bool {
        self.certificate.holds() && self.flow == self.certificate.weight
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certificate { bonds, weight, weight_matches, bonds_exist, separates } =
            &self.certificate;
        let said = |good: &bool| if *good { "yes" } else { "NO" };
        writeln!(f, "{bonds} bonds are cut, of weight {weight}")?;
        writeln!(f, "  the weight is that of the cut: {}", said(weight_matches))?;
        writeln!(f, "  the bonds are those of the network: {}", said(bonds_exist))?;
        writeln!(f, "  no way leads around them: {}", said(separates))?;
        write!(f, "  a flow of {} says that no cut is smaller", self.flow)
    }
}

impl Rank {
    /// The generic rank, multiplied out.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] of more than 2^23 binary digits.
    pub fn exact(&self) -> Result<UBig, Error> {
        Ok(self.engine.value.value(INT_BITS_LIMIT as u64)?)
    }
}

impl Cut {
    /// The partition that is cut.
    pub fn partition(&self) -> Option<Bipartition> {
        typed::cut_parts(&self.value).map(|parts| parts.bipartition)
    }

    /// The min-cut, multiplied out: at most this is the rank of `[A^y]_{A,B}` for any weights
    /// (theorem 1 of arXiv 1704.01552).
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] of more than 2^23 binary digits: ask for [`bits`](MinCut::bits) or
    /// [`formula`](MinCut::formula).
    pub fn exact(&self) -> Result<UBig, Error> {
        Ok(self.engine.value(INT_BITS_LIMIT as u64)?)
    }

    /// Proves the cut anew: a certificate that it is a cut of that weight, and a flow that says that
    /// none is smaller. Costs much more than finding it: the whole tree is written out.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] above 2^26 indices, or for a weight that cannot be multiplied out.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let net = Network::chain(16, 4).conv(3).pool(2).conv(5).pool(8).output(1)?;
    /// assert!(net.min_cut(Rule::Interleaved)?.prove()?.holds());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn prove(&self) -> Result<Proof, Error> {
        let lost = || GraphError::Malformed("the cut has lost its network".into());
        let parts = typed::cut_parts(&self.value).ok_or_else(lost)?;
        let (interrupt, limit) = (Interrupt::new(), INT_BITS_LIMIT as u64);
        let tree = IndexTree::from_network(&parts.network)?;
        let sites = 0..tree.sites();
        let sides: Vec<_> = sites.map(|site| parts.bipartition.side(site)).collect();
        let certificate = certify(&tree, &sides, &self.engine, limit, &interrupt)?;
        let flow = max_flow_tree(&tree, &sides, self.engine.output(), &interrupt)?;
        Ok(Proof { certificate, flow: flow.value.value(limit)? })
    }

    /// Whether the class index is on a side, or one class is asked for.
    pub fn output_side(&self) -> OutputSide {
        self.engine.output()
    }
}
