//! Branch and bound against exhaustive search.

use super::super::family::channels_of;
use super::super::search::Oracle;
use super::super::{
    Channel, Design, Effort, Family, FormulaProblem, Limit, Measure, Memory, Requirement, frontier,
    maximize, minimize,
};
use super::{all_partitions, go_on, small_network};
use crate::interrupt::Interrupt;
use crate::network::SplitMix64;

fn effort(interrupt: &Interrupt) -> Effort<'_> {
    Effort { nodes: u64::MAX, interrupt, progress: &|_, _, _| () }
}

/// A random problem of up to four variables with up to 12 values each.
fn problem(random: &mut SplitMix64) -> Option<FormulaProblem> {
    let choices = 1 + random.below(2);
    let mut families = Vec::new();
    let mut variables = 0;
    let first = small_network(random);
    let parts = 1 + random.below(3) as usize;
    for choice in 0..choices {
        // Other structures on the same sites.
        let network = if choice == 0 { first.clone() } else { small_network(random) };
        if network.input_shape() != first.input_shape() {
            continue;
        }
        let count = channels_of(&network).len();
        let channels: Vec<Channel> = (0..count)
            .map(|_| match random.below(6) {
                0 => Channel::Fixed(1 + random.below(5)),
                1 => Channel::Free { variable: random.below(4) as usize, factor: 2 },
                _ => Channel::Free { variable: random.below(4) as usize, factor: 1 },
            })
            .collect();
        variables = 4;
        let partitions = all_partitions(network.input_shape());
        let pick = |random: &mut SplitMix64| {
            partitions[random.below(partitions.len() as u64) as usize].clone()
        };
        let across = (0..parts).map(|_| pick(random)).collect();
        families.push((Family::new(network, channels), across));
    }
    let low: Vec<u64> = (0..variables).map(|_| 1 + random.below(3)).collect();
    let high: Vec<u64> = low.iter().map(|low| low + random.below(9)).collect();
    let bits: Vec<Measure> = (0..parts).map(Measure::Bits).collect();
    let objective = match random.below(4) {
        0 => Measure::Smallest(bits),
        1 => Measure::Largest(bits),
        2 => Measure::Sum(
            bits.into_iter()
                .map(|bits| Measure::Scaled(0.25 * (1 + random.below(8)) as f64, Box::new(bits)))
                .collect(),
        ),
        _ => Measure::PowerOfTwo(Box::new(Measure::Bits(0))),
    };
    let (params, flops) = (Measure::Params, Measure::Flops);
    let limit = |measure, at_most, strict| Limit { measure, at_most, strict };
    let limits = match random.below(4) {
        0 => vec![limit(params.clone(), 10.0 + random.below(1500) as f64, false)],
        1 => vec![limit(flops.clone(), 50.0 + random.below(9000) as f64, true)],
        2 => vec![
            limit(params.clone(), 10.0 + random.below(1000) as f64, false),
            limit(Measure::Bits(0), random.below(8) as f64, false),
        ],
        _ => vec![],
    };
    let requirements = match random.below(3) {
        0 => vec![Requirement {
            measure: Measure::Bits(parts - 1),
            at_least: random.below(5) as f64,
            strict: random.below(2) == 0,
        }],
        _ => vec![],
    };
    let cost = if random.below(2) == 0 { params } else { flops };
    let values = low.iter().zip(&high).map(|(low, high)| (*low..=*high).collect()).collect();
    FormulaProblem::new(families, values, objective, limits, requirements, cost, &go_on()).ok()
}

/// All designs that are allowed and enough.
fn all_designs(problem: &FormulaProblem) -> Vec<Design> {
    let mut memory = Memory::default();
    let mut found = Vec::new();
    for choice in 0..problem.choices() {
        let (low, high) = problem.box_of(choice);
        let mut at = low.clone();
        'points: loop {
            let Ok(allowed) = problem.is_allowed(choice, &at, &mut memory);
            let Ok(enough) = problem.is_enough(choice, &at, &mut memory);
            if allowed && enough {
                let Ok(value) = problem.value(choice, &at, &mut memory);
                let Ok(cost) = problem.cost(choice, &at, &mut memory);
                found.push(Design { choice, at: at.clone(), value, cost });
            }
            for side in 0..at.len() {
                if at[side] < high[side] {
                    at[side] += 1;
                    continue 'points;
                }
                at[side] = low[side];
            }
            break;
        }
    }
    found
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 2e-9 * one.abs().max(1.0)
}

#[test]
fn optima_and_frontiers_equal_exhaustive_search() {
    let mut random = SplitMix64::new(91);
    let interrupt = Interrupt::new();
    let (mut problems, mut without, mut points, mut visited, mut all) = (0, 0, 0, 0, 0);
    while problems < 240 {
        let Some(problem) = problem(&mut random) else { continue };
        problems += 1;
        let designs = all_designs(&problem);
        all += designs.len() as u64;
        let found = maximize(&problem, f64::INFINITY, &effort(&interrupt)).unwrap();
        assert!(found.complete);
        visited += found.nodes;
        let best = designs.iter().map(|design| design.value).fold(f64::NEG_INFINITY, f64::max);
        let Some(optimum) = found.design else {
            assert!(designs.is_empty(), "{problem:?}");
            without += 1;
            continue;
        };
        assert!(close(optimum.value, best), "{optimum:?} {best}");
        assert!(designs.contains(&optimum));
        let cheapest = minimize(&problem, optimum.value, &effort(&interrupt)).unwrap();
        let least = designs.iter().filter(|design| design.value >= best - 1e-9 * best.max(1.0));
        let least = least.map(|design| design.cost).fold(f64::INFINITY, f64::min);
        let cheapest = cheapest.design.unwrap();
        assert_eq!(cheapest.cost, least);
        // The frontier: for every cost the best value, where it grows.
        let found = frontier(&problem, &cheapest, usize::MAX, &effort(&interrupt)).unwrap();
        assert!(found.complete);
        let mut sorted = designs.clone();
        sorted.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(b.value.total_cmp(&a.value)));
        let mut wanted: Vec<&Design> = Vec::new();
        for design in &sorted {
            let above = wanted
                .last()
                .map_or(f64::NEG_INFINITY, |last| last.value + 1e-9 * last.value.abs().max(1.0));
            if design.value > above {
                wanted.push(design);
            }
        }
        assert_eq!(found.designs.len(), wanted.len(), "{problem:?}");
        for (one, other) in found.designs.iter().zip(wanted) {
            assert_eq!(one.cost, other.cost);
            assert!(close(one.value, other.value));
            points += 1;
        }
    }
    assert!(without > 5 && points > 400, "{without} {points}");
    // Not by looking at all of them.
    assert!(visited * 20 < all, "{visited} nodes for {all} designs");
}

#[test]
fn searches_do_not_depend_on_threads() {
    let mut random = SplitMix64::new(92);
    let interrupt = Interrupt::new();
    let mut done = 0;
    while done < 30 {
        let Some(problem) = problem(&mut random) else { continue };
        done += 1;
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| maximize(&problem, f64::INFINITY, &effort(&interrupt)).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}

#[test]
fn a_search_that_is_cut_short_says_what_is_left() {
    let mut random = SplitMix64::new(93);
    let interrupt = Interrupt::new();
    let mut short = 0;
    for _ in 0..400 {
        let Some(problem) = problem(&mut random) else { continue };
        let whole = maximize(&problem, f64::INFINITY, &effort(&interrupt)).unwrap();
        let few = Effort { nodes: 1, interrupt: &interrupt, progress: &|_, _, _| () };
        let part = maximize(&problem, f64::INFINITY, &few).unwrap();
        if let (false, Some(best)) = (part.complete, &whole.design) {
            short += 1;
            assert!(part.bound >= best.value - 1e-9);
            assert!(part.design.is_none_or(|design| design.value <= best.value + 1e-9));
        }
    }
    assert!(short > 10, "{short}");
    interrupt.trigger();
    let problem = loop {
        if let Some(problem) = problem(&mut random) {
            break problem;
        }
    };
    assert!(maximize(&problem, f64::INFINITY, &effort(&interrupt)).is_err());
}

#[test]
fn looking_at_all_designs_is_exhaustive_search() {
    let mut random = SplitMix64::new(94);
    let interrupt = Interrupt::new();
    let mut done = 0;
    while done < 40 {
        let Some(problem) = problem(&mut random) else { continue };
        done += 1;
        let found = super::super::enumerate(&problem, &effort(&interrupt)).unwrap();
        let wanted = all_designs(&problem);
        assert_eq!(found.len(), wanted.len());
        assert!(wanted.iter().all(|design| found.contains(design)));
        let front = super::super::pareto(found.clone());
        let beats = |one: &Design, other: &Design| {
            one.cost <= other.cost
                && one.value >= other.value
                && (one.cost < other.cost || one.value > other.value)
        };
        for design in &front {
            assert!(!found.iter().any(|other| beats(other, design)));
        }
        for design in &found {
            let covered = |best: &Design| best.cost <= design.cost && best.value >= design.value;
            assert!(front.iter().any(covered));
        }
    }
}
