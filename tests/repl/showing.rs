//! What a terminal shows of values, and settings.

use crate::terminal::{Setup, Terminal};

const NET: &str = "let net = network { input(8, dim = 2), conv(3), pool(8), output(1) }";

#[test]
fn plots_are_drawn_in_letters_as_wide_as_the_terminal() {
    for columns in [50, 120] {
        let terminal = Terminal::with(&Setup { columns, rows: 40, ..Setup::default() });
        terminal.keys("plot([1, 4, 9, 16, 25])\r");
        terminal.shows("└");
        let screen = terminal.is_ready();
        let drawn = screen.split("25])").nth(1).unwrap();
        let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let least = usize::from(columns) / 2;
        assert!(widest > least && widest <= usize::from(columns), "{widest}\n{screen}");
        assert!(screen.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{screen}");
    }
}

#[test]
fn cuts_are_shown_as_trees() {
    let terminal = Terminal::with(&Setup { rows: 40, ..Setup::default() });
    terminal.run(NET);
    terminal.keys("min_cut(net, left_right)\r");
    terminal.shows("min-cut 3, exact");
    let screen = terminal.is_ready();
    assert!(screen.contains('×') && screen.contains("conv0  r = 3"), "{screen}");
}

#[test]
fn plots_by_the_protocol_of_kitty() {
    let variables = [("KITTY_WINDOW_ID", "1"), ("TERM", "xterm-kitty")];
    let terminal = Terminal::with(&Setup { variables: &variables, ..Setup::default() });
    terminal.keys("plot([1, 4, 9])\r");
    let raw = terminal.writes("m=0;");
    assert!(raw.contains("f=100"), "{raw:?}");
}

#[test]
fn plots_by_the_protocol_of_iterm2_and_as_sixels() {
    let plot = |setup: &Setup, begins: &str, ends: &str| {
        let terminal = Terminal::with(setup);
        terminal.keys("plot([1, 4, 9])\r");
        terminal.writes(begins);
        terminal.writes(ends);
    };
    let iterm2 = Setup { variables: &[("TERM_PROGRAM", "iTerm.app")], ..Setup::default() };
    plot(&iterm2, "\x1b]1337;File=", "\x07");
    let sixel = Setup { arguments: &["--plots", "sixel"], ..Setup::default() };
    plot(&sixel, "\x1bP", "\x1b\\");
}

#[test]
fn plots_in_blocks_when_asked_for() {
    let setup = Setup { arguments: &["--plots", "blocks"], rows: 40, ..Setup::default() };
    let terminal = Terminal::with(&setup);
    terminal.keys("plot([1, 4, 9])\r");
    terminal.shows("▀");
    terminal.is_ready();
}

#[test]
fn plots_are_written_as_files_too() {
    let terminal = Terminal::new();
    terminal.keys("%plots pictures\r");
    terminal.shows("are written to pictures");
    terminal.is_ready();
    terminal.keys("plot([1, 4, 9])\r");
    terminal.shows("└");
    terminal.is_ready();
    let folder = terminal.folder().join("pictures");
    assert!(folder.join("01-plot.svg").is_file() && folder.join("01-plot.png").is_file());
}

#[test]
fn tables_fit_the_terminal() {
    let terminal = Terminal::with(&Setup { columns: 40, ..Setup::default() });
    terminal.keys("[{aa: 1, text: \"long words that do not fit into a line of this\", z: 3}]\r");
    terminal.shows("──");
    let screen = terminal.is_ready();
    let rule = screen.lines().find(|line| line.starts_with("──")).unwrap();
    assert!(rule.chars().count() <= 40 && screen.contains('…'), "{screen}");
}

#[test]
fn the_last_result_and_help() {
    let terminal = Terminal::with(&Setup { rows: 60, ..Setup::default() });
    assert_eq!(terminal.run("6 * 7"), "42");
    assert_eq!(terminal.run("ans + 1"), "43");
    terminal.keys("[{n: i} for i in 1..50]\r");
    terminal.shows("… 10 more rows");
    terminal.is_ready();
    terminal.keys("%last\r");
    terminal.shows("\n50\n");
    terminal.is_ready();
    terminal.keys("help min_cut\r");
    terminal.shows("Fields of the result");
}

#[test]
fn settings_are_read_and_bad_ones_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let settings = "prompt = \">>> \"\nbanner = false\nhints = false\nmood = \"vi\"\n";
    std::fs::write(&file, settings).unwrap();
    let variables = [("CONVAC_CONFIG", file.to_str().unwrap())];
    let terminal = Terminal::with(&Setup { variables: &variables, ..Setup::default() });
    let screen = terminal.text();
    assert!(screen.contains("there is no setting `mood`") && !screen.contains("Tab completes"));
    assert!(screen.contains("\n>>>"), "{screen}");
    terminal.keys("min_cut(1").shows("min_cut(1");
    assert!(!terminal.text().contains("across"));
}

/// An editor that appends a line, or does something else.
fn with_editor(script: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("editor of mine.sh");
    std::fs::write(&path, script).unwrap();
    let command = format!("sh '{}'", path.display());
    (folder, command)
}

#[test]
fn the_last_program_is_edited_and_run() {
    let (_folder, editor) = with_editor("printf 'x + 1\\n' >> \"$1\"");
    let terminal =
        Terminal::with(&Setup { variables: &[("VISUAL", editor.as_str())], ..Setup::default() });
    terminal.run("let x = 41");
    terminal.keys("%edit\r");
    let screen = terminal.shows("\n42");
    assert!(screen.contains("> let x = 41\nx + 1"), "{screen}");
    // What came back is an input like any other.
    terminal.is_ready();
    terminal.keys("\x1b[A");
    terminal.wait("the edited input", |screen| screen.trim_end().ends_with("x + 1"));
    terminal.keys("\x03let y = 1\r%edit x\r");
    terminal.wait("the program of x", |screen| screen.matches("\n42").count() == 3);
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let drafts = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(&format!("convac-{}-", terminal.process()))
    });
    assert_eq!(drafts.count(), 0);
}

#[test]
fn a_file_is_edited_and_run() {
    let (_folder, editor) = with_editor("printf 'let z = 6\\nz * 7\\n' > \"$1\"");
    let terminal =
        Terminal::with(&Setup { variables: &[("VISUAL", editor.as_str())], ..Setup::default() });
    terminal.keys("%edit new.cac\r");
    terminal.shows("\n42");
    assert_eq!(terminal.run("z"), "6");
    assert!(terminal.folder().join("new.cac").is_file());
}

#[test]
fn editors_that_fail_run_nothing() {
    let (_folder, editor) = with_editor("exit 3");
    for (editor, wanted) in [(editor.as_str(), "exit status: 3"), ("no-such-editor", "no editor")] {
        let setup = Setup { variables: &[("VISUAL", editor)], columns: 200, ..Setup::default() };
        let terminal = Terminal::with(&setup);
        assert_eq!(terminal.run("1 + 1"), "2");
        terminal.keys("%edit\r");
        let screen = terminal.shows("error[E08]");
        assert!(screen.contains(wanted), "{screen}");
        assert_eq!(terminal.run("2 + 2"), "4");
        terminal.keys("%edit nothing\r");
        terminal.shows("no program of this session binds `nothing`");
    }
}

#[test]
fn a_program_that_failed_is_edited() {
    let (_folder, editor) = with_editor("sed -i 's/[*] b/* 7/' \"$1\"");
    let terminal =
        Terminal::with(&Setup { variables: &[("VISUAL", editor.as_str())], ..Setup::default() });
    assert_eq!(terminal.run("1 + 1"), "2");
    terminal.keys("6 * b\r");
    terminal.shows("there is no `b`");
    terminal.is_ready();
    terminal.keys("%edit\r");
    terminal.shows("> 6 * 7\n42");
}

#[test]
fn pages_errors_and_lists_break_between_words() {
    let terminal = Terminal::with(&Setup { columns: 40, rows: 100, ..Setup::default() });
    // Each line ends where the next word would not fit, or where the text has an end.
    let breaks_well = |screen: &str, words: &[&str]| {
        for word in words {
            assert!(screen.contains(word), "{word} is broken:\n{screen}");
        }
    };
    let page = std::process::Command::new(env!("CARGO_BIN_EXE_convac"))
        .args(["doc", "min_cut"])
        .output()
        .unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    terminal.keys("?min_cut\r").shows("Fields of the result");
    breaks_well(&terminal.is_ready(), &page.split_whitespace().collect::<Vec<_>>());
    terminal.keys("let sites_of_mine = sites([1]) + rectangle_of_mine\r").shows("= hint");
    breaks_well(&terminal.is_ready(), &["builtin,", "above", "rectangle_of_mine"]);
    let numbers: Vec<String> = (1000..1030).map(|number| format!("{number},")).collect();
    terminal.keys("[1000 + i for i in 0..30]\r").shows("1030]");
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    breaks_well(&terminal.is_ready(), &numbers);
}

#[test]
fn marks_stand_below_what_they_mark_in_long_lines() {
    let terminal = Terminal::with(&Setup { columns: 40, ..Setup::default() });
    terminal.run("let far = [1, 2, 3, 4, 5, 6, 7, 8] |> map(x -> x + nowhere)");
    let screen = terminal.text();
    let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let at = rows.iter().position(|row| row.starts_with("1 │")).unwrap();
    let mark = rows.iter().position(|row| row.contains("^^^^^^^")).unwrap();
    assert!(at + 2 == mark && rows[at + 1].contains("nowhere"), "{screen}");
    let column = |row: &str, part: &str| row.find(part).map(|at| row[..at].chars().count());
    assert_eq!(column(rows[mark], "^"), column(rows[at + 1], "nowhere"), "{screen}");
}
