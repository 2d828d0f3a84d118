//! The terminal's keyboard, between the terminal and the line editor.
//!
//! The editor reads a terminal of its own, into which a thread writes what was typed, made fit
//! for it ([`super::typed`]). So the real terminal is ours at all times: what is typed while
//! something runs is not echoed into its output but waits, Ctrl-C reaches what runs, other
//! programs get the terminal as they know it, and it is left as it was found, however the session
//! ends.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{
    InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcgetattr,
    tcsetattr,
};
use nix::unistd::Pid;

use super::typed::Typed;

/// Who has the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The line editor: every key is for it.
    Editor,
    /// A computation: keys wait, Ctrl-C and its like are signals.
    Program,
    /// Another program, or the shell.
    Other,
}

/// The terminal and how it was found.
#[derive(Debug)]
struct Terminal {
    device: OwnedFd,
    found: Mutex<Termios>,
    owner: Mutex<Owner>,
    changed: Condvar,
}

static TERMINAL: OnceLock<Arc<Terminal>> = OnceLock::new();

/// Takes the keyboard for the line editor; from then on a computation has the terminal. False if
/// there is none to take, or no second terminal can be made: then the editor has to read the
/// real one.
pub fn take(vi: bool) -> bool {
    let taken = || -> nix::Result<()> {
        let device = owned(std::io::stdin().as_fd())?;
        let found = tcgetattr(&device)?;
        let mut second = found.clone();
        cfmakeraw(&mut second);
        let pair = nix::pty::openpty(None, &second)?;
        let end = owned(pair.master.as_fd())?;
        nix::unistd::dup2_stdin(&pair.slave)?;
        let terminal = Arc::new(Terminal {
            device,
            found: Mutex::new(found),
            owner: Mutex::new(Owner::Program),
            changed: Condvar::new(),
        });
        if TERMINAL.set(Arc::clone(&terminal)).is_ok() {
            terminal.hand_to(Owner::Program);
            std::thread::spawn(move || terminal.relay(&mut File::from(end), vi));
        }
        Ok(())
    };
    is_taken() || taken().is_ok()
}

/// Whether the keyboard was taken.
pub fn is_taken() -> bool {
    TERMINAL.get().is_some()
}

/// The same device once more, which other programs do not inherit.
fn owned(device: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    device
        .try_clone_to_owned()
        .map_err(|error| error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw))
}

/// Gives the terminal to the editor until the value goes.
#[must_use = "the editor has the keyboard as long as this lives"]
pub fn listen() -> Turn {
    Turn::of(Owner::Editor)
}

/// Gives the terminal to another program until the value goes.
#[must_use = "the program has the terminal as long as this lives"]
pub fn lend() -> Turn {
    Turn::of(Owner::Other)
}

/// How the terminal was before what is typed became invisible.
static SEEN: Mutex<Option<Termios>> = Mutex::new(None);

/// Hides what is typed where there is no editor, until the value goes.
#[must_use = "what is typed is hidden as long as this lives"]
pub fn hide() -> Hidden {
    if let Ok(found) = tcgetattr(std::io::stdin()) {
        let mut hidden = found.clone();
        hidden.local_flags &= !LocalFlags::ECHO;
        hidden.local_flags |= LocalFlags::ECHONL;
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &hidden);
        *SEEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
    Hidden
}

/// What is typed is not seen.
pub struct Hidden;

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(found) = SEEN.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &found);
        }
    }
}

/// Leaves the terminal as it was found.
pub fn restore() {
    drop(Hidden);
    if let Some(terminal) = TERMINAL.get() {
        let had = terminal.hand_to(Owner::Other);
        if had == Owner::Editor {
            // The editor asked for marks around pastes, and what comes next begins a line.
            let _ = std::io::stderr().write_all(b"\x1b[?2004l\r\n");
        }
    }
}

/// Ctrl-Z: stops the process and all others of its job, and goes on when the shell says so.
pub fn suspend() {
    let Some(terminal) = TERMINAL.get() else { return };
    let had = terminal.hand_to(Owner::Other);
    let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    terminal.hand_to(had);
}

/// The real terminal, for the standard input of another program.
pub fn for_others() -> Stdio {
    let device = TERMINAL.get().and_then(|terminal| terminal.device.try_clone().ok());
    device.map_or_else(Stdio::inherit, Stdio::from)
}

/// The terminal in the hands of somebody for a while.
pub struct Turn {
    had: Option<Owner>,
}

impl Turn {
    fn of(owner: Owner) -> Self {
        Self { had: TERMINAL.get().map(|terminal| terminal.hand_to(owner)) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let (Some(had), Some(terminal)) = (self.had, TERMINAL.get()) {
            terminal.hand_to(had);
        }
    }
}

impl Terminal {
    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who had it before.
    fn hand_to(&self, next: Owner) -> Owner {
        let mut owner = self.owner();
        let mut how = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let one_key = |how: &mut Termios| {
            how.input_flags &= !InputFlags::ICRNL;
            how.local_flags &= !(LocalFlags::ECHO | LocalFlags::ICANON);
            how.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
            how.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        };
        match next {
            Owner::Editor => {
                one_key(&mut how);
                how.input_flags &= !(InputFlags::BRKINT
                    | InputFlags::INPCK
                    | InputFlags::ISTRIP
                    | InputFlags::IXON);
                how.local_flags &= !(LocalFlags::IEXTEN | LocalFlags::ISIG);
            }
            Owner::Program => one_key(&mut how),
            Owner::Other => {}
        }
        // A terminal that went away needs nothing any more.
        let _ = tcsetattr(&self.device, SetArg::TCSANOW, &how);
        self.changed.notify_all();
        std::mem::replace(&mut *owner, next)
    }

    /// Whether something was typed, after so long at most.
    fn has_keys(&self, patience: PollTimeout) -> bool {
        let mut devices = [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
        poll(&mut devices, patience).is_ok_and(|count| count > 0)
    }

    /// Hands on what is typed while the editor has the terminal, until there is no terminal.
    fn relay(&self, editor: &mut File, vi: bool) {
        // How long a burst of keys may pause: what follows decides what its last Enter means.
        let pause = PollTimeout::from(10_u8);
        let mut typed = Typed::new(vi);
        let mut keys = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            self.wait_for_keys();
            keys.clear();
            loop {
                let owner = self.owner();
                if *owner != Owner::Editor || !self.has_keys(PollTimeout::ZERO) {
                    break;
                }
                match nix::unistd::read(&self.device, &mut buffer) {
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    // The editor sees the end of its terminal too.
                    Ok(0) | Err(_) => return,
                    Ok(count) => keys.extend_from_slice(&buffer[..count]),
                }
                drop(owner);
                let goes_on = keys.len() > 1 && keys.ends_with(b"\r");
                if !goes_on || !self.has_keys(pause) {
                    break;
                }
            }
            if !keys.is_empty() && editor.write_all(&typed.pass(&keys)).is_err() {
                return;
            }
        }
    }

    /// Waits until something was typed while the editor has the terminal.
    fn wait_for_keys(&self) {
        loop {
            let mut owner = self.owner();
            while *owner != Owner::Editor {
                owner = self.changed.wait(owner).unwrap_or_else(PoisonError::into_inner);
            }
            drop(owner);
            // Not with the lock: the editor may give the terminal away in the meantime.
            if self.has_keys(PollTimeout::NONE) && *self.owner() == Owner::Editor {
                return;
            }
        }
    }
}
