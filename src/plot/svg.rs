//! From shapes to SVG text.

use std::fmt::Write as _;

use super::raster::data_uri;
use super::scene::{Anchor, Scene, Shape, Stroke, Text};
use super::style::{self, Color};

/// Writes a figure as one SVG element with `xmlns`, `width`, `height` and `viewBox`. Ids
/// begin with `cv-` and a hash of the content, so that figures on one page do not clash.
pub(crate) fn write_svg(scene: &Scene) -> String {
    let mut body = String::with_capacity(scene.shapes.len() * 90 + 1024);
    for shape in &scene.shapes {
        write_shape(&mut body, shape);
    }
    let id = format!("cv-{:016x}", hash(scene, &body));
    let (width, height) = (number(scene.width), number(scene.height));
    let mut svg = String::with_capacity(body.len() + 1024);
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"{}\" stroke-linejoin=\"round\">",
        escape(&scene.description),
        style::FONT_FAMILY,
    );
    let _ = writeln!(
        svg,
        "<rect id=\"{id}-card\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"{}\" \
         fill=\"{}\" stroke=\"{}\"/>",
        number(scene.width - 1.0),
        number(scene.height - 1.0),
        number(style::CARD_RADIUS),
        code(style::BACKGROUND),
        code(style::CARD_EDGE),
    );
    let _ = writeln!(svg, "<g id=\"{id}-content\">");
    svg.push_str(&body);
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn write_shape(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Area { outline, fill, stroke } => {
            out.push_str("<path d=\"");
            write_path(out, outline);
            out.push_str("Z\"");
            write_paint(out, *fill, *stroke);
            out.push_str("/>\n");
        }
        Shape::Line { points, stroke } => {
            out.push_str("<path d=\"");
            write_path(out, points);
            out.push('"');
            write_paint(out, None, Some(*stroke));
            out.push_str("/>\n");
        }
        Shape::Rectangle { corner, size, radius, fill, stroke } => {
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
                number(corner.0),
                number(corner.1),
                number(size.0.max(0.0)),
                number(size.1.max(0.0)),
            );
            if *radius > 0.0 {
                let _ = write!(out, " rx=\"{}\"", number(*radius));
            }
            write_paint(out, *fill, *stroke);
            out.push_str("/>\n");
        }
        Shape::Disc { center, radius, fill, stroke } => {
            let _ = write!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"",
                number(center.0),
                number(center.1),
                number(*radius),
            );
            write_paint(out, *fill, *stroke);
            out.push_str("/>\n");
        }
        Shape::Raster(raster) => {
            let _ = writeln!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 image-rendering=\"pixelated\" href=\"{}\"/>",
                number(raster.corner.0),
                number(raster.corner.1),
                number(raster.size.0.max(0.0)),
                number(raster.size.1.max(0.0)),
                data_uri(raster),
            );
        }
        Shape::Text(text) => write_text(out, text),
    }
}

fn write_path(out: &mut String, points: &[(f64, f64)]) {
    for (index, point) in points.iter().enumerate() {
        out.push(if index == 0 { 'M' } else { 'L' });
        out.push_str(&number(point.0));
        out.push(' ');
        out.push_str(&number(point.1));
    }
}

fn write_text(out: &mut String, text: &Text) {
    let (x, y) = (number(text.position.0), number(text.position.1));
    let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", number(text.size));
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    if text.bold {
        out.push_str(" font-weight=\"bold\"");
    }
    if text.upward {
        let _ = write!(out, " transform=\"rotate(-90 {x} {y})\"");
    }
    let _ = write!(out, " fill=\"{}\"", code(text.color));
    write_alpha(out, "fill", text.color);
    let _ = writeln!(out, ">{}</text>", escape(&text.content));
}

fn write_paint(out: &mut String, fill: Option<Color>, stroke: Option<Stroke>) {
    match fill {
        Some(color) => {
            let _ = write!(out, " fill=\"{}\"", code(color));
            write_alpha(out, "fill", color);
        }
        None => out.push_str(" fill=\"none\""),
    }
    if let Some(stroke) = stroke {
        let _ = write!(out, " stroke=\"{}\"", code(stroke.color));
        write_alpha(out, "stroke", stroke.color);
        if stroke.width != 1.0 {
            let _ = write!(out, " stroke-width=\"{}\"", number(stroke.width));
        }
        if let Some(dash) = stroke.dash {
            let _ = write!(out, " stroke-dasharray=\"{}\"", number(dash));
        }
    }
}

fn write_alpha(out: &mut String, what: &str, color: Color) {
    if color.alpha < 1.0 {
        let _ = write!(out, " {what}-opacity=\"{}\"", number(color.alpha));
    }
}

fn code(color: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue)
}

/// A coordinate with at most two decimals; what is not finite becomes 0, for SVG knows no NaN.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_string();
    }
    let hundredths = (value.clamp(-1e9, 1e9) * 100.0).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    if rest == 0 {
        format!("{sign}{whole}")
    } else if rest % 10 == 0 {
        format!("{sign}{whole}.{}", rest / 10)
    } else {
        format!("{sign}{whole}.{rest:02}")
    }
}

/// Escapes text for content and attributes; forbidden characters were cleaned before.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// FNV-1a over everything that is visible.
fn hash(scene: &Scene, body: &str) -> u64 {
    let frame = format!("{}x{}|{}|", scene.width, scene.height, scene.description);
    frame.bytes().chain(body.bytes()).fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
