//! Drawings of a network's index tree and of a cut through it.
//!
//! A vertex is an index: a site's open leg, or a copy tensor δ whose legs all have one
//! dimension. Edges between vertices carry weight matrices. A cut goes through indices, and
//! the legs of one copy tensor count once; so the mark stands on the copy tensor.

mod forest;
mod layered;
mod planes;
mod summary;
mod text;

use super::error::PlotError;
use super::scene::Scene;
pub use summary::{TreeLayerSummary, TreeSummary};

/// A network's tree, layer by layer from the sites up to the root.
///
/// Chains are drawn as a tree with the root on top; pure subtrees are folded beyond 64
/// leaves. Grids are drawn as planes, those of at most 16 sites with the tree below them.
/// What is too large for both is drawn as a [`TreeSummary`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreePicture {
    /// Written bold at the top left.
    pub title: Option<String>,
    /// Rows and columns of the sites; one row for a chain.
    pub grid: (usize, usize),
    /// The layers; the first one holds the sites.
    pub layers: Vec<TreeLayer>,
    /// What stands above the root, such as `output(10)`.
    pub output: Option<String>,
    /// The sides and the cut, if one is shown.
    pub marks: Option<TreeMarks>,
    /// Written below, such as the value of the min-cut.
    pub caption: Option<String>,
}

/// One layer of indices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeLayer {
    /// Its name: `input`, `conv0`, …
    pub name: String,
    /// Dimension of its indices.
    pub dim: u64,
    /// Rows of its positions.
    pub rows: usize,
    /// Columns of its positions.
    pub cols: usize,
    /// For each position, row by row, its position in the next layer; empty for the last.
    pub parent: Vec<usize>,
    /// What stands on the edges to the next layer: `W conv0`, or `identity` for nothing.
    pub edge: String,
}

/// Where the indices lie when the sites are cut in two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeMarks {
    /// Per layer and position.
    pub labels: Vec<Vec<TreeLabel>>,
}

/// Where an index lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TreeLabel {
    /// On side A.
    A,
    /// On side B.
    B,
    /// Cut: its dimension is a factor of the cut's weight.
    Cut,
}

impl TreePicture {
    /// The tree as shapes.
    ///
    /// # Errors
    /// No layer, more than 64 layers or 2^22 indices, lists of parents or labels that do not
    /// fit the layers' shapes, parents that do not exist.
    pub fn scene(&self) -> Result<Scene, PlotError> {
        let forest = forest::Forest::of(self)?;
        let chain = self.grid.0 <= 1;
        if !chain && planes::fits(self) {
            let small = forest.sites() <= 16;
            let selection = if small { forest.select() } else { None };
            let least =
                (selection.as_ref()).map_or(0.0, |selection| layered::width(self, selection));
            let mut scene = planes::draw(self, least);
            if let Some(selection) = selection {
                let top = scene.height - super::style::MARGIN + 10.0;
                layered::draw(self, &forest, &selection, &mut scene, top);
            }
            planes::finish(self, &mut scene, false);
            return Ok(scene);
        }
        let selection = if chain { forest.select() } else { None };
        match selection {
            Some(selection) => {
                let width = layered::width(self, &selection);
                let mut scene = Scene::new(width, 100.0, self.description());
                let top = scene.title(self.title.as_deref());
                layered::draw(self, &forest, &selection, &mut scene, top);
                planes::finish(self, &mut scene, selection.any_folded);
                Ok(scene)
            }
            None => self.summary().scene(),
        }
    }

    /// The tree as text of at most 20 lines: letters under each other, or counts.
    ///
    /// # Errors
    /// As [`TreePicture::scene`].
    pub fn text(&self, width: usize) -> Result<String, PlotError> {
        let forest = forest::Forest::of(self)?;
        Ok(text::write(self, &forest, width))
    }

    /// The counts per layer of this tree; what does not fit is counted as far as it goes.
    pub fn summary(&self) -> TreeSummary {
        let layers = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                let count = |wanted: TreeLabel| {
                    let labels = self.marks.as_ref().and_then(|marks| marks.labels.get(index));
                    labels.map_or(0, |labels| {
                        labels.iter().filter(|&&label| label == wanted).count() as u64
                    })
                };
                TreeLayerSummary {
                    name: layer.name.clone(),
                    dim: layer.dim,
                    positions: layer.rows.saturating_mul(layer.cols) as u64,
                    a: count(TreeLabel::A),
                    b: count(TreeLabel::B),
                    cut: count(TreeLabel::Cut),
                }
            })
            .collect();
        TreeSummary {
            title: self.title.clone(),
            grid: self.grid,
            layers,
            output: self.output.clone(),
            caption: self.caption.clone(),
        }
    }

    fn description(&self) -> String {
        let title = self.title.as_deref().unwrap_or("network");
        format!(
            "{title}: tree of {} layers. {}",
            self.layers.len(),
            self.caption.as_deref().unwrap_or("")
        )
    }

    /// The side of a site. A site whose open leg is cut lies on the side opposite to the index
    /// it is joined to; if that one is cut as well, the marks do not tell.
    fn site_side(&self, position: usize) -> Option<TreeLabel> {
        match self.label(0, position)? {
            TreeLabel::Cut => {
                let parent = *self.layers.first()?.parent.get(position)?;
                match self.label(1, parent)? {
                    TreeLabel::A => Some(TreeLabel::B),
                    TreeLabel::B => Some(TreeLabel::A),
                    TreeLabel::Cut => None,
                }
            }
            side => Some(side),
        }
    }

    fn label(&self, layer: usize, position: usize) -> Option<TreeLabel> {
        self.marks.as_ref().and_then(|marks| marks.labels.get(layer)?.get(position).copied())
    }
}

/// The dimension of a layer as it is written at the margin.
fn dimension(layer: usize, dim: u64) -> String {
    let letter = if layer == 0 { 'M' } else { 'r' };
    format!("{letter} = {dim}")
}
