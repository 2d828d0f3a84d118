use std::sync::{Mutex, PoisonError};

use super::*;
use crate::value::text;

/// A sink that keeps everything.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Kept {
    fn push(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Output for Kept {
    fn stream(&self, text: &str) {
        self.push(format!("stream {text}"));
    }

    fn show(&self, shown: &Shown) {
        self.push(format!("show {}", text(&shown.value)));
    }

    fn page(&self, plain: &str, html: &str) {
        assert!(html.starts_with("<pre"));
        self.push(format!("page {plain}"));
    }

    fn markdown(&self, text: &str) {
        self.push(format!("markdown {text}"));
    }
}

/// A session with a sink.
#[derive(Default)]
struct Desk {
    session: Session,
    kept: Arc<Kept>,
    cells: usize,
}

impl Desk {
    fn errors(&mut self, text: &str) -> Vec<Diagnostic> {
        self.cells += 1;
        let name = format!("In[{}]", self.cells);
        self.session.run_cell(&name, text, Arc::clone(&self.kept) as _)
    }

    /// What a cell without errors puts out.
    fn run(&mut self, text: &str) -> Vec<String> {
        let errors = self.errors(text);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        self.kept.take()
    }

    /// The error of a cell, as text.
    fn error(&mut self, text: &str) -> (Diagnostic, String) {
        let errors = self.errors(text);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        let shown = crate::diagnostic::to_plain(&crate::diagnostic::render(
            &errors[0],
            self.session.sources(),
        ));
        (errors[0].clone(), shown)
    }
}

#[test]
fn programs_and_markdown() {
    let mut desk = Desk::default();
    assert_eq!(desk.run("let x = 2\nx + 1"), ["show 3"]);
    assert_eq!(desk.run("%%markdown\n# A *title*\n"), ["markdown # A *title*\n"]);
    assert_eq!(desk.run(""), [""; 0]);
}

#[test]
fn time_is_told_after_the_output() {
    let mut desk = Desk::default();
    let out = desk.run("%time let x = 2\nx + 1");
    assert_eq!(out[0], "show 3");
    assert!(out[1].starts_with("stream ") && out[1].ends_with("s\n"), "{out:?}");
    assert_eq!(desk.run("%%time\nx")[0], "show 2");
    assert_eq!(desk.error("%time").0.code, Code::Call);
}

#[test]
fn errors_in_timed_programs_stand_where_they_are() {
    let mut desk = Desk::default();
    let (error, shown) = desk.error("%time let 𝛼 = 1\n  unheard + 𝛼");
    assert_eq!(error.code, Code::Name);
    assert!(shown.contains("In[1]:2:3") && shown.contains("  unheard + 𝛼"), "{shown}");
    let (_, shown) = desk.error("%time unheard");
    assert!(shown.contains("In[2]:1:7") && shown.contains("%time unheard"), "{shown}");
    assert!(desk.kept.take().is_empty());
}

#[test]
fn names_are_listed_and_forgotten() {
    let mut desk = Desk::default();
    assert_eq!(desk.run("%who"), ["stream no names are bound\n"]);
    desk.run("let x = 2\nlet f(a) = \"t\"\nlet s = \"a\\nb\"");
    let out = desk.run("%who");
    let lines: Vec<&str> = out[0].lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "show name  type      value",
            "────  ────────  ─────",
            "x     int       2",
            "f     function  f(a)",
            "s     string    \"a b\""
        ]
    );
    assert_eq!(desk.run("%reset"), [""; 0]);
    assert_eq!(desk.error("x").0.code, Code::Name);
    assert_eq!(desk.session.globals().iter().count(), 0);
}

#[test]
fn programs_are_saved_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("with blanks.cac");
    let path = path.to_str().unwrap();
    let mut desk = Desk::default();
    assert_eq!(desk.error(&format!("%save {path}")).0.code, Code::Domain);
    desk.run("let x = 2");
    desk.run("%who");
    desk.errors("unheard");
    desk.run("%time let y = x + 1\ny");
    desk.run("\n\nlet x = 5;\n");
    desk.run("# a comment");
    assert_eq!(
        desk.run(&format!("%save {path}")),
        [format!("stream 4 programs written to {path}\n")]
    );
    let saved = std::fs::read_to_string(path).unwrap();
    let wanted = "let x = 2\n\n# %%\nlet y = x + 1\ny\n\n# %%\nlet x = 5;\n\n# %%\n# a comment\n";
    assert_eq!(saved, wanted);
    let mut other = Desk::default();
    assert_eq!(other.run(&format!("%load \"{path}\"")), ["show 3"]);
    assert_eq!(other.run("x + y"), ["show 8"]);
    let (error, shown) = other.error("%load nowhere.cac");
    assert_eq!(error.code, Code::File);
    assert!(shown.contains("In[3]:1:7"), "{shown}");
    assert_eq!(other.error("%load").0.code, Code::Call);
    let nowhere = folder.path().join("none").join("a.cac");
    assert_eq!(other.error(&format!("%save {}", nowhere.display())).0.code, Code::File);
}

#[test]
fn loaded_files_have_their_own_places() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.cac");
    std::fs::write(&path, "let a = 1\nunheard").unwrap();
    std::fs::write(folder.path().join("lib.cac"), "let b = 2").unwrap();
    let mut desk = Desk::default();
    let (_, shown) = desk.error(&format!("%load {}", path.display()));
    assert!(shown.contains("bad.cac:2:1"), "{shown}");
    std::fs::write(&path, "import \"lib.cac\" as lib\nlib.b").unwrap();
    assert_eq!(desk.run(&format!("%load {}", path.display())), ["show 2"]);
}

#[test]
fn pictures_are_written_while_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("deep").join("plots");
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&plots)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    };
    let mut desk = Desk::default();
    assert_eq!(desk.run("%plots"), ["stream pictures are only shown\n"]);
    let magic = format!("%plots {}", plots.display());
    desk.run(&magic);
    desk.run("plot([1, 2, 3]); 1\nplot([1, 2])");
    desk.run(&magic);
    desk.run("heatmap([[1, 2], [3, 4]])");
    let wanted = ["01-plot.png", "01-plot.svg", "02-plot.png", "02-plot.svg"];
    assert_eq!(names(), wanted);
    desk.run("%plots off");
    desk.run("plot([1, 2])");
    assert_eq!(names(), wanted);
    std::fs::write(folder.path().join("file"), "").unwrap();
    let bad = format!("%plots {}", folder.path().join("file").join("x").display());
    assert_eq!(desk.error(&bad).0.code, Code::File);
    // A folder that is gone costs the picture and not its display.
    desk.run(&magic);
    std::fs::remove_dir_all(&plots).unwrap();
    assert_eq!(desk.error("plot([1, 2])").0.code, Code::File);
    assert!(desk.kept.take().iter().any(|line| line.starts_with("show ")));
}

#[test]
fn questions_have_pages() {
    let mut desk = Desk::default();
    desk.run("## Twice.\nlet twice(x) = 2 * x");
    assert!(desk.run("?min_cut")[0].starts_with("page min_cut(net"));
    assert_eq!(desk.run("twice?"), ["page twice(x)\n\nTwice."]);
    assert!(desk.run("twice??")[0].ends_with("let twice(x) = 2 * x"));
    assert!(desk.run("??certificate")[0].starts_with("page "));
    assert!(desk.run("?")[0].contains("min_cut"));
    assert!(desk.run("%save?")[0].starts_with("page %save"));
    let (error, shown) = desk.error("?mincut");
    assert_eq!(error.hint.as_deref(), Some("did you mean `min_cut`?"));
    assert!(shown.contains("In[8]:1:2"), "{shown}");
}

#[test]
fn what_would_be_lost_is_an_error() {
    let mut desk = Desk::default();
    assert_eq!(desk.error("%who x").0.code, Code::Call);
    let (error, shown) = desk.error("%reset\n\n  let x = 1");
    assert_eq!(error.code, Code::Syntax);
    assert!(shown.contains("In[2]:3:3"), "{shown}");
    assert_eq!(desk.error("?min_cut\n1").0.code, Code::Syntax);
    assert!(desk.run("%who\n\n").len() == 1);
}

#[test]
fn unknown_magics_are_names() {
    let mut desk = Desk::default();
    let (error, shown) = desk.error("%tme 1");
    assert_eq!(error.code, Code::Name);
    assert_eq!(error.hint.as_deref(), Some("did you mean `%time`?"));
    assert!(shown.contains("%who, %reset"), "{shown}");
    assert_eq!(desk.error("%%bash\nls").0.code, Code::Name);
    assert_eq!(desk.error("%").0.code, Code::Name);
}

#[test]
fn durations_have_three_digits() {
    let text = |nanos: u64| duration(Duration::from_nanos(nanos));
    assert_eq!(text(1_234), "1.23 µs");
    assert_eq!(text(12_345_678), "12.3 ms");
    assert_eq!(text(999_000_000), "999 ms");
    assert_eq!(text(1_500_000_000), "1.50 s");
    assert_eq!(text(125_000_000_000), "2 min 5 s");
}

#[test]
fn the_last_result_has_a_name() {
    let mut desk = Desk::default();
    assert_eq!(desk.error("%last").0.code, Code::Domain);
    desk.run("20 + 1");
    assert!(desk.run("ans * 2")[0].contains("42"));
    desk.run("let x = 5");
    assert!(desk.run("ans")[0].contains("42"));
    desk.error("7\noops(ans)");
    assert!(desk.run("ans")[0].contains("42"));
    assert!(desk.run("%last")[0].contains("42"));
    assert!(!desk.run("%who").concat().contains("ans"));
    desk.run("%reset");
    assert_eq!(desk.error("ans").0.code, Code::Name);
}

#[test]
fn help_is_a_page_where_no_name_is() {
    let mut desk = Desk::default();
    assert!(desk.run("help").concat().contains("min_cut"));
    assert!(desk.run("help min_cut").concat().contains("bond"));
    assert_eq!(desk.run("help min_cut"), desk.run("%doc min_cut"));
    desk.run("let help = 6");
    assert!(desk.run("help")[0].contains('6'));
}

#[test]
fn a_file_that_runs_by_itself() {
    let mut desk = Desk::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alone.cac");
    std::fs::write(&file, "let found = 3\nfound\n").unwrap();
    desk.run("let own = 1");
    desk.run(&format!("%run {}", file.display()));
    assert!(desk.run("own + found")[0].contains('4'));
    std::fs::write(&file, "own\n").unwrap();
    assert_eq!(desk.error(&format!("%run {}", file.display())).0.code, Code::Name);
    assert!(desk.run("own")[0].contains('1'));
}

#[test]
fn timeit_keeps_nothing() {
    let mut desk = Desk::default();
    let out = desk.run("%timeit let inside = 1 + 1");
    assert!(out.len() == 1 && out[0].contains("median of"), "{out:?}");
    assert_eq!(desk.error("inside").0.code, Code::Name);
    assert_eq!(desk.error("%timeit oops").0.code, Code::Name);
    assert_eq!(desk.error("%timeit").0.code, Code::Call);
}
