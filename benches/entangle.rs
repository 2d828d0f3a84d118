//! How long ranks, spectra, entropies and samples take: `cargo bench --bench entangle -- [--dump DIR]
//! [--peers] [--curves]`.
//!
//! Without options everything is measured and printed. `--dump` writes the models for
//! `benches/compare-entangle` and measures nothing; `--peers` measures what it compares, as
//! JSON; `--curves` prints the table of the cost curves of the README.

mod common;

use common::{Times, machine, measure, ms, time};
use convac::entangle::model::{Initial, Model, encode, init};
use convac::entangle::{
    self, Accuracy, Amplitudes, Output, Sampler, Sites, bond_entropies, generic_rank,
};
use convac::graph::OutputSide;
use convac::interrupt::Interrupt;
use convac::network::{
    Bipartition, Geometry, Layer, Network, Pooling, Representation, Rule, Shape, Sharing,
    SplitMix64,
};

fn chain(sites: u64, dim: u64, channels: &[u64], sharing: Sharing) -> Network {
    let mut layers =
        vec![Layer::Input { shape: Shape::Chain(sites), dim, features: Representation::Given }];
    let depth = sites.trailing_zeros() as usize;
    for level in 0..depth {
        let channels = channels[level % channels.len()];
        layers.push(Layer::Conv { channels, sharing });
        let (window, geometry) = (Shape::Chain(2), Geometry::Contiguous);
        layers.push(Layer::Pool { window, kind: Pooling::Product, geometry });
    }
    layers.push(Layer::Output { classes: 1 });
    Network::new(layers).expect("a chain")
}

fn model(sites: u64, dim: u64, channels: &[u64], sharing: Sharing) -> Model {
    let network = chain(sites, dim, channels, sharing);
    init(&network, Initial::Gaussian, 7, 1.0, &Interrupt::new()).expect("weights")
}

fn across(model: &Model, rule: Rule) -> Bipartition {
    rule.resolve(&model.network().input_shape()).expect("a partition")
}

/// Levels of the chains that other programs take too.
const PEER_LEVELS: [u32; 3] = [4, 7, 10];

/// The model of 16 channels and the basis state that other programs take too.
fn peer_case(level: u32) -> (Model, Vec<u32>) {
    let model = model(1 << level, 4, &[16], Sharing::None);
    let mut random = SplitMix64::new(1);
    (model, (0..1 << level).map(|_| random.below(4) as u32).collect())
}

fn dump(folder: &std::path::Path) {
    for level in PEER_LEVELS {
        let (model, states) = peer_case(level);
        let path = folder.join(format!("chain-{:05}", 1 << level));
        std::fs::write(path.with_extension("safetensors"), encode(&model).expect("bytes"))
            .expect("written");
        std::fs::write(path.with_extension("json"), format!("{states:?}")).expect("written");
    }
}

fn peers() {
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    let say = |name: &str, level: u32, times: Times, value: f64| {
        let time = times.median();
        println!(
            "{{\"name\": \"{name}\", \"sites\": {}, \"median_ms\": {time}, \"value\": {value}}}",
            1 << level
        );
    };
    for level in PEER_LEVELS {
        let (net, states) = peer_case(level);
        let cut = across(&net, Rule::LeftRight);
        let entropy = || entangle::entropy(&net, &cut, class, 1.0, &interrupt).unwrap();
        say("entropy", level, measure(entropy), entropy());
        let spectrum =
            || entangle::schmidt(&net, &cut, class, Accuracy::Values, &interrupt).unwrap();
        say("spectrum", level, measure(spectrum), spectrum().entropy(1.0));
        let amplitudes = Amplitudes::new(&net, &interrupt).unwrap();
        let one = || amplitudes.evaluate(Sites::States(&states), class, &interrupt).unwrap()[0];
        say("amplitude", level, measure(one), one().ln_abs());
    }
}

/// The cost curves of the README as a table of sites, question and milliseconds.
fn curves() {
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    println!("sites,question,ms");
    let say = |level: u32, question: &str, times: Times| {
        println!("{},\"{question}\",{}", 1u64 << level, ms(times.median()));
    };
    for level in (4..=20).step_by(2) {
        let shared = model(1 << level, 4, &[16], Sharing::Layer);
        let halves = across(&shared, Rule::LeftRight);
        let work = || entangle::entropy(&shared, &halves, class, 1.0, &interrupt).unwrap();
        say(level, "halves, shared", measure(work));
        let net = model(1 << level, 4, &[4], Sharing::None);
        let work = || entangle::entropy(&net, &halves, class, 1.0, &interrupt).unwrap();
        say(level, "halves", measure(work));
        let work = || bond_entropies(&net, class, 1.0, &interrupt).unwrap();
        say(level, "all bonds", measure(work));
        let finest = across(&net, Rule::Interleaved);
        let work = || entangle::renyi_two(&net, &finest, class, &interrupt).unwrap();
        say(level, "Renyi-2, finest", measure(work));
        let amplitudes = Amplitudes::new(&net, &interrupt).unwrap();
        let states = vec![1u32; 1 << level];
        let work = || amplitudes.evaluate(Sites::States(&states), class, &interrupt).unwrap();
        say(level, "amplitude", measure(work));
        let sampler = Sampler::new(&net, class, &interrupt).unwrap();
        let work = || sampler.draw(1, 3, &interrupt).unwrap();
        say(level, "sample", measure(work));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--dump") {
        dump(std::path::Path::new(arguments.get(place + 1).expect("--dump DIR")));
        return;
    }
    if arguments.iter().any(|argument| argument == "--curves") {
        curves();
        return;
    }
    if arguments.iter().any(|argument| argument == "--peers") {
        peers();
        return;
    }
    everything();
}

fn everything() {
    let interrupt = Interrupt::new();
    let class = Output::Class(0);
    println!("{}", machine());
    let row =
        |name: &str, value: f64, note: String| println!("{name:<58} {:>10} ms  {note}", ms(value));
    for r in [4, 8, 16] {
        let net = model(1024, 4, &[r], Sharing::None);
        let cut = across(&net, Rule::LeftRight);
        let t = measure(|| entangle::entropy(&net, &cut, class, 1.0, &interrupt).unwrap());
        row(&format!("entropy left|right, 1,024 sites, r = {r}"), t.median(), String::new());
        let t =
            measure(|| entangle::schmidt(&net, &cut, class, Accuracy::Values, &interrupt).unwrap());
        row(&format!("spectrum left|right (QR), 1,024 sites, r = {r}"), t.median(), String::new());
        let t = measure(|| bond_entropies(&net, class, 1.0, &interrupt).unwrap());
        row(&format!("all bonds, 1,024 sites, r = {r}"), t.median(), String::new());
        let amplitudes = Amplitudes::new(&net, &interrupt).unwrap();
        let mut random = SplitMix64::new(1);
        let states: Vec<u32> = (0..1024).map(|_| random.below(4) as u32).collect();
        let t = measure(|| amplitudes.evaluate(Sites::States(&states), class, &interrupt).unwrap());
        row(&format!("one amplitude, 1,024 sites, r = {r}"), t.median(), String::new());
        let sampler = Sampler::new(&net, class, &interrupt).unwrap();
        let t = measure(|| sampler.draw(1, 3, &interrupt).unwrap());
        row(&format!("one perfect sample, 1,024 sites, r = {r}"), t.median(), String::new());
        let cut = across(&net, Rule::Interleaved);
        let t = if r < 16 {
            measure(|| entangle::entropy(&net, &cut, class, 2.0, &interrupt).unwrap()).median()
        } else {
            1e3 * time(|| entangle::entropy(&net, &cut, class, 2.0, &interrupt).unwrap())
                .as_secs_f64()
        };
        row(&format!("Renyi-2 interleaved, 1,024 sites, r = {r}"), t, String::new());
    }
    let net = model(1 << 20, 4, &[16], Sharing::Layer);
    let cut = across(&net, Rule::LeftRight);
    let t = measure(|| entangle::entropy(&net, &cut, class, 1.0, &interrupt).unwrap());
    row("entropy left|right, 2^20 sites, shared, r = 16", t.median(), String::new());
    let t = measure(|| entangle::schmidt(&net, &cut, class, Accuracy::Values, &interrupt).unwrap());
    row("spectrum left|right, 2^20 sites, shared, r = 16", t.median(), String::new());
    let net = model(1024, 4, &[16], Sharing::None);
    let cut = across(&net, Rule::Blocks(256));
    let t = measure(|| entangle::entropy(&net, &cut, class, 1.0, &interrupt).unwrap());
    row("entropy, blocks of 256 (cut 256), 1,024 sites, r = 16", t.median(), String::new());
    let net = model(16, 4, &[4], Sharing::None);
    for rank in [1024.0, 4096.0] {
        for seed in 0.. {
            let cut = across(&net, Rule::Random { seed });
            let plan = entangle::plan(net.network(), &cut, OutputSide::Fixed, &interrupt).unwrap();
            if plan.rank_bound() != rank {
                continue;
            }
            let t = time(|| entangle::entropy(&net, &cut, class, 1.0, &interrupt).unwrap());
            let note = format!("announced {:.3} s", plan.seconds());
            row(
                &format!("entropy, random halves, 16 sites, rank {rank}"),
                1e3 * t.as_secs_f64(),
                note,
            );
            let t =
                time(|| generic_rank(net.network(), &cut, OutputSide::Fixed, &interrupt).unwrap());
            row(
                &format!("generic rank, random halves, 16 sites, rank {rank}"),
                1e3 * t.as_secs_f64(),
                String::new(),
            );
            break;
        }
    }
}
