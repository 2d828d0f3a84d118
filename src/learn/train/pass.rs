//! The way up through the blocks of a network and the way down with gradients, some samples at a time.
//!
//! Values are channels-last: `samples x positions x channels`, rows padded to whole vectors. Positions
//! that leave a block are taken in tiles: the members of their windows are gathered, multiplied by
//! their matrix, rectified and pooled while they are in the first-level cache; what leaves is all that
//! is stored, and for the way down the chosen member (largest) or the factors (product).
//!
//! After products are pooled, each position has an exponent: its channels are divided by the power of
//! two of the largest, exactly, so that products of any number of sites neither under- nor overflow.

use super::kernels::{Matrix, MatrixMut};
use super::matrices::Matrices;
use super::plan::{Block, MISSING, Plan, Section};
use super::real::Real;
use crate::interrupt::{Interrupt, Interrupted};
use crate::network::Pooling;

/// Rows of a tile: as many members of windows as stay in the first-level cache.
pub(super) const TILE_ROWS: usize = 128;

/// What a pass keeps of a block.
#[derive(Debug)]
struct Kept<T> {
    /// The members of windows before pooling, tile by tile: products, and rectified means.
    members: Vec<T>,
    /// Which member was the largest.
    chosen: Vec<u8>,
    /// What pooled rows, or members, were multiplied by.
    factors: Vec<T>,
}

/// The memory of a pass; used again and again.
#[derive(Debug)]
pub(super) struct Pass<T> {
    /// What enters every block, and the scores.
    pub values: Vec<Vec<T>>,
    /// The exponents of the positions that enter every block, and of the scores.
    pub exponents: Vec<Vec<i32>>,
    kept: Vec<Kept<T>>,
    /// The gradient of what enters a block, and of what leaves it.
    pub down: Vec<T>,
    up: Vec<T>,
    tile: Tile<T>,
}

/// A tile: members of windows.
#[derive(Debug)]
struct Tile<T> {
    rows: Vec<u32>,
    targets: Vec<u32>,
    entering: Vec<T>,
    members: Vec<T>,
    pooled: Vec<T>,
    grad: Vec<T>,
    grad_entering: Vec<T>,
    exponents: Vec<i32>,
}

fn resize<T: Clone>(values: &mut Vec<T>, length: usize, zero: T) {
    if values.len() < length {
        values.resize(length, zero);
    }
}

impl<T: Real> Pass<T> {
    /// Memory for a plan and at most so many samples at once.
    pub fn new(plan: &Plan, samples: usize) -> Self {
        let mut values: Vec<Vec<T>> = Vec::with_capacity(plan.blocks.len() + 1);
        let mut exponents = Vec::with_capacity(plan.blocks.len() + 1);
        let mut kept = Vec::with_capacity(plan.blocks.len());
        let mut most = 0;
        for block in &plan.blocks {
            let entering = samples * block.positions_in * block.stride_in();
            let leaving = samples * block.positions_out * block.stride_out();
            let pairs = samples * block.positions_out;
            values.push(vec![T::ZERO; entering]);
            let pooled = block.pooling;
            exponents.push(vec![0; if plan.scaled { samples * block.positions_in } else { 0 }]);
            let members = match pooled {
                Some(Pooling::Product) => leaving * block.members,
                Some(Pooling::Mean) if block.relu => leaving * block.members,
                _ => 0,
            };
            let chosen = if pooled == Some(Pooling::Max) { leaving } else { 0 };
            let factors = match pooled {
                Some(Pooling::Product) => pairs,
                Some(_) if block.exponents => pairs * block.members,
                _ => 0,
            };
            kept.push(Kept {
                members: vec![T::ZERO; members],
                chosen: vec![0; chosen],
                factors: vec![T::ONE; factors],
            });
            most = most.max(entering).max(leaving);
        }
        if let Some(last) = plan.blocks.last() {
            values.push(vec![T::ZERO; samples * last.positions_out * last.stride_out()]);
            exponents.push(vec![0; if plan.scaled { samples * last.positions_out } else { 0 }]);
        }
        let (down, up) = (vec![T::ZERO; most], vec![T::ZERO; most]);
        Self { values, exponents, kept, down, up, tile: Tile::new() }
    }

    /// The bytes that it holds.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let numbers =
            self.values.iter().map(Vec::len).sum::<usize>() + self.down.len() + self.up.len();
        let kept = self.kept.iter().map(|kept| {
            size_of::<T>() * (kept.members.len() + kept.factors.len()) + kept.chosen.len()
        });
        let exponents = self.exponents.iter().map(Vec::len).sum::<usize>();
        numbers * size_of::<T>() + kept.sum::<usize>() + 4 * exponents
    }

    /// The scores of `samples` samples whose features are in `values[0]`, with their exponents.
    ///
    /// # Errors
    /// [`Interrupted`]; then the values are of no use.
    pub fn forward(
        &mut self,
        plan: &Plan,
        matrices: &Matrices<T>,
        samples: usize,
        interrupt: &Interrupt,
    ) -> Result<(), Interrupted> {
        for (number, block) in plan.blocks.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(number + 1);
            let (Some(entering), Some(leaving)) = (before.last(), after.first_mut()) else {
                break;
            };
            let (before, after) = self.exponents.split_at_mut(number + 1);
            let (Some(exponents), Some(left)) = (before.last(), after.first_mut()) else { break };
            let kept = &mut self.kept[number];
            let tile = &mut self.tile;
            let mut done = 0;
            for_each_tile(block, samples, interrupt, |section, pairs| {
                tile.aim(block, section, pairs.clone());
                tile.enter(block, section, matrices, entering);
                let pairs = pairs.len();
                tile.pool(block, exponents, kept, done, pairs);
                let stride = block.stride_out();
                T::scatter(&tile.pooled[..pairs * stride], &tile.targets, stride, leaving);
                if !left.is_empty() {
                    for (target, exponent) in tile.targets.iter().zip(&tile.exponents) {
                        left[*target as usize] = *exponent;
                    }
                }
                done += pairs;
            })?;
        }
        Ok(())
    }

    /// The gradients of matrices, added to `grads` (in the layout of `turned`), when `down` has those of
    /// the scores. Afterwards `down` has those of the features, if they are asked for.
    ///
    /// # Errors
    /// [`Interrupted`]; then the gradients are of no use.
    pub fn backward(
        &mut self,
        plan: &Plan,
        matrices: &Matrices<T>,
        samples: usize,
        grads: &mut [T],
        features: bool,
        interrupt: &Interrupt,
    ) -> Result<(), Interrupted> {
        for (number, block) in plan.blocks.iter().enumerate().rev() {
            std::mem::swap(&mut self.down, &mut self.up);
            let wanted = number > 0 || features;
            let (entering, leaving) = (&self.values[number], &self.values[number + 1]);
            let (kept, tile) = (&self.kept[number], &mut self.tile);
            let (up, down) = (&self.up, &mut self.down);
            let mut done = 0;
            for_each_tile(block, samples, interrupt, |section, pairs| {
                tile.aim(block, section, pairs.clone());
                let pairs = pairs.len();
                tile.unpool(block, kept, (leaving, up), done, pairs);
                tile.leave(block, section, matrices, (entering, grads), pairs, wanted);
                if wanted {
                    let rows = block.members * pairs * block.stride_in();
                    let grad =
                        if block.matrix.is_some() { &tile.grad_entering } else { &tile.grad };
                    T::scatter(&grad[..rows], &tile.rows, block.stride_in(), down);
                }
                done += pairs;
            })?;
        }
        Ok(())
    }
}

/// Calls a function for every tile: a section, and the pairs of a sample and a position that leaves, in
/// the order of samples.
fn for_each_tile(
    block: &Block,
    samples: usize,
    interrupt: &Interrupt,
    mut call: impl FnMut(&Section, std::ops::Range<usize>),
) -> Result<(), Interrupted> {
    let most = (TILE_ROWS / block.members).max(1);
    for section in &block.sections {
        let pairs = samples * (section.end - section.begin);
        let mut begin = 0;
        while begin < pairs {
            interrupt.check()?;
            let end = pairs.min(begin + most);
            call(section, begin..end);
            begin = end;
        }
    }
    Ok(())
}

impl<T: Real> Tile<T> {
    fn new() -> Self {
        Self {
            rows: Vec::new(),
            targets: Vec::new(),
            entering: Vec::new(),
            members: Vec::new(),
            pooled: Vec::new(),
            grad: Vec::new(),
            grad_entering: Vec::new(),
            exponents: Vec::new(),
        }
    }

    /// Finds the rows of the members and of the positions that leave.
    fn aim(&mut self, block: &Block, section: &Section, pairs: std::ops::Range<usize>) {
        let count = pairs.len();
        resize(&mut self.rows, count * block.members, 0);
        self.rows.truncate(count * block.members);
        self.targets.clear();
        let width = section.end - section.begin;
        let (mut sample, mut place) = (pairs.start / width, pairs.start % width);
        for pair in 0..count {
            let target = section.begin + place;
            self.targets.push((sample * block.positions_out + target) as u32);
            let sources = &block.sources[target * block.members..(target + 1) * block.members];
            let base = (sample * block.positions_in) as u32;
            for (member, source) in sources.iter().enumerate() {
                let row = if *source == MISSING { MISSING } else { base + source };
                self.rows[member * count + pair] = row;
            }
            place += 1;
            if place == width {
                (sample, place) = (sample + 1, 0);
            }
        }
    }

    /// What stands for a member that is missing.
    fn fill(block: &Block) -> T {
        match block.pooling {
            Some(Pooling::Product) => T::ONE,
            Some(Pooling::Max) => T::of(f64::NEG_INFINITY),
            _ => T::ZERO,
        }
    }

    /// Gathers the members and multiplies them by their matrices.
    fn enter(&mut self, block: &Block, section: &Section, matrices: &Matrices<T>, entering: &[T]) {
        let (below, above) = (block.stride_in(), block.stride_out());
        let (rows, pairs) = (self.rows.len(), self.targets.len());
        resize(&mut self.members, rows * above, T::ZERO);
        let Some(layer) = block.matrix else {
            T::gather(entering, &self.rows, below, Self::fill(block), &mut self.members);
            return;
        };
        resize(&mut self.entering, rows * below, T::ZERO);
        T::gather(entering, &self.rows, below, T::ZERO, &mut self.entering);
        for (first, count, matrix) in runs(section) {
            let out = &mut self.members[first * pairs * above..(first + count) * pairs * above];
            let Some(matrix) = matrix else {
                out.fill(Self::fill(block));
                continue;
            };
            let x = Matrix { data: &self.entering[first * pairs * below..], stride: below };
            let w = Matrix {
                data: &matrices.turned[matrices.turned_at(layer, matrix)..],
                stride: above,
            };
            let out = MatrixMut { data: out, stride: above };
            T::multiply(x, w, out, count * pairs, block.channels_in, above);
        }
    }

    /// Rectifies and pools the members; `done` pairs of the block were there before.
    fn pool(
        &mut self,
        block: &Block,
        exponents: &[i32],
        kept: &mut Kept<T>,
        done: usize,
        pairs: usize,
    ) {
        let (count, stride) = (block.members, block.stride_out());
        let length = pairs * stride;
        resize(&mut self.pooled, length, T::ZERO);
        self.exponents.clear();
        let rows = &self.rows;
        let exponent = |row: u32| exponents.get(row as usize).copied();
        let members = &mut self.members[..count * length];
        let pooled = &mut self.pooled[..length];
        if block.exponents {
            self.exponents.extend((0..pairs).map(|pair| {
                let of = (0..count).filter_map(|member| exponent(rows[member * pairs + pair]));
                match block.pooling {
                    Some(Pooling::Product) | None => of.fold(0, i32::saturating_add),
                    Some(_) => of.max().unwrap_or(0),
                }
            }));
        } else {
            self.exponents.resize(pairs, 0);
        }
        let first_rectified = block.relu && block.pooling != Some(Pooling::Max);
        if first_rectified {
            T::rectify(members);
        }
        match block.pooling {
            None => pooled.copy_from_slice(members),
            Some(Pooling::Product) => {
                kept.members[done * stride * count..][..members.len()].copy_from_slice(members);
                T::product(members, count, pooled);
                let factors = &mut kept.factors[done..done + pairs];
                T::normalize(pooled, stride, &mut self.exponents, factors);
            }
            Some(kind) => {
                if block.exponents {
                    // Members are compared and added in the unit of the largest.
                    let factors = &mut kept.factors[done * count..][..count * pairs];
                    for (place, factor) in factors.iter_mut().enumerate() {
                        let unit = self.exponents[place % pairs];
                        let own = exponent(rows[place]).unwrap_or(unit);
                        *factor = shift(own.saturating_sub(unit));
                        for value in &mut members[place * stride..(place + 1) * stride] {
                            *value *= *factor;
                        }
                    }
                }
                if kind == Pooling::Max {
                    let chosen = &mut kept.chosen[done * stride..][..length];
                    T::largest(members, count, pooled, chosen);
                    if block.relu {
                        T::rectify(pooled);
                    }
                } else {
                    if block.relu {
                        kept.members[done * stride * count..][..members.len()]
                            .copy_from_slice(members);
                    }
                    T::average(members, count, pooled);
                }
            }
        }
    }

    /// The gradient of the members, from that of what left.
    fn unpool(
        &mut self,
        block: &Block,
        kept: &Kept<T>,
        (leaving, up): (&[T], &[T]),
        done: usize,
        pairs: usize,
    ) {
        let (count, stride) = (block.members, block.stride_out());
        let length = pairs * stride;
        resize(&mut self.pooled, length, T::ZERO);
        resize(&mut self.members, length, T::ZERO);
        resize(&mut self.grad, count * length, T::ZERO);
        let pooled = &mut self.pooled[..length];
        T::gather(up, &self.targets, stride, T::ZERO, pooled);
        let grad = &mut self.grad[..count * length];
        let members = || &kept.members[done * stride * count..][..count * length];
        match block.pooling {
            None => {
                grad.copy_from_slice(pooled);
                if block.relu {
                    let values = &mut self.members[..length];
                    T::gather(leaving, &self.targets, stride, T::ZERO, values);
                    T::mask(values, grad);
                }
                return;
            }
            Some(Pooling::Product) => {
                let factors = &kept.factors[done..done + pairs];
                for (row, factor) in pooled.chunks_exact_mut(stride).zip(factors) {
                    row.iter_mut().for_each(|value| *value *= *factor);
                }
                T::unproduct(pooled, members(), count, grad);
            }
            Some(Pooling::Max) => {
                let chosen = &kept.chosen[done * stride..][..length];
                if block.relu {
                    let values = &mut self.members[..length];
                    T::gather(leaving, &self.targets, stride, T::ZERO, values);
                    T::unlargest(pooled, chosen, Some(values), count, grad);
                } else {
                    T::unlargest(pooled, chosen, None, count, grad);
                }
            }
            Some(Pooling::Mean) => T::unaverage(pooled, count, grad),
        }
        if block.relu && block.pooling != Some(Pooling::Max) {
            T::mask(members(), grad);
        }
        if block.exponents && block.pooling != Some(Pooling::Product) {
            let factors = &kept.factors[done * count..][..count * pairs];
            for (row, factor) in grad.chunks_exact_mut(stride).zip(factors) {
                row.iter_mut().for_each(|value| *value *= *factor);
            }
        }
    }

    /// The gradients of the matrices, and of what entered if that is wanted.
    fn leave(
        &mut self,
        block: &Block,
        section: &Section,
        matrices: &Matrices<T>,
        (entering, grads): (&[T], &mut [T]),
        pairs: usize,
        wanted: bool,
    ) {
        let Some(layer) = block.matrix else { return };
        let (below, above) = (block.stride_in(), block.stride_out());
        let rows = self.rows.len();
        resize(&mut self.entering, rows * below, T::ZERO);
        resize(&mut self.grad_entering, rows * below, T::ZERO);
        T::gather(entering, &self.rows, below, T::ZERO, &mut self.entering);
        for (first, count, matrix) in runs(section) {
            let Some(matrix) = matrix else { continue };
            let (begin, rows) = (first * pairs, count * pairs);
            let x = Matrix { data: &self.entering[begin * below..], stride: below };
            let y = Matrix { data: &self.grad[begin * above..], stride: above };
            let out = &mut grads[matrices.turned_at(layer, matrix)..];
            let out = MatrixMut { data: out, stride: above };
            T::accumulate(x, y, out, rows, block.channels_in, above);
            if wanted {
                let w = &matrices.straight[matrices.straight_at(layer, matrix)..];
                let w = Matrix { data: w, stride: below };
                let out = &mut self.grad_entering[begin * below..(begin + rows) * below];
                let out = MatrixMut { data: out, stride: below };
                T::multiply(y, w, out, rows, block.channels_out, below);
            }
        }
    }
}

/// `2^exponent`, 0 where that is below the normal numbers.
fn shift<T: Real>(exponent: i32) -> T {
    let power = T::power_of_two(exponent);
    if power.exponent() == exponent { power } else { T::ZERO }
}

/// Members one after another that have the same matrix: the first, how many, which.
fn runs(section: &Section) -> impl Iterator<Item = (usize, usize, Option<usize>)> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let matrix = *section.matrices.get(begin)?;
        let same = section.matrices[begin..].iter().take_while(|other| **other == matrix).count();
        begin += same;
        Some((begin - same, same, matrix))
    })
}
