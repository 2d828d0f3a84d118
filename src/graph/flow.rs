//! Max-flow, for any graph of indices: an independent check of the dynamic programme, and the
//! way to cut networks that are no trees.
//!
//! Every index is a vertex that can be cut at the price of the logarithm of its dimension: it is
//! split into an entrance and an exit joined by an arc of that capacity; weight matrices are arcs
//! without limit, both ways. Dinic's algorithm (1970), with capacities in any ordered group:
//! exact ones are integer vectors over a pairwise coprime base of the dimensions, so that the
//! flow of a network with thousands of digits is exact.

use super::GraphError;
use super::cost::{Dimensions, Weight};
use super::hierarchy::Edge;
use super::solve::OutputSide;
use super::tree::IndexTree;
use crate::interrupt::Interrupt;
use crate::network::Side;
use std::cmp::Ordering;

/// Capacities: an ordered group.
pub trait CapacityGroup {
    /// A capacity or a flow.
    type Value: Clone;
    /// No capacity.
    fn zero(&self) -> Self::Value;
    /// Adds to a value.
    fn add(&self, left: &mut Self::Value, right: &Self::Value);
    /// Subtracts from a value.
    fn subtract(&self, left: &mut Self::Value, right: &Self::Value);
    /// Compares exactly.
    fn compare(&self, left: &Self::Value, right: &Self::Value) -> Ordering;
}

/// Logarithms of integers, as exponents over a pairwise coprime base.
#[derive(Clone, Debug)]
pub struct ExactLogarithms {
    dimensions: Dimensions,
    logs: Vec<f64>,
}

impl ExactLogarithms {
    /// Logarithms of products of these dimensions.
    pub fn new(dimensions: Dimensions) -> Self {
        let logs = dimensions.base().iter().map(|factor| (*factor as f64).log2()).collect();
        ExactLogarithms { dimensions, logs }
    }

    fn sign(&self, value: &[i64]) -> Ordering {
        let (mut sum, mut size) = (0.0f64, 0.0f64);
        for (exponent, log) in value.iter().zip(&self.logs) {
            let term = *exponent as f64 * log;
            sum += term;
            size += term.abs();
        }
        // The bound of `Dimensions::compare`.
        let error = size * (value.len() as f64 + 16.0) * (0.5 * f64::EPSILON);
        if sum > error {
            Ordering::Greater
        } else if sum < -error {
            Ordering::Less
        } else {
            let wide: Vec<i128> = value.iter().map(|entry| i128::from(*entry)).collect();
            self.dimensions.sign_over_base(&wide)
        }
    }
}

impl CapacityGroup for ExactLogarithms {
    type Value = Vec<i64>;

    fn zero(&self) -> Vec<i64> {
        vec![0; self.logs.len()]
    }

    fn add(&self, left: &mut Vec<i64>, right: &Vec<i64>) {
        left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
    }

    fn subtract(&self, left: &mut Vec<i64>, right: &Vec<i64>) {
        left.iter_mut().zip(right).for_each(|(left, right)| *left -= right);
    }

    fn compare(&self, left: &Vec<i64>, right: &Vec<i64>) -> Ordering {
        let difference: Vec<i64> =
            left.iter().zip(right).map(|(left, right)| left - right).collect();
        self.sign(&difference)
    }
}

/// Integer capacities.
#[derive(Clone, Copy, Debug, Default)]
pub struct Integers;

impl CapacityGroup for Integers {
    type Value = i128;

    fn zero(&self) -> i128 {
        0
    }

    fn add(&self, left: &mut i128, right: &i128) {
        *left += right;
    }

    fn subtract(&self, left: &mut i128, right: &i128) {
        *left -= right;
    }

    fn compare(&self, left: &i128, right: &i128) -> Ordering {
        left.cmp(right)
    }
}

#[derive(Clone, Debug)]
struct Arc<V> {
    to: usize,
    /// What is left; `None` for no limit.
    left: Option<V>,
}

/// A directed graph with capacities. Arc `2k+1` is the reverse of arc `2k`.
#[derive(Clone, Debug)]
pub struct FlowNetwork<G: CapacityGroup> {
    group: G,
    arcs: Vec<Arc<G::Value>>,
    out: Vec<Vec<usize>>,
}

impl<G: CapacityGroup> FlowNetwork<G> {
    /// So many vertices, no arcs.
    pub fn new(group: G, vertices: usize) -> Self {
        FlowNetwork { group, arcs: Vec::new(), out: vec![Vec::new(); vertices] }
    }

    /// An arc; `None` is a capacity without limit. Vertices that are not there are ignored.
    pub fn add_arc(&mut self, from: usize, to: usize, capacity: Option<G::Value>) {
        if from >= self.out.len() || to >= self.out.len() {
            return;
        }
        let number = self.arcs.len();
        self.arcs.push(Arc { to, left: capacity });
        self.arcs.push(Arc { to: from, left: Some(self.group.zero()) });
        for (vertex, arc) in [(from, number), (to, number + 1)] {
            if let Some(list) = self.out.get_mut(vertex) {
                list.push(arc);
            }
        }
    }

    fn is_open(&self, arc: usize) -> bool {
        self.arcs.get(arc).is_some_and(|arc| match &arc.left {
            None => true,
            Some(left) => self.group.compare(left, &self.group.zero()) == Ordering::Greater,
        })
    }

    /// The distance from `source` along open arcs; `usize::MAX` where none leads.
    fn levels(&self, source: usize) -> Vec<usize> {
        let mut levels = vec![usize::MAX; self.out.len()];
        if let Some(level) = levels.get_mut(source) {
            *level = 0;
        }
        let mut queue = vec![source];
        let mut next = 0;
        while let Some(vertex) = queue.get(next).copied() {
            next += 1;
            let level = levels.get(vertex).copied().unwrap_or(0);
            for arc in self.out.get(vertex).into_iter().flatten() {
                let Some(to) = self.arcs.get(*arc).map(|arc| arc.to) else { continue };
                if levels.get(to) == Some(&usize::MAX) && self.is_open(*arc) {
                    if let Some(slot) = levels.get_mut(to) {
                        *slot = level + 1;
                    }
                    queue.push(to);
                }
            }
        }
        levels
    }

    /// The largest flow, `None` when it has no limit.
    ///
    /// # Errors
    /// [`GraphError::Interrupted`].
    pub fn max_flow(
        &mut self,
        source: usize,
        sink: usize,
        interrupt: &Interrupt,
    ) -> Result<Option<G::Value>, GraphError> {
        let mut total = self.group.zero();
        loop {
            interrupt.check()?;
            let levels = self.levels(source);
            if levels.get(sink).is_none_or(|level| *level == usize::MAX) {
                return Ok(Some(total));
            }
            let mut next = vec![0usize; self.out.len()];
            // Depth first without recursion: `path` holds arcs.
            let mut path: Vec<usize> = Vec::new();
            let mut at = source;
            let mut steps = 0u32;
            loop {
                steps = steps.wrapping_add(1);
                if steps.is_multiple_of(256) {
                    interrupt.check()?;
                }
                if at == sink {
                    let Some(pushed) = self.push(&path) else { return Ok(None) };
                    self.group.add(&mut total, &pushed);
                    path.clear();
                    at = source;
                    continue;
                }
                let tried = next.get(at).copied().unwrap_or(0);
                let Some(arc) = self.out.get(at).and_then(|list| list.get(tried)).copied() else {
                    // A dead end: step back and do not come again.
                    let Some(arc) = path.pop() else { break };
                    at = self.arcs.get(arc ^ 1).map_or(source, |reverse| reverse.to);
                    if let Some(slot) = next.get_mut(at) {
                        *slot += 1;
                    }
                    continue;
                };
                let to = self.arcs.get(arc).map_or(at, |arc| arc.to);
                let deeper = levels.get(to).copied().zip(levels.get(at).copied());
                if deeper.is_some_and(|(to, at)| to != usize::MAX && to == at + 1)
                    && self.is_open(arc)
                {
                    path.push(arc);
                    at = to;
                } else if let Some(slot) = next.get_mut(at) {
                    *slot += 1;
                }
            }
        }
    }

    /// Sends what fits along a path; `None` when it has no limit.
    fn push(&mut self, path: &[usize]) -> Option<G::Value> {
        let mut least: Option<G::Value> = None;
        for arc in path {
            let left = self.arcs.get(*arc).and_then(|arc| arc.left.clone());
            least = match (least, left) {
                (Some(least), Some(left)) => {
                    Some(if self.group.compare(&left, &least) == Ordering::Less {
                        left
                    } else {
                        least
                    })
                }
                (least, left) => least.or(left),
            };
        }
        let least = least?;
        for arc in path {
            if let Some(left) = self.arcs.get_mut(*arc).and_then(|arc| arc.left.as_mut()) {
                self.group.subtract(left, &least);
            }
            if let Some(left) = self.arcs.get_mut(arc ^ 1).and_then(|arc| arc.left.as_mut()) {
                self.group.add(left, &least);
            }
        }
        Some(least)
    }

    /// After [`FlowNetwork::max_flow`]: the vertices that the source still reaches.
    pub fn source_side(&self, source: usize) -> Vec<bool> {
        self.levels(source).into_iter().map(|level| level != usize::MAX).collect()
    }
}

/// A min-cut found by max-flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowCut {
    /// The value of the flow, as a product over the coprime base.
    pub value: Weight,
    /// The cut indices, nearest to side A; a copy tensor is named by its last index.
    pub indices: Vec<usize>,
    /// Whether the output index is cut.
    pub output: bool,
    /// The product of the cut dimensions; equal to `value`.
    pub cut: Weight,
}

/// The min-cut of an index tree by exact max-flow; `sides` by site.
///
/// # Errors
/// [`GraphError::Malformed`] when there is not one side per site, [`GraphError::Interrupted`].
pub fn max_flow_tree(
    tree: &IndexTree,
    sides: &[Side],
    output: OutputSide,
    interrupt: &Interrupt,
) -> Result<FlowCut, GraphError> {
    if sides.len() as u64 != tree.sites() {
        return Err(GraphError::Malformed(format!(
            "{} sides for {} sites",
            sides.len(),
            tree.sites()
        )));
    }
    let dims: Vec<u64> =
        tree.classes().iter().map(|class| class.dim).chain([tree.outputs()]).collect();
    let group = ExactLogarithms::new(Dimensions::new(&dims));
    let base = group.dimensions.base().to_vec();
    let capacity = |group: &ExactLogarithms, class: usize| -> Option<Vec<i64>> {
        Some(
            group.dimensions.exponents(class).iter().map(|exponent| i64::from(*exponent)).collect(),
        )
    };
    let merged = tree.merged();
    let count = tree.len();
    // Vertices 2i and 2i+1 are the entrance and the exit of index i; then the output index.
    let (out, source, sink) = (count, 2 * count + 2, 2 * count + 3);
    let mut graph = FlowNetwork::new(group.clone(), 2 * count + 4);
    let join = |graph: &mut FlowNetwork<ExactLogarithms>, left: usize, right: usize| {
        graph.add_arc(2 * left + 1, 2 * right, None);
        graph.add_arc(2 * right + 1, 2 * left, None);
    };
    let hold = |graph: &mut FlowNetwork<ExactLogarithms>, index: usize, side: Side| match side {
        Side::A => graph.add_arc(source, 2 * index, None),
        Side::B => graph.add_arc(2 * index + 1, sink, None),
    };
    for (index, top) in merged.iter().enumerate() {
        if *top == index {
            let class = tree.class_number(index).unwrap_or(0);
            graph.add_arc(2 * index, 2 * index + 1, capacity(&group, class));
        }
        if let Some(side) = tree.site(index).and_then(|site| sides.get(site as usize)) {
            hold(&mut graph, *top, *side);
        }
        for child in tree.children(index) {
            if tree.class(child).is_some_and(|class| class.up != Edge::Identity) {
                join(&mut graph, child, *top);
            }
        }
    }
    if let Some(side) = output.side() {
        graph.add_arc(2 * out, 2 * out + 1, capacity(&group, dims.len() - 1));
        join(&mut graph, count.saturating_sub(1), out);
        hold(&mut graph, out, side);
    }
    let Some(value) = graph.max_flow(source, sink, interrupt)? else {
        return Err(GraphError::Malformed(
            "the two sides touch without a bond between them".into(),
        ));
    };
    let reached = graph.source_side(source);
    let is_cut = |index: usize| {
        reached.get(2 * index) == Some(&true) && reached.get(2 * index + 1) == Some(&false)
    };
    let indices: Vec<usize> = (0..count).filter(|index| is_cut(*index)).collect();
    let output = is_cut(out);
    let paid = indices.iter().filter_map(|index| tree.class(*index)).map(|class| (class.dim, 1));
    let cut = Weight::new(paid.chain(output.then_some((tree.outputs(), 1))));
    let value = Weight::new(
        base.into_iter()
            .zip(value.into_iter().map(|exponent| u64::try_from(exponent).unwrap_or(0))),
    );
    Ok(FlowCut { value, indices, output, cut })
}
