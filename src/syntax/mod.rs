//! The language as text: scanner, grammar, syntax tree, formatter.
//!
//! No file is read and nothing is evaluated here; every function is total, for any input.

pub mod ast;
mod build;
mod format;
mod literal;
mod operators;
mod parse;
mod scan;
mod syntax_error;
mod token;

pub use crate::symbol::Symbol;
pub use format::format;
pub use literal::escape;
pub use parse::{MAX_SOURCE, MAX_STATEMENT, Program, gives_up_at_end, parse};
pub use scan::{MAX_DEPTH, Problem, RawStatement, Scan, scan};
pub use token::{RESERVED, Token, TokenKind, continues_word, goes_on, starts_word, tokenize};
