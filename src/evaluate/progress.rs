//! How far a long computation is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Scope;
use super::output::Progress;

/// Time after which progress is told, and how often.
const PROGRESS_AFTER: Duration = Duration::from_millis(500);
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Tells progress from half a second on; only the outermost comprehension does.
#[derive(Debug)]
pub struct Reporter<'s> {
    scope: &'s Scope<'s>,
    begin: Instant,
    total: u64,
    done: AtomicU64,
    /// Milliseconds after `begin` at which progress was last told.
    told: AtomicU64,
    note: Mutex<String>,
}

impl<'s> Reporter<'s> {
    /// Counts to `total` from now on.
    pub fn new(scope: &'s Scope<'s>, total: u64) -> Self {
        let (done, told) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { scope, begin: Instant::now(), total, done, told, note: Mutex::default() }
    }

    /// One more is done; may be called from any thread.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.scope.parallel || self.scope.told || done >= self.total {
            return;
        }
        let elapsed = self.begin.elapsed();
        if elapsed < PROGRESS_AFTER {
            return;
        }
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let told = self.told.load(Ordering::Relaxed);
        let due = told == 0 || now >= told + PROGRESS_EVERY.as_millis() as u64;
        if due
            && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.tell(done);
        }
    }

    /// The time since the beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    fn tell(&self, done: u64) {
        let elapsed = self.begin.elapsed();
        let (total, note) = (self.total, self.noted());
        self.scope.shared.output.progress(&Progress { done, total, elapsed, note });
    }

    /// What is told beside the numbers from now on.
    pub fn note(&self, note: String) {
        *self.note.lock().unwrap_or_else(PoisonError::into_inner) = note;
    }

    fn noted(&self) -> String {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// So many are done.
    pub fn reach(&self, done: u64) {
        self.done.store(done.saturating_sub(1), Ordering::Relaxed);
        self.step();
    }

    /// All is done, with fewer steps than there might have been.
    pub fn finish_at(&self, done: u64) {
        if self.told.load(Ordering::Relaxed) > 0 && !self.scope.parallel {
            let elapsed = self.begin.elapsed();
            let total = done;
            let note = self.noted();
            self.scope.shared.output.progress(&Progress { done, total, elapsed, note });
        }
    }

    /// Counts again from here.
    pub(super) fn back_to(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// All is done: what is told so far is completed.
    pub fn finish(&self) {
        if self.told.load(Ordering::Relaxed) > 0 {
            self.tell(self.total);
        }
    }
}
