//! Values as HTML: tables as `<table>`, everything else as it is in plain text.

use super::table::table_cells;
use super::{MediaKind, Value, as_table};

/// Makes text safe inside HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Text whose blanks count, as HTML; some exporters have no style for `<pre>`.
pub fn pre(text: &str) -> String {
    format!("<pre style=\"font-family:monospace;line-height:1.35\">{}</pre>", escape(text))
}

/// The HTML of a value, if it has a form of its own. Styles are inline, because notebooks drop
/// style sheets.
pub fn html(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => match object.media(MediaKind::Html)? {
            Ok(super::Media::Text(text)) => Some(text),
            _ => None,
        },
        Value::List(list) => Some(table_html(&as_table(list)?)),
        _ => None,
    }
}

fn table_html(table: &super::Table<'_>) -> String {
    let cells = table_cells(table);
    let align = |column: usize| if cells.numeric[column] { "right" } else { "left" };
    let mut out =
        String::from("<table style=\"border-collapse:collapse;color:inherit\"><thead><tr>");
    for (column, name) in cells.header.iter().enumerate() {
        let style = format!("text-align:{};padding:2px 8px;border-bottom:1px solid", align(column));
        out.push_str(&format!("<th style=\"{style}\">{}</th>", escape(name)));
    }
    out.push_str("</tr></thead><tbody>");
    for row in &cells.rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let style = format!("text-align:{};padding:2px 8px", align(column));
            out.push_str(&format!("<td style=\"{style}\">{}</td>", escape(cell)));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    if cells.hidden > 0 {
        out.push_str(&format!("<p>… {} more rows</p>", cells.hidden));
    }
    out
}

/// Base 64 (RFC 4648) with padding and without newlines.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, i| bits << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for digit in 0..4 {
            let sign = match digit <= chunk.len() {
                true => char::from(DIGITS[bits >> (18 - 6 * digit) & 63]),
                false => '=',
            };
            out.push(sign);
        }
    }
    out
}

/// The bytes of base 64; blanks and newlines in it count for nothing. `None` if it is something else.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 255) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, expected) in vectors.iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), *expected);
            assert_eq!(unbase64(expected).unwrap(), &b"foobar"[..length]);
        }
    }
}
