//! Long calls that cannot be interrupted, on a thread of their own.

use crate::interrupt::{Interrupt, Interrupted};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Runs `work`; if it is `long`, on a thread that owns all it needs, so that a stop is answered at
/// once and the abandoned thread ends by itself.
///
/// # Errors
/// [`Interrupted`].
pub(super) fn run_detached<T: Send + 'static>(
    long: bool,
    interrupt: &Interrupt,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Interrupted> {
    interrupt.check()?;
    if !long {
        return Ok(work());
    }
    let (sender, receiver) = channel();
    let spawned = std::thread::Builder::new().name("linear algebra".into()).spawn(move || {
        // Nobody listens any more after a stop.
        let _ = sender.send(work());
    });
    if spawned.is_err() {
        return Err(Interrupted);
    }
    loop {
        match receiver.recv_timeout(Duration::from_millis(10)) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => interrupt.check()?,
            Err(RecvTimeoutError::Disconnected) => return Err(Interrupted),
        }
    }
}
