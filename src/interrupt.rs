//! The flag by which a caller stops a long computation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A shared flag that every long loop of the engine and of the evaluator reads.
///
/// Clones share one flag. Reading it costs a relaxed atomic load, so that a loop may ask
/// at every step that takes longer than some tens of nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The computation was told to stop; whatever it had is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

impl Interrupt {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every computation that holds this flag to stop.
    pub fn trigger(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Makes the flag ready for the next computation.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_triggered(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Interrupted)` once a stop was asked for.
    ///
    /// # Errors
    /// [`Interrupted`], so that loops can write `interrupt.check()?`.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_triggered() { Err(Interrupted) } else { Ok(()) }
    }
}
