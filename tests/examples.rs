//! Every example runs, shows what its golden file says, is formatted, and draws its pictures.

mod support;

use support::{code, convac, files, golden, root, stderr, stdout};

#[test]
fn examples_show_what_they_showed() {
    for file in files("examples", "cac") {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let path = format!("examples/{name}.cac");
        let output = convac(&["run", &path]).output().unwrap();
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert_eq!(stderr(&output), "", "{name}");
        golden(&root().join(format!("tests/examples/{name}.txt")), &stdout(&output));
    }
}

/// The programs in Rust, by the very command that they are run with.
#[test]
fn rust_examples_print_what_they_printed() {
    for file in files("examples", "rs") {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--package", "convac", "--example", &name]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.current_dir(root()).output().unwrap();
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        golden(&root().join(format!("tests/examples/{name}.txt")), &stdout(&output));
    }
}

/// Experiments show the records of runs that take minutes; here they train, if only a little.
#[test]
fn experiments_train_without_their_records() {
    for name in ["29-local-and-global", "30-square-and-mirror", "31-depth"] {
        let path = format!("examples/{name}.cac");
        let args = ["run", &path, "--set", "size=\"tiny\"", "--set", "file=none"];
        let output = convac(&args).output().unwrap();
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        // No number of a training: they differ from one kind of machine to another.
        assert!(stdout(&output).contains("{seeds: 2, training_samples: "), "{}", stdout(&output));
    }
}

#[test]
fn examples_are_formatted_and_check() {
    let all = [files("examples", "cac"), files("examples/lib", "cac")].concat();
    for file in &all {
        let path = file.to_str().unwrap();
        assert_eq!(code(&convac(&["fmt", "--check", path]).output().unwrap()), 0, "{path}");
        let output = convac(&["check", path]).output().unwrap();
        assert_eq!(code(&output), 0, "{path}: {}", stderr(&output));
    }
    assert!(all.len() >= 11);
}

#[test]
fn pictures_of_examples_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().to_str().unwrap();
    for name in ["05-sweep", "07-pooling-geometry", "13-convnets"] {
        let path = format!("examples/{name}.cac");
        let output = convac(&["run", &path, "--plots", plots]).output().unwrap();
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
    }
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let svg = std::fs::read_to_string(&path).unwrap();
            roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }
}
