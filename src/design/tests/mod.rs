//! Tests of the room against brute force; every generator is seeded.

mod cuts;
mod extremes;
mod searches;
mod widths;

use crate::graph::tests::generate::{Recipe, random_network};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, Shape, SplitMix64};

/// A small random ConvAC of every kind, with at most 8 sites (or 9 on a grid).
fn small_network(random: &mut SplitMix64) -> Network {
    let grid = |rows, cols| Shape::Grid { rows, cols };
    let shapes = [
        Shape::Chain(2),
        Shape::Chain(4),
        Shape::Chain(6),
        Shape::Chain(8),
        Shape::Chain(9),
        grid(2, 2),
        grid(2, 4),
        grid(3, 3),
    ];
    let recipe = Recipe {
        shapes: &shapes,
        dims: &[2, 3, 4],
        channels: &[1, 2, 3, 4, 5, 7, 9, 16, 30],
        sharing: None,
        contiguous: false,
    };
    random_network(random, &recipe)
}

/// All bipartitions of a shape up to the exchange of the sides.
fn all_partitions(shape: Shape) -> Vec<Bipartition> {
    let sites = shape.sites();
    (1..1u64 << (sites - 1))
        .map(|code| {
            let sides = (0..sites).map(|site| code >> site & 1 == 1).collect();
            Bipartition::from_sides(shape, sides).unwrap()
        })
        .collect()
}

fn go_on() -> Interrupt {
    Interrupt::new()
}
