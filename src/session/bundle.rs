//! A value in all the forms in which it can be shown.

use crate::value::{Failure, Media, MediaKind, Value, html, text};

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

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        match self.0 {
            Value::Object(object) => object.media(kind),
            _ => None,
        }
    }
}
