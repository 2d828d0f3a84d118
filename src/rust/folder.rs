//! The private folder of a helper.

use std::fs::{DirBuilder, read_dir, read_to_string, remove_dir_all, write};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How their names begin.
const PREFIX: &str = "convac-rust-";

/// The longest path in which a socket still fits: its address has 104 bytes on some systems.
const LONGEST: usize = 60;

/// A folder that nobody else may look into, removed with this value.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new one; those that killed programs left are taken away.
    pub fn new() -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let temporary = std::env::temp_dir();
        let base = match std::path::absolute(&temporary) {
            Ok(path) if path.as_os_str().len() <= LONGEST => path,
            _ => PathBuf::from("/tmp"),
        };
        sweep(&base);
        let process = std::process::id();
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("{PREFIX}{process}-{count}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let folder = Self(path);
                    write(folder.0.join("owner"), process.to_string())?;
                    return Ok(folder);
                }
                // Of a process with the same number, before a restart of the machine.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What was killed a moment ago may still be writing.
        for _ in 0..50 {
            match remove_dir_all(&self.0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => return,
            }
        }
    }
}

/// Takes away what programs left that were killed together with their helper.
fn sweep(base: &Path) {
    let Ok(entries) = read_dir(base) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let own = entry
            .metadata()
            .is_ok_and(|data| data.is_dir() && data.uid() == nix::unistd::getuid().as_raw());
        let owner =
            read_to_string(path.join("owner")).ok().and_then(|text| text.trim().parse().ok());
        let Some(owner) = owner.filter(|_| own) else { continue };
        let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(owner), None);
        if alive == Err(nix::errno::Errno::ESRCH) {
            let _ = remove_dir_all(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_private_and_go() {
        let (first, second) = (Folder::new().unwrap(), Folder::new().unwrap());
        assert_ne!(first.path(), second.path());
        let mode = std::fs::metadata(first.path()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
        assert!(second.path().exists());
    }

    #[test]
    fn what_the_dead_left_is_swept() {
        let base = tempfile::tempdir().unwrap();
        // No process has this number: it is above every limit of the kernel.
        for (name, owner) in
            [("convac-rust-1-0", "4194305"), ("convac-rust-2-0", "1"), ("other", "4194305")]
        {
            std::fs::create_dir(base.path().join(name)).unwrap();
            write(base.path().join(name).join("owner"), owner).unwrap();
        }
        std::fs::create_dir(base.path().join("convac-rust-3-0")).unwrap();
        sweep(base.path());
        let mut left: Vec<_> =
            read_dir(base.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["convac-rust-2-0", "convac-rust-3-0", "other"]);
    }
}
