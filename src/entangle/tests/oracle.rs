//! The dense tensor of a small model, entry by entry, and what follows from it by definition.

use crate::entangle::Output;
use crate::entangle::model::Model;
use crate::graph::tests::generate::{Recipe, random_network, random_sides};
use crate::network::{Bipartition, Layer, Network, Shape, Side, SplitMix64, Window};

/// The tensors of all classes: `dense[class][configuration]`, site 0 the most significant digit.
pub fn dense(model: &Model) -> Vec<Vec<f64>> {
    let network = model.network();
    let (dim, sites) = (network.dim() as usize, network.input_shape().sites() as u32);
    let entry = |configuration: usize| -> Vec<f64> {
        let digit = |site: u32| configuration / dim.pow(sites - 1 - site) % dim;
        let unit = |site: u32| (0..dim).map(|d| f64::from(u8::from(d == digit(site)))).collect();
        let mut values: Vec<Vec<f64>> = (0..sites).map(unit).collect();
        let mut conv = 0;
        for (layer, stage) in network.layers().iter().zip(network.stages()) {
            match layer {
                Layer::Conv { .. } => {
                    let weight = model.conv(conv).unwrap();
                    let of = network.weight_of_position(conv).unwrap();
                    values = (0u64..)
                        .zip(&values)
                        .map(|(p, x)| apply(weight.matrix(of(p) as usize), x))
                        .collect();
                    conv += 1;
                }
                Layer::Output { .. } => values = vec![apply(model.output().matrix(0), &values[0])],
                Layer::Pool { window, geometry, .. } => {
                    let window = Window::new(stage.shape_in, *window, geometry).unwrap();
                    let pooled = |target: u64| {
                        let mut product = vec![1.0; values[0].len()];
                        for place in 0..window.size() {
                            let member = &values[window.source(target, place) as usize];
                            product.iter_mut().zip(member).for_each(|(x, y)| *x *= y);
                        }
                        product
                    };
                    values = (0..window.target().sites()).map(pooled).collect();
                }
                _ => {}
            }
        }
        values.swap_remove(0)
    };
    let entries: Vec<Vec<f64>> = (0..dim.pow(sites)).map(entry).collect();
    let class = |class: usize| entries.iter().map(|scores| scores[class]).collect();
    (0..model.output().rows()).map(class).collect()
}

fn apply(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(x.len()).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
}

/// The digits of a configuration, site 0 first.
pub fn digits(configuration: usize, dim: usize, sites: usize) -> Vec<u32> {
    (0..sites)
        .map(|site| (configuration / dim.pow((sites - 1 - site) as u32) % dim) as u32)
        .collect()
}

/// The matricization with the class index where `output` says; rows, columns, row-major entries.
pub fn matricization(
    dense: &[Vec<f64>],
    dim: usize,
    sides: &[bool],
    output: Output,
) -> (usize, usize, Vec<f64>) {
    let size = |side: bool| dim.pow(sides.iter().filter(|a| **a == side).count() as u32);
    let (rows, cols) = (size(true), size(false));
    let chosen: Vec<&Vec<f64>> = match output {
        Output::Class(class) => vec![&dense[class]],
        _ => dense.iter().collect(),
    };
    let (height, width) = match output {
        Output::OnA => (rows * chosen.len(), cols),
        _ => (rows, cols * chosen.len()),
    };
    let mut matrix = vec![0.0; height * width];
    for (class, tensor) in chosen.iter().enumerate() {
        for (configuration, value) in tensor.iter().enumerate() {
            let (mut row, mut col) = (0, 0);
            for (digit, in_a) in digits(configuration, dim, sides.len()).iter().zip(sides) {
                let place = if *in_a { &mut row } else { &mut col };
                *place = *place * dim + *digit as usize;
            }
            match output {
                Output::OnA => row += class * rows,
                _ => col += class * cols,
            }
            matrix[row * width + col] = *value;
        }
    }
    (height, width, matrix)
}

/// The squared singular values, largest first, normalised, by one-sided Jacobi rotations: slow,
/// and written for this test alone.
pub fn schmidt(rows: usize, cols: usize, matrix: &[f64]) -> Option<Vec<f64>> {
    let wide = rows < cols;
    let (count, length) = if wide { (rows, cols) } else { (cols, rows) };
    let at = |vector: usize, entry: usize| {
        matrix[if wide { vector * cols + entry } else { entry * cols + vector }]
    };
    let mut vectors: Vec<Vec<f64>> =
        (0..count).map(|v| (0..length).map(|entry| at(v, entry)).collect()).collect();
    let largest = vectors.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 {
        return None;
    }
    vectors.iter_mut().flatten().for_each(|x| *x /= largest);
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    for _ in 0..60 {
        let mut off = 0.0f64;
        for i in 0..count {
            for j in i + 1..count {
                let (a, b, c) = (
                    dot(&vectors[i], &vectors[i]),
                    dot(&vectors[j], &vectors[j]),
                    dot(&vectors[i], &vectors[j]),
                );
                if c == 0.0 || c.abs() <= 1e-17 * (a * b).sqrt() {
                    continue;
                }
                off = off.max(c.abs() / (a * b).sqrt());
                let zeta = (b - a) / (2.0 * c);
                let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                let sine = cosine * tangent;
                let (head, tail) = vectors.split_at_mut(j);
                for (x, y) in head[i].iter_mut().zip(&mut tail[0]) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            }
        }
        if off < 1e-15 {
            break;
        }
    }
    let mut squares: Vec<f64> = vectors.iter().map(|v| dot(v, v)).collect();
    squares.sort_by(|x, y| y.total_cmp(x));
    let total: f64 = squares.iter().sum();
    Some(squares.iter().map(|x| x / total).collect())
}

/// The entropy of probabilities by its definition.
pub fn entropy(p: &[f64], order: f64) -> f64 {
    match order {
        1.0 => -p.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>(),
        f64::INFINITY => -p[0].ln(),
        order => {
            p.iter().filter(|p| **p > 0.0).map(|p| p.powf(order)).sum::<f64>().ln() / (1.0 - order)
        }
    }
}

/// A small random model, a partition of it, and what happens to the class index.
pub fn random_case(random: &mut SplitMix64, round: usize) -> (Model, Bipartition, Output) {
    let grid = |rows, cols| Shape::Grid { rows, cols };
    let binary = [
        Shape::Chain(2),
        Shape::Chain(3),
        Shape::Chain(4),
        Shape::Chain(6),
        Shape::Chain(8),
        Shape::Chain(9),
        grid(2, 2),
        grid(2, 4),
        grid(3, 3),
        grid(2, 3),
    ];
    let ternary = [Shape::Chain(2), Shape::Chain(4), Shape::Chain(6), grid(2, 2), grid(2, 3)];
    let (shapes, dims): (&[Shape], &[u64]) =
        if round.is_multiple_of(3) { (&ternary, &[3]) } else { (&binary, &[2]) };
    let recipe =
        Recipe { shapes, dims, channels: &[1, 2, 3, 4, 5, 6, 8], sharing: None, contiguous: false };
    let network = random_network(random, &recipe);
    let partition = random_partition(random, &network);
    let model = Model::random(&network, random.next_u64());
    let output = match random.below(4) {
        0 => Output::OnA,
        1 => Output::OnB,
        _ => Output::Class(random.below(network.classes()) as usize),
    };
    (model, partition, output)
}

/// Random sides, half of the time a run of sites.
pub fn random_partition(random: &mut SplitMix64, network: &Network) -> Bipartition {
    let shape = network.input_shape();
    let sites = shape.sites();
    let sides = if random.below(2) == 0 {
        let (start, length) = (random.below(sites), random.below(sites - 1) + 1);
        (0..sites).map(|site| (site + start) % sites < length).collect()
    } else {
        random_sides(random, sites)
    };
    Bipartition::from_sides(shape, sides).unwrap()
}

pub fn sides(partition: &Bipartition) -> Vec<bool> {
    (0..partition.shape().sites()).map(|site| partition.side(site) == Side::A).collect()
}
