//! How programs and values look in a terminal: pure functions from text to text with escape
//! sequences. What prints them is the business of the programs in `bin`.

mod highlight;
mod symbols;

pub use highlight::{Paint, highlight};
pub use symbols::{symbol_before, symbols_with};
