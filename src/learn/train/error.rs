//! Why training does not begin, or ends.

use crate::entangle::model::ModelError;
use crate::learn::DataError;
use std::fmt;

/// Why training does not begin, or ends.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainError {
    /// The samples have another number of values than the network takes.
    Sites {
        /// The values of a sample.
        found: usize,
        /// What the network takes.
        expected: usize,
        /// Whether the network lifts sites itself.
        lifts: bool,
        /// The local dimension.
        dim: u64,
    },
    /// A label is no class of the network.
    Label {
        /// The largest label.
        label: u32,
        /// The classes of the network.
        classes: u64,
    },
    /// A class that was asked for is none of the model.
    NoClass {
        /// The class.
        class: u32,
        /// The classes of the model.
        classes: u64,
    },
    /// A weight is beyond the numbers of single precision.
    Weight {
        /// The weight.
        name: String,
    },
    /// A class of the network has no sample.
    EmptyClass {
        /// The class.
        class: u32,
    },
    /// Positive weights need a ConvAC with features that are not negative.
    NotPositive {
        /// What is in the way.
        reason: String,
    },
    /// A loss of positive scores, with signed weights.
    Ratio,
    /// Sites are left out, and the representation does not sum to 1.
    Marginal {
        /// What is in the way.
        reason: String,
    },
    /// A setting is out of its range.
    Setting {
        /// Its name.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The loss or a weight is no number any more.
    Diverged {
        /// The epoch, from 1.
        epoch: u64,
        /// The step, from 1.
        step: u64,
        /// The rate at that step.
        rate: f64,
    },
    /// The network is larger than the memory that is allowed.
    TooLarge {
        /// What it takes; infinite for more than memory can be addressed.
        bytes: f64,
    },
    /// A checkpoint cannot be read.
    Checkpoint {
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint is of another run.
    OtherRun {
        /// What differs.
        setting: String,
        /// Its value in the checkpoint.
        found: String,
        /// Its value now.
        expected: String,
    },
    /// The data set.
    Data(DataError),
    /// The weights.
    Model(ModelError),
}

impl TrainError {
    /// One line that says what to type instead.
    pub fn hint(&self) -> String {
        match self {
            TrainError::Sites { lifts: false, dim, .. } => {
                format!("input(…, dim = {dim}, features = \"cos_sin\")")
            }
            TrainError::Sites { found, .. } => {
                format!("input({found}, …), or the shape of the data; images: resize(data, …)")
            }
            TrainError::Label { label, .. } => format!("output({})", u64::from(*label) + 1),
            TrainError::NoClass { classes, .. } => format!("class = {}", classes.saturating_sub(1)),
            TrainError::Weight { .. } => "init(net, scale = 1)".into(),
            TrainError::EmptyClass { class } => {
                format!("leave class {class} out of the output, or add samples of it")
            }
            TrainError::NotPositive { .. } => "weights = \"signed\"".into(),
            TrainError::Ratio => "weights = \"positive\"".into(),
            TrainError::Marginal { .. } => {
                "features = \"one_hot\" or \"gaussian\", and train(…, weights = \"positive\")"
                    .into()
            }
            TrainError::Setting { name, .. } => match *name {
                "epochs" => "epochs = 10".into(),
                "batch" => "batch = 64".into(),
                "rate" => "rate = 0.003".into(),
                "momentum" => "momentum = 0.9".into(),
                "beta1" => "beta1 = 0.9".into(),
                "beta2" => "beta2 = 0.999".into(),
                "patience" => "validate = test, patience = 5".into(),
                name => format!("{name} = 0"),
            },
            TrainError::Diverged { rate, .. } if *rate > 0.1 => "rate = 0.003".into(),
            TrainError::Diverged { rate, .. } => {
                format!("rate = {}", crate::learn::train::options::short(rate / 10.0))
            }
            TrainError::TooLarge { .. } => {
                "use fewer sites or channels, or conv(…, sharing = \"layer\")".into()
            }
            TrainError::Checkpoint { .. } | TrainError::OtherRun { .. } => {
                "choose another path, or remove the file to begin again".into()
            }
            TrainError::Data(_) => "look at the data: show(data)".into(),
            TrainError::Model(error) => error.hint().into(),
        }
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::Sites { found, expected, lifts: true, .. } => {
                write!(f, "a sample has {found} values, the network {expected} sites")
            }
            TrainError::Sites { found, expected, dim, .. } => write!(
                f,
                "a sample has {found} values, the network takes {expected}: {dim} for each site"
            ),
            TrainError::Label { label, classes } => {
                write!(f, "a sample has the label {label}, the network has {classes} classes")
            }
            TrainError::NoClass { class, classes: 1 } => {
                write!(f, "there is no class {class}: the model has class 0 alone")
            }
            TrainError::NoClass { class, classes } => {
                let last = classes.saturating_sub(1);
                write!(f, "there is no class {class}: the model has classes 0 to {last}")
            }
            TrainError::Weight { name } => {
                write!(f, "{name} has a number beyond single precision, in which samples are taken")
            }
            TrainError::EmptyClass { class } => write!(f, "no sample has the label {class}"),
            TrainError::NotPositive { reason } => write!(f, "weights cannot be positive: {reason}"),
            TrainError::Ratio => {
                f.write_str("ratios and likelihoods of scores need positive weights")
            }
            TrainError::Marginal { reason } => {
                write!(f, "the model gives no likelihoods: {reason}")
            }
            TrainError::Setting { name, rule } => write!(f, "{name} must be {rule}"),
            TrainError::Diverged { epoch, step, rate } => write!(
                f,
                "training diverged in step {step} (epoch {epoch}, rate {}): the loss or a weight is infinite or no number",
                crate::learn::train::options::short(*rate)
            ),
            TrainError::TooLarge { bytes } => {
                let gib = bytes / f64::from(1 << 30);
                let limit = super::memory::MAX_BYTES / f64::from(1 << 30);
                f.write_str("the network does not fit the memory: ")?;
                match gib {
                    gib if gib < 1e4 => write!(f, "{gib:.1} GiB, at most {limit} GiB"),
                    gib if gib.is_finite() => write!(f, "{gib:.0e} GiB, at most {limit} GiB"),
                    _ => write!(f, "more than can be addressed, at most {limit} GiB"),
                }
            }
            TrainError::Checkpoint { reason } => write!(f, "this is no checkpoint: {reason}"),
            TrainError::OtherRun { setting, found, expected } => {
                write!(
                    f,
                    "the checkpoint is of another run: {setting} is {found} there, {expected} here"
                )
            }
            TrainError::Data(error) => error.fmt(f),
            TrainError::Model(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TrainError {}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        TrainError::Data(error)
    }
}

impl From<ModelError> for TrainError {
    fn from(error: ModelError) -> Self {
        TrainError::Model(error)
    }
}
