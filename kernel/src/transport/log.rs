//! Lines for whoever started the kernel: on the standard error, few of them.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Writes a line.
pub fn warn(text: &str) {
    // Nobody is left to be told that the standard error is closed.
    let _ = writeln!(std::io::stderr(), "convac-kernel: {text}");
}

/// Different texts that are counted.
const MAX_KINDS: usize = 1000;

/// Counts something that a peer can cause as often as it likes, and writes a line each time the
/// count doubles.
pub fn count(what: &str) {
    static COUNTS: OnceLock<Mutex<HashMap<String, u64>>> = OnceLock::new();
    let counts = COUNTS.get_or_init(Mutex::default);
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    // A peer may choose a part of the text.
    let what: String = what.chars().take(120).collect();
    if counts.len() > MAX_KINDS && !counts.contains_key(&what) {
        return;
    }
    let count = counts.entry(what.clone()).or_default();
    *count += 1;
    if count.is_power_of_two() {
        warn(&format!("{what} ({count} so far)"));
    }
}
