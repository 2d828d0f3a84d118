//! Rectifiers, pooling and rows that are moved: plain loops that the compiler turns into vectors.

use super::super::real::Real;

/// `max(x, 0)`; a number that is none stays, so that it is found.
#[inline(always)]
pub(in super::super) fn rectify<T: Real>(values: &mut [T]) {
    for value in values {
        *value = if *value < T::ZERO { T::ZERO } else { *value };
    }
}

/// Sets the gradient to 0 where a rectified value is 0.
#[inline(always)]
pub(in super::super) fn mask<T: Real>(values: &[T], grad: &mut [T]) {
    let values = &values[..grad.len()];
    for place in 0..grad.len() {
        grad[place] = if values[place] > T::ZERO { grad[place] } else { T::ZERO };
    }
}

#[inline(always)]
pub(in super::super) fn add_assign_all<T: Real>(out: &mut [T], terms: &[T]) {
    let terms = &terms[..out.len()];
    for place in 0..out.len() {
        out[place] += terms[place];
    }
}

/// The members of windows: `count` arrays of the length of `out`, one after another.
#[inline(always)]
fn member<T>(members: &[T], number: usize, length: usize) -> &[T] {
    &members[number * length..(number + 1) * length]
}

/// The largest member, and which it is: the first one of equal ones.
#[inline(always)]
pub(in super::super) fn largest<T: Real>(
    members: &[T],
    count: usize,
    out: &mut [T],
    chosen: &mut [u8],
) {
    let length = out.len();
    let (members, chosen) = (&members[..count * length], &mut chosen[..length]);
    if count == 4 {
        // The window of 2x2: the members are compared while they are in registers.
        for place in 0..length {
            let (mut best, mut which) = (members[place], 0);
            for number in 1..4 {
                let value = members[number * length + place];
                let better = is_better(value, best);
                which = if better { number as u8 } else { which };
                best = if better { value } else { best };
            }
            (out[place], chosen[place]) = (best, which);
        }
        return;
    }
    out.copy_from_slice(member(members, 0, length));
    chosen.fill(0);
    for number in 1..count {
        let values = member(members, number, length);
        for place in 0..length {
            let better = is_better(values[place], out[place]);
            chosen[place] = if better { number as u8 } else { chosen[place] };
            out[place] = if better { values[place] } else { out[place] };
        }
    }
}

/// Whether a member takes the place of the best so far. A number that is none does, and keeps it: so it
/// is found.
#[inline(always)]
#[allow(clippy::eq_op)] // a number that is none is not itself
fn is_better<T: Real>(value: T, best: T) -> bool {
    (value > best) | (value != value)
}

/// The gradient of [`largest`]: it goes to the member that was chosen. With `kept`, the rectified
/// result, none goes where that is 0.
#[inline(always)]
pub(in super::super) fn unlargest<T: Real>(
    grad: &[T],
    chosen: &[u8],
    kept: Option<&[T]>,
    count: usize,
    out: &mut [T],
) {
    let length = grad.len();
    let chosen = &chosen[..length];
    for number in 0..count {
        let out = &mut out[number * length..(number + 1) * length];
        match kept {
            None => {
                for place in 0..length {
                    let passes = chosen[place] == number as u8;
                    out[place] = if passes { grad[place] } else { T::ZERO };
                }
            }
            Some(kept) => {
                let kept = &kept[..length];
                for place in 0..length {
                    let passes = (chosen[place] == number as u8) & (kept[place] > T::ZERO);
                    out[place] = if passes { grad[place] } else { T::ZERO };
                }
            }
        }
    }
}

/// The mean of the members.
#[inline(always)]
pub(in super::super) fn average<T: Real>(members: &[T], count: usize, out: &mut [T]) {
    let length = out.len();
    out.copy_from_slice(member(members, 0, length));
    for number in 1..count {
        let values = member(members, number, length);
        for place in 0..length {
            out[place] += values[place];
        }
    }
    let share = T::ONE / T::of(count as f64);
    for sum in out.iter_mut() {
        *sum *= share;
    }
}

/// The gradient of [`average`].
#[inline(always)]
pub(in super::super) fn unaverage<T: Real>(grad: &[T], count: usize, out: &mut [T]) {
    let (length, share) = (grad.len(), T::ONE / T::of(count as f64));
    for number in 0..count {
        let out = &mut out[number * length..(number + 1) * length];
        for place in 0..length {
            out[place] = grad[place] * share;
        }
    }
}

/// The product of up to four members.
#[inline(always)]
pub(in super::super) fn product<T: Real>(members: &[T], count: usize, out: &mut [T]) {
    let length = out.len();
    let of = |number: usize| member(members, number, length);
    match count {
        1 => out.copy_from_slice(of(0)),
        2 => {
            let (x, y) = (of(0), of(1));
            for place in 0..length {
                out[place] = x[place] * y[place];
            }
        }
        3 => {
            let (x, y, z) = (of(0), of(1), of(2));
            for place in 0..length {
                out[place] = x[place] * y[place] * z[place];
            }
        }
        _ => {
            let (x, y, z, t) = (of(0), of(1), of(2), of(3));
            for place in 0..length {
                out[place] = (x[place] * y[place]) * (z[place] * t[place]);
            }
        }
    }
}

/// The gradient of [`product`]: for each member the product of the others, so that zeros do no harm.
#[inline(always)]
pub(in super::super) fn unproduct<T: Real>(grad: &[T], members: &[T], count: usize, out: &mut [T]) {
    let length = grad.len();
    let of = |number: usize| member(members, number, length);
    let out = &mut out[..count * length];
    match count {
        1 => out.copy_from_slice(grad),
        2 => {
            let (first, second) = out.split_at_mut(length);
            for place in 0..length {
                first[place] = grad[place] * of(1)[place];
                second[place] = grad[place] * of(0)[place];
            }
        }
        3 => {
            let (first, rest) = out.split_at_mut(length);
            let (second, third) = rest.split_at_mut(length);
            let (x, y, z) = (of(0), of(1), of(2));
            for place in 0..length {
                let (g, x, y, z) = (grad[place], x[place], y[place], z[place]);
                first[place] = g * (y * z);
                second[place] = g * (x * z);
                third[place] = g * (x * y);
            }
        }
        _ => {
            let (first, rest) = out.split_at_mut(length);
            let (second, rest) = rest.split_at_mut(length);
            let (third, fourth) = rest.split_at_mut(length);
            let (x, y, z, t) = (of(0), of(1), of(2), of(3));
            for place in 0..length {
                let (g, x, y, z, t) = (grad[place], x[place], y[place], z[place], t[place]);
                let (low, high) = (g * (x * y), g * (z * t));
                first[place] = high * y;
                second[place] = high * x;
                third[place] = low * t;
                fourth[place] = low * z;
            }
        }
    }
}

/// Copies rows of `stride` numbers: row `i` of `out` is row `rows[i]` of `from`, or `fill` where there
/// is no such row.
#[inline(always)]
pub(in super::super) fn gather<T: Real>(
    from: &[T],
    rows: &[u32],
    stride: usize,
    fill: T,
    out: &mut [T],
) {
    for (row, out) in rows.iter().zip(out.chunks_exact_mut(stride)) {
        let begin = *row as usize * stride;
        match from.get(begin..begin + stride) {
            Some(from) => copy_row(from, out),
            None => out.fill(fill),
        }
    }
}

/// The opposite of [`gather`]: rows that have no place are dropped.
#[inline(always)]
pub(in super::super) fn scatter<T: Real>(from: &[T], rows: &[u32], stride: usize, out: &mut [T]) {
    for (row, from) in rows.iter().zip(from.chunks_exact(stride)) {
        let begin = *row as usize * stride;
        if let Some(out) = out.get_mut(begin..begin + stride) {
            copy_row(from, out);
        }
    }
}

/// A row is some vectors: copied in pieces of known length, which costs no call.
#[inline(always)]
fn copy_row<T: Real>(from: &[T], out: &mut [T]) {
    if out.len().is_multiple_of(16) {
        copy_pieces(from.as_chunks::<16>().0, out.as_chunks_mut::<16>().0);
    } else {
        copy_pieces(from.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    }
}

#[inline(always)]
#[allow(clippy::manual_memcpy)] // a copy of some vectors is not worth a call
fn copy_pieces<T: Copy, const N: usize>(from: &[[T; N]], out: &mut [[T; N]]) {
    let from = &from[..out.len()];
    for piece in 0..out.len() {
        out[piece] = from[piece];
    }
}

/// The exponent of a row of zeros: less than any other row has, and sums of four of them are no less than
/// the least integer.
pub(in super::super) const EXPONENT_OF_ZERO: i32 = -(1 << 28);

/// Divides every row of `stride` numbers by the power of two of its largest, which is added to
/// `exponents`; `factors` has what the row was multiplied by.
#[inline(always)]
pub(in super::super) fn normalize<T: Real>(
    values: &mut [T],
    stride: usize,
    exponents: &mut [i32],
    factors: &mut [T],
) {
    let rows = values.chunks_exact_mut(stride).zip(exponents).zip(factors);
    for ((row, exponent), factor) in rows {
        let mut largest = [T::ZERO; 4];
        for piece in row.as_chunks::<4>().0 {
            for lane in 0..4 {
                let size = piece[lane].size();
                largest[lane] = if size > largest[lane] { size } else { largest[lane] };
            }
        }
        let most = |x: T, y: T| if y > x { y } else { x };
        let largest = most(most(largest[0], largest[1]), most(largest[2], largest[3]));
        let own = largest.exponent();
        *exponent = if largest > T::ZERO {
            exponent.saturating_add(own).max(EXPONENT_OF_ZERO)
        } else {
            EXPONENT_OF_ZERO
        };
        *factor = if largest > T::ZERO { T::power_of_two(-own) } else { T::ONE };
        for value in row {
            *value *= *factor;
        }
    }
}
