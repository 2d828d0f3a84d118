//! Samples: a number for every site, and perhaps a label.

use super::DataError;
use super::data::{Memory, Pick, Reorder, Scaling, Source};
use crate::network::Shape;
use std::borrow::Cow;
use std::sync::Arc;

/// Inputs with or without labels. Clones share everything; the samples are read one by one from
/// memory, from files or from the data set of which this one is a view.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(super) shape: Shape,
    pub(super) source: Arc<dyn Source>,
    pub(super) labels: Option<Arc<[u32]>>,
    pub(super) classes: u32,
    /// How the values were scaled, if they were: a test set is scaled as its training set.
    pub(super) scaling: Option<Scaling>,
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
        Self::from_source(shape, Arc::new(Memory::new(sites, values)), labels)
    }

    /// Samples of a source, each with a value for every site of the shape; labels count from 0.
    ///
    /// # Errors
    /// [`DataError::Empty`] for no sample, [`DataError::Labels`] for a wrong number of labels.
    pub fn from_source(
        shape: Shape,
        source: Arc<dyn Source>,
        labels: Option<Vec<u32>>,
    ) -> Result<Self, DataError> {
        let samples = source.samples();
        if samples == 0 {
            return Err(DataError::Empty);
        }
        if let Some(labels) = &labels
            && labels.len() != samples
        {
            return Err(DataError::Labels { found: labels.len(), samples });
        }
        let classes = labels
            .as_ref()
            .and_then(|labels| labels.iter().max())
            .map_or(0, |max| max.saturating_add(1));
        Ok(Self { shape, source, labels: labels.map(Into::into), classes, scaling: None })
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
        self.source.samples()
    }

    /// Writes the values of a sample, row-major, into a place for each site. Any sample at any
    /// time from any thread; what lies in memory is copied without a lock.
    ///
    /// # Errors
    /// [`DataError::Unreadable`] for a sample that is not there, does not fit `out` or cannot be
    /// read, [`DataError::NotFinite`].
    pub fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let (samples, sites) = (self.samples(), self.sites());
        if sample >= samples {
            let message = format!("there are {samples} samples");
            return Err(DataError::Unreadable { sample, message });
        }
        if out.len() != sites {
            let message = format!("its {sites} sites do not fit {} places", out.len());
            return Err(DataError::Unreadable { sample, message });
        }
        self.source.read(sample, out)
    }

    /// The samples one by one, each row-major: borrowed from memory, or read.
    pub fn rows(&self) -> impl Iterator<Item = Result<Cow<'_, [f64]>, DataError>> {
        let sites = self.sites();
        let memory = self.source.in_memory();
        (0..self.samples()).map(move |sample| match memory {
            Some(values) => {
                Ok(Cow::Borrowed(values.get(sample * sites..(sample + 1) * sites).unwrap_or(&[])))
            }
            None => {
                let mut row = vec![0.0; sites];
                self.source.read(sample, &mut row)?;
                Ok(Cow::Owned(row))
            }
        })
    }

    /// One label for each sample, if there are labels.
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// The label of a sample, if there are labels.
    pub fn label(&self, sample: usize) -> Option<u32> {
        self.labels.as_ref()?.get(sample).copied()
    }

    /// One more than the largest label; 0 without labels. A part of the samples keeps the number of
    /// classes of the whole.
    pub fn classes(&self) -> u32 {
        self.classes
    }

    /// The same samples with their sites in another order: site `i` of the result is site `order[i]`.
    #[must_use]
    pub fn with_order(&self, order: &[usize]) -> Self {
        let source = Reorder::new(Arc::clone(&self.source), self.sites(), order);
        Self { source: Arc::new(source), ..self.clone() }
    }

    /// The samples with these numbers, in this order; numbers that are not there are left out.
    ///
    /// # Errors
    /// [`DataError::Empty`] when there are none.
    pub fn picked(&self, mut picked: Vec<usize>) -> Result<Self, DataError> {
        picked.retain(|sample| *sample < self.samples());
        if picked.is_empty() {
            return Err(DataError::Empty);
        }
        let labels = self.labels.as_ref().map(|labels| {
            picked.iter().map(|sample| labels.get(*sample).copied().unwrap_or(0)).collect()
        });
        let source: Arc<dyn Source> = Arc::new(Pick::new(Arc::clone(&self.source), picked));
        Ok(Self { source, labels, ..self.clone() })
    }

    /// Some of the samples: those for which a function of their number is true.
    ///
    /// # Errors
    /// [`DataError::Empty`] when there are none.
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Result<Self, DataError> {
        self.picked((0..self.samples()).filter(|sample| keep(*sample)).collect())
    }
}

/// Equal shapes, labels and values; what cannot be read equals nothing.
impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        if self.shape != other.shape
            || self.classes != other.classes
            || self.labels != other.labels
            || self.samples() != other.samples()
        {
            return false;
        }
        Arc::ptr_eq(&self.source, &other.source)
            || self.rows().zip(other.rows()).all(|pair| match pair {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            })
    }
}
