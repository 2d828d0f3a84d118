//! What the benchmarks need: timing, rows, the load of the machine.

// Not every benchmark needs all of it.
#![allow(dead_code)]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The fewest samples of any number.
const SAMPLES: usize = 9;
/// Samples are taken until so much time is spent, up to [`MOST`].
const SPENT: Duration = Duration::from_millis(300);
const MOST: usize = 31;
/// A sample repeats what is faster than this.
const SAMPLE: Duration = Duration::from_millis(1);

/// The times of several runs of one thing.
#[derive(Clone, Debug)]
pub struct Times {
    /// Milliseconds, ascending.
    sorted: Vec<f64>,
}

impl Times {
    /// Of times in milliseconds.
    pub fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Times { sorted: times }
    }

    /// The median in milliseconds.
    pub fn median(&self) -> f64 {
        let upper = self.sorted.len() / 2;
        let lower = (self.sorted.len().max(1) - 1) / 2;
        let at = |place: usize| self.sorted.get(place).copied().unwrap_or(f64::NAN);
        (at(lower) + at(upper)) / 2.0
    }

    /// The smallest in milliseconds.
    pub fn min(&self) -> f64 {
        self.sorted.first().copied().unwrap_or(f64::NAN)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }
}

/// Times a piece of work: once to warm up, then at least nine samples.
pub fn measure<T>(mut work: impl FnMut() -> T) -> Times {
    let once = time(&mut work);
    let repeats = (SAMPLE.as_secs_f64() / once.as_secs_f64().max(1e-9)).ceil().clamp(1.0, 1e5);
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < SAMPLES || (times.len() < MOST && begin.elapsed() < SPENT) {
        let sample = Instant::now();
        for _ in 0..repeats as usize {
            black_box(work());
        }
        times.push(1e3 * sample.elapsed().as_secs_f64() / repeats);
    }
    Times::new(times)
}

/// Times a piece of work once.
pub fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    black_box(work());
    begin.elapsed()
}

/// Milliseconds with three digits that count.
pub fn ms(value: f64) -> String {
    match value {
        value if value < 0.01 => format!("{value:.5}"),
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 1.0 => format!("{value:.3}"),
        value if value < 10.0 => format!("{value:.2}"),
        value => format!("{value:.1}"),
    }
}

/// One line about the machine: its processors and, where the system tells, its load.
pub fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split_whitespace().next() {
        Some(load) => format!("{processors} processors, load average {load}"),
        None => format!("{processors} processors"),
    }
}
