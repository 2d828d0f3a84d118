//! PNG images as grey values.

use super::format::FormatError;
use super::resize::{Scaler, Size};
use std::io::Cursor;

/// The most pixels of an image that is read.
const MOST_PIXELS: u64 = 1 << 24;

/// A grey image: rows and columns, and a byte for each pixel, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grey {
    /// Rows and columns.
    pub size: Size,
    /// From 0 (black) to 255 (white).
    pub pixels: Vec<u8>,
}

/// A PNG image in grey: colours by their luma (0.299 red, 0.587 green, 0.114 blue; ITU-R BT.601), what is
/// transparent over black.
///
/// # Errors
/// When the bytes are no PNG, damaged, or of more than 2^24 pixels.
pub fn grey(bytes: &[u8]) -> Result<Grey, FormatError> {
    let broken = |error: png::DecodingError| {
        FormatError::broken(format!("this is no whole PNG image: {error}"), "save it again as PNG")
    };
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (columns, rows) = reader.info().size();
    if u64::from(columns) * u64::from(rows) > MOST_PIXELS {
        return Err(FormatError::too_large(
            format!("an image of {rows}x{columns} pixels is too large"),
            "make the images smaller first: at most 2^24 pixels",
        ));
    }
    let mut pixels = vec![0u8; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    pixels.truncate(frame.buffer_size());
    let luma = |colors: &[u8]| match colors {
        [red, green, blue, ..] => {
            0.299 * f64::from(*red) + 0.587 * f64::from(*green) + 0.114 * f64::from(*blue)
        }
        [grey, ..] => f64::from(*grey),
        [] => 0.0,
    };
    let (samples, alpha) = match frame.color_type {
        png::ColorType::Grayscale | png::ColorType::Indexed => (1, false),
        png::ColorType::GrayscaleAlpha => (2, true),
        png::ColorType::Rgb => (3, false),
        png::ColorType::Rgba => (4, true),
    };
    let pixel = |pixel: &[u8]| {
        let opacity = match (alpha, pixel.last()) {
            (true, Some(alpha)) => f64::from(*alpha) / 255.0,
            _ => 1.0,
        };
        (luma(pixel) * opacity).round() as u8
    };
    let pixels = pixels.chunks_exact(samples).map(pixel).collect();
    Ok(Grey { size: (rows as usize, columns as usize), pixels })
}

impl Grey {
    /// The image in another size; a byte for each pixel again.
    #[must_use]
    pub fn resized(self, size: Size) -> Self {
        if self.size == size {
            return self;
        }
        let image: Vec<f64> = self.pixels.iter().map(|pixel| f64::from(*pixel)).collect();
        let mut out = vec![0.0; size.0 * size.1];
        Scaler::new(self.size, size).scale(&image, &mut out);
        Self { size, pixels: out.iter().map(|value| value.round() as u8).collect() }
    }
}
