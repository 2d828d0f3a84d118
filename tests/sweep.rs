//! Sweeps: what is written down survives whatever ends the run, and changes no result.

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use support::{code, convac, convac_stdin, stderr, stdout};

/// What a program gives; `FILE` in it is a file in the folder.
fn run(folder: &Path, program: &str, args: &[&str]) -> (i32, String, String) {
    let output =
        convac_stdin(&[&["run", "-"], args].concat(), in_folder(folder, program).as_bytes());
    (code(&output), stdout(&output), stderr(&output))
}

fn in_folder(folder: &Path, program: &str) -> String {
    let file = folder.join("sweep.jsonl").display().to_string().replace('\\', "/");
    program.replace("FILE", &format!("{file:?}"))
}

/// The lines of the file.
fn lines(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("sweep.jsonl")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn start(folder: &Path, program: &str) -> Child {
    let mut command = convac(&["run", "-", "--threads", "2"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(in_folder(folder, program).as_bytes()).unwrap();
    child
}

/// Waits until the file has so many whole lines; a child that ends before is a failure.
fn wait_for_lines(folder: &Path, child: &mut Child, count: usize) {
    let path = folder.join("sweep.jsonl");
    loop {
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes.iter().filter(|byte| **byte == b'\n').count() >= count {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let program = "let f(n) = if n < 2 then n else f(n - 1) + f(n - 2)\n\
                   let job(n, seed) = {f: f(n) + seed, third: n / 3}\n\
                   sweep(job, {n: 16..19, seed: 0..4}, file = FILE)\n";
    let alone = program.replace(", file = FILE", "");
    let (status, expected, _) = run(folder.path(), &alone, &[]);
    assert_eq!(status, 0);
    // Killed again and again, each time a little later.
    for count in [1, 2, 5, 9] {
        let mut child = start(folder.path(), program);
        wait_for_lines(folder.path(), &mut child, count);
        child.kill().unwrap();
        child.wait().unwrap();
        let whole = lines(folder.path());
        assert!(whole.len() >= count && whole.len() < 21);
        // What a kill in the middle of a line would leave.
        let mut file =
            std::fs::File::options().append(true).open(folder.path().join("sweep.jsonl")).unwrap();
        file.write_all(b"{\"n\":19,\"se").unwrap();
    }
    let before = lines(folder.path());
    assert_eq!(run(folder.path(), program, &[]), (0, expected.clone(), String::new()));
    let after = lines(folder.path());
    assert_eq!(after.len(), 21, "every point once, and the first line");
    assert_eq!(after[..before.len() - 1], before[..before.len() - 1], "rows are never touched");
    // Nothing is left to do.
    assert_eq!(run(folder.path(), program, &[]), (0, expected, String::new()));
    assert_eq!(lines(folder.path()), after);
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_whole_points_only() {
    let folder = tempfile::tempdir().unwrap();
    // `train` keeps the model so far; a sweep must not take it for the result.
    let program = "let net = network { input(2, dim = 2, features = \"cos_sin\"), conv(3), pool(2), output(2) }\n\
                   let data = dataset([[0, 0], [1, 1], [0, 1], [1, 0]], labels = [0, 0, 1, 1])\n\
                   sweep(epochs -> len(train(net, data, epochs = epochs).history), {epochs: [1, 10^7]}, file = FILE)\n";
    let mut child = start(folder.path(), program);
    wait_for_lines(folder.path(), &mut child, 2);
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130);
    assert!(!stderr(&output).contains("model so far"), "{}", stderr(&output));
    assert_eq!(lines(folder.path())[1..], ["{\"epochs\":1,\"value\":1}"]);
}

#[test]
fn a_file_cut_anywhere_gives_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let program = "sweep((a, b) -> {sum: a + b, half: a / 2}, {a: [1, 2], b: [\"x\", \"yz\"] |> map(s -> len(s))}, file = FILE)\n";
    let (status, expected, errors) = run(folder.path(), program, &["--threads", "1"]);
    assert_eq!((status, errors.as_str()), (0, ""));
    let path = folder.path().join("sweep.jsonl");
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let again = run(folder.path(), program, &["--threads", "1"]);
        assert_eq!(again, (0, expected.clone(), String::new()), "cut at {length}");
        assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {length}");
    }
}

#[test]
fn values_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let program = "let job(x) = {big: 3^80 * x, small: -(2^53) - 1, real: 2.0 * x, tenth: 0.1 + 0.2, tiny: 5.0e-324,\n\
                     far: infinity, low: -infinity, zero: -0.0, text: \"\\\"$int\\\" # \\n é\", nothing: none,\n\
                     yes: true, list: [1, 2.0, [none]], inner: {a: 1, b: {c: 2.5}}, empty: []}\n\
                   let t = sweep(job, {x: [1, 1.0, 10^30, \"2\" |> int]}, file = FILE)\n\
                   [[type_of(v) for v in values(row)] for row in t]\n\
                   t.zero\n\
                   t == sweep(job, {x: [1, 1.0, 10^30, 2]})\nt[2]\n";
    let first = run(folder.path(), program, &[]);
    assert_eq!((first.0, first.2.as_str()), (0, ""), "{}", first.1);
    assert!(first.1.contains("true"), "{}", first.1);
    assert_eq!(lines(folder.path()).len(), 5, "1 and 1.0 are two points");
    assert_eq!(run(folder.path(), program, &[]), first);
    assert_eq!(lines(folder.path()).len(), 5);
}

#[test]
fn points_can_be_added_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let program = |seeds: &str| {
        format!(
            "sweep((r, seed) -> r * 10 + seed, {{r: [2, 4], seed: {seeds}}}, file = FILE).value\n"
        )
    };
    assert_eq!(run(folder.path(), &program("0..0"), &[]).1, "[20, 40]\n");
    assert_eq!(run(folder.path(), &program("[3, 0]"), &[]).1, "[23, 20, 43, 40]\n");
    assert_eq!(lines(folder.path()).len(), 5);
    assert_eq!(run(folder.path(), &program("[3]"), &[]).1, "[23, 43]\n");
    assert_eq!(run(folder.path(), &program("[]"), &[]).1, "[]\n");
    assert_eq!(lines(folder.path()).len(), 5);
    // The order of the fields is that of the table alone.
    let turned = "sweep((r, seed) -> r * 10 + seed, {seed: [0, 3], r: [2]}, file = FILE).value\n";
    assert_eq!(run(folder.path(), turned, &[]).1, "[20, 23]\n");
    assert_eq!(lines(folder.path()).len(), 5);
}

#[test]
fn another_sweep_is_told_by_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let program = "let rate = 0.5\nlet data = digits()\nlet twice(x) = 2 * x # as it was\n\
                   sweep(r -> rate * twice(r), {r: [1]}, file = FILE).value\n";
    assert_eq!(run(folder.path(), program, &[]).1, "[1.0]\n");
    let before = lines(folder.path());
    // Blanks and comments change nothing, nor does what the function does not read.
    let same = program.replace("2 * x # as it was", "2   * x # as it is").replace("digits()", "1");
    assert_eq!(run(folder.path(), &same, &[]).1, "[1.0]\n");
    for (old, new, reason) in [
        ("rate = 0.5", "rate = 0.25", "`rate` was 0.5, and is 0.25"),
        ("2 * x", "3 * x", "the text of `twice` has changed"),
        ("rate * twice(r)", "twice(r) * rate", "the text of the function has changed"),
        (
            "rate * twice(r)",
            "rate * twice(r) + len(data.shape)",
            "the text of the function has changed",
        ),
        (
            "r -> rate * twice(r), {r: [1]}",
            "s -> rate * twice(s), {s: [1]}",
            "fields r, here they are s",
        ),
    ] {
        let (status, _, errors) = run(folder.path(), &program.replace(old, new), &[]);
        assert_eq!(status, 1);
        assert!(errors.contains("E08") && errors.contains(reason), "{errors}");
        assert!(errors.contains("hint: file = ") && errors.contains("sweep-2.jsonl"), "{errors}");
        assert_eq!(lines(folder.path()), before);
    }
}

#[test]
fn hostile_files_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let program = "sweep(r -> r, {r: [1, 2]}, file = FILE).value\n";
    assert_eq!(run(folder.path(), program, &[]).1, "[1, 2]\n");
    let path = folder.path().join("sweep.jsonl");
    let good = std::fs::read_to_string(&path).unwrap();
    let header = good.lines().next().unwrap();
    let deep = format!("{header}\n{}\n", "[".repeat(100_000));
    let rows = [
        "{\"r\":1",
        "[1, 2]",
        "null",
        "7",
        "{\"s\":1}",
        "{\"r\":{\"$int\":\"x\"}}",
        "{\"r\":{\"$int\":\"\"}}",
        "{\"$r\":1}",
        "{\"r\":1,\"value\":{\"$what\":1}}",
        "{\"r\":18446744073709551615,\"value\":1}",
        "{\"r\":1,\"value\":1e999}",
        "\u{0}",
    ];
    let torn = rows.iter().map(|row| format!("{header}\n{row}\n{{\"r\":2,\"value\":2}}\n"));
    let headers =
        ["", "a,b\n1,2\n", "{}\n", "a,b", "{\"$sweep\":2}\n", "{\"$sweep\":1}\n", "[]\n", "\n"];
    let others = headers.iter().skip(1).map(|text| (*text).to_owned());
    for text in torn.chain(others).chain([deep]) {
        std::fs::write(&path, &text).unwrap();
        let (status, _, errors) = run(folder.path(), program, &[]);
        let start: String = text.chars().rev().take(60).collect();
        assert_eq!(status, 1, "{start}");
        assert!(errors.contains("E08") && errors.contains("hint: file"), "{start}: {errors}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::write(&path, [header.as_bytes(), b"\n\xff\xfe\n"].concat()).unwrap();
    assert!(run(folder.path(), program, &[]).2.contains("E08"));
    // An empty file is a file without a first line yet.
    std::fs::write(&path, "").unwrap();
    assert_eq!(run(folder.path(), program, &[]).1, "[1, 2]\n");
    // A folder, and a folder that is not there.
    for path in [".", "/no/such/folder/x.jsonl"] {
        let (_, _, errors) =
            run(folder.path(), &program.replace("FILE", &format!("{path:?}")), &[]);
        assert!(errors.contains("error[E08]") && errors.contains("hint: "), "{errors}");
    }
}

#[test]
fn two_runs_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("sweep.jsonl")).unwrap();
    file.lock().unwrap();
    let program = "sweep(r -> r, {r: [1, 2]}, file = FILE).value\n";
    let (status, _, errors) = run(folder.path(), program, &[]);
    assert_eq!(status, 1);
    assert!(errors.contains("another run is writing"), "{errors}");
    file.unlock().unwrap();
    assert_eq!(run(folder.path(), program, &[]).1, "[1, 2]\n");
    // Nothing is to be written into a complete file: it is open to all.
    file.lock().unwrap();
    assert_eq!(run(folder.path(), program, &[]).1, "[1, 2]\n");
    let (status, _, errors) = run(folder.path(), &program.replace("[1, 2]", "[1, 2, 3]"), &[]);
    assert!(status == 1 && errors.contains("another run is writing"), "{errors}");
}

#[test]
fn tables_do_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let programs = [
        // Effects run in order, with the points before and after them.
        "let f(n) = if n < 2 then n else f(n - 1) + f(n - 2)\n\
         sweep((n, s) -> {v: [f(n + s), if n mod 3 == 0 then print(n, s) else none][0]}, {n: 1..12, s: 0..2})\n",
        // The first error in order, after what was printed before it.
        "sweep(n -> if n == 7 then print(\"seven\") else if n > 8 then 1 div (n - n) else n, {n: 1..50})\n",
        "[sweep((a, b) -> a * b, {a: [x], b: 1..3}).value for x in 1..30]\n",
        "sweep(a -> sum(sweep(b -> a * b, {b: 1..4}).value), {a: 1..20})\n",
        // Rows with other fields are a list.
        "sweep(n -> if n > 2 then {a: n} else {b: n}, {n: 1..4}) |> type_of\n",
    ];
    for program in programs {
        let one = run(folder.path(), program, &["--threads", "1"]);
        assert!(!one.1.is_empty() || !one.2.is_empty());
        for threads in ["2", "3", "8"] {
            assert_eq!(run(folder.path(), program, &["--threads", threads]), one, "{program}");
        }
    }
    let (status, printed, errors) = run(folder.path(), programs[1], &[]);
    assert_eq!((status, printed.as_str()), (1, "seven\n"));
    assert!(errors.contains("the sweep was at n = 9"), "{errors}");
}

#[test]
fn what_is_done_before_an_error_stays() {
    let folder = tempfile::tempdir().unwrap();
    let program = "let worst = 3\nlet job(n) = if n == worst then [][n] else n\nsweep(job, {n: 1..40}, file = FILE).value\n";
    let (status, _, errors) = run(folder.path(), program, &[]);
    assert_eq!(status, 1);
    assert!(errors.contains("the sweep was at n = 3"), "{errors}");
    assert!(errors.contains("sweep.jsonl; the same call goes on from there"), "{errors}");
    let kept = lines(folder.path());
    assert!(kept.contains(&"{\"n\":1,\"value\":1}".to_owned()), "{kept:?}");
    assert!(kept.contains(&"{\"n\":2,\"value\":2}".to_owned()), "{kept:?}");
}
