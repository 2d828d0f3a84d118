//! The kernels against their definitions.

use super::singular::one_sided_jacobi;
use super::*;
use crate::interrupt::Interrupt;
use crate::network::SplitMix64;

fn random(seed: u64, count: usize) -> Vec<f64> {
    let mut random = SplitMix64::new(seed);
    (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
}

fn naive(x: &[f64], y: &[f64], rows: usize, inner: usize, cols: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * cols];
    for row in 0..rows {
        for col in 0..cols {
            out[row * cols + col] =
                (0..inner).map(|k| x[row * inner + k] * y[k * cols + col]).sum();
        }
    }
    out
}

fn transpose(x: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    (0..rows * cols).map(|place| x[place % rows * cols + place / rows]).collect()
}

fn assert_near(x: &[f64], y: &[f64], tolerance: f64) {
    assert_eq!(x.len(), y.len());
    let scale = y.iter().fold(1e-300f64, |scale, entry| scale.max(entry.abs()));
    for (x, y) in x.iter().zip(y) {
        assert!((x - y).abs() <= tolerance * scale, "{x} {y} of {scale}");
    }
}

const SIZES: [(usize, usize, usize); 12] = [
    (1, 1, 1),
    (2, 3, 4),
    (16, 16, 16),
    (7, 5, 9),
    (8, 16, 8),
    (17, 4, 33),
    (64, 8, 12),
    (3, 100, 3),
    (33, 20, 5),
    (70, 70, 70),
    (30, 40, 50),
    (128, 64, 31),
];

#[test]
fn products_equal_naive_ones() {
    for (rows, inner, cols) in SIZES {
        let (x, y) = (random(1, rows * inner), random(2, inner * cols));
        let wanted = naive(&x, &y, rows, inner, cols);
        let mut out = vec![9.0; rows * cols];
        multiply(&x, &y, &mut out, rows, inner, cols);
        assert_near(&out, &wanted, 1e-14);
        let turned = transpose(&y, inner, cols);
        multiply_transposed(&x, &turned, &mut out, rows, inner, cols);
        assert_near(&out, &wanted, 1e-14);
        let h = {
            let h = random(3, inner * inner);
            let turned = transpose(&h, inner, inner);
            h.iter().zip(&turned).map(|(x, y)| x + y).collect::<Vec<_>>()
        };
        let mut scratch = Vec::new();
        let mut out = vec![0.0; rows * rows];
        congruence(&x, &h, &mut out, rows, inner, &mut scratch);
        let half = naive(&x, &h, rows, inner, inner);
        let wanted = naive(&half, &transpose(&x, rows, inner), rows, inner, rows);
        assert_near(&out, &wanted, 1e-13);
        let turned = transpose(&x, rows, inner);
        congruence_transposed(&turned, &h, &mut out, inner, rows, &mut scratch);
        assert_near(&out, &wanted, 1e-13);
        let mut image = vec![0.0; rows];
        matrix_vector(&x, &y[..inner], &mut image);
        assert_near(&image, &naive(&x, &y[..inner], rows, inner, 1), 1e-14);
        transposed_vector(&turned, &y[..inner], &mut image);
        assert_near(&image, &naive(&x, &y[..inner], rows, inner, 1), 1e-14);
    }
}

#[test]
fn r_factors_keep_the_gram_matrix() {
    let interrupt = Interrupt::new();
    for (rows, _, cols) in SIZES.into_iter().chain([(256, 0, 16), (5, 0, 20), (300, 0, 40)]) {
        for graded in [false, true] {
            let mut x = random(4, rows * cols);
            if graded {
                for (place, entry) in x.iter_mut().enumerate() {
                    *entry *= 10f64.powi(-((place % cols) as i32) / 2);
                }
            }
            let wanted = naive(&transpose(&x, rows, cols), &x, cols, rows, cols);
            let kept = r_factor(&mut x, rows, cols, &interrupt).unwrap();
            assert_eq!((kept, x.len()), (rows.min(cols), rows.min(cols) * cols));
            for row in 0..kept {
                assert!(
                    x[row * cols..row * cols + row.min(cols)].iter().all(|entry| *entry == 0.0)
                );
            }
            assert_near(&naive(&transpose(&x, kept, cols), &x, cols, kept, cols), &wanted, 1e-13);
        }
    }
    let mut zero = vec![0.0; 12];
    assert_eq!(r_factor(&mut zero, 4, 3, &interrupt), Ok(3));
}

#[test]
fn khatri_rao_factors_keep_the_gram_matrix() {
    let interrupt = Interrupt::new();
    let (p, q, cols, new) = (5, 4, 6, 3);
    let (left, right, w) = (random(5, p * cols), random(6, q * cols), random(7, new * cols));
    for (right, q) in [(&right, q), (&left, p)] {
        for lift in [None, Some((&w[..], new))] {
            let mut rows = Vec::new();
            for x in left.chunks(cols) {
                for y in right.chunks(cols) {
                    rows.extend(x.iter().zip(y).map(|(x, y)| x * y));
                }
            }
            let mut width = cols;
            if lift.is_some() {
                rows = naive(&rows, &transpose(&w, new, cols), p * q, cols, new);
                width = new;
            }
            let wanted = naive(&transpose(&rows, p * q, width), &rows, width, p * q, width);
            let mut out = Vec::new();
            let kept =
                khatri_rao_r((&left, p), (right, q), cols, lift, &mut out, &interrupt).unwrap();
            assert_near(
                &naive(&transpose(&out, kept, width), &out, width, kept, width),
                &wanted,
                1e-13,
            );
        }
    }
}

#[test]
fn semidefinite_roots_have_the_right_rank() {
    for (rank, n) in [(1, 4), (3, 8), (16, 16), (5, 20), (40, 40)] {
        let x = random(8, rank * n);
        let g = naive(&transpose(&x, rank, n), &x, n, rank, n);
        let mut f = Vec::new();
        let kept = semidefinite_root(&g, n, &mut f);
        assert_eq!(kept, rank);
        assert_near(&naive(&transpose(&f, kept, n), &f, n, kept, n), &g, 1e-14);
    }
    let mut f = Vec::new();
    assert_eq!((semidefinite_root(&[0.0; 9], 3, &mut f), f), (1, vec![0.0; 3]));
}

/// `u diag(values) v` with random orthonormal rows, by Gram-Schmidt.
fn with_values(values: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    let orthonormal = |seed: u64, count: usize, length: usize| {
        let mut x = random(seed, count * length);
        for row in 0..count {
            for _ in 0..2 {
                for other in 0..row {
                    let dot: f64 =
                        (0..length).map(|k| x[row * length + k] * x[other * length + k]).sum();
                    (0..length).for_each(|k| x[row * length + k] -= dot * x[other * length + k]);
                }
            }
            let norm = (0..length).map(|k| x[row * length + k].powi(2)).sum::<f64>().sqrt();
            (0..length).for_each(|k| x[row * length + k] /= norm);
        }
        x
    };
    let count = values.len();
    let (u, mut v) = (orthonormal(10, count, rows), orthonormal(11, count, cols));
    for (row, value) in v.chunks_mut(cols).zip(values) {
        row.iter_mut().for_each(|entry| *entry *= value);
    }
    naive(&transpose(&u, count, rows), &v, rows, count, cols)
}

#[test]
fn singular_values_are_those_put_in() {
    let interrupt = Interrupt::new();
    let graded: Vec<f64> = (0..14).map(|place| 10f64.powi(-place)).collect();
    let cases: [(&[f64], usize, usize); 6] = [
        (&[3.0, 1.0], 2, 2),
        (&graded, 20, 14),
        (&graded, 14, 33),
        (&[2.0, 2.0, 2.0, 0.0], 4, 9),
        (&[5.0], 1, 7),
        (&[5.0], 6, 1),
    ];
    for (values, rows, cols) in cases {
        let x = with_values(values, rows, cols);
        let found = singular_values(x.to_vec(), rows, cols, &interrupt).unwrap();
        assert_near(&found[..values.len()], values, 2e-15);
        let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
        let found = squared_singular_values(&x, rows, cols, &interrupt).unwrap();
        assert_near(&found[..values.len()], &squares, 2e-15);
        let mut jacobi = one_sided_jacobi(&x, rows, cols);
        jacobi.sort_by(|x, y| y.total_cmp(x));
        assert_near(&jacobi[..values.len()], values, 2e-15);
    }
    for scale in [1e-300, 1e300] {
        let x: Vec<f64> =
            with_values(&[2.0, 1.0], 3, 3).iter().map(|entry| entry * scale).collect();
        let found = singular_values(x.to_vec(), 3, 3, &interrupt).unwrap();
        assert_near(&found, &[2.0 * scale, scale, 0.0], 1e-14);
    }
    assert_eq!(singular_values(vec![0.0; 6], 2, 3, &interrupt), Ok(vec![0.0; 2]));
    for bad in [f64::NAN, f64::INFINITY] {
        let x = [1.0, bad, 0.0, 1.0];
        assert_eq!(singular_values(x.to_vec(), 2, 2, &interrupt), Err(LinalgError::NotFinite));
        assert_eq!(squared_singular_values(&x, 2, 2, &interrupt), Err(LinalgError::NotFinite));
    }
}

#[test]
fn eigenvalues_are_those_put_in() {
    let interrupt = Interrupt::new();
    for n in [1, 2, 3, 5, 8, 16, 31, 40, 41, 70] {
        for kind in 0..3 {
            let values: Vec<f64> = (0..n)
                .map(|place| match kind {
                    0 => 1.0 - 2.0 * place as f64 / n as f64,
                    1 => 10f64.powi(-(place as i32)),
                    _ => f64::from(u8::from(place % 3 == 0)),
                })
                .collect();
            let mut sorted = values.clone();
            sorted.sort_by(|x, y| y.total_cmp(x));
            // u^T diag u: the same rotation on both sides.
            let u = with_values(&vec![1.0; n], n, n);
            let scaled: Vec<f64> = u
                .chunks(n)
                .zip(&values)
                .flat_map(|(row, value)| row.iter().map(move |x| x * value))
                .collect();
            let mut a = naive(&transpose(&u, n, n), &scaled, n, n, n);
            for row in 0..n {
                for col in 0..row {
                    a[row * n + col] = a[col * n + row];
                }
            }
            let found = symmetric_eigenvalues(&mut a, n, &interrupt).unwrap();
            assert_near(&found, &sorted, 1e-14);
        }
        let mut diagonal = vec![0.0; n * n];
        diagonal.iter_mut().step_by(n + 1).enumerate().for_each(|(k, entry)| *entry = k as f64);
        let found = symmetric_eigenvalues(&mut diagonal, n, &interrupt).unwrap();
        assert_near(&found, &(0..n).rev().map(|k| k as f64).collect::<Vec<_>>(), 1e-15);
    }
    assert_eq!(symmetric_eigenvalues(&mut [f64::NAN], 1, &interrupt), Err(LinalgError::NotFinite));
}

#[test]
fn exponents_are_exact() {
    for value in [1.0, 0.5, 0.75, 3.0, 1e-310, 1e308, 5e-324] {
        let mut x = [0.0, -value, value / 4.0];
        let power = exponent(&x).unwrap();
        scale_down(&mut x, power);
        assert!((0.5..1.0).contains(&x[1].abs()), "{value} {x:?}");
        scale_down(&mut x, -power);
        assert_eq!(x[1], -value);
    }
    assert_eq!(exponent(&[0.0, 0.0]), None);
    assert_eq!(exponent(&[f64::NAN, 1.0]), None);
}

#[test]
fn long_calls_can_be_stopped() {
    let interrupt = Interrupt::new();
    interrupt.trigger();
    let x = random(12, 900 * 900);
    assert_eq!(singular_values(x.to_vec(), 900, 900, &interrupt), Err(LinalgError::Interrupted));
    let stopper = Interrupt::new();
    let other = stopper.clone();
    let thread = std::thread::spawn(move || other.trigger());
    let x = random(13, 3000 * 3000);
    let found = singular_values(x.to_vec(), 3000, 3000, &stopper);
    thread.join().unwrap();
    assert_eq!(found, Err(LinalgError::Interrupted));
}

#[test]
fn every_instruction_set_has_the_same_kernels() {
    // The bodies that other machines run, compiled without their instructions.
    for (rows, inner, cols) in SIZES {
        let (x, y) = (random(21, rows * inner), random(22, inner * cols));
        let wanted = naive(&x, &y, rows, inner, cols);
        let mut out = vec![9.0; rows * cols];
        super::product::small_product_body::<false, 4, 4>(&x, &y, &mut out, rows, inner, cols);
        assert_near(&out, &wanted, 1e-14);
        out.fill(9.0);
        super::product::small_product_body::<true, 4, 8>(&x, &y, &mut out, rows, inner, cols);
        assert_near(&out, &wanted, 1e-14);
    }
    let (rows, cols) = (40, 16);
    let x = random(23, rows * cols);
    let wanted = naive(&transpose(&x, rows, cols), &x, cols, rows, cols);
    let mut r = x.clone();
    super::orthogonal::reflect_body::<false, 4, 4>(&mut r, cols, &[rows; 16], cols);
    let r = &r[..cols * cols];
    assert_near(&naive(&transpose(r, cols, cols), r, cols, cols, cols), &wanted, 1e-13);
    let n = 12;
    let a = random(24, n * n);
    let a: Vec<f64> = a.iter().zip(transpose(&a, n, n)).map(|(x, y)| x + y).collect();
    let (mut diagonal, mut off) = (vec![0.0; n], vec![0.0; n]);
    super::eigen::tridiagonalize_body::<false, 4, 4>(&mut a.clone(), n, &mut diagonal, &mut off);
    assert!(super::eigen::tridiagonal_eigenvalues(&mut diagonal, &mut off));
    diagonal.sort_by(|x, y| y.total_cmp(x));
    let wanted = symmetric_eigenvalues(&mut a.clone(), n, &Interrupt::new()).unwrap();
    assert_near(&diagonal, &wanted, 1e-13);
}
