//! How strongly the values of two sites go together.

use super::{DataError, Dataset};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Side};
use rayon::prelude::*;

/// The most sites whose pairs are listed.
const MAX_SITES: u64 = 4096;

/// The most values that are held at once: 2 GB.
const MAX_VALUES: u64 = 1 << 28;

/// The absolute correlation of every pair of sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    sites: usize,
    values: Vec<f64>,
}

/// The absolute Pearson correlation of every pair of sites over the samples, 1 on the diagonal. A
/// site with one value in all samples has no correlation: it counts as `constant` with all others.
///
/// Costs `N^2` scalar products of as many numbers as there are samples.
///
/// # Errors
/// [`DataError::TooFew`] of less than two samples, [`DataError::Constant`] without `constant`,
/// [`DataError::TooMany`] above 4,096 sites or 2^28 values, what cannot be read,
/// [`DataError::Interrupted`].
pub fn correlations(
    data: &Dataset,
    constant: Option<f64>,
    interrupt: &Interrupt,
) -> Result<Correlations, DataError> {
    let (samples, sites) = (data.samples(), data.sites());
    if samples < 2 {
        return Err(DataError::TooFew { samples, needed: 2 });
    }
    if sites as u64 > MAX_SITES {
        return Err(DataError::TooMany { what: "sites", found: sites as u64, limit: MAX_SITES });
    }
    let values = (samples as u64).saturating_mul(sites as u64);
    if values > MAX_VALUES {
        return Err(DataError::TooMany { what: "values", found: values, limit: MAX_VALUES });
    }
    // By site: the values without their mean, of length 1.
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(samples); sites];
    for row in data.rows() {
        for (column, value) in columns.iter_mut().zip(&*row?) {
            column.push(*value);
        }
    }
    let mut without = Vec::new();
    for (site, column) in columns.iter_mut().enumerate() {
        let first = column.first().copied().unwrap_or(0.0);
        if column.iter().all(|value| *value == first) {
            without.push(site);
            continue;
        }
        // Scaled first, so that no square leaves the range.
        let largest = column.iter().fold(0.0f64, |most, value| most.max((value - first).abs()));
        column.iter_mut().for_each(|value| *value = (*value - first) / largest);
        let mean = column.iter().sum::<f64>() / samples as f64;
        column.iter_mut().for_each(|value| *value -= mean);
        let norm = column.iter().map(|value| value * value).sum::<f64>().sqrt();
        column.iter_mut().for_each(|value| *value /= norm);
    }
    if !without.is_empty() && constant.is_none() {
        return Err(DataError::Constant { sites: without });
    }
    let constant = constant.unwrap_or(0.0);
    let is_constant = |site: usize| without.binary_search(&site).is_ok();
    let rows: Vec<Vec<f64>> = columns
        .par_iter()
        .enumerate()
        .map(|(site, column)| {
            if interrupt.is_triggered() {
                return Vec::new();
            }
            let pair = |(other, values): (usize, &Vec<f64>)| {
                if is_constant(site) || is_constant(other) {
                    return constant;
                }
                let product: f64 = column.iter().zip(values).map(|(x, y)| x * y).sum();
                product.abs().min(1.0)
            };
            columns.iter().enumerate().take(site).map(pair).collect()
        })
        .collect();
    interrupt.check()?;
    let mut values = vec![1.0; sites * sites];
    for (site, row) in rows.iter().enumerate() {
        for (other, value) in row.iter().enumerate() {
            for place in [site * sites + other, other * sites + site] {
                if let Some(entry) = values.get_mut(place) {
                    *entry = *value;
                }
            }
        }
    }
    Ok(Correlations { sites, values })
}

impl Correlations {
    /// Those of a symmetric matrix, row-major; only tests make up data.
    #[cfg(test)]
    pub(super) fn of(sites: usize, values: Vec<f64>) -> Self {
        Self { sites, values }
    }

    /// The number of sites.
    pub fn sites(&self) -> usize {
        self.sites
    }

    /// The correlations of one site with all.
    pub fn row(&self, site: usize) -> &[f64] {
        self.values.get(site * self.sites..(site + 1) * self.sites).unwrap_or(&[])
    }

    /// The correlation of two sites.
    pub fn pair(&self, one: usize, other: usize) -> f64 {
        self.row(one).get(other).copied().unwrap_or(0.0)
    }

    /// The sum over all pairs that a partition parts: a surrogate of the entropy across it.
    pub fn across(&self, partition: &Bipartition) -> f64 {
        let sides: Vec<bool> =
            (0..self.sites as u64).map(|site| partition.side(site) == Side::A).collect();
        let mut sum = 0.0;
        for (site, in_a) in sides.iter().enumerate().filter(|(_, in_a)| **in_a) {
            let parted = self.row(site).iter().zip(&sides).filter(|(_, side)| *side != in_a);
            sum += parted.map(|(value, _)| value).sum::<f64>();
        }
        sum
    }
}
