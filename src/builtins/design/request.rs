//! `design`: the best channel numbers for what a network must correlate.

use std::sync::Arc;

use super::super::arguments::Answer;
use super::super::layers::word;
use super::super::networks::NetworkValue;
use super::super::partitions::PartitionValue;
use super::super::table_macro::builtins;
use super::answer::DesignValue;
use super::oracle::{Called, Cost, Goal, Need, Template};
use super::solve::{Request, solve};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Closure, Eval, Scope};
use crate::symbol::Symbol;
use crate::value::{FromValue, Function, List, Record, Value, int_to_f64};

/// The longest range of a channel number.
const MOST_VALUES: u64 = 1 << 20;
/// The most channel numbers.
const MOST_VARIABLES: usize = 64;

fn wrong(code: Code, message: impl Into<String>, span: Span, hint: &str) -> crate::evaluate::Stop {
    Diagnostic::new(code, message).at(span, "").hint(hint).into()
}

const RANGES: &str = "channels = [1..32, 1..64]";

/// The numbers of one range, growing.
fn range(value: &Value, span: Span) -> Eval<Vec<u64>> {
    let Value::List(list) = value else {
        let found = value.type_of().with_article();
        return Err(wrong(Code::Type, format!("a range of channels is {found}"), span, RANGES));
    };
    if list.len() > MOST_VALUES {
        let message = format!("a range of {} channel numbers is too long", list.len());
        return Err(wrong(Code::Resource, message, span, "channels = [1..1_024]"));
    }
    let mut numbers = Vec::new();
    for item in list.iter() {
        let shown = crate::value::short(&item);
        match u64::from_value(item) {
            Ok(number) if (1..=crate::network::MAX_DIMENSION).contains(&number) => {
                numbers.push(number);
            }
            _ => {
                let message = format!("a channel number is an int from 1, not {shown}");
                return Err(wrong(Code::Domain, message, span, RANGES));
            }
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Err(wrong(Code::Domain, "a range of channels is empty", span, RANGES));
    }
    Ok(numbers)
}

/// The ranges: one for each channel number, or one for all where the template names them.
pub(super) fn ranges(
    call: &Args,
    number: usize,
    list: &List,
    closure: Option<&Closure>,
    choices: bool,
) -> Eval<(Vec<Vec<u64>>, bool)> {
    let span = call.span_of(number);
    let params = closure.map(|closure| closure.params().count()).unwrap_or(1);
    let own = params.saturating_sub(usize::from(choices));
    let of_all = list.iter().all(|item| matches!(item, Value::Int(_))) && !list.is_empty();
    let values = if of_all {
        let one = range(&Value::list(list.to_vec()?)?, span)?;
        if own < 2 {
            let message =
                "one range for channel numbers of which the template does not say how many";
            return Err(wrong(Code::Call, message, span, RANGES));
        }
        vec![one; own]
    } else {
        list.iter().map(|item| range(&item, span)).collect::<Eval<Vec<_>>>()?
    };
    if values.is_empty() {
        return Err(wrong(Code::Domain, "there are no channel numbers to be chosen", span, RANGES));
    }
    if values.len() > MOST_VARIABLES {
        let message = format!("{} channel numbers are too many", values.len());
        return Err(wrong(Code::Resource, message, span, RANGES));
    }
    let apart = own == values.len() && own != 1;
    if !apart && own != 1 {
        let message =
            format!("the template takes {own} channel numbers, {} ranges are given", values.len());
        return Err(wrong(Code::Call, message, span, RANGES));
    }
    Ok((values, apart))
}

fn functions(value: &Value, span: Span, hint: &str) -> Eval<Vec<Called>> {
    match value {
        Value::None => Ok(Vec::new()),
        Value::Function(function) => Ok(vec![Called { function: Arc::clone(function), span }]),
        Value::List(list) => {
            let all = list.iter().map(|item| functions(&item, span, hint));
            Ok(all.collect::<Eval<Vec<_>>>()?.into_iter().flatten().collect())
        }
        other => {
            let found = other.type_of().with_article();
            Err(wrong(
                Code::Type,
                format!("a condition is a function, here is {found}"),
                span,
                hint,
            ))
        }
    }
}

fn field(record: &Record, name: &str) -> Option<Value> {
    record.get(Symbol::new(name)).cloned()
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(int_to_f64(i)),
        Value::Real(x) => Some(*x),
        _ => None,
    }
    .filter(|x| x.is_finite())
}

const GOAL: &str = "maximize = net -> min_cut(net, left_right).bits";

fn goal(value: &Value, worst: bool, span: Span) -> Eval<Goal> {
    let part = |value: &Value| -> Eval<(PartitionValue, f64)> {
        let (across, weight) = match value {
            Value::Record(record) => {
                let weight = field(record, "weight").unwrap_or(Value::int(1));
                (field(record, "across").unwrap_or(Value::None), real(&weight))
            }
            other => (other.clone(), Some(1.0)),
        };
        let Some(weight) = weight.filter(|weight| *weight > 0.0) else {
            let message = "a weight must be a number above 0";
            return Err(wrong(Code::Domain, message, span, "{across: left_right, weight: 2}"));
        };
        match PartitionValue::from_value(across) {
            Ok(across) => Ok((across, weight)),
            Err(_) => {
                let found = value.type_of().with_article();
                let message = format!("a function or partitions can be maximized, here is {found}");
                Err(wrong(Code::Type, message, span, GOAL))
            }
        }
    };
    match value {
        Value::None => Ok(Goal::None),
        Value::Function(function) => {
            Ok(Goal::Function(Called { function: Arc::clone(function), span }))
        }
        Value::List(list) if !list.is_empty() => {
            let parts = list.iter().map(|item| part(&item)).collect::<Eval<Vec<_>>>()?;
            Ok(Goal::Partitions { parts, worst, span })
        }
        other => Ok(Goal::Partitions { parts: vec![part(other)?], worst, span }),
    }
}

const NEED: &str = "require = [{across: left_right, bits: 4}]";

fn needs(value: &Value, span: Span) -> Eval<Vec<Need>> {
    match value {
        Value::None => Ok(Vec::new()),
        Value::List(list) => {
            let all = list.iter().map(|item| needs(&item, span)).collect::<Eval<Vec<_>>>()?;
            Ok(all.into_iter().flatten().collect())
        }
        Value::Record(record) => {
            let across = field(record, "across").unwrap_or(Value::None);
            let bits = field(record, "bits").as_ref().and_then(real);
            match (PartitionValue::from_value(across), bits) {
                (Ok(across), Some(bits)) => Ok(vec![Need::Bits { across, bits, span }]),
                _ => Err(wrong(
                    Code::Type,
                    "a requirement has the fields `across` and `bits`",
                    span,
                    NEED,
                )),
            }
        }
        other => {
            let functions = functions(other, span, NEED)?;
            Ok(functions.into_iter().map(Need::Function).collect())
        }
    }
}

/// While checking: the template and the functions are tried once, on the smallest network.
fn try_once(cx: &Scope<'_>, request: &Request) -> Eval<()> {
    let low: Vec<u64> =
        request.values.iter().filter_map(|values| values.first().copied()).collect();
    let numbers = low.iter().map(|channels| Value::int(*channels));
    let mut values = if request.template.apart {
        numbers.collect()
    } else {
        vec![Value::list(numbers.collect())?]
    };
    values.extend(request.template.choices.first().cloned());
    let called = &request.template.called;
    let made = cx.call_function(&called.function, values, called.span)?;
    if !made.has_unknown() && NetworkValue::from_value(made.clone()).is_err() {
        request.template.network(cx, 0, &low)?;
    }
    let mut asked: Vec<&Called> = request.limits.iter().collect();
    if let Goal::Function(called) = &request.goal {
        asked.push(called);
    }
    for need in &request.needs {
        if let Need::Function(called) = need {
            asked.push(called);
        }
    }
    for called in asked {
        cx.call_function(&called.function, vec![made.clone()], called.span)?;
    }
    Ok(())
}

builtins! { DESIGN "Design":
    /// The best channel numbers for what a network must correlate, with a proof.
    ///
    /// `template` makes a network of a list of channel numbers (or of one argument for each), `channels`
    /// has a range for each. `maximize` is a function of the network, a partition (its bits), or
    /// several, also as {across, weight}: by `combine` the worst or the sum of their weighted bits counts.
    /// `subject_to` are budgets: conditions that hold for fewer channels if they hold for more.
    /// `require` are conditions that hold for more channels if they hold for fewer, or {across, bits};
    /// without `maximize` the cheapest network that meets them is sought. `choices` are tried one by one: the template
    /// takes one as its last argument, such as a pooling geometry or an order of windows.
    ///
    /// Branch and bound: what is maximized grows with every channel number, so the corners of a box of
    /// channel numbers bound it, and so does its concavity in their logarithms. Of equally good designs the cheapest
    /// is given. `.proved`, `.gap` and `.reason` say how sure it is: functions that are made of min-cuts,
    /// weights and operations grow for certain and are not called; with other functions up to 4,096
    /// designs are all looked at, and of more the growth is assumed, so that nothing is proved. `.frontier` are designs of which none
    /// is both cheaper and better than another.
    ///
    /// > let net(r) = network { input(8, dim = 2), conv(r[0]), pool(2), conv(r[1]), pool(2), conv(r[2]), pool(2), output(1) }
    /// > let found = design(net, channels = [1..16, 1..16, 1..16], maximize = interleaved, subject_to = net -> params(net) <= 40)
    /// > [found.channels, found.proved]
    /// [[2, 1, 1], true]
    pure fn design(
        cx, call;
        /** A function from channel numbers to a network. */ template: Arc<dyn Function>,
        /** A range for each channel number. */ channels: Arc<List>,
        /** What shall be large: a function, a partition, or several. */ maximize: Value = "none",
        /** Conditions that more channels meet. */ require: Value = "none",
        /** Conditions that fewer channels meet. */ subject_to: Value = "none",
        /** Of several partitions: "worst" or "sum". */ combine: Arc<str> = "\"worst\"",
        /** What else is chosen: the last argument of the template. */ choices: Option<Arc<List>> = "none",
        /** What is saved: "params" or "flops". */ cost: Arc<str> = "\"params\"",
        /** The most designs of the frontier. */ points: usize = "24",
        /** The most nodes of a search. */ nodes: u64 = "1_000_000",
    ) -> Answer<DesignValue> {
        let closure = template.as_any().downcast_ref::<Closure>();
        let choices = match choices {
            None => Vec::new(),
            Some(list) if list.is_empty() => {
                let message = "there is nothing to choose from";
                return Err(wrong(Code::Domain, message, call.span_of(6),
                    "choices = [\"contiguous\", \"mirror\"]"));
            }
            Some(list) => list.to_vec()?,
        };
        if channels.has_unknown() || choices.iter().any(Value::has_unknown) {
            return Ok(Answer(None));
        }
        let (values, apart) = ranges(call, 1, &channels, closure, !choices.is_empty())?;
        let worst = word(call, 5, &combine, &["worst", "sum"], |word| match word {
            "worst" => Some(true),
            "sum" => Some(false),
            _ => None,
        })?;
        let cost = word(call, 7, &cost, &["params", "flops"], |word| match word {
            "params" => Some(Cost::Params),
            "flops" => Some(Cost::Flops),
            _ => None,
        })?;
        if [&maximize, &require, &subject_to].iter().any(|value| value.has_unknown()) {
            return Ok(Answer(None));
        }
        let called = Called { function: Arc::clone(&template), span: call.span_of(0) };
        let request = Request {
            template: Template { called, apart, choices },
            values,
            goal: goal(&maximize, worst, call.span_of(2))?,
            limits: functions(&subject_to, call.span_of(4), "subject_to = net -> params(net) <= 5_000")?,
            needs: needs(&require, call.span_of(3))?,
            cost,
            at_most: None,
            points,
            nodes,
        };
        if matches!(request.goal, Goal::None) && request.needs.is_empty() {
            return Err(wrong(Code::Call, "`design` wants something to maximize or to require",
                call.span, GOAL));
        }
        if cx.machine().checks() {
            try_once(cx, &request)?;
            return Ok(Answer(None));
        }
        solve(cx, call, &request).map(|found| Answer(Some(found)))
    }
}
