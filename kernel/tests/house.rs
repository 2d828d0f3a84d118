//! The layers of the kernel: who may import whom, and that nothing is left open.

use std::path::{Path, PathBuf};

/// For each layer those that it may import.
const LAYERS: [(&str, &[&str]); 6] = [
    ("protocol", &[]),
    ("transport", &["protocol"]),
    ("kernel", &["protocol", "transport"]),
    ("echo.rs", &["protocol", "kernel"]),
    ("engine", &["protocol", "kernel"]),
    ("install", &["protocol"]),
];

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        found.push(path.to_path_buf());
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn layers_import_only_what_stands_above_them() {
    for (layer, allowed) in LAYERS {
        let mut files = Vec::new();
        sources(&source().join(layer), &mut files);
        assert!(!files.is_empty(), "{layer}");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for rest in text.split("crate::").skip(1) {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
                let import = &rest[..end];
                let own = layer.trim_end_matches(".rs");
                let known = import == own || allowed.contains(&import);
                assert!(known, "{} imports {import}", file.display());
            }
        }
    }
}

#[test]
fn only_the_engine_and_the_edges_know_the_library() {
    for layer in ["protocol", "transport", "kernel"] {
        let mut files = Vec::new();
        sources(&source().join(layer), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains("convac::"), "{} knows the language", file.display());
        }
    }
    let mut files = Vec::new();
    sources(&source(), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let inside = file.starts_with(source().join("transport"));
        let name = file.file_name().unwrap();
        assert!(!text.contains("zeromq::") || inside || name == "doctor.rs", "{}", file.display());
        for word in ["todo!", "unimplemented!", "FIXME", "TODO"] {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it", file.display());
    }
}
