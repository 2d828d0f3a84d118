//! Which channel numbers bind, which are wasted, which partitions are served best and worst.

use std::sync::Arc;

use super::super::arguments::Answer;
use super::super::networks::NetworkValue;
use super::super::partitions::PartitionValue;
use super::super::queries::{CutValue, cut_of, output_side, resolved};
use super::super::table_macro::builtins;
use super::{check_convac, conv_name, explain as explain_error, row};
use crate::design::{
    Extreme, LayerSensitivity, extreme_partition, sensitivity as sensitivities, trimmed,
    useful_widths,
};
use crate::evaluate::{Args, Eval, Scope};
use crate::graph::OutputSide;
use crate::network::MAX_DIMENSION;
use crate::value::{Failure, FromValue, Mismatch, Type, TypeSet, Value, short_real};

/// The most combinations that a search for an extreme partition looks at.
const MOST_COMBINATIONS: u64 = 1 << 28;

fn sensitivity_row(layer: &LayerSensitivity) -> Result<Value, Failure> {
    let binds = layer.down.is_none_or(|down| down > 0.0);
    let useless = layer.up == 0.0;
    row(vec![
        ("layer", Value::string(conv_name(layer.conv))),
        ("channels", Value::int(layer.channels)),
        ("bonds", Value::int(layer.bonds)),
        ("up", Value::Real(layer.up)),
        ("down", layer.down.map_or(Value::None, Value::Real)),
        ("binds", Value::Bool(binds)),
        ("useless", Value::Bool(useless)),
        ("enough", layer.enough.map_or(Value::None, Value::int)),
    ])
}

/// A width of the engine: `none` where nothing bounds it.
fn width(value: u64) -> Value {
    if value > MAX_DIMENSION { Value::None } else { Value::int(value) }
}

fn dead_record(net: &NetworkValue, with_output: bool) -> Result<Value, crate::design::DesignError> {
    let widths = useful_widths(&net.0, with_output)?;
    let small = trimmed(&net.0, with_output)?;
    let saved = net.0.params() - small.params();
    let rows = widths.iter().map(|found| {
        row(vec![
            ("layer", Value::string(conv_name(found.conv))),
            ("channels", Value::int(found.channels)),
            ("useful", width(found.useful)),
            ("trimmed", Value::int(found.trimmed)),
            ("dead", Value::int(found.channels - found.trimmed)),
        ])
    });
    let value = || -> Result<Value, Failure> {
        let layers = Value::list(rows.collect::<Result<_, _>>()?)?;
        row(vec![
            ("layers", layers),
            ("network", Value::object(NetworkValue(Arc::new(small)))),
            ("saved", Value::Int(saved.into())),
        ])
    };
    // Records of a few numbers are never too large.
    Ok(value().unwrap_or(Value::None))
}

fn extreme(
    cx: &Scope<'_>,
    call: &Args,
    net: &NetworkValue,
    which: Extreme,
) -> Eval<Answer<CutValue>> {
    check_convac(&net.0, call.span_of(0))?;
    if cx.machine().checks() {
        return Ok(Answer(None));
    }
    let interrupt = &cx.machine().interrupt;
    let bipartition = extreme_partition(&net.0, which, MOST_COMBINATIONS, interrupt)
        .map_err(|error| explain_error(cx, call, &error))?;
    let name = match which {
        Extreme::Smallest => "the balanced partition of the smallest min-cut",
        Extreme::Largest => "the balanced partition of the largest min-cut",
    };
    let across = PartitionValue::Resolved { name: name.to_owned(), bipartition };
    cut_of(cx, call, net, &across, OutputSide::Fixed).map(|cut| Answer(Some(cut)))
}

/// A cut.
#[derive(Clone, Debug)]
struct CutArg(CutValue);

impl FromValue for CutArg {
    const TYPES: TypeSet = TypeSet::of(&[Type::Cut]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Object(object) => object.as_any().downcast_ref::<CutValue>().cloned(),
            _ => None,
        }
        .map(Self)
        .ok_or_else(|| Mismatch("it must be a cut".to_owned()))
    }
}

/// Why a cut is where it is: what it pays, what every layer would give.
fn explanation(cx: &Scope<'_>, call: &Args, cut: &CutValue) -> Eval<String> {
    let interrupt = &cx.machine().interrupt;
    let output = cut.cut.output();
    let rows = sensitivities(&cut.network.0, &cut.bipartition, output, interrupt)
        .map_err(|error| explain_error(cx, call, &error))?;
    let bits = cut.cut.bits();
    let mut lines = vec![format!(
        "across {} the network carries at most {} = {} bits: no cut of the bonds between the sides is cheaper",
        cut.across,
        cut.cut.formula(),
        short_real(bits)
    )];
    for factor in cut.cut.factors() {
        let bonds = if factor.count == 1 { "bond" } else { "bonds" };
        #[allow(clippy::cast_precision_loss)]
        let paid = factor.count as f64 * (factor.dim as f64).log2();
        lines.push(format!(
            "  {}: {} {bonds} of dimension {}, {} bits",
            factor.layer,
            factor.count,
            factor.dim,
            short_real(paid)
        ));
    }
    for layer in &rows {
        let (name, channels) = (conv_name(layer.conv), layer.channels);
        lines.push(match (layer.up == 0.0, layer.enough) {
            (true, Some(enough)) if enough < channels => format!(
                "  {name} is wider than it needs to be: {enough} of its {channels} channels are enough here"
            ),
            (true, _) => format!("  {name}: wider than {channels} is useless here"),
            (false, Some(enough)) => format!(
                "  {name} binds: one channel more gives {} bits, up to {enough} channels",
                short_real(layer.up / std::f64::consts::LN_2)
            ),
            (false, None) => format!(
                "  {name} binds: one channel more gives {} bits, and so on without end",
                short_real(layer.up / std::f64::consts::LN_2)
            ),
        });
    }
    if rows.iter().all(|layer| layer.up == 0.0) {
        lines.push(if cut.cut.factors().iter().any(|factor| factor.layer == "input") {
            "  only the representation of the sites (dim) or several layers together would carry more"
        } else {
            "  several layers are equally narrow: only together do they carry more"
        }.to_owned());
    }
    Ok(lines.join("\n"))
}

builtins! { WIDTHS "Design":
    /// How the min-cut across a partition depends on each channel number.
    ///
    /// By layer: `bonds` that are cut, `up` and `down` (the change of ln W to one channel more, and from
    /// one channel less), whether the layer `binds` (one channel less costs something), whether a
    /// wider layer is `useless`, and the channels that are `enough` (none: more always help). All other
    /// layers stay as they are. ln W is concave in ln r, so what is useless once is useless for good.
    ///
    /// > sensitivity(network { input(4, dim = 2), conv(3), pool(2), conv(8), pool(2), output(1) }, left_right)
    /// layer  channels  bonds        up      down  binds  useless  enough
    /// ─────  ────────  ─────  ────────  ────────  ─────  ───────  ──────
    /// conv0         3      1  0.287682  0.405465  true   false         4
    /// conv1         8      0         0         0  false  true          3
    pure fn sensitivity(
        cx, call;
        /** A ConvAC. */ net: NetworkValue,
        /** A partition of its sites. */ across: PartitionValue,
        /** The side of the class index: "none" (one class is asked for), "a" or "b". */
        output: Arc<str> = "\"none\"",
    ) -> Answer<Value> {
        let side = output_side(call, 2, &output)?;
        let known = resolved(cx, call, &net, &across)?;
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Table))));
        }
        let bipartition = match known {
            Some(bipartition) => bipartition,
            None => across.resolve(cx, net.0.input_shape(), call.span_of(1))?,
        };
        let rows = sensitivities(&net.0, &bipartition, side, &cx.machine().interrupt)
            .map_err(|error| explain_error(cx, call, &error))?;
        let table = rows.iter().map(sensitivity_row).collect::<Result<_, _>>()?;
        Ok(Answer(Some(Value::list(table)?)))
    }

    /// Channels that no partition can use, and the network without them.
    ///
    /// A record: `layers` tells by layer how many channels are `useful` (more change the min-cut of no
    /// partition, fewer that of some, all other layers as they are; none: there is no bound), `network`
    /// is trimmed until nothing is dead and has the same min-cut as the original for every partition,
    /// `saved` are the weights that this saves. With `output = "any"` the class index counts as a leg
    /// that may be on either side.
    ///
    /// > dead_width(network { input(4, dim = 2), conv(9), pool(2), conv(9), pool(2), output(1) }).layers
    /// layer  channels  useful  trimmed  dead
    /// ─────  ────────  ──────  ───────  ────
    /// conv0         9       4        4     5
    /// conv1         9       4        4     5
    pure fn dead_width(
        cx, call;
        /** A ConvAC. */ net: NetworkValue,
        /** "none" (one class is asked for) or "any". */ output: Arc<str> = "\"none\"",
    ) -> Answer<Value> {
        check_convac(&net.0, call.span_of(0))?;
        let with_output =
            super::super::layers::word(call, 1, &output, &["none", "any"], |word| match word {
                "none" => Some(false),
                "any" => Some(true),
                _ => None,
            })?;
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Record))));
        }
        let record = dead_record(&net, with_output).map_err(|error| explain_error(cx, call, &error))?;
        Ok(Answer(Some(record)))
    }

    /// The balanced partition that a network can correlate least: its min-cut is the smallest.
    ///
    /// Of all partitions with `floor(N/2)` sites in A, by dynamic programming on the tree (compared to
    /// 1e-9 bits); `.partition` is the partition, the min-cut is exact.
    ///
    /// > worst(network { input(8, dim = 2), conv(4), pool(2), conv(3), pool(4), output(1) }).value
    /// 3
    pure fn worst(cx, call; /** A ConvAC. */ net: NetworkValue) -> Answer<CutValue> {
        extreme(cx, call, &net, Extreme::Smallest)
    }

    /// The balanced partition that a network can correlate most: its min-cut is the largest.
    ///
    /// As `worst`; the work grows with the number of cuts that are incomparable, so it reaches some
    /// hundred sites.
    ///
    /// > best(network { input(8, dim = 2), conv(4), pool(2), conv(3), pool(4), output(1) }).value
    /// 16
    pure fn best(cx, call; /** A ConvAC. */ net: NetworkValue) -> Answer<CutValue> {
        extreme(cx, call, &net, Extreme::Largest)
    }

    /// Why a min-cut is what it is: what is paid where, which layers bind, which are too wide.
    ///
    /// > let net = network { input(4, dim = 2), conv(3), pool(2), conv(8), pool(2), output(1) }
    /// > explain(min_cut(net, left_right))
    /// across left_right the network carries at most 3 = 1.58496 bits: no cut of the bonds between the sides is cheaper
    ///   conv0: 1 bond of dimension 3, 1.58496 bits
    ///   conv0 binds: one channel more gives 0.415037 bits, up to 4 channels
    ///   conv1 is wider than it needs to be: 3 of its 8 channels are enough here
    pure fn explain(cx, call; /** A min-cut. */ cut: CutArg) -> Answer<String> {
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        explanation(cx, call, &cut.0).map(|text| Answer(Some(text)))
    }
}
