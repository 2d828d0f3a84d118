//! The runtime's standard output, cut into what cells print and what is meant for evcxr.

use crate::between::{PANICKED, RETURNED};

/// A `?` of a cell met an error.
const ERROR: &[u8] = b"EVCXR_ERROR_OCCURRED";
const PANIC: &[u8] = b"EVCXR_PANIC_NOTIFICATION";
const BEGIN_CONTENT: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END_CONTENT: &[u8] = b"EVCXR_END_CONTENT";
/// The line by which the runtime says that a cell has ended.
pub fn end_line(secret: &str) -> String {
    format!("EVCXR_END {secret}\n")
}

/// What else evcxr's runtime says: a line that begins so.
const OTHERS: [&[u8]; 2] = [ERROR, b"EVCXR_VARIABLE_CHANGED_TYPE:"];
/// The longest content (a picture, a page) that is passed on.
const MAX_CONTENT: usize = 64 << 20;

/// A part of the runtime's standard output.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A cell printed it.
    Text(Vec<u8>),
    /// It is for evcxr: whole lines.
    Evcxr(Vec<u8>),
    /// The cell has ended: [`PANICKED`], [`RETURNED`] or 0.
    End { how: u8 },
}

/// Cuts the runtime's standard output into pieces. Words for evcxr may follow printed text on the
/// same line, because nobody ends the last line of a cell that did not end it itself.
#[derive(Default)]
pub struct Splitter {
    /// The line by which the runtime ends a cell; no cell knows it.
    complete: Vec<u8>,
    /// What may become a word for evcxr.
    held: Vec<u8>,
    /// The content that is being told, with its first line.
    content: Option<Vec<u8>>,
    /// Whether it was too long, and is dropped.
    dropped: bool,
    /// How the cell will have ended.
    how: u8,
    /// What has been cut off so far; whoever takes it leaves none.
    pub pieces: Vec<Piece>,
}

impl Splitter {
    /// `secret` stands in the line by which the runtime ends a cell.
    pub fn new(secret: &str) -> Self {
        Self { complete: end_line(secret).into_bytes(), ..Self::default() }
    }

    fn text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    /// Takes more of the output; see [`Splitter::pieces`].
    pub fn take(&mut self, bytes: &[u8]) {
        // Most lines hold no word for evcxr, and long runs of text are passed on as they are.
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            self.held.extend_from_slice(line);
            if line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.held);
                self.line(&line);
            } else if self.content.is_none() && !self.may_become_a_word() {
                let text = std::mem::take(&mut self.held);
                self.text(&text);
            }
        }
        if let Some(content) = &self.content
            && content.len() + self.held.len() > MAX_CONTENT
        {
            self.dropped = true;
            self.held.clear();
            self.content = Some(Vec::new());
        }
    }

    /// Whether a word for evcxr stands in what is held, or could be about to.
    fn may_become_a_word(&self) -> bool {
        let word = b"EVCXR_";
        self.held.windows(word.len()).any(|window| window == word)
            || (1..word.len()).any(|count| self.held.ends_with(&word[..count]))
    }

    fn line(&mut self, line: &[u8]) {
        let completes = !self.complete.is_empty() && line.ends_with(&self.complete);
        if let Some(content) = &mut self.content {
            let panics = contains(line, PANIC);
            let last = match (completes, panics) {
                (true, _) => Some(line.len() - self.complete.len()),
                (false, Some(at)) => Some(at),
                (false, None) => ending(line),
            };
            if !self.dropped {
                content.extend_from_slice(&line[..last.unwrap_or(line.len())]);
            }
            if last.is_none() {
                return;
            }
            self.end_content(panics.is_some() && !completes);
            if completes {
                self.complete();
            }
            return;
        }
        if let Some(at) = contains(line, BEGIN_CONTENT).filter(|at| names_a_type(&line[*at..])) {
            self.text(&line[..at]);
            self.content = Some(line[at..].to_vec());
            return;
        }
        if completes {
            self.text(&line[..line.len() - self.complete.len()]);
            self.complete();
            return;
        }
        let told =
            OTHERS.iter().copied().chain([PANIC]).filter_map(|word| contains(line, word)).min();
        match told {
            Some(at) => {
                if line[at..].starts_with(PANIC) {
                    self.how = PANICKED;
                } else if line[at..].starts_with(ERROR) {
                    self.how = RETURNED;
                }
                self.text(&line[..at]);
                self.evcxr(&line[at..]);
            }
            None => self.text(line),
        }
    }

    /// Passes on the content that was told. Whatever the cell wrote, evcxr gets lines that end it: else it
    /// would take the end of the cell, and all that follows, for more of it.
    fn end_content(&mut self, panicked: bool) {
        let mut whole = self.content.take().unwrap_or_default();
        let dropped = std::mem::take(&mut self.dropped);
        if dropped {
            self.text(b"(what this cell shows is longer than 64 MB and is left out)\n");
            whole.clear();
        } else if !whole.ends_with(b"\n") {
            whole.push(b'\n');
        }
        if panicked {
            self.how = PANICKED;
            whole.extend_from_slice(PANIC);
            whole.push(b'\n');
        } else if !dropped {
            whole.extend_from_slice(END_CONTENT);
            whole.push(b'\n');
        }
        self.evcxr(&whole);
    }

    fn complete(&mut self) {
        let how = std::mem::take(&mut self.how);
        self.pieces.push(Piece::End { how });
    }

    /// evcxr reads lines of text; a byte that is none would end its reading in the middle of a cell.
    fn evcxr(&mut self, lines: &[u8]) {
        if !lines.is_empty() {
            self.pieces.push(Piece::Evcxr(String::from_utf8_lossy(lines).into_owned().into()));
        }
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.held);
        (!rest.is_empty() && self.content.is_none()).then_some(rest)
    }
}

/// Where the mark stands that ends a content: at the end of a line, because many cells write no newline
/// before it. A mark with blanks behind it is none, as for evcxr.
fn ending(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(line.strip_suffix(END_CONTENT)?.len())
}

/// Whether a MIME type stands behind the word; without one evcxr does not know a content by it.
fn names_a_type(line: &[u8]) -> bool {
    let rest = &line[BEGIN_CONTENT.len()..];
    !rest.starts_with(b" ") && !rest.trim_ascii().is_empty()
}

fn contains(line: &[u8], word: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line[from..].iter().position(|byte| *byte == word[0]) {
        let at = from + at;
        if line[at..].starts_with(word) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a text, whatever the sizes of the parts in which it arrives.
    fn pieces(text: &[u8]) -> Vec<Piece> {
        let mut whole = Splitter::new("s3");
        whole.take(text);
        for size in [1, 2, 7, 13] {
            let mut parts = Splitter::new("s3");
            for part in text.chunks(size) {
                parts.take(part);
            }
            assert_eq!(parts.pieces, whole.pieces, "parts of {size}");
            assert_eq!(parts.held, whole.held);
        }
        whole.pieces
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn evcxr(line: &str) -> Piece {
        Piece::Evcxr(line.into())
    }

    #[test]
    fn text_and_words_are_kept_apart() {
        assert_eq!(pieces(b"a\nb\n"), [text("a\nb\n")]);
        assert_eq!(
            pieces(b"fooEVCXR_END s3\nbar"),
            [text("foo"), Piece::End { how: 0 }, text("bar")]
        );
        assert_eq!(
            pieces(b"xEVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\nEVCXR_END s3\n"),
            [
                text("x"),
                evcxr("EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n"),
                Piece::End { how: 0 }
            ]
        );
        assert_eq!(
            pieces(b"EVCXR_PANIC_NOTIFICATION\nEVCXR_END s3\nEVCXR_END s3\n"),
            [
                evcxr("EVCXR_PANIC_NOTIFICATION\n"),
                Piece::End { how: PANICKED },
                Piece::End { how: 0 }
            ]
        );
        assert_eq!(
            pieces(b"aEVCXR_VARIABLE_CHANGED_TYPE:x\n"),
            [text("a"), evcxr("EVCXR_VARIABLE_CHANGED_TYPE:x\n")]
        );
    }

    #[test]
    fn a_question_mark_that_meets_an_error() {
        assert_eq!(
            pieces(b"lost\nEVCXR_ERROR_OCCURRED\nEVCXR_END s3\n"),
            [text("lost\n"), evcxr("EVCXR_ERROR_OCCURRED\n"), Piece::End { how: RETURNED }]
        );
    }

    #[test]
    fn what_only_looks_like_a_word_is_text() {
        assert_eq!(pieces(b"EVCXR EVCX\nEVCXR_ELSE\n"), [text("EVCXR EVCX\nEVCXR_ELSE\n")]);
        assert_eq!(pieces(b"EVCXR_EXECUTION_COMPLETE\n"), [text("EVCXR_EXECUTION_COMPLETE\n")]);
        let mut open = Splitter::new("s3");
        open.take(b"% EVC");
        assert_eq!(open.pieces, []);
        assert_eq!(open.finish().unwrap(), b"% EVC");
    }

    #[test]
    fn content_that_is_not_ended_well() {
        let whole = "EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\n";
        for written in [
            // Without a newline before the mark, with a carriage return, without the mark.
            "EVCXR_BEGIN_CONTENT text/html\n<b>EVCXR_END_CONTENT\nEVCXR_END s3\n",
            "EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\r\nEVCXR_END s3\n",
            "EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END s3\n",
            "EVCXR_BEGIN_CONTENT text/html\n<b>EVCXR_END s3\n",
        ] {
            let expected = [evcxr(whole), Piece::End { how: 0 }];
            assert_eq!(pieces(written.as_bytes()), expected, "{written:?}");
        }
        // What only looks like the mark is content.
        let blank = "EVCXR_BEGIN_CONTENT a/b\nEVCXR_END_CONTENT \nEVCXR_END_CONTENT\n";
        assert_eq!(
            pieces(format!("{blank}EVCXR_END s3\n").as_bytes()),
            [evcxr(blank), Piece::End { how: 0 }]
        );
        assert_eq!(
            pieces(b"EVCXR_BEGIN_CONTENT a/b\n<b>xEVCXR_PANIC_NOTIFICATION\nEVCXR_END s3\n"),
            [
                evcxr("EVCXR_BEGIN_CONTENT a/b\n<b>x\nEVCXR_PANIC_NOTIFICATION\n"),
                Piece::End { how: PANICKED }
            ]
        );
        // Without a type it is text, and so is what follows.
        assert_eq!(
            pieces(b"EVCXR_BEGIN_CONTENT \nEVCXR_EXECUTION_COMPLETE\nEVCXR_END s3\n"),
            [text("EVCXR_BEGIN_CONTENT \nEVCXR_EXECUTION_COMPLETE\n"), Piece::End { how: 0 }]
        );
    }

    #[test]
    fn evcxr_gets_text_alone() {
        assert_eq!(
            pieces(
                b"EVCXR_BEGIN_CONTENT image/png\n\x89PNG\xff\nEVCXR_END_CONTENT\nEVCXR_END s3\n"
            ),
            [
                evcxr("EVCXR_BEGIN_CONTENT image/png\n\u{fffd}PNG\u{fffd}\nEVCXR_END_CONTENT\n"),
                Piece::End { how: 0 }
            ]
        );
    }

    #[test]
    fn content_that_is_too_long_is_dropped() {
        let mut splitter = Splitter::new("s3");
        splitter.take(b"EVCXR_BEGIN_CONTENT image/svg+xml\n");
        let part = vec![b'x'; 1 << 20];
        for _ in 0..80 {
            splitter.take(&part);
            assert!(splitter.held.len() <= MAX_CONTENT + part.len());
        }
        splitter.take(b"\nEVCXR_END_CONTENT\nEVCXR_END s3\n");
        assert_eq!(
            splitter.pieces,
            [
                text("(what this cell shows is longer than 64 MB and is left out)\n"),
                Piece::End { how: 0 }
            ]
        );
    }
}
