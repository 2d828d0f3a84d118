//! A guard for the stack: deep recursion becomes an error, never a crash.
//!
//! A thread that evaluates notes where its stack ends; every call compares the address of a
//! local variable with it.

use std::cell::Cell;

thread_local! {
    /// The lowest address that a call may reach; 0 on threads without a guard.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

/// Kept free for what a builtin needs below the evaluator.
const RESERVE: usize = 1 << 20;

fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

/// Notes that this thread has a stack of so many bytes. Call it first thing on the thread.
pub fn guard_this_thread(size: usize) {
    FLOOR.set(here().saturating_sub(size.saturating_sub(RESERVE)));
}

/// Whether this thread is guarded and has so many bytes left, but for what a few calls need.
fn has_room(size: usize) -> bool {
    let floor = FLOOR.get();
    floor != 0 && here().saturating_sub(floor) >= size.saturating_sub(2 * RESERVE)
}

/// Whether the stack of this thread is nearly used up.
pub(super) fn is_low() -> bool {
    here() < FLOOR.get()
}

/// Runs a function on a thread of its own with a guarded stack of so many bytes, or on this
/// thread if it has such a stack or the system gives no other. A panic goes on in the caller.
pub fn with_stack<T: Send>(size: usize, run: impl FnOnce() -> T + Send) -> T {
    if has_room(size) {
        return run();
    }
    let mut run = Some(run);
    let result = std::thread::scope(|scope| {
        let taken = &mut run;
        let spawned = std::thread::Builder::new().stack_size(size).spawn_scoped(scope, move || {
            guard_this_thread(size);
            taken.take().map(|run| run())
        });
        spawned.ok().map(std::thread::ScopedJoinHandle::join)
    });
    match result {
        Some(Ok(Some(value))) => value,
        Some(Err(panic)) => std::panic::resume_unwind(panic),
        Some(Ok(None)) | None => match run {
            // No thread could be made: the caller's stack is of unknown size, a small one is
            // assumed.
            Some(run) => {
                guard_this_thread(2 << 20);
                run()
            }
            None => unreachable!("the closure ran, so its value was returned above"),
        },
    }
}
