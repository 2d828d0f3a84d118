//! Pages: what a name at the cursor is, and what is said about a word.

use super::Session;
use super::complete::program;
use super::cursor::{Inside, Left, clip, is_reserved};
use super::fields::signature_of;
use super::known::{Knower, Known, builtin_of, closure_of};
use super::magic::{Cell, MAGICS, head, magic, split};
use super::words;
use crate::builtins::manual;
use crate::diagnostic::Code;
use crate::symbol::Symbol;
use crate::syntax::{TokenKind, continues_word};
use crate::value::{Type, Value, escape_html, text};

/// A page in the forms in which it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Plain text.
    pub plain: String,
    /// HTML; the signature is bold.
    pub html: String,
}

impl Page {
    /// A page: its first line, and what stands below an empty one.
    fn new(title: &str, rest: &str) -> Self {
        let rest = rest.trim_start_matches('\n').trim_end();
        let gap = if rest.is_empty() { "" } else { "\n\n" };
        let plain = format!("{title}{gap}{rest}");
        let html = format!(
            "<pre style=\"font-family:monospace;line-height:1.35\"><b>{}</b>{gap}{}</pre>",
            escape_html(title),
            escape_html(rest)
        );
        Self { plain, html }
    }

    /// A page from its text.
    fn of_text(text: &str) -> Self {
        let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
        Self::new(title, rest)
    }
}

/// Lines of a value that a page shows.
const MOST_LINES: usize = 40;

impl Session {
    /// The page of the name at a byte of a cell, or left of it; of the function that is called
    /// there if the byte stands on no name. Detail 1 adds the source of a function.
    pub fn inspect(&self, cell: &str, cursor: usize, detail: u8) -> Option<Page> {
        let cursor = clip(cell, cursor);
        if let Some(head) = head(cell)
            && cursor <= head.name.end
            && let Some(page) = self.page(cell.get(head.name)?, detail)
        {
            return Some(page);
        }
        if matches!(split(cell), Cell::RustCell { .. }) {
            // Its names are those of Rust.
            return None;
        }
        let code = program(cell);
        let rest = code.get(cursor..).unwrap_or("");
        let end = cursor + rest.find(|c| !continues_word(c)).unwrap_or(rest.len());
        let mut left = Left::of(&code, end);
        if left.inside == Inside::Comment {
            return None;
        }
        if let Some(start) = left.take_word() {
            let name = code.get(start..end).unwrap_or("");
            let found = self.named(&left, name, detail);
            // `f(name = …)` speaks of f, unless it is one of its arguments that is asked for.
            let next = code.get(end..).unwrap_or("").trim_start();
            let is_label = next.starts_with('=') && !next.starts_with("==");
            let calls = left.calls().next().is_some_and(|call| call.begins);
            if !(is_label && calls) && found.is_some() {
                return found;
            }
        }
        let knower = Knower { session: self, left: &left };
        left.calls().find_map(|call| match knower.callee(call.open) {
            Known::Value(value) => {
                let name = left.word(call.open.checked_sub(1)?);
                Some(self.value_page(name, &value, None, detail))
            }
            _ => None,
        })
    }

    /// How the call is written whose arguments stand at a byte of a cell: the innermost one of a
    /// function that is known.
    pub fn signature(&self, cell: &str, cursor: usize) -> Option<String> {
        if matches!(split(cell), Cell::RustCell { .. }) {
            return None;
        }
        let code = program(cell);
        let left = Left::of(&code, clip(cell, cursor));
        if left.inside == Inside::Comment {
            return None;
        }
        let knower = Knower { session: self, left: &left };
        left.calls().find_map(|call| match knower.callee(call.open) {
            Known::Value(value @ Value::Function(_)) => {
                Some(signature_of(left.word(call.open.checked_sub(1)?), &value))
            }
            _ => None,
        })
    }

    /// The page of a name, of fields such as `net.sites`, of a reserved word, of a magic with its
    /// signs, or of an error code.
    pub fn page(&self, name: &str, detail: u8) -> Option<Page> {
        let name = name.trim();
        if let Some(magic) = magic(name) {
            return Some(Page::new(magic.usage, magic.doc));
        }
        let mut left = Left::of(name, name.len());
        let path = left.tokens.iter().all(|token| {
            token.kind == TokenKind::Word || name.get(token.start..token.end) == Some(".")
        });
        if !path {
            return None;
        }
        let start = left.take_word()?;
        let last = name.get(start..)?;
        self.named(&left, last, detail).or_else(|| {
            let code = Code::ALL.into_iter().find(|code| code.as_str() == name)?;
            Some(Page::of_text(code.page().trim_start_matches("# ")))
        })
    }

    /// The page of a name behind some tokens: a field if the last one is a dot.
    fn named(&self, left: &Left<'_>, name: &str, detail: u8) -> Option<Page> {
        let last = left.tokens.len().checked_sub(1);
        if let Some(dot) = last.filter(|last| left.word(*last) == ".") {
            let whole = Knower { session: self, left }.ending_at(dot.checked_sub(1)?);
            return self.field_page(&whole, name, detail);
        }
        let symbol = Symbol::new(name);
        if let Some(value) = self.globals.get(symbol) {
            return Some(self.value_page(name, value, self.globals.doc(symbol), detail));
        }
        if let Some(builtin) = self.registry.get(symbol) {
            return Some(Page::of_text(&manual::page(builtin, &self.registry)));
        }
        if is_reserved(name) {
            let entry = words::find(name)?;
            return Some(Page::new(entry.usage, entry.doc));
        }
        None
    }

    fn field_page(&self, whole: &Known, name: &str, detail: u8) -> Option<Page> {
        match whole {
            Known::Value(Value::Record(record)) => {
                let value = record.get(Symbol::new(name))?;
                Some(self.value_page(name, value, None, detail))
            }
            Known::Value(Value::Object(object)) => {
                let fields = self.registry.fields(object.type_of());
                let info = fields.iter().find(|field| field.name == name)?;
                let title = format!("{}.{name}: {}", object.type_of(), info.types);
                let value = match object.field(name) {
                    Some(Ok(value)) => format!("\n\n{}", cropped(&text(&value))),
                    _ => String::new(),
                };
                Some(Page::new(&title, &format!("{}{value}", info.doc)))
            }
            other => {
                let field = self.fields_of(other).into_iter().find(|field| field.name == name)?;
                Some(Page::new(&field.signature, field.doc))
            }
        }
    }

    fn value_page(&self, name: &str, value: &Value, doc: Option<&str>, detail: u8) -> Page {
        let mut rest = String::new();
        let mut say = |part: &str| {
            let part = part.trim_end();
            if !part.is_empty() {
                rest.push_str("\n\n");
                rest.push_str(part);
            }
        };
        let Value::Function(function) = value else {
            say(doc.unwrap_or(""));
            say(&cropped(&text(value)));
            let title = format!("{name}: {}", value.type_of());
            return Page::new(&title, &rest);
        };
        if let Some(builtin) = builtin_of(function.as_ref()) {
            return Page::of_text(&manual::page(builtin, &self.registry));
        }
        say(doc.or(function.doc()).unwrap_or(""));
        if detail > 0
            && let Some(closure) = closure_of(function.as_ref())
        {
            say(&self.sources.text(closure.definition()));
        }
        let title = signature_of(name, value);
        Page::new(&title, &rest)
    }

    /// `??word`: all names, builtins, fields, magics and error codes that have to do with a word,
    /// one line each.
    pub fn search(&self, word: &str) -> Page {
        let word = word.trim();
        let wanted = word.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let mut lines: Vec<(String, String)> = Vec::new();
        for (name, value) in self.globals.iter() {
            let doc = self.globals.doc(name).unwrap_or("");
            if has(name.as_str()) || has(doc) {
                let first = doc.lines().next().unwrap_or("");
                lines.push((signature_of(name.as_str(), value), first.to_owned()));
            }
        }
        for builtin in self.registry.iter() {
            if has(builtin.name) || has(builtin.doc) {
                lines.push((builtin.name.to_owned(), builtin.summary().to_owned()));
            }
        }
        for ty in Type::ALL {
            for field in self.registry.fields(ty) {
                if has(field.name) || has(field.doc) {
                    lines.push((format!("{ty}.{}", field.name), field.doc.to_owned()));
                }
            }
        }
        for magic in MAGICS {
            if has(magic.name) || has(magic.doc) {
                lines.push((magic.name.to_owned(), magic.doc.to_owned()));
            }
        }
        for code in Code::ALL {
            if has(code.page()) {
                let title = code.page().lines().next().unwrap_or("").trim_start_matches("# ");
                let title = title.trim_start_matches(code.as_str()).trim_start_matches([':', ' ']);
                lines.push((code.as_str().to_owned(), title.to_owned()));
            }
        }
        if lines.is_empty() {
            return Page::new(&format!("nothing speaks of `{word}`"), "");
        }
        let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(28);
        let lines = lines.iter().map(|(name, doc)| format!("{name:width$}  {doc}"));
        let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
        Page::new(&format!("What speaks of `{word}`"), &lines.join("\n"))
    }
}

/// The first lines of a text.
fn cropped(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().take(MOST_LINES + 1).collect();
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines.push("…");
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::evaluate::Silent;

    fn session(text: &str) -> Session {
        let mut session = Session::default();
        assert!(session.run("In[1]", text, None, Arc::new(Silent)).is_empty());
        session
    }

    /// The page at the `|` of a text.
    fn at(session: &Session, text: &str) -> Option<String> {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        session.inspect(&text, cursor, 0).map(|page| page.plain)
    }

    const NET: &str = "## The network of the text.\nlet net = network { input(4, dim = 2), conv(3), \
                       pool(4), output(2) }\n";

    #[test]
    fn builtins_are_found_under_and_left_of_the_cursor() {
        let session = Session::default();
        let wanted = session.page("min_cut", 0).unwrap().plain;
        assert!(wanted.starts_with("min_cut(net, across"));
        for text in [
            "min_cut|",
            "|min_cut",
            "min|_cut(net, p)",
            "min_cut|(net",
            "min_cut(|",
            "min_cut(net, |)",
            "min_cut(net, across| = p)",
            "min_cut(unheard|",
            "min_cut(\"tex|t",
            "min_cut(net, [1, 2|",
            "?min_cut|",
            "%time min_cut|(net)",
            "\"{min_cut|(net)}\"",
        ] {
            assert_eq!(at(&session, text).as_ref(), Some(&wanted), "{text}");
        }
        for text in ["|", "# min_cut|", "1 + |", "unheard|", "x.y|", "\"min_cut|\""] {
            assert_eq!(at(&session, text), None, "{text}");
        }
    }

    #[test]
    fn values_have_their_type_doc_and_text() {
        let session = session(NET);
        let page = at(&session, "net|").unwrap();
        assert!(page.starts_with("net: network\n\nThe network of the text.\n\n"), "{page}");
        assert!(page.contains("conv(3)"), "{page}");
        let html = session.page("net", 0).unwrap().html;
        assert!(html.contains("><b>net: network</b>\n"), "{html}");
        let sites = at(&session, "net.sites|").unwrap();
        assert_eq!(sites, "network.sites: int\n\nThe number of sites N.\n\n4");
        assert!(at(&session, "min_cut(net, left_right).bits|").unwrap().starts_with("bits: real"));
    }

    #[test]
    fn functions_show_their_source_on_demand() {
        let session = session("## Adds.\n## Twice.\nlet f(x, y = 2) = x + y * 2\nlet g = x -> x");
        let plain = |detail| session.page("f", detail).unwrap().plain;
        assert_eq!(plain(0), "f(x, y = 2)\n\nAdds.\nTwice.");
        assert_eq!(plain(1), "f(x, y = 2)\n\nAdds.\nTwice.\n\nlet f(x, y = 2) = x + y * 2");
        assert_eq!(at(&session, "f(1, |"), Some(plain(0)));
        assert!(session.page("g", 0).unwrap().plain.starts_with("g(x)"));
    }

    #[test]
    fn long_values_are_cropped() {
        let session = session("let t = [{r, s: r} for r in 1..100]\nlet 𝛼 = {𝛽: \"<b>\"}");
        let page = session.page("t", 0).unwrap().plain;
        assert!(page.lines().count() <= MOST_LINES + 3, "{page}");
        assert_eq!(at(&session, "𝛼.𝛽|").unwrap(), "𝛽: string\n\n<b>");
        assert!(session.page("𝛼.𝛽", 0).unwrap().html.contains("&lt;b&gt;"));
    }

    #[test]
    fn words_magics_and_codes_have_pages() {
        let session = Session::default();
        assert!(session.page("where", 0).unwrap().plain.contains("Names for"));
        assert!(session.page("%time", 0).unwrap().plain.contains("how long"));
        assert!(session.page("E05", 0).unwrap().plain.starts_with("E05"));
        assert!(session.inspect("%who", 2, 0).is_some());
        assert_eq!(session.page("", 0), None);
        assert_eq!(session.page("1 + 1", 0), None);
        assert_eq!(session.page("%foo", 0), None);
    }

    #[test]
    fn searching_finds_everything() {
        let session = session(NET);
        let found = session.search("min-cut").plain;
        assert!(found.contains("\nmin_cut  ") && found.contains("\ndraw  "), "{found}");
        assert!(session.search("SITES").plain.contains("\nnetwork.sites "));
        assert!(session.search("of the text").plain.contains("\nnet: network = "));
        assert!(session.search("%save").plain.contains("\n%save "));
        assert_eq!(session.search("𝛼xyz").plain, "nothing speaks of `𝛼xyz`");
    }
}
