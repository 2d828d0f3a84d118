//! Functions of Rust cells, called from here in batches.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Cells, Refusal, cac};
use crate::interrupt::Interrupt;

/// How often the flag is read that stops a call, in milliseconds.
const GLANCE: u8 = 15;

/// A function of a Rust cell.
pub struct RustFunction {
    name: String,
    arity: usize,
    signature: String,
    socket: PathBuf,
    /// The way to it; calls go one after the other.
    stream: Mutex<Option<UnixStream>>,
    /// How many processes have held what cells made, now and when this function was made.
    generation: Arc<AtomicU64>,
    own: u64,
    cells: Cells,
}

impl std::fmt::Debug for RustFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fn {}{}", self.name, self.signature)
    }
}

impl RustFunction {
    pub(super) fn new(
        name: &str,
        arity: usize,
        signature: &str,
        socket: PathBuf,
        generation: Arc<AtomicU64>,
        cells: Cells,
    ) -> Self {
        let own = generation.load(Ordering::Relaxed);
        Self {
            name: name.into(),
            arity,
            signature: signature.into(),
            socket,
            stream: Mutex::new(None),
            generation,
            own,
            cells,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of its parameters.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// `(f64, Vec<i64>) -> bool`
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The cells of which it is one.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The results of so many calls, as one list; each column holds one parameter of all of them.
    ///
    /// # Errors
    /// The first call that fails; that its process is gone; that the user stopped it, which ends its
    /// process.
    pub fn call(
        &self,
        calls: usize,
        columns: Vec<cac::Value>,
        interrupt: &Interrupt,
    ) -> Result<cac::Value, Refusal> {
        let mut slot = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::Relaxed) != self.own {
            *slot = None;
            // Calls of other threads wait here while one is stopped.
            if interrupt.is_triggered() {
                return Err(Refusal::Stopped { lost: true });
            }
            return Err(Refusal::FunctionGone);
        }
        let mut stream = match slot.take() {
            Some(stream) => stream,
            None => match UnixStream::connect(&self.socket) {
                Ok(stream) => stream,
                Err(_) => return Err(self.cells.end_runtime(self.own, interrupt)),
            },
        };
        let mut patient = Patient { stream: &mut stream, interrupt };
        match cac::ask(&mut patient, calls, columns) {
            Ok(answer) => {
                *slot = Some(stream);
                answer.map_err(Refusal::Fault)
            }
            // It still runs, and nothing but the end of its process stops it; or it has ended that.
            Err(_) => Err(self.cells.end_runtime(self.own, interrupt)),
        }
    }
}

/// A stream that is read as long as nobody wants to stop.
struct Patient<'s> {
    stream: &'s mut UnixStream,
    interrupt: &'s Interrupt,
}

impl Patient<'_> {
    fn wait(&self, flags: PollFlags) -> std::io::Result<()> {
        loop {
            if self.interrupt.is_triggered() {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            let mut fds = [PollFd::new(self.stream.as_fd(), flags)];
            match poll(&mut fds, PollTimeout::from(GLANCE)) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.wait(PollFlags::POLLIN)?;
        self.stream.read(buffer)
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.wait(PollFlags::POLLOUT)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}
