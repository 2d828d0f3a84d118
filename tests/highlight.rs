//! The highlighters are made from the tables of the language, and what is committed is what is
//! made: `UPDATE_GOLDEN=1 cargo test --test highlight` writes them anew. So is the folder that the
//! wheel takes its data from.

mod support;

use std::path::Path;

use convac::session::Session;
use convac::syntax::RESERVED;
use support::{golden, root};

const CONSTANTS: [&str; 3] = ["true", "false", "none"];

/// The words of each class, sorted.
fn classes() -> Vec<(&'static str, Vec<&'static str>)> {
    let session = Session::default();
    let group = |wanted: fn(&str) -> bool| {
        let found = session.registry().iter().filter(|b| wanted(b.group)).map(|b| b.name);
        let mut names: Vec<&str> = found.collect();
        names.sort_unstable();
        names
    };
    let mut keywords: Vec<&str> =
        RESERVED.iter().copied().filter(|word| !CONSTANTS.contains(word)).collect();
    keywords.sort_unstable();
    vec![
        ("KEYWORDS", keywords),
        ("CONSTANTS", CONSTANTS.to_vec()),
        ("LAYERS", group(|g| g == "Layers")),
        ("PARTITIONS", group(|g| g == "Partitions")),
        ("BUILTINS", group(|g| g != "Layers" && g != "Partitions")),
    ]
}

/// A template with its words: `@NAME@` is a list as JavaScript and Python write it, `@NAME|@` the
/// words of a regular expression.
fn filled(template: &str) -> String {
    let mut text =
        std::fs::read_to_string(root().join("grammar/highlight").join(template)).unwrap();
    for (name, words) in classes() {
        assert!(words.len() >= 3, "{name}");
        let list = serde_json::to_string(&words).unwrap().replace("\",\"", "\", \"");
        text = text.replace(&format!("@{name}@"), &list);
        text = text.replace(&format!("@{name}|@"), &words.join("|"));
    }
    assert!(!text.contains("@KEYWORDS") && !text.contains("@BUILTINS"), "{template}");
    text
}

#[test]
fn highlighters_are_made_from_the_tables() {
    for (template, made) in [
        ("codemirror.js.in", "kernel/data/labextension/static/remoteEntry.js"),
        ("pygments.py.in", "packaging/wheel/data/purelib/convac_highlight.py"),
        ("textmate.json.in", "grammar/highlight/convac.tmLanguage.json"),
    ] {
        golden(&root().join(made), &filled(template));
    }
}

#[test]
fn the_textmate_grammar_is_json() {
    let grammar: serde_json::Value =
        serde_json::from_str(&filled("textmate.json.in")).expect("JSON");
    assert_eq!(grammar["scopeName"], "source.convac");
}

/// Compares bytes with a golden file, as [`golden`] does with texts.
fn same(path: &Path, bytes: &[u8]) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let found = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(found == bytes, "{} differs: UPDATE_GOLDEN=1 cargo test writes it", path.display());
}

/// A wheel carries the files that `convac-kernel install` writes; symbolic links would not survive
/// every checkout, so they are copies that cannot drift.
#[test]
fn the_wheel_carries_the_kernel_s_own_files() {
    let data = root().join("kernel/data");
    let share = root().join("packaging/wheel/data/data/share/jupyter");
    for logo in ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"] {
        let bytes = std::fs::read(data.join(logo)).unwrap();
        same(&share.join("kernels/convac").join(logo), &bytes);
    }
    for file in ["package.json", "install.json"] {
        let bytes = std::fs::read(data.join("labextension").join(file)).unwrap();
        same(&share.join("labextensions/convac").join(file), &bytes);
    }
    let script = filled("codemirror.js.in");
    same(&share.join("labextensions/convac/static/remoteEntry.js"), script.as_bytes());
    let spec = std::fs::read(share.join("kernels/convac/kernel.json")).unwrap();
    let spec: serde_json::Value = serde_json::from_slice(&spec).unwrap();
    assert_eq!(spec["argv"][0], "convac-kernel", "the program on the environment's path");
    assert_eq!(spec["kernel_protocol_version"], "5.5");
    assert_eq!(spec["interrupt_mode"], "message");
}
