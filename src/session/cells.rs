//! Running cells: programs, and what `%` and `?` ask for.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use super::complete::program;
use super::fields::value_text;
use super::magic::{Cell, Head, MAGICS, head, magic, split};
use super::pictures::{Drawing, Pictures};
use crate::builtins::{make_folder, manual, read_text, write_whole};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span, did_you_mean};
use crate::evaluate::{Modules, Output, Shown};
use crate::symbol::Symbol;
use crate::syntax::{RESERVED, continues_word};
use crate::value::{Failure, Value};

/// What stands between the programs of a file that `%save` writes.
const MARK: &str = "# %%\n";

/// The name of the last result.
const ANSWER: &str = "ans";

impl Session {
    /// Runs a cell: a program, a magic or a question. Values, text and pages go to the output.
    pub fn run_cell(&mut self, name: &str, text: &str, output: Arc<dyn Output>) -> Vec<Diagnostic> {
        let source = self.sources.add(name, text);
        let asked = Asked { source, text, head: head(text) };
        if let Some(error) = asked.superfluous() {
            return vec![error];
        }
        if let Some(name) = self.help_wanted(text) {
            let done = self.show_page(name, 0, &asked, output.as_ref());
            return done.err().map(|error| *error).into_iter().collect();
        }
        let done = match split(text) {
            Cell::Program(program) => return self.run_and_keep(source, program, None, output),
            Cell::Time(timed) | Cell::Timeit(timed) if timed.trim().is_empty() => {
                Err(asked.missing("a program").into())
            }
            Cell::Time(_) => return self.timed(source, text, output),
            Cell::Timeit(_) => return self.timed_again_and_again(source, text, output.as_ref()),
            Cell::Load("") | Cell::Save("") | Cell::Run("") => Err(asked.missing("a path").into()),
            Cell::Load(path) => match read_text(Path::new(path)) {
                Ok(loaded) => {
                    let source = self.sources.add(path, loaded.as_str());
                    return self.run_and_keep(source, &loaded, Some(Path::new(path)), output);
                }
                Err(failure) => Err(asked.blamed(&failure)),
            },
            Cell::Run(path) => match read_text(Path::new(path)) {
                Ok(loaded) => return self.run_apart(path, &loaded, output),
                Err(failure) => Err(asked.blamed(&failure)),
            },
            // Where there is an editor, the terminal session asks it and runs what comes back.
            Cell::Edit(_) => Err(asked.needs_terminal().into()),
            Cell::Last => self.show_last(&asked, output.as_ref()),
            Cell::Save(path) => self.save(path, &asked, output.as_ref()),
            Cell::Who => {
                self.show_names(&asked, output.as_ref());
                Ok(())
            }
            Cell::Reset => {
                self.reset();
                Ok(())
            }
            Cell::Plots(folder) => self.plots(folder, &asked, output.as_ref()),
            Cell::Markdown(text) => {
                output.markdown(text);
                Ok(())
            }
            Cell::Rust(wish) => self.rust_process(wish, &asked, output.as_ref()),
            Cell::RustCell { options, code } => {
                return self.run_rust(&asked, options, code, output.as_ref());
            }
            Cell::Search(word) => {
                let page = self.search(word);
                output.page(&page.plain, &page.html);
                Ok(())
            }
            Cell::Page { name, detail } => self.show_page(name, detail, &asked, output.as_ref()),
            Cell::Unknown { name } => Err(asked.unknown(name).into()),
        };
        done.err().map(|error| *error).into_iter().collect()
    }

    /// The names that are bound, as a table of `name`, `type` and `value`.
    pub fn who(&self) -> Value {
        let row = |(name, value): (Symbol, &Value)| {
            Value::record(vec![
                (Symbol::new("name"), Value::string(name.as_str())),
                (Symbol::new("type"), Value::string(value.type_of().as_str())),
                (Symbol::new("value"), Value::string(value_text(value))),
            ])
        };
        // `ans` is bound by no cell.
        let names = self.globals.iter().filter(|(name, _)| name.as_str() != ANSWER);
        let rows = names.map(row).collect::<Result<Vec<_>, _>>();
        rows.and_then(Value::list).unwrap_or(Value::None)
    }

    /// Forgets all names. What ran stays in what `%save` writes.
    pub fn reset(&mut self) {
        self.globals = Arc::default();
        self.modules = Modules::default();
        self.last = None;
    }

    /// Runs a program; without errors it is one of those that `%save` writes.
    fn run_and_keep(
        &mut self,
        source: SourceId,
        text: &str,
        file: Option<&Path>,
        output: Arc<dyn Output>,
    ) -> Vec<Diagnostic> {
        let drawing = Arc::new(Drawing::new(output, self.pictures.clone()));
        let sink = Arc::clone(&drawing) as Arc<dyn Output>;
        let mut errors = self.run_source(source, text, file, sink);
        let kept = text.trim_start_matches(['\n', '\r']).trim_end();
        if errors.is_empty() && !kept.trim().is_empty() {
            // The blanks in the place of `%time` are nobody's indentation.
            let kept = if file.is_none() { kept.trim_start() } else { kept };
            self.programs.push(kept.to_owned());
        }
        if errors.is_empty()
            && let Some(answer) = drawing.take_answer()
        {
            Arc::make_mut(&mut self.globals).set(Symbol::new(ANSWER), answer.clone());
            self.last = Some(answer);
        }
        errors.extend(drawing.take_errors());
        errors
    }

    /// The last program that ran without an error and binds a name.
    pub fn program_that_binds(&self, name: &str) -> Option<&str> {
        let binds = |line: &str| {
            let bound = line.trim_start().strip_prefix("let ").map(str::trim_start);
            let rest = bound.and_then(|bound| bound.strip_prefix(name));
            rest.is_some_and(|rest| !rest.starts_with(continues_word))
        };
        let mut programs = self.programs.iter().rev().map(String::as_str);
        programs.find(|program| program.lines().any(binds))
    }

    fn timed(&mut self, source: SourceId, text: &str, output: Arc<dyn Output>) -> Vec<Diagnostic> {
        let start = Instant::now();
        let errors = self.run_and_keep(source, &program(text), None, Arc::clone(&output));
        if errors.is_empty() {
            output.stream(&format!("{}\n", duration(start.elapsed())));
        }
        errors
    }

    /// Runs a file that sees no names; those that it binds are added.
    fn run_apart(&mut self, path: &str, text: &str, output: Arc<dyn Output>) -> Vec<Diagnostic> {
        let source = self.sources.add(path, text);
        let own = std::mem::take(&mut self.globals);
        let errors = self.run_and_keep(source, text, Some(Path::new(path)), output);
        let found = std::mem::replace(&mut self.globals, own);
        let globals = Arc::make_mut(&mut self.globals);
        for (name, value) in found.iter() {
            globals.set(name, value.clone());
            if let Some(doc) = found.doc(name) {
                globals.set_doc(name, doc.into());
            }
        }
        errors
    }

    fn show_last(&self, asked: &Asked<'_>, output: &dyn Output) -> Result<(), Failure> {
        let span = asked.name();
        let Some(value) = self.last.clone() else {
            let error = Diagnostic::new(Code::Domain, "there is no result yet");
            return Err(error.at(span, "").hint("1 + 1").into());
        };
        output.show_whole(&Shown { value, span, line: 1, result: true });
        Ok(())
    }

    /// What `help`, alone or with a word behind it, asks for; nothing if the session has a name
    /// of its own that is `help`.
    fn help_wanted<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = text.trim().strip_prefix("help")?;
        let word = rest.trim_start();
        let asks = rest.is_empty()
            || (word.len() < rest.len() && word.chars().all(|c| c == '.' || continues_word(c)));
        let is_own = self.globals.get(Symbol::new("help")).is_some();
        (asks && !RESERVED.contains(&word) && !is_own).then_some(word)
    }

    fn save(&self, path: &str, asked: &Asked<'_>, output: &dyn Output) -> Result<(), Failure> {
        if self.programs.is_empty() {
            let message = "there is nothing to save: no program ran without an error yet";
            return Err(Diagnostic::new(Code::Domain, message)
                .at(asked.argument(), "")
                .hint("run a cell first")
                .into());
        }
        let mut file = self.programs.join(&format!("\n\n{MARK}"));
        file.push('\n');
        write_whole(Path::new(path), file.as_bytes()).map_err(|failure| asked.blamed(&failure))?;
        let count = self.programs.len();
        let programs = if count == 1 { "program" } else { "programs" };
        output.stream(&format!("{count} {programs} written to {path}\n"));
        Ok(())
    }

    fn plots(
        &mut self,
        folder: Option<&str>,
        asked: &Asked<'_>,
        output: &dyn Output,
    ) -> Result<(), Failure> {
        match folder {
            None => {}
            Some("off") => self.pictures = None,
            Some(folder) => {
                let path = Path::new(folder);
                make_folder(path).map_err(|failure| asked.blamed(&failure))?;
                // The same folder again goes on with its numbers.
                if self.pictures.as_ref().is_none_or(|pictures| pictures.folder() != path) {
                    self.pictures = Some(Arc::new(Pictures::new(path)));
                }
            }
        }
        output.stream(&match &self.pictures {
            Some(pictures) => format!("pictures are written to {}\n", pictures.folder().display()),
            None => "pictures are only shown\n".to_owned(),
        });
        Ok(())
    }

    fn show_names(&self, asked: &Asked<'_>, output: &dyn Output) {
        if self.globals.iter().next().is_none() {
            output.stream("no names are bound\n");
            return;
        }
        let span = asked.name();
        let line = self.sources.position(span).map_or(1, |(line, _)| line);
        output.show(&Shown { value: self.who(), span, line, result: true });
    }

    fn show_page(
        &self,
        name: &str,
        detail: u8,
        asked: &Asked<'_>,
        output: &dyn Output,
    ) -> Result<(), Failure> {
        if name.is_empty() {
            let text = manual::overview(&self.registry);
            let html = crate::value::pre_html(&text);
            output.page(&text, &html);
            return Ok(());
        }
        if let Some(page) = self.page(name, detail) {
            output.page(&page.plain, &page.html);
            return Ok(());
        }
        let error = Diagnostic::new(Code::Name, format!("there is no page for `{name}`"))
            .at(asked.part(name), "");
        let names = self.globals.iter().map(|(name, _)| name.as_str());
        let names = names.chain(self.registry.iter().map(|builtin| builtin.name)).chain(RESERVED);
        Err(match did_you_mean(name, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).into(),
            None => error.hint(format!("??{name}")).into(),
        })
    }
}

/// A cell that is no program, for messages.
pub(super) struct Asked<'t> {
    pub source: SourceId,
    pub text: &'t str,
    pub head: Option<Head>,
}

impl Asked<'_> {
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.source, range.start, range.end)
    }

    /// Where the name of the magic stands.
    pub(super) fn name(&self) -> Span {
        self.head.as_ref().map_or(self.span(0..0), |head| self.span(head.name.clone()))
    }

    /// Where its argument stands.
    pub(super) fn argument(&self) -> Span {
        self.head.as_ref().map_or(self.span(0..0), |head| self.span(head.argument.clone()))
    }

    /// The error of a file, where its path stands.
    fn blamed(&self, failure: &Diagnostic) -> Failure {
        Box::new(failure.clone().or_at(self.argument()))
    }

    /// Where a part of the text stands that was cut out of it.
    pub(super) fn part(&self, part: &str) -> Span {
        let start = self.text.find(part).unwrap_or(0);
        self.span(start..start + part.len())
    }

    fn magic_name(&self) -> &str {
        self.head.as_ref().and_then(|head| self.text.get(head.name.clone())).unwrap_or("")
    }

    fn usage(&self) -> &'static str {
        magic(self.magic_name()).map_or("%time 1 + 1", |magic| magic.usage)
    }

    pub(super) fn missing(&self, what: &str) -> Diagnostic {
        let name = self.magic_name();
        Diagnostic::new(Code::Call, format!("`{name}` wants {what}"))
            .at(self.name(), "")
            .hint(self.usage().replace('\n', " …"))
    }

    fn needs_terminal(&self) -> Diagnostic {
        let message = format!("`{}` needs a terminal with an editor", self.magic_name());
        Diagnostic::new(Code::Domain, message).at(self.name(), "").hint("%load first.cac")
    }

    /// What stands where a magic or a question wants nothing: it would be lost.
    fn superfluous(&self) -> Option<Diagnostic> {
        let cell = split(self.text);
        let takes_all = matches!(
            cell,
            Cell::Program(_)
                | Cell::Time(_)
                | Cell::Timeit(_)
                | Cell::Markdown(_)
                | Cell::RustCell { .. }
                | Cell::Unknown { .. }
        );
        if takes_all {
            return None;
        }
        if let (Cell::Who | Cell::Reset | Cell::Last, Some(head)) = (&cell, &self.head)
            && !head.argument.is_empty()
        {
            let message = format!("`{}` takes nothing", self.magic_name());
            let error = Diagnostic::new(Code::Call, message).at(self.argument(), "");
            return Some(error.hint(self.magic_name()));
        }
        let first = self.text.len() - self.text.trim_start().len();
        let end = self.text.get(first..)?.find('\n').map(|at| first + at)?;
        let below = self.text.get(end..)?;
        let start = end + (below.len() - below.trim_start().len());
        if below.trim().is_empty() {
            return None;
        }
        let line = self.text.get(start..)?.lines().next().unwrap_or("").trim_end();
        let message = "a magic or a question stands alone in its cell";
        Some(
            Diagnostic::new(Code::Syntax, message)
                .at(self.span(start..start + line.len()), "this would be lost")
                .hint("write it into a cell of its own"),
        )
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names: Vec<&str> = MAGICS.iter().map(|magic| magic.name).collect();
        let error = Diagnostic::new(Code::Name, format!("there is no magic `{name}`"))
            .at(self.name(), "")
            .note(format!("the magics are {}", names.join(", ")));
        match did_you_mean(name, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("%time 1 + 1"),
        }
    }
}

/// `1.23 ms`: three digits and a unit.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds >= 120.0 {
        let minutes = time.as_secs() / 60;
        return format!("{minutes} min {} s", time.as_secs() % 60);
    }
    let (number, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let places = match number {
        n if n < 9.995 => 2,
        n if n < 99.95 => 1,
        _ => 0,
    };
    format!("{number:.places$} {unit}")
}

#[cfg(test)]
mod tests;
