//! The recursion that makes the core of every kind of subtree, from the sites up.

use super::EntangleError;
use super::arithmetic::Arithmetic;
use super::core::{Core, Lift, Matrix};
use crate::graph::{Kinds, Run, Subtrees};
use crate::interrupt::Interrupt;
use rayon::prelude::*;

/// The label bits of the two sides.
pub(super) const A_ONLY: u8 = 1;
pub(super) const B_ONLY: u8 = 2;
pub(super) const MIXED: u8 = A_ONLY | B_ONLY;

/// Entries of a level above which its kinds are shared out to threads.
const PARALLEL_ENTRIES: usize = 1 << 14;

/// What the recursion needs to know of the network.
pub(super) struct Walk<'t, A: Arithmetic> {
    pub subtrees: &'t Subtrees,
    /// By level, the dimension of its indices.
    pub dims: &'t [usize],
    /// By level and number, the matrix above a kind; `None` for the identity.
    pub matrix: &'t (dyn Fn(usize, usize) -> Option<&'t [A::Element]> + Sync),
    /// The joined core of children (runs of a level) that are all on one side, where that is
    /// known in a better way than by the recursion; then it is never asked for their own cores.
    pub pure: Option<&'t Pure<'t, A>>,
}

pub(super) type Pure<'t, A> =
    dyn Fn(usize, &[Run], bool) -> Result<Core<A>, EntangleError> + Sync + 't;

impl<A: Arithmetic> Walk<'_, A> {
    /// The matricization of the tensor across the two sides; see [`Core::contract`].
    pub fn matricization(
        &self,
        heads: &[A::Element],
        on_a: bool,
        interrupt: &Interrupt,
    ) -> Result<Matrix<A>, EntangleError> {
        let last = self.subtrees.levels().len().saturating_sub(1);
        let below = self.ascend(last, interrupt)?;
        self.close(last, 0, &below, heads, on_a, interrupt)
    }

    /// The cores of the kinds of the level below `level`.
    pub fn ascend(
        &self,
        level: usize,
        interrupt: &Interrupt,
    ) -> Result<Vec<Option<Core<A>>>, EntangleError> {
        let mut below: Vec<Option<Core<A>>> = Vec::new();
        for (level, kinds) in self.subtrees.levels().iter().enumerate().take(level) {
            let entries: usize = below.iter().flatten().map(Core::len).sum();
            let make = |kind: usize| self.kind(level, kinds, kind, &below, interrupt);
            let current = if entries > PARALLEL_ENTRIES && kinds.len() > 1 {
                (0..kinds.len()).into_par_iter().map(make).collect::<Result<_, _>>()
            } else {
                (0..kinds.len()).map(make).collect::<Result<_, _>>()
            };
            below = current?;
        }
        Ok(below)
    }

    /// The matricization of one kind of a level whose bond is closed with `heads`; `below` are
    /// the cores of the level below.
    pub fn close(
        &self,
        level: usize,
        kind: usize,
        below: &[Option<Core<A>>],
        heads: &[A::Element],
        on_a: bool,
        interrupt: &Interrupt,
    ) -> Result<Matrix<A>, EntangleError> {
        let Some(kinds) = self.subtrees.levels().get(level) else {
            return Err(EntangleError::ZeroState);
        };
        if level == 0 {
            let core = Core::site(self.dim(0), kinds.mask(kind) & A_ONLY != 0);
            return core.contract(None, heads, on_a, interrupt);
        }
        let mut cores = self.parts(level, kinds, kind, below, interrupt)?;
        self.fold(&mut cores, interrupt)?;
        match (cores.pop(), cores.pop()) {
            (Some(first), second) => first.contract(second.as_ref(), heads, on_a, interrupt),
            (None, _) => Err(EntangleError::ZeroState),
        }
    }

    fn dim(&self, level: usize) -> usize {
        self.dims.get(level).copied().unwrap_or(1)
    }

    /// The core of one kind, matrix included.
    fn kind(
        &self,
        level: usize,
        kinds: &Kinds,
        kind: usize,
        below: &[Option<Core<A>>],
        interrupt: &Interrupt,
    ) -> Result<Option<Core<A>>, EntangleError> {
        interrupt.check()?;
        let mask = kinds.mask(kind);
        if self.pure.is_some() && mask != MIXED {
            return Ok(None);
        }
        let lift: Lift<'_, A> =
            (self.matrix)(level, kinds.matrix(kind)).map(|matrix| (matrix, self.dim(level + 1)));
        if level == 0 {
            let site = Core::site(self.dim(0), mask == A_ONLY);
            return site.lift(lift, interrupt)?.compress(interrupt).map(Some);
        }
        let mut cores = self.parts(level, kinds, kind, below, interrupt)?;
        self.fold(&mut cores, interrupt)?;
        let core = match (cores.pop(), cores.pop()) {
            (Some(first), Some(second)) => {
                // A matrix that widens cannot raise the ranks: compress before it.
                let widens = lift.is_some_and(|(_, new)| new > self.dim(level));
                if widens && mask == MIXED {
                    first
                        .join(&second, None, interrupt)?
                        .compress(interrupt)?
                        .lift(lift, interrupt)?
                } else {
                    first.join(&second, lift, interrupt)?
                }
            }
            (Some(only), None) => only.lift(lift, interrupt)?,
            (None, _) => return Err(EntangleError::ZeroState),
        };
        core.compress(interrupt).map(Some)
    }

    /// What meets in the copy tensor of a kind: the joined children on A, on B, and the others.
    fn parts(
        &self,
        level: usize,
        kinds: &Kinds,
        kind: usize,
        below: &[Option<Core<A>>],
        interrupt: &Interrupt,
    ) -> Result<Vec<Core<A>>, EntangleError> {
        let Some(under) = self.subtrees.levels().get(level - 1) else { return Ok(Vec::new()) };
        let mut parts: Vec<Core<A>> = Vec::new();
        for side in [A_ONLY, B_ONLY, MIXED] {
            let of_side = |run: &&Run| under.mask(run.kind as usize) == side;
            let runs: Vec<Run> = kinds.children(kind).iter().filter(of_side).copied().collect();
            match self.pure {
                Some(pure) if side != MIXED && !runs.is_empty() => {
                    parts.push(pure(level - 1, &runs, side == A_ONLY)?);
                }
                _ => {
                    let mut joined: Option<Core<A>> = None;
                    for run in runs {
                        let Some(Some(core)) = below.get(run.kind as usize) else { continue };
                        if side == MIXED {
                            parts.extend((0..run.count).map(|_| core.clone()));
                        } else {
                            let power = power(core, run.count, interrupt)?;
                            joined = Some(match joined {
                                None => power,
                                Some(left) => {
                                    left.join(&power, None, interrupt)?.compress(interrupt)?
                                }
                            });
                        }
                    }
                    parts.extend(joined);
                }
            }
        }
        Ok(parts)
    }

    /// Joins the smallest cores until two are left.
    fn fold(&self, cores: &mut Vec<Core<A>>, interrupt: &Interrupt) -> Result<(), EntangleError> {
        while cores.len() > 2 {
            // Stable, so that the order and with it the last bits do not depend on chance.
            cores.sort_by_key(|core| std::cmp::Reverse(core.len()));
            let (Some(first), Some(second)) = (cores.pop(), cores.pop()) else { break };
            cores.push(first.join(&second, None, interrupt)?.compress(interrupt)?);
        }
        Ok(())
    }
}

/// So many copies of a core joined, by repeated squaring.
fn power<A: Arithmetic>(
    core: &Core<A>,
    mut count: u32,
    interrupt: &Interrupt,
) -> Result<Core<A>, EntangleError> {
    let mut square = core.clone();
    let mut result: Option<Core<A>> = None;
    loop {
        if count & 1 == 1 {
            result = Some(match result {
                None => square.clone(),
                Some(done) => done.join(&square, None, interrupt)?.compress(interrupt)?,
            });
        }
        count >>= 1;
        if count == 0 {
            return result.ok_or(EntangleError::ZeroState);
        }
        square = square.join(&square, None, interrupt)?.compress(interrupt)?;
    }
}
