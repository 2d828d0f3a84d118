//! The helper process: its threads and how it begins and ends.

use std::io::{self, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::mpsc::{Sender, channel};

use convac_rust_wire::{Reply, Request, VERSION, read_frame};

use crate::between::{HEARD, News, PANICKED, RETURNED, read_news};
use crate::control::{Control, Death, Panic, State};
use crate::engine::Engine;
use crate::folder::{self, FOLDER, OUTPUT};
use crate::outlet::Outlet;
use crate::processes::kill_children_but;
use crate::toolchain;

/// Runs the helper until the notebook ends it.
pub fn run(folder: &Path) -> ExitCode {
    match begin(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the helper for Rust cells: {error}");
            ExitCode::FAILURE
        }
    }
}

fn begin(folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    // No other thread exists yet. All that is started from here finds its places in the folder.
    for (name, place) in [
        (FOLDER, folder.clone()),
        ("TMPDIR", folder.join("tmp")),
        ("EVCXR_TMPDIR", folder.join("build")),
        // Settings of evcxr's own notebooks do not change what a cell means here.
        ("EVCXR_CONFIG_DIR", folder.join("config")),
    ] {
        // SAFETY: see above; nothing reads the environment at the same time.
        unsafe { std::env::set_var(name, place) };
    }
    folder::furnish(&folder)?;
    // A file `evcxr.toml` where the notebook stands is none of ours either.
    let home = std::env::current_dir()?;
    let outlet = Outlet::open()?;
    outlet.send(&Reply::Hello { version: VERSION });
    let control = Control::default();
    let (sender, requests) = channel();
    {
        let (control, outlet) = (control.clone(), outlet.clone());
        let listener = UnixListener::bind(folder.join(OUTPUT))?;
        std::thread::spawn(move || hear(&listener, &control, &outlet));
    }
    {
        let (control, folder) = (control.clone(), folder.clone());
        std::thread::spawn(move || listen(&sender, &control, &folder));
    }
    {
        let control = control.clone();
        std::thread::spawn(move || control.watch());
    }
    let rustc = match toolchain::look() {
        Ok(rustc) => rustc,
        Err(missing) => {
            outlet.send(&Reply::Missing { what: missing.what, hint: missing.hint });
            return Ok(());
        }
    };
    let mut engine = match Engine::new(folder, &home, outlet.clone(), control) {
        Ok(engine) => engine,
        Err(message) => {
            let hint = "try it again; if it stays so, `%rust status` tells which programs are used";
            outlet.send(&Reply::Missing { what: message, hint: hint.into() });
            return Ok(());
        }
    };
    outlet.send(&Reply::Ready { rustc });
    for request in requests {
        engine.answer(request);
    }
    Ok(())
}

/// Reads what the notebook asks for.
fn listen(requests: &Sender<Request>, control: &Control, folder: &Path) {
    let mut input = io::stdin().lock();
    loop {
        match read_frame(&mut input) {
            Ok(Some(Request::Interrupt { of })) => control.stop(of),
            Ok(Some(Request::Quit) | None) | Err(_) => {
                // The notebook is gone or wants this to be over, whatever goes on.
                if let Some(runtime) = control.state().runtime.take() {
                    let _ = runtime.shutdown(std::net::Shutdown::Both);
                }
                kill_children_but(None);
                folder::remove(folder);
                exit(0);
            }
            Ok(Some(request)) => {
                if requests.send(request).is_err() {
                    return;
                }
            }
        }
    }
}

/// Hears what cells write; each runtime that is started makes a connection of its own.
fn hear(listener: &UnixListener, control: &Control, outlet: &Outlet) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        control.state().runtime = stream.try_clone().ok();
        let mut errors = Errors::default();
        while let Ok(Some((news, payload))) = read_news(&mut stream) {
            match news {
                News::Output => outlet.stream(false, &payload),
                News::Error => errors.take(&payload, control, outlet),
                News::Begin => control.state().running = true,
                News::End => {
                    errors.flush(outlet);
                    let mut state = control.state();
                    state.panicked = payload == [PANICKED];
                    state.returned = payload == [RETURNED];
                    tell_caught_panic(&mut state, outlet);
                    state.running = false;
                }
                News::Died => control.state().death = Some(death(&payload)),
            }
            control.changed();
            if matches!(news, News::End | News::Died) && stream.write_all(&[HEARD]).is_err() {
                break;
            }
        }
        errors.flush(outlet);
        let mut state = control.state();
        tell_caught_panic(&mut state, outlet);
        state.running = false;
        state.death.get_or_insert(Death { code: None, signal: None });
        state.runtime = None;
        drop(state);
        control.changed();
    }
}

/// A panic after which the cell went on is told as Rust tells it.
fn tell_caught_panic(state: &mut State, outlet: &Outlet) {
    if !state.panicked
        && let Some(panic) = state.panic.take()
    {
        outlet.stream(
            true,
            format!("panicked at {}:{}: {}\n", panic.file, panic.line, panic.message).as_bytes(),
        );
    }
}

fn death(payload: &[u8]) -> Death {
    let (numbers, _) = payload.as_chunks::<4>();
    let number = |at: usize| numbers.get(at).map(|bytes| i32::from_le_bytes(*bytes));
    let known = |number: Option<i32>| number.filter(|number| *number >= 0);
    Death { code: known(number(0)), signal: known(number(1)) }
}

/// The standard error stream, with the lines taken out that tell of panics.
#[derive(Default)]
struct Errors {
    held: Vec<u8>,
}

impl Errors {
    fn take(&mut self, bytes: &[u8], control: &Control, outlet: &Outlet) {
        const WORD: &[u8] = b"CAC_PANIC ";
        self.held.extend_from_slice(bytes);
        while let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.held.drain(..=end).collect();
            // Somebody may have left the line before open.
            let at = line.windows(WORD.len()).position(|window| window == WORD);
            let told = at.and_then(|at| {
                let line = std::str::from_utf8(line.get(at..line.len() - 1)?).ok()?;
                Some((at, cac::panic_line(line)?))
            });
            match told {
                Some((at, [_, file, row, column, message])) => {
                    outlet.stream(true, &line[..at]);
                    let number = |text: &str| text.parse().unwrap_or(0);
                    let (line, column) = (number(&row), number(&column));
                    let mut state = control.state();
                    tell_caught_panic(&mut state, outlet);
                    state.panic = Some(Panic { file, line, column, message });
                }
                None => outlet.stream(true, &line),
            }
        }
        // What cannot become a line of a panic any more is told at once.
        let held = self.held.len();
        let open = held > 1 << 16
            || !self.held.windows(WORD.len()).any(|window| window == WORD)
                && !(1..WORD.len()).any(|count| self.held.ends_with(&WORD[..count]));
        if open {
            self.flush(outlet);
        }
    }

    fn flush(&mut self, outlet: &Outlet) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            outlet.stream(true, &held);
        }
    }
}
