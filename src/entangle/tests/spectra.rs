//! Spectra and entropies against dense matricizations.

use super::oracle::{self, matricization, random_case, sides};
use crate::entangle::{self, Accuracy, Output};
use crate::graph::{OutputSide, min_cut};
use crate::interrupt::Interrupt;
use crate::network::SplitMix64;

/// `|x - y|` relative to the larger, or to 1.
fn near(x: f64, y: f64, tolerance: f64) -> bool {
    (x - y).abs() <= tolerance * x.abs().max(y.abs()).max(1.0)
}

#[test]
fn spectra_equal_dense_ones() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(11);
    let mut mixed = 0;
    for round in 0..2_000 {
        let (model, partition, output) = random_case(&mut random, round);
        let tensors = oracle::dense(&model);
        let dim = model.network().dim() as usize;
        let (rows, cols, matrix) = matricization(&tensors, dim, &sides(&partition), output);
        let expected = oracle::schmidt(rows, cols, &matrix).unwrap();
        let context = || format!("{:?} {} {output:?}", model.network(), partition.text(99));
        for accuracy in [Accuracy::Entropies, Accuracy::Values] {
            let found = entangle::schmidt(&model, &partition, output, accuracy, &interrupt)
                .unwrap_or_else(|error| panic!("{error}: {}", context()));
            let p = found.p();
            for (place, value) in expected.iter().enumerate() {
                let other = p.get(place).copied().unwrap_or(0.0);
                let close = match accuracy {
                    Accuracy::Entropies => (value - other).abs() < 1e-13,
                    Accuracy::Values => (value.sqrt() - other.sqrt()).abs() < 1e-12,
                };
                assert!(close, "{value} {other} {accuracy:?}: {}", context());
            }
            assert!(accuracy == Accuracy::Entropies || p.len() <= expected.len(), "{}", context());
        }
        // What is below 1e-25 of the largest is rounding of the dense matrix.
        let clean: Vec<f64> = expected.iter().copied().filter(|p| *p > 1e-25).collect();
        for order in [1.0, 2.0, 3.0, 0.5, f64::INFINITY] {
            let found = entangle::entropy(&model, &partition, output, order, &interrupt).unwrap();
            let wanted = oracle::entropy(&clean, order);
            // sum sqrt(p) feels values of 1e-16 of the largest by their roots.
            let tolerance = if order < 1.0 { 1e-9 } else { 1e-10 };
            assert!(near(found, wanted, tolerance), "{order}: {found} {wanted} {}", context());
        }
        let across = match output {
            Output::Class(_) => OutputSide::Fixed,
            Output::OnA => OutputSide::A,
            Output::OnB => OutputSide::B,
        };
        let cut = min_cut(model.network(), &partition, across, &interrupt).unwrap();
        let rank = clean.iter().filter(|p| **p > 1e-20).count() as f64;
        assert!(rank.ln() <= cut.ln() + 1e-9, "{}", context());
        mixed += usize::from(rank > 1.0);
    }
    assert!(mixed > 1_000, "{mixed}");
}

#[test]
fn four_copies_equal_dense_purities() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(12);
    let mut careless = 0;
    for round in 0..1_000 {
        let (model, partition, output) = random_case(&mut random, round);
        let dim = model.network().dim() as usize;
        let (rows, cols, matrix) =
            matricization(&oracle::dense(&model), dim, &sides(&partition), output);
        let expected = oracle::entropy(&oracle::schmidt(rows, cols, &matrix).unwrap(), 2.0);
        let (found, error) = entangle::renyi_two(&model, &partition, output, &interrupt).unwrap();
        assert!(near(found, expected, error.max(1e-12) * 100.0), "{found} {expected} {error}");
        careless += usize::from(error > 1e-11);
        let found = entangle::entropy(&model, &partition, output, 2.0, &interrupt).unwrap();
        assert!(near(found, expected, 1e-10), "{found} {expected} {:?}", model.network());
    }
    assert!(careless < 50, "{careless}");
}
