//! Names that a text itself binds.

use crate::session::cursor::Left;
use crate::syntax::{Token, TokenKind, tokenize};

/// Names that the text itself binds: all its `let`s, and the parameters, `for`s and `where`s of
/// the statement at the cursor.
pub(super) fn local_names<'t>(left: &Left<'t>, text: &'t str) -> Vec<&'t str> {
    let mut names = Vec::new();
    for number in 0..left.tokens.len() {
        if left.word(number) == "let" && left.kind(number + 1) == Some(TokenKind::Word) {
            names.push(left.word(number + 1));
        }
    }
    let here = left.tokens.get(left.statement..).unwrap_or(&[]);
    collect_locals(here, left.text, &mut names);
    // Right of the cursor: `[x for x in xs]` is often written from its end.
    let rest = text.get(left.text.len()..).unwrap_or("");
    let tokens = tokenize(rest).0;
    let mut fresh = false;
    let mut after: Vec<Token> = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        let word = token.text(rest);
        if fresh && word == "let" {
            names.extend(tokens.get(number + 1).map(|name| name.text(rest)));
        }
        fresh = token.kind == TokenKind::Newline;
        if !matches!(token.kind, TokenKind::Newline | TokenKind::Comment | TokenKind::Doc) {
            after.push(*token);
        }
    }
    let end = after.iter().position(|token| matches!(token.text(rest), "let" | "import" | ";"));
    collect_locals(after.get(..end.unwrap_or(after.len())).unwrap_or(&[]), rest, &mut names);
    names
}

/// The parameters, `for`s and `where`s of some tokens.
fn collect_locals<'t>(tokens: &[Token], text: &'t str, names: &mut Vec<&'t str>) {
    let word = |number: usize| tokens.get(number).map_or("", |token| token.text(text));
    let is_word = |number: usize| tokens.get(number).is_some_and(|t| t.kind == TokenKind::Word);
    let mut after_where = false;
    for number in 0..tokens.len() {
        match word(number) {
            "for" => {
                let items = (number + 1..tokens.len()).take_while(|at| word(*at) != "in");
                names.extend(items.take(16).filter(|at| is_word(*at)).map(word));
            }
            "where" => after_where = true,
            "(" if number == 2 && word(0) == "let" => {
                let params = (3..tokens.len()).take_while(|at| word(*at) != ")");
                let params = params.filter(|at| is_word(*at) && matches!(word(*at - 1), "(" | ","));
                names.extend(params.map(word));
            }
            "->" | "→" if number > 0 && is_word(number - 1) => names.push(word(number - 1)),
            "->" | "→" if number > 0 && word(number - 1) == ")" => {
                let params = (0..number - 1).rev().take_while(|at| word(*at) != "(");
                names.extend(params.filter(|at| is_word(*at)).map(word));
            }
            "=" if after_where && number > 1 && is_word(number - 1) => {
                if matches!(word(number - 2), "where" | ",") {
                    names.push(word(number - 1));
                }
            }
            _ => {}
        }
    }
}
