//! The folders in which Jupyter looks, in its own order.

use std::path::PathBuf;
use std::process::Command;

/// Where a kernel is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// For one user.
    User,
    /// For the Python environment that is active.
    SysPrefix,
    /// Below any folder.
    Prefix(PathBuf),
}

impl Base {
    /// The folder of Jupyter's data.
    ///
    /// # Errors
    /// That no home, or no Python environment, is known.
    pub fn data_folder(&self) -> Result<PathBuf, String> {
        match self {
            Self::User => user().ok_or_else(|| "this user has no home: use --prefix".to_owned()),
            Self::SysPrefix => Ok(sys_prefix()?.join("share").join("jupyter")),
            Self::Prefix(prefix) => {
                let prefix = std::path::absolute(prefix).map_err(|error| error.to_string())?;
                Ok(prefix.join("share").join("jupyter"))
            }
        }
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn user() -> Option<PathBuf> {
    if let Some(folder) = variable("JUPYTER_DATA_DIR") {
        return Some(folder);
    }
    if cfg!(windows) {
        return Some(variable("APPDATA")?.join("jupyter"));
    }
    let home = variable("HOME")?;
    if cfg!(target_os = "macos") {
        return Some(home.join("Library").join("Jupyter"));
    }
    let data = variable("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local").join("share"));
    Some(data.join("jupyter"))
}

/// The folder of the Python environment: the active one, else that of the Python on the path.
fn sys_prefix() -> Result<PathBuf, String> {
    if let Some(prefix) = variable("VIRTUAL_ENV").or_else(|| variable("CONDA_PREFIX")) {
        return Ok(prefix);
    }
    for python in ["python3", "python"] {
        let asked = Command::new(python).args(["-c", "import sys; print(sys.prefix)"]).output();
        if let Ok(output) = asked
            && output.status.success()
        {
            return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
    }
    Err("no Python is on the path and no environment is active: use --prefix".to_owned())
}

/// All folders of Jupyter's data, the first one first.
pub fn data_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(path) = std::env::var_os("JUPYTER_PATH") {
        folders.extend(std::env::split_paths(&path).filter(|p| !p.as_os_str().is_empty()));
    }
    folders.extend(user());
    folders.extend(sys_prefix().ok().map(|prefix| prefix.join("share").join("jupyter")));
    if !cfg!(windows) {
        folders.extend(["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from));
    }
    let mut seen = std::collections::HashSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}
