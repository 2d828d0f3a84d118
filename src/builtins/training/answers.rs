//! What models answer for data sets: classes, accuracy, confusion, with missing sites or without.

use super::super::arguments::Answer;
use super::super::datasets::DatasetValue;
use super::super::models::ModelValue;
use super::super::partitions::PartitionValue;
use super::{builtins, explain};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::train::{Classifier, Generator, Unseen};
use crate::network::Network;
use crate::value::{FromValue, Mismatch, TypeSet, Value, int_to_f64};

/// Which sites are not seen: side A of a partition, or a share of all.
#[derive(Clone, Debug)]
pub(in crate::builtins) enum MissingArg {
    Share(f64),
    Sites(PartitionValue),
}

impl FromValue for MissingArg {
    const TYPES: TypeSet = PartitionValue::TYPES.or(TypeSet::NUMBER);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Int(share) => Ok(Self::Share(int_to_f64(share))),
            Value::Real(share) => Ok(Self::Share(*share)),
            _ => PartitionValue::from_value(value).map(Self::Sites),
        }
    }
}

impl MissingArg {
    pub fn resolve(
        missing: Option<&Self>,
        cx: &Scope<'_>,
        network: &Network,
        seed: u64,
        span: Span,
    ) -> Eval<Unseen> {
        match missing {
            None => Ok(Unseen::Nothing),
            Some(Self::Share(share)) if (0.0..=1.0).contains(share) => {
                Ok(Unseen::Share { share: *share, seed })
            }
            Some(Self::Share(share)) => {
                Err(Diagnostic::new(Code::Domain, "a share of sites is from 0 to 1")
                    .at(span, format!("this is {share}"))
                    .hint("missing = 0.5")
                    .into())
            }
            Some(Self::Sites(partition)) => {
                Ok(Unseen::Sites(partition.resolve(cx, network.input_shape(), span)?))
            }
        }
    }
}

/// A class as a label; one that is too large for a label is no class of any network.
fn label(class: Option<u64>) -> Option<u32> {
    class.map(|class| u32::try_from(class).unwrap_or(u32::MAX))
}

/// Values that are drawn at once: 1 GiB.
const DRAWN_VALUES: u64 = 1 << 27;

fn check_drawn(values: u64, span: Span) -> Eval<()> {
    if values <= DRAWN_VALUES {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Resource, "the samples do not fit the memory")
        .at(span, format!("{values} values, at most {DRAWN_VALUES}"))
        .hint("n = 100")
        .into())
}

/// The classifier of a model; `None` in a check.
fn classifier(cx: &Scope<'_>, call: &Args, model: &ModelValue) -> Eval<Option<Classifier>> {
    let Some(weights) = model.model.as_ref().filter(|_| !cx.machine().checks()) else {
        return Ok(None);
    };
    Classifier::new(weights).map(Some).map_err(|error| explain(cx, call, &error))
}

builtins! { ANSWERS "Training":
    /// The share of samples whose largest score is that of their label.
    ///
    /// `missing` leaves sites out: side A of a partition, or each site with a probability. They are
    /// summed over exactly, which needs positive weights (`train(…, weights = "positive")`) and
    /// representation functions that sum to 1 ("one_hot", "gaussian").
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > let m = model(net, {output: [[1, 0], [0, 1]]})
    /// > accuracy(m, dataset([[0, 0], [1, 1], [0, 1]], labels = [0, 1, 0]))
    /// 1.0
    pure fn accuracy(
        cx, call;
        /** A model. */ model: ModelValue,
        /** Samples with labels. */ data: DatasetValue,
        /** Sites that are not seen: side A of a partition, or a share. */ missing: Option<MissingArg> = "none",
        /** The seed of a share. */ seed: u64 = "0",
    ) -> Answer<f64> {
        let network = &model.network.0;
        let unseen = MissingArg::resolve(missing.as_ref(), cx, network, seed, call.span_of(2))?;
        let Some(classifier) = classifier(cx, call, &model)? else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let verdict = cx
            .on_threads(|| classifier.judge(&data.data, classifier.loss(), &unseen, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(verdict.accuracy)))
    }

    /// The mean cross-entropy of the labels, in nats: the loss of training without its steps.
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > let m = model(net, {output: [[0.5, 0.5], [0.5, 0.5]]})
    /// > cross_entropy(m, dataset([[0, 0], [1, 1]], labels = [0, 1])) == ln(2)
    /// true
    pure fn cross_entropy(
        cx, call;
        /** A model. */ model: ModelValue,
        /** Samples with labels. */ data: DatasetValue,
    ) -> Answer<f64> {
        let Some(classifier) = classifier(cx, call, &model)? else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let verdict = cx
            .on_threads(|| {
                classifier.judge(&data.data, classifier.loss(), &Unseen::Nothing, interrupt)
            })
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(verdict.loss)))
    }

    /// The class of the largest score of every sample.
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > predict(model(net, {output: [[1, 0], [0, 1]]}), dataset([[0, 0], [1, 1]]))
    /// [0, 1]
    pure fn predict(
        cx, call;
        /** A model. */ model: ModelValue,
        /** Samples. */ data: DatasetValue,
        /** Sites that are not seen: side A of a partition, or a share. */ missing: Option<MissingArg> = "none",
        /** The seed of a share. */ seed: u64 = "0",
    ) -> Answer<Vec<Value>> {
        let network = &model.network.0;
        let unseen = MissingArg::resolve(missing.as_ref(), cx, network, seed, call.span_of(2))?;
        let Some(classifier) = classifier(cx, call, &model)? else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let classes = cx
            .on_threads(|| classifier.classes(&data.data, &unseen, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(classes.into_iter().map(Value::int).collect())))
    }

    /// Images that a model draws: samples of the distribution that it has learned.
    ///
    /// A ConvAC with positive weights (`train(…, weights = "positive")`) over "one_hot" or "gaussian"
    /// features is a mixture, and draws exactly, from the class at its top down to the values of the sites.
    /// `sample(model, n)` measures any ConvAC as a quantum state; this one draws data.
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > generate(model(net, {output: [[1, 0], [0, 1]]}), 2, class = 1).values
    /// [[1.0, 1.0], [1.0, 1.0]]
    pure fn generate(
        cx, call;
        /** A model with positive weights. */ model: ModelValue,
        /** How many. */ n: usize,
        /** The class; without it all with equal probability. */ class: Option<u64> = "none",
        /** The seed. */ seed: u64 = "0",
    ) -> Answer<DatasetValue> {
        if n == 0 {
            return Err(Diagnostic::new(Code::Domain, "a data set has at least one sample")
                .at(call.span_of(1), "this is 0")
                .hint("n = 10")
                .into());
        }
        let sites = model.network.0.input_shape().sites();
        check_drawn(sites.saturating_mul(n as u64), call.span_of(1))?;
        let Some(weights) = model.model.as_ref().filter(|_| !cx.machine().checks()) else {
            return Ok(Answer(None));
        };
        let interrupt = &cx.machine().interrupt;
        let data = Generator::new(weights)
            .and_then(|generator| cx.on_threads(|| generator.generate(n, label(class), seed, interrupt)))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data })))
    }

    /// Data with the missing sites drawn anew, given those that are seen.
    ///
    /// `missing` is side A of a partition, or a share of the sites. The sites are drawn from their exact
    /// distribution given the others and, with `class`, given the class. The labels stay.
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > let m = model(net, {output: [[1, 0], [0, 1]]})
    /// > inpaint(m, dataset([[0, 1], [1, 0]]), missing = sites([1])).values
    /// [[0.0, 0.0], [1.0, 1.0]]
    pure fn inpaint(
        cx, call;
        /** A model with positive weights. */ model: ModelValue,
        /** Samples. */ data: DatasetValue,
        /** What is not seen: side A of a partition, or a share. */ missing: MissingArg,
        /** The class, if it is known. */ class: Option<u64> = "none",
        /** The seed. */ seed: u64 = "0",
    ) -> Answer<DatasetValue> {
        let network = &model.network.0;
        let unseen = MissingArg::resolve(Some(&missing), cx, network, seed, call.span_of(2))?;
        let values = (data.data.samples() as u64).saturating_mul(data.data.sites() as u64);
        check_drawn(values, call.span_of(1))?;
        let Some(weights) = model.model.as_ref().filter(|_| !cx.machine().checks()) else {
            return Ok(Answer(None));
        };
        let interrupt = &cx.machine().interrupt;
        let drawn = Generator::new(weights)
            .and_then(|generator| {
                cx.on_threads(|| generator.inpaint(&data.data, &unseen, label(class), seed, interrupt))
            })
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(DatasetValue { data: drawn })))
    }

    /// How many samples of each label were taken for each class: a row for each label.
    ///
    /// > let net = network { input(2, dim = 2, features = "one_hot"), pool(2), output(2) }
    /// > let m = model(net, {output: [[1, 0], [0, 1]]})
    /// > confusion(m, dataset([[0, 0], [1, 1], [1, 1]], labels = [0, 1, 0]))
    /// [[1, 1], [0, 1]]
    pure fn confusion(
        cx, call;
        /** A model. */ model: ModelValue,
        /** Samples with labels. */ data: DatasetValue,
    ) -> Answer<Vec<Value>> {
        const MOST: u64 = 4096;
        let classes = model.network.0.classes();
        if classes > MOST {
            return Err(Diagnostic::new(Code::Resource, format!("{classes} classes are too many for a matrix"))
                .at(call.span_of(0), format!("at most {MOST}"))
                .hint("predict(model, data)")
                .into());
        }
        let Some(classifier) = classifier(cx, call, &model)? else { return Ok(Answer(None)) };
        let interrupt = &cx.machine().interrupt;
        let counts = cx
            .on_threads(|| classifier.confusion(&data.data, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        let row = |row: &[u64]| Value::list(row.iter().map(|count| Value::int(*count)).collect());
        let width = usize::try_from(classes).unwrap_or(1).max(1);
        Ok(Answer(Some(counts.chunks_exact(width).map(row).collect::<Result<_, _>>()?)))
    }
}
