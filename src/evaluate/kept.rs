//! What builtins keep for a session, from cell to cell.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// One value of each type, made when it is asked for first; clones share them. This room need not know
/// what they are.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<FxHashMap<TypeId, Box<dyn Any + Send + Sync>>>>);

impl Kept {
    /// The value of this type; cheap to clone, and shared by what is cloned from it.
    pub fn get<T: Any + Clone + Default + Send + Sync>(&self) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        kept.downcast_ref::<T>().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_type() {
        let kept = Kept::default();
        let first: Arc<Mutex<u8>> = kept.get();
        *first.lock().unwrap() = 3;
        let other: Arc<Mutex<u16>> = kept.clone().get();
        let again: Arc<Mutex<u8>> = kept.clone().get();
        assert_eq!((*again.lock().unwrap(), *other.lock().unwrap()), (3, 0));
    }
}
