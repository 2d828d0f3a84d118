//! Grid tensors of networks of every kind against input by input evaluation.

use super::oracle::{self, digits, random_case};
use crate::entangle::model::{Model, forward};
use crate::entangle::{Accuracy, Output, Templates, dense, grid_rank, schmidt};
use crate::interrupt::Interrupt;
use crate::network::{Geometry, Layer, Network, Pooling, Shape, Sharing, SplitMix64};

#[test]
fn dense_tensors_are_scores_of_all_choices() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(41);
    for round in 0..60u64 {
        let kind = |random: &mut SplitMix64| {
            [Pooling::Product, Pooling::Max, Pooling::Mean][random.below(3) as usize]
        };
        let geometry = [Geometry::Contiguous, Geometry::Mirror, Geometry::Strided];
        let window = Shape::Chain(2);
        let mut layers = vec![Layer::Input { shape: Shape::Chain(4), dim: 2 }];
        for _ in 0..2 {
            let sharing =
                [Sharing::Layer, Sharing::Window, Sharing::None][random.below(3) as usize];
            layers.push(Layer::Conv { channels: 3, sharing });
            if random.below(2) == 0 {
                layers.push(Layer::Relu);
            }
            let geometry = geometry[random.below(3) as usize].clone();
            layers.push(Layer::Pool { window, kind: kind(&mut random), geometry });
        }
        layers.push(Layer::Output { classes: 2 });
        let model = Model::random(&Network::new(layers).unwrap(), round);
        let templates = Templates::random(3, 2, round);
        let tensor = dense(&model, &templates, &interrupt).unwrap();
        let vectors: Vec<Vec<f64>> = (0..3)
            .map(|number| {
                Templates::random(3, 2, round).vectors()[2 * number..2 * number + 2].to_vec()
            })
            .collect();
        assert_eq!(Templates::listed(&vectors, 2).unwrap(), templates);
        for configuration in 0..81 {
            let input: Vec<f64> = digits(configuration, 3, 4)
                .iter()
                .flat_map(|digit| vectors[*digit as usize].clone())
                .collect();
            for (class, score) in forward(&model, &input, &interrupt).unwrap().iter().enumerate() {
                let found =
                    tensor.classes[class][configuration] * 2f64.powi(tensor.exponent as i32);
                assert!((found - score.to_f64()).abs() < 1e-13, "{found} {score}");
            }
        }
    }
}

#[test]
fn grid_ranks_of_convacs_are_their_ranks() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(42);
    for round in 0..200 {
        let (model, partition, _) = random_case(&mut random, round);
        let dim = model.network().dim() as usize;
        let unit = Templates::unit(dim);
        let tensor = dense(&model, &unit, &interrupt).unwrap();
        for (found, wanted) in tensor.classes.iter().zip(oracle::dense(&model)) {
            for (x, y) in found.iter().zip(wanted) {
                let x = x * 2f64.powi(tensor.exponent as i32);
                assert!((x - y).abs() <= 1e-12 * y.abs().max(1e-3), "{x} {y}");
            }
        }
        let found = grid_rank(&model, &partition, 0, &unit, 1e-10, &interrupt).unwrap();
        let spectrum =
            schmidt(&model, &partition, Output::Class(0), Accuracy::Values, &interrupt).unwrap();
        assert_eq!(found.rank.rank, spectrum.rank(1e-10).rank);
    }
}
