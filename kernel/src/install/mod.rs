//! Telling Jupyter about the kernel: `install`, `uninstall`, `doctor`.

mod doctor;
mod folders;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

pub use doctor::doctor;
pub use folders::{Base, data_folders};

/// Where a kernel is installed.
#[derive(Debug, Args)]
pub struct Place {
    /// For this user (what happens without a place).
    #[arg(long, conflicts_with_all = ["sys_prefix", "prefix"])]
    user: bool,
    /// For the Python environment that is active.
    #[arg(long, conflicts_with = "prefix")]
    sys_prefix: bool,
    /// Below a folder: in PREFIX/share/jupyter.
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<PathBuf>,
}

impl Place {
    fn base(&self) -> Base {
        match (&self.prefix, self.sys_prefix) {
            (Some(prefix), _) => Base::Prefix(prefix.clone()),
            (None, true) => Base::SysPrefix,
            (None, false) => Base::User,
        }
    }
}

/// `convac-kernel install`
#[derive(Debug, Args)]
pub struct InstallArgs {
    #[command(flatten)]
    place: Place,
    /// The name by which Jupyter knows the kernel.
    #[arg(long, default_value = DEFAULT_NAME, value_parser = name)]
    name: String,
    /// The name that users see.
    #[arg(long, default_value = "ConvAC")]
    display_name: String,
}

/// `convac-kernel uninstall`
#[derive(Debug, Args)]
pub struct UninstallArgs {
    #[command(flatten)]
    place: Place,
    /// The name by which Jupyter knows the kernel.
    #[arg(long, default_value = DEFAULT_NAME, value_parser = name)]
    name: String,
}

const DEFAULT_NAME: &str = "convac";

fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || !text.chars().all(fits) || text.starts_with('.') {
        return Err("a name has letters, digits, `.`, `_` and `-`".to_owned());
    }
    // Jupyter compares names without regard to case.
    Ok(text.to_lowercase())
}

/// The logos of the kernel.
const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-32x32.png", include_bytes!("../../data/logo-32x32.png")),
    ("logo-64x64.png", include_bytes!("../../data/logo-64x64.png")),
    ("logo-svg.svg", include_bytes!("../../data/logo-svg.svg")),
];

/// The extension that colours cells in JupyterLab and Notebook 7.
const EXTENSION: [(&str, &[u8]); 3] = [
    ("package.json", include_bytes!("../../data/labextension/package.json")),
    ("install.json", include_bytes!("../../data/labextension/install.json")),
    ("static/remoteEntry.js", include_bytes!("../../data/labextension/static/remoteEntry.js")),
];

/// The folder of the extension below `labextensions`.
const EXTENSION_NAME: &str = "convac";

/// The text of `kernel.json`.
fn kernel_json(program: &str, display_name: &str) -> String {
    let spec = json!({
        "argv": [program, "--connection-file", "{connection_file}"],
        "display_name": display_name,
        "language": "convac",
        "interrupt_mode": "message",
        "kernel_protocol_version": crate::protocol::VERSION,
        "metadata": { "debugger": false },
    });
    serde_json::to_string_pretty(&spec).unwrap_or_default() + "\n"
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    std::fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Writes the specification, the logos and the extension; gives what to tell the user.
///
/// # Errors
/// What cannot be written, or that no Python environment is active.
pub fn install(args: &InstallArgs) -> Result<String, String> {
    let data = args.place.base().data_folder()?;
    let program = std::env::current_exe()
        .map_err(|error| format!("cannot tell where this program is: {error}"))?;
    let program = program.to_str().ok_or_else(|| {
        format!("the name of {} is no UTF-8: JSON cannot hold it", program.display())
    })?;
    let folder = data.join("kernels").join(&args.name);
    write(&folder.join("kernel.json"), kernel_json(program, &args.display_name).as_bytes())?;
    for (file, bytes) in LOGOS {
        write(&folder.join(file), bytes)?;
    }
    let extension = data.join("labextensions").join(EXTENSION_NAME);
    for (file, bytes) in EXTENSION {
        write(&extension.join(file), bytes)?;
    }
    Ok(format!(
        "installed the kernel {} in {}\nnext: jupyter lab, or convac-kernel doctor\n",
        args.name,
        folder.display()
    ))
}

/// Removes what `install` wrote; gives what to tell the user.
///
/// # Errors
/// That there is no such kernel, or what cannot be removed.
pub fn uninstall(args: &UninstallArgs) -> Result<String, String> {
    let data = args.place.base().data_folder()?;
    let folder = data.join("kernels").join(&args.name);
    let spec = folder.join("kernel.json");
    let text = std::fs::read_to_string(&spec)
        .map_err(|error| format!("there is no kernel in {}: {error}", folder.display()))?;
    let spec: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if spec["language"] != "convac" {
        return Err(format!("{} is another language's kernel", folder.display()));
    }
    let remove = |folder: &Path| {
        std::fs::remove_dir_all(folder)
            .map_err(|error| format!("cannot remove {}: {error}", folder.display()))
    };
    remove(&folder)?;
    // The extension serves every kernel of this language; the last one takes it along.
    let extension = data.join("labextensions").join(EXTENSION_NAME);
    if extension.is_dir() && !doctor::specs(&data).iter().any(|spec| spec.is_convac) {
        remove(&extension)?;
    }
    Ok(format!("removed {}\n", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_jupyter_takes() {
        assert_eq!(name("ConvAC-2.x_y").as_deref(), Ok("convac-2.x_y"));
        for bad in ["", "a b", "a/b", "ä", "..", ".hidden"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_specification_names_no_newer_protocol_than_is_spoken() {
        let text = kernel_json("/bin/convac-kernel", "ConvAC");
        let spec: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(spec["kernel_protocol_version"], "5.5");
        assert_eq!(spec["interrupt_mode"], "message");
        assert_eq!(spec["argv"][2], "{connection_file}");
    }
}
