//! Pictures of pixels: read from a PNG, made smaller, and written as sixel graphics.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Cursor;

/// Red, green, blue.
pub(super) type Color = [u8; 3];

/// A picture without transparency, row by row from the top.
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Color>,
}

/// More bytes than this are not decoded: 64 million pixels, as many as a figure may have.
const BYTE_LIMIT: usize = 256_000_000;

impl Raster {
    /// The picture of a PNG on white paper; `None` if it is broken.
    pub(super) fn decode(png: &[u8]) -> Option<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().ok()?;
        let size = reader.output_buffer_size().filter(|size| *size <= BYTE_LIMIT)?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes).ok()?;
        let pixels = bytes.chunks_exact(info.color_type.samples()).map(on_white).collect();
        let (width, height) = (info.width.try_into().ok()?, info.height.try_into().ok()?);
        Some(Self { width, height, pixels })
    }

    /// The picture with another number of pixels, each the average of the area it covers. Whole
    /// numbers make it exact: flat areas keep their colour.
    pub(super) fn scaled(&self, width: usize, height: usize) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        let total = (self.width * self.height).max(1) as u64;
        let columns: Vec<_> =
            (0..width).map(|column| overlaps(column, self.width, width)).collect();
        for row in 0..height {
            let mut sums = vec![[0; 3]; width];
            for (line, share) in overlaps(row, self.height, height) {
                let start = line * self.width;
                let line = self.pixels.get(start..start + self.width).unwrap_or_default();
                for (sum, column) in sums.iter_mut().zip(&columns) {
                    for (place, part) in column {
                        let Some(color) = line.get(*place) else { continue };
                        for (sum, channel) in sum.iter_mut().zip(color) {
                            *sum += u64::from(*channel) * share * part;
                        }
                    }
                }
            }
            pixels.extend(sums.iter().map(|sum| sum.map(|sum| ((sum + total / 2) / total) as u8)));
        }
        Self { width, height, pixels }
    }
}

/// A pixel of one to four samples (grey, grey and alpha, colour, colour and alpha) over white.
fn on_white(samples: &[u8]) -> Color {
    let (color, alpha) = match *samples {
        [grey] => ([grey; 3], u8::MAX),
        [grey, alpha] => ([grey; 3], alpha),
        [red, green, blue] => ([red, green, blue], u8::MAX),
        [red, green, blue, alpha] => ([red, green, blue], alpha),
        _ => ([u8::MAX; 3], 0),
    };
    let alpha = u32::from(alpha);
    color.map(|channel| ((u32::from(channel) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

/// When `from` pixels become `to`: the old pixels under the new pixel `index`, and how much of each,
/// in parts of which a new pixel has `from`.
fn overlaps(index: usize, from: usize, to: usize) -> Vec<(usize, u64)> {
    let (start, end) = (index * from, (index + 1) * from);
    let part = |old: usize| (end.min((old + 1) * to) - start.max(old * to)) as u64;
    (start / to..end.div_ceil(to)).map(|old| (old, part(old))).collect()
}

/// A picture of at most 256 colours.
struct Indexed {
    /// In percent, as sixel graphics state colours.
    palette: Vec<Color>,
    pixels: Vec<u8>,
}

/// Colours of a palette at most.
const COLORS: usize = 256;

impl Indexed {
    /// Exact (in whole percents) if the colours are few enough.
    fn new(raster: &Raster) -> Self {
        let pixels: Vec<Color> = raster.pixels.iter().map(|color| color.map(percent)).collect();
        let mut counts: BTreeMap<Color, u64> = BTreeMap::new();
        for color in &pixels {
            *counts.entry(*color).or_default() += 1;
        }
        let counts: Vec<_> = counts.into_iter().collect();
        let palette = if counts.len() <= COLORS {
            counts.iter().map(|(color, _)| *color).collect()
        } else {
            palette(&counts)
        };
        let numbers: BTreeMap<Color, u8> =
            counts.iter().map(|(color, _)| (*color, nearest(&palette, *color))).collect();
        let number = |color: &Color| numbers.get(color).copied().unwrap_or_default();
        Self { pixels: pixels.iter().map(number).collect(), palette }
    }
}

fn percent(channel: u8) -> u8 {
    ((u32::from(channel) * 100 + 127) / 255) as u8
}

/// The number of the palette's colour that is most like `color`.
fn nearest(palette: &[Color], color: Color) -> u8 {
    let distance = |other: &Color| -> u32 {
        color.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum()
    };
    let numbered = (0..=u8::MAX).zip(palette);
    numbered.min_by_key(|(_, other)| distance(other)).map_or(0, |(number, _)| number)
}

/// A palette for colours of which there are too many: a group of all colours is cut, and then
/// always the group whose colours differ most from their mean, until there are enough groups.
fn palette(counts: &[(Color, u64)]) -> Vec<Color> {
    let mut groups = vec![Group::new(counts.to_vec())];
    while groups.len() < COLORS {
        let widest =
            groups.iter().enumerate().max_by(|one, other| one.1.error.total_cmp(&other.1.error));
        let Some((place, _)) = widest.filter(|(_, group)| group.error > 0.0) else { break };
        let Group { colors, channel, mean, .. } = groups.swap_remove(place);
        let (low, high): (Vec<_>, Vec<_>) =
            colors.into_iter().partition(|(color, _)| value(color, channel) <= mean);
        groups.extend([low, high].map(Group::new));
    }
    groups.iter().map(Group::color).collect()
}

/// Colours with their numbers of pixels.
struct Group {
    colors: Vec<(Color, u64)>,
    /// The channel in which they differ most, its mean, and the sum of squares from there.
    channel: usize,
    mean: f64,
    error: f64,
}

impl Group {
    fn new(colors: Vec<(Color, u64)>) -> Self {
        let spread = |channel: usize| {
            let mean = mean(&colors, channel);
            let square = |(color, count): &(Color, u64)| {
                (value(color, channel) - mean).powi(2) * *count as f64
            };
            (channel, mean, colors.iter().map(square).sum::<f64>())
        };
        let spreads = [spread(0), spread(1), spread(2)];
        let widest = spreads.into_iter().max_by(|one, other| one.2.total_cmp(&other.2));
        let (channel, mean, error) = widest.unwrap_or_default();
        Self { colors, channel, mean, error }
    }

    /// Areas of one colour keep it; only shades between colours are averaged.
    fn color(&self) -> Color {
        let total: u64 = self.colors.iter().map(|(_, count)| count).sum();
        match self.colors.iter().max_by_key(|(_, count)| count) {
            Some((color, count)) if count * 2 > total => *color,
            _ => [0, 1, 2].map(|channel| mean(&self.colors, channel).round() as u8),
        }
    }
}

fn value(color: &Color, channel: usize) -> f64 {
    color.get(channel).copied().map_or(0.0, f64::from)
}

fn mean(colors: &[(Color, u64)], channel: usize) -> f64 {
    let total: u64 = colors.iter().map(|(_, count)| count).sum();
    let sum: f64 = colors.iter().map(|(color, count)| value(color, channel) * *count as f64).sum();
    sum / total.max(1) as f64
}

/// The picture as sixel graphics (VT330/VT340 Programmer Reference, chapter 14), and a newline.
/// In a band of six rows each character is a column of pixels of one colour.
pub(super) fn sixel(raster: &Raster) -> String {
    let picture = Indexed::new(raster);
    // 0;1: pixels below the picture, in its last band, stay as they are. 1;1: square pixels.
    let mut out = format!("\x1bP0;1;0q\"1;1;{};{}", raster.width, raster.height);
    for (number, [red, green, blue]) in picture.palette.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(out, "#{number};2;{red};{green};{blue}");
    }
    let width = raster.width.max(1);
    for (number, band) in picture.pixels.chunks(width * 6).enumerate() {
        if number > 0 {
            out.push('-');
        }
        let mut planes: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (row, line) in band.chunks(width).enumerate() {
            for (column, color) in line.iter().enumerate() {
                let plane = planes.entry(*color).or_insert_with(|| vec![0; width]);
                if let Some(bits) = plane.get_mut(column) {
                    *bits |= 1 << row;
                }
            }
        }
        for (place, (color, plane)) in planes.iter().enumerate() {
            // Back to the left edge for each further colour.
            let back = if place > 0 { "$" } else { "" };
            let _ = write!(out, "{back}#{color}");
            write_plane(&mut out, plane);
        }
    }
    out + "\x1b\\\n"
}

/// The columns of one colour with repeats counted; empty columns at the end are left out.
fn write_plane(out: &mut String, plane: &[u8]) {
    let used = plane.iter().rposition(|bits| *bits != 0).map_or(0, |last| last + 1);
    let plane = plane.get(..used).unwrap_or_default();
    for run in plane.chunk_by(|one, other| one == other) {
        let letter = char::from(b'?' + run.first().copied().unwrap_or_default());
        // Up to three letters are no longer than their count.
        match run.len() {
            count @ 4.. => {
                let _ = write!(out, "!{count}{letter}");
            }
            count => out.extend(std::iter::repeat_n(letter, count)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::graphics::{Graphics, Screen, inline};
    use super::*;

    /// A PNG with pixels by a rule.
    pub(crate) fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgba);
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let data: Vec<u8> = rows.flat_map(|(x, y)| pixel(x, y)).collect();
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
        bytes
    }

    /// Many colours without order.
    pub(crate) fn noise(x: u32, y: u32) -> [u8; 4] {
        let mixed = (x * 7919 + y * 104_729 + 1).wrapping_mul(2_654_435_761);
        (mixed ^ mixed >> 15).wrapping_mul(2_246_822_519).to_le_bytes()
    }

    /// A small terminal: width, height and pixels in percent; each pixel is painted once.
    fn show(text: &str) -> (usize, usize, Vec<Color>) {
        let text = text.strip_suffix("\x1b\\\n").unwrap();
        let mut rest = text.strip_prefix("\x1bP0;1;0q\"").unwrap();
        let numbers = |rest: &mut &str| -> Vec<usize> {
            let end = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == ';'));
            let (found, after) = rest.split_at(end.unwrap_or(rest.len()));
            *rest = after;
            found.split(';').map(|number| number.parse().unwrap()).collect()
        };
        let [1, 1, width, height] = numbers(&mut rest)[..] else { panic!("a size") };
        let mut pixels = vec![None; width * height];
        let mut palette = BTreeMap::new();
        let (mut color, mut x, mut y, mut count) = (0, 0, 0, 1);
        while let Some(letter) = rest.chars().next() {
            rest = &rest[1..];
            match letter {
                '#' => match numbers(&mut rest)[..] {
                    [number] => color = number,
                    [number, 2, red, green, blue] => {
                        palette.insert(number, [red as u8, green as u8, blue as u8]);
                    }
                    _ => panic!("a colour"),
                },
                '!' => count = numbers(&mut rest)[0],
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                '?'..='~' => {
                    for column in x..x + count {
                        for row in (0..6).filter(|row| (letter as u32 - 63) >> row & 1 == 1) {
                            assert!(column < width);
                            let pixel = &mut pixels[(y + row) * width + column];
                            assert_eq!(pixel.replace(palette[&color]), None);
                        }
                    }
                    (x, count) = (x + count, 1);
                }
                _ => panic!("{letter:?}"),
            }
        }
        assert!(palette.len() <= COLORS);
        (width, height, pixels.into_iter().map(Option::unwrap).collect())
    }

    #[test]
    fn sixels_show_the_quantised_picture() {
        let ramp = |x: u32, y: u32| [x as u8 * 3, y as u8 * 4, 90, 255];
        let pictures = [
            picture(70, 50, noise),
            picture(70, 50, ramp),
            picture(1, 1, noise),
            picture(9, 7, ramp),
        ];
        for png in pictures {
            let raster = Raster::decode(&png).unwrap();
            let indexed = Indexed::new(&raster);
            let expected: Vec<Color> =
                indexed.pixels.iter().map(|number| indexed.palette[usize::from(*number)]).collect();
            assert_eq!(show(&sixel(&raster)), (raster.width, raster.height, expected));
        }
    }

    #[test]
    fn few_colours_are_exact_and_many_are_near() {
        let few = Raster::decode(&picture(40, 6, |x, _| [x as u8 * 6, 0, 255, 255])).unwrap();
        let exact: Vec<Color> = few.pixels.iter().map(|color| color.map(percent)).collect();
        assert_eq!(show(&sixel(&few)).2, exact);
        // A white sheet with a ramp of thousands of colours: the sheet stays white.
        let sheet = |x: u32, y: u32| match x {
            0..100 => [255; 4],
            _ => [(x - 100) as u8 * 4, y as u8 * 4, 0, 255],
        };
        let many = Raster::decode(&picture(160, 60, sheet)).unwrap();
        for (shown, color) in show(&sixel(&many)).2.iter().zip(&many.pixels) {
            let color = color.map(percent);
            let error = shown.iter().zip(color).map(|(one, other)| one.abs_diff(other)).max();
            assert!(error <= Some(if color == [100; 3] { 0 } else { 5 }), "{shown:?} {color:?}");
        }
    }

    #[test]
    fn pictures_lie_on_white_and_are_averaged() {
        let sheet =
            |x: u32, _: u32| [[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 128]][x as usize % 3];
        let raster = Raster::decode(&picture(3, 2, sheet)).unwrap();
        assert_eq!(raster.pixels[..3], [[255; 3], [0; 3], [255, 127, 127]]);
        assert_eq!(raster.scaled(1, 1).pixels, [[170, 127, 127]]);
        assert_eq!(raster.scaled(2, 1).pixels, [[170; 3], [170, 85, 85]]);
        assert_eq!(raster.scaled(6, 4).scaled(3, 2).pixels, raster.pixels);
    }

    #[test]
    fn sixels_fit_the_screen() {
        for (columns, rows, cell, expected) in [
            (10, 5, None, (64, 48)),
            (80, 24, Some((10, 20)), (587, 440)),
            (200, 99, Some((9, 16)), (640, 480)),
        ] {
            let screen = Screen { columns, rows, cell };
            let png = picture(1280, 960, |x, _| [x as u8, 0, 0, 255]);
            let shown = show(&inline(Graphics::Sixel, &png, (640, 480), screen).unwrap());
            assert_eq!((shown.0, shown.1), expected);
        }
    }
}
