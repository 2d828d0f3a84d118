//! A small language to test the kernel with, beside any real one.
//!
//! Each line of a cell is a command: `print TEXT`, `eprint TEXT`, `lines N`, `display TEXT`,
//! `page TEXT`, `progress N`, `clear`, `ask PROMPT`, `password PROMPT`, `fail`, `panic`, `wait` (until it is
//! stopped). Any other line is the result of the cell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::kernel::{
    Answered, Bundle, Completed, CompletedItem, Completeness, Engine, EngineError, Info, NoAnswer,
    Output, Past,
};
use crate::protocol::{HistoryAccess, HistoryRequest};

/// The engine.
#[derive(Debug, Default)]
pub struct Echo {
    stop: Arc<AtomicBool>,
    past: Vec<Past>,
}

fn plain(text: &str) -> Bundle {
    let mut data = Map::new();
    data.insert("text/plain".to_owned(), Json::from(text));
    Bundle { data, metadata: Map::new() }
}

fn error(name: &str, value: &str) -> Box<EngineError> {
    let traceback = vec![format!("{name}: {value}")];
    let (name, value) = (name.to_owned(), value.to_owned());
    Box::new(EngineError { name, value, traceback, metadata: Map::new() })
}

impl Echo {
    fn line(&self, line: &str, output: &dyn Output) -> Result<(), Box<EngineError>> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "print" => output.stream("stdout", &format!("{rest}\n")),
            "eprint" => output.stream("stderr", &format!("{rest}\n")),
            "lines" => {
                for i in 0..rest.parse::<u64>().unwrap_or(0) {
                    output.stream("stdout", &format!("{i}\n"));
                }
            }
            "display" => output.display(plain(rest), None),
            "page" => output.page(plain(rest)),
            "progress" => {
                let last = rest.parse::<u64>().unwrap_or(0);
                output.display(plain(&format!("0 of {last}")), Some("echo"));
                for i in 1..=last {
                    output.update(plain(&format!("{i} of {last}")), "echo");
                }
            }
            "clear" => output.clear(true),
            "ask" | "password" => match output.ask(rest, word == "password") {
                Ok(answer) => output.stream("stdout", &format!("{answer}\n")),
                Err(NoAnswer::Nobody) => return Err(error("Nobody", "there is nobody to ask")),
                Err(NoAnswer::Interrupted) => return Err(error("Interrupted", "interrupted")),
            },
            "fail" => return Err(error("Failed", rest)),
            #[allow(clippy::panic)] // this is what the command is for
            "panic" => panic!("{rest}"),
            "wait" => {
                while !self.stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                return Err(error("Interrupted", "interrupted"));
            }
            _ => output.result(plain(line)),
        }
        Ok(())
    }
}

impl Engine for Echo {
    fn info(&self) -> Info {
        Info {
            implementation: "echo",
            version: env!("CARGO_PKG_VERSION"),
            banner: "echo".to_owned(),
            language: json!({
                "name": "echo", "version": "1", "mimetype": "text/plain", "file_extension": ".txt"
            }),
            help: json!([]),
        }
    }

    fn stack(&self) -> usize {
        1 << 20
    }

    fn stopper(&self) -> Arc<dyn Fn() + Send + Sync> {
        let stop = Arc::clone(&self.stop);
        Arc::new(move || stop.store(true, Ordering::SeqCst))
    }

    fn clear_stop(&self) {
        self.stop.store(false, Ordering::SeqCst);
    }

    fn execute(
        &mut self,
        _number: u64,
        code: &str,
        output: Arc<dyn Output>,
    ) -> Result<Answered, Box<EngineError>> {
        for line in code.lines() {
            self.line(line, &*output)?;
        }
        Ok(Answered { output: None })
    }

    fn evaluate(&mut self, expression: &str) -> Result<Bundle, Box<EngineError>> {
        if expression == "fail" { Err(error("Failed", "")) } else { Ok(plain(expression)) }
    }

    fn complete(&self, code: &str, byte: usize) -> Completed {
        let start = code[..byte].rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let words = ["print", "progress", "panic", "password"];
        let items = words.iter().filter(|word| word.starts_with(&code[start..byte]));
        let item = |word: &&str| CompletedItem {
            text: (*word).to_owned(),
            kind: "function",
            signature: String::new(),
            doc: String::new(),
        };
        Completed { start, end: byte, items: items.map(item).collect() }
    }

    fn inspect(&self, code: &str, _byte: usize, _detail: u8) -> Option<Bundle> {
        code.starts_with("print").then(|| plain("print TEXT"))
    }

    fn completeness(&self, code: &str) -> Completeness {
        match code.trim_end().chars().last() {
            Some('\\') => Completeness::Incomplete("  ".to_owned()),
            Some('!') => Completeness::Invalid,
            _ => Completeness::Complete,
        }
    }

    fn remember(&mut self, number: u64, input: &str, output: Option<&str>) -> Option<String> {
        let (input, output) = (input.to_owned(), output.map(str::to_owned));
        self.past.push(Past { session: 1, line: number, input, output });
        None
    }

    fn history(&mut self, request: &HistoryRequest) -> Vec<Past> {
        let n = request.n.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        match request.hist_access_type {
            HistoryAccess::Tail => self.past[self.past.len().saturating_sub(n)..].to_vec(),
            HistoryAccess::Range | HistoryAccess::Search => self.past.clone(),
        }
    }
}
