//! The command line as scripts meet it: exit codes, JSON, standard input, signals, pipes.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use support::{code, convac, convac_stdin, files, stderr, stdout};

const NET: &str = "let r = 8\nlet net = network {\n  input(16, dim = 4)\n  conv(r), pool(2)\n  \
                   conv(r), pool(2)\n  conv(2*r), pool(4)\n  output(10)\n}\n";

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn every_bare_expression_is_shown_in_order() {
    let output = convac_stdin(
        &["run", "-"],
        b"1 + 1\nlet x = 5\nx; 7;\n\"text\"\nnone\nassert(true)\n[x, 2]\n",
    );
    assert_eq!(code(&output), 0);
    assert_eq!(stdout(&output), "2\ntext\nnone\n[5, 2]\n");
    assert_eq!(stderr(&output), "");
}

#[test]
fn json_has_line_type_value_and_text() {
    let program = "let a = 1\n2^53\n2^53 + 1\n0.1\n[1, none, true]\n\"é\"\n{r: 1/4}\ninfinity\n";
    let output = convac_stdin(&["run", "--json", "-"], program.as_bytes());
    assert_eq!(code(&output), 0);
    let lines = json_lines(&stdout(&output));
    let values: Vec<&Value> = lines.iter().map(|line| &line["value"]).collect();
    assert_eq!(values[0], &serde_json::json!(9_007_199_254_740_992_i64));
    assert_eq!(values[1], "9007199254740993");
    assert_eq!(values[2], &serde_json::json!(0.1));
    assert_eq!(values[3], &serde_json::json!([1, null, true]));
    assert_eq!(values[4], "é");
    assert_eq!(values[5], &serde_json::json!({"r": 0.25}));
    assert_eq!(values[6], "infinity");
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["int", "int", "real", "list", "string", "record", "real"]);
    let numbers: Vec<u64> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(lines[0]["text"], "9007199254740992");
}

#[test]
fn json_of_a_cut_holds_the_exact_value() {
    let program = format!("{NET}min_cut(net, interleaved)\n");
    let output = convac_stdin(&["run", "--json", "-"], program.as_bytes());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let lines = json_lines(&stdout(&output));
    assert_eq!(lines[0]["line"], 9);
    assert_eq!(lines[0]["type"], "cut");
    assert_eq!(lines[0]["value"]["value"], 65536);
    assert_eq!(lines[0]["value"]["bits"], 16.0);
    assert!((lines[0]["value"]["ln"].as_f64().unwrap() - 65536_f64.ln()).abs() < 1e-12);
}

#[test]
fn errors_are_json_on_stdout_with_exit_code_1() {
    let output = convac_stdin(&["run", "--json", "-"], b"let a = 1\n  foo\n2x\n");
    assert_eq!(code(&output), 1);
    assert_eq!(stderr(&output), "");
    let lines = json_lines(&stdout(&output));
    let codes: Vec<&Value> = lines.iter().map(|line| &line["error"]["code"]).collect();
    assert_eq!(codes, ["E02", "E01"]);
    assert_eq!(lines[0]["error"]["line"], 2);
    assert_eq!(lines[0]["error"]["column"], 3);
    assert!(lines[0]["error"]["message"].as_str().unwrap().contains("foo"));
    assert!(lines[0]["error"]["hint"].is_string());
}

#[test]
fn what_was_shown_before_a_late_error_stays() {
    let output = convac_stdin(&["run", "--json", "-"], b"1\nload(\"nowhere.json\")\n2\n");
    assert_eq!(code(&output), 1);
    let lines = json_lines(&stdout(&output));
    assert_eq!(lines[0]["value"], 1);
    assert_eq!(lines[1]["error"]["code"], "E08");
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_check_does_not_blame_what_is_guarded() {
    let program = "let k = 0\nlet flag = len(ask(\"?\")) > 0\nlet f(n) = if n > 5 then 1 div k else [][n]\n\
                   let g(xs) = [1 div x for x in xs if x != 0]\n\
                   let h(t) = [x for x in 1..3 if x > t][2]\n\
                   if flag then 10 div k else 7\nflag and 1 div k == 1\n";
    let output = convac_stdin(&["check", "-"], program.as_bytes());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let dead =
        "if false then nowhere else 1\nlet f = x -> nothing\n[absent for x in []]\ntrue or gone\n";
    let output = convac_stdin(&["check", "--json", "-"], dead.as_bytes());
    let missing: Vec<Value> = json_lines(&stdout(&output));
    assert_eq!(missing.iter().filter(|e| e["error"]["code"] == "E02").count(), 4, "{missing:?}");
    let wrong = "let flag = len(ask(\"?\")) > 0\nif flag then nowhere else conv()\n";
    let output = convac_stdin(&["check", "-"], wrong.as_bytes());
    assert!(stderr(&output).contains("E02"), "{}", stderr(&output));
}

#[test]
fn a_check_that_gives_up_leaves_nothing_unknown_behind() {
    // The calls of `fib` use up what a check spends on one statement; defaults of builtins that
    // are first met after that must be as they always are.
    let fib = "let fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2)\n";
    let program = format!(
        "{fib}assert(fib(24) == 46_368)\n\
         network {{ input(4, dim = 2), conv(fib(22) - 17_000), pool(4), output(1) }}.channels\n\
         join([fib(20), 1])\n"
    );
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!(stdout(&output), "[711]\n6765, 1\n", "{}", stderr(&output));
}

#[test]
fn usage_errors_exit_with_2() {
    for args in [
        &["run"][..],
        &["walk"],
        &["run", "--threads", "0", "-"],
        &["fmt"],
        &["run", "-", "--color", "sometimes"],
        &["run", "-", "--set", "novalue"],
    ] {
        let output = convac_stdin(args, b"");
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
    }
    assert_eq!(code(&convac(&["--help"]).output().unwrap()), 0);
    assert_eq!(code(&convac(&["--version"]).output().unwrap()), 0);
}

#[test]
fn set_overrides_a_let() {
    let program = format!("{NET}net.channels\nr\n");
    let output = convac_stdin(&["run", "-", "--set", "r=2^4"], program.as_bytes());
    assert_eq!(stdout(&output), "[16, 16, 32]\n16\n");
    let output = convac_stdin(&["run", "-", "--set", "s=3"], program.as_bytes());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E02"), "{}", stderr(&output));
    let output = convac_stdin(&["run", "-", "--set", "r=2 +"], program.as_bytes());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E01"), "{}", stderr(&output));
}

#[test]
fn plots_are_written_as_svg_and_png() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("new/plots");
    let program = format!("{NET}plot([1, 4, 9])\nmin_cut(net, left_right)\ndraw(net)\n3\n");
    let output =
        convac_stdin(&["run", "-", "--plots", plots.to_str().unwrap()], program.as_bytes());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let mut names: Vec<String> = std::fs::read_dir(&plots)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["01-plot.png", "01-plot.svg", "02-cut.png", "02-cut.svg", "03-plot.png", "03-plot.svg"];
    assert_eq!(names, expected);
    let svg = std::fs::read_to_string(plots.join("01-plot.svg")).unwrap();
    roxmltree::Document::parse(&svg).expect("the SVG is XML");
    assert!(std::fs::read(plots.join("01-plot.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn an_unwritable_folder_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let plots = file.join("plots");
    let output = convac_stdin(&["run", "-", "--plots", plots.to_str().unwrap()], b"plot([1, 2])\n");
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E08"), "{}", stderr(&output));
    let program = format!("save([1], {:?})\n", file.join("x.json").to_str().unwrap());
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E08"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn saved_values_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let program = format!(
        "let t = [{{r, bits: r / 4, name: \"a,{{r}}\"}} for r in 1..3]\nsave(t, {csv:?})\n\
         save(t, {json:?})\nsave(plot(t, x = \"r\", y = \"bits\"), {svg:?})\n\
         load({csv:?}) == t\nload({json:?}) == t\n",
        csv = path("t.csv"),
        json = path("t.json"),
        svg = path("t.svg")
    );
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!(stdout(&output), "true\ntrue\n", "{}", stderr(&output));
    assert!(std::fs::read_to_string(path("t.svg")).unwrap().contains("<svg"));
}

#[test]
fn results_do_not_depend_on_threads() {
    let program = "let f(n) = if n < 2 then n else f(n - 1) + f(n - 2)\n\
                   [{n, f: f(n mod 17), x: 1 / (n + 1)} for n in 0..400]\n\
                   [f(15) / n for n in 1..300 if n mod 7 != 3] |> sum\n\
                   [print(i, f(12)) for i in 1..40];\n\
                   let net = network { input(64, dim = 2), [[conv(3, sharing = \"none\"), pool(2)] for l in 1..6], output(1) }\n\
                   [entropy(init(net, seed = s), blocks(4), order = 2) for s in 1..6]\n\
                   sample(init(net, seed = 1), 5, seed = 9)\n\
                   pairwise_information(init(net, seed = 1), [0, 1, 5, 63])\n\
                   geometric(init(net, seed = 1), restarts = 3).ln_overlap\n\
                   [if n == 250 then 1 div 0 else if n == 260 then [1][3] else f(13) for n in 1..300]\n";
    let run = |threads: &str| {
        let output = convac_stdin(&["run", "-", "--threads", threads], program.as_bytes());
        (code(&output), stdout(&output), stderr(&output))
    };
    let one = run("1");
    assert!(one.2.contains("division by zero"), "{}", one.2);
    for threads in ["2", "3", "8"] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_run_with_130() {
    for program in [
        "print(\"go\")\n[x for x in 1..10^12 if x < 0]\n",
        "print(\"go\")\nlet f(n) = if n < 2 then n else f(n - 1) + f(n - 2)\nf(60)\n",
        "print(\"go\")\nreduce(1..10^12, (a, b) -> a)\n",
        "print(\"go\")\n[1 for x in 1..10^9 for y in 1..10^9 if y < 0]\n",
        // Singular values of a matrix of 65,536 rows would take hours; of 4,096 seconds.
        "let net = network { input(16, dim = 4), [[conv(4, sharing = \"none\"), pool(2)] for l in 1..4], output(1) }\n\
         print(\"go\")\n[schmidt(init(net, seed = s), random(seed = 5)).rank for s in 1..100]\n",
    ] {
        let mut command = convac(&["run", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), program.as_bytes()).unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "go\n");
        std::thread::sleep(Duration::from_millis(150));
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{program}");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut command = convac(&["run", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let program = "[print(\"line {i}\") for i in 1..10^6];\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), program.as_bytes()).unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0_u8; 64];
    out.read_exact(&mut some).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    assert_eq!(code(&output), 0);
}

#[test]
fn imports_start_from_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    write(
        "lib/blocks.cac",
        "import \"more.cac\" as more\n## Twice.\nlet twice(x) = more.two * x\n1 + 1\n",
    );
    write("lib/more.cac", "let two = 2\nlet hidden(x) = two * x\n");
    let main = write(
        "main.cac",
        "import \"lib/blocks.cac\" as blocks\nblocks.twice(21)\nblocks.more.hidden(4)\n",
    );
    let output = convac(&["run", &main]).output().unwrap();
    assert_eq!(stdout(&output), "42\n8\n", "{}", stderr(&output));
    let circle = write("a.cac", "import \"b.cac\" as b\n");
    write("b.cac", "import \"a.cac\" as a\n");
    let output = convac(&["run", &circle]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("a.cac -> b.cac -> a.cac"), "{}", stderr(&output));
    let broken = write("c.cac", "import \"d.cac\" as d\n");
    write("d.cac", "let x = nowhere\n");
    let output = convac(&["run", &broken]).output().unwrap();
    assert!(stderr(&output).contains("d.cac:1:9"), "{}", stderr(&output));
    assert!(stderr(&output).contains("imported here"), "{}", stderr(&output));
}

#[test]
fn fmt_check_tells_and_fmt_mends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.cac");
    std::fs::write(&path, "let  x=1\n").unwrap();
    let name = path.to_str().unwrap();
    assert_eq!(code(&convac(&["fmt", "--check", name]).output().unwrap()), 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "let  x=1\n");
    assert_eq!(code(&convac(&["fmt", name]).output().unwrap()), 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "let x = 1\n");
    assert_eq!(code(&convac(&["fmt", "--check", name]).output().unwrap()), 0);
    std::fs::write(&path, "let x = = 1\n").unwrap();
    assert_eq!(code(&convac(&["fmt", name]).output().unwrap()), 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "let x = = 1\n");
    assert_eq!(stdout(&convac_stdin(&["fmt", "-"], b"f( x )")), "f(x)\n");
}

#[test]
fn doc_and_explain_print_pages() {
    let output = convac(&["doc", "min_cut"]).output().unwrap();
    assert!(stdout(&output).starts_with("min_cut(net, across"), "{}", stdout(&output));
    let output = convac(&["doc", "mincut"]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("did you mean `min_cut`?"));
    assert!(stdout(&convac(&["doc"]).output().unwrap()).contains("Partitions"));
    for code_name in ["E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08", "E09", "E99"] {
        let output = convac(&["explain", code_name]).output().unwrap();
        assert!(stdout(&output).starts_with(&format!("# {code_name}: ")), "{code_name}");
    }
    assert_eq!(code(&convac(&["explain", "E42"]).output().unwrap()), 1);
    assert!(stdout(&convac(&["explain"]).output().unwrap()).contains("E05: shapes do not fit"));
}

#[test]
fn notebooks_go_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for example in files("examples", "cac") {
        let text = std::fs::read_to_string(&example).unwrap();
        let (first, back, second) = (path("a.ipynb"), path("a.cac"), path("b.ipynb"));
        let example = example.to_str().unwrap();
        assert_eq!(code(&convac(&["notebook", example, "-o", &first]).output().unwrap()), 0);
        assert_eq!(code(&convac(&["notebook", &first, "-o", &back]).output().unwrap()), 0);
        assert_eq!(code(&convac(&["notebook", &back, "-o", &second]).output().unwrap()), 0);
        let read = |name: &str| std::fs::read_to_string(name).unwrap();
        assert_eq!(read(&first), read(&second), "{example}");
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain(&read(&back)), plain(&text), "{example}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = convac(&["completions", shell]).output().unwrap();
        assert!(stdout(&output).contains("explain"), "{shell}");
    }
}

#[test]
fn colours_are_chosen() {
    let colored = |args: &[&str], no_color: bool, force: bool| {
        let mut command = convac(args);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "xterm");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        if force {
            command.env("CLICOLOR_FORCE", "1");
        }
        stderr(&command.output().unwrap()).contains('\u{1b}')
    };
    let file = "tests/errors/names.cac";
    assert!(!colored(&["run", file], false, false), "a pipe is plain");
    assert!(colored(&["run", file], false, true));
    assert!(!colored(&["run", file], true, true), "NO_COLOR wins");
    assert!(colored(&["run", file, "--color", "always"], true, false));
    assert!(!colored(&["run", file, "--color", "never"], false, true));
}

#[test]
fn watch_runs_again_when_the_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.cac");
    std::fs::write(&path, "1 + 1\n").unwrap();
    let mut command = convac(&["run", "--watch", path.to_str().unwrap()]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "2");
    std::thread::sleep(Duration::from_millis(50));
    std::fs::write(&path, "1 + 2\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "3");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn models_are_saved_and_loaded_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let path = path.to_str().unwrap().replace('\\', "/");
    let net = "let net = network { input(8, dim = 2), conv(3, sharing = \"window\"), pool(2), conv(4), pool(4), output(3) }\n";
    let program = format!(
        "{net}let m = init(net, seed = 4, kind = \"uniform\")\nsave(m, \"{path}\")\nlet n = load(\"{path}\", net)\n\
         [weights(m, l, position = 0) == weights(n, l, position = 0) for l in [\"conv0\", \"conv1\", \"output\"]]\n\
         schmidt(m, left_right) == schmidt(n, left_right)\nn.kind\n"
    );
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert_eq!(stdout(&output), "[true, true, true]\ntrue\ngiven\n");
    // A file that is cut short, one for another network, and none: an error, and nothing else.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let load = format!("{net}load(\"{path}\", net)\n");
    let output = convac_stdin(&["run", "-"], load.as_bytes());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("E08"), "{}", stderr(&output));
    std::fs::write(&path, &bytes).unwrap();
    let other = load.replace("conv(4)", "conv(5)");
    let output = convac_stdin(&["run", "-"], other.as_bytes());
    let message = stderr(&output);
    assert!(message.contains("conv1.weight has the shape [1, 4, 3]"), "{message}");
    let output = convac_stdin(&["run", "-"], format!("load(\"{path}\")\n").as_bytes());
    assert!(stderr(&output).contains("weights belong to a network"), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.cac");
    std::fs::write(&path, "1 + 1\n").unwrap();
    let file = path.to_str().unwrap();
    for arguments in [&["run", file][..], &["run", "--json", file], &["explain", "E05"]] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = convac(arguments).stdout(full).output().unwrap();
        let errors = stderr(&output);
        assert!(errors.contains("error[E08]: cannot write the standard output"), "{errors}");
        assert_eq!(errors.matches("error[").count(), 1, "{errors}");
        assert_eq!(code(&output), 1);
    }
}

#[cfg(unix)]
#[test]
fn signals_have_codes_of_their_own() {
    use nix::sys::signal::{Signal, kill};
    for (signal, wanted) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let slow = "print(1)\nsum([sum([i * j for j in 1..20000]) for i in 1..20000])\n";
        let mut command = convac(&["run", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), slow.as_bytes()).unwrap();
        // Its first line says that it runs.
        let mut line = [0; 2];
        child.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
        let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        kill(process, signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(wanted));
    }
}

#[test]
fn a_mark_of_byte_order_is_no_text() {
    let output = convac_stdin(&["run", "-"], "\u{feff}1 + 1\n".as_bytes());
    assert_eq!((stdout(&output), code(&output)), ("2\n".to_owned(), 0));
}
