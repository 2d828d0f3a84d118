//! What networks carry at each feature size.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::super::arguments::{Answer, Names};
use super::super::charts::chart_data;
use super::super::layers::word;
use super::super::networks::NetworkValue;
use super::super::pictures;
use super::super::plots::PlotValue;
use super::super::queries::weight_value;
use super::super::table_macro::builtins;
use super::{check_convac, explain, row};
use crate::design::{DesignError, FeaturePoint, count_shifts, feature_sizes, shifted_blocks};
use crate::diagnostic::{Code, Diagnostic};
use crate::entangle::{EntangleError, generic_rank};
use crate::evaluate::{Args, Eval, Reporter, Scope, Stop};
use crate::graph::{OutputSide, Weight, bound};
use crate::plot::{Axis, Chart, Mark, Picture, Scale, Series};
use crate::value::{
    Failure, FieldInfo, FromValue, IntoValue, List, Media, MediaKind, Mismatch, Object, Type,
    TypeSet, Value, json, text,
};

/// The most min-cuts that one call computes.
const MOST_SHIFTS: u64 = 1 << 17;

/// The unit of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Bits,
    Ln,
}

impl Unit {
    fn name(self) -> &'static str {
        if self == Self::Bits { "bits" } else { "ln" }
    }

    fn of(self, weight: &Weight) -> f64 {
        if self == Self::Bits { weight.bits() } else { weight.ln() }
    }

    fn of_bits(self, bits: f64) -> f64 {
        if self == Self::Bits { bits } else { bits * std::f64::consts::LN_2 }
    }
}

/// What else is known of the aligned blocks of one size.
#[derive(Clone, Debug, Default)]
struct Extra {
    /// Lower and upper bound.
    bounds: Option<(Option<Weight>, Weight)>,
    /// The generic rank and whether it is proved; inside, `None` when it is out of reach.
    rank: Option<Option<(Weight, bool)>>,
}

/// The curve of one network.
#[derive(Clone, Debug)]
struct Curve {
    name: String,
    points: Vec<(FeaturePoint, Extra)>,
}

/// Where one network overtakes another.
#[derive(Clone, Debug)]
struct Crossing {
    first: String,
    second: String,
    /// The last size at which the first network carries more, and the first one at which the second
    /// does.
    from: u64,
    to: u64,
}

/// The min-cuts of networks by feature size.
#[derive(Clone, Debug)]
pub(in super::super) struct FeaturesValue {
    curves: Arc<Vec<Curve>>,
    unit: Unit,
    shifted: bool,
    grid: bool,
}

pub(in super::super) static FIELDS: &[FieldInfo] = &[
    FieldInfo {
        name: "table",
        types: TypeSet::LIST,
        doc: "A row for each network and feature size xi: the aligned blocks, and least, mean and most of all shifts.",
    },
    FieldInfo { name: "sizes", types: TypeSet::LIST, doc: "The feature sizes." },
    FieldInfo {
        name: "crossings",
        types: TypeSet::LIST,
        doc: "Where curves cross: the sizes between which `second` overtakes `first`.",
    },
    FieldInfo { name: "plot", types: TypeSet::of(&[Type::Plot]), doc: "The curves as a chart." },
];

impl FeaturesValue {
    fn table(&self) -> Result<Value, Failure> {
        let many = self.curves.len() > 1;
        let mut rows = Vec::new();
        for curve in self.curves.iter() {
            for (point, extra) in &curve.points {
                let mut cells = Vec::new();
                if many {
                    cells.push(("network", Value::string(&curve.name)));
                }
                cells.push(("xi", Value::int(point.size)));
                cells.push((self.unit.name(), Value::Real(self.unit.of(&point.aligned))));
                if self.shifted {
                    cells.push(("least", Value::Real(self.unit.of(&point.smallest.0))));
                    cells.push(("mean", Value::Real(self.unit.of_bits(point.mean_bits))));
                    cells.push(("most", Value::Real(self.unit.of(&point.largest.0))));
                    cells.push(("least_shift", self.shift(point.smallest.1)?));
                }
                if let Some((lower, upper)) = &extra.bounds {
                    let unit = |weight: &Weight| Value::Real(self.unit.of(weight));
                    cells.push(("lower", lower.as_ref().map_or(Value::None, unit)));
                    cells.push(("upper", unit(upper)));
                }
                if let Some(rank) = &extra.rank {
                    let (value, proved) = match rank {
                        Some((rank, proved)) => (weight_value(rank)?, Value::Bool(*proved)),
                        None => (Value::None, Value::None),
                    };
                    cells.extend([("rank", value), ("proved", proved)]);
                }
                rows.push(row(cells)?);
            }
        }
        Value::list(rows)
    }

    fn shift(&self, (rows, cols): (u64, u64)) -> Result<Value, Failure> {
        if self.grid {
            Value::list(vec![Value::int(rows), Value::int(cols)])
        } else {
            Ok(Value::int(cols))
        }
    }

    fn crossings(&self) -> Vec<Crossing> {
        let mut found = Vec::new();
        for (number, one) in self.curves.iter().enumerate() {
            for other in self.curves.iter().skip(number + 1) {
                // Who was ahead last, and at which size.
                let mut ahead: Option<(Ordering, u64)> = None;
                for ((left, _), (right, _)) in one.points.iter().zip(&other.points) {
                    let now = left.aligned.compare(&right.aligned);
                    if now == Ordering::Equal {
                        continue;
                    }
                    if let Some((before, from)) = ahead.filter(|(before, _)| *before != now) {
                        let (first, second) = match before {
                            Ordering::Greater => (&one.name, &other.name),
                            _ => (&other.name, &one.name),
                        };
                        let (first, second) = (first.clone(), second.clone());
                        found.push(Crossing { first, second, from, to: left.size });
                    }
                    ahead = Some((now, left.size));
                }
            }
        }
        found
    }

    fn chart(&self) -> Chart {
        let mut series = Vec::new();
        let line = |label: &str, mark, of: &dyn Fn(&FeaturePoint) -> f64, curve: &Curve| Series {
            label: Some(label.to_owned()),
            mark,
            points: curve.points.iter().map(|(point, _)| (point.size as f64, of(point))).collect(),
            ..Series::default()
        };
        let unit = self.unit;
        match self.curves.as_slice() {
            [only] if self.shifted => {
                series.push(line(
                    "most of all shifts",
                    Mark::Line,
                    &|p| unit.of(&p.largest.0),
                    only,
                ));
                series.push(line(
                    "mean of all shifts",
                    Mark::Line,
                    &|p| unit.of_bits(p.mean_bits),
                    only,
                ));
                series.push(line(
                    "least of all shifts",
                    Mark::Line,
                    &|p| unit.of(&p.smallest.0),
                    only,
                ));
                series.push(line("aligned", Mark::LinePoints, &|p| unit.of(&p.aligned), only));
            }
            curves => {
                for curve in curves {
                    series.push(line(
                        &curve.name,
                        Mark::LinePoints,
                        &|p| unit.of(&p.aligned),
                        curve,
                    ));
                }
                if let [only] = series.as_mut_slice() {
                    only.label = None;
                }
            }
        }
        Chart {
            title: Some("Min-cut by feature size".to_owned()),
            x: Axis {
                label: "feature size xi (sites)".to_owned(),
                scale: Scale::Log,
                categories: None,
            },
            y: Axis { label: unit.name().to_owned(), ..Axis::default() },
            series,
            legend_title: None,
        }
    }

    fn plot(&self) -> PlotValue {
        let chart = self.chart();
        let data = chart_data(&chart);
        PlotValue { picture: Picture::Chart(chart), what: "plot".to_owned(), data }
    }

    fn sentences(&self) -> Vec<String> {
        let crossings = self.crossings();
        let mut lines: Vec<String> = crossings
            .iter()
            .map(|crossing| {
                let Crossing { first, second, from, to } = crossing;
                format!("{first} carries more up to xi = {from}, {second} from xi = {to}")
            })
            .collect();
        if lines.is_empty() && self.curves.len() > 1 {
            lines.push("no curves cross".to_owned());
        }
        let what = if self.grid {
            "a checkerboard of xi x xi blocks"
        } else {
            "blocks of xi sites in turn"
        };
        lines.push(format!(
            "min-cuts across {what}, exact ({} to the digits shown)",
            self.unit.name()
        ));
        lines
    }
}

impl Object for FeaturesValue {
    fn type_of(&self) -> Type {
        Type::Features
    }

    fn text(&self) -> String {
        let table = self.table().map_or_else(|error| error.message.clone(), |table| text(&table));
        let mut lines = vec![table];
        lines.extend(self.sentences());
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let names: Vec<&str> = self.curves.iter().map(|curve| curve.name.as_str()).collect();
        format!("features({})", names.join(", "))
    }

    fn json(&self) -> Json {
        let crossings = self.crossings().into_iter();
        let crossings = crossings
            .map(|c| json!({ "first": c.first, "second": c.second, "from": c.from, "to": c.to }));
        json!({
            "unit": self.unit.name(),
            "table": self.table().and_then(|table| json(&table)).unwrap_or(Json::Null),
            "crossings": crossings.collect::<Vec<_>>(),
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let picture = Picture::Chart(self.chart());
        if kind == MediaKind::Html {
            let table = self.table().ok().and_then(|table| crate::value::html(&table));
            let sentences = crate::value::pre_html(&self.sentences().join("\n"));
            let drawn = pictures::image(&picture);
            let table = table.unwrap_or_default();
            return Some(Ok(Media::Text(format!("<div>{drawn}{table}{sentences}</div>"))));
        }
        pictures::media(&picture, kind)
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        Some(match name {
            "table" => self.table(),
            "sizes" => {
                let first = self.curves.first().map_or(&[][..], |curve| curve.points.as_slice());
                Value::list(first.iter().map(|(point, _)| Value::int(point.size)).collect())
            }
            "crossings" => {
                let rows = self.crossings().into_iter().map(|crossing| {
                    row(vec![
                        ("first", Value::string(&crossing.first)),
                        ("second", Value::string(&crossing.second)),
                        ("from", Value::int(crossing.from)),
                        ("to", Value::int(crossing.to)),
                    ])
                });
                rows.collect::<Result<Vec<_>, _>>().and_then(Value::list)
            }
            "plot" => Ok(Value::object(self.plot())),
            _ => return None,
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for FeaturesValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Features]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// Networks in a list.
#[derive(Clone, Debug)]
struct Networks(Vec<NetworkValue>);

impl FromValue for Networks {
    const TYPES: TypeSet = TypeSet::LIST;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::List(list) = value else {
            return Err(Mismatch("it must be a list of networks".to_owned()));
        };
        list.iter().map(NetworkValue::from_value).collect::<Result<_, _>>().map(Self)
    }
}

/// Feature sizes: some, or those of the networks.
fn sizes_of(
    call: &Args,
    number: usize,
    given: Option<&Arc<List>>,
    networks: &[NetworkValue],
) -> Eval<Vec<u64>> {
    let span = call.span_of(number);
    let Some(given) = given else {
        let mut sizes: Vec<u64> =
            networks.iter().flat_map(|network| feature_sizes(&network.0)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let fits = |size: &u64| {
            networks.iter().all(|net| shifted_blocks(net.0.input_shape(), *size, (0, 0)).is_ok())
        };
        sizes.retain(fits);
        if sizes.is_empty() {
            return Err(Diagnostic::new(Code::Domain, "the network has no feature sizes")
                .at(call.span_of(0), "one site has no parts")
                .hint("features(network { input(4, dim = 2), conv(3), pool(4), output(1) })")
                .into());
        }
        return Ok(sizes);
    };
    let mut sizes = Vec::new();
    for size in given.iter() {
        let shown = crate::value::short(&size);
        let size = u64::from_value(size).ok().filter(|size| *size > 0).ok_or_else(|| {
            Stop::from(
                Diagnostic::new(
                    Code::Domain,
                    format!("a feature size is an int from 1, not {shown}"),
                )
                .at(span, "")
                .hint("sizes = [1, 2, 4]"),
            )
        })?;
        sizes.push(size);
    }
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.is_empty() {
        return Err(Diagnostic::new(Code::Domain, "there are no feature sizes")
            .at(span, "an empty list")
            .hint("sizes = [1, 2, 4]")
            .into());
    }
    Ok(sizes)
}

/// What is wanted of the curves.
struct Wanted {
    sizes: Vec<u64>,
    shifted: bool,
    bound: bool,
    rank: bool,
    unit: Unit,
}

fn curves(
    cx: &Scope<'_>,
    call: &Args,
    networks: &[(String, NetworkValue)],
    wanted: &Wanted,
) -> Eval<FeaturesValue> {
    let shape = networks.first().map(|(_, net)| net.0.input_shape());
    let count = |net: &NetworkValue| {
        let sizes = wanted.sizes.len() as u64;
        if wanted.shifted { count_shifts(net.0.input_shape(), &wanted.sizes) } else { sizes }
    };
    let total = networks.iter().map(|(_, net)| count(net)).fold(0, u64::saturating_add);
    if total > MOST_SHIFTS {
        return Err(Diagnostic::new(Code::Resource, format!("{total} shifts are too many"))
            .at(call.span, format!("at most {MOST_SHIFTS} min-cuts are computed"))
            .hint("shifted = false")
            .into());
    }
    let reporter = Reporter::new(cx, total);
    let interrupt = &cx.machine().interrupt;
    let mut all = Vec::new();
    for (name, net) in networks {
        let step = || reporter.step();
        let points =
            crate::design::features(&net.0, &wanted.sizes, wanted.shifted, interrupt, &step)
                .map_err(|error| match error {
                    DesignError::Graph(crate::graph::GraphError::Partition(error)) => {
                        super::super::partitions::explain(&error, call.span)
                    }
                    error => explain(cx, call, &error),
                })?;
        let mut curve = Vec::with_capacity(points.len());
        for point in points {
            let extra = extra_of(cx, call, net, &point, wanted)?;
            curve.push((point, extra));
        }
        all.push(Curve { name: name.clone(), points: curve });
    }
    reporter.finish();
    Ok(FeaturesValue {
        curves: Arc::new(all),
        unit: wanted.unit,
        shifted: wanted.shifted,
        grid: shape.is_some_and(|shape| shape.dimensions() == 2),
    })
}

/// Bounds and rank of the aligned blocks, where asked for.
fn extra_of(
    cx: &Scope<'_>,
    call: &Args,
    net: &NetworkValue,
    point: &FeaturePoint,
    wanted: &Wanted,
) -> Eval<Extra> {
    let mut extra = Extra::default();
    if !wanted.bound && !wanted.rank {
        return Ok(extra);
    }
    let interrupt = &cx.machine().interrupt;
    let across = shifted_blocks(net.0.input_shape(), point.size, (0, 0))
        .map_err(|error| explain(cx, call, &error))?;
    if wanted.bound {
        let found = bound(&net.0, &across, OutputSide::Fixed, interrupt)
            .map_err(|error| super::super::queries::explain(cx, call, &error))?;
        extra.bounds = Some((found.lower, found.upper));
    }
    if wanted.rank {
        extra.rank = Some(match generic_rank(&net.0, &across, OutputSide::Fixed, interrupt) {
            Ok(rank) => Some((rank.value, rank.proved)),
            Err(EntangleError::TooLarge { .. }) => None,
            Err(error) => return Err(super::super::models::explain(cx, call, &error)),
        });
    }
    Ok(extra)
}

fn unit_of(call: &Args, number: usize, name: &str) -> Eval<Unit> {
    word(call, number, name, &["bits", "ln"], |word| match word {
        "bits" => Some(Unit::Bits),
        "ln" => Some(Unit::Ln),
        _ => None,
    })
}

builtins! { CURVES "Design":
    /// What a network can correlate at each feature size: min-cuts across alternating blocks.
    ///
    /// The blocks of size xi (on a grid a checkerboard of xi x xi blocks) are cut for every shift:
    /// `bits` is the aligned one, `least`, `mean` and `most` are those of all shifts, because a block
    /// that no pooling window holds is split over the tree. Without `sizes` they are the powers of two
    /// and what the pooling windows see. `bound` adds lower and upper bounds of the rank, `rank` the
    /// generic rank (none where it is out of reach), both for the aligned blocks. Wide layers up
    /// to the pooling that sees xi sites carry features of that size (arXiv 1704.01552, section 5).
    ///
    /// > features(network { input(8, dim = 2), conv(4), pool(2), conv(3), pool(2), conv(2), pool(2), output(1) }, shifted = false).table
    /// xi     bits
    /// ──  ───────
    ///  1        4
    ///  2  3.16993
    ///  4        1
    pure fn features(
        cx, call;
        /** A ConvAC. */ net: NetworkValue,
        /** The feature sizes. */ sizes: Option<Arc<List>> = "none",
        /** Whether every shift is cut, or the aligned blocks only. */ shifted: bool = "true",
        /** "bits" or "ln". */ unit: Arc<str> = "\"bits\"",
        /** Whether lower and upper bounds of the rank are added. */ bound: bool = "false",
        /** Whether generic ranks are added. */ rank: bool = "false",
    ) -> Answer<FeaturesValue> {
        check_convac(&net.0, call.span_of(0))?;
        let unit = unit_of(call, 3, &unit)?;
        let sizes = sizes_of(call, 1, sizes.as_ref(), std::slice::from_ref(&net))?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let wanted = Wanted { sizes, shifted, bound, rank, unit };
        let name = String::from("network");
        curves(cx, call, &[(name, net)], &wanted).map(|found| Answer(Some(found)))
    }

    /// The feature curves of several networks, and the sizes where they cross.
    ///
    /// > let net(a, b) = network { input(4, dim = 4), conv(a), pool(2), conv(b), pool(2), output(1) }
    /// > compare([net(8, 2), net(2, 8)], names = ["wide base", "wide tip"], shifted = false)
    /// network    xi  bits
    /// ─────────  ──  ────
    /// wide base   1     4
    /// wide base   2     1
    /// wide tip    1     2
    /// wide tip    2     1
    /// no curves cross
    /// min-cuts across blocks of xi sites in turn, exact (bits to the digits shown)
    pure fn compare(
        cx, call;
        /** ConvACs on shapes with as many axes. */ nets: Networks,
        /** What they are called. */ names: Option<Names> = "none",
        /** The feature sizes. */ sizes: Option<Arc<List>> = "none",
        /** Whether every shift is cut, or the aligned blocks only. */ shifted: bool = "true",
        /** "bits" or "ln". */ unit: Arc<str> = "\"bits\"",
    ) -> Answer<FeaturesValue> {
        let at = call.span_of(0);
        for net in &nets.0 {
            check_convac(&net.0, at)?;
        }
        let axes = |net: &NetworkValue| net.0.input_shape().dimensions();
        if nets.0.iter().any(|net| Some(axes(net)) != nets.0.first().map(axes)) {
            return Err(Diagnostic::new(Code::Shape, "a chain and a grid have no feature sizes in common")
                .at(at, "").hint("compare([net, net])").into());
        }
        if nets.0.is_empty() {
            let error = Diagnostic::new(Code::Domain, "there is nothing to compare");
            return Err(error.at(at, "an empty list").hint("compare([net, net])").into());
        }
        let names = match names {
            None => (1..=nets.0.len()).map(|number| format!("network {number}")).collect(),
            Some(names) if names.0.len() == nets.0.len() => {
                names.0.iter().map(|name| name.to_string()).collect::<Vec<_>>()
            }
            Some(names) => {
                let message = format!("{} names for {} networks", names.0.len(), nets.0.len());
                return Err(Diagnostic::new(Code::Domain, message)
                    .at(call.span_of(1), "").hint("names = [\"wide base\", \"wide tip\"]").into());
            }
        };
        let unit = unit_of(call, 4, &unit)?;
        let sizes = sizes_of(call, 2, sizes.as_ref(), &nets.0)?;
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let wanted = Wanted { sizes, shifted, bound: false, rank: false, unit };
        let named: Vec<(String, NetworkValue)> = names.into_iter().zip(nets.0).collect();
        curves(cx, call, &named, &wanted).map(|found| Answer(Some(found)))
    }
}
