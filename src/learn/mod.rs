//! Data: what is correlated in it, across which partitions, and in which order of its sites.
//!
//! The entropy of data is that of Alexander, de la Vega, Razin and Cohen (arXiv 2303.11249): the
//! sum of the products of embedded samples is a state of as many sites as there are features.

mod arrange;
mod correlation;
pub mod data;
mod data_error;
mod dataset;
mod digits;
mod entropy;
#[cfg(test)]
mod tests;
pub mod train;
mod views;

pub use arrange::{Arrangement, arrange};
pub use correlation::{Correlations, correlations};
pub use data::Source;
pub use data_error::DataError;
pub use dataset::Dataset;
pub use digits::digits;
pub use entropy::{MAX_SAMPLES, data_spectrum};
pub use views::Placement;
