//! Arrays in files: their numbers as samples or as labels.

use super::bytes::{Bytes, InMemory, Number, Numbers, Order};
use super::format::{FormatError, MEMORY_LIMIT, SITE_LIMIT};
use crate::network::Shape;
use std::sync::Arc;

/// Numbers in bytes, with the sizes of their axes.
#[derive(Clone, Debug)]
pub struct Array {
    bytes: Arc<dyn Bytes>,
    first: u64,
    number: Number,
    order: Order,
    sizes: Vec<u64>,
    count: u64,
}

impl Array {
    /// Numbers from a place of bytes on, the last axis fastest.
    ///
    /// # Errors
    /// When the bytes hold fewer numbers than the sizes ask for.
    pub fn new(
        bytes: Arc<dyn Bytes>,
        first: u64,
        number: Number,
        order: Order,
        sizes: Vec<u64>,
    ) -> Result<Self, FormatError> {
        let count = sizes.iter().try_fold(1u64, |count, size| count.checked_mul(*size));
        let end = count
            .and_then(|count| count.checked_mul(number.length() as u64))
            .and_then(|length| length.checked_add(first));
        let (held, sides) = (bytes.length(), written(&sizes));
        match (count, end) {
            (Some(count), Some(end)) if end <= held => {
                Ok(Self { bytes, first, number, order, sizes, count })
            }
            (_, Some(end)) => Err(FormatError::broken(
                format!("the header promises {sides} numbers: {end} bytes, there are {held}"),
                "the file was cut: copy or download it again",
            )),
            (_, None) => Err(FormatError::broken(
                format!("the header promises {sides} numbers, which no file holds"),
                "the file is damaged: copy or download it again",
            )),
        }
    }

    /// The sizes of its axes.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// The array with its numbers in memory, if they were written with the first axis fastest.
    ///
    /// # Errors
    /// Above [`MEMORY_LIMIT`], or when the bytes cannot be read.
    pub fn turned(self) -> Result<Self, FormatError> {
        if self.sizes.len() < 2 || self.count == 0 {
            return Ok(self);
        }
        let width = self.number.length();
        let length = self.count.saturating_mul(width as u64);
        if length > MEMORY_LIMIT {
            return Err(FormatError::too_large(
                format!("{length} bytes in Fortran order do not fit the memory to be turned"),
                "np.save(\"turned.npy\", np.ascontiguousarray(x))",
            ));
        }
        let mut old = vec![0u8; length as usize];
        self.bytes.read_at(self.first, &mut old).map_err(unreadable)?;
        let mut new = Vec::with_capacity(old.len());
        // The place of an index in the file: its first axis moves by one.
        let mut strides = Vec::with_capacity(self.sizes.len());
        let mut stride = 1u64;
        for size in &self.sizes {
            strides.push(stride);
            stride *= size;
        }
        for mut index in 0..self.count {
            let mut place = 0;
            for (size, stride) in self.sizes.iter().zip(&strides).rev() {
                place += index % size * stride;
                index /= size;
            }
            let start = place as usize * width;
            new.extend_from_slice(old.get(start..start + width).unwrap_or(&[]));
        }
        Ok(Self { bytes: Arc::new(InMemory::new(new)), first: 0, ..self })
    }

    /// Its first axis as samples, the others as their sites; axes of size 1 behind it are left out,
    /// as grey images have one. Values are multiplied with `scale`.
    ///
    /// # Errors
    /// When there are no two or three axes, or a sample has no or too many sites.
    pub fn samples(&self, scale: f64) -> Result<(Shape, Numbers), FormatError> {
        let (count, rest) = match self.sizes.split_first() {
            Some((count, rest)) if !rest.is_empty() => (*count, rest),
            _ => {
                return Err(FormatError::unfit(
                    format!("an array of {} has one number for each sample", written(&self.sizes)),
                    "give the file of the images; labels are named by labels = \"…\"",
                ));
            }
        };
        let sides: Vec<u64> = match rest {
            [one] => vec![*one],
            [rows, cols] => vec![*rows, *cols],
            more => more.iter().copied().filter(|size| *size != 1).collect(),
        };
        let shape = match sides.as_slice() {
            [] => Shape::Chain(1),
            [sites] => Shape::Chain(*sites),
            [rows, cols] => Shape::Grid { rows: *rows, cols: *cols },
            _ => {
                return Err(FormatError::unfit(
                    format!("samples of {} are no chain and no grid", written(rest)),
                    "make them grey, or flat: np.save(\"flat.npy\", x.reshape(len(x), -1))",
                ));
            }
        };
        let sites = shape.sites();
        if sites == 0 || sites > SITE_LIMIT {
            let message = format!("a sample of {shape} has {sites} sites");
            return Err(if sites == 0 {
                FormatError::unfit(message, "a sample has at least one site")
            } else {
                let hint = format!("at most {SITE_LIMIT} are taken: make the samples smaller");
                FormatError::too_large(message, hint)
            });
        }
        let numbers = Numbers {
            bytes: Arc::clone(&self.bytes),
            first: self.first,
            number: self.number,
            order: self.order,
            scale,
            samples: usize::try_from(count).unwrap_or(usize::MAX),
            sites: sites as usize,
        };
        Ok((shape, numbers))
    }

    /// Its numbers as labels: ints from 0.
    ///
    /// # Errors
    /// When there is more than one axis longer than 1, too many labels, or a number that is no label.
    pub fn labels(&self) -> Result<Vec<u32>, FormatError> {
        if self.sizes.iter().skip(1).any(|size| *size != 1) {
            return Err(FormatError::unfit(
                format!("an array of {} is no list of labels", written(&self.sizes)),
                "labels have one axis: np.save(\"labels.npy\", y.argmax(1)) of one-hot rows",
            ));
        }
        if self.count.saturating_mul(4) > MEMORY_LIMIT {
            let message = format!("{} labels do not fit the memory", self.count);
            return Err(FormatError::too_large(message, "split the file"));
        }
        let width = self.number.length();
        let mut labels = Vec::with_capacity(self.count as usize);
        let mut buffer = vec![0u8; (1 << 16) * width];
        while (labels.len() as u64) < self.count {
            let left = usize::try_from(self.count).unwrap_or(usize::MAX) - labels.len();
            let part = buffer.get_mut(..left.min(1 << 16) * width).unwrap_or(&mut []);
            let place = self.first + (labels.len() * width) as u64;
            self.bytes.read_at(place, part).map_err(unreadable)?;
            for bytes in part.chunks_exact(width) {
                labels.push(label(self.number.decode(bytes, self.order), labels.len())?);
            }
        }
        Ok(labels)
    }
}

/// The largest label that is taken: every class has a place in lists of classes.
pub const LABEL_LIMIT: u32 = 1 << 20;

/// A number as a label.
///
/// # Errors
/// When it is no int from 0 to [`LABEL_LIMIT`].
pub fn label(number: f64, sample: usize) -> Result<u32, FormatError> {
    if number >= 0.0 && number <= f64::from(LABEL_LIMIT) && number.fract() == 0.0 {
        return Ok(number as u32);
    }
    Err(FormatError::unfit(
        format!("the label of sample {sample} is {number}"),
        format!("labels are ints from 0 to {LABEL_LIMIT}: number the classes from 0"),
    ))
}

fn unreadable(message: String) -> FormatError {
    FormatError::broken(message, "look whether the file has changed, and read it again")
}

/// Sizes as they are written in the language: 3x28x28.
fn written(sizes: &[u64]) -> String {
    sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}
