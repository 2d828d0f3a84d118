//! Gradients in doubles against central differences.

use super::networks::{random_data, random_network};
use crate::interrupt::Interrupt;
use crate::learn::train::engine::Engine;
use crate::learn::train::{Loss, Sign};
use crate::network::SplitMix64;

/// The loss of all samples at some parameters.
fn loss_at(engine: &mut Engine<f64>, data: &crate::learn::Dataset, loss: Loss, at: &[f64]) -> f64 {
    engine.set(at);
    let samples: Vec<usize> = (0..data.samples()).collect();
    let mut grads = vec![0.0; at.len()];
    let interrupt = Interrupt::new();
    let found = engine.gradient(data, &samples, loss, at, &mut grads, &interrupt).unwrap();
    found.loss / found.samples as f64
}

#[test]
fn gradients_are_those_of_differences() {
    let mut checked = 0;
    for seed in 0..200 {
        let network = random_network(seed);
        let mut random = SplitMix64::new(seed ^ 0xABCD);
        let (sign, loss) = match random.below(5) {
            0 => (Sign::Positive, Loss::Ratio),
            1 => (Sign::Signed, Loss::Softmax),
            2 => (Sign::Signed, Loss::Direction),
            3 => (Sign::Positive, Loss::Likelihood),
            _ => (Sign::Positive, Loss::Direction),
        };
        let data = random_data(&network, 5, seed);
        let mut engine = Engine::<f64>::new(&network, sign, 1).unwrap();
        let at: Vec<f64> = (0..engine.parameters()).map(|_| 2.0 * random.unit() - 1.0).collect();
        engine.set(&at);
        let mut grads = vec![0.0; at.len()];
        let samples: Vec<usize> = (0..5).collect();
        let interrupt = Interrupt::new();
        engine.gradient(&data, &samples, loss, &at, &mut grads, &interrupt).unwrap();
        let largest = grads.iter().fold(0.0f64, |most, grad| most.max(grad.abs()));
        for _ in 0..12 {
            let place = random.below(at.len() as u64) as usize;
            // A kink of a rectifier or of a maximum may lie between the two points: then a smaller
            // step is taken.
            let close = [1e-5, 1e-6, 1e-7].iter().any(|step| {
                let mut moved = at.clone();
                moved[place] += step;
                let above = loss_at(&mut engine, &data, loss, &moved);
                moved[place] -= 2.0 * step;
                let below = loss_at(&mut engine, &data, loss, &moved);
                let difference = (above - below) / (2.0 * step);
                let allowed = 1e-6 * grads[place].abs() + 1e-5 * largest + 1e-9 * (1e-5 / step);
                (difference - grads[place]).abs() <= allowed
            });
            assert!(close, "seed {seed}: {sign:?} {loss:?} parameter {place} of {network:?}");
            checked += usize::from(grads[place] != 0.0);
        }
    }
    assert!(checked > 1000, "{checked} gradients were not 0");
}
