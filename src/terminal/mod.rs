//! How programs and values look in a terminal: pure functions from text to text with escape
//! sequences. What prints them is the business of the programs in `bin`.

mod excerpt;
mod graphics;
mod highlight;
mod show;
mod sixel;
mod symbols;
mod tables;
mod wrap;

pub use graphics::{Graphics, Screen, inline};
pub use highlight::{Paint, highlight};
pub use show::show;
pub use symbols::{symbol_before, symbols_with};
pub use wrap::wrapped;
