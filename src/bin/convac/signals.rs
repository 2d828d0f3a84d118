//! SIGTERM and SIGHUP: the process ends, with everything in order and the code of a shell.

/// The code of a process that a signal ends is this and the number of the signal.
#[cfg(unix)]
const BY_SIGNAL: i32 = 128;

/// From now on SIGTERM and SIGHUP end the process, whatever runs, after `last` put things in
/// order. A signal that was ignored from the start stays ignored: `nohup` means it.
#[cfg(unix)]
pub fn end_on_signals(last: impl Fn() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGTERM};
    let wanted = [SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal));
    // Without handlers the signals end the process as usual.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(wanted) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            last();
            convac::builtins::remove_unfinished();
            std::process::exit(BY_SIGNAL + signal);
        }
    });
}

#[cfg(not(unix))]
pub fn end_on_signals(_: impl Fn() + Send + 'static) {}

/// Whether a signal was ignored by who started the process, where the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
