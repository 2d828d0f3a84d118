//! Strings.

use std::sync::Arc;

use super::arguments::Number;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::{List, Value, brief};

builtins! { STRINGS "Strings":
    /// A value as text, as `"{x}"` writes it.
    ///
    /// > string(2^10) + "!"
    /// 1024!
    pure fn string(cx, call; /** Any value. */ x: Value) -> String { Ok(brief(&x)) }

    /// A number with so many digits after the point.
    ///
    /// > fixed(2.0 / 3, digits = 3)
    /// 0.667
    pure fn fixed(cx, call; /** A number. */ x: Number, /** Places after the point, at most 300. */ digits: u64 = "2") -> String {
        let Ok(digits @ 0..=300) = usize::try_from(digits) else {
            let error = Diagnostic::new(Code::Domain, "more than 300 places after the point");
            return Err(error.at(call.span_of(1), "").hint("fixed(x, digits = 15)").into());
        };
        Ok(match x {
            Number::Real(x) => format!("{x:.digits$}"),
            Number::Int(i) if digits == 0 => i.to_string(),
            Number::Int(i) => format!("{i}.{}", "0".repeat(digits)),
        })
    }

    /// The text in capital letters.
    ///
    /// > upper("aba")
    /// ABA
    pure fn upper(cx, call; /** A string. */ text: Arc<str>) -> String { Ok(text.to_uppercase()) }

    /// The text in small letters.
    ///
    /// > lower("ABA")
    /// aba
    pure fn lower(cx, call; /** A string. */ text: Arc<str>) -> String { Ok(text.to_lowercase()) }

    /// The text without blanks at its ends.
    ///
    /// > trim("  a b ")
    /// a b
    pure fn trim(cx, call; /** A string. */ text: Arc<str>) -> String { Ok(text.trim().to_owned()) }

    /// The parts between a separator; without one, the words between blanks.
    ///
    /// > split("a,b", by = ",")
    /// ["a", "b"]
    pure fn split(cx, call; /** A string. */ text: Arc<str>, /** The separator. */ by: Arc<str> = "\"\"") -> Vec<Value> {
        Ok(if by.is_empty() {
            text.split_whitespace().map(Value::string).collect()
        } else {
            text.split(&*by).map(Value::string).collect()
        })
    }

    /// The items as one text, with a separator between them.
    ///
    /// > join([1, 2, 3], by = "-")
    /// 1-2-3
    pure fn join(cx, call; /** A list. */ xs: Arc<List>, /** What stands between. */ by: Arc<str> = "\", \"") -> String {
        let mut out = String::new();
        for (number, item) in xs.iter().enumerate() {
            cx.check_interrupt()?;
            if number > 0 {
                out.push_str(&by);
            }
            out.push_str(&brief(&item));
            if out.len() > 64 << 20 {
                let error = Diagnostic::new(Code::Resource, "the string is too long");
                return Err(error.at(call.span, "").hint("join(take(xs, 100))").into());
            }
        }
        Ok(out)
    }

    /// The text with each `old` replaced by `new`.
    ///
    /// > replace("AABB", "B", new = "-")
    /// AA--
    pure fn replace(cx, call; /** A string. */ text: Arc<str>, /** What to replace. */ old: Arc<str>, /** By what. */ new: Arc<str>) -> String {
        if old.is_empty() {
            return Ok(text.to_string());
        }
        let count = text.matches(&*old).count();
        if text.len().saturating_add(count.saturating_mul(new.len())) > 64 << 20 {
            let error = Diagnostic::new(Code::Resource, "the string is too long");
            return Err(error.at(call.span, "").hint("replace(\"AABB\", \"B\", \"-\")").into());
        }
        Ok(text.replace(&*old, &new))
    }

    /// Whether the text begins with a part.
    ///
    /// > starts_with("conv0", "conv")
    /// true
    pure fn starts_with(cx, call; /** A string. */ text: Arc<str>, /** The part. */ part: Arc<str>) -> bool {
        Ok(text.starts_with(&*part))
    }
}
