//! The real helper with a real compiler: `cargo test --locked -p convac-rust-cells`.

#![cfg(target_os = "linux")]

mod support;

use std::os::unix::net::UnixStream;

use cac::{FromCac, IntoCac, Value};
use convac_rust_wire::{Brought, Failure, Reply, Request};
use support::{Helper, gone};

fn compiler(why: Failure) -> Vec<convac_rust_wire::CompilerError> {
    match why {
        Failure::Compiler { errors } => errors,
        other => panic!("{other:?}"),
    }
}

#[test]
fn state_text_and_pictures() {
    let mut helper = Helper::start();
    assert_eq!(helper.value("1 + 1"), "2");
    assert!(helper.run("let v = vec![1, 2, 3]; fn f(x: i64) -> i64 { 2 * x }").unwrap().is_empty());
    assert_eq!(helper.value("f(v.len() as i64)"), "6");
    // Output without a newline, in the order in which it was written, is there before the answer.
    assert_eq!(
        helper.value("print!(\"a\"); eprint!(\"b\"); println!(\"c\"); print!(\"ü\"); 7"),
        "7"
    );
    assert_eq!(helper.text, ["ac\nü", "b"]);
    helper.run("for i in 0..3 { println!(\"{i}\"); }").unwrap();
    assert_eq!(helper.text[0], "0\n1\n2\n");
    let picture = "struct P; impl P { fn evcxr_display(&self) { \
                   println!(\"EVCXR_BEGIN_CONTENT image/svg+xml\\n<svg/>\\nEVCXR_END_CONTENT\"); \
                   println!(\"EVCXR_BEGIN_CONTENT text/plain\\na picture\\nEVCXR_END_CONTENT\"); } }\nP";
    let data = helper.run(picture).unwrap();
    assert_eq!(
        (data["image/svg+xml"].as_str(), data["text/plain"].as_str()),
        ("<svg/>", "a picture")
    );
    assert!(helper.value(":vars").contains("v: Vec<i32>"));
    assert_eq!(helper.value(":opt 1"), "Optimization: 1\n");
    assert_eq!(helper.value("let x = 3;\nx"), "3");
    // Words of evcxr in what a cell prints harm nobody.
    assert_eq!(helper.value("println!(\"EVCXR_EXECUTION_COMPLETED\"); 5"), "5");
    assert_eq!(helper.text[0], "EVCXR_EXECUTION_COMPLETED\n");
    // Bytes that are no text.
    helper
        .run("{ use std::io::Write; std::io::stdout().write_all(b\"a\\xff\\n\").unwrap(); }")
        .unwrap();
    assert_eq!(helper.text[0], "a\u{fffd}\n");
    // There is nothing to be read.
    let read = "let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap()";
    assert_eq!(helper.value(read), "0");
    // The word that evcxr waits for ends no cell.
    assert_eq!(helper.value("println!(\"EVCXR_EXECUTION_COMPLETE\"); println!(\"after\"); 2"), "2");
    assert_eq!(helper.text[0], "EVCXR_EXECUTION_COMPLETE\nafter\n");
    // A `?` that meets an error.
    let failed = helper.run("let r: Result<i32, String> = Err(\"lost\".into()); let x = r?;");
    assert_eq!(failed, Err(Failure::Returned));
    assert!(
        helper.text[0].contains("lost") || helper.text[1].contains("lost"),
        "{:?}",
        helper.text
    );
}

#[test]
fn whatever_a_cell_shows_it_ends() {
    let mut helper = Helper::start();
    // What is printed last and without a newline is there when the cell has ended.
    helper.run("print!(\"a\");").unwrap();
    assert_eq!(helper.text[0], "a");
    helper.run("for _ in 0..3 { print!(\"b\") }").unwrap();
    assert_eq!(helper.text[0], "bbb");
    // A content without a newline before its end, and one without an end.
    let shown = |helper: &mut Helper, text: &str| {
        let data = helper.run(&format!("print!(\"EVCXR_BEGIN_CONTENT text/html\\n{text}\");"));
        data.unwrap().remove("text/html").unwrap()
    };
    assert_eq!(shown(&mut helper, "<b>1</b>EVCXR_END_CONTENT\\n"), "<b>1</b>");
    assert_eq!(shown(&mut helper, "<b>2</b>\\n"), "<b>2</b>");
    assert_eq!(
        shown(&mut helper, "<b>3</b>\\nEVCXR_END_CONTENT \\r\\n"),
        "<b>3</b>\nEVCXR_END_CONTENT "
    );
    assert_eq!(helper.value("1 + 1"), "2");
    // Bytes that are no text, where evcxr wants text.
    let raw = "{ use std::io::Write; let mut out = std::io::stdout();\n\
               out.write_all(b\"EVCXR_BEGIN_CONTENT image/png\\n\\x89PNG\\xff\\nEVCXR_END_CONTENT\\n\").unwrap(); }";
    assert_eq!(helper.run(raw).unwrap()["image/png"], "\u{fffd}PNG\u{fffd}");
    assert_eq!(helper.value("2 + 2"), "4", "answers belong to their cells");
    // A panic in the middle of it.
    let panics = "struct Q; impl Q { fn evcxr_display(&self) { \
                  print!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>\"); panic!(\"stuck\") } }\nQ";
    match helper.run(panics).unwrap_err() {
        Failure::Panicked { message, .. } => assert_eq!(message, "stuck"),
        other => panic!("{other:?}"),
    }
    assert_eq!(helper.value("3 + 3"), "6");
    // A thread that never stops writing errors.
    helper.run("std::thread::spawn(|| loop { eprintln!(\"xxxxxxxxxxxxxxxx\") });").unwrap();
    assert_eq!(helper.value("4 + 4"), "8");
}

#[test]
fn a_new_process_is_told_whatever_comes_behind() {
    let mut helper = Helper::start();
    helper.run("let a = 1;").unwrap();
    let id = helper.begin(":restart\npanic!(\"behind\")", None);
    match helper.answer() {
        Reply::Failed { id: same, why: Failure::Panicked { .. }, renewed } => {
            assert_eq!((same, renewed), (id, true));
        }
        other => panic!("{other:?}"),
    }
    assert!(compiler(helper.run("a").unwrap_err())[0].message.contains("cannot find value `a`"));
    // The new process tells of panics as the first one did.
    match helper.run("panic!(\"again\")").unwrap_err() {
        Failure::Panicked { message, .. } => assert_eq!(message, "again"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_with_blanks() {
    let mut helper = Helper::start_in("a folder with blanks", &[]);
    assert_eq!(helper.value("let x = 20; 2 * x + 2"), "42");
}

#[test]
fn errors_have_their_places() {
    let mut helper = Helper::start();
    let errors = compiler(helper.run("let a = 1;\nlet b: i32 = \"𝛼\" ;").unwrap_err());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code.as_deref(), Some("E0308"));
    let first = &errors[0].spans[0];
    assert_eq!((first.line, first.column, first.end_line, first.end_column), (2, 14, 2, 17));
    assert_eq!(first.label, "expected `i32`, found `&str`");
    // What a cell takes over stands above it, and counts for nothing.
    std::fs::write(helper.folder.path().join("in-1"), 3_i64.into_cac().unwrap().encode()).unwrap();
    let id = helper.id();
    let bring = vec![Brought { name: "n".into(), ty: "i64".into(), number: 1 }];
    let give = vec![("s".to_owned(), 2)];
    let code = "struct S;\nlet k: i32 = n;\nlet s = 1;".to_owned();
    helper.send(&Request::Execute { id, code, bring, give, seconds: None });
    let errors = compiler(helper.end(id).unwrap_err());
    assert_eq!(errors[0].spans[0].line, 2, "{errors:?}");
    let id = helper.id();
    let give = vec![("s".to_owned(), 2)];
    let code = "struct S; let s = S;".to_owned();
    helper.send(&Request::Execute { id, code, bring: vec![], give, seconds: None });
    let errors = compiler(helper.end(id).unwrap_err());
    assert_eq!(errors[0].message, "a `S` cannot become a `.cac` value");
    assert_eq!(errors[0].about_out.as_deref(), Some("s"));
    // Warnings are no errors.
    helper.run("#[deprecated] fn old() {}").unwrap();
    let errors = compiler(helper.run("old(); let z: u8 = 300_i32;").unwrap_err());
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code.as_deref(), Some("E0308"));
    // Commands stand above what is taken over.
    std::fs::write(helper.folder.path().join("in-5"), 3_i64.into_cac().unwrap().encode()).unwrap();
    let id = helper.id();
    let bring = vec![Brought { name: "n".into(), ty: "i64".into(), number: 5 }];
    let code = ":opt 0\n// a comment\nlet k: i32 = n;".to_owned();
    helper.send(&Request::Execute { id, code, bring: bring.clone(), give: vec![], seconds: None });
    assert_eq!(compiler(helper.end(id).unwrap_err())[0].spans[0].line, 3);
    let id = helper.id();
    let code = ":opt 0\n// a comment\nn + 1".to_owned();
    helper.send(&Request::Execute { id, code, bring, give: vec![], seconds: None });
    assert!(helper.end(id).unwrap()["text/plain"].ends_with("\n4"));
    // Nothing of it ran.
    assert!(compiler(helper.run("s").unwrap_err())[0].message.contains("cannot find value `s`"));
    let id = helper.id();
    helper.send(&Request::Check { id, code: "let y: u8 = 1.5;".into() });
    assert_eq!(compiler(helper.end(id).unwrap_err())[0].spans[0].column, 13);
    let id = helper.id();
    helper.send(&Request::Check { id, code: "let y: u8 = 1;".into() });
    helper.end(id).unwrap();
    match helper.run(":nonsense").unwrap_err() {
        Failure::Compiler { errors } => {
            assert!(errors[0].message.contains("nrecognised"), "{errors:?}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn completion_and_dependencies() {
    let mut helper = Helper::start();
    helper.run("let numbers = vec![1.5_f64]; fn triple(x: f64) -> f64 { 3.0 * x }").unwrap();
    let mut complete = |code: &str| {
        let id = helper.id();
        helper.send(&Request::Complete { id, code: code.into(), at: code.len() });
        match helper.answer() {
            Reply::Completions { id: same, start, items, .. } if same == id => {
                (start, items.into_iter().map(|item| item.text).collect::<Vec<_>>())
            }
            other => panic!("{other:?}"),
        }
    };
    let (start, found) = complete("let a = 1;\nnumbers.le");
    assert_eq!(start, 19);
    assert!(found.iter().any(|item| item.starts_with("len")), "{found:?}");
    assert!(complete("trip").1.iter().any(|item| item.starts_with("triple")));
    assert!(complete(":de").1.contains(&":dep".to_owned()));
    complete("𝛼.");
    complete("");
    let dependency = tempfile::tempdir().unwrap();
    std::fs::create_dir(dependency.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"answer\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    std::fs::write(dependency.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(dependency.path().join("src/lib.rs"), "pub fn answer() -> u8 { 42 }").unwrap();
    let line = format!(":dep answer = {{ path = {:?} }}", dependency.path());
    assert_eq!(helper.value(&format!("{line}\nanswer::answer()")), "42");
    assert!(helper.value(":show_deps").contains("answer"));
    let missing = helper.run(":dep answer2 = { path = \"/nowhere\" }\n1").unwrap_err();
    assert!(format!("{missing:?}").contains("/nowhere"), "{missing:?}");
    assert_eq!(helper.value("triple(numbers[0])"), "4.5");
    // `:clear` forgets what cells share; it is told again.
    helper.run(":clear").unwrap();
    let id = helper.id();
    let give = vec![("q".to_owned(), 9)];
    helper.send(&Request::Execute {
        id,
        code: "let q = 2;".into(),
        bring: vec![],
        give,
        seconds: None,
    });
    helper.end(id).unwrap();
    let bytes = std::fs::read(helper.folder.path().join("out-9")).unwrap();
    assert_eq!(Value::decode(&bytes), Ok(Value::Int(2)));
}

#[test]
fn panics_cost_little() {
    let mut helper = Helper::start();
    helper
        .run("let kept = 5; fn bad(x: i32) -> i32 {\n    assert!(x > 0, \"x is {x}\");\n    x\n}")
        .unwrap();
    let code = "let fresh = 1;\npanic!(\"boom\\nsecond line\");";
    match helper.run(code).unwrap_err() {
        Failure::Panicked { message, line, column, elsewhere } => {
            assert_eq!((message.as_str(), line, column), ("boom\nsecond line", Some(2), Some(1)));
            assert_eq!(elsewhere, None);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(helper.text, ["", ""], "the panic is told once");
    assert_eq!(helper.value("kept"), "5");
    match helper.run("bad(-1)").unwrap_err() {
        Failure::Panicked { message, line, .. } => {
            assert_eq!((message.as_str(), line), ("x is -1", None))
        }
        other => panic!("{other:?}"),
    }
    match helper.run("None::<u8>.unwrap()").unwrap_err() {
        Failure::Panicked { message, line, .. } => {
            assert!(message.contains("None"), "{message}");
            assert_eq!(line, Some(1));
        }
        other => panic!("{other:?}"),
    }
    // Caught ones, and those of other threads, are no failure of the cell.
    let code = "let caught = std::panic::catch_unwind(|| panic!(\"a\")).is_err(); \
                let joined = std::thread::spawn(|| panic!(\"b\")).join().is_err(); caught && joined";
    assert_eq!(helper.value(code), "true");
    assert!(
        helper.text[1].contains(": a\n") && helper.text[1].contains(": b\n"),
        "{:?}",
        helper.text
    );
}

#[test]
fn deaths_are_survived() {
    let mut helper = Helper::start();
    for (code, wanted) in [
        ("std::process::exit(3);", "exit status 3"),
        ("std::process::abort();", "signal 6 (abort)"),
        (
            "unsafe { std::ptr::null_mut::<u8>().write_volatile(1); }",
            "signal 11 (segmentation fault)",
        ),
        (
            "fn deep(x: u64) -> u64 { 1 + std::hint::black_box(deep(x + 1)) }\ndeep(0);",
            "signal 6 (abort)",
        ),
    ] {
        helper.run("let (a, b) = (1, 2); fn kept() -> u8 { 9 }").unwrap();
        match helper.run(code).unwrap_err() {
            Failure::Ended { how, lost } => {
                assert_eq!(how, wanted, "{code}");
                assert_eq!(lost, ["a", "b"]);
                let overflow = helper.text[1].contains("has overflowed its stack");
                assert_eq!(overflow, code.contains("deep"), "{}", helper.text[1]);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(helper.value("kept()"), "9", "{code}");
        assert!(helper.run("a").is_err());
        // The new process tells panics in the same way.
        assert!(
            matches!(helper.run("panic!(\"x\")"), Err(Failure::Panicked { message, .. }) if message == "x")
        );
    }
    // Killed from outside, between two cells.
    helper.run("let a = 1;").unwrap();
    let runtime = *helper.descendants().last().unwrap();
    assert!(
        std::process::Command::new("kill")
            .args(["-9", &runtime.to_string()])
            .status()
            .unwrap()
            .success()
    );
    gone(&[runtime]);
    match helper.run("a") {
        Err(Failure::Ended { lost, .. }) => assert_eq!(lost, ["a"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(helper.value("1 + 1"), "2");
}

#[test]
fn whatever_runs_can_be_stopped() {
    let mut helper = Helper::start();
    helper.run("let a = 1; fn kept() -> u8 { 9 }").unwrap();
    let lost = Some(vec!["a".to_owned()]);
    let id = helper.begin("println!(\"now\"); loop {}", None);
    helper.wait_for("now");
    helper.send(&Request::Interrupt { of: id });
    assert_eq!(helper.end(id), Err(Failure::Interrupted { lost: lost.clone() }));
    // Once more, while the compiler computes: nothing is lost.
    helper.run("let a = 2;").unwrap();
    let code = "const N: u64 = { let mut i = 0_u64; while i < 90_000_000_000 { i += 1; } i };\nN";
    let code = format!("#[allow(long_running_const_eval)]\n{code}");
    let id = helper.begin(&code, None);
    std::thread::sleep(std::time::Duration::from_secs(4));
    helper.send(&Request::Interrupt { of: id });
    assert_eq!(helper.end(id), Err(Failure::Interrupted { lost: None }));
    assert_eq!(helper.value("a"), "2");
    // An interrupt of what is over is nothing.
    helper.send(&Request::Interrupt { of: id });
    assert_eq!(helper.value("kept()"), "9");
    // One that comes while the process is still made ready for the cell counts, too.
    helper.run("std::process::exit(4);").unwrap_err();
    let id = helper.begin("loop {}", None);
    helper.send(&Request::Interrupt { of: id });
    assert!(matches!(helper.end(id), Err(Failure::Interrupted { .. })));
    helper.run("let a = 2;").unwrap();
    // A function that runs on is ended with its process, at once.
    helper
        .run(
            "fn slow(x: f64) -> f64 { std::thread::sleep(std::time::Duration::from_secs(600)); x }",
        )
        .unwrap();
    let id = helper.id();
    helper.send(&Request::Function { id, name: "slow".into(), number: 77 });
    assert!(matches!(helper.answer(), Reply::Served { .. }));
    let mut stream = UnixStream::connect(helper.folder.path().join("f77")).unwrap();
    let asked = std::thread::spawn(move || {
        cac::ask(&mut stream, 1, vec![Value::Reals(vec![1.0])]).is_err()
    });
    std::thread::sleep(std::time::Duration::from_millis(200));
    let id = helper.id();
    helper.send(&Request::Restart { id });
    assert_eq!(helper.end(id), Err(Failure::Interrupted { lost: Some(vec!["a".into()]) }));
    assert!(asked.join().unwrap());
    helper.run("let a = 2;").unwrap();
    // Endless output, and a limit of time. Long lines: 16 MiB are printed well before it.
    let id = helper.begin("loop { println!(\"{:4096}\", \"and on\"); }", Some(5.0));
    assert_eq!(helper.end(id), Err(Failure::TimedOut { seconds: 5.0, lost }));
    assert!(helper.text[0].len() <= 16 << 20, "{}", helper.text[0].len());
    assert!(helper.text[1].contains("those beyond 16 MiB are left out"), "{}", helper.text[1]);
    let id = helper.begin(&code, Some(2.0));
    assert_eq!(helper.end(id), Err(Failure::TimedOut { seconds: 2.0, lost: None }));
    assert_eq!(helper.value("kept()"), "9");
    // Every process that takes the place of another one tells of panics as the first one did.
    for ends in ["let b = 1;\nloop {}", "std::process::exit(3)", ":restart"] {
        helper.run("let c = 1;").unwrap();
        let id = helper.begin(ends, Some(3.0));
        let _ = helper.end(id);
        match helper.run("panic!(\"told\")").unwrap_err() {
            Failure::Panicked { message, .. } => assert_eq!(message, "told", "{ends}"),
            other => panic!("{ends}: {other:?}"),
        }
    }
}

#[test]
fn floods_and_limits() {
    let mut helper = Helper::start_with(&[("CONVAC_RUST_MEMORY", &(1_u64 << 30).to_string())]);
    // A gigabyte on one line.
    let code = "let part = \"x\".repeat(1 << 20); for _ in 0..1024 { print!(\"{part}\"); }";
    helper.run(code).unwrap();
    assert_eq!(helper.text[0].len(), 16 << 20);
    assert!(helper.text[1].contains("1073741824 bytes were printed"), "{}", helper.text[1]);
    assert_eq!(helper.value("1 + 1"), "2");
    helper.run("EVCXR_BEGIN".len().to_string().as_str()).unwrap();
    let code = "{ let part = \"x\".repeat(1 << 20); println!(\"EVCXR_BEGIN_CONTENT text/plain\"); \
                for _ in 0..200 { print!(\"{part}\"); } println!(\"\\nEVCXR_END_CONTENT\"); }";
    helper.run(code).unwrap();
    assert!(helper.text[0].contains("longer than 64 MB"), "{}", helper.text[0].len());
    let peak = helper.peak();
    assert!(peak < 1500, "the helper itself took {peak} MiB");
    // More memory than it may take.
    match helper.run("let v = vec![1_u8; 2 << 30]; v.len()").unwrap_err() {
        Failure::Ended { how, .. } => assert_eq!(how, "signal 6 (abort)"),
        other => panic!("{other:?}"),
    }
    let id = helper.id();
    helper.send(&Request::Limit { id, memory: 512 << 20 });
    helper.end(id).unwrap();
    assert!(matches!(
        helper.run("let v = vec![1_u8; 700 << 20]; v.len()"),
        Err(Failure::Ended { .. })
    ));
    assert!(matches!(
        helper.run("let v = vec![1_u8; 700 << 20]; v.len()"),
        Err(Failure::Ended { .. })
    ));
    assert_eq!(helper.value("let v = vec![1_u8; 100 << 20]; v.len()"), "104857600");
}

#[test]
fn a_cell_that_deletes_the_folder() {
    let mut helper = Helper::start();
    helper.run("let a = 1;").unwrap();
    let folder = helper.folder.path().display().to_string();
    helper.run(&format!("std::fs::remove_dir_all({folder:?}).unwrap();")).unwrap();
    // Either it goes on, or it says so; it does not hang.
    match helper.run("a + 1") {
        Ok(data) => assert_eq!(data["text/plain"], "2"),
        Err(Failure::Refused { message }) => assert!(!message.is_empty()),
        Err(other) => panic!("{other:?}"),
    }
    let processes = helper.descendants();
    helper.hang_up();
    gone(&processes);
}

#[test]
fn nothing_is_left_behind() {
    let mut helper = Helper::start();
    helper.run("std::fs::write(std::env::temp_dir().join(\"mine\"), \"x\").unwrap();").unwrap();
    assert!(helper.folder.path().join("tmp/mine").is_file());
    let processes = helper.descendants();
    assert!(processes.len() >= 2, "{processes:?}");
    helper.hang_up();
    gone(&processes);
    assert!(!helper.folder.path().exists());
    // In the middle of a cell.
    let mut helper = Helper::start();
    helper.begin("println!(\"now\"); loop {}", None);
    helper.wait_for("now");
    let processes = helper.descendants();
    helper.hang_up();
    gone(&processes);
    assert!(!helper.folder.path().exists());
    // In the middle of a compilation.
    let mut helper = Helper::start();
    helper.begin("#[allow(long_running_const_eval)]\nconst N: u64 = { let mut i = 0_u64; while i < 90_000_000_000 { i += 1; } i };\nN", None);
    std::thread::sleep(std::time::Duration::from_secs(3));
    let processes = helper.descendants();
    assert!(processes.len() >= 4, "{processes:?}");
    helper.hang_up();
    gone(&processes);
    assert!(!helper.folder.path().exists());
    // Killed: its processes go, too.
    let mut helper = Helper::start();
    helper.begin("println!(\"now\"); loop {}", None);
    helper.wait_for("now");
    let processes = helper.descendants();
    helper.child.kill().unwrap();
    gone(&processes);
}

#[test]
fn functions_in_batches() {
    let mut helper = Helper::start();
    let serve = |helper: &mut Helper, name: &str, number: u64| {
        let id = helper.id();
        helper.send(&Request::Function { id, name: name.into(), number });
        match helper.answer() {
            Reply::Served { arity, signature, .. } => Ok((arity, signature)),
            Reply::Failed { why, .. } => Err(why),
            other => panic!("{other:?}"),
        }
    };
    let code = "fn lift(x: f64, d: u32) -> Vec<f64> { (0..d).map(|k| x.powi(k as i32)).collect() }\n\
                fn bad(x: &str) -> usize { x.len() }\n\
                fn noisy(x: i64) -> i64 { println!(\"called\"); if x == 3 { panic!(\"three\") } x }";
    helper.run(code).unwrap();
    assert_eq!(serve(&mut helper, "lift", 1), Ok((2, "(f64, u32) -> Vec<f64>".into())));
    let mut stream = UnixStream::connect(helper.folder.path().join("f1")).unwrap();
    let columns = vec![Value::Reals(vec![2.0, 3.0]), Value::Ints(vec![3, 2])];
    let results = cac::ask(&mut stream, 2, columns).unwrap().unwrap();
    assert_eq!(Vec::<Vec<f64>>::from_cac(results), Ok(vec![vec![1.0, 2.0, 4.0], vec![1.0, 3.0]]));
    match serve(&mut helper, "lift2", 2).unwrap_err() {
        Failure::NoFunction { defined } => assert_eq!(defined, ["bad", "lift", "noisy"]),
        other => panic!("{other:?}"),
    }
    let errors = compiler(serve(&mut helper, "bad", 3).unwrap_err());
    assert!(errors[0].message.contains("cannot call this function"), "{errors:?}");
    serve(&mut helper, "noisy", 4).unwrap();
    let mut noisy = UnixStream::connect(helper.folder.path().join("f4")).unwrap();
    // Far more output than a pipe holds, while no cell runs.
    let many = vec![Value::Ints(vec![1; 50_000])];
    assert_eq!(cac::ask(&mut noisy, 50_000, many).unwrap(), Ok(Value::Ints(vec![1; 50_000])));
    let fault = cac::ask(&mut noisy, 3, vec![Value::Ints(vec![1, 3, 5])]).unwrap().unwrap_err();
    assert_eq!((fault.call, fault.why.as_str()), (1, "it panicked: three"));
    assert_eq!(
        cac::ask(&mut noisy, 1, vec![Value::Ints(vec![4])]).unwrap(),
        Ok(Value::Ints(vec![4]))
    );
    // It is the function of that time, whatever its name means later.
    helper.run("fn lift(x: f64) -> f64 { x }").unwrap();
    let columns = vec![Value::Reals(vec![5.0]), Value::Ints(vec![1])];
    assert_eq!(
        cac::ask(&mut stream, 1, columns).unwrap(),
        Ok(Value::List(vec![Value::Reals(vec![1.0])]))
    );
}
