//! Models: networks with weights, random or given.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::layers::word;
use super::networks::NetworkValue;
use super::table_macro::builtins;
use super::training::Run;
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::entangle::EntangleError;
use crate::entangle::model::{
    Initial, Model, ModelError, Origin, Weight, decode, encode, init as initial, weight_shapes,
};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, FromValue, IntoValue, Media, MediaKind, Mismatch, Object, Record, Type,
    TypeSet, Value, int_to_f64, pre_html, short_real,
};

/// A model as a value; without weights while checking.
#[derive(Clone, Debug)]
pub(super) struct ModelValue {
    pub network: NetworkValue,
    pub model: Option<Model>,
    /// How it was trained.
    pub run: Option<Arc<Run>>,
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "network", types: TypeSet::of(&[Type::Network]), doc: "Its network." },
    FieldInfo {
        name: "weights",
        types: TypeSet::LIST,
        doc: "Its weights: a table of name, shape, numbers, mean and deviation.",
    },
    FieldInfo { name: "params", types: TypeSet::of(&[Type::Int]), doc: "The number of weights." },
    FieldInfo {
        name: "seed",
        types: TypeSet::of(&[Type::Int, Type::None]),
        doc: "The seed of random weights.",
    },
    FieldInfo {
        name: "kind",
        types: TypeSet::of(&[Type::String]),
        doc: "How the weights came: \"gaussian\", …, \"trained\" or \"given\".",
    },
    FieldInfo {
        name: "history",
        types: TypeSet::LIST.or(TypeSet::of(&[Type::None])),
        doc: "Of training: a table of epoch, steps, rate, loss, accuracy and those of validation.",
    },
    FieldInfo {
        name: "snapshots",
        types: TypeSet::LIST.or(TypeSet::of(&[Type::None])),
        doc: "Of training: a table of epoch and model.",
    },
    FieldInfo {
        name: "settings",
        types: TypeSet::of(&[Type::Record, Type::None]),
        doc: "Of training: its settings.",
    },
    FieldInfo {
        name: "finished",
        types: TypeSet::of(&[Type::Bool, Type::None]),
        doc: "Of training: whether it went to its end.",
    },
    FieldInfo {
        name: "seconds",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "Of training: the time it took, in seconds.",
    },
];

impl ModelValue {
    /// The value of a model.
    pub fn new(model: Model) -> Self {
        let network = NetworkValue(Arc::new(model.network().clone()));
        Self { network, model: Some(model), run: None }
    }

    /// A model of a check: a network whose weights are not known yet.
    pub fn unknown(network: NetworkValue) -> Self {
        Self { network, model: None, run: None }
    }

    fn origin(&self) -> String {
        match self.model.as_ref().map(Model::origin) {
            Some(Origin::Initial { kind, seed, scale }) => {
                let scale = if (*scale - 1.0).abs() > 0.0 {
                    format!(", scale = {}", short_real(*scale))
                } else {
                    String::new()
                };
                format!("{} weights, seed = {seed}{scale}", kind.as_str())
            }
            Some(Origin::Trained { seed, steps }) => match &self.run {
                Some(run) => run.describe(),
                None => format!("trained, {steps} steps, seed = {seed}"),
            },
            _ => "given weights".to_owned(),
        }
    }

    /// The name, shape, mean and standard deviation of every weight.
    fn rows(&self) -> Vec<(String, [u64; 3], f64, f64)> {
        let Some(model) = &self.model else { return Vec::new() };
        let row = |(name, weight): (String, &Weight)| {
            let data = weight.data();
            let count = data.len().max(1) as f64;
            let mean = data.iter().sum::<f64>() / count;
            let square = data.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            (name, weight.shape(), mean, square.sqrt())
        };
        model.weights().map(row).collect()
    }
}

fn shape_text([positions, rows, cols]: [u64; 3]) -> String {
    format!("{positions} x {rows} x {cols}")
}

impl Object for ModelValue {
    fn type_of(&self) -> Type {
        Type::Model
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("model of {}: {}", self.network.brief(), self.origin())];
        let rows = self.rows();
        let width = rows.iter().map(|(name, ..)| name.len()).fold(14, usize::max);
        for (name, shape, mean, deviation) in rows {
            lines.push(format!(
                "  {name:<width$} {:<16} mean {:>9}, deviation {:>9}",
                shape_text(shape),
                short_real(mean),
                short_real(deviation)
            ));
        }
        lines.push(format!("  {} weights", self.network.0.params()));
        lines.join("\n")
    }

    fn brief(&self) -> String {
        format!("model({}, {})", self.network.brief(), self.origin())
    }

    fn json(&self) -> Json {
        let rows = self.rows().into_iter().map(|(name, shape, mean, deviation)| {
            json!({ "name": name, "shape": shape, "mean": mean, "deviation": deviation })
        });
        json!({
            "network": self.network.json(),
            "origin": self.origin(),
            "params": self.network.0.params().to_string(),
            "weights": rows.collect::<Vec<Json>>(),
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let html = || Media::Text(pre_html(&self.text()));
        (kind == MediaKind::Html).then(|| Ok(html()))
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        if self.model.is_none() && !matches!(name, "network" | "params") {
            // A check knows the network of a model, and of all else no more than its type.
            return FIELDS
                .iter()
                .find(|field| field.name == name)
                .map(|field| Ok(Value::Unknown(field.types)));
        }
        let origin = self.model.as_ref().map(Model::origin);
        Some(match name {
            "network" => Ok(Value::object(self.network.clone())),
            "params" => Ok(Value::int(self.network.0.params())),
            "seed" => Ok(match origin {
                Some(Origin::Initial { seed, .. } | Origin::Trained { seed, .. }) => {
                    Value::int(*seed)
                }
                _ => Value::None,
            }),
            "kind" => Ok(Value::string(match origin {
                Some(Origin::Initial { kind, .. }) => kind.as_str(),
                Some(Origin::Trained { .. }) => "trained",
                _ => "given",
            })),
            "weights" => self.weights(),
            "history" => self.run.as_ref().map_or(Ok(Value::None), |run| run.history()),
            "snapshots" => self.run.as_ref().map_or(Ok(Value::None), |run| run.snapshots()),
            "settings" => self.run.as_ref().map_or(Ok(Value::None), |run| run.settings()),
            "finished" => {
                Ok(self.run.as_ref().map_or(Value::None, |run| Value::Bool(run.finished)))
            }
            "seconds" => Ok(self.run.as_ref().map_or(Value::None, |run| Value::Real(run.seconds))),
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.model == other.as_any().downcast_ref::<Self>()?.model)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl ModelValue {
    fn weights(&self) -> Result<Value, Failure> {
        let names = ["name", "shape", "numbers", "mean", "deviation"].map(Symbol::new);
        let rows = self.rows().into_iter().map(|(name, shape, mean, deviation)| {
            let cells = [
                Value::string(name),
                Value::list(shape.map(Value::int).to_vec())?,
                Value::int(shape.iter().product::<u64>()),
                Value::Real(mean),
                Value::Real(deviation),
            ];
            Value::record(names.into_iter().zip(cells).collect())
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }
}

impl FromValue for ModelValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Model]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().cloned(),
            _ => None,
        }
        .ok_or_else(|| Mismatch("it must be a model, such as init(net)".to_owned()))
    }
}

impl IntoValue for ModelValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Model]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// A network or a model.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Network(NetworkValue),
    Model(ModelValue),
}

impl Subject {
    pub fn network(&self) -> &NetworkValue {
        match self {
            Self::Network(network) => network,
            Self::Model(model) => &model.network,
        }
    }
}

impl FromValue for Subject {
    const TYPES: TypeSet = TypeSet::of(&[Type::Network, Type::Model]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Object(object) = &value else {
            return Err(Mismatch("it must be a network or a model".to_owned()));
        };
        let any = object.as_any();
        None.or_else(|| any.downcast_ref().cloned().map(Self::Network))
            .or_else(|| any.downcast_ref().cloned().map(Self::Model))
            .ok_or_else(|| Mismatch("it must be a network or a model".to_owned()))
    }
}

/// An error of the engine at the call that asked.
pub(super) fn explain(cx: &Scope<'_>, call: &Args, error: &EntangleError) -> Stop {
    if let Err(stop) = cx.check_interrupt() {
        return stop;
    }
    let code = match error {
        EntangleError::Graph(error) => return super::queries::explain(cx, call, error),
        EntangleError::TooLarge { .. } => Code::Resource,
        EntangleError::Interrupted => Code::Interrupted,
        _ => Code::Domain,
    };
    Diagnostic::new(code, error.to_string())
        .at(call.span, "")
        .hint(error.hint().unwrap_or("run it again"))
        .into()
}

fn explain_weights(cx: &Scope<'_>, error: &ModelError, span: Span, code: Code) -> Stop {
    if let Err(stop) = cx.check_interrupt() {
        return stop;
    }
    let code = match error {
        ModelError::TooLarge { .. } => Code::Resource,
        ModelError::Interrupted => Code::Interrupted,
        _ => code,
    };
    Diagnostic::new(code, error.to_string()).at(span, "").hint(error.hint()).into()
}

/// The bytes of a safetensors file.
pub(super) fn to_bytes(value: &Value) -> Result<Vec<u8>, Failure> {
    let model = match value {
        Value::Object(object) => {
            object.as_any().downcast_ref::<ModelValue>().and_then(|value| value.model.as_ref())
        }
        _ => None,
    };
    let Some(model) = model else {
        let found = value.type_of().with_article();
        let message = format!("only models are saved as safetensors; this is {found}");
        return Err(crate::value::failure(
            Code::Type,
            message,
            "save(init(net), \"m.safetensors\")",
        ));
    };
    encode(model)
        .map_err(|error| crate::value::failure(Code::File, error.to_string(), error.hint()))
}

/// The model of a network from the bytes of a safetensors file.
pub(super) fn from_bytes(
    cx: &Scope<'_>,
    bytes: &[u8],
    network: &NetworkValue,
    span: Span,
) -> Eval<ModelValue> {
    match decode(bytes, &network.0) {
        Ok(model) => Ok(ModelValue::new(model)),
        Err(error) => Err(explain_weights(cx, &error, span, Code::File)),
    }
}

/// Numbers of a list, of lists of lists down to some depth, appended in order; the sizes.
fn flatten(value: &Value, depth: usize, out: &mut Vec<f64>) -> Option<Vec<u64>> {
    let Value::List(list) = value else {
        return None;
    };
    let mut inner: Option<Vec<u64>> = None;
    for item in list.iter() {
        let sizes = match &item {
            Value::Int(i) if depth == 1 => {
                out.push(int_to_f64(i));
                Vec::new()
            }
            Value::Real(x) if depth == 1 => {
                out.push(*x);
                Vec::new()
            }
            _ if depth > 1 => flatten(&item, depth - 1, out)?,
            _ => return None,
        };
        if *inner.get_or_insert_with(|| sizes.clone()) != sizes {
            return None;
        }
    }
    let mut sizes = vec![list.len()];
    sizes.extend(inner?);
    Some(sizes)
}

/// The weights that a record gives for a shape: a matrix for all positions, or one for each.
fn given(value: &Value, shape: [u64; 3]) -> Option<Weight> {
    let [positions, rows, cols] = shape;
    let mut data = Vec::new();
    if flatten(value, 2, &mut data).is_some_and(|found| found == [rows, cols]) {
        let all = data.repeat(usize::try_from(positions).ok()?);
        return Weight::new(shape, all);
    }
    data.clear();
    let found = flatten(value, 3, &mut data)?;
    (found == shape).then(|| Weight::new(shape, data)).flatten()
}

/// The sizes of nested lists, for a message.
fn sizes_of(value: &Value) -> String {
    for depth in 1..=4 {
        if let Some(sizes) = flatten(value, depth, &mut Vec::new()) {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            return sizes.join(" x ");
        }
    }
    value.type_of().with_article()
}

fn model_of(cx: &Scope<'_>, call: &Args, net: &NetworkValue, record: &Record) -> Eval<ModelValue> {
    let shapes = weight_shapes(&net.0);
    let names: Vec<&str> =
        shapes.iter().map(|(name, _)| name.strip_suffix(".weight").unwrap_or(name)).collect();
    let span = call.span_of(1);
    for (name, _) in record.fields() {
        if !names.contains(&name.as_str()) {
            let error = Diagnostic::new(Code::Name, format!("the network has no weights {name}"))
                .at(span, format!("it has {}", names.join(", ")));
            return Err(match did_you_mean(name.as_str(), names.iter().copied()) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint(format!("{}: [[1.0]]", names.last().unwrap_or(&"output"))),
            }
            .into());
        }
    }
    let mut weights = Vec::with_capacity(shapes.len());
    for ((_, shape), name) in shapes.iter().zip(&names) {
        let Some(value) = record.get(Symbol::new(name)) else {
            return Err(Diagnostic::new(
                Code::Domain,
                format!("the weights of {name} are missing"),
            )
            .at(span, format!("the network has {}", names.join(", ")))
            .hint(format!("{name}: a matrix of {} rows and {} columns", shape[1], shape[2]))
            .into());
        };
        let Some(weight) = given(value, *shape) else {
            let [positions, rows, cols] = *shape;
            let wanted = if positions == 1 {
                format!("{rows} x {cols}")
            } else {
                format!("{rows} x {cols} for all positions, or {positions} x {rows} x {cols}")
            };
            return Err(Diagnostic::new(Code::Shape, format!("{name} needs numbers of {wanted}"))
                .at(span, format!("{name} is {}", sizes_of(value)))
                .hint(format!("[[0.0 for i in 1..{cols}] for j in 1..{rows}]"))
                .into());
        };
        weights.push(weight);
    }
    let Some(output) = weights.pop() else {
        let bug = Diagnostic::new(Code::Bug, "a network without an output");
        return Err(bug.at(call.span, "").into());
    };
    match Model::new((*net.0).clone(), weights, output, Origin::Given) {
        Ok(model) => Ok(ModelValue::new(model)),
        Err(error) => Err(explain_weights(cx, &error, span, Code::Domain)),
    }
}

builtins! { MODELS "Models":
    /// A network with random weights: a model.
    ///
    /// "gaussian" weights have mean 0 and variance `scale^2` over the channels that enter,
    /// "uniform" ones the same variance; "orthogonal" matrices have orthonormal rows (or columns)
    /// times `scale`; "positive" rows are uniform among those that sum to `scale`. Every matrix has a
    /// stream of its own, so the seed alone decides.
    ///
    /// > init(network { input(4, dim = 2), conv(3), pool(4), output(1) }, seed = 7).params
    /// 9
    pure fn init(
        cx, call;
        /** A network. */ net: NetworkValue,
        /** The seed. */ seed: u64 = "0",
        /** "gaussian", "uniform", "orthogonal" or "positive". */ kind: Arc<str> = "\"gaussian\"",
        /** A factor of all weights. */ scale: f64 = "1",
    ) -> ModelValue {
        let words = Initial::ALL.map(|(name, _)| name);
        let kind = word(call, 2, &kind, &words, Initial::parse)?;
        if !scale.is_finite() || scale <= 0.0 {
            return Err(explain_weights(cx, &ModelError::Scale(scale), call.span_of(3), Code::Domain));
        }
        if cx.machine().checks() {
            return Ok(ModelValue::unknown(net));
        }
        let model = initial(&net.0, kind, seed, scale, &cx.machine().interrupt)
            .map_err(|error| explain_weights(cx, &error, call.span, Code::Domain))?;
        Ok(ModelValue { network: net, model: Some(model), run: None })
    }

    /// A network with given weights: a model.
    ///
    /// `weights` is a record with a matrix (rows of numbers, one for each channel that leaves) for
    /// every convolution and the output; a list of matrices gives every position, or every place in
    /// a window, its own. The GHZ state of four sites is pooling alone:
    ///
    /// > let ghz = network { input(4, dim = 2), pool(4), output(1) }
    /// > entropy(model(ghz, {output: [[1, 1]]}), left_right, base = 2)
    /// 1.0
    pure fn model(
        cx, call;
        /** A network. */ net: NetworkValue,
        /** A record: `{conv0: [[1, 0], [0, 1]], output: [[1, 1]]}`. */ weights: Arc<Record>,
    ) -> ModelValue {
        if cx.machine().checks() && weights.fields().iter().any(|(_, value)| value.has_unknown()) {
            return Ok(ModelValue::unknown(net));
        }
        let mut made = model_of(cx, call, &net, &weights)?;
        if cx.machine().checks() {
            made.model = None;
        }
        Ok(made)
    }

    /// A matrix of a model as rows of numbers.
    ///
    /// > weights(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}), "output")
    /// [[3.0, 4.0]]
    pure fn weights(
        cx, call;
        /** A model. */ model: ModelValue,
        /** A layer with weights: "conv0", "conv1", …, "output". */ layer: Arc<str>,
        /** Which matrix: a position, or a place in a window, from 0. */ position: usize = "0",
    ) -> Answer<Vec<Value>> {
        let shapes = weight_shapes(&model.network.0);
        let names: Vec<&str> =
            shapes.iter().map(|(name, _)| name.strip_suffix(".weight").unwrap_or(name)).collect();
        let number = names.iter().position(|name| *name == &*layer);
        let Some((number, (_, shape))) = number.and_then(|n| Some((n, shapes.get(n)?))) else {
            let error = Diagnostic::new(Code::Name, format!("the model has no weights {layer:?}"))
                .at(call.span_of(1), format!("it has {}", names.join(", ")));
            return Err(match did_you_mean(&layer, names.iter().copied()) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint("\"output\""),
            }
            .into());
        };
        if position as u64 >= shape[0] {
            return Err(Diagnostic::new(Code::Domain, format!("{layer} has {} matrices", shape[0]))
                .at(call.span_of(2), format!("there is no number {position}"))
                .hint("position = 0")
                .into());
        }
        let Some(model) = &model.model else { return Ok(Answer(None)) };
        let weight = model.conv(number).unwrap_or(model.output());
        let rows = weight.matrix(position).chunks(weight.cols().max(1));
        let rows = rows.map(|row| Value::list(row.iter().map(|x| Value::Real(*x)).collect()));
        Ok(Answer(Some(rows.collect::<Result<_, _>>()?)))
    }
}
