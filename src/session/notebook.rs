//! Programs as notebooks and back: `# %%` begins a code cell, `# %% [markdown]` a text cell whose
//! lines are comments.

use serde_json::{Value as Json, json};

use crate::diagnostic::{Code, Diagnostic};

const MARK: &str = "# %%";
const MARKDOWN: &str = "[markdown]";

/// A program as a notebook (nbformat 4.5), byte for byte the same for the same program.
pub fn to_notebook(program: &str) -> String {
    let mut cells: Vec<Cell> = Vec::new();
    let mut current = Cell { implicit: true, ..Cell::default() };
    for line in program.lines() {
        let Some(mark) = line.trim_end().strip_prefix(MARK) else {
            current.lines.push(line.to_owned());
            continue;
        };
        current.finish(&mut cells);
        let mark = mark.trim();
        let (markdown, title) = match mark.strip_prefix(MARKDOWN) {
            Some(title) => (true, title.trim()),
            None => (false, mark),
        };
        current = Cell { markdown, title: title.to_owned(), ..Cell::default() };
    }
    current.finish(&mut cells);
    let cells: Vec<Json> = cells.iter().enumerate().map(|(i, cell)| cell.to_json(i)).collect();
    let notebook = json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "ConvAC", "language": "convac", "name": "convac" },
            "language_info": super::language_info()
        },
        "nbformat": 4,
        "nbformat_minor": 5
    });
    // One blank of indentation and a final newline, as nbformat writes it.
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Writing to memory does not fail.
    let _ = serde::Serialize::serialize(&notebook, &mut serializer);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// A notebook as a program; outputs are left out.
///
/// # Errors
/// E08 if the text is no notebook.
pub fn from_notebook(text: &str) -> Result<String, Box<Diagnostic>> {
    let bad = |why: &str| {
        Box::new(
            Diagnostic::new(Code::File, format!("this is no notebook: {why}"))
                .hint("convac notebook a.cac -o a.ipynb"),
        )
    };
    let notebook: Json = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
    let cells = notebook.get("cells").and_then(Json::as_array).ok_or_else(|| bad("no cells"))?;
    let mut out = String::new();
    for (number, cell) in cells.iter().enumerate() {
        let kind = cell.get("cell_type").and_then(Json::as_str).unwrap_or("code");
        let source = match cell.get("source") {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Array(lines)) => lines.iter().filter_map(Json::as_str).collect(),
            _ => return Err(bad("a cell without source")),
        };
        let note = cell.get("metadata").and_then(|m| m.get("convac"));
        let implicit = note.and_then(|n| n.get("implicit")).is_some_and(|i| i == true);
        let title = note.and_then(|n| n.get("title")).and_then(Json::as_str).unwrap_or("");
        if !out.is_empty() {
            out.push('\n');
        }
        if !(implicit && number == 0 && kind == "code") {
            out.push_str(MARK);
            if kind == "markdown" {
                out.push(' ');
                out.push_str(MARKDOWN);
            }
            if !title.is_empty() {
                out.push(' ');
                out.push_str(title);
            }
            out.push('\n');
        }
        for line in source.lines() {
            match (kind, line) {
                ("markdown", "") => out.push('#'),
                ("markdown", line) => out.push_str(&format!("# {line}")),
                (_, line) => out.push_str(line),
            }
            out.push('\n');
        }
    }
    Ok(out)
}

#[derive(Default)]
struct Cell {
    markdown: bool,
    title: String,
    /// What stands before the first mark.
    implicit: bool,
    lines: Vec<String>,
}

impl Cell {
    fn finish(mut self, cells: &mut Vec<Self>) {
        let is_empty = |line: &String| line.trim().is_empty();
        while self.lines.last().is_some_and(is_empty) {
            self.lines.pop();
        }
        let leading = self.lines.iter().take_while(|line| is_empty(line)).count();
        self.lines.drain(..leading);
        if !self.lines.is_empty() || !self.implicit {
            cells.push(self);
        }
    }

    fn to_json(&self, number: usize) -> Json {
        let mut lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| match (self.markdown, line.strip_prefix('#')) {
                (true, Some(text)) => text.strip_prefix(' ').unwrap_or(text).to_owned(),
                _ => line.clone(),
            })
            .collect();
        let last = lines.len().saturating_sub(1);
        for line in lines.iter_mut().take(last) {
            line.push('\n');
        }
        let mut note = serde_json::Map::new();
        if self.implicit {
            note.insert("implicit".to_owned(), Json::Bool(true));
        }
        if !self.title.is_empty() {
            note.insert("title".to_owned(), Json::String(self.title.clone()));
        }
        let metadata = if note.is_empty() { json!({}) } else { json!({ "convac": note }) };
        let id = format!("cell-{}", number + 1);
        if self.markdown {
            json!({ "cell_type": "markdown", "id": id, "metadata": metadata, "source": lines })
        } else {
            json!({
                "cell_type": "code",
                "execution_count": null,
                "id": id,
                "metadata": metadata,
                "outputs": [],
                "source": lines
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{from_notebook, to_notebook};

    #[test]
    fn there_and_back() {
        let program = "let r = 2\n\n# %% [markdown]\n# Text with `code`.\n#\n# More.\n\n# %% a title\nr\n\nr + 1\n";
        let notebook = to_notebook(program);
        assert_eq!(from_notebook(&notebook).as_deref(), Ok(program));
        assert_eq!(to_notebook(&from_notebook(&notebook).unwrap()), notebook);
    }

    #[test]
    fn what_is_no_notebook_is_refused() {
        for text in ["", "[]", "{\"cells\": 3}", "{\"cells\": [{}]}"] {
            assert!(from_notebook(text).is_err(), "{text}");
        }
    }
}
