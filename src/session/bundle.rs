//! A value in all the forms in which it can be shown.

use serde_json::{Map, Value as Json, json};

use crate::plot::Picture;
use crate::value::{Failure, Media, MediaKind, Value, base64, html, text};

/// A value by MIME type, as notebooks keep it.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    /// The forms; `text/plain` always.
    pub data: Map<String, Json>,
    /// The sizes of pictures, in CSS pixels.
    pub metadata: Map<String, Json>,
    /// Why forms are missing that such values have.
    pub failures: Vec<Failure>,
}

/// A value to be shown; every form is made when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'v>(pub &'v Value);

impl Bundle<'_> {
    /// `text/plain`: always there.
    pub fn plain(&self) -> String {
        text(self.0)
    }

    /// `text/html`, for tables and for what has a form of its own.
    pub fn html(&self) -> Option<String> {
        html(self.0)
    }

    /// `image/svg+xml`.
    ///
    /// # Errors
    /// Why the picture cannot be drawn.
    pub fn svg(&self) -> Option<Result<String, Failure>> {
        match self.media(MediaKind::Svg)? {
            Ok(Media::Text(text)) => Some(Ok(text)),
            Ok(Media::Bytes(_)) => None,
            Err(failure) => Some(Err(failure)),
        }
    }

    /// `image/png`.
    ///
    /// # Errors
    /// Why the picture cannot be drawn.
    pub fn png(&self) -> Option<Result<Vec<u8>, Failure>> {
        match self.media(MediaKind::Png)? {
            Ok(Media::Bytes(bytes)) => Some(Ok(bytes)),
            Ok(Media::Text(_)) => None,
            Err(failure) => Some(Err(failure)),
        }
    }

    /// The picture in letters, for a terminal of so many columns.
    pub fn letters(&self, width: usize) -> Option<String> {
        match self.media(MediaKind::Letters(width))? {
            Ok(Media::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The size of its PNG in CSS pixels.
    pub fn picture_size(png: &[u8]) -> Option<(u32, u32)> {
        size(png).map(|(width, height)| (css(width), css(height)))
    }

    /// `text/latex`, in `$$…$$`.
    pub fn latex(&self) -> Option<String> {
        match self.media(MediaKind::Latex)? {
            Ok(Media::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// All forms at once: the same ones for the kernel, the REPL and the command line.
    pub fn mime(&self) -> Forms {
        let mut forms = Forms::default();
        let mut add = |kind: &str, text: String| {
            forms.data.insert(kind.to_owned(), Json::from(text));
        };
        add("text/plain", self.plain());
        if let Some(html) = self.html() {
            add("text/html", html);
        }
        let svg = self.svg();
        // An exporter to LaTeX would take the formula and leave the picture out.
        if svg.is_none()
            && let Some(latex) = self.latex()
        {
            add("text/latex", latex);
        }
        match svg {
            Some(Ok(svg)) => add("image/svg+xml", svg),
            Some(Err(failure)) => forms.failures.push(failure),
            None => {}
        }
        // A picture that cannot be drawn is told once.
        if let Some(Ok(png)) = self.png() {
            if let Some((width, height)) = size(&png) {
                let size = json!({ "width": css(width), "height": css(height) });
                forms.metadata.insert("image/png".to_owned(), size);
            }
            forms.data.insert("image/png".to_owned(), Json::from(base64(&png)));
        }
        forms
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        match self.0 {
            Value::Object(object) => object.media(kind),
            _ => None,
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // no picture is that large
fn css(pixels: u32) -> u32 {
    (f64::from(pixels) / Picture::DEFAULT_SCALE).round() as u32
}

/// Width and height of a PNG, from its header.
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_texts_have_their_forms() {
        let plain = Bundle(&Value::string("<b>")).mime();
        assert_eq!(plain.data.len(), 1);
        assert!(plain.failures.is_empty());
    }
}
