//! What a builtin is. The tables of builtins stand in the room `builtins`.

use super::{Eval, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::value::{FromValue, TypeSet, Value};

/// A parameter of a builtin.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub types: TypeSet,
    /// The value it has when a call leaves it out, as source text.
    pub default: Option<&'static str>,
    /// One line.
    pub doc: &'static str,
}

/// How the evaluator treats a builtin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It may take long: a check answers with an unknown value.
    pub heavy: bool,
    /// It acts on the world: calls run in order, and not in a check.
    pub effect: bool,
    /// It is a value and not a function: its name alone calls it.
    pub constant: bool,
    /// Its first parameter takes all arguments without a name, as a list.
    pub variadic: bool,
}

impl Traits {
    /// The traits that a word of a table of builtins stands for.
    pub const fn of(kind: &str) -> Self {
        let none = Self { heavy: false, effect: false, constant: false, variadic: false };
        match kind.as_bytes() {
            b"heavy" => Self { heavy: true, ..none },
            b"effect" => Self { effect: true, ..none },
            b"constant" => Self { constant: true, ..none },
            b"printing" => Self { effect: true, variadic: true, ..none },
            _ => none,
        }
    }
}

/// A builtin: everything that anybody wants to know of it.
#[derive(Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// The chapter of the manual.
    pub group: &'static str,
    /// Its page: a summary line, an empty line, text; lines that begin with `> ` are examples,
    /// the lines below are what they show.
    pub doc: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// What it gives back.
    pub returns: TypeSet,
    /// How it is treated.
    pub traits: Traits,
    /// Its body.
    pub call: fn(&Scope<'_>, Args) -> Eval<Value>,
}

impl Builtin {
    /// How many arguments may stand without their names: two, or all that have no default.
    pub fn positional(&self) -> usize {
        let required = self.params.iter().filter(|p| p.default.is_none()).count();
        required.max(2).min(self.params.len())
    }

    /// The first line of the page.
    pub fn summary(&self) -> &'static str {
        self.doc.lines().next().unwrap_or("").trim()
    }

    /// The page without the blanks before its lines.
    pub fn page(&self) -> String {
        let lines: Vec<&str> = self.doc.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
        lines.join("\n").trim().to_owned()
    }

    /// `pool(window, kind = "product", geometry = "contiguous")`
    pub fn signature(&self) -> String {
        if self.traits.constant {
            return self.name.to_owned();
        }
        let params: Vec<String> = self
            .params
            .iter()
            .enumerate()
            .map(|(number, p)| match p.default {
                _ if number == 0 && self.traits.variadic => format!("{}, …", p.name),
                Some(default) => format!("{} = {default}", p.name),
                None => p.name.to_owned(),
            })
            .collect();
        format!("{}({})", self.name, params.join(", "))
    }
}

/// The arguments of a call of a builtin, one for each parameter.
#[derive(Debug)]
pub struct Args {
    builtin: &'static Builtin,
    values: Vec<Value>,
    /// Where each stands; `None` for a default.
    spans: Vec<Option<Span>>,
    /// The whole call.
    pub span: Span,
}

impl Args {
    pub(super) fn new(
        builtin: &'static Builtin,
        values: Vec<Value>,
        spans: Vec<Option<Span>>,
        span: Span,
    ) -> Self {
        Self { builtin, values, spans, span }
    }

    /// Takes the argument of the parameter with this number, as the type that the builtin wants.
    ///
    /// # Errors
    /// E04 for a wrong type, E06 for a value outside the range of the type.
    pub fn take<T: FromValue>(&mut self, number: usize) -> Eval<T> {
        let value = self
            .values
            .get_mut(number)
            .map_or(Value::None, |value| std::mem::replace(value, Value::None));
        self.check(number, &value, T::TYPES)?;
        let shown = crate::value::short(&value);
        T::from_value(value).map_err(|wrong| {
            let (name, span) = self.name_and_span(number);
            Diagnostic::new(Code::Domain, format!("`{name}` is {shown}: {}", wrong.0))
                .at(span, "")
                .hint(format!("convac doc {}", self.builtin.name))
                .into()
        })
    }

    pub(super) fn check(&self, number: usize, value: &Value, wanted: TypeSet) -> Eval<()> {
        if value.types().meets(wanted) {
            return Ok(());
        }
        let (name, span) = self.name_and_span(number);
        let found = value.type_of().with_article();
        Err(Diagnostic::new(Code::Type, format!("`{name}` of `{}` is {found}", self.builtin.name))
            .at(span, format!("{wanted} is wanted here"))
            .hint(self.builtin.signature())
            .into())
    }

    /// Where the argument of a parameter stands; the whole call for a default.
    pub fn span_of(&self, number: usize) -> Span {
        self.spans.get(number).copied().flatten().unwrap_or(self.span)
    }

    /// Where the argument of the parameter of this name stands; the whole call for a default.
    pub fn span_of_named(&self, name: &str) -> Span {
        let number = self.builtin.params.iter().position(|param| param.name == name);
        number.map_or(self.span, |number| self.span_of(number))
    }

    fn name_and_span(&self, number: usize) -> (&'static str, Span) {
        (self.builtin.params.get(number).map_or("?", |p| p.name), self.span_of(number))
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }
}
