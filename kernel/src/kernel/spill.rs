//! A cell that prints without end: a part is shown, all of it goes to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// The most text of one cell that is shown.
pub const MAX_BYTES: usize = 1 << 20;

/// The most lines of one cell that are shown.
pub const MAX_LINES: usize = 10_000;

/// The largest file.
const MAX_FILE: usize = 256 << 20;

/// The text of one cell.
#[derive(Debug, Default)]
pub struct Spill {
    bytes: usize,
    lines: usize,
    /// What was shown, for the beginning of the file.
    shown: String,
    file: Option<Overflow>,
}

#[derive(Debug)]
struct Overflow {
    path: PathBuf,
    /// `None` if it could not be written.
    writer: Option<BufWriter<File>>,
}

impl Spill {
    /// Takes text; gives what is to be shown of it, and a notice the first time that something
    /// is left out.
    pub fn take<'t>(&mut self, cell: u64, text: &'t str) -> (&'t str, Option<String>) {
        self.bytes += text.len();
        self.lines += text.matches('\n').count();
        if let Some(overflow) = &mut self.file {
            overflow.write(text, self.bytes);
            return ("", None);
        }
        if self.bytes <= MAX_BYTES && self.lines <= MAX_LINES {
            self.shown.push_str(text);
            return (text, None);
        }
        let shown = self.head(text);
        let mut overflow = Overflow::new(cell);
        let (before, bytes) = (std::mem::take(&mut self.shown), self.bytes);
        overflow.write(&before, bytes);
        overflow.write(text, bytes);
        let notice = match &overflow.writer {
            Some(_) => format!(
                "… more than {MAX_LINES} lines or {} KiB of text: all of it stays in {}\n",
                MAX_BYTES >> 10,
                overflow.path.display()
            ),
            None => format!(
                "… more than {MAX_LINES} lines or {} KiB of text: the rest is left out\n",
                MAX_BYTES >> 10
            ),
        };
        self.file = Some(overflow);
        (shown, Some(notice))
    }

    /// The part of the last text that still fits: whole lines.
    fn head<'t>(&self, text: &'t str) -> &'t str {
        let before = self.lines - text.matches('\n').count();
        let lines = MAX_LINES.saturating_sub(before);
        let mut room = MAX_BYTES.saturating_sub(self.shown.len());
        let mut end = 0;
        for line in text.split_inclusive('\n').take(lines) {
            if line.len() > room {
                break;
            }
            room -= line.len();
            end += line.len();
        }
        text.get(..end).unwrap_or("")
    }
}

impl Overflow {
    fn new(cell: u64) -> Self {
        // A new folder that only this user can enter: nobody can have put a link in the way.
        let name = format!("convac-text-{}-{:x}", std::process::id(), crate::protocol::now().0);
        let folder = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let path = folder.join(format!("In{cell}.txt"));
        let made = builder.create(&folder).and_then(|()| File::create_new(&path));
        Self { path, writer: made.ok().map(BufWriter::new) }
    }

    fn write(&mut self, text: &str, so_far: usize) {
        let fits = so_far <= MAX_FILE;
        if let Some(writer) = &mut self.writer
            && (!fits || writer.write_all(text.as_bytes()).is_err())
        {
            // The disk is full, or the program prints for ever: what is there stays.
            self.writer = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_lines_are_shown_and_the_rest_is_kept() {
        let mut spill = Spill::default();
        let mut shown = String::new();
        let mut notices = Vec::new();
        for i in 0..12_345 {
            let line = format!("line {i}\n");
            let (text, notice) = spill.take(3, &line);
            shown.push_str(text);
            notices.extend(notice);
        }
        assert_eq!(shown.lines().count(), MAX_LINES);
        assert_eq!(notices.len(), 1);
        let path = spill.file.as_ref().unwrap().path.clone();
        assert!(notices[0].contains(path.to_str().unwrap()));
        drop(spill);
        let kept = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        assert_eq!(kept.lines().count(), 12_345);
        assert!(kept.starts_with("line 0\n") && kept.ends_with("line 12344\n"));
    }

    #[test]
    fn one_long_text_is_cut_at_a_line() {
        let mut spill = Spill::default();
        let text = "é".repeat(100_000) + "\n";
        let mut bytes = 0;
        for _ in 0..10 {
            bytes += spill.take(4, &text).0.len();
        }
        assert!(bytes <= MAX_BYTES && bytes.is_multiple_of(text.len()), "{bytes}");
        let path = spill.file.as_ref().unwrap().path.clone();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
