//! Layers: the items of `network { … }`.

use std::any::Any;
use std::sync::Arc;

use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::evaluate::{Args, Eval};
use crate::network::{Geometry, Layer, Pooling, Representation, Shape, Sharing};
use crate::value::{
    Failure, FromValue, Function, IntoValue, Mismatch, Object, Type, TypeSet, Value,
};

/// A layer as a value.
#[derive(Clone, Debug)]
pub(super) enum LayerValue {
    /// A layer that the engine knows.
    Known(Layer),
    /// A pool whose windows a key function chooses; it is asked when the network is built.
    Keyed { window: Shape, kind: Pooling, key: Arc<dyn Function> },
}

impl LayerValue {
    fn describe(&self) -> String {
        match self {
            Self::Known(layer) => layer.to_string(),
            Self::Keyed { window, kind, key } => {
                let kind = if *kind == Pooling::Product {
                    String::new()
                } else {
                    format!(", kind = \"{}\"", kind.as_str())
                };
                format!("pool({window}{kind}, geometry = {})", key.signature())
            }
        }
    }
}

impl Object for LayerValue {
    fn type_of(&self) -> Type {
        Type::Layer
    }

    fn text(&self) -> String {
        self.describe()
    }

    fn brief(&self) -> String {
        self.describe()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::Value::String(self.describe())
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        match (self, other.as_any().downcast_ref::<Self>()?) {
            (Self::Known(a), Self::Known(b)) => Some(a == b),
            (Self::Keyed { window: w, kind: k, key }, Self::Keyed { window, kind, key: other }) => {
                Some(w == window && k == kind && Arc::ptr_eq(key, other))
            }
            _ => Some(false),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl IntoValue for LayerValue {
    const TYPES: TypeSet = TypeSet::of(&[Type::Layer]);

    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::object(self))
    }
}

/// A shape of sites or of a window: an int for a chain, `8x8` for a grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShapeArg(pub Shape);

impl FromValue for ShapeArg {
    const TYPES: TypeSet = TypeSet::LIST.or(TypeSet::of(&[Type::Int]));

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(list) => {
                let sizes: Vec<u64> =
                    list.iter().take(3).map(u64::from_value).collect::<Result<_, _>>()?;
                match (sizes.as_slice(), list.len()) {
                    ([n], 1) => Ok(Self(Shape::Chain(*n))),
                    ([rows, cols], 2) => Ok(Self(Shape::Grid { rows: *rows, cols: *cols })),
                    _ => Err(Mismatch("sites are a chain (16) or a grid (8x8)".to_owned())),
                }
            }
            other => u64::from_value(other).map(|n| Self(Shape::Chain(n))),
        }
    }
}

/// A pooling geometry: a name, or a key function.
#[derive(Clone, Debug)]
enum GeometryArg {
    Named(Arc<str>),
    Key(Arc<dyn Function>),
}

impl FromValue for GeometryArg {
    const TYPES: TypeSet = TypeSet::of(&[Type::String, Type::Function]);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(name) => Ok(Self::Named(name)),
            Value::Function(key) => Ok(Self::Key(key)),
            _ => Err(Mismatch("it must be a name or a key function".to_owned())),
        }
    }
}

/// One of a few words, or an error that lists them.
pub(super) fn word<T>(
    call: &Args,
    number: usize,
    name: &str,
    words: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> Eval<T> {
    parse(name).ok_or_else(|| {
        let list: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let error =
            Diagnostic::new(Code::Domain, format!("{name:?} is none of {}", list.join(", ")))
                .at(call.span_of(number), "");
        match did_you_mean(name, words.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint(format!("{:?}", words.first().unwrap_or(&""))),
        }
        .into()
    })
}

builtins! { LAYERS "Layers":
    /// The first layer of a network: its sites and the local dimension `M`.
    ///
    /// Each site is lifted by `dim` representation functions to a vector of that length. Structure needs
    /// no more; for training and for data, `features` names them: "cos_sin" is
    /// `sqrt(C(M-1, d)) cos^(M-1-d) sin^d` of `pi x/2` (for `dim = 2` the cosine and the sine),
    /// "one_hot" the unit vector of the nearest of `dim` grey levels, both for values from 0 to 1;
    /// "gaussian" are normal densities, "affine" rectified affine functions of a `patch` around the site,
    /// both learned and the same at every site.
    ///
    /// > input(8x8, dim = 4)
    /// input(8x8, dim = 4)
    pure fn input(
        cx, call;
        /** How many sites: 16 is a chain, 8x8 a grid. */ shape: ShapeArg,
        /** The local dimension M. */ dim: u64,
        /** "given", "cos_sin", "one_hot", "gaussian" or "affine". */ features: Arc<str> = "\"given\"",
        /** What an affine function sees: 3x3 on a grid, 3 on a chain; without it the site alone. */ patch: Option<ShapeArg> = "none",
    ) -> LayerValue {
        let site = match shape.0 {
            Shape::Chain(_) => Shape::Chain(1),
            Shape::Grid { .. } => Shape::Grid { rows: 1, cols: 1 },
        };
        let around = patch.as_ref().map_or(site, |patch| patch.0);
        let parse = |name: &str| Representation::parse(name, around);
        let features = word(call, 2, &features, &Representation::NAMES, parse)?;
        if patch.is_some() && !matches!(features, Representation::Affine { .. }) {
            return Err(Diagnostic::new(Code::Domain, "only affine features see a patch")
                .at(call.span_of(3), format!("the features are {:?}", features.as_str()))
                .hint("features = \"affine\"")
                .into());
        }
        Ok(LayerValue::Known(Layer::Input { shape: shape.0, dim, features }))
    }

    /// A 1x1 convolution to so many channels (the bond dimension `r` of its layer).
    ///
    /// Sharing "layer" is a true convolution: one matrix. "window" has a matrix for each place
    /// inside a window of the next pool, "none" one for each position.
    ///
    /// > conv(8, sharing = "none")
    /// conv(8, sharing = "none")
    pure fn conv(
        cx, call;
        /** The channel number r. */ channels: u64,
        /** "layer", "window" or "none". */ sharing: Arc<str> = "\"layer\"",
    ) -> LayerValue {
        let sharing = word(call, 1, &sharing, &["layer", "window", "none"], Sharing::parse)?;
        Ok(LayerValue::Known(Layer::Conv { channels, sharing }))
    }

    /// Pools windows of sites: by product (a ConvAC), by maximum or by mean.
    ///
    /// The geometry says which sites share a window: neighbours ("contiguous"), mirrored places
    /// ("mirror"), places far apart ("strided"), or those to which a function of the place gives
    /// equal keys; the smallest key becomes the first position of the output.
    ///
    /// > pool(2x2, geometry = "mirror")
    /// pool(2x2, geometry = "mirror")
    pure fn pool(
        cx, call;
        /** The window: 2 on a chain, 2x2 on a grid. */ window: ShapeArg,
        /** "product", "max" or "mean". */ kind: Arc<str> = "\"product\"",
        /** "contiguous", "mirror", "strided" or a function of the place. */ geometry: GeometryArg = "\"contiguous\"",
    ) -> LayerValue {
        let kind = word(call, 1, &kind, &["product", "max", "mean"], Pooling::parse)?;
        let window = window.0;
        match geometry {
            GeometryArg::Key(key) => Ok(LayerValue::Keyed { window, kind, key }),
            GeometryArg::Named(name) => {
                let names = ["contiguous", "mirror", "strided"];
                let geometry = word(call, 2, &name, &names, Geometry::parse)?;
                Ok(LayerValue::Known(Layer::Pool { window, kind, geometry }))
            }
        }
    }

    /// The rectified linear unit. A network with one is no ConvAC.
    ///
    /// > relu()
    /// relu()
    pure fn relu(cx, call) -> LayerValue { Ok(LayerValue::Known(Layer::Relu)) }

    /// The last layer: a dense layer from the one position left to so many class scores.
    ///
    /// > output(10)
    /// output(10)
    pure fn output(cx, call; /** How many classes. */ classes: u64) -> LayerValue {
        Ok(LayerValue::Known(Layer::Output { classes }))
    }
}
