//! How far numbers scatter, and how well their mean is known.

use std::sync::Arc;

use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Scope};
use crate::value::{List, Value, int_to_f64};

/// Degrees of freedom beyond which the quantile changes by less than a part in 10^5.
const MOST_FREEDOM: usize = 100_000;

/// The probability that a variable of Student's distribution with so many degrees of freedom is in
/// absolute value at most `sqrt(freedom) * tan(angle)`: finite sums (Abramowitz and Stegun, 26.7.3
/// and 26.7.4).
fn student_within(freedom: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let (mut term, mut sum) = (if odd { cosine } else { 1.0 }, 0.0);
    let first = if odd { 3 } else { 2 };
    for k in (first..=freedom).step_by(2) {
        sum += term;
        term *= cosine * cosine * (k - 1) as f64 / k as f64;
    }
    if odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum }
}

/// The number that a variable of Student's distribution exceeds in absolute value with a
/// probability of `1 - level`.
fn student_quantile(freedom: usize, level: f64) -> f64 {
    let freedom = freedom.clamp(1, MOST_FREEDOM);
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if student_within(freedom, middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// How many numbers a list has, and the standard deviation of what they are drawn from.
fn scatter(cx: &Scope<'_>, name: &str, xs: &List, at: Span) -> Eval<(f64, f64)> {
    let hint = || format!("{name}([0.92, 0.95, 0.93])");
    let mut numbers = Vec::new();
    for item in xs.iter() {
        cx.check_interrupt()?;
        numbers.push(match &item {
            Value::Int(i) => int_to_f64(i),
            Value::Real(x) => *x,
            other => {
                let found = other.type_of().with_article();
                return Err(Diagnostic::new(Code::Type, format!("`{name}` takes numbers"))
                    .at(at, format!("an item is {found}"))
                    .hint(hint())
                    .into());
            }
        });
    }
    if numbers.len() < 2 {
        return Err(Diagnostic::new(Code::Domain, format!("`{name}` needs two numbers or more"))
            .at(at, format!("the list has {}", numbers.len()))
            .hint(hint())
            .into());
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().map(|x| x / count).sum::<f64>();
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    Ok((count, (squares / (count - 1.0)).sqrt()))
}

builtins! { STATISTICS "Lists and tables":
    /// The standard deviation of a list of numbers, with `n - 1` in the place of `n`.
    ///
    /// > round(deviation([2, 4, 4, 6]), digits = 4)
    /// 1.633
    pure fn deviation(cx, call; /** Two numbers or more. */ xs: Arc<List>) -> f64 {
        Ok(scatter(cx, "deviation", &xs, call.span_of(0))?.1)
    }

    /// Half the length of the confidence interval of a mean, by Student's t.
    ///
    /// The mean of what the numbers are drawn from, such as the accuracy over all seeds, is between
    /// `mean(xs) - confidence(xs)` and `mean(xs) + confidence(xs)` with the probability `level`, if the
    /// numbers scatter normally. `plot(error = …)` draws it.
    ///
    /// > round(confidence([0.91, 0.95, 0.93]), digits = 4)
    /// 0.0497
    pure fn confidence(
        cx, call;
        /** Two numbers or more, such as results of several seeds. */ xs: Arc<List>,
        /** The probability, between 0 and 1. */ level: f64 = "0.95",
    ) -> f64 {
        if !(level > 0.0 && level < 1.0) {
            return Err(Diagnostic::new(Code::Domain, "a level is between 0 and 1")
                .at(call.span_of(1), format!("this is {level}"))
                .hint("level = 0.95")
                .into());
        }
        let (count, deviation) = scatter(cx, "confidence", &xs, call.span_of(0))?;
        Ok(student_quantile(count as usize - 1, level) * deviation / count.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::{student_quantile, student_within};

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let table = [
            (1, 12.706_204_74),
            (2, 4.302_652_73),
            (3, 3.182_446_31),
            (4, 2.776_445_11),
            (9, 2.262_157_16),
            (29, 2.045_229_64),
            (100, 1.983_971_52),
        ];
        for (freedom, expected) in table {
            let found = student_quantile(freedom, 0.95);
            assert!((found / expected - 1.0).abs() < 1e-8, "{freedom}: {found}");
        }
        assert!((student_quantile(4, 0.99) / 4.604_094_87 - 1.0).abs() < 1e-8);
        assert!((student_quantile(7, 0.9) / 1.894_578_61 - 1.0).abs() < 1e-8);
        // Beyond all tables it is the normal one.
        assert!((student_quantile(usize::MAX, 0.95) / 1.959_963_98 - 1.0).abs() < 2e-5);
    }

    #[test]
    fn probabilities_grow_from_0_to_1() {
        for freedom in [1, 2, 3, 4, 7, 10, 1001] {
            let steps: Vec<f64> = (0..=50)
                .map(|k| student_within(freedom, f64::from(k) / 50.0 * std::f64::consts::FRAC_PI_2))
                .collect();
            assert!(steps.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{freedom}");
            assert!(steps[0].abs() < 1e-12 && (steps[50] - 1.0).abs() < 1e-9, "{freedom}");
        }
    }
}
