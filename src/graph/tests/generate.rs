//! Deterministic random networks, trees and partitions.

use crate::network::{
    Bipartition, Geometry, Grouping, Layer, Network, Pooling, Representation, Shape, Sharing,
    SplitMix64,
};
use std::sync::Arc;

/// A chain of `pool(b)` after `conv(r)` layers on the product of the windows.
pub fn tree_network(pools: &[u64], dim: u64, channels: &[u64], sharing: Sharing) -> Network {
    let sites = pools.iter().product();
    let mut layers =
        vec![Layer::Input { shape: Shape::Chain(sites), dim, features: Representation::Given }];
    for (window, channels) in pools.iter().zip(channels) {
        layers.push(Layer::Conv { channels: *channels, sharing });
        layers.push(pool(Shape::Chain(*window), Geometry::Contiguous));
    }
    layers.push(Layer::Output { classes: 1 });
    Network::new(layers).unwrap()
}

pub fn pool(window: Shape, geometry: Geometry) -> Layer {
    Layer::Pool { window, kind: Pooling::Product, geometry }
}

pub fn sites_of(network: &Network, sites: &[u64]) -> Bipartition {
    let shape = network.input_shape();
    let sides = (0..shape.sites()).map(|site| sites.contains(&site)).collect();
    Bipartition::from_sides(shape, sides).unwrap()
}

/// Random sides, neither empty.
pub fn random_sides(random: &mut SplitMix64, sites: u64) -> Vec<bool> {
    let mut sides: Vec<bool> = (0..sites).map(|_| random.below(2) == 0).collect();
    let other = random.below(sites - 1) + 1;
    let fixed = random.below(sites);
    sides[((fixed + other) % sites) as usize] = !sides[fixed as usize];
    sides
}

pub fn random_sharing(random: &mut SplitMix64) -> Sharing {
    [Sharing::Layer, Sharing::Window, Sharing::None][random.below(3) as usize]
}

fn random_geometry(random: &mut SplitMix64, shape: Shape, window: Shape) -> Geometry {
    match random.below(5) {
        0 => Geometry::Mirror,
        1 => Geometry::Strided,
        2 => {
            let size = window.sites();
            let mut targets: Vec<u32> =
                (0..shape.sites()).map(|position| (position / size) as u32).collect();
            random.shuffle(&mut targets);
            Geometry::Grouped(Arc::new(Grouping::new(targets).unwrap()))
        }
        _ => Geometry::Contiguous,
    }
}

pub struct Recipe<'a> {
    pub shapes: &'a [Shape],
    pub dims: &'a [u64],
    pub channels: &'a [u64],
    pub sharing: Option<Sharing>,
    pub contiguous: bool,
}

/// A random ConvAC: between the poolings none, one or two convolutions.
pub fn random_network(random: &mut SplitMix64, recipe: &Recipe<'_>) -> Network {
    let pick =
        |random: &mut SplitMix64, from: &[u64]| from[random.below(from.len() as u64) as usize];
    let mut shape = recipe.shapes[random.below(recipe.shapes.len() as u64) as usize];
    let mut layers = vec![Layer::Input {
        shape,
        dim: pick(random, recipe.dims),
        features: Representation::Given,
    }];
    let conv = |random: &mut SplitMix64| {
        let sharing = recipe.sharing.unwrap_or_else(|| random_sharing(random));
        Layer::Conv { channels: pick(random, recipe.channels), sharing }
    };
    while shape.sites() > 1 {
        let convolutions = [0, 1, 1, 1, 1, 1, 2][random.below(7) as usize];
        for _ in 0..convolutions {
            layers.push(conv(random));
        }
        let divisor = |random: &mut SplitMix64, length: u64| {
            let divisors: Vec<u64> = (1..=length)
                .filter(|by| length.is_multiple_of(*by) && (*by > 1 || length == 1))
                .collect();
            pick(random, &divisors)
        };
        let window = match shape {
            Shape::Chain(length) => Shape::Chain(divisor(random, length)),
            Shape::Grid { rows, cols } => {
                let both = Shape::Grid { rows: divisor(random, rows), cols: divisor(random, cols) };
                match (random.below(4), both) {
                    (0, Shape::Grid { cols, .. }) if cols > 1 => Shape::Grid { rows: 1, cols },
                    _ => both,
                }
            }
        };
        let geometry = if recipe.contiguous {
            Geometry::Contiguous
        } else {
            random_geometry(random, shape, window)
        };
        layers.push(pool(window, geometry));
        shape = shape.pooled(&window).unwrap();
    }
    for _ in 0..random.below(3).saturating_sub(1) {
        layers.push(conv(random));
    }
    layers.push(Layer::Output { classes: random.below(4) + 1 });
    Network::new(layers).unwrap()
}
