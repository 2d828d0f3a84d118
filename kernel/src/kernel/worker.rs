//! The thread of cells: takes requests from the queue, one after the other.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use tokio::sync::mpsc;

use super::engine::{Answered, Bundle, Completeness, Engine, EngineError, Output, Past};
use super::iopub::{Publish, status};
use super::outlet::{Outlet, Questions};
use super::queue::{Job, Queue};
use super::spill::Spill;
use crate::protocol::{
    Complete, Execute, Header, HistoryRequest, Inspect, IsComplete, Message, Reply, Request,
    Sender, Topic, byte_to_code_points, code_points_to_byte, now,
};
use crate::transport::Channel;

/// The longest cell that is run.
const MAX_CODE: usize = 8 << 20;

/// The longest cell about which questions are answered.
const MAX_ASKED: usize = 1 << 20;

/// What the thread of cells works with.
pub struct Worker<E> {
    pub(super) engine: E,
    pub(super) queue: Queue,
    pub(super) sender: Arc<Sender>,
    pub(super) iopub: mpsc::UnboundedSender<Publish>,
    pub(super) to_clients: mpsc::UnboundedSender<(Channel, Vec<Bytes>)>,
    /// The number of the last cell that counted.
    pub(super) count: u64,
}

impl<E: Engine> Worker<E> {
    /// Works until the queue is closed.
    pub fn run(mut self) {
        self.engine.begin();
        while let Some(job) = self.queue.take(|| self.engine.clear_stop()) {
            let parent = Arc::new(job.message.header.clone());
            self.publish(status(Some(Arc::clone(&parent)), "busy"));
            self.answer(job, &parent);
            self.publish(status(Some(parent), "idle"));
        }
    }

    fn publish(&self, output: Publish) {
        // The actor lives as long as the process.
        let _ = self.iopub.send(output);
    }

    fn reply(&self, message: &Message, kind: &'static str, content: Json, metadata: Json) {
        let reply = Reply { kind, content, metadata };
        let to = Topic::To(&message.identities);
        let frames = self.sender.frames(&to, Some(&message.header), &reply);
        let _ = self.to_clients.send((Channel::Shell, frames));
    }

    fn answer(&mut self, job: Job, parent: &Arc<Header>) {
        let Job { request, message, aborted, .. } = job;
        let (kind, content) = match request {
            Request::Execute(execute) => {
                self.execute(&execute, &message, parent, aborted);
                return;
            }
            Request::Complete(request) => ("complete_reply", self.complete(&request)),
            Request::Inspect(request) => ("inspect_reply", self.inspect(&request)),
            Request::IsComplete(request) => ("is_complete_reply", self.is_complete(&request)),
            Request::History(request) => ("history_reply", self.history(&request)),
            Request::KernelInfo => ("kernel_info_reply", info(&self.engine.info())),
            Request::CommInfo(_) => ("comm_info_reply", json!({ "status": "ok", "comms": {} })),
            Request::CommOpen(open) => {
                // Nobody here knows any target, so the comm ends at once.
                let content = json!({ "comm_id": open.comm_id, "data": {} });
                let reply = Reply::new("comm_close", content);
                self.publish(Publish::Message { parent: Some(Arc::clone(parent)), reply });
                return;
            }
            Request::Malformed { reply: "comm_close", .. }
            | Request::CommOther
            | Request::Unknown
            | Request::Interrupt
            | Request::Shutdown(_) => return,
            Request::Malformed { reply, why } => (reply, malformed(&why)),
        };
        self.reply(&message, kind, content, json!({}));
    }

    /// Calls the engine; a panic is told and costs no more than this call.
    fn guarded<T>(&mut self, call: impl FnOnce(&mut E) -> T) -> Result<T, Box<EngineError>> {
        let engine = &mut self.engine;
        std::panic::catch_unwind(AssertUnwindSafe(|| call(engine))).map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let why = format!("the kernel has a defect: {}", text.unwrap_or_default());
            Box::new(EngineError {
                name: "E99 Bug".to_owned(),
                traceback: vec![why.clone()],
                value: why,
                metadata: Map::new(),
            })
        })
    }

    fn execute(
        &mut self,
        execute: &Execute,
        message: &Message,
        parent: &Arc<Header>,
        aborted: bool,
    ) {
        let metadata = json!({ "started": now().to_string() });
        let aborted_reply = json!({ "status": "aborted", "execution_count": self.count });
        if aborted {
            self.reply(message, "execute_reply", aborted_reply, metadata);
            return;
        }
        let blank = execute.code.trim().is_empty();
        let stored = execute.store_history && !execute.silent && !blank;
        self.count += u64::from(stored);
        let number = self.count;
        let asks = execute
            .allow_stdin
            .then(|| Questions::new(message, &self.sender, &self.to_clients, &self.queue));
        let outlet = Arc::new(Outlet {
            parent: Arc::clone(parent),
            number,
            silent: execute.silent,
            iopub: self.iopub.clone(),
            questions: asks,
            spill: Mutex::new(Spill::default()),
            pages: Mutex::default(),
        });
        // What is too long to be run is too long to be sent to everybody.
        let shown = match execute.code.len() > MAX_CODE {
            true => execute.code.chars().take(1000).chain("…".chars()).collect(),
            false => execute.code.clone(),
        };
        let input = json!({ "code": shown, "execution_count": number });
        outlet.send("execute_input", input, json!({}));
        let ended = if execute.code.len() > MAX_CODE {
            let mib = execute.code.len() >> 20;
            Err(too_long(mib))
        } else {
            let output: Arc<dyn Output> = Arc::clone(&outlet) as _;
            self.guarded(|engine| engine.execute(number, &execute.code, output))
                .and_then(|ended| ended)
        };
        let expressions = match &ended {
            Ok(_) => self.expressions(&execute.user_expressions),
            Err(_) => Json::Null,
        };
        let interrupted = self.queue.end(|| self.engine.clear_stop());
        let text = ended.as_ref().ok().and_then(|answered| answered.output.clone());
        let content = match ended {
            Ok(Answered { .. }) => json!({
                "status": "ok",
                "execution_count": number,
                "user_expressions": expressions,
                "payload": outlet.payload(),
            }),
            Err(error) => {
                if execute.stop_on_error && !interrupted {
                    self.queue.abort_behind(parent);
                }
                outlet.send("error", error_content(&error), Json::Object(error.metadata.clone()));
                let mut content = error_content(&error);
                if let Some(content) = content.as_object_mut() {
                    content.insert("status".to_owned(), Json::from("error"));
                    content.insert("execution_count".to_owned(), Json::from(number));
                    content.insert("user_expressions".to_owned(), json!({}));
                    content.insert("payload".to_owned(), json!([]));
                }
                content
            }
        };
        self.reply(message, "execute_reply", content, metadata);
        // After the reply: nobody has to wait for the disk.
        if stored && execute.code.len() <= MAX_CODE {
            let code = &execute.code;
            let warning = self.guarded(|engine| engine.remember(number, code, text.as_deref()));
            if let Ok(Some(warning)) = warning {
                outlet.stream("stderr", &format!("{warning}\n"));
            }
        }
    }

    fn expressions(&mut self, expressions: &Map<String, Json>) -> Json {
        let mut found = Map::new();
        for (name, expression) in expressions {
            let value = match expression.as_str() {
                Some(text) => self.guarded(|engine| engine.evaluate(text)).and_then(|value| value),
                None => Err(Box::new(EngineError {
                    name: "MalformedRequest".to_owned(),
                    value: "an expression is a string".to_owned(),
                    traceback: Vec::new(),
                    metadata: Map::new(),
                })),
            };
            let value = match value {
                Ok(Bundle { data, metadata }) => {
                    json!({ "status": "ok", "data": data, "metadata": metadata })
                }
                Err(error) => {
                    let mut content = error_content(&error);
                    if let Some(content) = content.as_object_mut() {
                        content.insert("status".to_owned(), Json::from("error"));
                    }
                    content
                }
            };
            found.insert(name.clone(), value);
        }
        Json::Object(found)
    }

    fn complete(&mut self, request: &Complete) -> Json {
        let code = match request.code.len() > MAX_ASKED {
            true => "",
            false => request.code.as_str(),
        };
        let byte = code_points_to_byte(code, request.cursor_pos);
        let found = self.guarded(|engine| engine.complete(code, byte)).unwrap_or_default();
        let start = byte_to_code_points(code, found.start);
        let end = byte_to_code_points(code, found.end);
        let matches: Vec<&str> = found.items.iter().map(|item| item.text.as_str()).collect();
        let types: Vec<Json> = found
            .items
            .iter()
            .map(|item| {
                json!({
                    "start": start, "end": end, "text": item.text, "type": item.kind,
                    "signature": item.signature, "documentation": item.doc,
                })
            })
            .collect();
        json!({
            "status": "ok",
            "matches": matches,
            "cursor_start": start,
            "cursor_end": end,
            "metadata": { "_jupyter_types_experimental": types },
        })
    }

    fn inspect(&mut self, request: &Inspect) -> Json {
        let code = match request.code.len() > MAX_ASKED {
            true => "",
            false => request.code.as_str(),
        };
        let byte = code_points_to_byte(code, request.cursor_pos);
        let page = self
            .guarded(|engine| engine.inspect(code, byte, request.detail_level))
            .unwrap_or_default();
        let found = page.is_some();
        let Bundle { data, metadata } = page.unwrap_or_default();
        json!({ "status": "ok", "found": found, "data": data, "metadata": metadata })
    }

    fn is_complete(&mut self, request: &IsComplete) -> Json {
        if request.code.len() > MAX_ASKED {
            return json!({ "status": "unknown" });
        }
        match self.guarded(|engine| engine.completeness(&request.code)) {
            Ok(Completeness::Complete) => json!({ "status": "complete" }),
            Ok(Completeness::Incomplete(indent)) => {
                json!({ "status": "incomplete", "indent": indent })
            }
            Ok(Completeness::Invalid) => json!({ "status": "invalid" }),
            Err(_) => json!({ "status": "unknown" }),
        }
    }

    fn history(&mut self, request: &HistoryRequest) -> Json {
        let found = self.guarded(|engine| engine.history(request)).unwrap_or_default();
        let entry = |past: Past| {
            if request.output {
                json!([past.session, past.line, [past.input, past.output]])
            } else {
                json!([past.session, past.line, past.input])
            }
        };
        let entries: Vec<Json> = found.into_iter().map(entry).collect();
        json!({ "status": "ok", "history": entries })
    }
}

/// The content of a `kernel_info_reply`.
pub(super) fn info(info: &super::Info) -> Json {
    json!({
        "status": "ok",
        "protocol_version": crate::protocol::VERSION,
        "implementation": info.implementation,
        "implementation_version": info.version,
        "language_info": info.language,
        "banner": info.banner,
        "help_links": info.help,
        "debugger": false,
        "supported_features": [],
    })
}

/// The content of a reply to a request with a wrong field.
pub(super) fn malformed(why: &str) -> Json {
    json!({ "status": "error", "ename": "MalformedRequest", "evalue": why, "traceback": [] })
}

fn error_content(error: &EngineError) -> Json {
    json!({ "ename": error.name, "evalue": error.value, "traceback": error.traceback })
}

fn too_long(mib: usize) -> Box<EngineError> {
    let value = format!("the cell has {mib} MiB; up to {} MiB are run", MAX_CODE >> 20);
    Box::new(EngineError {
        name: "E07 Resource".to_owned(),
        traceback: vec![format!("error[E07]: {value}\n  = hint: load(\"data.csv\")")],
        value,
        metadata: Map::new(),
    })
}
