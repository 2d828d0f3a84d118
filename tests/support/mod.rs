//! What the integration tests share: the real program, and golden files.

#![allow(dead_code)] // every test file uses its own part

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program under test, run in the folder of the package, without colours.
pub fn convac(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convac"));
    command.args(args).current_dir(root());
    command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1");
    command
}

/// Runs the program on a text given as its standard input.
pub fn convac_stdin(args: &[&str], input: &[u8]) -> Output {
    let mut command = convac(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input is open");
    let input = input.to_vec();
    // The program may end before it has read everything.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends");
    output
}

/// The standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

/// The standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the errors are UTF-8")
}

/// The exit code; a signal is a failure of the test.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status))
}

/// All files of a folder with this ending, in the order of their names.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no .{ending} files in {folder}");
    found
}

/// Compares a text with a golden file; `UPDATE_GOLDEN=1` writes it anew.
pub fn golden(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, found).expect("the golden file is written");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_else(|error| {
        panic!("{}: {error}; UPDATE_GOLDEN=1 cargo test writes it", path.display())
    });
    if expected != found {
        let diff: Vec<String> = expected
            .lines()
            .zip(found.lines())
            .enumerate()
            .filter(|(_, (a, b))| a != b)
            .take(5)
            .map(|(i, (a, b))| format!("line {}:\n  expected {a}\n  found    {b}", i + 1))
            .collect();
        panic!(
            "{} differs ({} lines expected, {} found)\n{}\nUPDATE_GOLDEN=1 cargo test writes it",
            path.display(),
            expected.lines().count(),
            found.lines().count(),
            diff.join("\n")
        );
    }
}
