//! `%timeit`: how long a program takes, measured again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use super::cells::duration;
use super::complete::program;
use crate::diagnostic::{Diagnostic, SourceId};
use crate::evaluate::{Output, Silent};

/// How long the repetitions may take together, unless there are too few by then.
const ENOUGH: Duration = Duration::from_secs(1);
/// The fewest repetitions of a program that is not slow.
const FEWEST: usize = 3;
/// The most repetitions.
const MOST: usize = 10_000;
/// A program that takes this long is run once more and no oftener.
const SLOW: Duration = Duration::from_secs(3);

impl Session {
    /// Runs a program until its time is known; nothing is shown and no name is kept.
    pub(super) fn timed_again_and_again(
        &mut self,
        source: SourceId,
        text: &str,
        output: &dyn Output,
    ) -> Vec<Diagnostic> {
        let code = program(text);
        let before = Arc::clone(&self.globals);
        let mut times = Vec::new();
        let mut first = None;
        let start = Instant::now();
        loop {
            let began = Instant::now();
            let errors = self.run_source(source, &code, None, Arc::new(Silent));
            let took = began.elapsed();
            self.globals = Arc::clone(&before);
            if !errors.is_empty() {
                return errors;
            }
            // The first run warms up.
            let Some(warm) = first else {
                first = Some(took);
                continue;
            };
            times.push(took);
            let is_enough = start.elapsed() >= ENOUGH && times.len() >= FEWEST;
            if is_enough || times.len() >= MOST || warm >= SLOW {
                break;
            }
        }
        output.stream(&format!("{}\n", summary(times)));
        Vec::new()
    }
}

/// `1.23 ms ± 0.04 ms (median of 812 runs, fastest 1.19 ms)`: the median, and half of the range
/// in which the middle half of the runs lies.
fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| {
        let index = times.len().saturating_sub(1) * share / 4;
        times.get(index).copied().unwrap_or_default()
    };
    let spread = (at(3) - at(1)) / 2;
    let runs = if times.len() == 1 { "run" } else { "runs" };
    format!(
        "{} ± {} (median of {} {runs}, fastest {})",
        duration(at(2)),
        duration(spread),
        times.len(),
        duration(at(0))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        let times = [5, 1, 2, 4, 3].map(Duration::from_millis).to_vec();
        assert_eq!(summary(times), "3.00 ms ± 1.00 ms (median of 5 runs, fastest 1.00 ms)");
        let one = vec![Duration::from_secs(4)];
        assert_eq!(summary(one), "4.00 s ± 0.00 µs (median of 1 run, fastest 4.00 s)");
    }
}
