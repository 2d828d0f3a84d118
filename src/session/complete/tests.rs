use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::evaluate::Silent;

fn session(text: &str) -> Session {
    let mut session = Session::default();
    let errors = session.run("In[1]", text, None, Arc::new(Silent));
    assert!(errors.is_empty(), "{errors:?}");
    session
}

/// Names of every kind.
const NAMES: &str = "\
## The network.
let net = network { input(4, dim = 2), conv(3), pool(4), output(2) }
## A table.
let sweep = [{radius: r, bits: 2.0 * r} for r in 1..3]
let settings = {depth: 3, inner: {width: 5, name: \"a\"}}
## Adds.
let shift(value, by = 2) = value + by
let 𝛼 = 1
let 𝛼𝛽 = 2
let Nothing = 0
let odd = sites(i -> i mod 2 == 1)
let cut = min_cut(net, odd)
";

/// What is offered where `¦` stands.
fn at(session: &Session, text: &str) -> Completions {
    let cursor = text.find('¦').unwrap();
    session.complete(&text.replacen('¦', "", 1), cursor)
}

fn texts(found: &Completions) -> Vec<&str> {
    found.items.iter().map(|item| item.text.as_str()).collect()
}

fn offered(session: &Session, text: &str) -> Vec<String> {
    texts(&at(session, text)).into_iter().map(str::to_owned).collect()
}

fn item<'f>(found: &'f Completions, text: &str) -> &'f Completion {
    found.items.iter().find(|item| item.text == text).unwrap()
}

#[test]
fn names_of_all_classes_in_their_order() {
    let session = session(NAMES);
    assert_eq!(offered(&session, "min_c¦"), ["min_cut"]);
    assert_eq!(offered(&session, "se¦"), ["settings", "sensitivity"]);
    let found = at(&session, "let next = 1\nn¦");
    let found = texts(&found);
    assert_eq!(found[..3], ["net", "Nothing", "next"], "{found:?}");
    assert!(found.contains(&"name") && found.ends_with(&["network", "none", "not"]), "{found:?}");
    let all = offered(&session, "¦");
    assert_eq!(all[0], "Nothing");
    assert!(all.len() > 100 && all.iter().any(|name| name == "where"));
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), all.len());
}

#[test]
fn matches_get_worse_only_if_there_are_no_better_ones() {
    let session = session("let Alpha = 1\nlet alpine = 2\nlet zeppelin = 3");
    assert_eq!(offered(&session, "alp¦"), ["alpine", "Alpha"]);
    assert_eq!(offered(&session, "zpl¦"), ["zeppelin"]);
    assert_eq!(offered(&session, "xqzw¦"), [""; 0]);
}

#[test]
fn characters_of_any_size_are_counted_in_bytes() {
    let session = session(NAMES);
    let found = at(&session, "\"é\"; 𝛼 + 𝛼¦");
    assert_eq!((found.start, found.end), (13, 17));
    assert_eq!(texts(&found), ["𝛼", "𝛼𝛽"]);
    // Inside a character, and beyond the end.
    assert_eq!(session.complete("𝛼", 2).start, 0);
    assert_eq!(texts(&session.complete("𝛼", 99)), ["𝛼", "𝛼𝛽"]);
}

#[test]
fn a_known_name_around_the_cursor_is_replaced_as_a_whole() {
    let session = Session::default();
    let found = at(&session, "min¦_cut(x)");
    assert_eq!((found.start, found.end), (0, 7));
    let found = at(&session, "min¦foo");
    assert_eq!((found.start, found.end), (0, 3));
}

#[test]
fn items_say_what_they_are() {
    let session = session(NAMES);
    let found = at(&session, "¦");
    let net = item(&found, "net");
    assert_eq!((net.kind, net.doc.as_str()), (CompletionKind::Value, "The network."));
    assert!(net.signature.starts_with("net: network = "), "{}", net.signature);
    assert_eq!(item(&found, "𝛼").signature, "𝛼: int = 1");
    let shift = item(&found, "shift");
    assert_eq!((shift.kind.as_str(), shift.doc.as_str()), ("function", "Adds."));
    assert_eq!(shift.signature, "shift(value, by = 2)");
    assert!(item(&found, "min_cut").signature.ends_with(" -> cut"));
    assert_eq!(item(&found, "left_right").kind, CompletionKind::Partition);
    assert_eq!(item(&found, "conv").kind, CompletionKind::Layer);
    assert_eq!(item(&found, "let").kind, CompletionKind::Keyword);
    assert_eq!(item(&found, "pi").kind, CompletionKind::Value);
}

#[test]
fn arguments_are_offered_once() {
    let session = session(NAMES);
    let found = at(&session, "conv(4, sh¦");
    assert_eq!(texts(&found)[0], "sharing = ");
    assert_eq!(found.items[0].signature, "sharing: string = \"layer\"");
    assert_eq!(found.items[0].kind, CompletionKind::Argument);
    assert!(found.items[0].doc.contains("window"));
    let none = [
        "conv(4, sharing = \"none\", sh¦",
        "conv(4, sh¦, sharing = \"none\")",
        "conv(4, 1 + sh¦",
        "conv([sh¦",
    ];
    for text in none {
        assert!(!offered(&session, text).contains(&"sharing = ".to_owned()), "{text}");
    }
    // What stands without its name is given too; so is what a pipe brings.
    assert!(!offered(&session, "conv(4, ch¦").contains(&"channels = ".to_owned()));
    assert!(offered(&session, "min_cut(a¦").contains(&"across = ".to_owned()));
    assert!(offered(&session, "net |> min_cut(a¦").contains(&"across = ".to_owned()));
    assert!(!offered(&session, "net |> min_cut(n¦").contains(&"net = ".to_owned()));
    assert!(offered(&session, "x |> f |> plot(co¦").contains(&"color = ".to_owned()));
    assert_eq!(offered(&session, "shift(1, b¦")[0], "by = ");
    assert_eq!(at(&session, "shift(1, b¦").items[0].signature, "by = 2");
    assert!(
        offered(&session, "network {\n  conv(4,\n    sh¦\n").contains(&"sharing = ".to_owned())
    );
}

#[test]
fn texts_that_an_argument_may_be() {
    let session = session(NAMES);
    assert_eq!(offered(&session, "conv(4, sharing = \"¦"), ["layer", "none", "window"]);
    assert_eq!(offered(&session, "conv(4, sharing = \"w¦\")"), ["window"]);
    assert_eq!(offered(&session, "conv(4, sharing = ¦")[0], "\"layer\"");
    assert_eq!(offered(&session, "conv(4, \"la¦"), ["layer"]);
    assert_eq!(offered(&session, "plot(sweep, log = \"x¦"), ["x", "xy"]);
}

#[test]
fn fields_of_values_and_of_results() {
    let session = session(NAMES);
    assert_eq!(offered(&session, "settings.¦"), ["depth", "inner"]);
    assert_eq!(offered(&session, "settings.inner.w¦"), ["width"]);
    assert_eq!(at(&session, "settings.d¦").items[0].signature, "depth: int = 3");
    assert_eq!(offered(&session, "settings[\"in¦"), ["inner"]);
    assert_eq!(offered(&session, "net.sit¦"), ["sites"]);
    assert_eq!(at(&session, "net.sit¦").items[0].doc, "The number of sites N.");
    assert_eq!(offered(&session, "cut.bi¦"), ["bits"]);
    for text in [
        "min_cut(net, left_right).bi¦",
        "(min_cut(net, left_right)).bi¦",
        "let c = min_cut(net, odd)\nc.bi¦",
        "let c = net |> min_cut(odd)\n\nprint(c.bi¦)",
        "\"{min_cut(net, odd).bi¦}\"",
    ] {
        assert_eq!(offered(&session, text), ["bits"], "{text}");
    }
    assert!(offered(&session, "network { input(4, dim = 2) }.¦").contains(&"sites".to_owned()));
    assert_eq!(offered(&session, "let r = {a: 1, b}\nr.¦"), ["a", "b"]);
    for text in ["1.¦", "unheard.¦", ".¦", "shift(1).¦", "\"a\".¦", "settings.depth.¦", "x |> .¦"]
    {
        assert_eq!(offered(&session, text), [""; 0], "{text}");
    }
}

#[test]
fn columns_of_tables() {
    let session = session(NAMES);
    assert_eq!(offered(&session, "sweep.¦"), ["bits", "radius"]);
    assert_eq!(at(&session, "sweep.b¦").items[0].kind, CompletionKind::Column);
    assert_eq!(offered(&session, "sweep[0].¦"), ["bits", "radius"]);
    for text in [
        "plot(sweep, x = \"¦",
        "plot(sweep, x = \"¦\", y = \"bits\")",
        "plot(sweep, y = [\"bits\", \"¦",
        "sweep |> plot(x = \"¦",
        "sweep |> filter(r -> r.bits > 2) |> sort(by = \"bits\") |> plot(x = \"¦",
        "sort(sweep, by = \"¦",
        "let t = sweep |> take(2)\nplot(t, x = \"¦",
        "[{radius, bits: 2}] |> plot(x = \"¦",
        "[{radius: r, bits: 2} for r in 1..3]\n  |> plot(x = \"¦",
    ] {
        assert_eq!(offered(&session, text), ["bits", "radius"], "{text}");
    }
    assert_eq!(offered(&session, "plot(sweep, title = \"¦"), [""; 0]);
    assert_eq!(offered(&session, "plot(net, x = \"¦"), [""; 0]);
}

#[test]
fn partitions_and_layers_come_first_where_they_fit() {
    let session = session(NAMES);
    let found = at(&session, "min_cut(net, ¦");
    let first = found.items.iter().find(|item| item.kind != CompletionKind::Argument).unwrap();
    assert_eq!(first.text, "odd");
    let rest: Vec<&Completion> =
        found.items.iter().filter(|item| item.kind == CompletionKind::Partition).collect();
    let second = found.items.iter().position(|item| item.text == "odd").unwrap() + 1;
    assert_eq!(found.items[second].text, rest[0].text);
    assert_eq!(offered(&session, "net |> min_cut(le¦")[0], "left_right");
    assert_eq!(at(&session, "network { ¦").items[0].kind, CompletionKind::Layer);
}

#[test]
fn names_of_the_text_itself() {
    let session = Session::default();
    let local = |text: &str, name: &str| {
        let found = offered(&session, text);
        assert!(found.contains(&name.to_owned()), "{text}: {found:?}");
    };
    local("let wobble = 1\nwob¦", "wobble");
    local("wob¦\nlet wobble = 1", "wobble");
    local("let f(wobble, b = 2) = wob¦", "wobble");
    local("map(xs, wobble -> wob¦", "wobble");
    local("map(xs, (a, wobble) -> wob¦", "wobble");
    local("[wob¦ for wobble in xs]", "wobble");
    local("[a for a, wobble in xs if wob¦", "wobble");
    local("wob¦ where wobble = 3, b = 4", "wobble");
    local("a where b = 3, wobble = 4 + wob¦", "wobble");
    assert_eq!(offered(&session, "let f(wobble) = 1\nwobb¦"), [""; 0]);
    assert_eq!(offered(&session, "let f(wob¦"), [""; 0]);
    assert_eq!(offered(&session, "[x for wob¦"), [""; 0]);
}

#[test]
fn comments_and_plain_strings_are_left_alone() {
    let session = session(NAMES);
    for text in [
        "# min¦",
        "## min¦",
        "1 # min¦",
        "\"min¦",
        "print(\"min¦",
        "\"a \\{min¦",
        "2x¦",
        "\"a\"¦",
        "12¦",
    ] {
        assert_eq!(offered(&session, text), [""; 0], "{text}");
    }
    assert_eq!(offered(&session, "\"a {min_c¦"), ["min_cut"]);
    assert_eq!(offered(&session, "let a = \"open\nmin_c¦"), ["min_cut"]);
}

#[test]
fn magics_and_questions() {
    let session = session(NAMES);
    assert_eq!(offered(&session, "%t¦"), ["%time", "%timeit"]);
    assert_eq!(offered(&session, "%%¦"), ["%%markdown", "%%rust"]);
    assert_eq!(offered(&session, "%¦").len(), MAGICS.len());
    assert_eq!(at(&session, " %w¦").start, 1);
    assert_eq!(at(&session, "%w¦").items[0].kind, CompletionKind::Magic);
    assert_eq!(offered(&session, "%time min_c¦"), ["min_cut"]);
    assert_eq!(at(&session, "%time min_c¦").start, 6);
    assert_eq!(offered(&session, "?min_c¦"), ["min_cut"]);
    assert_eq!(offered(&session, "??settings.inner.w¦"), ["width"]);
    for text in ["%who ¦", "%%markdown\nmin¦", "1\n%t¦", "¦ %time", "%foo min¦"] {
        let found = offered(&session, text);
        assert!(found.is_empty() || text.starts_with('1'), "{text}: {found:?}");
    }
}

#[test]
fn paths() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["first.cac", "fig.svg", ".hidden", "o\"dd"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("figures")).unwrap();
    let session = Session::default();
    let place = folder.path().to_str().unwrap().replace('\\', "/");
    for before in ["load(\"", "save(1, \"", "import \"", "1 |> save(\"", "%load ", "%plots "] {
        let text = format!("{before}{place}/fi¦");
        assert_eq!(offered(&session, &text), ["fig.svg", "figures/", "first.cac"], "{text}");
        let found = at(&session, &text);
        assert_eq!(found.end - found.start, 2);
        assert_eq!(found.items[0].kind, CompletionKind::Path);
    }
    assert_eq!(offered(&session, &format!("load(\"{place}/¦")).len(), 3);
    assert_eq!(offered(&session, &format!("load(\"{place}/.h¦")), [".hidden"]);
    assert_eq!(offered(&session, &format!("load(\"{place}/none/¦")), [""; 0]);
    assert!(offered(&session, "load(\"Cargo.t¦").contains(&"Cargo.toml".to_owned()));
}

#[test]
fn many_names_are_no_burden() {
    let mut text: String = (0..1000).map(|i| format!("let name_{i} = [{i}, {i}]\n")).collect();
    let session = session(&text);
    text.push_str("na");
    let start = std::time::Instant::now();
    let found = session.complete("na", 2);
    assert_eq!(found.items.len(), 1001);
    session.complete(&text, text.len());
    // Both together, without optimisation: far less with it.
    assert!(start.elapsed().as_millis() < 400, "{:?}", start.elapsed());
}

/// Pieces of which texts are made that look like programs.
const PIECES: [&str; 44] = [
    "let ",
    "net",
    ".",
    "sites",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    ",",
    " = ",
    "|>",
    "\n",
    "# ",
    "%",
    "?",
    "%time ",
    "%%markdown\n",
    "where ",
    "if ",
    "for x in ",
    "->",
    "𝛼",
    "é",
    "plot",
    "conv",
    "sharing",
    "sweep",
    "filter",
    "network ",
    "min_cut",
    "1",
    ";",
    "import ",
    "load(\"",
    "..",
    "x",
    " ",
    "settings",
    "%save ",
    "\u{7f}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_and_no_place_is_too_much(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40),
        noise in ".{0,8}",
        cursor in 0_usize..200,
    ) {
        static SESSION: std::sync::OnceLock<Session> = std::sync::OnceLock::new();
        let session = SESSION.get_or_init(|| session(NAMES));
        let text = format!("{}{noise}", pieces.concat());
        let found = session.complete(&text, cursor);
        prop_assert!(found.start <= found.end);
        prop_assert!(text.get(found.start..found.end).is_some());
        let _ = session.inspect(&text, cursor, 1);
        let _ = session.page(&text, 0);
        let _ = crate::session::completeness(&text);
        let _ = crate::session::split(&text);
    }
}
