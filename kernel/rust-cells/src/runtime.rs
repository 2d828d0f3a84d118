//! The process that loads and runs compiled cells.
//!
//! evcxr has a loop of its own for this (`evcxr::runtime_hook`). This one does the same with the same
//! commands, but cells cannot disturb it: commands do not come over the standard input, from which a
//! cell may read (there is nothing), and the end of a cell is said by a word that no cell knows.

use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use crate::processes;
use crate::splitter::end_line;

/// The variable with the word by which the end of a cell is said.
pub const SECRET: &str = "CONVAC_RUST_SECRET";

/// What a compiled cell is: takes the store of variables, gives it back.
type Cell = extern "C" fn(*mut c_void) -> *mut c_void;

/// Runs cells until there are no more commands.
pub fn run() -> ExitCode {
    processes::prepare_runtime();
    let secret = std::env::var(SECRET).unwrap_or_default();
    // SAFETY: no other thread exists yet.
    unsafe { std::env::remove_var(SECRET) };
    match serve(&end_line(&secret)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the runtime of Rust cells: {error}");
            ExitCode::from(99)
        }
    }
}

fn serve(end: &str) -> Result<(), Box<dyn std::error::Error>> {
    let commands = File::from(rustix::stdio::stdin().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let mut variables: *mut c_void = std::ptr::null_mut();
    let mut flush: Option<extern "C" fn()> = None;
    for line in BufReader::new(commands).lines() {
        let line = line?;
        // The path may hold blanks, the name does not.
        let known = line.strip_prefix("LOAD_AND_RUN ").and_then(|rest| rest.rsplit_once(' '));
        let Some((path, name)) = known else {
            return Err(format!("an unknown command: {line:?}").into());
        };
        // SAFETY: evcxr has made the library and the function, with this signature, for this loop; what it
        // gives back is handed to the next one alone.
        variables = unsafe {
            let library = libloading::Library::new(path)?;
            let cell = *library.get::<Cell>(name.as_bytes())?;
            // The first cell of a session has it, and all share what it flushes.
            if flush.is_none() {
                flush =
                    library.get::<extern "C" fn()>(cac::FLUSH.as_bytes()).ok().map(|found| *found);
            }
            // Values of the cell, and threads, may refer to its code for ever.
            std::mem::forget(library);
            cell(variables)
        };
        if let Some(flush) = flush {
            flush();
        }
        let mut output = std::io::stdout().lock();
        output.write_all(end.as_bytes())?;
        output.flush()?;
    }
    Ok(())
}
