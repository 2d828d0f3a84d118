//! Cells, their options, and values that cross.

use convac::session::{Completeness, completeness};
use convac::value::equal;

use crate::desk::{Desk, Test};

pub const TESTS: &[Test] = &[
    ("values::cells_write_and_show", cells_write_and_show),
    ("values::the_start_is_told", the_start_is_told),
    ("values::every_value_comes_back", every_value_comes_back),
    ("values::rust_types", rust_types),
    ("values::models_and_tensors", models_and_tensors),
    ("values::what_does_not_cross", what_does_not_cross),
    ("values::options", options),
    ("values::errors_at_their_places", errors_at_their_places),
    ("values::completion", completion),
    ("values::enter", enter),
];

fn cells_write_and_show() {
    let mut desk = Desk::new();
    let kept = desk.good("%%rust\nprint a\neprint b\nprint c\nvalue 3\nshow image/svg+xml <svg/>");
    assert_eq!(*kept.out.lock().unwrap(), "a\nc\n");
    assert_eq!(*kept.err.lock().unwrap(), "b\n");
    let forms = kept.forms.lock().unwrap();
    assert_eq!(forms.len(), 1);
    assert_eq!(forms[0]["text/plain"], "3");
    assert_eq!(forms[0]["image/svg+xml"], "<svg/>");
    for nothing in ["print nothing to show", "value ()"] {
        let kept = desk.good(&format!("%%rust\n{nothing}"));
        assert!(kept.forms.lock().unwrap().is_empty());
    }
}

fn the_start_is_told() {
    let mut desk = Desk::new();
    let first = desk.good("%%rust\nvalue 1");
    let told = first.status.lock().unwrap();
    assert_eq!(told[0], ("starting Rust …".to_owned(), false));
    let (last, done) = told.last().unwrap();
    assert!(
        last.starts_with("Rust is ready after ") && last.ends_with("(rustc 0.0.0 (fake))") && *done,
        "{told:?}"
    );
    assert!(told.iter().any(|(text, _)| text.contains("thinking")));
    let second = desk.good("%%rust\nvalue 2");
    assert!(second.status.lock().unwrap().is_empty(), "the helper runs already");
    // What cargo does is told while it goes on.
    // It comes by another pipe than the answer, which may be first.
    let told = (0..100).any(|_| {
        let cell = desk.good("%%rust\nlog    Compiling regex v1.0\nprint a");
        cell.status.lock().unwrap().iter().any(|(text, _)| text == "Compiling regex v1.0")
    });
    assert!(told);
}

fn every_value_comes_back() {
    let mut desk = Desk::new();
    for text in [
        "none",
        "true",
        "-3",
        "2^63 - 1",
        "-2^63",
        "2^63",
        "-2^127",
        "2^127",
        "-7^400",
        "0.1",
        "-0.0",
        "1e308 * 10",
        "\"𝛼 \\\"\\n\"",
        "[]",
        "[1, 2]",
        "range(0, 1000)",
        "[2^70, 1]",
        "[2^200, 1]",
        "[0.5, -1e-320]",
        "[true, false]",
        "[\"a\", \"b\"]",
        "[[1, 2], [], [3]]",
        "[[0.5], [1.5]]",
        "[1, \"a\", none, [true]]",
        "{x: 1}",
        "{x: 1, y: {z: [0.5]}, w: none}",
        "[{a: 1, b: 0.5}, {a: 2, b: 1.5}]",
        "[{a: none, b: \"x\"}, {a: [1], b: \"y\"}]",
        "[{a: 1}, {b: 2}]",
    ] {
        desk.good(&format!("let value = {text}"));
        desk.good("%%rust --in value --out back\ngive");
        let (value, back) = (desk.get("value"), desk.get("back"));
        assert!(equal(&value, &back).unwrap_or(false), "{text} came back as {back:?}");
        assert_eq!(value.type_of(), back.type_of(), "{text}");
    }
    // A NaN is a NaN.
    desk.good("let value = 1e308 * 10 - 1e308 * 10");
    desk.good("%%rust --in value --out back\ngive");
    assert_eq!(format!("{:?}", desk.get("back")), "Real(NaN)");
    // A value keeps its name, and several go together in any spelling.
    desk.good("let a = 1\nlet b = \"two\"");
    desk.good("%%rust --in a, b --out c,d\ngive");
    assert_eq!(desk.value("[c, d]"), "[1, \"two\"]");
    desk.good("%%rust --in=b,a --out=c , d\ngive");
    assert_eq!(desk.value("[c, d]"), "[\"two\", 1]");
}

fn rust_types() {
    let mut desk = Desk::new();
    desk.good("let i = 1\nlet w = 2^100\nlet big = 2^200\nlet x = 0.5\nlet l = [1, 0.5]\nlet n = [[1], [2^100]]");
    desk.good("let t = [{a: 1}, {a: 2}]\nlet r = {a: 1}\nlet s = \"\"\nlet m = [1, \"a\"]");
    let kept = desk.good("%%rust --in i,w,big,x,l,n,t,r,s,m\ntypes");
    assert_eq!(
        *kept.out.lock().unwrap(),
        "i64 i128 cac::Integer f64 Vec<f64> Vec<Vec<i128>> cac::Table cac::Record String Vec<cac::Value>\n"
    );
}

fn models_and_tensors() {
    let mut desk = Desk::new();
    desk.good("let net = network {\n  input(4, dim = 2)\n  conv(3)\n  pool(2)\n  conv(2)\n  pool(2)\n  output(1)\n}");
    desk.good("let m = init(net, seed = 3)\nlet t = tensor(m)");
    let kept = desk.good("%%rust --in m,t --out m2,t2\ntypes\ngive");
    assert_eq!(*kept.out.lock().unwrap(), "cac::Model cac::Tensor\n");
    assert_eq!(desk.value("m2 == m"), "true");
    // A tensor comes back as lists of lists with the same numbers.
    assert_eq!(desk.value("len(t2) == 2 and len(t2[0][0][0]) == 2"), "true");
    assert_eq!(desk.value("t2[1][0][1][1] == t.values[11]"), "true");
    desk.good("let o = [m, m]");
    desk.good("%%rust --in o --out o2\ngive");
    assert_eq!(desk.value("o2 == o"), "true");
    // Networks whose windows are grouped by functions look alike, and are not.
    desk.good(
        "let by(key) = init(network {\n  input(4, dim = 2)\n  conv(2)\n  pool(2, geometry = key)\n  conv(2)\n  pool(2)\n  output(1)\n})",
    );
    desk.good("let near = by(i -> i div 2)\nlet far = by(i -> i mod 2)");
    assert_eq!(desk.value("near == far"), "false");
    desk.good("%%rust --in near,far --out near2,far2\ngive");
    assert_eq!(desk.value("[near2 == near, far2 == far, near2 == far2]"), "[true, true, false]");
    assert_eq!(
        desk.value("[entropy(m, sites([0, 1])) for m in [near, far]] == [entropy(m, sites([0, 1])) for m in [near2, far2]]"),
        "true"
    );
}

fn what_does_not_cross() {
    let mut desk = Desk::new();
    desk.good("let f = x -> x\nlet net = network {\n  input(4, dim = 2)\n  conv(3)\n  pool(4)\n  output(1)\n}\nlet deep = [1, {a: f}]");
    desk.good("let cut = min_cut(net, left_right)");
    let told = desk.bad("%%rust --in f\ngive");
    assert!(
        told.starts_with(
            "error[E04]: `f`: a function does not cross into Rust: it is evaluated here"
        ),
        "{told}"
    );
    assert!(told.contains("1 │ %%rust --in f\n  │             ^"), "{told}");
    assert!(desk.bad("%%rust --in net\ngive").contains("a network does not cross into Rust"));
    assert!(desk.bad("%%rust --in cut\ngive").contains("a cut does not cross into Rust"));
    assert!(desk.bad("%%rust --in deep\ngive").contains("a function does not cross"));
    desk.good("let long = range(0, 10^15)");
    let told = desk.bad("%%rust --in long\ngive");
    assert!(told.starts_with("error[E07]: `long`: a list of 1000000000000001 items"), "{told}");
    let told = desk.bad("%%rust --in dep\ngive");
    assert!(
        told.contains("there is no value `dep` to hand over")
            && told.contains("did you mean `deep`?"),
        "{told}"
    );
    // What comes back broken is told, and binds nothing.
    desk.good("let a = 1");
    assert!(desk.bad("%%rust --in a --out b\ndamage").contains("`b` cannot be taken back"));
    assert!(desk.bad("%%rust --in a --out b\nprint").contains("`b` cannot be taken back"));
    assert!(desk.bad("b").contains("E02"));
}

fn options() {
    let mut desk = Desk::new();
    for (line, wanted) in [
        ("%%rust --int a", "`%%rust` has no option `--int`"),
        ("%%rust --in", "`--in` wants something behind it"),
        ("%%rust --in --out b", "`--in` wants something behind it"),
        ("%%rust a", "\"a\" belongs to no option"),
        ("%%rust --in a-b", "\"a-b\" is no name"),
        ("%%rust --out let", "`let` is a word of the language and no name"),
        ("%%rust --seconds x", "`--seconds` wants a time in seconds, not \"x\""),
        ("%%rust --seconds -1", "`--seconds` wants a time in seconds, not \"-1\""),
        ("%%rust --memory 1", "`--memory` wants at least 16 (MiB), not \"1\""),
    ] {
        let told = desk.bad(&format!("{line}\nvalue 1"));
        assert!(told.starts_with("error[E03]") && told.contains(wanted), "{line}\n{told}");
    }
    for name in ["match", "self", "type", "_", "α₁"] {
        desk.run(&format!("let {name} = 1"));
        let told = desk.bad(&format!("%%rust --in {name}\nvalue 1"));
        assert!(told.contains("is no name of a variable in Rust"), "{told}");
    }
    assert!(desk.bad("%%rust").contains("`%%rust` wants Rust code in the lines below"));
    assert!(desk.bad("%%rust\n  \n").contains("wants Rust code"));
    assert!(
        desk.bad("%rust again").contains("`%rust` knows status, restart and stop, not \"again\"")
    );
    assert!(desk.bad("%rusty").contains("did you mean `%rust`?"));
    desk.good("%%rust --seconds 2.5 --memory 64\nvalue 1");
    assert_eq!(desk.status("memory"), "64 MiB");
}

fn errors_at_their_places() {
    let mut desk = Desk::new();
    let told = desk.bad("%%rust\nlet 𝛼 = 1;\nerror 3 7 12 mismatched types\n");
    assert_eq!(
        told,
        "error[E10]: mismatched types [E0308]\n  ┌─ In[1]:4:1\n4 │ \n  │ ^ here\n  = a note\n  = hint: try something else"
    );
    let told = desk.bad("%%rust --seconds 5\n𝛼𝛼 x\nerror 2 1 6 no such thing");
    assert!(told.contains("┌─ In[2]:3:1\n3 │ error 2 1 6 no such thing\n  │ ^^^^^ here"), "{told}");
    let told = desk.bad("%%rust\nerror 1 7 8 wide\n");
    assert!(told.contains("2 │ error 1 7 8 wide\n  │       ^ here"), "{told}");
    let told = desk.bad("%%rust\npanic boom\n");
    assert!(
        told.starts_with("error[E10]: the cell panicked: boom\n  ┌─ In[4]:2:1\n2 │ panic boom"),
        "{told}"
    );
    let told = desk.bad("%%rust\nreturn\n");
    assert!(told.contains("the cell ended early: a `?` met an error"), "{told}");
    let told = desk.bad("%%rust\nend signal 11 (segmentation fault)\n");
    assert!(
        told.contains("the process of Rust cells ended: signal 11 (segmentation fault)"),
        "{told}"
    );
    assert!(
        told.contains(
            "the variables a, b are lost; functions, types and imports of cells are kept"
        ),
        "{told}"
    );
    let told = desk.bad("%%rust\nrefuse first|second\n");
    assert!(told.contains("error[E10]: first") && told.contains("= second"), "{told}");
    let told = desk.bad("%%rust\nlate\n");
    assert!(told.contains("error[E07]: the cell took longer than 2 s and was stopped"), "{told}");
    assert!(told.contains("the variable a is lost"), "{told}");
}

fn completion() {
    let mut desk = Desk::new();
    desk.good("let widths = [1]");
    let offered = |desk: &Desk, text: &str| {
        let found = desk.session.complete(text, text.len());
        let items: Vec<String> = found.items.into_iter().map(|item| item.text).collect();
        (found.start, found.end, items)
    };
    // Nothing is started for a completion.
    assert_eq!(offered(&desk, "%%rust\nprin"), (11, 11, vec![]));
    assert_eq!(desk.status("process"), "none");
    desk.good("%%rust\nvalue 1");
    assert_eq!(offered(&desk, "%%rust\nprin"), (7, 11, vec!["println!".into()]));
    // One that takes too long is given up; its answer is taken for nothing else.
    assert_eq!(offered(&desk, "%%rust\nslowly prin").2, Vec::<String>::new());
    for value in ["2", "3"] {
        let kept = desk.good(&format!("%%rust\nvalue {value}"));
        assert_eq!(kept.forms.lock().unwrap()[0]["text/plain"], value);
    }
    assert_eq!(offered(&desk, "%%rust --se"), (7, 11, vec!["--seconds".into()]));
    assert_eq!(offered(&desk, "%%rust --in wi"), (12, 14, vec!["widths".into()]));
    assert_eq!(offered(&desk, "%rust re").2, ["restart"]);
}

fn enter() {
    let more =
        |text: &str| completeness(text) == Completeness::Incomplete { indent: String::new() };
    assert!(more("%%rust"));
    assert!(more("%%rust\nfn f() {\n"));
    assert!(more("%%rust\nfn f() {\n\n"));
    assert!(more("%%rust\nfn f() {}"));
    assert!(more("%%rust\nlet x = \"a\n\n"));
    assert_eq!(completeness("%%rust\nfn f() {}\n\n"), Completeness::Complete);
    assert_eq!(completeness("%%rust --in a\n1 + 1\n"), Completeness::Complete);
    assert_eq!(completeness("%rust restart"), Completeness::Complete);
}
