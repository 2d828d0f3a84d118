//! Scores against the plain forward pass of `entangle::model`, where every number has its own exponent.

use super::networks::{random_data, random_network};
use crate::entangle::model::{Initial, forward, init};
use crate::interrupt::Interrupt;
use crate::learn::train::Sign;
use crate::learn::train::engine::Engine;
use crate::learn::train::real::padded;
use crate::learn::train::start::parameters_of;
use crate::network::{
    Geometry, Layer, Network, Pooling, Representation, Shape, Sharing, SplitMix64,
};

#[test]
fn scores_are_those_of_the_plain_pass() {
    let interrupt = Interrupt::new();
    for seed in 0..300 {
        let network = random_network(1000 + seed);
        let model = init(&network, Initial::Gaussian, seed, 1.0, &interrupt).unwrap();
        let data = random_data(&network, 3, seed);
        let parameters = parameters_of(&model, Sign::Signed).unwrap();
        let doubles: Vec<f64> = parameters.iter().map(|x| f64::from(*x)).collect();
        let mut engine = Engine::<f64>::new(&network, Sign::Signed, 1).unwrap();
        engine.set(&doubles);
        let found = engine
            .scores(
                &data,
                &[0, 1, 2],
                |_| None,
                &interrupt,
                |_, scores, exponent| (scores.to_vec(), exponent),
            )
            .unwrap();
        // The model of the rounded weights, and features that the engine has made.
        let rounded = rounded(&model);
        for (sample, (scores, exponent)) in found.iter().enumerate() {
            let features = features_of(&engine, &network, &data, sample);
            let wanted = forward(&rounded, &features, &interrupt).unwrap();
            let largest = wanted.iter().map(|h| h.to_f64().abs()).fold(0.0, f64::max);
            for (score, wanted) in scores.iter().zip(&wanted) {
                let score = score * 2f64.powi(*exponent);
                let off = (score - wanted.to_f64()).abs();
                assert!(off <= 1e-11 * largest, "seed {seed}: {score} {wanted}, {network:?}");
            }
        }
    }
}

/// The same model with weights as floats hold them.
fn rounded(model: &crate::entangle::model::Model) -> crate::entangle::model::Model {
    use crate::entangle::model::{Model, Origin, Weight};
    let round = |weight: &Weight| {
        let data: Vec<f64> = weight.data().iter().map(|x| f64::from(*x as f32)).collect();
        Weight::new(weight.shape(), data).unwrap()
    };
    let convs = (0..).map_while(|conv| model.conv(conv)).map(round).collect();
    Model::new(model.network().clone(), convs, round(model.output()), Origin::Given).unwrap()
}

/// The features of a sample, as the engine lifts them.
fn features_of(
    engine: &Engine<f64>,
    network: &Network,
    data: &crate::learn::Dataset,
    sample: usize,
) -> Vec<f64> {
    let (sites, dim) = (engine.lift.sites, engine.lift.dim);
    let mut values = vec![0.0; engine.lift.values];
    data.read(sample, &mut values).unwrap();
    let mut out = vec![0.0; sites * padded(dim)];
    let mut exponents = vec![0; sites];
    let exponents: &mut [i32] =
        if network.features() == Representation::Gaussian { &mut exponents } else { &mut [] };
    engine.lift.forward(&values, None, &mut out, exponents, &mut Vec::new());
    let rows = out.chunks_exact(padded(dim)).enumerate();
    rows.flat_map(|(site, row)| {
        let unit = 2f64.powi(exponents.get(site).copied().unwrap_or(0));
        row[..dim].iter().map(move |x| x * unit).collect::<Vec<f64>>()
    })
    .collect()
}

#[test]
fn products_of_thousands_of_sites_stay_in_range() {
    // All sites in one window, in stages, and layer by layer; weights that would take a float out of
    // its range in a few factors.
    let grid = |n| Shape::Grid { rows: n, cols: n };
    let features = Representation::CosSin;
    let conv = |channels| Layer::Conv { channels, sharing: Sharing::Layer };
    let pool =
        |n| Layer::Pool { window: grid(n), kind: Pooling::Product, geometry: Geometry::Contiguous };
    let cp = vec![
        Layer::Input { shape: grid(64), dim: 2, features },
        conv(5),
        pool(64),
        Layer::Output { classes: 3 },
    ];
    let mut deep = vec![Layer::Input { shape: grid(64), dim: 2, features }];
    for _ in 0..6 {
        deep.extend([conv(5), pool(2)]);
    }
    deep.push(Layer::Output { classes: 3 });
    let interrupt = Interrupt::new();
    for layers in [cp, deep] {
        for scale in [1e-3, 1.0, 1e3] {
            let network = Network::new(layers.clone()).unwrap();
            let model = init(&network, Initial::Gaussian, 3, scale, &interrupt).unwrap();
            let data = random_data(&network, 2, 9);
            let mut engine = Engine::<f32>::new(&network, Sign::Signed, 1).unwrap();
            let parameters = parameters_of(&model, Sign::Signed).unwrap();
            engine.set(&parameters);
            let found = engine
                .scores(
                    &data,
                    &[0, 1],
                    |_| None,
                    &interrupt,
                    |_, scores, exponent| (scores.to_vec(), exponent),
                )
                .unwrap();
            let mut doubles = Engine::<f64>::new(&network, Sign::Signed, 1).unwrap();
            let wide: Vec<f64> = parameters.iter().map(|x| f64::from(*x)).collect();
            doubles.set(&wide);
            for (sample, (scores, exponent)) in found.iter().enumerate() {
                let features = features_of(&doubles, &network, &data, sample);
                let wanted = forward(&rounded(&model), &features, &interrupt).unwrap();
                for (score, wanted) in scores.iter().zip(&wanted) {
                    let size =
                        f64::from(score.abs()).ln() + f64::from(*exponent) * std::f64::consts::LN_2;
                    // 4,096 factors of seven digits: about 1e-4 in the logarithm.
                    assert!((size - wanted.ln_abs()).abs() < 2e-2, "{size} {}", wanted.ln_abs());
                    assert_eq!(f64::from(*score) < 0.0, wanted.mantissa() < 0.0);
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let mut random = SplitMix64::new(5);
    for seed in 0..20 {
        let network = random_network(seed);
        let data = random_data(&network, 37, seed);
        let samples: Vec<usize> = (0..37).collect();
        let mut engine = Engine::<f32>::new(&network, Sign::Signed, 1).unwrap();
        let at: Vec<f32> = (0..engine.parameters()).map(|_| random.unit() as f32).collect();
        engine.set(&at);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut grads = vec![0.0f32; at.len()];
            let loss = crate::learn::train::Loss::Direction;
            let found = pool.install(|| {
                engine.gradient(&data, &samples, loss, &at, &mut grads, &Interrupt::new()).unwrap()
            });
            (grads.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), found.loss.to_bits())
        };
        assert_eq!(run(1), run(4), "seed {seed}");
    }
}
