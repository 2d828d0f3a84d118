//! Other forms of a data set. None of them copies values.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::layers::{ShapeArg, word};
use super::super::table_macro::builtins;
use super::make::label_of;
use super::{DatasetValue, explain};
use crate::diagnostic::{Code, Diagnostic};
use crate::evaluate::{Args, Eval, Scope};
use crate::learn::data::{Range, SITE_LIMIT, Size};
use crate::learn::{DataError, Placement};
use crate::network::Shape;
use crate::value::{List, Value};

/// The most samples of a view that makes new ones, and the most batches.
const MOST: usize = 1 << 26;

/// Rows and columns of an image: 28x28, or 28 for a square.
pub(super) fn sides(call: &Args, argument: usize, shape: Shape) -> Eval<Size> {
    let (rows, cols) = match shape {
        Shape::Chain(side) => (side, side),
        Shape::Grid { rows, cols } => (rows, cols),
    };
    if rows == 0 || cols == 0 || rows.saturating_mul(cols) > SITE_LIMIT {
        let message = format!("an image of {rows}x{cols} pixels cannot be made");
        let error = Diagnostic::new(Code::Domain, message).at(call.span_of(argument), "");
        return Err(error.hint("28x28; at most 2^24 pixels").into());
    }
    Ok((rows as usize, cols as usize))
}

/// Images on a black canvas; the arguments are those of `local` and `global`.
fn placed(
    cx: &Scope<'_>,
    call: &Args,
    data: &DatasetValue,
    (canvas, size): (ShapeArg, ShapeArg),
    (copies, seed): (usize, u64),
) -> Eval<DatasetValue> {
    let (canvas, size) = (sides(call, 1, canvas.0)?, sides(call, 2, size.0)?);
    if size.0 > canvas.0 || size.1 > canvas.1 {
        let message = format!("{}x{} does not fit {}x{}", size.0, size.1, canvas.0, canvas.1);
        let error = Diagnostic::new(Code::Shape, message).at(call.span_of(2), "");
        return Err(error.hint(format!("size = {}", canvas.0.min(canvas.1))).into());
    }
    let samples = data.data.samples().saturating_mul(copies);
    if samples == 0 || samples > MOST {
        let message = format!("{copies} copies of each image cannot be made");
        let error = Diagnostic::new(Code::Domain, message).at(call.span_of(3), "");
        return Err(error.hint("copies = 1; at most 2^26 samples in all").into());
    }
    let data = data.data.placed(Placement { size, canvas, copies, seed });
    Ok(DatasetValue { data: data.map_err(|error| explain(cx, call, &error))? })
}

builtins! { VIEWS "Data":
    /// The samples in a random order.
    ///
    /// > shuffle(dataset([[1], [2], [3], [4]]), seed = 1).values
    /// [[1.0], [2.0], [4.0], [3.0]]
    pure fn shuffle(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** The seed. */ seed: u64 = "0",
    ) -> DatasetValue {
        Ok(DatasetValue { data: data.data.shuffled(seed) })
    }

    /// The values shifted and scaled: to 0 to 1 ("unit"), or to mean 0 and variance 1 ("standard").
    ///
    /// All sites are scaled alike. A test set is scaled as its training set is: `like` takes the numbers
    /// of that one, whether it stands there as it was or already scaled.
    ///
    /// > normalize(dataset([[0, 8], [16, 4]])).values
    /// [[0.0, 0.5], [1.0, 0.25]]
    ///
    /// > let train = normalize(dataset([[0, 16]]))
    /// > normalize(dataset([[4, 8]]), like = train).values
    /// [[0.25, 0.5]]
    pure fn normalize(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** "unit" or "standard". */ mode: Arc<str> = "\"unit\"",
        /** The data set whose values say how. */ like: Option<DatasetValue> = "none",
    ) -> DatasetValue {
        let range = word(call, 1, &mode, &["unit", "standard"], |word| match word {
            "unit" => Some(Range::Unit),
            "standard" => Some(Range::Standard),
            _ => None,
        })?;
        let interrupt = &cx.machine().interrupt;
        let scaling = match &like {
            None => data.data.scaling(range, interrupt),
            Some(like) => match like.data.scaled_by() {
                Some(scaling) => Ok(scaling),
                None => like.data.scaling(range, interrupt),
            },
        };
        let scaling = scaling.map_err(|error| explain(cx, call, &error))?;
        Ok(DatasetValue { data: data.data.scaled(scaling) })
    }

    /// A list of parts with so many samples each, in their order; the last one may be smaller.
    ///
    /// > [part.samples for part in batch(digits(), 500)]
    /// [500, 500, 500, 297]
    pure fn batch(
        cx, call;
        /** A data set. */ data: DatasetValue,
        /** Samples of a part. */ size: usize,
    ) -> Vec<Value> {
        if size == 0 {
            let error = Diagnostic::new(Code::Domain, "a batch has at least one sample");
            return Err(error.at(call.span_of(1), "").hint("batch(data, 64)").into());
        }
        let parts = data.data.batches(size).map_err(|error| explain(cx, call, &error))?;
        Ok(parts.into_iter().map(|data| Value::object(DatasetValue { data })).collect())
    }

    /// The samples of some classes; their labels become the places in the list.
    ///
    /// > only(digits(), [3, 5])
    /// 365 samples of 8x8, 2 classes
    ///   values from 0 to 1
    pure fn only(
        cx, call;
        /** A data set with labels. */ data: DatasetValue,
        /** The labels to keep. */ classes: Arc<List>,
        /** false keeps the labels as they are. */ relabel: bool = "true",
    ) -> DatasetValue {
        let label = |value: Value| label_of(&value, call.span_of(1));
        let classes: Vec<u32> = classes.iter().map(label).collect::<Eval<_>>()?;
        if classes.is_empty() {
            let error = Diagnostic::new(Code::Domain, "no class is left");
            return Err(error.at(call.span_of(1), "").hint("only(data, [0, 1])").into());
        }
        let part = data.data.only(&classes, relabel).map_err(|error| match error {
            DataError::NoClass { .. } => {
                let labels: BTreeSet<u32> =
                    data.data.labels().unwrap_or(&[]).iter().copied().collect();
                let labels: Vec<String> = labels.iter().take(10).map(u32::to_string).collect();
                Diagnostic::new(Code::Domain, error.to_string())
                    .at(call.span_of(1), "")
                    .hint(format!("[{}]", labels.join(", ")))
                    .into()
            }
            other => explain(cx, call, &other),
        })?;
        Ok(DatasetValue { data: part })
    }

    /// Images in another size: by area where they shrink, linearly between pixels where they grow.
    ///
    /// > resize(dataset([[[0, 1], [1, 1]]]), 1x1).values
    /// [[0.75]]
    pure fn resize(
        cx, call;
        /** A data set of images. */ data: DatasetValue,
        /** Rows and columns: 16x16, or 16 for a square. */ shape: ShapeArg,
    ) -> DatasetValue {
        let size = sides(call, 1, shape.0)?;
        let data = data.data.resized(size).map_err(|error| explain(cx, call, &error))?;
        Ok(DatasetValue { data })
    }

    /// Small images at random places of a black canvas: what tells the classes apart is local.
    ///
    /// The local task of arXiv 1704.01552: digits of 8x8 on 64x64. Images are resized as `resize` does, by
    /// area or linearly. Sample k lies where the seed and k say, whatever else is read; with several
    /// copies the first ones of all images come first.
    ///
    /// > local(digits(), canvas = 32x32, copies = 2)
    /// 3594 samples of 32x32, 10 classes
    ///   values from 0 to 1
    pure fn local(
        cx, call;
        /** A data set of images. */ data: DatasetValue,
        /** Rows and columns of the canvas. */ canvas: ShapeArg = "64x64",
        /** Rows and columns of an image on it; 8 is 8x8. */ size: ShapeArg = "8",
        /** Samples of each image. */ copies: usize = "1",
        /** The seed of the places. */ seed: u64 = "0",
    ) -> DatasetValue {
        placed(cx, call, &data, (canvas, size), (copies, seed))
    }

    /// Large images at random places of a black canvas: what tells the classes apart is global.
    ///
    /// The global task of arXiv 1704.01552: digits of 32x32 on 64x64; everything else is as in `local`.
    ///
    /// > global(take(digits(), 3)).shape
    /// [64, 64]
    pure fn global(
        cx, call;
        /** A data set of images. */ data: DatasetValue,
        /** Rows and columns of the canvas. */ canvas: ShapeArg = "64x64",
        /** Rows and columns of an image on it; 32 is 32x32. */ size: ShapeArg = "32",
        /** Samples of each image. */ copies: usize = "1",
        /** The seed of the places. */ seed: u64 = "0",
    ) -> DatasetValue {
        placed(cx, call, &data, (canvas, size), (copies, seed))
    }
}
