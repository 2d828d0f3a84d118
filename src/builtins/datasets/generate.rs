//! Data sets that are made from a seed.

use std::sync::Arc;

use super::super::arguments::Answer;
use super::super::layers::{ShapeArg, word};
use super::super::table_macro::builtins;
use super::views::sides;
use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::data::{self, Lines, Task};

/// The most samples of lines: each has a label in memory.
const MOST_SAMPLES: u64 = 1 << 28;

/// What `stripes` and `bars` were asked for.
struct Wanted {
    lines: Lines,
    shape: ShapeArg,
    samples: u64,
    noise: (usize, f64),
    seed: u64,
}

fn lines(cx: &Scope<'_>, call: &Args, wanted: &Wanted) -> Eval<Answer<DatasetValue>> {
    let size = sides(call, 0, wanted.shape.0)?;
    let (argument, noise) = wanted.noise;
    if !(0.0..=1.0).contains(&noise) {
        let error = Diagnostic::new(Code::Domain, "noise is a probability from 0 to 1");
        return Err(error.at(call.span_of(argument), "").hint("noise = 0.05").into());
    }
    let longest = if let Lines::Bars(length) = wanted.lines { length } else { 2 };
    if longest < 2 || size.0.min(size.1) < longest {
        let (rows, columns) = size;
        let message = match wanted.lines {
            Lines::Stripes => format!("an image of {rows}x{columns} has no room for stripes"),
            Lines::Bars(1 | 0) => "a bar of less than 2 pixels has no direction".to_owned(),
            Lines::Bars(length) => {
                format!("a bar of {length} pixels has no room in {rows}x{columns}")
            }
        };
        let error = Diagnostic::new(Code::Shape, message).at(call.span_of(0), "");
        return Err(error.hint("8x8, and length = 3").into());
    }
    if wanted.samples == 0 || wanted.samples > MOST_SAMPLES {
        let message = format!("{} samples cannot be made", wanted.samples);
        let error = Diagnostic::new(Code::Domain, message).at(call.span_of(1), "");
        return Err(error.hint("samples = 1_000; at most 2^28").into());
    }
    if cx.machine().checks() {
        return Ok(Answer(None));
    }
    let samples = usize::try_from(wanted.samples).unwrap_or(usize::MAX);
    let data = data::lines(wanted.lines, size, samples, noise, wanted.seed)
        .map_err(|error| explain(cx, call, &error))?;
    Ok(Answer(Some(DatasetValue { data })))
}

builtins! { GENERATE "Data":
    /// Stripes along the rows (label 0) or along the columns (label 1): a task with long correlations.
    ///
    /// Every row, or every column, is one or zero as a whole (MacKay's bars and stripes). Samples are made
    /// when they are needed, each from the seed and its number.
    ///
    /// > stripes(2x3, samples = 2).values
    /// [[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]]
    pure fn stripes(
        cx, call;
        /** Rows and columns: 8x8. */ shape: ShapeArg,
        /** How many. */ samples: u64 = "1_000",
        /** The probability that a pixel is turned into its opposite. */ noise: f64 = "0",
        /** The seed. */ seed: u64 = "0",
    ) -> Answer<DatasetValue> {
        lines(cx, call, &Wanted { lines: Lines::Stripes, shape, samples, noise: (2, noise), seed })
    }

    /// One short bar at a random place, along a row (label 0) or along a column (label 1): a local task.
    ///
    /// > bars(3x3, samples = 2, length = 3).values
    /// [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]]
    pure fn bars(
        cx, call;
        /** Rows and columns: 8x8. */ shape: ShapeArg,
        /** How many. */ samples: u64 = "1_000",
        /** Pixels of a bar. */ length: usize = "3",
        /** The probability that a pixel is turned into its opposite. */ noise: f64 = "0",
        /** The seed. */ seed: u64 = "0",
    ) -> Answer<DatasetValue> {
        lines(cx, call, &Wanted { lines: Lines::Bars(length), shape, samples, noise: (3, noise), seed })
    }

    /// Blobs of 32x32 pixels: closed ones against open ones, or symmetric ones against others.
    ///
    /// The task on which square pooling windows beat mirrored ones, or the other way round (Cohen and
    /// Shashua, arXiv 1605.06743). An ellipse is bent, turned, put into a tile of 16 or 32 pixels and
    /// loses a share of its pixels, in half of the images symmetrically. The label is 1 for the 40 % of
    /// all candidates with the highest score, 0 for the 40 % with the lowest. Closedness is the share of
    /// the blob in its closing, symmetry the share that its mirror image covers. Another seed gives
    /// other images, for a test set.
    ///
    /// > blobs("symmetry", samples = 4).labels |> sort
    /// [0, 0, 1, 1]
    heavy fn blobs(
        cx, call;
        /** "closedness" or "symmetry". */ task: Arc<str> = "\"closedness\"",
        /** How many, half of each class. */ samples: usize = "1_000",
        /** The rows of the tile: 16 or 32; either one at random without it. */ size: Option<u64> = "none",
        /** The seed. */ seed: u64 = "0",
    ) -> DatasetValue {
        let task = word(call, 0, &task, &["closedness", "symmetry"], |word| match word {
            "closedness" => Some(Task::Closedness),
            "symmetry" => Some(Task::Symmetry),
            _ => None,
        })?;
        let tile = match size {
            None => None,
            Some(16) => Some(16),
            Some(32) => Some(32),
            Some(other) => {
                let error = Diagnostic::new(Code::Domain, format!("a tile has 16 or 32 rows, not {other}"));
                return Err(error.at(call.span_of(2), "").hint("size = 16").into());
            }
        };
        let data = data::blobs(task, samples, tile, seed, &cx.machine().interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        Ok(DatasetValue { data })
    }
}
