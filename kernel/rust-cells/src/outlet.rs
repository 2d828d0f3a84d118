//! Where replies go: the standard output that the helper was started with.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use convac_rust_wire::{Failure, Reply, write_frame};

/// How many bytes of one cell are told; what it writes beyond is counted.
const TOLD: u64 = 16 << 20;

/// The way to the notebook.
#[derive(Clone)]
pub struct Outlet {
    file: Arc<Mutex<File>>,
    text: Arc<Mutex<[Text; 2]>>,
}

/// What one of the two streams of a cell has written.
#[derive(Default)]
struct Text {
    written: u64,
    /// The beginning of a character whose end has not come yet.
    cut: Vec<u8>,
}

impl Outlet {
    /// Takes the standard output away: whatever else prints there goes to the standard error stream.
    ///
    /// # Errors
    /// When there is no standard output.
    pub fn open() -> io::Result<Self> {
        let file = File::from(rustix::stdio::stdout().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        Ok(Self { file: Arc::new(Mutex::new(file)), text: Arc::default() })
    }

    /// Says something. When nobody listens any more, this process is about to be told to stop.
    pub fn send(&self, reply: &Reply) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = write_frame(&mut *file, reply)
            && error.kind() == io::ErrorKind::InvalidData
            && let Some(id) = reply.id()
        {
            // Longer than a frame may be; whoever asked is answered all the same.
            let message = "what this cell shows is too long to be shown".into();
            let why = Failure::Refused { message };
            let _ = write_frame(&mut *file, &Reply::Failed { id, why, renewed: false });
        }
    }

    /// A new cell begins: what it writes is counted from 0. What functions and threads wrote beyond the
    /// limit since the last one is told of before.
    pub fn begin(&self) {
        self.end();
    }

    /// Passes on what a cell wrote.
    pub fn stream(&self, error: bool, bytes: &[u8]) {
        let text = {
            let mut all = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            let text = &mut all[usize::from(error)];
            let before = text.written;
            text.written += bytes.len() as u64;
            let left = usize::try_from(TOLD.saturating_sub(before)).unwrap_or(0).min(bytes.len());
            text.decode(&bytes[..left])
        };
        if !text.is_empty() {
            self.send(&Reply::Stream { error, text });
        }
    }

    /// Says at the end of a cell what was not told.
    pub fn end(&self) {
        let texts = {
            let mut all = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *all)
        };
        for (error, text) in texts.into_iter().enumerate() {
            if !text.cut.is_empty() && text.written <= TOLD {
                let text = String::from_utf8_lossy(&text.cut).into_owned();
                self.send(&Reply::Stream { error: error == 1, text });
            }
            if text.written > TOLD {
                let (written, told) = (text.written, TOLD >> 20);
                let text = format!(
                    "\n({written} bytes were printed; those beyond {told} MiB are left out)\n"
                );
                self.send(&Reply::Stream { error: true, text });
            }
        }
    }
}

impl Text {
    /// The text of these bytes; what is no text becomes `\u{fffd}`.
    fn decode(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let end = match std::str::from_utf8(&all) {
            Ok(_) => all.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => {
                // An incomplete character at the end, behind others that are no text.
                let tail = all.len().saturating_sub(3);
                let start = (tail..all.len()).rev().find(|at| all[*at] >= 0xc0);
                start.filter(|at| is_cut(&all[*at..])).unwrap_or(all.len())
            }
        };
        self.cut = all.split_off(end);
        String::from_utf8_lossy(&all).into_owned()
    }
}

fn is_cut(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_cut() {
        let whole = "aü𝛼b".as_bytes();
        for size in 1..6 {
            let mut text = Text::default();
            let told: String = whole.chunks(size).map(|part| text.decode(part)).collect();
            assert_eq!(told, "aü𝛼b", "parts of {size}");
        }
        let mut text = Text::default();
        assert_eq!(text.decode(b"a\xffb\xf0\x9d"), "a\u{fffd}b");
        assert_eq!(text.cut, b"\xf0\x9d");
        assert_eq!(text.decode(b"x"), "\u{fffd}x");
    }
}
