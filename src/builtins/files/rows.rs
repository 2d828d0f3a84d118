//! Files of lines that grow while a program runs, and survive its end at any moment.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{READ_LIMIT, cannot};
use crate::diagnostic::Code;
use crate::value::{Failure, failure};

/// A file to which whole lines are appended, by one run at a time.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    /// Appends are made one after the other.
    file: Mutex<File>,
}

impl Rows {
    /// The file at a path, made if there is none.
    ///
    /// # Errors
    /// E08 if it cannot be opened for reading and writing, or is no plain file.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        check_plain(path)?;
        let file = File::options().create(true).read(true).append(true).open(path);
        let file = file.map_err(|error| cannot("write", path, &error))?;
        Ok(Self { path: path.to_path_buf(), file: Mutex::new(file) })
    }

    /// Keeps all other runs from writing it, until this is dropped or the process ends in any way.
    ///
    /// # Errors
    /// E08 if another run writes it.
    pub fn lock(&self) -> Result<(), Failure> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = format!("another run is writing {}", self.path.display());
                let hint = format!("file = {:?}", another_name(&self.path));
                Err(failure(Code::File, message, hint))
            }
            // Some file systems have no locks. Two runs would still append whole lines.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
        }
    }

    /// All bytes.
    ///
    /// # Errors
    /// E08 with what the system says; E07 if it is too large.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        let mut read = || {
            file.seek(SeekFrom::Start(0))?;
            Read::by_ref(&mut *file).take(READ_LIMIT + 1).read_to_end(&mut bytes)
        };
        read().map_err(|error| cannot("read", &self.path, &error))?;
        if bytes.len() as u64 > READ_LIMIT {
            let size = READ_LIMIT >> 20;
            let message = format!("{} is too large: more than {size} MB", self.path.display());
            let hint = format!("file = {:?}", another_name(&self.path));
            return Err(failure(Code::Resource, message, hint));
        }
        Ok(bytes)
    }

    /// Takes away all bytes from a place on: the rest of a line whose writer was killed.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn cut(&self, length: u64) -> Result<(), Failure> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.set_len(length).map_err(|error| cannot("write", &self.path, &error))
    }

    /// Appends a line. It is given to the system in one piece, so that a process that is killed
    /// leaves it whole or not at all; should a disk run full in its middle, it is taken back.
    ///
    /// # Errors
    /// E08 with what the system says.
    pub fn append(&self, line: &str) -> Result<(), Failure> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before =
            file.seek(SeekFrom::End(0)).map_err(|error| cannot("write", &self.path, &error))?;
        file.write_all(format!("{line}\n").as_bytes()).map_err(|error| {
            // That this fails too changes nothing: the next run cuts off what is torn.
            let _ = file.set_len(before);
            cannot("write", &self.path, &error)
        })
    }
}

/// The bytes of a file, none of one that is not there.
///
/// # Errors
/// E08 if it cannot be read or is no plain file; E07 if it is too large.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    check_plain(path)?;
    match std::fs::exists(path) {
        Ok(false) => Ok(Vec::new()),
        _ => super::read(path),
    }
}

/// Pipes and devices have no end that could be read.
fn check_plain(path: &Path) -> Result<(), Failure> {
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let message = format!("{} is not a plain file", path.display());
        return Err(failure(Code::File, message, "file = \"sweep.jsonl\""));
    }
    Ok(())
}

/// `sweep-2.jsonl` for `sweep.jsonl`: a name to try where the first one cannot be used.
pub fn another_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(ending) => format!("{stem}-2.{}", ending.to_string_lossy()),
        None => format!("{stem}-2"),
    };
    path.with_file_name(name).display().to_string()
}
