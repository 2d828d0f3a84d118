//! The tree with its root on top: copy tensors as discs, weights as squares on the edges,
//! sites as open legs, a cut in red.

use super::super::font::text_width;
use super::super::partition::{cross, fill, line, square};
use super::super::scene::{Anchor, Point, Scene, Shape, Stroke, below_middle};
use super::super::style;
use super::forest::{Forest, Node, Selection};
use super::{TreeLabel, TreePicture, dimension};

/// Height of a layer.
const ROW: f64 = 76.0;
/// From an index up to the weight above it.
const WEIGHT_ABOVE: f64 = 27.0;
const DISC: f64 = 5.2;
const SIDES: f64 = 13.0;

/// Pixels of the texts at the left and right, and the distance of leaves.
struct Columns {
    left: f64,
    right: f64,
    unit: f64,
}

fn columns(picture: &TreePicture, leaves: usize) -> Columns {
    let widest = |text: &str, bold: bool| text_width(text, style::LABEL_SIZE, bold).min(120.0);
    let left = picture
        .layers
        .iter()
        .enumerate()
        .flat_map(|(index, layer)| {
            [widest(&layer.name, true), widest(&dimension(index, layer.dim), false)]
        })
        .fold(40.0, f64::max);
    let right = picture
        .layers
        .iter()
        .map(|layer| text_width(&layer.edge, style::NOTE_SIZE, false).min(110.0))
        .fold(0.0, f64::max);
    Columns {
        left: style::MARGIN + left + 26.0,
        right: right + 20.0 + style::MARGIN,
        unit: (820.0 / leaves.max(1) as f64).clamp(15.5, 44.0),
    }
}

/// Width of the whole figure in pixels.
pub(super) fn width(picture: &TreePicture, selection: &Selection) -> f64 {
    let columns = columns(picture, selection.leaves);
    let tree = columns.unit * selection.leaves as f64;
    (columns.left + tree + columns.right).max(600.0).ceil()
}

/// Draws the tree from `top` downwards, centred, and sets the height of the figure.
pub(super) fn draw(
    picture: &TreePicture,
    forest: &Forest,
    selection: &Selection,
    scene: &mut Scene,
    top: f64,
) {
    let columns = columns(picture, selection.leaves);
    let tree = columns.unit * selection.leaves as f64;
    let free = scene.width - columns.left - columns.right - tree;
    let left = columns.left + (free / 2.0).max(0.0);
    let top_layer = picture.layers.len() - 1;
    let box_top = top + 14.0;
    let first = box_top + 64.0;
    let lowest = selection.nodes.iter().map(|node| node.layer).min().unwrap_or(0);
    let level = |layer: usize| first + (top_layer - layer) as f64 * ROW;
    let place = |node: &Node| (left + node.x * columns.unit, level(node.layer));

    draw_margins(picture, scene, lowest, level, left + tree + 20.0);
    for node in selection.nodes.iter().filter(|node| node.parent.is_none()) {
        draw_output(picture, scene, node, place(node), box_top);
    }
    // Lines first and cut ones last, so that tensors and red lines lie on top.
    for cut in [false, true] {
        for node in &selection.nodes {
            draw_legs(picture, scene, selection, node, cut, &place);
        }
    }
    for node in &selection.nodes {
        draw_weight(picture, scene, selection, node, &place);
    }
    for node in &selection.nodes {
        draw_index(picture, forest, scene, node, place(node), columns.unit);
    }
    let numbers = selection.leaves <= 32 && lowest == 0;
    let below = if selection.any_folded {
        72.0
    } else if numbers {
        44.0
    } else {
        30.0
    };
    scene.height = level(lowest) + below + style::MARGIN;
}

fn draw_margins(
    picture: &TreePicture,
    scene: &mut Scene,
    lowest: usize,
    level: impl Fn(usize) -> f64,
    right: f64,
) {
    for (index, layer) in picture.layers.iter().enumerate().skip(lowest) {
        let y = level(index);
        let name = super::super::font::shorten(
            &super::super::font::clean(&layer.name),
            style::LABEL_SIZE,
            true,
            120.0,
        );
        let dim = dimension(index, layer.dim);
        scene.bold((style::MARGIN, y - 3.0), &name, style::LABEL_SIZE, style::INK, Anchor::Start);
        scene.text(
            (style::MARGIN, y + 12.0),
            &dim,
            style::LABEL_SIZE,
            style::INK_SOFT,
            Anchor::Start,
        );
        if index + 1 < picture.layers.len() {
            let place = (right, y - WEIGHT_ABOVE + below_middle(style::NOTE_SIZE));
            scene.fitted(
                place,
                &layer.edge,
                style::NOTE_SIZE,
                style::INK_FAINT,
                Anchor::Start,
                110.0,
            );
        }
    }
}

/// The vector above a root, with what is put out.
fn draw_output(picture: &TreePicture, scene: &mut Scene, root: &Node, place: Point, top: f64) {
    let text = picture.output.as_deref().unwrap_or("output");
    let text = super::super::font::shorten(
        &super::super::font::clean(text),
        style::LABEL_SIZE,
        false,
        150.0,
    );
    let width = text_width(&text, style::LABEL_SIZE, false) + 20.0;
    let label = picture.label(root.layer, root.position);
    scene.segment((place.0, top + 12.0), place, leg(label));
    scene.rectangle(
        (place.0 - width / 2.0, top - 2.0),
        (width, 25.0),
        6.0,
        Some(style::BACKGROUND),
        Some(Stroke::solid(style::NEUTRAL, 1.4)),
    );
    let base = top + 10.5 + below_middle(style::LABEL_SIZE);
    scene.text((place.0, base), &text, style::LABEL_SIZE, style::INK, Anchor::Middle);
}

fn leg(label: Option<TreeLabel>) -> Stroke {
    let width = if label == Some(TreeLabel::Cut) { style::CUT_WIDTH } else { 2.0 };
    Stroke::solid(line(label), width)
}

fn identity(picture: &TreePicture, layer: usize) -> bool {
    picture.layers.get(layer).is_some_and(|layer| layer.edge.trim() == "identity")
}

/// The lines between an index and its parent: up to the weight they belong to the index,
/// from there on to the parent.
fn draw_legs(
    picture: &TreePicture,
    scene: &mut Scene,
    selection: &Selection,
    node: &Node,
    cut: bool,
    place: &impl Fn(&Node) -> Point,
) {
    let Some(parent) = node.parent.and_then(|parent| selection.nodes.get(parent)) else {
        return;
    };
    let (x, y) = place(node);
    let weight = (x, y - WEIGHT_ABOVE);
    let own = picture.label(node.layer, node.position);
    let upper = picture.label(parent.layer, parent.position);
    if (own == Some(TreeLabel::Cut)) == cut {
        scene.segment(weight, (x, y), leg(own));
    }
    if (upper == Some(TreeLabel::Cut)) == cut {
        scene.segment(weight, place(parent), leg(upper));
    }
}

/// The weight above an index, coloured by the side it lies on.
fn draw_weight(
    picture: &TreePicture,
    scene: &mut Scene,
    selection: &Selection,
    node: &Node,
    place: &impl Fn(&Node) -> Point,
) {
    let Some(parent) = node.parent.and_then(|parent| selection.nodes.get(parent)) else {
        return;
    };
    if identity(picture, node.layer) {
        return;
    }
    let own = picture.label(node.layer, node.position);
    let upper = picture.label(parent.layer, parent.position);
    // A weight between two cut indices lies on either side: it stays without a colour.
    let side = [own, upper].into_iter().find(|label| *label != Some(TreeLabel::Cut)).flatten();
    let (x, y) = place(node);
    let half = 5.5;
    scene.rectangle(
        (x - half, y - WEIGHT_ABOVE - half),
        (2.0 * half, 2.0 * half),
        2.5,
        Some(fill(side)),
        Some(Stroke::solid(
            if side == Some(TreeLabel::B) { style::SIDE_B_EDGE } else { line(side) },
            1.2,
        )),
    );
}

fn draw_index(
    picture: &TreePicture,
    forest: &Forest,
    scene: &mut Scene,
    node: &Node,
    place: Point,
    unit: f64,
) {
    let label = picture.label(node.layer, node.position);
    let cut = label == Some(TreeLabel::Cut);
    if node.folded {
        draw_folded(forest, scene, node, place, unit);
    }
    let (x, y) = place;
    if node.layer == 0 {
        draw_site(picture, scene, node, place, unit);
        return;
    }
    if cut {
        scene.disc(place, DISC + 2.6, style::BACKGROUND, Some(Stroke::solid(style::CUT, 2.2)));
        cross(scene, place, 3.4, 2.2);
        let dim = picture.layers[node.layer].dim.to_string();
        if text_width(&dim, style::LABEL_SIZE, true) + 14.0 < unit.max(34.0) {
            let start = (x + DISC + 7.0, y + below_middle(style::LABEL_SIZE) - 5.0);
            scene.bold(start, &dim, style::LABEL_SIZE, style::CUT, Anchor::Start);
        }
        return;
    }
    let edge = if label == Some(TreeLabel::B) { style::SIDE_B_EDGE } else { line(label) };
    let inside = if label.is_some() { fill(label) } else { style::NEUTRAL };
    scene.disc(place, DISC, inside, Some(Stroke::solid(edge, 1.2)));
}

/// A site: the end of its open leg with the letter of its side, and its number.
fn draw_site(picture: &TreePicture, scene: &mut Scene, node: &Node, place: Point, unit: f64) {
    let (x, y) = place;
    let label = picture.label(0, node.position);
    let mut below = y + 12.0;
    if label == Some(TreeLabel::Cut) {
        // The open leg itself is cut: the mark stands across it, its dimension beside it.
        let middle = y - 10.5;
        cross(scene, (x, middle), 4.4, 2.2);
        let dim = picture.layers[0].dim.to_string();
        if unit >= 30.0 {
            let start = (x + 8.0, middle + below_middle(style::NOTE_SIZE));
            scene.bold(start, &dim, style::NOTE_SIZE, style::CUT, Anchor::Start);
        }
    }
    let side = picture.site_side(node.position);
    match side {
        Some(_) => {
            square(scene, (x - SIDES / 2.0, y), SIDES, side);
            below += 13.0;
        }
        _ => {
            let color = line(label);
            let width = if label.is_some() { style::CUT_WIDTH } else { 2.0 };
            scene.segment((x, y), (x, y + 6.0), Stroke::solid(color, width));
            below += 7.0;
        }
    }
    let number = node.position.to_string();
    if unit >= 22.0 && text_width(&number, style::NOTE_SIZE, false) <= unit - 2.0 {
        scene.text((x, below), &number, style::NOTE_SIZE, style::INK_FAINT, Anchor::Middle);
    }
}

/// A triangle for a whole subtree: the colour of its side, or grey with the cuts inside.
fn draw_folded(forest: &Forest, scene: &mut Scene, node: &Node, place: Point, unit: f64) {
    let below = forest.below[node.layer][node.position];
    let label = match (below.a, below.b, below.cut) {
        (0, 0, 0) => None,
        (_, 0, 0) => Some(TreeLabel::A),
        (0, _, 0) => Some(TreeLabel::B),
        _ => None,
    };
    let (x, y) = place;
    let half = (0.4 * unit).clamp(5.0, 15.0);
    let edge = if label == Some(TreeLabel::B) { style::SIDE_B_EDGE } else { line(label) };
    scene.shapes.push(Shape::Area {
        outline: vec![(x, y), (x + half, y + 30.0), (x - half, y + 30.0)],
        fill: Some(fill(label).with_alpha(if label.is_some() { 0.75 } else { 0.9 })),
        stroke: Some(Stroke::solid(edge, 1.2)),
    });
    let count = format!("×{}", below.sites);
    if text_width(&count, style::NOTE_SIZE, false) <= unit - 2.0 {
        scene.text((x, y + 43.0), &count, style::NOTE_SIZE, style::INK_SOFT, Anchor::Middle);
    }
    let cuts = format!("{} cut", below.cut);
    if below.cut > 0 && text_width(&cuts, style::NOTE_SIZE, false) <= unit - 2.0 {
        scene.text((x, y + 56.0), &cuts, style::NOTE_SIZE, style::CUT, Anchor::Middle);
    }
}
