//! Networks: from the items of `network { … }` to a value, with errors at the item at fault.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use dashu_int::IBig;
use serde_json::json;

use super::layers::LayerValue;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, NetworkItem, Scope, Stop, arity};
use crate::network::{
    Geometry, Grouping, Layer, Network, NetworkBuilder, NetworkError, NetworkErrorKind, Shape,
};
use crate::symbol::Symbol;
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::{
    Failure, FieldInfo, FromValue, Function, IntoValue, Media, MediaKind, Mismatch, Object, Type,
    TypeSet, Value, brief, compare, escape_html, json_int,
};

/// A network as a value.
#[derive(Clone, Debug)]
pub(super) struct NetworkValue(pub Arc<Network>);

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "sites", types: TypeSet::of(&[Type::Int]), doc: "The number of sites N." },
    FieldInfo {
        name: "shape",
        types: TypeSet::LIST,
        doc: "The sizes of the input: [16] or [8, 8].",
    },
    FieldInfo { name: "dim", types: TypeSet::of(&[Type::Int]), doc: "The local dimension M." },
    FieldInfo { name: "classes", types: TypeSet::of(&[Type::Int]), doc: "The number of outputs." },
    FieldInfo {
        name: "channels",
        types: TypeSet::LIST,
        doc: "The channel numbers r of the convolutions.",
    },
    FieldInfo { name: "layers", types: TypeSet::LIST, doc: "The layers as a table." },
    FieldInfo { name: "params", types: TypeSet::of(&[Type::Int]), doc: "The number of weights." },
    FieldInfo {
        name: "flops",
        types: TypeSet::of(&[Type::Int]),
        doc: "The work of one forward pass.",
    },
];

/// Rows of the text and HTML forms of a network.
fn rows(network: &Network) -> Vec<[String; 5]> {
    let size = |shape: Shape, channels: u64| match channels {
        1 => format!("{shape}"),
        _ => format!("{shape} · {channels}"),
    };
    network
        .stages()
        .iter()
        .map(|stage| {
            let input = match stage.name.as_str() {
                "input" => stage.shape_in.to_string(),
                _ => size(stage.shape_in, stage.channels_in),
            };
            let weights = match stage.weight_shape {
                Some([1, rows, cols]) => format!("{rows}·{cols} = {}", stage.weights),
                Some([positions, rows, cols]) => {
                    format!("{positions}·{rows}·{cols} = {}", stage.weights)
                }
                None => String::new(),
            };
            let output = size(stage.shape_out, stage.channels_out);
            [stage.name.clone(), stage.description.clone(), input, output, weights]
        })
        .collect()
}

fn totals(network: &Network) -> String {
    let kind = match network.convac_obstacle() {
        None => "a ConvAC".to_owned(),
        Some(obstacle) => format!("no ConvAC ({})", obstacle.name),
    };
    format!(
        "{kind} on {} sites, {} weights, {} flops per input",
        network.input_shape().sites(),
        network.params(),
        network.flops()
    )
}

impl Object for NetworkValue {
    fn type_of(&self) -> Type {
        Type::Network
    }

    fn text(&self) -> String {
        let header = ["layer", "as written", "in", "out", "weights"].map(str::to_owned);
        let mut rows = rows(&self.0);
        rows.insert(0, header);
        let widths: Vec<usize> = (0..5)
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &[String; 5]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.push(totals(&self.0));
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let network = &self.0;
        let channels: Vec<String> = channels(network).iter().map(u64::to_string).collect();
        format!(
            "network({}, dim = {}, r = [{}])",
            network.input_shape(),
            network.dim(),
            channels.join(", ")
        )
    }

    fn json(&self) -> serde_json::Value {
        let network = &self.0;
        let layers: Vec<serde_json::Value> = network
            .stages()
            .iter()
            .map(|stage| {
                json!({
                    "name": stage.name,
                    "layer": stage.description,
                    "shape_in": sizes(stage.shape_in),
                    "channels_in": stage.channels_in,
                    "shape_out": sizes(stage.shape_out),
                    "channels_out": stage.channels_out,
                    "weights": json_int(&IBig::from(stage.weights.clone())),
                })
            })
            .collect();
        json!({
            "sites": network.input_shape().sites(),
            "shape": sizes(network.input_shape()),
            "dim": network.dim(),
            "classes": network.classes(),
            "layers": layers,
            "params": json_int(&IBig::from(network.params())),
            "flops": json_int(&IBig::from(network.flops())),
            "convac": network.convac_obstacle().is_none(),
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let picture = super::pictures::network(&self.0, None);
        if kind == MediaKind::Html {
            let drawn = picture.ok().as_ref().map(super::pictures::image).unwrap_or_default();
            return Some(Ok(Media::Text(format!("<div>{drawn}{}</div>", html(&self.0)))));
        }
        match picture {
            Ok(picture) => super::pictures::media(&picture, kind),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let network = &self.0;
        Some(match name {
            "sites" => Ok(Value::int(network.input_shape().sites())),
            "shape" => {
                Value::list(sizes(network.input_shape()).into_iter().map(Value::int).collect())
            }
            "dim" => Ok(Value::int(network.dim())),
            "classes" => Ok(Value::int(network.classes())),
            "channels" => Value::list(channels(network).into_iter().map(Value::int).collect()),
            "layers" => layer_table(network),
            "params" => network.params().into_value(),
            "flops" => network.flops().into_value(),
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.0.layers() == other.as_any().downcast_ref::<Self>()?.0.layers())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn sizes(shape: Shape) -> Vec<u64> {
    match shape {
        Shape::Chain(n) => vec![n],
        Shape::Grid { rows, cols } => vec![rows, cols],
    }
}

fn channels(network: &Network) -> Vec<u64> {
    let channel = |layer: &Layer| match layer {
        Layer::Conv { channels, .. } => Some(*channels),
        _ => None,
    };
    network.layers().iter().filter_map(channel).collect()
}

fn layer_table(network: &Network) -> Result<Value, Failure> {
    let columns = ["layer", "as_written", "in", "out", "weights"].map(Symbol::new);
    let table = rows(network).into_iter().zip(network.stages()).map(|(row, stage)| {
        let [name, written, input, output, _] = row;
        let weights = Value::Int(IBig::from(stage.weights.clone()));
        let cells = [name, written, input, output].map(Value::string);
        let cells = cells.into_iter().chain(std::iter::once(weights));
        Value::record(columns.into_iter().zip(cells).collect())
    });
    Value::list(table.collect::<Result<_, _>>()?)
}

fn html(network: &Network) -> String {
    let cell = "padding:2px 10px;text-align:left";
    let mut out =
        String::from("<table style=\"border-collapse:collapse;color:inherit\"><thead><tr>");
    for name in ["layer", "as written", "in", "out", "weights"] {
        out.push_str(&format!("<th style=\"{cell};border-bottom:1px solid\">{name}</th>"));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows(network) {
        out.push_str("<tr>");
        for (column, text) in row.iter().enumerate() {
            let text = escape_html(text);
            let text = if column == 1 { format!("<code>{text}</code>") } else { text };
            out.push_str(&format!("<td style=\"{cell}\">{text}</td>"));
        }
        out.push_str("</tr>");
    }
    out.push_str(&format!("</tbody></table><p>{}</p>", escape_html(&totals(network))));
    out
}

impl FromValue for NetworkValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Network]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().cloned(),
            _ => None,
        }
        .ok_or_else(|| Mismatch("it must be a network".to_owned()))
    }
}

/// Makes the value of `network { … }`.
pub(super) fn build(scope: &Scope<'_>, items: Vec<NetworkItem<'_>>, span: Span) -> Eval<Value> {
    let mut builder = NetworkBuilder::new();
    // The item that each layer comes from.
    let mut origins: Vec<&Expr> = Vec::new();
    for item in &items {
        let mut flat = Vec::new();
        if !flatten(&item.value, item.expr.span, &mut flat)? {
            return Ok(Value::unknown(Type::Network));
        }
        for layer in flat {
            origins.push(item.expr);
            let layer = match layer {
                LayerValue::Known(layer) => layer,
                LayerValue::Keyed { window, kind, key } => {
                    let at = argument_span(scope, item.expr, "geometry").unwrap_or(item.expr.span);
                    let Some(geometry) = keyed(scope, &builder, window, &key, at)? else {
                        return Ok(Value::unknown(Type::Network));
                    };
                    Layer::Pool { window, kind, geometry }
                }
            };
            builder.push(layer).map_err(|error| explain(scope, &error, &origins, span))?;
        }
    }
    let network = builder.finish().map_err(|error| explain(scope, &error, &origins, span))?;
    Ok(Value::object(NetworkValue(Arc::new(network))))
}

/// The layers of an item; false if one of them is unknown.
fn flatten(value: &Value, span: Span, out: &mut Vec<LayerValue>) -> Eval<bool> {
    match value {
        Value::Unknown(types) if types.meets(TypeSet::LIST.or(TypeSet::of(&[Type::Layer]))) => {
            Ok(false)
        }
        Value::List(list) if list.has_unknown() => Ok(false),
        Value::List(list) => {
            for item in list.iter() {
                if !flatten(&item, span, out)? {
                    return Ok(false);
                }
                if out.len() > crate::network::MAX_LAYERS {
                    let limit = crate::network::MAX_LAYERS;
                    return Err(Diagnostic::new(Code::Resource, "the network has too many layers")
                        .at(span, format!("more than {limit}"))
                        .hint("input(16, dim = 2), conv(4), pool(16), output(1)")
                        .into());
                }
            }
            Ok(true)
        }
        Value::Object(object) if object.type_of() == Type::Layer => {
            out.extend(object.as_any().downcast_ref::<LayerValue>().cloned());
            Ok(true)
        }
        other => {
            let found = other.type_of().with_article();
            let error = Diagnostic::new(Code::Type, "a network is made of layers")
                .at(span, format!("this is {found}"));
            Err(match other {
                Value::Function(f) => match f.name() {
                    Some("relu") => error.hint("relu()"),
                    Some(name) => error.hint(format!("{name}(…)")),
                    None => error.hint("conv(8), pool(2)"),
                },
                _ => error.hint("conv(8), pool(2)"),
            }
            .into())
        }
    }
}

/// The geometry that a key function gives: sites with equal keys share a window, the windows
/// stand in the order of their keys. `None` while checking, if a key is unknown.
fn keyed(
    scope: &Scope<'_>,
    builder: &NetworkBuilder,
    window: Shape,
    key: &Arc<dyn Function>,
    span: Span,
) -> Eval<Option<Geometry>> {
    // Without an input the builder refuses the pool with a better error than any key could.
    let Some(shape) = builder.shape() else { return Ok(Some(Geometry::Contiguous)) };
    let keys = at_each_site(scope, shape, key, span)?;
    if keys.iter().any(Value::has_unknown) {
        return Ok(None);
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    let mut failed = None;
    order.sort_by(|&a, &b| {
        compare(&keys[a], &keys[b])
            .unwrap_or_else(|failure| {
                failed.get_or_insert(failure);
                None
            })
            .unwrap_or(Ordering::Equal)
    });
    if let Some(failure) = failed {
        return Err(Stop::Error(Box::new((*failure).or_at(span))));
    }
    let mut targets = vec![0_u32; keys.len()];
    let mut target = 0_u32;
    let mut sizes: Vec<(u64, &Value)> = Vec::new();
    for (number, &site) in order.iter().enumerate() {
        let fresh = match number.checked_sub(1).and_then(|before| order.get(before)) {
            Some(&before) => compare(&keys[before], &keys[site])? != Some(Ordering::Equal),
            None => true,
        };
        if fresh {
            target = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
            sizes.push((0, &keys[site]));
        }
        if let Some((size, _)) = sizes.last_mut() {
            *size += 1;
        }
        targets[site] = target;
    }
    let wanted = window.sites();
    if let Some((size, key)) = sizes.iter().find(|(size, _)| *size != wanted) {
        let key = brief(key);
        return Err(Diagnostic::new(
            Code::Shape,
            format!("the key {key} joins {size} sites, the window {window} has {wanted}"),
        )
        .at(span, format!("{} sites give {} keys", keys.len(), sizes.len()))
        .hint(match shape {
            Shape::Chain(n) => format!("i -> i mod {}", (n / wanted.max(1)).max(1)),
            Shape::Grid { rows, cols } => {
                let (rows, cols) = match window {
                    Shape::Grid { rows: a, cols: b } => (rows / a.max(1), cols / b.max(1)),
                    Shape::Chain(_) => (rows, cols),
                };
                format!("(row, col) -> [row mod {}, col mod {}]", rows.max(1), cols.max(1))
            }
        })
        .into());
    }
    let grouping = Grouping::new(targets).map_err(|error| {
        Stop::from(
            Diagnostic::new(Code::Shape, error.to_string()).at(span, "").hint("i -> i div 2"),
        )
    })?;
    Ok(Some(Geometry::Grouped(Arc::new(grouping))))
}

/// The values of a function of the place at all sites: of `(row, col)` on a grid or of the
/// row-major number if it takes one argument.
pub(super) fn at_each_site(
    scope: &Scope<'_>,
    shape: Shape,
    function: &Arc<dyn Function>,
    span: Span,
) -> Eval<Vec<Value>> {
    let sites = shape.sites();
    if sites > crate::value::LIST_LIMIT {
        let limit = crate::value::LIST_LIMIT;
        return Err(Diagnostic::new(Code::Resource, "too many sites for a function of the place")
            .at(span, format!("{sites} sites, at most {limit}"))
            .hint("left_right, blocks(4), \"mirror\" need no function")
            .into());
    }
    let params = arity(function.as_ref());
    let mut out = Vec::with_capacity(usize::try_from(sites).unwrap_or(0));
    let mut calls = Vec::new();
    for site in 0..sites {
        scope.check_interrupt()?;
        let args = match (shape, params) {
            (Shape::Grid { cols, .. }, Some(2) | None) => {
                vec![Value::int(site / cols), Value::int(site % cols)]
            }
            (Shape::Chain(_), Some(2)) => {
                return Err(Diagnostic::new(Code::Call, "a chain has no rows and columns")
                    .at(span, "this function takes two arguments")
                    .hint("i -> i mod 2 == 0")
                    .into());
            }
            _ => vec![Value::int(site)],
        };
        calls.push(args);
        if calls.len() == BATCH || site + 1 == sites {
            out.append(&mut scope.call_each(function, std::mem::take(&mut calls), span)?);
        }
    }
    Ok(out)
}

/// How many calls are made at once: a crossing into another process is worth it, and arguments take
/// memory.
pub(super) const BATCH: usize = 1 << 17;

/// Where an argument of a call such as `pool(2, geometry = …)` stands.
fn argument_span(scope: &Scope<'_>, expr: &Expr, argument: &str) -> Option<Span> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let ExprKind::Name(name) = &call.callee.kind else { return None };
    let builtin = scope.machine().registry.get(*name).filter(|b| b.group == "Layers")?;
    let labelled =
        call.args.iter().find(|arg| arg.label.is_some_and(|l| l.symbol.as_str() == argument));
    let number = builtin.params.iter().position(|param| param.name == argument)?;
    let positional = call.args.iter().filter(|arg| arg.label.is_none()).nth(number);
    labelled.or(positional).map(|arg| arg.value.span)
}

fn explain(scope: &Scope<'_>, error: &NetworkError, origins: &[&Expr], whole: Span) -> Stop {
    let place = |layer: usize, argument: Option<&'static str>| match origins.get(layer) {
        Some(expr) => argument.and_then(|a| argument_span(scope, expr, a)).unwrap_or(expr.span),
        None => Span { end: whole.start + "network".len() as u32, ..whole },
    };
    let code = match error.kind {
        NetworkErrorKind::Shape => Code::Shape,
        NetworkErrorKind::Domain => Code::Domain,
        NetworkErrorKind::Resource => Code::Resource,
    };
    let mut diagnostic = Diagnostic::new(code, error.message.as_str())
        .at(place(error.layer, error.argument), error.label.as_str())
        .hint(error.hint.as_str());
    if let Some(cause) = &error.cause {
        diagnostic = diagnostic.because(place(cause.layer, cause.argument), cause.label.as_str());
    }
    diagnostic.into()
}

builtins! { NETWORKS "Networks":
    /// The number of weights of a network, of its convolutions and its output; there are no biases.
    /// What representation functions learn (`features` of the input) is not counted, as in the papers.
    ///
    /// > params(network { input(4, dim = 2), conv(3), pool(4), output(2) })
    /// 12
    pure fn params(cx, call; /** A network. */ net: NetworkValue) -> dashu_int::UBig { Ok(net.0.params()) }

    /// The floating-point operations of one forward pass of one input.
    ///
    /// A matrix times a vector costs two for each weight, a product or a maximum over a window of
    /// `b` costs `b - 1` for each channel, a mean `b`, a ReLU one. The representation functions
    /// are not counted.
    ///
    /// > flops(network { input(4, dim = 2), conv(3), pool(4), output(2) })
    /// 69
    pure fn flops(cx, call; /** A network. */ net: NetworkValue) -> dashu_int::UBig { Ok(net.0.flops()) }
}
