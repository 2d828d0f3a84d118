//! The weights that training starts from, and models of parameters.

use super::engine::{Engine, Sign};
use super::error::TrainError;
use super::options::has_products;
use crate::entangle::model::{
    Model, Origin, Weight, feature_shapes, standard_features, weight_shapes,
};
use crate::network::{Layer, Network, Pooling, Representation, SplitMix64};

/// A standard normal number by the polar method.
pub(super) fn normal(random: &mut SplitMix64) -> f64 {
    loop {
        let (x, y) = (2.0 * random.unit() - 1.0, 2.0 * random.unit() - 1.0);
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

/// Random parameters of a network, for training.
///
/// Rectified layers start from normal weights of variance `2 / cols` (He et al., arXiv 1502.01852),
/// linear ones of variance `1 / cols`. Rows of matrices before products have mean `1 / cols`, so that a
/// product of all sites starts close to 1, where its derivatives by every factor are of one size; a
/// product of numbers of mean 0 would be flat nearly everywhere. For the same reason the noise of the
/// members of windows of hundreds of sites is smaller: no matrix mixes the channels in between, and their
/// sizes would come to differ by more than floats can hold. Parameters of positive rows are normal.
pub(super) fn random_parameters(network: &Network, sign: Sign, seed: u64) -> Vec<f32> {
    let mut random = SplitMix64::new(SplitMix64::new(seed).next_u64() ^ 0x7472_6169_6e00_0001);
    let products = has_products(network);
    let mut out: Vec<f32> = Vec::new();
    let features = standard_features(network, seed);
    push_features(network, &features, products, &mut out);
    let layers = network.layers();
    for (number, (layer, stage)) in layers.iter().zip(network.stages()).enumerate() {
        let Some([positions, rows, cols]) = stage.weight_shape else { continue };
        let rectified = matches!(layers.get(number + 1), Some(Layer::Relu));
        let last = matches!(layer, Layer::Output { .. });
        let members = match layers.get(number + 1) {
            Some(Layer::Pool { window, kind: Pooling::Product, .. }) => window.sites() as f64,
            _ => 1.0,
        };
        let noise_of_products = NOISE * (MEMBERS / members).sqrt().min(1.0);
        let spread = (if rectified { 2.0 } else { 1.0 } / cols as f64).sqrt();
        for _ in 0..positions * rows * cols {
            let noise = normal(&mut random);
            out.push(match sign {
                Sign::Positive => noise as f32,
                Sign::Signed if products && !rectified && !last => {
                    (1.0 / cols as f64 + noise_of_products * spread * noise) as f32
                }
                Sign::Signed => (spread * noise) as f32,
            });
        }
    }
    out
}

/// The noise of matrices before products, of that of a layer without.
const NOISE: f64 = 0.5;

/// Members of a window whose noise is not made smaller.
const MEMBERS: f64 = 256.0;

/// Appends the parameters of representation functions.
fn push_features(network: &Network, features: &[Weight], products: bool, out: &mut Vec<f32>) {
    for (number, weight) in features.iter().enumerate() {
        let log = network.features() == Representation::Gaussian && number == 1;
        let bias = matches!(network.features(), Representation::Affine { .. }) && number == 1;
        out.extend(weight.data().iter().map(|x| match (log, bias && products) {
            (true, _) => x.ln() as f32,
            // A function that is 0 would make every product 0.
            (false, true) if *x == 0.0 => 1.0,
            (false, _) => *x as f32,
        }));
    }
}

/// The parameters of a model, to go on from.
///
/// # Errors
/// [`TrainError::NotPositive`] when weights should be positive and are not, [`TrainError::Weight`] when
/// single precision cannot hold one.
pub(super) fn parameters_of(model: &Model, sign: Sign) -> Result<Vec<f32>, TrainError> {
    let mut out = Vec::new();
    push_features(model.network(), model.features(), false, &mut out);
    let matrices = weight_shapes(model.network()).len();
    for (name, weight) in model.weights().take(matrices) {
        match sign {
            Sign::Signed => {
                if weight.data().iter().any(|x| !(*x as f32).is_finite()) {
                    return Err(TrainError::Weight { name });
                }
                out.extend(weight.data().iter().map(|x| *x as f32));
            }
            Sign::Positive => {
                if weight.data().iter().any(|x| *x <= 0.0) {
                    let reason =
                        format!("{name} of the model to go on from has entries of 0 or less");
                    return Err(TrainError::NotPositive { reason });
                }
                out.extend(weight.data().iter().map(|x| x.ln() as f32));
            }
        }
    }
    Ok(out)
}

/// The model of some parameters.
///
/// # Errors
/// [`TrainError::Model`] when one is no number.
pub(super) fn model_of(
    network: &Network,
    engine: &Engine<f32>,
    parameters: &[f32],
    seed: u64,
    steps: u64,
) -> Result<Model, TrainError> {
    let (features, matrices) = parameters.split_at(engine.lift.parameters());
    let entries = match engine.sign {
        Sign::Signed => matrices.to_vec(),
        Sign::Positive => engine.softmax(matrices),
    };
    let mut rest = entries.iter().map(|x| f64::from(*x));
    let mut take = |shape: [u64; 3]| {
        let count = shape.iter().product::<u64>() as usize;
        Weight::new(shape, rest.by_ref().take(count).collect::<Vec<f64>>())
    };
    let mut weights: Vec<Weight> =
        weight_shapes(network).into_iter().filter_map(|(_, shape)| take(shape)).collect();
    let output = weights.pop().ok_or(TrainError::TooLarge { bytes: f64::INFINITY })?;
    let mut rest = features.iter().map(|x| f64::from(*x));
    let learned = feature_shapes(network).into_iter().filter_map(|(name, shape)| {
        let count = shape.iter().product::<u64>() as usize;
        let own = rest.by_ref().take(count);
        let data: Vec<f64> =
            if name == "input.deviation" { own.map(f64::exp).collect() } else { own.collect() };
        Weight::new(shape, data)
    });
    let learned: Vec<Weight> = learned.collect();
    let origin = Origin::Trained { seed, steps };
    Ok(Model::new(network.clone(), weights, output, origin)?.with_features(learned)?)
}
