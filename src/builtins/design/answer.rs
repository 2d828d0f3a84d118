//! The answer of `design`: a network, what it is worth, and how that is known.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Value as Json, json as json_value};

use super::super::charts::chart_data;
use super::super::networks::NetworkValue;
use super::super::pictures;
use super::super::plots::PlotValue;
use super::row;
use crate::plot::{Axis, Chart, Mark, Picture, Scale, Series};
use crate::value::{
    Failure, FieldInfo, IntoValue, Media, MediaKind, Object, Type, TypeSet, Value, brief,
    int_to_f64, json, json_real, short_real,
};

/// A network that was found.
#[derive(Clone, Debug)]
pub(super) struct FoundNetwork {
    pub network: NetworkValue,
    pub channels: Vec<u64>,
    /// What was chosen beside the channel numbers.
    pub choice: Option<Value>,
    /// What was maximized.
    pub value: f64,
}

/// The answer of `design`.
#[derive(Clone, Debug)]
pub(in super::super) struct DesignValue {
    pub(super) best: FoundNetwork,
    /// What the objective is called; `None` where only the cost was minimized.
    pub(super) objective: Option<&'static str>,
    /// "params" or "flops".
    pub(super) cost: &'static str,
    /// Cheapest first.
    pub(super) frontier: Arc<Vec<FoundNetwork>>,
    pub(super) frontier_complete: bool,
    /// Whether the search came to its end.
    pub(super) proved: bool,
    /// No design has a larger value (or, where only the cost was minimized, a smaller cost); `None`
    /// where that rests on an assumption.
    pub(super) bound: Option<f64>,
    pub(super) nodes: u64,
    /// How it is known, in a sentence.
    pub(super) reason: String,
}

pub(in super::super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "network", types: TypeSet::of(&[Type::Network]), doc: "The best network." },
    FieldInfo { name: "channels", types: TypeSet::LIST, doc: "Its channel numbers." },
    FieldInfo {
        name: "choice",
        types: TypeSet::ANY,
        doc: "What of `choices` it is made with; none without choices.",
    },
    FieldInfo {
        name: "value",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "What was maximized; none where only the cost was minimized.",
    },
    FieldInfo { name: "params", types: TypeSet::of(&[Type::Int]), doc: "Its weights." },
    FieldInfo {
        name: "flops",
        types: TypeSet::of(&[Type::Int]),
        doc: "The work of one forward pass.",
    },
    FieldInfo {
        name: "frontier",
        types: TypeSet::LIST,
        doc: "Designs of which none is both cheaper and better than another, cheapest first.",
    },
    FieldInfo {
        name: "complete",
        types: TypeSet::of(&[Type::Bool]),
        doc: "Whether the frontier has all such designs.",
    },
    FieldInfo {
        name: "proved",
        types: TypeSet::of(&[Type::Bool]),
        doc: "Whether nothing is better for certain: the search ended and rests on no assumption.",
    },
    FieldInfo {
        name: "bound",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "No design is worth more (or, without an objective, cheaper); none where that is only assumed.",
    },
    FieldInfo {
        name: "gap",
        types: TypeSet::of(&[Type::Real, Type::None]),
        doc: "The difference to the bound: 0 once proved, none without a bound.",
    },
    FieldInfo {
        name: "nodes",
        types: TypeSet::of(&[Type::Int]),
        doc: "How many boxes of channel numbers, or single designs, were looked at.",
    },
    FieldInfo { name: "reason", types: TypeSet::of(&[Type::String]), doc: "How it is known." },
    FieldInfo {
        name: "plot",
        types: TypeSet::of(&[Type::Plot]),
        doc: "The frontier, with the best network ringed.",
    },
];

fn count(value: dashu_int::UBig) -> Value {
    Value::Int(value.into())
}

impl DesignValue {
    fn gap(&self) -> Option<f64> {
        let own = match self.objective {
            Some(_) => self.best.value,
            None => self.cost_of(&self.best),
        };
        self.bound.map(|bound| if self.proved { 0.0 } else { (bound - own).abs() })
    }

    fn cost_of(&self, found: &FoundNetwork) -> f64 {
        let network = &found.network.0;
        let cost = if self.cost == "params" { network.params() } else { network.flops() };
        int_to_f64(&cost.into())
    }

    fn table(&self) -> Result<Value, Failure> {
        let rows = self.frontier.iter().map(|found| {
            let network = &found.network.0;
            let mut cells = vec![("params", count(network.params()))];
            cells.push(("flops", count(network.flops())));
            if let Some(name) = self.objective {
                cells.push((name, Value::Real(found.value)));
            }
            cells.push(("channels", channels(&found.channels)?));
            cells.extend(found.choice.clone().map(|choice| ("choice", choice)));
            cells.push(("network", Value::object(found.network.clone())));
            row(cells)
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }

    fn chart(&self) -> Option<Chart> {
        let name = self.objective?;
        let point = |found: &FoundNetwork| (self.cost_of(found), found.value);
        let series = Series {
            label: None,
            mark: Mark::LinePoints,
            points: self.frontier.iter().map(point).collect(),
            errors: None,
            highlight: Some(point(&self.best)),
        };
        Some(Chart {
            title: Some("What a budget buys".to_owned()),
            x: Axis { label: self.cost.to_owned(), scale: Scale::Log, categories: None },
            y: Axis { label: name.to_owned(), ..Axis::default() },
            series: vec![series],
            legend_title: None,
        })
    }

    fn head(&self) -> String {
        let network = &self.best.network.0;
        let numbers: Vec<String> = self.best.channels.iter().map(u64::to_string).collect();
        let choice = match &self.best.choice {
            Some(choice) => format!(", choice {}", brief(choice)),
            None => String::new(),
        };
        let worth = match self.objective {
            Some(name) => format!(": {} {name}", short_real(self.best.value)),
            None => String::new(),
        };
        format!(
            "channels [{}]{choice}{worth}, {} weights, {} flops\n  {}",
            numbers.join(", "),
            network.params(),
            network.flops(),
            self.reason
        )
    }

    fn frontier_line(&self) -> Option<String> {
        self.objective?;
        let designs = self.frontier.len();
        if designs < 2 && !self.frontier_complete {
            // Nothing was sought, or what was found may not be on it.
            return None;
        }
        Some(if self.frontier_complete {
            let noun = if designs == 1 { "design" } else { "designs" };
            format!("  the Pareto frontier has {designs} {noun} (.frontier)")
        } else {
            format!("  {designs} designs of the Pareto frontier (.frontier)")
        })
    }
}

fn channels(numbers: &[u64]) -> Result<Value, Failure> {
    Value::list(numbers.iter().map(|channels| Value::int(*channels)).collect())
}

impl Object for DesignValue {
    fn type_of(&self) -> Type {
        Type::Design
    }

    fn text(&self) -> String {
        let mut lines = vec![self.head()];
        lines.extend(self.frontier_line());
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let numbers: Vec<String> = self.best.channels.iter().map(u64::to_string).collect();
        format!("design([{}])", numbers.join(", "))
    }

    fn json(&self) -> Json {
        let value = self.objective.map(|_| json_real(self.best.value));
        let parameter = |value: Value| json(&value).unwrap_or(Json::Null);
        let network = &self.best.network.0;
        json_value!({
            "channels": self.best.channels,
            "choice": self.best.choice.clone().map(parameter),
            "objective": self.objective,
            "value": value,
            "params": parameter(count(network.params())),
            "flops": parameter(count(network.flops())),
            "proved": self.proved,
            "bound": self.bound.map(json_real),
            "gap": self.gap().map(json_real),
            "nodes": self.nodes,
            "reason": self.reason,
            "frontier": self.frontier.iter().map(|found| json_value!({
                "params": parameter(count(found.network.0.params())),
                "flops": parameter(count(found.network.0.flops())),
                "value": json_real(found.value),
                "channels": found.channels,
                "choice": found.choice.clone().map(parameter),
            })).collect::<Vec<_>>(),
            "complete": self.frontier_complete,
        })
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        // A frontier of one design is no curve.
        let chart = self.chart().filter(|_| self.frontier.len() > 1);
        let picture = chart.map(Picture::Chart);
        if kind == MediaKind::Html {
            return Some(Ok(pictures::html(&self.text(), picture.as_ref())));
        }
        pictures::media(&picture?, kind)
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        let network = &self.best.network.0;
        Some(match name {
            "network" => Ok(Value::object(self.best.network.clone())),
            "channels" => channels(&self.best.channels),
            "choice" => Ok(self.best.choice.clone().unwrap_or(Value::None)),
            "value" => Ok(self.objective.map_or(Value::None, |_| Value::Real(self.best.value))),
            "params" => Ok(count(network.params())),
            "flops" => Ok(count(network.flops())),
            "frontier" => self.table(),
            "complete" => Ok(Value::Bool(self.frontier_complete)),
            "proved" => Ok(Value::Bool(self.proved)),
            "bound" => Ok(self.bound.map_or(Value::None, Value::Real)),
            "gap" => Ok(self.gap().map_or(Value::None, Value::Real)),
            "nodes" => Ok(Value::int(self.nodes)),
            "reason" => Ok(Value::string(&self.reason)),
            "plot" => match self.chart() {
                Some(chart) => {
                    let data = chart_data(&chart);
                    let picture = Picture::Chart(chart);
                    Ok(Value::object(PlotValue { picture, what: "plot".to_owned(), data }))
                }
                None => Ok(Value::None),
            },
            _ => return None,
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for DesignValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Design]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}
