//! Random networks: both drivers, both flows, certificates, labels.

use super::generate::{Recipe, random_network, random_sides, tree_network};
use crate::graph::hierarchy::Hierarchy;
use crate::graph::mincut::{self, Driver};
use crate::graph::periodic::{self, Grid};
use crate::graph::solve::Prices;
use crate::graph::{
    Edge, IndexTree, Label, MinCut, OutputSide, View, certify, max_flow_tree, min_cut,
    min_cut_tree, trace,
};
use crate::interrupt::Interrupt;
use crate::network::{
    Bipartition, Network, Representation, Rule, Shape, Sharing, Side, SplitMix64,
};
use petgraph::algo::dinics;
use petgraph::graph::DiGraph;
use std::sync::Arc;

fn sides_of(partition: &Bipartition) -> Vec<Side> {
    partition.sides().unwrap().iter().map(|side| if *side { Side::A } else { Side::B }).collect()
}

fn grid(rows: u64, cols: u64) -> Shape {
    Shape::Grid { rows, cols }
}

fn outputs(random: &mut SplitMix64) -> OutputSide {
    [OutputSide::Fixed, OutputSide::A, OutputSide::B][random.below(3) as usize]
}

/// The base-2 logarithm of the min-cut by petgraph's max-flow, in floats.
fn float_flow(tree: &IndexTree, sides: &[Side], output: OutputSide) -> f64 {
    let mut graph: DiGraph<(), f64> = DiGraph::new();
    let merged = tree.merged();
    let (source, sink) = (graph.add_node(()), graph.add_node(()));
    let ends: Vec<_> = (0..=tree.len()).map(|_| (graph.add_node(()), graph.add_node(()))).collect();
    let unlimited = 1e9;
    for (index, top) in merged.iter().enumerate() {
        if *top == index {
            graph.add_edge(
                ends[index].0,
                ends[index].1,
                (tree.class(index).unwrap().dim as f64).log2(),
            );
        }
        match tree.site(index).map(|site| sides[site as usize]) {
            Some(Side::A) => drop(graph.add_edge(source, ends[*top].0, unlimited)),
            Some(Side::B) => drop(graph.add_edge(ends[*top].1, sink, unlimited)),
            None => {}
        }
        for child in
            tree.children(index).filter(|child| tree.class(*child).unwrap().up != Edge::Identity)
        {
            graph.add_edge(ends[child].1, ends[*top].0, unlimited);
            graph.add_edge(ends[*top].1, ends[child].0, unlimited);
        }
    }
    if let Some(side) = output.side() {
        let (out, root) = (ends[tree.len()], ends[tree.len() - 1]);
        graph.add_edge(out.0, out.1, (tree.outputs() as f64).log2());
        graph.add_edge(root.1, out.0, unlimited);
        graph.add_edge(out.1, root.0, unlimited);
        match side {
            Side::A => graph.add_edge(source, out.0, unlimited),
            Side::B => graph.add_edge(out.1, sink, unlimited),
        };
    }
    dinics(&graph, source, sink).0
}

fn check(network: &Network, partition: &Bipartition, output: OutputSide) -> MinCut {
    let interrupt = Interrupt::new();
    let cut = min_cut(network, partition, output, &interrupt).unwrap();
    let tree = Arc::new(IndexTree::from_network(network).unwrap());
    tree.validate().unwrap();
    let sides = sides_of(partition);
    let value = cut.value(1 << 20).unwrap();
    let by_tree = min_cut_tree(&tree, &sides, output, &interrupt).unwrap();
    assert_eq!(by_tree.layers(), cut.layers());
    assert_eq!(
        by_tree.edges(1 << 20, &interrupt).unwrap(),
        cut.edges(1 << 20, &interrupt).unwrap()
    );
    assert_eq!(
        by_tree.labelling(1 << 20, &interrupt).unwrap(),
        cut.labelling(1 << 20, &interrupt).unwrap()
    );
    let flow = max_flow_tree(&tree, &sides, output, &interrupt).unwrap();
    assert_eq!(flow.value.value(1 << 20).unwrap(), value);
    assert_eq!(flow.cut.value(1 << 20).unwrap(), value);
    assert!((float_flow(&tree, &sides, output) - cut.bits()).abs() < 1e-6 * (1.0 + cut.bits()));
    assert!(certify(&tree, &sides, &cut, 1 << 20, &interrupt).unwrap().holds());
    let labels = cut.labelling(1 << 20, &interrupt).unwrap();
    for (layer, factor) in labels.iter().zip(cut.layers()).filter(|(layer, _)| !layer.merged) {
        assert_eq!(
            layer.labels.iter().filter(|label| **label == Label::Cut).count() as u64,
            factor.count
        );
    }
    cut
}

#[test]
fn random_networks_by_every_algorithm() {
    let mut random = SplitMix64::new(2);
    let shapes = [
        Shape::Chain(8),
        Shape::Chain(12),
        Shape::Chain(16),
        Shape::Chain(30),
        grid(4, 4),
        grid(6, 4),
        grid(8, 8),
        grid(3, 9),
        Shape::Chain(2),
        grid(1, 5),
    ];
    let recipe = Recipe {
        shapes: &shapes,
        dims: &[1, 2, 3, 4, 6, 10],
        channels: &[1, 2, 3, 4, 5, 6, 8, 9, 16, 27, 100],
        sharing: None,
        contiguous: false,
    };
    for _ in 0..700 {
        let network = random_network(&mut random, &recipe);
        let sides = random_sides(&mut random, network.input_shape().sites());
        let partition = Bipartition::from_sides(network.input_shape(), sides).unwrap();
        check(&network, &partition, outputs(&mut random));
    }
}

#[test]
fn rectangles_agree_with_sites() {
    let mut random = SplitMix64::new(3);
    let shapes = [
        Shape::Chain(24),
        Shape::Chain(64),
        Shape::Chain(90),
        grid(8, 8),
        grid(12, 6),
        grid(16, 4),
        grid(15, 9),
        grid(1, 12),
        grid(12, 1),
    ];
    let recipe = Recipe {
        shapes: &shapes,
        dims: &[2, 3, 4, 10],
        channels: &[1, 2, 3, 5, 6, 8, 16, 40, 600],
        sharing: None,
        contiguous: true,
    };
    let interrupt = Interrupt::new();
    let mut compared = 0;
    for _ in 0..700 {
        let network = random_network(&mut random, &recipe);
        let shape = network.input_shape();
        let rule = match random.below(6) {
            0 => Rule::LeftRight,
            1 => Rule::TopBottom,
            2 => Rule::Interleaved,
            3 => Rule::Checkerboard,
            _ => Rule::Blocks(random.below(9) + 1),
        };
        let rule = if random.below(2) == 0 { Rule::Complement(Box::new(rule)) } else { rule };
        let Ok(partition) = rule.resolve(&shape) else { continue };
        compared += 1;
        let output = outputs(&mut random);
        let hierarchy = Hierarchy::from_network(&network).unwrap();
        let prices = Prices::of(&hierarchy);
        let count = |driver| {
            mincut::counts(&hierarchy, &prices, &partition, output, &interrupt, driver).unwrap()
        };
        assert_eq!(count(Driver::Explicit), count(Driver::Periodic), "{rule} on {network:?}");
        let listed = Bipartition::from_sides(shape, partition.sides().unwrap().to_vec()).unwrap();
        let cut = min_cut(&network, &listed, output, &interrupt).unwrap();
        let solved = periodic::solve(
            &hierarchy,
            &prices,
            Grid::new(&hierarchy, &partition).unwrap(),
            &interrupt,
        )
        .unwrap();
        let edges = trace::edges_of_grid(&hierarchy, &prices, &solved, output, &interrupt).unwrap();
        assert_eq!(edges, cut.edges(1 << 20, &interrupt).unwrap(), "{rule} on {network:?}");
        if compared % 10 == 0 {
            check(&network, &partition, output);
        }
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn merged_poolings_are_one_copy_tensor() {
    use crate::network::{Geometry, Layer};
    let pool = || super::generate::pool(Shape::Chain(2), Geometry::Contiguous);
    let layers = vec![
        Layer::Input { shape: Shape::Chain(4), dim: 3, features: Representation::Given },
        pool(),
        pool(),
        Layer::Output { classes: 2 },
    ];
    let network = Network::new(layers).unwrap();
    let partition = Rule::Interleaved.resolve(&network.input_shape()).unwrap();
    // A copy tensor of four legs has rank 3 between any two groups of them.
    assert_eq!(check(&network, &partition, OutputSide::Fixed).formula(), "3");
    assert_eq!(check(&network, &partition, OutputSide::A).formula(), "3");
}

#[test]
fn a_set_interrupt_stops() {
    let network = tree_network(&[2; 10], 3, &[3, 5, 7, 3, 5, 7, 3, 5, 7, 3], Sharing::None);
    let interrupt = Interrupt::new();
    interrupt.trigger();
    for rule in [Rule::LeftRight, Rule::Random { seed: 1 }] {
        let partition = rule.resolve(&network.input_shape()).unwrap();
        assert!(min_cut(&network, &partition, OutputSide::Fixed, &interrupt).is_err());
    }
}

#[test]
fn the_view_has_every_tensor() {
    let network = tree_network(&[2, 2], 4, &[4, 2], Sharing::None);
    let tree = IndexTree::from_network(&network).unwrap();
    let view = View::new(&tree, OutputSide::A);
    // 4 sites, 4 + 2 weights, 2 + 1 copy tensors, the top and the output.
    assert_eq!(view.graph.node_count(), 15);
    assert_eq!(view.graph.edge_count(), 14);
    assert!(view.dot().starts_with("graph network {"));
}
