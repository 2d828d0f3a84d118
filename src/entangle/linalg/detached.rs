//! Long calls that cannot be interrupted, on a thread of their own.

use crate::interrupt::{Interrupt, Interrupted};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a stop is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// Calls that were stopped and still run: nothing can end them before their time.
static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// Both sides of a call hold one; whoever lets go second knows that the other is gone.
struct Side(Arc<AtomicBool>);

impl Side {
    /// True for the second one.
    fn let_go(&self) -> bool {
        self.0.swap(true, Ordering::AcqRel)
    }
}

/// The side of the thread: lets go also if the work panics.
struct Working(Side);

impl Drop for Working {
    fn drop(&mut self) {
        if self.0.let_go() {
            ABANDONED.fetch_sub(1, Ordering::Release);
        }
    }
}

/// Runs `work`; if it is `long`, on a thread that owns all it needs, so that a stop is answered at
/// once and the abandoned thread ends by itself. The next long call waits for that end (a stop
/// ends the wait too): a user who stops and starts again and again would else have dozens of them
/// fight for the processor.
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
    while ABANDONED.load(Ordering::Acquire) > 0 {
        std::thread::sleep(LOOK);
        interrupt.check()?;
    }
    let (sender, receiver) = channel();
    let mine = Side(Arc::default());
    let working = Working(Side(Arc::clone(&mine.0)));
    let spawned = std::thread::Builder::new().name("linear algebra".into()).spawn(move || {
        let _working = working;
        // Nobody listens any more after a stop.
        let _ = sender.send(work());
    });
    if spawned.is_err() {
        return Err(Interrupted);
    }
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Interrupted),
        }
        if interrupt.is_triggered() {
            // Counted first, so that the thread finds itself counted when it ends.
            ABANDONED.fetch_add(1, Ordering::Release);
            if mine.let_go() {
                ABANDONED.fetch_sub(1, Ordering::Release);
            }
            return Err(Interrupted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_leaves_one_call_and_the_next_one_waits_for_it() {
        let interrupt = Interrupt::new();
        let (open, gate) = channel::<()>();
        let stopper = interrupt.clone();
        std::thread::spawn(move || {
            std::thread::sleep(3 * LOOK);
            stopper.trigger();
        });
        let stopped = run_detached(true, &interrupt, move || gate.recv().is_err());
        assert_eq!(stopped, Err(Interrupted));
        let waiting = std::thread::spawn(|| run_detached(true, &Interrupt::new(), || 7));
        std::thread::sleep(3 * LOOK);
        assert!(!waiting.is_finished(), "the first one still runs");
        drop(open);
        assert_eq!(waiting.join().unwrap(), Ok(7));
        // A panic of an abandoned call lets the next one go on too.
        let stopped = Interrupt::new();
        let stopper = stopped.clone();
        let panics = run_detached(true, &stopped, move || {
            stopper.trigger();
            std::thread::sleep(5 * LOOK);
            std::panic::resume_unwind(Box::new("meant"));
        });
        assert_eq!(panics.map(|()| 0), Err(Interrupted));
        assert_eq!(run_detached(true, &Interrupt::new(), || 8), Ok(8));
    }
}
