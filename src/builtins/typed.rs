//! What the engine makes as values of the language, and back: for programs in Rust.
//!
//! A cut that a Rust program asked for is the same object as one of the language, with its text, its
//! picture and its fields; and what a program of the language gives back is the engine's own type.

use std::sync::Arc;

use super::charts::chart_data;
use super::datasets::DatasetValue;
use super::models::ModelValue;
use super::networks::NetworkValue;
use super::partitions::PartitionValue;
use super::pictures;
use super::plots::PlotValue;
use super::queries::{BoundValue, CutValue};
use super::ranks::{Kind, RankValue};
use super::spectra::SpectrumValue;
use crate::entangle::model::Model;
use crate::entangle::{GenericRank, Spectrum};
use crate::graph::{Bound, MinCut};
use crate::learn::Dataset;
use crate::network::{Bipartition, Network, Rule};
use crate::plot::Picture;
use crate::value::{Failure, FromValue, IntoValue, Mismatch, Object, Type, TypeSet, Value};

/// A min-cut with what it is the cut of.
#[derive(Clone, Debug)]
pub struct CutParts {
    /// The network.
    pub network: Network,
    /// What the partition is called.
    pub across: String,
    /// Its sides.
    pub bipartition: Bipartition,
    /// The cut.
    pub cut: Arc<MinCut>,
}

/// A min-cut as a value.
pub fn cut(parts: CutParts) -> Value {
    let CutParts { network, across, bipartition, cut } = parts;
    let network = NetworkValue(Arc::new(network));
    Value::object(CutValue { cut, network, across, bipartition })
}

/// The parts of a value that is a min-cut.
pub fn cut_parts(value: &Value) -> Option<CutParts> {
    let CutValue { cut, network, across, bipartition } = object(value)?;
    Some(CutParts {
        network: (*network.0).clone(),
        across: across.clone(),
        bipartition: bipartition.clone(),
        cut: Arc::clone(cut),
    })
}

/// Bounds of a generic rank as a value.
pub fn bound(bound: Arc<Bound>, across: String) -> Value {
    Value::object(BoundValue { bound, across })
}

/// The bounds of a value that holds some.
pub fn bound_of(value: &Value) -> Option<Arc<Bound>> {
    object::<BoundValue>(value).map(|value| Arc::clone(&value.bound))
}

/// A generic rank as a value.
pub fn rank(rank: Arc<GenericRank>, across: String) -> Value {
    Value::object(RankValue { kind: Kind::Generic(rank), across })
}

/// The generic rank of a value; `None` for ranks of given weights.
pub fn rank_of(value: &Value) -> Option<Arc<GenericRank>> {
    match &object::<RankValue>(value)?.kind {
        Kind::Generic(rank) => Some(Arc::clone(rank)),
        Kind::Numerical { .. } => None,
    }
}

/// A Schmidt spectrum as a value.
pub fn spectrum(spectrum: Arc<Spectrum>, across: String) -> Value {
    Value::object(SpectrumValue { spectrum, across })
}

/// The spectrum of a value that is one.
pub fn spectrum_of(value: &Value) -> Option<Arc<Spectrum>> {
    object::<SpectrumValue>(value).map(|value| Arc::clone(&value.spectrum))
}

/// The drawing of a network.
///
/// # Errors
/// What is too large to be drawn.
pub fn draw_network(network: &Network) -> Result<Picture, Failure> {
    pictures::network(network, None)
}

/// The drawing of a network, a cut, a spectrum, a partition on a shape or a plot; `None` for what
/// has none.
///
/// # Errors
/// What is too large to be drawn.
pub fn drawing(value: &Value) -> Option<Result<Picture, Failure>> {
    if let Some(network) = object::<NetworkValue>(value) {
        return Some(draw_network(&network.0));
    }
    if let Some(cut) = object::<CutValue>(value) {
        return Some(match cut.picture(None) {
            Ok(picture) => Ok(picture),
            Err(crate::evaluate::Stop::Error(failure)) => Err(failure),
            Err(crate::evaluate::Stop::OutOfOrder | crate::evaluate::Stop::Unclear) => {
                Err(pictures::no_picture("the cut", "cut.text()"))
            }
        });
    }
    if let Some(PartitionValue::Resolved { bipartition, .. }) = object(value) {
        let picture = pictures::sites(bipartition);
        return Some(picture.ok_or_else(|| pictures::no_picture("the partition", "left_right")));
    }
    if let Some(spectrum) = object::<SpectrumValue>(value) {
        return Some(Ok(spectrum.picture()));
    }
    object::<PlotValue>(value).map(|plot| Ok(plot.picture.clone()))
}

fn object<T: Object>(value: &Value) -> Option<&T> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}

macro_rules! into_value {
    ($rust:ty, $type:expr, $own:ident => $made:expr) => {
        impl IntoValue for $rust {
            const TYPES: TypeSet = TypeSet::of(&[$type]);

            fn into_value(self) -> Result<Value, Failure> {
                let $own = self;
                Ok(Value::object($made))
            }
        }

        impl IntoValue for &$rust {
            const TYPES: TypeSet = TypeSet::of(&[$type]);

            fn into_value(self) -> Result<Value, Failure> {
                self.clone().into_value()
            }
        }
    };
}

into_value!(Network, Type::Network, network => NetworkValue(Arc::new(network)));
into_value!(Model, Type::Model, model => ModelValue::new(model));
into_value!(Rule, Type::Partition, rule => PartitionValue::Rule(rule));
into_value!(Bipartition, Type::Partition, bipartition => PartitionValue::Resolved {
    name: name_of(&bipartition),
    bipartition,
});
into_value!(Dataset, Type::Dataset, data => DatasetValue { data });
into_value!(Picture, Type::Plot, picture => plot(picture));

/// What a partition is called whose rule is not known: the sites of A, if they are few.
pub fn name_of(bipartition: &Bipartition) -> String {
    const NAMED: usize = 17;
    // Rules name sixteen sites and say that there are more.
    let sites = (0..bipartition.shape().sites().min(1 << 26))
        .filter(|site| bipartition.side(*site) == crate::network::Side::A);
    Rule::Sites(sites.take(NAMED).collect()).to_string()
}

fn plot(picture: Picture) -> PlotValue {
    let (what, data) = match &picture {
        Picture::Chart(chart) => ("plot", chart_data(chart)),
        Picture::Heatmap(_) => ("heat map", serde_json::Value::Null),
        Picture::Sites(_) => ("drawing of a partition", serde_json::Value::Null),
        Picture::Contact(_) => ("contact sheet of a data set", serde_json::Value::Null),
        Picture::Tree(_) | Picture::Summary(_) => ("drawing of a network", serde_json::Value::Null),
    };
    PlotValue { picture, what: what.to_owned(), data }
}

macro_rules! from_value {
    ($rust:ty, $type:expr, $what:literal, $value:ident => $made:expr) => {
        impl FromValue for $rust {
            const TYPES: TypeSet = TypeSet::of(&[$type]);

            fn from_value($value: Value) -> Result<Self, Mismatch> {
                let made: Option<Self> = $made;
                made.ok_or_else(|| Mismatch(concat!("it must be ", $what).to_owned()))
            }
        }
    };
}

from_value!(Network, Type::Network, "a network", value => {
    object::<NetworkValue>(&value).map(|network| (*network.0).clone())
});
from_value!(Model, Type::Model, "a model with weights", value => {
    object::<ModelValue>(&value).and_then(|model| model.model.clone())
});
from_value!(Bipartition, Type::Partition, "a partition that is `on` a shape", value => {
    match object(&value) {
        Some(PartitionValue::Resolved { bipartition, .. }) => Some(bipartition.clone()),
        _ => None,
    }
});
from_value!(Rule, Type::Partition, "a partition by a rule", value => {
    object(&value).and_then(rule)
});
from_value!(Dataset, Type::Dataset, "a data set", value => {
    object::<DatasetValue>(&value).map(|data| data.data.clone())
});
from_value!(Picture, Type::Plot, "a plot", value => {
    object::<PlotValue>(&value).map(|plot| plot.picture.clone())
});

/// The rule of a partition that has one.
fn rule(partition: &PartitionValue) -> Option<Rule> {
    match partition {
        PartitionValue::Rule(rule) => Some(rule.clone()),
        PartitionValue::Complement(inner) => Some(Rule::Complement(Box::new(rule(inner)?))),
        PartitionValue::Predicate(_) | PartitionValue::Resolved { .. } => None,
    }
}
