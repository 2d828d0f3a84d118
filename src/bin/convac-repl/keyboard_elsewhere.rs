//! The keyboard where there are no pseudo-terminals: the line editor has it to itself.

use std::process::Stdio;

/// Nothing is taken.
pub fn take(_: bool) -> bool {
    false
}

pub fn is_taken() -> bool {
    false
}

/// The terminal in the hands of somebody for a while.
pub struct Turn;

pub fn listen() -> Turn {
    Turn
}

pub fn lend() -> Turn {
    Turn
}

/// What is typed is not seen.
pub struct Hidden;

pub fn hide() -> Hidden {
    Hidden
}

pub fn restore() {}

pub fn suspend() {}

pub fn for_others() -> Stdio {
    Stdio::inherit()
}
