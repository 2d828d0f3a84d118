//! Ctrl-C stops what runs; while one types, the editor takes the key itself. SIGTERM and SIGHUP
//! end the session.

use std::sync::atomic::{AtomicBool, Ordering};

use convac::interrupt::Interrupt;

use super::{keyboard, signals};

static BUSY: AtomicBool = AtomicBool::new(false);
static LENT: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether something runs that can be stopped.
pub fn set_busy(busy: bool) {
    if busy {
        ASKED.store(false, Ordering::SeqCst);
    }
    BUSY.store(busy, Ordering::SeqCst);
}

/// Says whether another program has the terminal: then its Ctrl-C is not ours.
pub fn lend(lent: bool) {
    LENT.store(lent, Ordering::SeqCst);
}

/// Whether a stop was asked for since something runs.
pub fn was_asked_for() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Handles Ctrl-C, SIGTERM and SIGHUP from now on.
pub fn handle(interrupt: Interrupt) {
    signals::end_on_signals(keyboard::restore);
    // Without a handler Ctrl-C ends the process as usual.
    let _ = ctrlc::set_handler(move || {
        if LENT.load(Ordering::SeqCst) {
            return;
        }
        let again = ASKED.swap(true, Ordering::SeqCst);
        if BUSY.load(Ordering::SeqCst) && !again {
            interrupt.trigger();
        } else {
            // Nothing runs, or what runs was told already.
            keyboard::restore();
            convac::builtins::remove_unfinished();
            std::process::exit(i32::from(super::INTERRUPTED));
        }
    });
}
