//! Every example of every builtin's page is run: what stands below `> ` is what it shows.

mod support;

use std::sync::{Arc, Mutex};

use convac::evaluate::{Output, Shown};
use convac::session::{Bundle, Session};

/// A sink that keeps what is shown and printed.
#[derive(Default)]
struct Kept(Mutex<String>);

impl Output for Kept {
    fn stream(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn show(&self, shown: &Shown) {
        self.stream(&format!("{}\n", Bundle(&shown.value).plain()));
    }
}

/// The examples of a page: code and what it shows.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(code) = line.strip_prefix("> ") {
            // Lines below each other that show nothing yet are one program.
            match found.last_mut() {
                Some((program, shown)) if inside && shown.is_empty() => {
                    program.push('\n');
                    program.push_str(code);
                }
                _ => found.push((code.to_owned(), String::new())),
            }
            inside = true;
        } else if line.trim().is_empty() {
            inside = false;
        } else if inside && let Some((_, shown)) = found.last_mut() {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    found
}

#[test]
fn examples_show_what_they_say() {
    let registry = Session::default();
    let mut count = 0;
    let mut wrong = Vec::new();
    for builtin in registry.registry().iter() {
        for (code, expected) in examples(&builtin.page()) {
            count += 1;
            let sink = Arc::new(Kept::default());
            let mut session = Session::default();
            let errors = session.run(builtin.name, &code, None, Arc::clone(&sink) as _);
            let shown = sink.0.lock().unwrap().clone();
            if !errors.is_empty() || shown != expected {
                wrong.push(format!("{}: {code}\n{shown}{errors:?}", builtin.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} examples");
}

#[test]
fn pages_are_complete() {
    let session = Session::default();
    let mut names = std::collections::HashSet::new();
    let without_example = ["ask", "save", "load", "idx", "npy", "npz", "csv", "images", "rust_fn"];
    for builtin in session.registry().iter() {
        assert!(names.insert(builtin.name), "{} stands twice", builtin.name);
        assert!(builtin.summary().ends_with(['.', ':']), "{}: {}", builtin.name, builtin.summary());
        let has_example = !examples(&builtin.page()).is_empty();
        assert!(has_example != without_example.contains(&builtin.name), "{}", builtin.name);
        for param in builtin.params {
            assert!(!param.doc.trim().is_empty(), "{}: {}", builtin.name, param.name);
        }
    }
}
