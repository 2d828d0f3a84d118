//! Samples: a number for every site, and perhaps a label.

use crate::network::Shape;
use std::fmt;
use std::sync::Arc;

/// Inputs with or without labels. Clones share their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    shape: Shape,
    values: Arc<[f64]>,
    labels: Option<Arc<[u32]>>,
    classes: u32,
}

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
    /// The samples cancel: there is no state.
    Zero,
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
            DataError::Zero => f.write_str("the samples cancel each other"),
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

impl Dataset {
    /// Samples of a shape, one after another, each row-major; labels count from 0.
    ///
    /// # Errors
    /// [`DataError`] for no sample, a wrong number of values or labels, or a value that is not
    /// finite.
    pub fn new(
        shape: Shape,
        values: Vec<f64>,
        labels: Option<Vec<u32>>,
    ) -> Result<Self, DataError> {
        let sites = usize::try_from(shape.sites()).unwrap_or(usize::MAX).max(1);
        let samples = values.len() / sites;
        if samples == 0 {
            return Err(DataError::Empty);
        }
        if !values.len().is_multiple_of(sites) {
            let (found, sites) = (values.len() % sites, shape.sites());
            return Err(DataError::Length { sample: samples, found, sites });
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(DataError::NotFinite { sample: place / sites, site: place % sites });
        }
        if let Some(labels) = &labels
            && labels.len() != samples
        {
            return Err(DataError::Labels { found: labels.len(), samples });
        }
        let classes =
            labels.as_ref().and_then(|labels| labels.iter().max()).map_or(0, |max| max + 1);
        Ok(Self { shape, values: values.into(), labels: labels.map(Into::into), classes })
    }

    /// The layout of the sites.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The number of sites.
    pub fn sites(&self) -> usize {
        usize::try_from(self.shape.sites()).unwrap_or(usize::MAX).max(1)
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.values.len() / self.sites()
    }

    /// The samples one by one, each row-major.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.sites())
    }

    /// One label for each sample, if there are labels.
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// One more than the largest label; 0 without labels.
    pub fn classes(&self) -> u32 {
        self.classes
    }

    /// The same samples with their sites in another order: site `i` of the result is site `order[i]`.
    #[must_use]
    pub fn with_order(&self, order: &[usize]) -> Self {
        let row = |row: &[f64]| -> Vec<f64> {
            order.iter().map(|site| row.get(*site).copied().unwrap_or(0.0)).collect()
        };
        let values: Vec<f64> = self.rows().flat_map(row).collect();
        Self { values: values.into(), ..self.clone() }
    }

    /// Some of the samples: those for which a function of their number is true.
    ///
    /// # Errors
    /// [`DataError::Empty`] when there are none.
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Result<Self, DataError> {
        let rows = self.rows().enumerate().filter(|(number, _)| keep(*number));
        let values: Vec<f64> = rows.flat_map(|(_, row)| row.iter().copied()).collect();
        let labels = self.labels.as_ref().map(|labels| {
            let kept = labels.iter().enumerate().filter(|(number, _)| keep(*number));
            kept.map(|(_, label)| *label).collect::<Vec<u32>>()
        });
        if values.is_empty() {
            return Err(DataError::Empty);
        }
        Ok(Self { values: values.into(), labels: labels.map(Into::into), ..self.clone() })
    }
}
