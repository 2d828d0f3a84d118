//! Lines of the standard input, without an editor.

use std::io::{BufRead, Read};

use convac::diagnostic::{Code, Diagnostic};

/// The next line without its end; `None` when there is none any more. What is no UTF-8 in it is
/// replaced, as in the editor.
///
/// # Errors
/// What the system says.
pub fn next() -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if std::io::stdin().lock().read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&bytes);
    Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The standard input to its end.
///
/// # Errors
/// E08 with what the system says, or that it is no text.
pub fn all() -> Result<String, Box<Diagnostic>> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(1 << 30).read_to_end(&mut bytes);
    let text = read.map_err(|error| error.to_string());
    text.and_then(|_| convac::builtins::decode_text(bytes)).map_err(|why| {
        let message = format!("cannot read the standard input: {why}");
        Box::new(Diagnostic::new(Code::File, message).hint("convac-repl -i first.cac"))
    })
}
