//! Networks written layer by layer in Rust.
//!
//! [`Network::chain`] and [`Network::grid`] begin, [`Layers::output`] ends; the methods between
//! are called as the layers of the language are. Nothing fails before the end: the first fault is
//! kept and told there, with the layer at fault.

use super::{
    Cause, Geometry, Grouping, Layer, MAX_EXPLICIT_SITES, Network, NetworkBuilder, NetworkError,
    NetworkErrorKind, Pooling, Representation, Shape, Sharing,
};
use std::collections::BTreeMap;

/// The layers of a network that is being written, from the input up.
///
/// ```
/// use convac::prelude::*;
///
/// let net = Network::grid(8, 8, 4)
///     .conv(8)
///     .pool([2, 2])
///     .conv_with(16, Sharing::None)
///     .pool([4, 4])
///     .output(10)?;
/// assert_eq!(net.layers().len(), 6);
/// assert_eq!(net.params().to_string(), "2240"); // 8·4 + 16 places · 16·8 + 10·16
/// # Ok::<(), Error>(())
/// ```
///
/// A fault is told by [`output`](Layers::output), never by a panic:
///
/// ```
/// use convac::prelude::*;
///
/// let error = Network::chain(15, 4).conv(8).pool(2).output(10).unwrap_err();
/// assert_eq!(error.layer, 2);
/// assert_eq!(
///     error.to_string(),
///     "layer 2, pool(2): the pooling window does not tile the sites: \
///      a window of 2 leaves 1 site over (hint: use 16 sites, or pool(3), pool(5) or pool(15))"
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use = "layers become a network by `output`"]
pub struct Layers {
    builder: NetworkBuilder,
    /// The first fault; what is written behind it is not looked at.
    fault: Option<Box<NetworkError>>,
}

impl Network {
    /// Begins a network on a chain of `sites` sites of local dimension `dim` (`M`), as
    /// `input(sites, dim = dim)` does in the language.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let net = Network::chain(16, 4).conv(8).pool(2).conv(8).pool(8).output(10)?;
    /// assert_eq!(net.input_shape().sites(), 16);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn chain(sites: u64, dim: u64) -> Layers {
        Layers::new(Shape::Chain(sites), dim)
    }

    /// Begins a network on a grid of `rows` times `cols` sites of local dimension `dim` (`M`).
    pub fn grid(rows: u64, cols: u64, dim: u64) -> Layers {
        Layers::new(Shape::Grid { rows, cols }, dim)
    }
}

impl Layers {
    fn new(shape: Shape, dim: u64) -> Self {
        let empty = Self { builder: NetworkBuilder::new(), fault: None };
        empty.layer(Layer::Input { shape, dim, features: Representation::Given })
    }

    /// The representation functions that lift the value of a site to `M` numbers (section 2 of
    /// arXiv 1704.01552). Stands right behind the input; without it the vectors are given.
    pub fn features(self, features: Representation) -> Self {
        if self.fault.is_some() {
            return self;
        }
        match self.builder.layers() {
            [Layer::Input { shape, dim, .. }] => {
                let input = Layer::Input { shape: *shape, dim: *dim, features };
                Self { builder: NetworkBuilder::new(), fault: None }.layer(input)
            }
            _ => {
                let layer = self.builder.len();
                self.broken(NetworkError {
                    kind: NetworkErrorKind::Shape,
                    layer,
                    argument: None,
                    message: format!("layer {layer}: features belong to the input"),
                    label: "they stand behind other layers".into(),
                    cause: Some(Box::new(Cause {
                        layer: 0,
                        argument: None,
                        label: "the input is here".into(),
                    })),
                    hint: "write features right behind chain or grid".into(),
                })
            }
        }
    }

    /// A 1x1 convolution to so many channels (the bond dimension `r` of its layer), with one
    /// matrix for all positions: `conv(channels)`.
    pub fn conv(self, channels: u64) -> Self {
        self.conv_with(channels, Sharing::Layer)
    }

    /// A convolution with another sharing of its matrices: `conv(channels, sharing = …)`.
    pub fn conv_with(self, channels: u64, sharing: Sharing) -> Self {
        self.layer(Layer::Conv { channels, sharing })
    }

    /// Product pooling of neighbours (the copy tensors of a ConvAC): `pool(window)`, where a window
    /// is `2` on a chain and `[2, 2]` on a grid.
    pub fn pool(self, window: impl Into<Shape>) -> Self {
        self.pool_with(window, Pooling::Product, Geometry::Contiguous)
    }

    /// Pooling of any kind and geometry: `pool(window, kind = …, geometry = …)`.
    pub fn pool_with(self, window: impl Into<Shape>, kind: Pooling, geometry: Geometry) -> Self {
        self.layer(Layer::Pool { window: window.into(), kind, geometry })
    }

    /// Product pooling of the positions to which `key` gives equal keys; the smallest key becomes
    /// the first position of the output. `key` gets row and column; on a chain the row is 0.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// // Each site with the one at the other end.
    /// let folded = Network::chain(8, 2).conv(4).pool_by_key(2, |_, site| site.min(7 - site));
    /// let net = folded.conv(4).pool(4).output(1)?;
    /// assert_eq!(net.min_cut(Rule::LeftRight)?.bits(), 4.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pool_by_key<K: Ord>(
        self,
        window: impl Into<Shape>,
        key: impl Fn(u64, u64) -> K,
    ) -> Self {
        let window = window.into();
        let Some(shape) = self.builder.shape().filter(|_| self.fault.is_none()) else {
            return self;
        };
        if shape.sites() > MAX_EXPLICIT_SITES {
            let layer = self.builder.len();
            return self.broken(NetworkError {
                kind: NetworkErrorKind::Resource,
                layer,
                argument: Some("geometry"),
                message: format!("layer {layer}, pool({window}) by keys: too many positions"),
                label: format!("{} positions, at most {MAX_EXPLICIT_SITES}", shape.sites()),
                cause: None,
                hint: format!("pool({})", in_rust(&window.to_string())),
            });
        }
        let keys: Vec<K> = (0..shape.sites())
            .filter_map(|site| shape.place(site))
            .map(|(r, c)| key(r, c))
            .collect();
        let mut numbers: BTreeMap<&K, u32> = keys.iter().map(|key| (key, 0)).collect();
        for (place, number) in (0u32..).zip(numbers.values_mut()) {
            *number = place;
        }
        let targets = keys.iter().filter_map(|key| numbers.get(key).copied()).collect();
        match Grouping::new(targets) {
            Ok(grouping) => {
                let geometry = Geometry::Grouped(std::sync::Arc::new(grouping));
                self.pool_with(window, Pooling::Product, geometry)
            }
            Err(error) => {
                let layer = self.builder.len();
                let each = window.sites();
                self.broken(NetworkError {
                    kind: NetworkErrorKind::Shape,
                    layer,
                    argument: Some("geometry"),
                    message: format!("layer {layer}, pool({window}) by keys: {error}"),
                    label: "groups must be as large as the window".into(),
                    cause: None,
                    hint: format!("give every {each} positions one key"),
                })
            }
        }
    }

    /// The rectifier `max(x, 0)`: `relu()`. A network with one is no ConvAC.
    pub fn relu(self) -> Self {
        self.layer(Layer::Relu)
    }

    /// Any layer.
    pub fn layer(mut self, layer: Layer) -> Self {
        if self.fault.is_some() {
            return self;
        }
        let written = layer.to_string();
        match self.builder.push(layer) {
            Ok(()) => self,
            Err(mut error) => {
                error.message = format!("layer {}, {written}: {}", error.layer, error.message);
                error.hint = in_rust(&error.hint);
                self.broken(error)
            }
        }
    }

    /// Layers in order, such as those of a loop.
    ///
    /// ```
    /// use convac::prelude::*;
    ///
    /// let steps = [8, 16, 32].map(|r| [Layer::conv(r), Layer::pool(2)]);
    /// let net = Network::chain(8, 4).layers(steps.into_iter().flatten()).output(10)?;
    /// assert_eq!(net.convolutions(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn layers(self, layers: impl IntoIterator<Item = Layer>) -> Self {
        layers.into_iter().fold(self, Self::layer)
    }

    /// Ends the network with a dense layer from the one position left to so many class scores:
    /// `output(classes)`.
    ///
    /// # Errors
    /// The first fault: the layer at fault (counted from 0, the input), what is wrong there, the
    /// layer that it is in conflict with, and what to write instead.
    pub fn output(self, classes: u64) -> Result<Network, NetworkError> {
        let Self { builder, fault } = self.layer(Layer::Output { classes });
        match fault {
            Some(fault) => Err(*fault),
            None => builder.finish(),
        }
    }

    /// The positions that the next layer sees; `None` behind a fault of the input.
    pub fn shape(&self) -> Option<Shape> {
        self.builder.shape()
    }

    fn broken(mut self, fault: NetworkError) -> Self {
        self.fault = Some(Box::new(fault));
        self
    }
}

impl Layer {
    /// `conv(channels)`: a 1x1 convolution with one matrix for all positions.
    pub fn conv(channels: u64) -> Self {
        Layer::Conv { channels, sharing: Sharing::Layer }
    }

    /// `pool(window)`: product pooling of neighbours; `2` on a chain, `[2, 2]` on a grid.
    pub fn pool(window: impl Into<Shape>) -> Self {
        let (kind, geometry) = (Pooling::Product, Geometry::Contiguous);
        Layer::Pool { window: window.into(), kind, geometry }
    }
}

/// A hint of the language with its shapes as Rust writes them: `pool(2x2)` is `pool([2, 2])`.
fn in_rust(hint: &str) -> String {
    let mut written = String::with_capacity(hint.len());
    let mut rest = hint;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (rows, behind) = number.split_at(digits(number));
        let cols = behind.strip_prefix('x').map(|cols| cols.split_at(digits(cols)));
        written.push_str(before);
        match cols {
            Some((cols, behind)) if !cols.is_empty() => {
                written.push_str(&format!("[{rows}, {cols}]"));
                rest = behind;
            }
            _ => {
                written.push_str(rows);
                rest = behind;
            }
        }
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::{Layer, Network, Pooling, Representation, Shape, Sharing, in_rust};
    use crate::network::Geometry;

    #[test]
    fn layers_are_those_of_the_list() {
        let written = Network::grid(4, 4, 2)
            .features(Representation::CosSin)
            .conv_with(3, Sharing::Window)
            .pool_with([2, 2], Pooling::Max, Geometry::Mirror)
            .relu()
            .pool((2, 2))
            .output(5);
        let shape = Shape::Grid { rows: 4, cols: 4 };
        let window = Shape::Grid { rows: 2, cols: 2 };
        let listed = Network::new(vec![
            Layer::Input { shape, dim: 2, features: Representation::CosSin },
            Layer::Conv { channels: 3, sharing: Sharing::Window },
            Layer::Pool { window, kind: Pooling::Max, geometry: Geometry::Mirror },
            Layer::Relu,
            Layer::pool(window),
            Layer::Output { classes: 5 },
        ]);
        assert_eq!(written, listed);
    }

    #[test]
    fn the_first_fault_is_told_at_the_end() {
        let fault = |layers: super::Layers| layers.output(1).unwrap_err();
        let error = fault(Network::chain(0, 2).conv(0).pool(3));
        assert_eq!((error.layer, error.argument), (0, Some("shape")));
        let error = fault(Network::chain(4, 2).conv(0).pool(3));
        assert_eq!((error.layer, error.argument), (1, Some("channels")));
        let error = fault(Network::grid(6, 6, 2).conv(2).pool([4, 4]));
        assert_eq!(error.layer, 2);
        assert!(error.hint.contains("pool([2, 2])"), "{}", error.hint);
        let error = fault(Network::chain(4, 2).conv(2));
        assert_eq!(error.hint, "add pool(4) before output");
        let error = fault(Network::chain(4, 2).conv(2).features(Representation::OneHot).pool(4));
        assert!(error.message.contains("belong to the input"));
        let error = fault(Network::chain(4, 2).pool_by_key(2, |_, site| site / 3).pool(2));
        assert_eq!((error.layer, error.argument), (1, Some("geometry")));
        let error = fault(Network::chain(1 << 40, 2).pool_by_key(2, |_, site| site / 2));
        assert_eq!((error.layer, error.argument), (1, Some("geometry")));
    }

    #[test]
    fn keys_are_ordered_by_size() {
        let by_key = Network::chain(6, 2).pool_by_key(3, |_, site| 9 - site % 2);
        let net = by_key.conv_with(2, Sharing::None).pool(2).output(1).unwrap();
        let Layer::Pool { geometry: Geometry::Grouped(groups), .. } = &net.layers()[1] else {
            panic!("no grouped pooling")
        };
        assert_eq!(groups.targets(), [1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn shapes_in_hints_are_rust() {
        assert_eq!(in_rust("use 12x8 sites, or pool(2x2)"), "use [12, 8] sites, or pool([2, 2])");
        assert_eq!(in_rust("pool(3), 5x or 2"), "pool(3), 5x or 2");
    }
}
