//! Axes: from data values to positions between 0 and 1, with ticks at round values.

use super::numbers::{power_label, scientific_tick, tick_label};

/// A place on an axis with a grid line, and a label unless it is a minor one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Position on the axis, 0 to 1.
    pub position: f64,
    /// What is written, or nothing for a minor line.
    pub label: Option<String>,
}

/// What an axis does with values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AxisScale {
    logarithmic: bool,
    /// Ends of the axis; decimal logarithms on a logarithmic one.
    low: f64,
    high: f64,
    /// Ticks from low to high.
    pub ticks: Vec<Tick>,
}

impl AxisScale {
    /// A linear axis for values from `low` to `high` with about `wanted` ticks; with `zero`
    /// the axis begins or ends at 0 if the values are on one side of it.
    pub(crate) fn linear(low: f64, high: f64, zero: bool, whole: bool, wanted: usize) -> Self {
        let (mut low, mut high) = (low.min(high), low.max(high));
        if zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let size = low.abs().max(high.abs());
        if high - low <= 1e-10 * size || high - low < 1e-290 {
            let reach = if size > 1e-280 { 0.5 * size } else { 1.0 };
            (low, high) = (low - reach, high + reach);
        }
        let margin = 0.04 * (high - low);
        // Near zero the axis begins at zero: a small gap there would look like a value.
        let padded_low =
            if low == 0.0 || (low > 0.0 && low < 0.25 * (high - low)) { 0.0 } else { low - margin };
        let padded_high = if high == 0.0 { 0.0 } else { high + margin };
        let step = nice_step(padded_high - padded_low, wanted).max(if whole { 1.0 } else { 0.0 });
        let mut scale =
            Self { logarithmic: false, low: padded_low, high: padded_high, ticks: Vec::new() };
        let values = multiples(padded_low, padded_high, step);
        let largest = values.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
        scale.ticks = values
            .into_iter()
            .map(|value| Tick {
                position: scale.position(value),
                // One way of writing per axis: 2·10⁵ stands beside 10⁶.
                label: Some(if largest >= 1e6 {
                    scientific_tick(value, step)
                } else {
                    tick_label(value, step)
                }),
            })
            .collect();
        scale
    }

    /// A linear axis without margins, for colour bars.
    pub(crate) fn exact(low: f64, high: f64, wanted: usize) -> Self {
        let size = low.abs().max(high.abs());
        if high - low <= 1e-10 * size || high - low < 1e-290 {
            let label = super::numbers::short(low);
            return Self {
                logarithmic: false,
                low: low - 1.0,
                high: low + 1.0,
                ticks: vec![Tick { position: 0.5, label: Some(label) }],
            };
        }
        let step = nice_step(high - low, wanted);
        let mut scale = Self { logarithmic: false, low, high, ticks: Vec::new() };
        scale.ticks = multiples(low, high, step)
            .into_iter()
            .map(|value| Tick {
                position: scale.position(value),
                label: Some(tick_label(value, step)),
            })
            .collect();
        scale
    }

    /// A logarithmic axis for positive values from `low` to `high`. With `binary` (all data
    /// are powers of two) ticks stand at powers of two, else at powers of ten, or 1, 2, 5.
    pub(crate) fn logarithmic(low: f64, high: f64, binary: bool, wanted: usize) -> Self {
        let tiny = f64::MIN_POSITIVE;
        let (least, most) = (low.min(high).max(tiny), low.max(high).max(tiny));
        let (from, to) = (least.log10(), most.log10());
        let margin = if to - from < 1e-9 { 0.3 } else { (0.04 * (to - from)).max(0.012) };
        let mut scale =
            Self { logarithmic: true, low: from - margin, high: to + margin, ticks: Vec::new() };
        scale.ticks = if binary {
            scale.binary_ticks(least, most, wanted)
        } else {
            scale.decimal_ticks(wanted)
        };
        scale
    }

    /// An axis of `count` categories; the value of a category is its index.
    pub(crate) fn categories(count: usize) -> Self {
        Self { logarithmic: false, low: -0.5, high: count.max(1) as f64 - 0.5, ticks: Vec::new() }
    }

    /// The same axis with free room for half a bar at both ends.
    pub(crate) fn widened(mut self, share: f64) -> Self {
        let reach = share * (self.high - self.low);
        let squeeze = 1.0 + 2.0 * share;
        self.low -= reach;
        self.high += reach;
        for tick in &mut self.ticks {
            tick.position = (tick.position + share) / squeeze;
        }
        self
    }

    /// Where a value lies: 0 at the axis' low end, 1 at its high end; always finite.
    pub(crate) fn position(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let share = (value - self.low) / (self.high - self.low);
        if share.is_finite() { share.clamp(-2.0, 3.0) } else { 0.5 }
    }

    /// Where bars stand: at the value 0, or at the low end of a logarithmic axis.
    pub(crate) fn base(&self) -> f64 {
        if self.logarithmic { 0.0 } else { self.position(0.0).clamp(0.0, 1.0) }
    }

    fn binary_ticks(&self, least: f64, most: f64, wanted: usize) -> Vec<Tick> {
        let (first, last) = (least.log2().round() as i32, most.log2().round() as i32);
        let stride = ((last - first) as usize).div_ceil(wanted.max(2)).max(1);
        let plain = first >= -3 && last <= 16;
        (first..=last)
            .step_by(stride)
            .map(|exponent| {
                let value = 2f64.powi(exponent);
                Tick {
                    position: self.position(value),
                    label: Some(if plain {
                        tick_label(value, value.min(1.0))
                    } else {
                        power_label(2, exponent)
                    }),
                }
            })
            .collect()
    }

    fn decimal_ticks(&self, wanted: usize) -> Vec<Tick> {
        let span = self.high - self.low;
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        if span < 0.75 {
            let (low, high) = (10f64.powf(self.low), 10f64.powf(self.high));
            let step = nice_step(high - low, wanted);
            return multiples(low, high, step)
                .into_iter()
                .filter(|&value| value > 0.0)
                .map(|value| self.log_tick(value, Some(tick_label(value, step))))
                .collect();
        }
        let few = span <= 2.3;
        let stride = ((last - first) as usize).div_ceil(wanted.max(2)).max(1) as i32;
        let mut ticks = Vec::new();
        for exponent in first..=last {
            for digit in 1..10 {
                let logarithm = f64::from(exponent) + f64::from(digit).log10();
                if logarithm < self.low - 1e-9 || logarithm > self.high + 1e-9 {
                    continue;
                }
                let value = f64::from(digit) * 10f64.powi(exponent);
                let labelled = match digit {
                    1 => few || exponent.rem_euclid(stride) == 0,
                    2 | 5 => few,
                    _ => false,
                };
                if labelled {
                    let label = if (-3..=4).contains(&first) && last <= 5 || digit != 1 {
                        tick_label(value, 10f64.powi(exponent))
                    } else {
                        power_label(10, exponent)
                    };
                    ticks.push(self.log_tick(value, Some(label)));
                } else if stride == 1 && span <= 6.5 {
                    ticks.push(self.log_tick(value, None));
                }
            }
        }
        ticks
    }

    fn log_tick(&self, value: f64, label: Option<String>) -> Tick {
        Tick { position: self.position(value), label }
    }
}

/// The distance between ticks: 1, 2, 2.5 or 5 times a power of ten.
fn nice_step(span: f64, wanted: usize) -> f64 {
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    if !(power.is_finite() && power > 0.0) {
        return span;
    }
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough * 0.999)
        .unwrap_or(10.0);
    step * power
}

/// The multiples of a step between two values; at most a hundred.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-9).ceil();
    (0..100)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|&value| value <= high + 1e-9 * step)
        .map(|value| if value.abs() < 1e-9 * step { 0.0 } else { value })
        .collect()
}

/// Whether all values are powers of two and there are at least two different ones.
pub(crate) fn all_powers_of_two(mut values: impl Iterator<Item = f64>) -> bool {
    let Some(first) = values.next() else {
        return false;
    };
    let power =
        |value: f64| value.is_normal() && value > 0.0 && value.to_bits().trailing_zeros() >= 52;
    if !power(first) {
        return false;
    }
    let mut different = false;
    for value in values {
        if !power(value) {
            return false;
        }
        different |= value != first;
    }
    different
}
