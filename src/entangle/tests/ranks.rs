//! Generic ranks against dense matrices mod a prime and against known ones.

use super::oracle::random_case;
use crate::entangle::{Output, generic_rank};
use crate::graph::OutputSide;
use crate::graph::tests::generate::{sites_of, tree_network};
use crate::graph::tests::ranks;
use crate::interrupt::Interrupt;
use crate::network::{Sharing, SplitMix64};
use dashu_int::UBig;

#[test]
fn generic_ranks_equal_dense_ones() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(21);
    let (mut proved, mut short) = (0, 0);
    for round in 0..2_000 {
        let (model, partition, output) = random_case(&mut random, round);
        let network = model.network();
        let output = match output {
            Output::Class(_) => OutputSide::Fixed,
            Output::OnA => OutputSide::A,
            Output::OnB => OutputSide::B,
        };
        let found = generic_rank(network, &partition, output, &interrupt).unwrap();
        let dense = ranks::generic_rank(network, &partition, output, &mut random);
        let value = found.value.value(64).unwrap();
        assert_eq!(value, UBig::from(dense), "{network:?} {} {output:?}", partition.text(99));
        proved += usize::from(found.proved);
        short += usize::from(!found.proved);
        assert!(found.error_probability < 1e-20);
    }
    assert!(proved > 1_500 && short > 5, "{proved} {short}");
}

#[test]
fn known_ranks() {
    let interrupt = Interrupt::new();
    type Case = (&'static [u64], u64, &'static [u64], &'static [u64], Sharing, u64);
    let cases: [Case; 7] = [
        (&[3, 3], 2, &[3, 2], &[0, 1, 3, 4], Sharing::None, 7),
        (&[4, 4], 2, &[3, 2], &[0, 1, 2, 4, 5, 6], Sharing::None, 7),
        (&[2, 2, 2], 2, &[16, 8, 32], &[0, 1, 2, 3], Sharing::Layer, 6),
        (&[2, 2, 2], 2, &[2, 8, 8], &[0, 1, 2, 3], Sharing::Layer, 3),
        (&[2, 2], 2, &[4, 4], &[0, 1], Sharing::Layer, 3),
        (&[2, 2], 6, &[5, 3], &[0, 2], Sharing::None, 25),
        // engine.md: min-cut 64, bound 64, rank 48.
        (&[2, 2, 2, 2], 2, &[4, 3, 8, 8], &[7, 8, 10, 11, 12, 13, 14], Sharing::Layer, 48),
    ];
    for (pools, dim, channels, sites, sharing, rank) in cases {
        let network = tree_network(pools, dim, channels, sharing);
        let partition = sites_of(&network, sites);
        let found = generic_rank(&network, &partition, OutputSide::Fixed, &interrupt).unwrap();
        assert_eq!(found.value.value(64).unwrap(), UBig::from(rank), "{network:?}");
    }
}
