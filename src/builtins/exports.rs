//! Networks as code for other programs.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::layers::word;
use super::models::ModelValue;
use super::networks::NetworkValue;
use super::queries::{CutValue, failure_of};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Stop};
use crate::export::{self, ExportError};
use crate::graph::{GraphError, IndexTree, OutputSide, View};
use crate::interrupt::Interrupt;
use crate::value::{Failure, Media, MediaKind, Value, failure, json};

/// The formats in which a value can be written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pytorch,
    Quimb,
    Itensor,
    Dot,
    Json,
    Latex,
}

const FORMATS: [&str; 6] = ["pytorch", "quimb", "itensor", "dot", "json", "latex"];

impl Format {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pytorch" => Self::Pytorch,
            "quimb" => Self::Quimb,
            "itensor" => Self::Itensor,
            "dot" => Self::Dot,
            "json" => Self::Json,
            "latex" => Self::Latex,
            _ => return None,
        })
    }
}

fn explain(error: &ExportError) -> Failure {
    match error {
        ExportError::NotConvac(obstacle) => failure_of(&GraphError::NotConvac(obstacle.clone())),
        ExportError::TooLarge { .. } => failure(
            Code::Resource,
            error.to_string(),
            "use sharing = \"layer\" and contiguous pooling, or fewer sites",
        ),
        ExportError::OutOfRange { .. } => {
            failure(Code::Domain, error.to_string(), "save(m, \"m.safetensors\")")
        }
    }
}

fn network_of(value: &Value) -> Option<NetworkValue> {
    let Value::Object(object) = value else { return None };
    let any = object.as_any();
    let model = || any.downcast_ref::<ModelValue>().map(|model| model.network.clone());
    any.downcast_ref::<NetworkValue>().cloned().or_else(model)
}

fn cut_of(value: &Value) -> Option<CutValue> {
    let Value::Object(object) = value else { return None };
    object.as_any().downcast_ref::<CutValue>().cloned()
}

/// A value as text of a format.
pub(super) fn write(value: &Value, format: Format) -> Result<String, Failure> {
    let network = || {
        network_of(value).ok_or_else(|| {
            let found = value.type_of().with_article();
            failure(
                Code::Type,
                format!("a network or a model is wanted, here is {found}"),
                "code(net, \"pytorch\")",
            )
        })
    };
    match format {
        Format::Pytorch => export::pytorch(&network()?.0).map_err(|error| explain(&error)),
        Format::Quimb => export::quimb(&network()?.0).map_err(|error| explain(&error)),
        Format::Itensor => export::itensor(&network()?.0).map_err(|error| explain(&error)),
        Format::Json => {
            let text = serde_json::to_string_pretty(&json(value)?);
            text.map_err(|error| failure(Code::File, error.to_string(), "code(net, \"dot\")"))
        }
        Format::Dot => dot(value, network),
        Format::Latex => {
            let latex = match value {
                Value::Object(object) => object.media(MediaKind::Latex),
                _ => None,
            };
            match latex {
                Some(Ok(Media::Text(text))) => Ok(text),
                Some(Err(error)) => Err(error),
                _ => {
                    let found = value.type_of().with_article();
                    let hint = "code(min_cut(net, left_right), \"latex\")";
                    Err(failure(Code::Type, format!("{found} has no formula"), hint))
                }
            }
        }
    }
}

/// Indices of a network up to which it is written as a graph.
const MOST_INDICES: u64 = 1 << 16;

fn dot(
    value: &Value,
    network: impl Fn() -> Result<NetworkValue, Failure>,
) -> Result<String, Failure> {
    let cut = cut_of(value);
    let network = match &cut {
        Some(cut) => cut.network.clone(),
        None => network()?,
    };
    let sites = network.0.input_shape().sites();
    if sites > MOST_INDICES {
        let message = format!("a graph of {sites} sites is too large");
        return Err(failure(Code::Resource, message, "draw(net)"));
    }
    let tree = IndexTree::from_network(&network.0).map_err(|error| failure_of(&error))?;
    let view = View::new(&tree, cut.as_ref().map_or(OutputSide::Fixed, |cut| cut.cut.output()));
    let Some(cut) = &cut else { return Ok(view.dot()) };
    let edges = cut.cut.edges(u64::MAX, &Interrupt::new()).map_err(|error| failure_of(&error))?;
    let cut: FxHashSet<(&str, u64)> =
        edges.iter().map(|edge| (edge.layer.as_str(), edge.position)).collect();
    Ok(view.dot_with(&|index| {
        let name = match index {
            None => Some(("output", 0)),
            Some(index) => {
                tree.class(index).zip(tree.position(index)).map(|(c, p)| (c.name.as_str(), p))
            }
        };
        name.is_some_and(|name| cut.contains(&name))
    }))
}

/// The bytes of a model as an ONNX file.
pub(super) fn onnx(value: &Value) -> Result<Vec<u8>, Failure> {
    let model = match value {
        Value::Object(object) => object.as_any().downcast_ref::<ModelValue>(),
        _ => None,
    };
    match model.and_then(|model| model.model.as_ref()) {
        Some(model) => export::onnx(model).map_err(|error| explain(&error)),
        None => {
            let found = value.type_of().with_article();
            let message = format!("an ONNX file holds weights, {found} has none");
            Err(failure(Code::Type, message, "save(init(net, seed = 0), \"net.onnx\")"))
        }
    }
}

/// The text of a value for a file of code with this ending: py, jl, dot or tex.
pub(super) fn text_for(value: &Value, ending: &str) -> Result<String, Failure> {
    let format = match ending {
        "py" => Format::Pytorch,
        "jl" => Format::Itensor,
        "dot" => Format::Dot,
        _ => Format::Latex,
    };
    // Text is written as it is: `save(code(net, "quimb"), "state.py")`.
    let text = match value {
        Value::String(text) => text.to_string(),
        value => write(value, format)?,
    };
    Ok(format!("{}\n", text.trim_end()))
}

fn at(failure: Failure, span: Span) -> Stop {
    Stop::Error(Box::new(Diagnostic::clone(&failure).or_at(span)))
}

builtins! { EXPORTS "Files":
    /// A network, a model or a cut as code for other programs.
    ///
    /// "pytorch" is a module (`load` in it reads the weights of a model that was saved as .safetensors),
    /// "quimb" and "itensor" are scripts that build the tensor network of a ConvAC, "dot" is its graph
    /// for Graphviz (of a cut, with what is cut in red), "json" are the data of any value, "latex" is
    /// the formula of a min-cut, a bound or a rank. Networks take the values of the representation functions
    /// at the sites, [batch, M, sites] or [batch, M, rows, columns]. `save` writes the same by the ending:
    /// .py, .jl, .dot, .tex, and models as .onnx (32-bit floats: products of very many sites leave their
    /// range).
    ///
    /// > code(min_cut(network { input(4, dim = 2), conv(3), pool(4), output(1) }, left_right), "latex")
    /// $$W = \underbrace{3}_{\text{conv0}} = 3$$
    pure fn code(
        cx, call;
        /** A network, a model or a cut. */ x: Value,
        /** "pytorch", "quimb", "itensor", "dot", "json" or "latex". */ format: Arc<str> = "\"pytorch\"",
    ) -> String {
        let format = word(call, 1, &format, &FORMATS, Format::parse)?;
        if x.has_unknown() {
            return Ok(String::new());
        }
        let text: Eval<String> = write(&x, format).map_err(|error| at(error, call.span_of(0)));
        text
    }
}
