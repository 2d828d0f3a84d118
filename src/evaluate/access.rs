//! Fields and items.

use dashu_int::IBig;

use super::expression::located;
use super::{Eval, Scope};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::symbol::Symbol;
use crate::syntax::ast::{Expr, Name};
use crate::value::{Items, List, Type, TypeSet, Value};

impl Scope<'_> {
    /// `object.name`
    pub(super) fn field(&self, object: &Expr, name: Name, span: Span) -> Eval<Value> {
        let value = self.eval(object)?;
        let wanted = name.symbol.as_str();
        match &value {
            Value::Record(record) => match record.get(name.symbol) {
                Some(value) => Ok(value.clone()),
                None => {
                    let fields = record.fields().iter().map(|(name, _)| name.as_str()).collect();
                    Err(no_field("the record", wanted, fields, name.span))
                }
            },
            Value::List(list) => self.column(list, name, span),
            Value::Object(object) => match object.field(wanted) {
                Some(value) => located(value, span),
                None => Err(self.no_object_field(object.type_of(), name)),
            },
            Value::Unknown(types) => match types.single() {
                Some(ty) if !self.shared.registry.fields(ty).is_empty() => {
                    let fields = self.shared.registry.fields(ty);
                    match fields.iter().find(|field| field.name == wanted) {
                        Some(field) => Ok(Value::Unknown(field.types)),
                        None => Err(self.no_object_field(ty, name)),
                    }
                }
                Some(
                    ty @ (Type::Int | Type::Real | Type::String | Type::Bool | Type::Function),
                ) => Err(self.no_object_field(ty, name)),
                _ => Ok(Value::Unknown(TypeSet::ANY)),
            },
            other => Err(self.no_object_field(other.type_of(), name)),
        }
    }

    fn no_object_field(&self, ty: Type, name: Name) -> super::Stop {
        let fields: Vec<&str> = self.shared.registry.fields(ty).iter().map(|f| f.name).collect();
        if fields.is_empty() {
            return Diagnostic::new(Code::Name, format!("{} has no fields", ty.with_article()))
                .at(name.span, "")
                .hint(format!("call a function: {}(x)", name.symbol))
                .into();
        }
        no_field(&format!("the {ty}"), name.symbol.as_str(), fields, name.span)
    }

    /// The column of a table.
    fn column(&self, list: &List, name: Name, span: Span) -> Eval<Value> {
        if list.has_unknown() {
            return Ok(Value::unknown(Type::List));
        }
        let Items::Values(rows) = list.items() else {
            return Err(self.no_object_field(Type::List, name));
        };
        let mut column = Vec::with_capacity(rows.len());
        for row in rows {
            match row {
                Value::Record(record) => match record.get(name.symbol) {
                    Some(value) => column.push(value.clone()),
                    None => {
                        let names = record.fields().iter().map(|(name, _)| name.as_str());
                        let names = names.collect();
                        return Err(no_field("the table", name.symbol.as_str(), names, name.span));
                    }
                },
                _ => {
                    return Err(Diagnostic::new(Code::Type, "only a list of records has columns")
                        .at(name.span, "")
                        .hint(format!("[x.{} for x in xs]", name.symbol))
                        .into());
                }
            }
        }
        located(Value::list(column), span)
    }

    /// `whole[index]`
    pub(super) fn index(&self, whole: &Expr, index: &Expr, span: Span) -> Eval<Value> {
        let value = self.eval(whole)?;
        let at = self.eval(index)?;
        match (&value, &at) {
            (Value::Record(record), Value::String(name)) => {
                record.get(Symbol::new(name)).cloned().ok_or_else(|| {
                    let fields = record.fields().iter().map(|(name, _)| name.as_str()).collect();
                    no_field("the record", name, fields, index.span)
                })
            }
            (Value::List(list), Value::Int(i)) => {
                let found = position(i, list.len()).and_then(|i| list.get(i));
                found.ok_or_else(|| outside(i, list.len(), "items", index.span, whole.span))
            }
            (Value::String(text), Value::Int(i)) => {
                let length = text.chars().count() as u64;
                let found = position(i, length).and_then(|i| usize::try_from(i).ok());
                let found = found.and_then(|i| text.chars().nth(i));
                found
                    .map(|c| Value::string(c.to_string()))
                    .ok_or_else(|| outside(i, length, "characters", index.span, whole.span))
            }
            (Value::Unknown(types), _)
                if types.meets(TypeSet::LIST.or(TypeSet::of(&[Type::String, Type::Record]))) =>
            {
                Ok(Value::Unknown(TypeSet::ANY))
            }
            (Value::List(_) | Value::String(_) | Value::Record(_), Value::Unknown(_)) => {
                Ok(Value::Unknown(TypeSet::ANY))
            }
            (Value::List(_) | Value::String(_), other) => {
                let found = other.type_of().with_article();
                Err(Diagnostic::new(Code::Type, "an index is an int")
                    .at(index.span, format!("this is {found}"))
                    .hint("xs[0], or xs[-1] for the last one")
                    .into())
            }
            (other, _) => {
                let found = other.type_of().with_article();
                Err(Diagnostic::new(Code::Type, format!("{found} has no items"))
                    .at(whole.span, "")
                    .because(span, "")
                    .hint("lists, strings and records have items")
                    .into())
            }
        }
    }
}

/// The index from the front; negative ones count from the end.
fn position(index: &IBig, length: u64) -> Option<u64> {
    let index = if *index < IBig::ZERO { index + IBig::from(length) } else { index.clone() };
    u64::try_from(&index).ok().filter(|i| *i < length)
}

fn outside(index: &IBig, length: u64, what: &str, at: Span, whole: Span) -> super::Stop {
    let error = Diagnostic::new(Code::Domain, format!("there is no item {index}"))
        .at(at, format!("of {length} {what}"))
        .because(whole, "");
    match length {
        0 => error.hint("if len(xs) > 0 then xs[0] else none"),
        _ => error.hint(format!("indices go from 0 to {}", length - 1)),
    }
    .into()
}

fn no_field(whole: &str, wanted: &str, fields: Vec<&str>, span: Span) -> super::Stop {
    let list = fields.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let error = Diagnostic::new(Code::Name, format!("{whole} has no field `{wanted}`")).at(
        span,
        if list.is_empty() { "it has none".to_owned() } else { format!("it has {list}") },
    );
    match did_you_mean(wanted, fields.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => match fields.first() {
            Some(first) => error.hint(format!("x.{first}")),
            None => error.hint("{a: 1}.a"),
        },
    }
    .into()
}
