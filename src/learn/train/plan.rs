//! A network as the blocks that training runs: a matrix, a rectifier, a pooling, each optional.

use super::real::padded;
use crate::network::{Layer, Network, Pooling, Representation, Window};

/// Products are taken of so many members at a time, so that the numbers between two scalings stay in
/// range; larger windows are pooled in stages.
const PRODUCT_MEMBERS: usize = 4;
/// Members of a window whose largest is kept in a byte.
const LARGEST_MEMBERS: usize = 128;
/// A member that a window of a stage does not have.
pub(super) const MISSING: u32 = u32::MAX;

/// The matrix of every position of a convolution.
type MatrixOf = dyn Fn(u64) -> u64;

/// The blocks of a network.
#[derive(Debug)]
pub(super) struct Plan {
    pub blocks: Vec<Block>,
    /// `[positions, rows, cols]` of every matrix, the output's last.
    pub matrices: Vec<[usize; 3]>,
    /// Whether a product is pooled, so that positions have exponents.
    pub scaled: bool,
}

/// A matrix at every position, then a rectifier, then pooling.
#[derive(Debug)]
pub(super) struct Block {
    /// Which of the plan's matrices.
    pub matrix: Option<usize>,
    pub relu: bool,
    pub pooling: Option<Pooling>,
    /// Whether the positions that enter have exponents, because a product was pooled before.
    pub exponents: bool,
    /// Whether the positions are samples of one matrix each: then samples are taken together.
    pub unshared: bool,
    pub positions_in: usize,
    pub channels_in: usize,
    pub positions_out: usize,
    pub channels_out: usize,
    /// Members of a window; 1 without pooling.
    pub members: usize,
    /// The members of every position that leaves, or [`MISSING`].
    pub sources: Vec<u32>,
    /// The positions that leave, by the matrices of their members.
    pub sections: Vec<Section>,
}

/// Positions whose members have the same matrices.
#[derive(Debug)]
pub(super) struct Section {
    pub begin: usize,
    pub end: usize,
    /// For each member, the matrix of its layer; none for a member that is missing.
    pub matrices: Vec<Option<usize>>,
}

impl Block {
    pub fn stride_in(&self) -> usize {
        padded(self.channels_in)
    }

    pub fn stride_out(&self) -> usize {
        padded(self.channels_out)
    }
}

impl Plan {
    /// The blocks of a network; `None` if it is larger than memory can be addressed.
    pub fn new(network: &Network) -> Option<Self> {
        // Densities have exponents from the beginning.
        let scaled = network.features() == Representation::Gaussian;
        let mut plan = Plan { blocks: Vec::new(), matrices: Vec::new(), scaled };
        let mut conv = 0;
        let mut rest = network.layers().iter().zip(network.stages()).skip(1).peekable();
        while let Some((layer, stage)) = rest.peek() {
            let positions_in = usize::try_from(stage.shape_in.sites()).ok()?;
            let channels_in = usize::try_from(stage.channels_in).ok()?;
            let mut channels = channels_in;
            let (mut matrix, mut of): (Option<usize>, Option<Box<MatrixOf>>) = (None, None);
            if matches!(layer, Layer::Conv { .. } | Layer::Output { .. }) {
                let [positions, rows, cols] = stage.weight_shape?;
                let shape = [positions, rows, cols].map(usize::try_from);
                let [Ok(positions), Ok(rows), Ok(cols)] = shape else { return None };
                if matches!(layer, Layer::Conv { .. }) {
                    of = Some(Box::new(network.weight_of_position(conv)?));
                    conv += 1;
                }
                matrix = Some(plan.matrices.len());
                plan.matrices.push([positions, rows, cols]);
                channels = rows;
                rest.next();
            }
            let relu = rest.next_if(|(layer, _)| matches!(layer, Layer::Relu)).is_some();
            let pool = rest.next_if(|(layer, _)| matches!(layer, Layer::Pool { .. }));
            let window = match pool {
                Some((Layer::Pool { window, kind, geometry }, stage)) => {
                    Some((*kind, Window::new(stage.shape_in, *window, geometry)?))
                }
                _ => None,
            };
            let first = Block {
                matrix,
                relu,
                pooling: None,
                exponents: plan.scaled,
                unshared: false,
                positions_in,
                channels_in,
                positions_out: positions_in,
                channels_out: channels,
                members: 1,
                sources: (0..u32::try_from(positions_in).ok()?).collect(),
                sections: Vec::new(),
            };
            plan.push_stages(first, window, of.as_deref())?;
        }
        Some(plan)
    }

    /// Appends a block and, if its window is large, the stages of its pooling.
    fn push_stages(
        &mut self,
        mut block: Block,
        window: Option<(Pooling, Window)>,
        of: Option<&MatrixOf>,
    ) -> Option<()> {
        let Some((kind, window)) = window else {
            block.divide(of, 1)?;
            self.blocks.push(block);
            return Some(());
        };
        let most = match kind {
            Pooling::Product => PRODUCT_MEMBERS,
            Pooling::Max => LARGEST_MEMBERS,
            Pooling::Mean => usize::MAX,
        };
        let targets = usize::try_from(window.target().sites()).ok()?;
        let size = usize::try_from(window.size()).ok()?;
        // The members that are left of each window: positions of the block's input.
        let mut left: Vec<Vec<u32>> = (0..targets)
            .map(|target| {
                let of_place = |place| window.source(target as u64, place as u64);
                (0..size).map(|place| u32::try_from(of_place(place)).ok()).collect()
            })
            .collect::<Option<_>>()?;
        let mut of = of;
        loop {
            let count = left.first().map_or(0, Vec::len);
            let groups = count.div_ceil(most.min(count.max(1)));
            let members = count.div_ceil(groups.max(1));
            block.pooling = Some(kind);
            block.members = members;
            block.positions_out = groups * targets;
            block.sources.clear();
            // Group by group, so that neighbours have the same matrices.
            for group in 0..groups {
                for window in &left {
                    let member = |place| window.get(group * members + place);
                    block.sources.extend(
                        (0..members).map(|place| member(place).copied().unwrap_or(MISSING)),
                    );
                }
            }
            block.divide(of.take(), targets)?;
            self.scaled |= kind == Pooling::Product;
            let next = Block {
                matrix: None,
                relu: false,
                pooling: Some(kind),
                exponents: self.scaled,
                unshared: false,
                positions_in: block.positions_out,
                channels_in: block.channels_out,
                positions_out: 0,
                channels_out: block.channels_out,
                members: 1,
                sources: Vec::new(),
                sections: Vec::new(),
            };
            self.blocks.push(std::mem::replace(&mut block, next));
            if groups == 1 {
                return Some(());
            }
            for (target, window) in (0u32..).zip(left.iter_mut()) {
                *window = (0..u32::try_from(groups).ok()?)
                    .map(|group| group * targets as u32 + target)
                    .collect();
            }
        }
    }
}

impl Block {
    /// Divides the positions that leave into runs whose members have the same matrices.
    fn divide(&mut self, of: Option<&MatrixOf>, targets: usize) -> Option<()> {
        let mut sections: Vec<Section> = Vec::new();
        for (place, window) in self.sources.chunks_exact(self.members).enumerate() {
            let matrix = |source: &u32| match (*source, of) {
                (MISSING, _) => Some(None),
                (_, None) => Some(Some(0)),
                (source, Some(of)) => Some(Some(usize::try_from(of(u64::from(source))).ok()?)),
            };
            let matrices: Vec<Option<usize>> = window.iter().map(matrix).collect::<Option<_>>()?;
            match sections.last_mut() {
                Some(last) if last.matrices == matrices => last.end = place + 1,
                _ => sections.push(Section { begin: place, end: place + 1, matrices }),
            }
        }
        self.unshared = self.matrix.is_some() && sections.len() > 1 && sections.len() >= targets;
        self.sections = sections;
        Some(())
    }
}
