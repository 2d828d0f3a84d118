//! Exact comparison and lazy products.

use crate::graph::{Dimensions, Weight};
use crate::network::SplitMix64;
use dashu_int::UBig;
use std::cmp::Ordering;

fn product(dims: &[u64], counts: &[u64]) -> UBig {
    dims.iter().zip(counts).map(|(dim, count)| UBig::from(*dim).pow(*count as usize)).product()
}

#[test]
fn comparison_agrees_with_big_integers() {
    let mut random = SplitMix64::new(4);
    for _ in 0..20_000 {
        let dims: Vec<u64> = (0..random.below(4) + 1)
            .map(|_| {
                [2, 3, 4, 6, 8, 12, 1, 1 << 53, (1 << 53) - 1, 36, 35][random.below(11) as usize]
            })
            .collect();
        let mut counts = || -> Vec<u64> { dims.iter().map(|_| random.below(12)).collect() };
        let (left, right) = (counts(), counts());
        let expected = product(&dims, &left).cmp(&product(&dims, &right));
        assert_eq!(
            Dimensions::new(&dims).compare(&left, &right),
            expected,
            "{dims:?} {left:?} {right:?}"
        );
    }
}

#[test]
fn close_products_are_told_apart() {
    // Neighbours at 2^53 to a high power: logarithms agree to 2^-53 of their size.
    let dims = [(1u64 << 53) - 1, 1 << 53];
    let table = Dimensions::new(&dims);
    assert_eq!(table.compare(&[1_000_000, 0], &[0, 1_000_000]), Ordering::Less);
    assert_eq!(table.compare(&[0, 1], &[1, 0]), Ordering::Greater);
    // 2^301994 and 3^190537 differ by 1.00000007 (a convergent of log 3 / log 2).
    let table = Dimensions::new(&[2, 3]);
    let expected = UBig::from(2u8).pow(301_994).cmp(&UBig::from(3u8).pow(190_537));
    assert_eq!(table.compare(&[301_994, 0], &[0, 190_537]), expected);
    // As far apart in scale as a network can be.
    assert_ne!(table.compare(&[1 << 41, 0], &[0, 1_387_000_000_000]), Ordering::Equal);
    assert_eq!(Dimensions::new(&[4, 8]).compare(&[3 << 40, 0], &[0, 2 << 40]), Ordering::Equal);
}

#[test]
fn weights_print_as_products() {
    let weight = Weight::new([(2, 4), (8, 2), (1, 9), (8, 0)]);
    assert_eq!(weight.to_string(), "2^4 · 8^2");
    assert_eq!(weight.value(64).unwrap(), UBig::from(1024u32));
    assert_eq!(weight.bits(), 10.0);
    assert!(weight.value(5).is_err());
    assert_eq!(weight.compare(&Weight::new([(2, 10)])), Ordering::Equal);
    assert_eq!(Weight::new([]).to_string(), "1");
    assert!(Weight::new([(7, u64::MAX), (7, 3)]).value(1 << 20).is_err());
}
