//! Where the outputs of one cell go: to the actor of iopub, with the header of their request.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use tokio::sync::mpsc;

use super::engine::{Bundle, NoAnswer, Output};
use super::iopub::Publish;
use super::queue::Queue;
use super::spill::Spill;
use crate::protocol::{Header, Message, Reply, Sender, Topic};
use crate::transport::Channel;

/// The outputs of one cell.
pub struct Outlet {
    pub(super) parent: Arc<Header>,
    pub(super) number: u64,
    /// Nothing is shown.
    pub(super) silent: bool,
    pub(super) iopub: mpsc::UnboundedSender<Publish>,
    pub(super) questions: Option<Questions>,
    pub(super) spill: Mutex<Spill>,
    /// The pages, which come with the reply.
    pub(super) pages: Mutex<Vec<Bundle>>,
}

/// How a cell asks its user.
pub(super) struct Questions {
    pub identities: Vec<Bytes>,
    pub sender: Arc<Sender>,
    pub to_clients: mpsc::UnboundedSender<(Channel, Vec<Bytes>)>,
    pub queue: Queue,
}

impl Questions {
    pub fn new(
        message: &Message,
        sender: &Arc<Sender>,
        to_clients: &mpsc::UnboundedSender<(Channel, Vec<Bytes>)>,
        queue: &Queue,
    ) -> Self {
        Self {
            identities: message.identities.clone(),
            sender: Arc::clone(sender),
            to_clients: to_clients.clone(),
            queue: queue.clone(),
        }
    }
}

impl Outlet {
    /// Publishes a message.
    pub(super) fn send(&self, kind: &'static str, content: Json, metadata: Json) {
        if self.silent {
            return;
        }
        let reply = Reply { kind, content, metadata };
        let parent = Some(Arc::clone(&self.parent));
        // The actor lives as long as the process.
        let _ = self.iopub.send(Publish::Message { parent, reply });
    }

    /// The pages as the payload of the reply.
    pub(super) fn payload(&self) -> Vec<Json> {
        let pages = std::mem::take(&mut *self.pages.lock().unwrap_or_else(PoisonError::into_inner));
        let payload = |page: Bundle| json!({ "source": "page", "data": page.data, "start": 0 });
        pages.into_iter().map(payload).collect()
    }

    fn shown(&self, kind: &'static str, bundle: Bundle, id: Option<&str>) {
        let mut content = json!({ "data": bundle.data, "metadata": bundle.metadata });
        if let Some(content) = content.as_object_mut() {
            let mut transient = Map::new();
            if let Some(id) = id {
                transient.insert("display_id".to_owned(), Json::from(id));
            }
            if kind == "execute_result" {
                content.insert("execution_count".to_owned(), Json::from(self.number));
            }
            content.insert("transient".to_owned(), Json::Object(transient));
        }
        self.send(kind, content, json!({}));
    }
}

impl Output for Outlet {
    fn stream(&self, name: &'static str, text: &str) {
        if self.silent || text.is_empty() {
            return;
        }
        let mut spill = self.spill.lock().unwrap_or_else(PoisonError::into_inner);
        let (shown, notice) = spill.take(self.number, text);
        let send = |name: &'static str, text: String| {
            let parent = Arc::clone(&self.parent);
            // The actor lives as long as the process.
            let _ = self.iopub.send(Publish::Stream { parent, name, text });
        };
        if !shown.is_empty() {
            send(name, shown.to_owned());
        }
        if let Some(notice) = notice {
            send("stderr", notice);
        }
    }

    fn display(&self, bundle: Bundle, id: Option<&str>) {
        self.shown("display_data", bundle, id);
    }

    fn update(&self, bundle: Bundle, id: &str) {
        self.shown("update_display_data", bundle, Some(id));
    }

    fn result(&self, bundle: Bundle) {
        self.shown("execute_result", bundle, None);
    }

    fn page(&self, bundle: Bundle) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).push(bundle);
    }

    fn clear(&self, wait: bool) {
        self.send("clear_output", json!({ "wait": wait }), json!({}));
    }

    fn ask(&self, prompt: &str, password: bool) -> Result<String, NoAnswer> {
        let questions = self.questions.as_ref().ok_or(NoAnswer::Nobody)?;
        // What was printed stands above the question.
        let _ = self.iopub.send(Publish::Flush);
        let content = json!({ "prompt": prompt, "password": password });
        let frames = questions.sender.frames(
            &Topic::To(&questions.identities),
            Some(&self.parent),
            &Reply::new("input_request", content),
        );
        questions.queue.ask(&questions.identities);
        let _ = questions.to_clients.send((Channel::Stdin, frames));
        questions.queue.answer().ok_or(NoAnswer::Interrupted)
    }
}
