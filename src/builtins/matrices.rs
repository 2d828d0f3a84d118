//! Matrices of heat maps: from rows of numbers, or from three columns of a table.

use ndarray::Array2;

use super::charts::{Columns, number, type_error};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Stop};
use crate::value::{List, Value, brief, equal};

/// A matrix: rows of numbers, or a table with a column for the rows, the columns and the values.
pub(super) struct Matrix {
    pub values: Array2<f64>,
    pub rows: Option<Vec<String>>,
    pub cols: Option<Vec<String>>,
}

pub(super) fn matrix_of_rows(list: &List, span: Span) -> Eval<Matrix> {
    let mut values = Vec::new();
    let mut width = None;
    for row in list.iter() {
        let Value::List(row) = &row else {
            return Err(type_error(
                "a heat map needs rows of numbers",
                &row,
                span,
                "heatmap([[1, 2], [3, 4]])",
            ));
        };
        if *width.get_or_insert(row.len()) != row.len() {
            return Err(Diagnostic::new(Code::Shape, "the rows of a heat map have equal lengths")
                .at(span, format!("{} and {}", width.unwrap_or(0), row.len()))
                .hint("heatmap([[1, 2], [3, 4]])")
                .into());
        }
        for item in row.iter() {
            values.push(number(&item, span)?);
        }
    }
    let cols = usize::try_from(width.unwrap_or(0)).unwrap_or(0);
    let rows = values.len().checked_div(cols).unwrap_or(0);
    if rows == 0 {
        let error = Diagnostic::new(Code::Domain, "there is nothing to draw");
        return Err(error.at(span, "no values").hint("heatmap([[1, 2], [3, 4]])").into());
    }
    let values = Array2::from_shape_vec((rows, cols), values)
        .map_err(|error| Stop::from(Diagnostic::new(Code::Bug, error.to_string()).at(span, "")))?;
    Ok(Matrix { values, rows: None, cols: None })
}

pub(super) fn matrix_of_table(
    list: &List,
    x: usize,
    y: usize,
    value: usize,
    columns: &Columns,
    span: Span,
) -> Eval<Matrix> {
    let (mut xs, mut ys): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let place = |known: &mut Vec<Value>, item: &Value| -> Eval<usize> {
        for (number, other) in known.iter().enumerate() {
            if equal(other, item)? {
                return Ok(number);
            }
        }
        known.push(item.clone());
        Ok(known.len() - 1)
    };
    let mut cells = Vec::new();
    for row in &columns.rows {
        let get = |column: usize| row.get(column).cloned().unwrap_or(Value::None);
        let cell = (place(&mut ys, &get(y))?, place(&mut xs, &get(x))?);
        cells.push((cell, number(&get(value), span)?));
    }
    let mut values = Array2::from_elem((ys.len(), xs.len()), f64::NAN);
    for (cell, number) in cells {
        if let Some(slot) = values.get_mut(cell) {
            *slot = number;
        }
    }
    debug_assert_eq!(columns.rows.len() as u64, list.len());
    let names = |values: Vec<Value>| Some(values.iter().map(brief).collect());
    Ok(Matrix { values, rows: names(ys), cols: names(xs) })
}
