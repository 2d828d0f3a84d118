//! Small grey images inside of an SVG: as PNG in a data URI (RFC 2397).

use super::scene::Raster;

/// The image as a PNG of a byte for each pixel, in a data URI; empty if it has no pixels.
pub(crate) fn data_uri(raster: &Raster) -> String {
    let sizes = (u32::try_from(raster.columns), u32::try_from(raster.rows));
    let (Ok(columns), Ok(rows)) = sizes else { return String::new() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns, rows);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&raster.shades)?;
        writer.finish()
    });
    match written {
        Ok(()) => format!("data:image/png;base64,{}", base64(&bytes)),
        Err(_) => String::new(),
    }
}

/// Bytes in the letters of RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0usize, |bits, place| {
            bits << 8 | usize::from(three.get(place).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let letter = LETTERS.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'=');
            out.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
