//! How a model was trained.

use super::super::models::ModelValue;
use crate::entangle::model::Model;
use crate::learn::train::Epoch;
use crate::symbol::Symbol;
use crate::value::{Failure, Value, short_real};

/// How a model was trained.
#[derive(Clone, Debug)]
pub(in crate::builtins) struct Run {
    pub settings: Vec<(&'static str, String)>,
    pub history: Vec<Epoch>,
    pub snapshots: Vec<(u64, Model)>,
    pub steps: u64,
    pub seed: u64,
    /// Whether it went to its end, or was interrupted.
    pub finished: bool,
    pub seconds: f64,
}

impl Run {
    /// One line.
    pub fn describe(&self) -> String {
        let epochs = match self.history.len() {
            1 => "1 epoch".to_owned(),
            epochs => format!("{epochs} epochs"),
        };
        let state = if self.finished { "trained" } else { "trained, interrupted" };
        let last = self.history.last().map_or(String::new(), |last| {
            let (loss, accuracy) = (short_real(last.loss), percent(last.accuracy));
            let validated = last
                .validation_accuracy
                .map_or(String::new(), |accuracy| format!(", {} in validation", percent(accuracy)));
            format!(", loss {loss}, accuracy {accuracy}{validated}")
        });
        format!("{state}, {epochs}, {} steps, seed = {}{last}", self.steps, self.seed)
    }

    /// A row for each epoch.
    pub fn history(&self) -> Result<Value, Failure> {
        let names = [
            "epoch",
            "steps",
            "rate",
            "loss",
            "accuracy",
            "validation_loss",
            "validation_accuracy",
        ];
        let names = names.map(Symbol::new);
        let optional = |value: Option<f64>| value.map_or(Value::None, Value::Real);
        // Once for all rows: there may be a million epochs.
        let known = self.history.iter().any(|epoch| epoch.validation_loss.is_some());
        let kept = if known { names.len() } else { 5 };
        let rows = self.history.iter().map(|epoch| {
            let cells = [
                Value::int(epoch.epoch),
                Value::int(epoch.steps),
                Value::Real(epoch.rate),
                Value::Real(epoch.loss),
                Value::Real(epoch.accuracy),
                optional(epoch.validation_loss),
                optional(epoch.validation_accuracy),
            ];
            Value::record(names.into_iter().zip(cells).take(kept).collect())
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }

    /// A row for each snapshot.
    pub fn snapshots(&self) -> Result<Value, Failure> {
        let rows = self.snapshots.iter().map(|(epoch, model)| {
            Value::record(vec![
                (Symbol::new("epoch"), Value::int(*epoch)),
                (Symbol::new("model"), Value::object(ModelValue::new(model.clone()))),
            ])
        });
        Value::list(rows.collect::<Result<_, _>>()?)
    }

    /// The settings as a record of texts.
    pub fn settings(&self) -> Result<Value, Failure> {
        let fields =
            self.settings.iter().map(|(name, text)| (Symbol::new(name), Value::string(text)));
        Value::record(fields.collect())
    }
}

/// `97.3 %`
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_of_many_epochs_is_a_table_at_once() {
        let epochs = 300_000;
        let history = (1..=epochs).map(|epoch| Epoch {
            epoch,
            steps: epoch,
            rate: 0.1,
            loss: 1.0,
            accuracy: 0.5,
            validation_loss: None,
            validation_accuracy: None,
        });
        let run = Run {
            settings: Vec::new(),
            history: history.collect(),
            snapshots: Vec::new(),
            steps: epochs,
            seed: 0,
            finished: true,
            seconds: 1.0,
        };
        let Ok(Value::List(rows)) = run.history() else { panic!("no table") };
        assert_eq!(rows.len(), 300_000);
    }
}
