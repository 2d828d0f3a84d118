//! A checked tree, and which part of it is drawn.

use super::super::error::PlotError;
use super::{TreeLabel, TreePicture};

const MOST_LAYERS: usize = 64;
const MOST_INDICES: usize = 1 << 22;
/// Leaves and folded subtrees that are drawn beside each other.
const MOST_LEAVES: usize = 64;
/// The same when counts of cuts are written under the triangles.
const WIDE_LEAVES: usize = 18;

/// What lies at and below an index.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Below {
    pub sites: u64,
    pub a: u64,
    pub b: u64,
    pub cut: u64,
}

impl Below {
    fn pure(self) -> bool {
        self.cut == 0 && (self.a == 0 || self.b == 0)
    }
}

/// A checked tree: children and counts per layer and position.
pub(super) struct Forest {
    pub children: Vec<Vec<Vec<usize>>>,
    pub below: Vec<Vec<Below>>,
}

/// One drawn index.
pub(super) struct Node {
    pub layer: usize,
    pub position: usize,
    /// The drawn parent, as an index into the selection.
    pub parent: Option<usize>,
    /// Horizontal place in units of the distance of leaves.
    pub x: f64,
    /// The subtree below is drawn as one triangle.
    pub folded: bool,
}

/// What is drawn, parents before their children, and its width in leaves.
pub(super) struct Selection {
    pub nodes: Vec<Node>,
    pub leaves: usize,
    pub any_folded: bool,
    pub lowest: usize,
}

impl Forest {
    pub(super) fn of(picture: &TreePicture) -> Result<Self, PlotError> {
        let layers = &picture.layers;
        if layers.is_empty() || layers.len() > MOST_LAYERS {
            return Err(PlotError::new(
                format!("a tree of {} layers cannot be drawn", layers.len()),
                format!("draw between 1 and {MOST_LAYERS} layers"),
            ));
        }
        let mut total = 0usize;
        for (index, layer) in layers.iter().enumerate() {
            let count = layer.rows.saturating_mul(layer.cols);
            total = total.saturating_add(count);
            let next = layers.get(index + 1).map(|next| next.rows.saturating_mul(next.cols));
            let wrong =
                |what: &str| PlotError::plain(format!("layer {index} of the tree has {what}"));
            if count == 0 || total > MOST_INDICES {
                return Err(PlotError::new(
                    format!("layer {index} of the tree has {count} positions"),
                    "a drawing needs 1 to 2^22 indices; summarize larger trees by counts",
                ));
            }
            match next {
                Some(next) if layer.parent.len() != count => {
                    return Err(wrong(&format!(
                        "{count} positions but {} parents (next layer: {next})",
                        layer.parent.len()
                    )));
                }
                Some(next) if layer.parent.iter().any(|&parent| parent >= next) => {
                    return Err(wrong("a parent that does not exist"));
                }
                None if !layer.parent.is_empty() => {
                    return Err(wrong("parents, although it is the last one"));
                }
                _ => {}
            }
            if let Some(marks) = &picture.marks
                && marks.labels.get(index).map(Vec::len) != Some(count)
            {
                return Err(wrong("not one label per position"));
            }
        }
        Ok(Self::build(picture))
    }

    fn build(picture: &TreePicture) -> Self {
        let layers = &picture.layers;
        let mut children: Vec<Vec<Vec<usize>>> = Vec::with_capacity(layers.len());
        let mut below: Vec<Vec<Below>> = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            let count = layer.rows * layer.cols;
            let mut own_children = vec![Vec::new(); count];
            let mut own_below = vec![Below::default(); count];
            if index > 0 {
                for (child, &parent) in layers[index - 1].parent.iter().enumerate() {
                    own_children[parent].push(child);
                    let part: Below = below[index - 1][child];
                    let sum: &mut Below = &mut own_below[parent];
                    sum.sites += part.sites;
                    sum.a += part.a;
                    sum.b += part.b;
                    sum.cut += part.cut;
                }
            } else {
                for counts in &mut own_below {
                    counts.sites = 1;
                }
            }
            for (position, counts) in own_below.iter_mut().enumerate() {
                match picture.label(index, position) {
                    Some(TreeLabel::A) => counts.a += 1,
                    Some(TreeLabel::B) => counts.b += 1,
                    Some(TreeLabel::Cut) => counts.cut += 1,
                    None => {}
                }
            }
            children.push(own_children);
            below.push(own_below);
        }
        Self { children, below }
    }

    /// Number of sites.
    pub(super) fn sites(&self) -> usize {
        self.below.first().map_or(0, Vec::len)
    }

    /// Chooses what is drawn: everything up to 64 leaves, else pure subtrees are folded and
    /// the rest is folded at the lowest layer that leaves 64. Nothing if that says too little.
    /// When cuts hide in what is folded, few and wide triangles are taken, so that their
    /// counts can be written below them.
    pub(super) fn select(&self) -> Option<Selection> {
        let selection = self.select_within(MOST_LEAVES)?;
        let hidden = |node: &Node| node.folded && self.below[node.layer][node.position].cut > 0;
        if selection.nodes.iter().any(hidden) {
            return self.select_within(WIDE_LEAVES).or(Some(selection));
        }
        Some(selection)
    }

    fn select_within(&self, most: usize) -> Option<Selection> {
        let top = self.children.len() - 1;
        if self.children[top].len() > most {
            return None;
        }
        let fold_pure = self.sites() > MOST_LEAVES;
        // The lowest layer that is opened: layer by layer from the top while it stays narrow.
        let mut lowest = top;
        let mut shown: Vec<usize> = (0..self.children[top].len()).collect();
        let mut closed = 0;
        while lowest > 0 {
            let mut next = Vec::new();
            let mut closed_here = 0;
            for &position in &shown {
                if fold_pure && self.below[lowest][position].pure() && self.marked(lowest, position)
                {
                    closed_here += 1;
                } else {
                    next.extend_from_slice(&self.children[lowest][position]);
                }
                if closed + closed_here + next.len() > most {
                    break;
                }
            }
            if closed + closed_here + next.len() > most {
                break;
            }
            closed += closed_here;
            shown = next;
            lowest -= 1;
        }
        if lowest == top && top > 0 {
            return None;
        }
        let mut selection = Selection { nodes: Vec::new(), leaves: 0, any_folded: false, lowest };
        for root in 0..self.children[top].len() {
            self.place(&mut selection, top, root, None, fold_pure);
        }
        Some(selection)
    }

    fn marked(&self, layer: usize, position: usize) -> bool {
        let below = self.below[layer][position];
        below.a + below.b + below.cut > 0
    }

    fn place(
        &self,
        selection: &mut Selection,
        layer: usize,
        position: usize,
        parent: Option<usize>,
        fold_pure: bool,
    ) -> f64 {
        let own = selection.nodes.len();
        let has_children = !self.children[layer][position].is_empty();
        let pure = fold_pure && self.below[layer][position].pure() && self.marked(layer, position);
        let folded = has_children && (layer <= selection.lowest || pure);
        selection.any_folded |= folded;
        selection.nodes.push(Node { layer, position, parent, x: 0.0, folded });
        let x = if folded || !has_children {
            selection.leaves += 1;
            selection.leaves as f64 - 0.5
        } else {
            let mut places = self.children[layer][position]
                .iter()
                .map(|&child| self.place(selection, layer - 1, child, Some(own), fold_pure))
                .collect::<Vec<f64>>();
            let last = places.pop().unwrap_or(0.0);
            (places.first().copied().unwrap_or(last) + last) / 2.0
        };
        selection.nodes[own].x = x;
        x
    }
}
