//! Lists: going through them, choosing, ordering, folding.

use std::cmp::Ordering;
use std::sync::Arc;

use dashu_int::IBig;

use super::arguments::{Key, Number};
use super::datasets::{Sequence, samples};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::evaluate::{Args, Eval, OutsideFunction, Scope, Stop, numbers_add, numbers_divide};
use crate::symbol::Symbol;
use crate::value::{Failure, Function, Heap, Items, List, TypeSet, Value, compare, equal};

/// Lists of which a check goes through all items; of longer ones it tries the first.
const CHECKED_ITEMS: u64 = 32;

/// The values of a function at the items of a list. While checking, a long list gives `None`
/// after the first item.
fn images(
    cx: &Scope<'_>,
    list: &List,
    function: &Arc<dyn Function>,
    span: Span,
) -> Eval<Option<Heap<Value>>> {
    let checked = cx.machine().checks() && list.len() > CHECKED_ITEMS;
    let mut out = Heap::default();
    if function.as_any().is::<OutsideFunction>() && !cx.machine().checks() {
        let items = collect(cx, list)?;
        for batch in items.chunks(super::networks::BATCH) {
            let calls = batch.iter().map(|item| vec![item.clone()]).collect();
            for image in cx.call_each(function, calls, span)? {
                out.push(image);
            }
        }
        return Ok(Some(out));
    }
    for item in list.iter() {
        cx.check_interrupt()?;
        out.push(cx.call_function(function, vec![item], span)?);
        if checked {
            return Ok(None);
        }
        if out.len() as u64 > crate::value::LIST_LIMIT {
            return Ok(Some(list.to_vec()?.into()));
        }
    }
    let unknown = cx.machine().checks() && out.iter().any(Value::has_unknown);
    Ok(if unknown { None } else { Some(out) })
}

/// The items of a list, written out; a stop by the user ends it.
fn collect(cx: &Scope<'_>, list: &List) -> Eval<Heap<Value>> {
    if list.len() > crate::value::LIST_LIMIT {
        // Says that it is too long.
        return Ok(list.to_vec()?.into());
    }
    let mut out = Heap::from(Vec::with_capacity(usize::try_from(list.len()).unwrap_or(0)));
    for (number, item) in list.iter().enumerate() {
        if number % 4096 == 0 {
            cx.check_interrupt()?;
        }
        out.push(item);
    }
    Ok(out)
}

/// An order of all values that can be compared; what has no place in it, a NaN, comes last.
fn in_order(a: &Value, b: &Value) -> Result<Ordering, Failure> {
    if let Some(order) = compare(a, b)? {
        return Ok(order);
    }
    let is_nowhere = |value: &Value| compare(value, value).map(|order| order.is_none());
    Ok(is_nowhere(a)?.cmp(&is_nowhere(b)?))
}

fn truth(value: &Value, span: Span) -> Eval<bool> {
    match value {
        Value::Bool(b) => Ok(*b),
        other => {
            let found = other.type_of().with_article();
            Err(Diagnostic::new(Code::Type, "the function must give true or false")
                .at(span, format!("it gives {found}"))
                .hint("filter(xs, x -> x > 0)")
                .into())
        }
    }
}

/// What a key gives for each item: a field of a record or the value of a function.
pub(super) fn keys_of(
    cx: &Scope<'_>,
    list: &List,
    key: &Key,
    span: Span,
) -> Eval<Option<Heap<Value>>> {
    match key {
        Key::Function(function) => images(cx, list, function, span),
        Key::Column(name) => {
            let symbol = Symbol::new(name);
            let field = |item: &Value| match item {
                Value::Record(record) => record.get(symbol).cloned().ok_or_else(|| {
                    let names = record.fields().iter().map(|(name, _)| name.as_str());
                    no_column(name, names.collect(), span)
                }),
                other => {
                    let found = other.type_of().with_article();
                    Err(Diagnostic::new(Code::Type, "only records have columns")
                        .at(span, format!("an item is {found}"))
                        .hint("sort(xs, by = x -> x)")
                        .into())
                }
            };
            let mut column = Heap::default();
            for item in list.iter() {
                cx.check_interrupt()?;
                column.push(field(&item)?);
            }
            Ok(Some(column))
        }
    }
}

/// The error for a column that a table does not have.
pub(super) fn no_column(name: &str, columns: Vec<&str>, span: Span) -> Stop {
    let list = columns.join(", ");
    let error = Diagnostic::new(Code::Name, format!("the table has no column `{name}`"))
        .at(span, format!("it has {list}"));
    match did_you_mean(name, columns.iter().copied()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error.hint(format!("\"{}\"", columns.first().unwrap_or(&"x"))),
    }
    .into()
}

fn empty(what: &str, span: Span) -> Stop {
    Diagnostic::new(Code::Domain, format!("an empty list has no {what}"))
        .at(span, "")
        .hint(format!("if len(xs) > 0 then {what}(xs) else 0"))
        .into()
}

/// The smallest (`Less`) or largest (`Greater`) of a list, or of two values.
fn extreme(call: &Args, x: Value, y: Value, wanted: Ordering, what: &str) -> Eval<Value> {
    let items: Vec<Value> = match (&x, &y) {
        (Value::List(list), Value::None) => match list.items() {
            Items::Range { first, count } if *count > 0 => {
                let last = first + IBig::from(count - 1);
                return Ok(Value::Int(if wanted == Ordering::Less { first.clone() } else { last }));
            }
            _ => list.to_vec()?,
        },
        (_, Value::None) => {
            return Err(Diagnostic::new(Code::Call, format!("`{what}` of one value"))
                .at(call.span, "a list or two values are wanted")
                .hint(format!("{what}(a, b), {what}(xs)"))
                .into());
        }
        _ => vec![x, y],
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else { return Err(empty(what, call.span)) };
    for item in items {
        match compare(&item, &best)? {
            Some(order) if order == wanted => best = item,
            Some(_) => {}
            // A NaN is neither: the answer is undefined, and says so.
            None => return Ok(Value::Real(f64::NAN)),
        }
    }
    Ok(best)
}

fn sum_of(cx: &Scope<'_>, list: &List) -> Eval<Value> {
    if let Items::Range { first, count } = list.items() {
        let count = IBig::from(*count);
        return Ok(Value::Int(first * &count + &count * (&count - IBig::ONE) / IBig::from(2)));
    }
    // Reals are summed up with compensation (Neumaier), so that the order of magnitude of the
    // items does not spoil the result.
    let (mut ints, mut reals, mut lost, mut any_real) = (Value::int(0), 0.0_f64, 0.0_f64, false);
    for item in list.iter() {
        cx.check_interrupt()?;
        if let Value::Real(x) = item {
            any_real = true;
            let total = reals + x;
            lost += if reals.abs() >= x.abs() { (reals - total) + x } else { (x - total) + reals };
            reals = total;
        } else {
            ints = numbers_add(&ints, &item)?;
        }
    }
    if !any_real {
        return Ok(ints);
    }
    let total = if reals.is_finite() { reals + lost } else { reals };
    Ok(numbers_add(&ints, &Value::Real(total))?)
}

builtins! { LISTS "Lists and tables":
    /// How many items a list has, or characters a string, or fields a record.
    ///
    /// > len([3, 1, 2])
    /// 3
    pure fn len(cx, call; /** A list, a string or a record. */ x: Value) -> u64 {
        match &x {
            Value::List(list) => Ok(list.len()),
            Value::String(text) => Ok(text.chars().count() as u64),
            Value::Record(record) => Ok(record.fields().len() as u64),
            other => {
                let found = other.type_of().with_article();
                Err(Diagnostic::new(Code::Type, format!("{found} has no length"))
                    .at(call.span_of(0), "")
                    .hint("len([1, 2, 3])")
                    .into())
            }
        }
    }

    /// The values of a function at each item, in order.
    ///
    /// A comprehension `[f(x) for x in xs]` does the same in parallel.
    ///
    /// > [1, 2, 3] |> map(x -> x^2)
    /// [1, 4, 9]
    pure fn map(cx, call; /** A list. */ xs: Arc<List>, /** A function of an item. */ f: Arc<dyn Function>) -> Value {
        match images(cx, &xs, &f, call.span)? {
            Some(values) => Ok(Value::list(values.into_vec())?),
            None => Ok(Value::Unknown(TypeSet::LIST)),
        }
    }

    /// The items for which a function is true.
    ///
    /// > 1..6 |> filter(x -> x mod 2 == 0)
    /// [2, 4, 6]
    pure fn filter(cx, call; /** A list. */ xs: Arc<List>, /** A function that gives true or false. */ f: Arc<dyn Function>) -> Value {
        let Some(keep) = images(cx, &xs, &f, call.span)? else {
            return Ok(Value::Unknown(TypeSet::LIST));
        };
        let mut out = Heap::default();
        for (item, keep) in xs.iter().zip(keep.iter()) {
            if truth(keep, call.span_of(1))? {
                out.push(item);
            }
        }
        Ok(Value::list(out.into_vec())?)
    }

    /// The items from the smallest to the largest; equal ones keep their order.
    ///
    /// Rows of a table are ordered by a column, other items by the value of a function.
    ///
    /// > sort([3, 1, 2], down = true)
    /// [3, 2, 1]
    ///
    /// > sort([{r: 2}, {r: 1}], by = "r").r
    /// [1, 2]
    pure fn sort(
        cx, call;
        /** A list. */ xs: Arc<List>,
        /** A column, or a function of an item. */ by: Option<Key> = "none",
        /** From the largest to the smallest. */ down: bool = "false",
    ) -> Value {
        let mut items = collect(cx, &xs)?;
        let mut keys = match by {
            None => items.clone().into(),
            Some(key) => match keys_of(cx, &xs, &key, call.span_of(1))? {
                Some(keys) => keys,
                None => return Ok(Value::Unknown(TypeSet::LIST)),
            },
        };
        let mut pairs = Heap::from(Vec::with_capacity(items.len()));
        for (key, item) in keys.iter_mut().zip(items.iter_mut()) {
            cx.check_interrupt()?;
            let taken = |value: &mut Value| std::mem::replace(value, Value::None);
            pairs.push((taken(key), taken(item)));
        }
        let mut failed = None;
        let mut steps = 0_u32;
        // A sort can only be left by unwinding; the pairs are in some order then, all of them.
        let give_up = || -> ! { std::panic::resume_unwind(Box::new("the sort ends")) };
        let sorted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pairs.sort_by(|(a, _), (b, _)| {
                steps = steps.wrapping_add(1);
                if steps.is_multiple_of(4096) && cx.check_interrupt().is_err() {
                    give_up();
                }
                let order = in_order(a, b).unwrap_or_else(|failure| {
                    failed = Some(failure);
                    give_up()
                });
                if down { order.reverse() } else { order }
            });
        }));
        if let Some(failure) = failed {
            return Err(Stop::Error(failure));
        }
        cx.check_interrupt()?;
        if let Err(defect) = sorted {
            std::panic::resume_unwind(defect);
        }
        Ok(Value::list(pairs.into_vec().into_iter().map(|(_, item)| item).collect())?)
    }

    /// The items from the last to the first.
    ///
    /// > reverse([1, 2, 3])
    /// [3, 2, 1]
    pure fn reverse(cx, call; /** A list. */ xs: Arc<List>) -> Value {
        let mut items = collect(cx, &xs)?;
        items.reverse();
        Ok(Value::list(items.into_vec())?)
    }

    /// The first items of a list, or samples of a data set.
    ///
    /// > take(1..10, 3)
    /// [1, 2, 3]
    ///
    /// > take(digits(), 100).samples
    /// 100
    pure fn take(cx, call; /** A list or a data set. */ xs: Sequence, /** How many at the most. */ count: u64) -> Value {
        let xs = match xs {
            Sequence::List(list) => list,
            Sequence::Data(data) => return samples(cx, call, &data, 0..count),
        };
        let count = count.min(xs.len());
        if let Items::Range { first, .. } = xs.items() {
            return Ok(Value::List(Arc::new(List::range(first.clone(), count))));
        }
        Ok(Value::list(xs.iter().take(usize::try_from(count).unwrap_or(usize::MAX)).collect())?)
    }

    /// The items of a list, or samples of a data set, behind the first ones.
    ///
    /// > drop([1, 2, 3, 4], 3)
    /// [4]
    pure fn drop(cx, call; /** A list or a data set. */ xs: Sequence, /** How many to leave out. */ count: u64) -> Value {
        let xs = match xs {
            Sequence::List(list) => list,
            Sequence::Data(data) => return samples(cx, call, &data, count..u64::MAX),
        };
        if let Items::Range { first, count: length } = xs.items() {
            let count = count.min(*length);
            return Ok(Value::List(Arc::new(List::range(first + IBig::from(count), length - count))));
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Value::list(xs.iter().skip(count).collect())?)
    }

    /// The sum of a list of numbers; exact for ints.
    ///
    /// > sum(1..100)
    /// 5050
    pure fn sum(cx, call; /** A list of numbers. */ xs: Arc<List>) -> Number {
        match sum_of(cx, &xs)? {
            Value::Int(i) => Ok(Number::Int(i)),
            Value::Real(x) => Ok(Number::Real(x)),
            _ => Ok(Number::Real(f64::NAN)),
        }
    }

    /// The product of a list of numbers; exact for ints.
    ///
    /// > product(1..5)
    /// 120
    pure fn product(cx, call; /** A list of numbers. */ xs: Arc<List>) -> Value {
        let mut total = Value::int(1);
        for item in xs.iter() {
            cx.check_interrupt()?;
            total = crate::evaluate::numbers_multiply(&total, &item)?;
        }
        Ok(total)
    }

    /// The mean of a list of numbers.
    ///
    /// > mean([1, 2, 3, 4])
    /// 2.5
    pure fn mean(cx, call; /** A list of numbers, not empty. */ xs: Arc<List>) -> f64 {
        if xs.is_empty() {
            return Err(empty("mean", call.span_of(0)));
        }
        match numbers_divide(&sum_of(cx, &xs)?, &Value::int(xs.len()))? {
            Value::Real(x) => Ok(x),
            _ => Ok(f64::NAN),
        }
    }

    /// The smallest of a list, or of two values.
    ///
    /// > min(3, 2.5)
    /// 2.5
    pure fn min(cx, call; /** A list, or a value. */ x: Value, /** The other value. */ y: Value = "none") -> Value {
        extreme(call, x, y, Ordering::Less, "min")
    }

    /// The largest of a list, or of two values.
    ///
    /// > max([3, 1, 2])
    /// 3
    pure fn max(cx, call; /** A list, or a value. */ x: Value, /** The other value. */ y: Value = "none") -> Value {
        extreme(call, x, y, Ordering::Greater, "max")
    }

    /// Pairs of the items of two lists; the longer one is cut.
    ///
    /// > [a * b for a, b in zip([1, 2], [3, 4])]
    /// [3, 8]
    pure fn zip(cx, call; /** A list. */ xs: Arc<List>, /** A list. */ ys: Arc<List>) -> Vec<Value> {
        xs.iter().zip(ys.iter()).take(LIMIT).map(|(a, b)| Ok(Value::list(vec![a, b])?)).collect()
    }

    /// Pairs of an index from 0 and an item.
    ///
    /// > enumerate(["a", "b"])
    /// [[0, "a"], [1, "b"]]
    pure fn enumerate(cx, call; /** A list. */ xs: Arc<List>) -> Vec<Value> {
        let pair = |(i, x): (usize, Value)| Ok(Value::list(vec![Value::int(i), x])?);
        xs.iter().take(LIMIT).enumerate().map(pair).collect()
    }

    /// Numbers from `start` to `stop`, both included, in equal steps.
    ///
    /// `a..b` is the short form for steps of 1.
    ///
    /// > range(0, 10, step = 5)
    /// [0, 5, 10]
    ///
    /// > range(1, 0, step = -0.5)
    /// [1.0, 0.5, 0.0]
    pure fn range(
        cx, call;
        /** The first number. */ start: Number,
        /** The last number at the most. */ stop: Number,
        /** The step; not 0. */ step: Number = "1",
    ) -> Value {
        range_of(&start, &stop, &step, call)
    }

    /// Joins all items into one value, from left to right.
    ///
    /// > reduce([1, 2, 3], (a, b) -> a + b, start = 10)
    /// 16
    pure fn reduce(
        cx, call;
        /** A list. */ xs: Arc<List>,
        /** A function of what is joined so far and the next item. */ f: Arc<dyn Function>,
        /** The value before the first item; the first item if it is none. */ start: Value = "none",
    ) -> Value {
        let mut items = xs.iter();
        let mut total = match start {
            Value::None => match items.next() {
                Some(first) => first,
                None => {
                    return Err(Diagnostic::new(Code::Domain, "an empty list has nothing to join")
                        .at(call.span_of(0), "")
                        .hint("reduce(xs, (a, b) -> a + b, start = 0)")
                        .into());
                }
            },
            start => start,
        };
        for item in items {
            cx.check_interrupt()?;
            total = cx.call_function(&f, vec![total, item], call.span)?;
            if cx.machine().checks() && total.has_unknown() {
                return Ok(Value::Unknown(TypeSet::ANY));
            }
        }
        Ok(total)
    }

    /// Whether at least one item is true, or makes a function true.
    ///
    /// > any([1, 5], x -> x > 3)
    /// true
    pure fn any(cx, call; /** A list. */ xs: Arc<List>, /** A function of an item. */ f: Option<Arc<dyn Function>> = "none") -> Value {
        quantify(cx, call, &xs, f.as_ref(), true)
    }

    /// Whether all items are true, or make a function true.
    ///
    /// > all([1, 5], x -> x > 3)
    /// false
    pure fn all(cx, call; /** A list. */ xs: Arc<List>, /** A function of an item. */ f: Option<Arc<dyn Function>> = "none") -> Value {
        quantify(cx, call, &xs, f.as_ref(), false)
    }

    /// The items of the lists in a list; other items stay.
    ///
    /// > flatten([[1, 2], 3, [4]])
    /// [1, 2, 3, 4]
    pure fn flatten(cx, call; /** A list. */ xs: Arc<List>) -> Vec<Value> {
        let mut out = Vec::new();
        for item in xs.iter() {
            cx.check_interrupt()?;
            match item {
                Value::List(inner) => out.extend(inner.iter().take(LIMIT + 1 - out.len().min(LIMIT))),
                other => out.push(other),
            }
            if out.len() > LIMIT {
                break;
            }
        }
        Ok(out)
    }

    /// The items without repetitions, each where it first stands.
    ///
    /// > unique([2, 1, 2])
    /// [2, 1]
    pure fn unique(cx, call; /** A list. */ xs: Arc<List>) -> Vec<Value> {
        let mut out: Vec<Value> = Vec::new();
        for item in xs.iter() {
            cx.check_interrupt()?;
            let mut seen = false;
            for earlier in &out {
                if equal(earlier, &item)? {
                    seen = true;
                    break;
                }
            }
            if !seen {
                out.push(item);
            }
        }
        Ok(out)
    }
}

#[allow(clippy::cast_possible_truncation)]
const LIMIT: usize = crate::value::LIST_LIMIT as usize;

fn quantify(
    cx: &Scope<'_>,
    call: &Args,
    xs: &List,
    f: Option<&Arc<dyn Function>>,
    decisive: bool,
) -> Eval<Value> {
    for item in xs.iter() {
        cx.check_interrupt()?;
        let value = match f {
            Some(f) => cx.call_function(f, vec![item], call.span)?,
            None => item,
        };
        if cx.machine().checks() && value.has_unknown() {
            return Ok(Value::unknown(crate::value::Type::Bool));
        }
        if truth(&value, call.span)? == decisive {
            return Ok(Value::Bool(decisive));
        }
    }
    Ok(Value::Bool(!decisive))
}

fn range_of(start: &Number, stop: &Number, step: &Number, call: &Args) -> Eval<Value> {
    if step.to_f64() == 0.0 || !step.to_f64().is_finite() {
        let error = Diagnostic::new(Code::Domain, "the step of a range is not 0");
        return Err(error.at(call.span_of(2), "").hint("range(0, 10, step = 2)").into());
    }
    if let (Number::Int(a), Number::Int(b), Number::Int(s)) = (start, stop, step) {
        let count = (b - a) / s;
        let count = if (b - a) * s < IBig::ZERO { IBig::ZERO } else { count + 1 };
        let count = u64::try_from(&count).unwrap_or(u64::MAX);
        if *s == IBig::ONE {
            return Ok(Value::List(Arc::new(List::range(a.clone(), count))));
        }
        check_length(count, call)?;
        return Ok(Value::list((0..count).map(|i| Value::Int(a + s * IBig::from(i))).collect())?);
    }
    let (a, b, s) = (start.to_f64(), stop.to_f64(), step.to_f64());
    // A tenth of a billionth of a step is forgiven, so that 0, 0.1, …, 1 ends with 1.
    let count = ((b - a) / s + 1e-10).floor() + 1.0;
    if !count.is_finite() {
        check_length(u64::MAX, call)?;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = count.max(0.0) as u64;
    check_length(count, call)?;
    #[allow(clippy::cast_precision_loss)]
    Ok(Value::list((0..count).map(|i| Value::Real(a + s * i as f64)).collect())?)
}

fn check_length(count: u64, call: &Args) -> Eval<()> {
    if count <= crate::value::LIST_LIMIT {
        return Ok(());
    }
    let error = Diagnostic::new(Code::Resource, "the range is too long");
    Err(error.at(call.span, "").hint("range(0, 1000, step = 2)").into())
}
