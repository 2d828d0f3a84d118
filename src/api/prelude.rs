//! What one uses on the first day: `use convac::prelude::*;`

pub use super::{Across, Answer, Bounds, Cut, Error, EvalError, Proof, Rank, Schmidt, table};
pub use crate::cac;
pub use crate::entangle::model::{Initial, Model};
pub use crate::entangle::{Output, Scaled, Spectrum};
pub use crate::graph::{MinCut, OutputSide};
pub use crate::network::{
    Bipartition, Geometry, Layer, Layers, Network, NetworkError, Pooling, Representation, Rule,
    Shape, Sharing, Side,
};
pub use crate::plot::{Chart, Picture};
pub use crate::session::Session;
pub use crate::value::{FromValue, IntoValue, Value};
/// Exact numbers without a sign and without a limit: min-cuts, ranks, numbers of weights.
pub use dashu_int::UBig;
