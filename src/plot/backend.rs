//! A plotters backend that draws into a [`Scene`].
//!
//! plotters speaks in whole pixels; this backend tells it that the figure is
//! [`UNITS_PER_PIXEL`] times larger and divides again, so that curves stay smooth. Widths
//! and radii given to plotters are in the same units.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};

use super::font::text_width;
use super::scene::{Anchor, Point, Scene, Shape, Stroke};
use super::style::Color;

/// plotters units in one CSS pixel.
pub const UNITS_PER_PIXEL: f64 = 16.0;

/// Draws into a scene; see the module.
pub struct SceneBackend<'scene> {
    scene: &'scene mut Scene,
    dash: Option<f64>,
}

impl<'scene> SceneBackend<'scene> {
    /// A backend that appends to `scene`.
    pub fn new(scene: &'scene mut Scene) -> Self {
        Self { scene, dash: None }
    }

    /// The same backend with dashed lines: dashes and gaps of this length in CSS pixels.
    pub fn with_dash(mut self, dash: Option<f64>) -> Self {
        self.dash = dash;
        self
    }
}

fn place(point: BackendCoord) -> Point {
    (f64::from(point.0) / UNITS_PER_PIXEL, f64::from(point.1) / UNITS_PER_PIXEL)
}

fn paint(color: BackendColor) -> Color {
    Color { red: color.rgb.0, green: color.rgb.1, blue: color.rgb.2, alpha: color.alpha }
}

fn stroke<S: BackendStyle>(style: &S) -> Stroke {
    let width = f64::from(style.stroke_width()) / UNITS_PER_PIXEL;
    Stroke::solid(paint(style.color()), width)
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for SceneBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        ((self.scene.width * UNITS_PER_PIXEL) as u32, (self.scene.height * UNITS_PER_PIXEL) as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let side = 1.0 / UNITS_PER_PIXEL;
        self.scene.rectangle(place(point), (side, side), 0.0, Some(paint(color)), None);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.scene.segment(place(from), place(to), stroke(style));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (from, to) = (place(upper_left), place(bottom_right));
        let corner = (from.0.min(to.0), from.1.min(to.1));
        let size = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let (inside, border) =
            if fill { (Some(paint(style.color())), None) } else { (None, Some(stroke(style))) };
        self.scene.rectangle(corner, size, 0.0, inside, border);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<Point> = path.into_iter().map(place).collect();
        if points.len() > 1 {
            self.scene
                .shapes
                .push(Shape::Line { points, stroke: Stroke { dash: self.dash, ..stroke(style) } });
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.scene.shapes.push(Shape::Disc {
            center: place(center),
            radius: f64::from(radius) / UNITS_PER_PIXEL,
            fill: fill.then(|| paint(style.color())),
            stroke: (!fill).then(|| stroke(style)),
        });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let outline: Vec<Point> = corners.into_iter().map(place).collect();
        self.scene.area(outline, paint(style.color()), None);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Drawn {
        let size = style.size() / UNITS_PER_PIXEL;
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let (x, y) = place(position);
        let base = match style.anchor().v_pos {
            VPos::Top => y + 0.8 * size,
            VPos::Center => y + super::scene::below_middle(size),
            VPos::Bottom => y - 0.2 * size,
        };
        let color = paint(style.color());
        if matches!(style.style(), FontStyle::Bold) {
            self.scene.bold((x, base), text, size, color, anchor);
        } else {
            self.scene.text((x, base), text, size, color, anchor);
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let bold = matches!(style.style(), FontStyle::Bold);
        let width = text_width(text, style.size(), bold);
        Ok((width.ceil() as u32, (1.2 * style.size()).ceil() as u32))
    }
}
