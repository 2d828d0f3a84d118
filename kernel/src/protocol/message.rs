//! Messages: from frames, and to frames.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::{Date, Signer, VERSION, now};

/// What separates the identities from the message.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The most frames that a message may have: identities, six of its own, buffers.
pub const MAX_FRAMES: usize = 256;

/// Why frames are no message. The sender is not told: it may be anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// No `<IDS|MSG>` frame.
    NoDelimiter,
    /// Fewer than five frames behind it, or far too many.
    Frames,
    /// Signed with another key, or not at all.
    Signature,
    /// The same message came before.
    Replay,
    /// A frame is no JSON object.
    Json,
    /// The header names no type or no id.
    Header,
}

impl Refused {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::NoDelimiter, Self::Frames, Self::Signature, Self::Replay, Self::Json, Self::Header];
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoDelimiter => "no delimiter",
            Self::Frames => "a wrong number of frames",
            Self::Signature => "a wrong signature",
            Self::Replay => "sent before",
            Self::Json => "a frame that is no JSON object",
            Self::Header => "a header without type or id",
        })
    }
}

/// The header of a message that came in.
#[derive(Clone, Debug)]
pub struct Header {
    /// Its id.
    pub id: String,
    /// Its type, such as `execute_request`.
    pub kind: String,
    /// The session of the client.
    pub session: String,
    /// When it was sent, by the clock of the sender.
    pub date: Option<Date>,
    /// The whole header as it came: the `parent_header` of everything that answers it.
    pub raw: Bytes,
}

/// A message that came in, with a right signature.
#[derive(Clone, Debug)]
pub struct Message {
    /// The way back to the client.
    pub identities: Vec<Bytes>,
    /// Its header.
    pub header: Header,
    /// Its content.
    pub content: Map<String, Json>,
    /// Its metadata.
    pub metadata: Map<String, Json>,
    /// Binary parts behind the content.
    pub buffers: Vec<Bytes>,
}

impl Message {
    /// Reads the frames of a message and verifies its signature.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn read(frames: Vec<Bytes>, signer: &Signer) -> Result<Self, Refused> {
        if frames.len() > MAX_FRAMES {
            return Err(Refused::Frames);
        }
        let at = frames.iter().position(|f| f == DELIMITER).ok_or(Refused::NoDelimiter)?;
        let mut identities = frames;
        let mut rest = identities.split_off(at).into_iter().skip(1);
        let mut next = || rest.next().ok_or(Refused::Frames);
        let signature = next()?;
        let [header, parent, metadata, content] = [next()?, next()?, next()?, next()?];
        if !signer.verify([&header, &parent, &metadata, &content], &signature) {
            return Err(Refused::Signature);
        }
        let fields = object(&header)?;
        object(&parent)?;
        let text = |name: &str| fields.get(name).and_then(Json::as_str);
        let (Some(id), Some(kind)) = (text("msg_id"), text("msg_type")) else {
            return Err(Refused::Header);
        };
        let header = Header {
            id: id.to_owned(),
            kind: kind.to_owned(),
            session: text("session").unwrap_or_default().to_owned(),
            date: text("date").and_then(Date::parse),
            raw: header,
        };
        Ok(Self {
            identities,
            header,
            content: object(&content)?,
            metadata: object(&metadata)?,
            buffers: rest.collect(),
        })
    }

    /// The signature frame of a message, if it has one.
    pub fn signature(frames: &[Bytes]) -> Option<&Bytes> {
        let at = frames.iter().position(|f| f == DELIMITER)?;
        frames.get(at + 1)
    }
}

fn object(frame: &[u8]) -> Result<Map<String, Json>, Refused> {
    // Nesting beyond 128 is an error of the reader, so that it never runs out of stack.
    serde_json::from_slice(frame).map_err(|_| Refused::Json)
}

/// The first frames of a message that goes out.
#[derive(Clone, Debug)]
pub enum Topic<'a> {
    /// To one client.
    To(&'a [Bytes]),
    /// To all that listen.
    Publish(&'a str),
}

/// A message that goes out: its type and content.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its type.
    pub kind: &'static str,
    /// Its content.
    pub content: Json,
    /// Its metadata.
    pub metadata: Json,
}

impl Reply {
    /// A message without metadata.
    pub fn new(kind: &'static str, content: Json) -> Self {
        Self { kind, content, metadata: Json::Object(Map::new()) }
    }
}

/// Makes the frames of the messages of one kernel process.
#[derive(Debug)]
pub struct Sender {
    signer: Signer,
    session: String,
    username: String,
    count: AtomicU64,
}

impl Sender {
    /// A sender with a session id of its own.
    pub fn new(signer: Signer, username: &str) -> Self {
        let random = RandomState::new();
        let half = |salt: u8| random.hash_one((salt, now().0, std::process::id()));
        let session = format!("{:016x}{:016x}", half(1), half(2));
        Self { signer, session, username: username.to_owned(), count: AtomicU64::new(0) }
    }

    /// The id of the session of the kernel.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The frames of a message that answers `parent`, or nothing.
    pub fn frames(&self, topic: &Topic<'_>, parent: Option<&Header>, reply: &Reply) -> Vec<Bytes> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let header = serde_json::json!({
            "msg_id": format!("{}_{}_{number}", self.session, std::process::id()),
            "session": self.session,
            "username": self.username,
            "date": now().to_string(),
            "msg_type": reply.kind,
            "version": VERSION,
        });
        let bytes = |value: &Json| Bytes::from(value.to_string());
        let header = bytes(&header);
        let parent = parent.map_or_else(|| Bytes::from_static(b"{}"), |header| header.raw.clone());
        let (metadata, content) = (bytes(&reply.metadata), bytes(&reply.content));
        let signature = self.signer.sign([&header, &parent, &metadata, &content]);
        let mut frames = match topic {
            Topic::To(identities) => identities.to_vec(),
            Topic::Publish(topic) => vec![Bytes::copy_from_slice(topic.as_bytes())],
        };
        frames.push(Bytes::from_static(DELIMITER));
        frames.extend([Bytes::from(signature), header, parent, metadata, content]);
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signer() -> Signer {
        Signer::new("hmac-sha256", "key").unwrap()
    }

    fn frames() -> Vec<Bytes> {
        let sender = Sender::new(signer(), "me");
        let to = [Bytes::from_static(b"client")];
        let reply = Reply::new("execute_request", json!({"code": "1"}));
        let mut frames = sender.frames(&Topic::To(&to), None, &reply);
        frames.push(Bytes::from_static(b"a buffer"));
        frames.push(Bytes::from_static(b"another"));
        frames
    }

    #[test]
    fn there_and_back() {
        let message = Message::read(frames(), &signer()).unwrap();
        assert_eq!(message.identities, [Bytes::from_static(b"client")]);
        assert_eq!(message.header.kind, "execute_request");
        assert_eq!(message.content["code"], "1");
        assert_eq!(message.buffers.len(), 2, "the signature leaves buffers out");
        assert!(message.header.date.is_some());
    }

    #[test]
    fn the_parent_is_the_header_byte_by_byte() {
        let mut sent = frames();
        let raw = Bytes::from_static(
            b"{ \"msg_id\":\"x\", \"msg_type\":\"y\",\"unknown\": [1.0, 1e2] , \"date\":3}",
        );
        sent[3] = raw.clone();
        let signed = signer().sign([&sent[3], &sent[4], &sent[5], &sent[6]]);
        sent[2] = Bytes::from(signed);
        let message = Message::read(sent, &signer()).unwrap();
        let sender = Sender::new(signer(), "me");
        let reply = Reply::new("execute_reply", json!({}));
        let answer = sender.frames(&Topic::Publish("t"), Some(&message.header), &reply);
        assert_eq!(answer[4], raw);
        assert_eq!(answer[0], Bytes::from_static(b"t"));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let read = |frames: Vec<Bytes>| Message::read(frames, &signer()).unwrap_err();
        assert_eq!(read(vec![]), Refused::NoDelimiter);
        assert_eq!(read(vec![Bytes::from_static(b"x")]), Refused::NoDelimiter);
        assert_eq!(read(frames()[..6].to_vec()), Refused::Frames);
        assert_eq!(read(vec![Bytes::from_static(DELIMITER); 300]), Refused::Frames);
        let mut other = frames();
        other[6] = Bytes::from_static(b"{}");
        assert_eq!(read(other), Refused::Signature);
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (bad, why) in [
            ("[]", Refused::Json),
            ("\u{1}", Refused::Json),
            ("{\"msg_id\": NaN}", Refused::Json),
            (&nested, Refused::Json),
            ("{}", Refused::Header),
            ("{\"msg_id\":1,\"msg_type\":2}", Refused::Header),
        ] {
            let mut sent = frames();
            sent[3] = Bytes::copy_from_slice(bad.as_bytes());
            sent[2] = Bytes::from(signer().sign([&sent[3], &sent[4], &sent[5], &sent[6]]));
            assert_eq!(read(sent), why, "{}", &bad[..bad.len().min(20)]);
        }
        let mut sent = frames();
        sent[3] = Bytes::from_static(b"{\"msg_id\":\"\xff\"}");
        sent[2] = Bytes::from(signer().sign([&sent[3], &sent[4], &sent[5], &sent[6]]));
        assert_eq!(read(sent), Refused::Json);
    }

    #[test]
    fn ids_are_unique() {
        let sender = Sender::new(signer(), "me");
        let reply = Reply::new("status", json!({}));
        let ids: std::collections::HashSet<Bytes> = (0..1000)
            .map(|_| sender.frames(&Topic::Publish(""), None, &reply)[3].clone())
            .collect();
        assert_eq!(ids.len(), 1000);
        assert_ne!(Sender::new(signer(), "").session(), sender.session());
    }

    proptest::proptest! {
        #[test]
        fn any_frames_are_survived(
            frames in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..40), 0..12),
            at in 0_usize..12,
        ) {
            let mut frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            let at = at.min(frames.len());
            frames.insert(at, Bytes::from_static(DELIMITER));
            let unsigned = Signer::new("hmac-sha256", "").unwrap();
            let _ = Message::read(frames.clone(), &unsigned);
            proptest::prop_assert!(Message::read(frames, &signer()).is_err());
        }
    }
}
