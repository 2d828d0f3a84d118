//! The command line of `convac-kernel`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use convac::evaluate::Settings;
use convac::session::{History, history_path};
use tokio::sync::mpsc;

use crate::engine::Convac;
use crate::install::{self, InstallArgs, UninstallArgs};
use crate::kernel::{Kernel, Stopper};
use crate::protocol::Signer;
use crate::transport::{ConnectionFile, log, open};

/// Errors of the command line and of the connection file.
const USAGE: u8 = 2;
/// The kernel cannot start.
const FAILED: u8 = 1;

/// The Jupyter kernel of convac.
#[derive(Debug, Parser)]
#[command(name = "convac-kernel", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    /// Serve the connection that this file describes (what Jupyter does).
    #[arg(short = 'f', long, value_name = "FILE")]
    connection_file: Option<PathBuf>,
    /// Threads of comprehensions; all cores without it.
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell Jupyter about the kernel.
    Install(InstallArgs),
    /// Take the kernel away from Jupyter.
    Uninstall(UninstallArgs),
    /// Look whether everything is in its place, and start a kernel to try it.
    Doctor,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match (cli.command, cli.connection_file) {
        (Some(Command::Install(args)), _) => install::install(&args),
        (Some(Command::Uninstall(args)), _) => install::uninstall(&args),
        (Some(Command::Doctor), _) => return install::doctor(),
        (None, Some(file)) => return serve(&file, cli.threads),
        (None, None) => {
            eprintln!("convac-kernel: what to do? `convac-kernel install` tells Jupyter about it");
            return ExitCode::from(USAGE);
        }
    };
    match result {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("convac-kernel: {why}");
            ExitCode::from(FAILED)
        }
    }
}

fn serve(path: &Path, threads: Option<std::num::NonZeroUsize>) -> ExitCode {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            log::warn(&format!("cannot read {}: {error}", path.display()));
            return ExitCode::from(USAGE);
        }
    };
    let read = ConnectionFile::read(&text).and_then(|file| {
        let signer = Signer::new(&file.scheme, &file.key).map_err(|scheme| {
            crate::transport::ConnectionError(format!("the signature scheme {:?}", scheme.0))
        })?;
        Ok((file, signer))
    });
    let (file, signer) = match read {
        Ok(read) => read,
        Err(error) => {
            log::warn(&error.to_string());
            return ExitCode::from(USAGE);
        }
    };
    // The thread of the sockets does nothing else, so that the heart beats while cells compute.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::warn(&format!("cannot start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let mut settings = Settings::default();
    if let Some(threads) = threads {
        settings.threads = threads.get();
    }
    let code = runtime.block_on(async {
        let sockets = match open(&file).await {
            Ok(sockets) => sockets,
            Err(error) => {
                log::warn(&error.to_string());
                return FAILED;
            }
        };
        if let Err(error) = file.rewrite(path, sockets.ports) {
            log::warn(&format!("cannot write the ports to {}: {error}", path.display()));
            return FAILED;
        }
        let signals = signals();
        let (history, warning) = match history_path() {
            Some(path) => History::open(&path),
            None => (History::in_memory(), None),
        };
        if let Some(warning) = warning {
            log::warn(&warning.message);
        }
        let username = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
        let kernel = Kernel::new(
            Convac::new(settings, history),
            signer,
            username.as_deref().unwrap_or("user"),
        );
        kernel.run(sockets.wire, signals).await;
        sockets.leftovers.remove();
        0
    });
    convac::builtins::remove_unfinished();
    // A cell may still be on its way to its end; nobody waits for it any more.
    std::process::exit(i32::from(code))
}

/// What the system asks: Ctrl-C interrupts, SIGTERM ends, and so does the end of the process that
/// started the kernel.
fn signals() -> mpsc::UnboundedReceiver<Stopper> {
    let (tell, signals) = mpsc::unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, meaning) in [
            (SignalKind::interrupt(), Stopper::Interrupt),
            (SignalKind::terminate(), Stopper::Stop),
            (SignalKind::hangup(), Stopper::Stop),
        ] {
            let tell = tell.clone();
            match signal(kind) {
                Ok(mut signal) => drop(tokio::spawn(async move {
                    while signal.recv().await.is_some() {
                        // The kernel has ended when nobody hears this.
                        let _ = tell.send(meaning);
                    }
                })),
                Err(error) => log::warn(&format!("cannot handle a signal: {error}")),
            }
        }
    }
    #[cfg(not(unix))]
    {
        let tell = tell.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let _ = tell.send(Stopper::Interrupt);
            }
        });
    }
    tokio::spawn(watch_parent(tell));
    signals
}

/// Jupyter says which process starts a kernel: without it nobody could end the kernel.
async fn watch_parent(tell: mpsc::UnboundedSender<Stopper>) {
    #[cfg(unix)]
    {
        let parent = std::env::var("JPY_PARENT_PID").ok().and_then(|id| id.parse::<u32>().ok());
        // Started through another program: its end says nothing about Jupyter's.
        let Some(parent) =
            parent.filter(|id| *id > 1 && std::os::unix::process::parent_id() == *id)
        else {
            return;
        };
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let _ = tell.send(Stopper::Stop);
    }
    #[cfg(not(unix))]
    drop(tell);
}
