//! Lines of programs in messages, with the marks below them, in the width of a terminal.

use super::wrap::{width, without_escapes};

/// With less room than this for the program nothing would be gained.
const LEAST: usize = 20;

/// The rows of a program's line that is too long, and of the lines with marks that follow it: what
/// is marked has its marks right below, in every row. Says too how many of the lines were taken;
/// `None` if the first one is no line of a program, or fits.
pub fn rows(lines: &[&str], columns: usize) -> Option<(Vec<String>, usize)> {
    let first = *lines.first()?;
    let plain = without_escapes(first);
    let (number, _) = plain.split_once("│ ")?;
    let is_number = number.trim().parse::<usize>().is_ok();
    let begin = width(number) + 2;
    if !is_number || width(&plain) <= columns || columns < begin + LEAST {
        return None;
    }
    let room = columns - begin;
    let marked: Vec<&str> =
        lines.iter().skip(1).map_while(|line| is_marked(line).then_some(*line)).collect();
    let (mut gutter, mut code) = split(first, begin);
    let mut marks: Vec<Marks> = marked.iter().map(|line| Marks::of(line, begin)).collect();
    let mut rows = Vec::new();
    while !without_escapes(&code).is_empty() {
        let (row, rest) = split(&code, room);
        let taken = width(&without_escapes(&row));
        rows.push(gutter.clone() + &row);
        // A mark may stand behind the end, where something is missing.
        let is_last = without_escapes(&rest).is_empty();
        let taken = if is_last { usize::MAX } else { taken };
        rows.extend(marks.iter_mut().filter_map(|marks| marks.row(taken)));
        gutter = without_digits(&gutter);
        code = rest;
    }
    Some((rows, 1 + marked.len()))
}

/// The marks below one line of a program that are not written yet.
struct Marks {
    gutter: String,
    marks: String,
    message: String,
}

impl Marks {
    fn of(line: &str, begin: usize) -> Self {
        let (gutter, rest) = split(line, begin);
        let plain = without_escapes(&rest);
        let (marks, message) = split(&rest, width(signs(&plain)));
        Self { gutter, marks, message }
    }

    /// The marks in the next columns of the program; what they say stands behind the last one.
    fn row(&mut self, columns: usize) -> Option<String> {
        let (row, rest) = split(&self.marks, columns);
        self.marks = rest;
        let is_empty = without_escapes(&row).trim().is_empty();
        let is_last = without_escapes(&self.marks).trim().is_empty();
        let message =
            if is_last && !is_empty { std::mem::take(&mut self.message) } else { String::new() };
        (!is_empty).then(|| format!("{}{row}{message}", self.gutter))
    }
}

/// Whether marks stand in a line, behind a gutter without a number.
fn is_marked(line: &str) -> bool {
    let plain = without_escapes(line);
    let Some((gutter, marks)) = plain.split_once("│ ") else { return false };
    gutter.trim().is_empty() && signs(marks).contains(['^', '-'])
}

/// The marks that a text begins with, and the blanks before them.
fn signs(text: &str) -> &str {
    let message = text.trim_start_matches([' ', '^', '-']);
    text.get(..text.len() - message.len()).unwrap_or("").trim_end()
}

/// Cuts a line after so many columns; colours go on behind the cut.
fn split(line: &str, columns: usize) -> (String, String) {
    let (mut head, mut active) = (String::new(), String::new());
    let mut wide = 0;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = if c == '\x1b' {
            let length = rest.find('m').map_or(rest.len(), |at| at + 1);
            let escape = rest.get(..length).unwrap_or("");
            if escape == "\x1b[0m" {
                active.clear()
            } else {
                active.push_str(escape)
            }
            length
        } else {
            wide += width(rest.get(..c.len_utf8()).unwrap_or(""));
            if wide > columns {
                break;
            }
            c.len_utf8()
        };
        head.push_str(rest.get(..length).unwrap_or(""));
        rest = rest.get(length..).unwrap_or("");
    }
    if !active.is_empty() {
        head.push_str("\x1b[0m");
    }
    (head, active + rest)
}

/// A gutter without its number.
fn without_digits(gutter: &str) -> String {
    let mut is_escape = false;
    let blank = |c: char| {
        is_escape = c == '\x1b' || (is_escape && c != 'm');
        if c.is_ascii_digit() && !is_escape { ' ' } else { c }
    };
    gutter.chars().map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "1 │ let a = one(two, three) + four";

    #[test]
    fn marks_stand_below_what_they_mark() {
        let marks = "  │                 ^^^^^^^^^^ this";
        let (rows, taken) = rows(&[CODE, marks, "  = hint: none"], 26).unwrap();
        let wanted = [
            "1 │ let a = one(two, three",
            "  │                 ^^^^^^",
            "  │ ) + four",
            "  │ ^^^^ this",
        ];
        assert_eq!((rows, taken), (wanted.map(str::to_owned).to_vec(), 2));
        let (rows, _) =
            super::rows(&[CODE, "  │     ^ here", "  │                               ^"], 26)
                .unwrap();
        assert_eq!(rows[1..], ["  │     ^ here", "  │ ) + four", "  │         ^"]);
    }

    #[test]
    fn colours_go_on() {
        let code = "\x1b[34m1 │ \x1b[0mlet a = one(two, three) + four";
        let marks = "\x1b[34m  │ \x1b[0m                 \x1b[1;31m^^^^^^^^^ this\x1b[0m";
        let (rows, _) = rows(&[code, marks], 26).unwrap();
        assert_eq!(rows[2], "\x1b[34m  │ \x1b[0m) + four");
        assert_eq!(rows[3], "\x1b[34m  │ \x1b[0m\x1b[1;31m^^^^\x1b[0m\x1b[1;31m this\x1b[0m");
    }

    #[test]
    fn what_fits_or_is_no_program_stays() {
        for (line, columns) in [(CODE, 80), (CODE, 20), ("a │ b c d e f g h i j k l m n o", 26)] {
            assert_eq!(rows(&[line], columns), None);
        }
        assert_eq!(rows(&[], 80), None);
    }
}
