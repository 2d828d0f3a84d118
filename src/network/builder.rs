//! Building a network layer by layer; every fault is found at the layer that makes it.

use super::hint::{counted, either, left_over, tiled_shape, tiling_windows, window_for};
use super::{
    Cause, Geometry, Layer, MAX_DIMENSION, MAX_EXPLICIT_SITES, MAX_LAYERS, MAX_SITES, Network,
    NetworkError, NetworkErrorKind, Representation, Shape,
};

/// Takes layers in order and keeps the shape that the next one sees.
#[derive(Clone, Debug, Default)]
pub struct NetworkBuilder {
    layers: Vec<Layer>,
    shape: Option<Shape>,
    /// The layer that made the current shape.
    shaper: usize,
    /// By how much the poolings so far have divided rows and columns.
    reduction: (u64, u64),
    finished: bool,
}

impl NetworkBuilder {
    /// No layers yet.
    pub fn new() -> Self {
        Self { reduction: (1, 1), ..Self::default() }
    }

    /// The positions that the next layer sees; `None` before the input.
    pub fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// The layers so far.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The number of layers so far.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is no layer yet.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Appends a layer. After an error the builder is as before.
    ///
    /// # Errors
    /// [`NetworkError`] when the layer does not fit what is there.
    pub fn push(&mut self, layer: Layer) -> Result<(), NetworkError> {
        use NetworkErrorKind::{Resource, Shape as Misfit};
        if self.layers.len() >= MAX_LAYERS {
            let message = format!("a network has at most {MAX_LAYERS} layers");
            let label = format!("this is layer {}", self.layers.len() + 1);
            return Err(self.fault(Resource, None, message, label, "remove layers"));
        }
        if self.finished {
            let label = format!("this {} comes after the output", layer.name());
            let cause = Cause {
                layer: self.layers.len() - 1,
                argument: None,
                label: "the network ends here".into(),
            };
            let hint = format!("move {layer} before the output, or remove it");
            return Err(self
                .fault(Misfit, None, "no layer may follow the output", label, hint)
                .with(cause));
        }
        let Some(shape) = self.shape else {
            return self.push_input(layer);
        };
        match &layer {
            Layer::Input { .. } => {
                let cause =
                    Cause { layer: 0, argument: None, label: "the first input is here".into() };
                let error = self.fault(
                    Misfit,
                    None,
                    "a network has one input",
                    "this is a second input",
                    "",
                );
                return Err(NetworkError { hint: format!("remove {layer}"), ..error.with(cause) });
            }
            Layer::Conv { channels, .. } => {
                self.check_dimension("channels", *channels, "conv(8)")?
            }
            Layer::Relu => {}
            Layer::Output { classes } => {
                self.check_dimension("classes", *classes, "output(10)")?;
                if shape.sites() != 1 {
                    let label = format!("{} arrive here", counted(shape.sites(), self.noun()));
                    let message = "the output needs one position";
                    let hint = format!("add pool({shape}) before output");
                    return Err(self.fault(Misfit, None, message, label, hint).with(self.cause()));
                }
                self.finished = true;
            }
            Layer::Pool { window, geometry, .. } => {
                let pooled = self.check_window(shape, *window, geometry)?;
                let by = |before: u64, after: u64| before.checked_div(after).unwrap_or(1);
                self.reduction.0 = self.reduction.0.saturating_mul(by(shape.rows(), pooled.rows()));
                self.reduction.1 = self.reduction.1.saturating_mul(by(shape.cols(), pooled.cols()));
                self.shape = Some(pooled);
                self.shaper = self.layers.len();
            }
        }
        self.layers.push(layer);
        Ok(())
    }

    /// The network.
    ///
    /// # Errors
    /// [`NetworkError`] when the input or the output is missing.
    pub fn finish(self) -> Result<Network, NetworkError> {
        use NetworkErrorKind::Shape as Misfit;
        let Some(shape) = self.shape else {
            let hint = "start with input(16, dim = 4)";
            return Err(self.fault(
                Misfit,
                None,
                "the network has no input",
                "no layer is here",
                hint,
            ));
        };
        if self.finished {
            return Ok(Network::from_checked(self.layers));
        }
        let hint = if shape.sites() == 1 {
            "add output(10)".to_string()
        } else {
            format!("add pool({shape}) and output(10)")
        };
        let label = "the last layer must be an output";
        let mut error = self.fault(Misfit, None, "the network has no output", label, hint);
        error.layer = self.layers.len() - 1;
        Err(error)
    }

    fn push_input(&mut self, layer: Layer) -> Result<(), NetworkError> {
        use NetworkErrorKind::{Domain, Resource, Shape as Misfit};
        let Layer::Input { shape, dim, features } = layer else {
            let label = format!("this {} comes before any input", layer.name());
            let hint = "start with input(16, dim = 4)";
            return Err(self.fault(Misfit, None, "the first layer must be an input", label, hint));
        };
        if shape.rows() == 0 || shape.cols() == 0 {
            let hint = "input(16, dim = 4)";
            let label = format!("a shape of {shape} has no sites");
            return Err(self.fault(Domain, Some("shape"), "the input has no sites", label, hint));
        }
        if shape.rows().checked_mul(shape.cols()).is_none_or(|sites| sites > MAX_SITES) {
            let hint = match shape {
                Shape::Chain(_) => format!("input({MAX_SITES}) or fewer sites"),
                Shape::Grid { .. } => "input(1048576x1048576) or fewer sites".to_string(),
            };
            let message = "a network has at most 2^40 sites";
            return Err(self.fault(Resource, Some("shape"), message, "too many sites", hint));
        }
        self.check_dimension("dim", dim, "dim = 4")?;
        if let Representation::Affine { patch } = features {
            let fits = patch.dimensions() == shape.dimensions()
                && (1..=shape.rows()).contains(&patch.rows())
                && (1..=shape.cols()).contains(&patch.cols());
            if !fits {
                let hint = if shape.dimensions() == 1 { "patch = 3" } else { "patch = 3x3" };
                let label = format!("a patch of {patch} on sites of {shape}");
                let message = "the patch does not fit the sites";
                return Err(self.fault(Misfit, Some("patch"), message, label, hint));
            }
        }
        self.shape = Some(shape);
        self.shaper = self.layers.len();
        self.layers.push(layer);
        Ok(())
    }

    fn check_dimension(
        &self,
        argument: &'static str,
        value: u64,
        hint: &str,
    ) -> Result<(), NetworkError> {
        let what = match argument {
            "dim" => "local dimension",
            "channels" => "number of channels",
            _ => "number of classes",
        };
        if value == 0 {
            let message = format!("the {what} must be at least 1");
            return Err(self.fault(
                NetworkErrorKind::Domain,
                Some(argument),
                message,
                "this is 0",
                hint,
            ));
        }
        if value > MAX_DIMENSION {
            let message = format!("the {what} can be at most 2^53");
            let label = format!("{value} is more");
            return Err(self.fault(NetworkErrorKind::Domain, Some(argument), message, label, hint));
        }
        Ok(())
    }

    fn check_window(
        &self,
        shape: Shape,
        window: Shape,
        geometry: &Geometry,
    ) -> Result<Shape, NetworkError> {
        use NetworkErrorKind::{Domain, Resource, Shape as Misfit};
        let noun = self.noun();
        if window.dimensions() != shape.dimensions() {
            let (message, on) = match window {
                Shape::Chain(_) => {
                    (format!("the pooling window has one axis, the {noun}s have two"), "a grid")
                }
                Shape::Grid { .. } => {
                    (format!("the pooling window has two axes, the {noun}s have one"), "a chain")
                }
            };
            let label = format!("a window of {window} on {on} of {shape}");
            let hint = window_for(&shape, &window);
            return Err(self
                .fault(Misfit, Some("window"), message, label, hint)
                .with(self.cause()));
        }
        if window.rows() == 0 || window.cols() == 0 {
            let hint = tiling_windows(&shape, &window)
                .into_iter()
                .next()
                .unwrap_or_else(|| "pool(2)".into());
            let message = "the pooling window must be at least 1 along each axis";
            let label = format!("a window of {window} is empty");
            return Err(self.fault(Domain, Some("window"), message, label, hint));
        }
        if window.rows() > shape.rows() || window.cols() > shape.cols() {
            let message = format!("the pooling window is bigger than the {noun}s");
            let label = match shape {
                Shape::Chain(length) => {
                    format!("a window of {window} on {}", counted(length, noun))
                }
                Shape::Grid { .. } => format!("a window of {window} on a grid of {shape}"),
            };
            let mut choices = tiling_windows(&shape, &window);
            if choices.is_empty() {
                choices.push("remove this pool".into());
            }
            let hint = either(&choices);
            return Err(self
                .fault(Misfit, Some("window"), message, label, hint)
                .with(self.cause()));
        }
        let Some(pooled) = shape.pooled(&window) else {
            let message = format!("the pooling window does not tile the {noun}s");
            let label =
                format!("a window of {window} leaves {} over", left_over(&shape, &window, noun));
            let windows = either(&tiling_windows(&shape, &window));
            let hint = match tiled_shape(&shape, &window, self.reduction) {
                Some(sites) => format!("use {sites} sites, or {windows}"),
                None => windows,
            };
            return Err(self.fault(Misfit, None, message, label, hint).with(self.cause()));
        };
        if *geometry != Geometry::Contiguous && shape.sites() > MAX_EXPLICIT_SITES {
            let message =
                format!("only contiguous pooling works on more than {MAX_EXPLICIT_SITES} sites");
            let label = format!("{} windows on {}", geometry, counted(shape.sites(), noun));
            let hint = "geometry = \"contiguous\"";
            return Err(self
                .fault(Resource, Some("geometry"), message, label, hint)
                .with(self.cause()));
        }
        if let Geometry::Grouped(grouping) = geometry {
            let listed = grouping.targets().len() as u64;
            let hint = format!("give every {} of {noun}s one key", counted(window.sites(), noun));
            if listed != shape.sites() {
                let message = format!("the pooling geometry does not list every {noun}");
                let label = format!("{listed} listed, {} are here", counted(shape.sites(), noun));
                return Err(self
                    .fault(Misfit, Some("geometry"), message, label, hint)
                    .with(self.cause()));
            }
            if grouping.groups() != pooled.sites() {
                let message = "the groups of the pooling geometry are not as large as the window";
                let label = format!(
                    "{} of {}, a window of {window} needs {} of {}",
                    counted(grouping.groups(), "group"),
                    listed / grouping.groups().max(1),
                    counted(pooled.sites(), "group"),
                    window.sites()
                );
                let hint = format!(
                    "use {} different keys, each for {noun}s of one window",
                    pooled.sites()
                );
                return Err(self.fault(Misfit, Some("geometry"), message, label, hint));
            }
        }
        Ok(pooled)
    }

    /// What a position is called here: the first layers see sites.
    fn noun(&self) -> &'static str {
        if self.shaper == 0 { "site" } else { "position" }
    }

    fn cause(&self) -> Cause {
        let count = match self.shape {
            Some(shape @ Shape::Grid { .. }) if self.shaper == 0 => {
                format!("{shape} sites come from here")
            }
            Some(shape @ Shape::Grid { .. }) => format!("{shape} positions come from here"),
            Some(Shape::Chain(1)) => format!("1 {} comes from here", self.noun()),
            Some(Shape::Chain(length)) => format!("{length} {}s come from here", self.noun()),
            None => String::new(),
        };
        let argument = if self.shaper == 0 { Some("shape") } else { None };
        Cause { layer: self.shaper, argument, label: count }
    }

    fn fault(
        &self,
        kind: NetworkErrorKind,
        argument: Option<&'static str>,
        message: impl Into<String>,
        label: impl Into<String>,
        hint: impl Into<String>,
    ) -> NetworkError {
        NetworkError {
            kind,
            layer: self.layers.len(),
            argument,
            message: message.into(),
            label: label.into(),
            cause: None,
            hint: hint.into(),
        }
    }
}

impl NetworkError {
    fn with(mut self, cause: Cause) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }
}
