//! Bytes that lie in memory or in a file, and the numbers in them.

use super::Source;
use crate::learn::DataError;
use std::fmt;
use std::sync::Arc;

/// Bytes that can be read at any place and from many threads at once.
///
/// This room opens no files: whoever does hands one in as this.
pub trait Bytes: fmt::Debug + Send + Sync {
    /// How many bytes there are.
    fn length(&self) -> u64;

    /// Fills `out` with the bytes from a place on.
    ///
    /// # Errors
    /// What is wrong, in words: the file was cut, the disk fails.
    fn read_at(&self, place: u64, out: &mut [u8]) -> Result<(), String>;
}

/// Bytes in memory.
pub struct InMemory(Arc<[u8]>);

impl InMemory {
    /// These bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in memory", self.0.len())
    }
}

impl Bytes for InMemory {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, place: u64, out: &mut [u8]) -> Result<(), String> {
        let first = usize::try_from(place).unwrap_or(usize::MAX);
        let bytes = self.0.get(first..first.saturating_add(out.len()));
        let bytes = bytes.ok_or("the bytes end before")?;
        out.copy_from_slice(bytes);
        Ok(())
    }
}

/// A part of other bytes, as an entry of an archive is one.
#[derive(Debug)]
pub struct Part {
    /// The whole.
    pub of: Arc<dyn Bytes>,
    /// Where the part begins.
    pub first: u64,
    /// How long it is.
    pub length: u64,
}

impl Bytes for Part {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, place: u64, out: &mut [u8]) -> Result<(), String> {
        let end = place.saturating_add(out.len() as u64);
        if end > self.length {
            return Err("the bytes end before".to_owned());
        }
        self.of.read_at(self.first.saturating_add(place), out)
    }
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// An unsigned int of 1, 2, 4 or 8 bytes; `false` and `true` as a byte.
    Unsigned(usize),
    /// A signed int of 1, 2, 4 or 8 bytes.
    Signed(usize),
    /// A float of 2, 4 or 8 bytes.
    Float(usize),
}

impl Number {
    /// Its length in bytes.
    pub fn length(self) -> usize {
        match self {
            Number::Unsigned(length) | Number::Signed(length) | Number::Float(length) => {
                length.clamp(1, 8)
            }
        }
    }

    /// The number in at most eight bytes.
    pub fn decode(self, bytes: &[u8], order: Order) -> f64 {
        let length = bytes.len().min(8);
        let mut bits = 0u64;
        for (place, byte) in bytes.iter().take(length).enumerate() {
            let shift = match order {
                Order::Little => 8 * place,
                Order::Big => 8 * (length - 1 - place),
            };
            bits |= u64::from(*byte) << shift;
        }
        match self {
            Number::Unsigned(_) => bits as f64,
            Number::Signed(_) => {
                // The sign is moved to the top and back.
                let shift = 64 - 8 * length as u32;
                (((bits << shift) as i64) >> shift) as f64
            }
            Number::Float(2) => half(bits as u16),
            Number::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Number::Float(_) => f64::from_bits(bits),
        }
    }
}

/// A half float: 1 bit of sign, 5 of exponent, 10 of mantissa (IEEE 754, binary16).
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + mantissa) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The least significant one.
    Little,
    /// The most significant one.
    Big,
}

/// Samples as numbers in bytes, one sample after another, each row-major.
pub struct Numbers {
    /// Where the numbers lie.
    pub bytes: Arc<dyn Bytes>,
    /// Where the first number begins.
    pub first: u64,
    /// How they are written.
    pub number: Number,
    /// The order of their bytes.
    pub order: Order,
    /// What they are multiplied with.
    pub scale: f64,
    /// The number of samples.
    pub samples: usize,
    /// The numbers of a sample.
    pub sites: usize,
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples of {} numbers in {:?}", self.samples, self.sites, self.bytes)
    }
}

/// Bytes of a sample that are read at once.
const CHUNK: usize = 4096;

impl Source for Numbers {
    fn samples(&self) -> usize {
        self.samples
    }

    fn read(&self, sample: usize, out: &mut [f64]) -> Result<(), DataError> {
        let length = self.number.length();
        let mut place =
            self.first.saturating_add((sample as u64).saturating_mul((self.sites * length) as u64));
        let mut buffer = [0u8; CHUNK];
        let mut site = 0;
        for part in out.chunks_mut(CHUNK / length.max(1)) {
            let bytes = buffer.get_mut(..part.len() * length).unwrap_or(&mut []);
            self.bytes
                .read_at(place, bytes)
                .map_err(|message| DataError::Unreadable { sample, message })?;
            if self.number == Number::Unsigned(1) && self.scale.is_finite() {
                // Images: the ordinary case, and every byte is a finite number.
                for (slot, byte) in part.iter_mut().zip(bytes.iter()) {
                    *slot = f64::from(*byte) * self.scale;
                }
                site += part.len();
                place += part.len() as u64;
                continue;
            }
            for (slot, bytes) in part.iter_mut().zip(bytes.chunks_exact(length)) {
                let value = self.number.decode(bytes, self.order) * self.scale;
                if !value.is_finite() {
                    return Err(DataError::NotFinite { sample, site });
                }
                *slot = value;
                site += 1;
            }
            place += (part.len() * length) as u64;
        }
        Ok(())
    }
}
