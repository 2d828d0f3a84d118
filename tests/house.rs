//! The rooms of the house: who may import whom, who may touch files, who may print.

mod support;

use std::path::{Path, PathBuf};

use support::root;

/// For each room the rooms of this crate that it may import.
const ROOMS: [(&str, &[&str]); 17] = [
    ("network", &["interrupt"]),
    ("graph", &["interrupt", "network"]),
    ("entangle", &["interrupt", "network", "graph"]),
    ("design", &["interrupt", "network", "graph"]),
    ("learn", &["interrupt", "network", "entangle"]),
    ("export", &["network", "graph", "entangle"]),
    ("plot", &["interrupt", "network", "graph", "entangle"]),
    ("diagnostic", &[]),
    ("syntax", &["symbol", "diagnostic"]),
    ("value", &["symbol", "diagnostic"]),
    ("evaluate", &["symbol", "diagnostic", "interrupt", "syntax", "value"]),
    ("rust", &["interrupt"]),
    (
        "builtins",
        &[
            "symbol",
            "diagnostic",
            "interrupt",
            "syntax",
            "value",
            "evaluate",
            "rust",
            "plot",
            "export",
            "learn",
            "design",
            "entangle",
            "graph",
            "network",
        ],
    ),
    (
        "session",
        &[
            "symbol",
            "diagnostic",
            "interrupt",
            "syntax",
            "value",
            "evaluate",
            "builtins",
            "rust",
            "plot",
        ],
    ),
    (
        "api",
        &[
            "symbol",
            "diagnostic",
            "interrupt",
            "value",
            "evaluate",
            "builtins",
            "session",
            "plot",
            "export",
            "learn",
            "design",
            "entangle",
            "graph",
            "network",
            // Its own doors at the root: `convac::prelude` and `convac::cac!`.
            "prelude",
            "cac",
        ],
    ),
    ("terminal", &["symbol", "diagnostic", "syntax", "value", "evaluate", "session", "plot"]),
    ("interrupt", &[]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn files_of(room: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folder = root().join("src").join(room);
    if folder.is_dir() {
        sources(&folder, &mut found);
    } else {
        found.push(root().join("src").join(format!("{room}.rs")));
    }
    assert!(!found.is_empty(), "{room}");
    found
}

/// The names behind every `crate::`, also of `use crate::{a, b}`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split("};").next().unwrap_or("");
            found.extend(
                list.split(',').map(|item| item.trim().split("::").next().unwrap_or("").to_owned()),
            );
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn rooms_import_only_what_they_may() {
    for (room, allowed) in ROOMS {
        for file in files_of(room) {
            let text = std::fs::read_to_string(&file).unwrap();
            for import in imports(&text) {
                let known = import == room || allowed.contains(&import.as_str());
                assert!(known, "{} imports {import}", file.display());
            }
        }
    }
}

/// The one file of the library that prints: evcxr takes what a cell shows from the standard output,
/// and a program in `cac!` that says `print` has nobody else to say it for it.
const PRINTS: &str = "src/api/stdout.rs";

#[test]
fn only_the_right_rooms_touch_files_and_print() {
    let mut all = Vec::new();
    sources(&root().join("src"), &mut all);
    for file in all {
        let name = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        if name.starts_with("src/bin/") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        let may = ["src/builtins/files/", "src/rust/"].iter().any(|room| name.starts_with(room));
        if !may && !name.contains("/tests") {
            for word in ["std::fs", "File::open", "File::create"] {
                assert!(!code.contains(word), "{name} touches files: {word}");
            }
        }
        for word in ["println!", "print!(", "eprintln!", "eprint!", "stdout()", "stderr()", "dbg!("]
        {
            let may = name.contains("/tests") || name == PRINTS;
            assert!(!code.contains(word) || may, "{name} prints: {word}");
        }
    }
}

#[test]
fn nothing_is_left_open() {
    let mut all = Vec::new();
    sources(&root().join("src"), &mut all);
    sources(&root().join("tests"), &mut all);
    for file in all {
        if file.ends_with("house.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["todo!", "unimplemented!", "#[ignore", "FIXME", "TODO"] {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
        let lines = text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines: split it", file.display());
    }
}
