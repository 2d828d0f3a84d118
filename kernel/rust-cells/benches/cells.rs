//! `cargo bench --locked -p convac-rust-cells`: what the helper adds to evcxr, in one run, and how many
//! calls of a Rust function cross in a second.
//!
//! The same cells run in turn in the helper and in an evcxr of this process with the same settings.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use cac::Value;
use convac_rust_wire::{Reply, Request, read_frame, write_frame};

struct Helper {
    child: Child,
    folder: tempfile::TempDir,
    next: u64,
}

impl Helper {
    fn start() -> Self {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        let child = Command::new(env!("CARGO_BIN_EXE_convac-rust-cells"))
            .arg("--folder")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the helper");
        let mut helper = Self { child, folder, next: 0 };
        while !matches!(helper.reply(), Reply::Ready { .. }) {}
        helper
    }

    fn reply(&mut self) -> Reply {
        let output = self.child.stdout.as_mut().expect("its output");
        read_frame(output).expect("a frame").expect("the helper lives")
    }

    fn ask(&mut self, request: &Request) {
        write_frame(self.child.stdin.as_mut().expect("its input"), request).expect("it hears");
        while !matches!(self.reply(), Reply::Done { .. } | Reply::Served { .. }) {}
    }

    fn run(&mut self, code: &str) {
        self.next += 1;
        let (id, code) = (self.next, code.to_owned());
        self.ask(&Request::Execute { id, code, bring: vec![], give: vec![], seconds: None });
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    evcxr::runtime_hook();
    let began = Instant::now();
    let mut helper = Helper::start();
    let ready = began.elapsed().as_secs_f64();
    helper.run("1 + 1");
    let first = began.elapsed().as_secs_f64();
    println!("start to ready {ready:.2} s, to the answer of the first cell {first:.2} s (bar: 15)");

    let began = Instant::now();
    let (mut evcxr, outputs) = evcxr::CommandContext::new().expect("evcxr");
    std::thread::spawn(move || for _ in outputs.stdout {});
    std::thread::spawn(move || for _ in outputs.stderr {});
    evcxr.execute(":opt 0\n:cache 500").expect("settings");
    evcxr.execute("1 + 1").expect("a cell");
    println!("evcxr by itself, to the first answer {:.2} s", began.elapsed().as_secs_f64());

    for cell in ["1 + 1", "let x = 3; x", "println!(\"hello\");"] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..21 {
            let both = |ours: &mut Vec<f64>, helper: &mut Helper| {
                let began = Instant::now();
                helper.run(cell);
                ours.push(1e3 * began.elapsed().as_secs_f64());
            };
            if round % 2 == 0 {
                both(&mut ours, &mut helper);
            }
            let began = Instant::now();
            evcxr.execute(cell).expect("a cell");
            theirs.push(1e3 * began.elapsed().as_secs_f64());
            if round % 2 == 1 {
                both(&mut ours, &mut helper);
            }
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{cell:20} helper {ours:6.1} ms, evcxr {theirs:6.1} ms: {:+.1} ms (bar: +20), {:.2} x",
            ours - theirs,
            ours / theirs
        );
    }

    helper.run("fn square(x: f64) -> f64 { x * x }\nfn lift(x: f64) -> Vec<f64> { vec![x.cos(), x.sin()] }");
    for (number, name) in [(1, "square"), (2, "lift")] {
        helper.ask(&Request::Function { id: 100 + number, name: name.into(), number });
        let socket = helper.folder.path().join(format!("f{number}"));
        let mut stream = UnixStream::connect(socket).expect("the function");
        for calls in [1, 1_000, 100_000] {
            let column = Value::Reals((0..calls).map(|at| at as f64).collect());
            let mut times = Vec::new();
            for _ in 0..11 {
                let began = Instant::now();
                let answer = cac::ask(&mut stream, calls, vec![column.clone()]);
                times.push(began.elapsed().as_secs_f64());
                assert!(matches!(answer, Ok(Ok(_))), "the function fails");
            }
            let rate = calls as f64 / median(times);
            println!(
                "{name:8} {calls:6} calls at once: {rate:12.0} calls/s (bar in batches: 100000)"
            );
        }
    }
    let _ = write_frame(helper.child.stdin.as_mut().expect("its input"), &Request::Quit);
    let _ = helper.child.wait();
    let _ = std::io::stdout().flush();
}
