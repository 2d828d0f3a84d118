//! Where samples come from: memory, files, generators, and views of other samples.

mod array;
mod blobs;
mod bytes;
mod csv;
mod format;
mod idx;
mod image;
mod lines;
mod memory;
mod npy;
mod pick;
mod place;
mod reading;
mod reorder;
mod represented;
mod resize;
mod scaling;
mod stream;
#[cfg(test)]
mod tests;
mod zip;

pub(super) use memory::Memory;
pub(super) use pick::Pick;
pub(super) use place::Placed;
pub(super) use reorder::Reorder;
pub(super) use represented::Represented;
pub(super) use resize::Resize;
pub(super) use scaling::Scaled;
use stream::stream;

pub use array::{Array, LABEL_LIMIT};
pub use blobs::{Blob, Task, blobs};
pub use bytes::{Bytes, InMemory, Number, Numbers, Order};
pub use csv::{Column, CsvError, csv};
pub use format::{Defect, FormatError, MEMORY_LIMIT, SITE_LIMIT};
pub use idx::idx;
pub use image::{Grey, grey};
pub use lines::{Lines, lines};
pub use npy::npy;
pub use reading::unpacked;
pub use represented::Vectors;
pub use resize::{Scaler, Size};
pub use scaling::{Range, Scaling};
pub use zip::{Entry, entries, open};

use super::DataError;
use std::fmt;

/// Samples that are read one by one, in any order and from many threads at once.
///
/// Reading a sample twice gives the same numbers: what is random comes from a seed and the number of
/// the sample. A view reads from the source below it when it is asked, and keeps nothing.
pub trait Source: fmt::Debug + Send + Sync {
    /// The number of samples.
    fn samples(&self) -> usize;

    /// Writes the values of a sample, row-major; `out` has a place for each site.
    ///
    /// # Errors
    /// [`DataError::Unreadable`] and [`DataError::NotFinite`].
    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError>;

    /// All values, one sample after another, if they lie in memory as they are.
    fn in_memory(&self) -> Option<&[f64]> {
        None
    }
}
