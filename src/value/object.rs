//! What the values of the engine and the functions have in common.

use std::any::Any;
use std::fmt::Debug;

use super::{Failure, Type, TypeSet, Value};

/// A field of an object: what `.` finds, completion lists and the manual prints.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub types: TypeSet,
    /// One line.
    pub doc: &'static str,
}

/// A form in which a value may be shown beside plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// `text/html`
    Html,
    /// `image/svg+xml`
    Svg,
    /// `image/png`
    Png,
    /// `text/latex`
    Latex,
    /// A picture in letters, for a terminal of so many columns.
    Letters(usize),
}

/// A shown form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// HTML, SVG, LaTeX.
    Text(String),
    /// PNG.
    Bytes(Vec<u8>),
}

/// A value of the engine: a network, a cut, a plot, …
pub trait Object: Any + Debug + Send + Sync {
    /// Its type.
    fn type_of(&self) -> Type;

    /// What is shown for a bare expression; may have many lines.
    fn text(&self) -> String;

    /// One short line: inside lists, tables and strings.
    fn brief(&self) -> String;

    /// The value as data, for `--json`.
    fn json(&self) -> serde_json::Value;

    /// The value in another form, if it has one.
    fn media(&self, _kind: MediaKind) -> Option<Result<Media, Failure>> {
        None
    }

    /// The value of a field; the names are those of the type's [`FieldInfo`]s.
    fn field(&self, _name: &str) -> Option<Result<Value, Failure>> {
        None
    }

    /// Whether two values of this type are equal; `None` if the question has no meaning.
    fn equals(&self, _other: &dyn Object) -> Option<bool> {
        None
    }

    /// The same object, to be compared with or turned into its own type.
    fn as_any(&self) -> &dyn Any;
}

/// A function as a value: of a program, or built in.
pub trait Function: Any + Debug + Send + Sync {
    /// Its name, if it has one.
    fn name(&self) -> Option<&str>;

    /// `f(x, y = 2)`
    fn signature(&self) -> String;

    /// Its `##` lines or its page.
    fn doc(&self) -> Option<&str>;

    /// How deep the values are that it holds.
    fn depth(&self) -> u32;

    /// The same function, to be turned into its own type.
    fn as_any(&self) -> &dyn Any;
}
