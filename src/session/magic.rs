//! Cells that are not programs: `%time …`, `%who`, `?name` and their like.
//!
//! The first characters of a cell that are no blanks decide. No program begins with `%` or `?`,
//! so nothing is taken away from the language.

use std::ops::Range;

use crate::syntax::{continues_word, starts_word};

/// A magic: what completion, pages and messages say of it.
#[derive(Clone, Copy, Debug)]
pub struct Magic {
    /// Its name with its signs.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// One line.
    pub doc: &'static str,
}

/// All magics.
pub const MAGICS: [Magic; 14] = [
    Magic {
        name: "%time",
        usage: "%time min_cut(net, left_right)",
        doc: "Runs the rest of the cell and says how long it took.",
    },
    Magic {
        name: "%timeit",
        usage: "%timeit min_cut(net, left_right)",
        doc: "Runs the rest of the cell again and again and says how long it takes; nothing is shown or kept.",
    },
    Magic { name: "%who", usage: "%who", doc: "The names that are bound, as a table." },
    Magic { name: "%reset", usage: "%reset", doc: "Forgets all names." },
    Magic {
        name: "%save",
        usage: "%save session.cac",
        doc: "Writes the programs that ran without an error so far as one file.",
    },
    Magic {
        name: "%load",
        usage: "%load first.cac",
        doc: "Runs a file; the names that it binds stay.",
    },
    Magic {
        name: "%edit",
        usage: "%edit",
        doc: "Opens the last program in $VISUAL or $EDITOR and runs what comes back; with a name the program that binds it, with a path that file. In a terminal.",
    },
    Magic {
        name: "%run",
        usage: "%run first.cac",
        doc: "Runs a file by itself: it sees no names of the session; those that it binds stay.",
    },
    Magic {
        name: "%last",
        usage: "%last",
        doc: "Shows the last result whole: all rows and columns.",
    },
    Magic { name: "%doc", usage: "%doc min_cut", doc: "The page of a name, as `?min_cut`." },
    Magic {
        name: "%plots",
        usage: "%plots pictures",
        doc: "Writes every picture that is shown into a folder too; `%plots off` ends that.",
    },
    Magic {
        name: "%%markdown",
        usage: "%%markdown\n# A title",
        doc: "Shows the rest of the cell as text in Markdown.",
    },
    Magic {
        name: "%rust",
        usage: "%rust restart",
        doc: "What is known of the process of Rust cells; `%rust restart` and `%rust stop` end it.",
    },
    Magic {
        name: "%%rust",
        usage: "%%rust --in widths --out total\nlet total: i64 = widths.iter().sum();",
        doc: "Runs the rest of the cell as Rust, by evcxr. `--in a,b` hands values over, `--out c` takes variables back; `--seconds 60` and `--memory 4096` (MiB) are limits. `:dep`, `:vars`, `:opt` and evcxr's other commands work.",
    },
];

/// The magic with this name; its signs belong to it.
pub(super) fn magic(name: &str) -> Option<&'static Magic> {
    MAGICS.iter().find(|magic| magic.name == name)
}

/// What a cell asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'t> {
    /// A program.
    Program(&'t str),
    /// `%time`, and the program behind it.
    Time(&'t str),
    /// `%timeit`, and the program behind it.
    Timeit(&'t str),
    /// `%last`
    Last,
    /// `%edit`, and the name or path if something is said.
    Edit(&'t str),
    /// `%run`, and the path.
    Run(&'t str),
    /// `%who`
    Who,
    /// `%reset`
    Reset,
    /// `%save`, and the path.
    Save(&'t str),
    /// `%load`, and the path.
    Load(&'t str),
    /// `%plots`, and the folder or `off` if something is said.
    Plots(Option<&'t str>),
    /// `?name` or `name?`; `name??` wants more detail.
    Page {
        /// The name; empty for the list of all builtins.
        name: &'t str,
        /// 0, or 1 for the source of a function too.
        detail: u8,
    },
    /// `??word`
    Search(&'t str),
    /// `%%markdown`, and the text below.
    Markdown(&'t str),
    /// `%rust`, and what shall happen to the process of Rust cells.
    Rust(&'t str),
    /// `%%rust`: its options and the text below.
    RustCell {
        /// What stands behind the name.
        options: &'t str,
        /// The Rust code.
        code: &'t str,
    },
    /// A magic that does not exist.
    Unknown {
        /// Its name with its signs.
        name: &'t str,
    },
}

/// Where the parts of `%name argument` stand.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The name with its signs.
    pub name: Range<usize>,
    /// What follows on its line, without blanks around it and without quotes.
    pub argument: Range<usize>,
    /// Where the next line begins.
    pub body: usize,
}

/// The parts of a cell that begins with `%`.
pub(super) fn head(text: &str) -> Option<Head> {
    let start = text.len() - text.trim_start().len();
    let signs = text[start..].bytes().take_while(|byte| *byte == b'%').count().min(2);
    if signs == 0 {
        return None;
    }
    let word = &text[start + signs..];
    let length = word.find(|c| !continues_word(c)).unwrap_or(word.len());
    let name = start..start + signs + length;
    let line_end = text[name.end..].find('\n').map_or(text.len(), |at| name.end + at);
    let body = (line_end + 1).min(text.len());
    let rest = &text[name.end..line_end];
    let trimmed = rest.trim();
    let mut argument = name.end + (rest.len() - rest.trim_start().len())..line_end;
    argument.end = argument.start + trimmed.len();
    if trimmed.len() >= 2 && trimmed.starts_with('"') && trimmed.ends_with('"') {
        argument = argument.start + 1..argument.end - 1;
    }
    Some(Head { name, argument, body })
}

/// Says what a cell asks for.
pub fn split(text: &str) -> Cell<'_> {
    let trimmed = text.trim();
    if let Some(asked) = trimmed.strip_prefix('?') {
        return match asked.strip_prefix('?') {
            Some(word) => Cell::Search(first_line(word)),
            None => Cell::Page { name: first_line(asked), detail: 0 },
        };
    }
    if let Some(name) = trimmed.strip_suffix('?') {
        let (name, detail) = name.strip_suffix('?').map_or((name, 0), |name| (name, 1));
        let name = name.trim_end();
        if is_asked_for(name) {
            return Cell::Page { name, detail };
        }
    }
    let Some(head) = head(text) else { return Cell::Program(text) };
    let argument = text.get(head.argument.clone()).unwrap_or("");
    let name = text.get(head.name.clone()).unwrap_or("");
    match name {
        "%time" | "%%time" => Cell::Time(text.get(head.name.end..).unwrap_or("")),
        "%timeit" | "%%timeit" => Cell::Timeit(text.get(head.name.end..).unwrap_or("")),
        "%last" => Cell::Last,
        "%run" => Cell::Run(argument),
        "%edit" => Cell::Edit(argument),
        "%doc" => Cell::Page { name: argument, detail: 0 },
        "%who" => Cell::Who,
        "%reset" => Cell::Reset,
        "%save" => Cell::Save(argument),
        "%load" => Cell::Load(argument),
        "%plots" => Cell::Plots((!argument.is_empty()).then_some(argument)),
        "%%markdown" => Cell::Markdown(text.get(head.body..).unwrap_or("")),
        "%rust" => Cell::Rust(argument),
        "%%rust" => Cell::RustCell { options: argument, code: text.get(head.body..).unwrap_or("") },
        name => Cell::Unknown { name },
    }
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or("").trim_end()
}

/// Whether `…?` asks for a page: a name, fields of one, or a magic.
fn is_asked_for(name: &str) -> bool {
    let name = name.trim_start_matches('%');
    name.starts_with(starts_word) && name.chars().all(|c| c == '.' || continues_word(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_left_alone() {
        for text in ["", "1 + 1", "  let x = 3", "# %time", "\"%who\"", "a ? b", "f(x)?", "1?"] {
            assert_eq!(split(text), Cell::Program(text), "{text:?}");
        }
    }

    #[test]
    fn magics() {
        assert_eq!(split("%time 1 + 1\n2"), Cell::Time(" 1 + 1\n2"));
        assert_eq!(split("%%time\n2"), Cell::Time("\n2"));
        assert_eq!(split(" \n%who "), Cell::Who);
        assert_eq!(split("%reset\n"), Cell::Reset);
        assert_eq!(split("%save a b.cac  "), Cell::Save("a b.cac"));
        assert_eq!(split("%save \"a b.cac\""), Cell::Save("a b.cac"));
        assert_eq!(split("%save"), Cell::Save(""));
        assert_eq!(split("%load 𝛼.cac"), Cell::Load("𝛼.cac"));
        assert_eq!(split("%plots"), Cell::Plots(None));
        assert_eq!(split("%plots off"), Cell::Plots(Some("off")));
        assert_eq!(split("%%markdown\n# A\nb"), Cell::Markdown("# A\nb"));
        assert_eq!(split("%%markdown"), Cell::Markdown(""));
        assert_eq!(split("%%rust\n1"), Cell::RustCell { options: "", code: "1" });
        let options = Cell::RustCell { options: "--in a, b", code: "1\n2" };
        assert_eq!(split("%%rust  --in a, b \n1\n2"), options);
        assert_eq!(split("%rust restart"), Cell::Rust("restart"));
        assert_eq!(split("%timeit 1"), Cell::Timeit(" 1"));
        assert_eq!(split("%last"), Cell::Last);
        assert_eq!(split("%run a.cac"), Cell::Run("a.cac"));
        assert_eq!(split("%edit"), Cell::Edit(""));
        assert_eq!(split("%edit a.cac"), Cell::Edit("a.cac"));
        assert_eq!(split("%doc rank"), Cell::Page { name: "rank", detail: 0 });
        assert_eq!(split("%doc"), Cell::Page { name: "", detail: 0 });
        assert_eq!(split("%tme 1"), Cell::Unknown { name: "%tme" });
        assert_eq!(split("%%who"), Cell::Unknown { name: "%%who" });
        assert_eq!(split("%"), Cell::Unknown { name: "%" });
        assert_eq!(split("%%%"), Cell::Unknown { name: "%%" });
    }

    #[test]
    fn questions() {
        let page = |name, detail| Cell::Page { name, detail };
        assert_eq!(split("?min_cut"), page("min_cut", 0));
        assert_eq!(split("? min_cut "), page("min_cut", 0));
        assert_eq!(split("min_cut?"), page("min_cut", 0));
        assert_eq!(split(" net.sites ?"), page("net.sites", 0));
        assert_eq!(split("𝛼??"), page("𝛼", 1));
        assert_eq!(split("%time?"), page("%time", 0));
        assert_eq!(split("?"), page("", 0));
        assert_eq!(split("??min cut"), Cell::Search("min cut"));
        assert_eq!(split("??"), Cell::Search(""));
    }

    #[test]
    fn the_table_and_the_cells_agree() {
        for magic in MAGICS {
            assert!(!matches!(split(magic.usage), Cell::Unknown { .. } | Cell::Program(_)));
        }
    }
}
