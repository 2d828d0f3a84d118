//! What lifts the value of a site to a vector of the local dimension.

use super::Shape;
use std::fmt;

/// The representation functions `f_1 .. f_M` of the input (Levine et al., arXiv 1704.01552, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Representation {
    /// The vectors are given.
    #[default]
    Given,
    /// `sqrt(C(M-1, d)) cos(pi x/2)^(M-1-d) sin(pi x/2)^d` for `d = 0..M-1` and `x` from 0 to 1: the
    /// coherent state of a spin (Stoudenmire and Schwab, arXiv 1605.05775); for `M = 2` the cosine and
    /// the sine. Vectors of norm 1.
    CosSin,
    /// The unit vector of `round(x (M-1))` for `x` from 0 to 1.
    OneHot,
    /// `M` normal densities of learned means and deviations, the same at every site (Cohen, Sharir and
    /// Shashua, arXiv 1506.03059).
    Gaussian,
    /// `M` learned affine functions of a patch around the site, rectified; beyond the border are zeros.
    Affine {
        /// The patch; `1` on a chain and `1x1` on a grid is the site alone.
        patch: Shape,
    },
}

impl Representation {
    /// The spelling in the language.
    pub fn as_str(&self) -> &'static str {
        match self {
            Representation::Given => "given",
            Representation::CosSin => "cos_sin",
            Representation::OneHot => "one_hot",
            Representation::Gaussian => "gaussian",
            Representation::Affine { .. } => "affine",
        }
    }

    /// All spellings.
    pub const NAMES: [&'static str; 5] = ["given", "cos_sin", "one_hot", "gaussian", "affine"];

    /// The representation with this spelling; affine functions see the patch.
    pub fn parse(name: &str, patch: Shape) -> Option<Self> {
        let all = [
            Representation::Given,
            Representation::CosSin,
            Representation::OneHot,
            Representation::Gaussian,
            Representation::Affine { patch },
        ];
        all.into_iter().find(|one| one.as_str() == name)
    }

    /// The names and shapes `[1, M, n]` of what is learned, for the local dimension `dim`.
    pub fn weight_shapes(&self, dim: u64) -> Vec<(String, [u64; 3])> {
        let named = |name: &str, size: u64| (format!("input.{name}"), [1, dim, size]);
        match self {
            Representation::Gaussian => vec![named("mean", 1), named("deviation", 1)],
            Representation::Affine { patch } => {
                vec![named("weight", patch.sites()), named("bias", 1)]
            }
            _ => Vec::new(),
        }
    }

    /// Whether the vectors are functions of one number at each site.
    pub fn lifts(&self) -> bool {
        *self != Representation::Given
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
