//! Tests of the room against dense sums and enumeration; every generator is seeded.

use super::{Correlations, DataError, Dataset, arrange, correlations, data_spectrum, digits};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Rule, Shape, SplitMix64};

fn random_data(random: &mut SplitMix64, shape: Shape, samples: usize) -> Dataset {
    let count = shape.sites() as usize * samples;
    let values = (0..count).map(|_| 4.0 * random.unit() - 2.0).collect();
    let labels = (0..samples).map(|_| random.below(3) as u32).collect();
    Dataset::new(shape, values, Some(labels)).unwrap()
}

#[test]
fn the_digits_are_there() {
    let data = digits().unwrap();
    assert_eq!((data.samples(), data.sites(), data.classes()), (1797, 64, 10));
    assert_eq!(data.rows().next().unwrap().unwrap()[2], 5.0 / 16.0);
    assert_eq!(&data.labels().unwrap()[..10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let error = correlations(&data, None, &Interrupt::new()).unwrap_err();
    assert_eq!(error, DataError::Constant { sites: vec![0, 32, 39] });
}

#[test]
fn entropies_equal_those_of_the_dense_tensor() {
    let mut random = SplitMix64::new(5);
    for round in 0..60 {
        let sites = 2 + random.below(7) as usize;
        let samples = 1 + random.below(12) as usize;
        let shape = Shape::Chain(sites as u64);
        let data = random_data(&mut random, shape, samples);
        let theta = [0.085, 0.3, 1.0][round % 3];
        let class = (round % 2 == 0).then(|| data.labels().unwrap()[0]);
        let sides: Vec<bool> =
            (0..sites).map(|site| site == 0 || (site > 1 && random.below(2) == 0)).collect();
        let across = Bipartition::from_sides(shape, sides.clone()).unwrap();
        let found = data_spectrum(&data, &across, theta, class, &Interrupt::new());
        // The tensor itself, and the trace of the squared density matrix of A.
        let mut tensor = vec![0.0; 1 << sites];
        for (row, label) in data.rows().map(Result::unwrap).zip(data.labels().unwrap()) {
            let sign = class.map_or(1.0, |class| if *label == class { 1.0 } else { -1.0 });
            for (index, entry) in tensor.iter_mut().enumerate() {
                let factor = |site: usize| {
                    let angle = std::f64::consts::PI * theta * row[site];
                    if index >> site & 1 == 1 { angle.sin() } else { angle.cos() }
                };
                *entry += sign * (0..sites).map(factor).product::<f64>();
            }
        }
        let split = |index: usize, side: bool| {
            (0..sites)
                .filter(|site| sides[*site] == side)
                .enumerate()
                .map(|(place, site)| (index >> site & 1) << place)
                .sum::<usize>()
        };
        let a = 1 << sides.iter().filter(|side| **side).count();
        let b = (1 << sites) / a;
        let mut matrix = vec![0.0; a * b];
        for (index, entry) in tensor.iter().enumerate() {
            matrix[split(index, true) * b + split(index, false)] = *entry;
        }
        let norm: f64 = matrix.iter().map(|x| x * x).sum();
        let mut purity = 0.0;
        for one in 0..a {
            for other in 0..a {
                let rho: f64 = (0..b).map(|k| matrix[one * b + k] * matrix[other * b + k]).sum();
                purity += (rho / norm).powi(2);
            }
        }
        let found = found.unwrap();
        assert!((found.purity() - purity).abs() < 1e-9, "{} {purity}", found.purity());
        assert!((found.p().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn correlations_are_pearsons() {
    let mut random = SplitMix64::new(6);
    let data = random_data(&mut random, Shape::Chain(5), 40);
    let found = correlations(&data, None, &Interrupt::new()).unwrap();
    let column = |site: usize| -> Vec<f64> { data.rows().map(|row| row.unwrap()[site]).collect() };
    let mean = |xs: &[f64]| xs.iter().sum::<f64>() / xs.len() as f64;
    for one in 0..5 {
        for other in 0..5 {
            let (x, y) = (column(one), column(other));
            let (mx, my) = (mean(&x), mean(&y));
            let cov: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
            let (vx, vy): (f64, f64) = (
                x.iter().map(|x| (x - mx).powi(2)).sum(),
                y.iter().map(|y| (y - my).powi(2)).sum(),
            );
            assert!((found.pair(one, other) - (cov / (vx * vy).sqrt()).abs()).abs() < 1e-12);
        }
    }
    let across = Rule::LeftRight.resolve(&Shape::Chain(5)).unwrap();
    let sum: f64 =
        (0..2).flat_map(|a| (2..5).map(move |b| (a, b))).map(|(a, b)| found.pair(a, b)).sum();
    assert!((found.across(&across) - sum).abs() < 1e-12);
}

#[test]
fn groups_that_were_mixed_come_together() {
    let mut random = SplitMix64::new(7);
    for (shape, group) in [
        (Shape::Chain(32), 4),
        (Shape::Grid { rows: 4, cols: 8 }, 4),
        (Shape::Chain(64), 16),
        (Shape::Chain(12), 3),
    ] {
        let sites = shape.sites() as usize;
        let mut of: Vec<usize> = (0..sites).map(|site| site / group).collect();
        random.shuffle(&mut of);
        let mut values = vec![0.0; sites * sites];
        for one in 0..sites {
            for other in 0..=one {
                let weight = if of[one] == of[other] { 0.8 } else { 0.05 * random.unit() };
                values[one * sites + other] = weight;
                values[other * sites + one] = weight;
            }
        }
        let correlations = Correlations::of(sites, values);
        let found = arrange(&correlations, shape, 0, &Interrupt::new()).unwrap();
        let mut sorted = found.order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..sites).collect::<Vec<_>>());
        assert!(found.after < 0.8 * found.before, "{found:?}");
        if let Shape::Chain(_) = shape {
            for places in found.order.chunks(group) {
                assert!(places.iter().all(|site| of[*site] == of[places[0]]), "{found:?}");
            }
        }
    }
}

#[test]
fn what_is_no_data() {
    let chain = |n| Shape::Chain(n);
    assert_eq!(Dataset::new(chain(2), vec![], None), Err(DataError::Empty));
    let error = Dataset::new(chain(2), vec![1.0, f64::NAN], None).unwrap_err();
    assert_eq!(error, DataError::NotFinite { sample: 0, site: 1 });
    let error = Dataset::new(chain(2), vec![1.0, 2.0, 3.0], None).unwrap_err();
    assert_eq!(error, DataError::Length { sample: 1, found: 1, sites: 2 });
    let one = Dataset::new(chain(2), vec![1.0, 2.0], None).unwrap();
    let error = correlations(&one, None, &Interrupt::new()).unwrap_err();
    assert_eq!(error, DataError::TooFew { samples: 1, needed: 2 });
    let across = Rule::LeftRight.resolve(&chain(2)).unwrap();
    let error = data_spectrum(&one, &across, 0.1, Some(1), &Interrupt::new()).unwrap_err();
    assert_eq!(error, DataError::NoClass { class: 1 });
}
