//! Text in the width of a terminal: lines end between words.

use std::iter::Peekable;
use std::str::Chars;

use unicode_width::UnicodeWidthChar;

use super::excerpt;

/// A text with its long lines broken at blanks, such that no row is wider than `columns` if its
/// words are not. What goes on below begins under what it belongs to. Escape sequences take no
/// room; lines with drawings in them stay as they are, and lines of programs in messages are broken
/// anywhere, with their marks.
pub fn wrapped(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let lines: Vec<&str> = text.split('\n').collect();
    let mut rest = lines.as_slice();
    while let Some((line, behind)) = rest.split_first() {
        if rest.len() < lines.len() {
            out.push('\n');
        }
        let Some((rows, taken)) = excerpt::rows(rest, columns) else {
            fit(&mut out, line, columns);
            rest = behind;
            continue;
        };
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                out.push('\n');
            }
            fit(&mut out, row, columns);
        }
        rest = &rest[taken..];
    }
    out
}

/// Writes a line, in several rows if it is too wide and can be broken.
fn fit(out: &mut String, line: &str, columns: usize) {
    let plain = without_escapes(line);
    match (width(&plain) > columns).then(|| margin(&plain, columns)).flatten() {
        Some(margin) => wrap(out, line, &margin, columns),
        None => out.push_str(line),
    }
}

/// What the rows begin with in which a line goes on; `None` if the line cannot be broken.
fn margin(line: &str, columns: usize) -> Option<String> {
    let blanks = |count: usize| " ".repeat(count);
    if let Some((gutter, marks)) = line.split_once('│')
        && gutter.chars().all(|c| c == ' ' || c.is_ascii_digit())
    {
        // Marks below a line of a program, and what they say; or the program, which stays.
        let marked = marks.len() - marks.trim_start_matches([' ', '^', '-']).len();
        let has_marks = marks.get(..marked)?.contains(['^', '-']);
        let at = if width(gutter) + 1 + marked <= columns / 2 { marked } else { 1 };
        return has_marks.then(|| format!("{gutter}│{}", blanks(at)));
    }
    if line.chars().any(|c| ('\u{2500}'..='\u{28ff}').contains(&c)) {
        return None;
    }
    let text = line.trim_start();
    let start = line.len() - text.len();
    // `name   what it is`, `= hint: …`, `[1, 2, …`
    let columned = text.find("  ").map(|at| at + text[at..].len() - text[at..].trim_start().len());
    let inner = match columned {
        Some(at) => width(&text[..at]),
        None if text.starts_with("= ") => 2,
        None if text.starts_with(['[', '{', '(']) => 1,
        None => 0,
    };
    Some(blanks(if start + inner <= columns / 2 { start + inner } else { start.min(columns / 2) }))
}

/// Breaks a line at blanks.
fn wrap(out: &mut String, line: &str, margin: &str, columns: usize) {
    let begin = width(margin);
    let mut column = 0;
    let mut chars = line.chars().peekable();
    let mut is_first = true;
    while chars.peek().is_some() {
        let gap = blanks(&mut chars);
        let (word, wide) = word(&mut chars);
        if is_first || column + gap + wide <= columns || column <= begin {
            out.extend(std::iter::repeat_n(' ', gap));
            column += gap;
        } else {
            out.push('\n');
            out.push_str(margin);
            column = begin;
        }
        out.push_str(&word);
        column += wide;
        is_first = false;
    }
}

fn blanks(chars: &mut Peekable<Chars<'_>>) -> usize {
    let mut count = 0;
    while chars.next_if_eq(&' ').is_some() {
        count += 1;
    }
    count
}

/// Up to the next blank: the characters with their escape sequences, and their width.
fn word(chars: &mut Peekable<Chars<'_>>) -> (String, usize) {
    let (mut word, mut wide) = (String::new(), 0);
    while let Some(c) = chars.next_if(|c| *c != ' ') {
        word.push(c);
        if c == '\x1b' {
            for c in chars.by_ref() {
                word.push(c);
                if c == 'm' {
                    break;
                }
            }
        } else {
            wide += c.width().unwrap_or(0);
        }
    }
    (word, wide)
}

pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

pub(super) fn without_escapes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\x1b') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('m').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two three\nfour", 8), "one two\nthree\nfour");
        assert_eq!(wrapped("  one two three", 9), "  one two\n  three");
        assert_eq!(wrapped("incomprehensible a b", 6), "incomprehensible\na b");
        assert_eq!(wrapped("界界 界界 a", 5), "界界\n界界\na");
        assert_eq!(wrapped("[100, 200, 300]", 10), "[100, 200,\n 300]");
        assert_eq!(wrapped("  = hint: go there now", 14), "  = hint: go\n    there now");
        assert_eq!(wrapped("net   a network of layers", 18), "net   a network of\n      layers");
    }

    #[test]
    fn escapes_take_no_room() {
        assert_eq!(wrapped("\x1b[1mone\x1b[0m two", 7), "\x1b[1mone\x1b[0m two");
        assert_eq!(wrapped("\x1b[1mone two\x1b[0m", 5), "\x1b[1mone\ntwo\x1b[0m");
    }

    #[test]
    fn drawings_and_programs_stay() {
        for line in ["1 │ let x = a b c d e f g", "├─ one two three four five"] {
            assert_eq!(wrapped(line, 10), line);
        }
        assert_eq!(wrapped("  │ ^^ this is it", 11), "  │ ^^ this\n  │ is it");
        assert_eq!(wrapped("  │ ^^ this is it now", 15), "  │ ^^ this is\n  │    it now");
    }

    #[test]
    fn nothing_is_lost() {
        let text = "a long line   with  blanks, [lists, of, things] and = signs; then\n\nmore";
        for columns in 1..80 {
            let words = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(words(&wrapped(text, columns)), words(text));
        }
    }
}
