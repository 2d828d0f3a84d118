//! Files of data: opened once, and read where it is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{cannot, read};
use crate::diagnostic::Code;
use crate::learn::data::Bytes;
use crate::value::{Failure, failure};

/// The most images of a folder.
const MOST_IMAGES: usize = 1 << 22;

/// A file whose bytes stay where they are.
#[derive(Debug)]
struct OnDisk {
    file: std::fs::File,
    length: u64,
    /// Where places are not read but sought, one thread at a time does.
    #[cfg(not(any(unix, windows)))]
    seeking: std::sync::Mutex<()>,
}

impl Bytes for OnDisk {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, place: u64, out: &mut [u8]) -> Result<(), String> {
        self.fill(place, out).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "the file ends before".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl OnDisk {
    #[cfg(unix)]
    fn fill(&self, place: u64, out: &mut [u8]) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, out, place)
    }

    #[cfg(windows)]
    fn fill(&self, mut place: u64, mut out: &mut [u8]) -> std::io::Result<()> {
        while !out.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_read(&self.file, out, place)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            place += count as u64;
            out = out.get_mut(count..).unwrap_or(&mut []);
        }
        Ok(())
    }

    #[cfg(not(any(unix, windows)))]
    fn fill(&self, place: u64, out: &mut [u8]) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let _alone = self.seeking.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(out)
    }
}

/// The bytes of a file, read where and when they are needed, from any thread.
///
/// # Errors
/// E08 with what the system says.
pub(in crate::builtins) fn open(path: &Path) -> Result<Arc<dyn Bytes>, Failure> {
    let opened = std::fs::File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (meta, file) = opened.map_err(|error| cannot("read", path, &error))?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "no ordinary file" };
        return Err(failure(
            Code::File,
            format!("{} is {what}", path.display()),
            format!("images({:?}) reads a folder of images", path.display().to_string()),
        ));
    }
    Ok(Arc::new(OnDisk {
        file,
        length: meta.len(),
        #[cfg(not(any(unix, windows)))]
        seeking: std::sync::Mutex::new(()),
    }))
}

/// Whether there is anything of this name.
pub(in crate::builtins) fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Whether there is a file.
pub(in crate::builtins) fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// The folders in a folder with the PNG files in each, both in the order of their names; hidden ones
/// are left out.
///
/// # Errors
/// E08 with what the system says, E07 above 2^22 images.
pub(in crate::builtins) fn image_folders(
    folder: &Path,
) -> Result<Vec<(String, Vec<PathBuf>)>, Failure> {
    let mut classes = Vec::new();
    let mut count = 0;
    for (name, path) in entries(folder)? {
        if !path.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        for (_, file) in entries(&path)? {
            let ending = file.extension().unwrap_or_default();
            if ending.eq_ignore_ascii_case("png") && file.is_file() {
                files.push(file);
            }
        }
        count += files.len();
        if count > MOST_IMAGES {
            let message = format!("{} holds more than 2^22 images", folder.display());
            return Err(failure(Code::Resource, message, "split the folder"));
        }
        classes.push((name, files));
    }
    Ok(classes)
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let list = || -> std::io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)?.take(MOST_IMAGES + 1) {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                found.push((name, entry.path()));
            }
        }
        found.sort_unstable();
        Ok(found)
    };
    list().map_err(|error| cannot("read", folder, &error))
}

/// All bytes of a file, at most 1 GB.
///
/// # Errors
/// E07 and E08.
pub(in crate::builtins) fn whole(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path)
}
