//! Bytes as a stream, and streams that are unpacked.

use super::bytes::{Bytes, InMemory};
use super::format::{FormatError, MEMORY_LIMIT};
use std::io::{self, Read};
use std::sync::Arc;

/// Reads bytes from their beginning on, in large parts.
pub struct Reading {
    bytes: Arc<dyn Bytes>,
    place: u64,
}

impl Reading {
    /// From the first byte.
    pub fn new(bytes: Arc<dyn Bytes>) -> Self {
        Self { bytes, place: 0 }
    }
}

impl Read for Reading {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.length().saturating_sub(self.place);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let part = out.get_mut(..count).unwrap_or(&mut []);
        self.bytes.read_at(self.place, part).map_err(io::Error::other)?;
        self.place += count as u64;
        Ok(count)
    }
}

/// Whether the bytes begin as gzip does.
pub fn is_gzip(bytes: &dyn Bytes) -> bool {
    let mut magic = [0u8; 2];
    bytes.read_at(0, &mut magic).is_ok() && magic == [0x1f, 0x8b]
}

/// The bytes themselves, or what they are the gzip of, in memory.
///
/// # Errors
/// When they are damaged, or more than [`MEMORY_LIMIT`] when they are unpacked.
pub fn unpacked(bytes: Arc<dyn Bytes>) -> Result<Arc<dyn Bytes>, FormatError> {
    if !is_gzip(&*bytes) {
        return Ok(bytes);
    }
    let packed = io::BufReader::with_capacity(1 << 16, Reading::new(bytes));
    let all = all(flate2::bufread::MultiGzDecoder::new(packed), MEMORY_LIMIT)?;
    Ok(Arc::new(InMemory::new(all)))
}

/// All that a stream gives, up to a limit.
///
/// # Errors
/// When the stream is damaged or goes on behind the limit.
pub fn all(stream: impl Read, limit: u64) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    stream.take(limit.saturating_add(1)).read_to_end(&mut out).map_err(|error| {
        FormatError::broken(
            format!("the packed bytes are damaged: {error}"),
            "the file was cut: copy or download it again",
        )
    })?;
    if out.len() as u64 > limit {
        return Err(FormatError::too_large(
            format!("unpacked it is more than {} MB", limit >> 20),
            "unpack the file (gunzip): then it is read sample by sample",
        ));
    }
    Ok(out)
}
