//! The embedded font: measuring, shortening and wrapping text, and glyph pixels.
//!
//! No font of the system is ever read, so a figure has the same layout everywhere.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::style::{FontStyle, register_font as register_in_plotters};
use unicode_width::UnicodeWidthChar;

/// The family name under which plotters knows the embedded font.
pub const FAMILY: &str = "Convac Sans";

static REGULAR: &[u8] = include_bytes!("font/ConvacSans.ttf");
static BOLD: &[u8] = include_bytes!("font/ConvacSans-Bold.ttf");

/// Registers the embedded font with plotters (once; later calls do nothing), so that any
/// plotters backend finds the family [`FAMILY`] in regular and bold.
pub fn register_font() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // Both files are part of this program and parse; plotters falls back by itself if not.
        let _ = register_in_plotters(FAMILY, FontStyle::Normal, REGULAR);
        let _ = register_in_plotters(FAMILY, FontStyle::Bold, BOLD);
    });
}

fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let faces =
        FACES.get_or_init(|| [REGULAR, BOLD].map(|bytes| FontRef::try_from_slice(bytes).ok()));
    faces[usize::from(bold)].as_ref()
}

/// ab_glyph scales by line height; figures speak of the em size.
fn scale_of(font: &FontRef<'_>, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(2048.0).max(1.0);
    PxScale::from(size as f32 * font.height_unscaled() / em)
}

/// The advance of one character in pixels at the given em size. Characters that the font
/// lacks are drawn by the reader's font in SVG: a guess from their East Asian width is used.
fn advance(character: char, size: f64, bold: bool) -> f64 {
    let guess = || match character.width() {
        Some(0) | None => 0.0,
        Some(1) => 0.65 * size,
        Some(_) => 1.05 * size,
    };
    let Some(font) = face(bold) else {
        return guess();
    };
    let glyph = font.glyph_id(character);
    if glyph.0 == 0 {
        return guess();
    }
    f64::from(font.as_scaled(scale_of(font, size)).h_advance(glyph))
}

/// Width of one line of text in pixels at the given em size.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|character| advance(character, size, bold)).sum()
}

/// Makes text fit for a figure: one line, no control characters, no marks that turn the
/// writing direction around, nothing that XML forbids.
pub fn clean(text: &str) -> String {
    text.chars()
        .take(4000)
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => None,
            '\u{fffe}' | '\u{ffff}' => None,
            control if control.is_control() => Some('\u{fffd}'),
            other => Some(other),
        })
        .collect()
}

/// Shortens text with an ellipsis so that it is at most `limit` pixels wide.
pub fn shorten(text: &str, size: f64, bold: bool, limit: f64) -> String {
    if text_width(text, size, bold) <= limit {
        return text.to_string();
    }
    let room = limit - advance('…', size, bold);
    let mut width = 0.0;
    let mut kept = String::new();
    for character in text.chars() {
        width += advance(character, size, bold);
        if width > room {
            break;
        }
        kept.push(character);
    }
    let mut kept = kept.trim_end().to_string();
    kept.push('…');
    kept
}

/// Breaks text at spaces into at most `lines` lines of at most `limit` pixels; what does
/// not fit is shortened with an ellipsis.
pub fn wrap(text: &str, size: f64, bold: bool, limit: f64, lines: usize) -> Vec<String> {
    let mut result: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let candidate =
            if current.is_empty() { word.to_string() } else { format!("{current} {word}") };
        if current.is_empty() || text_width(&candidate, size, bold) <= limit {
            current = candidate;
        } else if result.len() + 1 >= lines {
            // The last line takes everything that is left and is shortened below.
            current = candidate;
            for rest in words.by_ref() {
                current.push(' ');
                current.push_str(rest);
            }
        } else {
            result.push(std::mem::replace(&mut current, word.to_string()));
        }
    }
    if !current.is_empty() {
        result.push(current);
    }
    result.iter().map(|line| shorten(line, size, bold, limit)).collect()
}

/// Calls `paint` with the coverage (0 to 1) of every pixel of a text whose base line starts
/// at the origin; the size is in device pixels, y grows downwards.
pub(crate) fn glyph_pixels(
    text: &str,
    size: f64,
    bold: bool,
    offset: (f64, f64),
    mut paint: impl FnMut(i32, i32, f32),
) {
    let Some(font) = face(bold) else {
        return;
    };
    let scale = scale_of(font, size);
    let mut pen = offset.0;
    for character in text.chars() {
        let glyph = font
            .glyph_id(character)
            .with_scale_and_position(scale, point(pen as f32, offset.1 as f32));
        if character.width() != Some(0)
            && let Some(outline) = font.outline_glyph(glyph)
        {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
            outline.draw(|x, y, coverage| paint(left + x as i32, top + y as i32, coverage));
        }
        pen += advance(character, size, bold);
    }
}
