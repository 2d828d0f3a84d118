//! Pictures between the lines of a terminal: what the terminal can show, and the escape sequences
//! (or coloured characters) that show a PNG there.

use std::fmt::Write;

use super::sixel::{Raster, sixel};

/// How pictures are shown in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// The graphics protocol of kitty, <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.
    Kitty,
    /// The inline images of iTerm2, <https://iterm2.com/documentation-images.html>.
    Iterm2,
    /// Sixel graphics of the VT340, <https://vt100.net/docs/vt3xx-gp/chapter14.html>.
    Sixel,
    /// Two coloured pixels in each character cell, with the 24-bit colours of ISO 8613-6.
    HalfBlocks,
    /// No pictures, only text.
    Text,
}

impl Graphics {
    /// The names that [`Graphics::of_name`] knows.
    pub const NAMES: [&'static str; 5] = ["kitty", "iterm2", "sixel", "blocks", "text"];

    /// The way with one of the [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "kitty" => Some(Self::Kitty),
            "iterm2" => Some(Self::Iterm2),
            "sixel" => Some(Self::Sixel),
            "blocks" => Some(Self::HalfBlocks),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// What the environment says the terminal can do. `variable` looks an environment variable up.
    /// Half blocks are too coarse for figures to be taken unasked.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default();
        let (terminal, program) = (value("TERM"), value("TERM_PROGRAM"));
        let begins = |names: &[&str]| names.iter().any(|name| terminal.starts_with(name));
        // Multiplexers swallow pictures, and pass on the variables of the terminal around them.
        let multiplexed = !value("TMUX").is_empty() || begins(&["tmux", "screen"]);
        if multiplexed || matches!(terminal.as_str(), "" | "dumb" | "linux") {
            return Self::Text;
        }
        if !value("KITTY_WINDOW_ID").is_empty()
            || matches!(terminal.as_str(), "xterm-kitty" | "xterm-ghostty")
            || program == "ghostty"
            || value("KONSOLE_VERSION").parse().is_ok_and(|version: u64| version >= 220_400)
        {
            return Self::Kitty;
        }
        if matches!(program.as_str(), "iTerm.app" | "WezTerm" | "mintty")
            || value("LC_TERMINAL") == "iTerm2"
        {
            return Self::Iterm2;
        }
        if begins(&["foot", "mlterm", "yaft"]) || terminal.contains("sixel") {
            return Self::Sixel;
        }
        Self::Text
    }
}

/// Size of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Characters in a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
    /// Pixels of a cell (width, height), if the terminal tells.
    pub cell: Option<(u32, u32)>,
}

/// The escape sequences (or the coloured characters) that show a PNG of `css` width and height in
/// CSS pixels, ending with a newline. The picture is never enlarged, and made smaller to fit the
/// screen with a line above and below. `None` where this way cannot show it: as text, or if the
/// PNG is broken.
#[must_use]
pub fn inline(graphics: Graphics, png: &[u8], css: (u32, u32), screen: Screen) -> Option<String> {
    if graphics == Graphics::Text {
        return None;
    }
    // Terminals are silent about a broken picture: whoever prints has to know before.
    let raster = Raster::decode(png)?;
    let place = Place::new(css, (raster.width, raster.height), screen);
    Some(match graphics {
        Graphics::Kitty => kitty(png, place),
        Graphics::Iterm2 => iterm2(png, place),
        Graphics::Sixel => sixel(&raster.scaled(place.width, place.height)),
        Graphics::HalfBlocks => half_blocks(&raster.scaled(place.columns, place.rows * 2)),
        Graphics::Text => return None,
    })
}

/// A cell in CSS pixels: about what a letter of a figure takes.
const CSS_CELL: (u32, u32) = (8, 16);

/// Room for a picture, in cells and in pixels of the terminal.
#[derive(Clone, Copy, Debug)]
struct Place {
    columns: usize,
    rows: usize,
    width: usize,
    height: usize,
}

impl Place {
    /// `pixels` is the size of the bitmap.
    fn new(css: (u32, u32), pixels: (usize, usize), screen: Screen) -> Self {
        let cell = screen.cell.filter(|cell| cell.0 > 0 && cell.1 > 0).unwrap_or(CSS_CELL);
        let cell = (f64::from(cell.0), f64::from(cell.1));
        // Letters of the picture become as high as those of the terminal.
        let scale = cell.1 / f64::from(CSS_CELL.1);
        let natural = (f64::from(css.0.max(1)) * scale, f64::from(css.1.max(1)) * scale);
        // The cursor needs a place beside the picture: kitty leaves undefined where it goes else.
        let most = (screen.columns.saturating_sub(1).max(1), screen.rows.saturating_sub(2).max(1));
        let shrink = [
            1.0,
            most.0 as f64 * cell.0 / natural.0,
            most.1 as f64 * cell.1 / natural.1,
            pixels.0 as f64 / natural.0,
            pixels.1 as f64 / natural.1,
        ]
        .into_iter()
        .fold(1.0, f64::min);
        let (width, height) = (natural.0 * shrink, natural.1 * shrink);
        let rows = whole(height / cell.1).min(most.1);
        // Whole rows change the height a little, so the columns follow to keep the shape; but a
        // strip flatter than a row must not become longer.
        let columns = rows as f64 * cell.1 * width / height / cell.0;
        let columns = whole(columns.min((width / cell.0).ceil())).min(most.0);
        Self { columns, rows, width: whole(width), height: whole(height) }
    }
}

/// The nearest whole number from 1.
fn whole(value: f64) -> usize {
    value.round().max(1.0) as usize
}

/// Characters of base64 in one escape sequence, the most kitty's protocol allows.
const KITTY_CHUNK: usize = 4096;

fn kitty(png: &[u8], place: Place) -> String {
    let mut out = String::new();
    let mut control = format!("f=100,a=T,q=2,c={},r={},", place.columns, place.rows);
    let mut chunks = png.chunks(KITTY_CHUNK / 4 * 3).peekable();
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        out += &format!("\x1b_G{control}m={more};{}\x1b\\", base64(chunk));
        // Later chunks may repeat only that no answer is wanted.
        "q=2,".clone_into(&mut control);
    }
    out + "\n"
}

fn iterm2(png: &[u8], place: Place) -> String {
    format!(
        "\x1b]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=1:{}\x07\n",
        png.len(),
        place.columns,
        place.rows,
        base64(png)
    )
}

/// Each upper pixel is the foreground of an upper half block, each lower one the background.
fn half_blocks(raster: &Raster) -> String {
    let mut out = String::new();
    let mut lines = raster.pixels.chunks(raster.width.max(1));
    while let (Some(upper), Some(lower)) = (lines.next(), lines.next()) {
        let mut last = None;
        for colors in upper.iter().zip(lower) {
            if last != Some(colors) {
                let ([red, green, blue], [under_red, under_green, under_blue]) = colors;
                // Writing to a string does not fail.
                let _ = write!(
                    out,
                    "\x1b[38;2;{red};{green};{blue};48;2;{under_red};{under_green};{under_blue}m"
                );
                last = Some(colors);
            }
            out.push('▀');
        }
        out += "\x1b[0m\n";
    }
    out
}

/// The padded base64 of RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * place) & 63) as usize);
            let letter = letter.filter(|_| place <= chunk.len());
            out.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sixel::tests::{noise, picture};
    use super::*;

    const SCREEN: Screen = Screen { columns: 80, rows: 24, cell: None };

    #[test]
    fn the_environment_tells_the_way() {
        let table: [(&[(&str, &str)], Graphics); 22] = [
            (&[], Graphics::Text),
            (&[("TERM", "dumb"), ("TERM_PROGRAM", "WezTerm")], Graphics::Text),
            (&[("TERM", "linux"), ("KITTY_WINDOW_ID", "1")], Graphics::Text),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-1")], Graphics::Text),
            (&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")], Graphics::Text),
            (&[("TERM", "screen.xterm"), ("LC_TERMINAL", "iTerm2")], Graphics::Text),
            (&[("TERM", "xterm-256color")], Graphics::Text),
            (&[("TERM", "xterm"), ("KONSOLE_VERSION", "220399")], Graphics::Text),
            (&[("TERM", "xterm"), ("KONSOLE_VERSION", "new")], Graphics::Text),
            (&[("TERM", "xterm"), ("KONSOLE_VERSION", "220400")], Graphics::Kitty),
            (&[("TERM", "xterm"), ("KITTY_WINDOW_ID", "3")], Graphics::Kitty),
            (&[("TERM", "xterm-kitty")], Graphics::Kitty),
            (&[("TERM", "xterm-ghostty")], Graphics::Kitty),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "ghostty")], Graphics::Kitty),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "iTerm.app")], Graphics::Iterm2),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "WezTerm")], Graphics::Iterm2),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "mintty")], Graphics::Iterm2),
            (&[("TERM", "xterm"), ("LC_TERMINAL", "iTerm2")], Graphics::Iterm2),
            (&[("TERM", "foot-extra")], Graphics::Sixel),
            (&[("TERM", "mlterm-256color")], Graphics::Sixel),
            (&[("TERM", "yaft-256color")], Graphics::Sixel),
            (&[("TERM", "xterm-sixel")], Graphics::Sixel),
        ];
        for (variables, expected) in table {
            let found = Graphics::detect(|name| {
                let known = variables.iter().find(|(variable, _)| *variable == name);
                known.map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found, expected, "{variables:?}");
        }
        let known = Graphics::NAMES.map(|name| Graphics::of_name(name).unwrap());
        let (kitty, iterm2) = (Graphics::Kitty, Graphics::Iterm2);
        let others = (Graphics::Sixel, Graphics::HalfBlocks, Graphics::Text);
        assert_eq!(known, [kitty, iterm2, others.0, others.1, others.2]);
        assert_eq!(Graphics::of_name("Kitty"), None);
    }

    /// Strict: whole groups only.
    fn from_base64(text: &str) -> Vec<u8> {
        let value = |letter: &u8| match letter {
            b'A'..=b'Z' => u32::from(letter - b'A'),
            b'a'..=b'z' => u32::from(letter - b'a') + 26,
            b'0'..=b'9' => u32::from(letter - b'0') + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("{letter}"),
        };
        assert_eq!(text.len() % 4, 0);
        let letters = text.trim_end_matches('=').as_bytes();
        let groups = letters.chunks(4).flat_map(|group| {
            let bits = group.iter().fold(0, |bits, letter| bits << 6 | value(letter));
            let bits = bits << (6 * (4 - group.len()));
            bits.to_be_bytes()[1..group.len()].to_vec()
        });
        groups.collect()
    }

    #[test]
    fn base64_pads() {
        for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn kitty_and_iterm2_carry_the_whole_png() {
        let png = picture(100, 80, noise);
        let shown = inline(Graphics::Kitty, &png, (100, 80), SCREEN).unwrap();
        let shown = shown.strip_suffix("\x1b\\\n").unwrap();
        let chunks: Vec<_> =
            shown.split("\x1b\\").map(|chunk| chunk.split_once(';').unwrap()).collect();
        assert!(chunks.len() > 2 && chunks.iter().all(|(_, data)| data.len() <= KITTY_CHUNK));
        assert_eq!(chunks[0].0, "\x1b_Gf=100,a=T,q=2,c=13,r=5,m=1");
        assert!(chunks[1..chunks.len() - 1].iter().all(|(head, _)| *head == "\x1b_Gq=2,m=1"));
        assert_eq!(chunks[chunks.len() - 1].0, "\x1b_Gq=2,m=0");
        let data: String = chunks.iter().map(|(_, data)| *data).collect();
        assert_eq!(from_base64(&data), png);
        let shown = inline(Graphics::Iterm2, &png, (100, 80), SCREEN).unwrap();
        let (head, data) = shown.split_once(':').unwrap();
        let size = png.len();
        let rest = "width=13;height=5;preserveAspectRatio=1";
        assert_eq!(head, format!("\x1b]1337;File=inline=1;size={size};{rest}"));
        assert_eq!(from_base64(data.strip_suffix("\x07\n").unwrap()), png);
    }

    #[test]
    fn places_fit_and_keep_the_shape() {
        let of = |css, pixels, columns, rows, cell| {
            let place = Place::new(css, pixels, Screen { columns, rows, cell });
            (place.columns, place.rows, place.width, place.height)
        };
        assert_eq!(of((400, 240), (800, 480), 80, 24, None), (50, 15, 400, 240));
        assert_eq!(of((400, 240), (800, 480), 80, 24, Some((0, 0))), (50, 15, 400, 240));
        // Cells of twice the pixels, and a bitmap without as many.
        assert_eq!(of((400, 240), (800, 480), 80, 24, Some((16, 32))), (50, 15, 800, 480));
        assert_eq!(of((400, 240), (400, 240), 80, 24, Some((16, 32))), (25, 8, 400, 240));
        assert_eq!(of((1600, 160), (3200, 320), 80, 24, None), (79, 4, 632, 63));
        assert_eq!(of((400, 5), (800, 10), 80, 24, None), (50, 1, 400, 5));
        assert_eq!(of((640, 480), (1280, 960), 10, 5, None), (8, 3, 64, 48));
        assert_eq!(of((0, 0), (1, 1), 0, 0, None), (1, 1, 1, 1));
    }

    #[test]
    fn half_blocks_fit_the_screen() {
        let small = Screen { columns: 10, rows: 5, cell: None };
        let shown = inline(Graphics::HalfBlocks, &picture(640, 480, noise), (640, 480), small);
        let shown = shown.unwrap();
        assert_eq!(shown.lines().map(|line| line.matches('▀').count()).max(), Some(8));
        assert_eq!(shown.matches("▀\x1b[0m\n").count(), 3);
        let dot = picture(1, 1, |_, _| [1, 2, 3, 255]);
        let shown = inline(Graphics::HalfBlocks, &dot, (1, 1), SCREEN).unwrap();
        assert_eq!(shown, "\x1b[38;2;1;2;3;48;2;1;2;3m▀\x1b[0m\n");
    }

    #[test]
    fn broken_pictures_and_text_give_nothing() {
        let png = picture(20, 20, noise);
        for name in Graphics::NAMES {
            let graphics = Graphics::of_name(name).unwrap();
            let shown = |png: &[u8]| inline(graphics, png, (20, 20), SCREEN);
            assert_eq!(shown(&png).is_some(), graphics != Graphics::Text);
            assert_eq!(
                (shown(b""), shown(b"text"), shown(&png[..png.len() / 2])),
                Default::default()
            );
        }
    }
}
