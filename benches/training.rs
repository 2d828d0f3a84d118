//! Time of a training step, as JSON lines: `cargo bench --bench training`.
//!
//! The networks are those of theory: 64x64 sites, 3x3 patches to 10 channels, six blocks of a 1x1
//! convolution and a pooling of 2x2, `r = 8`, wide base; batches of 64. `benches/training.py` runs it
//! beside PyTorch on the same cores and prints ratios.

use std::time::Instant;

use convac::interrupt::Interrupt;
use convac::learn::Dataset;
use convac::learn::train::{Options, Trainer};
use convac::network::{
    Geometry, Layer, Network, Pooling, Representation, Shape, Sharing, SplitMix64,
};

fn network(kind: Pooling, r: u64) -> Network {
    let grid = |n| Shape::Grid { rows: n, cols: n };
    let features = Representation::Affine { patch: grid(3) };
    let mut layers = vec![Layer::Input { shape: grid(64), dim: 10, features }];
    for channels in [4 * r, 4 * r, 2 * r, 2 * r, r, r] {
        layers.push(Layer::Conv { channels, sharing: Sharing::Layer });
        if kind != Pooling::Product {
            layers.push(Layer::Relu);
        }
        layers.push(Layer::Pool { window: grid(2), kind, geometry: Geometry::Contiguous });
    }
    layers.push(Layer::Output { classes: 10 });
    Network::new(layers).unwrap()
}

fn main() {
    let steps: u64 = std::env::var("STEPS").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    let mut random = SplitMix64::new(1);
    let values = (0..64 * 4096).map(|_| random.unit()).collect();
    let labels = (0..64).map(|sample| sample % 10).collect();
    let shape = Shape::Grid { rows: 64, cols: 64 };
    let data = Dataset::new(shape, values, Some(labels)).unwrap();
    let interrupt = Interrupt::new();
    for (name, kind) in [("convnet", Pooling::Max), ("convac", Pooling::Product)] {
        let options = Options { epochs: steps + 2, rate: 1e-3, ..Options::default() };
        let mut trainer = Trainer::new(&network(kind, 8), &data, None, options, None).unwrap();
        let mut times = Vec::new();
        for _ in 0..steps + 2 {
            let begin = Instant::now();
            trainer.step(&data, None, &interrupt).unwrap();
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        // The first steps find the memory.
        let mut times = times.split_off(2);
        times.sort_by(f64::total_cmp);
        let (median, least) = (times[times.len() / 2], times[0]);
        println!("{{\"name\": \"{name}\", \"median_ms\": {median:.3}, \"least_ms\": {least:.3}}}");
    }
}
