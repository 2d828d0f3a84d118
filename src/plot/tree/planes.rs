//! The layers of a grid as planes beside each other, and the legend of all tree pictures.

use super::super::font::{clean, shorten, text_width};
use super::super::partition::{cross, fill, ink, legend_entry, letter, square};
use super::super::scene::{Anchor, Point, Scene, Shape, Stroke, below_middle};
use super::super::style;
use super::{TreeLabel, TreeLayer, TreePicture, dimension};

/// Side of the plane of the sites in pixels.
const FIRST: f64 = 232.0;
/// From one plane to the next.
const GAP: f64 = 66.0;

/// Whether the planes are large enough to be read: up to 32 rows and columns.
pub(super) fn fits(picture: &TreePicture) -> bool {
    picture.layers.len() <= 8
        && picture.layers.iter().all(|layer| layer.rows <= 32 && layer.cols <= 32)
}

/// Width of a cell of a layer: planes shrink towards the root.
fn cell(picture: &TreePicture, index: usize) -> f64 {
    let layer = &picture.layers[index];
    let sites = &picture.layers[0];
    let first = FIRST.max(9.0 * sites.rows.max(sites.cols) as f64);
    let side = (first * 0.76f64.powi(index as i32)).max(58.0);
    (side / layer.rows.max(layer.cols).max(1) as f64).min(58.0)
}

/// Draws the planes without legend and caption; the height of the figure ends below them
/// and its width is at least `least`.
pub(super) fn draw(picture: &TreePicture, least: f64) -> Scene {
    let sizes: Vec<(f64, f64)> = picture
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let cell = cell(picture, index);
            (cell * layer.cols as f64, cell * layer.rows as f64)
        })
        .collect();
    let tallest = sizes.iter().map(|size| size.1).fold(0.0, f64::max);
    let output = picture
        .output
        .as_deref()
        .map(|text| shorten(&clean(text), style::LABEL_SIZE, false, 120.0));
    let output_width =
        output.as_ref().map_or(0.0, |text| GAP + text_width(text, style::LABEL_SIZE, false) + 20.0);
    let slots: Vec<f64> = sizes.iter().map(|size| size.0.max(76.0)).collect();
    let wide = slots.iter().sum::<f64>() + GAP * (slots.len() - 1) as f64 + output_width;
    let width = (wide + 2.0 * style::MARGIN).max(620.0).max(least);
    let mut scene = Scene::new(width.ceil(), 100.0, picture.description());
    let top = scene.title(picture.title.as_deref()) + 10.0;
    let middle = top + tallest / 2.0;
    let mut x = style::MARGIN + (width - 2.0 * style::MARGIN - wide) / 2.0;
    for (index, (layer, size)) in picture.layers.iter().zip(&sizes).enumerate() {
        let slot = slots[index];
        let corner = (x + (slot - size.0) / 2.0, middle - size.1 / 2.0);
        draw_plane(picture, &mut scene, index, corner, cell(picture, index));
        let center = x + slot / 2.0;
        let below = top + tallest + 22.0;
        let name = shorten(&clean(&layer.name), style::LABEL_SIZE, true, slot + 20.0);
        scene.bold((center, below), &name, style::LABEL_SIZE, style::INK, Anchor::Middle);
        let facts = format!("{} × {},  {}", layer.rows, layer.cols, dimension(index, layer.dim));
        scene.text(
            (center, below + 17.0),
            &facts,
            style::LABEL_SIZE,
            style::INK_SOFT,
            Anchor::Middle,
        );
        let cuts = cut_count(picture, index);
        if cuts > 0 {
            let text = format!("{cuts} cut");
            scene.bold(
                (center, below + 34.0),
                &text,
                style::LABEL_SIZE,
                style::CUT,
                Anchor::Middle,
            );
        }
        x += slot;
        let last = index + 1 == picture.layers.len();
        if !last || output.is_some() {
            let start = x - (slot - size.0) / 2.0 + 10.0;
            let next = sizes.get(index + 1).map_or(0.0, |next| (slots[index + 1] - next.0) / 2.0);
            arrow(&mut scene, (start, middle), x + GAP + next - 10.0);
            if !last {
                let place = ((start + x + GAP + next - 10.0) / 2.0, middle - 9.0);
                let room = GAP + next - 6.0;
                scene.fitted(
                    place,
                    &layer.edge,
                    style::NOTE_SIZE,
                    style::INK_FAINT,
                    Anchor::Middle,
                    room,
                );
            }
        }
        x += GAP;
    }
    if let Some(text) = output {
        let width = text_width(&text, style::LABEL_SIZE, false) + 20.0;
        let border = Some(Stroke::solid(style::NEUTRAL, 1.4));
        scene.rectangle((x, middle - 13.0), (width, 26.0), 6.0, Some(style::BACKGROUND), border);
        let place = (x + width / 2.0, middle + below_middle(style::LABEL_SIZE));
        scene.text(place, &text, style::LABEL_SIZE, style::INK, Anchor::Middle);
    }
    scene.height = top + tallest + 68.0 + style::MARGIN;
    scene
}

fn cut_count(picture: &TreePicture, layer: usize) -> usize {
    let labels = picture.marks.as_ref().and_then(|marks| marks.labels.get(layer));
    labels.map_or(0, |labels| labels.iter().filter(|&&label| label == TreeLabel::Cut).count())
}

fn arrow(scene: &mut Scene, from: Point, to: f64) {
    let y = from.1;
    scene.segment(from, (to - 5.0, y), Stroke::solid(style::AXIS, 1.4));
    scene.area(vec![(to, y), (to - 8.0, y - 4.0), (to - 8.0, y + 4.0)], style::AXIS, None);
}

/// Whether every window of a layer is one upright rectangle, so that borders can show it.
fn contiguous(layer: &TreeLayer, windows: usize) -> bool {
    let mut bounds = vec![(usize::MAX, usize::MAX, 0usize, 0usize, 0usize); windows];
    for (position, &parent) in layer.parent.iter().enumerate() {
        let (row, column) = (position / layer.cols.max(1), position % layer.cols.max(1));
        if let Some(bound) = bounds.get_mut(parent) {
            bound.0 = bound.0.min(row);
            bound.1 = bound.1.min(column);
            bound.2 = bound.2.max(row + 1);
            bound.3 = bound.3.max(column + 1);
            bound.4 += 1;
        }
    }
    bounds.iter().all(|&(top, left, bottom, right, count)| {
        count == 0 || (bottom - top) * (right - left) == count
    })
}

fn draw_plane(picture: &TreePicture, scene: &mut Scene, index: usize, corner: Point, cell: f64) {
    let layer = &picture.layers[index];
    let windows = picture.layers.get(index + 1).map_or(0, |next| next.rows * next.cols);
    let numbered = windows > 0 && !contiguous(layer, windows) && cell >= 15.0;
    let owned = index > 0
        && !contiguous(&picture.layers[index - 1], layer.rows * layer.cols)
        && cell >= 22.0;
    for position in 0..layer.rows * layer.cols {
        let place = (
            corner.0 + (position % layer.cols) as f64 * cell,
            corner.1 + (position / layer.cols) as f64 * cell,
        );
        let label = picture.label(index, position);
        if numbered {
            numbered_cell(scene, place, cell, label, layer.parent[position]);
        } else {
            square(scene, place, cell, label);
            let side = if index == 0 { picture.site_side(position) } else { None };
            if label == Some(TreeLabel::Cut) && side.is_some() {
                cut_site(scene, place, cell, side);
            }
        }
        if owned {
            let ink = if label == Some(TreeLabel::A) { style::BACKGROUND } else { style::INK_SOFT };
            let start = (place.0 + 3.5, place.1 + 10.5);
            scene.text(start, &position.to_string(), 9.0, ink, Anchor::Start);
        }
    }
    draw_borders(scene, layer, corner, cell, windows > 0);
}

/// A site whose open leg is cut: the colour of its side in a red border with a cross.
fn cut_site(scene: &mut Scene, place: Point, cell: f64, side: Option<TreeLabel>) {
    let width = (0.14 * cell).clamp(1.2, 4.0);
    let corner = (place.0 + width / 2.0, place.1 + width / 2.0);
    let size = (cell - width, cell - width);
    let border = Some(Stroke::solid(style::CUT, width));
    scene.rectangle(corner, size, 0.0, Some(fill(side)), border);
    if cell >= 15.0 {
        let size = (0.46 * cell).min(13.0);
        let middle = (place.0 + cell / 2.0, place.1 + cell / 2.0 + below_middle(size));
        scene.text(middle, &letter(side).to_string(), size, ink(side), Anchor::Middle);
    }
}

/// A cell with the number of the window that takes it, for windows that are no rectangles.
fn numbered_cell(
    scene: &mut Scene,
    place: Point,
    cell: f64,
    label: Option<TreeLabel>,
    window: usize,
) {
    if label == Some(TreeLabel::Cut) {
        square(scene, place, cell, label);
        return;
    }
    scene.rectangle(place, (cell, cell), 0.0, Some(fill(label)), None);
    let size = (0.36 * cell).clamp(8.5, 12.0);
    let text = if cell >= 26.0 && label.is_some() {
        format!("{} {window}", letter(label))
    } else {
        window.to_string()
    };
    let middle = (place.0 + cell / 2.0, place.1 + cell / 2.0 + below_middle(size));
    if text_width(&text, size, false) <= cell - 2.0 {
        scene.text(middle, &text, size, ink(label), Anchor::Middle);
    }
}

/// Thin white lines inside windows and dark ones between them.
fn draw_borders(scene: &mut Scene, layer: &TreeLayer, corner: Point, cell: f64, windows: bool) {
    let same =
        |one: usize, other: usize| !windows || layer.parent.get(one) == layer.parent.get(other);
    let thin = Stroke::solid(style::BACKGROUND, if cell >= 12.0 { 1.5 } else { 0.8 });
    let thick = Stroke::solid(style::INK, if cell >= 12.0 { 2.0 } else { 1.0 });
    for strong in [false, true] {
        for row in 0..layer.rows {
            for column in 0..layer.cols {
                let position = row * layer.cols + column;
                let (x, y) = (corner.0 + column as f64 * cell, corner.1 + row as f64 * cell);
                let stroke = if strong { thick } else { thin };
                if column > 0 && same(position - 1, position) != strong {
                    scene.segment((x, y), (x, y + cell), stroke);
                }
                if row > 0 && same(position - layer.cols, position) != strong {
                    scene.segment((x, y), (x + cell, y), stroke);
                }
            }
        }
    }
    let size = (layer.cols as f64 * cell, layer.rows as f64 * cell);
    scene.rectangle(corner, size, 0.0, None, Some(thick));
}

/// What an entry of the legend shows.
#[derive(Clone, Copy)]
enum Key {
    Side(TreeLabel),
    Cut,
    CutSite,
    Copy,
    Weight,
    Folded,
    Window,
}

/// Adds the legend and the caption below a drawing and sets the final height. `folded` tells
/// whether the drawing has triangles for subtrees.
pub(super) fn finish(picture: &TreePicture, scene: &mut Scene, folded: bool) {
    let tree = scene.shapes.iter().any(|shape| matches!(shape, Shape::Disc { .. }));
    let planes = picture.grid.0 > 1;
    let mut keys: Vec<(Key, &str)> = Vec::new();
    if picture.marks.is_some() {
        keys.push((Key::Side(TreeLabel::A), "side A"));
        keys.push((Key::Side(TreeLabel::B), "side B"));
        let cut = if tree { "cut, its legs count once" } else { "cut index" };
        keys.push((Key::Cut, cut));
        if planes && cut_count(picture, 0) > 0 {
            keys.push((Key::CutSite, "open leg cut"));
        }
    }
    if tree {
        keys.push((Key::Copy, "copy tensor"));
        keys.push((Key::Weight, "weight"));
    }
    if folded {
        keys.push((Key::Folded, "folded subtree, × its sites"));
    }
    let scattered = |pair: &[TreeLayer]| !contiguous(&pair[0], pair[1].rows * pair[1].cols);
    if planes && picture.layers.windows(2).any(scattered) {
        keys.push((Key::Window, "number: the window of a position"));
    }
    let mut x = style::MARGIN;
    let mut y = scene.height - style::MARGIN + 18.0;
    for (key, text) in keys {
        let width = 20.0 + text_width(text, style::LABEL_SIZE, false);
        if x > style::MARGIN && x + width > scene.width - style::MARGIN {
            x = style::MARGIN;
            y += 22.0;
        }
        x = legend_entry(scene, (x, y), text, |scene, center| draw_key(scene, center, key));
    }
    y += 18.0;
    if picture.caption.is_some() {
        y = scene.caption(picture.caption.as_deref(), y + 6.0);
    }
    scene.height = (y + style::MARGIN - 6.0).ceil();
}

fn draw_key(scene: &mut Scene, center: Point, key: Key) {
    let (x, y) = center;
    let outline = Some(Stroke::solid(style::NEUTRAL, 1.2));
    match key {
        Key::Side(label) => square(scene, (x - 7.0, y - 7.0), 14.0, Some(label)),
        Key::Cut => {
            let ring = Some(Stroke::solid(style::CUT, 2.0));
            scene.disc(center, 7.0, style::BACKGROUND, ring);
            cross(scene, center, 3.2, 2.0);
        }
        Key::CutSite => {
            let ring = Some(Stroke::solid(style::CUT, 2.0));
            scene.rectangle((x - 6.0, y - 6.0), (12.0, 12.0), 0.0, Some(style::BACKGROUND), ring);
        }
        Key::Copy => scene.disc(center, 5.2, style::NEUTRAL, None),
        Key::Weight => {
            let corner = (x - 5.5, y - 5.5);
            scene.rectangle(corner, (11.0, 11.0), 2.5, Some(style::NEUTRAL_FILL), outline);
        }
        Key::Folded => scene.area(
            vec![(x, y - 7.0), (x + 5.5, y + 6.5), (x - 5.5, y + 6.5)],
            style::NEUTRAL_FILL,
            outline,
        ),
        Key::Window => {
            let place = (x, y + below_middle(style::NOTE_SIZE));
            scene.text(place, "3", style::NOTE_SIZE, style::INK_SOFT, Anchor::Middle);
        }
    }
}
