//! The min-cut as a function of channel numbers, and costs.

use super::super::family::{channels_of, with_channels};
use super::super::{CutFunction, Polynomial, Scratch, features, sensitivity, shifted_blocks};
use super::{all_partitions, go_on, small_network};
use crate::graph::{OutputSide, min_cut};
use crate::network::{Bipartition, MAX_DIMENSION, Network, Shape, SplitMix64};

fn log_channels(network: &Network) -> Vec<f64> {
    channels_of(network).iter().map(|channels| (*channels as f64).log2()).collect()
}

fn other_channels(random: &mut SplitMix64, network: &Network) -> Network {
    let channels = channels_of(network).iter().map(|_| random.below(20) + 1).collect::<Vec<_>>();
    with_channels(network, channels).unwrap()
}

#[test]
fn cut_functions_equal_min_cuts_for_other_channel_numbers() {
    let mut random = SplitMix64::new(61);
    for _ in 0..400 {
        let network = small_network(&mut random);
        let partitions = all_partitions(network.input_shape());
        let across = &partitions[random.below(partitions.len() as u64) as usize];
        let function = CutFunction::new(&network, across, &go_on()).unwrap();
        let mut scratch = Scratch::default();
        for _ in 0..4 {
            let other = other_channels(&mut random, &network);
            let exact = min_cut(&other, across, OutputSide::Fixed, &go_on()).unwrap();
            let dim = (other.dim() as f64).log2();
            let logs = log_channels(&other);
            let (counts, bits) = function.counts(dim, &logs, &mut scratch);
            assert!((bits - exact.bits()).abs() < 1e-12 * bits.max(1.0), "{other:?} {across:?}");
            // The counts are those of a cut of this weight.
            let (input, convs) = counts.split_first().unwrap();
            let sum: f64 = convs.iter().zip(&logs).map(|(n, log)| n * log).sum();
            assert!((input * dim + sum - bits).abs() < 1e-12 * bits.max(1.0));
        }
    }
}

#[test]
fn costs_equal_those_of_the_networks() {
    let mut random = SplitMix64::new(62);
    for _ in 0..300 {
        let network = small_network(&mut random);
        let (params, flops) = (Polynomial::params(&network), Polynomial::flops(&network));
        let other = other_channels(&mut random, &network);
        let channels = channels_of(&other);
        assert_eq!(params.value(&channels).to_string(), other.params().to_string());
        assert_eq!(flops.value(&channels).to_string(), other.flops().to_string());
    }
}

#[test]
fn slopes_are_differences_and_enough_is_enough() {
    let mut random = SplitMix64::new(63);
    for _ in 0..150 {
        let network = small_network(&mut random);
        let partitions = all_partitions(network.input_shape());
        let across = &partitions[random.below(partitions.len() as u64) as usize];
        let channels = channels_of(&network);
        let ln = |conv: usize, to: u64| {
            let changed = channels.iter().enumerate().map(|(i, r)| if i == conv { to } else { *r });
            let network = with_channels(&network, changed).unwrap();
            min_cut(&network, across, OutputSide::Fixed, &go_on()).unwrap().ln()
        };
        for row in sensitivity(&network, across, OutputSide::Fixed, &go_on()).unwrap() {
            let r = row.channels;
            assert!((row.up - (ln(row.conv, r + 1) - ln(row.conv, r))).abs() < 1e-12);
            if let Some(down) = row.down {
                assert!((down - (ln(row.conv, r) - ln(row.conv, r - 1))).abs() < 1e-12);
            }
            let top = ln(row.conv, MAX_DIMENSION);
            match row.enough {
                Some(enough) => {
                    assert_eq!(ln(row.conv, enough), top);
                    assert!(enough == 1 || ln(row.conv, enough - 1) < top);
                    // The min-cut is concave: where wider is useless, it stays so.
                    assert_eq!(row.up == 0.0, r >= enough);
                }
                None => assert!(ln(row.conv, MAX_DIMENSION - 1) < top),
            }
        }
    }
}

#[test]
fn shifted_blocks_are_what_they_say() {
    for (shape, sizes) in [
        (Shape::Chain(8), vec![1, 2, 3, 4]),
        (Shape::Chain(9), vec![1, 2, 3]),
        (Shape::Grid { rows: 4, cols: 8 }, vec![1, 2, 3, 4]),
    ] {
        for size in sizes {
            for (down, across) in [(0, 0), (0, 1), (1, 0), (1, 2), (3, 1)] {
                let Ok(found) = shifted_blocks(shape, size, (down, across)) else { continue };
                let sides = (0..shape.sites()).map(|site| {
                    let (row, col) = shape.place(site).unwrap();
                    let row = if shape.dimensions() == 1 { 0 } else { (row + down) / size };
                    (row + (col + across) / size) % 2 == 0
                });
                let wanted = Bipartition::from_sides(shape, sides.collect()).unwrap();
                assert_eq!(found.sides().unwrap(), wanted.sides().unwrap());
                assert_eq!(found.count_a(), wanted.count_a());
            }
        }
    }
}

#[test]
fn features_equal_the_min_cuts_of_listed_partitions() {
    let mut random = SplitMix64::new(64);
    let mut points = 0;
    for _ in 0..60 {
        let network = small_network(&mut random);
        let shape = network.input_shape();
        let sizes = super::super::feature_sizes(&network);
        for point in features(&network, &sizes, true, &go_on(), &|| ()).unwrap() {
            let mut bits = Vec::new();
            let (rows, cols) = (if shape.rows() > 1 { point.size } else { 1 }, point.size);
            for shift in (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))) {
                let Ok(across) = shifted_blocks(shape, point.size, shift) else { continue };
                // Listed site by site: another way to the same cut.
                let sides = across.sides().unwrap().to_vec();
                let across = Bipartition::from_sides(shape, sides).unwrap();
                bits.push(min_cut(&network, &across, OutputSide::Fixed, &go_on()).unwrap().bits());
            }
            let (least, most) =
                bits.iter().fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
            assert_eq!(point.shifts, bits.len() as u64);
            assert_eq!(point.aligned.bits(), bits[0]);
            assert!((point.smallest.0.bits() - least).abs() < 1e-12);
            assert!((point.largest.0.bits() - most).abs() < 1e-12);
            let mean = bits.iter().sum::<f64>() / bits.len() as f64;
            assert!((point.mean_bits - mean).abs() < 1e-12);
            points += 1;
        }
    }
    assert!(points > 80);
}
