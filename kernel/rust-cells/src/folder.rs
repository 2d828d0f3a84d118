//! The private folder: everything that Rust cells leave on the disk but for the compiler's cache.

use std::io;
use std::path::{Path, PathBuf};

/// The name by which all processes of the helper know it; the crate `cac` reads it, too.
pub const FOLDER: &str = "CAC_FOLDER";

/// The socket at which the helper hears what cells write.
pub const OUTPUT: &str = "out";

/// The sources of the crate `cac`, which cells link.
const CAC: [(&str, &str); 9] = [
    ("code.rs", include_str!("../cac/src/code.rs")),
    ("from.rs", include_str!("../cac/src/from.rs")),
    ("function.rs", include_str!("../cac/src/function.rs")),
    ("integer.rs", include_str!("../cac/src/integer.rs")),
    ("into.rs", include_str!("../cac/src/into.rs")),
    ("lib.rs", include_str!("../cac/src/lib.rs")),
    ("place.rs", include_str!("../cac/src/place.rs")),
    ("serve.rs", include_str!("../cac/src/serve.rs")),
    ("value.rs", include_str!("../cac/src/value.rs")),
];

/// The private folder of this process.
pub fn private() -> PathBuf {
    std::env::var_os(FOLDER).map(PathBuf::from).unwrap_or_default()
}

/// Fills the folder: the crate `cac`, and places for what evcxr and cells write.
pub fn furnish(folder: &Path) -> io::Result<()> {
    let source = folder.join("cac").join("src");
    for place in [&source, &folder.join("build"), &folder.join("tmp"), &folder.join("config")] {
        std::fs::create_dir_all(place)?;
    }
    // A version of its own: a cell may depend on the library (`:dep convac`), which has the crate, too.
    let manifest = include_str!("../cac/Cargo.toml");
    let manifest = manifest.replacen("version = \"0.1.0\"", "version = \"0.1.0-cells\"", 1);
    let manifest = manifest.replacen("default = []", "default = [\"cells\"]", 1);
    std::fs::write(folder.join("cac").join("Cargo.toml"), manifest)?;
    for (name, text) in CAC {
        std::fs::write(source.join(name), text)?;
    }
    Ok(())
}

/// The line that makes cells see the crate.
pub fn dependency(folder: &Path) -> String {
    // TOML's basic strings escape as JSON's do, as far as paths go.
    let path = folder.join("cac").display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!(":dep cac = {{ path = \"{path}\" }}\n")
}

/// Takes everything away.
pub fn remove(folder: &Path) {
    // What was killed a moment ago may still be writing.
    for _ in 0..20 {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_crate_is_there() {
        let folder = tempfile::tempdir().unwrap();
        furnish(folder.path()).unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("cac/src");
        for entry in std::fs::read_dir(sources).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(folder.path().join("cac/src").join(&name).is_file(), "{name:?} is not in CAC");
        }
        let manifest = std::fs::read_to_string(folder.path().join("cac/Cargo.toml")).unwrap();
        assert!(manifest.contains("version = \"0.1.0-cells\""), "{manifest}");
        remove(folder.path());
        assert!(!folder.path().exists());
        remove(folder.path());
    }
}
