//! Figures: charts, heatmaps, partitions and network drawings as SVG, PNG and text.
//!
//! A figure is plain data ([`Chart`], [`Heatmap`], [`SitesPicture`],
//! [`ContactSheet`], [`TreePicture`], [`TreeSummary`]). It is laid out once as a [`scene::Scene`], a flat list of shapes; the SVG
//! and the PNG are both made from that list, so they agree. Lines and bars of charts are drawn
//! by plotters through [`backend::SceneBackend`]. Text is measured with the embedded font;
//! nothing of the system is read, no file is touched, and nothing here panics on any data.

pub mod backend;
mod bitmap;
mod chart;
mod contact;
mod coverage;
mod error;
pub mod font;
mod heatmap;
mod numbers;
mod partition;
mod picture;
mod raster;
mod scale;
pub mod scene;
mod sites;
pub mod style;
mod svg;
mod textual;
mod tree;

#[cfg(test)]
mod tests;

pub use chart::{Axis, Chart, Mark, Scale, Series};
pub use contact::{ContactSheet, Strip};
pub use error::PlotError;
pub use font::register_font;
pub use heatmap::{Heatmap, colormap};
pub use picture::Picture;
pub use sites::SitesPicture;
pub use tree::{TreeLabel, TreeLayer, TreeLayerSummary, TreeMarks, TreePicture, TreeSummary};
