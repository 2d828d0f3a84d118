//! Runs written down: a safetensors file with all numbers of a run, its settings and its history.

use super::error::TrainError;
use super::trainer::{Epoch, State, Trainer};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The layout of the file.
const VERSION: &str = "convac-checkpoint-1";

impl Trainer {
    /// The bytes of a checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the format cannot hold it.
    pub fn checkpoint(&self) -> Result<Vec<u8>, TrainError> {
        let state = &self.state;
        let mut arrays: Vec<(String, &[f32])> =
            vec![("parameters".into(), &state.parameters), ("memory".into(), &state.memory)];
        if let Some((_, _, parameters)) = &state.best {
            arrays.push(("best".into(), parameters));
        }
        for (number, (_, parameters)) in state.snapshots.iter().enumerate() {
            arrays.push((format!("snapshot{number}"), parameters));
        }
        let bytes: Vec<(String, Vec<u8>)> = arrays
            .into_iter()
            .map(|(name, values)| (name, values.iter().flat_map(|x| x.to_le_bytes()).collect()))
            .collect();
        let format = |error: safetensors::SafeTensorError| TrainError::Checkpoint {
            reason: error.to_string(),
        };
        let mut views = Vec::with_capacity(bytes.len());
        for (name, bytes) in &bytes {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(format)?;
            views.push((name.clone(), view));
        }
        let metadata = HashMap::from([
            ("format".to_owned(), VERSION.to_owned()),
            ("settings".to_owned(), Json::Object(self.settings()).to_string()),
            ("state".to_owned(), describe(state).to_string()),
        ]);
        safetensors::serialize(views, Some(metadata)).map_err(format)
    }

    /// Goes on where a checkpoint was written.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] for bytes that are no checkpoint, [`TrainError::OtherRun`] for one of
    /// another run; then nothing has changed.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let wrong = |reason: &str| TrainError::Checkpoint { reason: reason.to_owned() };
        let format = |error: safetensors::SafeTensorError| TrainError::Checkpoint {
            reason: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        if metadata.get("format").is_none_or(|found| found != VERSION) {
            return Err(wrong("it was not written by training"));
        }
        let parse = |name: &str| -> Result<Json, TrainError> {
            let text = metadata.get(name).ok_or_else(|| wrong(&format!("it has no {name}")))?;
            serde_json::from_str(text).map_err(|_| wrong(&format!("its {name} cannot be read")))
        };
        let (settings, found) = (parse("settings")?, parse("state")?);
        for (name, value) in self.settings() {
            let there = settings.get(&name).cloned().unwrap_or(Json::Null);
            if there != value {
                let text = |value: &Json| match value {
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let (found, expected) = (text(&there), text(&value));
                return Err(TrainError::OtherRun { setting: name, found, expected });
            }
        }
        let array = |name: &str, length: usize| -> Result<Vec<f32>, TrainError> {
            let tensor = file.tensor(name).map_err(|_| wrong(&format!("{name} is missing")))?;
            if tensor.dtype() != Dtype::F32 || tensor.data().len() != 4 * length {
                return Err(wrong(&format!("{name} has another size")));
            }
            let (numbers, _) = tensor.data().as_chunks::<4>();
            let numbers: Vec<f32> =
                numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            if numbers.iter().any(|x| !x.is_finite()) {
                return Err(wrong(&format!("{name} has a number that is not finite")));
            }
            Ok(numbers)
        };
        let (parameters, memory) = (self.state.parameters.len(), self.state.memory.len());
        let state = restore(&found, &array, parameters, memory)
            .ok_or_else(|| wrong("its state cannot be read"))??;
        if !self.take_up(state) {
            return Err(wrong("its state is none that this run comes to"));
        }
        Ok(())
    }

    /// What must be equal for a run to go on.
    fn settings(&self) -> serde_json::Map<String, Json> {
        let options = self.options().named(self.network());
        let mut all: serde_json::Map<String, Json> = options
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Json::String(value)))
            .collect();
        let layers = self.network().layers().iter().map(|layer| format!("{layer:?}"));
        all.insert("network".into(), Json::String(layers.collect::<Vec<_>>().join(", ")));
        let text = |number: Option<u64>| {
            Json::String(number.map_or("none".to_owned(), |number| format!("{number:016x}")))
        };
        let found = self.fingerprints();
        all.insert("data".into(), text(Some(found.data)));
        all.insert("validate".into(), text(found.validate));
        all.insert("the model to go on from".into(), text(found.from));
        all
    }
}

/// Reads an array of a file: its name, and the numbers that it must have.
type ReadArray<'f> = dyn Fn(&str, usize) -> Result<Vec<f32>, TrainError> + 'f;

/// Reals as their bits: they come back as they were, infinite ones too.
fn bits(x: f64) -> Json {
    Json::String(format!("{:016x}", x.to_bits()))
}

fn real(value: &Json) -> Option<f64> {
    u64::from_str_radix(value.as_str()?, 16).ok().map(f64::from_bits)
}

fn describe(state: &State) -> Json {
    let history: Vec<Json> = state
        .history
        .iter()
        .map(|epoch| {
            json!([
                epoch.epoch,
                epoch.steps,
                bits(epoch.rate),
                bits(epoch.loss),
                bits(epoch.accuracy),
                epoch.validation_loss.map(bits),
                epoch.validation_accuracy.map(bits),
            ])
        })
        .collect();
    let best = state.best.as_ref().map(|(loss, epoch, _)| json!([bits(*loss), epoch]));
    let snapshots: Vec<u64> = state.snapshots.iter().map(|(epoch, _)| *epoch).collect();
    json!({
        "epoch": state.epoch,
        "batch": state.batch,
        "steps": state.steps,
        "loss": bits(state.loss),
        "hits": state.hits,
        "seen": state.seen,
        "done": state.done,
        "history": history,
        "best": best,
        "snapshots": snapshots,
    })
}

/// The state of a description; `None` if it is none.
fn restore(
    found: &Json,
    array: &ReadArray<'_>,
    parameters: usize,
    memory: usize,
) -> Option<Result<State, TrainError>> {
    let count = |name: &str| found.get(name)?.as_u64();
    let optional = |value: &Json| match value {
        Json::Null => Some(None),
        other => real(other).map(Some),
    };
    let mut history = Vec::new();
    for row in found.get("history")?.as_array()? {
        history.push(Epoch {
            epoch: row.get(0)?.as_u64()?,
            steps: row.get(1)?.as_u64()?,
            rate: real(row.get(2)?)?,
            loss: real(row.get(3)?)?,
            accuracy: real(row.get(4)?)?,
            validation_loss: optional(row.get(5)?)?,
            validation_accuracy: optional(row.get(6)?)?,
        });
    }
    let mut state = State {
        parameters: Vec::new(),
        memory: Vec::new(),
        epoch: count("epoch")?,
        batch: count("batch")?,
        steps: count("steps")?,
        loss: real(found.get("loss")?)?,
        hits: count("hits")?,
        seen: count("seen")?,
        history,
        best: None,
        snapshots: Vec::new(),
        done: found.get("done")?.as_bool()?,
    };
    let best = match found.get("best")? {
        Json::Null => None,
        pair => Some((real(pair.get(0)?)?, pair.get(1)?.as_u64()?)),
    };
    let epochs: Vec<u64> =
        found.get("snapshots")?.as_array()?.iter().map(Json::as_u64).collect::<Option<_>>()?;
    let fill = || {
        state.parameters = array("parameters", parameters)?;
        state.memory = array("memory", memory)?;
        if let Some((loss, epoch)) = best {
            state.best = Some((loss, epoch, array("best", parameters)?));
        }
        for (number, epoch) in epochs.into_iter().enumerate() {
            state.snapshots.push((epoch, array(&format!("snapshot{number}"), parameters)?));
        }
        Ok(state)
    };
    Some(fill())
}
