//! Designs through the real program: read as formulas, called, and searched one by one.

mod support;

use support::{code, convac, stderr, stdout};

/// The same problem three ways; an `if` in a function keeps it from being read as a formula.
const PROGRAM: &str = r#"
let shape(r) = network {
  input(16, dim = 3)
  conv(r[0]), pool(2)
  conv(r[1]), pool(4)
  conv(2*r[2]), pool(2)
  output(4)
}
let ranges = [1..9, [1, 2, 4, 8], 1..6]
let all = [shape([a, b, c]) for a in ranges[0] for b in ranges[1] for c in ranges[2]]

let objectives = [
  net -> min_cut(net, left_right).bits,
  net -> min_cut(net, interleaved).bits + 2 * min_cut(net, blocks(4)).ln,
  net -> min([min_cut(net, p).bits for p in [left_right, blocks(2), random(seed = 3)]]),
  net -> max(min_cut(net, blocks(2)).bits, 3) - 1,
  net -> mean([min_cut(net, blocks(2, shift = s)).value for s in 0..1]) / 3,
  net -> w * min_cut(net, sites([0, 3, 5..9])).bits where w = 1.5,
]
let budgets = [
  net -> params(net) <= 90,
  net -> net.flops < 1500,
  net -> 120 >= params(net) and flops(net) <= 2_000 and min_cut(net, left_right).bits <= 3,
  net -> params(net) + flops(net) / 10 <= 250,
]
for_each(objectives, budgets)
"#;

#[test]
fn formulas_calls_and_enumeration_agree() {
    // Without loops of statements the table of comparisons is a comprehension.
    let table = r#"[
  [near(best.value, most), near(best.value, called.value), best.params == least, called.params == least,
    best.proved and called.proved, "by how it is made" in best.reason, "all 216 designs" in called.reason]
  where good = filter(all, budget),
        values = map(good, f),
        most = max(values),
        least = min([params(net) for net in good if near(f(net), most)]),
        best = design(shape, channels = ranges, maximize = f, subject_to = budget, points = 1),
        called = design(shape, channels = ranges, maximize = net -> if true then f(net) else 0, points = 1,
          subject_to = net -> if true then budget(net) else true)
  for f in objectives for budget in budgets
]"#;
    let near = "let near(x, y) = abs(x - y) <= 1e-8 * max(abs(x), 1)\n";
    let program = format!("{near}{}", PROGRAM.replace("for_each(objectives, budgets)", table));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agree.cac");
    std::fs::write(&path, program).unwrap();
    let output = convac(&["run", "--json", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(code(&output), 0, "{} {}", stderr(&output), stdout(&output));
    let shown: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    let rows = shown["value"].as_array().unwrap();
    assert_eq!(rows.len(), 24);
    for (number, row) in rows.iter().enumerate() {
        let all = row.as_array().unwrap().iter().all(|cell| cell.as_bool() == Some(true));
        assert!(all, "row {number}: {row}");
    }
}

#[test]
fn six_layers_of_64_widths_are_solved() {
    let program = "let shape(r) = network { input(64, dim = 4), [[conv(c), pool(2)] for c in r], output(10) }\n\
        let best = design(shape, channels = [1..64 for l in 1..6], maximize = [blocks(2^k) for k in 0..5], \
        combine = \"sum\", subject_to = net -> params(net) <= 3_000)\n\
        best.proved\nbest.gap\nlen(best.frontier) >= 20\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("six.cac");
    std::fs::write(&path, program).unwrap();
    let output = convac(&["run", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(stdout(&output), "true\n0.0\ntrue\n", "{}", stderr(&output));
}

/// Templates in which channel numbers do more than to stand in layers, against enumeration.
#[test]
fn templates_that_bend_are_not_taken_for_straight_ones() {
    let templates = [
        "pool(2, geometry = i -> if r[0] == 5 then i mod 8 else i div 2), conv(r[1]), pool(8)",
        "pool(2, geometry = i -> i div 2), conv([1, 2, 9, 1, 1, 2, 3, 1][r[0] - 1]), pool(8)",
        "[(if r[1] == 3 then [conv(1), pool(2)] else [pool(2)])], conv(r[1]), pool(8)",
        "pool(2), conv(3 + 2*(-1)^r[1]), pool(8)",
        "pool(2), conv((r[0] - 2)*(r[1] - 1)*(r[1] - 4) + 13), pool(8)",
        "pool(2), conv(min(r[0], 2) + 1), pool(8)",
        "pool(2), conv(r[0] + r[1]), pool(8)",
        "pool(2), conv(len([0 for i in 1..r[1]])), pool(8)",
        "pool(2), conv(f(r[1])), pool(8)",
        "pool(2), conv(g(r[1])), pool(8)",
        "pool(2), conv(3 * c), pool(8)",
        "pool(2), conv(params(network { input(1, dim = 2), conv(r[1]), output(1) })), pool(8)",
    ];
    for template in templates {
        let program = format!(
            "let f(x) = if x == 2 then 7 else x\nlet g(x) = 2 * x\n\
             let n(r) = network {{ input(16, dim = 2), conv(r[0]), {template}, output(1) }} where c = r[1]\n\
             let near(x, y) = abs(x - y) <= 1e-8\n\
             for_all([left_right, blocks(8), interleaved, blocks(2)])\n"
        );
        let check = "[[near(max([min_cut(n([a, b]), p).bits for a in 1..8 for b in 1..4 if params(n([a, b])) <= 60]), found),\
             found_of_called == found] where \
             found = design(n, channels = [1..8, 1..4], maximize = p, subject_to = net -> params(net) <= 60, points = 1).value, \
             found_of_called = design(n, channels = [1..8, 1..4], maximize = net -> if true then min_cut(net, p).bits else 0, \
             subject_to = net -> params(net) <= 60, points = 1).value for p in PARTS]";
        let program = program.replace(
            "for_all([left_right, blocks(8), interleaved, blocks(2)])",
            &check.replace("PARTS", "[left_right, blocks(8), interleaved, blocks(2)]"),
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bent.cac");
        std::fs::write(&path, program).unwrap();
        let output = convac(&["run", "--json", path.to_str().unwrap()]).output().unwrap();
        let text = stdout(&output);
        assert_eq!(code(&output), 0, "{template}: {text} {}", stderr(&output));
        assert!(text.contains("true") && !text.contains("false"), "{template}: {text}");
    }
}

#[test]
fn what_is_assumed_is_not_proved() {
    let program = "let n(r) = network { input(16, dim = 3), [[conv(c), pool(2)] for c in r], output(2) }\n\
        let r = [1..9 for l in 1..4]\nlet cheap = net -> params(net) <= 120\n\
        let sure = design(n, channels = r, maximize = net -> min_cut(net, blocks(2)).bits, subject_to = cheap, points = 1)\n\
        let unsure = design(n, channels = r, maximize = net -> if true then min_cut(net, blocks(2)).bits else 0, \
        subject_to = cheap, points = 1)\n\
        abs(sure.value - unsure.value) < 1e-9 and sure.params == unsure.params\n\
        [sure.proved, sure.gap, unsure.proved, unsure.gap, unsure.complete, \"assumed\" in unsure.reason]\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assumed.cac");
    std::fs::write(&path, program).unwrap();
    let output = convac(&["run", path.to_str().unwrap()]).output().unwrap();
    let wanted = "true\n[true, 0.0, false, none, false, true]\n";
    assert_eq!(stdout(&output), wanted, "{}", stderr(&output));
}
