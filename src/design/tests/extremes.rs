//! Extreme partitions, against all balanced ones.

use super::super::{Extreme, extreme_partition};
use super::{go_on, small_network};
use crate::graph::tests::generate::{Recipe, random_network};
use crate::graph::{OutputSide, min_cut};
use crate::network::{Bipartition, Network, Shape, SplitMix64};

fn compare(network: &Network) {
    let shape = network.input_shape();
    let sites = shape.sites();
    let bits = |across: &Bipartition| {
        min_cut(network, across, OutputSide::Fixed, &go_on()).unwrap().bits()
    };
    let (mut least, mut most) = (f64::MAX, f64::MIN);
    for code in 0..1u64 << sites {
        if u64::from(code.count_ones()) == sites / 2 {
            let sides = (0..sites).map(|site| code >> site & 1 == 1).collect();
            let found = bits(&Bipartition::from_sides(shape, sides).unwrap());
            (least, most) = (least.min(found), most.max(found));
        }
    }
    for (extreme, wanted) in [(Extreme::Smallest, least), (Extreme::Largest, most)] {
        let across = extreme_partition(network, extreme, 1 << 24, &go_on()).unwrap();
        assert_eq!(across.count_a(), sites / 2);
        assert!((bits(&across) - wanted).abs() < 1e-9, "{extreme:?} {network:?}");
    }
}

#[test]
fn extremes_equal_enumeration_on_small_networks() {
    let mut random = SplitMix64::new(81);
    for _ in 0..200 {
        compare(&small_network(&mut random));
    }
}

#[test]
fn extremes_equal_enumeration_on_sixteen_sites() {
    let mut random = SplitMix64::new(82);
    let grid = Shape::Grid { rows: 4, cols: 4 };
    let recipe = Recipe {
        shapes: &[Shape::Chain(12), Shape::Chain(16), grid],
        dims: &[2, 3],
        channels: &[2, 3, 4, 6, 9],
        sharing: None,
        contiguous: false,
    };
    for _ in 0..12 {
        compare(&random_network(&mut random, &recipe));
    }
}
