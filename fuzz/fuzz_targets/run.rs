//! Any program can be checked and run: it ends after an interrupt and there is no defect (E99).
#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use convac::diagnostic::{Code, Diagnostic, render, to_plain};
use convac::evaluate::{Output, Settings, Shown};
use convac::session::{Bundle, Session};
use libfuzzer_sys::fuzz_target;

/// How long a program may run before it is interrupted.
const PATIENCE: Duration = Duration::from_millis(300);
/// Programs that may touch files or wait for an answer are left out.
const FORBIDDEN: [&str; 9] =
    ["save", "load", "import", "ask", "idx", "npy", "npz", "csv", "images"];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if FORBIDDEN.iter().any(|word| text.contains(word)) {
        return;
    }
    let mut session = Session::new(Settings { threads: 1, ..Settings::default() });
    let interrupt = session.interrupt();
    let (done, wait) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            interrupt.trigger();
        }
    });
    let checked = session.check("fuzz.cac", text, None);
    let complete = !session.interrupt().is_triggered();
    let sink = Arc::new(Sink::default());
    let output: Arc<dyn Output> = Arc::clone(&sink) as _;
    let ran = session.run("fuzz.cac", text, None, output);
    drop(done);
    watchdog.join().expect("the watchdog ends");

    for error in &checked {
        verify(error, &session);
    }
    for error in &ran {
        verify(error, &session);
    }
    if complete && !checked.is_empty() {
        assert!(!ran.is_empty(), "the check finds errors and the run finds none");
        let outputs = sink.outputs.load(Ordering::Relaxed);
        assert_eq!(outputs, 0, "a program with errors was run");
    }
});

fn verify(error: &Diagnostic, session: &Session) {
    let shown = to_plain(&render(error, session.sources()));
    assert_ne!(error.code, Code::Bug, "{shown}");
}

/// Makes the text of what is shown, as a terminal and a notebook would, and drops it.
#[derive(Default)]
struct Sink {
    outputs: AtomicUsize,
}

impl Output for Sink {
    fn stream(&self, _text: &str) {
        self.outputs.fetch_add(1, Ordering::Relaxed);
    }

    fn show(&self, shown: &Shown) {
        self.outputs.fetch_add(1, Ordering::Relaxed);
        let bundle = Bundle(&shown.value);
        std::hint::black_box((bundle.plain(), bundle.html(), bundle.svg()));
    }
}
