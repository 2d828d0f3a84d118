//! Long pieces of work on all threads: what `sweep` does with its points.
//!
//! A comprehension has many short items and goes through them in chunks. Here every item may take
//! minutes, and what it gives is written down at once, so items are handed out one by one, in
//! their order: whatever fails first in that order is known when the others have ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::scope::interrupted;
use super::{Eval, Scope, Stop};

impl Scope<'_> {
    /// The results of the items `0..count`, in order. An effect (`print`, `save`) met on a thread
    /// of many ends its item before anything happened; that one and all later ones run in order.
    ///
    /// # Errors
    /// The first in the order of the items, E09 when the user stops it.
    pub fn fan_out<T: Send>(
        &self,
        count: usize,
        compute: impl Fn(&Scope<'_>, usize) -> Eval<T> + Sync,
    ) -> Eval<Vec<T>> {
        let mut slots: Vec<Option<Eval<T>>> = Vec::new();
        slots.resize_with(count, || None);
        let item = |scope: &Scope<'_>, at: usize| {
            scope.check_interrupt()?;
            let result = compute(scope, at);
            // What an interrupted item gives may be half of what it should: `train` keeps the
            // model so far.
            if self.shared.interrupt.is_triggered() { Err(interrupted()) } else { result }
        };
        if !self.parallel
            && count > 1
            && let Some(pool) = self.shared.threads()
        {
            let shared = Mutex::new(slots);
            let (next, end) = (AtomicU64::new(0), AtomicU64::new(count as u64));
            pool.broadcast(|_| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= end.load(Ordering::Relaxed) {
                        return;
                    }
                    let scope = Scope { parallel: true, ..self.clone() };
                    let result = item(&scope, at as usize);
                    if result.is_err() {
                        end.fetch_min(at, Ordering::Relaxed);
                    }
                    let mut slots = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(slot) = slots.get_mut(at as usize) {
                        *slot = Some(result);
                    }
                }
            });
            slots = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        let alone = Scope { told: true, ..self.clone() };
        let in_order = slots.into_iter().enumerate().map(|(at, slot)| match slot {
            None | Some(Err(Stop::OutOfOrder)) => item(&alone, at),
            Some(result) => result,
        });
        in_order.collect()
    }

    /// Whether a loop around this place ends, with all it has, when the user stops the run: then
    /// nothing is gained by keeping half a result.
    pub fn is_inside_a_loop(&self) -> bool {
        self.parallel || self.told
    }
}
