//! Amplitudes, density matrices, samples and environments against dense tensors.

use super::oracle::{self, digits, matricization, random_case, sides};
use crate::entangle::{
    self, Amplitudes, Output, Reducer, Sampler, Sites, bond_entropies, geometric,
};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, SplitMix64};

#[test]
fn amplitudes_and_norms_equal_dense_ones() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(31);
    for round in 0..400 {
        let (model, _, output) = random_case(&mut random, round);
        let tensors = oracle::dense(&model);
        let network = model.network();
        let (dim, sites) = (network.dim() as usize, network.input_shape().sites() as usize);
        let amplitudes = Amplitudes::new(&model, &interrupt).unwrap();
        for _ in 0..20 {
            let configuration = random.below(tensors[0].len() as u64) as usize;
            let states = digits(configuration, dim, sites);
            let found =
                amplitudes.evaluate(Sites::States(&states), Output::OnA, &interrupt).unwrap();
            for (tensor, found) in tensors.iter().zip(found) {
                let (wanted, found) = (tensor[configuration], found.to_f64());
                assert!(
                    (wanted - found).abs() <= 1e-12 * wanted.abs().max(1e-3),
                    "{wanted} {found}"
                );
            }
        }
        let classes: Vec<&Vec<f64>> = match output {
            Output::Class(class) => vec![&tensors[class]],
            _ => tensors.iter().collect(),
        };
        let wanted: f64 = classes.into_iter().flatten().map(|x| x * x).sum();
        let found = entangle::squared_norm(&model, output, &interrupt).unwrap().to_f64();
        assert!((wanted - found).abs() <= 1e-12 * wanted, "{wanted} {found}");
    }
}

#[test]
fn density_matrices_equal_dense_ones() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(32);
    for round in 0..400 {
        let (model, _, output) = random_case(&mut random, round);
        let network = model.network();
        let (dim, count) = (network.dim() as usize, network.input_shape().sites());
        let mut order: Vec<u64> = (0..count).collect();
        random.shuffle(&mut order);
        order.truncate((1 + random.below(3.min(count))) as usize);
        let reducer = Reducer::new(&model, output, &interrupt).unwrap();
        let found = reducer.reduce(&order, &interrupt).unwrap();
        let rows = found.rows();
        let tensors = oracle::dense(&model);
        let chosen: Vec<&Vec<f64>> = match output {
            Output::Class(class) => vec![&tensors[class]],
            _ => tensors.iter().collect(),
        };
        // Group the entries by the states of the other sites.
        let mut wanted = vec![0.0; rows * rows];
        for tensor in chosen {
            let mut groups: std::collections::BTreeMap<Vec<u32>, Vec<(usize, f64)>> =
                Default::default();
            for (configuration, value) in tensor.iter().enumerate() {
                let states = digits(configuration, dim, count as usize);
                let kept =
                    order.iter().fold(0, |sum, site| sum * dim + states[*site as usize] as usize);
                let rest = (0..count)
                    .filter(|site| !order.contains(site))
                    .map(|site| states[site as usize])
                    .collect();
                groups.entry(rest).or_default().push((kept, *value));
            }
            for group in groups.values() {
                for (row, x) in group {
                    for (col, y) in group {
                        wanted[row * rows + col] += x * y;
                    }
                }
            }
        }
        let trace: f64 = (0..rows).map(|row| wanted[row * rows + row]).sum();
        for (wanted, found) in wanted.iter().zip(&found.matrix) {
            assert!((wanted / trace - found).abs() < 1e-11, "{} {found}", wanted / trace);
        }
    }
}

#[test]
fn bonds_have_the_entropies_of_their_partitions() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(33);
    for round in 0..300 {
        let (model, _, output) = random_case(&mut random, round);
        let network = model.network();
        let shape = network.input_shape();
        let tensors = oracle::dense(&model);
        let dim = network.dim() as usize;
        let hierarchy = crate::graph::Hierarchy::from_network(network).unwrap();
        for bond in bond_entropies(&model, output, 1.0, &interrupt).unwrap() {
            let place =
                hierarchy.levels().iter().position(|level| level.name == bond.level).unwrap();
            let below = |site: u64| {
                let steps = hierarchy.levels().iter().skip(1).take(place);
                let position = steps.fold(site, |position, step| {
                    step.window.as_ref().map_or(position, |window| window.locate(position).0)
                });
                position == bond.position
            };
            let in_a: Vec<bool> = (0..shape.sites()).map(below).collect();
            assert_eq!(in_a.iter().filter(|a| **a).count() as u64, bond.sites);
            let kept = if output == Output::OnA { Output::OnB } else { output };
            let (rows, cols, matrix) = matricization(&tensors, dim, &in_a, kept);
            let wanted = oracle::entropy(&oracle::schmidt(rows, cols, &matrix).unwrap(), 1.0);
            assert!((wanted - bond.entropy).abs() < 1e-10, "{wanted} {bond:?} {network:?}");
        }
    }
}

/// The chance that a chi-square of so many degrees of freedom is this large, by the Wilson and
/// Hilferty approximation; as a number of standard deviations.
fn deviations(chi_square: f64, freedom: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

#[test]
fn samples_follow_the_born_rule() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(34);
    let mut worst = 0.0f64;
    for round in 0..30 {
        let (model, _, output) = random_case(&mut random, round);
        let network = model.network();
        let (dim, sites) = (network.dim() as usize, network.input_shape().sites() as usize);
        let tensors = oracle::dense(&model);
        let mut weights = vec![0.0; tensors[0].len()];
        for (class, tensor) in tensors.iter().enumerate() {
            if matches!(output, Output::Class(wanted) if wanted != class) {
                continue;
            }
            weights.iter_mut().zip(tensor).for_each(|(weight, x)| *weight += x * x);
        }
        let total: f64 = weights.iter().sum();
        let count = 4_000;
        let sampler = Sampler::new(&model, output, &interrupt).unwrap();
        let mut seen = vec![0.0; weights.len()];
        for states in sampler.draw(count, 5, &interrupt).unwrap() {
            let place = states.iter().fold(0, |sum, state| sum * dim + *state as usize);
            assert_eq!(states.len(), sites);
            seen[place] += 1.0;
        }
        // Configurations with few expected samples are one bin.
        let (mut chi_square, mut bins, mut rest) = (0.0, 0.0, (0.0, 0.0));
        for (weight, seen) in weights.iter().zip(&seen) {
            let expected = count as f64 * weight / total;
            if expected < 8.0 {
                rest = (rest.0 + expected, rest.1 + seen);
            } else {
                chi_square += (seen - expected) * (seen - expected) / expected;
                bins += 1.0;
            }
        }
        if rest.0 >= 8.0 {
            chi_square += (rest.1 - rest.0) * (rest.1 - rest.0) / rest.0;
            bins += 1.0;
        }
        if bins >= 2.0 {
            worst = worst.max(deviations(chi_square, bins - 1.0));
        }
    }
    assert!(worst < 4.0, "{worst} standard deviations");
}

#[test]
fn the_nearest_product_state_is_between_its_bounds() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(35);
    for round in 0..60 {
        let (model, _, _) = random_case(&mut random, round);
        let network = model.network();
        let (dim, sites) = (network.dim() as usize, network.input_shape().sites() as usize);
        let tensor = oracle::dense(&model).swap_remove(0);
        let found = geometric(&model, 0, 8, 1, &interrupt).unwrap();
        assert!(found.lower <= found.upper + 1e-9, "{found:?}");
        // The overlap of the product state, entry by entry.
        let mut overlap = 0.0;
        for (configuration, value) in tensor.iter().enumerate() {
            let factor = |(site, state): (usize, &u32)| found.product[site * dim + *state as usize];
            overlap += value
                * digits(configuration, dim, sites).iter().enumerate().map(factor).product::<f64>();
        }
        let norm: f64 = tensor.iter().map(|x| x * x).sum();
        let wanted = overlap * overlap / norm;
        assert!((wanted - found.ln_overlap.exp()).abs() < 1e-9, "{wanted} {found:?}");
        if sites == 2 {
            let all = Bipartition::from_sides(network.input_shape(), vec![true, false]).unwrap();
            let (rows, cols, matrix) =
                matricization(&[tensor], dim, &sides(&all), Output::Class(0));
            let p = oracle::schmidt(rows, cols, &matrix).unwrap();
            assert!((p[0] - wanted).abs() < 1e-8, "{} {wanted}", p[0]);
        }
    }
}
