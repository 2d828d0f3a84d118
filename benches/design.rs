//! How long optimal designs take, and how much of all designs they look at.
//!
//! `cargo bench --bench design`

use convac::design::{
    Channel, Effort, Family, FormulaProblem, Limit, Measure, frontier, maximize, minimize,
};
use convac::interrupt::Interrupt;
use convac::network::{Geometry, Layer, Network, Pooling, Representation, Rule, Shape, Sharing};
use std::time::Instant;

/// A chain of windows of 2 with one variable for each layer.
fn chain(layers: usize, dim: u64) -> Family {
    let mut all = vec![Layer::Input {
        shape: Shape::Chain(1 << layers),
        dim,
        features: Representation::Given,
    }];
    for _ in 0..layers {
        all.push(Layer::Conv { channels: 1, sharing: Sharing::Layer });
        all.push(Layer::Pool {
            window: Shape::Chain(2),
            kind: Pooling::Product,
            geometry: Geometry::Contiguous,
        });
    }
    all.push(Layer::Output { classes: 10 });
    let channels = (0..layers).map(|variable| Channel::Free { variable, factor: 1 }).collect();
    Family::new(Network::new(all).expect("the layers fit"), channels)
}

/// What is asked: a name, partitions, and how their bits are joined.
fn tasks(layers: usize) -> Vec<(&'static str, Vec<Rule>, Measure)> {
    let blocks: Vec<Rule> = (0..layers).map(|k| Rule::Blocks(1 << k)).collect();
    let bits = |weight: &dyn Fn(usize) -> f64| -> Vec<Measure> {
        (0..layers).map(|k| Measure::Scaled(weight(k), Box::new(Measure::Bits(k)))).collect()
    };
    let sites = 1u64 << layers;
    let per_group = |k: usize| (2u64 << k) as f64 / sites as f64;
    let random: Vec<Rule> = (0..4).map(|seed| Rule::Random { seed }).collect();
    let seeds = (0..4).map(Measure::Bits).collect::<Vec<_>>();
    vec![
        ("interleaved", vec![Rule::Interleaved], Measure::Bits(0)),
        ("left_right", vec![Rule::LeftRight], Measure::Bits(0)),
        ("worst group of all blocks", blocks.clone(), Measure::Smallest(bits(&per_group))),
        ("sum of groups of all blocks", blocks.clone(), Measure::Sum(bits(&per_group))),
        ("sum of bits of all blocks", blocks, Measure::Sum(bits(&|_| 1.0))),
        ("worst of four random halves", random.clone(), Measure::Smallest(seeds.clone())),
        ("sum of four random halves", random, Measure::Sum(seeds)),
    ]
}

fn main() {
    let interrupt = Interrupt::new();
    let most: u64 = std::env::var("NODES").ok().and_then(|n| n.parse().ok()).unwrap_or(400_000);
    for (layers, dim, budget) in [(6, 4, 3_000), (6, 10, 20_000), (10, 4, 5_000), (10, 10, 20_000)]
    {
        println!("{layers} layers, M = {dim}, channels 1..64, at most {budget} weights");
        for (name, rules, objective) in tasks(layers) {
            let family = chain(layers, dim);
            let shape = family.base().input_shape();
            let across = rules.iter().map(|rule| rule.resolve(&shape).expect("fits")).collect();
            let limit = Limit { measure: Measure::Params, at_most: budget as f64, strict: false };
            let values = vec![(1..=64).collect(); layers];
            let problem = FormulaProblem::new(
                vec![(family, across)],
                values,
                objective,
                vec![limit],
                vec![],
                Measure::Params,
                &interrupt,
            )
            .expect("a problem");
            let effort = Effort { nodes: most, interrupt: &interrupt, progress: &|_, _, _| () };
            let start = Instant::now();
            let found = maximize(&problem, f64::INFINITY, &effort).expect("not stopped");
            let first = start.elapsed();
            let Some(design) = found.design else { continue };
            let start = Instant::now();
            let cheapest = minimize(&problem, design.value, &effort).expect("not stopped");
            let second = start.elapsed();
            let gap = if found.complete { 0.0 } else { found.bound - design.value };
            println!(
                "  {name:30} {:10.6} bits, gap {gap:8.5}, {:7} nodes {:8.1} ms; cheapest {:6} nodes {:8.1} ms {} {:?}",
                design.value,
                found.nodes,
                first.as_secs_f64() * 1e3,
                cheapest.nodes,
                second.as_secs_f64() * 1e3,
                if cheapest.complete { "proved" } else { "open" },
                cheapest.design.as_ref().map(|design| problem.variables(&design.at)),
            );
            if found.complete && cheapest.complete && std::env::var("FRONTIER").is_ok() {
                let start = Instant::now();
                let optimum = cheapest.design.as_ref().unwrap_or(&design);
                let front = frontier(&problem, optimum, 24, &effort).expect("not stopped");
                println!(
                    "    frontier: {} designs{}, {} nodes, {:.1} ms",
                    front.designs.len(),
                    if front.complete { ", all" } else { "" },
                    front.nodes,
                    start.elapsed().as_secs_f64() * 1e3
                );
            }
        }
    }
}
