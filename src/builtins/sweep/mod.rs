//! `sweep`: a function at all combinations of some values, in parallel, written down as it goes.

mod log;
mod plain;

use std::sync::Arc;

use self::log::{Fields, Identity, Log};
use self::plain::unwritable;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{BuiltinFunction, Closure, Eval, Reporter, Scope, Stop};
use crate::symbol::Symbol;
use crate::value::{Function, LIST_LIMIT, List, Record, Type, TypeSet, Value, equal, short};

/// Points that a check goes through; of more it tries the first.
const CHECKED_POINTS: usize = 32;
/// The column of results that are no records.
const VALUE: &str = "value";

/// The points, in order: the last field runs fastest.
struct Points {
    names: Vec<Symbol>,
    lists: Vec<Arc<List>>,
    count: usize,
}

impl Points {
    fn new(over: &Record, at: Span) -> Eval<Self> {
        let error = |code, message: String| Diagnostic::new(code, message);
        let (mut names, mut lists, mut count) = (Vec::new(), Vec::new(), 1_u64);
        for (name, value) in over.fields() {
            let Value::List(list) = value else {
                let found = value.type_of().with_article();
                return Err(error(Code::Type, format!("`{name}` of a sweep is {found}, no list"))
                    .at(at, "its fields are lists of values to try")
                    .hint(format!("{{{name}: [{}]}}", short(value)))
                    .into());
            };
            names.push(*name);
            lists.push(Arc::clone(list));
            count = count.saturating_mul(list.len());
        }
        if names.is_empty() {
            return Err(error(Code::Domain, "a sweep needs something to vary".to_owned())
                .at(at, "this record has no fields")
                .hint("{r: [2, 4, 8], seed: 0..2}")
                .into());
        }
        if count > LIST_LIMIT {
            return Err(error(Code::Resource, format!("the sweep would have {count} points"))
                .at(at, format!("at most {LIST_LIMIT}"))
                .hint("give some fields fewer values")
                .into());
        }
        Ok(Self { names, lists, count: usize::try_from(count).unwrap_or(usize::MAX) })
    }

    fn point(&self, number: usize) -> Fields {
        let mut rest = number as u64;
        let mut values: Vec<Value> = Vec::with_capacity(self.lists.len());
        for list in self.lists.iter().rev() {
            let length = list.len().max(1);
            values.push(list.get(rest % length).unwrap_or(Value::None));
            rest /= length;
        }
        self.names.iter().copied().zip(values.into_iter().rev()).collect()
    }

    /// An error unless a file can hold all points.
    fn check_writable(&self, at: Span) -> Eval<()> {
        let found = self
            .names
            .iter()
            .zip(&self.lists)
            .find_map(|(name, list)| Some((name, unwritable(&Value::List(Arc::clone(list)))?)));
        let Some((name, ty)) = found else { return Ok(()) };
        Err(no_row(&format!("the values of `{name}`"), ty)
            .at(at, "vary numbers and texts, and make the rest of them in the function")
            .hint(format!("{{{name}: [2, 4, 8]}}"))
            .into())
    }
}

/// `r = 4, seed = 1`
fn describe(point: &Fields) -> String {
    let field = |(name, value): &(Symbol, Value)| format!("{name} = {}", short(value));
    point.iter().map(field).collect::<Vec<_>>().join(", ")
}

fn no_row(what: &str, ty: Type) -> Diagnostic {
    let article = ty.with_article();
    Diagnostic::new(Code::Type, format!("{what} hold {article}, which the file of a sweep cannot"))
}

/// A sweep with its arguments.
struct Sweep<'c> {
    function: &'c Arc<dyn Function>,
    points: &'c Points,
    /// Where the function and the fields stand.
    spans: [Span; 2],
    /// Whether the results go to a file.
    written: bool,
}

impl Sweep<'_> {
    /// Whether the function takes the point as one record: it has a single parameter, and no field
    /// has that name.
    fn takes_a_record(&self) -> bool {
        let any = self.function.as_any();
        let names: Vec<&str> = if let Some(closure) = any.downcast_ref::<Closure>() {
            closure.params().collect()
        } else if let Some(BuiltinFunction(builtin)) = any.downcast_ref() {
            builtin.params.iter().map(|param| param.name).collect()
        } else {
            Vec::new()
        };
        match names.as_slice() {
            [only] => self.points.names.iter().all(|name| name.as_str() != *only),
            _ => false,
        }
    }

    /// What the function gives at a point, as fields beside those of the point.
    fn result(&self, cx: &Scope<'_>, point: &Fields) -> Eval<Fields> {
        let [at, _] = self.spans;
        let value = if self.takes_a_record() {
            cx.call_function(self.function, vec![Value::record(point.clone())?], at)
        } else {
            cx.call_by_name(self.function, point.clone(), at)
        };
        let fields = value.and_then(|value| self.beside(point, value));
        fields.map_err(|stop| match stop {
            Stop::Error(error) if error.code != Code::Interrupted => {
                Stop::Error(Box::new(error.note(format!("the sweep was at {}", describe(point)))))
            }
            other => other,
        })
    }

    fn beside(&self, point: &Fields, value: Value) -> Eval<Fields> {
        let [at, _] = self.spans;
        if self.written
            && let Some(ty) = unwritable(&value)
        {
            return Err(no_row("the results", ty)
                .at(at, "give numbers and texts")
                .hint("{accuracy: accuracy(m, test)}")
                .into());
        }
        let fields = match &value {
            Value::Record(record) => record.fields().to_vec(),
            _ => vec![(Symbol::new(VALUE), value)],
        };
        let mut out = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let Some((_, own)) = point.iter().find(|(other, _)| *other == name) else {
                out.push((name, value));
                continue;
            };
            // `{r, bits}` gives the point back with its results; that is welcome.
            if !value.has_unknown() && !equal(own, &value).unwrap_or(false) {
                let message =
                    format!("the result has a field `{name}` as the point has, with another value");
                return Err(Diagnostic::new(Code::Domain, message)
                    .at(
                        at,
                        format!(
                            "{name} is {} at the point, {} in the result",
                            short(own),
                            short(&value)
                        ),
                    )
                    .hint(format!("{{{name}_found: {}}}", short(&value)))
                    .into());
            }
        }
        Ok(out)
    }

    /// A check: the rows where that is soon done, for the types of what they hold.
    fn check(&self, cx: &Scope<'_>) -> Eval<Value> {
        let all = self.points.count <= CHECKED_POINTS;
        let count = if all { self.points.count } else { 1 };
        let mut rows = Vec::with_capacity(count);
        for number in 0..count {
            let point = self.points.point(number);
            let result = self.result(cx, &point)?;
            rows.push(Value::record([point, result].concat())?);
        }
        let known = all && !rows.iter().any(Value::has_unknown);
        if known { Ok(Value::list(rows)?) } else { Ok(Value::Unknown(TypeSet::LIST)) }
    }

    /// All points, with what a file knows already.
    fn run(&self, cx: &Scope<'_>, mut log: Option<Log<'_>>) -> Eval<Value> {
        let known = |log: &Option<Log<'_>>| -> Vec<Option<Fields>> {
            let result = |number| log.as_ref()?.result(&self.points.point(number)).cloned();
            (0..self.points.count).map(result).collect()
        };
        let mut results = known(&log);
        if let Some(log) = log.as_mut().filter(|_| results.iter().any(Option::is_none)) {
            log.open()?;
        }
        if log.is_some() {
            results = known(&log);
        }
        let open = results.iter().enumerate().filter(|(_, result)| result.is_none());
        let open: Vec<usize> = open.map(|(number, _)| number).collect();
        let reporter = Reporter::new(cx, open.len() as u64);
        if open.len() < results.len() {
            reporter.note(format!("{} from the file", results.len() - open.len()));
        }
        let fresh = cx.fan_out(open.len(), |scope, at| {
            let number = open.get(at).copied().unwrap_or_default();
            let point = self.points.point(number);
            let result = self.result(scope, &point)?;
            scope.check_interrupt()?;
            if let Some(log) = &log {
                log.write(&point, &result)?;
            }
            reporter.step();
            Ok(result)
        })?;
        reporter.finish();
        for (number, result) in open.iter().zip(fresh) {
            if let Some(slot) = results.get_mut(*number) {
                *slot = Some(result);
            }
        }
        let rows = results.into_iter().enumerate().map(|(number, result)| {
            Value::record([self.points.point(number), result.unwrap_or_default()].concat())
        });
        Ok(Value::list(rows.collect::<Result<_, _>>()?)?)
    }
}

builtins! { SWEEP "Experiments":
    /// A function at all combinations of some values: a table with a row for each.
    ///
    /// `over` is a record of lists; the last field runs fastest. Every field goes to the parameter of its
    /// name; a function with a single parameter of another name takes the whole point as a record. A row
    /// has the fields of the point, then those of the record that the function gives, or `value`. Points
    /// run in parallel, in a table whose order does not depend on it; points with effects (`print`,
    /// `save`, `train` with a checkpoint) run in order.
    ///
    /// With `file`, a JSON line for each point is written as soon as it is done, and points that are there
    /// already are not computed again: after an interrupt, an error or a power cut, the same call goes on
    /// where it was. The points are no part of what must be the same, so more seeds can be added later. The
    /// text of the function, of all functions that it calls, and the numbers and texts that it reads must
    /// be the same, else the file is refused; of networks, models and data that it reads, only the line
    /// that shows them is compared.
    ///
    /// > sweep((r, l) -> r^l, {r: [2, 3], l: 1..2})
    /// r  l  value
    /// ─  ─  ─────
    /// 2  1      2
    /// 2  2      4
    /// 3  1      3
    /// 3  2      9
    /// > sweep(p -> {bits: p.r * log2(p.dim)}, {r: [2], dim: [2, 4]})
    /// r  dim  bits
    /// ─  ───  ────
    /// 2    2     2
    /// 2    4     4
    pure fn sweep(
        cx, call;
        /** A function of the fields, or of the point as a record. */ f: Arc<dyn Function>,
        /** A record of lists: the values of each field. */ over: Arc<Record>,
        /** A file for the rows as they come, such as "sweep.jsonl". */ file: Option<Arc<str>> = "none",
    ) -> Value {
        let spans = [call.span_of(0), call.span_of(1)];
        let points = Points::new(&over, spans[1])?;
        let sweep = Sweep { function: &f, points: &points, spans, written: file.is_some() };
        if file.is_some() {
            points.check_writable(spans[1])?;
        }
        if cx.machine().checks() {
            return sweep.check(cx);
        }
        let Some(path) = file else { return sweep.run(cx, None) };
        cx.begin_effect()?;
        let identity = Identity::new(cx, &f, points.names.clone());
        let at = call.span_of(2);
        let run = Log::read(&path, &identity).map_err(Stop::Error).and_then(|log| sweep.run(cx, Some(log)));
        run.map_err(|stop| match stop {
            // Those of the file itself have no place yet; those of a point have one.
            Stop::Error(error) if error.primary.is_none() && error.code != Code::Interrupted => {
                Diagnostic::clone(&error).or_at(at).into()
            }
            Stop::Error(error) => {
                let kept = format!("what is done is in {path}; the same call goes on from there");
                Stop::Error(Box::new(error.note(kept)))
            }
            other => other,
        })
    }

    /// The version of convac, for the records of experiments.
    ///
    /// > type_of(version())
    /// string
    pure fn version(cx, call) -> String {
        Ok(env!("CARGO_PKG_VERSION").to_owned())
    }
}
