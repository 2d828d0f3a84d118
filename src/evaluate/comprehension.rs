//! Comprehensions: in parallel, with results in an order that does not depend on the threads.
//!
//! The first items run in order. If they take long, the others run in parallel, in chunks, so
//! that memory stays bounded and progress can be told. An effect (`print`, `show`, `save`) inside
//! a parallel chunk stops it before anything happened, and everything from there on runs in
//! order.

use std::sync::Arc;
use std::time::Duration;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::expression::located;
use super::progress::Reporter;
use super::scope::interrupted;
use super::{Eval, Scope, Stop};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::syntax::ast::{Clause, Comprehension, Expr, Name};
use crate::value::{Heap, LIST_LIMIT, List, Type, TypeSet, Value};

/// Time after which the remaining items run in parallel.
const WARM_UP: Duration = Duration::from_millis(2);
/// Items of a list up to which a check goes through all of them.
const CHECKED_ITEMS: u64 = 32;

impl Scope<'_> {
    /// `[body for … if …]`
    pub(super) fn comprehension(&self, comprehension: &Comprehension, span: Span) -> Eval<Value> {
        let Some((Clause::For { names, items }, rest)) = comprehension.clauses.split_first() else {
            return located(Value::list(Vec::new()), span);
        };
        let source = self.eval(items)?;
        if self.shared.checks() {
            return self.check_items(&source, names, items.span, rest, &comprehension.body, span);
        }
        let list = self.items_of(&source, items.span)?;
        let filtered = rest.iter().any(|clause| matches!(clause, Clause::If(_)));
        if !filtered && list.len() > LIST_LIMIT {
            return Err(too_long(list.len(), items.span));
        }
        let each = Each {
            scope: self,
            list: &list,
            names,
            items: items.span,
            rest,
            body: &comprehension.body,
            span,
        };
        located(Value::list(each.all()?.into_vec()), span)
    }

    fn items_of(&self, source: &Value, span: Span) -> Eval<Arc<List>> {
        match source {
            Value::List(list) => Ok(Arc::clone(list)),
            other => Err(no_items(other, span)),
        }
    }

    /// While checking: all items of a short list, the first one of a long list, an unknown one
    /// of an unknown list.
    fn check_items(
        &self,
        source: &Value,
        names: &[Name],
        items: Span,
        rest: &[Clause],
        body: &Expr,
        span: Span,
    ) -> Eval<Value> {
        let mut out = Vec::new();
        match source {
            Value::Unknown(types) if types.meets(TypeSet::LIST) => {
                let bindings = names.iter().map(|name| (name.symbol, Value::Unknown(TypeSet::ANY)));
                let scope = self.bind(bindings.collect());
                scope
                    .speculate(Code::Type, (), |scope| scope.clauses(rest, body, span, &mut out))?;
                Ok(Value::Unknown(TypeSet::LIST))
            }
            Value::List(list) => {
                let count = if list.len() <= CHECKED_ITEMS { list.len() } else { 1 };
                for item in list.iter().take(usize::try_from(count).unwrap_or(1)) {
                    self.take_apart(names, item, items)?.clauses(rest, body, span, &mut out)?;
                }
                // An unknown item of a filtered list may stand for no item, or for many.
                let unsure = !rest.is_empty() && out.iter().any(Value::has_unknown);
                let whole = count == list.len() && !list.has_unknown() && !unsure;
                if whole {
                    located(Value::list(out), span)
                } else {
                    Ok(Value::Unknown(TypeSet::LIST))
                }
            }
            other => Err(no_items(other, items)),
        }
    }

    /// The remaining clauses for one binding of the names before them.
    fn clauses(
        &self,
        clauses: &[Clause],
        body: &Expr,
        span: Span,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let Some((clause, rest)) = clauses.split_first() else {
            out.push(self.eval(body)?);
            return Ok(());
        };
        match clause {
            Clause::If(test) => {
                let value = self.eval(test)?;
                match self.truth(&value, test.span)? {
                    Some(true) => self.clauses(rest, body, span, out),
                    Some(false) => Ok(()),
                    None => {
                        self.speculate(Code::Type, (), |scope| {
                            scope.clauses(rest, body, span, &mut Vec::new())
                        })?;
                        // Whether the item is in the list is unknown, so the list is.
                        out.push(Value::Unknown(TypeSet::ANY));
                        Ok(())
                    }
                }
            }
            Clause::For { names, items } => {
                let source = self.eval(items)?;
                if self.shared.checks() {
                    let inner = self.check_items(&source, names, items.span, rest, body, span)?;
                    match &inner {
                        Value::List(list) => out.extend(list.iter()),
                        other => out.push(other.clone()),
                    }
                    return Ok(());
                }
                let list = self.items_of(&source, items.span)?;
                for item in list.iter() {
                    if self.shared.interrupt.is_triggered() {
                        return Err(interrupted());
                    }
                    self.take_apart(names, item, items.span)?.clauses(rest, body, span, out)?;
                    if out.len() as u64 > LIST_LIMIT {
                        return Err(too_long(out.len() as u64, span));
                    }
                }
                Ok(())
            }
        }
    }

    /// Binds the names of a `for` to an item; several names take a list apart.
    fn take_apart(&self, names: &[Name], item: Value, span: Span) -> Eval<Self> {
        if let [name] = names {
            return Ok(self.bind(vec![(name.symbol, item)]));
        }
        let parts: Vec<Value> = match &item {
            Value::List(list) if list.len() == names.len() as u64 => list.iter().collect(),
            Value::Unknown(types) if types.meets(TypeSet::LIST) => {
                vec![Value::Unknown(TypeSet::ANY); names.len()]
            }
            other => {
                let found = match other {
                    Value::List(list) => format!("a list of {}", list.len()),
                    other => other.type_of().with_article(),
                };
                let count = names.len();
                return Err(Diagnostic::new(
                    Code::Type,
                    format!("{count} names need items that are lists of {count}"),
                )
                .at(span, format!("an item is {found}"))
                .hint("[a + b for a, b in zip(xs, ys)]")
                .into());
            }
        };
        Ok(self.bind(names.iter().map(|name| name.symbol).zip(parts).collect()))
    }
}

/// The outer loop of a comprehension.
struct Each<'s> {
    scope: &'s Scope<'s>,
    list: &'s List,
    names: &'s [Name],
    items: Span,
    rest: &'s [Clause],
    body: &'s Expr,
    span: Span,
}

impl Each<'_> {
    fn all(&self) -> Eval<Heap<Value>> {
        let total = self.list.len();
        let reporter = Reporter::new(self.scope, total);
        let mut out = Heap::default();
        let mut at = 0;
        let mut in_order = self.scope.parallel;
        let threads = if in_order { None } else { self.scope.shared.threads() };
        while at < total {
            let warm = reporter.elapsed() >= WARM_UP;
            if let (Some(pool), false, true) = (threads, in_order, warm && total - at > 1) {
                // Chunks grow with what is done, so that the first ones show progress soon.
                let chunk = (at + 1).clamp(pool.current_num_threads() as u64 * 4, 1 << 16);
                let end = total.min(at + chunk);
                match self.chunk(pool, at, end, &reporter)? {
                    Some(values) => {
                        out.extend(values.into_vec());
                        at = end;
                    }
                    None => in_order = true,
                }
            } else {
                self.one(self.scope, at, &mut out)?;
                at += 1;
                reporter.step();
            }
            if out.len() as u64 > LIST_LIMIT {
                return Err(too_long(out.len() as u64, self.span));
            }
        }
        reporter.finish();
        Ok(out)
    }

    /// The values of one item.
    fn one(&self, scope: &Scope<'_>, at: u64, out: &mut Vec<Value>) -> Eval<()> {
        if scope.shared.interrupt.is_triggered() {
            return Err(interrupted());
        }
        let Some(item) = self.list.get(at) else { return Ok(()) };
        scope
            .take_apart(self.names, item, self.items)?
            .clauses(self.rest, self.body, self.span, out)
    }

    /// The values of the items `start..end`, computed in parallel; `None` if they have effects.
    fn chunk(
        &self,
        pool: &rayon::ThreadPool,
        start: u64,
        end: u64,
        reporter: &Reporter<'_>,
    ) -> Eval<Option<Heap<Value>>> {
        let mut results: Heap<Eval<Vec<Value>>> = pool
            .install(|| {
                (start..end)
                    .into_par_iter()
                    .map(|at| {
                        let scope = Scope { parallel: true, ..self.scope.clone() };
                        let mut out = Vec::new();
                        let result = self.one(&scope, at, &mut out);
                        reporter.step();
                        result.map(|()| out)
                    })
                    .collect::<Vec<_>>()
            })
            .into();
        let mut out = Heap::default();
        for result in results.iter_mut() {
            match std::mem::replace(result, Ok(Vec::new())) {
                Ok(values) => out.extend(values),
                Err(Stop::OutOfOrder) => {
                    reporter.back_to(start);
                    return Ok(None);
                }
                // The first error in the order of the items, whichever thread met one first.
                Err(error) => return Err(error),
            }
        }
        Ok(Some(out))
    }
}

fn no_items(value: &Value, span: Span) -> Stop {
    let found = value.type_of().with_article();
    let error = Diagnostic::new(Code::Type, "`for` goes through a list")
        .at(span, format!("this is {found}"));
    match value.type_of() {
        Type::Int => error.hint("for i in 1..n"),
        Type::Record => error.hint("for key in keys(r)"),
        _ => error.hint("for x in [1, 2, 3]"),
    }
    .into()
}

fn too_long(length: u64, span: Span) -> Stop {
    Diagnostic::new(Code::Resource, format!("the list would have {length} items or more"))
        .at(span, format!("lists hold at most {LIST_LIMIT}"))
        .hint("go through fewer items, or choose with `if`")
        .into()
}
