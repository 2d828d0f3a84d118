//! The dynamic programme on any index tree.

use super::GraphError;
use super::cost::Dimensions;
use super::solve::{OutputSide, Prices};
use super::states::{Algebra, Columns, Interner, Label};
use super::tree::IndexTree;
use crate::interrupt::Interrupt;
use crate::network::Side;
use rustc_hash::FxHashMap;

/// The state of every index of a tree.
pub(super) struct SolvedTree {
    prices: Prices,
    states: Interner,
    of_index: Vec<u32>,
}

/// Solves a tree; `sides` by site.
pub(super) fn solve(
    tree: &IndexTree,
    sides: &[Side],
    interrupt: &Interrupt,
) -> Result<SolvedTree, GraphError> {
    if sides.len() as u64 != tree.sites() {
        return Err(GraphError::Malformed(format!(
            "{} sides for {} sites",
            sides.len(),
            tree.sites()
        )));
    }
    let dims: Vec<u64> =
        tree.classes().iter().map(|class| class.dim).chain([tree.outputs()]).collect();
    let columns =
        (0..tree.classes().len()).map(|class| Columns { mixed: class, pure: class }).collect();
    let algebra = Algebra { dimensions: Dimensions::new(&dims), track_purity: false };
    let prices = Prices { algebra, columns, output: tree.classes().len() };
    let width = prices.algebra.width();
    let (mut states, mut offers) = (Interner::new(width), Interner::new(width));
    let mut pairs: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut closed: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let nothing = states.intern(&prices.algebra.nothing());
    let leaves = [Side::A, Side::B].map(|side| states.intern(&prices.algebra.leg(side == Side::A)));
    let mut of_index: Vec<u32> = Vec::with_capacity(tree.len());
    for index in 0..tree.len() {
        if index % 256 == 0 {
            interrupt.check()?;
        }
        let mut partial = nothing;
        if let Some(site) = tree.site(index) {
            partial = leaves[usize::from(sides.get(site as usize) != Some(&Side::A))];
        }
        for child in tree.children(index) {
            let (Some(state), Some(class)) =
                (of_index.get(child).copied(), tree.class_number(child))
            else {
                continue;
            };
            let offer = match closed.get(&(state, class as u32)) {
                Some(offer) => *offer,
                None => {
                    let up = tree
                        .classes()
                        .get(class)
                        .map_or(super::hierarchy::Edge::Top, |class| class.up);
                    let offer = offers.intern(&prices.algebra.close(
                        states.row(state),
                        prices.column(class),
                        up,
                    ));
                    closed.insert((state, class as u32), offer);
                    offer
                }
            };
            partial = match pairs.get(&(partial, offer)) {
                Some(known) => *known,
                None => {
                    let mut row = states.row(partial).to_vec();
                    prices.algebra.add(&mut row, offers.row(offer), 1);
                    let made = states.intern(&row);
                    pairs.insert((partial, offer), made);
                    made
                }
            };
        }
        of_index.push(partial);
    }
    Ok(SolvedTree { prices, states, of_index })
}

impl SolvedTree {
    fn state(&self, index: usize) -> &[u64] {
        self.of_index.get(index).map_or(&[], |state| self.states.row(*state))
    }

    fn top(&self, tree: &IndexTree) -> (&[u64], Columns) {
        let root = tree.len().saturating_sub(1);
        (self.state(root), self.prices.column(tree.class_number(root).unwrap_or(0)))
    }

    /// The counts of the cheapest cut.
    pub fn answer(&self, tree: &IndexTree, output: OutputSide) -> Vec<u64> {
        let (root, columns) = self.top(tree);
        self.prices.answer(root, columns, output)
    }

    /// The label of every index and of the output index.
    pub fn labels(&self, tree: &IndexTree, output: OutputSide) -> (Vec<Label>, Option<Label>) {
        let (root, columns) = self.top(tree);
        let output = self.prices.output_label(root, columns, output);
        let mut above: Vec<Option<Label>> = vec![None; tree.len()];
        if let Some(slot) = above.last_mut() {
            *slot = output;
        }
        let mut labels = vec![Label::Cut; tree.len()];
        for index in (0..tree.len()).rev() {
            let (Some(class), Some(parent)) = (tree.class(index), above.get(index).copied()) else {
                continue;
            };
            let columns = self.prices.column(tree.class_number(index).unwrap_or(0));
            let label = self.prices.algebra.choose(self.state(index), columns, class.up, parent);
            if let Some(slot) = labels.get_mut(index) {
                *slot = label;
            }
            if let Some(slots) = above.get_mut(tree.children(index)) {
                slots.fill(Some(label));
            }
        }
        (labels, output)
    }
}
