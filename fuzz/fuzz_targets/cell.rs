//! Questions about a cell, with the cursor anywhere: completion, pages, completeness, magics.
#![no_main]

use std::sync::LazyLock;

use convac::evaluate::Silent;
use convac::session::{Session, completeness, split};
use libfuzzer_sys::fuzz_target;

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let mut session = Session::default();
    let names = "let net = network { input(4, dim = 2), conv(2), pool(4), output(1) }\n\
                 let rows = [{r, bits: r ^ 2} for r in 1..3]\nlet record = {inner: {x: 1}}\n\
                 ## Adds.\nlet add(x, y = 2) = x + y";
    assert!(session.run("names", names, None, std::sync::Arc::new(Silent)).is_empty());
    session
});

fuzz_target!(|data: (u16, &str)| {
    let (cursor, text) = data;
    let cursor = usize::from(cursor);
    let _ = completeness(text);
    let _ = split(text);
    let found = SESSION.complete(text, cursor);
    assert!(found.start <= found.end && found.end <= text.len());
    assert!(text.is_char_boundary(found.start) && text.is_char_boundary(found.end));
    let _ = SESSION.inspect(text, cursor, 1);
});
