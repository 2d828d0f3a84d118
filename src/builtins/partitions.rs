//! Partitions: rules that split the sites of a shape into A and B.

use std::any::Any;
use std::sync::Arc;

use serde_json::json;

use super::layers::ShapeArg;
use super::networks::{NetworkValue, at_each_site};
use super::pictures;
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Eval, Scope, Stop};
use crate::network::{Bipartition, PartitionError, PartitionErrorKind, Rule, Shape, Side};
use crate::value::{
    Failure, FieldInfo, FromValue, Function, IntoValue, List, Media, MediaKind, Mismatch, Object,
    Type, TypeSet, Value,
};

/// A partition as a value.
#[derive(Clone, Debug)]
pub(super) enum PartitionValue {
    /// A rule of the engine.
    Rule(Rule),
    /// The sites for which a function is true.
    Predicate(Arc<dyn Function>),
    /// The sides of a partition exchanged.
    Complement(Box<PartitionValue>),
    /// A rule that has met a shape.
    Resolved { name: String, bipartition: Bipartition },
}

pub(super) static FIELDS: &[FieldInfo] = &[
    FieldInfo { name: "name", types: TypeSet::of(&[Type::String]), doc: "The rule." },
    FieldInfo {
        name: "sites",
        types: TypeSet::LIST.or(TypeSet::of(&[Type::None])),
        doc: "The sites of A, once the partition is `on` a shape.",
    },
];

impl PartitionValue {
    pub fn name(&self) -> String {
        match self {
            Self::Rule(rule) => rule.to_string(),
            Self::Predicate(function) => format!("sites({})", function.signature()),
            Self::Complement(inner) => format!("complement({})", inner.name()),
            Self::Resolved { name, .. } => name.clone(),
        }
    }

    /// The partition of a shape.
    pub fn resolve(&self, cx: &Scope<'_>, shape: Shape, span: Span) -> Eval<Bipartition> {
        match self {
            Self::Rule(rule) => rule.resolve(&shape).map_err(|error| explain(&error, span)),
            Self::Complement(inner) => Ok(inner.resolve(cx, shape, span)?.complement()),
            Self::Resolved { bipartition, .. } => {
                let known = bipartition.shape();
                if known == shape {
                    return Ok(bipartition.clone());
                }
                Err(Diagnostic::new(Code::Shape, "the partition belongs to another shape")
                    .at(span, format!("it splits {known}, the network has {shape}"))
                    .hint("leave out `on`: a rule fits every shape")
                    .into())
            }
            Self::Predicate(function) => {
                let values = at_each_site(cx, shape, function, span)?;
                let sides = values.iter().map(|value| match value {
                    Value::Bool(b) => Ok(*b),
                    unknown if unknown.has_unknown() => Err(Stop::Unclear),
                    other => {
                        let found = other.type_of().with_article();
                        Err(Diagnostic::new(Code::Type, "the function must give true or false")
                            .at(span, format!("it gives {found}"))
                            .hint("sites(i -> i mod 3 == 0)")
                            .into())
                    }
                });
                let sides = sides.collect::<Eval<Vec<bool>>>()?;
                Bipartition::from_sides(shape, sides).map_err(|error| explain(&error, span))
            }
        }
    }
}

pub(super) fn explain(error: &PartitionError, span: Span) -> Stop {
    let code = match error.kind {
        PartitionErrorKind::Shape => Code::Shape,
        PartitionErrorKind::Domain => Code::Domain,
        PartitionErrorKind::Resource => Code::Resource,
    };
    Diagnostic::new(code, error.message.as_str())
        .at(span, error.label.as_str())
        .hint(error.hint.as_str())
        .into()
}

/// Sites that text, JSON and pictures list one by one.
const LISTED_SITES: u64 = 4096;

impl Object for PartitionValue {
    fn type_of(&self) -> Type {
        Type::Partition
    }

    fn text(&self) -> String {
        match self {
            Self::Resolved { bipartition, .. } => bipartition.text(256),
            rule => rule.name(),
        }
    }

    fn brief(&self) -> String {
        self.name()
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Resolved { name, bipartition } => {
                let a = sites_of_a(bipartition);
                json!({
                    "name": name,
                    "shape": bipartition.shape().to_string(),
                    "a": bipartition.count_a(),
                    "b": bipartition.count_b(),
                    "sites": a,
                })
            }
            rule => json!({ "name": rule.name() }),
        }
    }

    fn media(&self, kind: MediaKind) -> Option<Result<Media, Failure>> {
        match self {
            Self::Resolved { bipartition, .. } => {
                pictures::media(&pictures::sites(bipartition)?, kind)
            }
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<Result<Value, Failure>> {
        match (name, self) {
            ("name", _) => Some(Ok(Value::string(self.name()))),
            ("sites", Self::Resolved { bipartition, .. }) => Some(match bipartition.sides() {
                Ok(sides) => {
                    let a = sides.iter().enumerate().filter(|(_, a)| **a);
                    Value::list(a.map(|(site, _)| Value::int(site)).collect())
                }
                Err(error) => {
                    Err(Box::new(Diagnostic::new(Code::Resource, error.message).hint(error.hint)))
                }
            }),
            ("sites", _) => Some(Ok(Value::None)),
            _ => None,
        }
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        match (self, other.as_any().downcast_ref::<Self>()?) {
            (Self::Rule(a), Self::Rule(b)) => Some(a == b),
            (Self::Resolved { bipartition: a, .. }, Self::Resolved { bipartition: b, .. }) => {
                let (a, b) = (a.sides().ok()?, b.sides().ok()?);
                Some(a == b)
            }
            (Self::Complement(a), Self::Complement(b)) => a.equals(b.as_ref()),
            (Self::Predicate(a), Self::Predicate(b)) => Some(Arc::ptr_eq(a, b)),
            _ => Some(false),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn sites_of_a(bipartition: &Bipartition) -> Option<Vec<u64>> {
    let sites = bipartition.shape().sites();
    let in_a = |site: &u64| bipartition.side(*site) == Side::A;
    (sites <= LISTED_SITES).then(|| (0..sites).filter(in_a).collect())
}

impl FromValue for PartitionValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Partition]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().cloned(),
            _ => None,
        }
        .ok_or_else(|| Mismatch("it must be a partition".to_owned()))
    }
}

impl IntoValue for PartitionValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Partition]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// A shape: of a network, or written out.
#[derive(Clone, Copy, Debug)]
struct OnArg(Shape);

impl FromValue for OnArg {
    const TYPES: TypeSet = ShapeArg::TYPES.or(NetworkValue::TYPES);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(_) => {
                NetworkValue::from_value(value).map(|net| Self(net.0.input_shape()))
            }
            other => ShapeArg::from_value(other).map(|shape| Self(shape.0)),
        }
    }
}

/// By how much blocks are moved.
#[derive(Clone, Copy, Debug)]
struct Shift {
    rows: u64,
    cols: u64,
}

impl FromValue for Shift {
    const TYPES: TypeSet = TypeSet::LIST.or(TypeSet::of(&[Type::Int]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::List(list) => {
                let both = list.iter().map(u64::from_value).collect::<Result<Vec<_>, _>>();
                match both.as_deref() {
                    Ok([rows, cols]) => Ok(Self { rows: *rows, cols: *cols }),
                    _ => Err(Mismatch("it must be a number or [rows, columns]".to_owned())),
                }
            }
            _ => u64::from_value(value).map(|by| Self { rows: by, cols: by }),
        }
    }
}

/// The sites of A: a list, or a function of the place.
#[derive(Clone, Debug)]
enum SitesArg {
    List(Arc<List>),
    Function(Arc<dyn Function>),
}

impl FromValue for SitesArg {
    const TYPES: TypeSet = TypeSet::LIST.or(TypeSet::of(&[Type::Function]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(list) => Ok(Self::List(list)),
            Value::Function(function) => Ok(Self::Function(function)),
            _ => Err(Mismatch("it must be a list or a function".to_owned())),
        }
    }
}

builtins! { PARTITIONS "Partitions":
    /// A is the left half: of a chain the first half of the sites, of a grid the left columns.
    ///
    /// Of an odd number the half is rounded down.
    ///
    /// > left_right |> on(8)
    /// AAAABBBB
    constant fn left_right(cx, call) -> PartitionValue { Ok(PartitionValue::Rule(Rule::LeftRight)) }

    /// A is the upper half of the rows of a grid.
    ///
    /// > top_bottom |> on(2x2)
    /// AA
    /// BB
    constant fn top_bottom(cx, call) -> PartitionValue { Ok(PartitionValue::Rule(Rule::TopBottom)) }

    /// The sites of a chain in turn: the partition of the finest detail.
    ///
    /// > interleaved |> on(8)
    /// ABABABAB
    constant fn interleaved(cx, call) -> PartitionValue { Ok(PartitionValue::Rule(Rule::Interleaved)) }

    /// The pixels of a grid in turn, along rows and columns.
    ///
    /// > checkerboard |> on(2x4)
    /// ABAB
    /// BABA
    constant fn checkerboard(cx, call) -> PartitionValue { Ok(PartitionValue::Rule(Rule::Checkerboard)) }

    /// Blocks of `size` sites in turn; on a grid a checkerboard of `size x size` blocks.
    ///
    /// The size is the feature size: what is smaller lies within one side. `shift` moves the blocks
    /// towards the first site: by so many sites, or on a grid by [rows, columns].
    ///
    /// > blocks(2) |> on(8)
    /// AABBAABB
    ///
    /// > blocks(2, shift = 1) |> on(8)
    /// ABBAABBA
    pure fn blocks(
        cx, call;
        /** Sites along each side of a block. */ size: u64,
        /** Where the first block is cut: a number, or [rows, columns]. */ shift: Shift = "0",
    ) -> PartitionValue {
        if size == 0 {
            let error = Diagnostic::new(Code::Domain, "a block has at least one site");
            return Err(error.at(call.span_of(0), "").hint("blocks(1)").into());
        }
        Ok(PartitionValue::Rule(match (shift.rows, shift.cols) {
            (0, 0) => Rule::Blocks(size),
            (rows, cols) => Rule::ShiftedBlocks { size, rows, cols },
        }))
    }

    /// A is a list of sites, or the sites for which a function is true.
    ///
    /// Sites count from 0, on a grid row by row. A function takes the number of the site, or on a
    /// grid its row and column.
    ///
    /// > sites([0, 3, 5..7]) |> on(8)
    /// ABBABAAA
    ///
    /// > sites((row, col) -> row == col) |> on(2x2)
    /// AB
    /// BA
    pure fn sites(cx, call; /** Ints and ranges, or a function. */ a: SitesArg) -> PartitionValue {
        match a {
            SitesArg::Function(function) => Ok(PartitionValue::Predicate(function)),
            SitesArg::List(list) => {
                let mut sites = Vec::new();
                for item in list.iter() {
                    cx.check_interrupt()?;
                    match item {
                        Value::List(inner) => {
                            for item in inner.iter() {
                                sites.push(site(item, call.span_of(0))?);
                                check_count(sites.len(), call.span_of(0))?;
                            }
                        }
                        other => sites.push(site(other, call.span_of(0))?),
                    }
                    check_count(sites.len(), call.span_of(0))?;
                }
                Ok(PartitionValue::Rule(Rule::Sites(sites)))
            }
        }
    }

    /// A random half of the sites, the same for the same seed on every machine.
    ///
    /// > random(seed = 1) |> on(8)
    /// AABAABBB
    pure fn random(cx, call; /** Any int that is not negative. */ seed: u64 = "0") -> PartitionValue {
        Ok(PartitionValue::Rule(Rule::Random { seed }))
    }

    /// The sides exchanged.
    ///
    /// > complement(left_right) |> on(4)
    /// BBAA
    pure fn complement(cx, call; /** A partition. */ p: PartitionValue) -> PartitionValue {
        Ok(match p {
            PartitionValue::Rule(rule) => PartitionValue::Rule(Rule::Complement(Box::new(rule))),
            PartitionValue::Resolved { name, bipartition } => PartitionValue::Resolved {
                name: format!("complement({name})"),
                bipartition: bipartition.complement(),
            },
            other => PartitionValue::Complement(Box::new(other)),
        })
    }

    /// The partition of a shape or of the sites of a network, to look at it.
    ///
    /// > blocks(2) |> on(4x4)
    /// AABB
    /// AABB
    /// BBAA
    /// BBAA
    pure fn on(cx, call; /** A partition. */ p: PartitionValue, /** A network, 16 or 8x8. */ shape: OnArg) -> PartitionValue {
        let shape = valid(shape.0, call.span_of(1))?;
        let bipartition = p.resolve(cx, shape, call.span_of(0))?;
        Ok(PartitionValue::Resolved { name: p.name(), bipartition })
    }
}

/// A shape that has sites, and not more than there can be.
fn valid(shape: Shape, span: Span) -> Eval<Shape> {
    let (rows, cols) = match shape {
        Shape::Chain(n) => (1, n),
        Shape::Grid { rows, cols } => (rows, cols),
    };
    if rows == 0 || cols == 0 {
        let error = Diagnostic::new(Code::Domain, "a shape has at least one site");
        return Err(error.at(span, "").hint("on(16)").into());
    }
    if rows.checked_mul(cols).is_none_or(|sites| sites > crate::network::MAX_SITES) {
        let error = Diagnostic::new(Code::Resource, "the shape has too many sites");
        return Err(error.at(span, "more than 2^40").hint("on(2^20)").into());
    }
    Ok(shape)
}

fn check_count(count: usize, span: Span) -> Eval<()> {
    if count as u64 <= crate::value::LIST_LIMIT {
        return Ok(());
    }
    let error = Diagnostic::new(Code::Resource, "the list of sites is too long");
    Err(error.at(span, "").hint("sites(i -> i mod 2 == 0)").into())
}

fn site(value: Value, span: Span) -> Eval<u64> {
    let found = value.type_of().with_article();
    match value {
        Value::Int(_) => u64::from_value(value).map_err(|_| {
            Diagnostic::new(Code::Domain, "sites count from 0")
                .at(span, "a site outside")
                .hint("sites([0, 3, 5..7])")
                .into()
        }),
        _ => Err(Diagnostic::new(Code::Type, "sites are ints")
            .at(span, format!("an item is {found}"))
            .hint("sites([0, 3, 5..7])")
            .into()),
    }
}
