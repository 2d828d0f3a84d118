//! Parts and other forms of data sets. All of them are views: they hold numbers of samples, and read
//! the values from the set below when they are asked.

use super::data::{Placed, Range, Represented, Resize, Scaled, Scaling, Size, Source, Vectors};
use super::{DataError, Dataset};
use crate::interrupt::Interrupt;
use crate::network::{Shape, SplitMix64};
use std::sync::Arc;

/// Where images are placed: their size, that of the canvas, and how often each one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Rows and columns of the image on the canvas.
    pub size: Size,
    /// Rows and columns of the canvas, at least those of the image.
    pub canvas: Size,
    /// Samples of each image.
    pub copies: usize,
    /// The seed of the places.
    pub seed: u64,
}

impl Dataset {
    /// All samples in a random order.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        self.picked(self.random_order(seed)).unwrap_or_else(|_| self.clone())
    }

    fn random_order(&self, seed: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.samples()).collect();
        SplitMix64::new(seed).shuffle(&mut order);
        order
    }

    /// Two parts at random, the first one with `first` samples; with `stratified` every class has in it
    /// its share of them, rounded so that the sum is right.
    ///
    /// # Errors
    /// [`DataError::Empty`] when a part has no sample.
    pub fn split(
        &self,
        first: usize,
        stratified: bool,
        seed: u64,
    ) -> Result<(Self, Self), DataError> {
        let order = self.random_order(seed);
        let mut in_first = vec![false; self.samples()];
        if stratified && let Some(labels) = self.labels() {
            let mut left = self.quotas(labels, first);
            for sample in &order {
                let class = labels.get(*sample).map_or(0, |label| *label as usize);
                if let Some(quota) = left.get_mut(class)
                    && *quota > 0
                {
                    *quota -= 1;
                    in_first.iter_mut().skip(*sample).take(1).for_each(|slot| *slot = true);
                }
            }
        } else {
            for sample in order.iter().take(first) {
                in_first.iter_mut().skip(*sample).take(1).for_each(|slot| *slot = true);
            }
        }
        let part = |wanted: bool| {
            let of = order.iter().copied();
            self.picked(of.filter(|sample| in_first.get(*sample) == Some(&wanted)).collect())
        };
        Ok((part(true)?, part(false)?))
    }

    /// How many samples of each class come into a part of `first`: its share rounded down, and one
    /// more for the classes with the largest rests until the sum is right.
    fn quotas(&self, labels: &[u32], first: usize) -> Vec<usize> {
        let mut counts = vec![0usize; self.classes() as usize];
        for label in labels {
            counts.iter_mut().skip(*label as usize).take(1).for_each(|count| *count += 1);
        }
        let all = labels.len().max(1) as u128;
        let share = |count: &usize| *count as u128 * first as u128;
        let mut quotas: Vec<usize> =
            counts.iter().map(|count| (share(count) / all) as usize).collect();
        let mut classes: Vec<usize> = (0..counts.len()).collect();
        let rest = |class: &usize| counts.get(*class).map_or(0, |count| share(count) % all);
        classes.sort_by(|one, other| rest(other).cmp(&rest(one)).then(one.cmp(other)));
        let missing = first.saturating_sub(quotas.iter().sum());
        for class in classes.into_iter().take(missing) {
            quotas.iter_mut().skip(class).take(1).for_each(|quota| *quota += 1);
        }
        quotas
    }

    /// The samples of some classes; with `relabel` the label becomes the place in the list.
    ///
    /// # Errors
    /// [`DataError::NoClass`] for a class without a sample, [`DataError::Unlabelled`].
    pub fn only(&self, classes: &[u32], relabel: bool) -> Result<Self, DataError> {
        let labels = self.labels().ok_or(DataError::Unlabelled)?;
        if let Some(class) = classes.iter().find(|class| !labels.contains(class)) {
            return Err(DataError::NoClass { class: *class });
        }
        let place = |label: &u32| classes.iter().position(|class| class == label);
        let kept = labels.iter().enumerate().filter(|(_, label)| place(label).is_some());
        let mut part = self.picked(kept.map(|(sample, _)| sample).collect())?;
        if relabel {
            let new = part.labels().map(|labels| {
                labels.iter().map(|label| place(label).unwrap_or(0) as u32).collect()
            });
            part.labels = new;
            part.classes = classes.len() as u32;
        }
        Ok(part)
    }

    /// Parts of `size` samples in their order; the last one may be smaller.
    ///
    /// # Errors
    /// [`DataError::Empty`] for a size of 0.
    pub fn batches(&self, size: usize) -> Result<Vec<Self>, DataError> {
        if size == 0 {
            return Err(DataError::Empty);
        }
        let firsts = (0..self.samples()).step_by(size);
        firsts
            .map(|first| {
                self.picked((first..first.saturating_add(size).min(self.samples())).collect())
            })
            .collect()
    }

    /// The scaling that takes all values to a range, from one reading of all samples.
    ///
    /// # Errors
    /// [`DataError::Flat`] when all values are the same, what cannot be read, and
    /// [`DataError::Interrupted`].
    pub fn scaling(&self, range: Range, interrupt: &Interrupt) -> Result<Scaling, DataError> {
        let rows = self.rows().map(|row| {
            interrupt.check()?;
            row
        });
        Scaling::of(rows, range)?.ok_or(DataError::Flat)
    }

    /// The samples with scaled values.
    #[must_use]
    pub fn scaled(&self, scaling: Scaling) -> Self {
        let source = Scaled::new(Arc::clone(&self.source), scaling);
        Self { source: Arc::new(source), scaling: Some(scaling), ..self.clone() }
    }

    /// The scaling by which this set (or the one of which it is a part) was last scaled.
    pub fn scaled_by(&self) -> Option<Scaling> {
        self.scaling
    }

    /// The same numbers on another shape with as many sites.
    ///
    /// # Errors
    /// [`DataError::Length`] when it has other sites.
    pub fn with_shape(&self, shape: Shape) -> Result<Self, DataError> {
        if shape.sites() != self.shape.sites() {
            let (found, sites) = (self.sites(), shape.sites());
            return Err(DataError::Length { sample: 0, found, sites });
        }
        Ok(Self { shape, ..self.clone() })
    }

    /// The samples behind a representation layer: every number becomes its vector, on a chain with so
    /// many times more numbers.
    ///
    /// # Errors
    /// [`DataError::Length`] when there are too many to be counted.
    pub fn represented(&self, vectors: Vectors) -> Result<Self, DataError> {
        let sites = self.shape.sites();
        let Some(numbers) = sites.checked_mul(vectors.length() as u64) else {
            return Err(DataError::Length { sample: 0, found: usize::MAX, sites });
        };
        let source = Represented::new(Arc::clone(&self.source), self.sites(), vectors);
        let shape = Shape::Chain(numbers);
        Ok(Self { shape, source: Arc::new(source), scaling: None, ..self.clone() })
    }

    /// Rows and columns of a sample on a grid.
    ///
    /// # Errors
    /// [`DataError::NoImages`] of samples on a chain.
    pub fn image_size(&self) -> Result<Size, DataError> {
        match self.shape {
            Shape::Grid { rows, cols } if rows > 0 && cols > 0 => {
                Ok((rows as usize, cols as usize))
            }
            _ => Err(DataError::NoImages { sites: self.sites() }),
        }
    }

    /// The images in another size: see [`Scaler`](super::data::Scaler).
    ///
    /// # Errors
    /// [`DataError::NoImages`] of samples on a chain.
    pub fn resized(&self, size: Size) -> Result<Self, DataError> {
        let source = Resize::new(Arc::clone(&self.source), self.image_size()?, size);
        Ok(self.with_images(size, Arc::new(source), self.labels.clone()))
    }

    /// The images on a black canvas, each at random places.
    ///
    /// # Errors
    /// [`DataError::NoImages`] of samples on a chain, [`DataError::Empty`] for no copies or an empty
    /// canvas.
    pub fn placed(&self, placement: Placement) -> Result<Self, DataError> {
        let Placement { size, canvas, copies, seed } = placement;
        let from = self.image_size()?;
        if copies == 0 || canvas.0 == 0 || canvas.1 == 0 {
            return Err(DataError::Empty);
        }
        let source = Placed::new(Arc::clone(&self.source), from, size, canvas, copies, seed);
        let labels = self.labels.as_ref().map(|labels| {
            std::iter::repeat_n(labels, copies).flat_map(|labels| labels.iter().copied()).collect()
        });
        Ok(self.with_images(canvas, Arc::new(source), labels))
    }

    fn with_images(
        &self,
        (rows, cols): Size,
        source: Arc<dyn Source>,
        labels: Option<Arc<[u32]>>,
    ) -> Self {
        let shape = Shape::Grid { rows: rows as u64, cols: cols as u64 };
        Self { shape, source, labels, ..self.clone() }
    }
}
