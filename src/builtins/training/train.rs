//! `train`: the steps of a run, told as progress, written down as checkpoints.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::datasets::DatasetValue;
use super::super::files::{sources, write_whole};
use super::super::layers::word;
use super::super::models::{ModelValue, Subject};
use super::run::{Run, percent};
use super::{builtins, explain};
use crate::diagnostic::Diagnostic;
use crate::evaluate::{Args, Eval, Reporter, Scope};
use crate::learn::train::{Loss, Method, Options, Schedule, Sign, Status, TrainError, Trainer};
use crate::value::short_real;

/// Checkpoints are written at the end of an epoch, and after so long.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// A run with all that it needs.
struct Job<'c> {
    cx: &'c Scope<'c>,
    call: &'c Args,
    trainer: Trainer,
    data: DatasetValue,
    validate: Option<DatasetValue>,
    checkpoint: Option<Arc<str>>,
}

impl Job<'_> {
    /// Takes up a checkpoint, if there is one; otherwise writes the first, so that a path that cannot be
    /// written to is told before hours of work and not after them.
    fn resume(&mut self) -> Eval<()> {
        let Some(path) = &self.checkpoint else { return Ok(()) };
        self.cx.begin_effect()?;
        if !sources::is_there(Path::new(&**path)) {
            return self.write();
        }
        let at = self.call.span_of_named("checkpoint");
        let bytes = sources::whole(Path::new(&**path))
            .map_err(|error| Diagnostic::clone(&error).or_at(at))?;
        self.trainer.resume(&bytes).map_err(|error| explain(self.cx, self.call, &error))
    }

    /// Writes a checkpoint, if that is wanted.
    fn write(&self) -> Eval<()> {
        let Some(path) = &self.checkpoint else { return Ok(()) };
        let bytes =
            self.trainer.checkpoint().map_err(|error| explain(self.cx, self.call, &error))?;
        let at = self.call.span_of_named("checkpoint");
        write_whole(Path::new(&**path), &bytes)
            .map_err(|error| Diagnostic::clone(&error).or_at(at).into())
    }

    /// All steps; whether it went to the end.
    fn steps(&mut self) -> Eval<bool> {
        let interrupt = self.cx.machine().interrupt.clone();
        let total = self.trainer.total_steps();
        let reporter = Reporter::new(self.cx, total);
        let (mut written, mut epochs) = (Instant::now(), self.trainer.history().len());
        loop {
            let (trainer, data) = (&mut self.trainer, &self.data.data);
            let validate = self.validate.as_ref().map(|validate| &validate.data);
            match trainer.step(data, validate, &interrupt) {
                Ok(Status::Done) => break,
                Ok(Status::Running) => {}
                Err(_) if interrupt.is_triggered() => {
                    // What was learned so far is kept: by the caller, and in the checkpoint.
                    self.write()?;
                    return Ok(false);
                }
                Err(error) => return Err(explain(self.cx, self.call, &error)),
            }
            reporter.note(note(trainer));
            reporter.reach(trainer.steps().min(total));
            if trainer.history().len() > epochs || written.elapsed() > WRITE_EVERY {
                epochs = trainer.history().len();
                self.write()?;
                written = Instant::now();
            }
        }
        self.write()?;
        reporter.finish();
        Ok(true)
    }
}

/// What is told in the course of training.
fn note(trainer: &Trainer) -> String {
    let epoch = trainer.history().len();
    let now = trainer.now().map_or(String::new(), |(loss, accuracy)| {
        format!(", loss {}, accuracy {}", short_real((1e4 * loss).round() / 1e4), percent(accuracy))
    });
    let validated = trainer.history().last().and_then(|last| last.validation_accuracy);
    let validated =
        validated.map_or(String::new(), |share| format!(", validation {}", percent(share)));
    format!("{epoch} epochs{now}{validated}")
}

builtins! { TRAINING "Training":
    /// Trains a network on labelled data: a model.
    ///
    /// Every kind of network is trained: ConvACs, whose scores are inner products of states, and ConvNets
    /// with rectifiers and maxima. The loss is the cross-entropy of the labels in nats: "softmax" of the
    /// scores; "direction", the softmax of the scores divided by their norm, times 8, which products of
    /// thousands of factors do not take out of range (the default with product pooling); or "ratio",
    /// `h_y / sum h` (of positive weights). Positive weights have rows that sum to 1, so that the scores
    /// of a ConvAC are likelihoods; the loss "likelihood", `-ln h_y`, makes it learn what each class looks
    /// like (see `generate`) and not only what tells classes apart. Arithmetic is in single precision;
    /// text, data and seed decide the result, on any number of threads of one kind of machine.
    ///
    /// With `validate` the history has its loss and accuracy after every epoch, and `patience = k` ends
    /// training after k epochs without a smaller validation loss and gives the weights of the smallest.
    /// With `checkpoint` the run is written to a file as it goes, and goes on from there when the same
    /// call is made again: with the same bits as if it had never stopped. An interrupt keeps the model so
    /// far. A model in the place of the network goes on from its weights. The result has `.history`,
    /// `.snapshots` (with `snapshots = n` models along the way), `.settings`, `.finished`, `.seconds`.
    ///
    /// > let net = network { input(2, dim = 2, features = "cos_sin"), conv(3), pool(2), output(2) }
    /// > let data = dataset([[0, 0], [1, 1], [0, 1], [1, 0]], labels = [0, 0, 1, 1])
    /// > train(net, data, epochs = 100, batch = 4, rate = 0.05) |> accuracy(data)
    /// 1.0
    pure fn train(
        cx, call;
        /** A network, or a model to go on from. */ net: Subject,
        /** Samples with labels. */ data: DatasetValue,
        /** How often every sample is seen. */ epochs: u64 = "10",
        /** The samples of a step. */ batch: usize = "64",
        /** The rate of the steps. */ rate: f64 = "0.003",
        /** "adam", "nadam" or "sgd". */ optimizer: Arc<str> = "\"adam\"",
        /** "constant", "cosine", "linear" or "step". */ schedule: Arc<str> = "\"constant\"",
        /** The share of a weight that is taken away in a step, divided by the rate. */ weight_decay: f64 = "0",
        /** Of sgd: the share of the last step that is kept. */ momentum: f64 = "0.9",
        /** Of adam: the decay of the mean of gradients. */ beta1: f64 = "0.9",
        /** Of adam: the decay of the mean of their squares. */ beta2: f64 = "0.999",
        /** "signed" or "positive". */ weights: Arc<str> = "\"signed\"",
        /** "softmax", "direction", "ratio" or "likelihood"; without it the one that suits. */ loss: Option<Arc<str>> = "none",
        /** The seed of weights and of the order of samples. */ seed: u64 = "0",
        /** Data to validate on. */ validate: Option<DatasetValue> = "none",
        /** End after so many epochs without a smaller validation loss. */ patience: Option<u64> = "none",
        /** A file for the run as it goes. */ checkpoint: Option<Arc<str>> = "none",
        /** How many models along the way are kept. */ snapshots: u64 = "0",
    ) -> ModelValue {
        let method = word(call, 5, &optimizer, &Method::NAMES, |name| match name {
            "adam" => Some(Method::Adam { beta1, beta2 }),
            "nadam" => Some(Method::Nadam { beta1, beta2 }),
            "sgd" => Some(Method::Sgd { momentum }),
            _ => None,
        })?;
        let schedule = word(call, 6, &schedule, &Schedule::NAMES, Schedule::parse)?;
        let sign = word(call, 11, &weights, &["signed", "positive"], |name| match name {
            "signed" => Some(Sign::Signed),
            "positive" => Some(Sign::Positive),
            _ => None,
        })?;
        let loss = match &loss {
            None => None,
            Some(name) => Some(word(call, 12, name, &Loss::NAMES, Loss::parse)?),
        };
        let options = Options {
            epochs, batch, rate, method, schedule, weight_decay, seed, loss, sign, patience, snapshots,
        };
        let network = net.network().clone();
        if cx.machine().checks() {
            return Ok(ModelValue::unknown(network));
        }
        let begin = Instant::now();
        let from = match &net {
            Subject::Model(ModelValue { model: Some(model), .. }) => Some(model.clone()),
            _ => None,
        };
        let other = validate.as_ref().map(|validate| &validate.data);
        let trainer = Trainer::new(&network.0, &data.data, other, options, from.as_ref())
            .map_err(|error| explain(cx, call, &error))?;
        let mut job = Job { cx, call, trainer, data, validate, checkpoint };
        job.resume()?;
        let finished = cx.on_threads(|| job.steps())?;
        if !finished {
            if cx.is_inside_a_loop() {
                cx.check_interrupt()?;
            }
            let steps = job.trainer.steps();
            let line = format!("training was interrupted after {steps} steps: the model so far is kept\n");
            cx.machine().output.warn(&line);
        }
        let explained = |error: TrainError| explain(cx, call, &error);
        let model = job.trainer.model().map_err(explained)?;
        let run = Run {
            settings: options.named(&network.0),
            history: job.trainer.history().to_vec(),
            snapshots: job.trainer.snapshots().map_err(explained)?,
            steps: job.trainer.steps(),
            seed,
            finished,
            seconds: begin.elapsed().as_secs_f64(),
        };
        Ok(ModelValue { network, model: Some(model), run: Some(Arc::new(run)) })
    }
}
