//! NPZ: several NumPy arrays in a ZIP archive (PKWARE's APPNOTE, version 6.3).
//!
//! What is stored (`np.savez`) stays where it lies and is read sample by sample; what is deflated
//! (`np.savez_compressed`) is unpacked into memory.

use super::bytes::InMemory;
use super::bytes::{Bytes, Part};
use super::format::{FormatError, MEMORY_LIMIT};
use super::reading::{Reading, all};
use std::io::BufReader;
use std::sync::Arc;

/// The end of an archive is looked for in so many bytes: its record and the longest comment.
const END: u64 = 22 + 65_535;
/// The longest list of entries that is read.
const MOST_DIRECTORY: u64 = 1 << 24;

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without `.npy`.
    pub name: String,
    method: u16,
    locked: bool,
    checksum: u32,
    packed: u64,
    unpacked: u64,
    header: u64,
}

/// The entries of an archive, in its order.
///
/// # Errors
/// When the bytes are no ZIP archive, or a damaged one.
pub fn entries(bytes: &dyn Bytes) -> Result<Vec<Entry>, FormatError> {
    let length = bytes.length();
    let read = |place: u64, count: u64| -> Result<Vec<u8>, FormatError> {
        let fits = place.checked_add(count).is_some_and(|end| end <= length);
        if !fits || count > MOST_DIRECTORY {
            return Err(damaged("its list of entries lies outside"));
        }
        let mut out = vec![0u8; count as usize];
        bytes.read_at(place, &mut out).map_err(|message| damaged(&message))?;
        Ok(out)
    };
    let start = length.saturating_sub(END);
    let tail = read(start, length - start)?;
    let end = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
    let end = end.ok_or_else(|| damaged("it has no end record"))?;
    let record = tail.get(end..).unwrap_or(&[]);
    if record.len() < 22 {
        return Err(damaged("its end is cut"));
    }
    let (mut count, mut size, mut first) =
        (number(record, 10, 2)?, number(record, 12, 4)?, number(record, 16, 4)?);
    if count == 0xffff || size == 0xffff_ffff || first == 0xffff_ffff {
        // The larger record, of archives above 4 GB, and the pointer to it before the end.
        let pointer = (start + end as u64).checked_sub(20);
        let pointer = read(pointer.ok_or_else(|| damaged("its end is cut"))?, 20)?;
        if !pointer.starts_with(b"PK\x06\x07") {
            return Err(damaged("it has no pointer to its large end record"));
        }
        let large = read(number(&pointer, 8, 8)?, 56)?;
        (count, size, first) =
            (number(&large, 32, 8)?, number(&large, 40, 8)?, number(&large, 48, 8)?);
    }
    let directory = read(first, size)?;
    let mut rest = directory.as_slice();
    let mut entries = Vec::new();
    for _ in 0..count {
        let (entry, behind) = entry(rest)?;
        entries.push(entry);
        rest = behind;
    }
    Ok(entries)
}

/// One entry of the list, and the list behind it.
fn entry(record: &[u8]) -> Result<(Entry, &[u8]), FormatError> {
    if !record.starts_with(b"PK\x01\x02") {
        return Err(damaged("its list of entries is broken"));
    }
    let at = |place: usize, length: usize| number(record, place, length);
    let sizes = [at(28, 2)?, at(30, 2)?, at(32, 2)?].map(|size| size as usize);
    let [name, extra, comment] = sizes;
    let behind = record.get(46 + name + extra + comment..);
    let behind = behind.ok_or_else(|| damaged("its list of entries is cut"))?;
    let (text, extra) = (record.get(46..46 + name), record.get(46 + name..46 + name + extra));
    let text = String::from_utf8_lossy(text.unwrap_or(&[])).into_owned();
    let (mut packed, mut unpacked, mut header) = (at(20, 4)?, at(24, 4)?, at(42, 4)?);
    // Numbers above 4 GB stand in the extra field 1, in this order, each only where it is needed.
    let mut large = extra_field(extra.unwrap_or(&[]), 1).unwrap_or(&[]);
    for slot in [&mut unpacked, &mut packed, &mut header] {
        if *slot == 0xffff_ffff {
            *slot = number(large, 0, 8)?;
            large = large.get(8..).unwrap_or(&[]);
        }
    }
    let name = text.strip_suffix(".npy").unwrap_or(&text).to_owned();
    let (method, locked) = (at(10, 2)? as u16, at(8, 2)? & 1 == 1);
    let checksum = at(16, 4)? as u32;
    Ok((Entry { name, method, locked, checksum, packed, unpacked, header }, behind))
}

/// An extra field by its number.
fn extra_field(mut extra: &[u8], wanted: u64) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2).ok()?, number(extra, 2, 2).ok()? as usize);
        let field = extra.get(4..4 + length)?;
        if id == wanted {
            return Some(field);
        }
        extra = extra.get(4 + length..)?;
    }
    None
}

/// The bytes of an entry: a part of the archive if it is stored, else unpacked into memory.
///
/// # Errors
/// When the entry is locked, packed in another way, damaged, or above [`MEMORY_LIMIT`] unpacked.
pub fn open(archive: &Arc<dyn Bytes>, entry: &Entry) -> Result<Arc<dyn Bytes>, FormatError> {
    let again = "np.savez(\"x.npz\", x = x, y = y)";
    if entry.locked {
        return Err(FormatError::unfit(format!("{} is locked by a password", entry.name), again));
    }
    let mut local = [0u8; 30];
    archive.read_at(entry.header, &mut local).map_err(|message| damaged(&message))?;
    if !local.starts_with(b"PK\x03\x04") {
        return Err(damaged(&format!("{} does not lie where it should", entry.name)));
    }
    let skipped = 30 + number(&local, 26, 2)? + number(&local, 28, 2)?;
    let first = entry.header.saturating_add(skipped);
    if first.checked_add(entry.packed).is_none_or(|end| end > archive.length()) {
        return Err(damaged(&format!("{} is cut", entry.name)));
    }
    let part = Part { of: Arc::clone(archive), first, length: entry.packed };
    match entry.method {
        0 if entry.packed == entry.unpacked => Ok(Arc::new(part)),
        0 => Err(damaged(&format!("{} has two lengths", entry.name))),
        8 => {
            if entry.unpacked > MEMORY_LIMIT {
                return Err(FormatError::too_large(
                    format!("{} is {} MB when it is unpacked", entry.name, entry.unpacked >> 20),
                    "np.savez(\"x.npz\", x = x, y = y) packs nothing: it is read sample by sample",
                ));
            }
            let packed = BufReader::with_capacity(1 << 16, Reading::new(Arc::new(part)));
            // A bomb ends where the archive says that the entry ends.
            let bytes = all(flate2::bufread::DeflateDecoder::new(packed), entry.unpacked)
                .map_err(|_| damaged(&format!("{} is not what it should be", entry.name)))?;
            let mut checksum = flate2::Crc::new();
            checksum.update(&bytes);
            if bytes.len() as u64 != entry.unpacked || checksum.sum() != entry.checksum {
                return Err(damaged(&format!("{} is not what it should be", entry.name)));
            }
            Ok(Arc::new(InMemory::new(bytes)))
        }
        other => Err(FormatError::unfit(
            format!("{} is packed by method {other}, only stored and deflate are read", entry.name),
            again,
        )),
    }
}

/// An unsigned int, the least significant byte first.
fn number(bytes: &[u8], place: usize, length: usize) -> Result<u64, FormatError> {
    let part = bytes.get(place..place + length).ok_or_else(|| damaged("a record is cut"))?;
    Ok(part.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

fn damaged(why: &str) -> FormatError {
    FormatError::broken(
        format!("this is no whole NPZ file: {why}"),
        "copy or download it again; np.savez(\"x.npz\", x = x, y = y) writes one",
    )
}
