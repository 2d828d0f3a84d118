//! Values as formulas, for papers and for notebooks.

use crate::graph::{Factor, Weight};
use crate::value::short_real;

/// A formula on a line of its own.
fn display(formula: &str) -> String {
    format!("$${formula}$$")
}

/// A number of the engine: exact up to a hundred bits, else its logarithm.
fn number(weight: &Weight) -> String {
    match weight.value(128) {
        Ok(value) if weight.bits() <= 100.0 => value.to_string(),
        _ => format!("2^{{{}}}", short_real(weight.bits())),
    }
}

/// The value of a cut as the product of what is cut: `W = 2^{4} \cdot 8^{2} = 1024`.
pub(super) fn cut(factors: &[Factor], weight: &Weight) -> String {
    let power = |factor: &Factor| {
        let power = match factor.count {
            1 => factor.dim.to_string(),
            count => format!("{}^{{{count}}}", factor.dim),
        };
        format!("\\underbrace{{{power}}}_{{\\text{{{}}}}}", factor.layer)
    };
    let product: Vec<String> = factors.iter().map(power).collect();
    let sign = if weight.bits() <= 100.0 { "=" } else { "\\approx" };
    if product.is_empty() {
        return display("W = 1");
    }
    display(&format!("W = {} {sign} {}", product.join(" \\cdot "), number(weight)))
}

/// A bound: `16 \le \operatorname{rank} \le 64`.
pub(super) fn bound(lower: Option<&Weight>, upper: &Weight, tight: bool) -> String {
    let upper = number(upper);
    display(&match lower {
        _ if tight => format!("\\operatorname{{rank}} = {upper}"),
        Some(lower) => format!("{} \\le \\operatorname{{rank}} \\le {upper}", number(lower)),
        None => format!("\\operatorname{{rank}} \\le {upper}"),
    })
}

/// The largest matrix that is written out.
const SIDE: usize = 8;

/// A matrix, or nothing if it is larger than 8 x 8.
pub(super) fn matrix(
    rows: usize,
    cols: usize,
    entry: impl Fn(usize, usize) -> f64,
) -> Option<String> {
    if rows == 0 || cols == 0 || rows > SIDE || cols > SIDE {
        return None;
    }
    let row = |i: usize| {
        let cells: Vec<String> = (0..cols).map(|j| real(entry(i, j))).collect();
        cells.join(" & ")
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    Some(display(&format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ "))))
}

/// A real with six digits, powers of ten as such.
fn real(x: f64) -> String {
    let text = short_real(x);
    match text.split_once('e') {
        Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_written_out_while_they_are_small() {
        let small = matrix(2, 2, |i, j| if i == j { 1.0 } else { 2.5e-12 });
        let text = "$$\\begin{pmatrix} 1 & 2.5 \\cdot 10^{-12} \\\\ 2.5 \\cdot 10^{-12} & 1 \\end{pmatrix}$$";
        assert_eq!(small.as_deref(), Some(text));
        assert_eq!(matrix(9, 1, |_, _| 0.0), None);
        assert_eq!(matrix(0, 1, |_, _| 0.0), None);
    }
}
