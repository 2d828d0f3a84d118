//! The formatter keeps the tree and every comment, and formatting twice changes nothing.
#![no_main]

use convac::diagnostic::SourceId;
use convac::syntax::{TokenKind, format, parse, tokenize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.len() < 512 {
        check(text);
        return;
    }
    // The debug text of a deep tree takes a deep stack, which is not what is tested here.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20);
        let spawned = thread.spawn_scoped(scope, || check(text));
        spawned.expect("a thread").join().expect("no panic");
    });
});

fn check(text: &str) {
    let source = SourceId::default();
    let Ok(once) = format(text, source) else { return };
    match format(&once, source) {
        Ok(twice) => assert_eq!(once, twice, "formatting twice changes {text:?}"),
        Err(errors) => panic!("{text:?} becomes {once:?}, which has errors: {errors:?}"),
    }
    assert_eq!(tree(text), tree(&once), "another tree: {text:?} becomes {once:?}");
    assert_eq!(comments(text), comments(&once), "other comments: {text:?} becomes {once:?}");
}

/// The tree as text, without the places.
fn tree(text: &str) -> String {
    let program = parse(text, SourceId::default());
    without_spans(&format!("{:?}", program.statements))
}

/// Debug text without what stands in `Span { … }`. A string that holds these words is cut too,
/// in both trees alike.
fn without_spans(debug: &str) -> String {
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug;
    while let Some(at) = rest.find("Span {") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find('}').map_or("", |end| &rest[at + end + 1..]);
    }
    out + rest
}

fn comments(text: &str) -> Vec<&str> {
    let is_comment = |kind| matches!(kind, TokenKind::Comment | TokenKind::Doc);
    let (tokens, _) = tokenize(text);
    tokens.iter().filter(|t| is_comment(t.kind)).map(|t| t.text(text).trim_end()).collect()
}
