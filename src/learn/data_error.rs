//! Why there is no data set, or no answer about one.

use std::fmt;

/// Why numbers are no data set, or a data set does not answer a question.
#[derive(Clone, Debug, PartialEq)]
pub enum DataError {
    /// There is no sample.
    Empty,
    /// A sample has another number of values than the shape has sites.
    Length {
        /// The sample, from 0.
        sample: usize,
        /// Its numbers.
        found: usize,
        /// The sites.
        sites: u64,
    },
    /// A number is infinite or none.
    NotFinite {
        /// The sample, from 0.
        sample: usize,
        /// The site, row-major from 0.
        site: usize,
    },
    /// A number that is no level of a representation: those are from 0 to 1.
    Level {
        /// The sample, from 0.
        sample: usize,
        /// The site, row-major from 0.
        site: usize,
        /// The number.
        value: f64,
    },
    /// Not one label for each sample.
    Labels {
        /// The labels.
        found: usize,
        /// The samples.
        samples: usize,
    },
    /// A question needs more samples.
    TooFew {
        /// How many there are.
        samples: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A question takes fewer samples or sites.
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// The most that are taken.
        limit: u64,
    },
    /// Sites whose value is the same in all samples: their correlation is not defined.
    Constant {
        /// These sites.
        sites: Vec<usize>,
    },
    /// No sample has this label.
    NoClass {
        /// The label.
        class: u32,
    },
    /// There are no labels, and a question is about classes.
    Unlabelled,
    /// All values are the same: there is no range to scale.
    Flat,
    /// Samples on a chain are no images.
    NoImages {
        /// The sites of the chain.
        sites: usize,
    },
    /// The samples cancel: there is no state.
    Zero,
    /// A sample could not be read from where it lies.
    Unreadable {
        /// The sample, from 0.
        sample: usize,
        /// What is wrong.
        message: String,
    },
    /// The caller asked to stop.
    Interrupted,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataError::Empty => f.write_str("a data set has at least one sample"),
            DataError::Length { sample, found, sites } => {
                write!(f, "sample {sample} has {found} numbers, there are {sites} sites")
            }
            DataError::NotFinite { sample, site } => {
                write!(f, "sample {sample} has no finite number at site {site}")
            }
            DataError::Level { sample, site, value } => write!(
                f,
                "sample {sample} has {value} at site {site}, \"one_hot\" features take 0 to 1"
            ),
            DataError::Labels { found, samples } => {
                write!(f, "{found} labels for {samples} samples")
            }
            DataError::TooFew { samples: 1, needed } => {
                write!(f, "1 sample is too few, {needed} are needed")
            }
            DataError::TooFew { samples, needed } => {
                write!(f, "{samples} samples are too few, {needed} are needed")
            }
            DataError::TooMany { what, found, limit } => {
                write!(f, "{found} {what} are too many, at most {limit} are taken")
            }
            DataError::Constant { sites } => {
                let shown: Vec<String> = sites.iter().take(8).map(usize::to_string).collect();
                let more = if sites.len() > 8 { ", …" } else { "" };
                let have = if sites.len() == 1 { "site has" } else { "sites have" };
                let (count, shown) = (sites.len(), shown.join(", "));
                write!(f, "{count} {have} the same value in all samples: {shown}{more}")
            }
            DataError::NoClass { class } => write!(f, "no sample has the label {class}"),
            DataError::Unlabelled => f.write_str("the data set has no labels"),
            DataError::Flat => f.write_str("all values are the same"),
            DataError::NoImages { sites } => {
                write!(f, "the samples are chains of {sites} sites, and no images")
            }
            DataError::Zero => f.write_str("the samples cancel each other"),
            DataError::Unreadable { sample, message } => {
                write!(f, "sample {sample} cannot be read: {message}")
            }
            DataError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for DataError {}

impl From<crate::interrupt::Interrupted> for DataError {
    fn from(_: crate::interrupt::Interrupted) -> Self {
        DataError::Interrupted
    }
}

impl DataError {
    /// The same error as one of another sample: that of a view.
    #[must_use]
    pub(super) fn of_sample(self, sample: usize) -> Self {
        match self {
            DataError::NotFinite { site, .. } => DataError::NotFinite { sample, site },
            DataError::Unreadable { message, .. } => DataError::Unreadable { sample, message },
            other => other,
        }
    }
}
