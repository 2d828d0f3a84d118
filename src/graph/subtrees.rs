//! The different subtrees of a network under a labelling of its sites.
//!
//! A *kind* is an index with everything below it and the matrix above it. Two indices are of one
//! kind when their matrices are shared and the sites below them are labelled alike, so a message
//! of a tree contraction is computed once for both. With shared weights and a regular partition
//! a chain of `2^40` sites has a few kinds for each level; without sharing every index is a kind.

use super::GraphError;
use super::hierarchy::{Edge, Hierarchy};
use super::periodic::{Grid, View};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, Sharing, Side};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// The largest number of kinds of one level, and of children of one kind.
const MAX_KINDS: u64 = 1 << 26;
const NOBODY: u32 = u32::MAX;

/// So many children of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The kind, by its number in the level below.
    pub kind: u32,
    /// How many neighbouring children are of it.
    pub count: u32,
}

/// The kinds of one level.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    matrices: Vec<u32>,
    masks: Vec<u8>,
    positions: Vec<u32>,
    starts: Vec<u32>,
    runs: Vec<Run>,
}

/// The kinds of all levels, from the input up; the last level has one.
#[derive(Clone, Debug)]
pub struct Subtrees {
    levels: Vec<Kinds>,
}

/// In which order the children of a kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildOrder {
    /// By number, so that windows that differ in the order of their members are one kind. For
    /// messages to which the order means nothing.
    Any,
    /// By place in the window.
    Places,
}

impl Kinds {
    /// The number of kinds.
    pub fn len(&self) -> usize {
        self.masks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.masks.is_empty()
    }

    /// Which matrix of the weight above is on top of a kind.
    pub fn matrix(&self, kind: usize) -> usize {
        self.matrices.get(kind).map_or(0, |matrix| *matrix as usize)
    }

    /// The union of the labels below, one bit for each of the labels 0 to 7.
    pub fn mask(&self, kind: usize) -> u8 {
        self.masks.get(kind).copied().unwrap_or(0)
    }

    /// The row-major position of one index of this kind; saturates at `2^32 - 1`.
    pub fn position(&self, kind: usize) -> u32 {
        self.positions.get(kind).copied().unwrap_or(0)
    }

    /// The children of a kind; none for a site.
    pub fn children(&self, kind: usize) -> &[Run] {
        let bounds = self.starts.get(kind).zip(self.starts.get(kind + 1));
        bounds.and_then(|(start, end)| self.runs.get(*start as usize..*end as usize)).unwrap_or(&[])
    }

    fn with_capacity(kinds: usize, runs: usize) -> Self {
        let mut starts = Vec::with_capacity(kinds + 1);
        starts.push(0);
        Kinds {
            matrices: Vec::with_capacity(kinds),
            masks: Vec::with_capacity(kinds),
            positions: Vec::with_capacity(kinds),
            starts,
            runs: Vec::with_capacity(runs),
        }
    }

    fn push(&mut self, matrix: u32, mask: u8, position: u64, runs: &[Run]) -> u32 {
        let number = self.masks.len() as u32;
        self.matrices.push(matrix);
        self.masks.push(mask);
        self.positions.push(u32::try_from(position).unwrap_or(u32::MAX));
        self.runs.extend_from_slice(runs);
        self.starts.push(self.runs.len() as u32);
        number
    }
}

/// The labels of the sites.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// All alike: label 0.
    None,
    /// 0 in A, 1 in B.
    Sides(&'a Bipartition),
    /// For every site, row-major, a label from 0 to 7.
    Listed(&'a [u8]),
}

impl Labels<'_> {
    fn of(&self, site: u64) -> u8 {
        match self {
            Labels::None => 0,
            Labels::Sides(bipartition) => u8::from(bipartition.side(site) == Side::B),
            Labels::Listed(labels) => labels.get(site as usize).map_or(0, |label| label & 7),
        }
    }
}

impl Subtrees {
    /// The kinds of a ConvAC whose sites have these labels.
    ///
    /// Costs `O(N)` steps and memory; about as many as there are levels when all weights are
    /// shared, every pooling is contiguous and the partition regular.
    ///
    /// # Errors
    /// [`GraphError::ShapeMismatch`] when the partition is of another shape,
    /// [`GraphError::TooLarge`] beyond `2^26` sites or kinds, [`GraphError::Interrupted`].
    pub fn new(
        network: &Network,
        hierarchy: &Hierarchy,
        labels: Labels<'_>,
        order: ChildOrder,
        interrupt: &Interrupt,
    ) -> Result<Self, GraphError> {
        let shape = hierarchy.input_shape();
        let matrices = Matrices::of(network, hierarchy);
        match labels {
            Labels::Sides(bipartition) if bipartition.shape() != shape => {
                let partition = bipartition.shape();
                return Err(GraphError::ShapeMismatch { network: shape, partition });
            }
            Labels::Listed(labels) if labels.len() as u64 != shape.sites() => {
                let text = format!("{} labels for {} sites", labels.len(), shape.sites());
                return Err(GraphError::Malformed(text));
            }
            _ => {}
        }
        let grid = match labels {
            Labels::Sides(bipartition) => Grid::new(hierarchy, bipartition),
            Labels::None => Grid::blank(hierarchy),
            Labels::Listed(_) => None,
        };
        match grid.filter(|_| matrices.are_shared) {
            Some(grid) => by_rectangles(hierarchy, &matrices, &grid, labels, order, interrupt),
            None => by_position(hierarchy, &matrices, labels, order, interrupt),
        }
    }

    /// The kinds by level, from the input up.
    pub fn levels(&self) -> &[Kinds] {
        &self.levels
    }

    /// The number of kinds of all levels.
    pub fn len(&self) -> usize {
        self.levels.iter().map(Kinds::len).sum()
    }

    /// Whether there is no kind; never true of a network.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which matrix is above every index.
struct Matrices {
    /// By level: 0 everywhere, the place in a window, or the position.
    rules: Vec<MatrixRule>,
    /// By level, whether no two positions have the same matrix.
    differ: Vec<bool>,
    /// Whether no level with many positions has a matrix for each.
    are_shared: bool,
}

type Chooser = Box<dyn Fn(u64) -> u64>;

enum MatrixRule {
    One,
    Position,
    Place(Chooser),
}

impl Matrices {
    fn of(network: &Network, hierarchy: &Hierarchy) -> Self {
        let rule = |level: &super::Level| match level.up {
            Edge::Identity | Edge::Top => (MatrixRule::One, false),
            Edge::Weight { conv } => {
                let differ = network.effective_sharing(conv) == Some(Sharing::None)
                    && level.shape.sites() > 1;
                match network.conv_layer(conv) {
                    Some((_, Sharing::None)) => (MatrixRule::Position, differ),
                    Some((_, Sharing::Window)) => match network.weight_of_position(conv) {
                        Some(place) => (MatrixRule::Place(Box::new(place)), differ),
                        None => (MatrixRule::One, false),
                    },
                    _ => (MatrixRule::One, false),
                }
            }
        };
        let (rules, differ): (Vec<_>, Vec<_>) = hierarchy.levels().iter().map(rule).unzip();
        Matrices { are_shared: !differ.contains(&true), rules, differ }
    }

    fn at(&self, level: usize, position: u64) -> u32 {
        match self.rules.get(level) {
            Some(MatrixRule::Position) => position as u32,
            Some(MatrixRule::Place(place)) => place(position) as u32,
            _ => 0,
        }
    }
}

fn too_many_kinds() -> GraphError {
    let hint =
        "use sharing = \"layer\" with a regular partition such as left_right, or fewer sites";
    let size = format!("more than {MAX_KINDS} different subtrees");
    GraphError::too_large("the tensor network", size, MAX_KINDS, hint)
}

/// Sorts if the order means nothing, and counts neighbours that are alike.
fn gather(children: &mut [u32], order: ChildOrder, runs: &mut Vec<Run>) {
    if order == ChildOrder::Any {
        children.sort_unstable();
    }
    runs.clear();
    for &kind in children.iter() {
        match runs.last_mut() {
            Some(run) if run.kind == kind => run.count += 1,
            _ => runs.push(Run { kind, count: 1 }),
        }
    }
}

/// Finds equal kinds of one level by hash.
#[derive(Default)]
struct Interner {
    first: FxHashMap<u64, u32>,
    next: Vec<u32>,
}

impl Interner {
    fn intern(
        &mut self,
        kinds: &mut Kinds,
        matrix: u32,
        mask: u8,
        position: u64,
        runs: &[Run],
    ) -> u32 {
        let mut hasher = FxHasher::default();
        (matrix, mask, runs).hash(&mut hasher);
        let head = self.first.entry(hasher.finish()).or_insert(NOBODY);
        let mut seen = *head;
        while seen != NOBODY {
            let kind = seen as usize;
            if kinds.matrix(kind) == matrix as usize
                && kinds.mask(kind) == mask
                && kinds.children(kind) == runs
            {
                return seen;
            }
            seen = self.next.get(kind).copied().unwrap_or(NOBODY);
        }
        let number = kinds.push(matrix, mask, position, runs);
        self.next.push(*head);
        *head = number;
        number
    }
}

/// Level by level, every position.
fn by_position(
    hierarchy: &Hierarchy,
    matrices: &Matrices,
    labels: Labels<'_>,
    order: ChildOrder,
    interrupt: &Interrupt,
) -> Result<Subtrees, GraphError> {
    hierarchy.check_explicit()?;
    let mut levels: Vec<Kinds> = Vec::with_capacity(hierarchy.levels().len());
    let mut below: Vec<u32> = Vec::new();
    // From the first level with a matrix for each position on no two indices are alike.
    let mut all_differ = false;
    for (place, level) in hierarchy.levels().iter().enumerate() {
        let sites = level.shape.sites();
        all_differ |= matrices.differ.get(place).copied().unwrap_or(false);
        let branching = level.branching as usize;
        let expected = if all_differ { sites as usize } else { 0 };
        let mut kinds = Kinds::with_capacity(expected, expected * branching);
        let mut interner = Interner::default();
        let mut current = Vec::with_capacity(sites as usize);
        let (mut children, mut runs) = (Vec::with_capacity(branching), Vec::new());
        for position in 0..sites {
            if position % (1 << 12) == 0 {
                interrupt.check()?;
            }
            let mut mask = if place == 0 { 1 << labels.of(position) } else { 0 };
            children.clear();
            if place > 0 {
                match &level.window {
                    None => children.extend(below.get(position as usize)),
                    Some(window) => {
                        children.extend((0..window.size()).filter_map(|member| {
                            below.get(window.source(position, member) as usize)
                        }))
                    }
                }
            }
            gather(&mut children, order, &mut runs);
            if let Some(under) = levels.last() {
                runs.iter().for_each(|run| mask |= under.mask(run.kind as usize));
            }
            let matrix = matrices.at(place, position);
            current.push(if all_differ {
                kinds.push(matrix, mask, position, &runs)
            } else {
                interner.intern(&mut kinds, matrix, mask, position, &runs)
            });
        }
        levels.push(kinds);
        below = current;
    }
    Ok(Subtrees { levels })
}

/// What decides the kind of an index of a regular pattern: the view of its rectangle and the
/// matrices above it and, through convolutions without pooling, below it.
type Look = (View, View, u32);

/// From the top down, one index of every look.
fn by_rectangles(
    hierarchy: &Hierarchy,
    matrices: &Matrices,
    grid: &Grid,
    labels: Labels<'_>,
    order: ChildOrder,
    interrupt: &Interrupt,
) -> Result<Subtrees, GraphError> {
    let levels = hierarchy.levels();
    let look = |level: usize, position: u64| -> Look {
        let cols = levels.get(level).map_or(1, |level| level.shape.cols()).max(1);
        let (rows, columns) = grid.view(level, position / cols, position % cols);
        // All windows of a run of convolutions are the next pooling's: one place decides.
        let mut matrix = matrices.at(level, position);
        let mut under = level;
        while under > 0 && levels.get(under).is_some_and(|level| level.window.is_none()) {
            under -= 1;
            matrix = matrix.max(matrices.at(under, position));
        }
        (rows, columns, matrix)
    };
    let mut found: Vec<Kinds> = Vec::with_capacity(levels.len());
    // The positions of the kinds of a level, in order.
    let mut needed: Vec<u64> = vec![0];
    for place in (0..levels.len()).rev() {
        let Some(level) = levels.get(place) else { continue };
        let mut kinds = Kinds::with_capacity(needed.len(), needed.len());
        let mut numbers: FxHashMap<Look, u32> = FxHashMap::default();
        let mut below: Vec<u64> = Vec::new();
        let (mut children, mut runs) = (Vec::new(), Vec::new());
        for &position in &needed {
            interrupt.check()?;
            children.clear();
            let members = if place == 0 { 0 } else { level.branching };
            if members > MAX_KINDS || below.len() as u64 > MAX_KINDS {
                return Err(too_many_kinds());
            }
            for member in 0..members {
                if member % (1 << 14) == 0 {
                    interrupt.check()?;
                }
                let child = match &level.window {
                    Some(window) => window.source(position, member),
                    None => position,
                };
                let number = *numbers.entry(look(place - 1, child)).or_insert_with(|| {
                    below.push(child);
                    below.len() as u32 - 1
                });
                children.push(number);
            }
            gather(&mut children, order, &mut runs);
            let mask = if place == 0 { 1 << labels.of(position) } else { 0 };
            kinds.push(matrices.at(place, position), mask, position, &runs);
        }
        found.push(kinds);
        needed = below;
    }
    found.reverse();
    let mut under: &[u8] = &[];
    for kinds in &mut found {
        for kind in 0..kinds.len() {
            let mask = kinds.children(kind).iter().fold(kinds.mask(kind), |mask, run| {
                mask | under.get(run.kind as usize).copied().unwrap_or(0)
            });
            if let Some(slot) = kinds.masks.get_mut(kind) {
                *slot = mask;
            }
        }
        under = &kinds.masks;
    }
    Ok(Subtrees { levels: found })
}
