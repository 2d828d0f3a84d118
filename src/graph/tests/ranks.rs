//! The bounds against the exact generic rank of small networks, dense and mod a prime.

use super::generate::{Recipe, random_network, random_sides, sites_of, tree_network};
use crate::graph::{OutputSide, bound};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Layer, Network, Shape, Sharing, Side, SplitMix64, Window};
use dashu_int::UBig;

const PRIME: u64 = (1 << 31) - 1;

/// What arrives at one position: `values[channel][configuration]`, the configuration of `sites`
/// in base `M`, first site most significant.
#[derive(Clone)]
struct Block {
    sites: Vec<u64>,
    values: Vec<Vec<u64>>,
}

fn multiply(matrix: &[Vec<u64>], block: &Block) -> Block {
    let width = block.values[0].len();
    let row = |weights: &Vec<u64>| {
        let mut sum = vec![0u64; width];
        for (weight, values) in weights.iter().zip(&block.values) {
            sum.iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum = (*sum + weight * value) % PRIME);
        }
        sum
    };
    Block { sites: block.sites.clone(), values: matrix.iter().map(row).collect() }
}

fn join(left: &Block, right: &Block) -> Block {
    let outer = |(left, right): (&Vec<u64>, &Vec<u64>)| {
        left.iter().flat_map(|x| right.iter().map(move |y| x * y % PRIME)).collect()
    };
    let values = left.values.iter().zip(&right.values).map(outer).collect();
    Block { sites: left.sites.iter().chain(&right.sites).copied().collect(), values }
}

/// The tensors of all classes with random weights, layer by layer as the network says.
fn evaluate(network: &Network, random: &mut SplitMix64) -> Block {
    let matrix = |random: &mut SplitMix64, rows: u64, cols: u64| -> Vec<Vec<u64>> {
        (0..rows).map(|_| (0..cols).map(|_| random.below(PRIME)).collect()).collect()
    };
    let dim = network.dim();
    let unit = |channel: u64| (0..dim).map(|index| u64::from(index == channel)).collect();
    let site = |site: u64| Block { sites: vec![site], values: (0..dim).map(unit).collect() };
    let mut blocks: Vec<Block> = (0..network.input_shape().sites()).map(site).collect();
    let mut conv = 0;
    for (layer, stage) in network.layers().iter().zip(network.stages()) {
        match layer {
            Layer::Input { .. } | Layer::Relu => {}
            Layer::Conv { .. } | Layer::Output { .. } => {
                let [count, rows, cols] = stage.weight_shape.unwrap();
                let matrices: Vec<_> = (0..count).map(|_| matrix(random, rows, cols)).collect();
                let is_conv = matches!(layer, Layer::Conv { .. });
                let choose = |position: u64| -> usize {
                    if is_conv {
                        network.weight_of_position(conv).unwrap()(position) as usize
                    } else {
                        0
                    }
                };
                blocks = (0u64..)
                    .zip(&blocks)
                    .map(|(p, block)| multiply(&matrices[choose(p)], block))
                    .collect();
                conv += usize::from(is_conv);
            }
            Layer::Pool { window, geometry, .. } => {
                let window = Window::new(stage.shape_in, *window, geometry).unwrap();
                let pooled = |target: u64| {
                    let members = (0..window.size())
                        .map(|place| &blocks[window.source(target, place) as usize]);
                    members.cloned().reduce(|left, right| join(&left, &right)).unwrap()
                };
                blocks = (0..window.target().sites()).map(pooled).collect();
            }
        }
    }
    blocks.swap_remove(0)
}

pub fn generic_rank(
    network: &Network,
    partition: &Bipartition,
    output: OutputSide,
    random: &mut SplitMix64,
) -> u64 {
    let block = evaluate(network, random);
    let dim = network.dim();
    let classes = if output == OutputSide::Fixed { 1 } else { block.values.len() };
    let in_a: Vec<bool> = block.sites.iter().map(|site| partition.side(*site) == Side::A).collect();
    let size = |side: bool| dim.pow(in_a.iter().filter(|a| **a == side).count() as u32) as usize;
    let (rows, cols) = (size(true), size(false));
    let (wide_rows, wide_cols) = match output {
        OutputSide::A => (rows * classes, cols),
        _ => (rows, cols * classes),
    };
    let mut matrix = vec![vec![0u64; wide_cols]; wide_rows];
    for (class, values) in block.values.iter().take(classes).enumerate() {
        for (configuration, value) in values.iter().enumerate() {
            let (mut rest, mut row, mut col, mut row_step, mut col_step) =
                (configuration as u64, 0, 0, 1, 1);
            for a in in_a.iter().rev() {
                let digit = rest % dim;
                rest /= dim;
                if *a {
                    row += digit * row_step;
                    row_step *= dim;
                } else {
                    col += digit * col_step;
                    col_step *= dim;
                }
            }
            let (mut row, mut col) = (row as usize, col as usize);
            match output {
                OutputSide::A => row += class * rows,
                _ => col += class * cols,
            }
            matrix[row][col] = *value;
        }
    }
    rank(matrix)
}

fn rank(mut matrix: Vec<Vec<u64>>) -> u64 {
    let power = |mut base: u64, mut exponent: u64| {
        let mut result = 1;
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result * base % PRIME;
            }
            base = base * base % PRIME;
            exponent >>= 1;
        }
        result
    };
    let mut found = 0;
    for col in 0..matrix[0].len() {
        let Some(pivot) = (found..matrix.len()).find(|row| matrix[*row][col] != 0) else {
            continue;
        };
        matrix.swap(found, pivot);
        let inverse = power(matrix[found][col], PRIME - 2);
        let (above, below) = matrix.split_at_mut(found + 1);
        let pivot = &above[found];
        for row in below.iter_mut().filter(|row| row[col] != 0) {
            let factor = PRIME - row[col] * inverse % PRIME;
            row.iter_mut()
                .zip(pivot)
                .skip(col)
                .for_each(|(entry, pivot)| *entry = (*entry + factor * pivot) % PRIME);
        }
        found += 1;
        if found == matrix.len() {
            break;
        }
    }
    found as u64
}

/// Asserts `lower <= generic rank <= upper <= min-cut`; whether the upper bound is reached.
fn check(
    network: &Network,
    partition: &Bipartition,
    output: OutputSide,
    random: &mut SplitMix64,
) -> bool {
    let bounds = bound(network, partition, output, &Interrupt::new()).unwrap();
    let rank = UBig::from(generic_rank(network, partition, output, random));
    let context = || format!("{network:?}\n{}\n{output:?} {}", partition.text(100), bounds.reason);
    let upper = bounds.upper.value(1000).unwrap();
    assert!(rank <= upper, "rank {rank}, upper {upper}: {}", context());
    assert!(upper <= bounds.min_cut.value(1000).unwrap(), "{}", context());
    if let Some(lower) = &bounds.lower {
        let lower = lower.value(1000).unwrap();
        assert!(lower <= rank, "rank {rank}, lower {lower}: {}", context());
        if bounds.tight {
            assert_eq!(lower, upper, "{}", context());
        }
    }
    rank == upper
}

fn grid(rows: u64, cols: u64) -> Shape {
    Shape::Grid { rows, cols }
}

#[test]
fn generic_ranks_lie_within_the_bounds() {
    let mut random = SplitMix64::new(5);
    let binary = [
        Shape::Chain(4),
        Shape::Chain(6),
        Shape::Chain(8),
        Shape::Chain(9),
        grid(2, 2),
        grid(2, 4),
        grid(3, 3),
        grid(2, 3),
    ];
    let ternary = [Shape::Chain(4), Shape::Chain(6), grid(2, 2), grid(2, 3)];
    let channels = [1, 2, 3, 4, 5, 6, 8];
    let mut reached = [0usize; 4];
    for round in 0..2_000usize {
        let kinds = [Some(Sharing::Layer), Some(Sharing::Window), Some(Sharing::None), None];
        let (shapes, dims): (&[Shape], &[u64]) =
            if round % 3 == 0 { (&ternary, &[3]) } else { (&binary, &[2]) };
        let recipe = Recipe {
            shapes,
            dims,
            channels: &channels,
            sharing: kinds[round % 4],
            contiguous: false,
        };
        let network = random_network(&mut random, &recipe);
        let shape = network.input_shape();
        // Halves of every kind show symmetric powers; random sides rarely do.
        let sides = if random.below(2) == 0 {
            let start = random.below(shape.sites());
            (0..shape.sites())
                .map(|site| (site + start) % shape.sites() < shape.sites() / 2)
                .collect()
        } else {
            random_sides(&mut random, shape.sites())
        };
        let partition = Bipartition::from_sides(shape, sides).unwrap();
        let output = [OutputSide::Fixed, OutputSide::Fixed, OutputSide::A, OutputSide::B]
            [random.below(4) as usize];
        reached[round % 4] += usize::from(check(&network, &partition, output, &mut random));
    }
    // The upper bound is not only valid but nearly always the rank, least so for `layer` sharing,
    // where windows with a few members on one side have symmetries that it does not use.
    let least = [400, 490, 490, 460];
    assert!(reached.iter().zip(least).all(|(count, least)| *count >= least), "{reached:?} of 500");
}

#[test]
fn known_deficits() {
    let mut random = SplitMix64::new(6);
    for (pools, sites) in [([3, 3], &[0u64, 1, 3, 4][..]), ([4, 4], &[0, 1, 2, 4, 5, 6])] {
        let network = tree_network(&pools, 2, &[3, 2], Sharing::None);
        let partition = sites_of(&network, sites);
        assert_eq!(generic_rank(&network, &partition, OutputSide::Fixed, &mut random), 7);
        assert!(!check(&network, &partition, OutputSide::Fixed, &mut random));
    }
}
