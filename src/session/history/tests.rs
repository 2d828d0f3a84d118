use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("history.jsonl");
    (folder, path)
}

fn open(path: &Path) -> History {
    let (history, warning) = History::open(path);
    assert!(warning.is_none(), "{warning:?}");
    history
}

fn inputs(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.input.as_str()).collect()
}

fn add(history: &mut History, line: u64, input: &str) {
    let warning = history.add(line, input, None);
    assert!(warning.is_none(), "{warning:?}");
}

#[test]
fn entries_outlive_their_session() {
    let (_folder, path) = folder();
    let mut first = open(&path);
    assert_eq!(first.session(), 1);
    assert!(first.add(1, "let 𝛼 = \"a\nb\"", Some("out")).is_none());
    add(&mut first, 2, "𝛼");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        r#"{"session":1,"line":1,"input":"let 𝛼 = \"a\nb\"","output":"out"}"#
    );
    let mut second = open(&path);
    add(&mut second, 1, "x");
    assert_eq!(second.session(), 2);
    assert_eq!(inputs(&second.tail(2)), ["𝛼", "x"]);
    assert_eq!(second.tail(9)[0].output.as_deref(), Some("out"));
    assert_eq!(inputs(&second.tail(0)), [""; 0]);
}

#[test]
fn sessions_at_once_get_numbers_of_their_own() {
    let (_folder, path) = folder();
    let (mut a, mut b) = (open(&path), open(&path));
    add(&mut a, 1, "a1");
    add(&mut b, 1, "b1");
    add(&mut a, 2, "a2");
    assert_ne!(a.session(), b.session());
    // Each sees what the other wrote.
    assert_eq!(inputs(&a.tail(9)), ["a1", "b1", "a2"]);
    assert_eq!(inputs(&b.tail(9)), ["a1", "b1", "a2"]);
    assert_eq!(inputs(&b.range(0, 1, None)), ["b1"]);
    assert_eq!(inputs(&b.range(-1, 1, None)), ["a1", "a2"]);
}

#[test]
fn threads_lose_and_tear_nothing() {
    let (_folder, path) = folder();
    let sessions: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let path = &path;
                scope.spawn(move || {
                    let mut history = open(path);
                    // Under heavy load the lock may take longer than its usual patience.
                    for line in 1..=25 {
                        history.patience = Duration::from_secs(20);
                        add(&mut history, line, &format!("{thread} {line} {}", "x".repeat(500)));
                    }
                    history.session()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut unique = sessions.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 8, "{sessions:?}");
    let text = std::fs::read(&path).unwrap();
    assert_eq!(entries(&text).len(), 200);
    assert_eq!(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(), 200);
}

#[test]
fn torn_lines_are_skipped_and_ended() {
    let (_folder, path) = folder();
    add(&mut open(&path), 1, "first");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"session\":7,\"line\":1,\"inp");
    std::fs::write(&path, &text).unwrap();
    let mut history = open(&path);
    assert_eq!(inputs(&history.tail(9)), ["first"]);
    add(&mut history, 1, "second");
    assert_eq!(inputs(&history.tail(9)), ["first", "second"]);
    assert_eq!(inputs(&open(&path).tail(9)), ["first", "second"]);
    // A line may also be whole but for its newline, and no line need be text.
    std::fs::write(&path, b"\xff\xfe\n{\"session\":3,\"line\":1,\"input\":\"a\"}").unwrap();
    let mut history = open(&path);
    add(&mut history, 1, "b");
    assert_eq!((inputs(&history.tail(9)), history.session()), (vec!["a", "b"], 4));
}

#[test]
fn without_a_file_the_memory_serves() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (mut history, warning) = History::open(&folder.path().join("file").join("history.jsonl"));
    let warning = warning.unwrap();
    assert!(warning.message.starts_with("the history is kept in memory only: "), "{warning:?}");
    for line in 1..=3 {
        add(&mut history, line, &format!("line {line}"));
    }
    assert_eq!(inputs(&history.tail(2)), ["line 2", "line 3"]);
    assert_eq!(inputs(&history.range(0, 2, Some(3))), ["line 2"]);
    assert_eq!(inputs(&History::in_memory().tail(2)), [""; 0]);
}

#[test]
fn a_file_that_fails_later_is_told_once() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    add(&mut history, 1, "one");
    add(&mut history, 2, "two");
    assert_eq!(inputs(&history.tail(1)), ["two"]);
    // A folder in the place of the file.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(history.add(3, "three", None).is_some());
    assert!(history.add(4, "four", None).is_none());
    assert_eq!(inputs(&history.tail(3)), ["two", "three", "four"]);
    assert_eq!(inputs(&history.range(0, 1, None)), ["one", "two", "three", "four"]);
}

#[test]
fn while_the_lock_is_held_entries_wait() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    let journal = Journal::open(&path).unwrap();
    let locked = journal.lock(Duration::ZERO).unwrap().unwrap();
    let start = std::time::Instant::now();
    add(&mut history, 1, "one");
    add(&mut history, 2, "two");
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(std::fs::read(&path).unwrap().len(), 0);
    assert_eq!(inputs(&history.tail(9)), ["one", "two"]);
    // Another session writes in the meantime.
    locked.append("{\"session\":1,\"line\":1,\"input\":\"other\"}\n").unwrap();
    assert_eq!(inputs(&history.tail(9)), ["other", "one", "two"]);
    drop(locked);
    add(&mut history, 3, "three");
    assert_eq!(history.session(), 2);
    assert_eq!(inputs(&open(&path).tail(9)), ["other", "one", "two", "three"]);
    assert!(history.range(0, 1, None).iter().all(|entry| entry.session == 2));
}

#[test]
fn huge_inputs_stay_in_memory() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    add(&mut history, 1, "small");
    let huge = "x".repeat(LONGEST + 1);
    add(&mut history, 2, &huge);
    assert!(history.add(3, "after", Some(&huge)).is_none());
    assert_eq!(inputs(&open(&path).tail(9)), ["small", "after"]);
    assert_eq!(inputs(&history.tail(9)), ["small", huge.as_str(), "after"]);
}

#[test]
fn long_files_are_shortened() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut text = Entry { session: 9, line: 1, input: "old".to_owned(), output: None }.to_line();
    for line in 1..=MOST_ENTRIES as u64 {
        text.push_str(
            &Entry { session: 8, line, input: format!("i{line}"), output: None }.to_line(),
        );
    }
    std::fs::write(&path, &text).unwrap();
    let mut old = open(&path);
    let kept = entries(&std::fs::read(&path).unwrap());
    assert_eq!(kept.len(), KEPT_ENTRIES + 1);
    assert_eq!((kept[0].session, kept[1].input.as_str()), (9, "i10001"));
    assert_eq!(old.session(), 10);
    add(&mut old, 1, "new");
    assert_eq!(inputs(&old.tail(2)), ["i20000", "new"]);
}

#[cfg(unix)]
#[test]
fn the_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    add(&mut open(&path), 1, "secret");
    let lock = path.with_extension("jsonl.lock");
    for file in [&path, &lock] {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    Journal::open(&path).unwrap().lock(PATIENCE).unwrap().unwrap().replace(b"").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn ranges_count_as_in_other_consoles() {
    let (_folder, path) = folder();
    for session in 1..=2 {
        let mut history = open(&path);
        for line in 1..=4 {
            add(&mut history, line, &format!("{session}.{line}"));
        }
    }
    let mut history = open(&path);
    add(&mut history, 1, "3.1");
    let range = |session, start, stop| {
        history.range(session, start, stop).into_iter().map(|e| e.input).collect::<Vec<_>>()
    };
    assert_eq!(range(1, 2, Some(4)), ["1.2", "1.3"]);
    assert_eq!(range(-1, 3, None), ["2.3", "2.4"]);
    assert_eq!(range(-2, -2, None), ["1.3", "1.4"]);
    assert_eq!(range(-2, 0, Some(-1)), ["1.1", "1.2", "1.3"]);
    assert_eq!(range(0, 0, None), ["3.1"]);
    assert_eq!(range(3, 0, None), ["3.1"]);
    for nothing in
        [range(7, 0, None), range(-9, 0, None), range(i64::MIN, i64::MIN, Some(i64::MIN))]
    {
        assert_eq!(nothing, [""; 0]);
    }
}

#[test]
fn searching_takes_patterns() {
    let mut history = History::in_memory();
    for (line, input) in (1..).zip(["let a = 1", "𝛼", "a", "let b = [2]", "a", "let a = 1\nb"]) {
        add(&mut history, line, input);
    }
    let found = |pattern: &str, n, unique| {
        let found = history.search(pattern, n, unique);
        found.into_iter().map(|entry| (entry.line, entry.input)).collect::<Vec<_>>()
    };
    let lines = |found: Vec<(u64, String)>| found.into_iter().map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(lines(found("let*", None, false)), [1, 4, 6]);
    assert_eq!(lines(found("let*", Some(2), false)), [4, 6]);
    assert_eq!(lines(found("?", None, false)), [2, 3, 5]);
    assert_eq!(lines(found("?", None, true)), [2, 5]);
    assert_eq!(lines(found("*[2]*", None, true)), [4]);
    assert_eq!(lines(found("*b", None, true)), [6]);
    assert_eq!(lines(found("", None, true)), [0_u64; 0]);
    assert_eq!(lines(found("*", Some(0), true)), [0_u64; 0]);
    assert_eq!(lines(found("*", None, false)).len(), 6);
}

#[test]
fn the_path_follows_the_platform() {
    let set = |names: &'static [(&'static str, &'static str)]| {
        path_from(move |name| {
            names.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    };
    assert_eq!(set(&[("CONVAC_HISTORY", "a.jsonl"), ("HOME", "/h")]), Some("a.jsonl".into()));
    assert_eq!(set(&[("CONVAC_HISTORY", ""), ("HOME", "/h")]), None);
    assert_eq!(set(&[]), None);
    if cfg!(target_os = "linux") {
        let file = |folder: &str| Some(PathBuf::from(folder).join("convac").join("history.jsonl"));
        assert_eq!(set(&[("HOME", "/h")]), file("/h/.local/share"));
        assert_eq!(set(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d")]), file("/d"));
        assert_eq!(set(&[("HOME", "/h"), ("XDG_DATA_HOME", "relative")]), file("/h/.local/share"));
    }
}

#[test]
fn news_are_what_others_wrote_in_the_meantime() {
    let (_folder, path) = folder();
    add(&mut open(&path), 1, "before");
    let (mut first, mut second) = (open(&path), open(&path));
    assert_eq!(inputs(&first.news()), [""; 0]);
    add(&mut first, 1, "mine");
    add(&mut second, 1, "theirs");
    add(&mut second, 2, "theirs again");
    assert_eq!(inputs(&first.news()), ["theirs", "theirs again"]);
    assert_eq!(inputs(&first.news()), [""; 0]);
    assert_eq!(inputs(&second.news()), ["mine"]);
    // Half a line is read when it is whole; a file that was shortened tells nothing twice.
    let text = std::fs::read_to_string(&path).unwrap();
    let line = r#"{"session":9,"line":1,"input":"late"}"#;
    std::fs::write(&path, format!("{text}{}", &line[..20])).unwrap();
    assert_eq!(inputs(&first.news()), [""; 0]);
    std::fs::write(&path, format!("{text}{line}\n")).unwrap();
    assert_eq!(inputs(&first.news()), ["late"]);
    std::fs::write(&path, format!("{line}\n")).unwrap();
    assert_eq!(inputs(&first.news()), [""; 0]);
}
