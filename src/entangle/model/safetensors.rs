//! Weights as safetensors files: `conv0.weight` of shape `[positions, r_l, r_(l-1)]`, …,
//! `output.weight` of shape `[classes, r]`, in doubles.

use super::{Model, ModelError, Origin, Weight, feature_shapes, weight_shapes};
use crate::network::Network;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The bytes of a safetensors file; the same model gives the same bytes. Other programs (numpy,
/// PyTorch by the `safetensors` package) read it.
///
/// # Errors
/// [`ModelError::Format`] when the format cannot hold it.
pub fn encode(model: &Model) -> Result<Vec<u8>, ModelError> {
    let weights: Vec<(String, Vec<usize>, Vec<u8>)> = model
        .weights()
        .map(|(name, weight)| {
            let [positions, rows, cols] = weight.shape().map(|size| size as usize);
            let shape = if name.starts_with("output") || name.starts_with("input") {
                vec![rows, cols]
            } else {
                vec![positions, rows, cols]
            };
            let bytes = weight.data().iter().flat_map(|entry| entry.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let format = |error: safetensors::SafeTensorError| ModelError::Format(error.to_string());
    let mut views = Vec::with_capacity(weights.len());
    for (name, shape, bytes) in &weights {
        let view = TensorView::new(Dtype::F64, shape.clone(), bytes).map_err(format)?;
        views.push((name.clone(), view));
    }
    // One entry only: the order of several would not be fixed.
    let layers: Vec<String> = model.network().layers().iter().map(ToString::to_string).collect();
    let metadata = HashMap::from([("convac.network".to_owned(), layers.join("\n"))]);
    safetensors::serialize(views, Some(metadata)).map_err(format)
}

/// The weights of a network from the bytes of a safetensors file.
///
/// Doubles, floats, half floats and integers are read, exactly where a double can hold them. A
/// matrix of one position may be given as `[rows, cols]`, `[rows, cols, 1]` or `[rows, cols, 1, 1]`
/// (the weight of a 1x1 `Conv1d` or `Conv2d` in PyTorch).
///
/// # Errors
/// [`ModelError`] for bytes that are no such file, missing, unknown or wrongly shaped weights,
/// and numbers that are not finite.
pub fn decode(bytes: &[u8], network: &Network) -> Result<Model, ModelError> {
    let file =
        SafeTensors::deserialize(bytes).map_err(|error| ModelError::Format(error.to_string()))?;
    if let Some(name) = repeated_name(bytes) {
        return Err(ModelError::Format(format!("{} is there twice", printable(&name))));
    }
    let mut expected = weight_shapes(network);
    let matrices = expected.len();
    expected.extend(feature_shapes(network));
    if let Some(name) =
        file.names().iter().find(|name| !expected.iter().any(|(known, _)| known == **name))
    {
        let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        return Err(ModelError::Unexpected { name: printable(name), names: names.join(", ") });
    }
    let mut weights = Vec::with_capacity(expected.len());
    for (name, shape) in expected {
        let Ok(tensor) = file.tensor(&name) else {
            return Err(ModelError::Missing { name, expected: shape });
        };
        let found: Vec<u64> = tensor.shape().iter().map(|size| *size as u64).collect();
        if !fits(shape, &found) {
            return Err(ModelError::Shape { name, expected: shape, found });
        }
        let values = numbers(&tensor).ok_or_else(|| {
            ModelError::Format(format!("{name} has numbers of the kind {:?}", tensor.dtype()))
        })?;
        let weight = Weight::new(shape, values);
        weights.push(weight.ok_or(ModelError::Shape { name, expected: shape, found })?);
    }
    let features = weights.split_off(matrices.min(weights.len()));
    let Some(output) = weights.pop() else {
        return Err(ModelError::Missing { name: "output.weight".into(), expected: [1, 1, 1] });
    };
    Model::new(network.clone(), weights, output, Origin::Given)?.with_features(features)
}

/// Whether a tensor of this shape is the weight: as it is, or one matrix with axes of 1 left out
/// or added behind.
fn fits([positions, rows, cols]: [u64; 3], found: &[u64]) -> bool {
    if found == [positions, rows, cols] {
        return true;
    }
    let matrix = match found {
        [a, b, rest @ ..] if rest.iter().all(|size| *size == 1) => [*a, *b],
        _ => return false,
    };
    positions == 1 && matrix == [rows, cols]
}

/// The numbers of a tensor as doubles; `None` for a kind that is not read.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f64>> {
    let data = tensor.data();
    Some(match tensor.dtype() {
        Dtype::F64 => read(data, f64::from_le_bytes),
        Dtype::F32 => read(data, |bytes| f64::from(f32::from_le_bytes(bytes))),
        Dtype::F16 => read(data, |bytes| half(u16::from_le_bytes(bytes), 5, 10)),
        Dtype::BF16 => read(data, |bytes| half(u16::from_le_bytes(bytes), 8, 7)),
        Dtype::I64 => read(data, |bytes| i64::from_le_bytes(bytes) as f64),
        Dtype::I32 => read(data, |bytes| f64::from(i32::from_le_bytes(bytes))),
        Dtype::I16 => read(data, |bytes| f64::from(i16::from_le_bytes(bytes))),
        Dtype::I8 => read(data, |bytes| f64::from(i8::from_le_bytes(bytes))),
        Dtype::U8 => read(data, |bytes| f64::from(u8::from_le_bytes(bytes))),
        _ => return None,
    })
}

fn read<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    data.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
}

/// A 16-bit float with so many bits of exponent and fraction.
fn half(bits: u16, exponent_bits: u32, fraction_bits: u32) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let largest = (1i32 << exponent_bits) - 1;
    let exponent = i32::from(bits >> fraction_bits) & largest;
    let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / f64::from(1u32 << fraction_bits);
    let bias = largest / 2;
    sign * match exponent {
        0 => fraction * 2f64.powi(1 - bias),
        exponent if exponent == largest && fraction == 0.0 => f64::INFINITY,
        exponent if exponent == largest => f64::NAN,
        exponent => (1.0 + fraction) * 2f64.powi(exponent - bias),
    }
}

/// A name from a file, fit to be shown.
fn printable(name: &str) -> String {
    let short: String = name.chars().take(60).collect();
    short.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The first name that the header of a file lists twice: JSON allows it, and readers do not agree
/// on which of the two they take.
fn repeated_name(bytes: &[u8]) -> Option<String> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the header of a safetensors file")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let (mut seen, mut repeated) = (HashSet::new(), None);
            while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                if seen.contains(&name) {
                    repeated.get_or_insert(name);
                } else {
                    seen.insert(name);
                }
            }
            Ok(repeated)
        }
    }
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let header = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    serde_json::Deserializer::from_slice(header).deserialize_map(Names).ok()?
}
