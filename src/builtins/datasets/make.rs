//! Data sets from lists and tables, and the one that comes with the program.

use std::sync::Arc;

use super::super::arguments::Answer;
use super::super::layers::ShapeArg;
use super::super::table_macro::builtins;
use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::data::LABEL_LIMIT;
use crate::learn::{self, DataError, Dataset};
use crate::network::Shape;
use crate::symbol::Symbol;
use crate::value::{FromValue, List, Value, as_table, int_to_f64};

/// A number of a sample; `none` is a number that is missing.
fn number(value: &Value, span: Span) -> Eval<f64> {
    match value {
        Value::Int(i) => Ok(int_to_f64(i)),
        Value::Real(x) => Ok(*x),
        Value::None => Ok(f64::NAN),
        other => {
            let found = other.type_of().with_article();
            Err(Diagnostic::new(Code::Type, "a sample is made of numbers")
                .at(span, format!("here is {found}"))
                .hint("dataset([[0, 1], [1, 0]])")
                .into())
        }
    }
}

/// The numbers of a sample: in a list, or in the lists of rows.
fn flatten(value: &Value, span: Span, out: &mut Vec<f64>, deep: u32) -> Eval<()> {
    match value {
        Value::List(list) if deep > 0 => {
            for item in list.iter() {
                flatten(&item, span, out, deep - 1)?;
            }
            Ok(())
        }
        other => {
            out.push(number(other, span)?);
            Ok(())
        }
    }
}

/// Samples, and a label for each.
type Table = (Vec<Vec<f64>>, Option<Vec<u32>>);

/// A value as a label.
pub(super) fn label_of(value: &Value, span: Span) -> Eval<u32> {
    let shown = crate::value::short(value);
    u64::from_value(value.clone())
        .ok()
        .and_then(|label| u32::try_from(label).ok())
        .filter(|label| *label <= LABEL_LIMIT)
        .ok_or_else(|| {
            let message = if shown.starts_with(|digit: char| digit.is_ascii_digit()) {
                format!("a label is an int from 0 to {LABEL_LIMIT}, not {shown}")
            } else {
                format!("a label is an int from 0, not {shown}")
            };
            Diagnostic::new(Code::Domain, message).at(span, "").hint("labels = [0, 1, 1, 0]").into()
        })
}

/// The labels of an argument `labels`, the second one: a list, or none.
pub(super) fn labels_of(call: &Args, labels: &Value) -> Eval<Option<Vec<u32>>> {
    let span = call.span_of(1);
    match labels {
        Value::None => Ok(None),
        Value::List(list) => {
            list.iter().map(|value| label_of(&value, span)).collect::<Eval<_>>().map(Some)
        }
        other => {
            let found = other.type_of().with_article();
            Err(Diagnostic::new(
                Code::Type,
                "labels are a list, or the name of a column of a table",
            )
            .at(span, format!("this is {found}"))
            .hint("labels = [0, 1, 1, 0]")
            .into())
        }
    }
}

/// The samples and labels of a list of samples, or of a table with a column of labels.
fn samples_of(cx: &Scope<'_>, call: &Args, samples: &Arc<List>, labels: &Value) -> Eval<Table> {
    let (at, of_labels) = (call.span_of(0), call.span_of(1));
    let label = |value: &Value| label_of(value, of_labels);
    let mut rows = Vec::new();
    if let Some(table) = as_table(samples) {
        let name = match labels {
            Value::String(name) => Some(Symbol::new(name)),
            _ => None,
        };
        if let Some(name) = name
            && !table.columns.contains(&name)
        {
            let names = table.columns.iter().map(|name| name.as_str()).collect();
            return Err(super::super::lists::no_column(name.as_str(), names, of_labels));
        }
        let mut found = Vec::new();
        for row in &table.rows {
            cx.check_interrupt()?;
            let mut values = Vec::new();
            for (column, value) in row.iter() {
                if Some(*column) == name {
                    found.push(label(value)?);
                } else {
                    values.push(number(value, at)?);
                }
            }
            rows.push(values);
        }
        if name.is_some() {
            return Ok((rows, Some(found)));
        }
    } else {
        for item in samples.iter() {
            cx.check_interrupt()?;
            let Value::List(_) = item else {
                let found = item.type_of().with_article();
                return Err(Diagnostic::new(Code::Type, "a sample is a list of numbers")
                    .at(at, format!("an item is {found}"))
                    .hint("dataset([[0, 1], [1, 0]])")
                    .into());
            };
            let mut values = Vec::new();
            flatten(&item, at, &mut values, 2)?;
            rows.push(values);
        }
    }
    let labels = labels_of(call, labels)?;
    Ok((rows, labels))
}

builtins! { MADE "Data":
    /// A data set: samples with a number for every site, and perhaps labels.
    ///
    /// `samples` is a list of samples, each a list of numbers (or of rows of numbers, for a grid), or a
    /// table with a row for each sample; then `labels` may name its column of labels. Without `shape` the
    /// sites are a chain, or the grid of the rows.
    ///
    /// > dataset([[0, 1, 1, 0], [1, 0, 0, 1]], labels = [0, 1])
    /// 2 samples of 4, 2 classes
    ///   values from 0 to 1
    pure fn dataset(
        cx, call;
        /** Lists of numbers, lists of rows, or a table. */ samples: Arc<List>,
        /** An int from 0 for each sample, or the name of a column. */ labels: Value = "none",
        /** 64 or 8x8. */ shape: Option<ShapeArg> = "none",
    ) -> Answer<DatasetValue> {
        if samples.has_unknown() || labels.has_unknown() {
            return Ok(Answer(None));
        }
        let (rows, labels) = samples_of(cx, call, &samples, &labels)?;
        let sites = rows.first().map_or(0, Vec::len);
        let height = match samples.get(0) {
            Some(Value::List(first)) if matches!(first.get(0), Some(Value::List(_))) => Some(first.len()),
            _ => None,
        };
        let shape = match (shape, height) {
            (Some(shape), _) => shape.0,
            (None, Some(height)) if height > 0 => {
                Shape::Grid { rows: height, cols: sites as u64 / height }
            }
            _ => Shape::Chain(sites as u64),
        };
        let wrong = rows.iter().position(|row| row.len() as u64 != shape.sites());
        if let (Some(sample), false) = (wrong, rows.is_empty()) {
            let found = rows.get(sample).map_or(0, Vec::len);
            let error = DataError::Length { sample, found, sites: shape.sites() };
            return Err(explain(cx, call, &error));
        }
        let values: Vec<f64> = rows.into_iter().flatten().collect();
        let data = Dataset::new(shape, values, labels).map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data })))
    }

    /// The 1,797 handwritten digits of 8x8 pixels that come with the program; values from 0 to 1.
    ///
    /// E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    /// Repository, 1998 (https://doi.org/10.24432/C50P49), licence CC BY 4.0; values divided by 16.
    ///
    /// > digits().classes
    /// 10
    pure fn digits(cx, call) -> Answer<DatasetValue> {
        if cx.machine().checks() {
            return Ok(Answer(None));
        }
        let data = learn::digits().map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data })))
    }
}
