//! The session of the process: what runs in it, and what becomes of its values and errors.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use convac::diagnostic::{Code, Diagnostic, Sources};
use convac::evaluate::Settings;
use convac::interrupt::Interrupt;
use convac::session::{Session, cells};
use convac::symbol::Symbol;
use convac::terminal::Graphics;

use super::arguments::Cli;
use super::config::Config;
use super::editor::{SessionEditor, answer};
use super::report::{Colors, When, error_json, is_closed, print, print_errors};
use super::sink::{Answers, Message, Sink};
use super::{DIAGNOSTICS, INTERRUPTED, OK, stop};

/// A session with somebody.
pub struct Talk {
    pub session: Rc<RefCell<Session>>,
    sources: Sources,
    interrupt: Interrupt,
    pub json: bool,
    colors: Colors,
    /// How the terminal shows pictures; `None` where the output goes elsewhere.
    terminal: Option<Graphics>,
    pub config: Config,
    /// What is wrong with the settings; told when the conversation begins.
    pub config_errors: Vec<Diagnostic>,
    /// The line editor, as soon as there is one.
    pub editor: RefCell<Option<SessionEditor>>,
}

impl Talk {
    pub fn new(cli: &Cli) -> Self {
        let mut settings = Settings::default();
        if let Some(threads) = cli.threads {
            settings.threads = usize::from(threads);
        }
        let session = Session::new(settings);
        let interrupt = session.interrupt();
        stop::handle(interrupt.clone());
        let sources = session.sources().clone();
        let (config, config_errors) = super::config::read(&sources);
        let colors = match (cli.color, config.color) {
            (When::Auto, Some(true)) => Colors::choose(When::Always),
            (When::Auto, Some(false)) => Colors::choose(When::Never),
            (when, _) => Colors::choose(when),
        };
        Self {
            sources,
            session: Rc::new(RefCell::new(session)),
            interrupt,
            json: cli.json,
            colors,
            terminal: std::io::stdout().is_terminal().then(|| {
                let chosen = cli.plots.as_deref().and_then(Graphics::of_name);
                chosen
                    .or(config.plots)
                    .unwrap_or_else(|| Graphics::detect(|name| std::env::var(name).ok()))
            }),
            config,
            config_errors,
            editor: RefCell::default(),
        }
    }

    pub fn colors(&self) -> Colors {
        self.colors
    }

    /// Whether the terminal can do nothing but show text.
    pub fn is_dumb(&self) -> bool {
        std::env::var_os("TERM").is_some_and(|term| term == "dumb")
    }

    /// Runs a text and says what came of it. A program that is no part of the standard input may
    /// ask for lines of it.
    pub fn run(&self, name: &str, text: &str) -> u8 {
        self.with_sink(Answers::Lines, |session, sink| session.run_cell(name, text, sink))
    }

    /// Runs all cells of a text that came in at once, until one fails: programs, and magics and
    /// questions between them.
    pub fn run_all(&self, name: &str, text: &str) -> u8 {
        for cell in cells(text) {
            let run = |session: &mut Session, sink: Arc<Sink>| session.run_cell(name, &cell, sink);
            let code = self.with_sink(Answers::Nobody, run);
            if code != OK {
                return code;
            }
        }
        OK
    }

    /// Runs a file; its names stay.
    pub fn load(&self, path: &Path) -> u8 {
        match convac::builtins::read_text(path) {
            Ok(text) => {
                let name = path.display().to_string();
                self.with_sink(Answers::Lines, |session, sink| {
                    session.run(&name, &text, Some(path), sink)
                })
            }
            Err(failure) => {
                self.report(&[*failure]);
                DIAGNOSTICS
            }
        }
    }

    fn with_sink(
        &self,
        answers: Answers,
        work: impl FnOnce(&mut Session, Arc<Sink>) -> Vec<Diagnostic> + Send,
    ) -> u8 {
        let sink = |answers| Sink::new(self.json, self.terminal, self.interrupt.clone(), answers);
        self.interrupt.clear();
        stop::set_busy(true);
        let (sink, mut errors) = match self.editor.borrow_mut().as_mut() {
            Some(editor) => {
                let (questions, messages) = channel();
                let sink = Arc::new(sink(Answers::Editor(questions.clone())));
                let theirs = Arc::clone(&sink);
                let session = &mut *self.session.borrow_mut();
                // Questions are asked on this thread, which has the editor.
                let errors = std::thread::scope(|scope| {
                    let worker = scope.spawn(move || {
                        let _done = Done(questions);
                        work(session, theirs)
                    });
                    while let Ok(Message::Question(question)) = messages.recv() {
                        let answer = answer(editor, &question.prompt, question.password);
                        let _ = question.reply.send(answer);
                    }
                    worker.join()
                });
                (sink, errors.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            }
            None => {
                let sink = Arc::new(sink(answers));
                let errors = work(&mut self.session.borrow_mut(), Arc::clone(&sink));
                (sink, errors)
            }
        };
        stop::set_busy(false);
        self.interrupt.clear();
        sink.clear_progress();
        sink.end_line();
        if is_closed() {
            // Nobody reads any more, which is no error; or it cannot be written, which is told
            // at the end.
            return OK;
        }
        errors.extend(sink.take_errors());
        self.report(&errors);
        if errors.iter().any(|error| error.code == Code::Interrupted) || stop::was_asked_for() {
            INTERRUPTED
        } else if errors.is_empty() {
            OK
        } else {
            DIAGNOSTICS
        }
    }

    /// Says errors.
    pub fn report(&self, errors: &[Diagnostic]) {
        if !self.json {
            print_errors(errors, &self.sources, self.colors);
            return;
        }
        for error in errors {
            print(&format!("{}\n", error_json(error, &self.sources)));
        }
    }

    /// `exit` and `quit`, unless the session has such names.
    pub fn wants_to_leave(&self, text: &str) -> bool {
        let text = text.trim();
        let word = text.strip_suffix("()").unwrap_or(text);
        let session = self.session.borrow();
        matches!(word, "exit" | "quit") && session.globals().get(Symbol::new(word)).is_none()
    }
}

/// Says that a computation ended, however it ends.
struct Done(Sender<Message>);

impl Drop for Done {
    fn drop(&mut self) {
        let _ = self.0.send(Message::Done);
    }
}
