//! Random trees against brute force and max-flow.

use crate::graph::{IndexTree, MinCut, OutputSide, certify, max_flow_tree, min_cut_tree};
use crate::interrupt::Interrupt;
use crate::network::{Side, SplitMix64};
use dashu_int::UBig;
use std::sync::Arc;

const DIMS: [u64; 12] = [1, 2, 2, 3, 4, 5, 6, 8, 9, 12, 36, 1 << 53];

fn random_tree(random: &mut SplitMix64, most_leaves: u64) -> (Vec<u64>, Vec<Option<usize>>, usize) {
    // Grow: every vertex that is not a leaf gets some children, until there are leaves enough.
    let wanted = random.below(most_leaves - 1) + 2;
    let mut parents: Vec<Option<usize>> = vec![None];
    let mut leaves = vec![0usize];
    while (leaves.len() as u64) < wanted && parents.len() < 40 {
        let chosen = leaves.swap_remove(random.below(leaves.len() as u64) as usize);
        for _ in 0..random.below(4) + 1 {
            leaves.push(parents.len());
            parents.push(Some(chosen));
        }
    }
    let count = parents.len();
    // A shuffled numbering: nothing may depend on the order of the vertices.
    let mut names: Vec<usize> = (0..count).collect();
    random.shuffle(&mut names);
    let mut renamed = vec![None; count];
    for (vertex, parent) in parents.iter().enumerate() {
        renamed[names[vertex]] = parent.map(|parent| names[parent]);
    }
    let few = random.below(3) + 1;
    let palette: Vec<u64> = (0..few).map(|_| DIMS[random.below(12) as usize]).collect();
    let dims = (0..count).map(|_| palette[random.below(few) as usize]).collect();
    (dims, renamed, leaves.len())
}

/// The smallest product and, for it, the fewest bonds, over all subsets of indices; the output
/// index is the last bit.
fn brute_force(tree: &IndexTree, sides: &[Side], output: OutputSide) -> (UBig, u32) {
    let count = tree.len();
    let vertices = if output == OutputSide::Fixed { count } else { count + 1 };
    let mut adjacent = vec![0u32; vertices];
    let mut join = |left: usize, right: usize| {
        adjacent[left] |= 1 << right;
        adjacent[right] |= 1 << left;
    };
    let (mut in_a, mut in_b) = (0u32, 0u32);
    for index in 0..count {
        tree.children(index).for_each(|child| join(child, index));
        match tree.site(index).map(|site| sides[site as usize]) {
            Some(Side::A) => in_a |= 1 << index,
            Some(Side::B) => in_b |= 1 << index,
            None => {}
        }
    }
    match output {
        OutputSide::Fixed => {}
        OutputSide::A => in_a |= 1 << count,
        OutputSide::B => in_b |= 1 << count,
    }
    if vertices > count {
        join(count - 1, count);
    }
    let dim = |index: usize| tree.class(index).map_or(tree.outputs(), |class| class.dim);
    (0u32..1 << vertices)
        .filter_map(|cut| {
            let mut reached = in_a & !cut;
            loop {
                let spread = (0..vertices)
                    .filter(|v| reached >> v & 1 == 1)
                    .fold(reached, |all, v| all | adjacent[v]);
                if spread & !cut == reached {
                    break;
                }
                reached = spread & !cut;
            }
            let product = || {
                (0..vertices).filter(|v| cut >> v & 1 == 1).map(|v| UBig::from(dim(v))).product()
            };
            (reached & in_b == 0).then(|| (product(), cut.count_ones()))
        })
        .min()
        .unwrap()
}

#[test]
fn ten_thousand_random_trees() {
    let mut random = SplitMix64::new(1);
    let interrupt = Interrupt::new();
    let mut forced = 0;
    for round in 0..10_000 {
        let (dims, parents, leaves) = random_tree(&mut random, 12);
        let outputs = DIMS[random.below(12) as usize];
        let tree = Arc::new(IndexTree::from_parents(&dims, &parents, outputs).unwrap());
        let sides: Vec<Side> =
            (0..leaves).map(|_| if random.below(2) == 0 { Side::A } else { Side::B }).collect();
        let output = [OutputSide::Fixed, OutputSide::A, OutputSide::B][random.below(3) as usize];
        let cut: MinCut = min_cut_tree(&tree, &sides, output, &interrupt).unwrap();
        let value = cut.value(10_000).unwrap();
        let flow = max_flow_tree(&tree, &sides, output, &interrupt).unwrap();
        assert_eq!(flow.value.value(10_000).unwrap(), value, "round {round}");
        assert_eq!(flow.cut.value(10_000).unwrap(), value, "round {round}");
        assert!(certify(&tree, &sides, &cut, 10_000, &interrupt).unwrap().holds(), "round {round}");
        if tree.len() <= 8 || (tree.len() <= 12 && round % 16 == 0) {
            forced += 1;
            let (product, bonds) = brute_force(&tree, &sides, output);
            assert_eq!(product, value, "round {round}");
            assert_eq!(u64::from(bonds), cut.bonds(), "round {round}: fewest bonds");
            assert_eq!(cut.edges(100, &interrupt).unwrap().len() as u64, cut.bonds());
        }
    }
    assert!(forced > 2000, "{forced}");
}

#[test]
fn malformed_trees_are_errors() {
    for (dims, parents) in [
        (vec![], vec![]),
        (vec![2], vec![Some(0)]),
        (vec![2, 2], vec![None, None]),
        (vec![2, 2, 2], vec![None, Some(2), Some(1)]),
        (vec![2, 2], vec![None, Some(7)]),
        (vec![2, 0], vec![None, Some(0)]),
        (vec![2, 2], vec![None]),
    ] {
        assert!(IndexTree::from_parents(&dims, &parents, 1).is_err(), "{dims:?} {parents:?}");
    }
    assert!(IndexTree::from_parents(&[2], &[None], 0).is_err());
}
