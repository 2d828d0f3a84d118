//! How long reading, checking, formatting and running programs takes:
//! `cargo bench --bench language`.

mod common;

use common::{Times, machine, measure, ms, time};
use convac::diagnostic::SourceId;
use convac::evaluate::{Settings, Silent};
use convac::session::Session;
use convac::syntax::{format, parse};
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

const LINES: usize = 24_000;

fn main() {
    println!("{}", machine());
    println!("\n{:<44}{:>7}{:>10}{:>10}{:>6}", "", "lines", "median ms", "min ms", "runs");
    texts("functions with networks", functions);
    texts("lets with comprehensions", lets);
    calls();
    start();
    println!("{}", machine());
}

fn show(name: &str, lines: usize, times: &Times, note: &str) {
    println!(
        "{name:<44}{lines:>7}{:>10}{:>10}{:>6}{note}",
        ms(times.median()),
        ms(times.min()),
        times.count()
    );
}

/// Functions of six lines: a comment that documents, comments behind code, a network.
fn functions(lines: usize) -> String {
    let mut text = String::new();
    for number in 0..lines / 6 {
        let _ = write!(
            text,
            "## The network number {number}: `r` is its width.\n\
             let net{number}(r) = network {{  # 16 sites\n  \
               input(16, dim = 4), conv(r), pool(4)\n  \
               conv(2*r + {number}), pool(4)  # one position is left\n  \
               output(10)\n\
             }}\n"
        );
    }
    text
}

/// One comprehension a line.
fn lets(lines: usize) -> String {
    let line =
        |number| format!("let x{number} = [i^2 + {number} for i in 1..20 if i mod 3 == 1]\n");
    (0..lines).map(line).collect()
}

/// Half a program and the whole, so that growth beyond the length is seen.
fn texts(what: &str, make: impl Fn(usize) -> String) {
    let mut last: Vec<f64> = Vec::new();
    for lines in [LINES / 2, LINES] {
        let text = make(lines);
        assert_eq!(text.lines().count(), lines);
        let formatted = format(&text, SourceId::default()).expect("no errors");
        assert_eq!(formatted, text, "the program is written as the formatter would");
        let steps: [(&str, &dyn Fn()); 3] = [
            ("parse", &|| assert!(parse(&text, SourceId::default()).errors.is_empty())),
            ("parse and check", &|| {
                let errors = Session::default().check("bench", &text, None);
                assert!(errors.is_empty(), "{:?}", errors.first());
            }),
            ("format", &|| _ = format(&text, SourceId::default()).expect("no errors")),
        ];
        let mut medians = Vec::new();
        for (place, (step, work)) in steps.iter().enumerate() {
            let times = measure(work);
            let median = times.median();
            let growth =
                last.get(place).map_or(String::new(), |last| format!("  x{:.2}", median / last));
            show(&format!("{what}: {step}"), lines, &times, &growth);
            medians.push(median);
        }
        last = medians;
    }
}

/// A recursion that does next to nothing else than calling.
fn calls() {
    // fib(n) makes 2 fib(n + 1) - 1 calls.
    const CALLS: f64 = 2.0 * 75_025.0 - 1.0;
    let mut session = Session::new(Settings { threads: 1, ..Settings::default() });
    let mut run = |cell: &str| {
        let errors = session.run("bench", cell, None, Arc::new(Silent));
        assert!(errors.is_empty(), "{errors:?}");
    };
    run("let fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2)");
    run("let result = fib(24)\nassert(result == 46_368)");
    let times = measure(|| run("fib(24);"));
    show("fib(24): check and run", 1, &times, "");
    let checks = measure(|| assert!(session.check("bench", "fib(24);", None).is_empty()));
    show("fib(24): check alone", 1, &checks, "");
    let seconds = (times.median() - checks.median()) / 1e3;
    println!("    {:.2} million calls a second", CALLS / seconds / 1e6);
}

/// Whole processes.
fn start() {
    let program = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-line.cac");
    std::fs::write(&program, "1 + 1\n").expect("a file");
    let file = program.to_string_lossy();
    for (name, arguments) in [
        ("process: run of one line", vec!["run", &file]),
        ("process: --version", vec!["--version"]),
    ] {
        let once = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_convac"));
            let status = command.args(&arguments).stdout(Stdio::null()).status();
            assert!(status.is_ok_and(|status| status.success()));
        };
        once();
        let times = (0..30).map(|_| 1e3 * time(once).as_secs_f64()).collect();
        show(name, 1, &Times::new(times), "");
    }
}
