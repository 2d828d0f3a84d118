//! The private folder of a helper.

use std::fs::{DirBuilder, File, read_dir, remove_dir_all, rename};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};

/// How their names begin.
const PREFIX: &str = "convac-rust-";

/// How they begin while they are being made.
const FRESH: &str = "convac-fresh-";

/// The file that is locked.
const OWNER: &str = "owner";

/// The age from which a folder without that file is nobody's.
const OLD: Duration = Duration::from_secs(3600);

/// The longest path in which a socket still fits: its address has 104 bytes on some systems.
const LONGEST: usize = 60;

/// A folder that nobody else may look into, removed with this value.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Locked as long as this program lives: whoever can lock it may take the folder away. The number
    /// of a process would tell nothing to a program that sees other processes.
    _owner: Flock<File>,
}

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
            // It gets its name when it is locked: another program that starts would take away what has
            // the name and no lock.
            let fresh = base.join(format!("{FRESH}{process}-{count}"));
            match DirBuilder::new().mode(0o700).create(&fresh) {
                Ok(()) => {}
                // Of a process with the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            let owner = File::create(fresh.join(OWNER))?;
            let owner = Flock::lock(owner, FlockArg::LockExclusiveNonblock);
            let owner = owner.map_err(|(_, error)| io::Error::from(error))?;
            if rename(&fresh, &path).is_ok() {
                return Ok(Self { path, _owner: owner });
            }
            let _ = remove_dir_all(fresh);
        }
    }

    /// Whether it is still there as it was made.
    pub fn is_there(&self) -> bool {
        self.path.join(OWNER).exists()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // This program may end before it is through with that: another one goes on.
        let mut remove = Command::new("rm");
        remove.arg("-rf").arg(&self.path).process_group(0);
        remove.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = remove.spawn().and_then(|mut rm| rm.wait());
        // What was killed a moment ago may still be writing.
        for _ in 0..50 {
            match remove_dir_all(&self.path) {
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
        let name = entry.file_name();
        let is_fresh = name.to_string_lossy().starts_with(FRESH);
        if !is_fresh && !name.to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(data) = entry.metadata() else { continue };
        if !data.is_dir() || data.uid() != nix::unistd::getuid().as_raw() {
            continue;
        }
        let dead = match File::open(path.join(OWNER)) {
            Ok(owner) if !is_fresh => Flock::lock(owner, FlockArg::LockExclusiveNonblock).is_ok(),
            // One that is just being made, or whose parts a cell has deleted.
            _ => data.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > OLD),
        };
        if dead {
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
        for name in ["convac-rust-1-0", "convac-rust-2-0", "other"] {
            std::fs::create_dir(base.path().join(name)).unwrap();
            std::fs::write(base.path().join(name).join(OWNER), "").unwrap();
        }
        std::fs::create_dir(base.path().join("convac-rust-3-0")).unwrap();
        let alive = File::open(base.path().join("convac-rust-2-0").join(OWNER)).unwrap();
        let _alive = Flock::lock(alive, FlockArg::LockExclusiveNonblock).unwrap();
        sweep(base.path());
        let mut left: Vec<_> =
            read_dir(base.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["convac-rust-2-0", "convac-rust-3-0", "other"]);
    }
}
