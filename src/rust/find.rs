//! Where the helper is.

use std::path::{Path, PathBuf};

use super::Refusal;

/// The name of the program.
const PROGRAM: &str = "convac-rust-cells";

/// The variable that names another one.
const VARIABLE: &str = "CONVAC_RUST_CELLS";

/// The program: the one that `CONVAC_RUST_CELLS` names, else one beside this program, on the path or
/// where cargo installs programs.
pub(super) fn find() -> Result<PathBuf, Refusal> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        if named.is_file() {
            return Ok(named);
        }
        return Err(Refusal::Missing {
            what: format!("{VARIABLE} names {}, and there is no such program", named.display()),
            hint: format!("unset {VARIABLE}"),
        });
    }
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(PROGRAM)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(PROGRAM));
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .map(|home| home.join("bin").join(PROGRAM));
    let mut places = beside.into_iter().chain(on_path).chain(cargo);
    places.find(|place| Path::is_file(place)).ok_or_else(|| Refusal::Missing {
        what: format!("the helper for Rust cells, the program `{PROGRAM}`, is not installed"),
        hint: "cargo install --locked --path kernel/rust-cells".into(),
    })
}

/// The memory that cells may take unless they say something else: three quarters of what there is, so
/// that a cell that takes too much ends and not the notebook.
pub(super) fn usual_memory() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = table.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    // A container may have less.
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits =
        groups.iter().filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok());
    let all = limits.chain([kilobytes.saturating_mul(1024)]).min()?;
    Some(all / 4 * 3)
}
