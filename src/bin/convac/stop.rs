//! Ctrl-C: stop the computation, and the process if it does not stop in time.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use convac::interrupt::Interrupt;

/// The time a computation gets to end by itself, so that errors and files are in order.
const PATIENCE: Duration = Duration::from_millis(80);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Whether the user asked for a stop.
pub fn was_asked_for() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// Handles Ctrl-C, SIGTERM and SIGHUP from now on.
pub fn handle(interrupt: Interrupt) {
    super::signals::end_on_signals(|| {});
    // Without a handler Ctrl-C ends the process as usual.
    let _ = ctrlc::set_handler(move || {
        STOPPED.store(true, Ordering::SeqCst);
        interrupt.trigger();
        std::thread::sleep(PATIENCE);
        convac::builtins::remove_unfinished();
        let _ = writeln!(std::io::stderr(), "interrupted");
        std::process::exit(i32::from(super::INTERRUPTED));
    });
}
