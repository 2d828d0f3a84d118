//! What frees large values: a thread of its own, so that nobody waits for it. To free millions of
//! records takes longer than a prompt may take to come back after Ctrl-C.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// What holds at least so many values is large; less is freed in a millisecond or so.
pub(super) const LARGE: usize = 1 << 14;

type Garbage = Box<dyn Any + Send>;

/// How much was given to the thread and is not freed yet.
static WAITING: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

fn waiting() -> MutexGuard<'static, usize> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees something, later.
pub(super) fn discard(garbage: impl Any + Send) {
    static REAPER: OnceLock<Option<Sender<Garbage>>> = OnceLock::new();
    let reaper = REAPER.get_or_init(|| {
        let (sender, garbage) = channel::<Garbage>();
        let reap = move || {
            for piece in garbage {
                drop(piece);
                *waiting() -= 1;
                FREED.notify_all();
            }
        };
        std::thread::Builder::new().name("reaper".to_owned()).spawn(reap).ok()?;
        Some(sender)
    });
    // Without the thread it is freed here and now.
    if let Some(reaper) = reaper {
        *waiting() += 1;
        if reaper.send(Box::new(garbage)).is_err() {
            *waiting() -= 1;
        }
    }
}

/// Waits until all that was discarded is freed, so that what fits into memory does not depend on
/// how far the thread is.
pub(super) fn wait() {
    let mut left = waiting();
    while *left > 0 {
        left = FREED.wait(left).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Values on their way into a list. If they do not get there, because of an error or a stop,
/// nobody waits until they are freed.
#[derive(Debug)]
pub struct Heap<T: Send + 'static>(Vec<T>);

impl<T: Send + 'static> Heap<T> {
    /// The values, for the list.
    pub fn into_vec(mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }
}

impl<T: Send + 'static> Default for Heap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Send + 'static> From<Vec<T>> for Heap<T> {
    fn from(values: Vec<T>) -> Self {
        Self(values)
    }
}

impl<T: Send + 'static> Deref for Heap<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Send + 'static> DerefMut for Heap<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Send + 'static> Drop for Heap<T> {
    fn drop(&mut self) {
        if self.0.len() >= LARGE {
            discard(std::mem::take(&mut self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_discarded_is_freed() {
        let value = Arc::new(());
        let copies: Heap<Arc<()>> = vec![Arc::clone(&value); LARGE].into();
        assert_eq!(Arc::strong_count(&value), LARGE + 1);
        drop(copies);
        wait();
        assert_eq!(Arc::strong_count(&value), 1);
        let kept = Heap::from(vec![Arc::clone(&value)]).into_vec();
        assert_eq!((kept.len(), Arc::strong_count(&value)), (1, 2));
    }

    #[test]
    fn large_values_are_freed_by_another_thread() {
        struct Where(std::sync::mpsc::Sender<std::thread::ThreadId>);
        impl Drop for Where {
            fn drop(&mut self) {
                let _ = self.0.send(std::thread::current().id());
            }
        }
        let (sender, freed) = channel();
        let free = |count: usize| {
            let values = (0..count).map(|_| Where(sender.clone())).collect::<Vec<_>>();
            drop(Heap::from(values));
            let by: Vec<_> = freed.iter().take(count).collect();
            by.contains(&std::thread::current().id())
        };
        assert!(free(10));
        assert!(!free(LARGE));
    }
}
