//! Eigenvalues of symmetric matrices: own kernel for small ones, faer's for large ones.

use super::LinalgError;
use super::detached::run_detached;
use super::dispatch::for_each_instruction_set;
use super::product::{fused, largest};
use crate::interrupt::Interrupt;
use faer::{MatRef, Side};

/// Up to this size the own kernel is faster.
const SMALL: usize = 40;
/// Sizes whose eigenvalues take about 50 ms or more.
const LONG: usize = 800;

/// The eigenvalues of a symmetric matrix (`n x n`, row-major), largest first; the matrix is used
/// up. About `4/3 n^3` operations. Accurate to about `1e-16` of the largest.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::Interrupted`].
pub(crate) fn symmetric_eigenvalues(
    a: &mut [f64],
    n: usize,
    interrupt: &Interrupt,
) -> Result<Vec<f64>, LinalgError> {
    let Some(a) = a.get_mut(..n * n) else { return Ok(Vec::new()) };
    if !largest(a).is_finite() {
        return Err(LinalgError::NotFinite);
    }
    let mut values = if n <= SMALL {
        let (mut diagonal, mut off) = (vec![0.0; n], vec![0.0; n]);
        tridiagonalize(a, n, &mut diagonal, &mut off);
        if !tridiagonal_eigenvalues(&mut diagonal, &mut off) {
            diagonal = by_jacobi(a.to_vec(), n);
        }
        diagonal
    } else {
        let data = a.to_vec();
        run_detached(n >= LONG, interrupt, move || {
            let found =
                MatRef::from_row_major_slice(&data, n, n).self_adjoint_eigenvalues(Side::Lower);
            found.unwrap_or_else(|_| by_jacobi(data, n))
        })?
    };
    values.sort_unstable_by(|x, y| y.total_cmp(x));
    Ok(values)
}

for_each_instruction_set! {
    /// Householder reflections from both sides: `a` becomes tridiagonal.
    fn tridiagonalize(a: &mut [f64], n: usize, diagonal: &mut [f64], off: &mut [f64])
        = tridiagonalize_body
}

#[inline(always)]
pub(super) fn tridiagonalize_body<const FMA: bool, const R: usize, const C: usize>(
    a: &mut [f64],
    n: usize,
    diagonal: &mut [f64],
    off: &mut [f64],
) {
    let mut vector = [0.0f64; SMALL];
    let mut image = [0.0f64; SMALL];
    if n > SMALL || a.len() < n * n || diagonal.len() < n || off.len() < n {
        return;
    }
    // Symmetric: row `step` right of the diagonal is the column below it.
    for step in 0..n {
        diagonal[step] = a[step * n + step];
        let size = n - step - 1;
        if size == 0 {
            off[step] = 0.0;
            break;
        }
        let vector = &mut vector[..size];
        vector.copy_from_slice(&a[step * n + step + 1..step * n + n]);
        let mut rest = 0.0f64;
        for entry in &vector[1..] {
            rest = rest.max(entry.abs());
        }
        let head = vector[0];
        if rest == 0.0 {
            off[step] = head;
            continue;
        }
        let scale = rest.max(head.abs());
        let inverse = 1.0 / scale;
        let mut square = 0.0f64;
        for entry in vector.iter_mut() {
            *entry *= inverse;
            square = fused::<FMA>(*entry, *entry, square);
        }
        let norm = square.sqrt();
        let target = if head > 0.0 { -norm } else { norm };
        off[step] = target * scale;
        // v = x - target e_1, beta = 2 / v^T v = 1 / (norm^2 - target x_1).
        let beta = 1.0 / (square - target * vector[0]);
        vector[0] -= target;
        // p = beta A v; w = p - (beta/2)(p^T v) v; A -= v w^T + w v^T.
        let image = &mut image[..size];
        let mut overlap = 0.0f64;
        for (row, sum) in image.iter_mut().enumerate() {
            let line = &a[(step + 1 + row) * n + step + 1..(step + 1 + row) * n + n];
            let mut lanes = [0.0f64; 8];
            let (chunks, tail) = line.as_chunks::<8>();
            let (values, last) = vector.as_chunks::<8>();
            for (chunk, value) in chunks.iter().zip(values) {
                for lane in 0..8 {
                    lanes[lane] = fused::<FMA>(chunk[lane], value[lane], lanes[lane]);
                }
            }
            let mut total = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
                + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
            for (entry, value) in tail.iter().zip(last) {
                total = fused::<FMA>(*entry, *value, total);
            }
            *sum = beta * total;
            overlap = fused::<FMA>(*sum, vector[row], overlap);
        }
        let half = -0.5 * beta * overlap;
        for (sum, entry) in image.iter_mut().zip(vector.iter()) {
            *sum = fused::<FMA>(half, *entry, *sum);
        }
        for row in 0..size {
            let (v, w) = (-vector[row], -image[row]);
            let line = &mut a[(step + 1 + row) * n + step + 1..(step + 1 + row) * n + n];
            for ((entry, x), y) in line.iter_mut().zip(image.iter()).zip(vector.iter()) {
                *entry = fused::<FMA>(v, *x, fused::<FMA>(w, *y, *entry));
            }
        }
    }
}

/// Eigenvalues of a symmetric tridiagonal matrix by the implicit QL method without square roots
/// (Pal, Walker and Kahan; Reinsch's TQLRAT), in place; `off[i]` couples `i` and `i + 1`. Whether it
/// converged.
pub(super) fn tridiagonal_eigenvalues(diagonal: &mut [f64], off: &mut [f64]) -> bool {
    let n = diagonal.len();
    for entry in off.iter_mut() {
        *entry *= *entry;
    }
    let (mut shift_sum, mut bound) = (0.0f64, 0.0f64);
    let mut small = 0.0f64;
    for low in 0..n {
        let size = diagonal[low].abs() + off[low].sqrt();
        if size > bound {
            bound = size;
            small = f64::EPSILON * 0.5 * bound;
        }
        let limit = small * small;
        let mut rounds = 0;
        loop {
            let mut high = low;
            while high + 1 < n && off[high] > limit {
                high += 1;
            }
            if high == low {
                break;
            }
            rounds += 1;
            if rounds > 60 {
                return false;
            }
            // Wilkinson's shift from the top of the block.
            let root = off[low].sqrt();
            let before = diagonal[low];
            let half = (diagonal[low + 1] - before) / (2.0 * root);
            let radius = half.hypot(1.0);
            diagonal[low] = root / (half + radius.copysign(half));
            let shift = before - diagonal[low];
            for entry in &mut diagonal[low + 1..n] {
                *entry -= shift;
            }
            shift_sum += shift;
            // One sweep from the bottom of the block to its top.
            let mut pivot = diagonal[high];
            if pivot == 0.0 {
                pivot = small;
            }
            let mut height = pivot;
            let mut sine = 0.0f64;
            for place in (low..high).rev() {
                let product = pivot * height;
                let length = product + off[place];
                off[place + 1] = sine * length;
                sine = off[place] / length;
                diagonal[place + 1] = height + sine * (height + diagonal[place]);
                pivot = diagonal[place] - off[place] / pivot;
                if pivot == 0.0 {
                    pivot = small;
                }
                height = pivot * product / length;
            }
            off[low] = sine * pivot;
            diagonal[low] = height;
            if height == 0.0 || off[low].abs() <= (limit / height).abs() {
                off[low] = 0.0;
                break;
            }
            off[low] *= height;
            if off[low] == 0.0 {
                break;
            }
        }
        diagonal[low] += shift_sum;
    }
    diagonal.iter().all(|value| value.is_finite())
}

/// Cyclic Jacobi rotations: slow, but they always converge.
fn by_jacobi(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    for _ in 0..100 {
        let mut off = 0.0f64;
        for row in 0..n {
            for col in row + 1..n {
                let entry = a[row * n + col];
                let (x, y) = (a[row * n + row], a[col * n + col]);
                if entry == 0.0 || entry.abs() <= f64::EPSILON * 0.5 * (x.abs().min(y.abs())) {
                    continue;
                }
                off = off.max(entry.abs());
                let theta = (y - x) / (2.0 * entry);
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                for other in 0..n {
                    let (x, y) = (a[other * n + row], a[other * n + col]);
                    a[other * n + row] = cosine * x - sine * y;
                    a[other * n + col] = sine * x + cosine * y;
                }
                for other in 0..n {
                    let (x, y) = (a[row * n + other], a[col * n + other]);
                    a[row * n + other] = cosine * x - sine * y;
                    a[col * n + other] = sine * x + cosine * y;
                }
            }
        }
        let scale = a.iter().step_by(n + 1).fold(0.0f64, |scale, entry| scale.max(entry.abs()));
        if off <= f64::EPSILON * 0.1 * scale {
            break;
        }
    }
    a.iter().step_by(n + 1).copied().take(n).collect()
}
