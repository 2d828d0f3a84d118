//! The conversation: read, run, show, again.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use convac::diagnostic::{Code, Diagnostic, Sources};
use convac::evaluate::Settings;
use convac::interrupt::Interrupt;
use convac::session::{Cell, History, Session, history_path, split};
use convac::symbol::Symbol;
use convac::terminal::Graphics;
use rustyline::error::ReadlineError;

use super::arguments::Cli;
use super::config::Config;
use super::edit::{Edited, edit};
use super::editor::{Options, SessionEditor, editor};
use super::report::{Colors, When, error_json, print, print_errors};
use super::sink::Sink;
use super::{DIAGNOSTICS, INTERRUPTED, OK, stop};

/// Inputs of earlier sessions that the arrows reach.
const REMEMBERED: usize = 10_000;

/// A session with somebody.
pub struct Talk {
    session: Rc<RefCell<Session>>,
    sources: Sources,
    interrupt: Interrupt,
    json: bool,
    colors: Colors,
    /// How the terminal shows pictures; `None` where the output goes elsewhere.
    terminal: Option<Graphics>,
    config: Config,
    /// What is wrong with the settings; told when the conversation begins.
    config_errors: Vec<Diagnostic>,
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
        }
    }

    /// Runs a text and says what came of it.
    pub fn run(&self, name: &str, text: &str) -> u8 {
        self.with_sink(|session, sink| session.run_cell(name, text, sink))
    }

    /// Runs a file; its names stay.
    pub fn load(&self, path: &Path) -> u8 {
        match convac::builtins::read_text(path) {
            Ok(text) => {
                let name = path.display().to_string();
                self.with_sink(|session, sink| session.run(&name, &text, Some(path), sink))
            }
            Err(failure) => {
                self.report(&[*failure]);
                DIAGNOSTICS
            }
        }
    }

    fn with_sink(&self, work: impl FnOnce(&mut Session, Arc<Sink>) -> Vec<Diagnostic>) -> u8 {
        let sink = Arc::new(Sink::new(self.json, self.terminal, self.interrupt.clone()));
        self.interrupt.clear();
        stop::set_busy(true);
        let mut errors = work(&mut self.session.borrow_mut(), Arc::clone(&sink));
        stop::set_busy(false);
        self.interrupt.clear();
        sink.clear_progress();
        if sink.is_closed() {
            // Nobody reads any more: that is no error.
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

    /// Talks until Ctrl-D.
    pub fn converse(&self, cli: &Cli) -> u8 {
        let (mut history, warning) = match history_path() {
            Some(path) => History::open(&path),
            None => (History::in_memory(), None),
        };
        let past = history.tail(REMEMBERED).into_iter().map(|entry| entry.input).collect();
        let options = Options {
            prompt: self.config.prompt.clone().unwrap_or_else(|| "> ".to_owned()),
            colors: self.colors.0,
            vi: cli.vi || self.config.vi == Some(true),
            hints: self.config.hints != Some(false),
        };
        let prompt = options.prompt.clone();
        let mut editor = match editor(Rc::clone(&self.session), past, options) {
            Ok(editor) => editor,
            Err(error) => {
                let message = format!("the terminal cannot be used: {error}");
                self.report(&[Diagnostic::new(Code::File, message).hint("convac run first.cac")]);
                return DIAGNOSTICS;
            }
        };
        if !self.json && self.config.banner != Some(false) {
            print(&banner());
        }
        self.report(&self.config_errors);
        self.report(&warning.map(|warning| *warning).into_iter().collect::<Vec<_>>());
        let mut line = 1;
        // What `%edit` opens: also a program that failed, above all.
        let mut last = String::new();
        loop {
            let text = match read(&mut editor, &prompt) {
                Ok(text) => text,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return OK,
                Err(error) => {
                    let message = format!("cannot read from the terminal: {error}");
                    self.report(&[Diagnostic::new(Code::File, message).hint("convac-repl")]);
                    return DIAGNOSTICS;
                }
            };
            if text.trim().is_empty() {
                continue;
            }
            if self.wants_to_leave(text.trim()) {
                return OK;
            }
            let mut remember = |editor: &mut SessionEditor, text: &str, line: u64| {
                let _ = editor.add_history_entry(text);
                let warning = history.add(line, text.trim_end(), None);
                self.report(&warning.map(|warning| *warning).into_iter().collect::<Vec<_>>());
            };
            remember(&mut editor, &text, line);
            if let Cell::Edit(what) = split(&text)
                && !text.trim().contains('\n')
            {
                // What is edited runs in the session: it must be free again.
                let edited = edit(what, &last, &self.session.borrow());
                match edited {
                    Ok(Edited::File(path)) => {
                        self.load(&path);
                    }
                    Ok(Edited::Program(program)) if program.trim().is_empty() => {}
                    Ok(Edited::Program(program)) => {
                        line += 1;
                        if let Some(helper) = editor.helper() {
                            print(&format!(
                                "{prompt}{}\n",
                                helper.painted(program.trim_end(), None)
                            ));
                        }
                        remember(&mut editor, &program, line);
                        self.run(&format!("[{line}]"), &program);
                        last = program;
                    }
                    Err(error) => self.report(&[*error]),
                }
            } else {
                self.run(&format!("[{line}]"), &text);
                if matches!(split(&text), Cell::Program(_)) {
                    last = text;
                }
            }
            line += 1;
        }
    }

    /// `exit` and `quit`, unless the session has such names.
    fn wants_to_leave(&self, text: &str) -> bool {
        let word = text.strip_suffix("()").unwrap_or(text);
        let session = self.session.borrow();
        matches!(word, "exit" | "quit") && session.globals().get(Symbol::new(word)).is_none()
    }
}

/// One input. A defect of the editor costs the input, not the session.
fn read(editor: &mut SessionEditor, prompt: &str) -> rustyline::Result<String> {
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| editor.readline(prompt)));
    let Ok(read) = read else { return Err(ReadlineError::Interrupted) };
    if let Some(helper) = editor.helper()
        && helper.take_hinted()
        && matches!(read, Err(ReadlineError::Interrupted))
    {
        // The editor leaves the signature of an input that was given up.
        print("\x1b[A\x1b[2K");
    }
    if let Some(helper) = editor.helper()
        && helper.take_tall()
        && let Ok(text) = &read
    {
        // Only a part of it stands on the screen; all of it shall stay in the terminal's memory.
        print(&format!("\x1b[H\x1b[J{prompt}{}\n", helper.painted(text, None)));
    }
    read
}

fn banner() -> String {
    format!(
        "convac {}: what correlations can a deep convolutional network carry, and why?\n\
         ? lists all functions, ?min_cut tells of one, Tab completes, Ctrl-D leaves\n",
        env!("CARGO_PKG_VERSION")
    )
}
