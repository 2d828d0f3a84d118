//! Helpers that are missing, die, hang or talk nonsense, and what is left behind.

use std::path::PathBuf;
use std::time::Instant;

use crate::desk::{Desk, Test};
use crate::fake::MODE;

pub const TESTS: &[Test] = &[
    ("hostile::missing_things", missing_things),
    ("hostile::helpers_that_do_not_start", helpers_that_do_not_start),
    ("hostile::helpers_that_die", helpers_that_die),
    ("hostile::interrupts", interrupts),
    ("hostile::floods", floods),
    ("hostile::nothing_is_left_behind", nothing_is_left_behind),
    ("hostile::several_sessions", several_sessions),
];

/// Starts helpers of another kind for a while.
fn with(variable: &str, value: Option<&str>, work: impl FnOnce()) {
    let before = std::env::var(variable).ok();
    let set = |value: Option<&str>| match value {
        // SAFETY: tests run one after the other, and no other thread reads the environment now.
        Some(value) => unsafe { std::env::set_var(variable, value) },
        None => unsafe { std::env::remove_var(variable) },
    };
    set(value);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    set(before.as_deref());
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}

fn missing_things() {
    with("CONVAC_RUST_CELLS", Some("/nowhere/helper"), || {
        let told = Desk::new().bad("%%rust\n1");
        assert!(
            told.contains("CONVAC_RUST_CELLS names /nowhere/helper, and there is no such program"),
            "{told}"
        );
    });
    with("CONVAC_RUST_CELLS", None, || {
        with("PATH", Some("/nowhere"), || {
            with("CARGO_HOME", Some("/nowhere"), || {
                let told = Desk::new().bad("%%rust\n1");
                assert_eq!(
                    told,
                    "error[E08]: the helper for Rust cells, the program `convac-rust-cells`, is not installed\n  \
                     ┌─ In[1]:1:1\n1 │ %%rust\n  │ ^^^^^^\n  \
                     = hint: cargo install --locked --path kernel/rust-cells"
                );
                let told = Desk::new().bad("rust_fn(\"f\")");
                assert!(told.contains("is not installed"), "{told}");
                assert_eq!(Desk::new().status("program"), "not installed");
            });
        });
    });
    with(MODE, Some("missing"), || {
        let told = Desk::new().bad("%%rust\n1");
        assert!(
            told.contains("there is no Rust compiler") && told.contains("sh.rustup.rs"),
            "{told}"
        );
    });
}

fn helpers_that_do_not_start() {
    with(MODE, Some("version"), || {
        let told = Desk::new().bad("%%rust\n1");
        assert!(told.contains("is of another version") && told.contains("cargo install"), "{told}");
    });
    with(MODE, Some("crash"), || {
        let told = Desk::new().bad("%%rust\n1");
        assert!(told.contains("exit status: 7") && told.contains("I cannot go on"), "{told}");
    });
    with(MODE, Some("silent"), || {
        let mut desk = Desk::new();
        let told = desk.stopped("%%rust\n1");
        assert!(told.contains("interrupted before Rust was ready"), "{told}");
        assert_eq!(desk.status("process"), "none");
    });
    with("CONVAC_RUST_CELLS", Some("/bin/cat"), || {
        // It says nothing that is a frame, and ends.
        let told = Desk::new().bad("%%rust\n1");
        assert!(told.contains("the helper for Rust cells ended"), "{told}");
    });
}

fn helpers_that_die() {
    let mut desk = Desk::new();
    for cell in ["exit", "garbage"] {
        desk.good("%%rust\nvalue 1");
        let told = desk.bad(&format!("%%rust\nlog last words\n{cell}"));
        assert!(told.starts_with("error[E10]: the helper for Rust cells ended"), "{told}");
        assert!(told.contains("all that Rust cells had made is lost"), "{told}");
    }
    assert!(desk.bad("%%rust\nexit").contains("exit status: 3"));
    // Killed between two cells: the next one has a new helper.
    desk.good("%%rust\nvalue 1");
    let process = desk.status("process");
    assert!(std::process::Command::new("kill").args(["-9", &process]).status().unwrap().success());
    let (_, errors) = desk.run("%%rust\nvalue 1");
    // It may not have died yet when the cell was sent.
    assert!(errors.len() <= 1, "{}", desk.told(&errors));
    // The folder goes away under its feet: that is said, and the next cell has a new helper.
    desk.good("%%rust\nunfurnish");
    let kept = desk.good("%%rust\nvalue 1");
    let told = kept.err.lock().unwrap();
    assert!(
        told.contains("was deleted: all that Rust cells had made is lost; a new one starts"),
        "{told}"
    );
    drop(told);
    let told = desk.bad("%%rust\nwrong");
    assert!(told.contains("it answered something that it was not asked"), "{told}");
    desk.good("%%rust\nvalue 1");
    assert_ne!(desk.status("process"), process);
}

fn interrupts() {
    let mut desk = Desk::new();
    let told = desk.stopped("%%rust\nloop");
    assert!(
        told.contains("error[E09]: interrupted; the process of Rust cells was ended"),
        "{told}"
    );
    assert!(told.contains("the variable a is lost"), "{told}");
    let told = desk.stopped("%%rust\ncompile");
    assert!(told.contains("interrupted while it was compiled; nothing is lost"), "{told}");
    desk.good("%%rust\nvalue 1");
    // One that does not hear is killed.
    let begin = Instant::now();
    let told = desk.stopped("%%rust\ndeaf");
    assert!(told.contains("interrupted; the process of Rust cells had to be ended"), "{told}");
    assert!(begin.elapsed().as_secs() < 60, "it hangs");
    desk.good("%%rust\nvalue 1");
}

fn floods() {
    let mut desk = Desk::new();
    let kept = desk.good("%%rust\nflood 20000");
    let out = kept.out.lock().unwrap();
    assert_eq!(out.lines().count(), 20_000);
    assert!(out.ends_with("line 19999\n"));
}

fn nothing_is_left_behind() {
    let mut desk = Desk::new();
    desk.good("let a = 1");
    desk.good("%%rust --in a --out b\ngive");
    let (folder, process) = (PathBuf::from(desk.status("folder")), desk.status("process"));
    let alive = || PathBuf::from("/proc").join(&process).exists();
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["owner"], "values that crossed are gone");
    assert!(alive() || !cfg!(target_os = "linux"));
    let kept = desk.good("%rust stop");
    assert!(kept.out.lock().unwrap().starts_with("Rust is stopped: variables, functions"));
    assert!(!folder.exists() && !alive());
    assert!(desk.good("%rust restart").out.lock().unwrap().contains("Rust was not running"));
    // With the session goes its helper.
    desk.good("%%rust\nvalue 1");
    let folder = PathBuf::from(desk.status("folder"));
    assert!(folder.exists());
    drop(desk);
    assert!(!folder.exists());
    // Also where it died, and where it hung.
    for cell in ["exit", "garbage"] {
        let mut desk = Desk::new();
        desk.good("%%rust\nvalue 1");
        let folder = PathBuf::from(desk.status("folder"));
        desk.bad(&format!("%%rust\n{cell}"));
        assert!(!folder.exists(), "{cell}");
    }
}

fn several_sessions() {
    let (mut first, mut second) = (Desk::new(), Desk::new());
    first.good("%%rust\nvalue 1");
    second.good("%%rust\nvalue 1");
    assert_ne!(first.status("process"), second.status("process"));
    assert_ne!(first.status("folder"), second.status("folder"));
    first.bad("%%rust\nexit");
    second.good("%%rust\nvalue 1");
    first.good("%%rust\nvalue 1");
}
