//! Functions of Rust cells as functions of the language.

use crate::desk::{Desk, Test};

pub const TESTS: &[Test] = &[
    ("functions::calls_and_maps", calls_and_maps),
    ("functions::partitions_and_keys", partitions_and_keys),
    ("functions::representations", representations),
    ("functions::errors", errors),
    ("functions::checks_call_nothing", checks_call_nothing),
    ("functions::large_batches", large_batches),
    ("functions::what_is_gone_says_so", what_is_gone_says_so),
];

fn calls_and_maps() {
    let mut desk = Desk::new();
    desk.good("let square = rust_fn(\"square\")\nlet area = rust_fn(\"area\")");
    assert_eq!(desk.value("square(3)"), "9.0");
    assert_eq!(desk.value("area(2, 1.5)"), "3.0");
    assert_eq!(desk.value("map([1, 2.5, -3], square)"), "[1.0, 6.25, 9.0]");
    assert_eq!(desk.value("map([], square)"), "[]");
    // What is an int stays one, whatever stands beside it.
    assert_eq!(
        desk.value("map([1, 2.5, 2^60], rust_fn(\"describe\"))"),
        "[\"an int\", \"a real\", \"an int\"]"
    );
    assert_eq!(desk.value("[square(x) for x in range(0, 3)]"), "[0.0, 1.0, 4.0, 9.0]");
    assert_eq!(desk.value("let g = (x) -> square(x) + 1\nmap([1, 2], g)"), "[2.0, 5.0]");
    assert_eq!(
        desk.value("sum(map(range(0, 1000), square)) == sum([x * x for x in range(0, 1000)])"),
        "true"
    );
    assert_eq!(
        desk.value("map([none, true, 2, 0.5, \"a\", [1], {a: 1}], rust_fn(\"describe\"))"),
        "[\"none\", \"a bool\", \"an int\", \"a real\", \"a string\", \"a list\", \"a record\"]"
    );
    assert_eq!(desk.value("string(square)"), "square(x1)");
    let page = desk.session.inspect("square", 3, 0).unwrap().plain;
    assert!(page.contains("fn square(f64) -> f64"), "{page}");
}

const NET: &str = "let net = network {\n  input(8, dim = 2)\n  conv(4)\n  pool(2)\n  conv(4)\n  pool(2)\n  conv(4)\n  pool(2)\n  output(1)\n}\n";

fn partitions_and_keys() {
    let mut desk = Desk::new();
    desk.good(NET);
    // Thue and Morse: the same partition by a function of the language.
    desk.good("let parity = rust_fn(\"parity\")\nlet same = i -> [0, 1, 1, 0, 1, 0, 0, 1][i] == 0");
    assert_eq!(
        desk.value("min_cut(net, sites(parity)).value == min_cut(net, sites(same)).value"),
        "true"
    );
    assert_eq!(desk.value("sites(parity) |> on(8)"), "ABBABAAB");
    assert_eq!(desk.value("sites(same) |> on(8)"), "ABBABAAB");
    // A check calls nothing, also where a function of the language calls it.
    assert_eq!(desk.value("let p = sites(i -> parity(i)) |> on(8)\np"), "ABBABAAB");
    assert!(
        desk.bad("sites(rust_fn(\"half\")) |> on(8)")
            .contains("the function must give true or false")
    );
    let custom = "network {\n  input(8, dim = 2)\n  conv(4)\n  pool(2, geometry = KEY)\n  conv(4)\n  pool(2)\n  conv(4)\n  pool(2)\n  output(1)\n}";
    desk.good(&format!("let half = rust_fn(\"half\")\nlet a = {}", custom.replace("KEY", "half")));
    desk.good(&format!("let b = {}", custom.replace("KEY", "i -> i div 2")));
    for partition in ["left_right", "interleaved", "sites(parity)"] {
        let question = format!("min_cut(a, {partition}).value == min_cut(b, {partition}).value");
        assert_eq!(desk.value(&question), "true", "{partition}");
    }
}

fn representations() {
    let mut desk = Desk::new();
    desk.good("let lift = rust_fn(\"lift\")\nlet data = take(digits(), 20)");
    desk.good("let same = x -> [1 - x, x]");
    assert_eq!(desk.value("represent(data, lift).values == represent(data, same).values"), "true");
}

fn errors() {
    let mut desk = Desk::new();
    desk.good("let root = rust_fn(\"root\")\nlet area = rust_fn(\"area\")");
    let told = desk.bad("map([4, -1, 9], root)");
    assert!(told.starts_with("error[E10]: root(-1): -1 is negative"), "{told}");
    let told = desk.bad("root(\"a\")");
    assert!(
        told.contains(
            "root(a): parameter 1 of the Rust function wants a real, and this is a string"
        ),
        "{told}"
    );
    let told = desk.bad("area(1)");
    assert!(
        told.contains("error[E03]: `area` takes 2 arguments")
            && told.contains("hint: area(x1, x2)"),
        "{told}"
    );
    assert!(desk.bad("map([1], area)").contains("`area` takes 2 arguments"));
    assert!(desk.bad("area(x1 = 1, x2 = 2)").contains("E03"));
    let told = desk.bad("root(abs)");
    assert!(told.contains("a function does not cross into Rust"), "{told}");
    let told = desk.bad("rust_fn(\"squar\")");
    assert!(told.starts_with("error[E02]: no Rust cell defines a function `squar`"), "{told}");
    assert!(
        told.contains("did you mean `square`?") && told.contains("cells define area, square"),
        "{told}"
    );
    let told = desk.bad("rust_fn(\"strange\")");
    assert!(
        told.contains("`strange` cannot be called from here") && told.contains("it is generic"),
        "{told}"
    );
    assert!(desk.bad("rust_fn(3)").contains("E04"));
}

fn checks_call_nothing() {
    let mut desk = Desk::new();
    // A check finds the wrong name behind it, and starts no helper.
    let told = desk.bad("let f = rust_fn(\"square\")\nlet a = f(2)\nmap([1, 2], f)\nnothing");
    assert!(told.contains("E02"), "{told}");
    assert_eq!(desk.status("process"), "none");
}

fn large_batches() {
    let mut desk = Desk::new();
    desk.good("let square = rust_fn(\"square\")");
    assert_eq!(
        desk.value("let xs = map(range(0, 399999), square)\n[len(xs), xs[399999]]"),
        "[400000, 159999200001.0]"
    );
}

fn what_is_gone_says_so() {
    let mut desk = Desk::new();
    desk.good("let square = rust_fn(\"square\")");
    desk.bad("%%rust\nend exit status 3");
    let told = desk.bad("square(2)");
    assert!(told.contains("the process that held the Rust function `square` has ended"), "{told}");
    assert!(told.contains("let square = rust_fn(\"square\")"), "{told}");
    desk.good("let square = rust_fn(\"square\")");
    assert_eq!(desk.value("square(2)"), "4.0");
    desk.good("%rust restart");
    assert!(desk.bad("square(2)").contains("has ended"));
    desk.good("let deadly = rust_fn(\"deadly\")");
    assert!(desk.bad("deadly(1)").contains("error[E10]: the helper for Rust cells ended"));
    desk.good("let square = rust_fn(\"square\")");
    desk.good("%%rust\nrenew");
    assert!(desk.bad("square(2)").contains("has ended"), "`:restart` in a cell");
    desk.good("let square = rust_fn(\"square\")");
    desk.bad("%%rust\nrenew\nrefuse behind it");
    assert!(desk.bad("square(2)").contains("has ended"), "`:restart` in a cell that failed");
    // One that breaks off by itself was not interrupted, and costs one process, not two.
    desk.good("let mute = rust_fn(\"mute\")\nlet square = rust_fn(\"square\")");
    let told = desk.bad("mute(1)");
    assert!(told.starts_with("error[E10]: the Rust function `mute` ended the process"), "{told}");
    assert!(told.contains("it gave no answer") && told.contains("variable a is lost"), "{told}");
    desk.good("let mute = rust_fn(\"mute\")\nlet square = rust_fn(\"square\")");
    let told = desk.bad("[square(x) + mute(x) for x in 1..4000]");
    assert!(told.starts_with("error[E10]"), "{told}");
    // A call that never comes back is stopped by the end of its process.
    desk.good("let slow = rust_fn(\"slow\")");
    let process = desk.status("process");
    let told = desk.stopped("print(\"running\")\nslow(1)");
    assert!(
        told.contains("error[E09]: interrupted; the process of Rust cells was ended"),
        "{told}"
    );
    assert!(
        told.contains("the variable a is lost; functions, types and imports of cells are kept"),
        "{told}"
    );
    assert_eq!(desk.status("process"), process, "the helper lives");
    desk.good("let square = rust_fn(\"square\")");
    assert_eq!(desk.value("square(3)"), "9.0");
}
