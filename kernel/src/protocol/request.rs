//! What clients ask for, as types. A field of a wrong type is an error that is told to the client.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// `execute_request`
#[derive(Clone, Debug, Deserialize)]
pub struct Execute {
    /// The program.
    pub code: String,
    /// Nothing is shown and nothing kept in the history.
    #[serde(default)]
    pub silent: bool,
    /// Whether it is kept and counted; never if `silent`.
    #[serde(default = "yes")]
    pub store_history: bool,
    /// Expressions whose values come with the reply.
    #[serde(default)]
    pub user_expressions: Map<String, Json>,
    /// Whether the client can answer questions.
    #[serde(default = "yes")]
    pub allow_stdin: bool,
    /// Whether an error aborts what is queued behind.
    #[serde(default = "yes")]
    pub stop_on_error: bool,
}

fn yes() -> bool {
    true
}

/// `complete_request`
#[derive(Clone, Debug, Deserialize)]
pub struct Complete {
    /// The cell.
    pub code: String,
    /// In code points; the end without it, negative from the end.
    #[serde(default)]
    pub cursor_pos: Option<i64>,
}

/// `inspect_request`
#[derive(Clone, Debug, Deserialize)]
pub struct Inspect {
    /// The cell.
    pub code: String,
    /// In code points; the end without it, negative from the end.
    #[serde(default)]
    pub cursor_pos: Option<i64>,
    /// 0 or 1.
    #[serde(default)]
    pub detail_level: u8,
}

/// `is_complete_request`
#[derive(Clone, Debug, Deserialize)]
pub struct IsComplete {
    /// The cell.
    pub code: String,
}

/// What part of the history is wanted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum HistoryAccess {
    /// Lines of one session.
    Range,
    /// The last lines.
    Tail,
    /// Lines that match a pattern.
    Search,
}

/// `history_request`
#[derive(Clone, Debug, Deserialize)]
pub struct HistoryRequest {
    /// What part.
    pub hist_access_type: HistoryAccess,
    /// Whether outputs are wanted too.
    #[serde(default)]
    pub output: bool,
    /// The session of a range: 0 for this one, negative counts back.
    #[serde(default)]
    pub session: i64,
    /// The first line of a range.
    #[serde(default)]
    pub start: i64,
    /// One past the last line of a range.
    #[serde(default)]
    pub stop: Option<i64>,
    /// How many.
    #[serde(default)]
    pub n: Option<i64>,
    /// A pattern with `*` and `?`.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Equal lines only once.
    #[serde(default)]
    pub unique: bool,
}

/// `comm_info_request`
#[derive(Clone, Debug, Deserialize)]
pub struct CommInfo {
    /// Only comms of this target.
    #[serde(default)]
    pub target_name: Option<String>,
}

/// `comm_open`, `comm_msg`, `comm_close`
#[derive(Clone, Debug, Deserialize)]
pub struct CommMessage {
    /// The id that the opener chose.
    pub comm_id: String,
}

/// `shutdown_request`
#[derive(Clone, Debug, Deserialize)]
pub struct Shutdown {
    /// Whether the client starts the kernel again.
    #[serde(default)]
    pub restart: bool,
}

/// A request of the shell or of the control channel.
#[derive(Clone, Debug)]
pub enum Request {
    /// `kernel_info_request`
    KernelInfo,
    /// `execute_request`
    Execute(Box<Execute>),
    /// `complete_request`
    Complete(Complete),
    /// `inspect_request`
    Inspect(Inspect),
    /// `is_complete_request`
    IsComplete(IsComplete),
    /// `history_request`
    History(HistoryRequest),
    /// `comm_info_request`
    CommInfo(CommInfo),
    /// `comm_open`
    CommOpen(CommMessage),
    /// `comm_msg`, `comm_close`: nobody here opens comms.
    CommOther,
    /// `shutdown_request`
    Shutdown(Shutdown),
    /// `interrupt_request`
    Interrupt,
    /// A type that is not known here: busy, idle, no reply.
    Unknown,
    /// A known type with a wrong field.
    Malformed {
        /// The type of the reply.
        reply: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl Request {
    /// Reads the content of a message of this type.
    pub fn read(kind: &str, mut content: Map<String, Json>) -> Self {
        // Some clients write null for what they leave to the kernel.
        content.retain(|_, value| !value.is_null());
        fn read<T: for<'d> Deserialize<'d>>(
            content: Map<String, Json>,
            reply: &'static str,
            wrap: impl FnOnce(T) -> Request,
        ) -> Request {
            match serde_json::from_value(Json::Object(content)) {
                Ok(request) => wrap(request),
                Err(error) => Request::Malformed { reply, why: error.to_string() },
            }
        }
        match kind {
            "kernel_info_request" => Self::KernelInfo,
            "execute_request" => {
                read(content, "execute_reply", |request| Self::Execute(Box::new(request)))
            }
            "complete_request" => read(content, "complete_reply", Self::Complete),
            "inspect_request" => read(content, "inspect_reply", Self::Inspect),
            "is_complete_request" => read(content, "is_complete_reply", Self::IsComplete),
            "history_request" => read(content, "history_reply", Self::History),
            "comm_info_request" => read(content, "comm_info_reply", Self::CommInfo),
            "comm_open" => read(content, "comm_close", Self::CommOpen),
            "comm_msg" | "comm_close" => Self::CommOther,
            "shutdown_request" => read(content, "shutdown_reply", Self::Shutdown),
            "interrupt_request" => Self::Interrupt,
            _ => Self::Unknown,
        }
    }
}

/// The byte of a cursor in code points; clipped to the text, the end without a cursor, from the
/// end if it is negative.
pub fn code_points_to_byte(text: &str, cursor: Option<i64>) -> usize {
    let Some(cursor) = cursor else { return text.len() };
    let from_start = match usize::try_from(cursor) {
        Ok(cursor) => cursor,
        Err(_) => {
            let back = usize::try_from(cursor.unsigned_abs()).unwrap_or(usize::MAX);
            text.chars().count().saturating_sub(back)
        }
    };
    text.char_indices().nth(from_start).map_or(text.len(), |(byte, _)| byte)
}

/// The code points before a byte.
pub fn byte_to_code_points(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cursors_are_code_points() {
        let text = "a𝛼😀b";
        assert_eq!(code_points_to_byte(text, Some(0)), 0);
        assert_eq!(code_points_to_byte(text, Some(2)), 5);
        assert_eq!(code_points_to_byte(text, Some(4)), 10);
        assert_eq!(code_points_to_byte(text, Some(40)), 10);
        assert_eq!(code_points_to_byte(text, Some(-1)), 9);
        assert_eq!(code_points_to_byte(text, Some(i64::MIN)), 0);
        assert_eq!(code_points_to_byte(text, None), 10);
        for (points, byte) in [(0, 0), (1, 1), (2, 5), (3, 9), (4, 10)] {
            assert_eq!(byte_to_code_points(text, byte), points);
        }
    }

    #[test]
    fn unknown_fields_are_fine_and_wrong_ones_are_told() {
        let content = |json: Json| json.as_object().cloned().unwrap();
        let read = |kind: &str, json: Json| Request::read(kind, content(json));
        let found = read("execute_request", json!({"code": "1", "subshell_id": "s", "new": null}));
        let Request::Execute(execute) = found else { panic!("{found:?}") };
        assert!(execute.store_history && execute.stop_on_error && !execute.silent);
        let nulls = json!({"code": "1", "silent": null, "user_expressions": null});
        assert!(matches!(read("execute_request", nulls), Request::Execute(_)));
        let found = read("execute_request", json!({"code": 1}));
        assert!(matches!(found, Request::Malformed { reply: "execute_reply", .. }), "{found:?}");
        let found = read("history_request", json!({"hist_access_type": "all"}));
        assert!(matches!(found, Request::Malformed { reply: "history_reply", .. }), "{found:?}");
        assert!(matches!(read("debug_request", json!({})), Request::Unknown));
    }
}
