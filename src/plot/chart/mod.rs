//! Charts: lines, points and bars over one pair of axes.

mod draw;
mod legend;
mod prepare;
mod text;

use super::error::PlotError;
use super::scene::Scene;

/// A chart of one or more series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Written bold at the top left.
    pub title: Option<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis; its categories are not used.
    pub y: Axis,
    /// What is drawn, first at the back.
    pub series: Vec<Series>,
    /// Written above the legend, usually the name of the field that tells the series apart.
    pub legend_title: Option<String>,
}

/// One axis of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit.
    pub label: String,
    /// Linear or logarithmic; not used with categories.
    pub scale: Scale,
    /// Names for the x values 0, 1, 2, … : the axis then shows these names, and points whose
    /// x is no index of a name are left out.
    pub categories: Option<Vec<String>>,
}

/// How an axis maps values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances for equal differences.
    #[default]
    Linear,
    /// Equal distances for equal ratios. Ticks stand at powers of two when all values are
    /// powers of two, else at powers of ten (or 1, 2, 5 on short ranges).
    Log,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// A line through the points in their order.
    Line,
    /// A symbol per point.
    Points,
    /// A line and symbols.
    #[default]
    LinePoints,
    /// A bar per point; several bar series stand side by side.
    Bars,
}

/// One set of points of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub label: Option<String>,
    /// How it is drawn.
    pub mark: Mark,
    /// Its points (x, y). Points with a value that is not finite, or beyond 1e300 in size, are
    /// left out and counted in a note; a line is interrupted there.
    pub points: Vec<(f64, f64)>,
    /// Half lengths of vertical error bars, one per point; those that are not finite or not
    /// positive are not drawn.
    pub errors: Option<Vec<f64>>,
    /// A point (x, y) that is ringed and labelled with its values, such as a best design.
    pub highlight: Option<(f64, f64)>,
}

impl Chart {
    /// The chart as shapes, 720 x 440 pixels.
    ///
    /// Series of more than some thousand points are thinned out: lines keep the first, lowest,
    /// highest and last point of every column of half a pixel, points keep one per cell of
    /// three pixels, bars the longest per half pixel, so that the size of a figure does not grow with the data.
    ///
    /// # Errors
    /// No finite point at all, values that are not positive on a logarithmic axis, a list of
    /// errors that is not as long as the points, more than 1000 categories or 200 series.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        draw::draw(self)
    }

    /// The chart as text of at most 20 lines.
    ///
    /// # Errors
    /// As [`Chart::scene`].
    pub fn text(&self, width: usize) -> Result<String, PlotError> {
        text::write(self, width)
    }
}
