//! `convac-repl` without a terminal: pipes and arguments.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn repl(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_convac-repl"))
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_piped_program_has_no_prompt_and_no_escapes() {
    let output = repl(&[], "let x = 2\nx\n  |> sqrt\nx + 1\n");
    assert_eq!(text(&output.stdout), "1.4142135623730951\n3\n");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn errors_of_a_pipe_have_their_lines_and_a_code() {
    let output = repl(&[], "1\nmin_ct(3)\n");
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("stdin:2:1"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn expressions_of_the_command_line() {
    let output = repl(&["-e", "let x = 3", "-e", "x^2"], "");
    assert_eq!(text(&output.stdout), "9\n");
    assert_eq!(output.status.code(), Some(0));
    let failed = repl(&["-e", "oops", "-e", "1"], "");
    assert_eq!(text(&failed.stdout), "");
    assert_eq!(failed.status.code(), Some(1));
}

#[test]
fn json_for_values_and_errors() {
    let output = repl(&["--json", "-e", "[1, 2]"], "");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["value"], serde_json::json!([1, 2]));
    assert_eq!(shown["type"], "list");
    let output = repl(&["--json"], "oops\n");
    let error: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(error["error"]["code"], "E02");
    assert_eq!(error["error"]["line"], 1);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_before_an_expression() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("first.cac");
    std::fs::write(&file, "let base = 5\n").unwrap();
    let path = file.to_str().unwrap();
    let output = repl(&["-i", path, "-e", "base + 1"], "");
    assert_eq!(text(&output.stdout), "6\n");
    let missing = repl(&["-i", "no-such.cac", "-e", "1"], "");
    assert!(text(&missing.stderr).contains("E08"), "{}", text(&missing.stderr));
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn bytes_that_are_no_text_and_wrong_options() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_convac-repl"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&[0xff, 0xfe]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(text(&output.stderr).contains("not UTF-8"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(repl(&["--no-such"], "").status.code(), Some(2));
}

#[test]
fn an_error_in_the_file_is_the_code_of_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.cac");
    std::fs::write(&file, "oops\n").unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(repl(&["-i", path], "").status.code(), Some(1));
    // What comes in afterwards runs all the same.
    let output = repl(&["-i", path], "1 + 1\n");
    assert_eq!((text(&output.stdout), output.status.code()), ("2\n", Some(1)));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    for arguments in [&["-e", "1 + 1"][..], &["--json", "-e", "1 + 1"], &["-e", "print(1)"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_convac-repl"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create("/dev/full").unwrap())
            .output()
            .unwrap();
        let errors = text(&output.stderr);
        assert!(errors.contains("error[E08]: cannot write the standard output"), "{errors}");
        assert_eq!(errors.matches("error[").count(), 1, "{errors}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_convac-repl"))
        .args(["-e", "[print(i) for i in 1..100000]"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
}

#[test]
fn magics_and_questions_stand_anywhere() {
    let output = repl(&[], "let x = 2\n%who\nx + 1\n?sqrt\n%time x\nx * 4\n");
    let out = text(&output.stdout);
    let wanted = ["name", "x     int   2", "3\n", "sqrt(", "2\n", "s\n8\n"];
    let mut rest = out;
    for part in wanted {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} in {out}"));
        rest = &rest[at + part.len()..];
    }
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
    // Places are those of the whole text, and nothing runs behind an error.
    let output = repl(&[], "let x = 2\n%who\n\nmin_ct(x)\n%who\nx\n");
    assert!(text(&output.stderr).contains("stdin:4:1"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("name").count(), 1);
    let output = repl(&[], "1\n%whoo\n");
    assert!(text(&output.stderr).contains("stdin:2:1"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn questions_of_a_file_are_answered_by_the_input_and_those_of_the_input_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asks.cac");
    std::fs::write(&file, "let name = ask(\"Who?\")\n").unwrap();
    let output = repl(&["-i", file.to_str().unwrap()], "Emmy\nname\n");
    assert_eq!((text(&output.stdout), output.status.code()), ("Emmy\n", Some(0)));
    let output = repl(&["-e", "ask(\"Who?\")"], "Emmy\n");
    assert_eq!(text(&output.stdout), "Emmy\n");
    let output = repl(&[], "ask(\"Who?\")\n");
    let errors = text(&output.stderr);
    assert!(errors.contains("error[E08]") && errors.contains("convac-repl -i"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_mark_of_byte_order_is_no_text() {
    let output = repl(&[], "\u{feff}1 + 1\n");
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("2\n", ""));
}
