//! A figure as a flat list of shapes; the SVG and the PNG are both made from it.

use super::font::{clean, shorten, text_width, wrap};
use super::style::{self, Color};

/// A place in CSS pixels, x to the right and y downwards.
pub type Point = (f64, f64);

/// A line's look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Its width in pixels.
    pub width: f64,
    /// Dashes of this length with gaps as long, or a solid line.
    pub dash: Option<f64>,
}

impl Stroke {
    /// A solid line.
    pub const fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: None }
    }
}

/// Which point of a text lies on its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// One line of text; the position lies on its base line.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Where the anchor lies, on the base line.
    pub position: Point,
    /// What is written, already cleaned.
    pub content: String,
    /// Em size in pixels.
    pub size: f64,
    /// Bold or regular.
    pub bold: bool,
    /// Its colour.
    pub color: Color,
    /// Which point lies on the position.
    pub anchor: Anchor,
    /// Written upwards (turned by 90 degrees to the left).
    pub upward: bool,
}

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A closed polygon.
    Area {
        /// Its corners.
        outline: Vec<Point>,
        /// Its inside.
        fill: Option<Color>,
        /// Its border.
        stroke: Option<Stroke>,
    },
    /// An open line through points.
    Line {
        /// Its points.
        points: Vec<Point>,
        /// Its look.
        stroke: Stroke,
    },
    /// An upright rectangle.
    Rectangle {
        /// Its upper left corner.
        corner: Point,
        /// Its width and height.
        size: (f64, f64),
        /// Radius of its corners.
        radius: f64,
        /// Its inside.
        fill: Option<Color>,
        /// Its border.
        stroke: Option<Stroke>,
    },
    /// A disc or a ring.
    Disc {
        /// Its centre.
        center: Point,
        /// Its radius.
        radius: f64,
        /// Its inside.
        fill: Option<Color>,
        /// Its border.
        stroke: Option<Stroke>,
    },
    /// A grey image.
    Raster(Raster),
    /// One line of text.
    Text(Text),
}

/// A grey image of few pixels, each drawn as a rectangle with sharp edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Its upper left corner.
    pub corner: Point,
    /// Its width and height in the figure.
    pub size: (f64, f64),
    /// Its rows of pixels.
    pub rows: usize,
    /// Its columns of pixels.
    pub columns: usize,
    /// From 0 (black) to 255 (white), row by row.
    pub shades: Vec<u8>,
}

/// A figure: its size, what it shows in words, and its shapes from back to front.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// What the figure shows, for readers that cannot see it.
    pub description: String,
    /// The shapes, back to front.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// An empty figure.
    pub fn new(width: f64, height: f64, description: impl AsRef<str>) -> Self {
        Self { width, height, description: clean(description.as_ref()), shapes: Vec::new() }
    }

    /// Adds a straight line.
    pub fn segment(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.shapes.push(Shape::Line { points: vec![from, to], stroke });
    }

    /// Adds a rectangle.
    pub fn rectangle(
        &mut self,
        corner: Point,
        size: (f64, f64),
        radius: f64,
        fill: Option<Color>,
        stroke: Option<Stroke>,
    ) {
        self.shapes.push(Shape::Rectangle { corner, size, radius, fill, stroke });
    }

    /// Adds a disc.
    pub fn disc(&mut self, center: Point, radius: f64, fill: Color, stroke: Option<Stroke>) {
        self.shapes.push(Shape::Disc { center, radius, fill: Some(fill), stroke });
    }

    /// Adds a polygon.
    pub fn area(&mut self, outline: Vec<Point>, fill: Color, stroke: Option<Stroke>) {
        self.shapes.push(Shape::Area { outline, fill: Some(fill), stroke });
    }

    /// Adds a grey image.
    pub fn raster(&mut self, raster: Raster) {
        self.shapes.push(Shape::Raster(raster));
    }

    /// Adds a regular text of one line.
    pub fn text(
        &mut self,
        position: Point,
        content: &str,
        size: f64,
        color: Color,
        anchor: Anchor,
    ) {
        self.write(position, content, size, false, color, anchor, false);
    }

    /// Adds a bold text of one line.
    pub fn bold(
        &mut self,
        position: Point,
        content: &str,
        size: f64,
        color: Color,
        anchor: Anchor,
    ) {
        self.write(position, content, size, true, color, anchor, false);
    }

    /// Adds a text that is read upwards; the anchor is meant along the writing direction.
    pub fn upward(
        &mut self,
        position: Point,
        content: &str,
        size: f64,
        color: Color,
        anchor: Anchor,
    ) {
        self.write(position, content, size, false, color, anchor, true);
    }

    #[allow(clippy::too_many_arguments)]
    fn write(
        &mut self,
        position: Point,
        content: &str,
        size: f64,
        bold: bool,
        color: Color,
        anchor: Anchor,
        upward: bool,
    ) {
        let content = clean(content);
        if !content.trim().is_empty() {
            self.shapes.push(Shape::Text(Text {
                position,
                content,
                size,
                bold,
                color,
                anchor,
                upward,
            }));
        }
    }

    /// Writes the title at the top left in at most two lines and returns the height where
    /// the content begins (the margin when there is no title).
    pub fn title(&mut self, title: Option<&str>) -> f64 {
        let Some(title) = title.map(clean).filter(|title| !title.trim().is_empty()) else {
            return style::MARGIN;
        };
        let room = self.width - 2.0 * style::MARGIN;
        let mut base = style::MARGIN + 0.8 * style::TITLE_SIZE;
        for line in wrap(&title, style::TITLE_SIZE, true, room, 2) {
            self.bold((style::MARGIN, base), &line, style::TITLE_SIZE, style::INK, Anchor::Start);
            base += 1.3 * style::TITLE_SIZE;
        }
        base - 0.45 * style::TITLE_SIZE
    }

    /// Writes a caption from `top` downwards in at most three lines; returns its lower end.
    pub fn caption(&mut self, caption: Option<&str>, top: f64) -> f64 {
        let Some(caption) = caption.map(clean).filter(|text| !text.trim().is_empty()) else {
            return top;
        };
        let room = self.width - 2.0 * style::MARGIN;
        let mut base = top + 0.8 * style::LABEL_SIZE;
        for line in wrap(&caption, style::LABEL_SIZE, false, room, 3) {
            self.text((style::MARGIN, base), &line, style::LABEL_SIZE, style::INK, Anchor::Start);
            base += 1.4 * style::LABEL_SIZE;
        }
        base - LINE_GAP
    }

    /// Adds a text that is shortened to `limit` pixels; returns the width it takes.
    pub fn fitted(
        &mut self,
        position: Point,
        content: &str,
        size: f64,
        color: Color,
        anchor: Anchor,
        limit: f64,
    ) -> f64 {
        let content = shorten(&clean(content), size, false, limit);
        let width = text_width(&content, size, false);
        self.text(position, &content, size, color, anchor);
        width
    }
}

/// From the base line that would come next back to the lower end of the last line.
const LINE_GAP: f64 = 1.15 * style::LABEL_SIZE;

/// How far below the middle of a line of text its base line lies, for an em size.
pub fn below_middle(size: f64) -> f64 {
    0.36 * size
}
