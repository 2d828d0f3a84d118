//! Designing networks: which channel numbers carry which correlations.
//!
//! Everything here rests on the min-cut as a function of the channel numbers: in every channel
//! number it grows, and in their logarithms it is concave, a minimum of linear functions
//! (Levine, Yakira, Cohen and Shashua, arXiv 1704.01552, section 5). So a slope that has become
//! zero stays zero, widths that no partition uses can be cut off ([`useful_widths`]), and the best
//! channel numbers under a budget are found with a proof ([`maximize`], [`minimize`]).

mod cut_function;
mod enumerate;
mod error;
mod extremal;
mod family;
mod features;
mod frontier;
mod measure;
mod polynomial;
mod probe;
mod problem;
mod relaxation;
mod search;
mod sensitivity;
#[cfg(test)]
mod tests;
mod useful;

pub use cut_function::{CutFunction, Scratch};
pub use enumerate::{count_points, enumerate, pareto};
pub use error::DesignError;
pub use extremal::{Extreme, extreme_partition};
pub use family::{Channel, Family};
pub use features::{FeaturePoint, count_shifts, feature_sizes, features, shifted_blocks};
pub use frontier::{Frontier, frontier};
pub use measure::{Measure, Term};
pub use polynomial::Polynomial;
pub use problem::{FormulaProblem, Limit, Memory, Requirement};
pub use relaxation::Relaxed;
pub use search::{Design, Effort, Found, Oracle, maximize, minimize};
pub use sensitivity::{LayerSensitivity, sensitivity};
pub use useful::{UsefulWidth, trimmed, useful_widths};
