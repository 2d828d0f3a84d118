//! The types of the language and sets of them.

use std::fmt;

/// A type, as users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Type {
    /// `none`
    None,
    /// `true`, `false`
    Bool,
    /// An exact int of any size.
    Int,
    /// An f64.
    Real,
    /// Text.
    String,
    /// A list; one of equal records is a table too.
    List,
    /// A list of records with the same fields.
    Table,
    /// Named fields.
    Record,
    /// A function, of a program or built in.
    Function,
    /// A layer of a network.
    Layer,
    /// A network: layers without weights.
    Network,
    /// A rule that splits sites into two sides.
    Partition,
    /// The answer of `min_cut`.
    Cut,
    /// The answer of `bound`.
    Bound,
    /// The answer of `rank`.
    Rank,
    /// Schmidt values.
    Spectrum,
    /// A dense tensor.
    Tensor,
    /// A figure.
    Plot,
    /// Inputs with labels.
    Dataset,
    /// A network with weights.
    Model,
    /// The answer of `features` or `compare`.
    Features,
    /// The answer of `design`.
    Design,
}

impl Type {
    /// All types.
    pub const ALL: [Self; 22] = [
        Self::None,
        Self::Bool,
        Self::Int,
        Self::Real,
        Self::String,
        Self::List,
        Self::Table,
        Self::Record,
        Self::Function,
        Self::Layer,
        Self::Network,
        Self::Partition,
        Self::Cut,
        Self::Bound,
        Self::Rank,
        Self::Spectrum,
        Self::Tensor,
        Self::Plot,
        Self::Dataset,
        Self::Model,
        Self::Features,
        Self::Design,
    ];

    /// The name: `int`, `network`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Real => "real",
            Self::String => "string",
            Self::List => "list",
            Self::Table => "table",
            Self::Record => "record",
            Self::Function => "function",
            Self::Layer => "layer",
            Self::Network => "network",
            Self::Partition => "partition",
            Self::Cut => "cut",
            Self::Bound => "bound",
            Self::Rank => "rank",
            Self::Spectrum => "spectrum",
            Self::Tensor => "tensor",
            Self::Plot => "plot",
            Self::Dataset => "dataset",
            Self::Model => "model",
            Self::Features => "features",
            Self::Design => "design",
        }
    }

    /// The name with its article: `an int`.
    pub fn with_article(self) -> String {
        match self {
            Self::None | Self::Features => self.as_str().to_owned(),
            Self::Int => "an int".to_owned(),
            other => format!("a {}", other.as_str()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of types: what a parameter takes, or what an unknown value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeSet(u32);

impl TypeSet {
    /// Every type.
    pub const ANY: Self = Self((1 << Type::ALL.len()) - 1);
    /// Ints and reals.
    pub const NUMBER: Self = Self::of(&[Type::Int, Type::Real]);
    /// Lists and tables.
    pub const LIST: Self = Self::of(&[Type::List, Type::Table]);

    /// The set of these types.
    pub const fn of(types: &[Type]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < types.len() {
            bits |= 1 << types[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a type is in the set.
    pub const fn contains(self, ty: Type) -> bool {
        self.0 & (1 << ty as u8) != 0
    }

    /// Whether the sets share a type.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The types of the set.
    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |ty| self.contains(*ty))
    }

    /// The type of the set if there is just one (a table counts as a list).
    pub fn single(self) -> Option<Type> {
        let mut types = self.iter();
        let first = types.next()?;
        match types.next() {
            None => Some(first),
            Some(Type::Table) if first == Type::List && types.next().is_none() => Some(first),
            Some(_) => None,
        }
    }
}

impl fmt::Display for TypeSet {
    /// `int`, `number`, `network or cut`, `any`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("any");
        }
        let mut names: Vec<&str> = Vec::new();
        for ty in self.iter() {
            match ty {
                Type::Int if self.contains(Type::Real) => names.push("number"),
                Type::Real if self.contains(Type::Int) => {}
                Type::Table if self.contains(Type::List) => {}
                Type::None => {}
                other => names.push(other.as_str()),
            }
        }
        if self.contains(Type::None) {
            names.push("none");
        }
        f.write_str(&names.join(" or "))
    }
}
