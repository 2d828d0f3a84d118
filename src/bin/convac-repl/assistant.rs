//! What is shown while one types: colours, candidates, signatures.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use convac::session::Session;
use convac::symbol::Symbol;
use convac::terminal::{highlight, symbol_before};
use rustyline::completion::Completer;
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{Changeset, Context, Helper};
use unicode_width::UnicodeWidthStr;

use super::editor::Options;
use super::keys::{SharedSigns, Signs};
use super::offers::{Offer, of_completions, on_screen, symbols};
use super::report::print;
use super::tall::{Size, rows, window};

/// An input longer than this is drawn without colours and signatures, so that a key costs a few
/// bytes: with them the editor draws all that is on the screen again.
const LONGEST_PAINTED: usize = 1000;

/// Completes, hints and colours.
pub struct Assistant {
    session: Rc<RefCell<Session>>,
    options: Options,
    signs: SharedSigns,
    /// Whether an answer is typed that nobody should see.
    hidden: Cell<bool>,
    /// One past the byte that the completion being made replaces.
    replaced_to: Cell<usize>,
    /// Whether a pair of brackets is marked.
    had_pair: Cell<bool>,
    /// Whether the input is drawn for the last time, as it shall stay.
    last: Cell<bool>,
    /// Whether the input is higher than the screen.
    tall: Cell<bool>,
    /// The input with its colours as it stands on the screen.
    drawn: RefCell<String>,
    /// Where the editor's own cursor stands, as far as that matters.
    stage: Stage,
}

/// What the editor does not say of itself.
#[derive(Default)]
struct Stage {
    /// The input that was drawn or completed last, and its cursor.
    input: RefCell<(String, usize)>,
    /// Whether a signature stands below it.
    hinted: Cell<bool>,
    /// The size of the terminal it was drawn for.
    size: Cell<Option<Size>>,
    /// Candidates that are still to be listed.
    listed: Cell<usize>,
}

impl Assistant {
    pub fn new(session: Rc<RefCell<Session>>, options: Options, signs: SharedSigns) -> Self {
        Self {
            session,
            options,
            signs,
            hidden: Cell::new(false),
            replaced_to: Cell::new(0),
            had_pair: Cell::new(false),
            last: Cell::new(false),
            tall: Cell::new(false),
            drawn: RefCell::default(),
            stage: Stage::default(),
        }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn signs(&self) -> &Signs {
        &self.signs
    }

    /// Says that an answer is typed from now on, `hidden` or not, and no program; or no answer
    /// any more. While a program asks the session is busy: nothing here may look at it.
    pub fn answers(&self, hidden: Option<bool>) {
        self.signs.answering.store(hidden.is_some(), Ordering::SeqCst);
        self.hidden.set(hidden == Some(true));
    }

    /// Whether the input was higher than the screen; asked when it is accepted.
    pub fn take_tall(&self) -> bool {
        self.tall.replace(false)
    }

    /// An input with its colours.
    pub fn painted(&self, line: &str) -> String {
        self.paint(line, None)
    }

    fn paint(&self, line: &str, pair: Option<(usize, usize)>) -> String {
        if !self.options.colors {
            return line.to_owned();
        }
        let session = self.session.borrow();
        let is_builtin = |name: &str| session.registry().get(Symbol::new(name)).is_some();
        highlight(line, is_builtin, pair)
    }

    /// The input as it is drawn while it is typed.
    fn live(&self, line: &str, pair: Option<(usize, usize)>) -> String {
        let is_hidden_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if self.hidden.get() {
            "*".repeat(line.width())
        } else if line.contains(is_hidden_control) {
            // The editor gives them no width, so they have none.
            line.replace(is_hidden_control, "")
        } else if self.signs.is_answering() || line.len() > LONGEST_PAINTED {
            line.to_owned()
        } else {
            self.paint(line, pair)
        }
    }

    /// The pair of brackets that is marked.
    fn pair(&self, line: &str, cursor: usize) -> Option<(usize, usize)> {
        let is_plain = self.signs.is_answering() || line.len() > LONGEST_PAINTED;
        if is_plain { None } else { pair_at(line, cursor) }
    }

    /// The row of a place in an input, from 0.
    fn row(&self, line: &str, end: usize, size: Size) -> usize {
        rows(&self.options.prompt, line.get(..end).unwrap_or(line), size) - 1
    }

    /// What is written behind the last candidate. The editor draws the input again below the
    /// list, but first erases as many rows above as the input has: these rows must not be those
    /// of the list.
    fn below_list(&self) -> String {
        let (line, cursor) = &*self.stage.input.borrow();
        let size = Self::size();
        let last = self.row(line, line.len(), size) + usize::from(self.stage.hinted.get());
        if self.tall.get() || last == 0 {
            return String::new();
        }
        let rest = line.get(*cursor..).unwrap_or("");
        let end = rest.find('\n').map_or(line.len(), |at| cursor + at);
        let up = last.saturating_sub(self.row(line, end, size));
        format!("{}{}", "\n".repeat(last), upwards(up))
    }

    /// Called before the input is drawn: in a terminal that became narrower or wider its rows are
    /// others now. The editor erases those that there were; so what there is, is erased here, and
    /// the cursor goes to where the editor believes it to be.
    fn follow_size(&self, line: &str, cursor: usize) {
        let size = Self::size();
        let Some(before) = self.stage.size.replace(Some(size)) else { return };
        if before.columns == size.columns || self.tall.get() || !breaks_anew() {
            return;
        }
        let last = self.row(line, line.len(), before) + usize::from(self.stage.hinted.get());
        let above = self.row(line, cursor, size);
        let below = last.saturating_sub(self.row(line, cursor, before));
        let (up, back) = (upwards(above), upwards(below));
        print(&format!("\r{up}\x1b[J{}{back}", "\n".repeat(last)));
    }

    fn size() -> Size {
        let screen = super::screen();
        Size { columns: screen.columns, rows: screen.rows }
    }
}

impl Helper for Assistant {}
impl Validator for Assistant {}

impl Completer for Assistant {
    type Candidate = Offer;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Offer>)> {
        let (start, offers) = match symbol_before(line.get(..cursor).unwrap_or("")) {
            Some((start, name)) => {
                self.replaced_to.set(cursor);
                (start, symbols(name))
            }
            None => {
                let found = self.session.borrow().complete(line, cursor);
                self.replaced_to.set(found.end);
                (found.start, of_completions(found.items))
            }
        };
        let size = Self::size();
        let offers = on_screen(offers, self.row(line, line.len(), size) + 1, size);
        self.stage.input.replace((line.to_owned(), cursor));
        self.stage.listed.set(offers.len());
        Ok((start, offers))
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
        self.follow_size(line, cursor);
        if !self.options.hints || self.signs.is_answering() || line.len() > LONGEST_PAINTED {
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
        self.stage.input.replace((line.to_owned(), cursor));
        self.stage.hinted.set(false);
        let pair = if self.last.take() { None } else { self.pair(line, cursor) };
        self.had_pair.set(pair.is_some());
        let painted = self.live(line, pair);
        self.drawn.borrow_mut().clone_from(&painted);
        let size = Self::size();
        if self.signs.is_answering() || rows(&self.options.prompt, line, size) <= size.rows {
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
        if self.options.colors && !self.signs.is_answering() {
            Cow::Owned(format!("\x1b[1;32m{prompt}\x1b[0m"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.stage.hinted.set(true);
        if self.options.colors {
            Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    /// A signature may stand where the list of candidates goes: the rest of its row is erased.
    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        let left = self.stage.listed.get().saturating_sub(1);
        self.stage.listed.set(left);
        let end = if left == 0 { self.below_list() } else { String::new() };
        Cow::Owned(format!("{candidate}\x1b[K{end}"))
    }

    fn highlight_char(&self, line: &str, cursor: usize, kind: CmdKind) -> bool {
        match kind {
            CmdKind::ForcedRefresh => {
                self.last.set(true);
                self.had_pair.get()
            }
            CmdKind::Other => {
                let pair = self.pair(line, cursor);
                if pair.is_some() || self.had_pair.get() || cursor < line.len() {
                    return true;
                }
                // If the last character has no colour and changes none, it is all there is to
                // write.
                let painted = self.live(line, None);
                let mut drawn = self.drawn.borrow_mut();
                let last = line.chars().next_back().map(String::from);
                let is_more = painted.strip_prefix(drawn.as_str()) == last.as_deref();
                *drawn = painted;
                self.hidden.get() || !is_more
            }
            CmdKind::MoveCursor => {
                self.tall.get() || self.had_pair.get() || self.pair(line, cursor).is_some()
            }
        }
    }
}

fn upwards(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!("\x1b[{rows}A") }
}

/// Whether the terminal breaks the lines that stand on it anew when its width changes, as all do
/// but a few old ones.
fn breaks_anew() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let term = std::env::var("TERM").unwrap_or_default();
    let is_old = ["linux", "vt", "screen"].iter().any(|old| term.starts_with(old));
    is_set("TMUX") || !(is_old || is_set("XTERM_VERSION"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        assert_eq!(pair_at("f(a)", 4), Some((1, 3)));
        assert_eq!(pair_at("f(a)", 1), Some((1, 3)));
        assert_eq!(pair_at("f(a", 1), None);
        assert_eq!(pair_at("f(\")\")", 3), None);
    }
}
