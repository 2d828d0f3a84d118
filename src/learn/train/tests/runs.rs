//! Whole runs: they learn, they are the same every time, and they go on where they were stopped.

use super::networks::{random_data, random_network};
use crate::interrupt::Interrupt;
use crate::learn::Dataset;
use crate::learn::train::{
    Classifier, Generator, Loss, Method, Options, Schedule, Sign, Status, TrainError, Trainer,
    Unseen,
};
use crate::network::{Geometry, Layer, Network, Pooling, Representation, Shape, Sharing};

fn grid(n: u64) -> Shape {
    Shape::Grid { rows: n, cols: n }
}

/// Blocks of a convolution and a pooling of 2x2 on 4x4 sites, for two classes.
fn small(features: Representation, kind: Pooling, sharing: Sharing) -> Network {
    let mut layers = vec![Layer::Input { shape: grid(4), dim: 3, features }];
    for channels in [6, 5] {
        layers.push(Layer::Conv { channels, sharing });
        if kind != Pooling::Product {
            layers.push(Layer::Relu);
        }
        layers.push(Layer::Pool { window: grid(2), kind, geometry: Geometry::Contiguous });
    }
    layers.push(Layer::Output { classes: 2 });
    Network::new(layers).unwrap()
}

/// Left or right half bright.
fn halves(samples: usize, seed: u64) -> Dataset {
    let mut random = crate::network::SplitMix64::new(seed);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for sample in 0..samples {
        let label = sample % 2;
        for site in 0..16 {
            let bright = (site % 4 < 2) == (label == 0);
            values.push(0.5 * random.unit() + if bright { 0.5 } else { 0.0 });
        }
        labels.push(label as u32);
    }
    Dataset::new(grid(4), values, Some(labels)).unwrap()
}

fn run(trainer: &mut Trainer, data: &Dataset, validate: Option<&Dataset>) {
    let interrupt = Interrupt::new();
    while trainer.step(data, validate, &interrupt).unwrap() == Status::Running {}
}

#[test]
fn every_kind_of_network_learns() {
    let (data, test) = (halves(64, 1), halves(64, 2));
    let affine = Representation::Affine { patch: grid(3) };
    let cases = [
        (affine, Pooling::Max, Sharing::Layer, Sign::Signed, None),
        (affine, Pooling::Mean, Sharing::Layer, Sign::Signed, Some(Loss::Softmax)),
        (Representation::CosSin, Pooling::Product, Sharing::None, Sign::Signed, None),
        (Representation::OneHot, Pooling::Product, Sharing::Window, Sign::Positive, None),
        (Representation::Gaussian, Pooling::Product, Sharing::None, Sign::Positive, None),
        (Representation::Gaussian, Pooling::Product, Sharing::None, Sign::Signed, None),
    ];
    let methods = [
        (Method::Adam { beta1: 0.9, beta2: 0.999 }, 0.02),
        (Method::Nadam { beta1: 0.9, beta2: 0.999 }, 0.02),
        (Method::Sgd { momentum: 0.9 }, 0.05),
    ];
    for (features, kind, sharing, sign, loss) in cases {
        // Densities with signed weights are steep: plain steps of one rate for all do not suit them.
        let steep = features == Representation::Gaussian && sign == Sign::Signed;
        for (method, rate) in methods.into_iter().take(if steep { 2 } else { 3 }) {
            let network = small(features, kind, sharing);
            let options = Options {
                epochs: 60,
                batch: 16,
                rate,
                method,
                sign,
                loss,
                schedule: Schedule::Cosine,
                ..Options::default()
            };
            let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
            run(&mut trainer, &data, None);
            let history = trainer.history();
            let (first, last) = (history[0].loss, history[59].loss);
            assert!(
                last < 0.5 * first,
                "{features:?} {kind:?} {sign:?} {method:?}: {first} {last}"
            );
            let classifier = Classifier::new(&trainer.model().unwrap()).unwrap();
            let loss = options.loss_of(&network);
            let found = classifier.judge(&test, loss, &Unseen::Nothing, &Interrupt::new()).unwrap();
            let accuracy = found.accuracy;
            assert!(accuracy > 0.9, "{features:?} {kind:?} {sign:?} {method:?}: {accuracy}");
        }
    }
}

fn bits(trainer: &Trainer) -> Vec<u32> {
    trainer.state.parameters.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn runs_are_the_same_and_go_on_after_any_step() {
    let interrupt = Interrupt::new();
    for seed in 0..6 {
        let network = random_network(seed);
        // A network of 10 classes has a sample of each.
        let data = (0..).map(|s| random_data(&network, 60, s)).find(|data| {
            let labels = data.labels().unwrap();
            (0..network.classes()).all(|class| labels.contains(&(class as u32)))
        });
        let data = data.unwrap();
        let validate = random_data(&network, 10, 77);
        let options = Options {
            epochs: 5,
            batch: 16,
            rate: 1e-3,
            seed,
            method: [Method::Adam { beta1: 0.9, beta2: 0.99 }, Method::Sgd { momentum: 0.5 }]
                [seed as usize % 2],
            schedule: Schedule::Cosine,
            weight_decay: 0.01,
            patience: Some(2),
            snapshots: 3,
            ..Options::default()
        };
        let new = || Trainer::new(&network, &data, Some(&validate), options, None).unwrap();
        let (mut whole, mut again) = (new(), new());
        run(&mut whole, &data, Some(&validate));
        run(&mut again, &data, Some(&validate));
        assert_eq!(whole.state, again.state, "seed {seed}");
        for stop in (0..whole.steps()).step_by(3) {
            let mut first = new();
            for _ in 0..stop {
                let _ = first.step(&data, Some(&validate), &interrupt).unwrap();
            }
            let bytes = first.checkpoint().unwrap();
            let mut second = new();
            second.resume(&bytes).unwrap();
            assert_eq!(first.state, second.state);
            run(&mut second, &data, Some(&validate));
            assert_eq!(bits(&whole), bits(&second), "seed {seed}, stopped after {stop}");
            assert_eq!(whole.state, second.state);
        }
    }
}

#[test]
fn checkpoints_of_other_runs_and_broken_ones_are_refused() {
    let network = small(Representation::CosSin, Pooling::Product, Sharing::Layer);
    let data = halves(20, 1);
    let options = Options { epochs: 2, batch: 10, ..Options::default() };
    let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    let _ = trainer.step(&data, None, &Interrupt::new()).unwrap();
    let bytes = trainer.checkpoint().unwrap();
    let before = trainer.state.clone();

    let other = |options: Options, data: &Dataset, network: &Network| {
        let mut other = Trainer::new(network, data, None, options, None).unwrap();
        match other.resume(&bytes) {
            Err(TrainError::OtherRun { setting, .. }) => setting,
            found => panic!("{found:?}"),
        }
    };
    assert_eq!(other(Options { rate: 0.1, ..options }, &data, &network), "rate");
    assert_eq!(other(Options { seed: 1, ..options }, &data, &network), "seed");
    assert_eq!(other(options, &halves(20, 2), &network), "data");
    let wide = small(Representation::OneHot, Pooling::Product, Sharing::Layer);
    assert_eq!(other(options, &data, &wide), "network");

    // What else the run was given counts too.
    let start = trainer.model().unwrap();
    let from = Trainer::new(&network, &data, None, options, Some(&start)).unwrap().resume(&bytes);
    assert!(
        matches!(from, Err(TrainError::OtherRun { setting, .. }) if setting.starts_with("the model"))
    );
    let validated =
        Trainer::new(&network, &data, Some(&data), options, None).unwrap().resume(&bytes);
    assert!(
        matches!(validated, Err(TrainError::OtherRun { setting, .. }) if setting == "validate")
    );

    // Cut anywhere, or with any byte changed, it is refused or harmless.
    let step = (bytes.len() / 200).max(1);
    for cut in (0..bytes.len()).step_by(step) {
        assert!(trainer.resume(&bytes[..cut]).is_err(), "cut at {cut}");
        assert_eq!(trainer.state, before);
    }
    for place in (0..bytes.len()).step_by(step) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        if trainer.resume(&damaged).is_err() {
            assert_eq!(trainer.state, before);
        }
        trainer.resume(&bytes).unwrap();
    }
}

#[test]
fn states_that_a_run_never_comes_to_are_refused() {
    // Written by hand, they would run forever, read beyond the samples or count below zero.
    let network = small(Representation::CosSin, Pooling::Product, Sharing::Layer);
    let data = halves(20, 1);
    let options =
        Options { epochs: 3, batch: 10, patience: Some(2), snapshots: 2, ..Options::default() };
    let new = || Trainer::new(&network, &data, Some(&data), options, None).unwrap();
    let mut trainer = new();
    for _ in 0..3 {
        let _ = trainer.step(&data, Some(&data), &Interrupt::new()).unwrap();
    }
    new().resume(&trainer.checkpoint().unwrap()).unwrap();
    let good = trainer.state.clone();
    let refused = |change: &dyn Fn(&mut crate::learn::train::trainer::State)| {
        let mut written = new();
        written.state = good.clone();
        change(&mut written.state);
        let found = new().resume(&written.checkpoint().unwrap());
        assert!(matches!(found, Err(TrainError::Checkpoint { .. })), "{found:?}");
    };
    refused(&|state| state.batch = 3);
    refused(&|state| state.batch = u64::MAX);
    refused(&|state| state.epoch = 0);
    refused(&|state| state.epoch = u64::MAX);
    refused(&|state| state.steps = 0);
    refused(&|state| state.history.clear());
    refused(&|state| state.best = None);
    refused(&|state| {
        if let Some(best) = &mut state.best {
            best.1 = 2;
        }
    });
    refused(&|state| state.snapshots = vec![(7, state.parameters.clone())]);
    refused(&|state| state.snapshots = vec![(0, state.parameters.clone()); 3]);
}

#[test]
fn the_history_has_the_rate_of_the_last_step_of_each_epoch() {
    let network = small(Representation::CosSin, Pooling::Product, Sharing::Layer);
    let data = halves(20, 1);
    let schedule = Schedule::Linear;
    let options = Options { epochs: 2, batch: 10, rate: 0.4, schedule, ..Options::default() };
    let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    run(&mut trainer, &data, None);
    // Steps of 0.4, 0.3 | 0.2, 0.1.
    let rates: Vec<f64> = trainer.history().iter().map(|epoch| epoch.rate).collect();
    assert!((rates[0] - 0.3).abs() < 1e-12 && (rates[1] - 0.1).abs() < 1e-12, "{rates:?}");
}

#[test]
fn numbers_without_end_change_nothing() {
    // Epochs and snapshots whose product is beyond 64 bits.
    let network = small(Representation::CosSin, Pooling::Product, Sharing::Layer);
    let data = halves(20, 1);
    let options =
        Options { epochs: u64::MAX, snapshots: u64::MAX, batch: 20, ..Options::default() };
    assert!(matches!(
        Trainer::new(&network, &data, None, options, None),
        Err(TrainError::TooLarge { .. })
    ));
    let options = Options { epochs: u64::MAX, snapshots: 3, batch: usize::MAX, ..options };
    let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    for _ in 0..3 {
        let _ = trainer.step(&data, None, &Interrupt::new()).unwrap();
    }
    assert_eq!((trainer.history().len(), trainer.steps()), (3, 3));
}

#[test]
fn networks_beyond_memory_are_refused_before_anything_is_allocated() {
    // 2^26 sites whose matrices are their own, and channels beyond counting.
    for (sites, channels, sharing) in [
        (1 << 26, 64, Sharing::None),
        (1 << 26, 64, Sharing::Layer),
        (2, 1 << 40, Sharing::Layer),
        (4096, 1 << 20, Sharing::None),
    ] {
        let shape = Shape::Chain(sites);
        let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
        let network = Network::new(vec![
            Layer::Input { shape, dim: 2, features: Representation::CosSin },
            Layer::Conv { channels, sharing },
            Layer::Pool { window: shape, kind, geometry },
            Layer::Output { classes: 2 },
        ])
        .unwrap();
        let found = crate::learn::train::engine::Engine::<f32>::new(&network, Sign::Signed, 8);
        assert!(matches!(found, Err(TrainError::TooLarge { .. })), "{sites} {channels}");
    }
}

#[test]
fn products_of_thousands_of_sites_with_matrices_of_their_own_begin_to_learn() {
    // Independent channels of 4,096 random factors each: their sizes must not leave the range of floats.
    let shape = grid(64);
    let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
    let network = Network::new(vec![
        Layer::Input { shape, dim: 2, features: Representation::CosSin },
        Layer::Conv { channels: 32, sharing: Sharing::None },
        Layer::Pool { window: shape, kind, geometry },
        Layer::Output { classes: 2 },
    ])
    .unwrap();
    let mut random = crate::network::SplitMix64::new(1);
    let values = (0..4 * 4096).map(|_| random.unit()).collect();
    let data = Dataset::new(shape, values, Some(vec![0, 1, 0, 1])).unwrap();
    let options = Options { epochs: 3, rate: 1e-6, ..Options::default() };
    let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    run(&mut trainer, &data, None);
    let losses: Vec<f64> = trainer.history().iter().map(|epoch| epoch.loss).collect();
    assert!(losses[2] < losses[0], "{losses:?}");
}

#[test]
fn an_interrupt_leaves_the_state_as_it_was() {
    let shape = Shape::Chain(1 << 12);
    let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
    let network = Network::new(vec![
        Layer::Input { shape, dim: 2, features: Representation::CosSin },
        Layer::Conv { channels: 8, sharing: Sharing::None },
        Layer::Pool { window: shape, kind, geometry },
        Layer::Output { classes: 2 },
    ])
    .unwrap();
    let data = Dataset::new(shape, vec![0.5; 2 << 12], Some(vec![0, 1])).unwrap();
    let mut trainer = Trainer::new(&network, &data, None, Options::default(), None).unwrap();
    let before = trainer.state.clone();
    let interrupt = Interrupt::new();
    interrupt.trigger();
    assert!(trainer.step(&data, None, &interrupt).is_err());
    assert_eq!(trainer.state, before);
    interrupt.clear();
    assert!(trainer.step(&data, None, &interrupt).is_ok());
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_with_its_step() {
    let network = small(Representation::CosSin, Pooling::Max, Sharing::Layer);
    let data = halves(20, 1);
    let method = Method::Sgd { momentum: 0.0 };
    let options = Options { epochs: 50, batch: 10, rate: 1e30, method, ..Options::default() };
    let mut trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    let found = (0..100).find_map(|_| trainer.step(&data, None, &Interrupt::new()).err());
    match found {
        Some(TrainError::Diverged { epoch: 1, step, rate }) => {
            assert!(step > 1 && rate == 1e30);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_that_does_not_fit_is_refused() {
    let network = small(Representation::CosSin, Pooling::Product, Sharing::Layer);
    let new =
        |data: &Dataset, options: Options| Trainer::new(&network, data, None, options, None).err();
    let labelled = |labels: Vec<u32>| {
        Dataset::new(grid(4), vec![0.5; 16 * labels.len()], Some(labels)).unwrap()
    };
    let options = Options::default();
    assert_eq!(
        new(&labelled(vec![0, 1, 2]), options),
        Some(TrainError::Label { label: 2, classes: 2 })
    );
    assert_eq!(new(&labelled(vec![1, 1]), options), Some(TrainError::EmptyClass { class: 0 }));
    let chain = Dataset::new(Shape::Chain(4), vec![0.5; 8], Some(vec![0, 1])).unwrap();
    assert!(matches!(new(&chain, options), Some(TrainError::Sites { found: 4, expected: 16, .. })));
    let data = halves(4, 1);
    for (options, name) in [
        (Options { batch: 0, ..options }, "batch"),
        (Options { rate: 0.0, ..options }, "rate"),
        (Options { rate: f64::NAN, ..options }, "rate"),
        (Options { weight_decay: -1.0, ..options }, "weight_decay"),
        (Options { patience: Some(1), ..options }, "patience"),
        (Options { method: Method::Sgd { momentum: 1.0 }, ..options }, "momentum"),
        (Options { method: Method::Adam { beta1: 0.9, beta2: 1.5 }, ..options }, "beta2"),
    ] {
        assert!(
            matches!(new(&data, options), Some(TrainError::Setting { name: found, .. }) if found == name)
        );
    }
    let ratio = Options { loss: Some(Loss::Ratio), ..options };
    assert_eq!(new(&data, ratio), Some(TrainError::Ratio));
}

#[test]
fn left_out_sites_are_summed_over_exactly() {
    // The likelihood of what is seen is the sum over all values of what is not.
    let features = Representation::OneHot;
    let mut layers = vec![Layer::Input { shape: Shape::Chain(4), dim: 3, features }];
    for channels in [4, 2] {
        layers.push(Layer::Conv { channels, sharing: Sharing::None });
        let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
        layers.push(Layer::Pool { window: Shape::Chain(2), kind, geometry });
    }
    layers.push(Layer::Output { classes: 2 });
    let network = Network::new(layers).unwrap();
    let options = Options { epochs: 0, sign: Sign::Positive, ..Options::default() };
    let data = Dataset::new(Shape::Chain(4), vec![0.0; 8], Some(vec![0, 1])).unwrap();
    let trainer = Trainer::new(&network, &data, None, options, None).unwrap();
    let classifier = Classifier::new(&trainer.model().unwrap()).unwrap();
    let interrupt = Interrupt::new();
    let score = |values: Vec<f64>, unseen: &Unseen| {
        let data = Dataset::new(Shape::Chain(4), values, None).unwrap();
        let found = classifier.scores(&data, unseen, &interrupt).unwrap();
        let one = &found[0];
        let unit = 2f64.powi(one.exponent);
        one.mantissas.iter().map(|x| f64::from(*x) * unit).collect::<Vec<f64>>()
    };
    let sides = vec![true, false, true, false];
    let missing = crate::network::Bipartition::from_sides(Shape::Chain(4), sides).unwrap();
    let on_a = missing.side(0) == crate::network::Side::A;
    let (left_out, seen) = if on_a { ([0, 2], [1, 3]) } else { ([1, 3], [0, 2]) };
    for first in 0..3 {
        for second in 0..3 {
            let mut values = vec![0.0; 4];
            values[seen[0]] = f64::from(first) / 2.0;
            values[seen[1]] = f64::from(second) / 2.0;
            let marginal = score(values.clone(), &Unseen::Sites(missing.clone()));
            let mut sum = [0.0; 2];
            for x in 0..3 {
                for y in 0..3 {
                    values[left_out[0]] = f64::from(x) / 2.0;
                    values[left_out[1]] = f64::from(y) / 2.0;
                    let joint = score(values.clone(), &Unseen::Nothing);
                    sum.iter_mut().zip(joint).for_each(|(sum, joint)| *sum += joint);
                }
            }
            for (sum, marginal) in sum.iter().zip(&marginal) {
                assert!((sum - marginal).abs() < 1e-5 * marginal, "{sum} {marginal}");
            }
        }
    }
}

#[test]
fn drawn_data_has_the_distribution_of_the_model() {
    // A chi-square test of whole samples, and of what is drawn given a class and two seen sites.
    let features = Representation::OneHot;
    let mut layers = vec![Layer::Input { shape: Shape::Chain(4), dim: 2, features }];
    for channels in [3, 2] {
        layers.push(Layer::Conv { channels, sharing: Sharing::Window });
        let (kind, geometry) = (Pooling::Product, Geometry::Mirror);
        layers.push(Layer::Pool { window: Shape::Chain(2), kind, geometry });
    }
    layers.push(Layer::Output { classes: 2 });
    let network = Network::new(layers).unwrap();
    let options = Options { epochs: 0, sign: Sign::Positive, seed: 4, ..Options::default() };
    let data = Dataset::new(Shape::Chain(4), vec![0.0; 8], Some(vec![0, 1])).unwrap();
    let model = Trainer::new(&network, &data, None, options, None).unwrap().model().unwrap();
    let interrupt = Interrupt::new();
    let classifier = Classifier::new(&model).unwrap();
    let values = |number: u32| (0..4).map(move |site| f64::from(number >> site & 1));
    let all = Dataset::new(Shape::Chain(4), (0..16).flat_map(values).collect(), None).unwrap();
    let scores = classifier.scores(&all, &Unseen::Nothing, &interrupt).unwrap();
    let likelihood = |number: usize, class: usize| {
        f64::from(scores[number].mantissas[class]) * 2f64.powi(scores[number].exponent)
    };
    let number_of = |row: &[f64]| -> usize {
        row.iter().enumerate().map(|(site, x)| usize::from(*x > 0.5) << site).sum()
    };
    let chi_square = |drawn: &Dataset, expected: &dyn Fn(usize) -> f64| -> f64 {
        let mut counts = [0.0; 16];
        drawn.rows().for_each(|row| counts[number_of(&row.unwrap())] += 1.0);
        let total: f64 = counts.iter().sum();
        let expected: Vec<f64> = (0..16).map(|number| total * expected(number)).collect();
        let terms = counts.iter().zip(expected);
        terms
            .map(|(count, expected)| match expected > 0.0 {
                true => (count - expected).powi(2) / expected,
                false => {
                    assert_eq!(*count, 0.0);
                    0.0
                }
            })
            .sum()
    };
    let generator = Generator::new(&model).unwrap();
    let drawn = generator.generate(40_000, Some(1), 7, &interrupt).unwrap();
    // 15 degrees of freedom: above 37.7 once in a thousand; the seed is fixed.
    let found = chi_square(&drawn, &|number| likelihood(number, 1));
    assert!(found < 37.7, "{found}");
    let mean = |number| 0.5 * (likelihood(number, 0) + likelihood(number, 1));
    let drawn = generator.generate(40_000, None, 8, &interrupt).unwrap();
    let found = chi_square(&drawn, &mean);
    assert!(found < 37.7, "{found}");

    // Sites 1 and 3 are seen as 1 and 0.
    let seen = Dataset::new(Shape::Chain(4), [0.0, 1.0, 0.0, 0.0].repeat(40_000), None).unwrap();
    let sides = vec![true, false, true, false];
    let partition = crate::network::Bipartition::from_sides(Shape::Chain(4), sides).unwrap();
    assert_eq!(partition.side(0), crate::network::Side::A);
    let unseen = Unseen::Sites(partition);
    for class in [None, Some(0)] {
        let weight = |number: usize| match class {
            _ if number & 0b1010 != 0b0010 => 0.0,
            None => mean(number),
            Some(class) => likelihood(number, class as usize),
        };
        let total: f64 = (0..16).map(weight).sum();
        let drawn = generator.inpaint(&seen, &unseen, class, 9, &interrupt).unwrap();
        // 3 degrees of freedom.
        let found = chi_square(&drawn, &|number| weight(number) / total);
        assert!(found < 16.3, "{class:?} {found}");
    }
}
