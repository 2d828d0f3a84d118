//! A session whose output is kept, and a runner of tests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use convac::diagnostic::{Diagnostic, render, to_plain};
use convac::evaluate::{Output, Settings, Shown};
use convac::interrupt::Interrupt;
use convac::session::Session;
use convac::value::{Value, text};

pub type Test = (&'static str, fn());

/// Runs the tests whose names hold one of the arguments, as `cargo test` shows them.
pub fn run_tests(all: &[Test]) {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let listing = std::env::args().any(|word| word == "--list");
    let chosen = all
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| name.contains(word)));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in chosen {
        if listing {
            println!("{name}: test");
            continue;
        }
        let ok = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        if ok { passed += 1 } else { failed += 1 }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out"
    );
    if failed > 0 {
        std::process::exit(101);
    }
}

/// What a cell did.
#[derive(Debug, Default)]
pub struct Kept {
    pub out: Mutex<String>,
    pub err: Mutex<String>,
    pub shown: Mutex<Vec<String>>,
    pub forms: Mutex<Vec<BTreeMap<String, String>>>,
    pub status: Mutex<Vec<(String, bool)>>,
}

impl Output for Kept {
    fn stream(&self, text: &str) {
        *self.out.lock().unwrap() += text;
    }

    fn warn(&self, text: &str) {
        *self.err.lock().unwrap() += text;
    }

    fn show(&self, shown: &Shown) {
        self.shown.lock().unwrap().push(text(&shown.value));
    }

    fn forms(&self, forms: &BTreeMap<String, String>) {
        self.forms.lock().unwrap().push(forms.clone());
    }

    fn status(&self, text: &str, done: bool) {
        self.status.lock().unwrap().push((text.to_owned(), done));
    }
}

pub struct Desk {
    pub session: Session,
    count: usize,
}

impl Desk {
    pub fn new() -> Self {
        Self { session: Session::new(Settings { threads: 2, ..Settings::default() }), count: 0 }
    }

    pub fn run(&mut self, cell: &str) -> (Arc<Kept>, Vec<Diagnostic>) {
        self.count += 1;
        let kept = Arc::new(Kept::default());
        let errors = self.session.run_cell(&format!("In[{}]", self.count), cell, kept.clone());
        self.session.interrupt().clear();
        (kept, errors)
    }

    /// A cell that works.
    pub fn good(&mut self, cell: &str) -> Arc<Kept> {
        let (kept, errors) = self.run(cell);
        assert!(errors.is_empty(), "{cell}\n{}", self.told(&errors));
        kept
    }

    /// What a cell shows last.
    pub fn value(&mut self, cell: &str) -> String {
        self.good(cell).shown.lock().unwrap().last().cloned().unwrap_or_default()
    }

    pub fn told(&self, errors: &[Diagnostic]) -> String {
        errors.iter().map(|error| to_plain(&render(error, self.session.sources()))).collect()
    }

    /// The errors of a cell that does not work, as they are shown.
    pub fn bad(&mut self, cell: &str) -> String {
        let (_, errors) = self.run(cell);
        assert!(!errors.is_empty(), "{cell}");
        self.told(&errors)
    }

    /// A field of what `%rust` shows.
    pub fn status(&mut self, field: &str) -> String {
        let text = self.value("%rust");
        let at = text.find(&format!("{field}: ")).unwrap_or_else(|| panic!("{field} in {text}"));
        let rest = &text[at + field.len() + 2..];
        rest.split([',', '}', '\n']).next().unwrap().trim().trim_matches('"').to_owned()
    }

    /// Interrupts when a cell has said that it runs.
    pub fn stopped(&mut self, cell: &str) -> String {
        self.count += 1;
        let kept = Arc::new(Kept::default());
        let interrupt: Interrupt = self.session.interrupt();
        let seen = Arc::clone(&kept);
        let waiter = std::thread::spawn(move || {
            let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while std::time::Instant::now() < end
                && !seen.out.lock().unwrap().contains("running")
                && seen.status.lock().unwrap().len() < 2
            {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            interrupt.trigger();
        });
        let errors = self.session.run_cell(&format!("In[{}]", self.count), cell, kept);
        waiter.join().unwrap();
        self.session.interrupt().clear();
        assert!(!errors.is_empty(), "{cell}");
        self.told(&errors)
    }

    pub fn get(&self, name: &str) -> Value {
        self.session.globals().get(convac::symbol::Symbol::new(name)).cloned().unwrap()
    }
}
