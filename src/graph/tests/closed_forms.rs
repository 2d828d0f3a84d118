//! The closed forms for aligned features, and the example of mirror pooling.

use super::generate::{pool, tree_network};
use crate::graph::{OutputSide, min_cut};
use crate::interrupt::Interrupt;
use crate::network::{
    Bipartition, Geometry, Layer, Network, Representation, Rule, Shape, Sharing, SplitMix64,
};
use dashu_int::UBig;

fn cut(network: &Network, rule: &Rule) -> UBig {
    let partition: Bipartition = rule.resolve(&network.input_shape()).unwrap();
    min_cut(network, &partition, OutputSide::Fixed, &Interrupt::new())
        .unwrap()
        .value(1 << 24)
        .unwrap()
}

fn grid_network(side: u64, dim: u64, channels: &[u64], geometry: &Geometry) -> Network {
    let mut layers = vec![Layer::Input {
        shape: Shape::Grid { rows: side, cols: side },
        dim,
        features: Representation::Given,
    }];
    for channels in channels {
        layers.push(Layer::Conv { channels: *channels, sharing: Sharing::None });
        layers.push(pool(Shape::Grid { rows: 2, cols: 2 }, geometry.clone()));
    }
    layers.push(Layer::Output { classes: 1 });
    Network::new(layers).unwrap()
}

/// `min` over `(base, exponent)` of `base^exponent`.
fn least(powers: impl Iterator<Item = (u64, u64)>) -> UBig {
    powers.map(|(base, exponent)| UBig::from(base).pow(exponent as usize)).min().unwrap()
}

#[test]
fn alternating_blocks_on_a_chain() {
    let mut random = SplitMix64::new(11);
    for _ in 0..60 {
        let depth = random.below(5) as usize + 2;
        let dim = random.below(5) + 1;
        let channels: Vec<u64> = (0..depth).map(|_| random.below(12) + 1).collect();
        let network = tree_network(&vec![2; depth], dim, &channels, Sharing::None);
        let sites = 1u64 << depth;
        for k in 0..depth {
            let size = 1u64 << k;
            let powers = channels[..k].iter().zip(0u32..).map(|(r, l)| (*r, size >> (l + 1)));
            // For l < k the exponent xi / 2^(l+1) is whole.
            let base = least([(dim, size)].into_iter().chain(powers).chain([(channels[k], 1)]));
            let expected = base.pow((sites / (2 * size)) as usize);
            assert_eq!(
                cut(&network, &Rule::Blocks(size)),
                expected,
                "{dim} {channels:?} blocks of {size}"
            );
        }
        // Halves: the last two layers both carry one bond.
        let halves = channels[..depth - 1].iter().zip(0u32..).map(|(r, l)| (*r, sites >> (l + 2)));
        let expected =
            least([(dim, sites / 2)].into_iter().chain(halves).chain([(channels[depth - 1], 1)]));
        assert_eq!(cut(&network, &Rule::LeftRight), expected);
        assert_eq!(
            cut(&network, &Rule::Interleaved),
            UBig::from(dim.min(channels[0])).pow((sites / 2) as usize)
        );
    }
}

#[test]
fn checkerboards_of_blocks_on_a_grid() {
    let mut random = SplitMix64::new(12);
    for _ in 0..30 {
        let depth = random.below(3) as usize + 2;
        let dim = random.below(5) + 1;
        let channels: Vec<u64> = (0..depth).map(|_| random.below(12) + 1).collect();
        let side = 1u64 << depth;
        let sites = side * side;
        let network = grid_network(side, dim, &channels, &Geometry::Contiguous);
        for k in 0..depth {
            let size = 1u64 << k;
            let powers = channels[..k]
                .iter()
                .zip(0u32..)
                .map(|(r, l)| (*r, (2 * size * size) >> (2 * (l + 1))));
            let base =
                least([(dim, 2 * size * size)].into_iter().chain(powers).chain([(channels[k], 1)]));
            let expected = base.pow((sites / (4 * size * size)) as usize);
            assert_eq!(
                cut(&network, &Rule::Blocks(size)),
                expected,
                "{dim} {channels:?} blocks of {size}"
            );
        }
        let halves = channels[..depth - 1]
            .iter()
            .zip(0u32..)
            .map(|(r, l)| (*r, sites / (2 << (2 * (l + 1)))));
        let expected =
            least([(dim, sites / 2)].into_iter().chain(halves).chain([(channels[depth - 1], 1)]));
        assert_eq!(cut(&network, &Rule::LeftRight), expected);
        assert_eq!(cut(&network, &Rule::TopBottom), expected);
        let pixels = UBig::from((dim * dim).min(channels[0])).pow((sites / 4) as usize);
        assert_eq!(cut(&network, &Rule::Checkerboard), pixels);
    }
}

#[test]
fn one_global_pooling() {
    let mut random = SplitMix64::new(13);
    for seed in 0..60 {
        let (sites, dim, channels) =
            (random.below(30) + 2, random.below(4) + 1, random.below(200) + 1);
        let network = tree_network(&[sites], dim, &[channels], Sharing::None);
        let expected = least([(dim, sites / 2), (channels, 1)].into_iter());
        assert_eq!(cut(&network, &Rule::Random { seed }), expected);
    }
}

#[test]
fn mirror_windows_favour_left_right() {
    let contiguous = grid_network(4, 2, &[2, 8], &Geometry::Contiguous);
    let mirror = grid_network(4, 2, &[2, 8], &Geometry::Mirror);
    assert_eq!(cut(&contiguous, &Rule::LeftRight), UBig::from(4u8));
    assert_eq!(cut(&mirror, &Rule::LeftRight), UBig::from(16u8));
}

#[test]
fn thousands_of_digits() {
    let network = grid_network(64, 10, &[97, 5, 7, 11, 13, 17], &Geometry::Contiguous);
    let value = cut(&network, &Rule::Checkerboard);
    assert_eq!(value, UBig::from(97u8).pow(1024));
    assert!(value.to_string().len() > 2000);
    let error = min_cut(
        &network,
        &Rule::Checkerboard.resolve(&network.input_shape()).unwrap(),
        OutputSide::Fixed,
        &Interrupt::new(),
    );
    assert!(error.unwrap().value(1000).is_err());
}

#[test]
fn a_trillion_sites() {
    let network = tree_network(&[2; 40], 3, &[7; 40], Sharing::None);
    let interrupt = Interrupt::new();
    for (rule, bits) in
        [(Rule::LeftRight, 7f64.log2()), (Rule::Interleaved, 3f64.log2() * (1u64 << 39) as f64)]
    {
        let partition = rule.resolve(&network.input_shape()).unwrap();
        let cut = min_cut(&network, &partition, OutputSide::Fixed, &interrupt).unwrap();
        assert!((cut.bits() - bits).abs() < 1e-9 * bits, "{rule}");
    }
    let partition = Rule::LeftRight.resolve(&network.input_shape()).unwrap();
    let edges = min_cut(&network, &partition, OutputSide::Fixed, &interrupt)
        .unwrap()
        .edges(10, &interrupt)
        .unwrap();
    assert_eq!(edges.len(), 1);
    let one_pool = tree_network(&[1 << 40], 2, &[1 << 50], Sharing::None);
    let partition = Rule::Blocks((1 << 40) - 3).resolve(&one_pool.input_shape()).unwrap();
    let cut = min_cut(&one_pool, &partition, OutputSide::Fixed, &interrupt).unwrap();
    assert_eq!(cut.value(64).unwrap(), UBig::from(8u8));
    let sites: Vec<u64> =
        cut.edges(10, &interrupt).unwrap().iter().map(|edge| edge.position).collect();
    assert_eq!(sites, [(1 << 40) - 3, (1 << 40) - 2, (1 << 40) - 1]);
}
