//! Rust cells: the functions and values that cross.

mod cross;
mod refusal;

use std::sync::Arc;

use super::table_macro::builtins;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::evaluate::{Output, Outside, OutsideFunction, Stop};
use crate::interrupt::Interrupt;
use crate::rust::{CellFailure, Cells, Listener, Refusal, RustFunction, cac};
use crate::value::{Failure, IntoValue, Type, TypeSet, Value};

pub use cross::{Known, inward, outward};
pub use refusal::{compiler_error, errors};

/// A function of a Rust cell as one of the language.
#[derive(Debug)]
struct Foreign {
    function: RustFunction,
    signature: String,
    doc: String,
    known: Known,
}

impl Foreign {
    fn new(function: RustFunction, known: Known) -> Self {
        let params: Vec<String> =
            (1..=function.arity()).map(|number| format!("x{number}")).collect();
        Self {
            signature: format!("{}({})", function.name(), params.join(", ")),
            doc: format!(
                "The function of a Rust cell `fn {}{}`.",
                function.name(),
                function.signature()
            ),
            function,
            known,
        }
    }
}

impl Outside for Foreign {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn doc(&self) -> &str {
        &self.doc
    }

    fn arity(&self) -> usize {
        self.function.arity()
    }

    fn call_each(
        &self,
        calls: Vec<Vec<Value>>,
        output: &dyn Output,
        interrupt: &Interrupt,
    ) -> Result<Vec<Value>, (usize, Failure)> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut columns = Vec::with_capacity(self.arity());
        for number in 0..self.arity() {
            let column =
                || calls.iter().map(|call| call.get(number).cloned().unwrap_or(Value::None));
            let crossed = cross::items(calls.len() as u64, column, &self.known);
            columns.push(crossed.map_err(|failure| (0, failure))?);
        }
        let results = self.function.call(calls.len(), columns, interrupt);
        self.function.cells().drain(&Telling(output));
        let results = results.map_err(|refusal| self.told(&refusal, &calls))?;
        let results = results.into_items().map_err(|_| (0, broken()))?;
        if results.len() != calls.len() {
            return Err((0, broken()));
        }
        let results = results.into_iter().enumerate();
        results
            .map(|(call, result)| inward(result, &self.known).map_err(|wrong| (call, wrong)))
            .collect()
    }
}

fn broken() -> Failure {
    crate::value::failure(
        crate::diagnostic::Code::Rust,
        "a Rust function gave an answer that cannot be read",
        "%rust restart",
    )
}

impl Foreign {
    /// The error of a call, with its arguments.
    fn told(&self, refusal: &Refusal, calls: &[Vec<Value>]) -> (usize, Failure) {
        let mut error = refusal::errors(refusal).swap_remove(0);
        let mut number = 0;
        let name = self.function.name();
        match refusal {
            Refusal::Fault(cac::Fault { call, .. }) => {
                number = *call;
                let arguments = calls.get(*call).map_or(&[][..], Vec::as_slice);
                let arguments: Vec<String> = arguments.iter().map(crate::value::short).collect();
                error.message = format!("{name}({}): {}", arguments.join(", "), error.message);
                error.hint = Some(format!("fn {name}{}", self.function.signature()));
            }
            Refusal::Failed(CellFailure::Ended { how, .. }) => {
                error.message =
                    format!("the Rust function `{name}` ended the process of Rust cells: {how}");
                error.hint = Some(format!("let {name} = rust_fn(\"{name}\")"));
            }
            Refusal::FunctionGone => {
                error.message =
                    format!("the process that held the Rust function `{name}` has ended");
                error.hint = Some(format!("let {name} = rust_fn(\"{name}\")"));
            }
            _ => {}
        }
        (number, Box::new(error))
    }
}

/// Hands on what cells write, and what takes long.
pub struct Telling<'o>(pub &'o dyn Output);

impl Listener for Telling<'_> {
    fn text(&self, error: bool, text: &str) {
        if error { self.0.warn(text) } else { self.0.stream(text) }
    }

    fn status(&self, text: &str, done: bool) {
        self.0.status(text, done);
    }
}

/// A function that is given back.
struct Made(OutsideFunction);

impl IntoValue for Made {
    const TYPES: TypeSet = TypeSet::of(&[Type::Function]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::Function(Arc::new(self.0)))
    }
}

builtins! { RUST "Rust":
    /// A function that a Rust cell has defined, as a function of the language.
    ///
    /// The cell (`%%rust`, in notebooks and in `convac-repl`) is compiled by rustc; arguments and results
    /// cross by value, and what `map`, a partition or a pooling key asks for crosses in one piece:
    /// over 100,000 calls a second. The function is taken to give the same for the same. It takes what
    /// it owns (`f64`, `i64`, `bool`, `String`, `Vec<f64>`, …) and gives such a value, or a `Result` whose
    /// `Err` becomes an error here. A later cell that defines it anew changes nothing here: ask again.
    ///
    /// In a cell of its own:
    ///
    /// ```text
    /// %%rust
    /// fn parity(site: u64) -> bool { site.count_ones() % 2 == 0 }
    /// ```
    ///
    /// Then `let parity = rust_fn("parity")` and `min_cut(net, sites(parity))`.
    effect fn rust_fn(cx, call; /** The name of the function. */ name: Arc<str>) -> Made {
        let cells: Cells = cx.machine().kept.get();
        match cells.function(&name, &Telling(cx.machine().output.as_ref()), &cx.machine().interrupt) {
            Ok(function) => {
                let known = cx.machine().kept.get();
                Ok(Made(OutsideFunction(Arc::new(Foreign::new(function, known)))))
            }
            Err(refusal) => Err(unserved(&name, &refusal, call.span)),
        }
    }
}

/// Why there is no such function.
fn unserved(name: &str, refusal: &Refusal, span: crate::diagnostic::Span) -> Stop {
    let mut error: Diagnostic = refusal::errors(refusal).swap_remove(0);
    match refusal {
        Refusal::Failed(CellFailure::NoFunction { defined }) => {
            error.message = format!("no Rust cell defines a function `{name}`");
            if let Some(near) = did_you_mean(name, defined.iter().map(String::as_str)) {
                error = error.hint(format!("did you mean `{near}`?"));
            }
        }
        Refusal::Failed(CellFailure::Compiler { .. }) => {
            error.message = format!("`{name}` cannot be called from here: {}", error.message);
        }
        _ => {}
    }
    error.at(span, "").into()
}
