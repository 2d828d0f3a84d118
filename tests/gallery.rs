//! The gallery of wrong programs: every message as a golden file, the same for text and JSON.

mod support;

use support::{code, convac, files, golden, stderr, stdout};

#[test]
fn every_wrong_program_gets_its_message() {
    for file in files("tests/errors", "cac") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let path = format!("tests/errors/{name}");
        let output = convac(&["run", &path]).output().unwrap();
        assert_eq!(code(&output), 1, "{name}: {}", stdout(&output));
        let messages = stderr(&output);
        assert!(!messages.contains("E99"), "{name}: {messages}");
        golden(&file.with_extension("txt"), &messages);
    }
}

#[test]
fn every_error_has_a_place_and_a_hint() {
    for file in files("tests/errors", "cac") {
        let path = file.to_str().unwrap();
        let output = convac(&["run", "--json", path]).output().unwrap();
        assert_eq!(code(&output), 1);
        let text = stdout(&output);
        let errors: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!errors.is_empty(), "{path}");
        for error in errors.iter().filter_map(|line| line.get("error")) {
            assert!(error["line"].as_u64().is_some_and(|line| line > 0), "{path}: {error}");
            assert!(error["column"].as_u64().is_some_and(|c| c > 0), "{path}: {error}");
            assert!(error["hint"].as_str().is_some_and(|h| !h.is_empty()), "{path}: {error}");
        }
    }
}

#[test]
fn check_finds_what_run_finds_before_anything_runs() {
    for file in files("tests/errors", "cac") {
        let path = file.to_str().unwrap();
        let check = convac(&["check", path]).output().unwrap();
        let run = convac(&["run", path]).output().unwrap();
        if code(&check) == 1 {
            assert_eq!(stderr(&check), stderr(&run), "{path}");
            assert_eq!(stdout(&run), "", "{path}: something ran");
        }
    }
}
