//! Functions as values.

use std::any::Any;
use std::sync::Arc;

use super::Builtin;
use super::output::Output;
use super::scope::Env;
use crate::diagnostic::Span;
use crate::interrupt::Interrupt;
use crate::symbol::Symbol;
use crate::syntax::ast::Lambda;
use crate::value::{Failure, Function, Value};

/// A function of a program.
#[derive(Debug)]
pub struct Closure {
    /// Its name, for messages and for calling itself.
    pub(super) name: Option<Symbol>,
    /// Parameters and body.
    pub(super) lambda: Arc<Lambda>,
    /// The local names it sees.
    pub(super) env: Env,
    /// The module whose globals it sees; `None` for the session's.
    pub(super) module: Option<usize>,
    /// Its `##` lines.
    pub(super) doc: Option<Arc<str>>,
    /// How deep the values are that it holds.
    pub(super) depth: u32,
    /// `f(x, y = 2)` with the defaults as written.
    pub(super) signature: Arc<str>,
}

impl Closure {
    /// Parameters and body.
    pub fn lambda(&self) -> &Lambda {
        &self.lambda
    }

    /// The names of the parameters.
    pub fn params(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.lambda.params.iter().map(|param| param.name.symbol.as_str())
    }

    /// Where the default of a parameter stands, if it has one.
    pub fn default_of(&self, name: &str) -> Option<Span> {
        let param = self.lambda.params.iter().find(|param| param.name.symbol.as_str() == name)?;
        param.default.as_ref().map(|default| default.span)
    }

    /// Where it is defined.
    pub fn definition(&self) -> Span {
        self.lambda.span
    }
}

impl Function for Closure {
    fn name(&self) -> Option<&str> {
        self.name.map(Symbol::as_str)
    }

    fn signature(&self) -> String {
        self.signature.to_string()
    }

    fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A builtin as a value.
#[derive(Clone, Copy, Debug)]
pub struct BuiltinFunction(pub &'static Builtin);

impl Function for BuiltinFunction {
    fn name(&self) -> Option<&str> {
        Some(self.0.name)
    }

    fn signature(&self) -> String {
        self.0.signature()
    }

    fn doc(&self) -> Option<&str> {
        Some(self.0.doc)
    }

    fn depth(&self) -> u32 {
        0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A function that is computed outside of the language, many calls at a time: a function of a Rust
/// cell. It is taken to be pure, so that calls may be made in any order that gives their results.
pub trait Outside: std::fmt::Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// `area(x1, x2)`
    fn signature(&self) -> String;

    /// What it takes and gives, in its own language.
    fn doc(&self) -> &str;

    /// The number of its parameters.
    fn arity(&self) -> usize;

    /// The results of these calls, in order; what they write goes to the output.
    ///
    /// # Errors
    /// The number of the first call that fails, and why.
    fn call_each(
        &self,
        calls: Vec<Vec<Value>>,
        output: &dyn Output,
        interrupt: &Interrupt,
    ) -> Result<Vec<Value>, (usize, Failure)>;
}

/// A function from outside as a value.
#[derive(Clone, Debug)]
pub struct OutsideFunction(pub Arc<dyn Outside>);

impl Function for OutsideFunction {
    fn name(&self) -> Option<&str> {
        Some(self.0.name())
    }

    fn signature(&self) -> String {
        self.0.signature()
    }

    fn doc(&self) -> Option<&str> {
        Some(self.0.doc())
    }

    fn depth(&self) -> u32 {
        0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How many arguments a function takes by position, if that can be said.
pub fn arity(function: &dyn Function) -> Option<usize> {
    let function = function.as_any();
    let closure = function.downcast_ref::<Closure>().map(|closure| closure.params().count());
    closure.or_else(|| function.downcast_ref::<OutsideFunction>().map(|outside| outside.0.arity()))
}
