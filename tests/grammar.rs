//! The grammar, the scanner and the formatter on programs of the language page, and on random ones.

mod support;

use convac::diagnostic::{SourceId, Sources, render, to_plain};
use convac::syntax::{TokenKind, format, parse, tokenize};
use proptest::prelude::*;
use support::files;

/// The tree of a program without its spans.
fn tree(text: &str) -> String {
    let program = parse(text, SourceId::default());
    assert!(program.errors.is_empty(), "{text}: {:?}", program.errors);
    let debug = format!("{:?}", program.statements);
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug.as_str();
    while let Some(at) = rest.find("Span {") {
        out.push_str(&rest[..at]);
        rest = rest[at..]
            .split_once('}')
            .and_then(|(_, tail)| tail.split_once('}'))
            .map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

fn comments(text: &str) -> Vec<String> {
    let (tokens, _) = tokenize(text);
    tokens
        .iter()
        .filter(|t| matches!(t.kind, TokenKind::Comment | TokenKind::Doc))
        .map(|t| t.text(text).trim_end().to_owned())
        .collect()
}

/// Formatting keeps the tree and the comments, and formatting twice changes nothing.
fn assert_formats(text: &str) {
    let once = format(text, SourceId::default()).expect("the program is well formed");
    assert_eq!(tree(&once), tree(text), "the tree changed\n{text}\n---\n{once}");
    assert_eq!(comments(&once), comments(text), "comments changed\n{text}\n---\n{once}");
    let twice = format(&once, SourceId::default()).expect("formatted programs are well formed");
    assert_eq!(twice, once, "not idempotent");
    assert!(once.lines().all(|line| line.trim_end() == line), "blanks at line ends\n{once}");
}

#[test]
fn the_tree_without_spans_tells_programs_apart() {
    assert_eq!(tree("f( x )"), tree("f(x)"));
    assert_ne!(tree("f(x)"), tree("f(y)"));
    assert_ne!(tree("1 + 2 * 3"), tree("(1 + 2) * 3"));
    assert_eq!(tree("-2^2"), tree("-(2^2)"));
    assert_eq!(tree("2^3^2"), tree("2^(3^2)"));
    assert_eq!(tree("1 - 2 - 3"), tree("(1 - 2) - 3"));
    assert_eq!(tree("not a == b and c or d"), tree("((not (a == b)) and c) or d"));
    assert_eq!(tree("x |> f |> g(2)"), tree("g(f(x), 2)"));
    assert_eq!(tree("1..n + 1"), tree("1..(n + 1)"));
    assert_eq!(tree("a ≤ b·c"), tree("a <= b * c"));
    assert_eq!(tree("x → x"), tree("x -> x"));
    assert_eq!(tree("a ∈ [1]"), tree("a in [1]"));
}

#[test]
fn programs_of_the_language_page_parse_and_format() {
    for folder in ["tests/language/samples", "tests/language/edge"] {
        for file in files(folder, "cac") {
            assert_formats(&std::fs::read_to_string(file).unwrap());
        }
    }
}

#[test]
fn bad_programs_are_refused() {
    for file in files("tests/language/bad", "cac") {
        let text = std::fs::read_to_string(&file).unwrap();
        let program = parse(&text, SourceId::default());
        assert!(!program.errors.is_empty(), "{}", file.display());
        assert!(format(&text, SourceId::default()).is_err());
    }
}

#[test]
fn deep_brackets_parse_in_linear_time() {
    // The sketch of the grammar needed seconds for fifteen brackets before it was factored.
    let text = format!("{}1{}", "[".repeat(190), "]".repeat(190));
    assert!(parse(&text, SourceId::default()).errors.is_empty());
    let text = format!("{}x{}", "f([{a: (".repeat(40), ")}])".repeat(40));
    assert!(parse(&text, SourceId::default()).errors.is_empty());
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z][a-z0-9_]{0,3}"
            .prop_filter("a name", |w| !convac::syntax::RESERVED.contains(&w.as_str())),
        "[0-9]{1,4}",
        Just("1.5e3".to_owned()),
        Just("8x8".to_owned()),
        Just("none".to_owned()),
        Just("\"a {x + 1} # no \\{ \"".to_owned()),
        Just("α₁".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let op = prop::sample::select(vec![
            " + ", "-", "*", " /", "^", " == ", "<", " and ", " or ", " in ", " mod ", " |> ",
            " +\n", "\n |> ",
        ]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a}){op}({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}({b},\n x = {b})")),
            inner.clone().prop_map(|a| format!("- {a}")),
            inner.clone().prop_map(|a| format!("not {a}")),
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|xs| format!("[ {} ]", xs.join(" ,"))),
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|xs| format!("network {{\n {} # c\n}}", xs.join(" # why\n"))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{a: {a}\n  b:{b}}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a} for x in {b} if x]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(x->{a})({b})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("if {a}\nthen {b} else ({a})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("({a} where w = {b},\n v(q)={b})")),
            inner.clone().prop_map(|a| format!("({a})[0].f")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: prop::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn random_programs_format(parts in prop::collection::vec((expression(), 0..4_u8), 1..4)) {
        let mut text = String::new();
        for (number, (expression, kind)) in parts.iter().enumerate() {
            text.push_str(&match kind {
                0 => format!("let a{number} = {expression}\n\n\n"),
                1 => format!("## doc\nlet f{number}(x, y=2) =\n {expression} # end\n"),
                2 => format!("{expression} ;   # hidden\n"),
                _ => format!("# alone\n{expression}\n"),
            });
        }
        let program = parse(&text, SourceId::default());
        // Chains such as `a == b == c` are refused; everything else must be kept.
        if program.errors.is_empty() {
            assert_formats(&text);
        }
    }

    #[test]
    fn random_text_is_refused_or_parsed_but_never_fatal(text in "[ -~\nα{}()\\[\\]\"#=><|.,;:+*/^-]{0,80}") {
        let sources = Sources::default();
        let source = sources.add("random.cac", text.as_str());
        let program = parse(&text, source);
        for error in &program.errors {
            prop_assert!(!to_plain(&render(error, &sources)).is_empty());
        }
        let nothing = text.lines().all(|l| l.trim().is_empty() || l.trim().starts_with('#') || l.trim().chars().all(|c| c == ';' || c == ' '));
        prop_assert!(!program.statements.is_empty() || !program.errors.is_empty() || nothing || text.contains(';'));
    }
}
