//! Cores: what a subtree looks like from its bond when each side is compressed.
//!
//! The tensor of a subtree, with all sites of A as one index and all sites of B as another, is
//! `T[A, B, c]` for the channels `c` of its bond. Isometries on A and on B change no singular
//! value, so a core keeps `T[a, b, c]` with `a` and `b` as small as QR makes them. On a tree
//! without sharing and with random weights they are the min-cuts of the subtree between its sites
//! of one side and {the sites of the other, the bond}. (Hierarchical SVD: Grasedyck 2010, here
//! with copy tensors, Hadamard instead of Kronecker products.)

use super::EntangleError;
use super::arithmetic::Arithmetic;
use crate::interrupt::Interrupt;

/// `data[a][b][c] 2^exponent`, row-major.
#[derive(Clone, Debug)]
pub(super) struct Core<A: Arithmetic> {
    pub a: usize,
    pub b: usize,
    pub channels: usize,
    pub data: Vec<A::Element>,
    pub exponent: i64,
    /// An estimate of the relative error of squares of the entries.
    pub error: f64,
    /// Whether all entries have become so small in one step that others may have been lost.
    pub drifted: bool,
}

/// The matricization of the whole tensor across the bipartition, up to isometries.
#[derive(Clone, Debug)]
pub(super) struct Matrix<A: Arithmetic> {
    pub rows: usize,
    pub cols: usize,
    pub data: Vec<A::Element>,
    pub exponent: i64,
    /// An estimate of the relative error of the squared norm.
    pub error: f64,
    /// As of a core.
    pub drifted: bool,
}

/// The relative error of the square of a number that was rounded: the square of that of a number,
/// because cores hold numbers, not squares.
const ROUNDING: f64 = f64::EPSILON * f64::EPSILON;

/// A power of two that factors with largest entries of 1/2 or more do not lose in one step, unless
/// their large channels are different ones.
const SUPPRESSED: i64 = -600;

/// A matrix that is applied to the channels: `channels x (channels below)`, or the identity.
pub(super) type Lift<'w, A> = Option<(&'w [<A as Arithmetic>::Element], usize)>;

/// Entries of a large matrix between two looks at the interrupt.
const PIECE: usize = 1 << 16;

impl<A: Arithmetic> Core<A> {
    /// A site of local dimension `dim`, on side A or B.
    pub fn site(dim: usize, in_a: bool) -> Self {
        let mut data = vec![A::ZERO; dim * dim];
        data.iter_mut().step_by(dim + 1).for_each(|entry| *entry = A::ONE);
        let (a, b) = if in_a { (dim, 1) } else { (1, dim) };
        Core { a, b, channels: dim, data, exponent: 0, error: ROUNDING, drifted: false }
    }

    /// The core of a subtree that is wholly on one side, from its factor (`rows x channels`).
    pub fn pure(
        rows: usize,
        channels: usize,
        data: Vec<A::Element>,
        (exponent, error): (i64, f64),
        in_a: bool,
    ) -> Self {
        let (a, b) = if in_a { (rows, 1) } else { (1, rows) };
        Core { a, b, channels, data, exponent, error, drifted: false }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Applies a matrix to the channels.
    pub fn lift(mut self, lift: Lift<'_, A>, interrupt: &Interrupt) -> Result<Self, EntangleError> {
        let Some((matrix, new)) = lift else { return Ok(self) };
        let rows = self.a * self.b;
        let mut data = vec![A::ZERO; rows * new];
        A::multiply_transposed(
            &self.data,
            matrix,
            &mut data,
            (rows, self.channels, new),
            interrupt,
        )?;
        let squares = A::column_squares(&self.data, self.channels);
        self.error *= loss::<A>(&squares, lift, &A::column_squares(&data, new));
        (self.data, self.channels) = (data, new);
        Ok(self)
    }

    /// The core of two subtrees whose bonds meet in one copy tensor: channel by channel the outer
    /// product; then a matrix on the channels.
    pub fn join(
        &self,
        other: &Self,
        lift: Lift<'_, A>,
        interrupt: &Interrupt,
    ) -> Result<Self, EntangleError> {
        let channels = self.channels;
        let exponent = self.exponent + other.exponent;
        let drifted = self.drifted || other.drifted;
        let (a, b) = (self.a * other.a, self.b * other.b);
        // The norm of an outer product is the product of the norms.
        let squares: Vec<f64> = A::column_squares(&self.data, channels)
            .iter()
            .zip(A::column_squares(&other.data, channels))
            .map(|(x, y)| x * y)
            .collect();
        let error = |data: &[A::Element]| {
            let new = lift.map_or(channels, |(_, new)| new);
            self.error.hypot(other.error) * loss::<A>(&squares, lift, &A::column_squares(data, new))
        };
        let pure = (b == 1).then_some((self.a, other.a)).or((a == 1).then_some((self.b, other.b)));
        if let Some((left, right)) = pure {
            let matrices = ((&self.data[..], left), (&other.data[..], right));
            let (rows, data) = A::join_rows(matrices, channels, lift, interrupt)?;
            let channels = lift.map_or(channels, |(_, new)| new);
            let error = error(&data);
            let joined = Core::pure(rows, channels, data, (exponent, error), b == 1);
            return Ok(Core { drifted, ..joined });
        }
        let new = lift.map_or(channels, |(_, new)| new);
        let mut data = vec![A::ZERO; a * b * new];
        // One block holds the products for one pair of rows of A.
        let mut block = vec![A::ZERO; if lift.is_some() { b * channels } else { 0 }];
        let out_rows = data.chunks_exact_mut((b * new).max(1));
        let pairs = self.data.chunks_exact((self.b * channels).max(1)).flat_map(|left| {
            other.data.chunks_exact((other.b * channels).max(1)).map(move |right| (left, right))
        });
        for (number, ((left, right), out)) in pairs.zip(out_rows).enumerate() {
            if number % 64 == 0 {
                interrupt.check()?;
            }
            match lift {
                None => outer::<A>(left, right, channels, out),
                Some((matrix, new)) => {
                    outer::<A>(left, right, channels, &mut block);
                    A::multiply_transposed(&block, matrix, out, (b, channels, new), interrupt)?;
                }
            }
        }
        let error = error(&data);
        Ok(Core { a, b, channels: new, data, exponent, error, drifted })
    }

    /// Makes both sides as small as the other legs allow, and takes out the power of two.
    pub fn compress(mut self, interrupt: &Interrupt) -> Result<Self, EntangleError> {
        loop {
            if self.a == 0 || self.b == 0 {
                // Only residues find that a subtree is 0: keep one row, so that sizes stay legal.
                (self.a, self.b) = (1, 1);
                self.data = vec![A::ZERO; self.channels];
            }
            if self.a > self.b * self.channels {
                self.a =
                    A::compress_rows(&mut self.data, self.a, self.b * self.channels, interrupt)?;
            } else if self.b > self.a * self.channels {
                let mut turned = self.swapped();
                let cols = self.a * self.channels;
                self.b = A::compress_rows(&mut turned, self.b, cols, interrupt)?;
                let turned = Core { a: self.b, b: self.a, data: turned, ..self };
                self.data = turned.swapped();
                (self.a, self.b) = (turned.b, turned.a);
                (self.channels, self.exponent) = (turned.channels, turned.exponent);
            } else {
                break;
            }
        }
        let own = A::take_exponent(&mut self.data);
        self.exponent += own;
        self.drifted |= own < SUPPRESSED;
        Ok(self)
    }

    /// The data with the two sides exchanged: `[b][a][c]`.
    fn swapped(&self) -> Vec<A::Element> {
        swap_axes::<A>(&self.data, self.a, self.b, self.channels)
    }

    /// Closes the bond with the rows of the output matrix (`heads`, each of `channels` weights).
    ///
    /// `other` is what else meets in the last copy tensor. With several heads their index is a
    /// last site of side A (`on_a`) or of B.
    pub fn contract(
        &self,
        other: Option<&Self>,
        heads: &[A::Element],
        on_a: bool,
        interrupt: &Interrupt,
    ) -> Result<Matrix<A>, EntangleError> {
        let channels = self.channels;
        let data = vec![A::ONE; channels];
        let one = Core { a: 1, b: 1, channels, data, exponent: 0, error: 0.0, drifted: false };
        let other = other.unwrap_or(&one);
        let exponent = self.exponent + other.exponent;
        let (rows, cols) = (self.a * other.a, self.b * other.b);
        let count = heads.len() / channels.max(1);
        let (height, width) = if on_a { (rows * count, cols) } else { (rows, cols * count) };
        let mut data = vec![A::ZERO; height * width];
        let (left_rows, right_rows) = (self.a * self.b, other.a * other.b);
        let mut product = vec![A::ZERO; left_rows * right_rows];
        for (number, head) in heads.chunks_exact(channels.max(1)).enumerate() {
            let mut weighted = self.data.clone();
            for row in weighted.chunks_exact_mut(channels.max(1)) {
                row.iter_mut().zip(head).for_each(|(entry, head)| *entry = A::times(*entry, *head));
            }
            let sizes = (left_rows, channels, right_rows);
            A::multiply_transposed(&weighted, &other.data, &mut product, sizes, interrupt)?;
            // From [a1][b1][a2][b2] to [a1][a2][b1][b2], with the class outermost.
            let (row, col) = if on_a { (number * rows, 0) } else { (0, number * cols) };
            for (a1, by_a1) in product.chunks_exact((self.b * right_rows).max(1)).enumerate() {
                for (b1, by_b1) in by_a1.chunks_exact(right_rows.max(1)).enumerate() {
                    interrupt.check()?;
                    for (a2, values) in by_b1.chunks_exact(other.b.max(1)).enumerate() {
                        let start = (row + a1 * other.a + a2) * width + col + b1 * other.b;
                        if let Some(place) = data.get_mut(start..start + other.b) {
                            place.copy_from_slice(values);
                        }
                    }
                }
            }
        }
        let squares: Vec<f64> = A::column_squares(&self.data, channels)
            .iter()
            .zip(A::column_squares(&other.data, channels))
            .map(|(x, y)| x * y)
            .collect();
        let mut total = 0.0;
        for part in data.chunks(PIECE) {
            interrupt.check()?;
            total += A::column_squares(part, part.len()).iter().sum::<f64>();
        }
        let loss = loss::<A>(&squares, Some((heads, count)), &[total]);
        let error = self.error.hypot(other.error) * loss;
        let drifted = self.drifted || other.drifted;
        Ok(Matrix { rows: height, cols: width, data, exponent, error, drifted })
    }
}

/// By how much the relative error of squares grows when a matrix is applied to columns of these
/// squared norms: 1 for terms of random signs, large when they cancel. `after` are the squared norms
/// of the columns of the result; the largest counts.
fn loss<A: Arithmetic>(before: &[f64], lift: Lift<'_, A>, after: &[f64]) -> f64 {
    let Some((matrix, _)) = lift else { return 1.0 };
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0f64, f64::max);
    if before.is_empty() {
        return 1.0;
    }
    let expected = largest(&mut matrix.chunks_exact(before.len()).map(|row| {
        let squares = A::column_squares(row, row.len());
        squares.iter().zip(before).map(|(weight, square)| weight * square).sum()
    }));
    let found = largest(&mut after.iter().copied());
    // All is 0: there is nothing to lose, and the caller names the zero state.
    if found > 0.0 { (expected / found).max(1.0) } else { 1.0 }
}

/// Channel by channel the outer product of the rows of two matrices.
fn outer<A: Arithmetic>(
    left: &[A::Element],
    right: &[A::Element],
    channels: usize,
    out: &mut [A::Element],
) {
    let mut rows = out.chunks_exact_mut(channels.max(1));
    for left in left.chunks_exact(channels.max(1)) {
        for (right, row) in right.chunks_exact(channels.max(1)).zip(&mut rows) {
            for ((entry, left), right) in row.iter_mut().zip(left).zip(right) {
                *entry = A::times(*left, *right);
            }
        }
    }
}

/// From `[a][b][c]` to `[b][a][c]`.
fn swap_axes<A: Arithmetic>(data: &[A::Element], a: usize, b: usize, c: usize) -> Vec<A::Element> {
    let mut out = vec![A::ZERO; data.len()];
    // Blocks of 16 x 16 runs keep both sides in cache.
    const BLOCK: usize = 16;
    for top in (0..a).step_by(BLOCK) {
        for left in (0..b).step_by(BLOCK) {
            for row in top..(top + BLOCK).min(a) {
                for col in left..(left + BLOCK).min(b) {
                    let (from, to) = ((row * b + col) * c, (col * a + row) * c);
                    if let (Some(from), Some(to)) =
                        (data.get(from..from + c), out.get_mut(to..to + c))
                    {
                        to.copy_from_slice(from);
                    }
                }
            }
        }
    }
    out
}
