//! The entanglement of data.
//!
//! A value `v` becomes `(cos(pi theta v), sin(pi theta v))`, a sample the product of these vectors over
//! its sites, and the data set the sum of its samples (Alexander, de la Vega, Razin, Cohen, arXiv
//! 2303.11249): a state of `2^N` amplitudes that is never written out. Two embedded values have the
//! scalar product `cos(pi theta (v - w))`, so the Gram matrices of both sides are products over sites.

use super::{DataError, Dataset};
use crate::entangle::{EntangleError, Spectrum, spectrum_of_grams};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Side};
use rayon::prelude::*;

/// The most samples of which a spectrum is computed.
pub const MAX_SAMPLES: usize = 8192;

/// The Schmidt spectrum of a data set across a partition, to about `1e-15` of its largest `p`.
///
/// With `class` every sample has the sign 1 if it is of that class and -1 otherwise: the data
/// tensor of the task of telling the class from the others. Costs `S^2 N` steps for `S` samples.
///
/// # Errors
/// [`DataError::TooMany`] above [`MAX_SAMPLES`], [`DataError::NoClass`], [`DataError::Zero`] when the
/// samples cancel, what cannot be read, [`DataError::Interrupted`].
pub fn data_spectrum(
    data: &Dataset,
    across: &Bipartition,
    theta: f64,
    class: Option<u32>,
    interrupt: &Interrupt,
) -> Result<Spectrum, DataError> {
    let samples = data.samples();
    if samples > MAX_SAMPLES {
        let (found, limit) = (samples as u64, MAX_SAMPLES as u64);
        return Err(DataError::TooMany { what: "samples", found, limit });
    }
    let signs: Vec<f64> = match (class, data.labels()) {
        (None, _) => vec![1.0; samples],
        (Some(class), labels) => {
            let labels = labels.unwrap_or(&[]);
            if !labels.contains(&class) {
                return Err(DataError::NoClass { class });
            }
            labels.iter().map(|label| if *label == class { 1.0 } else { -1.0 }).collect()
        }
    };
    let angle = std::f64::consts::PI * theta;
    let side = |wanted: Side, signs: Option<&[f64]>| -> Result<Vec<f64>, DataError> {
        let sites: Vec<usize> =
            (0..data.sites()).filter(|site| across.side(*site as u64) == wanted).collect();
        let embedded: Vec<Vec<(f64, f64)>> = data
            .rows()
            .map(|row| {
                let row = row?;
                let value = |site: &usize| row.get(*site).copied().unwrap_or(0.0);
                Ok(sites.iter().map(|site| (angle * value(site)).sin_cos()).collect())
            })
            .collect::<Result<_, DataError>>()?;
        let mut gram = vec![0.0; samples * samples];
        gram.par_chunks_mut(samples).enumerate().for_each(|(one, row)| {
            if interrupt.is_triggered() {
                return;
            }
            let Some(left) = embedded.get(one) else { return };
            for (other, (right, entry)) in embedded.iter().zip(row.iter_mut()).enumerate() {
                if other > one {
                    break;
                }
                let product: f64 =
                    left.iter().zip(right).map(|((s, c), (t, d))| s * t + c * d).product();
                let sign = signs.map_or(1.0, |signs| {
                    signs.get(one).copied().unwrap_or(1.0)
                        * signs.get(other).copied().unwrap_or(1.0)
                });
                *entry = sign * product;
            }
        });
        interrupt.check()?;
        for one in 0..samples {
            for other in 0..one {
                if let Some(value) = gram.get(one * samples + other).copied()
                    && let Some(entry) = gram.get_mut(other * samples + one)
                {
                    *entry = value;
                }
            }
        }
        Ok(gram)
    };
    let (a, b) = (side(Side::A, Some(&signs))?, side(Side::B, None)?);
    spectrum_of_grams(&a, &b, samples, interrupt).map_err(|error| match error {
        EntangleError::Interrupted => DataError::Interrupted,
        _ => DataError::Zero,
    })
}
