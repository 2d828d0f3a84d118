//! Names as small numbers, so that looking one up compares integers.

use std::fmt;
use std::sync::{OnceLock, RwLock};

use rustc_hash::FxHashMap;

/// An interned name. Equal names are equal symbols; the order of two symbols means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

#[derive(Default)]
struct Interner {
    numbers: FxHashMap<&'static str, u32>,
    names: Vec<&'static str>,
}

/// The table lives as long as the process: programs hold few distinct names, and a name that
/// was seen once is cheap to keep.
fn interner() -> &'static RwLock<Interner> {
    static INTERNER: OnceLock<RwLock<Interner>> = OnceLock::new();
    INTERNER.get_or_init(RwLock::default)
}

impl Symbol {
    /// The symbol of a name.
    pub fn new(name: &str) -> Self {
        let read = interner().read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(&number) = read.numbers.get(name) {
            return Self(number);
        }
        drop(read);
        let mut write = interner().write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(&number) = write.numbers.get(name) {
            return Self(number);
        }
        let number = u32::try_from(write.names.len()).unwrap_or(u32::MAX);
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        write.names.push(name);
        write.numbers.insert(name, number);
        Self(number)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        let read = interner().read().unwrap_or_else(std::sync::PoisonError::into_inner);
        read.names.get(self.0 as usize).copied().unwrap_or("")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}
