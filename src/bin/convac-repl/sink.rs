//! Where a session writes: text or JSON, warnings and progress.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use convac::diagnostic::{Code, Diagnostic};
use convac::evaluate::{Output, Progress, Shown};
use convac::interrupt::Interrupt;
use convac::session::{Bundle, shown_json};
use convac::terminal::{Graphics, inline, show, wrapped};
use convac::value::{Failure, Value, as_table, failure, unbase64, whole_cells};
use serde_json::json;

use super::editor::Nothing;

/// Who answers the questions of programs.
#[derive(Debug)]
pub enum Answers {
    /// The standard input is the program itself.
    Nobody,
    /// The next line of the standard input.
    Lines,
    /// Whoever types; only the thread that has the editor can ask.
    Editor(Sender<Message>),
}

/// What a computation tells the thread that has the editor.
#[derive(Debug)]
pub enum Message {
    Question(Question),
    /// It ended.
    Done,
}

/// A question of a program.
#[derive(Debug)]
pub struct Question {
    pub prompt: String,
    pub password: bool,
    pub reply: Sender<Result<String, Nothing>>,
}

/// The sink of a session.
pub struct Sink {
    json: bool,
    /// How the terminal shows values; `None` where the output goes elsewhere.
    terminal: Option<Graphics>,
    interrupt: Interrupt,
    /// Errors of values that have no form in JSON.
    errors: Mutex<Vec<Diagnostic>>,
    /// Whether a line of progress stands on the terminal; `None` where there is no terminal.
    progress: Option<Mutex<bool>>,
    answers: Answers,
    /// Whether what was printed last has left its line open: a Rust cell may do so.
    open_line: AtomicBool,
}

impl Sink {
    pub fn new(
        json: bool,
        terminal: Option<Graphics>,
        interrupt: Interrupt,
        answers: Answers,
    ) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let visible = std::io::stderr().is_terminal() && !dumb;
        Self {
            json,
            terminal,
            interrupt,
            errors: Mutex::default(),
            progress: visible.then(Mutex::default),
            answers,
            open_line: AtomicBool::new(false),
        }
    }

    pub fn take_errors(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.errors.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, text: &str) {
        self.clear_progress();
        if !super::report::print(text) {
            self.interrupt.trigger();
        }
    }

    /// Ends a line that was left open.
    pub fn end_line(&self) {
        if self.open_line.swap(false, Ordering::Relaxed) {
            self.write("\n");
        }
    }

    /// Writes the line of progress.
    fn tell(&self, text: &str) {
        let Some(visible) = &self.progress else { return };
        *visible.lock().unwrap_or_else(PoisonError::into_inner) = true;
        // A line that wraps could not be taken away again.
        let width = super::screen().columns.saturating_sub(1);
        let line: String = text.chars().take(width).collect();
        // The cursor stays at its beginning: there it is found again in a narrower terminal too.
        let _ = std::io::stderr().write_all(format!("\r{line}\x1b[K\r").as_bytes());
    }

    /// Takes the line of progress away, so that it leaves nothing behind.
    pub fn clear_progress(&self) {
        if let Some(visible) = &self.progress
            && std::mem::take(&mut *visible.lock().unwrap_or_else(PoisonError::into_inner))
        {
            let _ = write!(std::io::stderr(), "\r\x1b[J");
        }
    }
}

impl Output for Sink {
    fn stream(&self, text: &str) {
        if self.json {
            self.write(&format!("{}\n", json!({ "stream": "stdout", "text": text })));
        } else {
            self.write(text);
            self.open_line.store(!text.ends_with('\n'), Ordering::Relaxed);
        }
    }

    fn warn(&self, text: &str) {
        if self.json {
            self.write(&format!("{}\n", json!({ "stream": "stderr", "text": text })));
        } else {
            self.clear_progress();
            // Nobody is left to be told that the standard error is closed.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    fn show(&self, shown: &Shown) {
        if !self.json {
            self.write(&match self.terminal {
                Some(graphics) => show(&shown.value, graphics, super::screen()),
                None => format!("{}\n", Bundle(&shown.value).plain()),
            });
            return;
        }
        match shown_json(shown) {
            Ok(line) => self.write(&format!("{line}\n")),
            Err(failure) => {
                let error = Diagnostic::clone(&failure).or_at(shown.span);
                self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            }
        }
    }

    fn show_whole(&self, shown: &Shown) {
        match &shown.value {
            Value::List(list) if !self.json => match as_table(list) {
                Some(table) => self.write(&format!("{}\n", whole_cells(&table).to_text())),
                None => self.show(shown),
            },
            _ => self.show(shown),
        }
    }

    fn page(&self, plain: &str, _: &str) {
        match self.terminal {
            Some(_) if !self.json => {
                self.write(&format!("{}\n", wrapped(plain, super::screen().columns)));
            }
            _ => self.stream(&format!("{plain}\n")),
        }
    }

    fn progress(&self, progress: &Progress) {
        if progress.done >= progress.total {
            self.clear_progress();
        } else {
            self.tell(&convac::session::progress_line(progress));
        }
    }

    fn status(&self, text: &str, done: bool) {
        if done {
            self.clear_progress();
        } else {
            self.tell(text);
        }
    }

    fn forms(&self, forms: &BTreeMap<String, String>) {
        if self.json {
            self.write(&format!("{}\n", json!({ "forms": forms })));
            return;
        }
        self.end_line();
        let png = forms.get("image/png").and_then(|text| unbase64(text));
        let picture = png.zip(self.terminal).and_then(|(png, graphics)| {
            let size = Bundle::picture_size(&png)?;
            inline(graphics, &png, size, super::screen())
        });
        let kinds: Vec<&str> = forms.keys().map(String::as_str).collect();
        self.write(&match (picture, forms.get("text/plain")) {
            (Some(picture), _) => format!("{picture}\n"),
            (None, Some(plain)) => format!("{}\n", plain.trim_end_matches('\n')),
            (None, None) => format!("<{}>\n", kinds.join(", ")),
        });
    }

    fn ask(&self, prompt: &str, password: bool) -> Result<String, Failure> {
        self.clear_progress();
        let nobody = |hint: &str| {
            let message = format!("there is nobody to answer {prompt:?}");
            failure(Code::File, message, hint)
        };
        match &self.answers {
            Answers::Nobody => Err(nobody("echo answer | convac-repl -i first.cac")),
            Answers::Lines => {
                let gap = if prompt.ends_with(char::is_whitespace) { "" } else { " " };
                let _ = write!(std::io::stderr(), "{prompt}{gap}");
                let hidden = password.then(super::keyboard::hide);
                let line = super::lines::next();
                drop(hidden);
                line.ok().flatten().ok_or_else(|| nobody("let answer = \"…\""))
            }
            Answers::Editor(questions) => {
                let (reply, answer) = std::sync::mpsc::channel();
                let question = Question { prompt: prompt.to_owned(), password, reply };
                let _ = questions.send(Message::Question(question));
                match answer.recv() {
                    Ok(Ok(answer)) => Ok(answer),
                    Ok(Err(Nothing::GivenUp)) => {
                        self.interrupt.trigger();
                        Err(failure(Code::Interrupted, "interrupted", "run it again"))
                    }
                    _ => Err(nobody("let answer = \"…\"")),
                }
            }
        }
    }
}
