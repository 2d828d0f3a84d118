//! The one place of the library that prints.
//!
//! Libraries do not print, and `tests/house.rs` keeps this one to it. Here they must: evcxr takes
//! what a cell shows from the standard output, between two marks, and a program of the language
//! that says `print` in [`cac!`](crate::cac) has nobody else to say it for it. Nothing here fails: a
//! reader that is gone is no reason to stop a computation.

use std::fmt::Write as _;
use std::io::Write;

use crate::session::Bundle;

const BEGIN: &str = "EVCXR_BEGIN_CONTENT";
const END: &str = "EVCXR_END_CONTENT";

/// A value in all its forms: plain text, then HTML, LaTeX and SVG where the value has them. PNGs are
/// left out, since a notebook shows the SVG and would store both.
fn blocks(bundle: &Bundle<'_>) -> Vec<(String, String)> {
    let text = |(kind, content): (String, serde_json::Value)| match content {
        serde_json::Value::String(text) if kind != "image/png" => Some((kind, text)),
        _ => None,
    };
    bundle.mime().data.into_iter().filter_map(text).collect()
}

/// Writes texts of one value by their MIME types as evcxr reads them.
///
/// # Errors
/// Those of the writer.
pub(super) fn write_content(
    out: &mut impl Write,
    blocks: &[(impl AsRef<str>, impl AsRef<str>)],
) -> std::io::Result<()> {
    let mut text = String::new();
    for (kind, content) in blocks {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{BEGIN} {}", kind.as_ref());
        for line in content.as_ref().lines() {
            // A line that is the mark would end the block, and for our own Rust cells one that ends with
            // it; a blank behind it shows the same.
            let blank = if line.ends_with(END) { " " } else { "" };
            let _ = writeln!(text, "{line}{blank}");
        }
        let _ = writeln!(text, "{END}");
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Shows a value in a cell of evcxr: in one piece, whatever other threads print.
pub(super) fn display(bundle: &Bundle<'_>) {
    show(&blocks(bundle));
}

/// Shows texts by their MIME types in a cell of evcxr.
pub(super) fn show(blocks: &[(impl AsRef<str>, impl AsRef<str>)]) {
    let _ = write_content(&mut std::io::stdout().lock(), blocks);
}

/// What a program printed, with its newline.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What a program warned of, with its newline.
pub(super) fn warn(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Write, blocks, write_content};
    use crate::prelude::*;
    use crate::session::Bundle;
    use crate::value::Value;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write_content(&mut out, &blocks(&Bundle(value))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn blocks_are_as_evcxr_reads_them() {
        assert_eq!(
            written(&Value::int(3)),
            "EVCXR_BEGIN_CONTENT text/plain\n3\nEVCXR_END_CONTENT\n"
        );
        let net = Network::chain(4, 2).conv(3).pool(4).output(1).unwrap();
        let cut = net.min_cut(Rule::Interleaved).unwrap();
        let all = written(cut.as_value());
        let kinds: Vec<&str> =
            all.lines().filter_map(|line| line.strip_prefix("EVCXR_BEGIN_CONTENT ")).collect();
        assert_eq!(kinds, ["text/plain", "text/html", "image/svg+xml"]);
        assert_eq!(all.matches("\nEVCXR_END_CONTENT\n").count(), 3);
        assert!(all.starts_with(&format!("EVCXR_BEGIN_CONTENT text/plain\n{cut}\n")));
        let plot = written(&net.draw().unwrap().into_value().unwrap());
        assert!(plot.contains("EVCXR_BEGIN_CONTENT image/svg+xml\n<svg"));
    }

    #[test]
    fn a_text_cannot_end_its_block() {
        for mark in ["EVCXR_END_CONTENT", "b EVCXR_END_CONTENT"] {
            let text = written(&Value::string(format!("a\n{mark}\nb")));
            assert!(text.ends_with(&format!("a\n{mark} \nb\nEVCXR_END_CONTENT\n")), "{text}");
        }
    }

    /// A pipe whose reader is gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_an_error_and_no_panic() {
        assert!(write_content(&mut Closed, &[("text/plain", "3")]).is_err());
    }
}
