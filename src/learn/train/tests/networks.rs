//! Random networks and data of every kind that is trained.

use crate::learn::Dataset;
use crate::network::{
    Geometry, Grouping, Layer, Network, NetworkBuilder, Pooling, Representation, Shape, Sharing,
    SplitMix64,
};
use std::sync::Arc;

/// What a random network may be made of.
pub fn random_network(seed: u64) -> Network {
    let mut random = SplitMix64::new(seed);
    loop {
        if let Some(network) = attempt(&mut random) {
            return network;
        }
    }
}

fn pick<T: Copy>(random: &mut SplitMix64, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

fn attempt(random: &mut SplitMix64) -> Option<Network> {
    let grid = |rows, cols| Shape::Grid { rows, cols };
    let shapes = [
        Shape::Chain(4),
        Shape::Chain(6),
        Shape::Chain(7),
        Shape::Chain(16),
        grid(4, 4),
        grid(2, 6),
        grid(8, 8),
    ];
    let shape = pick(random, &shapes);
    let patch = match shape {
        Shape::Chain(_) => Shape::Chain(pick(random, &[1, 2, 3])),
        Shape::Grid { .. } => pick(random, &[grid(1, 1), grid(3, 3), grid(2, 1)]),
    };
    let features = pick(
        random,
        &[
            Representation::Given,
            Representation::CosSin,
            Representation::OneHot,
            Representation::Gaussian,
            Representation::Affine { patch },
        ],
    );
    let dim = pick(random, &[2, 3, 5, 10]);
    let mut builder = NetworkBuilder::new();
    builder.push(Layer::Input { shape, dim, features }).ok()?;
    let products = random.below(2) == 0;
    while builder.shape()?.sites() > 1 {
        let here = builder.shape()?;
        for _ in 0..pick(random, &[0, 1, 1, 1, 2]) {
            let channels = pick(random, &[1, 2, 3, 4, 7, 9, 17]);
            let sharing =
                pick(random, &[Sharing::Layer, Sharing::Layer, Sharing::Window, Sharing::None]);
            builder.push(Layer::Conv { channels, sharing }).ok()?;
        }
        if !products && random.below(2) == 0 {
            builder.push(Layer::Relu).ok()?;
        }
        let windows: Vec<Shape> = match here {
            Shape::Chain(n) => (2..=n).filter(|w| n % w == 0).map(Shape::Chain).collect(),
            Shape::Grid { rows, cols } => (1..=rows)
                .flat_map(|r| (1..=cols).map(move |c| (r, c)))
                .filter(|(r, c)| rows % r == 0 && cols % c == 0 && r * c > 1)
                .map(|(rows, cols)| grid(rows, cols))
                .collect(),
        };
        let window = pick(random, &windows);
        let kind = match products {
            true => Pooling::Product,
            false => pick(random, &[Pooling::Max, Pooling::Mean, Pooling::Product]),
        };
        let geometry = match random.below(4) {
            0 => Geometry::Mirror,
            1 => Geometry::Strided,
            2 => {
                let groups = here.sites() / window.sites();
                let mut keys: Vec<u64> = (0..here.sites()).map(|site| site % groups).collect();
                random.shuffle(&mut keys);
                Geometry::Grouped(Arc::new(Grouping::from_keys(keys).ok()?))
            }
            _ => Geometry::Contiguous,
        };
        builder.push(Layer::Pool { window, kind, geometry }).ok()?;
        if !products && random.below(3) == 0 {
            builder.push(Layer::Relu).ok()?;
        }
    }
    builder.push(Layer::Output { classes: pick(random, &[1, 2, 3, 10]) }).ok()?;
    builder.finish().ok()
}

/// Random samples for a network, with labels.
pub fn random_data(network: &Network, samples: usize, seed: u64) -> Dataset {
    let mut random = SplitMix64::new(seed);
    let sites = network.input_shape().sites();
    let per_site = if network.features().lifts() { 1 } else { network.dim() };
    let shape = if per_site == 1 { network.input_shape() } else { Shape::Chain(sites * per_site) };
    let values = (0..samples as u64 * sites * per_site).map(|_| random.unit()).collect();
    let labels = (0..samples).map(|_| random.below(network.classes()) as u32).collect();
    Dataset::new(shape, values, Some(labels)).unwrap()
}
