//! Useful widths, on all partitions of small networks.

use super::super::family::{channels_of, with_channels};
use super::super::{trimmed, useful_widths};
use super::{all_partitions, go_on, small_network};
use crate::graph::{OutputSide, Weight, min_cut};
use crate::network::{Bipartition, Network, SplitMix64};

fn cuts(network: &Network, partitions: &[Bipartition], output: OutputSide) -> Vec<Weight> {
    let cut = |across: &Bipartition| min_cut(network, across, output, &go_on()).unwrap().weight();
    partitions.iter().map(cut).collect()
}

fn equal(one: &[Weight], other: &[Weight]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.compare(other).is_eq())
}

#[test]
fn trimmed_networks_have_the_same_min_cut_for_every_partition() {
    let mut random = SplitMix64::new(71);
    let mut trims = 0;
    for _ in 0..150 {
        let network = small_network(&mut random);
        let partitions = all_partitions(network.input_shape());
        for (with_output, output) in
            [(false, OutputSide::Fixed), (true, OutputSide::A), (true, OutputSide::B)]
        {
            let small = trimmed(&network, with_output).unwrap();
            let same =
                equal(&cuts(&network, &partitions, output), &cuts(&small, &partitions, output));
            assert!(same, "{network:?}");
            trims += u32::from(small != network);
        }
    }
    assert!(trims > 100, "{trims}");
}

#[test]
fn one_channel_less_than_useful_changes_some_min_cut() {
    let mut random = SplitMix64::new(72);
    let mut checked = 0;
    for _ in 0..100 {
        let network = small_network(&mut random);
        let partitions = all_partitions(network.input_shape());
        let channels = channels_of(&network);
        for width in useful_widths(&network, false).unwrap() {
            // More than 2^20 channels are useful only with more sites than there are here.
            let with = |to: u64| {
                let changed = channels.iter().enumerate();
                let changed = changed.map(|(i, r)| if i == width.conv { to } else { *r });
                with_channels(&network, changed).unwrap()
            };
            let wide = cuts(&with(width.useful.max(1) * 8), &partitions, OutputSide::Fixed);
            let useful = cuts(&with(width.useful), &partitions, OutputSide::Fixed);
            assert!(equal(&wide, &useful), "{network:?} {width:?}");
            if width.useful > 1 {
                let less = cuts(&with(width.useful - 1), &partitions, OutputSide::Fixed);
                assert!(!equal(&wide, &less), "{network:?} {width:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}
