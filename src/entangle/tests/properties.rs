//! What must hold for every state, network and number of threads.

use super::oracle::{random_case, random_partition, sides};
use crate::entangle::model::{Model, Origin, Weight, init};
use crate::entangle::{
    self, Accuracy, Amplitudes, EntangleError, Output, Reducer, Sampler, Sites, plan, schmidt,
};
use crate::graph::tests::generate::tree_network;
use crate::graph::{Labels, OutputSide, Subtrees};
use crate::interrupt::Interrupt;
use crate::network::{
    Bipartition, Geometry, Layer, Network, Pooling, Representation, Rule, Shape, Sharing,
    SplitMix64,
};

fn halves(model: &Model) -> Bipartition {
    Rule::LeftRight.resolve(&model.network().input_shape()).unwrap()
}

#[test]
fn both_sides_have_one_entropy_and_orders_fall() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(51);
    for round in 0..300 {
        let (model, partition, _) = random_case(&mut random, round);
        let entropy = |partition: &Bipartition, order: f64| {
            entangle::entropy(&model, partition, Output::Class(0), order, &interrupt).unwrap()
        };
        let other = partition.complement();
        let mut last = f64::INFINITY;
        for order in [0.0, 0.5, 1.0, 2.0, 3.0, f64::INFINITY] {
            let (here, there) = (entropy(&partition, order), entropy(&other, order));
            assert!((here - there).abs() < 1e-9, "{here} {there}");
            assert!(here <= last + 1e-9, "order {order}: {here} after {last}");
            last = here;
        }
    }
}

#[test]
fn entropy_is_subadditive_and_agrees_with_density_matrices() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(52);
    for round in 0..200 {
        let (model, _, _) = random_case(&mut random, round);
        let shape = model.network().input_shape();
        let count = shape.sites();
        if count < 3 {
            continue;
        }
        let class = Output::Class(0);
        let entropy = |sites: &[u64]| {
            let across = Rule::Sites(sites.to_vec()).resolve(&shape).unwrap();
            entangle::entropy(&model, &across, class, 1.0, &interrupt).unwrap()
        };
        let mut order: Vec<u64> = (0..count).collect();
        random.shuffle(&mut order);
        let (a, b, both) = (entropy(&order[..1]), entropy(&order[1..2]), entropy(&order[..2]));
        assert!(both <= a + b + 1e-10 && (a - b).abs() <= both + 1e-10, "{a} {b} {both}");
        let reducer = Reducer::new(&model, class, &interrupt).unwrap();
        for (sites, wanted) in [(&order[..1], a), (&order[..2], both)] {
            let found =
                reducer.reduce(sites, &interrupt).unwrap().entropy(1.0, &interrupt).unwrap();
            assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        }
    }
}

/// The model with other matrices of one convolution.
fn with_conv(
    model: &Model,
    conv: usize,
    change: impl Fn(usize, usize, usize, f64) -> f64,
) -> Model {
    let count = model.network().convolutions();
    let convs = (0..count).map(|number| {
        let weight = model.conv(number).unwrap();
        let (rows, cols) = (weight.rows(), weight.cols());
        let data: Vec<f64> = weight
            .data()
            .iter()
            .enumerate()
            .map(|(place, entry)| {
                if number == conv {
                    change(place / (rows * cols), place / cols % rows, place % cols, *entry)
                } else {
                    *entry
                }
            })
            .collect();
        Weight::new(weight.shape(), data).unwrap()
    });
    Model::new(model.network().clone(), convs.collect(), model.output().clone(), Origin::Given)
        .unwrap()
}

#[test]
fn gauges_change_nothing() {
    // Between two poolings channels may be scaled: rows of one matrix by g, columns of the next by
    // g^-b for a window of b.
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(53);
    for sharing in [Sharing::None, Sharing::Window, Sharing::Layer] {
        let net = tree_network(&[3, 2, 2], 2, &[4, 5, 3], sharing);
        let model = Model::random(&net, 3);
        let gauge: Vec<f64> = (0..4).map(|channel| [2.5, -0.3, 7.0, 1e-3][channel]).collect();
        let scaled = with_conv(&model, 0, |_, row, _, entry| entry * gauge[row]);
        let scaled = with_conv(&scaled, 1, |_, _, col, entry| entry / gauge[col].powi(3));
        for _ in 0..20 {
            let across = random_partition(&mut random, &net);
            for accuracy in [Accuracy::Values, Accuracy::Entropies] {
                let p = |model: &Model| {
                    schmidt(model, &across, Output::Class(0), accuracy, &interrupt).unwrap()
                };
                let (x, y) = (p(&model), p(&scaled));
                for (x, y) in x.p().iter().zip(y.p()) {
                    assert!((x - y).abs() < 1e-12, "{x} {y}");
                }
            }
            let renyi = |model: &Model| {
                entangle::entropy(model, &across, Output::Class(0), 2.0, &interrupt).unwrap()
            };
            assert!((renyi(&model) - renyi(&scaled)).abs() < 1e-10);
        }
    }
}

#[test]
fn plans_know_the_sizes_of_cores() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(54);
    for _ in 0..200 {
        let dims: Vec<u64> = (0..3).map(|_| random.below(5) + 1).collect();
        let net = tree_network(&[2, 2, 2], random.below(3) + 2, &dims, Sharing::None);
        let across = random_partition(&mut random, &net);
        let found = plan(&net, &across, OutputSide::Fixed, &interrupt).unwrap();
        let model = Model::random(&net, 1);
        let sizes = entangle::core_sizes(&model, &across, &interrupt).unwrap();
        for (level, sizes) in found.levels.iter().zip(&sizes.0) {
            let largest =
                sizes.iter().max_by_key(|size| (size.0 * size.1 * size.2, size.0)).unwrap();
            let planned = level.largest;
            assert_eq!(
                (planned.0 as usize, planned.1 as usize, planned.2 as usize),
                *largest,
                "{net:?} {}",
                across.text(9)
            );
            assert_eq!(level.kinds, sizes.len());
        }
        assert_eq!((found.matrix.0 as usize, found.matrix.1 as usize), sizes.1);
    }
}

#[test]
fn kinds_are_few_and_cover_all_sites() {
    let interrupt = Interrupt::new();
    let mut random = SplitMix64::new(55);
    for round in 0..300 {
        let (model, partition, _) = random_case(&mut random, round);
        let network = model.network();
        let hierarchy = crate::graph::Hierarchy::from_network(network).unwrap();
        let sides = sides(&partition);
        let labels: Vec<u8> = sides.iter().map(|in_a| u8::from(!in_a)).collect();
        for order in [crate::graph::ChildOrder::Any, crate::graph::ChildOrder::Places] {
            let by =
                |labels| Subtrees::new(network, &hierarchy, labels, order, &interrupt).unwrap();
            let (rule, listed) = (by(Labels::Sides(&partition)), by(Labels::Listed(&labels)));
            assert_eq!(rule.len(), listed.len());
            // Counted from the top down the sites below are all sites.
            let mut counts = vec![1u64];
            for kinds in listed.levels().iter().rev() {
                if kinds.children(0).is_empty() {
                    break;
                }
                let mut below = vec![0; listed.len()];
                for (kind, count) in counts.iter().enumerate().take(kinds.len()) {
                    for run in kinds.children(kind) {
                        below[run.kind as usize] += count * u64::from(run.count);
                    }
                }
                counts = below;
            }
            assert_eq!(counts.iter().sum::<u64>(), network.input_shape().sites());
        }
    }
}

fn deep(levels: u32, sharing: Sharing, channels: u64) -> Network {
    let mut layers = vec![Layer::Input {
        shape: Shape::Chain(1 << levels),
        dim: 2,
        features: Representation::Given,
    }];
    for _ in 0..levels {
        layers.push(Layer::Conv { channels, sharing });
        let (window, geometry) = (Shape::Chain(2), Geometry::Contiguous);
        layers.push(Layer::Pool { window, kind: Pooling::Product, geometry });
    }
    layers.push(Layer::Output { classes: 1 });
    Network::new(layers).unwrap()
}

#[test]
fn millions_of_sites_neither_under_nor_overflow() {
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    for (kind, scale) in [("gaussian", 1.0), ("positive", 3.0), ("uniform", 1e-40)] {
        let kind = crate::entangle::model::Initial::parse(kind).unwrap();
        let model = init(&deep(20, Sharing::Layer, 3), kind, 2, scale, &interrupt).unwrap();
        let across = halves(&model);
        let entropy = entangle::entropy(&model, &across, class, 1.0, &interrupt).unwrap();
        assert!((0.0..=3f64.ln()).contains(&entropy), "{entropy}");
        let norm = entangle::squared_norm(&model, class, &interrupt).unwrap();
        assert!(norm.ln_abs().is_finite() && norm.ln_abs().abs() > 1e4, "{norm}");
        let spectrum = schmidt(&model, &across, class, Accuracy::Values, &interrupt).unwrap();
        let twice = spectrum.norm().ln_abs() * 2.0;
        assert!((twice - norm.ln_abs()).abs() < 1e-9 * twice.abs(), "{twice} {}", norm.ln_abs());
        // The weights of a scaled model: every matrix on the tree gives its factor once.
        if scale != 1.0 {
            let plain = init(&deep(20, Sharing::Layer, 3), kind, 2, 1.0, &interrupt).unwrap();
            let plain = entangle::squared_norm(&plain, class, &interrupt).unwrap();
            let factors = 2.0 * ((1u64 << 21) - 1) as f64 * scale.ln();
            let difference = norm.ln_abs() - plain.ln_abs();
            assert!((difference - factors).abs() < 1e-7 * factors.abs(), "{difference} {factors}");
        }
    }
    let model = Model::random(&deep(16, Sharing::None, 2), 2);
    let amplitudes = Amplitudes::new(&model, &interrupt).unwrap();
    let states = Sampler::new(&model, class, &interrupt).unwrap().draw(1, 3, &interrupt).unwrap();
    let found = amplitudes.evaluate(Sites::States(&states[0]), class, &interrupt).unwrap();
    assert!(found[0].ln_abs() < -1e4 && found[0].ln_abs().is_finite());
}

#[test]
fn channels_that_drift_apart_are_exact_or_refused() {
    // 4,096 sites of one state: channel 1 is 10^-12288 of channel 0.
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    let net = Network::new(vec![
        Layer::Input { shape: Shape::Chain(4096), dim: 1, features: Representation::Given },
        Layer::Conv { channels: 2, sharing: Sharing::Layer },
        Layer::Pool {
            window: Shape::Chain(4096),
            kind: Pooling::Product,
            geometry: Geometry::Contiguous,
        },
        Layer::Output { classes: 1 },
    ])
    .unwrap();
    let model = |output: [f64; 2]| {
        let conv = Weight::new([1, 2, 1], vec![1.0, 1e-3]).unwrap();
        let output = Weight::new([1, 1, 2], output.to_vec()).unwrap();
        Model::new(net.clone(), vec![conv], output, Origin::Given).unwrap()
    };
    let small = model([0.0, 2.0]);
    let amplitudes = Amplitudes::new(&small, &interrupt).unwrap();
    let found = amplitudes.evaluate(Sites::States(&[0; 4096]), class, &interrupt).unwrap();
    let wanted = 4096.0 * 1e-3f64.ln() + 2f64.ln();
    assert!((found[0].ln_abs() - wanted).abs() < 1e-9 * wanted.abs(), "{}", found[0]);
    let norm = entangle::squared_norm(&small, class, &interrupt);
    assert_eq!(norm, Err(EntangleError::Drift));
    let across = halves(&small);
    for accuracy in [Accuracy::Values, Accuracy::Entropies] {
        let found = schmidt(&small, &across, class, accuracy, &interrupt);
        assert_eq!(found, Err(EntangleError::Drift));
    }
    // Where the large channel is asked for, nothing is lost.
    let norm = entangle::squared_norm(&model([2.0, 2.0]), class, &interrupt).unwrap();
    assert_eq!(norm.to_f64(), 4.0);
    let zero = model([0.0, 0.0]);
    assert_eq!(entangle::squared_norm(&zero, class, &interrupt), Ok(entangle::Scaled::ZERO));
}

#[test]
fn results_do_not_depend_on_threads() {
    let interrupt = Interrupt::new();
    let model = Model::random(&deep(10, Sharing::None, 4), 4);
    let class = Output::Class(0);
    let across = Rule::Blocks(256).resolve(&model.network().input_shape()).unwrap();
    let all = || {
        let entropies: Vec<u64> = [1.0, 2.0, 0.5]
            .into_iter()
            .map(|order| {
                entangle::entropy(&model, &across, class, order, &interrupt).unwrap().to_bits()
            })
            .collect();
        let bonds: Vec<u64> = entangle::bond_entropies(&model, class, 1.0, &interrupt)
            .unwrap()
            .iter()
            .map(|bond| bond.entropy.to_bits())
            .collect();
        let samples =
            Sampler::new(&model, class, &interrupt).unwrap().draw(8, 1, &interrupt).unwrap();
        let nearest =
            entangle::geometric(&Model::random(&deep(4, Sharing::None, 3), 1), 0, 6, 1, &interrupt);
        (entropies, bonds, samples, nearest.unwrap().ln_overlap.to_bits())
    };
    let with = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all)
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn every_loop_can_be_stopped() {
    let interrupt = Interrupt::new();
    interrupt.trigger();
    let model = Model::random(&deep(8, Sharing::None, 4), 4);
    let across = halves(&model);
    let class = Output::Class(0);
    let stopped = EntangleError::Interrupted;
    let order = |order: f64| entangle::entropy(&model, &across, class, order, &interrupt);
    assert_eq!(order(1.0), Err(stopped.clone()));
    assert_eq!(order(2.0), Err(stopped.clone()));
    assert!(
        entangle::generic_rank(model.network(), &across, OutputSide::Fixed, &interrupt).is_err()
    );
    assert_eq!(entangle::bond_entropies(&model, class, 1.0, &interrupt), Err(stopped.clone()));
    assert_eq!(entangle::squared_norm(&model, class, &interrupt), Err(stopped.clone()));
    assert!(Sampler::new(&model, class, &interrupt).is_err());
    assert!(Amplitudes::new(&model, &interrupt).is_err());
    assert!(entangle::geometric(&model, 0, 3, 0, &interrupt).is_err());
}

#[test]
fn squares_keep_their_digits_on_long_chains() {
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    let cases = [
        (20, Sharing::Layer, 8),
        (30, Sharing::Layer, 4),
        (12, Sharing::None, 3),
        (13, Sharing::None, 4),
    ];
    for (levels, sharing, channels) in cases {
        for seed in 0..4 {
            let model = Model::random(&deep(levels, sharing, channels), seed);
            let across = halves(&model);
            let spectrum = schmidt(&model, &across, class, Accuracy::Values, &interrupt).unwrap();
            let entropy = entangle::entropy(&model, &across, class, 1.0, &interrupt).unwrap();
            let wanted = spectrum.entropy(1.0);
            assert!((entropy - wanted).abs() < 1e-11, "{levels} {sharing}: {entropy} {wanted}");
        }
    }
}

#[test]
fn extreme_weights_change_the_norm_alone() {
    use crate::entangle::model::Initial;
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    let net = tree_network(&[2, 2, 2], 2, &[3, 4, 3], Sharing::None);
    let of = |scale: f64| init(&net, Initial::Gaussian, 5, scale, &interrupt).unwrap();
    let plain = of(1.0);
    for scale in [1e-300, 1e-170, 1e-100, 1e100, 1e170, 1e300] {
        let model = of(scale);
        // 8 + 4 + 2 matrices and the output.
        let factor = 15.0 * scale.ln();
        let norm =
            |model: &Model| entangle::squared_norm(model, class, &interrupt).unwrap().ln_abs();
        let difference = norm(&model) - norm(&plain);
        assert!((difference - 2.0 * factor).abs() < 1e-9 * factor.abs(), "{scale}: {difference}");
        let amplitude = |model: &Model| {
            let all = Amplitudes::new(model, &interrupt).unwrap();
            all.evaluate(Sites::States(&[1; 8]), class, &interrupt).unwrap()[0].ln_abs()
        };
        let difference = amplitude(&model) - amplitude(&plain);
        assert!((difference - factor).abs() < 1e-9 * factor.abs(), "{scale}: {difference}");
        for rule in [Rule::LeftRight, Rule::Interleaved, Rule::Blocks(2)] {
            let across = rule.resolve(&net.input_shape()).unwrap();
            for order in [0.5, 1.0, 2.0] {
                let entropy = |model: &Model| {
                    entangle::entropy(model, &across, class, order, &interrupt).unwrap()
                };
                assert!((entropy(&model) - entropy(&plain)).abs() < 1e-10, "{scale} {order}");
            }
            let renyi = entangle::renyi_two(&model, &across, class, &interrupt).unwrap().0;
            let wanted = entangle::renyi_two(&plain, &across, class, &interrupt).unwrap().0;
            assert!((renyi - wanted).abs() < 1e-10);
        }
        let nearest =
            |model: &Model| entangle::geometric(model, 0, 4, 1, &interrupt).unwrap().upper;
        assert!((nearest(&model) - nearest(&plain)).abs() < 1e-8);
        let density = |model: &Model| {
            Reducer::new(model, class, &interrupt)
                .unwrap()
                .reduce(&[5, 0], &interrupt)
                .unwrap()
                .matrix
        };
        for (x, y) in density(&model).iter().zip(density(&plain)) {
            assert!((x - y).abs() < 1e-12);
        }
        assert!(Sampler::new(&model, class, &interrupt).unwrap().draw(2, 1, &interrupt).is_ok());
    }
}
