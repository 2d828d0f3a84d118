//! Questions about data: what is correlated in them, and the networks that fit.

use std::sync::Arc;

use super::super::arguments::Answer;
use super::super::design::{Cost, DesignValue, Suggestion, suggest as suggest_design};
use super::super::layers::word;
use super::super::partitions::PartitionValue;
use super::super::spectra::ln_base;
use super::super::table_macro::builtins;
use super::{DatasetValue, explain, reals};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::{self, Correlations};
use crate::network::Shape;
use crate::symbol::Symbol;
use crate::value::{Function, List, Type, Value};

fn correlations_of(
    cx: &Scope<'_>,
    call: &Args,
    data: &DatasetValue,
    constant: Option<f64>,
) -> Eval<Correlations> {
    learn::correlations(&data.data, constant, &cx.machine().interrupt)
        .map_err(|error| explain(cx, call, &error))
}

/// The correlations of a data set by distance: for every feature size xi (a power of 2) the share of
/// the pairs whose distance is from xi to below 2 xi.
fn by_size(correlations: &Correlations, shape: Shape) -> Vec<(u64, f64)> {
    let extent = shape.rows().max(shape.cols());
    let mut sizes: Vec<(u64, f64)> = std::iter::successors(Some(1u64), |size| size.checked_mul(2))
        .take_while(|size| *size <= extent / 2)
        .map(|size| (size, 0.0))
        .collect();
    let place = |site: usize| shape.place(site as u64).unwrap_or((0, 0));
    for one in 0..correlations.sites() {
        let (row, col) = place(one);
        for other in 0..one {
            let (down, across) = place(other);
            let distance = row.abs_diff(down).max(col.abs_diff(across));
            let slot = sizes.iter_mut().rev().find(|(size, _)| *size <= distance);
            if let Some((_, sum)) = slot {
                *sum += correlations.pair(one, other);
            }
        }
    }
    let total: f64 = sizes.iter().map(|(_, sum)| sum).sum();
    if total > 0.0 {
        sizes.iter_mut().for_each(|(_, sum)| *sum /= total);
    }
    sizes
}

builtins! { QUESTIONS "Data":
    /// The absolute Pearson correlation of every pair of sites, as rows of a matrix.
    ///
    /// A site that has one value in all samples has no correlation: that is an error, unless `constant`
    /// says what it counts.
    ///
    /// > [round(100 * x) for x in correlations(dataset([[0, 1, 3], [1, 0, 5], [2, 2, 4]]))[0]]
    /// [100, 50, 50]
    pure fn correlations(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
    ) -> Answer<Value> {
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::List))));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let rows = (0..found.sites()).map(|site| reals(found.row(site)));
        Ok(Answer(Some(Value::list(rows.collect::<Result<_, _>>()?)?)))
    }

    /// The sum of the absolute correlations between the two sides of a partition.
    ///
    /// A quick surrogate of `data_entropy` (arXiv 2303.11249, section 5).
    ///
    /// > round(100 * correlation_cut(dataset([[0, 1, 3], [1, 0, 5], [2, 2, 4]]), sites([0])))
    /// 100
    pure fn correlation_cut(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
    ) -> Answer<f64> {
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let across = across.resolve(cx, data.data.shape(), call.span_of(1))?;
        let found = correlations_of(cx, call, &data, constant)?;
        Ok(Answer(Some(found.across(&across))))
    }

    /// The entanglement entropy of a data set across a partition, in nats or to a `base`.
    ///
    /// A value v becomes (cos, sin)(pi theta v), a sample the product over its sites, the data set the sum
    /// of its samples: a state whose entropy small for the canonical partitions of a locally connected
    /// network makes the data suitable for it (Alexander et al., arXiv 2303.11249). It comes from the
    /// Gram matrices of both sides; with `class` the samples of other labels count negatively.
    ///
    /// > round(1000 * data_entropy(dataset([[0, 0], [1, 1]]), left_right, theta = 0.5, base = 2))
    /// 1000
    pure fn data_entropy(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** What the values are multiplied with, beside pi. */ theta: f64 = "0.085",
        /** The label that is told from the others. */ class: Option<u64> = "none",
        /** The base of the logarithm. */ base: f64 = "e",
    ) -> Answer<f64> {
        let unit = ln_base(call, 4, base)?;
        if !theta.is_finite() {
            let error = Diagnostic::new(Code::Domain, "theta must be a finite number");
            return Err(error.at(call.span_of(2), "").hint("theta = 0.085").into());
        }
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let across = across.resolve(cx, data.data.shape(), call.span_of(1))?;
        let class = class.map(|class| u32::try_from(class).unwrap_or(u32::MAX));
        let interrupt = &cx.machine().interrupt;
        let spectrum = learn::data_spectrum(&data.data, &across, theta, class, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(spectrum.entropy(1.0) / unit)))
    }

    /// The sites of a data set in an order in which correlated ones are near.
    ///
    /// The sites are halved again and again with little correlation between the halves, so that a locally
    /// connected network fits the data better (arXiv 2303.11249). A record: `data` in the new order,
    /// `order` (for every place the site that comes there), and `before` and `after`: the correlations
    /// across the cuts, each as often as there are halvings below. Up to 12 sites a half is the best
    /// one, above it is found by exchanges: `after` is an upper bound.
    ///
    /// > rearrange(dataset([[0, 1, 0, 1], [1, 3, 1, 3], [2, 0, 2, 0], [3, 2, 3, 2]])).order
    /// [0, 2, 1, 3]
    pure fn rearrange(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
        /** The seed of random starts. */ seed: u64 = "0",
    ) -> Answer<Value> {
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Record))));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let (shape, interrupt) = (data.data.shape(), &cx.machine().interrupt);
        let arranged = learn::arrange(&found, shape, seed, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        let order = arranged.order.iter().map(|site| Value::int(*site)).collect();
        let sorted = DatasetValue { data: data.data.with_order(&arranged.order) };
        let fields = [
            ("data", Value::object(sorted)),
            ("order", Value::list(order)?),
            ("before", Value::Real(arranged.before)),
            ("after", Value::Real(arranged.after)),
        ];
        let fields = fields.into_iter().map(|(name, value)| (Symbol::new(name), value));
        Ok(Answer(Some(Value::record(fields.collect())?)))
    }

    /// The network for a data set: channel numbers that carry what is correlated in it, within a budget.
    ///
    /// The correlations of the pairs of sites are summed by distance: those from xi to below 2 xi are
    /// features of size xi. The design maximizes the sum over these sizes of their share times the bits of
    /// the min-cut across blocks of xi, for one group of blocks. Everything else is as in `design`.
    ///
    /// > let net(r) = network { input(4, dim = 2), conv(r[0]), pool(2), conv(r[1]), pool(2), output(2) }
    /// > suggest(dataset([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 0]]), net, 20, channels = [1..8, 1..8]).channels
    /// [2, 2]
    pure fn suggest(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** A function from channel numbers to a network. */ template: Arc<dyn Function>,
        /** The most weights (or flops). */ budget: u64,
        /** A range for each channel number; 1..64 for as many as the template takes without it. */
        channels: Option<Arc<List>> = "none",
        /** "params" or "flops". */ cost: Arc<str> = "\"params\"",
        /** The correlation of sites that never change, from 0 to 1. */ constant: Option<f64> = "none",
        /** The most designs of the frontier. */ points: usize = "24",
    ) -> Answer<DesignValue> {
        let cost = word(call, 4, &cost, &["params", "flops"], |word| match word {
            "params" => Some(Cost::Params),
            "flops" => Some(Cost::Flops),
            _ => None,
        })?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let found = correlations_of(cx, call, &data, constant)?;
        let shape = data.data.shape();
        let sizes = by_size(&found, shape);
        let suggestion = Suggestion { template, budget, channels, cost, points, shape, sizes };
        suggest_design(cx, call, suggestion).map(|found| Answer(Some(found)))
    }
}
