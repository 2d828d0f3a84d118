//! The scores of an input, for any network: ConvACs, rectifiers, max and mean pooling.
//!
//! Layer by layer over all positions, each number with its own power of two, so that products of
//! millions of sites and the sums of means neither under- nor overflow. Plain and slow; the
//! tests' reference for everything that is fast.

use super::Model;
use crate::entangle::EntangleError;
use crate::entangle::scaled::Scaled;
use crate::graph::GraphError;
use crate::interrupt::Interrupt;
use crate::network::{Layer, Pooling, Window};

/// What stands at the sites: for each, row-major, `M` values of the representation functions.
pub type Features<'x> = &'x [f64];

/// The score of every class.
///
/// # Errors
/// [`EntangleError::Domain`] for a wrong number of features or one that is not finite,
/// [`EntangleError::TooLarge`] above 2^22 sites or 2^26 numbers (1 GiB) after a layer,
/// [`EntangleError::Interrupted`].
pub fn forward(
    model: &Model,
    features: Features<'_>,
    interrupt: &Interrupt,
) -> Result<Vec<Scaled>, EntangleError> {
    const MAX_SITES: u64 = 1 << 22;
    const MAX_NUMBERS: u64 = 1 << 26;
    let network = model.network();
    let (sites, dim) = (network.input_shape().sites(), network.dim());
    if sites > MAX_SITES {
        let hint = "use fewer sites, or a ConvAC";
        let limit = format!("{MAX_SITES} sites");
        return Err(EntangleError::too_large(
            "the list of sites",
            format!("{sites} sites"),
            limit,
            hint,
        ));
    }
    for stage in network.stages() {
        let numbers = stage.shape_out.sites().saturating_mul(stage.channels_out);
        if numbers > MAX_NUMBERS {
            let (size, limit) = (format!("{numbers} numbers"), format!("{MAX_NUMBERS} numbers"));
            let what = format!("what leaves {}", stage.name);
            return Err(EntangleError::too_large(
                &what,
                size,
                limit,
                "use fewer channels or sites",
            ));
        }
    }
    if features.len() as u64 != sites * dim {
        return Err(EntangleError::Domain {
            message: format!(
                "{} numbers are given for {sites} sites of dimension {dim}",
                features.len()
            ),
            hint: format!("give {} numbers", sites * dim),
        });
    }
    let scaled = |value: f64| Scaled::new(value).ok_or(EntangleError::NotFinite);
    let finite = |value: &f64| {
        Scaled::new(*value).ok_or_else(|| EntangleError::Domain {
            message: "an input value is not finite".into(),
            hint: "replace it by a number".into(),
        })
    };
    let mut channels = dim as usize;
    let mut values: Vec<Scaled> = features.iter().map(finite).collect::<Result<_, _>>()?;
    let mut conv = 0;
    for (layer, stage) in network.layers().iter().zip(network.stages()) {
        interrupt.check()?;
        match layer {
            Layer::Input { .. } => {}
            Layer::Relu => {
                for value in &mut values {
                    if value.mantissa() < 0.0 {
                        *value = Scaled::ZERO;
                    }
                }
            }
            Layer::Conv { .. } | Layer::Output { .. } => {
                let is_conv = matches!(layer, Layer::Conv { .. });
                let weight = if is_conv { model.conv(conv) } else { Some(model.output()) };
                let of = network.weight_of_position(conv).filter(|_| is_conv);
                conv += usize::from(is_conv);
                let Some(weight) = weight else { continue };
                let mut out = Vec::with_capacity(values.len() / channels.max(1) * weight.rows());
                for (position, vector) in values.chunks_exact(channels.max(1)).enumerate() {
                    if position % 256 == 0 {
                        interrupt.check()?;
                    }
                    let number = of.as_ref().map_or(0, |of| of(position as u64));
                    for row in weight.matrix(number as usize).chunks_exact(channels.max(1)) {
                        let mut sum = Scaled::ZERO;
                        for (weight, value) in row.iter().zip(vector) {
                            sum = sum.add(scaled(*weight)?.mul(*value));
                        }
                        out.push(sum);
                    }
                }
                (values, channels) = (out, weight.rows());
            }
            Layer::Pool { window, kind, geometry } => {
                let Some(window) = Window::new(stage.shape_in, *window, geometry) else {
                    let text = format!("{layer} does not fit {}", stage.shape_in);
                    return Err(GraphError::Malformed(text).into());
                };
                let share = scaled(1.0 / window.size() as f64)?;
                let mut out = Vec::with_capacity(window.target().sites() as usize * channels);
                for target in 0..window.target().sites() {
                    if target % 256 == 0 {
                        interrupt.check()?;
                    }
                    for channel in 0..channels {
                        let members = (0..window.size()).filter_map(|place| {
                            values.get(window.source(target, place) as usize * channels + channel)
                        });
                        let pooled = match kind {
                            Pooling::Product => members.copied().reduce(Scaled::mul),
                            Pooling::Max => members.copied().max(),
                            Pooling::Mean => {
                                members.copied().reduce(Scaled::add).map(|sum| sum.mul(share))
                            }
                        };
                        out.push(pooled.unwrap_or(Scaled::ZERO));
                    }
                }
                values = out;
            }
        }
    }
    Ok(values)
}
