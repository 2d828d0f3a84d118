//! The requests that wait for the thread of cells, and what aborts them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::protocol::{Date, Header, Message, Request, now};

/// How long after a failed cell a request may still have been on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// A request on shell.
#[derive(Debug)]
pub struct Job {
    /// What is asked.
    pub request: Request,
    /// The message without its content.
    pub message: Message,
    /// Whether it must not run.
    pub aborted: bool,
    arrived: Instant,
}

/// Shared by the task that reads requests and the thread that runs them.
#[derive(Clone)]
pub struct Queue {
    state: Arc<(Mutex<State>, Condvar)>,
    stop: Arc<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Whether a cell runs.
    running: bool,
    /// Whether the cell that runs was told to stop.
    interrupted: bool,
    closed: bool,
    failed: Option<Failed>,
    /// The answer to a question: none asked, asked, given.
    question: Question,
}

/// A cell that failed and wants those sent before its reply not to run.
struct Failed {
    session: String,
    at: Instant,
    date: Date,
}

#[derive(Default, PartialEq, Eq)]
enum Question {
    #[default]
    None,
    Asked,
    Answered(String),
}

impl Queue {
    /// An empty queue; `stop` stops the cell that runs.
    pub fn new(stop: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { state: Arc::default(), stop }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request waits.
    pub fn push(&self, request: Request, message: Message) {
        let job = Job { request, message, aborted: false, arrived: Instant::now() };
        self.lock().jobs.push_back(job);
        self.state.1.notify_all();
    }

    /// The next request; waits for it. `None` when the kernel ends. A cell that is to run counts as
    /// running from here on, so that no interrupt falls between two states; `clear` makes the
    /// engine ready for it.
    pub fn take(&self, clear: impl Fn()) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(mut job) = state.jobs.pop_front() {
                if let Some(failed) = &state.failed {
                    if failed.covers(&job) {
                        job.aborted = true;
                    } else if failed.at.elapsed() > ON_ITS_WAY {
                        state.failed = None;
                    }
                }
                if matches!(job.request, Request::Execute(_)) && !job.aborted {
                    clear();
                    state.running = true;
                    state.interrupted = false;
                }
                return Some(job);
            }
            state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A cell has ended; true if it was interrupted.
    pub fn end(&self, clear: impl FnOnce()) -> bool {
        let mut state = self.lock();
        state.running = false;
        state.question = Question::None;
        clear();
        std::mem::take(&mut state.interrupted)
    }

    /// A cell failed: what the same client sent before it could know that is aborted. Requests
    /// are on their way for a while, so those count whose sender wrote them before now.
    pub fn abort_behind(&self, header: &Header) {
        let session = header.session.clone();
        self.lock().failed = Some(Failed { session, at: Instant::now(), date: now() });
    }

    /// Stops the cell that runs and aborts those that wait; requests that come from now on run.
    pub fn interrupt(&self) {
        let mut state = self.lock();
        if !state.running {
            return;
        }
        state.interrupted = true;
        for job in &mut state.jobs {
            if matches!(job.request, Request::Execute(_)) {
                job.aborted = true;
            }
        }
        (self.stop)();
        self.state.1.notify_all();
    }

    /// Ends the thread of cells after the cell that runs.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.interrupted = true;
        (self.stop)();
        self.state.1.notify_all();
    }

    /// Says that a question is about to be asked.
    pub fn ask(&self) {
        self.lock().question = Question::Asked;
    }

    /// Waits for the answer; `None` if the user interrupts.
    pub fn answer(&self) -> Option<String> {
        let mut state = self.lock();
        loop {
            if state.interrupted || state.closed {
                state.question = Question::None;
                return None;
            }
            if let Question::Answered(_) = &state.question
                && let Question::Answered(answer) = std::mem::take(&mut state.question)
            {
                return Some(answer);
            }
            state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An answer came; one to no question is dropped.
    pub fn answered(&self, answer: String) {
        let mut state = self.lock();
        if state.question == Question::Asked {
            state.question = Question::Answered(answer);
            self.state.1.notify_all();
        }
    }
}

impl Failed {
    fn covers(&self, job: &Job) -> bool {
        if !matches!(job.request, Request::Execute(_)) || job.message.header.session != self.session
        {
            return false;
        }
        if job.arrived <= self.at {
            return true;
        }
        // Sent before the reply went out, by the sender's clock; a clock that is wrong must not
        // abort cells for longer than a message is on its way.
        let early = job.message.header.date.is_some_and(|date| date < self.date);
        early && job.arrived.saturating_duration_since(self.at) <= ON_ITS_WAY
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::protocol::{Reply, Sender, Signer, Topic};

    fn cell() -> (Request, Message) {
        let signer = Signer::new("hmac-sha256", "").unwrap();
        let content = serde_json::json!({ "code": "1" });
        let reply = Reply::new("execute_request", content);
        let frames = Sender::new(signer.clone(), "me").frames(&Topic::To(&[]), None, &reply);
        let message = Message::read(frames, &signer).unwrap();
        (Request::read("execute_request", message.content.clone()), message)
    }

    #[test]
    fn an_interrupt_never_falls_between_waiting_and_running() {
        let stops = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&stops);
        let queue = Queue::new(Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        queue.interrupt();
        assert_eq!(stops.load(Ordering::SeqCst), 0, "nothing runs");
        for _ in 0..2 {
            let (request, message) = cell();
            queue.push(request, message);
        }
        assert!(!queue.take(|| ()).unwrap().aborted);
        // The cell was taken and has not begun yet.
        queue.interrupt();
        assert_eq!(stops.load(Ordering::SeqCst), 1);
        assert!(queue.end(|| ()), "it was interrupted");
        assert!(queue.take(|| ()).unwrap().aborted, "the next one waited");
        queue.interrupt();
        assert_eq!(stops.load(Ordering::SeqCst), 1, "an aborted one does not run");
        queue.close();
        assert!(queue.take(|| ()).is_none());
    }

    #[test]
    fn an_answer_ends_a_question_and_an_early_one_is_dropped() {
        let queue = Queue::new(Arc::new(|| ()));
        queue.answered("early".to_owned());
        queue.ask();
        queue.answered("right".to_owned());
        queue.answered("late".to_owned());
        assert_eq!(queue.answer().as_deref(), Some("right"));
    }
}
