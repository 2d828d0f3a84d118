//! Every colour, width and distance of the figures, in one place.
//!
//! Lengths are CSS pixels (96 per inch) of the unscaled figure.

/// A colour with straight alpha (0 transparent, 1 opaque).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
    /// Opacity, 0 to 1.
    pub alpha: f64,
}

impl Color {
    /// An opaque colour from `0xRRGGBB`.
    pub const fn hex(code: u32) -> Self {
        Self { red: (code >> 16) as u8, green: (code >> 8) as u8, blue: code as u8, alpha: 1.0 }
    }

    /// The same colour with another opacity.
    pub const fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// This colour moved towards `other`: 0 keeps it, 1 gives `other`.
    pub fn toward(self, other: Self, share: f64) -> Self {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let mix = |from: u8, to: u8| {
            (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
            alpha: self.alpha + (other.alpha - self.alpha) * share,
        }
    }

    /// Perceived brightness, 0 (black) to 1 (white); decides the ink of text on it.
    pub fn brightness(self) -> f64 {
        (0.299 * f64::from(self.red) + 0.587 * f64::from(self.green) + 0.114 * f64::from(self.blue))
            / 255.0
    }
}

/// The card behind every figure: white, so that it reads on light and dark pages.
pub const BACKGROUND: Color = Color::hex(0xffffff);
/// The hairline around the card.
pub const CARD_EDGE: Color = Color::hex(0xe3e6ea);
/// Titles and values.
pub const INK: Color = Color::hex(0x1f2933);
/// Axis labels, captions and tick labels.
pub const INK_SOFT: Color = Color::hex(0x52606d);
/// Notes and site numbers.
pub const INK_FAINT: Color = Color::hex(0x7b8794);
/// Major grid lines.
pub const GRID: Color = Color::hex(0xe4e7eb);
/// Minor grid lines.
pub const GRID_MINOR: Color = Color::hex(0xf1f3f5);
/// The base line of an axis.
pub const AXIS: Color = Color::hex(0x9aa5b1);
/// Cells without a value.
pub const MISSING: Color = Color::hex(0xeef0f2);

/// Eight colours that colour-blind readers can tell apart (after Okabe and Ito, the light
/// ones darkened for thin lines on white).
pub const SERIES: [Color; 8] = [
    Color::hex(0x0067a9),
    Color::hex(0xd55e00),
    Color::hex(0x009272),
    Color::hex(0xb8578f),
    Color::hex(0xdb9000),
    Color::hex(0x45a5dd),
    Color::hex(0x5b5f66),
    Color::hex(0x8a6b16),
];

/// Side A of a partition: dark blue, dark also in grey.
pub const SIDE_A: Color = Color::hex(0x2a6099);
/// Side B of a partition: amber, light also in grey.
pub const SIDE_B: Color = Color::hex(0xf5b041);
/// The outline of side B, so that the light fill stands out from the card.
pub const SIDE_B_EDGE: Color = Color::hex(0xb9770e);
/// Lines of side B on white.
pub const SIDE_B_LINE: Color = Color::hex(0xe0940f);
/// The inside of what is cut.
pub const CUT_FILL: Color = Color::hex(0xfdf0f1);
/// What a cut goes through.
pub const CUT: Color = Color::hex(0xc8102e);
/// Bonds and tensors without a side.
pub const NEUTRAL: Color = Color::hex(0x5f6c7b);
/// The pale fill of summaries without a side.
pub const NEUTRAL_FILL: Color = Color::hex(0xcbd2d9);

/// Corner radius of the card.
pub const CARD_RADIUS: f64 = 8.0;
/// Free space between the card's edge and its content.
pub const MARGIN: f64 = 24.0;
/// Width of data lines.
pub const LINE_WIDTH: f64 = 2.0;
/// Width of grid lines and outlines.
pub const HAIRLINE: f64 = 1.0;
/// Width of a cut bond.
pub const CUT_WIDTH: f64 = 3.6;
/// Radius of data points.
pub const POINT_RADIUS: f64 = 3.6;

/// Size of titles.
pub const TITLE_SIZE: f64 = 16.0;
/// Size of axis labels, legends and captions.
pub const LABEL_SIZE: f64 = 12.5;
/// Size of tick labels.
pub const TICK_SIZE: f64 = 11.5;
/// Size of notes, site numbers and cell values.
pub const NOTE_SIZE: f64 = 10.5;

/// The font families of SVG text, the embedded one first; the others have the same widths.
pub const FONT_FAMILY: &str = "Convac Sans, DejaVu Sans, Verdana, sans-serif";
