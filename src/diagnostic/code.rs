//! The classes of errors and their pages for `convac explain`.

use std::fmt;
use std::str::FromStr;

/// The class of an error. The number is stable: scripts may match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The text is not a program.
    Syntax,
    /// A name or a field that does not exist.
    Name,
    /// A call with too many, too few, repeated or unknown arguments.
    Call,
    /// A value of the wrong type.
    Type,
    /// Layers, shapes or partitions that do not fit each other.
    Shape,
    /// A value of the right type outside the domain.
    Domain,
    /// A limit of memory, depth or size.
    Resource,
    /// A file that cannot be read, written or understood.
    File,
    /// The user stopped the computation.
    Interrupted,
    /// A Rust cell that the compiler refuses, or that failed.
    Rust,
    /// A defect of the program itself.
    Bug,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Syntax,
        Self::Name,
        Self::Call,
        Self::Type,
        Self::Shape,
        Self::Domain,
        Self::Resource,
        Self::File,
        Self::Interrupted,
        Self::Rust,
        Self::Bug,
    ];

    /// The code as users see it: `E05`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "E01",
            Self::Name => "E02",
            Self::Call => "E03",
            Self::Type => "E04",
            Self::Shape => "E05",
            Self::Domain => "E06",
            Self::Resource => "E07",
            Self::File => "E08",
            Self::Interrupted => "E09",
            Self::Rust => "E10",
            Self::Bug => "E99",
        }
    }

    /// The page that `convac explain` prints: Markdown, with an example that fails and its cure.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Syntax => include_str!("pages/E01.md"),
            Self::Name => include_str!("pages/E02.md"),
            Self::Call => include_str!("pages/E03.md"),
            Self::Type => include_str!("pages/E04.md"),
            Self::Shape => include_str!("pages/E05.md"),
            Self::Domain => include_str!("pages/E06.md"),
            Self::Resource => include_str!("pages/E07.md"),
            Self::File => include_str!("pages/E08.md"),
            Self::Interrupted => include_str!("pages/E09.md"),
            Self::Rust => include_str!("pages/E10.md"),
            Self::Bug => include_str!("pages/E99.md"),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    /// Reads `E05`, `e05`, `E5` or `5`.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let digits = text.trim().trim_start_matches(['E', 'e']);
        let number: u8 = digits.parse().map_err(|_| UnknownCode)?;
        let wanted = format!("E{number:02}");
        Self::ALL.into_iter().find(|code| code.as_str() == wanted).ok_or(UnknownCode)
    }
}
