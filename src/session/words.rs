//! The reserved words: how they are used, in one line each.

/// A reserved word.
pub(super) struct Word {
    pub word: &'static str,
    pub usage: &'static str,
    pub doc: &'static str,
}

const fn word(word: &'static str, usage: &'static str, doc: &'static str) -> Word {
    Word { word, usage, doc }
}

/// All of them.
pub(super) const WORDS: [Word; 18] = [
    word("let", "let f(x, y = 2) = x + y", "Binds a name to a value, or a function."),
    word(
        "import",
        "import \"lib.cac\" as lib",
        "Makes the names of another file the fields of one.",
    ),
    word("as", "import \"lib.cac\" as lib", "Names what `import` reads."),
    word(
        "if",
        "if x > 0 then 1 else 2",
        "Chooses between two values; also keeps items in `[… for …]`.",
    ),
    word("then", "if x > 0 then 1 else 2", "The value if the condition is true."),
    word("else", "if x > 0 then 1 else 2", "The value if the condition is false."),
    word("for", "[x^2 for x in 1..4 if x != 2]", "A list made of another one, item by item."),
    word("in", "2 in [1, 2]", "Whether a list has an item; also names the items of `for`."),
    word("where", "a + b where a = 1, b = 2", "Names for the expression before it alone."),
    word(
        "network",
        "network { input(16, dim = 2), conv(4), pool(16), output(2) }",
        "A network of layers.",
    ),
    word("and", "x > 0 and x < 9", "True if both sides are."),
    word("or", "x < 0 or x > 9", "True if one side is."),
    word("not", "not x > 0", "True for false."),
    word("mod", "7 mod 3", "The remainder of a division."),
    word("div", "7 div 3", "The whole part of a division."),
    word("true", "true", "The bool that holds."),
    word("false", "false", "The bool that does not."),
    word("none", "none", "No value."),
];

/// The entry of a word.
pub(super) fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|entry| entry.word == name)
}

#[cfg(test)]
mod tests {
    use super::WORDS;
    use crate::syntax::RESERVED;

    #[test]
    fn no_word_is_missing() {
        let words: Vec<&str> = WORDS.iter().map(|entry| entry.word).collect();
        assert_eq!(words, RESERVED);
    }
}
