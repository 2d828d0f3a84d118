//! From pictures to the forms in which values are shown.

use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Edge, Hierarchy, Label, LayerLabels, MinCut};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Layer, Network, Pooling, Shape, Side, Window};
use crate::plot::{
    Picture, PlotError, SitesPicture, TreeLabel, TreeLayer, TreeLayerSummary, TreeMarks,
    TreePicture, TreeSummary,
};
use crate::value::{Failure, Media, MediaKind, base64, failure, pre_html};

/// An error of a picture as one of the language.
pub(super) fn explain(error: &PlotError) -> Failure {
    let diagnostic = Diagnostic::new(Code::Domain, error.message.as_str());
    Box::new(match &error.hint {
        Some(hint) => diagnostic.hint(hint.as_str()),
        None => diagnostic,
    })
}

/// A picture as SVG, PNG or as HTML around the SVG.
pub(super) fn media(picture: &Picture, kind: MediaKind) -> Option<Result<Media, Failure>> {
    match kind {
        MediaKind::Svg => Some(picture.svg().map(Media::Text).map_err(|error| explain(&error))),
        MediaKind::Png => {
            let png = picture.png(Picture::DEFAULT_SCALE);
            Some(png.map(Media::Bytes).map_err(|error| explain(&error)))
        }
        MediaKind::Letters(width) => Some(Ok(Media::Text(picture.text(width)))),
        MediaKind::Html | MediaKind::Latex => None,
    }
}

/// A text with its picture above it as HTML: notebooks show one form of a value, and prefer this one.
pub(super) fn html(text: &str, picture: Option<&Picture>) -> Media {
    let drawn = picture.map(image).unwrap_or_default();
    Media::Text(format!("<div>{drawn}{}</div>", pre_html(text)))
}

/// A picture inside HTML. Notebooks that nobody has trusted yet take `<svg>` apart and leave its
/// words; an image they show.
pub(super) fn image(picture: &Picture) -> String {
    let Ok(svg) = picture.svg() else { return String::new() };
    let data = base64(svg.as_bytes());
    format!(
        "<img alt=\"\" style=\"max-width:100%;height:auto\" src=\"data:image/svg+xml;base64,{data}\">"
    )
}

/// The largest side of a shape whose sites are drawn one by one.
const DRAWN: u64 = 1 << 16;

/// The picture of a partition; `None` for one with too many sites.
pub(super) fn sites(bipartition: &Bipartition) -> Option<Picture> {
    let shape = bipartition.shape();
    if shape.sites() > DRAWN {
        return None;
    }
    let (rows, cols) = match shape {
        Shape::Chain(n) => (1, n),
        Shape::Grid { rows, cols } => (rows, cols),
    };
    let side_a = (0..shape.sites()).map(|site| bipartition.side(site) == Side::A).collect();
    let size = |n: u64| usize::try_from(n).unwrap_or(0);
    Some(Picture::Sites(SitesPicture { rows: size(rows), cols: size(cols), side_a }))
}

/// What to do where a value has no picture.
pub(super) fn no_picture(what: &str, hint: &str) -> Failure {
    failure(Code::Resource, format!("{what} is too large to be drawn"), hint)
}

/// Networks up to this many indices are handed to the drawing in full.
const DRAWN_INDICES: u64 = 1 << 21;

/// Indices of one layer before they are drawn.
struct Plane {
    name: String,
    dim: u64,
    shape: Shape,
    /// What stands on the edges to the next layer.
    edge: String,
    /// The pooling that joins the indices of the layer below.
    window: Option<Window>,
}

/// The layers of a network: those of its index tree, or of a network that is no ConvAC the same
/// with the other operations written on the edges.
fn planes(network: &Network) -> Vec<Plane> {
    if let Ok(hierarchy) = Hierarchy::from_network(network) {
        let edge = |edge: Edge| match edge {
            Edge::Weight { conv } => format!("W conv{conv}"),
            Edge::Identity | Edge::Top => "identity".to_owned(),
        };
        let plane = |level: &crate::graph::Level| Plane {
            name: level.name.clone(),
            dim: level.dim,
            shape: level.shape,
            edge: edge(level.up),
            window: level.window.clone(),
        };
        return hierarchy.levels().iter().map(plane).collect();
    }
    let mut planes: Vec<Plane> = Vec::new();
    // What stands between the last plane and the next one.
    let mut steps: Vec<String> = Vec::new();
    let mut name = String::new();
    for (layer, stage) in network.layers().iter().zip(network.stages()) {
        match layer {
            Layer::Input { .. } => name.clone_from(&stage.name),
            Layer::Conv { .. } => {
                steps.push(format!("W {}", stage.name));
                name.clone_from(&stage.name);
                continue;
            }
            Layer::Relu => {
                steps.push("relu".to_owned());
                continue;
            }
            Layer::Pool { kind, .. } => {
                if *kind != Pooling::Product {
                    steps.push(kind.as_str().to_owned());
                }
            }
            Layer::Output { .. } => continue,
        }
        let window = match layer {
            Layer::Pool { window, geometry, .. } => Window::new(stage.shape_in, *window, geometry),
            _ => None,
        };
        if let Some(below) = planes.last_mut() {
            below.edge = steps.join(", ");
            steps.clear();
        }
        planes.push(Plane {
            name: name.clone(),
            dim: stage.channels_out,
            shape: stage.shape_out,
            edge: String::new(),
            window,
        });
    }
    planes
}

fn sizes(shape: Shape) -> (usize, usize) {
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    (size(shape.rows()), size(shape.cols()))
}

/// The picture without marks: in full, or its counts if it is too large.
fn tree(
    network: &Network,
    title: Option<String>,
    caption: Option<String>,
) -> Result<TreePicture, TreeSummary> {
    let planes = planes(network);
    let grid = sizes(network.input_shape());
    let output = Some(format!("output({})", network.classes()));
    let indices: u64 = planes.iter().fold(0, |sum, plane| sum.saturating_add(plane.shape.sites()));
    if indices > DRAWN_INDICES {
        let layers = planes.iter().map(|plane| TreeLayerSummary {
            name: plane.name.clone(),
            dim: plane.dim,
            positions: plane.shape.sites(),
            a: 0,
            b: 0,
            cut: 0,
        });
        return Err(TreeSummary { title, grid, layers: layers.collect(), output, caption });
    }
    let layers = planes.iter().enumerate().map(|(number, plane)| {
        let count = plane.shape.sites();
        let parent = match planes.get(number + 1) {
            None => Vec::new(),
            Some(above) => (0..count)
                .map(|position| {
                    let target = above.window.as_ref().map_or(position, |w| w.locate(position).0);
                    usize::try_from(target).unwrap_or(0)
                })
                .collect(),
        };
        let (rows, cols) = sizes(plane.shape);
        let edge = plane.edge.clone();
        TreeLayer { name: plane.name.clone(), dim: plane.dim, rows, cols, parent, edge }
    });
    Ok(TreePicture { title, grid, layers: layers.collect(), output, marks: None, caption })
}

/// The drawing of a network.
pub(super) fn network(network: &Network, title: Option<String>) -> Result<Picture, Failure> {
    Ok(match tree(network, title, None) {
        Ok(tree) => Picture::Tree(tree),
        Err(summary) => Picture::Summary(summary),
    })
}

/// The drawing of a cut in its network.
pub(super) fn cut(
    network: &Network,
    cut: &MinCut,
    title: String,
    caption: String,
) -> Result<Picture, Failure> {
    let counted = |mut summary: TreeSummary| {
        for layer in &mut summary.layers {
            let factor = cut.layers().iter().find(|factor| factor.layer == layer.name);
            layer.cut = factor.map_or(0, |factor| factor.count);
        }
        Picture::Summary(summary)
    };
    let mut tree = match tree(network, Some(title), Some(caption)) {
        Ok(tree) => tree,
        Err(summary) => return Ok(counted(summary)),
    };
    let labels = cut.labelling(2 * DRAWN_INDICES, &Interrupt::new());
    let Ok(labels) = labels else { return Ok(counted(tree.summary())) };
    let marks = tree.layers.iter().zip(&labels).map(|(_, layer)| marks(layer)).collect();
    tree.marks = Some(TreeMarks { labels: marks });
    Ok(Picture::Tree(tree))
}

fn marks(layer: &LayerLabels) -> Vec<TreeLabel> {
    let label = |label: &Label| match label {
        Label::A => TreeLabel::A,
        Label::B => TreeLabel::B,
        Label::Cut => TreeLabel::Cut,
    };
    layer.labels.iter().map(label).collect()
}
