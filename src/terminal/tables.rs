//! Tables in the width of a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::value::{Cells, Table, table_cells};

/// Columns of text are not made narrower than this.
const NARROWEST: usize = 8;
/// Blanks between two columns.
const GAP: usize = 2;

/// A table in at most `width` columns of the terminal: text is shortened first, then columns in
/// the middle are left out, and a last line says how many.
pub fn fitted(table: &Table<'_>, width: usize) -> String {
    let mut cells = table_cells(table);
    shorten(&mut cells, width);
    let all = cells.header.len();
    let left_out = drop_columns(&mut cells, width);
    let mut text = cells.to_text();
    if left_out > 0 {
        text.push_str(&format!("\n… {left_out} of {all} columns left out"));
    }
    text
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Takes from the widest columns of text what does not fit.
fn shorten(cells: &mut Cells, width: usize) {
    loop {
        let widths = cells.widths();
        let over = total(&widths).saturating_sub(width);
        let texts = || (0..widths.len()).filter(|column| !cells.numeric[*column]);
        let widest = texts().max_by_key(|column| widths[*column]);
        let Some(column) = widest.filter(|column| over > 0 && widths[*column] > NARROWEST) else {
            return;
        };
        // Not below the next widest in one step, so that all of them give their share.
        let next = texts().filter(|other| *other != column).map(|other| widths[other]).max();
        let least = widths[column].saturating_sub(over).max(NARROWEST);
        let target = least.max(next.unwrap_or(0).min(widths[column] - 1));
        cut(&mut cells.header[column], target);
        for row in &mut cells.rows {
            if let Some(cell) = row.get_mut(column) {
                cut(cell, target);
            }
        }
    }
}

/// Cuts a text to so many columns, with an ellipsis in the last one.
fn cut(text: &mut String, width: usize) {
    if text.width() <= width {
        return;
    }
    let mut room = width.saturating_sub(1);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        end = at + c.len_utf8();
    }
    text.truncate(end);
    text.push('…');
}

/// Leaves columns in the middle out until the rest fits, and says how many.
fn drop_columns(cells: &mut Cells, width: usize) -> usize {
    let widths = cells.widths();
    let count = widths.len();
    if total(&widths) <= width || count < 3 {
        return 0;
    }
    // As many as fit beside the ellipsis, from both ends in turn.
    let (mut front, mut back) = (1, 0);
    let mut used = widths[0] + GAP + 1;
    while front + back < count {
        let column = if back < front { count - 1 - back } else { front };
        used += widths[column] + GAP;
        if used > width {
            break;
        }
        if back < front { back += 1 } else { front += 1 }
    }
    let left_out = front..count - back;
    let dropped = left_out.len();
    let replace = |row: &mut Vec<String>| {
        if row.len() == count {
            row.splice(left_out.clone(), ["…".to_owned()]);
        }
    };
    replace(&mut cells.header);
    cells.rows.iter_mut().for_each(replace);
    cells.numeric.splice(left_out, [false]);
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::symbol::Symbol;
    use crate::value::{Value, as_table};

    fn table(program: &str, width: usize) -> String {
        let mut session = Session::default();
        let output = std::sync::Arc::new(crate::evaluate::Silent);
        let errors = session.run("test", &format!("let t = {program}"), None, output);
        assert!(errors.is_empty(), "{errors:?}");
        let Some(Value::List(list)) = session.globals().get(Symbol::new("t")).cloned() else {
            panic!("no list");
        };
        fitted(&as_table(&list).unwrap(), width)
    }

    #[test]
    fn what_fits_stays() {
        assert_eq!(table("[{a: 1, b: \"x\"}]", 80), "a  b\n─  ─\n1  x");
    }

    #[test]
    fn texts_are_shortened_before_columns_go() {
        let wide = "[{n: 1, one: \"aaaaaaaaaaaaaaaaaaaa\", two: \"bbbbbbbbbbbbbbb\"}]";
        let text = table(wide, 30);
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.contains("aaaa") && text.contains("bbbb") && !text.contains("left out"));
    }

    #[test]
    fn columns_in_the_middle_go() {
        let wide = "[{a: 111111, b: 222222, c: 333333, d: 444444, e: 555555, f: 666666}]";
        let text = table(wide, 30);
        assert!(text.lines().all(|line| line.width() <= 34), "{text}");
        assert!(text.contains("111111") && text.contains("666666"), "{text}");
        assert!(text.contains("… 3 of 6 columns left out"), "{text}");
        for width in 1..60 {
            table(wide, width);
        }
    }
}
