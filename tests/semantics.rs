//! What expressions mean: each line of the table is a program and what it shows.

mod support;

use support::{code, convac_stdin, stderr, stdout};

fn shows(program: &str) -> String {
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    if code(&output) == 0 {
        return stdout(&output).trim_end().to_owned();
    }
    let messages = stderr(&output);
    messages.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn expressions() {
    let table = [
        ("1 + 2 * 3 - 4 / 2", "5.0"),
        ("7 div 2, 7 mod 2", "error[E01]: `,` does not fit here"),
        ("[7 div 2, 7 mod 2, -7 div 2, -7 mod 2]", "[3, 1, -4, 1]"),
        ("2^100", "1267650600228229401496703205376"),
        ("2^-1", "0.5"),
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1e3", "1000.0"),
        ("1_000_000", "1000000"),
        ("8x8", "[8, 8]"),
        ("1..4", "[1, 2, 3, 4]"),
        ("1..<4", "[1, 2, 3]"),
        ("4..1", "[]"),
        ("3 in 1..4 and not (5 in [1, 2])", "true"),
        ("\"bc\" in \"abcd\"", "true"),
        ("1 == 1.0", "true"),
        ("2^53 + 1 == 2.0^53", "false"),
        ("[1, [2]] == [1, [2.0]]", "true"),
        ("{a: 1, b: 2} == {b: 2, a: 1}", "true"),
        ("1 == \"1\"", "false"),
        ("\"a\" < \"b\"", "true"),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("\"a\" + \"b\"", "ab"),
        ("\"{1 + 1} \\{x\\} {\"q\"} \\u{3b1}\"", "2 {x} q α"),
        ("[\"a\\n\", true, none]", "[\"a\\n\", true, none]"),
        ("[x * y for x in 1..3 for y in [10, 100] if x != 2]", "[10, 100, 30, 300]"),
        ("[a + b for a, b in zip(1..3, 4..6)]", "[5, 7, 9]"),
        ("[[i, j] for i in 1..2 for j in 1..i]", "[[1, 1], [2, 1], [2, 2]]"),
        ("let f(x, y = x + 1) = x * y\n[f(2), f(2, 2), f(y = 5, x = 2)]", "[6, 4, 10]"),
        ("let f = x -> y -> x + y\nf(1)(2)", "3"),
        ("(() -> 7)()", "7"),
        ("((a, b) -> a - b)(5, 3)", "2"),
        ("let f(n) = if n == 0 then 1 else n * f(n - 1)\nf(25)", "15511210043330985984000000"),
        (
            "let even(n) = if n == 0 then true else odd(n - 1)\nlet odd(n) = if n == 0 then false else even(n - 1)\neven(10)",
            "true",
        ),
        ("let g(n) = f(n) where f(k) = if k == 0 then 0 else k + f(k - 1)\ng(4)", "10"),
        ("a / b where a = 6, b = a / 2", "2.0"),
        ("let x = 1\nlet f() = x\nlet x = 2\nf()", "2"),
        ("let sum = 3\nsum", "3"),
        ("[1, 2, 3][-1] + [1, 2, 3][0]", "4"),
        ("\"abc\"[1]", "b"),
        ("{a: {b: [1, {c: 5}]}}.a.b[1].c", "5"),
        ("{a: 1}[\"a\"]", "1"),
        ("[{r: 1}, {r: 2}].r", "[1, 2]"),
        ("let r = 3\n{r, s: r^2}", "{r: 3, s: 9}"),
        ("5 |> (x -> x + 1)", "6"),
        ("sort([2, infinity - infinity, 3, infinity - infinity, 1])", "[1, 2, 3, nan, nan]"),
        ("[3, 1] |> sort |> map(x -> x * 2) |> sum", "8"),
        ("if 1 < 2 then \"a\" else 1 div 0", "a"),
        ("false and 1 div 0 == 1", "false"),
        ("true or 1 div 0 == 1", "true"),
        ("10^400 / 10^399", "10.0"),
        ("round(ln(10^400) / ln(10), digits = 9)", "400.0"),
        ("sum([10^16, 1.0, -10^16])", "1.0"),
        ("min(3, 2), 1", "error[E01]: `,` does not fit here"),
        ("max([2, 7.5, 3])", "7.5"),
        ("f(1)\nlet f(x) = x", "error[E02]: there is no `f`"),
        ("print(\"a\", 1, [2])", "a 1 [2]"),
        ("[print(i) for i in 1..3]", "1\n2\n3\n[none, none, none]"),
        ("type_of(1..3)", "list"),
        ("type_of([{a: 1}])", "table"),
        ("type_of(conv(8))", "layer"),
        ("conv(8) == conv(8, sharing = \"layer\")", "true"),
        ("left_right == left_right", "true"),
        ("blocks(2) |> on(4) == (sites([0, 1]) |> on(4))", "error[E03]: `on` needs `shape`"),
        ("(blocks(2) |> on(4)) == (sites([0, 1]) |> on(4))", "true"),
        ("name(complement(blocks(3)))", "complement(blocks(3))"),
        ("string(x -> x)", "x -> …"),
        (
            "let net = network { input(4, dim = 2), conv(3), pool(4), output(2) }\nnet == net and net.sites == 4",
            "true",
        ),
        ("reduce(1..5, (a, b) -> a * b)", "120"),
        ("any([]) or not all([])", "false"),
        ("take([1, 2], 5) + drop([1, 2], 5)", "[1, 2]"),
        ("split(\"a b\")", "[\"a\", \"b\"]"),
        ("replace(\"aa\", \"a\", new = \"b\")", "bb"),
        ("int(\"1_000\") + int(-2.7)", "998"),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(program, expected)| {
            let found = shows(program);
            (found != *expected)
                .then(|| format!("{program}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn set_min_cuts_agree_between_ways_of_saying_them() {
    let program = "let net = network { input(8, dim = 3), conv(5), pool(2), conv(4), pool(4), output(2) }\n\
        let same(p, q) = min_cut(net, p).value == min_cut(net, q).value\n\
        [same(interleaved, sites(i -> i mod 2 == 0)), same(interleaved, complement(interleaved)),\n\
         same(left_right, sites(0..3)), same(blocks(2), sites([0, 1, 4, 5])),\n\
         same(left_right, left_right |> on(net))]\n";
    assert_eq!(shows(program), "[true, true, true, true, true]");
}
