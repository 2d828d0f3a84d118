//! Processes: limits of the runtime, and stopping compilers.

use std::collections::HashMap;
use std::process::exit;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process};

/// The memory that cells may take, in bytes of address space, for a runtime that is started.
pub const MEMORY: &str = "CONVAC_RUST_MEMORY";

/// What the runtime does before it runs anything: it does not outlive the process that started it,
/// and takes no more memory than it may.
pub fn prepare_runtime() {
    #[cfg(target_os = "linux")]
    {
        let parent = rustix::process::getppid();
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
        if rustix::process::getppid() != parent {
            exit(1);
        }
    }
    if let Some(bytes) = std::env::var(MEMORY).ok().and_then(|bytes| bytes.parse().ok()) {
        let limit = soft_limit(bytes);
        if let Err(error) = rustix::process::setrlimit(Resource::As, limit) {
            eprintln!("the limit of memory cannot be set: {error}");
            exit(1);
        }
    }
}

/// A limit that can be changed later: the hard one, which the processes of the helper share, stays.
fn soft_limit(bytes: u64) -> Rlimit {
    let maximum = rustix::process::getrlimit(Resource::As).maximum;
    Rlimit { current: Some(maximum.map_or(bytes, |maximum| maximum.min(bytes))), maximum }
}

/// The parents of all processes.
#[cfg(target_os = "linux")]
fn parents() -> HashMap<i32, i32> {
    let mut found = HashMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else { return found };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // `pid (name) state parent …`; the name may hold anything.
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        if let Some(parent) = rest.split_whitespace().nth(1).and_then(|parent| parent.parse().ok())
        {
            found.insert(pid, parent);
        }
    }
    found
}

/// The parents of all processes.
#[cfg(not(target_os = "linux"))]
fn parents() -> HashMap<i32, i32> {
    let listed = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let Ok(output) = listed else { return HashMap::new() };
    let pair = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(pair).collect()
}

/// Kills what this process has started and what that has started, but for one child with its own.
pub fn kill_children_but(spared: Option<u32>) {
    let parents = parents();
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let spared = spared.and_then(|pid| i32::try_from(pid).ok());
    for pid in parents.keys() {
        let mut line = vec![*pid];
        while let Some(parent) = line.last().and_then(|pid| parents.get(pid)) {
            if line.contains(parent) {
                break;
            }
            line.push(*parent);
        }
        let Some(at) = line.iter().position(|pid| *pid == me).filter(|at| *at > 0) else {
            continue;
        };
        if Some(line[at - 1]) != spared
            && let Some(pid) = Pid::from_raw(*pid)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// The processes that one has started.
pub fn children(pid: u32) -> Vec<u32> {
    let pid = i32::try_from(pid).unwrap_or(0);
    let all = parents().into_iter().filter(|(_, parent)| *parent == pid);
    all.filter_map(|(child, _)| u32::try_from(child).ok()).collect()
}

/// Changes how much memory a running process may take.
#[cfg(target_os = "linux")]
pub fn limit_memory(pid: u32, bytes: u64) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else { return false };
    rustix::process::prlimit(Some(pid), Resource::As, soft_limit(bytes)).is_ok()
}

/// Changes how much memory a running process may take.
#[cfg(not(target_os = "linux"))]
pub fn limit_memory(_pid: u32, _bytes: u64) -> bool {
    false
}
