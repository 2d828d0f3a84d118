//! From pictures to the forms in which values are shown.

use crate::diagnostic::{Code, Diagnostic};
use crate::network::{Bipartition, Shape, Side};
use crate::plot::{Picture, PlotError, SitesPicture};
use crate::value::{Failure, Media, MediaKind, failure};

/// An error of a picture as one of the language.
pub(super) fn explain(error: &PlotError) -> Failure {
    let diagnostic = Diagnostic::new(Code::Domain, error.message.as_str());
    Box::new(match &error.hint {
        Some(hint) => diagnostic.hint(hint.as_str()),
        None => diagnostic,
    })
}

/// A picture as SVG, PNG or as HTML around the SVG.
pub(super) fn media(picture: &Picture, kind: MediaKind) -> Option<Result<Media, Failure>> {
    match kind {
        MediaKind::Svg => Some(picture.svg().map(Media::Text).map_err(|error| explain(&error))),
        MediaKind::Png => {
            let png = picture.png(Picture::DEFAULT_SCALE);
            Some(png.map(Media::Bytes).map_err(|error| explain(&error)))
        }
        MediaKind::Html | MediaKind::Latex => None,
    }
}

/// The largest side of a shape whose sites are drawn one by one.
const DRAWN: u64 = 1 << 16;

/// The picture of a partition; `None` for one with too many sites.
pub(super) fn sites(bipartition: &Bipartition) -> Option<Picture> {
    let shape = bipartition.shape();
    if shape.sites() > DRAWN {
        return None;
    }
    let (rows, cols) = match shape {
        Shape::Chain(n) => (1, n),
        Shape::Grid { rows, cols } => (rows, cols),
    };
    let side_a = (0..shape.sites()).map(|site| bipartition.side(site) == Side::A).collect();
    let size = |n: u64| usize::try_from(n).unwrap_or(0);
    Some(Picture::Sites(SitesPicture { rows: size(rows), cols: size(cols), side_a }))
}

/// What to do where a value has no picture.
pub(super) fn no_picture(what: &str, hint: &str) -> Failure {
    failure(Code::Resource, format!("{what} is too large to be drawn"), hint)
}
