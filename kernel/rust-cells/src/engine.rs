//! evcxr: compiling and running cells, and what came of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use convac_rust_wire::{Brought, Completion, Failure, Reply, Request};
use evcxr::{CommandContext, Error, EvalContext};

use crate::ROLE;
use crate::control::{Control, Death, Stopped};
use crate::errors::{self, Frame};
use crate::folder::dependency;
use crate::outlet::Outlet;
use crate::processes::{MEMORY, limit_memory};

/// How cells are compiled unless they say something else: quickly.
const SETTINGS: &str = ":opt 0\n";
/// Compiled dependencies are kept for the next session, up to so many MiB.
const CACHE: &str = ":cache 500\n";
/// The MIME type by which a function that is served tells its signature.
const FUNCTION: &str = "application/x-cac-function";

/// evcxr with all that this helper knows.
pub struct Engine {
    context: CommandContext,
    folder: PathBuf,
    outlet: Outlet,
    control: Control,
    /// Whether the next cell must be told of the crate `cac` again.
    forgotten: bool,
    /// Whether the runtime is new, and panics of its cells would be told in many lines.
    fresh: bool,
    /// The process that evcxr had as its child when a runtime was prepared last.
    greeted: Option<u32>,
    memory: Option<u64>,
}

impl Engine {
    /// Starts evcxr and its runtime.
    ///
    /// # Errors
    /// Why it does not start, in a few lines.
    pub fn new(
        folder: PathBuf,
        home: &Path,
        outlet: Outlet,
        control: Control,
    ) -> Result<Self, String> {
        let step = |step: &str| outlet.send(&Reply::Starting { step: step.into() });
        step("reading the standard library");
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut runtime = Command::new(program);
        runtime.env(ROLE, "between");
        // evcxr looks for its settings where it stands; cells shall stand where the notebook does.
        let _ = std::env::set_current_dir(folder.join("config"));
        runtime.current_dir(home);
        let started = EvalContext::with_subprocess_command(runtime);
        let _ = std::env::set_current_dir(home);
        let (context, outputs) =
            started.map_err(|error| format!("evcxr does not start: {error}"))?;
        // What cells write comes by another way; what evcxr says itself is for its own log.
        std::thread::spawn(move || for _ in outputs.stdout {});
        std::thread::spawn(move || {
            for line in outputs.stderr {
                eprintln!("{line}")
            }
        });
        let context = CommandContext::with_eval_context(context);
        control.set_child(context.process_handle());
        let memory = std::env::var(MEMORY).ok().and_then(|bytes| bytes.parse().ok());
        let mut engine = Self {
            context,
            folder,
            outlet: outlet.clone(),
            control,
            forgotten: true,
            fresh: true,
            greeted: None,
            memory,
        };
        step("compiling what cells share");
        let dependency = engine.dependency();
        let first = format!("{SETTINGS}{CACHE}{dependency}cac::begin();");
        // Without a home there is no place for a cache.
        let again = format!("{SETTINGS}{dependency}cac::begin();");
        engine
            .context
            .execute(&first)
            .or_else(|_| engine.context.execute(&again))
            .map_err(|error| format!("the first cell cannot be compiled: {error}"))?;
        engine.forgotten = false;
        engine.fresh = false;
        Ok(engine)
    }

    fn dependency(&self) -> String {
        dependency(&self.folder)
    }

    /// Answers one request.
    pub fn answer(&mut self, request: Request) {
        let reply = match request {
            Request::Execute { id, code, bring, give, seconds } => {
                let before = self.control.child_id();
                let done = self.execute(id, &code, &bring, &give, seconds);
                let renewed = self.control.child_id() != before;
                self.fresh |= renewed && self.greeted != self.control.child_id();
                match done {
                    Ok(data) => Reply::Done { id, data, renewed },
                    Err(why) => Reply::Failed { id, why, renewed },
                }
            }
            Request::Function { id, name, number } => match self.serve(id, &name, number) {
                Ok((arity, signature)) => Reply::Served { id, arity, signature },
                Err(why) => Reply::Failed { id, why, renewed: false },
            },
            Request::Complete { id, code, at } => self.complete(id, &code, at),
            Request::Check { id, code } => match self.check(&code) {
                Ok(()) => Reply::Done { id, data: BTreeMap::new(), renewed: false },
                Err(why) => Reply::Failed { id, why, renewed: false },
            },
            Request::Limit { id, memory } => {
                self.memory = Some(memory);
                let done =
                    self.control.child_id().is_some_and(|child| limit_grandchildren(child, memory));
                match done {
                    true => Reply::Done { id, data: BTreeMap::new(), renewed: false },
                    false => {
                        let message = "the limit of a running process cannot be changed here; \
                            `%rust restart` ends it, and the next one takes the limit"
                            .into();
                        let why = Failure::Refused { message };
                        Reply::Failed { id, why, renewed: false }
                    }
                }
            }
            Request::Restart { id } => Reply::Failed { id, why: self.restart(), renewed: true },
            Request::Interrupt { .. } | Request::Quit => return,
        };
        self.outlet.send(&reply);
        if self.fresh {
            self.greet();
        }
    }

    /// Ends the runtime and starts a new one; how the old one ended.
    fn restart(&mut self) -> Failure {
        let lost = self.variables();
        // What it has told of its end is heard by another thread.
        let death = self.control.death(Duration::from_millis(100));
        // evcxr ends the process between; the runtime itself is not left to follow it.
        self.control.end_runtime();
        let _ = self.guarded(":restart");
        self.control.state().death = None;
        self.fresh = true;
        match death {
            Some(death) => Failure::Ended { how: how(Some(&death)), lost },
            None => Failure::Interrupted { lost: Some(lost) },
        }
    }

    /// Prepares a new runtime as the first one was.
    fn greet(&mut self) {
        self.fresh = false;
        self.forgotten = false;
        let begin = format!("{}cac::begin();", self.dependency());
        // Behind `:restart` evcxr still believes in variables that the new process does not have: what runs
        // first ends it, and evcxr forgets them with that.
        if let Err(Error::SubprocessTerminated(_)) = self.guarded(&begin) {
            let _ = self.guarded(&begin);
        }
        self.control.state().death = None;
        self.greeted = self.control.child_id();
        if let (Some(memory), Some(child)) = (self.memory, self.control.child_id()) {
            limit_grandchildren(child, memory);
        }
    }

    /// Runs a text; a panic of evcxr is an error.
    fn guarded(&mut self, code: &str) -> Result<BTreeMap<String, String>, Error> {
        let context = &mut self.context;
        let done = catch_unwind(AssertUnwindSafe(|| context.execute(code)));
        match done {
            Ok(Ok(outputs)) => Ok(outputs.content_by_mime_type.into_iter().collect()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::Message("evcxr itself panicked at this cell".into())),
        }
    }

    fn variables(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.context.variables_and_types().map(|(name, _)| name.to_owned()).collect();
        names.sort_unstable();
        names
    }

    fn execute(
        &mut self,
        id: u64,
        code: &str,
        bring: &[Brought],
        give: &[(String, u64)],
        seconds: Option<f64>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        // Commands come first: what is taken over stands behind them.
        let commands = leading_commands(code);
        let mut above = String::new();
        if std::mem::take(&mut self.forgotten) {
            above += &self.dependency();
        }
        for Brought { name, ty, number } in bring {
            above += &format!("let {name}: {ty} = cac::take({number}); ");
        }
        if !bring.is_empty() {
            above += "\n";
        }
        let mut frame = Frame {
            commands,
            above: above.lines().count(),
            lines: code.lines().count(),
            given: give.iter().map(|(name, _)| name.clone()).collect(),
        };
        let gives: String =
            give.iter().map(|(name, number)| format!("cac::give({number}, &{name});\n")).collect();
        let mut first: String = code.split_inclusive('\n').take(commands).collect();
        let rest = code.get(first.len()..).unwrap_or("");
        let mut before = BTreeMap::new();
        let mut lost = self.variables();
        self.outlet.begin();
        self.control.begin(id, seconds);
        // evcxr would compile what stands below for a process that still has all variables.
        if renews(&first) && !rest.trim().is_empty() {
            match self.guarded(&first) {
                Ok(data) => before = data,
                failed => {
                    let stopped = self.control.end();
                    self.outlet.end();
                    return self.judge(failed, stopped, lost, code, &frame);
                }
            }
            self.control.state().death = None;
            self.greet();
            first = "\n".repeat(commands);
            lost = self.variables();
        }
        let after_first = if first.is_empty() || first.ends_with('\n') { "" } else { "\n" };
        // Statements leave nothing to be shown: what is given back needs no second compilation.
        let at_once = ends_with_statement(rest);
        let text = match at_once {
            true => format!("{first}{after_first}{above}{}\n{gives}", rest.trim_end_matches('\n')),
            false => format!("{first}{after_first}{above}{rest}"),
        };
        if at_once {
            frame.lines = commands + rest.trim_end_matches('\n').lines().count();
        }
        let mut result = self.guarded(&text);
        self.control.settle();
        let went_through = {
            let state = self.control.state();
            !state.panicked && !state.returned
        };
        if !at_once && !gives.is_empty() && result.is_ok() && went_through {
            (frame.lines, frame.above, frame.commands) = (0, 0, 0);
            let given = self.guarded(&gives);
            self.control.settle();
            result = given.and(result);
        }
        let stopped = self.control.end();
        self.outlet.end();
        // Those among the first lines were followed by what makes up for it.
        self.forgotten |= rest.lines().any(|line| line.trim_start().starts_with(":clear"))
            || rest.trim().is_empty() && renews(&first);
        let mut data = self.judge(result, stopped, lost, code, &frame)?;
        for (mime, text) in before {
            data.entry(mime).or_insert(text);
        }
        Ok(data)
    }

    /// What came of a cell.
    fn judge(
        &mut self,
        result: Result<BTreeMap<String, String>, Error>,
        stopped: Option<Stopped>,
        lost: Vec<String>,
        code: &str,
        frame: &Frame,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let ended = matches!(result, Err(Error::SubprocessTerminated(_)));
        self.fresh |= ended;
        let (panicked, returned, panic, death) = {
            let mut state = self.control.state();
            // That a process is gone which was replaced since is no news.
            let death = state.death.take();
            (state.panicked, state.returned, state.panic.take(), death)
        };
        match stopped {
            // The cell may have ended by itself in the last moment.
            Some(_) if result.is_ok() && !panicked && !returned => {}
            Some(Stopped::ByUser) => {
                return Err(Failure::Interrupted { lost: ended.then_some(lost) });
            }
            Some(Stopped::ByTime(seconds)) => {
                return Err(Failure::TimedOut { seconds, lost: ended.then_some(lost) });
            }
            None => {}
        }
        match result {
            Ok(_) if panicked => {
                let panic = panic.unwrap_or_default();
                let source = self.context.last_source().unwrap_or_default();
                let own = panic.file == "src/lib.rs";
                let line = own.then(|| errors::place(&source, panic.line, code)).flatten();
                let elsewhere = (!own && !panic.file.is_empty())
                    .then(|| format!("{}:{}:{}", panic.file, panic.line, panic.column));
                let column = line.map(|_| panic.column);
                let message = match panic.message {
                    message if message.is_empty() => "the cell panicked".into(),
                    message => message,
                };
                Err(Failure::Panicked { message, line, column, elsewhere })
            }
            Ok(_) if returned => Err(Failure::Returned),
            Ok(data) => Ok(data),
            Err(Error::CompilationErrors(errors)) if errors.is_empty() => {
                Err(Failure::Refused { message: "the compiler stopped without saying why".into() })
            }
            Err(Error::CompilationErrors(errors)) => {
                Err(Failure::Compiler { errors: errors::told(&errors, frame) })
            }
            Err(Error::TypeRedefinedVariablesLost(names)) => Err(Failure::Refused {
                message: format!(
                    "a type was defined anew, and variables of it are lost: {}",
                    names.join(", ")
                ),
            }),
            Err(Error::SubprocessTerminated(_)) => {
                Err(Failure::Ended { how: how(death.as_ref()), lost })
            }
            Err(Error::Message(message)) => Err(Failure::Refused { message }),
        }
    }

    fn serve(&mut self, id: u64, name: &str, number: u64) -> Result<(usize, String), Failure> {
        let mut defined: Vec<String> =
            self.context.defined_item_names().map(str::to_owned).collect();
        if !defined.iter().any(|item| item == name) {
            defined.sort_unstable();
            return Err(Failure::NoFunction { defined });
        }
        let data = self.execute(id, &format!("cac::serve({number}, {name})"), &[], &[], None)?;
        let told = data.get(FUNCTION).and_then(|told| {
            let (arity, signature) = told.trim().split_once(' ')?;
            Some((arity.parse().ok()?, signature.to_owned()))
        });
        told.ok_or_else(|| Failure::Refused { message: "the function could not be served".into() })
    }

    fn complete(&mut self, id: u64, code: &str, at: usize) -> Reply {
        let at = (0..=at.min(code.len())).rev().find(|at| code.is_char_boundary(*at)).unwrap_or(0);
        let context = &mut self.context;
        let found = catch_unwind(AssertUnwindSafe(|| context.completions(code, at)));
        let Ok(Ok(found)) = found else {
            return Reply::Completions { id, start: at, end: at, items: Vec::new() };
        };
        let item = |item: evcxr::Completions| -> Vec<Completion> {
            let items = item.completions.into_iter();
            items
                .map(|c| Completion { text: c.code, kind: c.kind.into(), label: c.label })
                .collect()
        };
        let (start, end) = (found.start_offset, found.end_offset);
        Reply::Completions { id, start, end, items: item(found) }
    }

    fn check(&mut self, code: &str) -> Result<(), Failure> {
        let frame = Frame { lines: code.lines().count(), ..Frame::default() };
        let context = &mut self.context;
        match catch_unwind(AssertUnwindSafe(|| context.check(code))) {
            Ok(Ok(errors)) => {
                let errors: Vec<_> =
                    errors.into_iter().filter(|error| error.level() == "error").collect();
                if errors.is_empty() {
                    return Ok(());
                }
                Err(Failure::Compiler { errors: errors::told(&errors, &frame) })
            }
            Ok(Err(error)) => Err(Failure::Refused { message: error.to_string() }),
            Err(_) => {
                Err(Failure::Refused { message: "evcxr itself panicked at this cell".into() })
            }
        }
    }
}

/// The runtime is the child of the process that evcxr knows.
fn limit_grandchildren(between: u32, bytes: u64) -> bool {
    let children = crate::processes::children(between);
    !children.is_empty() && children.into_iter().all(|child| limit_memory(child, bytes))
}

/// How many lines of a cell come before its code: evcxr's commands, and comments and empty lines
/// between them.
fn leading_commands(code: &str) -> usize {
    let mut last = 0;
    for (number, line) in code.lines().enumerate() {
        match line.trim_start() {
            line if line.starts_with(':') => last = number + 1,
            line if line.is_empty() || line.starts_with("//") => {}
            _ => break,
        }
    }
    last
}

/// Whether one of these commands starts a new process, or forgets what cells have made.
fn renews(commands: &str) -> bool {
    let words = commands.lines().filter_map(|line| line.split_whitespace().next());
    words.into_iter().any(|word| [":restart", ":clear"].contains(&word))
}

/// Whether a cell ends with `;`, so that nothing is left to be shown.
fn ends_with_statement(code: &str) -> bool {
    let last = code.trim_end().lines().last().unwrap_or("");
    last.ends_with(';') && !last.contains("//") && !last.trim_start().starts_with(':')
}

/// How the runtime ended, in words.
fn how(death: Option<&Death>) -> String {
    match death {
        Some(Death { signal: Some(signal), .. }) => {
            let name = match signal {
                4 => " (illegal instruction)",
                6 => " (abort)",
                7 | 10 => " (bus error)",
                8 => " (arithmetic error)",
                9 => " (killed)",
                11 => " (segmentation fault)",
                15 => " (terminated)",
                _ => "",
            };
            format!("signal {signal}{name}")
        }
        Some(Death { code: Some(code), .. }) => format!("exit status {code}"),
        _ => "killed".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        assert!(ends_with_statement("let x = 1;\n\n"));
        for code in ["x", "let x = 1; // x;", ":dep a = \"1\";", "", "fn f() {}"] {
            assert!(!ends_with_statement(code), "{code}");
        }
    }

    #[test]
    fn commands_come_first() {
        assert_eq!(leading_commands("let x = 1;\n:vars"), 0);
        assert_eq!(leading_commands("\n// a\n:dep a = \"1\"\n\n:opt 1\n\nx"), 5);
        assert_eq!(leading_commands(":vars"), 1);
        assert!(renews(":opt 0\n  :restart\n") && renews(":clear"));
        assert!(!renews(":vars\n// :clear\n"));
        assert_eq!(leading_commands(""), 0);
    }

    #[test]
    fn deaths() {
        let death = |code, signal| Some(Death { code, signal });
        assert_eq!(how(death(Some(3), None).as_ref()), "exit status 3");
        assert_eq!(how(death(None, Some(11)).as_ref()), "signal 11 (segmentation fault)");
        assert_eq!(how(None), "killed");
    }
}
