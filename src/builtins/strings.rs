//! Strings.

use std::sync::Arc;

use super::arguments::Number;
use super::datasets::{Whole, train_and_test};
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

    /// The parts of a text between a separator, or a data set in two parts at random.
    ///
    /// Without a separator the parts are the words between blanks. A data set is split by a share (0.8) or
    /// by a number of samples: a record of `train`, so many, and `test`, the rest. With `stratified` every
    /// class has its share in both.
    ///
    /// > split("a,b", by = ",")
    /// ["a", "b"]
    ///
    /// > let parts = split(digits(), 0.8, stratified = true)
    /// > [parts.train.samples, parts.test.samples]
    /// [1438, 359]
    pure fn split(
        cx, call;
        /** A string or a data set. */ whole: Whole,
        /** The separator, or the share of the first part. */ by: Value = "none",
        /** Whether every class has the same share. */ stratified: bool = "false",
        /** The seed of a data set's order. */ seed: u64 = "0",
    ) -> Value {
        let text = match whole {
            Whole::Text(text) => text,
            Whole::Data(data) => return train_and_test(cx, call, &data, &by, stratified, seed),
        };
        let parts: Vec<Value> = match &by {
            Value::String(by) if !by.is_empty() => text.split(&**by).map(Value::string).collect(),
            Value::String(_) | Value::None => text.split_whitespace().map(Value::string).collect(),
            other => {
                let found = other.type_of().with_article();
                let error = Diagnostic::new(Code::Type, "a separator is a string");
                let error = error.at(call.span_of(1), format!("this is {found}"));
                return Err(error.hint("split(\"a,b\", by = \",\")").into());
            }
        };
        Ok(Value::list(parts)?)
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
