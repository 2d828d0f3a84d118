//! Any figure of this room, and what it can be turned into.

use super::bitmap::write_png;
use super::chart::Chart;
use super::contact::ContactSheet;
use super::error::PlotError;
use super::heatmap::Heatmap;
use super::scene::Scene;
use super::sites::SitesPicture;
use super::svg::write_svg;
use super::tree::{TreePicture, TreeSummary};

/// A figure. Everything made from it is the same byte for byte for the same data.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Lines, points or bars.
    Chart(Chart),
    /// A matrix as coloured cells.
    Heatmap(Heatmap),
    /// The sides of the sites.
    Sites(SitesPicture),
    /// Samples of a data set.
    Contact(ContactSheet),
    /// A network and a cut in it.
    Tree(TreePicture),
    /// A network by its counts per layer.
    Summary(TreeSummary),
}

impl Picture {
    /// Device pixels per CSS pixel of an ordinary PNG.
    pub const DEFAULT_SCALE: f64 = 2.0;

    /// The figure as shapes.
    ///
    /// # Errors
    /// What the figure says cannot be drawn; see the `scene` of each kind of figure.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        match self {
            Self::Chart(chart) => chart.scene(),
            Self::Heatmap(heatmap) => heatmap.scene(),
            Self::Sites(sites) => sites.scene(),
            Self::Contact(sheet) => sheet.scene(),
            Self::Tree(tree) => tree.scene(),
            Self::Summary(summary) => summary.scene(),
        }
    }

    /// The figure as one SVG element on a white card, with `xmlns`, `width`, `height` and
    /// `viewBox`; its ids begin with a hash of the figure.
    ///
    /// # Errors
    /// As [`Picture::scene`].
    pub fn svg(&self) -> Result<String, PlotError> {
        Ok(write_svg(&self.scene()?))
    }

    /// The figure as PNG bytes with `scale` device pixels per CSS pixel, 2 is usual
    /// ([`Picture::DEFAULT_SCALE`]); the file states 96 · scale pixels per inch.
    ///
    /// # Errors
    /// As [`Picture::scene`]; a scale outside 0.1 to 16; more than 64 million pixels.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, PlotError> {
        write_png(&self.scene()?, scale)
    }

    /// The figure in letters for terminals, at most 20 lines of about `width` columns (at
    /// least 30 and at most 200); what cannot be drawn is said in one line.
    pub fn text(&self, width: usize) -> String {
        let text = match self {
            Self::Chart(chart) => chart.text(width),
            Self::Heatmap(heatmap) => heatmap.text(width),
            Self::Sites(sites) => sites.text(width),
            Self::Contact(sheet) => sheet.text(width),
            Self::Tree(tree) => tree.text(width),
            Self::Summary(summary) => summary.text(width),
        };
        text.unwrap_or_else(|error| error.to_string())
    }

    /// Width and height in CSS pixels.
    ///
    /// # Errors
    /// As [`Picture::scene`].
    pub fn size(&self) -> Result<(u32, u32), PlotError> {
        let scene = self.scene()?;
        Ok((scene.width.ceil() as u32, scene.height.ceil() as u32))
    }
}
