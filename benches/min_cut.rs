//! How long min-cuts take: `cargo bench --bench min_cut -- [--json] [--peers] [--dump DIR]`.
//!
//! Without options everything is measured and printed as tables. `--json` prints one JSON object
//! for every number instead, `--peers` measures only what `benches/compare` compares, `--dump`
//! writes the graphs for it and measures nothing.

mod common;

use common::{Times, machine, measure, ms, time};
use convac::evaluate::{Settings, Silent};
use convac::graph::{
    Hierarchy, IndexTree, MinCut, OutputSide, max_flow_tree, min_cut, min_cut_on, min_cut_tree,
};
use convac::interrupt::Interrupt;
use convac::network::{
    Bipartition, Geometry, Layer, Network, NetworkBuilder, Pooling, Representation, Rule, Shape,
    Sharing, Side,
};
use convac::session::Session;
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Ordering;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// Levels of the chains of the growth table.
const LEVELS: std::ops::RangeInclusive<u32> = 10..=20;
/// Levels of the chains that other programs cut too.
const PEER_LEVELS: [u32; 4] = [6, 10, 12, 16];
const SEED: u64 = 1;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if let Some(place) = arguments.iter().position(|argument| argument == "--dump") {
        let folder = arguments.get(place + 1).expect("--dump DIR");
        dump(Path::new(folder));
        return;
    }
    let mut report = Report { json: has("--json") };
    report.say(&machine());
    if has("--peers") {
        peers(&mut report);
        return;
    }
    growth(&mut report);
    grids(&mut report);
    peers(&mut report);
    flows(&mut report);
    comprehension(&mut report);
    report.say(&machine());
}

/// Prints tables or JSON lines.
struct Report {
    json: bool,
}

impl Report {
    fn say(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    /// One number. `table` is false where a table of its own shows it.
    fn row(&self, name: &str, sites: u64, times: &Times, bits: Option<f64>, table: bool) {
        let (median, min) = (times.median(), times.min());
        if self.json {
            let row = serde_json::json!({
                "name": name, "sites": sites, "median_ms": median, "min_ms": min,
                "runs": times.count(), "bits": bits,
            });
            println!("{row}");
        } else if table {
            let bits = bits.map_or(String::new(), |bits| format!("  {bits:.3} bits"));
            println!("{name:<34}{sites:>8}{:>10}{:>10}{bits}", ms(median), ms(min));
        }
    }

    fn head(&self, title: &str) {
        self.say(&format!("\n{title:<34}{:>8}{:>10}{:>10}", "sites", "median ms", "min ms"));
    }
}

/// The network of all chains: windows of 2, local dimension 4, widths 3, 5, 7, 3, …
fn chain(levels: u32) -> Network {
    let widths = [3, 5, 7].into_iter().cycle().take(levels as usize);
    network(Shape::Chain(1 << levels), 4, widths, Shape::Chain(2))
}

fn network(
    shape: Shape,
    dim: u64,
    widths: impl IntoIterator<Item = u64>,
    window: Shape,
) -> Network {
    let mut builder = NetworkBuilder::new();
    builder.push(Layer::Input { shape, dim, features: Representation::Given }).expect("input");
    for channels in widths {
        builder.push(Layer::Conv { channels, sharing: Sharing::Layer }).expect("conv");
        let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
        builder.push(Layer::Pool { window, kind, geometry }).expect("pool");
    }
    builder.push(Layer::Output { classes: 1 }).expect("output");
    builder.finish().expect("a network")
}

fn levels_of(network: &Network) -> Arc<Hierarchy> {
    Arc::new(Hierarchy::from_network(network).expect("a ConvAC"))
}

/// The same sides as a list of sites, so that the cut is sought index by index.
fn listed(bipartition: &Bipartition) -> Bipartition {
    let sides = bipartition.sides().expect("few sites").to_vec();
    Bipartition::from_sides(bipartition.shape(), sides).expect("two sides")
}

fn sides_of(bipartition: &Bipartition) -> Vec<Side> {
    let side = |in_a: &bool| if *in_a { Side::A } else { Side::B };
    bipartition.sides().expect("few sites").iter().map(side).collect()
}

fn cut(levels: &Arc<Hierarchy>, bipartition: &Bipartition) -> MinCut {
    min_cut_on(levels, bipartition, OutputSide::Fixed, &Interrupt::new()).expect("a min-cut")
}

/// Chains of 2^10 to 2^20 sites, and the memory at the end.
fn growth(report: &mut Report) {
    let kinds = ["random", "interleaved, listed", "interleaved, regular", "left_right"];
    report.say("\nchains: median ms, min ms, growth of the median with each doubling");
    let heads: String = kinds.iter().map(|kind| format!("{kind:>27}")).collect();
    report.say(&format!("{:>8}{heads}", "sites"));
    let before = peak_memory();
    let mut last = [None; 4];
    for levels in LEVELS {
        let network = chain(levels);
        let shape = network.input_shape();
        let hierarchy = levels_of(&network);
        let resolve = |rule: Rule| rule.resolve(&shape).expect("a bipartition");
        let mut line = format!("{:>8}", shape.sites());
        for (place, (kind, last)) in kinds.iter().zip(&mut last).enumerate() {
            let bipartition = match place {
                0 => resolve(Rule::Random { seed: SEED }),
                1 => listed(&resolve(Rule::Interleaved)),
                2 => resolve(Rule::Interleaved),
                _ => resolve(Rule::LeftRight),
            };
            let bits = cut(&hierarchy, &bipartition).bits();
            let times = measure(|| cut(&hierarchy, &bipartition));
            report.row(kind, shape.sites(), &times, Some(bits), false);
            let median = times.median();
            let factor = last.map_or(String::new(), |last: f64| format!("x{:.2}", median / last));
            let _ = write!(line, "{:>10}{:>10}{factor:>7}", ms(median), ms(times.min()));
            *last = Some(median);
        }
        report.say(&line);
    }
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        let text = format!("peak memory: {before:.1} MB before, {after:.1} MB after the last row");
        report.say(&text);
        if report.json {
            let row = serde_json::json!({"name": "peak memory", "sites": 1 << 20, "mb": after});
            println!("{row}");
        }
    }
    let largest = *LEVELS.end();
    report.head("from the rule to the value");
    let whole = || {
        let network = chain(largest);
        let bipartition = Rule::Random { seed: SEED }.resolve(&network.input_shape()).ok()?;
        min_cut(&network, &bipartition, OutputSide::Fixed, &Interrupt::new()).ok()
    };
    report.row("random, built and cut", 1 << largest, &measure(whole), None, true);
}

/// The most memory that this process had, in MB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// An image of 64x64 pixels.
fn grids(report: &mut Report) {
    let shape = Shape::Grid { rows: 64, cols: 64 };
    let window = Shape::Grid { rows: 2, cols: 2 };
    let hierarchy = levels_of(&network(shape, 10, [16, 16, 8, 8, 4, 4], window));
    report.head("64x64 pixels, windows of 2x2");
    for (name, rule) in
        [("random", Rule::Random { seed: SEED }), ("checkerboard", Rule::Checkerboard)]
    {
        let regular = rule.resolve(&shape).expect("a bipartition");
        let explicit = listed(&regular);
        let bits = cut(&hierarchy, &regular).bits();
        assert_eq!(bits, cut(&hierarchy, &explicit).bits());
        if name != "random" {
            let times = measure(|| cut(&hierarchy, &regular));
            report.row(&format!("{name}, regular"), shape.sites(), &times, Some(bits), true);
        }
        let times = measure(|| cut(&hierarchy, &explicit));
        report.row(&format!("{name}, listed"), shape.sites(), &times, Some(bits), true);
    }
}

/// The cases that other programs cut too, with a name for each.
fn peer_cases() -> Vec<(&'static str, Arc<Hierarchy>, Bipartition)> {
    let mut cases = Vec::new();
    for levels in PEER_LEVELS {
        let hierarchy = levels_of(&chain(levels));
        let rules = [("random", Rule::Random { seed: SEED }), ("interleaved", Rule::Interleaved)];
        for (name, rule) in rules {
            let bipartition = rule.resolve(&hierarchy.input_shape()).expect("a bipartition");
            cases.push((name, Arc::clone(&hierarchy), listed(&bipartition)));
        }
    }
    cases
}

/// Three ways to ask: for the value; for the cut bonds too; without the levels, on any tree.
fn peers(report: &mut Report) {
    report.head("what other programs cut too");
    let interrupt = Interrupt::new();
    for (name, hierarchy, bipartition) in peer_cases() {
        let sites = bipartition.shape().sites();
        let tree = Arc::new(IndexTree::from_hierarchy(&hierarchy).expect("few indices"));
        let sides = sides_of(&bipartition);
        let bits = cut(&hierarchy, &bipartition).bits();
        let times = measure(|| cut(&hierarchy, &bipartition));
        report.row(&format!("{name}, value"), sites, &times, Some(bits), true);
        let times =
            measure(|| cut(&hierarchy, &bipartition).edges(u64::MAX, &interrupt).expect("bonds"));
        report.row(&format!("{name}, bonds"), sites, &times, Some(bits), true);
        let on_tree = || min_cut_tree(&tree, &sides, OutputSide::Fixed, &interrupt).expect("a cut");
        let bits = on_tree().bits();
        report.row(&format!("{name}, any tree"), sites, &measure(on_tree), Some(bits), true);
    }
}

/// Exact max-flow and petgraph's, on the graph of the same tree.
fn flows(report: &mut Report) {
    report.head("max-flow on the same graph");
    let interrupt = Interrupt::new();
    for levels in [10, 12] {
        let hierarchy = levels_of(&chain(levels));
        let tree = Arc::new(IndexTree::from_hierarchy(&hierarchy).expect("few indices"));
        for (name, rule) in
            [("random", Rule::Random { seed: SEED }), ("interleaved", Rule::Interleaved)]
        {
            let bipartition = listed(&rule.resolve(&hierarchy.input_shape()).expect("sides"));
            let (sites, sides) = (bipartition.shape().sites(), sides_of(&bipartition));
            let best = cut(&hierarchy, &bipartition);
            let ours = measure(|| cut(&hierarchy, &bipartition));
            let ratio = |times: &Times| {
                format!("    x{:.1} the tree algorithm", times.median() / ours.median())
            };
            report.row(&format!("{name}, tree algorithm"), sites, &ours, Some(best.bits()), true);

            let flow =
                || max_flow_tree(&tree, &sides, OutputSide::Fixed, &interrupt).expect("flow");
            let value = flow().value;
            assert_eq!(value.compare(&best.weight()), Ordering::Equal);
            let times = measure(flow);
            report.row(&format!("{name}, exact max-flow"), sites, &times, Some(value.bits()), true);
            report.say(&ratio(&times));

            if levels > 10 {
                continue;
            }
            let (graph, source, sink) = split(&tree, &sides);
            let flow = || petgraph::algo::dinics(&graph, source, sink).0;
            let value = flow();
            assert!((value - best.bits()).abs() < 1e-6, "{value} {}", best.bits());
            let times = measure(flow);
            report.row(&format!("{name}, petgraph dinics"), sites, &times, Some(value), true);
            report.say(&ratio(&times));
        }
    }
}

/// Every index an entrance `2i` and an exit `2i + 1` with the logarithm of its dimension in
/// between; weight matrices are arcs without limit, both ways.
fn split(tree: &IndexTree, sides: &[Side]) -> (DiGraph<(), f64>, NodeIndex, NodeIndex) {
    let mut graph = DiGraph::with_capacity(2 * tree.len() + 2, 4 * tree.len());
    let ends: Vec<[NodeIndex; 2]> =
        (0..tree.len()).map(|_| [graph.add_node(()), graph.add_node(())]).collect();
    let (source, sink) = (graph.add_node(()), graph.add_node(()));
    for (index, [entrance, exit]) in ends.iter().copied().enumerate() {
        let dim = tree.class(index).expect("a class").dim;
        graph.add_edge(entrance, exit, (dim as f64).log2());
        for [below, above] in tree.children(index).map(|child| ends[child]) {
            graph.add_edge(above, entrance, f64::INFINITY);
            graph.add_edge(exit, below, f64::INFINITY);
        }
        match tree.site(index).map(|site| sides[site as usize]) {
            Some(Side::A) => _ = graph.add_edge(source, entrance, f64::INFINITY),
            Some(Side::B) => _ = graph.add_edge(exit, sink, f64::INFINITY),
            None => {}
        }
    }
    (graph, source, sink)
}

/// Ten thousand small min-cuts of the language, on one thread and on two.
fn comprehension(report: &mut Report) {
    const NET: &str = "let net = network {
  input(16, dim = 4)
  [[conv(r), pool(2)] for r in [3, 5, 7, 3]]
  output(1)
}";
    const CUTS: &str = "[min_cut(net, random(seed = s)).bits for s in 1..10_000];";
    report.head("10,000 min-cuts of the language");
    let mut sessions: Vec<(usize, Session, Vec<f64>)> = [1, 2]
        .map(|threads| {
            let mut session = Session::new(Settings { threads, ..Settings::default() });
            run(&mut session, NET);
            (threads, session, Vec::new())
        })
        .into();
    // In turn, so that what else the machine does meets both alike.
    for round in 0..16 {
        for (_, session, times) in &mut sessions {
            let spent = time(|| run(session, CUTS));
            if round > 0 {
                times.push(1e3 * spent.as_secs_f64());
            }
        }
    }
    let mut medians = Vec::new();
    for (threads, _, times) in sessions {
        let times = Times::new(times);
        report.row(&format!("threads = {threads}"), 16, &times, None, true);
        medians.push(times.median());
    }
    if let [one, two] = medians[..] {
        report.say(&format!("    two threads are x{:.2} as fast as one", one / two));
    }
}

fn run(session: &mut Session, cell: &str) {
    let errors = session.run("bench", cell, None, Arc::new(Silent));
    assert!(errors.is_empty(), "{errors:?}");
}

/// Writes the graphs: one line each of dimensions, parents (`-1` for the root) and sides, by
/// index; `-` stands for an index that is no site. The last line is what was found here.
fn dump(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, hierarchy, bipartition) in peer_cases() {
        let tree = IndexTree::from_hierarchy(&hierarchy).expect("few indices");
        let mut parents = vec![-1i64; tree.len()];
        for index in 0..tree.len() {
            for child in tree.children(index) {
                parents[child] = index as i64;
            }
        }
        let sides = sides_of(&bipartition);
        let (mut dims, mut above, mut by_index) = (String::new(), String::new(), String::new());
        for (index, parent) in parents.iter().enumerate() {
            let _ = write!(dims, " {}", tree.class(index).expect("a class").dim);
            let _ = write!(above, " {parent}");
            by_index.push_str(tree.site(index).map_or("-", |site| sides[site as usize].as_str()));
        }
        let bits = cut(&hierarchy, &bipartition).bits();
        let sites = bipartition.shape().sites();
        let text = format!(
            "name {name}\nsites {sites}\ndims{dims}\nparents{above}\nsides {by_index}\nbits {bits}\n"
        );
        std::fs::write(folder.join(format!("{name}-{sites}.txt")), text).expect("a file");
    }
}
