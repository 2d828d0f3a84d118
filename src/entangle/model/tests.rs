//! Weights: distributions, files and their damage.

use super::*;
use crate::entangle::tests::oracle;
use crate::graph::tests::generate::tree_network;
use crate::interrupt::Interrupt;
use crate::network::{Layer, Pooling, Representation, Shape, Sharing, SplitMix64};

fn network(sharing: Sharing) -> Network {
    tree_network(&[2, 2, 2], 3, &[4, 5, 6], sharing)
}

#[test]
fn distributions_have_their_moments() {
    let interrupt = Interrupt::new();
    let net = tree_network(&[4], 50, &[60], Sharing::None);
    for (_, kind) in Initial::ALL {
        let model = init(&net, kind, 3, 2.0, &interrupt).unwrap();
        let again = init(&net, kind, 3, 2.0, &interrupt).unwrap();
        assert_eq!(model, again);
        assert!(model != init(&net, kind, 4, 2.0, &interrupt).unwrap());
        let weight = model.conv(0).unwrap();
        assert_eq!(weight.shape(), [4, 60, 50]);
        let data = weight.data();
        let mean = data.iter().sum::<f64>() / data.len() as f64;
        let variance = data.iter().map(|x| x * x).sum::<f64>() / data.len() as f64;
        match kind {
            Initial::Gaussian | Initial::Uniform => {
                assert!(mean.abs() < 0.01 && (variance - 4.0 / 50.0).abs() < 0.004);
                assert!(kind == Initial::Gaussian || data.iter().all(|x| x.abs() < 0.49));
            }
            Initial::Orthogonal => {
                let matrix = weight.matrix(1);
                for first in 0..50 {
                    for second in 0..50 {
                        let dot: f64 = (0..60)
                            .map(|row| matrix[row * 50 + first] * matrix[row * 50 + second])
                            .sum();
                        let wanted = if first == second { 4.0 } else { 0.0 };
                        assert!((dot - wanted).abs() < 1e-13, "{first} {second} {dot}");
                    }
                }
            }
            Initial::Positive => {
                assert!(data.iter().all(|x| *x > 0.0));
                for row in weight.matrix(2).chunks(50) {
                    assert!((row.iter().sum::<f64>() - 2.0).abs() < 1e-13);
                }
            }
        }
    }
    assert!(matches!(
        init(&net, Initial::Gaussian, 0, f64::NAN, &interrupt),
        Err(ModelError::Scale(_))
    ));
    let huge = Network::new(vec![
        Layer::Input { shape: Shape::Chain(1 << 38), dim: 2, features: Representation::Given },
        Layer::Conv { channels: 1 << 20, sharing: Sharing::None },
        Layer::Pool {
            window: Shape::Chain(1 << 38),
            kind: Pooling::Product,
            geometry: crate::network::Geometry::Contiguous,
        },
        Layer::Output { classes: 1 },
    ])
    .unwrap();
    assert!(matches!(
        init(&huge, Initial::Gaussian, 0, 1.0, &interrupt),
        Err(ModelError::TooLarge { .. })
    ));
}

#[test]
fn files_keep_every_bit() {
    for sharing in [Sharing::None, Sharing::Window, Sharing::Layer] {
        let model = Model::random(&network(sharing), 5);
        let bytes = encode(&model).unwrap();
        assert_eq!(bytes, encode(&model).unwrap());
        assert_eq!(decode(&bytes, model.network()).unwrap(), model);
    }
    let model = Model::random(&network(Sharing::None), 5);
    let bytes = encode(&model).unwrap();
    let other = decode(&bytes, &network(Sharing::Layer)).unwrap_err();
    assert_eq!(
        other.to_string(),
        "the weight conv0.weight has the shape [8, 4, 3], the network needs [1, 4, 3]"
    );
    let fewer = decode(&bytes, &tree_network(&[8], 3, &[4], Sharing::None)).unwrap_err();
    assert!(matches!(fewer, ModelError::Unexpected { .. }), "{fewer}");
    let more = decode(&bytes, &tree_network(&[2, 2, 2, 2], 3, &[4, 5, 6, 7], Sharing::None));
    assert!(matches!(more, Err(ModelError::Shape { .. } | ModelError::Missing { .. })));
}

#[test]
fn damaged_files_are_refused_or_read_but_never_panic() {
    let model = Model::random(&network(Sharing::Window), 6);
    let bytes = encode(&model).unwrap();
    let mut random = SplitMix64::new(7);
    for _ in 0..3_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=random.below(4) {
            // Half of the damage is in the header.
            let end = if random.below(2) == 0 { 400 } else { damaged.len() as u64 };
            let place = random.below(end) as usize;
            damaged[place] = random.next_u64() as u8;
        }
        if random.below(3) == 0 {
            damaged.truncate(random.below(damaged.len() as u64) as usize);
        }
        if let Ok(read) = decode(&damaged, model.network()) {
            assert!(read.weights().all(|(_, weight)| weight.data().iter().all(|x| x.is_finite())));
        }
    }
    let mut infinite = bytes.clone();
    let last = infinite.len() - 8;
    infinite[last..].copy_from_slice(&f64::INFINITY.to_le_bytes());
    let error = decode(&infinite, model.network()).unwrap_err();
    assert_eq!(error, ModelError::NotFinite { name: "output.weight".into(), index: 5 });
    assert!(matches!(decode(&[], model.network()), Err(ModelError::Format(_))));
    let claims = u64::MAX.to_le_bytes();
    assert!(matches!(decode(&claims, model.network()), Err(ModelError::Format(_))));
}

#[test]
fn scores_are_inner_products_with_the_tensor() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(8);
    for round in 0..60 {
        let (model, _, _) = oracle::random_case(&mut random, round);
        let net = model.network();
        let (dim, sites) = (net.dim() as usize, net.input_shape().sites() as usize);
        let features: Vec<f64> = (0..sites * dim).map(|_| random.unit() - 0.5).collect();
        let scores = forward(&model, &features, &interrupt).unwrap();
        for (tensor, score) in oracle::dense(&model).iter().zip(scores) {
            let mut wanted = 0.0;
            for (configuration, value) in tensor.iter().enumerate() {
                let digits = oracle::digits(configuration, dim, sites);
                let factors =
                    digits.iter().enumerate().map(|(site, d)| features[site * dim + *d as usize]);
                wanted += value * factors.product::<f64>();
            }
            assert!((wanted - score.to_f64()).abs() < 1e-12 * wanted.abs().max(1e-3));
        }
    }
}

#[test]
fn names_that_are_there_twice_are_refused() {
    let model = Model::random(&tree_network(&[2], 2, &[2], Sharing::Layer), 1);
    let tensor = |name: &str, rows: u64, range: &str| {
        format!(r#""{name}":{{"dtype":"F64","shape":[{rows},2],"data_offsets":[{range}]}}"#)
    };
    let rows = model.output().rows() as u64;
    let end = 32 + 16 * rows;
    let (conv, output) =
        (tensor("conv0.weight", 2, "0,32"), tensor("output.weight", rows, &format!("32,{end}")));
    let file = |header: String| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + end as usize, 0);
        bytes
    };
    assert!(decode(&file(format!("{{{conv},{output}}}")), model.network()).is_ok());
    let error = decode(&file(format!("{{{conv},{conv},{output}}}")), model.network()).unwrap_err();
    assert_eq!(error.to_string(), "this is no safetensors file: conv0.weight is there twice");
}

#[test]
fn any_scale_gives_orthonormal_matrices_and_any_number_a_matrix() {
    let net = tree_network(&[4], 5, &[6], Sharing::None);
    for scale in [1e-300, 1e-160, 1e160, 1e300] {
        let model = init(&net, Initial::Orthogonal, 0, scale, &Interrupt::new()).unwrap();
        let weight = model.conv(0).unwrap();
        let column: f64 = weight.matrix(0).chunks(5).map(|row| (row[0] / scale).powi(2)).sum();
        assert!((column - 1.0).abs() < 1e-12, "{scale} {column}");
        assert!(weight.matrix(4).is_empty() && weight.matrix(usize::MAX).is_empty());
    }
}
