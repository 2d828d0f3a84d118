//! Partitions as Rust programs give them.

use std::ops::{Range, RangeInclusive};

use crate::builtins::typed::name_of;
use crate::network::{Bipartition, PartitionError, PartitionErrorKind, Rule, Shape};

/// What a question is asked across: a rule, a bipartition, or the sites of side A.
///
/// ```
/// use convac::prelude::*;
///
/// let net = Network::chain(8, 2).conv(3).pool(8).output(1)?;
/// let by_rule = net.min_cut(Rule::LeftRight)?;
/// let by_sites = net.min_cut(0..4)?;
/// let by_list = net.min_cut([0, 1, 2, 3])?;
/// let by_sides = net.min_cut(Bipartition::from_fn(net.input_shape(), |_, site| site < 4)?)?;
/// for cut in [by_sites, by_list, by_sides] {
///     assert_eq!(cut.layers(), by_rule.layers());
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Across {
    /// A rule that meets the shape of the network.
    Rule(Rule),
    /// The sides themselves.
    Sides(Bipartition),
}

impl Across {
    /// The sides of a shape.
    ///
    /// # Errors
    /// [`PartitionError`] when the rule does not fit or the sides are of another shape.
    pub fn resolve(&self, shape: Shape) -> Result<Bipartition, PartitionError> {
        match self {
            Across::Rule(rule) => rule.resolve(&shape),
            Across::Sides(sides) if sides.shape() == shape => Ok(sides.clone()),
            Across::Sides(sides) => Err(PartitionError {
                kind: PartitionErrorKind::Shape,
                message: "the partition belongs to another shape".into(),
                label: format!("it splits {}, the network has {shape}", sides.shape()),
                hint: "give a rule: it fits every shape".into(),
            }),
        }
    }

    /// What the partition is called: the rule as the language writes it.
    pub fn name(&self) -> String {
        match self {
            Across::Rule(rule) => rule.to_string(),
            Across::Sides(sides) => name_of(sides),
        }
    }
}

impl From<Rule> for Across {
    fn from(rule: Rule) -> Self {
        Across::Rule(rule)
    }
}

impl From<&Rule> for Across {
    fn from(rule: &Rule) -> Self {
        Across::Rule(rule.clone())
    }
}

impl From<Bipartition> for Across {
    fn from(sides: Bipartition) -> Self {
        Across::Sides(sides)
    }
}

impl From<&Bipartition> for Across {
    fn from(sides: &Bipartition) -> Self {
        Across::Sides(sides.clone())
    }
}

/// These sites are A.
impl From<Vec<u64>> for Across {
    fn from(sites: Vec<u64>) -> Self {
        Across::Rule(Rule::Sites(sites))
    }
}

/// These sites are A.
impl<const N: usize> From<[u64; N]> for Across {
    fn from(sites: [u64; N]) -> Self {
        Across::Rule(Rule::Sites(sites.into()))
    }
}

/// These sites are A.
impl From<Range<u64>> for Across {
    fn from(sites: Range<u64>) -> Self {
        Across::Rule(Rule::sites(sites))
    }
}

/// These sites are A.
impl From<RangeInclusive<u64>> for Across {
    fn from(sites: RangeInclusive<u64>) -> Self {
        Across::Rule(Rule::sites(sites))
    }
}

impl Rule {
    /// A is these sites, in row-major order from 0: `sites([…])`.
    ///
    /// More than a network can list (2^26) are cut off one behind, which any shape refuses.
    pub fn sites(sites: impl IntoIterator<Item = u64>) -> Self {
        const MOST: usize = crate::network::MAX_EXPLICIT_SITES as usize + 1;
        Rule::Sites(sites.into_iter().take(MOST).collect())
    }

    /// The sides exchanged: `complement(rule)`.
    #[must_use]
    pub fn complement(self) -> Self {
        Rule::Complement(Box::new(self))
    }
}

impl Bipartition {
    /// The bipartition with the places in A for which a function is true: `sites((row, col) -> …)`.
    /// On a chain the row is 0 and the column is the site.
    ///
    /// # Errors
    /// [`PartitionError`] when a side is empty or the sites are more than 2^26.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let above = Bipartition::from_fn([3, 3], |row, col| row < col)?;
    /// assert_eq!(above.text(9), "BAA\nBBA\nBBB");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn from_fn(
        shape: impl Into<Shape>,
        in_a: impl Fn(u64, u64) -> bool,
    ) -> Result<Self, PartitionError> {
        let shape = shape.into();
        // What is too large is refused by its shape, before any list is made.
        let listed = shape.sites() <= crate::network::MAX_EXPLICIT_SITES;
        let count = if listed { shape.sites() } else { 0 };
        let places = (0..count).filter_map(|site| shape.place(site));
        Self::from_sides(shape, places.map(|(row, col)| in_a(row, col)).collect())
    }
}
