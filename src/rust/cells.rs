//! The Rust cells of a session.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use convac_rust_wire::{Brought, Completion, Failure, Reply, Request};

use super::find::{find, usual_memory};
use super::helper::Helper;
use super::{Cell, Listener, Outcome, Refusal, RustFunction, Status, cac};
use crate::interrupt::Interrupt;

/// How long completion may take.
const COMPLETION: Duration = Duration::from_millis(3000);

/// How long a new process may take.
const RESTART: Duration = Duration::from_secs(10);

/// The Rust cells of a session; clones are the same ones. The helper starts with the first cell.
#[derive(Clone, Debug, Default)]
pub struct Cells(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    helper: Option<Helper>,
    /// How many processes have held what cells made so far.
    generation: Arc<std::sync::atomic::AtomicU64>,
    /// The last number of a request, of a value that crosses, or of a function.
    last: u64,
    /// The memory that cells may take, if they said so.
    memory: Option<u64>,
}

impl State {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// An answer that makes no sense: the helper cannot be used any more.
    fn unexpected(&mut self) -> Refusal {
        self.helper = None;
        self.forget();
        Refusal::Gone { how: "it said something unexpected".into(), log: Vec::new() }
    }

    fn forget(&mut self) {
        self.generation.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// The helper, started if need be.
    fn helper(
        &mut self,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<&mut Helper, Refusal> {
        if let Some(why) = self.helper.as_mut().and_then(Helper::lost) {
            self.helper = None;
            self.forget();
            listener.text(
                true,
                &format!("{why}: all that Rust cells had made is lost; a new one starts\n"),
            );
        }
        if self.helper.is_none() {
            let memory = self.memory.or_else(usual_memory);
            self.helper = Some(Helper::start(&find()?, memory, listener, interrupt)?);
        }
        self.helper.as_mut().ok_or(Refusal::FunctionGone)
    }

    /// Asks something, and notes what is lost.
    fn ask(
        &mut self,
        request: &Request,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<Reply, Refusal> {
        let answer = self.helper(listener, interrupt)?.ask(request, listener, interrupt);
        let lost = match &answer {
            Ok(Reply::Failed { why, renewed, .. }) => {
                let ended = matches!(
                    why,
                    Failure::Ended { .. }
                        | Failure::Interrupted { lost: Some(_) }
                        | Failure::TimedOut { lost: Some(_), .. }
                );
                ended || *renewed
            }
            Ok(_) => false,
            Err(_) => {
                self.helper = None;
                true
            }
        };
        if lost {
            self.forget();
        }
        match answer? {
            Reply::Failed { why, .. } => Err(Refusal::Failed(why)),
            reply => Ok(reply),
        }
    }
}

/// Files of the private folder that are gone when this is dropped.
#[derive(Default)]
struct Files(Vec<PathBuf>);

impl Drop for Files {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}

impl Cells {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a cell.
    ///
    /// # Errors
    /// Why it gave nothing.
    pub fn execute(
        &self,
        cell: &Cell<'_>,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<Outcome, Refusal> {
        let state = &mut *self.state();
        if let Some(memory) = cell.memory
            && state.memory != Some(memory)
        {
            if state.helper.is_some() {
                let id = state.number();
                state.ask(&Request::Limit { id, memory }, listener, interrupt)?;
            }
            state.memory = Some(memory);
        }
        let mut bring = Vec::new();
        let mut files = Files::default();
        for (name, ty, value) in &cell.bring {
            let number = state.number();
            let file = state.helper(listener, interrupt)?.file("in", number);
            files.0.push(file.clone());
            std::fs::write(&file, value.encode()).map_err(|error| {
                Refusal::File(format!(
                    "`{name}` cannot be handed over, {}: {error}",
                    file.display()
                ))
            })?;
            bring.push(Brought { name: name.clone(), ty: ty.clone(), number });
        }
        let mut give = Vec::new();
        for name in &cell.give {
            give.push((name.clone(), state.number()));
        }
        let id = state.number();
        let request = Request::Execute {
            id,
            code: cell.code.to_owned(),
            bring,
            give: give.clone(),
            seconds: cell.seconds,
        };
        let answer = state.ask(&request, listener, interrupt);
        if let Some(helper) = &state.helper {
            files.0.extend(give.iter().map(|(_, number)| helper.file("out", *number)));
        }
        let Reply::Done { data, renewed, .. } = answer? else { return Err(state.unexpected()) };
        if renewed {
            state.forget();
        }
        let mut given = Vec::new();
        for (name, number) in give {
            let file = state.helper(listener, interrupt)?.file("out", number);
            let bytes = std::fs::read(&file).map_err(|error| {
                Refusal::File(format!("`{name}` cannot be taken back, {}: {error}", file.display()))
            })?;
            given.push(cac::Value::decode(&bytes).map_err(|error| {
                Refusal::File(format!("`{name}` cannot be taken back: {error}"))
            })?);
        }
        Ok(Outcome { data, given })
    }

    /// A function that a cell has defined.
    ///
    /// # Errors
    /// When there is none, or what it takes and gives does not cross.
    pub fn function(
        &self,
        name: &str,
        listener: &dyn Listener,
        interrupt: &Interrupt,
    ) -> Result<RustFunction, Refusal> {
        let state = &mut *self.state();
        let (id, number) = (state.number(), state.number());
        let request = Request::Function { id, name: name.to_owned(), number };
        let answer = state.ask(&request, listener, interrupt)?;
        let Reply::Served { arity, signature, .. } = answer else { return Err(state.unexpected()) };
        let generation = Arc::clone(&state.generation);
        let helper = state.helper.as_ref().ok_or(Refusal::FunctionGone)?;
        let socket = helper.folder().join(format!("f{number}"));
        Ok(RustFunction::new(name, arity, &signature, socket, generation, self.clone()))
    }

    /// What could be written at a place of a cell. Nothing while a cell runs, and nothing before the
    /// first one: the helper is not started for that.
    pub fn complete(&self, code: &str, at: usize) -> Option<(usize, usize, Vec<Completion>)> {
        let mut state = self.0.try_lock().ok()?;
        let id = state.number();
        let helper = state.helper.as_mut().and_then(|helper| helper.usable().then_some(helper))?;
        let request = Request::Complete { id, code: code.to_owned(), at };
        match helper.ask_quickly(&request, COMPLETION)? {
            Reply::Completions { start, end, items, .. } => Some((start, end, items)),
            _ => None,
        }
    }

    /// Ends the process that holds what cells made, because a function of it runs on or has ended it, and
    /// starts a new one; how it ended. Functions and types stay. `generation` is the process that is
    /// meant: if another one runs by now, that one is left alone.
    pub fn end_runtime(&self, generation: u64, interrupt: &Interrupt) -> Refusal {
        let mut state = self.state();
        let now = state.generation.load(std::sync::atomic::Ordering::Relaxed);
        if now != generation {
            return match interrupt.is_triggered() {
                true => Refusal::Stopped { lost: true },
                false => Refusal::FunctionGone,
            };
        }
        state.forget();
        let id = state.number();
        let answer = state
            .helper
            .as_mut()
            .and_then(|helper| helper.ask_quickly(&Request::Restart { id }, RESTART));
        match answer {
            // Nobody interrupted: the function broke off by itself.
            Some(Reply::Failed { why: Failure::Interrupted { lost: Some(lost) }, .. })
                if !interrupt.is_triggered() =>
            {
                Refusal::Failed(Failure::Ended { how: "it gave no answer".into(), lost })
            }
            Some(Reply::Failed { why, .. }) => Refusal::Failed(why),
            _ => {
                state.helper = None;
                match interrupt.is_triggered() {
                    true => Refusal::Stopped { lost: true },
                    false => {
                        Refusal::Gone { how: "by a function of a cell".into(), log: Vec::new() }
                    }
                }
            }
        }
    }

    /// Tells what functions of cells have written.
    pub fn drain(&self, listener: &dyn Listener) {
        if let Ok(mut state) = self.0.try_lock()
            && let Some(helper) = state.helper.as_mut()
        {
            helper.drain(listener);
        }
    }

    /// Ends the helper; whether there was one.
    pub fn stop(&self) -> bool {
        let mut state = self.state();
        state.forget();
        state.helper.take().is_some()
    }

    /// What is known of the helper.
    pub fn status(&self) -> Status {
        let mut state = self.state();
        let memory = state.memory.or_else(usual_memory);
        let program = find().ok().map(|program| program.display().to_string());
        let helper = state.helper.as_mut().and_then(|helper| helper.usable().then_some(helper));
        Status {
            program,
            process: helper.as_ref().map(|helper| helper.process()),
            rustc: helper.as_ref().map(|helper| helper.rustc().to_owned()),
            folder: helper.as_ref().map(|helper| helper.folder().display().to_string()),
            memory,
        }
    }
}
