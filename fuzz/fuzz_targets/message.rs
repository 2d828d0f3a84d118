//! Any frames are a message or refused, and what is a message is answered under its own header.
#![no_main]

use convac_kernel::protocol::{Message, Reply, Request, Sender, Signer, Topic};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(signer) = Signer::new("hmac-sha256", "") else { return };
    // Frames are separated by a byte that no JSON text contains.
    let frames: Vec<bytes::Bytes> =
        data.split(|byte| *byte == 0xff).map(bytes::Bytes::copy_from_slice).collect();
    let Ok(message) = Message::read(frames, &signer) else { return };
    let kind = message.header.kind.clone();
    let _ = Request::read(&kind, message.content.clone());
    let sender = Sender::new(signer.clone(), "me");
    let reply = Reply::new("status", serde_json::json!({}));
    let answer = sender.frames(&Topic::To(&message.identities), Some(&message.header), &reply);
    let at = answer.iter().position(|frame| &frame[..] == b"<IDS|MSG>").unwrap();
    assert_eq!(answer[at + 3], message.header.raw);
    let read = Message::read(answer, &signer);
    // The header of the request stands where a parent stands.
    assert!(read.is_ok());
});
