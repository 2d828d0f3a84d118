//! Names that are compared without reading them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{OnceLock, RwLock};

use rustc_hash::{FxHashMap, FxHasher};

/// An interned name. Equal names are equal symbols; symbols have no order.
///
/// Nearly always two symbols are equal when they are the same place in memory. Not always: a
/// notebook of evcxr links this library into every cell, each time with a table of its own, and hands
/// values from one to the next. So a symbol is its name, not a number in some table.
#[derive(Clone, Copy)]
pub struct Symbol(&'static Name);

struct Name {
    hash: u64,
    text: Box<str>,
}

type Interner = FxHashMap<&'static str, Symbol>;

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
        if let Some(symbol) = read.get(name) {
            return *symbol;
        }
        drop(read);
        let mut write = interner().write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(symbol) = write.get(name) {
            return *symbol;
        }
        let symbol = Self::made(name);
        write.insert(symbol.as_str(), symbol);
        symbol
    }

    /// A name of its own, in no table.
    fn made(name: &str) -> Self {
        let mut hasher = FxHasher::default();
        name.hash(&mut hasher);
        Self(Box::leak(Box::new(Name { hash: hasher.finish(), text: name.into() })))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        &self.0.text
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
            || (self.0.hash == other.0.hash && self.0.text == other.0.text)
    }
}

impl Eq for Symbol {}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
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

#[cfg(test)]
mod tests {
    use super::Symbol;

    #[test]
    fn symbols_of_two_tables_are_equal_by_their_names() {
        let (one, other) = (Symbol::new("net"), Symbol::made("net"));
        assert_eq!(one, Symbol::new("net"));
        assert_eq!(one, other);
        assert_ne!(other, Symbol::new("ten"));
        assert_eq!(other.as_str(), "net");
        let bound: rustc_hash::FxHashMap<Symbol, u8> = [(one, 1)].into_iter().collect();
        assert_eq!(bound.get(&other), Some(&1));
    }
}
