//! Frames of ZMTP 3, the protocol below zeromq: just enough to see their sizes before anybody
//! reserves memory for them. <https://rfc.zeromq.org/spec/23/>

/// The largest message that is let through, all frames together.
pub const MAX_MESSAGE: u64 = 96 << 20;

/// The largest command: they name a socket's properties.
pub const MAX_COMMAND: u64 = 64 << 10;

/// The bytes of a greeting.
pub const GREETING: usize = 64;

/// The bytes of a greeting that a peer sends before it has heard anything.
pub const SIGNATURE: usize = 10;

/// Whether the first bytes of a connection begin a greeting of ZMTP 1 or later.
pub fn begins_greeting(bytes: &[u8; SIGNATURE]) -> bool {
    bytes[0] == 0xff && bytes[SIGNATURE - 1] == 0x7f
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether a frame of the same message follows.
    pub more: bool,
    /// Whether it is a command of the protocol and no part of a message.
    pub command: bool,
    /// The bytes of its body.
    pub length: u64,
    bytes: [u8; 9],
    size: u8,
}

impl FrameHeader {
    /// How many bytes follow the flags, or `None` for flags that no frame has.
    pub fn length_bytes(flags: u8) -> Option<usize> {
        // Bit 0: more, bit 1: long, bit 2: command; a command is never followed by a part.
        if flags & !0b111 != 0 || flags & 0b101 == 0b101 {
            return None;
        }
        Some(if flags & 0b10 == 0 { 1 } else { 8 })
    }

    /// A header of flags that are allowed and the bytes of the length.
    pub fn new(flags: u8, length: &[u8]) -> Self {
        let mut bytes = [0; 9];
        bytes[0] = flags;
        let size = length.len().min(8);
        bytes[1..=size].copy_from_slice(&length[..size]);
        let length = length.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let [more, command] = [flags & 1 != 0, flags & 4 != 0];
        #[allow(clippy::cast_possible_truncation)] // at most 9
        Self { more, command, length, bytes, size: 1 + size as u8 }
    }

    /// The header as it goes over the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }
}

/// What a command asks of the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Is somebody there? With what to answer.
    Ping(Vec<u8>),
    /// Somebody is there.
    Pong,
    /// For zeromq.
    Other,
}

/// Reads the body of a command.
pub fn command(body: &[u8]) -> Command {
    if let Some(rest) = body.strip_prefix(b"\x04PING") {
        // Two bytes say how long the peer waits; the rest comes back.
        let context = rest.get(2..).unwrap_or_default();
        let mut answer = vec![0x04, 0];
        answer.extend_from_slice(b"\x04PONG");
        answer.extend_from_slice(&context[..context.len().min(16)]);
        answer[1] = u8::try_from(answer.len() - 2).unwrap_or(5);
        return Command::Ping(answer);
    }
    if body.starts_with(b"\x04PONG") { Command::Pong } else { Command::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_how_long_frames_are() {
        assert_eq!(FrameHeader::length_bytes(0), Some(1));
        assert_eq!(FrameHeader::length_bytes(3), Some(8));
        assert_eq!(FrameHeader::length_bytes(6), Some(8));
        for bad in [0x08, 0x05, 0xff, 0x80] {
            assert_eq!(FrameHeader::length_bytes(bad), None, "{bad}");
        }
        let long = FrameHeader::new(2, &(1_u64 << 40).to_be_bytes());
        assert_eq!((long.length, long.more, long.command), (1 << 40, false, false));
        assert_eq!(long.as_bytes().len(), 9);
        assert_eq!(FrameHeader::new(1, &[7]).as_bytes(), [1, 7]);
    }

    #[test]
    fn pings_are_answered_with_what_they_bring() {
        let Command::Ping(answer) = command(b"\x04PING\x00\x0aabc") else { panic!() };
        assert_eq!(answer, b"\x04\x08\x04PONGabc");
        let Command::Ping(answer) = command(b"\x04PING") else { panic!() };
        assert_eq!(answer, b"\x04\x05\x04PONG");
        assert_eq!(command(b"\x04PONGxyz"), Command::Pong);
        assert_eq!(command(b"\x05READY"), Command::Other);
        assert_eq!(command(b""), Command::Other);
    }
}
