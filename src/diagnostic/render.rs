//! Diagnostics as text: the snippet with its caret, the cause and the hint.
//!
//! One layout, three outputs: [`render`] gives styled pieces, and [`to_plain`], [`to_ansi`] and
//! [`to_html`] write them. Lines longer than a screen are cropped around the label, so that an
//! error in a line of a megabyte stays readable.

use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Label, Source, SourceId, Sources};

/// What a piece of a rendered diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Source text, notes and hints.
    Plain,
    /// `error[E05]`.
    Header,
    /// The message behind the header.
    Message,
    /// Gutter, line numbers and frame.
    Frame,
    /// The caret and the words at the place at fault.
    Primary,
    /// The dashes and the words at a place that explains.
    Secondary,
}

/// A piece of text with its style; newlines are pieces of their own lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Styled {
    /// How to show it.
    pub style: Style,
    /// The text.
    pub text: String,
}

/// The widest excerpt of a source line, in terminal columns.
const EXCERPT_WIDTH: usize = 120;
const TAB_WIDTH: usize = 4;

/// Lays a diagnostic out, line by line, without a final newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Styled> {
    let mut out = Output::default();
    out.push(Style::Header, format!("error[{}]", diagnostic.code));
    out.push(Style::Message, format!(": {}", diagnostic.message));
    let sections = sections(diagnostic, sources);
    let gutter = sections
        .iter()
        .flat_map(|section| section.lines.iter().map(|line| line.index + 1))
        .max()
        .map_or(1, |line| line.to_string().len());
    for section in &sections {
        out.section(section, gutter);
    }
    let pad = " ".repeat(gutter + 1);
    for note in &diagnostic.notes {
        out.newline();
        out.push(Style::Frame, format!("{pad}= "));
        out.push(Style::Plain, note.clone());
    }
    if let Some(hint) = &diagnostic.hint {
        out.newline();
        out.push(Style::Frame, format!("{pad}= "));
        out.push(Style::Plain, format!("hint: {hint}"));
    }
    out.pieces
}

/// The text alone.
pub fn to_plain(pieces: &[Styled]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// The text with ANSI colours.
pub fn to_ansi(pieces: &[Styled]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let code = match piece.style {
            Style::Plain => "",
            Style::Header | Style::Primary => "\x1b[1;31m",
            Style::Message => "\x1b[1m",
            Style::Frame | Style::Secondary => "\x1b[34m",
        };
        out.push_str(code);
        out.push_str(&piece.text);
        if !code.is_empty() {
            out.push_str("\x1b[0m");
        }
    }
    out
}

/// The text as one `<pre>` with inline styles (notebooks drop style sheets).
pub fn to_html(pieces: &[Styled]) -> String {
    let mut out = String::from("<pre style=\"margin:0;line-height:1.35\">");
    for piece in pieces {
        let style = match piece.style {
            Style::Plain => None,
            Style::Header | Style::Primary => Some("color:#d33;font-weight:bold"),
            Style::Message => Some("font-weight:bold"),
            Style::Frame | Style::Secondary => Some("color:#47c"),
        };
        let text = escape_html(&piece.text);
        match style {
            None => out.push_str(&text),
            Some(style) => out.push_str(&format!("<span style=\"{style}\">{text}</span>")),
        }
    }
    out.push_str("</pre>");
    out
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

struct Section {
    source: std::sync::Arc<Source>,
    position: (usize, usize),
    lines: Vec<Line>,
}

struct Line {
    index: usize,
    marks: Vec<Mark>,
}

struct Mark {
    bytes: std::ops::Range<usize>,
    primary: bool,
    text: String,
}

/// Groups the labels by source (that of the primary label first) and by line.
fn sections(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Section> {
    let labels: Vec<(&Label, bool)> = diagnostic
        .primary
        .iter()
        .map(|label| (label, true))
        .chain(diagnostic.secondary.iter().map(|label| (label, false)))
        .collect();
    let mut order: Vec<SourceId> = Vec::new();
    for (label, _) in &labels {
        if !order.contains(&label.span.source) {
            order.push(label.span.source);
        }
    }
    order
        .into_iter()
        .filter_map(|id| {
            let source = sources.get(id)?;
            let mut lines: Vec<Line> = Vec::new();
            let mut position = None;
            for (label, primary) in labels.iter().filter(|(label, _)| label.span.source == id) {
                let start = (label.span.start as usize).min(source.text.len());
                position.get_or_insert_with(|| source.position(start));
                let index = source.line_index(start);
                let range = source.line_range(index).unwrap_or(start..start);
                let line_end =
                    range.start + source.text.get(range.clone()).map_or(0, |t| t.trim_end().len());
                let end = (label.span.end as usize).min(line_end.max(start));
                let mark = Mark { bytes: start..end, primary: *primary, text: label.text.clone() };
                match lines.iter_mut().find(|line| line.index == index) {
                    Some(line) => line.marks.push(mark),
                    None => lines.push(Line { index, marks: vec![mark] }),
                }
            }
            lines.sort_by_key(|line| line.index);
            for line in &mut lines {
                line.marks.sort_by_key(|mark| (mark.bytes.start, mark.bytes.end));
            }
            Some(Section { source, position: position?, lines })
        })
        .collect()
}

#[derive(Default)]
struct Output {
    pieces: Vec<Styled>,
}

impl Output {
    fn push(&mut self, style: Style, mut text: String) {
        // Names and hints may quote the source: a control character in it must not reach the
        // terminal.
        if text.chars().any(char::is_control) {
            text = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        }
        self.pieces.push(Styled { style, text });
    }

    fn newline(&mut self) {
        self.pieces.push(Styled { style: Style::Plain, text: "\n".to_owned() });
    }

    fn section(&mut self, section: &Section, gutter: usize) {
        let pad = " ".repeat(gutter);
        let (line, column) = section.position;
        self.newline();
        self.push(Style::Frame, format!("{pad} ┌─ "));
        self.push(Style::Plain, format!("{}:{line}:{column}", section.source.name));
        let mut last: Option<usize> = None;
        for line in &section.lines {
            if last.is_some_and(|last| line.index > last + 1) {
                self.newline();
                self.push(Style::Frame, format!("{pad} ·"));
            }
            last = Some(line.index);
            self.line(&section.source, line, gutter);
        }
    }

    fn line(&mut self, source: &Source, line: &Line, gutter: usize) {
        let range = source.line_range(line.index).unwrap_or(0..0);
        let excerpt = Excerpt::new(source, range, line.marks.first().map_or(0, |m| m.bytes.start));
        self.newline();
        self.push(Style::Frame, format!("{:>gutter$} │ ", line.index + 1));
        self.push(Style::Plain, excerpt.text.trim_end().to_owned());
        for mark in &line.marks {
            let start = excerpt.column(mark.bytes.start);
            let width = excerpt.column(mark.bytes.end).saturating_sub(start).max(1);
            let (sign, style) =
                if mark.primary { ("^", Style::Primary) } else { ("-", Style::Secondary) };
            self.newline();
            self.push(Style::Frame, format!("{} │ ", " ".repeat(gutter)));
            self.push(Style::Plain, " ".repeat(start));
            let gap = if mark.text.is_empty() { "" } else { " " };
            self.push(style, format!("{}{gap}{}", sign.repeat(width), mark.text));
        }
    }
}

/// The shown part of a source line and the terminal column of each byte in it.
struct Excerpt {
    text: String,
    /// `(byte, column)` of each shown character, and of the end.
    columns: Vec<(usize, usize)>,
}

impl Excerpt {
    fn new(source: &Source, range: std::ops::Range<usize>, focus: usize) -> Self {
        let whole = source.text.get(range.clone()).unwrap_or("").trim_end_matches(['\n', '\r']);
        let lead = EXCERPT_WIDTH / 3;
        let before = whole.get(..focus.saturating_sub(range.start)).unwrap_or("");
        let long = whole.chars().take(EXCERPT_WIDTH + 1).count() > EXCERPT_WIDTH;
        let skip = if long && before.chars().count() > lead {
            before.char_indices().rev().nth(lead).map_or(0, |(at, _)| at)
        } else {
            0
        };
        let mut text = String::new();
        let mut columns = Vec::new();
        let mut column = 0;
        if skip > 0 {
            text.push('…');
            column = 1;
        }
        let mut end = range.start + whole.len();
        for (at, character) in whole.char_indices().skip_while(|(at, _)| *at < skip) {
            if column >= EXCERPT_WIDTH {
                text.push('…');
                end = range.start + at;
                break;
            }
            columns.push((range.start + at, column));
            match character {
                '\t' => {
                    let width = TAB_WIDTH - column % TAB_WIDTH;
                    text.extend(std::iter::repeat_n(' ', width));
                    column += width;
                }
                // A control character would move the cursor; show that something is there.
                c if c.is_control() => {
                    text.push('\u{fffd}');
                    column += 1;
                }
                c => {
                    text.push(c);
                    column += c.width().unwrap_or(0);
                }
            }
        }
        columns.push((end, column));
        Self { text, columns }
    }

    fn column(&self, byte: usize) -> usize {
        let at = self.columns.partition_point(|(b, _)| *b < byte);
        self.columns.get(at).or(self.columns.last()).map_or(0, |(_, column)| *column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Span};

    fn sample() -> (Sources, Diagnostic) {
        let sources = Sources::default();
        let text = "network {\n  input(15, dim = 4)\n  conv(8), pool(2)\n}\n";
        let id = sources.add("odd.cac", text);
        let span = |needle: &str| {
            let at = text.find(needle).unwrap();
            Span::new(id, at, at + needle.len())
        };
        let diagnostic = Diagnostic::new(Code::Shape, "the pooling window does not tile the sites")
            .at(span("pool(2)"), "a window of 2 leaves 1 site over")
            .because(span("15"), "15 sites come from here")
            .hint("use 16 sites, or pool(3), pool(5) or pool(15)");
        (sources, diagnostic)
    }

    #[test]
    fn matches_the_layout_of_the_language_page() {
        let (sources, diagnostic) = sample();
        let expected = "\
error[E05]: the pooling window does not tile the sites
  ┌─ odd.cac:3:12
2 │   input(15, dim = 4)
  │         -- 15 sites come from here
3 │   conv(8), pool(2)
  │            ^^^^^^^ a window of 2 leaves 1 site over
  = hint: use 16 sites, or pool(3), pool(5) or pool(15)";
        assert_eq!(to_plain(&render(&diagnostic, &sources)), expected);
    }

    #[test]
    fn ansi_and_html_hold_the_same_text() {
        let (sources, diagnostic) = sample();
        let pieces = render(&diagnostic, &sources);
        assert!(to_ansi(&pieces).contains("\x1b[1;31merror[E05]\x1b[0m"));
        assert!(to_html(&pieces).contains("error[E05]"));
    }

    #[test]
    fn a_line_of_a_megabyte_is_cropped_around_the_label() {
        let sources = Sources::default();
        let text = format!("{}oops{}", "é+".repeat(300_000), "+1".repeat(300_000));
        let id = sources.add("long.cac", text.clone());
        let at = text.find("oops").unwrap();
        let diagnostic =
            Diagnostic::new(Code::Name, "no such name").at(Span::new(id, at, at + 4), "");
        let plain = to_plain(&render(&diagnostic, &sources));
        assert!(plain.len() < 1000, "{}", plain.len());
        let lines: Vec<&str> = plain.lines().collect();
        let caret = lines[3].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[2].chars().skip(caret).take(4).collect::<String>(), "oops");
    }
}
