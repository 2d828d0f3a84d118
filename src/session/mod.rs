//! The one door for the command line, the REPL and the kernel: run a cell, check it, show what
//! came out.

mod bundle;
mod candidates;
mod cells;
mod complete;
mod completeness;
mod cursor;
mod fields;
mod history;
mod inspect;
mod known;
mod magic;
mod notebook;
mod pictures;
mod report;
mod rust_cells;
mod sequence;
mod timing;
mod words;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::diagnostic::{Code, Diagnostic, SourceId, Sources};
use crate::evaluate::{
    Globals, Kept, Machine, Mode, Modules, Output, Registry, Settings, Silent, Threads, check, run,
    with_stack,
};
use crate::interrupt::Interrupt;
use crate::symbol::Symbol;
use crate::syntax::ast::{Statement, StatementKind};
use crate::syntax::parse;
use crate::value::Value;

pub use bundle::{Bundle, Forms};
pub use complete::{Completion, CompletionKind, Completions};
pub use completeness::{Completeness, completeness};
pub use history::{Entry, History, history_path};
pub use inspect::Page;
pub use magic::{Cell, MAGICS, Magic, split};
pub use notebook::{from_notebook, to_notebook};
pub use pictures::Pictures;
pub use report::{error_json, language_info, progress_line, shown_json};
pub use sequence::cells;

/// A session: the names that were bound so far, and everything that cells share.
#[derive(Debug)]
pub struct Session {
    registry: Arc<Registry>,
    sources: Sources,
    interrupt: Interrupt,
    settings: Settings,
    modules: Modules,
    threads: Arc<Threads>,
    globals: Arc<Globals>,
    overrides: FxHashMap<Symbol, Value>,
    /// The cells that ran without an error, for `%save`.
    programs: Vec<String>,
    /// The last result, for `%last`; `ans` is bound to it.
    last: Option<Value>,
    /// Where shown pictures are written too, for `%plots`.
    pictures: Option<Arc<Pictures>>,
    /// What builtins keep from cell to cell, such as the helper for Rust cells.
    kept: Kept,
}

impl Default for Session {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Session {
    /// A session without any names but those of the builtins.
    pub fn new(settings: Settings) -> Self {
        Self {
            registry: Arc::new(crate::builtins::registry()),
            sources: Sources::default(),
            interrupt: Interrupt::new(),
            settings,
            modules: Modules::default(),
            threads: Arc::default(),
            globals: Arc::default(),
            overrides: FxHashMap::default(),
            programs: Vec::new(),
            last: None,
            pictures: None,
            kept: Kept::default(),
        }
    }

    /// The flag that stops the cell that runs; another thread may set it at any time.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// The texts of all cells, to show errors in.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All builtins.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The names bound so far.
    pub fn globals(&self) -> &Globals {
        &self.globals
    }

    /// Checks a cell without running it: all its errors, in the order of the text.
    pub fn check(&self, name: &str, text: &str, file: Option<&Path>) -> Vec<Diagnostic> {
        let file = file.map(crate::builtins::place);
        let file = file.as_ref();
        let source = self.sources.add(name, text);
        let program = parse(text, source);
        let mut errors = program.errors;
        let machine = self.machine(Mode::Check, Arc::new(Silent));
        errors.extend(self.guarded(source, || {
            let names = &program.broken_names;
            check(&machine, &self.globals, &program.statements, names, &self.overrides, file).errors
        }));
        sort(&mut errors);
        errors
    }

    /// Runs a cell: nothing of it if the check finds errors, else statement by statement until
    /// one fails. Names bound before an error are kept.
    pub fn run(
        &mut self,
        name: &str,
        text: &str,
        file: Option<&Path>,
        output: Arc<dyn Output>,
    ) -> Vec<Diagnostic> {
        let source = self.sources.add(name, text);
        self.run_source(source, text, file, output)
    }

    /// Runs the program of a source that is known already: byte for byte the source itself, but
    /// for blanks in the place of what is no program.
    fn run_source(
        &mut self,
        source: SourceId,
        text: &str,
        file: Option<&Path>,
        output: Arc<dyn Output>,
    ) -> Vec<Diagnostic> {
        // A session that was made by another copy of this library (in an earlier cell of an evcxr notebook)
        // goes on with the threads and the builtins of this one.
        if !self.threads.are_ours() {
            self.threads = Arc::default();
            self.registry = Arc::new(crate::builtins::registry());
        }
        let file = file.map(crate::builtins::place);
        let file = file.as_ref();
        let program = parse(text, source);
        let mut errors = program.errors;
        errors.extend(self.unused_overrides(&program.statements, source));
        let checker = self.machine(Mode::Check, Arc::new(Silent));
        let runner = self.machine(Mode::Run, output);
        // The last state is kept outside, so that a panic loses only the statement it is in.
        let kept = std::sync::Mutex::new(None);
        let found = self.guarded(source, || {
            let statements = &program.statements;
            let names = &program.broken_names;
            let mut errors_here =
                check(&checker, &self.globals, statements, names, &self.overrides, file).errors;
            if errors.is_empty() && errors_here.is_empty() {
                let end = run(&runner, &self.globals, statements, &self.overrides, file);
                errors_here.extend(end.error);
                *kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(end.globals);
            }
            errors_here
        });
        if let Some(globals) = kept.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            self.globals = globals;
        }
        errors.extend(found);
        sort(&mut errors);
        errors
    }

    /// Makes a top-level `let name = …` bind another value: `--set name=expression`.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn set_override(&mut self, name: &str, expression: &str) -> Result<(), Vec<Diagnostic>> {
        let mut sub = Self {
            registry: Arc::clone(&self.registry),
            sources: self.sources.clone(),
            interrupt: self.interrupt.clone(),
            settings: self.settings.clone(),
            modules: self.modules.clone(),
            threads: Arc::clone(&self.threads),
            globals: Arc::clone(&self.globals),
            overrides: FxHashMap::default(),
            programs: Vec::new(),
            last: None,
            pictures: None,
            kept: self.kept.clone(),
        };
        let cell = format!("let {name} = {expression}");
        let errors = sub.run(&format!("--set {name}"), &cell, None, Arc::new(Silent));
        let symbol = Symbol::new(name);
        if errors.is_empty() && parse(&cell, SourceId::default()).statements.len() != 1 {
            let message = format!("`--set {name}=…` takes one expression");
            return Err(vec![
                Diagnostic::new(Code::Syntax, message).hint(format!("--set {name}=16")),
            ]);
        }
        match (errors.is_empty(), sub.globals.get(symbol)) {
            (true, Some(value)) => {
                self.overrides.insert(symbol, value.clone());
                Ok(())
            }
            (true, None) => {
                let message = format!("`{name}` is no name that a `let` can bind");
                Err(vec![Diagnostic::new(Code::Syntax, message).hint("--set r=16")])
            }
            (false, _) => Err(errors),
        }
    }

    /// Binds a name to a value, as `let` does.
    ///
    /// # Errors
    /// What is wrong with the name: a word of the language, or no name at all.
    pub fn bind(&mut self, name: &str, value: Value) -> Result<(), Vec<Diagnostic>> {
        let cell = format!("let {name} = none");
        let errors = self.check("name", &cell, None);
        if !errors.is_empty() {
            return Err(errors);
        }
        let bound = parse(&cell, SourceId::default()).statements;
        let [Statement { kind: StatementKind::Let(binding), .. }] = bound.as_slice() else {
            let error = Diagnostic::new(Code::Syntax, format!("`{name}` is no name"));
            return Err(vec![error.hint("net")]);
        };
        if binding.name.symbol.as_str() != name {
            let error = Diagnostic::new(Code::Syntax, format!("`{name}` is no name"));
            return Err(vec![error.hint(binding.name.symbol.as_str())]);
        }
        Arc::make_mut(&mut self.globals).set(binding.name.symbol, value);
        Ok(())
    }

    fn unused_overrides(&self, statements: &[Statement], source: SourceId) -> Vec<Diagnostic> {
        let bound: Vec<&str> = statements
            .iter()
            .filter_map(|statement| match &statement.kind {
                StatementKind::Let(binding) => Some(binding.name.symbol.as_str()),
                _ => None,
            })
            .collect();
        let mut names: Vec<&str> = self.overrides.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        names.retain(|name| !bound.contains(name));
        let start = crate::diagnostic::Span::new(source, 0, 0);
        names
            .into_iter()
            .map(|name| {
                let message = format!("`--set {name}=…`: no `let` of this program binds `{name}`");
                let error = Diagnostic::new(Code::Name, message).at(start, "");
                match crate::diagnostic::did_you_mean(name, bound.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!("let {name} = 8")),
                }
            })
            .collect()
    }

    fn machine(&self, mode: Mode, output: Arc<dyn Output>) -> Machine {
        Machine::new(
            Arc::clone(&self.registry),
            self.sources.clone(),
            self.interrupt.clone(),
            output,
            mode,
            self.settings.clone(),
            self.modules.clone(),
            Arc::clone(&self.threads),
            self.kept.clone(),
        )
    }

    /// Runs a piece of work on a thread with a large stack; a panic becomes an error.
    fn guarded(
        &self,
        source: SourceId,
        work: impl FnOnce() -> Vec<Diagnostic> + Send,
    ) -> Vec<Diagnostic> {
        let caught = with_stack(self.settings.stack, || {
            std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
            })
        });
        caught.unwrap_or_else(|panic| {
            let start = crate::diagnostic::Span::new(source, 0, 0);
            vec![
                Diagnostic::new(Code::Bug, "the program has a defect; everything before is kept")
                    .at(start, "")
                    .note(panic)
                    .hint("convac explain E99"),
            ]
        })
    }
}

/// Errors of one cell that are told; a file of noise has as many as it has lines.
const MOST_ERRORS: usize = 500;

fn sort(errors: &mut Vec<Diagnostic>) {
    errors.sort_by_key(|error| error.primary.as_ref().map(|l| (l.span.source.0, l.span.start)));
    let more = errors.len().saturating_sub(MOST_ERRORS);
    errors.truncate(MOST_ERRORS);
    if more > 0
        && let Some(last) = errors.last_mut()
    {
        last.notes.push(format!("and {more} more errors"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_another_copy_of_the_library_goes_on_with_threads_of_this_one() {
        let settings = Settings { threads: 2, ..Settings::default() };
        let mut session = Session::new(settings);
        session.run(
            "cell",
            "let net = network { input(8, dim = 2), conv(3), pool(8), output(1) }",
            None,
            Arc::new(Silent),
        );
        session.threads = Arc::new(Threads::of_another_copy());
        let text = "let all = [min_cut(net, blocks(n)).value + sum(1..k) for n in [1, 2, 4] for k in 1..500]";
        let errors = session.run("cell", text, None, Arc::new(Silent));
        assert!(errors.is_empty(), "{errors:?}");
        assert!(session.threads.are_ours());
        assert!(session.globals.get(Symbol::new("all")).is_some());
    }
}
