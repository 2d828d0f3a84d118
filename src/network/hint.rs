//! What to type instead, when a pooling window does not fit.

use super::Shape;

/// `1 site`, `2 sites`, `1 position`, …
pub(super) fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// What a window leaves over when it does not tile: `1 site`, or `1 row and 2 columns`.
pub(super) fn left_over(shape: &Shape, window: &Shape, noun: &str) -> String {
    let rest = |length: u64, by: u64| length.checked_rem(by).unwrap_or(0);
    match (shape, window) {
        (Shape::Grid { rows, cols }, Shape::Grid { rows: down, cols: across }) => {
            match (rest(*rows, *down), rest(*cols, *across)) {
                (rows, 0) => counted(rows, "row"),
                (0, cols) => counted(cols, "column"),
                (rows, cols) => format!("{} and {}", counted(rows, "row"), counted(cols, "column")),
            }
        }
        _ => counted(rest(shape.cols(), window.cols()), noun),
    }
}

/// Up to three windows that tile the shape, those closest in size to the one asked for.
pub(super) fn tiling_windows(shape: &Shape, window: &Shape) -> Vec<String> {
    let wanted = window.cols();
    match *shape {
        Shape::Chain(length) => {
            nearest(divisors(length), wanted).into_iter().map(|by| format!("pool({by})")).collect()
        }
        Shape::Grid { rows, cols } => {
            let common = divisors(greatest_common_divisor(rows, cols));
            if common.is_empty() {
                return vec![format!("pool({shape})")];
            }
            nearest(common, wanted).into_iter().map(|by| format!("pool({by}x{by})")).collect()
        }
    }
}

/// The sites with which the window would tile: every axis rounded up, times what the poolings
/// before have divided it by.
pub(super) fn tiled_shape(shape: &Shape, window: &Shape, reduction: (u64, u64)) -> Option<Shape> {
    let round = |length: u64, by: u64, factor: u64| {
        length
            .checked_next_multiple_of(by)?
            .checked_mul(factor)
            .filter(|length| *length <= super::MAX_SITES)
    };
    match (*shape, *window) {
        (Shape::Chain(length), Shape::Chain(by)) => {
            Some(Shape::Chain(round(length, by, reduction.1)?))
        }
        (Shape::Grid { rows, cols }, Shape::Grid { rows: down, cols: across }) => {
            Some(Shape::Grid {
                rows: round(rows, down, reduction.0)?,
                cols: round(cols, across, reduction.1)?,
            })
        }
        _ => None,
    }
}

/// A window with the dimensions of the shape, as close as possible to the one asked for.
pub(super) fn window_for(shape: &Shape, window: &Shape) -> String {
    match shape {
        Shape::Grid { rows, cols } => {
            let common = greatest_common_divisor(*rows, *cols);
            let side = window.cols();
            if side > 0 && common.is_multiple_of(side) {
                format!("pool({side}x{side})")
            } else {
                tiling_windows(shape, window)
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| format!("pool({shape})"))
            }
        }
        Shape::Chain(length) => {
            let sites = window.sites();
            if sites > 0 && length.is_multiple_of(sites) {
                format!("pool({sites})")
            } else {
                let wanted = Shape::Chain(sites);
                tiling_windows(shape, &wanted)
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| format!("pool({length})"))
            }
        }
    }
}

/// The divisors above 1, smallest first.
fn divisors(number: u64) -> Vec<u64> {
    let mut small = Vec::new();
    let mut large = Vec::new();
    let mut by = 1u64;
    while by.saturating_mul(by) <= number {
        if number.is_multiple_of(by) {
            small.push(by);
            if by != number / by {
                large.push(number / by);
            }
        }
        by += 1;
    }
    large.reverse();
    small.extend(large);
    small.retain(|by| *by > 1);
    small
}

/// The three numbers closest to `wanted`, smallest first.
fn nearest(mut numbers: Vec<u64>, wanted: u64) -> Vec<u64> {
    numbers.sort_by_key(|number| (number.abs_diff(wanted), *number));
    numbers.truncate(3);
    numbers.sort_unstable();
    numbers
}

fn greatest_common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}
