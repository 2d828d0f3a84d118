//! Printing, showing, asking, help.

use std::sync::Arc;

use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{BuiltinFunction, Scope};
use crate::value::{List, Type, Value, brief, text};

/// Values as a line of plain text.
fn line(values: &List) -> String {
    let text = |value: Value| match &value {
        Value::String(text) => text.to_string(),
        other => text(other),
    };
    let mut line = values.iter().map(text).collect::<Vec<_>>().join(" ");
    line.push('\n');
    line
}

builtins! { GENERAL "General":
    /// Writes values as a line of plain text.
    ///
    /// > print("bits:", 16)
    /// bits: 16
    printing fn print(cx, call; /** What to write, with blanks between. */ x: Arc<List>) -> () {
        cx.machine().output.stream(&line(&x));
        Ok(())
    }

    /// Writes values as a line of plain text beside the output: on the standard error.
    ///
    /// In a notebook it has a colour of its own; in a pipe it does not mix with what is printed.
    ///
    /// > warn("rank not proved:", 7)
    /// rank not proved: 7
    printing fn warn(cx, call; /** What to write, with blanks between. */ x: Arc<List>) -> () {
        cx.machine().output.warn(&line(&x));
        Ok(())
    }

    /// Takes away what this cell of a notebook has shown so far.
    ///
    /// With `wait` the old output stays until something new is shown, so that nothing flickers. On
    /// a terminal and in a file nothing happens.
    ///
    /// > print("half done")
    /// > clear()
    /// half done
    effect fn clear(cx, call; /** Whether to wait for new output. */ wait: bool = "true") -> () {
        cx.machine().output.clear(wait);
        Ok(())
    }

    /// Shows a value in the middle of a program, as a bare expression would at its end.
    ///
    /// > show([1, 2])
    /// [1, 2]
    effect fn show(cx, call; /** Any value. */ x: Value) -> () {
        cx.show(x, call.span)
    }

    /// Reads a line from the user.
    effect fn ask(
        cx, call;
        /** The question. */ prompt: Arc<str>,
        /** Whether the answer stays hidden. */ password: bool = "false",
    ) -> String {
        Ok(cx.machine().output.ask(&prompt, password)?)
    }

    /// Stops with an error unless a condition is true.
    ///
    /// Programs check their own claims with it.
    ///
    /// > assert(1 + 1 == 2)
    pure fn assert(cx, call; /** A condition. */ condition: bool, /** What to say if it is false. */ message: Arc<str> = "\"\"") -> () {
        if condition {
            return Ok(());
        }
        let message = if message.is_empty() { "the assertion is false" } else { &*message };
        Err(Diagnostic::new(Code::Domain, message)
            .at(call.span_of(0), "this is false")
            .hint("print both sides to see them")
            .into())
    }

    /// The type of a value, as text.
    ///
    /// > type_of([1, 2])
    /// list
    pure fn type_of(cx, call; /** Any value. */ x: Value) -> String {
        Ok(x.type_of().as_str().to_owned())
    }

    /// The short name of a value: of a partition its rule, of a function its name.
    ///
    /// > name(blocks(4))
    /// blocks(4)
    pure fn name(cx, call; /** Any value. */ x: Value) -> String {
        Ok(match &x {
            Value::Function(function) => function.name().unwrap_or("").to_owned(),
            other => brief(other),
        })
    }

    /// The page of a function, or the list of all builtins.
    ///
    /// > len(help(min_cut)) > 0
    /// true
    pure fn help(cx, call; /** A function, or the name of one. */ x: Value = "none") -> String {
        match &x {
            Value::None => Ok(overview(cx)),
            Value::String(name) => match cx.machine().registry.get(crate::symbol::Symbol::new(name)) {
                Some(builtin) => Ok(super::manual::page(builtin, &cx.machine().registry)),
                None => {
                    let names: Vec<&str> = cx.machine().registry.iter().map(|b| b.name).collect();
                    let error = Diagnostic::new(Code::Name, format!("there is no builtin `{name}`"))
                        .at(call.span_of(0), "");
                    Err(match crate::diagnostic::did_you_mean(name, names) {
                        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                        None => error.hint("help()"),
                    }
                    .into())
                }
            },
            Value::Function(function) => {
                match function.as_any().downcast_ref::<BuiltinFunction>() {
                    Some(BuiltinFunction(builtin)) => Ok(super::manual::page(builtin, &cx.machine().registry)),
                    None => Ok(text(&x)),
                }
            }
            other => Ok(format!(
                "{} value; help(f) explains a function, help() lists them",
                Type::with_article(other.type_of())
            )),
        }
    }
}

fn overview(cx: &Scope<'_>) -> String {
    super::manual::overview(&cx.machine().registry)
}
