//! What all threads of a run share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::kept::Kept;
use super::output::Output;
use super::registry::Registry;
use super::scope::Globals;
use super::threads::Threads;
use crate::diagnostic::Sources;
use crate::interrupt::Interrupt;

/// Whether a program is computed or only verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Heavy builtins answer with unknown values, effects do nothing.
    Check,
    /// Everything is computed.
    Run,
}

/// The limits and the threads of a session.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads for comprehensions; 1 runs everything in order.
    pub threads: usize,
    /// How deep calls may be nested.
    pub call_depth: u32,
    /// The stack of each thread that evaluates, in bytes. Only what is used takes memory.
    pub stack: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, call_depth: 2000, stack: 256 << 20 }
    }
}

/// The globals of imported modules; functions refer to theirs by number, because values cannot
/// hold what holds them.
#[derive(Clone, Debug, Default)]
pub struct Modules(Arc<Mutex<Vec<Arc<Globals>>>>);

impl Modules {
    pub(super) fn reserve(&self) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::default());
        all.len() - 1
    }

    pub(super) fn set(&self, number: usize, globals: Arc<Globals>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = all.get_mut(number) {
            *slot = globals;
        }
    }

    pub(super) fn get(&self, number: usize) -> Arc<Globals> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(number).cloned().unwrap_or_default()
    }
}

/// What all threads of a run share.
pub struct Machine {
    /// The builtins.
    pub registry: Arc<Registry>,
    /// All texts read so far.
    pub sources: Sources,
    /// Stops the run.
    pub interrupt: Interrupt,
    /// Where results go.
    pub output: Arc<dyn Output>,
    /// Check or run.
    pub mode: Mode,
    /// Limits and threads.
    pub settings: Settings,
    /// The imported modules.
    pub modules: Modules,
    /// The threads of comprehensions.
    pub threads: Arc<Threads>,
    /// What builtins keep from cell to cell.
    pub kept: Kept,
    /// Steps that a check may still take with the current statement.
    pub(super) budget: AtomicU64,
}

/// Steps that a check spends on one statement before it takes the rest for unknown.
const CHECK_BUDGET: u64 = 50_000;

impl Machine {
    /// A machine; `threads` are shared with the other machines of a session.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        registry: Arc<Registry>,
        sources: Sources,
        interrupt: Interrupt,
        output: Arc<dyn Output>,
        mode: Mode,
        settings: Settings,
        modules: Modules,
        threads: Arc<Threads>,
        kept: Kept,
    ) -> Self {
        let budget = AtomicU64::new(CHECK_BUDGET);
        Self {
            registry,
            sources,
            interrupt,
            output,
            mode,
            settings,
            modules,
            threads,
            kept,
            budget,
        }
    }

    /// Whether this is a check.
    pub fn checks(&self) -> bool {
        self.mode == Mode::Check
    }

    pub(super) fn refill(&self) {
        self.budget.store(CHECK_BUDGET, Ordering::Relaxed);
    }

    /// Takes one step of a check; false when the budget is spent.
    pub(super) fn step(&self) -> bool {
        let left = self.budget.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.budget.store(left - 1, Ordering::Relaxed);
        true
    }

    /// The threads of comprehensions, or `None` where everything runs in order.
    pub(super) fn threads(&self) -> Option<&rayon::ThreadPool> {
        self.threads.get(&self.settings)
    }
}
