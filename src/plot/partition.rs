//! How the two sides of a partition and a cut look, wherever they are drawn.

use super::scene::{Anchor, Point, Scene, Stroke, below_middle};
use super::style::{self, Color};
use super::tree::TreeLabel;

/// The fill of a side; the cut's own fill is pale, so that its red cross stands out.
pub(crate) fn fill(label: Option<TreeLabel>) -> Color {
    match label {
        Some(TreeLabel::A) => style::SIDE_A,
        Some(TreeLabel::B) => style::SIDE_B,
        Some(TreeLabel::Cut) => style::CUT_FILL,
        None => style::NEUTRAL_FILL,
    }
}

/// The colour of lines that belong to a side.
pub(crate) fn line(label: Option<TreeLabel>) -> Color {
    match label {
        Some(TreeLabel::A) => style::SIDE_A,
        Some(TreeLabel::B) => style::SIDE_B_LINE,
        Some(TreeLabel::Cut) => style::CUT,
        None => style::NEUTRAL,
    }
}

/// The colour of text on a side.
pub(crate) fn ink(label: Option<TreeLabel>) -> Color {
    match label {
        Some(TreeLabel::A) => style::BACKGROUND,
        Some(TreeLabel::Cut) => style::CUT,
        _ => style::INK,
    }
}

/// The letter of a side, × for a cut.
pub(crate) fn letter(label: Option<TreeLabel>) -> char {
    match label {
        Some(TreeLabel::A) => 'A',
        Some(TreeLabel::B) => 'B',
        Some(TreeLabel::Cut) => '×',
        None => '·',
    }
}

/// A square of a side with its letter if there is room; a cut has a cross and a red border.
pub(crate) fn square(scene: &mut Scene, corner: Point, side: f64, label: Option<TreeLabel>) {
    if label == Some(TreeLabel::Cut) {
        let width = (0.09 * side).clamp(1.0, 3.0);
        let inset = width / 2.0;
        let border = (side >= 8.0).then_some(Stroke::solid(style::CUT, width));
        let place = (corner.0 + inset, corner.1 + inset);
        let size = (side - width, side - width);
        scene.rectangle(place, size, 0.0, Some(style::CUT_FILL), border);
        let center = (corner.0 + side / 2.0, corner.1 + side / 2.0);
        cross(scene, center, (0.22 * side).min(14.0), (0.14 * side).clamp(1.2, 4.0));
        return;
    }
    scene.rectangle(corner, (side, side), 0.0, Some(fill(label)), None);
    if side >= 13.0 && label.is_some() {
        let size = (0.5 * side).min(14.0);
        let place = (corner.0 + side / 2.0, corner.1 + side / 2.0 + below_middle(size));
        let text = letter(label).to_string();
        scene.text(place, &text, size, ink(label), Anchor::Middle);
    }
}

/// A red diagonal cross.
pub(crate) fn cross(scene: &mut Scene, center: Point, reach: f64, width: f64) {
    let (x, y) = center;
    let stroke = Stroke::solid(style::CUT, width);
    scene.segment((x - reach, y - reach), (x + reach, y + reach), stroke);
    scene.segment((x - reach, y + reach), (x + reach, y - reach), stroke);
}

/// One entry of a legend row: a picture of 16 pixels and a text; returns the next x.
pub(crate) fn legend_entry(
    scene: &mut Scene,
    place: Point,
    text: &str,
    draw: impl FnOnce(&mut Scene, Point),
) -> f64 {
    draw(scene, (place.0 + 7.0, place.1));
    let base = place.1 + below_middle(style::LABEL_SIZE);
    scene.text((place.0 + 20.0, base), text, style::LABEL_SIZE, style::INK_SOFT, Anchor::Start);
    place.0 + 20.0 + super::font::text_width(text, style::LABEL_SIZE, false) + 22.0
}

/// The squares of A and B with their names; returns the next x.
pub(crate) fn legend_sides(scene: &mut Scene, place: Point, a: &str, b: &str) -> f64 {
    let draw = |label| {
        move |scene: &mut Scene, center: Point| {
            square(scene, (center.0 - 7.0, center.1 - 7.0), 14.0, Some(label));
        }
    };
    let x = legend_entry(scene, place, a, draw(TreeLabel::A));
    legend_entry(scene, (x, place.1), b, draw(TreeLabel::B))
}
