//! Systems without Unix sockets: there are no Rust cells there.

use convac_rust_wire::Completion;

use super::{Cell, Listener, Outcome, Refusal, Status, cac};
use crate::interrupt::Interrupt;

/// The Rust cells of a session.
#[derive(Clone, Debug, Default)]
pub struct Cells;

/// A function of a Rust cell; there is none.
#[derive(Debug)]
pub enum RustFunction {}

fn missing() -> Refusal {
    Refusal::Missing {
        what: "Rust cells need a Unix system (Linux, macOS, WSL)".into(),
        hint: "wsl --install".into(),
    }
}

impl Cells {
    /// Runs no cell.
    ///
    /// # Errors
    /// Always.
    pub fn execute(
        &self,
        _: &Cell<'_>,
        _: &dyn Listener,
        _: &Interrupt,
    ) -> Result<Outcome, Refusal> {
        Err(missing())
    }

    /// Finds no function.
    ///
    /// # Errors
    /// Always.
    pub fn function(
        &self,
        _: &str,
        _: &dyn Listener,
        _: &Interrupt,
    ) -> Result<RustFunction, Refusal> {
        Err(missing())
    }

    /// Nothing.
    pub fn complete(&self, _: &str, _: usize) -> Option<(usize, usize, Vec<Completion>)> {
        None
    }

    /// Nothing is written.
    pub fn drain(&self, _: &dyn Listener) {}

    /// Nothing ran.
    pub fn stop(&self) -> bool {
        false
    }

    /// Nothing is known.
    pub fn status(&self) -> Status {
        Status::default()
    }
}

impl RustFunction {
    /// Its name.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// The number of its parameters.
    pub fn arity(&self) -> usize {
        match *self {}
    }

    /// Its signature.
    pub fn signature(&self) -> &str {
        match *self {}
    }

    /// The cells of which it is one.
    pub fn cells(&self) -> &Cells {
        match *self {}
    }

    /// Its results.
    ///
    /// # Errors
    /// None: there is no such function.
    pub fn call(&self, _: usize, _: Vec<cac::Value>, _: &Interrupt) -> Result<cac::Value, Refusal> {
        match *self {}
    }
}
