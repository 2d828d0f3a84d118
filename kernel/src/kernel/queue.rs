//! The requests that wait for the thread of cells, and what aborts them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::protocol::{Header, Message, Request};

/// After a failed cell: when nothing came for so long, what the client sent before has arrived.
const QUIET: Duration = Duration::from_millis(10);

/// The longest time that a failed cell waits for that.
const SETTLED: Duration = Duration::from_millis(100);

/// A request on shell.
#[derive(Debug)]
pub struct Job {
    /// What is asked.
    pub request: Request,
    /// The message without its content.
    pub message: Message,
    /// Whether it must not run.
    pub aborted: bool,
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
    /// The answer to a question: none asked, asked, given.
    question: Question,
}

#[derive(Default, PartialEq, Eq)]
enum Question {
    #[default]
    None,
    /// Of the client with these identities: nobody else may answer.
    Asked(Vec<Bytes>),
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
        let job = Job { request, message, aborted: false };
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
            if let Some(job) = state.jobs.pop_front() {
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

    /// A cell failed, and its reply has not gone out: aborts what the same client has sent behind it.
    /// That may still be on its way, so this waits until nothing more comes; what the client sends
    /// after the reply runs.
    pub fn abort_behind(&self, header: &Header) {
        let begin = Instant::now();
        let mut state = self.lock();
        loop {
            let before = state.jobs.len();
            let waited = self.state.1.wait_timeout(state, QUIET);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.jobs.len() == before || state.closed || begin.elapsed() > SETTLED {
                break;
            }
        }
        for job in &mut state.jobs {
            job.aborted |= is_cell(job) && job.message.header.session == header.session;
        }
    }

    /// Stops the cell that runs and aborts those that wait; requests that come from now on run.
    pub fn interrupt(&self) {
        let mut state = self.lock();
        for job in &mut state.jobs {
            job.aborted |= is_cell(job);
        }
        if !state.running {
            return;
        }
        state.interrupted = true;
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

    /// Says that a question is about to be asked of the client with these identities.
    pub fn ask(&self, identities: &[Bytes]) {
        self.lock().question = Question::Asked(identities.to_vec());
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

    /// An answer came; one to no question, or from another client, is dropped.
    pub fn answered(&self, identities: &[Bytes], answer: String) {
        let mut state = self.lock();
        if matches!(&state.question, Question::Asked(asked) if asked == identities) {
            state.question = Question::Answered(answer);
            self.state.1.notify_all();
        }
    }
}

fn is_cell(job: &Job) -> bool {
    matches!(job.request, Request::Execute(_))
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
    fn an_interrupt_aborts_what_waits_even_while_nothing_runs() {
        let queue = Queue::new(Arc::new(|| ()));
        let (request, message) = cell();
        queue.push(request, message);
        queue.interrupt();
        assert!(queue.take(|| ()).unwrap().aborted);
        let (request, message) = cell();
        queue.push(request, message);
        assert!(!queue.take(|| ()).unwrap().aborted, "sent after the interrupt");
    }

    #[test]
    fn an_answer_ends_a_question_and_an_early_one_is_dropped() {
        let queue = Queue::new(Arc::new(|| ()));
        let (me, other) = ([Bytes::from_static(b"me")], [Bytes::from_static(b"other")]);
        queue.answered(&me, "early".to_owned());
        queue.ask(&me);
        queue.answered(&other, "of another client".to_owned());
        queue.answered(&me, "right".to_owned());
        queue.answered(&me, "late".to_owned());
        assert_eq!(queue.answer().as_deref(), Some("right"));
    }
}
