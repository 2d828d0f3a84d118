//! Where values wait to be taken: files in the private folder of the helper.

use std::io::Write;
use std::path::PathBuf;

use crate::{FromCac, IntoCac, Value};

/// The private folder.
pub(crate) fn folder() -> Result<PathBuf, String> {
    std::env::var_os("CAC_FOLDER")
        .map(PathBuf::from)
        .ok_or_else(|| "this is no Rust cell".to_owned())
}

/// The value that the notebook put there under this number, for `--in`.
///
/// # Panics
/// When there is none, or it is of another type.
pub fn take<T: FromCac>(number: u64) -> T {
    let taken = folder().and_then(|folder| {
        let bytes = std::fs::read(folder.join(format!("in-{number}")))
            .map_err(|error| error.to_string())?;
        let value = Value::decode(&bytes).map_err(|error| error.to_string())?;
        T::from_cac(value).map_err(|wrong| wrong.to_string())
    });
    match taken {
        Ok(value) => value,
        Err(why) => panic!("a value could not be taken over: {why}"),
    }
}

/// Puts a value there for the notebook, for `--out`.
///
/// # Panics
/// When it cannot be written: the folder is gone, or the disk is full.
pub fn give<T: IntoCac + Clone>(number: u64, value: &T) {
    let given = folder().and_then(|folder| {
        let value = value.clone().into_cac()?;
        value.check()?;
        std::fs::write(folder.join(format!("out-{number}")), value.encode())
            .map_err(|error| error.to_string())
    });
    if let Err(why) = given {
        panic!("a value could not be given back: {why}");
    }
}

/// The word before a panic on the standard error stream, so that its text can be told from others.
const PANIC: &str = "CAC_PANIC ";

/// A line of the standard error stream that tells of a panic: thread, file, line, column, message.
pub fn panic_line(line: &str) -> Option<[String; 5]> {
    let mut parts =
        line.strip_prefix(PANIC)?.split('\u{1f}').map(|part| part.replace('\u{1e}', "\n"));
    Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

/// The symbol of [`flush`] in a library that is linked with this crate.
pub const FLUSH: &str = "cac_flush";

/// Writes out what cells printed behind their last newline. Cells share a standard library that is not
/// the one of the process that loads them, so that process calls this after each cell, by its symbol.
// A symbol's name is all that the compiler calls unsafe here. The copy of this crate that cells see has
// it alone: a cell may depend on the library, too, which brings a copy of its own.
#[allow(unsafe_code)]
#[cfg_attr(feature = "cells", unsafe(export_name = "cac_flush"))]
pub extern "C" fn flush() {
    let _ = std::io::stdout().flush();
}

/// What every session begins with: panics are told in one line, and [`flush`] is there to be found.
pub fn begin() {
    flush();
    std::panic::set_hook(Box::new(|info| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("");
        // The panic of a call is its result; see `serve`.
        if name.starts_with("cac-call-") {
            return;
        }
        let (file, line, column) = info
            .location()
            .map_or(("", 0, 0), |place| (place.file(), place.line(), place.column()));
        let text = crate::function::panic_text(info.payload());
        let parts = [name, file, &line.to_string(), &column.to_string(), &text];
        let parts = parts.map(|part| part.replace('\u{1f}', " ").replace('\n', "\u{1e}"));
        let _ = writeln!(std::io::stderr(), "{PANIC}{}", parts.join("\u{1f}"));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_in_one_line() {
        let line = "CAC_PANIC main\u{1f}src/lib.rs\u{1f}3\u{1f}1\u{1f}a\u{1e}b";
        assert_eq!(
            panic_line(line),
            Some(["main", "src/lib.rs", "3", "1", "a\nb"].map(str::to_owned))
        );
        assert_eq!(panic_line("thread 'main' panicked"), None);
        assert_eq!(panic_line("CAC_PANIC x"), None);
    }
}
