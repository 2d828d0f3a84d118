//! A model as a state and as a classifier: amplitudes, scores, samples, density matrices.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::arguments::Answer;
use super::charts::number;
use super::entanglement::check_convac;
use super::models::{ModelValue, explain};
use super::spectra::check_class;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::entangle::model::forward;
use crate::entangle::{
    self, Amplitudes, Dense, Output, Reducer, Sampler, Scaled, Sites, Templates,
};
use crate::evaluate::{Args, Eval, Stop};
use crate::symbol::Symbol;
use crate::value::{
    Failure, FieldInfo, IntoValue, LIST_LIMIT, List, Media, MediaKind, Object, Type, TypeSet,
    Value, int_to_f64, json_real, short_real,
};

/// A dense tensor as a value.
#[derive(Clone, Debug)]
pub(super) struct TensorValue {
    dense: Arc<Dense>,
    class: usize,
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "shape", types: TypeSet::LIST, doc: "The size of each axis." },
    FieldInfo { name: "size", types: TypeSet::of(&[Type::Int]), doc: "The number of entries." },
    FieldInfo {
        name: "values",
        types: TypeSet::LIST,
        doc: "All entries, row-major, site 0 first.",
    },
];

impl TensorValue {
    fn entries(&self) -> &[f64] {
        self.dense.classes.get(self.class).map_or(&[], Vec::as_slice)
    }

    /// An entry with the common power of two.
    fn entry(&self, value: f64) -> f64 {
        Scaled::from_parts(value, self.dense.exponent).map_or(f64::NAN, Scaled::to_f64)
    }

    /// The size of each axis, and all entries, row-major.
    pub(super) fn numbers(&self) -> (Vec<usize>, Vec<f64>) {
        let entries = self.entries().iter().map(|value| self.entry(*value));
        (vec![self.dense.size; self.dense.sites], entries.collect())
    }

    /// The entries as a matrix: the first half of the sites are its rows.
    fn matrix(&self) -> (usize, usize) {
        let power = |sites: usize| {
            let sites = u32::try_from(sites).unwrap_or(u32::MAX);
            self.dense.size.saturating_pow(sites)
        };
        let left = self.dense.sites / 2;
        (power(left), power(self.dense.sites - left))
    }

    /// A table of the first rows and columns, with the shape and the norm above it.
    fn html(&self, rows: usize, cols: usize) -> String {
        const SHOWN: usize = 20;
        let sum: f64 = self.entries().iter().map(|x| x * x).sum();
        let mut out = format!(
            "<div>tensor of shape {}, class {}, f64, norm {}</div>\
             <table style=\"border-collapse:collapse;color:inherit\">",
            self.shape(),
            self.class,
            short_real(self.entry(sum.sqrt()))
        );
        let cell = "text-align:right;padding:2px 8px";
        for row in self.entries().chunks(cols.max(1)).take(SHOWN) {
            out.push_str("<tr>");
            for value in row.iter().take(SHOWN) {
                let value = short_real(self.entry(*value));
                out.push_str(&format!("<td style=\"{cell}\">{value}</td>"));
            }
            if cols > SHOWN {
                out.push_str("<td>…</td>");
            }
            out.push_str("</tr>");
        }
        out.push_str("</table>");
        if rows > SHOWN || cols > SHOWN {
            let (rows, cols) = (rows.min(SHOWN), cols.min(SHOWN));
            out.push_str(&format!("<div>… the first {rows} rows and {cols} columns</div>"));
        }
        out
    }

    fn shape(&self) -> String {
        format!("{}^{}", self.dense.size, self.dense.sites)
    }
}

impl Object for TensorValue {
    fn type_of(&self) -> Type {
        Type::Tensor
    }

    fn text(&self) -> String {
        const SHOWN: usize = 8;
        let mut lines = vec![format!(
            "tensor of {} entries ({} sites of {} states), class {}",
            self.entries().len(),
            self.dense.sites,
            self.dense.size,
            self.class
        )];
        let (size, sites) = (self.dense.size.max(1), self.dense.sites);
        for (number, value) in self.entries().iter().enumerate().take(SHOWN) {
            let digit = |site: usize| number / size.pow((sites - 1 - site) as u32) % size;
            let digits: Vec<String> = (0..sites).map(|site| digit(site).to_string()).collect();
            lines.push(format!("  [{}]  {}", digits.join(", "), short_real(self.entry(*value))));
        }
        let more = self.entries().len().saturating_sub(SHOWN);
        if more > 0 {
            lines.push(format!("  … {more} more"));
        }
        lines.join("\n")
    }

    fn brief(&self) -> String {
        format!("tensor({})", self.shape())
    }

    fn json(&self) -> Json {
        let values = self.entries().iter().map(|value| json_real(self.entry(*value)));
        json!({
            "shape": vec![self.dense.size; self.dense.sites],
            "class": self.class,
            "values": values.collect::<Vec<Json>>(),
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        let entry = |row: usize, col: usize, cols: usize| {
            self.entries().get(row * cols + col).map_or(f64::NAN, |value| self.entry(*value))
        };
        let (rows, cols) = self.matrix();
        let text = match kind {
            MediaKind::Html => self.html(rows, cols),
            MediaKind::Latex => super::latex::matrix(rows, cols, |i, j| entry(i, j, cols))?,
            MediaKind::Svg | MediaKind::Png | MediaKind::Letters(_) => return None,
        };
        Some(Ok(Media::Text(text)))
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        Some(match name {
            "shape" => Value::list(vec![Value::int(self.dense.size); self.dense.sites]),
            "size" => Ok(Value::int(self.entries().len())),
            "values" => {
                Value::list(self.entries().iter().map(|x| Value::Real(self.entry(*x))).collect())
            }
            _ => return None,
        })
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        let same = |(x, y): (&f64, &f64)| self.entry(*x) == other.entry(*y);
        Some(
            self.dense.size == other.dense.size
                && self.dense.sites == other.dense.sites
                && self.entries().iter().zip(other.entries()).all(same),
        )
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for TensorValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Tensor]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// What is given for the sites: local states, or a vector for each.
enum Given {
    States(Vec<u32>),
    Vectors(Vec<f64>),
}

impl Given {
    fn sites(&self) -> Sites<'_> {
        match self {
            Self::States(states) => Sites::States(states),
            Self::Vectors(values) => Sites::Vectors(values),
        }
    }

    /// The features of every site.
    fn features(&self, dim: usize) -> Vec<f64> {
        match self {
            Self::Vectors(values) => values.clone(),
            Self::States(states) => {
                let mut features = vec![0.0; states.len() * dim];
                for (site, state) in features.chunks_mut(dim.max(1)).zip(states) {
                    if let Some(entry) = site.get_mut(*state as usize) {
                        *entry = 1.0;
                    }
                }
                features
            }
        }
    }
}

/// The numbers of a list that holds nothing else.
fn numbers_of(list: &List) -> Option<Vec<f64>> {
    let number = |value: Value| match value {
        Value::Int(i) => Some(int_to_f64(&i)),
        Value::Real(x) => Some(x),
        _ => None,
    };
    list.iter().map(number).collect()
}

/// An input of a model: a state for every site, or a vector of `M` numbers for every site.
fn given(call: &Args, list: &List, model: &ModelValue) -> Eval<Given> {
    let network = &model.network.0;
    let (sites, dim) = (network.input_shape().sites(), network.dim());
    let span = call.span_of(1);
    if list.len() != sites {
        let hint = if sites <= 16 {
            format!("{:?}", vec![0; sites as usize])
        } else {
            format!("[0 for i in 1..{sites}]")
        };
        return Err(Diagnostic::new(Code::Shape, "an input has one entry for every site")
            .at(span, format!("{} entries for {sites} sites", list.len()))
            .hint(hint)
            .into());
    }
    let wrong = |message: String, hint: String| -> Stop {
        Diagnostic::new(Code::Domain, message).at(span, "").hint(hint).into()
    };
    let mut states = Vec::new();
    let mut vectors = Vec::new();
    for item in list.iter() {
        match &item {
            Value::Int(state) => {
                let state = u64::try_from(state).ok().filter(|state| *state < dim);
                let Some(state) = state else {
                    let message = format!("a local state is from 0 to {}", dim.saturating_sub(1));
                    return Err(wrong(message, "use ints below the local dimension".into()));
                };
                states.push(state as u32);
            }
            Value::List(vector) if vector.len() == dim => {
                for entry in vector.iter() {
                    vectors.push(number(&entry, span)?);
                }
            }
            other => {
                let found = other.type_of().with_article();
                let message = format!("a site is a local state or {dim} numbers, not {found}");
                return Err(wrong(message, format!("[0.0 for d in 1..{dim}]")));
            }
        }
    }
    match (states.is_empty(), vectors.is_empty()) {
        (false, true) => Ok(Given::States(states)),
        (true, false) => Ok(Given::Vectors(vectors)),
        _ => Err(wrong(
            "an input is all local states or all vectors".into(),
            "[[1.0, 0.0], [0.0, 1.0]]".into(),
        )),
    }
}

/// A number as a real, if a double holds it; with `log` its sign and the logarithm of its size.
fn shown(call: &Args, value: Scaled, log: bool) -> Eval<Value> {
    if log {
        let sign = if value.is_zero() { 0 } else { value.mantissa().signum() as i32 };
        let fields = vec![
            (Symbol::new("sign"), Value::int(sign)),
            (Symbol::new("ln"), Value::Real(value.ln_abs())),
        ];
        return Ok(Value::record(fields)?);
    }
    let real = value.to_f64();
    if value.is_zero() || (real.is_finite() && real.abs() >= f64::MIN_POSITIVE) {
        return Ok(Value::Real(real));
    }
    Err(Diagnostic::new(Code::Domain, format!("a real cannot hold {value}"))
        .at(call.span, "")
        .hint("log = true")
        .into())
}

fn check_count(count: u64, span: Span) -> Eval<()> {
    if count <= LIST_LIMIT {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Resource, "the samples are too many for a list")
        .at(span, format!("{count} numbers, at most {LIST_LIMIT}"))
        .hint("n = 1")
        .into())
}

builtins! { STATES "States":
    /// The amplitude of a basis state of a model: one entry of its tensor.
    ///
    /// `x` gives a local state from 0 to `M - 1` for every site, row-major, or a vector of `M`
    /// numbers, for the inner product with a product state. Amplitudes of many sites are smaller than
    /// a real can be: `log = true` gives a record of the `sign` and the natural logarithm `ln` of
    /// the size.
    ///
    /// > amplitude(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}), [1, 1])
    /// 4.0
    pure fn amplitude(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A local state, or a vector, for every site. */ x: Arc<List>,
        /** The class. */ class: usize = "0",
        /** Whether to give the sign and the logarithm. */ log: bool = "false",
    ) -> Answer<Value> {
        check_class(call, 2, &model, class)?;
        check_convac(call, &model.network.0)?;
        if x.has_unknown() {
            return Ok(Answer(Some(Value::Unknown(TypeSet::ANY))));
        }
        let input = given(call, &x, &model)?;
        let Some(weights) = &model.model else {
            return Ok(Answer(Some(Value::Unknown(TypeSet::ANY))));
        };
        let interrupt = &cx.machine().interrupt;
        let found = Amplitudes::new(weights, interrupt)
            .and_then(|all| all.evaluate(input.sites(), Output::Class(class), interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        let value = found.first().copied().unwrap_or(Scaled::ZERO);
        Ok(Answer(Some(shown(call, value, log)?)))
    }

    /// The scores of all classes for an input, for a network of any kind.
    ///
    /// `x` gives for every site, row-major, the `M` values of the representation functions, or a
    /// local state from 0 to `M - 1` for the unit vectors. If the input of the network has `features`,
    /// numbers are the values of the sites and are lifted by them. `log = true` gives signs and
    /// logarithms. `predict` and `accuracy` answer for data sets, much faster, in single precision.
    ///
    /// > let net = network { input(2, dim = 2), relu(), pool(2, kind = "max"), output(1) }
    /// > evaluate(model(net, {output: [[1, 10]]}), [[3, -1], [2, 5]])
    /// [53.0]
    pure fn evaluate(
        cx, call;
        /** A model. */ model: ModelValue,
        /** A vector, or a local state, for every site. */ x: Arc<List>,
        /** Whether to give signs and logarithms. */ log: bool = "false",
    ) -> Answer<Vec<Value>> {
        if x.has_unknown() {
            return Ok(Answer(None));
        }
        let values = if model.network.0.features().lifts() { numbers_of(&x) } else { None };
        let input = match values {
            None => given(call, &x, &model)?,
            Some(values) => {
                let Some(weights) = &model.model else { return Ok(Answer(None)) };
                let lifted = crate::learn::train::lifted(weights, &values);
                Given::Vectors(lifted.map_err(|error| super::training::explain(cx, call, &error))?)
            }
        };
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let scores = if model.network.0.convac_obstacle().is_none() {
            Amplitudes::new(weights, interrupt)
                .and_then(|all| all.evaluate(input.sites(), Output::OnA, interrupt))
        } else {
            let dim = usize::try_from(model.network.0.dim()).unwrap_or(1);
            forward(weights, &input.features(dim), interrupt)
        };
        let scores = scores.map_err(|error| explain(cx, call, &error))?;
        let values = scores.into_iter().map(|score| shown(call, score, log));
        Ok(Answer(Some(values.collect::<Eval<_>>()?)))
    }

    /// The norm of a model as a state: the root of the sum of its squared amplitudes.
    ///
    /// `log = true` gives the sign and the natural logarithm, which no number of sites takes out of
    /// range.
    ///
    /// > norm(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}))
    /// 5.0
    pure fn norm(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** The class. */ class: usize = "0",
        /** Whether to give the sign and the logarithm. */ log: bool = "false",
    ) -> Answer<Value> {
        check_class(call, 1, &model, class)?;
        check_convac(call, &model.network.0)?;
        let Some(weights) = &model.model else {
            return Ok(Answer(Some(Value::Unknown(TypeSet::ANY))));
        };
        let square = entangle::squared_norm(weights, Output::Class(class), &cx.machine().interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(shown(call, square.sqrt(), log)?)))
    }

    /// Samples of a model: measurements of all sites, by the Born rule.
    ///
    /// Every sample is a list of local states, row-major, drawn with the probability of its squared
    /// amplitude, exactly and independently of the others. The seed alone decides.
    ///
    /// > sample(model(network { input(4, dim = 2), pool(4), output(1) }, {output: [[0, 1]]}), 2)
    /// [[1, 1, 1, 1], [1, 1, 1, 1]]
    pure fn sample(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** How many. */ n: usize = "1",
        /** The seed. */ seed: u64 = "0",
        /** The class. */ class: usize = "0",
    ) -> Answer<Vec<Value>> {
        check_class(call, 3, &model, class)?;
        check_convac(call, &model.network.0)?;
        let sites = model.network.0.input_shape().sites();
        check_count(sites.saturating_mul(n as u64), call.span_of(1))?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let samples = Sampler::new(weights, Output::Class(class), interrupt)
            .and_then(|sampler| sampler.draw(n, seed, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        let list = |states: Vec<u32>| Value::list(states.into_iter().map(Value::int).collect());
        Ok(Answer(Some(samples.into_iter().map(list).collect::<Result<_, _>>()?)))
    }

    /// The correlation of two sites of a model: Pearson's, of what is measured at them.
    ///
    /// `observable` gives the number that is measured in each local state; without it the state
    /// itself, 0 to `M - 1`. 0 where one of the two does not vary.
    ///
    /// > correlation(model(network { input(4, dim = 2), pool(4), output(1) }, {output: [[1, 1]]}), 0, 3)
    /// 1.0
    pure fn correlation(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A site, row-major from 0. */ i: u64,
        /** Another site. */ j: u64,
        /** A number for each local state. */ observable: Option<Arc<List>> = "none",
        /** The class. */ class: usize = "0",
    ) -> Answer<f64> {
        check_class(call, 4, &model, class)?;
        check_convac(call, &model.network.0)?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let values: Vec<f64> = match observable {
            Some(list) => {
                list.iter().map(|x| number(&x, call.span_of(3))).collect::<Eval<_>>()?
            }
            None => (0..model.network.0.dim()).map(|state| state as f64).collect(),
        };
        let interrupt = &cx.machine().interrupt;
        let found = Reducer::new(weights, Output::Class(class), interrupt)
            .and_then(|reducer| entangle::correlation(&reducer, i, j, &values, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(found)))
    }

    /// The density matrix of a few sites of a model, as rows of numbers.
    ///
    /// All other sites are traced out. Rows and columns count the states of the sites in the order given, the first site being the
    /// most significant digit. At most 1,024 rows.
    ///
    /// > reduced(model(network { input(4, dim = 2), pool(4), output(1) }, {output: [[1, 1]]}), [0])
    /// [[0.5, 0.0], [0.0, 0.5]]
    pure fn reduced(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** The sites: ints, row-major from 0. */ sites: Arc<List>,
        /** The class. */ class: usize = "0",
    ) -> Answer<Vec<Value>> {
        check_class(call, 2, &model, class)?;
        check_convac(call, &model.network.0)?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let mut numbers = Vec::new();
        for item in sites.iter() {
            let site = match &item {
                Value::Int(site) => u64::try_from(site).ok(),
                _ => None,
            };
            numbers.push(site.ok_or_else(|| {
                let error = Diagnostic::new(Code::Type, "sites are ints from 0, in row-major order");
                Stop::from(error.at(call.span_of(1), "").hint("[0, 1]"))
            })?);
        }
        let interrupt = &cx.machine().interrupt;
        let found = Reducer::new(weights, Output::Class(class), interrupt)
            .and_then(|reducer| reducer.reduce(&numbers, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        let rows = found.matrix.chunks(found.rows().max(1));
        let rows = rows.map(|row| Value::list(row.iter().map(|x| Value::Real(*x)).collect()));
        Ok(Answer(Some(rows.collect::<Result<_, _>>()?)))
    }

    /// The dense tensor of a class, with `M^N` entries, at most 2^24.
    ///
    /// Of a network that is no ConvAC it is the grid tensor on the unit vectors.
    ///
    /// > tensor(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]})).values
    /// [3.0, 0.0, 0.0, 4.0]
    pure fn tensor(
        cx, call;
        /** A model. */ model: ModelValue,
        /** The class. */ class: usize = "0",
    ) -> Answer<TensorValue> {
        check_class(call, 1, &model, class)?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let unit = Templates::unit(usize::try_from(model.network.0.dim()).unwrap_or(usize::MAX));
        let dense = unit
            .and_then(|unit| entangle::dense(weights, &unit, &cx.machine().interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(TensorValue { dense: Arc::new(dense), class })))
    }
}
