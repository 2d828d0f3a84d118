//! Lists of equal records as tables.

use super::{List, Value, short, short_real};
use crate::symbol::Symbol;

/// A table: the columns and the rows of a list of equal records.
#[derive(Debug)]
pub struct Table<'v> {
    /// The names of the columns.
    pub columns: Vec<Symbol>,
    /// The rows.
    pub rows: Vec<&'v [(Symbol, Value)]>,
}

/// The list as a table, if it has items and all are records with the same fields in the same
/// order.
pub fn as_table(list: &List) -> Option<Table<'_>> {
    let super::Items::Values(items) = list.items() else { return None };
    let rows: Vec<&[(Symbol, Value)]> = items
        .iter()
        .map(|item| match item {
            Value::Record(record) => Some(record.fields()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let columns: Vec<Symbol> = rows.first()?.iter().map(|(name, _)| *name).collect();
    let same = |row: &&[(Symbol, Value)]| {
        row.len() == columns.len() && row.iter().zip(&columns).all(|((name, _), c)| name == c)
    };
    (!columns.is_empty() && rows.iter().all(same)).then_some(Table { columns, rows })
}

/// Rows shown before and after the gap of a long table.
const SHOWN_ROWS: usize = 40;
/// The longest text of a cell, in characters.
const WIDEST: usize = 48;

/// The cells of a table as they are shown: the header, the rows, and whether each column is
/// numeric (aligned to the right).
#[derive(Clone, Debug)]
pub struct Cells {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// Whether a column holds numbers alone.
    pub numeric: Vec<bool>,
    /// The rows that are left out.
    pub hidden: usize,
}

/// The cells of a table that are shown.
pub fn table_cells(table: &Table<'_>) -> Cells {
    cells(table, SHOWN_ROWS, WIDEST)
}

/// All cells of a table, with their whole texts.
pub fn whole_cells(table: &Table<'_>) -> Cells {
    cells(table, usize::MAX, usize::MAX)
}

fn cells(table: &Table<'_>, most_rows: usize, widest: usize) -> Cells {
    let shown = table.rows.len().min(most_rows);
    let rows = table.rows[..shown]
        .iter()
        .map(|row| row.iter().map(|(_, value)| cell(value, widest)).collect())
        .collect();
    let numeric = (0..table.columns.len())
        .map(|column| {
            table.rows.iter().all(|row| {
                matches!(
                    row.get(column).map(|(_, v)| v),
                    Some(Value::Int(_) | Value::Real(_) | Value::None)
                )
            })
        })
        .collect();
    let header = table.columns.iter().map(|name| name.as_str().to_owned()).collect();
    Cells { header, rows, numeric, hidden: table.rows.len() - shown }
}

fn cell(value: &Value, widest: usize) -> String {
    let text = match value {
        Value::Real(x) => short_real(*x),
        Value::String(text) => text.to_string(),
        Value::None => String::new(),
        other => short(other),
    };
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    if one_line.chars().count() <= widest {
        one_line
    } else {
        one_line.chars().take(widest - 1).chain(std::iter::once('…')).collect()
    }
}
