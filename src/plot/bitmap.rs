//! From shapes to pixels and PNG bytes.

use std::collections::HashMap;

use super::coverage::{Coverage, circle, rounded};
use super::error::PlotError;
use super::font::{glyph_pixels, text_width};
use super::scene::{Anchor, Point, Raster, Scene, Shape, Stroke, Text};
use super::style::{self, Color};

/// More pixels than this are refused: 64 million, a quarter of a gigabyte of memory.
const PIXEL_LIMIT: f64 = 64e6;

/// Draws a figure at `scale` device pixels per CSS pixel and encodes it as an 8-bit PNG
/// that states its resolution (96 · scale per inch).
///
/// # Errors
/// A scale outside 0.1 to 16, or a picture of more than 64 million pixels.
pub(crate) fn write_png(scene: &Scene, scale: f64) -> Result<Vec<u8>, PlotError> {
    let canvas = paint(scene, scale)?;
    let failed = |error: png::EncodingError| {
        PlotError::plain(format!("the picture could not be encoded as PNG: {error}"))
    };
    let indexed = Indexed::new(&canvas);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, canvas.width as u32, canvas.height as u32);
    encoder.set_depth(png::BitDepth::Eight);
    match &indexed {
        Some(indexed) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(indexed.palette.as_slice());
            encoder.set_trns(indexed.alpha.as_slice());
        }
        None => encoder.set_color(png::ColorType::Rgba),
    }
    let per_meter = (96.0 * scale / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_meter,
        yppu: per_meter,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    let pixels = indexed.as_ref().map_or(&canvas.pixels, |indexed| &indexed.pixels);
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// A picture of few colours: a byte for each pixel. Figures have few, and notebooks keep them.
struct Indexed {
    /// Red, green, blue of each colour.
    palette: Vec<u8>,
    /// The alpha of each colour.
    alpha: Vec<u8>,
    pixels: Vec<u8>,
}

impl Indexed {
    /// `None` for more than 256 colours.
    fn new(canvas: &Canvas) -> Option<Self> {
        let mut numbers: HashMap<[u8; 4], u8> = HashMap::new();
        let mut out = Self {
            palette: Vec::new(),
            alpha: Vec::new(),
            pixels: Vec::with_capacity(canvas.pixels.len() / 4),
        };
        // Neighbours are mostly equal.
        let mut last = None;
        for pixel in canvas.pixels.chunks_exact(4) {
            let color = [pixel[0], pixel[1], pixel[2], pixel[3]];
            let number = match last {
                Some((known, number)) if known == color => number,
                _ => match numbers.get(&color) {
                    Some(number) => *number,
                    None => {
                        let number = u8::try_from(numbers.len()).ok()?;
                        numbers.insert(color, number);
                        out.palette.extend_from_slice(&color[..3]);
                        out.alpha.push(color[3]);
                        number
                    }
                },
            };
            last = Some((color, number));
            out.pixels.push(number);
        }
        Some(out)
    }
}

/// Steps from nothing to full coverage: as many as the eye tells apart at the edge of a line, and
/// few enough for a palette.
const STEPS: f32 = 15.0;

struct Canvas {
    width: usize,
    height: usize,
    /// Red, green, blue, alpha (straight), row by row.
    pixels: Vec<u8>,
}

fn paint(scene: &Scene, scale: f64) -> Result<Canvas, PlotError> {
    if !(0.1..=16.0).contains(&scale) {
        return Err(PlotError::new(
            format!("a picture cannot be drawn at scale {scale}"),
            "take a scale between 0.1 and 16; 2 is usual",
        ));
    }
    let (width, height) = ((scene.width * scale).ceil(), (scene.height * scale).ceil());
    if !(width >= 1.0 && height >= 1.0 && width * height <= PIXEL_LIMIT) {
        return Err(PlotError::new(
            format!("a picture of {width} x {height} pixels is too large"),
            "take a smaller scale",
        ));
    }
    let (width, height) = (width as usize, height as usize);
    let mut canvas = Canvas { width, height, pixels: vec![0; width * height * 4] };
    canvas.shape(
        &Shape::Rectangle {
            corner: (0.5, 0.5),
            size: (scene.width - 1.0, scene.height - 1.0),
            radius: style::CARD_RADIUS,
            fill: Some(style::BACKGROUND),
            stroke: Some(Stroke::solid(style::CARD_EDGE, style::HAIRLINE)),
        },
        scale,
    );
    for shape in &scene.shapes {
        canvas.shape(shape, scale);
    }
    Ok(canvas)
}

impl Canvas {
    fn blend(&mut self, x: i64, y: i64, color: Color, coverage: f32) {
        if x < 0 || y < 0 || x >= self.width as i64 || y >= self.height as i64 {
            return;
        }
        let coverage = (coverage * STEPS).round() / STEPS;
        let start = (y as usize * self.width + x as usize) * 4;
        if coverage >= 1.0 && color.alpha >= 1.0 {
            let solid = [color.red, color.green, color.blue, u8::MAX];
            self.pixels[start..start + 4].copy_from_slice(&solid);
            return;
        }
        let over = (coverage * color.alpha as f32).clamp(0.0, 1.0);
        let under = f32::from(self.pixels[start + 3]) / 255.0 * (1.0 - over);
        let alpha = over + under;
        if alpha <= 0.0 {
            return;
        }
        for (offset, channel) in [color.red, color.green, color.blue].into_iter().enumerate() {
            let below = f32::from(self.pixels[start + offset]);
            let mixed = (f32::from(channel) * over + below * under) / alpha;
            self.pixels[start + offset] = mixed.round() as u8;
        }
        self.pixels[start + 3] = (alpha * 255.0).round() as u8;
    }

    fn shape(&mut self, shape: &Shape, scale: f64) {
        let place = |point: &Point| (point.0 * scale, point.1 * scale);
        match shape {
            Shape::Area { outline, fill, stroke } => {
                let outline: Vec<Point> = outline.iter().map(place).collect();
                self.closed(&outline, *fill, *stroke, scale);
            }
            Shape::Line { points, stroke } => {
                let points: Vec<Point> = points.iter().map(place).collect();
                self.line(&points, false, *stroke, scale);
            }
            Shape::Rectangle { corner, size, radius, fill, stroke } => {
                let outline =
                    rounded(place(corner), (size.0 * scale, size.1 * scale), radius * scale);
                self.closed(&outline, *fill, *stroke, scale);
            }
            Shape::Disc { center, radius, fill, stroke } => {
                let outline = circle(place(center), radius * scale);
                self.closed(&outline, *fill, *stroke, scale);
            }
            Shape::Raster(raster) => self.raster(raster, scale),
            Shape::Text(text) => self.text(text, scale),
        }
    }

    /// Every pixel of the figure shows the pixel of the image in which its middle lies.
    fn raster(&mut self, raster: &Raster, scale: f64) {
        let (left, top) = (raster.corner.0 * scale, raster.corner.1 * scale);
        let (width, height) = (raster.size.0 * scale, raster.size.1 * scale);
        let cells = |start: f64, length: f64| start.round() as i64..(start + length).round() as i64;
        let pixel = |place: i64, start: f64, length: f64, count: usize| {
            let share = (place as f64 + 0.5 - start) / length;
            ((share * count as f64).max(0.0) as usize).min(count.saturating_sub(1))
        };
        for y in cells(top, height) {
            let row = pixel(y, top, height, raster.rows);
            for x in cells(left, width) {
                let column = pixel(x, left, width, raster.columns);
                if let Some(shade) = raster.shades.get(row * raster.columns + column) {
                    let color = Color { red: *shade, green: *shade, blue: *shade, alpha: 1.0 };
                    self.blend(x, y, color, 1.0);
                }
            }
        }
    }

    fn closed(
        &mut self,
        outline: &[Point],
        fill: Option<Color>,
        stroke: Option<Stroke>,
        scale: f64,
    ) {
        if let Some(color) = fill
            && let Some(mut coverage) = Coverage::around(outline, 1.0, (self.width, self.height))
        {
            coverage.polygon(outline);
            coverage.for_each(|x, y, share| self.blend(x, y, color, share));
        }
        if let Some(stroke) = stroke {
            self.line(outline, true, stroke, scale);
        }
    }

    fn line(&mut self, points: &[Point], closed: bool, stroke: Stroke, scale: f64) {
        let width = stroke.width * scale;
        let device = (self.width, self.height);
        let Some(mut coverage) = Coverage::around(points, width + 1.0, device) else {
            return;
        };
        match stroke.dash {
            Some(dash) => {
                for piece in dashes(points, dash * scale) {
                    coverage.stroke(&piece, false, width);
                }
            }
            None => coverage.stroke(points, closed, width),
        }
        coverage.for_each(|x, y, share| self.blend(x, y, stroke.color, share));
    }

    fn text(&mut self, text: &Text, scale: f64) {
        let size = text.size * scale;
        let width = text_width(&text.content, size, text.bold);
        let back = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (x, y) = (text.position.0 * scale, text.position.1 * scale);
        if text.upward {
            // Laid out as if along x, then each pixel is turned by 90 degrees to the left.
            let (x, y) = (x.round() as i32, y.round() as i32);
            glyph_pixels(&text.content, size, text.bold, (-back, 0.0), |along, up, share| {
                self.blend(i64::from(x + up), i64::from(y - along - 1), text.color, share);
            });
        } else {
            // Whole pixels in height keep the strokes of letters sharp.
            let origin = (x - back, y.round());
            glyph_pixels(&text.content, size, text.bold, origin, |x, y, share| {
                self.blend(i64::from(x), i64::from(y), text.color, share);
            });
        }
    }
}

/// Cuts a line into dashes with gaps of the same length; at most some thousand pieces.
fn dashes(points: &[Point], length: f64) -> Vec<Vec<Point>> {
    let total: f64 =
        points.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum();
    if !(total / length <= 20_000.0 && length > 0.0) {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut current: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut left, mut drawing) = (length, true);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut rest = (to.0 - from.0).hypot(to.1 - from.1);
        while rest > left {
            let share = left / rest;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            rest -= left;
            if drawing {
                current.push(from);
                pieces.push(std::mem::take(&mut current));
            } else {
                current = vec![from];
            }
            drawing = !drawing;
            left = length;
        }
        left -= rest;
        if drawing {
            current.push(to);
        }
    }
    if drawing && current.len() > 1 {
        pieces.push(current);
    }
    pieces
}
