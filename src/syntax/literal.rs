//! The values of literals.

use dashu_int::IBig;

/// The value of digits with `_` between them.
pub(super) fn int(text: &str) -> Option<IBig> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    digits.parse().ok()
}

/// The value of a real, or `None` if it is beyond the range of f64.
pub(super) fn real(text: &str) -> Option<f64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    digits.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Resolves the escapes of a string, or gives the bytes of one that means nothing.
pub(super) fn unescape(text: &str) -> Result<String, std::ops::Range<usize>> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some((next_at, next)) = chars.next() else { return Err(at..text.len()) };
        match next {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '"' | '\\' | '{' | '}' => out.push(next),
            'u' => {
                let rest = &text[next_at + 1..];
                let scalar = rest.strip_prefix('{').and_then(|r| r.split_once('}')).and_then(
                    |(digits, _)| {
                        let value = u32::from_str_radix(digits, 16).ok()?;
                        Some((char::from_u32(value)?, digits.len() + 2))
                    },
                );
                let Some((scalar, length)) = scalar else { return Err(at..next_at + 1) };
                out.push(scalar);
                for _ in 0..length {
                    chars.next();
                }
            }
            _ => return Err(at..next_at + next.len_utf8()),
        }
    }
    Ok(out)
}

/// Writes text as the inside of a string literal.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_round_trip() {
        for text in ["", "a\"b", "{x}", "tab\tline\nback\\", "é\u{1}α₁"] {
            assert_eq!(unescape(&escape(text)).as_deref(), Ok(text));
        }
        assert_eq!(unescape(r"\u{3b1}x").as_deref(), Ok("αx"));
        assert_eq!(unescape(r"ab\qc"), Err(2..4));
        assert_eq!(unescape(r"\u{110000}"), Err(0..2));
    }
}
