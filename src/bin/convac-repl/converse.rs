//! The conversation: read, run, show, again; with the line editor or without.

use std::io::{IsTerminal, Write};
use std::rc::Rc;

use convac::diagnostic::{Code, Diagnostic};
use convac::session::{Cell, Completeness, History, completeness, history_path, split};

use super::arguments::Cli;
use super::edit::{Edited, edit};
use super::editor::{Nothing, Options, editor, read};
use super::report::{is_closed, print};
use super::session::Talk;
use super::{DIAGNOSTICS, OK, keyboard, lines};

/// Inputs of earlier sessions that the arrows reach.
const REMEMBERED: usize = 10_000;

/// What the conversation knows of its inputs.
struct Inputs {
    history: History,
    /// The number of the next one.
    line: u64,
    /// What `%edit` opens: also a program that failed, above all.
    last: String,
}

impl Talk {
    /// Takes the terminal: from now on the line editor reads it.
    ///
    /// # Errors
    /// The exit code, after the reason was told.
    pub fn open_editor(&self, cli: &Cli) -> Result<(), u8> {
        let options = Options {
            prompt: self.config.prompt.clone().unwrap_or_else(|| "> ".to_owned()),
            colors: self.colors().0,
            vi: cli.vi || self.config.vi == Some(true),
            hints: self.config.hints != Some(false),
        };
        // Without a second terminal the editor reads the real one, as far as that goes.
        keyboard::take(options.vi);
        let editor = editor(Rc::clone(&self.session), options);
        *self.editor.borrow_mut() = Some(editor.map_err(|why| self.gives_up(&why.to_string()))?);
        Ok(())
    }

    /// Talks until Ctrl-D.
    pub fn converse(&self) -> u8 {
        let (history, warning) = match history_path() {
            Some(path) => History::open(&path),
            None => (History::in_memory(), no_home()),
        };
        if let Some(editor) = self.editor.borrow_mut().as_mut() {
            let past = history.tail(REMEMBERED).into_iter().map(|entry| entry.input);
            editor.history_mut().extend(past);
        }
        if self.config.banner != Some(false) {
            print(&banner());
        }
        self.report(&self.config_errors);
        self.report(&warning.map(|warning| *warning).into_iter().collect::<Vec<_>>());
        let mut inputs = Inputs { history, line: 1, last: String::new() };
        loop {
            match self.next_input(&mut inputs) {
                Err(Nothing::GivenUp) => {}
                Err(Nothing::End) => return OK,
                Err(Nothing::Failed(why)) => return self.gives_up(&why),
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) if self.wants_to_leave(&text) => return OK,
                Ok(text) => self.take(&mut inputs, text),
            }
        }
    }

    fn gives_up(&self, why: &str) -> u8 {
        let message = format!("the terminal cannot be used: {why}");
        self.report(&[Diagnostic::new(Code::File, message).hint("convac run first.cac")]);
        DIAGNOSTICS
    }

    /// Waits for an input; the arrows reach what other sessions ran in the meantime.
    fn next_input(&self, inputs: &mut Inputs) -> Result<String, Nothing> {
        let mut editor = self.editor.borrow_mut();
        let Some(editor) = editor.as_mut() else { return Err(Nothing::End) };
        editor.history_mut().extend(inputs.history.news().into_iter().map(|entry| entry.input));
        read(editor)
    }

    /// Runs an input, or what `%edit` makes of one.
    fn take(&self, inputs: &mut Inputs, text: String) {
        self.remember(inputs, &text);
        match split(&text) {
            Cell::Edit(what) if !text.trim().contains('\n') => {
                // What is edited runs in the session: it must be free again.
                let edited = edit(what, &inputs.last, &self.session.borrow());
                match edited {
                    Ok(Edited::File(path)) => {
                        self.load(&path);
                    }
                    Ok(Edited::Program(program)) if program.trim().is_empty() => {}
                    Ok(Edited::Program(program)) => {
                        inputs.line += 1;
                        self.echo(program.trim_end());
                        self.remember(inputs, &program);
                        self.run(&format!("[{}]", inputs.line), &program);
                        inputs.last = program;
                    }
                    Err(error) => self.report(&[*error]),
                }
            }
            cell => {
                let is_program = matches!(cell, Cell::Program(_));
                self.run(&format!("[{}]", inputs.line), &text);
                if is_program {
                    inputs.last = text;
                }
            }
        }
        inputs.line += 1;
    }

    fn remember(&self, inputs: &mut Inputs, text: &str) {
        if let Some(editor) = self.editor.borrow_mut().as_mut() {
            // Others may have run something since the prompt: it comes before.
            let news = inputs.history.news().into_iter().map(|entry| entry.input);
            editor.history_mut().extend(news.chain([text.to_owned()]));
        }
        let warning = inputs.history.add(inputs.line, text.trim_end(), None);
        self.report(&warning.map(|warning| *warning).into_iter().collect::<Vec<_>>());
    }

    /// Shows a program as if it had been typed.
    fn echo(&self, program: &str) {
        if let Some(helper) = self.editor.borrow().as_ref().and_then(|editor| editor.helper()) {
            print(&format!("{}{}\n", helper.options().prompt, helper.painted(program)));
        }
    }

    /// Talks without the editor, where the values go elsewhere or the terminal can show nothing
    /// but text: the standard output gets values alone, the prompt goes to the standard error.
    pub fn converse_in_lines(&self) -> u8 {
        let has_prompt = !self.json && std::io::stderr().is_terminal();
        let prompt = self.config.prompt.as_deref().unwrap_or("> ");
        let say = |text: &str| {
            if has_prompt {
                let _ = std::io::stderr().write_all(text.as_bytes());
            }
        };
        if self.config.banner != Some(false) {
            say(&banner());
        }
        self.report(&self.config_errors);
        let mut line = 1;
        let mut text = String::new();
        loop {
            say(if text.is_empty() { prompt } else { "  " });
            let typed = match lines::next() {
                Ok(Some(typed)) => typed,
                // What stands there is run, as after two empty lines in the editor.
                Ok(None) if !text.trim().is_empty() => String::new(),
                Ok(None) => {
                    say("\n");
                    return OK;
                }
                Err(error) => return self.gives_up(&error.to_string()),
            };
            let forced = typed.trim().is_empty();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&typed);
            if !forced && matches!(completeness(&text), Completeness::Incomplete { .. }) {
                continue;
            }
            let input = std::mem::take(&mut text);
            if self.wants_to_leave(&input) {
                return OK;
            }
            if !input.trim().is_empty() {
                self.run(&format!("[{line}]"), &input);
                line += 1;
            }
            if is_closed() {
                return OK;
            }
        }
    }
}

/// What is told where the history has no place, unless that is wanted.
fn no_home() -> Option<Box<Diagnostic>> {
    if std::env::var_os("CONVAC_HISTORY").is_some() {
        return None;
    }
    let message = "the history is kept in memory only: there is no home folder";
    let hint = "CONVAC_HISTORY=history.jsonl convac-repl";
    Some(Box::new(Diagnostic::new(Code::File, message).hint(hint)))
}

fn banner() -> String {
    format!(
        "convac {}: what correlations can a deep convolutional network carry, and why?\n\
         ? lists all functions, ?min_cut tells of one, Tab completes, Ctrl-D leaves\n",
        env!("CARGO_PKG_VERSION")
    )
}
