//! The terminal session, through the real program in a terminal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod endings;
mod history;
mod keyboard;
mod showing;
mod terminal;

use terminal::{Setup, Terminal};

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const LEFT: &str = "\x1b[D";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

#[test]
fn a_banner_of_two_lines_and_a_prompt() {
    let terminal = Terminal::new();
    let lines: Vec<String> = terminal.text().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("convac "), "{lines:?}");
    assert!(lines[1].contains("?min_cut"), "{lines:?}");
    assert_eq!(lines[2].trim_end(), ">");
    assert_eq!(terminal.cursor(), (2, 2));
}

#[test]
fn values_are_shown_and_names_stay() {
    let terminal = Terminal::new();
    assert_eq!(terminal.run("1 + 1"), "2");
    assert_eq!(terminal.run("let x = 20"), "");
    assert_eq!(terminal.run("x + 22"), "42");
}

#[test]
fn an_open_bracket_goes_on_with_indentation() {
    let terminal = Terminal::new();
    terminal.keys("[1,\r");
    terminal.wait("a second line", |screen| screen.lines().count() == 4);
    assert_eq!(terminal.cursor(), (3, 2));
    terminal.keys("2]\r");
    terminal.shows("[1, 2]");
}

#[test]
fn an_operator_at_the_end_goes_on() {
    let terminal = Terminal::new();
    terminal.keys("40 +\r2\r");
    terminal.shows("\n42");
}

#[test]
fn two_empty_lines_force() {
    let terminal = Terminal::new();
    terminal.keys("[1,\r\r\r");
    terminal.shows("error[E01]");
    assert_eq!(terminal.is_ready().matches("error").count(), 1);
}

#[test]
fn alt_enter_is_a_new_line_always() {
    let terminal = Terminal::new();
    terminal.keys("1\x1b\r2\r");
    terminal.shows("\n1\n2");
}

#[test]
fn programs_are_coloured_while_they_are_typed() {
    let terminal = Terminal::new();
    terminal.keys("let a = min_cut(\"text\", 42) # why");
    terminal.shows("# why");
    assert_eq!(terminal.color_of("let a"), vt100::Color::Idx(5));
    assert_eq!(terminal.color_of("min_cut("), vt100::Color::Idx(4));
    assert_eq!(terminal.color_of("\"text"), vt100::Color::Idx(2));
    assert_eq!(terminal.color_of("42"), vt100::Color::Idx(6));
    assert_eq!(terminal.color_of("# why"), vt100::Color::Idx(8));
}

#[test]
fn the_signature_stands_below_a_call() {
    let terminal = Terminal::new();
    terminal.keys("min_cut(");
    terminal.shows("min_cut(net, across, output = \"none\") -> cut");
    terminal.keys("\x7f");
    terminal.wait("no signature", |screen| !screen.contains("across"));
}

#[test]
fn the_signature_goes_when_the_input_runs() {
    let terminal = Terminal::new();
    terminal.keys("max([1, 7]");
    terminal.shows("max(");
    terminal.keys(")\r");
    let screen = terminal.shows("\n7");
    assert!(!screen.contains("->"), "{screen}");
}

#[test]
fn signatures_of_own_functions() {
    let terminal = Terminal::new();
    terminal.run("let wide(base, tip = 3) = base + tip");
    terminal.keys("wide(");
    terminal.shows("\n  wide(base, tip = 3)");
}

#[test]
fn tab_completes_names() {
    let terminal = Terminal::new();
    terminal.run("let wonderful = 41");
    terminal.keys("wond\t + 1\r");
    terminal.shows("\n42");
}

#[test]
fn tab_lists_what_is_possible() {
    let terminal = Terminal::new();
    terminal.keys("left\t");
    terminal.shows("left_right");
    terminal.keys(CTRL_C);
    terminal.is_ready();
    terminal.keys("min\t");
    terminal.wait("two candidates", |screen| {
        let list = screen.rsplit("> min").nth(1).unwrap_or("");
        list.contains("min_cut") || screen.contains("min_cut  ")
    });
}

#[test]
fn tab_completes_arguments_fields_magics_and_paths() {
    let terminal = Terminal::new();
    terminal.run("let net = network { input(4, dim = 2), conv(3), pool(4), output(1) }");
    terminal.keys("net.sit\t\r");
    terminal.shows("\n4");
    terminal.keys("init(net, see\t");
    terminal.shows("seed");
    terminal.keys(CTRL_C);
    let screen = terminal.is_ready();
    assert!(!screen.contains("-> model"), "{screen}");
    std::fs::write(terminal.folder().join("lonely.cac"), "let inside = 5\n").unwrap();
    terminal.keys("%loa\t lon\t\r");
    terminal.shows("%load lonely.cac");
    assert_eq!(terminal.run("inside"), "5");
}

#[test]
fn backslash_names_become_symbols() {
    let terminal = Terminal::new();
    terminal.keys("let \\alpha\t = 6\r");
    terminal.shows("let α = 6");
    terminal.keys("\\alp\t\r");
    terminal.shows("\n6");
}

#[test]
fn errors_show_the_place_the_cause_and_a_hint() {
    let terminal = Terminal::new();
    terminal.keys("min_ct(3)\r");
    let screen = terminal.shows("hint: did you mean `min_cut`?");
    assert!(screen.contains("error[E02]") && screen.contains("^^^^^^"), "{screen}");
    assert_eq!(terminal.color_of("error[E02]"), vt100::Color::Idx(1));
}

#[test]
fn ctrl_c_clears_what_is_typed() {
    let terminal = Terminal::new();
    terminal.keys("let half = [1,\r2").shows("2");
    terminal.keys(CTRL_C);
    terminal.is_ready();
    assert_eq!(terminal.run("1 + 2"), "3");
}

#[test]
fn ctrl_c_stops_a_computation_and_keeps_the_names() {
    let terminal = Terminal::new();
    terminal.run("let kept = 17");
    terminal.keys("sum([sum([i * j for j in 1..20000]) for i in 1..20000])\r");
    terminal.shows("20000])\n");
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.keys(CTRL_C);
    terminal.shows("interrupted");
    terminal.is_ready();
    assert_eq!(terminal.run("kept"), "17");
}

#[test]
fn ctrl_c_in_training_keeps_the_model_so_far() {
    let terminal = Terminal::new();
    let net =
        "network { input(4x4, dim = 2, features = \"cos_sin\"), conv(3), pool(4x4), output(2) }";
    terminal.keys(&format!("let net = {net};\r"));
    terminal.is_ready();
    terminal.keys("let m = train(net, stripes(4x4), epochs = 1000000)\r").shows("accuracy");
    terminal.keys(CTRL_C).shows("interrupted after");
    terminal.is_ready();
    assert_eq!(terminal.run("m.finished"), "false");
    assert_eq!(terminal.run("accuracy(m, stripes(4x4)) > 0"), "true");
}

#[test]
fn progress_leaves_nothing_behind() {
    let terminal = Terminal::new();
    terminal.keys("let s = [sum([i * j for j in 1..20000]) for i in 1..20000]\r");
    terminal.shows("left");
    terminal.keys(CTRL_C);
    terminal.shows("interrupted");
    let screen = terminal.is_ready();
    assert!(!screen.contains(" left"), "{screen}");
}

#[test]
fn ctrl_d_exit_and_quit_leave() {
    for way in [CTRL_D, "exit\r", "quit\r", "exit()\r"] {
        let mut terminal = Terminal::new();
        terminal.keys(way);
        assert_eq!(terminal.ends(), 0, "{way:?}");
    }
}

#[test]
fn exit_may_be_a_name() {
    let terminal = Terminal::new();
    terminal.run("let exit = 8");
    assert_eq!(terminal.run("exit + 1"), "9");
    terminal.keys("exit\r");
    terminal.shows("\n8");
}

#[test]
fn a_pasted_program_is_one_input() {
    let terminal = Terminal::new();
    terminal.paste("let a = [1,\n  2]\nlet b = 3\nsum(a) + b\n");
    terminal.shows("sum(a) + b");
    assert!(!terminal.text().contains("\n6"));
    terminal.keys("\r");
    terminal.shows("\n6");
}

#[test]
fn a_program_higher_than_the_screen() {
    let terminal = Terminal::with(&Setup { rows: 12, ..Setup::default() });
    let lines: Vec<String> = (0..500).map(|number| format!("let v{number} = {number}")).collect();
    terminal.paste(&lines.join("\n"));
    terminal.wait("its end", |screen| screen.ends_with("let v499 = 499"));
    assert_eq!(terminal.cursor().0, 11);
    // Up to the top of the screen and beyond: the cursor's line is always seen.
    terminal.keys(&UP.repeat(30));
    terminal.shows("let v469 = 469");
    terminal.keys("x");
    terminal.shows("let v469 = 469x");
    terminal.keys(&format!("\x7f{}", DOWN.repeat(30)));
    terminal.wait("its end again", |screen| screen.ends_with("let v499 = 499"));
    terminal.keys("\r");
    terminal.is_ready();
    assert_eq!(terminal.run("v0 + v250 + v499"), "749");
}

#[test]
fn a_high_input_stays_in_the_memory_of_the_terminal_once() {
    let terminal = Terminal::with(&Setup { rows: 10, ..Setup::default() });
    assert_eq!(terminal.run("123456"), "123456");
    let lines: Vec<String> = (0..30).map(|number| format!("let w{number} = {number}")).collect();
    terminal.paste(&lines.join("\n"));
    terminal.wait("its end", |screen| screen.ends_with("let w29 = 29"));
    terminal.keys(&LEFT.repeat(5));
    terminal.keys("\r");
    terminal.is_ready();
    assert_eq!(terminal.run("w7 + w9"), "16");
}

#[test]
fn a_smaller_terminal_breaks_lines_anew() {
    let terminal = Terminal::new();
    terminal.keys("[100000, 200000, 300000, 400000]").shows("400000]");
    terminal.resize(24, 30);
    terminal.keys(LEFT);
    terminal.keys("\r");
    let screen = terminal.is_ready();
    assert!(screen.replace('\n', "").contains("[100000, 200000, 300000, 400000]"), "{screen}");
}

#[test]
fn no_color_means_no_colours() {
    let setup = Setup { variables: &[("NO_COLOR", "1")], ..Setup::default() };
    let terminal = Terminal::with(&setup);
    terminal.keys("let a = min_ct(3)\r");
    terminal.shows("did you mean");
    terminal.is_ready();
    let raw = terminal.raw();
    let is_color = |part: &str| {
        part.find(|c: char| !c.is_ascii_digit() && c != ';')
            .is_some_and(|at| part[at..].starts_with('m'))
    };
    assert!(!raw.split("\x1b[").skip(1).any(is_color), "{raw:?}");
}

#[test]
fn a_dumb_terminal_gets_plain_text() {
    let setup = Setup { variables: &[("TERM", "dumb")], ..Setup::default() };
    let terminal = Terminal::with(&setup);
    assert_eq!(terminal.run("20 + 22"), "42");
    terminal.keys("oops\r");
    terminal.shows("error[E02]");
    assert!(!terminal.raw().contains('\x1b'), "{:?}", terminal.raw());
}

#[test]
fn keys_of_vi() {
    let terminal = Terminal::with(&Setup { arguments: &["--vi"], ..Setup::default() });
    terminal.keys("1 + 1").shows("> 1 + 1");
    // To the beginning in command mode, and a digit in insert mode.
    terminal.keys("\x1b");
    std::thread::sleep(std::time::Duration::from_millis(700));
    terminal.keys("0i4\r");
    terminal.shows("\n42");
}

#[test]
fn enter_behind_escape_runs_in_vi() {
    let terminal = Terminal::with(&Setup { arguments: &["--vi"], ..Setup::default() });
    // On a busy machine both keys may come at once, and then they are Alt-Enter: once is enough.
    let ran = (100..110).any(|number| {
        terminal.keys("6 * 7").shows("> 6 * 7");
        terminal.keys("\x1b");
        std::thread::sleep(std::time::Duration::from_millis(250));
        // The next input begins behind a prompt of its own, or goes on with the first.
        terminal.keys(&format!("\r1 + {number}\r"));
        let screen = terminal.shows(&format!("\n{}\n>", number + 1));
        screen.contains(&format!("> 1 + {number}"))
    });
    assert!(ran);
}

#[test]
fn keys_of_emacs() {
    let terminal = Terminal::new();
    terminal.keys("1 + 1\x014\r");
    terminal.shows("\n42");
    terminal.is_ready();
    terminal.keys("5 + 5\x15");
    terminal.is_ready();
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let terminal = Terminal::new();
    terminal.keys("1 + 1\r2 + 2\r3 + 3\r");
    terminal.shows("\n6");
    let screen = terminal.is_ready();
    assert!(screen.contains("\n2\n") && screen.contains("\n4\n"), "{screen}");
}

#[test]
fn questions_are_answered_in_the_editor() {
    let terminal = Terminal::new();
    terminal.keys("let name = ask(\"Who?\")\r");
    terminal.shows("Who?");
    terminal.keys("Emmy\r");
    terminal.is_ready();
    assert_eq!(terminal.run("name"), "Emmy");
}

#[test]
fn passwords_are_not_seen() {
    let terminal = Terminal::new();
    terminal.keys("let word = ask(\"Word?\", password = true)\r");
    terminal.shows("Word?");
    terminal.keys("secret").shows("******");
    terminal.keys("\r");
    terminal.is_ready();
    assert!(!terminal.raw().contains("secret"));
}

#[test]
fn pages_and_searches() {
    let terminal = Terminal::with(&Setup { rows: 60, ..Setup::default() });
    terminal.keys("?min_cut\r");
    terminal.shows("Fields of the result");
    terminal.is_ready();
    terminal.keys("??entropy\r");
    terminal.shows("negativity");
}

#[test]
fn magics_work_in_the_terminal() {
    let terminal = Terminal::new();
    terminal.run("let x = 3");
    terminal.keys("%time 1 + 1\r");
    terminal.shows("s\n>");
    terminal.keys("%who\r");
    terminal.shows("name  type  value");
    terminal.is_ready();
    terminal.keys("%reset\r");
    terminal.is_ready();
    terminal.keys("x\r");
    terminal.shows("there is no `x`");
}

#[test]
fn a_file_runs_first_and_its_names_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("first.cac");
    std::fs::write(&file, "let from_file = 5\nfrom_file\n").unwrap();
    let arguments = ["-i", file.to_str().unwrap()];
    let terminal = Terminal::with(&Setup { arguments: &arguments, ..Setup::default() });
    assert!(terminal.text().contains("5\n"), "{}", terminal.text());
    assert_eq!(terminal.run("from_file * 2"), "10");
}
