//! What is known of the cell that runs, and how it is stopped.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::between::STOP;
use crate::processes::kill_children_but;

/// Why a cell is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stopped {
    /// The user wants it.
    ByUser,
    /// It took longer than so many seconds.
    ByTime(f64),
}

/// How the runtime ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Its exit status.
    pub code: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
}

/// A panic of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panic {
    /// The file, as the compiler knows it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What it says.
    pub message: String,
}

/// What is known of the cell that runs.
#[derive(Default)]
pub struct State {
    /// The way to the process between evcxr and the runtime.
    pub runtime: Option<UnixStream>,
    /// Whether user code runs at this moment.
    pub running: bool,
    /// Whether the cell panicked at its end.
    pub panicked: bool,
    /// Whether a `?` of it met an error.
    pub returned: bool,
    /// The last panic that was told, if it is not known yet whether the cell ends by it.
    pub panic: Option<Panic>,
    /// How the runtime ended, if it did and nobody has been told yet.
    pub death: Option<Death>,
    /// The request that is being answered.
    busy: Option<u64>,
    /// A request that shall be stopped and has not begun.
    stop_later: Option<u64>,
    /// Why it is being stopped.
    stopped: Option<Stopped>,
    /// When it must have ended.
    deadline: Option<(Instant, f64)>,
}

/// Shared by the threads of the helper.
#[derive(Clone, Default)]
pub struct Control {
    shared: Arc<(Mutex<State>, Condvar)>,
    /// The process between evcxr and the runtime.
    child: Arc<Mutex<Option<Arc<Mutex<Child>>>>>,
}

impl Control {
    /// The state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those that wait for a change.
    pub fn changed(&self) {
        self.shared.1.notify_all();
    }

    /// The process that evcxr knows as its child.
    pub fn set_child(&self, child: Arc<Mutex<Child>>) {
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
    }

    /// Its number.
    pub fn child_id(&self) -> Option<u32> {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // evcxr holds this lock while it waits for the end of a process that has ended.
        child.as_ref().and_then(|child| child.try_lock().ok().map(|child| child.id()))
    }

    /// A request is about to be answered.
    pub fn begin(&self, request: u64, seconds: Option<f64>) {
        let mut state = self.state();
        state.busy = Some(request);
        state.stopped = (state.stop_later == Some(request)).then_some(Stopped::ByUser);
        state.panicked = false;
        state.returned = false;
        state.panic = None;
        // Too long a time to count is no limit.
        state.deadline = seconds.and_then(|seconds| {
            let time = Duration::try_from_secs_f64(seconds).ok()?;
            Some((Instant::now().checked_add(time)?, seconds))
        });
        drop(state);
        self.changed();
    }

    /// It was answered, or is about to be: why it was stopped, if it was.
    pub fn end(&self) -> Option<Stopped> {
        let mut state = self.state();
        state.busy = None;
        state.deadline = None;
        self.changed();
        state.stopped.take()
    }

    /// Waits until everything is known that a cell did that has ended.
    pub fn settle(&self) {
        let state = self.state();
        let wait =
            self.shared.1.wait_timeout_while(state, Duration::from_secs(5), |state| state.running);
        drop(wait);
    }

    /// How the runtime ended, if that is known within this time.
    pub fn death(&self, wait: Duration) -> Option<Death> {
        let state = self.state();
        let waited = self.shared.1.wait_timeout_while(state, wait, |state| state.death.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.death.take()
    }

    /// Has the runtime ended and waits until it is, for a second at the most.
    pub fn end_runtime(&self) {
        let state = self.state();
        let Some(mut runtime) = state.runtime.as_ref().and_then(|runtime| runtime.try_clone().ok())
        else {
            return;
        };
        let _ = runtime.write_all(&[STOP]);
        // Until all of it was heard: what comes later would be taken for the end of the next one.
        let heard = |state: &mut State| state.runtime.is_some();
        drop(self.shared.1.wait_timeout_while(state, Duration::from_secs(1), heard));
    }

    /// Stops a request, now or when it begins.
    pub fn stop(&self, request: u64) {
        let mut state = self.state();
        state.stop_later = Some(request);
        if state.busy == Some(request) && state.stopped.is_none() {
            state.stopped = Some(Stopped::ByUser);
            self.changed();
        }
    }

    /// Watches over limits of time, and does what [`Control::stop`] asks for: never returns.
    pub fn watch(&self) {
        let mut tries = 0_u32;
        let mut state = self.state();
        loop {
            if state.stopped.is_some() && state.busy.is_some() {
                let running = state.running;
                // The runtime has ended: evcxr starts another one, and nothing is left to be stopped.
                let over = state.death.is_some();
                if running
                    && tries.is_multiple_of(50)
                    && let Some(mut runtime) =
                        state.runtime.as_ref().and_then(|runtime| runtime.try_clone().ok())
                {
                    let _ = runtime.write_all(&[STOP]);
                }
                drop(state);
                // Before and between runs of user code compilers run; evcxr itself cannot be stopped.
                // Without knowing which process is the runtime's, none is killed yet.
                if !running
                    && !over
                    && let Some(child) = self.child_id()
                {
                    kill_children_but(Some(child));
                }
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
                state = self.state();
                continue;
            }
            tries = 0;
            let now = Instant::now();
            match state.deadline {
                Some((deadline, seconds)) if deadline <= now => {
                    state.stopped = Some(Stopped::ByTime(seconds));
                }
                Some((deadline, _)) => {
                    let waited = self.shared.1.wait_timeout(state, deadline - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => {
                    state = self.shared.1.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}
