//! Schmidt spectra and entropies across one partition.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::models::{ModelValue, explain};
use super::partitions::PartitionValue;
use super::pictures;
use super::queries::{output_side, resolved};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::entangle::model::Model;
use crate::entangle::{self, Accuracy, Output, RANK_TOLERANCE, Spectrum};
use crate::evaluate::{Args, Eval, Scope};
use crate::graph::OutputSide;
use crate::network::Bipartition;
use crate::plot::{Axis, Chart, Mark, Picture, Scale, Series};
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, IntoValue, Media, MediaKind, Object, Type, TypeSet, Value, json_real,
    short_real,
};

/// A Schmidt spectrum as a value.
#[derive(Clone, Debug)]
pub(super) struct SpectrumValue {
    pub spectrum: Arc<Spectrum>,
    pub across: String,
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo {
        name: "values",
        types: TypeSet::LIST,
        doc: "The Schmidt values, largest first; their squares sum to 1.",
    },
    FieldInfo { name: "p", types: TypeSet::LIST, doc: "Their squares." },
    FieldInfo {
        name: "rank",
        types: TypeSet::of(&[Type::Int]),
        doc: "How many are above 1e-10 of the largest.",
    },
    FieldInfo {
        name: "entropy",
        types: TypeSet::of(&[Type::Real]),
        doc: "The von Neumann entropy in nats.",
    },
    FieldInfo { name: "bits", types: TypeSet::of(&[Type::Real]), doc: "The same in bits." },
    FieldInfo { name: "purity", types: TypeSet::of(&[Type::Real]), doc: "The sum of p^2." },
    FieldInfo {
        name: "geometric",
        types: TypeSet::of(&[Type::Real]),
        doc: "The geometric measure, sqrt(1 - p_max).",
    },
    FieldInfo { name: "table", types: TypeSet::LIST, doc: "A table of index, value and p." },
];

impl SpectrumValue {
    fn numbers(values: &[f64]) -> Result<Value, Failure> {
        Value::list(values.iter().map(|x| Value::Real(*x)).collect())
    }

    /// The chart of the squared values, on a logarithmic axis.
    pub fn picture(&self) -> Picture {
        // What is smaller is rounding.
        let limit = 1e-31 * self.spectrum.p().first().copied().unwrap_or(1.0);
        let points: Vec<(f64, f64)> = (1u32..)
            .zip(self.spectrum.p())
            .filter(|(_, p)| **p > limit)
            .map(|(place, p)| (f64::from(place), *p))
            .collect();
        let many = points.len() > 48;
        let axis = |label: &str, scale| Axis { label: label.to_owned(), scale, categories: None };
        let title = format!(
            "Schmidt spectrum across {}: S = {} nats = {} bits",
            self.across,
            short_real(self.spectrum.entropy(1.0)),
            short_real(bits(self.spectrum.entropy(1.0)))
        );
        Picture::Chart(Chart {
            title: Some(title),
            x: axis("index", if many { Scale::Log } else { Scale::Linear }),
            y: axis("p, the squared Schmidt values", Scale::Log),
            series: vec![Series {
                label: None,
                mark: if many { Mark::Line } else { Mark::LinePoints },
                points,
                errors: None,
                highlight: None,
            }],
            legend_title: None,
        })
    }
}

fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}

impl Object for SpectrumValue {
    fn type_of(&self) -> Type {
        Type::Spectrum
    }

    fn text(&self) -> String {
        let spectrum = &self.spectrum;
        let rank = spectrum.rank(RANK_TOLERANCE);
        let entropy = spectrum.entropy(1.0);
        let mut lines = vec![
            format!("{} Schmidt values across {}", spectrum.values().len(), self.across),
            format!(
                "  rank {} (above 1e-10 of the largest), entropy {} nats = {} bits, of at most {} bits",
                rank.rank,
                short_real(entropy),
                short_real(bits(entropy)),
                short_real((rank.rank.max(1) as f64).log2())
            ),
        ];
        const SHOWN: usize = 12;
        const WIDTH: f64 = 32.0;
        let largest = spectrum.p().first().copied().unwrap_or(1.0);
        for (number, (value, p)) in
            spectrum.values().iter().zip(spectrum.p()).enumerate().take(SHOWN)
        {
            let eighths = (8.0 * WIDTH * p / largest).round() as usize;
            let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
            let bar = "█".repeat(eighths / 8) + rest.get(eighths % 8).copied().unwrap_or("");
            lines.push(
                format!(
                    "  {:>4}  {:<12} p = {:<12} {bar}",
                    number + 1,
                    short_real(*value),
                    short_real(*p)
                )
                .trim_end()
                .to_owned(),
            );
        }
        let more = spectrum.values().len().saturating_sub(SHOWN);
        if more > 0 {
            let rest: f64 = spectrum.p().iter().skip(SHOWN).rev().sum();
            lines.push(format!("     … {more} more with p = {} together", short_real(rest)));
        }
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let spectrum = &self.spectrum;
        let entropy = bits(spectrum.entropy(1.0));
        format!("spectrum of {} values, {} bits", spectrum.values().len(), short_real(entropy))
    }

    fn json(&self) -> Json {
        let numbers = |values: &[f64]| values.iter().map(|x| json_real(*x)).collect::<Vec<Json>>();
        json!({
            "values": numbers(self.spectrum.values()),
            "p": numbers(self.spectrum.p()),
            "rank": self.spectrum.rank(RANK_TOLERANCE).rank,
            "entropy": json_real(self.spectrum.entropy(1.0)),
            "across": self.across,
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        if kind == MediaKind::Html {
            return Some(Ok(pictures::html(&self.text(), Some(&self.picture()))));
        }
        pictures::media(&self.picture(), kind)
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let spectrum = &self.spectrum;
        Some(match name {
            "values" => Self::numbers(spectrum.values()),
            "p" => Self::numbers(spectrum.p()),
            "rank" => Ok(Value::int(spectrum.rank(RANK_TOLERANCE).rank)),
            "entropy" => Ok(Value::Real(spectrum.entropy(1.0))),
            "bits" => Ok(Value::Real(bits(spectrum.entropy(1.0)))),
            "purity" => Ok(Value::Real(spectrum.purity())),
            "geometric" => Ok(Value::Real(spectrum.geometric())),
            "table" => {
                let names = ["index", "value", "p"].map(Symbol::new);
                let rows = spectrum.values().iter().zip(spectrum.p()).enumerate();
                let rows = rows.map(|(place, (value, p))| {
                    let cells = [Value::int(place + 1), Value::Real(*value), Value::Real(*p)];
                    Value::record(names.into_iter().zip(cells).collect())
                });
                rows.collect::<Result<_, _>>().and_then(Value::list)
            }
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.spectrum == other.as_any().downcast_ref::<Self>()?.spectrum)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for SpectrumValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Spectrum]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// What happens to the class index.
pub(super) fn output_of(side: OutputSide, class: usize) -> Output {
    match side {
        OutputSide::Fixed => Output::Class(class),
        OutputSide::A => Output::OnA,
        OutputSide::B => Output::OnB,
    }
}

/// A question about a model across a partition, made ready; nothing while checking.
pub(super) fn prepared<'m>(
    cx: &Scope<'_>,
    call: &Args,
    model: &'m ModelValue,
    across: &PartitionValue,
) -> Eval<Option<(&'m Model, Bipartition)>> {
    let known = resolved(cx, call, &model.network, across)?;
    let Some(weights) = &model.model else { return Ok(None) };
    let bipartition = match known {
        Some(bipartition) => bipartition,
        None => across.resolve(cx, model.network.0.input_shape(), call.span_of(1))?,
    };
    Ok(Some((weights, bipartition)))
}

/// A class that the model has.
pub(super) fn check_class(
    call: &Args,
    number: usize,
    model: &ModelValue,
    class: usize,
) -> Eval<()> {
    let classes = model.network.0.classes();
    if (class as u64) < classes {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Domain, format!("there is no class {class}"))
        .at(
            call.span_of(number),
            format!("the model has classes 0 to {}", classes.saturating_sub(1)),
        )
        .hint("class = 0")
        .into())
}

/// A base of logarithms: nats are divided by its logarithm.
pub(super) fn ln_base(call: &Args, number: usize, base: f64) -> Eval<f64> {
    if base > 1.0 && base.is_finite() {
        return Ok(base.ln());
    }
    Err(Diagnostic::new(Code::Domain, "a base of logarithms is a number above 1")
        .at(call.span_of(number), "")
        .hint("base = 2")
        .into())
}

/// An order of an entropy.
pub(super) fn check_order(call: &Args, number: usize, order: f64) -> Eval<()> {
    if order >= 0.0 {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Domain, "the order of an entropy is a number from 0 to infinity")
        .at(call.span_of(number), "")
        .hint("order = 1")
        .into())
}

builtins! { SPECTRA "Spectra":
    /// The Schmidt spectrum of a model across a partition.
    ///
    /// These are the singular values of the matricization, normalised. Every value is accurate to about 1e-16 of the largest. Nothing of size `M^N` is made: the
    /// cost grows with the number of sites and with the min-cut (`plan` tells it); with shared
    /// weights and a regular partition with the logarithm of the number of sites. `output` keeps the
    /// class index on a side instead of choosing one class.
    ///
    /// > schmidt(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}), left_right).values
    /// [0.8, 0.6]
    pure fn schmidt(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The class. */ class: usize = "0",
        /** The side of the class index: "none" (one class), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<SpectrumValue> {
        let side = output_side(call, 3, &output)?;
        check_class(call, 2, &model, class)?;
        let Some((weights, bipartition)) = prepared(cx, call, &model, &across)? else {
            return Ok(Answer(None));
        };
        let output = output_of(side, class);
        let interrupt = &cx.machine().interrupt;
        let spectrum = entangle::schmidt(weights, &bipartition, output, Accuracy::Values, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(SpectrumValue { spectrum: Arc::new(spectrum), across: across.name() })))
    }

    /// The entanglement entropy of a model across a partition, in nats.
    ///
    /// Order 1 is the von Neumann entropy, others are Renyi entropies: 0 the logarithm of the rank,
    /// 2 minus that of the purity, `infinity` minus that of the largest p. `base = 2` gives bits.
    /// Order 2 is exact also where the spectrum has astronomically many values: four copies of the
    /// state are contracted instead.
    ///
    /// > entropy(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[1, 1]]}), left_right, base = 2)
    /// 1.0
    pure fn entropy(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The order: 1 for von Neumann, any number from 0 to infinity. */ order: f64 = "1",
        /** The base of the logarithm. */ base: f64 = "e",
        /** The class. */ class: usize = "0",
        /** The side of the class index: "none" (one class), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<f64> {
        check_order(call, 2, order)?;
        let unit = ln_base(call, 3, base)?;
        let side = output_side(call, 5, &output)?;
        check_class(call, 4, &model, class)?;
        let Some((weights, bipartition)) = prepared(cx, call, &model, &across)? else {
            return Ok(Answer(None));
        };
        let output = output_of(side, class);
        let entropy = entangle::entropy(weights, &bipartition, output, order, &cx.machine().interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(entropy / unit)))
    }

    /// The negativity of a model across a partition: `((sum of the Schmidt values)^2 - 1) / 2`.
    ///
    /// With `log = true` the logarithmic negativity, which is the Renyi entropy of order 1/2, in
    /// nats.
    ///
    /// > negativity(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}), left_right)
    /// 0.48
    pure fn negativity(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** Whether the logarithmic negativity is wanted. */ log: bool = "false",
        /** The class. */ class: usize = "0",
    ) -> Answer<f64> {
        check_class(call, 3, &model, class)?;
        let Some((weights, bipartition)) = prepared(cx, call, &model, &across)? else {
            return Ok(Answer(None));
        };
        let output = Output::Class(class);
        let interrupt = &cx.machine().interrupt;
        let spectrum = entangle::schmidt(weights, &bipartition, output, Accuracy::Values, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        let negativity = spectrum.negativity();
        Ok(Answer(Some(if log { (2.0 * negativity).ln_1p() } else { negativity })))
    }
}
