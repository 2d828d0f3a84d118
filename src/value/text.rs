//! Values as plain text.

use unicode_width::UnicodeWidthStr;

use super::table::{Cells, table_cells};
use super::{List, Record, Value, as_table, real_text, short_int};

/// The longest text of a list or a record, in characters; what follows is cut.
const TEXT_LIMIT: usize = 4000;
/// The longest one-line form.
const BRIEF_LIMIT: usize = 400;

/// The text of a value that is shown: a table for a table, a picture in words for a network.
pub fn text(value: &Value) -> String {
    match value {
        Value::Object(object) => object.text(),
        Value::List(list) => match as_table(list) {
            Some(table) => table_text(&table),
            None => limited(value, TEXT_LIMIT),
        },
        // At the top level text stands for itself; inside other values it has quotes.
        Value::String(text) => text.to_string(),
        Value::Function(function) => {
            let mut out = function.signature();
            if let Some(doc) = function.doc() {
                for line in doc.trim_end().lines() {
                    out.push_str("\n  ");
                    out.push_str(line.strip_prefix(' ').unwrap_or(line));
                }
            }
            out
        }
        _ => limited(value, TEXT_LIMIT),
    }
}

/// One line, as in string holes: strings without quotes, ints with all their digits, and what is
/// long is cut.
pub fn brief(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Int(i) => i.to_string(),
        other => limited(other, BRIEF_LIMIT),
    }
}

/// One short line for messages and cells: long ints are shortened too.
pub fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().take(BRIEF_LIMIT).collect(),
        other => limited(other, BRIEF_LIMIT),
    }
}

fn limited(value: &Value, limit: usize) -> String {
    let mut out = String::new();
    if !write(value, &mut out, limit) {
        out.push('…');
    }
    out
}

/// Writes a value; stops and gives false beyond the limit. The work is bounded by the limit, not
/// by the size of the value.
fn write(value: &Value, out: &mut String, limit: usize) -> bool {
    if out.len() > limit {
        return false;
    }
    match value {
        Value::None => out.push_str("none"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&short_int(i)),
        Value::Real(x) => out.push_str(&real_text(*x)),
        Value::String(text) => {
            out.push('"');
            let room = limit.saturating_sub(out.len());
            let cut: String = text.chars().take(room + 1).collect();
            out.push_str(&escape(&cut));
            out.push('"');
            return cut.len() == text.len();
        }
        Value::List(list) => return write_list(list, out, limit),
        Value::Record(record) => return write_record(record, out, limit),
        Value::Function(function) => out.push_str(&function.signature()),
        Value::Object(object) => out.push_str(&object.brief()),
        Value::Unknown(types) => out.push_str(&format!("<{types}>")),
    }
    true
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t")
}

fn write_list(list: &List, out: &mut String, limit: usize) -> bool {
    out.push('[');
    for (number, item) in list.iter().enumerate() {
        if number > 0 {
            out.push_str(", ");
        }
        if !write(&item, out, limit) {
            return false;
        }
    }
    out.push(']');
    true
}

fn write_record(record: &Record, out: &mut String, limit: usize) -> bool {
    out.push('{');
    for (number, (name, value)) in record.fields().iter().enumerate() {
        if number > 0 {
            out.push_str(", ");
        }
        out.push_str(name.as_str());
        out.push_str(": ");
        if !write(value, out, limit) {
            return false;
        }
    }
    out.push('}');
    true
}

fn table_text(table: &super::Table<'_>) -> String {
    table_cells(table).to_text()
}

impl Cells {
    /// The widths of the columns.
    pub fn widths(&self) -> Vec<usize> {
        let column = |column: usize| {
            let body = self.rows.iter().map(|row| row.get(column).map_or(0, |c| c.width()));
            body.max().unwrap_or(0).max(self.header[column].width())
        };
        (0..self.header.len()).map(column).collect()
    }

    /// Numbers to the right, all else to the left, and a line below the header.
    pub fn to_text(&self) -> String {
        let widths = self.widths();
        let line = |row: &[String]| {
            let mut out = String::new();
            for (column, cell) in row.iter().enumerate() {
                if column > 0 {
                    out.push_str("  ");
                }
                let pad = " ".repeat(widths[column].saturating_sub(cell.width()));
                if self.numeric[column] {
                    out.push_str(&pad);
                    out.push_str(cell);
                } else {
                    out.push_str(cell);
                    out.push_str(&pad);
                }
            }
            out.trim_end().to_owned()
        };
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        let mut lines = vec![line(&self.header), line(&rule)];
        lines.extend(self.rows.iter().map(|row| line(row)));
        if self.hidden > 0 {
            lines.push(format!("… {} more rows", self.hidden));
        }
        lines.join("\n")
    }
}
