//! Programs of the language as expressions of Rust.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::stdout;
use crate::diagnostic::{Code, Diagnostic, Sources, Span, render, to_html, to_plain};
use crate::evaluate::{Output, Shown};
use crate::session::Session;
use crate::value::{FromValue, IntoValue, Mismatch, Value, typed};

/// What was wrong with a program, as the language tells it: with code, place, cause and hint.
///
/// `Display` and `Debug` are the rendered text, since `?` in a notebook and `unwrap` print `Debug`.
///
/// ```
/// use convac::cac;
///
/// let error = cac!("min_cutt(3)").unwrap_err();
/// assert_eq!(error.to_string(), "\
/// error[E02]: there is no `min_cutt`
///   ┌─ cac:1:1
/// 1 │ min_cutt(3)
///   │ ^^^^^^^^ not a builtin, and no `let` above binds it
///   = hint: did you mean `min_cut`?");
/// ```
#[derive(Clone)]
pub struct EvalError {
    diagnostics: Vec<Diagnostic>,
    text: String,
    html: String,
}

impl EvalError {
    fn new(diagnostics: Vec<Diagnostic>, sources: &Sources) -> Self {
        let rendered: Vec<_> = diagnostics.iter().map(|error| render(error, sources)).collect();
        let texts: Vec<String> = rendered.iter().map(|pieces| to_plain(pieces)).collect();
        let html = rendered.iter().map(|pieces| to_html(pieces)).collect();
        Self { text: texts.join("\n\n"), html, diagnostics }
    }

    /// The errors one by one, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Shows the errors in a notebook of evcxr, in colours.
    pub fn evcxr_display(&self) {
        stdout::show(&[("text/plain", &self.text), ("text/html", &self.html)]);
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<Code> {
        self.diagnostics.first().map(|error| error.code)
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Behind `called Result::unwrap() on an Err value: ` the excerpt begins a line of its own.
        write!(f, "\n{}", self.text)
    }
}

impl std::error::Error for EvalError {}

/// Keeps the result of a cell; what the program prints is printed.
#[derive(Default)]
struct Keeper {
    shown: Mutex<Option<(Value, Span)>>,
}

impl Output for Keeper {
    fn stream(&self, text: &str) {
        stdout::print(text);
    }

    fn warn(&self, text: &str) {
        stdout::warn(text);
    }

    fn show(&self, shown: &Shown) {
        if shown.result {
            let found = Some((shown.value.clone(), shown.span));
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = found;
        }
    }
}

impl Session {
    /// Runs a program in this session and gives the value of its last bare expression, or `none`
    /// without one. Names that it binds are there for the next one; what it prints goes to the
    /// standard output. Values of earlier expressions are dropped.
    ///
    /// # Errors
    /// [`EvalError`] with all errors that the check found (then nothing ran), or the one that
    /// stopped the run.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let mut session = Session::default();
    /// session.eval("let net = network { input(16, dim = 4), conv(8), pool(16), output(10) }")?;
    /// let cut = session.eval("min_cut(net, left_right)")?;
    /// assert!(cut.to_string().starts_with("min-cut 8, exact"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn eval(&mut self, text: &str) -> Result<Value, EvalError> {
        self.eval_at(text).map(|(value, _)| value)
    }

    /// As [`Session::eval`], with the value as a Rust type: numbers (ints of any width, nothing is cut
    /// off), `bool`, `String`, `Vec`, tuples, `Option` for `none`, and the types of the engine:
    /// [`Network`](crate::network::Network), [`Cut`](super::Cut), [`Model`](crate::entangle::model::Model), ….
    ///
    /// # Errors
    /// As [`Session::eval`]; E04 at the expression whose value is of another type.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let mut session = Session::default();
    /// session.set("r", 16)?;
    /// let (bits, rs): (f64, Vec<u32>) = session.eval_as("[log2(r), [r, 2*r]]")?;
    /// assert_eq!((bits, rs), (4.0, vec![16, 32]));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn eval_as<T: FromValue>(&mut self, text: &str) -> Result<T, EvalError> {
        let (value, span) = self.eval_at(text)?;
        let shown = crate::value::brief(&value);
        typed(value).map_err(|Mismatch(why)| {
            let mut error = Diagnostic::new(Code::Type, format!("the value does not fit: {why}"))
                .note(format!("the value is {shown}"))
                .hint("ask for another Rust type, or `Value` for any");
            if let Some(span) = span {
                error = error.at(span, "this is the value of the program");
            }
            EvalError::new(vec![error], self.sources())
        })
    }

    /// Binds a name to a Rust value, as `let` does.
    ///
    /// # Errors
    /// [`EvalError`] for what is no name or a word of the language, or a value that is too large.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let mut session = Session::default();
    /// session.set("net", Network::chain(8, 2).conv(3).pool(8).output(1)?)?;
    /// assert_eq!(session.eval_as::<u64>("min_cut(net, left_right).value")?, 3);
    /// assert!(session.set("let", 1).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set(&mut self, name: &str, value: impl IntoValue) -> Result<(), EvalError> {
        let value =
            value.into_value().map_err(|failure| EvalError::new(vec![*failure], self.sources()))?;
        self.bind(name, value).map_err(|errors| EvalError::new(errors, self.sources()))
    }

    fn eval_at(&mut self, text: &str) -> Result<(Value, Option<Span>), EvalError> {
        let output = Arc::new(Keeper::default());
        let errors = self.run("cac", text, None, Arc::clone(&output) as Arc<dyn Output>);
        if !errors.is_empty() {
            return Err(EvalError::new(errors, self.sources()));
        }
        let shown = output.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(shown.map_or((Value::None, None), |(value, span)| (value, Some(span))))
    }
}

/// Shown as a session shows it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::value::text(self))
    }
}

/// Runs a program of the language: `Result<Value, EvalError>`, or of a Rust type behind `=>`.
///
/// ```
/// use convac::prelude::*;
///
/// // A program by itself.
/// let bits = cac!("
///     let net = network { input(16, dim = 4), conv(8), pool(2), conv(8), pool(8), output(10) }
///     min_cut(net, left_right).bits
/// " => f64)?;
/// assert_eq!(bits, 3.0);
///
/// // With values of Rust by name.
/// let net = Network::chain(16, 4).conv(8).pool(16).output(1)?;
/// let rows = cac!("[{r, rank: min_cut(net, blocks(r)).value} for r in rs]", net = &net, rs = [1u8, 2])?;
/// assert_eq!(rows.to_string(), "r  rank\n─  ────\n1     8\n2     8");
///
/// // In a session, whose names stay.
/// let mut session = Session::default();
/// cac!(session, "let f(x) = x^2")?;
/// assert_eq!(cac!(session, "f(x)", x = 12 => i32)?, 144);
///
/// // Values are computed outside: `?` is that of the function around.
/// let again = cac!(session, "f(x) + y", x = session.eval_as::<i32>("f(3)")?, y = 1 => i32)?;
/// assert_eq!(again, 82);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! cac {
    ($text:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::cac!(@run $crate::session::Session::default(), $text, [$($name = $value),*],
            $crate::value::Value)
    };
    ($text:literal $(, $name:ident = $value:expr)* => $rust:ty) => {
        $crate::cac!(@run $crate::session::Session::default(), $text, [$($name = $value),*], $rust)
    };
    // Values are computed where the macro stands: `?` and `return` in them are the caller's, and they
    // may come from the session itself.
    (@run $session:expr, $text:expr, [$($name:ident = $value:expr),*], $rust:ty) => {
        match ($($value,)*) {
            values => (|session: &mut $crate::session::Session, ($($name,)*)| {
                $(session.set(stringify!($name), $name)?;)*
                session.eval_as::<$rust>($text)
            })(&mut $session, values),
        }
    };
    ($session:expr, $text:expr $(, $name:ident = $value:expr)* => $rust:ty) => {
        $crate::cac!(@run $session, $text, [$($name = $value),*], $rust)
    };
    ($session:expr, $text:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::cac!(@run $session, $text, [$($name = $value),*], $crate::value::Value)
    };
}
