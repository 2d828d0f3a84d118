//! The spectrum of a state that is given by Gram matrices: a sum of products over two sides.

use super::EntangleError;
use super::linalg::{self, LinalgError};
use super::spectrum::Spectrum;
use crate::interrupt::Interrupt;

/// The Schmidt spectrum of `sum_s |a_s> (x) |b_s>` for `n` pairs of vectors of which only the scalar
/// products `a[s, t] = <a_s|a_t>` and `b[s, t] = <b_s|b_t>` (row-major) are known: the eigenvalues of
/// `F b F^T` with `a = F^T F`. Costs about `2 n^2 k + 4/3 k^3` operations for a rank `k` of `a`.
///
/// # Errors
/// [`EntangleError::ZeroState`] when the sum vanishes, [`EntangleError::NotFinite`],
/// [`EntangleError::Interrupted`].
pub fn spectrum_of_grams(
    a: &[f64],
    b: &[f64],
    n: usize,
    interrupt: &Interrupt,
) -> Result<Spectrum, EntangleError> {
    let mut factor = Vec::new();
    let rows = linalg::semidefinite_root(a, n, &mut factor);
    interrupt.check()?;
    let mut matrix = vec![0.0; rows * rows];
    linalg::congruence(&factor, b, &mut matrix, rows, n, &mut Vec::new());
    let values = linalg::symmetric_eigenvalues(&mut matrix, rows, interrupt);
    let values = values.map_err(|error| match error {
        LinalgError::NotFinite => EntangleError::NotFinite,
        LinalgError::Interrupted => EntangleError::Interrupted,
    })?;
    Spectrum::from_squared(values, 0).ok_or(EntangleError::ZeroState)
}
