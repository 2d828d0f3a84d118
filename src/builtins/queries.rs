//! Queries: the exact min-cut of a partition and what it bounds.

use std::any::Any;
use std::sync::Arc;

use dashu_int::IBig;
use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::layers::word;
use super::networks::NetworkValue;
use super::partitions::{PartitionValue, explain as explain_partition};
use super::pictures;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::{self, GraphError, MinCut, OutputSide, Weight};
use crate::interrupt::Interrupt;
use crate::network::Bipartition;
use crate::plot::Picture;
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, INT_BITS_LIMIT, IntoValue, Media, MediaKind, Object, Type, TypeSet, Value,
    json_int, json_real, pre_html, short_real,
};

/// The most cut bonds that are listed one by one.
const LISTED_EDGES: u64 = 1 << 20;
/// The most cut bonds that stand in the JSON of a cut.
const JSON_EDGES: u64 = 4096;

/// A min-cut as a value.
#[derive(Clone, Debug)]
pub(super) struct CutValue {
    pub cut: Arc<MinCut>,
    pub network: NetworkValue,
    pub across: String,
    pub bipartition: Bipartition,
}

pub(super) static CUT_FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "value", types: TypeSet::of(&[Type::Int]), doc: "The min-cut, exact." },
    FieldInfo { name: "ln", types: TypeSet::of(&[Type::Real]), doc: "Its natural logarithm." },
    FieldInfo { name: "bits", types: TypeSet::of(&[Type::Real]), doc: "Its logarithm to base 2." },
    FieldInfo {
        name: "edges",
        types: TypeSet::LIST,
        doc: "The cut bonds, by layer: a table of layer, position, dim and the sites below.",
    },
    FieldInfo {
        name: "layers",
        types: TypeSet::LIST,
        doc: "The layers that are cut: a table of layer, dim and the number of bonds.",
    },
    FieldInfo {
        name: "formula",
        types: TypeSet::of(&[Type::String]),
        doc: "The value as a product of powers, from the input up.",
    },
    FieldInfo {
        name: "partition",
        types: TypeSet::of(&[Type::Partition]),
        doc: "The partition that is cut.",
    },
];

/// A weight as a text: its value, or how long it is.
pub(super) fn weight_text(weight: &Weight) -> String {
    const SHORT_BITS: f64 = 200.0;
    match weight.value(256) {
        Ok(value) if weight.bits() <= SHORT_BITS => value.to_string(),
        _ => {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let digits = (weight.bits() * std::f64::consts::LOG10_2).floor() as u64 + 1;
            format!("{weight} (about {digits} digits)")
        }
    }
}

/// The exact value of a weight.
pub(super) fn weight_value(weight: &Weight) -> Result<Value, Failure> {
    weight
        .value(INT_BITS_LIMIT as u64)
        .map(|value| Value::Int(IBig::from(value)))
        .map_err(|error| failure_of(&error))
}

pub(super) fn failure_of(error: &GraphError) -> Failure {
    let code = match error {
        GraphError::NotConvac(_) => Code::Domain,
        GraphError::TooLarge { .. } => Code::Resource,
        GraphError::ShapeMismatch { .. } | GraphError::Partition(_) => Code::Shape,
        GraphError::Interrupted => Code::Interrupted,
        GraphError::Malformed(_) => Code::Bug,
    };
    let diagnostic = Diagnostic::new(code, error.to_string());
    Box::new(match (error.hint(), error) {
        (Some(hint), _) => diagnostic.hint(hint),
        (None, GraphError::Interrupted) => diagnostic.hint("run it again"),
        (None, _) => diagnostic.hint("interleaved"),
    })
}

impl CutValue {
    /// The drawing of the cut in its network.
    pub fn picture(&self, title: Option<String>) -> Eval<Picture> {
        let title = title.unwrap_or_else(|| format!("min-cut across {}", self.across));
        pictures::cut(&self.network.0, &self.cut, title, self.caption()).map_err(Stop::from)
    }

    fn caption(&self) -> String {
        format!("min-cut = {} ({} bits)", self.equation(), short_real(self.cut.bits()))
    }

    /// `4^8 = 65536`, or the product alone where the number is long.
    fn equation(&self) -> String {
        let (formula, weight) = (self.cut.formula(), self.cut.weight());
        match weight.value(256) {
            Ok(value) if weight.bits() <= 64.0 && formula != value.to_string() => {
                format!("{formula} = {value}")
            }
            _ => formula,
        }
    }

    fn edges(&self) -> Result<Value, Failure> {
        // Fields are read without a way to stop; the limit keeps the work short.
        let edges = self.cut.edges(LISTED_EDGES, &Interrupt::new()).map_err(|e| failure_of(&e))?;
        let names = ["layer", "position", "dim", "sites"].map(Symbol::new);
        let rows = edges.into_iter().map(|edge| {
            let cells = [
                Value::string(&edge.layer),
                Value::int(edge.position),
                Value::int(edge.dim),
                Value::string(edge.sites.to_string()),
            ];
            Value::record(names.into_iter().zip(cells).collect())
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }

    fn layers(&self) -> Result<Value, Failure> {
        let names = ["layer", "dim", "count"].map(Symbol::new);
        let rows = self.cut.factors().into_iter().map(|factor| {
            let cells =
                [Value::string(&factor.layer), Value::int(factor.dim), Value::int(factor.count)];
            Value::record(names.into_iter().zip(cells).collect())
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }

    /// What is cut, in words: `8 bonds of input (dim 4), 2 of conv1 (dim 8)`.
    fn what_is_cut(&self) -> String {
        let factors = self.cut.factors();
        if factors.is_empty() {
            return "nothing is cut: a bond of dimension 1 or no bond separates the sides"
                .to_owned();
        }
        const SHOWN_LAYERS: usize = 6;
        let mut parts: Vec<String> = factors
            .iter()
            .take(SHOWN_LAYERS)
            .map(|f| {
                let bonds = if f.count == 1 { "bond" } else { "bonds" };
                format!("{} {bonds} of {} (dimension {})", f.count, f.layer, f.dim)
            })
            .collect();
        if factors.len() > SHOWN_LAYERS {
            parts.push(format!("and bonds of {} more layers", factors.len() - SHOWN_LAYERS));
        }
        parts.join(", ")
    }
}

impl Object for CutValue {
    fn type_of(&self) -> Type {
        Type::Cut
    }

    fn text(&self) -> String {
        let weight = self.cut.weight();
        let formula = self.cut.formula();
        let value = match weight.value(256) {
            Ok(value) if weight.bits() <= 200.0 && formula != value.to_string() => {
                format!("{value} = {formula}")
            }
            Ok(value) if weight.bits() <= 200.0 => value.to_string(),
            _ => weight_text(&weight),
        };
        let mut lines = vec![
            format!("min-cut {value}, exact"),
            format!(
                "  {} bits, ln {} (to six digits)",
                short_real(self.cut.bits()),
                short_real(self.cut.ln())
            ),
            format!("  cut: {}", self.what_is_cut()),
        ];
        const SHOWN_ROWS: usize = 16;
        let sites = self.bipartition.text(64);
        if sites.lines().count() > SHOWN_ROWS {
            let (a, b) = (self.bipartition.count_a(), self.bipartition.count_b());
            lines.push(format!("  across {}: {a} sites in A, {b} in B", self.across));
        } else if sites.contains('\n') {
            lines.push(format!("  across {}:", self.across));
            lines.extend(sites.lines().map(|line| format!("    {line}")));
        } else {
            lines.push(format!("  across {}: {sites}", self.across));
        }
        lines.join("\n")
    }

    fn brief(&self) -> String {
        format!("min-cut {} ({} bits)", self.cut.formula(), short_real(self.cut.bits()))
    }

    fn json(&self) -> Json {
        let weight = self.cut.weight();
        let value = match weight.value(INT_BITS_LIMIT as u64) {
            Ok(value) => json_int(&IBig::from(value)),
            Err(_) => Json::Null,
        };
        let layers: Vec<Json> = self
            .cut
            .factors()
            .into_iter()
            .map(|f| json!({ "layer": f.layer, "dim": f.dim, "count": f.count }))
            .collect();
        let edges = self.cut.edges(JSON_EDGES, &Interrupt::new()).ok().map(|edges| {
            let edge = |edge: graph::CutEdge| {
                json!({
                    "layer": edge.layer,
                    "position": edge.position,
                    "dim": edge.dim,
                    "sites": edge.sites.to_string(),
                })
            };
            edges.into_iter().map(edge).collect::<Vec<Json>>()
        });
        json!({
            "value": value,
            "ln": json_real(self.cut.ln()),
            "bits": json_real(self.cut.bits()),
            "formula": self.cut.formula(),
            "across": self.across,
            "layers": layers,
            "edges": edges,
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        if kind == MediaKind::Latex {
            let formula = super::latex::cut(&self.cut.factors(), &self.cut.weight());
            return Some(Ok(Media::Text(formula)));
        }
        if kind == MediaKind::Html {
            let picture = self.picture(None).ok();
            return Some(Ok(pictures::html(&self.text(), picture.as_ref())));
        }
        match self.picture(None) {
            Ok(picture) => pictures::media(&picture, kind),
            Err(Stop::Error(failure)) => Some(Err(failure)),
            Err(Stop::OutOfOrder | Stop::Unclear) => None,
        }
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        Some(match name {
            "value" => weight_value(&self.cut.weight()),
            "ln" => Ok(Value::Real(self.cut.ln())),
            "bits" => Ok(Value::Real(self.cut.bits())),
            "formula" => Ok(Value::string(self.cut.formula())),
            "edges" => self.edges(),
            "layers" => self.layers(),
            "partition" => Ok(Value::object(PartitionValue::Resolved {
                name: self.across.clone(),
                bipartition: self.bipartition.clone(),
            })),
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        Some(self.cut.layers() == other.cut.layers())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for CutValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Cut]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

impl IntoValue for BoundValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Bound]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// What may be wrong with a query without computing anything: a network that is no ConvAC, a
/// partition of another shape. `None` where only the run can tell.
pub(super) fn resolved(
    cx: &Scope<'_>,
    call: &Args,
    net: &NetworkValue,
    across: &PartitionValue,
) -> Eval<Option<Bipartition>> {
    if let Some(obstacle) = net.0.convac_obstacle() {
        let failure = failure_of(&GraphError::NotConvac(obstacle));
        return Err((*failure).or_at(call.span_of(0)).into());
    }
    const CHECKED_SITES: u64 = 1 << 16;
    let listed = !matches!(across, PartitionValue::Rule(_) | PartitionValue::Resolved { .. });
    let shape = net.0.input_shape();
    if cx.machine().checks() && (listed || shape.sites() > CHECKED_SITES) {
        return Ok(None);
    }
    across.resolve(cx, shape, call.span_of(1)).map(Some)
}

/// The min-cut of a network across a partition.
pub(super) fn cut_of(
    cx: &Scope<'_>,
    call: &Args,
    net: &NetworkValue,
    across: &PartitionValue,
    output: OutputSide,
) -> Eval<CutValue> {
    let bipartition = across.resolve(cx, net.0.input_shape(), call.span_of(1))?;
    let cut = graph::min_cut(&net.0, &bipartition, output, &cx.machine().interrupt)
        .map_err(|error| explain(cx, call, &error))?;
    Ok(CutValue { cut: Arc::new(cut), network: net.clone(), across: across.name(), bipartition })
}

pub(super) fn explain(cx: &Scope<'_>, call: &Args, error: &GraphError) -> Stop {
    if let Err(stop) = cx.check_interrupt() {
        return stop;
    }
    match error {
        GraphError::Partition(error) => explain_partition(error, call.span_of(1)),
        GraphError::NotConvac(_) => (*failure_of(error)).or_at(call.span_of(0)).into(),
        _ => (*failure_of(error)).or_at(call.span).into(),
    }
}

pub(super) fn output_side(call: &Args, number: usize, name: &str) -> Eval<OutputSide> {
    word(call, number, name, &["none", "a", "b"], |word| match word {
        "none" => Some(OutputSide::Fixed),
        "a" | "A" => Some(OutputSide::A),
        "b" | "B" => Some(OutputSide::B),
        _ => None,
    })
}

/// Upper and lower bounds of a rank as a value.
#[derive(Clone, Debug)]
pub(super) struct BoundValue {
    pub bound: Arc<graph::Bound>,
    pub across: String,
}

pub(super) static BOUND_FIELDS: &[FieldInfo] = &[
    FieldInfo {
        name: "upper",
        types: TypeSet::of(&[Type::Int]),
        doc: "No weights give a larger rank: the min-cut, tightened where sharing allows.",
    },
    FieldInfo {
        name: "lower",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "Almost all weights give at least this rank; none with shared weights.",
    },
    FieldInfo {
        name: "base",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "The integer whose powers give the lower bound.",
    },
    FieldInfo {
        name: "tight",
        types: TypeSet::of(&[Type::Bool]),
        doc: "Whether both bounds meet.",
    },
    FieldInfo { name: "reason", types: TypeSet::of(&[Type::String]), doc: "Why, in a sentence." },
    FieldInfo {
        name: "tightened",
        types: TypeSet::of(&[Type::Bool]),
        doc: "Whether the upper bound is below the min-cut.",
    },
    FieldInfo {
        name: "upper_bits",
        types: TypeSet::of(&[Type::Real]),
        doc: "log2 of the upper bound.",
    },
    FieldInfo {
        name: "lower_bits",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "log2 of the lower bound.",
    },
];

impl Object for BoundValue {
    fn type_of(&self) -> Type {
        Type::Bound
    }

    fn text(&self) -> String {
        let bound = &self.bound;
        let upper = weight_text(&bound.upper);
        let head = match &bound.lower {
            _ if bound.tight => {
                format!("rank = {upper} for almost all weights, across {}", self.across)
            }
            Some(lower) => {
                format!(
                    "{} <= rank <= {upper} for almost all weights, across {}",
                    weight_text(lower),
                    self.across
                )
            }
            None => format!("rank <= {upper} for all weights, across {}", self.across),
        };
        let kind = if bound.tightened { "below the min-cut" } else { "the min-cut" };
        let mut lines = vec![head, format!("  upper bound: {upper} ({kind})")];
        match (&bound.lower, bound.base) {
            (Some(lower), Some(base)) => {
                lines.push(format!("  lower bound: {} (powers of {base})", weight_text(lower)));
            }
            (Some(lower), None) => lines.push(format!("  lower bound: {}", weight_text(lower))),
            (None, _) => lines.push("  lower bound: none applies".to_owned()),
        }
        lines.push(format!("  {}", bound.reason));
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let upper = weight_text(&self.bound.upper);
        match &self.bound.lower {
            _ if self.bound.tight => format!("rank = {upper}"),
            Some(lower) => format!("{} <= rank <= {upper}", weight_text(lower)),
            None => format!("rank <= {upper}"),
        }
    }

    fn json(&self) -> Json {
        let int = |weight: &Weight| match weight.value(INT_BITS_LIMIT as u64) {
            Ok(value) => json_int(&IBig::from(value)),
            Err(_) => Json::Null,
        };
        json!({
            "upper": int(&self.bound.upper),
            "upper_bits": json_real(self.bound.upper.bits()),
            "lower": self.bound.lower.as_ref().map(int),
            "lower_bits": self.bound.lower.as_ref().map(|lower| json_real(lower.bits())),
            "base": self.bound.base,
            "tight": self.bound.tight,
            "tightened": self.bound.tightened,
            "reason": self.bound.reason,
            "across": self.across,
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let bound = &self.bound;
        match kind {
            MediaKind::Html => Some(Ok(Media::Text(pre_html(&self.text())))),
            MediaKind::Latex => {
                let formula = super::latex::bound(bound.lower.as_ref(), &bound.upper, bound.tight);
                Some(Ok(Media::Text(formula)))
            }
            MediaKind::Svg | MediaKind::Png | MediaKind::Letters(_) => None,
        }
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let bound = &self.bound;
        Some(match name {
            "upper" => weight_value(&bound.upper),
            "lower" => bound.lower.as_ref().map_or(Ok(Value::None), weight_value),
            "base" => Ok(bound.base.map_or(Value::None, Value::int)),
            "tight" => Ok(Value::Bool(bound.tight)),
            "tightened" => Ok(Value::Bool(bound.tightened)),
            "reason" => Ok(Value::string(&bound.reason)),
            "upper_bits" => Ok(Value::Real(bound.upper.bits())),
            "lower_bits" => {
                Ok(bound.lower.as_ref().map_or(Value::None, |lower| Value::Real(lower.bits())))
            }
            _ => return None,
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

builtins! { QUERIES "Queries":
    /// The min-cut of a network across a partition: exact, with what is cut and a picture.
    ///
    /// The rank of the matricization across the partition, and so the Schmidt number of the
    /// network as a quantum state, is at most this product of bond dimensions, whatever the
    /// weights (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552, theorem 1). The legs of a copy
    /// tensor count once. Of all smallest cuts one with the fewest bonds is given.
    ///
    /// > min_cut(network { input(4, dim = 2), conv(3), pool(4), output(1) }, interleaved).value
    /// 3
    pure fn min_cut(
        cx, call;
        /** A ConvAC. */ net: NetworkValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The side of the class index: "none" (one class is asked for), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<CutValue> {
        let output = output_side(call, 2, &output)?;
        let known = resolved(cx, call, &net, &across)?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let across = match known {
            Some(bipartition) => PartitionValue::Resolved { name: across.name(), bipartition },
            None => across,
        };
        cut_of(cx, call, &net, &across, output).map(|cut| Answer(Some(cut)))
    }

    /// What the rank across a partition can be: upper and lower bound, and why.
    ///
    /// The upper bound is the min-cut, tightened by symmetric powers where `sharing = "layer"`
    /// makes blocks on one side symmetric; it holds for all weights. The lower bound (theorem 2
    /// of arXiv 1704.01552) is the min-cut after every bond is rounded down to a power of the best
    /// integer; it holds for almost all weights, and only without sharing.
    ///
    /// > bound(network { input(4, dim = 2), conv(2, sharing = "none"), pool(4), output(1) }, left_right).tight
    /// true
    pure fn bound(
        cx, call;
        /** A ConvAC. */ net: NetworkValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The side of the class index: "none" (one class is asked for), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<BoundValue> {
        let output = output_side(call, 2, &output)?;
        let known = resolved(cx, call, &net, &across)?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let bipartition = match known {
            Some(bipartition) => bipartition,
            None => across.resolve(cx, net.0.input_shape(), call.span_of(1))?,
        };
        let bound = graph::bound(&net.0, &bipartition, output, &cx.machine().interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(BoundValue { bound: Arc::new(bound), across: across.name() })))
    }
}
