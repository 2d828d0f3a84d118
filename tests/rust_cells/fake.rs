//! A helper without a compiler: it says what its cells tell it to say, in the real frames, so that
//! everything on this side of them is tried in an ordinary test run.
//!
//! Each line of a cell is a command: `print a`, `eprint a`, `value a`, `svg a`, `show MIME a`, `give`
//! (gives back what was handed over, in order), `panic a`, `error LINE COLUMN END a`, `end a`,
//! `loop` (until it is interrupted), `compile` (the same, and nothing is lost), `deaf` (for ever),
//! `exit` (ends the helper), `garbage` (says what is no frame), `flood N` (lines), `log a`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use convac_rust_wire::{
    Brought, CompilerError, Completion, Failure, Reply, Request, Span, VERSION, read_frame,
    write_frame,
};

/// Which helper this is; see `main`.
pub const MODE: &str = "CONVAC_FAKE_HELPER";

static OUT: Mutex<()> = Mutex::new(());

fn say(reply: &Reply) {
    let _guard = OUT.lock().unwrap();
    write_frame(&mut std::io::stdout(), reply).unwrap();
}

pub fn main(mode: &str) {
    let arguments: Vec<String> = std::env::args().collect();
    assert_eq!(arguments[1], "--folder");
    let folder = PathBuf::from(&arguments[2]);
    // SAFETY: no other thread exists yet.
    unsafe { std::env::set_var("CAC_FOLDER", &folder) };
    match mode {
        "silent" => std::thread::sleep(Duration::from_secs(600)),
        "crash" => {
            eprintln!("I cannot go on");
            std::process::exit(7);
        }
        "version" => return say(&Reply::Hello { version: VERSION + 1 }),
        _ => say(&Reply::Hello { version: VERSION }),
    }
    if mode == "missing" {
        let what = "there is no Rust compiler: `rustc` cannot be run".into();
        return say(&Reply::Missing { what, hint: "curl https://sh.rustup.rs | sh".into() });
    }
    say(&Reply::Starting { step: "thinking".into() });
    say(&Reply::Ready { rustc: "rustc 0.0.0 (fake)".into() });
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin();
        loop {
            match read_frame(&mut input).unwrap() {
                None | Some(Request::Quit) => std::process::exit(0),
                Some(request) => sender.send(request).unwrap(),
            }
        }
    });
    while let Ok(request) = requests.recv() {
        answer(request, &requests, &folder);
    }
}

fn answer(request: Request, requests: &Receiver<Request>, folder: &std::path::Path) {
    match request {
        Request::Execute { id, code, bring, give, .. } => {
            let result = execute(&code, &bring, &give, requests, folder);
            let renewed = code.contains("renew");
            say(&match result {
                Ok(data) => Reply::Done { id, data, renewed },
                Err(why) => Reply::Failed { id, why, renewed },
            });
        }
        Request::Function { id, name, number } => say(&function(id, &name, number)),
        Request::Complete { id, code, at } => {
            if code.contains("slowly") {
                std::thread::sleep(Duration::from_millis(3500));
            }
            let start = code[..at].rfind([' ', '\n']).map_or(0, |at| at + 1);
            let item = Completion {
                text: "println!".into(),
                kind: "function".into(),
                label: "macro".into(),
            };
            say(&Reply::Completions { id, start, end: at, items: vec![item] });
        }
        Request::Check { id, .. } | Request::Limit { id, .. } => {
            say(&Reply::Done { id, data: BTreeMap::new(), renewed: false });
        }
        Request::Restart { id } => {
            let lost = Some(vec!["a".into()]);
            say(&Reply::Failed { id, why: Failure::Interrupted { lost }, renewed: true });
        }
        Request::Interrupt { .. } | Request::Quit => {}
    }
}

fn folder() -> PathBuf {
    std::env::var_os("CAC_FOLDER").unwrap().into()
}

fn function(id: u64, name: &str, number: u64) -> Reply {
    let served =
        match name {
            "square" => cac::serve(number, |x: f64| x * x),
            "parity" => cac::serve(number, |site: u64| site.count_ones().is_multiple_of(2)),
            "half" => cac::serve(number, |site: i64| site / 2),
            "area" => cac::serve(number, |a: f64, b: f64| a * b),
            "root" => cac::serve(number, |x: f64| {
                if x < 0.0 { Err(format!("{x} is negative")) } else { Ok(x.sqrt()) }
            }),
            "slow" => cac::serve(number, |_: f64| std::thread::sleep(Duration::from_secs(600))),
            "deadly" => cac::serve(number, |_: f64| -> f64 { std::process::exit(9) }),
            "lift" => cac::serve(number, |x: f64| vec![1.0 - x, x]),
            "describe" => cac::serve(number, |value: cac::Value| value.kind().to_owned()),
            // Takes questions and answers none.
            "mute" => {
                let listener = UnixListener::bind(folder().join(format!("f{number}"))).unwrap();
                std::thread::spawn(move || listener.incoming().for_each(drop));
                let signature = "(f64) -> f64".into();
                return Reply::Served { id, arity: 1, signature };
            }
            "strange" => {
                let error = CompilerError {
                    message: "`.cac` cannot call this function".into(),
                    code: Some("E0277".into()),
                    spans: vec![],
                    helps: vec![],
                    notes: vec!["it is generic".into()],
                    about_out: None,
                };
                let why = Failure::Compiler { errors: vec![error] };
                return Reply::Failed { id, why, renewed: false };
            }
            _ => {
                let defined = vec!["area".into(), "square".into()];
                let why = Failure::NoFunction { defined };
                return Reply::Failed { id, why, renewed: false };
            }
        };
    let text = format!("{served:?}");
    let arity = text.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty()).unwrap();
    let signature = text.split('"').nth(1).unwrap().to_owned();
    Reply::Served { id, arity: arity.parse().unwrap(), signature }
}

fn execute(
    code: &str,
    bring: &[Brought],
    give: &[(String, u64)],
    requests: &Receiver<Request>,
    folder: &std::path::Path,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut data = BTreeMap::new();
    let stream = |error: bool, text: String| say(&Reply::Stream { error, text });
    for line in code.lines() {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "print" => stream(false, format!("{rest}\n")),
            "eprint" => stream(true, format!("{rest}\n")),
            "types" => {
                let types: Vec<&str> = bring.iter().map(|brought| brought.ty.as_str()).collect();
                stream(false, format!("{}\n", types.join(" ")));
            }
            "value" => {
                data.insert("text/plain".into(), rest.into());
            }
            "show" => {
                let (mime, text) = rest.split_once(' ').unwrap();
                data.insert(mime.into(), text.into());
            }
            "give" => {
                for (brought, (_, number)) in bring.iter().zip(give) {
                    let from = folder.join(format!("in-{}", brought.number));
                    std::fs::copy(from, folder.join(format!("out-{number}"))).unwrap();
                }
            }
            "damage" => {
                for (_, number) in give {
                    std::fs::write(folder.join(format!("out-{number}")), "nonsense").unwrap();
                }
            }
            "panic" => {
                return Err(Failure::Panicked {
                    message: rest.into(),
                    line: Some(1),
                    column: Some(1),
                    elsewhere: None,
                });
            }
            "error" => {
                let parts: Vec<&str> = rest.splitn(4, ' ').collect();
                let number = |at: usize| parts[at].parse::<usize>().unwrap();
                let span = |label: &str| Span {
                    line: number(0),
                    column: number(1),
                    end_line: number(0),
                    end_column: number(2),
                    label: label.into(),
                };
                let error = CompilerError {
                    message: parts[3].into(),
                    code: Some("E0308".into()),
                    spans: vec![span("here")],
                    helps: vec!["try something else".into()],
                    notes: vec!["a note".into()],
                    about_out: None,
                };
                return Err(Failure::Compiler { errors: vec![error] });
            }
            "end" => {
                return Err(Failure::Ended {
                    how: rest.into(),
                    lost: vec!["a".into(), "b".into()],
                });
            }
            "return" => return Err(Failure::Returned),
            "wrong" => say(&Reply::Done { id: 1_000_000, data: BTreeMap::new(), renewed: false }),
            "unfurnish" => std::fs::remove_dir_all(folder).unwrap(),
            "refuse" => return Err(Failure::Refused { message: rest.replace('|', "\n") }),
            "late" => return Err(Failure::TimedOut { seconds: 2.0, lost: Some(vec!["a".into()]) }),
            "loop" | "compile" => {
                stream(false, "running\n".into());
                let lost = (command == "loop").then(|| vec!["a".to_owned()]);
                while let Ok(request) = requests.recv() {
                    if matches!(request, Request::Interrupt { .. }) {
                        return Err(Failure::Interrupted { lost });
                    }
                }
            }
            "deaf" => {
                stream(false, "running\n".into());
                std::thread::sleep(Duration::from_secs(600));
            }
            "exit" => std::process::exit(3),
            "log" => eprintln!("{rest}"),
            "garbage" => {
                let _guard = OUT.lock().unwrap();
                std::io::stdout().write_all(b"\xff\xff\xff\xffthis is no frame").unwrap();
                std::io::stdout().flush().unwrap();
                let _ = std::io::stdin().read(&mut [0]);
            }
            "flood" => {
                for number in 0..rest.parse().unwrap() {
                    stream(false, format!("line {number}\n"));
                }
            }
            _ => {}
        }
    }
    Ok(data)
}
