//! The line editor and how it is read: inputs, and answers to the questions of programs.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use convac::session::Session;
use rustyline::Editor;
use rustyline::config::{ColorMode, CompletionType, Config, EditMode};
use rustyline::error::ReadlineError;

use super::assistant::Assistant;
use super::keyboard;
use super::keys::{SharedSigns, bind};
use super::past::{Past, SharedWalk};
use super::report::print;

/// How long, in milliseconds, Escape may be the beginning of another key in the mode of vi.
const ESCAPE: u16 = 30;

/// The editor of a session.
pub type SessionEditor = Editor<Assistant, Past>;

/// How the editor looks and works.
#[derive(Clone, Debug)]
pub struct Options {
    pub prompt: String,
    pub colors: bool,
    pub vi: bool,
    /// Whether signatures are shown.
    pub hints: bool,
}

/// An editor over a session, without any inputs of earlier ones.
///
/// # Errors
/// There is no terminal that can be used.
pub fn editor(session: Rc<RefCell<Session>>, options: Options) -> rustyline::Result<SessionEditor> {
    let mode = if options.vi { EditMode::Vi } else { EditMode::Emacs };
    let config = Config::builder()
        .edit_mode(mode)
        // In vi, Escape is a key of its own and Enter often the next one, which together are
        // Alt-Enter: what a terminal sends for one key comes within moments, what a hand types
        // does not.
        .keyseq_timeout(options.vi.then_some(ESCAPE))
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        // Lists are cut to the screen: there is nothing to ask.
        .completion_prompt_limit(usize::MAX)
        .auto_add_history(false)
        .bell_style(rustyline::config::BellStyle::None)
        .tab_stop(8)
        // Colours are our own choice; without a highlighter high inputs could not be drawn.
        .color_mode(ColorMode::Enabled)
        .build();
    let walk = SharedWalk::default();
    let signs = SharedSigns::default();
    let mut editor = Editor::with_history(config, Past::new(walk.clone()))?;
    editor.set_helper(Some(Assistant::new(session, options, SharedSigns::clone(&signs))));
    bind(&mut editor, &signs, &walk);
    Ok(editor)
}

/// Why there is no text.
#[derive(Debug)]
pub enum Nothing {
    /// Ctrl-C.
    GivenUp,
    /// Ctrl-D.
    End,
    /// The terminal cannot be read.
    Failed(String),
}

/// One input.
pub fn read(editor: &mut SessionEditor) -> Result<String, Nothing> {
    let prompt = editor.helper().map(|helper| helper.options().prompt.clone()).unwrap_or_default();
    let text = line(editor, &prompt)?;
    if let Some(helper) = editor.helper()
        && helper.take_tall()
    {
        // Only a part of it stands on the screen; all of it shall stay in the terminal's memory.
        print(&format!("\x1b[H\x1b[J{prompt}{}\n", helper.painted(&text)));
    }
    Ok(text)
}

/// The answer to a question of a program. What was typed ahead answers it, as in a shell.
pub fn answer(editor: &mut SessionEditor, prompt: &str, hidden: bool) -> Result<String, Nothing> {
    let gap = if prompt.is_empty() || prompt.ends_with(char::is_whitespace) { "" } else { " " };
    if let Some(helper) = editor.helper() {
        helper.answers(Some(hidden));
    }
    editor.history_mut().hide(true);
    let answer = line(editor, &format!("{prompt}{gap}"));
    editor.history_mut().hide(false);
    if let Some(helper) = editor.helper() {
        helper.answers(None);
    }
    answer
}

/// What is typed behind a prompt. A defect of the editor costs the input, not the session.
fn line(editor: &mut SessionEditor, prompt: &str) -> Result<String, Nothing> {
    let turn = keyboard::listen();
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| editor.readline(prompt)));
    drop(turn);
    let signs = editor.helper().map(Assistant::signs);
    let given_up = signs.is_some_and(|signs| signs.given_up.swap(false, Ordering::SeqCst));
    match read {
        Ok(Err(ReadlineError::Eof)) => Err(Nothing::End),
        Err(_) | Ok(Err(ReadlineError::Interrupted)) => Err(Nothing::GivenUp),
        Ok(Ok(_)) if given_up => Err(Nothing::GivenUp),
        // Control characters are no part of the language, and not of an answer.
        Ok(Ok(text)) => Ok(text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "")),
        Ok(Err(error)) => Err(Nothing::Failed(error.to_string())),
    }
}
