//! Grid tensors of networks of every kind against input by input evaluation.

use super::oracle::{self, digits, random_case};
use crate::entangle::model::{Initial, Model, Origin, Weight, forward, init};
use crate::entangle::{Accuracy, EntangleError, Output, Templates, dense, grid_rank, schmidt};
use crate::interrupt::Interrupt;
use crate::network::{
    Geometry, Layer, Network, Pooling, Representation, Shape, Sharing, SplitMix64,
};

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
        let mut layers =
            vec![Layer::Input { shape: Shape::Chain(4), dim: 2, features: Representation::Given }];
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
        let templates = Templates::random(3, 2, round).unwrap();
        let tensor = dense(&model, &templates, &interrupt).unwrap();
        let vectors: Vec<Vec<f64>> = templates.vectors().chunks(2).map(<[f64]>::to_vec).collect();
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
        let unit = Templates::unit(dim).unwrap();
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

fn one_window(sites: u64, dim: u64, channels: u64, sharing: Sharing) -> Network {
    let (window, kind) = (Shape::Chain(sites), Pooling::Product);
    Network::new(vec![
        Layer::Input { shape: Shape::Chain(sites), dim, features: Representation::Given },
        Layer::Conv { channels, sharing },
        Layer::Pool { window, kind, geometry: Geometry::Contiguous },
        Layer::Output { classes: 1 },
    ])
    .unwrap()
}

#[test]
fn long_windows_do_not_underflow() {
    let interrupt = Interrupt::new();
    let network = one_window(1 << 14, 1, 2, Sharing::Layer);
    let model = init(&network, Initial::Positive, 0, 0.25, &interrupt).unwrap();
    let tensor = dense(&model, &Templates::unit(1).unwrap(), &interrupt).unwrap();
    let score = forward(&model, &vec![1.0; 1 << 14], &interrupt).unwrap()[0];
    let found = tensor.classes[0][0].log2() + tensor.exponent as f64;
    assert!((found - score.log2_abs()).abs() < 1e-9 && score.log2_abs() < -30_000.0);
}

#[test]
fn zeros_do_not_hide_what_is_tiny() {
    let interrupt = Interrupt::new();
    let geometry = Geometry::Contiguous;
    let pool = |window, kind| Layer::Pool {
        window: Shape::Chain(window),
        kind,
        geometry: geometry.clone(),
    };
    for kind in [Pooling::Mean, Pooling::Max] {
        let network = Network::new(vec![
            Layer::Input { shape: Shape::Chain(12), dim: 1, features: Representation::Given },
            Layer::Conv { channels: 1, sharing: Sharing::None },
            Layer::Relu,
            pool(6, Pooling::Product),
            pool(2, kind),
            Layer::Output { classes: 1 },
        ])
        .unwrap();
        // The rectifier makes the first half 0; the second half is about 2^-5980.
        let weights: Vec<f64> = (0..12).map(|site| if site < 6 { -1.0 } else { 1e-300 }).collect();
        let conv = Weight::new([12, 1, 1], weights).unwrap();
        let output = Weight::new([1, 1, 1], vec![1.0]).unwrap();
        let model = Model::new(network, vec![conv], output, Origin::Given).unwrap();
        let tensor = dense(&model, &Templates::unit(1).unwrap(), &interrupt).unwrap();
        let score = forward(&model, &[1.0; 12], &interrupt).unwrap()[0];
        let found = tensor.classes[0][0].log2() + tensor.exponent as f64;
        assert!((found - score.log2_abs()).abs() < 1e-9, "{kind} {found} {score}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_made() {
    let interrupt = Interrupt::new();
    let too_large = |error: &EntangleError| matches!(error, EntangleError::TooLarge { .. });
    assert!(too_large(&Templates::unit(1 << 20).unwrap_err()));
    assert!(too_large(&Templates::random(usize::MAX, 2, 0).unwrap_err()));
    assert!(Templates::random(0, 2, 0).is_err());
    let unit = Templates::unit(1).unwrap();
    let sites = one_window(1 << 31, 1, 1, Sharing::Layer);
    let model = init(&sites, Initial::Gaussian, 0, 1.0, &interrupt).unwrap();
    assert!(too_large(&dense(&model, &unit, &interrupt).unwrap_err()));
    let wide = one_window(10, 2, 1 << 21, Sharing::Layer);
    let model = init(&wide, Initial::Gaussian, 0, 1.0, &interrupt).unwrap();
    let error = dense(&model, &Templates::unit(2).unwrap(), &interrupt).unwrap_err();
    assert!(
        error.to_string().contains("1024 entries, 10 sites, up to 2097152 channels"),
        "{error}"
    );
    let many = one_window(1 << 22, 2, 1 << 14, Sharing::Layer);
    let model = init(&many, Initial::Gaussian, 0, 1.0, &interrupt).unwrap();
    assert!(too_large(&forward(&model, &vec![1.0; 1 << 23], &interrupt).unwrap_err()));
}
