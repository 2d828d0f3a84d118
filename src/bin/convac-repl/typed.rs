//! What comes from a keyboard, made fit for the line editor, which gives up at a byte that is no
//! UTF-8 and draws the whole input again at every key.

/// Terminals put these around what is pasted.
const BEGIN: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";

/// A run of characters that comes at once and is at least this long was not typed by hand: it is
/// handed on like a paste, so that the input is drawn once and not for every character.
const LONG: usize = 64;

/// The stream of keys.
#[derive(Debug, Default)]
pub struct Typed {
    /// The beginning of a character or of a mark, whose end has not come yet.
    rest: Vec<u8>,
    /// The paste that has not ended yet.
    paste: Option<Vec<u8>>,
    /// Whether long runs are keys all the same: in the commands of vi every letter is one.
    keys_only: bool,
}

impl Typed {
    pub fn new(keys_only: bool) -> Self {
        Self { keys_only, ..Self::default() }
    }

    /// What the editor shall read for some bytes that came at once.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut input = std::mem::take(&mut self.rest);
        input.extend_from_slice(bytes);
        let mut out = Vec::with_capacity(input.len());
        let mut input = input.as_slice();
        loop {
            if let Some(paste) = &mut self.paste {
                // The mark may have come in pieces.
                let from = paste.len().saturating_sub(END.len());
                paste.extend_from_slice(input);
                let Some(at) = find(&paste[from..], END).map(|at| from + at) else { return out };
                out.extend_from_slice(BEGIN);
                out.extend_from_slice(pasted(&paste[..at]).as_bytes());
                out.extend_from_slice(END);
                let behind = paste.split_off(at + END.len());
                self.paste = None;
                out.extend(self.pass(&behind));
                return out;
            }
            let Some(at) = find(input, BEGIN) else { break };
            self.keys(&input[..at], &mut out);
            self.paste = Some(Vec::new());
            input = &input[at + BEGIN.len()..];
        }
        let held = unfinished(input);
        self.rest = input[input.len() - held..].to_vec();
        self.keys(&input[..input.len() - held], &mut out);
        out
    }

    /// Keys that came at once.
    fn keys(&self, keys: &[u8], out: &mut Vec<u8>) {
        let keys = String::from_utf8_lossy(keys).replace("\r\n", "\r");
        // Lines with blanks of their own want no others: Ctrl-J is Enter without them.
        let is_indented = keys.contains("\r ") || keys.contains("\r\t");
        let mut rest = keys.as_str();
        while let Some(c) = rest.chars().next() {
            let run = rest.find(char::is_control).unwrap_or(rest.len());
            if run >= LONG && !self.keys_only {
                out.extend_from_slice(BEGIN);
                out.extend_from_slice(&rest.as_bytes()[..run]);
                out.extend_from_slice(END);
                rest = &rest[run..];
                continue;
            }
            let (taken, behind) = rest.split_at(run.max(c.len_utf8()));
            if taken == "\r" && is_indented && !behind.is_empty() {
                out.push(b'\n');
                if !self.keys_only {
                    // A tab at the beginning of a line is a blank there, and no key.
                    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
                    out.extend_from_slice(behind[..blanks].replace('\t', "  ").as_bytes());
                    rest = &behind[blanks..];
                    continue;
                }
            } else {
                out.extend_from_slice(taken.as_bytes());
            }
            rest = behind;
        }
    }
}

/// The text of a paste: no control characters but tabs and line ends, and no escape sequences.
fn pasted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\x1b' && chars.next_if_eq(&'[').is_some() {
            // Up to its last character, which is a letter or one of a few signs.
            while chars.next_if(|c| matches!(c, '\x20'..='\x3f')).is_some() {}
            chars.next_if(|c| matches!(c, '\x40'..='\x7e'));
        } else if !c.is_control() || matches!(c, '\t' | '\n' | '\r') {
            out.push(c);
        }
    }
    out
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// How many bytes at the end are the beginning of a character or of the mark of a paste. A lone
/// escape is a key.
fn unfinished(bytes: &[u8]) -> usize {
    let mark = (2..BEGIN.len()).rev().find(|length| bytes.ends_with(&BEGIN[..*length]));
    if let Some(length) = mark {
        return length;
    }
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    for (at, byte) in tail.iter().enumerate().rev() {
        let length = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        let there = tail.len() - at;
        return if there < length { there } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &[&[u8]]) -> String {
        let mut typed = Typed::default();
        let out: Vec<u8> = chunks.iter().flat_map(|chunk| typed.pass(chunk)).collect();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn characters_may_come_in_pieces_and_noise_becomes_a_sign() {
        assert_eq!(all(&[b"a\xce", b"\xb1b"]), "aαb");
        assert_eq!(all(&[b"\xf0\x9d", b"\x9b", b"\xbc"]), "𝛼");
        assert_eq!(all(&[b"a\xffb"]), "a\u{fffd}b");
        assert_eq!(all(&[b"\xe9", b"x"]), "\u{fffd}x");
        assert_eq!(all(&[b"\x1b", b"[A"]), "\x1b[A");
    }

    #[test]
    fn pastes_come_whole_and_clean() {
        let wanted = "\x1b[200~a red b\x1b[201~\r";
        assert_eq!(all(&[b"\x1b[200~a \x1b[31mred\x1b[0m\x07\x00 b\x1b[201~\r"]), wanted);
        assert_eq!(all(&[b"\x1b[20", b"0~a red", b" b\x1b[2", b"01~\r"]), wanted);
        assert_eq!(all(&[b"\x1b[200~\xff\x1b[201~"]), "\x1b[200~\u{fffd}\x1b[201~");
        let two = "\x1b[200~a\x1b[201~x\x1b[200~b\x1b[201~";
        assert_eq!(all(&[two.as_bytes()]), two);
    }

    #[test]
    fn lines_with_blanks_of_their_own_get_no_others() {
        assert_eq!(all(&[b"[1,\r  2\r]\r"]), "[1,\n  2\n]\r");
        assert_eq!(all(&[b"[1,\r\n\t2\r\n]\r\n"]), "[1,\n  2\n]\r");
        assert_eq!(all(&[b"1\r2\r"]), "1\r2\r");
    }

    #[test]
    fn long_runs_are_pastes() {
        let long = "x".repeat(100);
        assert_eq!(all(&[format!("{long}\r").as_bytes()]), format!("\x1b[200~{long}\x1b[201~\r"));
        let mut vi = Typed::new(true);
        assert_eq!(vi.pass(long.as_bytes()), long.as_bytes());
    }
}
