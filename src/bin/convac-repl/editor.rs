//! The line editor: what keys do, what is shown while one types.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::PoisonError;

use convac::session::{Completeness, Session, completeness};
use convac::symbol::Symbol;
use convac::terminal::{highlight, symbol_before, symbols_with};
use rustyline::completion::{Candidate, Completer};
use rustyline::config::{ColorMode, CompletionType, Config, EditMode};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{
    Changeset, Cmd, ConditionalEventHandler, Context, Editor, Event, EventContext, EventHandler,
    Helper, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};

use super::past::{Past, SharedWalk};
use super::tall::{Size, rows, window};

/// The editor of a session.
pub type SessionEditor = Editor<Assistant, Past>;

/// Candidates of one completion; the editor cannot list more than 65,535.
const MOST_CANDIDATES: usize = 2000;

/// An editor over a session, with the inputs of earlier ones.
///
/// # Errors
/// There is no terminal that can be used.
pub fn editor(
    session: Rc<RefCell<Session>>,
    past: Vec<String>,
    options: Options,
) -> rustyline::Result<SessionEditor> {
    let mode = if options.vi { EditMode::Vi } else { EditMode::Emacs };
    let config = Config::builder()
        .edit_mode(mode)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(200)
        .auto_add_history(false)
        .bell_style(rustyline::config::BellStyle::None)
        .tab_stop(8)
        // Colours are our own choice; without a highlighter high inputs could not be drawn.
        .color_mode(ColorMode::Enabled)
        .build();
    let walk = SharedWalk::default();
    let mut editor = Editor::with_history(config, Past::new(past, walk.clone()))?;
    editor.set_helper(Some(Assistant {
        session,
        options,
        replaced_to: Cell::new(0),
        had_pair: Cell::new(false),
        last: Cell::new(false),
        hinted: Cell::new(false),
        tall: Cell::new(false),
    }));
    let key = |code, modifiers| Event::from(KeyEvent(code, modifiers));
    let enter = |editor: &mut SessionEditor, event| {
        editor.bind_sequence(event, EventHandler::Conditional(Box::new(Enter)));
    };
    enter(&mut editor, key(KeyCode::Enter, Modifiers::NONE));
    enter(&mut editor, Event::from(KeyEvent::ctrl('J')));
    editor.bind_sequence(key(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
    let arrow = |up| EventHandler::Conditional(Box::new(Arrow { up, walk: walk.clone() }));
    editor.bind_sequence(key(KeyCode::Up, Modifiers::NONE), arrow(true));
    editor.bind_sequence(key(KeyCode::Down, Modifiers::NONE), arrow(false));
    Ok(editor)
}

/// How the editor looks and works.
#[derive(Clone, Debug)]
pub struct Options {
    pub prompt: String,
    pub colors: bool,
    pub vi: bool,
    /// Whether signatures are shown.
    pub hints: bool,
}

/// Runs what is complete, and begins a new line otherwise.
struct Enter;

impl ConditionalEventHandler for Enter {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let (text, cursor) = (context.line(), context.pos());
        let at_end = text.get(cursor..).is_some_and(|rest| rest.trim().is_empty());
        if at_end && ends_with_two_empty_lines(text) {
            return Some(Cmd::AcceptLine);
        }
        match completeness(text) {
            Completeness::Incomplete { indent } if at_end => {
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

/// Moves between the lines of an input, and beyond them through earlier inputs.
struct Arrow {
    up: bool,
    walk: SharedWalk,
}

impl ConditionalEventHandler for Arrow {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
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

/// Completes, hints and colours.
pub struct Assistant {
    session: Rc<RefCell<Session>>,
    options: Options,
    /// One past the byte that the completion being made replaces.
    replaced_to: Cell<usize>,
    /// Whether a pair of brackets is marked.
    had_pair: Cell<bool>,
    /// Whether the input is drawn for the last time, as it shall stay.
    last: Cell<bool>,
    /// Whether a signature stands on the screen, on the row below the input.
    hinted: Cell<bool>,
    /// Whether the input is higher than the screen.
    tall: Cell<bool>,
}

impl Assistant {
    /// Whether the input was higher than the screen; asked when it is accepted.
    pub fn take_tall(&self) -> bool {
        self.tall.replace(false)
    }

    /// Whether a signature stands on the screen; asked when an input is given up.
    pub fn take_hinted(&self) -> bool {
        self.hinted.replace(false)
    }

    /// An input with its colours.
    pub fn painted(&self, line: &str, pair: Option<(usize, usize)>) -> String {
        if !self.options.colors {
            return line.to_owned();
        }
        let session = self.session.borrow();
        let is_builtin = |name: &str| session.registry().get(Symbol::new(name)).is_some();
        highlight(line, is_builtin, pair)
    }

    fn size() -> Size {
        let screen = super::screen();
        Size { columns: screen.columns, rows: screen.rows }
    }
}

impl Helper for Assistant {}
impl Validator for Assistant {}

/// A text that can stand at the cursor.
pub struct Offer {
    shown: String,
    text: String,
}

impl Candidate for Offer {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Completer for Assistant {
    type Candidate = Offer;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Offer>)> {
        if let Some((start, name)) = symbol_before(line.get(..cursor).unwrap_or("")) {
            self.replaced_to.set(cursor);
            let found = symbols_with(name);
            let offer = |(name, symbol): (&str, &str)| {
                let text = if found.len() == 1 { symbol.to_owned() } else { format!("\\{name}") };
                Offer { shown: format!("\\{name} {symbol}"), text }
            };
            return Ok((start, found.iter().copied().map(offer).collect()));
        }
        let found = self.session.borrow().complete(line, cursor);
        self.replaced_to.set(found.end);
        let offers = found.items.into_iter().take(MOST_CANDIDATES);
        let offers = offers.map(|item| Offer { shown: item.text.clone(), text: item.text });
        Ok((found.start, offers.collect()))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        let end = self.replaced_to.get().clamp(line.pos(), line.len());
        line.replace(start..end, elected, changes);
        self.replaced_to.set(line.pos());
    }
}

/// The signature of the call around the cursor, below the input.
pub struct Signature(String);

impl Hint for Signature {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assistant {
    type Hint = Signature;

    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<Signature> {
        if !self.options.hints {
            return None;
        }
        let size = Self::size();
        if rows(&self.options.prompt, line, size) + 1 >= size.rows {
            return None;
        }
        let signature = self.session.borrow().signature(line, cursor)?;
        let width = size.columns.saturating_sub(4);
        let short: String = signature.chars().take(width).collect();
        let cut = if short.len() < signature.len() { "…" } else { "" };
        Some(Signature(format!("\n  {short}{cut}")))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        self.hinted.set(false);
        let pair = if self.last.take() { None } else { pair_at(line, cursor) };
        self.had_pair.set(pair.is_some());
        let painted = self.painted(line, pair);
        let size = Self::size();
        if rows(&self.options.prompt, line, size) <= size.rows {
            self.tall.set(false);
            return Cow::Owned(painted);
        }
        let drawn = window(&self.options.prompt, line, &painted, cursor, size);
        if self.tall.replace(true) {
            return Cow::Owned(drawn);
        }
        // What stands on the screen goes up into the terminal's memory, not away.
        Cow::Owned(format!("\x1b[{};1H{}{drawn}", size.rows, "\n".repeat(size.rows)))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.options.colors {
            Cow::Owned(format!("\x1b[1;32m{prompt}\x1b[0m"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.hinted.set(true);
        if self.options.colors {
            Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, line: &str, cursor: usize, kind: CmdKind) -> bool {
        match kind {
            CmdKind::ForcedRefresh => {
                self.last.set(true);
                self.had_pair.get()
            }
            CmdKind::Other => true,
            CmdKind::MoveCursor => {
                self.tall.get() || self.had_pair.get() || pair_at(line, cursor).is_some()
            }
        }
    }
}

/// The bracket at the cursor or left of it, and the one that belongs to it.
fn pair_at(line: &str, cursor: usize) -> Option<(usize, usize)> {
    use convac::syntax::{TokenKind, tokenize};
    let near = |at: usize| {
        line.as_bytes().get(at).is_some_and(|byte| b"()[]{}".contains(byte)).then_some(at)
    };
    let here = near(cursor).or_else(|| near(cursor.checked_sub(1)?))?;
    let mut open = Vec::new();
    for token in tokenize(line).0 {
        match token.kind {
            TokenKind::Open => open.push(token.start),
            TokenKind::Close => {
                let other = open.pop()?;
                if other == here || token.start == here {
                    return Some((other, token.start));
                }
            }
            _ => {}
        }
    }
    None
}

/// An answer that nobody should see: stars in its place.
pub struct Masked;

impl Helper for Masked {}
impl Validator for Masked {}
impl Completer for Masked {
    type Candidate = String;
}
impl Hinter for Masked {
    type Hint = String;
}
impl Highlighter for Masked {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        use unicode_width::UnicodeWidthStr;
        Cow::Owned("*".repeat(line.width()))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
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
    fn pairs() {
        assert_eq!(pair_at("f(a)", 4), Some((1, 3)));
        assert_eq!(pair_at("f(a)", 1), Some((1, 3)));
        assert_eq!(pair_at("f(a", 1), None);
        assert_eq!(pair_at("f(\")\")", 3), None);
    }
}
