//! What is typed, pasted and typed ahead.

use crate::terminal::{Setup, Terminal};
use crate::{CTRL_C, UP};

const LONG: &str = "let s = [sum([i * j for j in 1..20000]) for i in 1..20000]\r";

#[test]
fn bytes_that_are_no_text_cost_nothing() {
    let terminal = Terminal::new();
    terminal.run("let kept = 40");
    terminal.bytes(b"kept + \xff").writes("\u{fffd}");
    terminal.keys("\x7f2\r").shows("\n42");
    terminal.is_ready();
    terminal.bytes(b"\x1b[200~let pasted = \"na\xefve\"\x1b[201~\r");
    terminal.is_ready();
    terminal.run("pasted");
    terminal.writes("\nna\u{fffd}ve");
    assert_eq!(terminal.run("kept / 4"), "10.0");
    // A character may come in pieces.
    terminal.bytes(b"let \xce").bytes(b"\xb1 = 3\r");
    terminal.shows("let α = 3");
}

#[test]
fn a_text_of_many_lines_is_typed_line_by_line() {
    let terminal = Terminal::new();
    for line in ["let text = \"one", "it's 2 3 (", "", "let me see"] {
        terminal.keys(&format!("{line}\r"));
        terminal.wait("a new line", |_| terminal.cursor().1 == 0);
    }
    terminal.keys("five\"\r");
    terminal.is_ready();
    assert_eq!(terminal.run("text == \"one\\nit's 2 3 (\\n\\nlet me see\\nfive\""), "true");
}

#[test]
fn documentation_waits_for_what_it_tells_of() {
    let terminal = Terminal::new();
    terminal.keys("## Twice as much.\rlet double(x) = 2 * x\r");
    terminal.is_ready();
    terminal.keys("?double\r").shows("\nTwice as much.");
    terminal.is_ready();
    // Of nothing: an empty line ends it.
    terminal.keys("## Nothing.\r\r");
    terminal.is_ready();
    assert_eq!(terminal.run("double(4)"), "8");
}

#[test]
fn control_characters_of_a_paste_are_dropped() {
    let terminal = Terminal::new();
    terminal.bytes(b"\x1b[200~1\x01 + \x1b[31m41\x1b[0m\x07\x7f\x1b[201~").shows("> 1 + 41");
    assert!(!terminal.raw().contains(['\x01', '\x07', '\x7f']));
    terminal.keys("\r").shows("\n42");
}

#[test]
fn what_is_typed_behind_ctrl_c_is_not_lost() {
    let terminal = Terminal::new();
    terminal.keys(&format!("given up{CTRL_C}6 * 7\r")).shows("\n42");
    assert!(!terminal.is_ready().contains("error"));
}

#[test]
fn what_is_typed_ahead_answers_a_question() {
    let terminal = Terminal::new();
    terminal.keys("let name = ask(\"Who?\")\rEmmy\rname\r").shows("\nEmmy");
    let screen = terminal.is_ready();
    assert!(screen.contains("Who? Emmy\n> name\nEmmy\n"), "{screen}");
}

#[test]
fn an_answer_is_no_input_and_may_be_given_up() {
    let terminal = Terminal::new();
    terminal.keys("ask(\"Who? \")\r").shows("\nWho?");
    terminal.wait("one blank", |_| terminal.cursor().1 == 5);
    // Neither earlier inputs nor names: the session is busy.
    terminal.keys(UP).keys("\t").keys("min_cut(").shows("Who? min_cut(");
    assert_eq!(terminal.text().lines().last().unwrap().trim_end(), "Who? min_cut(");
    terminal.keys(CTRL_C).shows("interrupted");
    terminal.is_ready();
    assert_eq!(terminal.run("1 + 1"), "2");
}

#[test]
fn questions_of_a_file_and_of_an_expression_are_answered_in_the_editor() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asks.cac");
    std::fs::write(&file, "let word = ask(\"Word?\", password = true)\n").unwrap();
    let arguments = ["-i", file.to_str().unwrap()];
    let terminal = Terminal::start(&Setup { arguments: &arguments, ..Setup::default() });
    terminal.shows("Word?");
    terminal.keys("secret").shows("Word? ******");
    terminal.keys("\r");
    terminal.is_ready();
    assert_eq!(terminal.run("len(word)"), "6");
    let arguments = ["-e", "ask(\"Who?\") + \"!\""];
    let mut terminal = Terminal::start(&Setup { arguments: &arguments, ..Setup::default() });
    terminal.shows("Who?");
    terminal.keys("Emny\x7f\x7fmy\r").shows("Emmy!");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_as_found());
}

#[test]
fn what_is_typed_while_something_runs_is_not_seen() {
    let terminal = Terminal::new();
    terminal.keys(LONG).shows("left");
    terminal.wait("the cursor at the beginning", |_| terminal.cursor().1 == 0);
    terminal.keys("seen\rseen\r");
    terminal.resize(24, 60);
    terminal.keys(CTRL_C).shows("interrupted");
    let screen = terminal.is_ready();
    assert!(!screen.contains(" left") && !screen.contains("seen"), "{screen}");
    assert!(!screen.contains("^C"), "{screen}");
}

#[test]
fn lines_without_marks_keep_their_own_indentation() {
    let terminal = Terminal::new();
    terminal.keys("[1,\r  2,\r  [3,\r    4]\r]\r").shows("\n[1, 2, [3, 4]]");
    let screen = terminal.is_ready();
    assert!(screen.contains("> [1,\n  2,\n  [3,\n    4]\n]\n"), "{screen}");
}

#[test]
fn tab_indents_where_a_line_begins() {
    let terminal = Terminal::new();
    terminal.keys("[1,\r");
    terminal.wait("a second line", |_| terminal.cursor() == (3, 2));
    terminal.keys("\t");
    terminal.wait("more blanks", |_| terminal.cursor() == (3, 4));
    terminal.keys("2]\r").shows("\n    2]\n[1, 2]");
}

#[test]
fn long_inputs_are_not_drawn_again_for_every_key() {
    let terminal = Terminal::new();
    terminal.keys("let text = \"").shows("text = ");
    let before = terminal.written();
    let mut typed = String::from("let text = \"");
    for number in 0..2000 {
        let key = char::from(b'a' + u8::try_from(number % 26).unwrap());
        terminal.keys(&key.to_string());
        typed.push(key);
        if number % 100 == 99 {
            let end = typed[typed.len() - 40..].to_owned();
            terminal.wait("what was typed", |screen| screen.replace('\n', "").contains(&end));
        }
    }
    let written = terminal.written() - before;
    assert!(written < 4_000_000, "{written} bytes for 2,000 keys");
    terminal.keys("\"\r");
    terminal.is_ready();
    assert_eq!(terminal.run("len(text)"), "2000");
}

#[test]
fn a_long_line_at_once_is_drawn_once() {
    let terminal = Terminal::new();
    let before = terminal.written();
    terminal.keys(&format!("let text = \"{}", "x".repeat(3000)));
    terminal.wait("the end", |screen| screen.contains(&"x".repeat(80)));
    terminal.keys("end").wait("its end", |screen| screen.trim_end().ends_with("xend"));
    let written = terminal.written() - before;
    assert!(written < 100_000, "{written} bytes for 3,000 characters");
}

#[test]
fn lists_of_candidates_end_at_the_screen_and_want_no_answer() {
    let terminal = Terminal::new();
    terminal.keys("\t").shows(" more");
    terminal.is_ready();
    assert!(!terminal.text().contains("--More--") && !terminal.text().contains("Display all"));
    terminal.keys("6 * 7\r").shows("\n42");
    terminal.is_ready();
    let names: Vec<String> = (0..300).map(|number| format!("let name{number} = 1")).collect();
    terminal.paste(&names.join("\n")).keys("\r");
    terminal.is_ready();
    terminal.keys("na\t").shows(" more");
    terminal.wait("what all agree in", |screen| screen.trim_end().ends_with("> name"));
    terminal.keys(CTRL_C);
    terminal.is_ready();
    assert_eq!(terminal.run("name7 + 1"), "2");
}

#[test]
fn lists_of_candidates_erase_the_signature() {
    let terminal = Terminal::with(&Setup { columns: 120, ..Setup::default() });
    terminal.run("let net_a = 1");
    terminal.run("let net_b = 2");
    terminal.keys("min_cut(net_").shows("-> cut");
    terminal
        .keys("\t")
        .wait("a list and the input again", |screen| screen.matches("min_cut(net_").count() == 2);
    let screen = terminal.text();
    let list = screen.lines().find(|line| line.starts_with("net_a")).unwrap();
    assert_eq!(list.trim_end(), "net_a  net_b", "{screen}");
}

#[test]
fn ctrl_z_gives_the_terminal_back() {
    let terminal = Terminal::new();
    terminal.keys("1 + ").shows("> 1 +");
    assert!(!terminal.is_as_found());
    // No shell stops the process of this test; it goes on at once.
    terminal.keys("\x1a41\r").shows("\n42");
}

#[test]
fn lists_of_candidates_stay_above_an_input_of_many_lines() {
    let terminal = Terminal::new();
    terminal.run("let net_a = 1");
    terminal.run("let net_b = 2");
    for lines in ["[1,\r2,\r", "min_cut(\r"] {
        terminal.keys(&format!("{lines}net_")).shows("  net_");
        terminal.keys("\t");
        let first = lines.split('\r').next().unwrap();
        terminal.wait("a list between two inputs", |screen| {
            let below = screen.split_once("net_a  net_b\n").map_or("", |(_, below)| below);
            below.starts_with(&format!("> {first}\n")) && below.contains("  net_")
        });
        terminal.keys(CTRL_C);
        terminal.is_ready();
        terminal.keys("\x0c");
        terminal.wait("an empty screen", |screen| screen.trim() == ">");
    }
}

#[test]
fn a_narrower_terminal_has_no_rows_of_the_wider_one() {
    let input = "[100000, 200000, 300000, 400000]";
    // A terminal that breaks its lines anew: what it made of them is erased first.
    let terminal = Terminal::new();
    terminal.keys(input).shows("400000]");
    terminal.resize(24, 20);
    terminal.writes("\r\x1b[1A\x1b[J");
    // One that does not, as the one of this test: nothing more is erased.
    let variables = [("XTERM_VERSION", "XTerm(388)")];
    let terminal = Terminal::with(&Setup { variables: &variables, ..Setup::default() });
    terminal.keys(input).shows("400000]");
    terminal.resize(24, 20);
    let screen = terminal
        .wait("the input anew", |screen| screen.replace('\n', "").trim_end().ends_with(input));
    assert_eq!(screen.matches("[100000").count(), 1, "{screen}");
    assert!(screen.starts_with("convac"), "{screen}");
}
