//! Hostile input: an error with its code, never a panic, never silence, nothing left behind.

mod support;

use support::{code, convac, convac_stdin, stderr};

/// Runs a text and gives its first error code.
fn first_error(program: &[u8]) -> String {
    let output = convac_stdin(&["run", "-"], program);
    let messages = stderr(&output);
    assert_eq!(code(&output), 1, "{messages}");
    assert!(!messages.contains("E99"), "{messages}");
    assert!(messages.len() < 20_000, "{} bytes of messages", messages.len());
    let start = messages.find("error[").expect("an error") + "error[".len();
    messages[start..start + 3].to_owned()
}

#[test]
fn brackets() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{a: ", "}"), ("f(", ")"), ("-(", ")")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        assert_eq!(first_error(deep.as_bytes()), "E07", "{open}");
        assert_eq!(first_error(open.repeat(10_000).as_bytes()), "E07", "{open}");
        assert_eq!(first_error(close.repeat(10_000).as_bytes()), "E01", "{close}");
    }
    assert_eq!(first_error("(]".repeat(5_000).as_bytes()), "E01");
}

#[test]
fn depth_without_brackets() {
    for piece in ["x -> ", "if true then 1 else ", "not ", "- ", "1 + ", "2 ^ ", "1 where a = "] {
        let program = format!("{}1", piece.repeat(20_000));
        let code = first_error(program.as_bytes());
        assert!(code == "E07", "{piece}: {code}");
    }
    let calls = format!("abs{}", "(1)".repeat(20_000));
    assert_eq!(first_error(calls.as_bytes()), "E07");
    let fields = format!("abs{}", ".a".repeat(20_000));
    assert_eq!(first_error(fields.as_bytes()), "E07");
    let holes = format!("\"{}1{}\"", "{(".repeat(5_000), ")}".repeat(5_000));
    assert_eq!(first_error(holes.as_bytes()), "E07");
    let strings = format!("{}1{}", "\"{".repeat(5_000), "}\"".repeat(5_000));
    assert!(["E01", "E07"].contains(&first_error(strings.as_bytes()).as_str()));
}

#[test]
fn width_is_not_depth() {
    for item in
        ["-1", "1+1", "abs(1)", "{a: 1}.a", "(1)", "[1][0]", "not true", "x -> x", "\"{1}\"", "2^2"]
    {
        let program = format!("len([{}])", vec![item; 5_000].join(", "));
        let output = convac_stdin(&["run", "-"], program.as_bytes());
        assert_eq!(code(&output), 0, "{item}: {}", stderr(&output));
    }
}

#[test]
fn long_lines() {
    let line = format!("[{}1]", "1, ".repeat(3_400_000));
    assert!(line.len() > 10_000_000);
    assert_eq!(first_error(line.as_bytes()), "E07");
    let word = "a".repeat(10_000_000);
    assert_eq!(first_error(word.as_bytes()), "E07");
    let comment = format!("# {}\nnowhere", "x".repeat(10_000_000));
    assert_eq!(first_error(comment.as_bytes()), "E02");
}

#[test]
fn bytes() {
    assert_eq!(first_error(b"let a = 1\0"), "E01");
    assert_eq!(first_error(b"\0\0\0"), "E01");
    assert_eq!(first_error(b"let a = \"\xff\xfe\""), "E08");
    assert_eq!(first_error(&[0xC3]), "E08");
    assert_eq!(first_error("let a = \u{202e}1".as_bytes()), "E01");
    let output = convac(&["run", "nowhere.cac"]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E08"));
    let output = convac(&["run", "src"]).output().unwrap();
    assert!(stderr(&output).contains("E08"), "{}", stderr(&output));
}

#[test]
fn recursion_without_end() {
    for program in [
        "let f(n) = f(n + 1)\nf(0)",
        "let f(n) = 1 + g(n)\nlet g(n) = 1 + f(n)\nf(0)",
        "let f(n) = [f(n + 1) for i in 1..2]\nf(0)",
        "let f(n) = map([n], f)\nf(0)",
        "let f(n) = {a: f({b: n})}\nf(0)",
        "let f(n) = if n > 0 then f(n + 1) else 0\nf(1)",
        "let f(n, m = f(n)) = m\nf(0)",
    ] {
        assert_eq!(first_error(program.as_bytes()), "E07", "{program}");
    }
}

#[test]
fn values_that_explode() {
    for program in [
        "2^(10^9)",
        "10^10^10",
        "reduce(1..40, (a, i) -> a * a, start = 3)",
        "reduce(1..40, (a, i) -> a + a, start = [1])",
        "reduce(1..60, (a, i) -> a + a, start = \"ab\")",
        "reduce(1..100000, (a, i) -> {a})",
        "reduce(1..100000, (f, i) -> (x -> f), start = (x -> x))",
        "[x for x in 1..10^12]",
        "[1 for x in 1..10^6 for y in 1..10^6]",
        "[[i for i in 1..10^6] for j in 1..10^6]",
        "range(0, 10^15, step = 3)",
        "flatten([1..10^9, 1..10^9])",
        "join(map(1..1000, x -> fixed(1.0, digits = 300)) + map(1..300000, x -> \"{1..200}\"))",
        "network { input(2^40, dim = 2), [pool(2) for i in 1..2000], output(1) }",
        "sites(i -> true) |> on(2^40)",
        "binomial(10^9, 5 * 10^8)",
    ] {
        assert_eq!(first_error(program.as_bytes()), "E07", "{program}");
    }
}

#[test]
fn nested_sharing_is_written_in_part_and_not_compared() {
    let program = "let a = reduce(1..200, (acc, i) -> [acc, acc], start = 1)\n\
                   let b = reduce(1..200, (acc, i) -> [acc, acc], start = 1)\na\na == b\n";
    assert_eq!(first_error(program.as_bytes()), "E07");
    let output = convac_stdin(&["run", "--json", "-"], program.as_bytes());
    assert_eq!(code(&output), 1);
}

#[test]
fn nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let count = || std::fs::read_dir(folder.path()).unwrap().count();
    for program in [
        "save(1, \"x.unknown\")",
        "save(1, \"x.csv\")",
        "save([1 div 0], \"x.json\")",
        "save(1, \"no/x.json\")",
    ] {
        let mut command = convac(&["run", "-"]);
        command.current_dir(folder.path());
        command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), program.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 1, "{program}");
        assert_eq!(count(), 0, "{program}");
    }
}
