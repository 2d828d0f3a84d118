//! The threads of comprehensions.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU8;

use super::Settings;

/// The threads of comprehensions; made when the first long one is met.
///
/// They belong to the copy of this library that made them. A notebook of evcxr links the library into
/// every cell anew, and each copy knows its own threads by thread-local variables of its own: work
/// that another copy hands to them panics.
#[derive(Debug)]
pub struct Threads {
    copy: usize,
    pool: OnceLock<Option<rayon::ThreadPool>>,
}

impl Default for Threads {
    fn default() -> Self {
        Self { copy: this_copy(), pool: OnceLock::new() }
    }
}

impl Threads {
    /// Whether they belong to the copy of the library that asks.
    pub fn are_ours(&self) -> bool {
        self.copy == this_copy()
    }

    /// The threads, or `None` where everything runs in order.
    pub(super) fn get(&self, settings: &Settings) -> Option<&rayon::ThreadPool> {
        if settings.threads < 2 || !self.are_ours() {
            return None;
        }
        self.pool
            .get_or_init(|| {
                let stack = settings.stack;
                rayon::ThreadPoolBuilder::new()
                    .num_threads(settings.threads)
                    .stack_size(stack)
                    .start_handler(move |_| super::guard_this_thread(stack))
                    .thread_name(|number| format!("convac-{number}"))
                    .build()
                    .ok()
            })
            .as_ref()
    }

    /// Threads as another copy of the library would have made them.
    #[cfg(test)]
    pub fn of_another_copy() -> Self {
        Self { copy: 0, pool: OnceLock::new() }
    }
}

/// A place in memory that each copy has for itself.
fn this_copy() -> usize {
    static HERE: AtomicU8 = AtomicU8::new(0);
    std::ptr::from_ref(&HERE).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_copy_that_made_them_uses_them() {
        let settings = Settings { threads: 2, ..Settings::default() };
        let (ours, others) = (Threads::default(), Threads::of_another_copy());
        assert!(ours.are_ours() && !others.are_ours());
        assert_eq!(ours.get(&settings).map(rayon::ThreadPool::current_num_threads), Some(2));
        assert!(others.get(&settings).is_none());
        assert!(ours.get(&Settings { threads: 1, ..settings }).is_none());
    }
}
