//! Earlier inputs: arrows, Ctrl-R, and the file that sessions share.

use crate::terminal::{Setup, Terminal};
use crate::{CTRL_D, DOWN, UP};

#[test]
fn arrows_bring_earlier_inputs() {
    let terminal = Terminal::new();
    terminal.run("1 + 10");
    terminal.run("1 + 20");
    terminal.keys(UP).shows("> 1 + 20\n21\n> 1 + 20");
    terminal.keys(UP).shows("> 1 + 20\n21\n> 1 + 10");
    terminal.keys(DOWN).shows("> 1 + 20\n21\n> 1 + 20");
    terminal.keys(DOWN);
    terminal.is_ready();
}

#[test]
fn arrows_search_for_what_is_typed() {
    let terminal = Terminal::new();
    terminal.run("let wide = 5");
    terminal.run("7 + 7");
    terminal.keys("let").shows("> let");
    terminal.keys(UP).shows("14\n> let wide = 5");
    terminal.keys(DOWN).wait("what was typed", |screen| screen.ends_with("14\n> let"));
}

#[test]
fn arrows_move_inside_an_input_first() {
    let terminal = Terminal::new();
    terminal.keys("[1,\r2").shows("  2");
    let (row, _) = terminal.cursor();
    terminal.keys(UP);
    terminal.wait("the cursor above", |_| terminal.cursor().0 + 1 == row);
    terminal.keys(&format!("{DOWN}]\r"));
    terminal.shows("\n[1, 2]");
}

#[test]
fn an_input_of_many_lines_comes_back_whole() {
    let terminal = Terminal::new();
    terminal.keys("[3,\r4]\r");
    terminal.shows("\n[3, 4]");
    terminal.is_ready();
    terminal.keys(&format!("{UP}\r"));
    terminal.wait("it twice", |screen| screen.matches("\n[3, 4]").count() == 2);
}

#[test]
fn ctrl_r_searches_backwards() {
    let terminal = Terminal::new();
    terminal.run("100 + 11");
    terminal.run("200 + 22");
    terminal.keys("\x12").shows("reverse-i-search");
    terminal.keys("11").shows("100 + 11");
    terminal.keys("\r");
    terminal.wait("it twice", |screen| screen.matches("\n111").count() == 2);
}

#[test]
fn the_history_reaches_the_next_session() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    let setup = Setup { history: Some(&history), ..Setup::default() };
    let mut first = Terminal::with(&setup);
    first.run("let from_before = 1");
    first.keys(CTRL_D);
    first.ends();
    let second = Terminal::with(&setup);
    second.keys(UP);
    second.shows("> let from_before = 1");
}

#[test]
fn the_history_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    let setup = Setup { history: Some(&history), ..Setup::default() };
    let mut first = Terminal::with(&setup);
    first.run("let survivor = 1");
    first.kill();
    let second = Terminal::with(&setup);
    second.keys(UP).shows("> let survivor = 1");
}

#[test]
fn two_sessions_share_a_history_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    let setup = Setup { history: Some(&history), ..Setup::default() };
    let (first, second) = (Terminal::with(&setup), Terminal::with(&setup));
    for number in 0..20 {
        first.keys(&format!("1000 + {number}\r"));
        second.keys(&format!("2000 + {number}\r"));
    }
    first.shows("\n1019");
    second.shows("\n2019");
    first.is_ready();
    second.is_ready();
    let text = std::fs::read_to_string(&history).unwrap();
    for number in 0..20 {
        for base in [1000, 2000] {
            let wanted = format!("\"{base} + {number}\"");
            assert_eq!(text.matches(&wanted).count(), 1, "{wanted} in {text}");
        }
    }
    assert_eq!(text.lines().count(), 40);
}

#[test]
fn a_history_that_cannot_be_written_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no-folder");
    std::fs::write(&file, "").unwrap();
    let history = file.join("history.jsonl");
    let terminal = Terminal::with(&Setup { history: Some(&history), ..Setup::default() });
    terminal.run("1 + 1");
    terminal.run("2 + 2");
    assert_eq!(terminal.text().matches("kept in memory only").count(), 1);
    terminal.keys(UP).shows("4\n> 2 + 2");
}

#[test]
fn what_other_sessions_run_is_reached_at_the_next_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    let setup = Setup { history: Some(&history), ..Setup::default() };
    let (first, second) = (Terminal::with(&setup), Terminal::with(&setup));
    first.run("1000 + 1");
    second.run("2000 + 2");
    first.run("1000 + 3");
    first.keys(UP).shows("> 1000 + 3\n1003\n> 1000 + 3");
    first.keys(UP).shows("1003\n> 2000 + 2");
    first.keys(UP).shows("1003\n> 1000 + 1");
    second.keys("\r");
    second.keys(UP).shows("> 1000 + 3");
    second.keys(UP).shows("\n> \n> 2000 + 2");
}

#[test]
fn without_a_home_the_history_is_off_and_one_line_says_so() {
    let setup = Setup { without: &["CONVAC_HISTORY", "HOME", "XDG_DATA_HOME"], ..Setup::default() };
    let terminal = Terminal::with(&setup);
    terminal.run("1 + 1");
    terminal.run("2 + 2");
    let screen = terminal.text();
    assert_eq!(screen.matches("there is no home folder").count(), 1, "{screen}");
    terminal.keys(UP).shows("4\n> 2 + 2");
    // Nothing is said where that is wanted.
    let wanted = Setup { variables: &[("CONVAC_HISTORY", "")], ..Setup::default() };
    assert!(!Terminal::with(&wanted).text().contains("history"));
}
