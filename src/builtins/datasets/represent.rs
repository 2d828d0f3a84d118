//! Representation functions that a program gives, as a view of a data set.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::super::networks::BATCH;
use super::super::table_macro::builtins;
use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::data::Vectors;
use crate::value::{Function, Value, int_to_f64, short};

/// How many different numbers a data set may hold: each has a vector in memory.
const MOST: usize = 1 << 22;

/// The different numbers of a data set, in ascending order.
fn numbers(cx: &Scope<'_>, call: &Args, data: &DatasetValue) -> Eval<Vec<f64>> {
    let mut found: FxHashSet<u64> = FxHashSet::default();
    for row in data.data.rows() {
        cx.check_interrupt()?;
        let row = row.map_err(|error| explain(cx, call, &error))?;
        found.extend(row.iter().map(|number| number.to_bits()));
        if found.len() > MOST {
            let message =
                format!("more than {MOST} different numbers cannot be represented one by one");
            let error = Diagnostic::new(Code::Resource, message).at(call.span_of(0), "");
            return Err(error.hint("input(64, dim = 4, features = \"cos_sin\")").into());
        }
    }
    let mut numbers: Vec<f64> = found.into_iter().map(f64::from_bits).collect();
    numbers.sort_by(f64::total_cmp);
    Ok(numbers)
}

/// The entries of a vector that a function gave.
fn entries(value: &Value) -> Option<Vec<f64>> {
    let Value::List(list) = value else { return None };
    let entry = |value: Value| match value {
        Value::Real(real) => Some(real),
        Value::Int(int) => Some(int_to_f64(&int)),
        _ => None,
    };
    list.iter()
        .map(entry)
        .collect::<Option<Vec<f64>>>()
        .filter(|entries| !entries.is_empty() && entries.iter().all(|entry| entry.is_finite()))
}

builtins! { REPRESENT "Data":
    /// A representation layer: the number `x` of every site becomes the vector `f(x)`.
    ///
    /// The functions f_1 .. f_M of arXiv 1704.01552, section 2, where none of `input`'s own will do: `f`
    /// gives a list of M numbers, and a network takes the samples by `input(…, dim = M)`. It is called
    /// once for each different number, with all of them at once if it is a function of a Rust cell
    /// (`rust_fn`). A sample of the view has M numbers for each site, one site after the other.
    ///
    /// > represent(dataset([[0, 1], [0.5, 1]]), x -> [1 - x, x]).values
    /// [[1.0, 0.0, 0.0, 1.0], [0.5, 0.5, 0.0, 1.0]]
    heavy fn represent(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** Takes a number, gives a list of numbers. */ f: Arc<dyn Function>,
    ) -> DatasetValue {
        let numbers = numbers(cx, call, &data)?;
        let (mut vectors, mut length) = (Vec::new(), None);
        for batch in numbers.chunks(BATCH) {
            let calls = batch.iter().map(|number| vec![Value::Real(*number)]).collect();
            for (number, image) in batch.iter().zip(cx.call_each(&f, calls, call.span_of(1))?) {
                let vector = entries(&image);
                let wanted = *length.get_or_insert(vector.as_ref().map_or(0, Vec::len));
                let Some(vector) = vector.filter(|vector| vector.len() == wanted) else {
                    let wanted = if wanted == 0 { "finite".into() } else { format!("{wanted} finite") };
                    let message = format!("f({number}) is {}, not a list of {wanted} numbers", short(&image));
                    let error = Diagnostic::new(Code::Domain, message).at(call.span_of(1), "");
                    return Err(error.hint("x -> [1 - x, x]").into());
                };
                vectors.extend(vector);
            }
        }
        let length = length.unwrap_or(0);
        let Some(vectors) = Vectors::new(&numbers, length, vectors) else {
            let error = Diagnostic::new(Code::Bug, "vectors of several lengths").at(call.span, "");
            return Err(error.into());
        };
        let data = data.data.represented(vectors).map_err(|error| explain(cx, call, &error))?;
        Ok(DatasetValue { data })
    }
}
