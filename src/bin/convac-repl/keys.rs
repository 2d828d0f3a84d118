//! What keys do that mean something else here than in every line editor.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use convac::session::{Completeness, completeness};
use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use super::editor::SessionEditor;
use super::keyboard;
use super::past::SharedWalk;

/// One level of indentation.
const STEP: &str = "  ";

/// What keys and the rest of the editor tell each other.
#[derive(Debug, Default)]
pub struct Signs {
    /// Whether a program asks and an answer is typed.
    pub answering: AtomicBool,
    /// Whether the input was given up.
    pub given_up: AtomicBool,
}

/// The signs of an editor.
pub type SharedSigns = std::sync::Arc<Signs>;

impl Signs {
    pub fn is_answering(&self) -> bool {
        self.answering.load(Ordering::SeqCst)
    }
}

/// Binds all keys.
pub fn bind(editor: &mut SessionEditor, signs: &SharedSigns, walk: &SharedWalk) {
    let mut on = |key: KeyEvent, handler: Box<dyn ConditionalEventHandler>| {
        editor.bind_sequence(Event::from(key), EventHandler::Conditional(handler));
    };
    let plain = |code| KeyEvent(code, Modifiers::NONE);
    let signs = || SharedSigns::clone(signs);
    let enter = |indents| Box::new(Enter { indents, signs: signs() });
    on(plain(KeyCode::Enter), enter(true));
    on(KeyEvent::ctrl('J'), enter(false));
    on(KeyEvent(KeyCode::Enter, Modifiers::ALT), Box::new(NewLine(signs())));
    for up in [true, false] {
        let code = if up { KeyCode::Up } else { KeyCode::Down };
        on(plain(code), Box::new(Arrow { up, walk: walk.clone(), signs: signs() }));
    }
    on(plain(KeyCode::Tab), Box::new(Tab(signs())));
    on(KeyEvent::ctrl('C'), Box::new(GiveUp(signs())));
    on(KeyEvent::ctrl('Z'), Box::new(Stop));
}

/// Runs what is complete, and begins a new line otherwise.
struct Enter {
    /// Whether the new line gets the blanks of its level.
    indents: bool,
    signs: SharedSigns,
}

impl ConditionalEventHandler for Enter {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let (text, cursor) = (context.line(), context.pos());
        let at_end = text.get(cursor..).is_some_and(|rest| rest.trim().is_empty());
        if self.signs.is_answering() || (at_end && ends_with_two_empty_lines(text)) {
            return Some(Cmd::AcceptLine);
        }
        match completeness(text) {
            Completeness::Incomplete { indent } if at_end && self.indents => {
                Some(Cmd::Insert(1, format!("\n{indent}")))
            }
            Completeness::Incomplete { .. } => Some(Cmd::Newline),
            _ => Some(Cmd::AcceptLine),
        }
    }
}

/// Two empty lines run what is there, so that nobody is caught in an input.
fn ends_with_two_empty_lines(text: &str) -> bool {
    let mut lines = text.rsplit('\n');
    let is_empty = |line: Option<&str>| line.is_some_and(|line| line.trim().is_empty());
    is_empty(lines.next()) && is_empty(lines.next()) && lines.next().is_some()
}

/// Begins a new line always; an answer has only one.
struct NewLine(SharedSigns);

impl ConditionalEventHandler for NewLine {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        Some(if self.0.is_answering() { Cmd::AcceptLine } else { Cmd::Newline })
    }
}

/// Moves between the lines of an input, and beyond them through earlier inputs.
struct Arrow {
    up: bool,
    walk: SharedWalk,
    signs: SharedSigns,
}

impl ConditionalEventHandler for Arrow {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        if self.signs.is_answering() {
            return Some(Cmd::Noop);
        }
        let (text, cursor) = (context.line(), context.pos());
        let side = if self.up { text.get(..cursor) } else { text.get(cursor..) };
        if side.is_some_and(|side| side.contains('\n')) {
            let movement = if self.up { Movement::LineUp(1) } else { Movement::LineDown(1) };
            return Some(Cmd::Move(movement));
        }
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone_into(&mut walk.line);
        Some(if self.up { Cmd::HistorySearchBackward } else { Cmd::HistorySearchForward })
    }
}

/// Completes; where a line begins, indents.
struct Tab(SharedSigns);

impl ConditionalEventHandler for Tab {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        if self.0.is_answering() {
            return Some(Cmd::Noop);
        }
        begins_line(context.line(), context.pos()).then(|| Cmd::Insert(1, STEP.to_owned()))
    }
}

/// Whether only blanks stand before the cursor, but not nothing at all.
fn begins_line(text: &str, cursor: usize) -> bool {
    let before = text.get(..cursor).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    line.trim().is_empty() && !before.is_empty()
}

/// Ctrl-C: the input is given up. The editor would forget what was typed behind it too if it
/// were told so; so it believes that the input is accepted.
struct GiveUp(SharedSigns);

impl ConditionalEventHandler for GiveUp {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        self.0.given_up.store(true, Ordering::SeqCst);
        Some(Cmd::AcceptLine)
    }
}

/// Ctrl-Z: the shell has the terminal for a while.
struct Stop;

impl ConditionalEventHandler for Stop {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        if !keyboard::is_taken() {
            return None;
        }
        keyboard::suspend();
        Some(Cmd::Repaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_empty_lines() {
        assert!(ends_with_two_empty_lines("f(\n  \n"));
        assert!(!ends_with_two_empty_lines("f(\n  "));
        assert!(!ends_with_two_empty_lines("f(\n  1\n"));
        assert!(!ends_with_two_empty_lines("\n"));
    }

    #[test]
    fn lines_that_begin() {
        assert!(begins_line("f(\n", 3) && begins_line("f(\n  ", 5) && begins_line("  ", 2));
        assert!(!begins_line("", 0) && !begins_line("f", 1) && !begins_line("f(\n x", 5));
    }
}
