//! Sizes of the layers: shapes, numbers of weights, work.

use super::{Layer, Pooling, Shape, Sharing, Window};
use dashu_int::UBig;

/// One layer with its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// `input`, `conv0`, `pool0`, `relu0`, …, `output`: counted per kind from 0. The weights of
    /// `conv0` are called `conv0.weight` in files.
    pub name: String,
    /// The layer as it is typed.
    pub description: String,
    /// The positions that enter (of the input: its sites).
    pub shape_in: Shape,
    /// The channels that enter (of the input: 1).
    pub channels_in: u64,
    /// The positions that leave.
    pub shape_out: Shape,
    /// The channels that leave.
    pub channels_out: u64,
    /// `[positions, r_l, r_(l-1)]`: positions is 1 for `layer` sharing, the size of the next
    /// window for `window`; of the output `[1, classes, r]`; `None` without weights.
    pub weight_shape: Option<[u64; 3]>,
    /// The number of weights.
    pub weights: UBig,
    /// Floating-point operations of one forward pass of one input.
    pub flops: UBig,
}

/// The sizes of checked layers.
pub(super) fn stages(layers: &[Layer]) -> Vec<Stage> {
    let (mut shape, mut channels) = (Shape::Chain(1), 1);
    let (mut convs, mut pools, mut relus) = (0, 0, 0);
    let mut stages = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let (shape_in, channels_in) = (shape, channels);
        let mut weight_shape = None;
        let mut flops = UBig::ZERO;
        let name = match layer {
            Layer::Input { shape: sites, dim, .. } => {
                (shape, channels) = (*sites, *dim);
                "input".to_string()
            }
            Layer::Conv { channels: out, sharing } => {
                channels = *out;
                let positions = match sharing {
                    Sharing::Layer => 1,
                    Sharing::None => shape.sites(),
                    Sharing::Window => {
                        next_window(layers, index, shape).map_or(1, |window| window.size())
                    }
                };
                weight_shape = Some([positions, *out, channels_in]);
                flops = UBig::from(2u8) * *out * channels_in * shape.sites();
                convs += 1;
                format!("conv{}", convs - 1)
            }
            Layer::Pool { window, kind, .. } => {
                shape = shape.pooled(window).unwrap_or(shape);
                let size = window.sites();
                let work = if *kind == Pooling::Mean { size } else { size.saturating_sub(1) };
                flops = UBig::from(work) * channels * shape.sites();
                pools += 1;
                format!("pool{}", pools - 1)
            }
            Layer::Relu => {
                flops = UBig::from(channels) * shape.sites();
                relus += 1;
                format!("relu{}", relus - 1)
            }
            Layer::Output { classes } => {
                channels = *classes;
                weight_shape = Some([1, *classes, channels_in]);
                flops = UBig::from(2u8) * *classes * channels_in;
                "output".to_string()
            }
        };
        let weights = weight_shape
            .map_or(UBig::ZERO, |[positions, rows, cols]| UBig::from(positions) * rows * cols);
        stages.push(Stage {
            name,
            description: layer.to_string(),
            shape_in: if index == 0 { shape } else { shape_in },
            channels_in,
            shape_out: shape,
            channels_out: channels,
            weight_shape,
            weights,
            flops,
        });
    }
    stages
}

/// The pooling step that follows layer `index`, on whose input the shape is `shape`.
pub(super) fn next_window(layers: &[Layer], index: usize, shape: Shape) -> Option<Window> {
    layers.iter().skip(index + 1).find_map(|layer| match layer {
        Layer::Pool { window, geometry, .. } => Window::new(shape, *window, geometry),
        _ => None,
    })
}
