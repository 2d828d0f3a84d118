//! How a session ends, and where its output goes.

use nix::sys::signal::Signal;

use crate::terminal::{Setup, Terminal};
use crate::{CTRL_D, UP};

#[test]
fn signals_end_the_session_and_leave_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history.jsonl");
        let setup = Setup { history: Some(&history), ..Setup::default() };
        let mut at_prompt = Terminal::with(&setup);
        at_prompt.run("let survivor = 1");
        at_prompt.signal(signal);
        assert_eq!(at_prompt.ends(), code);
        assert!(at_prompt.is_as_found());
        at_prompt.wait("the end of marks around pastes", |_| {
            at_prompt.raw().trim_end().ends_with("\x1b[?2004l")
        });
        let next = Terminal::with(&setup);
        next.keys(UP).shows("> let survivor = 1");
        let mut busy = Terminal::new();
        busy.keys("sum([sum([i * j for j in 1..20000]) for i in 1..20000])\r").shows("left");
        busy.signal(signal);
        assert_eq!(busy.ends(), code);
        assert!(busy.is_as_found());
    }
}

#[test]
fn the_terminal_is_as_it_was_after_every_end() {
    for way in [CTRL_D, "exit\r"] {
        let mut terminal = Terminal::new();
        terminal.keys(way);
        assert_eq!(terminal.ends(), 0);
        assert!(terminal.is_as_found());
    }
}

#[test]
fn an_output_that_goes_elsewhere_gets_values_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.txt");
    let mut terminal = Terminal::with(&Setup { output: Some(&file), ..Setup::default() });
    terminal.keys("let x = [1,\n").shows("[1,");
    terminal.keys("41]\nsum(x)\n[{a: 1}]\nask(\"Who?\")\n").shows("Who?");
    // The whole message and its prompt, before more is typed: the terminal itself echoes here, and
    // would put what comes early between their lines.
    terminal.keys("Emmy\noops\n").shows("hint: let oops = 8\n>");
    terminal.keys("let word = ask(\"Word?\", password = true)\n").shows("\nWord?");
    terminal.keys("secret\n");
    terminal.is_ready();
    terminal.keys("len(word)\n").shows("> len(word)");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.ends(), 0);
    let values = std::fs::read_to_string(&file).unwrap();
    assert_eq!(values, "42\na\n─\n1\nEmmy\n6\n");
    assert!(!terminal.raw().contains("secret"));
}

#[test]
fn json_has_no_prompts_between_its_lines() {
    let mut terminal =
        Terminal::start(&Setup { arguments: &["--json"], columns: 200, ..Setup::default() });
    terminal.keys("1 + 1\n").shows("\"value\":2");
    terminal.keys("oops\n").shows("\"code\":\"E02\"");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.ends(), 0);
    let raw = terminal.raw();
    let lines: Vec<&str> = raw.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 2, "{raw:?}");
    assert!(!raw.contains('>') && !raw.contains("convac"), "{raw:?}");
}
