//! Ranks: generic ones, exact over prime fields, and numerical ones of given weights.

use std::any::Any;
use std::sync::Arc;

use dashu_int::{IBig, UBig};
use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::models::{ModelValue, Subject, explain};
use super::networks::NetworkValue;
use super::partitions::PartitionValue;
use super::queries::{output_side, resolved, weight_text, weight_value};
use super::spectra::output_of;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::entangle::{
    self, Accuracy, EntangleError, GenericRank, Method, NumericalRank, Templates,
};
use crate::evaluate::{Args, Eval, Stop};
use crate::graph::OutputSide;
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, INT_BITS_LIMIT, IntoValue, Media, MediaKind, Object, Type, TypeSet, Value,
    json_int, json_real, pre_html, short_real,
};

/// A rank as a value.
#[derive(Clone, Debug)]
pub(super) struct RankValue {
    pub kind: Kind,
    pub across: String,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// For almost all weights.
    Generic(Arc<GenericRank>),
    /// Of these weights, in doubles; the largest rank that the matrix could have.
    Numerical { rank: NumericalRank, limit: (f64, f64), what: &'static str },
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "value", types: TypeSet::of(&[Type::Int]), doc: "The rank." },
    FieldInfo {
        name: "proved",
        types: TypeSet::of(&[Type::Bool]),
        doc: "Whether it meets an upper bound, so that it is certain.",
    },
    FieldInfo {
        name: "deficit",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "By how much a generic rank stays below the min-cut.",
    },
    FieldInfo {
        name: "error",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "A bound of the probability that a generic rank is larger.",
    },
    FieldInfo { name: "bits", types: TypeSet::of(&[Type::Real]), doc: "log2 of the rank." },
    FieldInfo { name: "ln", types: TypeSet::of(&[Type::Real]), doc: "Its natural logarithm." },
    FieldInfo {
        name: "min_cut",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "The min-cut that bounds a generic rank.",
    },
    FieldInfo {
        name: "upper",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "The min-cut, tightened where sharing allows.",
    },
    FieldInfo {
        name: "gap",
        types: TypeSet::of(&[Type::Record, Type::None]),
        doc: "Of a numerical rank: the values next to the tolerance, as shares of the largest.",
    },
    FieldInfo { name: "reason", types: TypeSet::of(&[Type::String]), doc: "Why, in a sentence." },
];

impl RankValue {
    fn bits(&self) -> f64 {
        match &self.kind {
            Kind::Generic(rank) => rank.value.bits(),
            Kind::Numerical { rank, .. } => (rank.rank as f64).log2(),
        }
    }

    fn value(&self) -> Result<Value, Failure> {
        match &self.kind {
            Kind::Generic(rank) => weight_value(&rank.value),
            Kind::Numerical { rank, .. } => Ok(Value::int(rank.rank)),
        }
    }

    /// Min-cut minus rank.
    fn deficit(&self) -> Option<UBig> {
        let Kind::Generic(rank) = &self.kind else { return None };
        let limit = INT_BITS_LIMIT as u64;
        let cut = rank.bound.min_cut.weight().value(limit).ok()?;
        let value = rank.value.value(limit).ok()?;
        Some(if cut > value { cut - value } else { UBig::ZERO })
    }

    fn reason(&self) -> String {
        match &self.kind {
            Kind::Generic(rank) => generic_reason(rank),
            Kind::Numerical { rank, limit, .. } => numerical_reason(rank, *limit),
        }
    }
}

fn generic_reason(rank: &GenericRank) -> String {
    let found = match &rank.method {
        Method::Whole { rows, cols } => {
            format!("random weights over a prime field have it, in a matrix of {rows} x {cols}")
        }
        Method::Product { level } => format!(
            "random weights over a prime field have it, multiplied over the subtrees of {level}"
        ),
    };
    match (rank.proved, rank.bound.tightened) {
        (true, false) => format!("proved: it meets the min-cut, and {found}"),
        (true, true) => format!(
            "proved: it meets the bound that sharing leaves (equal subtrees span symmetric powers \
             only), and {found}"
        ),
        (false, _) => {
            let mut primes: Vec<u64> = rank.draws.iter().map(|draw| draw.prime).collect();
            primes.sort_unstable();
            primes.dedup();
            let names: Vec<String> = primes.iter().map(|prime| prime_name(*prime)).collect();
            format!(
                "no weights do better, but for a chance below {}: {} draws mod {} agree. The bonds \
                 could carry more, the copy tensors do not let it through",
                short_real(rank.error_probability.max(1e-300)),
                rank.draws.len(),
                names.join(" and "),
            )
        }
    }
}

fn prime_name(prime: u64) -> String {
    match prime {
        2_147_483_647 => "2^31 - 1".to_owned(),
        2_305_843_009_213_693_951 => "2^61 - 1".to_owned(),
        8_388_593 => "2^23 - 15".to_owned(),
        other => other.to_string(),
    }
}

fn numerical_reason(rank: &NumericalRank, limit: (f64, f64)) -> String {
    let (rows, cols) = limit;
    let dropped = if rank.first_dropped > 0.0 {
        format!("the first dropped {}", short_real(rank.first_dropped))
    } else if (rank.rank as f64) < rows.min(cols) {
        "the others are 0".to_owned()
    } else {
        "none is dropped".to_owned()
    };
    format!(
        "the smallest singular value that counts is {} of the largest, {dropped}; the tolerance is {}",
        short_real(rank.last_kept),
        short_real(rank.tolerance),
    )
}

impl Object for RankValue {
    fn type_of(&self) -> Type {
        Type::Rank
    }

    fn text(&self) -> String {
        match &self.kind {
            Kind::Generic(rank) => {
                let value = weight_text(&rank.value);
                let head = if rank.proved { "exact" } else { "almost certain" };
                let mut lines = vec![format!(
                    "rank {value} for almost all weights, {head}, across {}",
                    self.across
                )];
                let cut = rank.bound.min_cut.formula();
                lines.push(match self.deficit() {
                    Some(deficit) if deficit > UBig::ZERO => {
                        format!("  min-cut {cut}: a deficit of {deficit}")
                    }
                    _ => format!("  min-cut {cut}: no deficit"),
                });
                lines.push(format!("  {}", self.reason()));
                lines.join("\n")
            }
            Kind::Numerical { rank, limit, what } => {
                let (rows, cols) = *limit;
                format!(
                    "rank {} of {what}, in doubles, across {}\n  of at most {} ({rows} x {cols})\n  {}",
                    rank.rank,
                    self.across,
                    rows.min(cols),
                    self.reason()
                )
            }
        }
    }

    fn brief(&self) -> String {
        match &self.kind {
            Kind::Generic(rank) if rank.proved => format!("rank {}", weight_text(&rank.value)),
            Kind::Generic(rank) => format!("rank {} (almost certain)", weight_text(&rank.value)),
            Kind::Numerical { rank, .. } => format!("rank {} (numerical)", rank.rank),
        }
    }

    fn json(&self) -> Json {
        let int =
            |value: Option<UBig>| value.map_or(Json::Null, |value| json_int(&IBig::from(value)));
        let limit = INT_BITS_LIMIT as u64;
        match &self.kind {
            Kind::Generic(rank) => {
                let draws: Vec<Json> = rank
                    .draws
                    .iter()
                    .map(|draw| json!({ "prime": json_int(&IBig::from(draw.prime)), "rank": draw.rank }))
                    .collect();
                json!({
                    "value": int(rank.value.value(limit).ok()),
                    "proved": rank.proved,
                    "deficit": int(self.deficit()),
                    "error": json_real(rank.error_probability),
                    "bits": json_real(self.bits()),
                    "min_cut": int(rank.bound.min_cut.weight().value(limit).ok()),
                    "upper": int(rank.bound.upper.value(limit).ok()),
                    "draws": draws,
                    "reason": self.reason(),
                    "across": self.across,
                })
            }
            Kind::Numerical { rank, .. } => json!({
                "value": rank.rank,
                "proved": false,
                "tolerance": json_real(rank.tolerance),
                "gap": { "kept": json_real(rank.last_kept), "dropped": json_real(rank.first_dropped) },
                "reason": self.reason(),
                "across": self.across,
            }),
        }
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let html = || Media::Text(pre_html(&self.text()));
        (kind == MediaKind::Html).then(|| Ok(html()))
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let generic = match &self.kind {
            Kind::Generic(rank) => Some(rank),
            Kind::Numerical { .. } => None,
        };
        Some(match name {
            "value" => self.value(),
            "proved" => Ok(Value::Bool(generic.is_some_and(|rank| rank.proved))),
            "deficit" => {
                Ok(self.deficit().map_or(Value::None, |deficit| Value::Int(IBig::from(deficit))))
            }
            "error" => Ok(generic.map_or(Value::None, |rank| Value::Real(rank.error_probability))),
            "bits" => Ok(Value::Real(self.bits())),
            "ln" => Ok(Value::Real(self.bits() * std::f64::consts::LN_2)),
            "min_cut" => {
                generic.map_or(Ok(Value::None), |rank| weight_value(&rank.bound.min_cut.weight()))
            }
            "upper" => generic.map_or(Ok(Value::None), |rank| weight_value(&rank.bound.upper)),
            "gap" => match &self.kind {
                Kind::Generic(_) => Ok(Value::None),
                Kind::Numerical { rank, .. } => {
                    let fields = [("kept", rank.last_kept), ("dropped", rank.first_dropped)];
                    Value::record(
                        fields.map(|(name, x)| (Symbol::new(name), Value::Real(x))).to_vec(),
                    )
                }
            },
            "reason" => Ok(Value::string(self.reason())),
            _ => return None,
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for RankValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Rank]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// A tolerance of a rank: a share of the largest value.
fn check_tolerance(call: &Args, number: usize, tolerance: f64) -> Eval<()> {
    if (0.0..1.0).contains(&tolerance) {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Domain, "a tolerance is a share of the largest singular value")
        .at(call.span_of(number), "it must be at least 0 and below 1")
        .hint("tolerance = 1e-10")
        .into())
}

/// What [`templates`] are: a number of random ones, vectors, or the unit vectors.
fn templates_of(call: &Args, value: &Value, dim: u64, seed: u64) -> Eval<Templates> {
    let dim = usize::try_from(dim).unwrap_or(usize::MAX);
    let wrong = |message: String| {
        let error = Diagnostic::new(Code::Domain, message).at(call.span_of(2), "");
        error.hint(format!("templates = {dim}"))
    };
    let too_large = |error: EntangleError| {
        let hint = error.hint().unwrap_or("templates = 2").to_owned();
        Stop::from(
            Diagnostic::new(Code::Resource, error.to_string()).at(call.span_of(2), "").hint(hint),
        )
    };
    match value {
        Value::None => Templates::unit(dim).map_err(too_large),
        Value::Int(count) => match usize::try_from(count) {
            Ok(count @ 1..=65536) => Templates::random(count, dim, seed).map_err(too_large),
            _ => Err(wrong("the number of templates is from 1 to 65536".into()).into()),
        },
        Value::List(list) => {
            let mut vectors = Vec::new();
            for item in list.iter() {
                let Value::List(vector) = &item else {
                    return Err(wrong("a template is a list of numbers".into()).into());
                };
                let mut entries = Vec::new();
                for entry in vector.iter() {
                    entries.push(super::charts::number(&entry, call.span_of(2))?);
                }
                vectors.push(entries);
            }
            Templates::listed(&vectors, dim).map_err(|error| wrong(error.to_string()).into())
        }
        _ => Err(wrong("templates are a number or a list of vectors".into()).into()),
    }
}

builtins! { RANKS "Ranks":
    /// The rank across a partition: of a network for almost all weights, of a model for its own.
    ///
    /// It is that of the matricization of the tensor of a class. The generic rank of a network is computed over prime fields with random weights that are
    /// shared as the network says. When it meets the min-cut (tightened where sharing allows) it is
    /// `.proved`. Otherwise `.deficit` tells how far below the min-cut it stays, and `.error`
    /// bounds the chance that it is larger. The rank of a model counts singular values above
    /// `tolerance` times the largest; `.gap` shows the values on both sides of it.
    ///
    /// > rank(network { input(9, dim = 2), conv(3, sharing = "none"), pool(3), conv(2, sharing = "none"), pool(3), output(1) }, sites([0, 1, 3, 4])).deficit
    /// 1
    pure fn rank(
        cx, call;
        /** A ConvAC, or a model of one. */ net: Subject,
        /** A partition of its sites. */ across: PartitionValue,
        /** The side of the class index: "none" (one class is asked for), "a" or "b". */
        output: Arc<str> = "\"none\"",
        /** For a model: values below this share of the largest count as 0. */
        tolerance: f64 = "1e-10",
        /** For a model: the class. */ class: usize = "0",
    ) -> Answer<RankValue> {
        let side = output_side(call, 2, &output)?;
        check_tolerance(call, 3, tolerance)?;
        let known = resolved(cx, call, net.network(), &across)?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let shape = net.network().0.input_shape();
        let bipartition = match known {
            Some(bipartition) => bipartition,
            None => across.resolve(cx, shape, call.span_of(1))?,
        };
        let interrupt = &cx.machine().interrupt;
        let kind = match &net {
            Subject::Network(network) => {
                let rank = entangle::generic_rank(&network.0, &bipartition, side, interrupt)
                    .map_err(|error| explain(cx, call, &error))?;
                Kind::Generic(Arc::new(rank))
            }
            Subject::Model(ModelValue { model: Some(model), .. }) => {
                let output = output_of(side, class);
                let limit = entangle::plan(model.network(), &bipartition, side, interrupt)
                    .map(|plan| plan.matrix)
                    .map_err(|error| explain(cx, call, &error))?;
                let spectrum = entangle::schmidt(model, &bipartition, output, Accuracy::Values, interrupt);
                let rank = match spectrum {
                    Ok(spectrum) => spectrum.rank(tolerance),
                    // The rank of the zero matrix is 0, which is no error.
                    Err(EntangleError::ZeroState) => {
                        NumericalRank { rank: 0, tolerance, last_kept: 0.0, first_dropped: 0.0 }
                    }
                    Err(error) => return Err(explain(cx, call, &error)),
                };
                Kind::Numerical { rank, limit, what: "these weights" }
            }
            Subject::Model(_) => return Ok(Answer(None)),
        };
        Ok(Answer(Some(RankValue { kind, across: across.name() })))
    }

    /// The rank of the grid tensor of a small network of any kind, also with ReLU and max pooling.
    ///
    /// The grid tensor holds the score of a class for every choice of templates at the sites (Cohen
    /// and Shashua, arXiv 1603.00162): for a ConvAC and unit vectors it is the tensor of the class.
    /// It has `templates^sites` entries, at most 2^24.
    ///
    /// > let net = network { input(4, dim = 2), conv(3), relu(), pool(4, kind = "max"), output(1) }
    /// > grid_rank(init(net), left_right).value <= 4
    /// true
    pure fn grid_rank(
        cx, call;
        /** A model of any network. */ model: ModelValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The templates of a site: none for the unit vectors, a number of random ones, or vectors. */
        templates: Value = "none",
        /** The class. */ class: usize = "0",
        /** Values below this share of the largest count as 0. */ tolerance: f64 = "1e-10",
        /** The seed of random templates. */ seed: u64 = "0",
    ) -> Answer<RankValue> {
        check_tolerance(call, 4, tolerance)?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let shape = model.network.0.input_shape();
        let bipartition = across.resolve(cx, shape, call.span_of(1))?;
        let templates = templates_of(call, &templates, model.network.0.dim(), seed)?;
        let interrupt = &cx.machine().interrupt;
        let found = entangle::grid_rank(weights, &bipartition, class, &templates, tolerance, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        let (rows, cols) = found.shape;
        let limit = (rows as f64, cols as f64);
        let kind = Kind::Numerical { rank: found.rank, limit, what: "the grid tensor" };
        Ok(Answer(Some(RankValue { kind, across: across.name() })))
    }

    /// What a spectrum, an entropy or a rank across a partition will cost, before it is computed.
    ///
    /// A record of the rows and columns of the last matrix, floating-point operations, bytes, an
    /// estimate of seconds on one core, the same for the Renyi-2 entropy by four copies, whether the
    /// spectrum is within the limits, and a table of the largest cores by layer.
    ///
    /// > plan(network { input(16, dim = 4), conv(4), pool(2), conv(4), pool(2), conv(4), pool(4), output(1) }, left_right).rows
    /// 4
    pure fn plan(
        cx, call;
        /** A ConvAC, or a model of one. */ net: Subject,
        /** A partition of its sites. */ across: PartitionValue,
        /** The side of the class index: "none" (one class is asked for), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<Value> {
        let side = output_side(call, 2, &output)?;
        let known = resolved(cx, call, net.network(), &across)?;
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Record))));
        }
        let network: &NetworkValue = net.network();
        let bipartition = match known {
            Some(bipartition) => bipartition,
            None => across.resolve(cx, network.0.input_shape(), call.span_of(1))?,
        };
        let plan = plan_of(network, &bipartition, side, &cx.machine().interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(plan_record(&plan)?)))
    }
}

fn plan_of(
    network: &NetworkValue,
    across: &crate::network::Bipartition,
    side: OutputSide,
    interrupt: &crate::interrupt::Interrupt,
) -> Result<entangle::Plan, EntangleError> {
    entangle::plan(&network.0, across, side, interrupt)
}

/// A size: an int where it is one, else a real.
fn size(value: f64) -> Value {
    const EXACT: f64 = (1u64 << 53) as f64;
    if value <= EXACT { Value::int(value as u64) } else { Value::Real(value) }
}

fn plan_record(plan: &entangle::Plan) -> Result<Value, Failure> {
    let record = |fields: Vec<(&str, Value)>| {
        Value::record(fields.into_iter().map(|(name, value)| (Symbol::new(name), value)).collect())
    };
    let levels = plan.levels.iter().map(|level| {
        let (a, b, channels) = level.largest;
        record(vec![
            ("layer", Value::string(&level.name)),
            ("kinds", Value::int(level.kinds)),
            ("a", size(a)),
            ("b", size(b)),
            ("channels", size(channels)),
            ("flops", size(level.flops.round())),
            ("bytes", size(level.bytes)),
        ])
    });
    let levels = Value::list(levels.collect::<Result<_, _>>()?)?;
    record(vec![
        ("rows", size(plan.matrix.0)),
        ("cols", size(plan.matrix.1)),
        ("flops", size(plan.flops.round())),
        ("bytes", size(plan.bytes.round())),
        ("seconds", Value::Real(plan.seconds())),
        ("allowed", Value::Bool(plan.check().is_ok())),
        ("renyi_flops", size(plan.renyi_flops.round())),
        ("renyi_bytes", size(plan.renyi_bytes.round())),
        ("renyi_allowed", Value::Bool(plan.renyi_allowed())),
        ("cores", levels),
    ])
}
