//! Values that cross between the language and Rust cells, and the Rust types that they have there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashu_int::ops::BitTest;
use dashu_int::{IBig, Sign, UBig};

use crate::builtins::models::{self, ModelValue};
use crate::builtins::networks::NetworkValue;
use crate::builtins::states::TensorValue;
use crate::diagnostic::Code;
use crate::entangle::model::decode;
use crate::rust::cac;
use crate::symbol::Symbol;
use crate::value::{Failure, Items, LIST_LIMIT, List, Record, Value, failure};

/// The Rust type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ty {
    Unit,
    Bool,
    I64,
    I128,
    Integer,
    Real,
    String,
    /// Of items of this type; `None` for an empty list.
    List(Option<Box<Ty>>),
    Record,
    Table,
    Tensor,
    Model,
    Any,
}

impl Ty {
    fn name(&self) -> String {
        match self {
            Self::Unit => "()".into(),
            Self::Bool => "bool".into(),
            Self::I64 => "i64".into(),
            Self::I128 => "i128".into(),
            Self::Integer => "cac::Integer".into(),
            Self::Real => "f64".into(),
            Self::String => "String".into(),
            Self::List(Some(item)) => format!("Vec<{}>", item.name()),
            Self::List(None) => "Vec<cac::Value>".into(),
            Self::Record => "cac::Record".into(),
            Self::Table => "cac::Table".into(),
            Self::Tensor => "cac::Tensor".into(),
            Self::Model => "cac::Model".into(),
            Self::Any => "cac::Value".into(),
        }
    }

    /// The type that holds values of both.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::I64, Self::I128) | (Self::I128, Self::I64) => Self::I128,
            (Self::I64 | Self::I128, Self::Integer) | (Self::Integer, Self::I64 | Self::I128) => {
                Self::Integer
            }
            // Ints among reals are reals, as everywhere in the language.
            (Self::Real, Self::I64 | Self::I128 | Self::Integer)
            | (Self::I64 | Self::I128 | Self::Integer, Self::Real) => Self::Real,
            (Self::List(None), list @ Self::List(_)) | (list @ Self::List(_), Self::List(None)) => {
                list
            }
            (Self::List(Some(a)), Self::List(Some(b))) => Self::List(Some(Box::new(a.join(*b)))),
            _ => Self::Any,
        }
    }
}

/// A value as it crosses, with its Rust type.
///
/// # Errors
/// E04 for a type that does not cross, E07 for a range that is too long to be written out.
pub fn outward(value: &Value, known: &Known) -> Result<(cac::Value, String), Failure> {
    let ty = ty(value);
    Ok((crossing(value, known)?, ty.name()))
}

fn ty(value: &Value) -> Ty {
    match value {
        Value::None => Ty::Unit,
        Value::Bool(_) => Ty::Bool,
        Value::Int(int) if i64::try_from(int.clone()).is_ok() => Ty::I64,
        Value::Int(int) if i128::try_from(int.clone()).is_ok() => Ty::I128,
        Value::Int(_) => Ty::Integer,
        Value::Real(_) => Ty::Real,
        Value::String(_) => Ty::String,
        Value::List(list) if !list.is_empty() && list.is_table() => Ty::Table,
        Value::List(list) => {
            let items = match list.items() {
                Items::Values(items) => items.iter().map(ty).reduce(Ty::join),
                // It may be longer than any memory; its ends have the largest magnitudes.
                Items::Range { count, .. } => {
                    let ends = [list.get(0), list.get(count.saturating_sub(1))];
                    ends.iter().flatten().map(ty).reduce(Ty::join)
                }
            };
            Ty::List(items.map(Box::new))
        }
        Value::Record(_) => Ty::Record,
        Value::Object(object) if object.as_any().is::<TensorValue>() => Ty::Tensor,
        Value::Object(object) if object.as_any().is::<ModelValue>() => Ty::Model,
        Value::Object(_) | Value::Function(_) | Value::Unknown(_) => Ty::Any,
    }
}

/// Why a value does not cross.
fn stays(value: &Value) -> Failure {
    let found = value.type_of().with_article();
    let (why, hint) = match value {
        Value::Function(_) => {
            ("it is evaluated here; hand over what it gives", "let values = map(range(0, 10), f)")
        }
        Value::Object(object) if object.as_any().is::<NetworkValue>() => (
            "it is a description that only this program understands; hand over its numbers or a model",
            "let widths = net.channels",
        ),
        _ => (
            "it lives in the engine of this program; hand over its fields",
            "let value = cut.value",
        ),
    };
    failure(Code::Type, format!("{found} does not cross into Rust: {why}"), hint)
}

fn big(int: &IBig) -> cac::Value {
    match i64::try_from(int.clone()) {
        Ok(int) => cac::Value::Int(int),
        Err(_) => {
            let (sign, magnitude) = int.clone().into_parts();
            let bytes = magnitude.to_le_bytes();
            let limbs = bytes.chunks(4).map(|chunk| {
                let mut limb = [0; 4];
                limb[..chunk.len()].copy_from_slice(chunk);
                u32::from_le_bytes(limb)
            });
            cac::Value::Big(cac::Integer::from_limbs(sign == Sign::Negative, limbs.collect()))
        }
    }
}

fn fields(record: &Record, known: &Known) -> Result<Vec<(String, cac::Value)>, Failure> {
    let fields = record.fields().iter();
    fields.map(|(name, value)| Ok((name.as_str().to_owned(), crossing(value, known)?))).collect()
}

fn crossing(value: &Value, known: &Known) -> Result<cac::Value, Failure> {
    Ok(match value {
        Value::None => cac::Value::None,
        Value::Bool(value) => cac::Value::Bool(*value),
        Value::Int(int) => big(int),
        Value::Real(value) => cac::Value::Real(*value),
        Value::String(text) => cac::Value::String(text.to_string()),
        Value::List(list) if !list.is_empty() && list.is_table() => table(list, known)?,
        Value::List(list) => items(list.len(), || list.iter(), known)?,
        Value::Record(record) => cac::Value::Record(cac::Record(fields(record, known)?)),
        Value::Object(object) => {
            let object = object.as_any();
            if let Some(tensor) = object.downcast_ref::<TensorValue>() {
                let (shape, data) = tensor.numbers();
                return Ok(cac::Value::Tensor(cac::Tensor { shape, data }));
            }
            let Some(model) = object.downcast_ref::<ModelValue>() else { return Err(stays(value)) };
            let network = known.written(&model.network);
            cac::Value::Model(cac::Model { network, safetensors: models::to_bytes(value)? })
        }
        Value::Function(_) | Value::Unknown(_) => return Err(stays(value)),
    })
}

/// A list, packed where all of its items are bools, small ints, or reals and ints.
pub(super) fn items<I: Iterator<Item = Value>>(
    len: u64,
    values: impl Fn() -> I,
    known: &Known,
) -> Result<cac::Value, Failure> {
    if len > LIST_LIMIT {
        let message = format!("a list of {len} items is too long to cross into Rust");
        return Err(failure(Code::Resource, message, "hand over its ends, and count there"));
    }
    let room = usize::try_from(len).unwrap_or(0);
    let (mut bools, mut ints, mut reals) = (true, true, true);
    for value in values() {
        bools &= matches!(value, Value::Bool(_));
        ints &= matches!(&value, Value::Int(int) if int.bit_len() < 64);
        // Ints among reals stay ints for those who ask: a list that is not packed.
        reals &= matches!(value, Value::Real(_));
    }
    if room == 0 {
        return Ok(cac::Value::List(Vec::new()));
    }
    if bools {
        return Ok(cac::Value::Bools(
            values().map(|value| matches!(value, Value::Bool(true))).collect(),
        ));
    }
    if ints {
        let int = |value: Value| match value {
            Value::Int(int) => i64::try_from(int).unwrap_or(0),
            _ => 0,
        };
        return Ok(cac::Value::Ints(values().map(int).collect()));
    }
    if reals {
        let real = |value: Value| match value {
            Value::Real(real) => real,
            _ => f64::NAN,
        };
        return Ok(cac::Value::Reals(values().map(real).collect()));
    }
    let mut out = Vec::with_capacity(room);
    for value in values() {
        out.push(crossing(&value, known)?);
    }
    Ok(cac::Value::List(out))
}

fn table(list: &List, known: &Known) -> Result<cac::Value, Failure> {
    let record = |value: Option<Value>| match value {
        Some(Value::Record(record)) => Some(record),
        _ => None,
    };
    let Some(first) = record(list.get(0)) else {
        return items(list.len(), || list.iter(), known);
    };
    let mut columns = Vec::new();
    for (name, _) in first.fields() {
        let cell = |row: Value| record(Some(row)).and_then(|row| row.get(*name).cloned());
        let column = || list.iter().map(move |row| cell(row).unwrap_or(Value::None));
        columns.push((name.as_str().to_owned(), items(list.len(), column, known)?));
    }
    let rows = usize::try_from(list.len()).unwrap_or(0);
    Ok(cac::Value::Table(cac::Table { rows, columns }))
}

/// The networks of models that have crossed, by their numbers. Texts would not do: windows that are
/// grouped by a function are written `geometry = …`, whatever it gives. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<Vec<NetworkValue>>>);

impl Known {
    fn networks(&self) -> MutexGuard<'_, Vec<NetworkValue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A network as text of the language, below a comment with its number.
    fn written(&self, network: &NetworkValue) -> String {
        let mut networks = self.networks();
        let known = networks.iter().position(|known| known.0 == network.0);
        let number = known.unwrap_or_else(|| {
            networks.push(network.clone());
            networks.len() - 1
        });
        drop(networks);
        with_number(number, network)
    }

    /// The network of which this is the text.
    fn read(&self, text: &str) -> Option<NetworkValue> {
        let first = text.lines().next()?.strip_prefix(NUMBER)?;
        let number: usize = first.trim().parse().ok()?;
        let network = self.networks().get(number)?.clone();
        (with_number(number, &network) == text).then_some(network)
    }
}

/// What the comment begins with that tells one network from another.
const NUMBER: &str = "# network ";

fn with_number(number: usize, network: &NetworkValue) -> String {
    let layers: Vec<String> = network.0.layers().iter().map(ToString::to_string).collect();
    format!("{NUMBER}{number}\nnetwork {{\n{}\n}}", layers.join("\n"))
}

fn misfit(why: impl Into<String>) -> Failure {
    failure(Code::Type, why, "give back numbers, strings, lists, records or tables")
}

/// A value that comes back.
///
/// # Errors
/// E04 for a model of a network that is not known, E07 for what is too large.
pub fn inward(value: cac::Value, known: &Known) -> Result<Value, Failure> {
    Ok(match value {
        cac::Value::None => Value::None,
        cac::Value::Bool(value) => Value::Bool(value),
        cac::Value::Int(int) => Value::int(int),
        cac::Value::Big(int) => {
            let bytes: Vec<u8> = int.limbs().iter().flat_map(|limb| limb.to_le_bytes()).collect();
            let sign = if int.is_negative() { Sign::Negative } else { Sign::Positive };
            let int = IBig::from_parts(sign, UBig::from_le_bytes(&bytes));
            if int.bit_len() > crate::value::INT_BITS_LIMIT {
                let message = format!("an int of {} bits is too large", int.bit_len());
                return Err(failure(Code::Resource, message, "give back its logarithm"));
            }
            Value::Int(int)
        }
        cac::Value::Real(value) => Value::Real(value),
        cac::Value::String(text) => Value::string(text),
        cac::Value::Bools(items) => Value::list(items.into_iter().map(Value::Bool).collect())?,
        cac::Value::Ints(items) => Value::list(items.into_iter().map(Value::int).collect())?,
        cac::Value::Reals(items) => Value::list(items.into_iter().map(Value::Real).collect())?,
        cac::Value::List(items) => {
            let items = items.into_iter().map(|item| inward(item, known));
            Value::list(items.collect::<Result<_, _>>()?)?
        }
        cac::Value::Record(record) => {
            distinct(record.0.iter().map(|(name, _)| name))?;
            let fields = record.0.into_iter();
            let fields = fields.map(|(name, value)| Ok((field(&name)?, inward(value, known)?)));
            Value::record(fields.collect::<Result<_, Failure>>()?)?
        }
        cac::Value::Table(table) => {
            distinct(table.columns.iter().map(|(name, _)| name))?;
            let list = cac::Value::Table(table).into_items();
            let rows = list.map_err(|wrong| misfit(wrong.to_string()))?;
            inward(cac::Value::List(rows), known)?
        }
        cac::Value::Tensor(tensor) => {
            // Where an axis is 0 the ones before it may have any length, without a number in them.
            let lists = tensor.shape.iter().take_while(|axis| **axis > 0);
            let lists = lists.fold(1_u64, |lists, axis| lists.saturating_mul(*axis as u64));
            if lists > LIST_LIMIT {
                let message = format!("a tensor of shape {:?} is too large", tensor.shape);
                return Err(failure(Code::Resource, message, "give back a part of it"));
            }
            nested(&tensor.shape, &tensor.data)?
        }
        cac::Value::Model(model) => {
            let network = known.read(&model.network).ok_or_else(|| {
                misfit("the network of this model is none of those that were handed over")
            })?;
            let decoded = decode(&model.safetensors, &network.0);
            let decoded =
                decoded.map_err(|error| failure(Code::Domain, error.to_string(), error.hint()))?;
            Value::object(ModelValue::new(decoded))
        }
    })
}

/// Names that are all different.
fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> Result<(), Failure> {
    let mut seen = rustc_hash::FxHashSet::default();
    for name in names {
        if !seen.insert(name) {
            return Err(misfit(format!("there are two fields `{name}`")));
        }
    }
    Ok(())
}

/// A name that a field may have.
fn field(name: &str) -> Result<Symbol, Failure> {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(crate::syntax::starts_word);
    if begins && chars.all(crate::syntax::continues_word) {
        return Ok(Symbol::new(name));
    }
    Err(misfit(format!("{name:?} is no name of a field")))
}

/// Numbers with a shape, as lists of lists.
fn nested(shape: &[usize], data: &[f64]) -> Result<Value, Failure> {
    match shape {
        [] => Ok(Value::Real(data.first().copied().unwrap_or(f64::NAN))),
        [_] => Value::list(data.iter().copied().map(Value::Real).collect()),
        [0, ..] => Value::list(Vec::new()),
        [first, rest @ ..] => {
            let size = data.len() / first;
            let part =
                |at: usize| nested(rest, data.get(at * size..(at + 1) * size).unwrap_or(&[]));
            Value::list((0..*first).map(part).collect::<Result<_, _>>()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: &Value, ty: &str) {
        let known = Known::default();
        let (crossed, found) = outward(value, &known).unwrap();
        assert_eq!(found, ty);
        let crossed = cac::Value::decode(&crossed.encode()).unwrap();
        let back = inward(crossed, &known).unwrap();
        assert!(crate::value::equal(&back, value).unwrap());
        assert_eq!(back.type_of(), value.type_of());
        assert_eq!(crate::value::text(&back), crate::value::text(value));
    }

    fn list(items: Vec<Value>) -> Value {
        Value::list(items).unwrap()
    }

    #[test]
    fn values_and_their_types() {
        let ints = |ints: &[i64]| list(ints.iter().copied().map(Value::int).collect());
        let reals = |reals: &[f64]| list(reals.iter().copied().map(Value::Real).collect());
        there_and_back(&Value::None, "()");
        there_and_back(&Value::Bool(true), "bool");
        for int in [0, -1, i64::MAX, i64::MIN] {
            there_and_back(&Value::int(int), "i64");
        }
        there_and_back(&Value::int(i128::from(i64::MIN) - 1), "i128");
        there_and_back(&Value::int(i128::MAX), "i128");
        there_and_back(&Value::int(-(IBig::from(1) << 127) - 1), "cac::Integer");
        there_and_back(&Value::int(IBig::from(7).pow(400)), "cac::Integer");
        there_and_back(&Value::Real(f64::NEG_INFINITY), "f64");
        there_and_back(&Value::string("𝛼\n"), "String");
        there_and_back(&ints(&[1, 2]), "Vec<i64>");
        there_and_back(&reals(&[0.1, 0.2]), "Vec<f64>");
        there_and_back(&list(vec![]), "Vec<cac::Value>");
        there_and_back(&list(vec![list(vec![]), ints(&[1])]), "Vec<Vec<i64>>");
        there_and_back(&list(vec![reals(&[0.5]), reals(&[1.5])]), "Vec<Vec<f64>>");
        there_and_back(&list(vec![Value::int(1), Value::string("a")]), "Vec<cac::Value>");
        there_and_back(&list(vec![Value::Bool(true), Value::Bool(false)]), "Vec<bool>");
        let record = |x: i64, y: f64| {
            let fields =
                vec![(Symbol::new("x"), Value::int(x)), (Symbol::new("y"), Value::Real(y))];
            Value::record(fields).unwrap()
        };
        there_and_back(&record(1, 0.5), "cac::Record");
        there_and_back(&list(vec![record(1, 0.5), record(2, 1.5)]), "cac::Table");
    }

    #[test]
    fn ints_among_reals_are_reals() {
        let mixed = list(vec![Value::int(1), Value::Real(0.5)]);
        let (crossed, ty) = outward(&mixed, &Known::default()).unwrap();
        let kept = cac::Value::List(vec![cac::Value::Int(1), cac::Value::Real(0.5)]);
        assert_eq!((crossed, ty.as_str()), (kept, "Vec<f64>"));
        let wide = list(vec![Value::int(i128::MAX), Value::int(1)]);
        assert_eq!(outward(&wide, &Known::default()).unwrap().1, "Vec<i128>");
    }

    #[test]
    fn what_does_not_cross_says_why() {
        let registry = crate::builtins::registry();
        let function = crate::evaluate::BuiltinFunction(registry.get(Symbol::new("abs")).unwrap());
        let function = Value::Function(Arc::new(function));
        let error = outward(&function, &Known::default()).unwrap_err();
        assert_eq!(
            error.message,
            "a function does not cross into Rust: it is evaluated here; hand over what it gives"
        );
        let strange = cac::Value::Record(cac::Record(vec![("a b".into(), cac::Value::None)]));
        let error = inward(strange, &Known::default()).unwrap_err();
        assert_eq!(error.message, "\"a b\" is no name of a field");
    }

    #[test]
    fn ranges_cross_without_a_walk_or_not_at_all() {
        let range = |first: IBig, count| Value::List(Arc::new(List::range(first, count)));
        there_and_back(&range(IBig::from(3), 4), "Vec<i64>");
        there_and_back(&range(IBig::from(i64::MAX), 2), "Vec<i128>");
        let long = range(IBig::from(0), 1 << 50);
        for value in [long.clone(), list(vec![Value::string("a"), long])] {
            let error = outward(&value, &Known::default()).unwrap_err();
            assert_eq!((error.code, error.hint.is_some()), (Code::Resource, true));
            assert!(error.message.starts_with("a list of 1125899906842624 items"));
        }
    }

    #[test]
    fn models_keep_their_networks() {
        use crate::network::{Geometry, Grouping, Network, Pooling};
        let known = Known::default();
        let model = |targets: Vec<u32>, seed| {
            let groups = Geometry::Grouped(Arc::new(Grouping::new(targets).unwrap()));
            let net = Network::chain(4, 2).conv(3).pool_with(2, Pooling::Product, groups);
            let net = net.conv(3).pool(2).output(1).unwrap();
            Value::object(ModelValue::new(net.init(seed).unwrap()))
        };
        let (near, far) = (model(vec![0, 0, 1, 1], 1), model(vec![0, 1, 0, 1], 2));
        let crossed = [&near, &far, &near].map(|model| outward(model, &known).unwrap().0);
        for (crossed, model) in crossed.into_iter().zip([&near, &far, &near]) {
            let back = inward(crossed, &known).unwrap();
            let layers = |value: &Value| match value {
                Value::Object(object) => {
                    object.as_any().downcast_ref::<ModelValue>().unwrap().network.0.clone()
                }
                _ => unreachable!(),
            };
            assert_eq!(layers(&back), layers(model));
        }
        assert_eq!(known.networks().len(), 2);
        let (cac::Value::Model(mut strange), _) = outward(&near, &known).unwrap() else {
            unreachable!()
        };
        strange.network = strange.network.replace("conv(3)", "conv(4)");
        let error = inward(cac::Value::Model(strange), &known).unwrap_err();
        assert!(error.message.contains("none of those that were handed over"));
    }

    #[test]
    fn shapes_without_numbers_are_bounded() {
        let tensor = |shape| cac::Value::Tensor(cac::Tensor { shape, data: vec![] });
        let error = inward(tensor(vec![1 << 40, 0]), &Known::default()).unwrap_err();
        assert_eq!(error.code, Code::Resource);
        let empty = inward(tensor(vec![2, 0, 1 << 40]), &Known::default()).unwrap();
        assert_eq!(crate::value::text(&empty), "[[], []]");
    }

    #[test]
    fn tensors_come_back_as_lists_of_lists() {
        let tensor = cac::Tensor { shape: vec![2, 1, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
        let back = inward(cac::Value::Tensor(tensor), &Known::default()).unwrap();
        assert_eq!(crate::value::text(&back), "[[[1.0, 2.0]], [[3.0, 4.0]]]");
    }
}
