//! Messages that come twice.

use std::collections::{HashSet, VecDeque};

/// How many signatures are remembered.
const REMEMBERED: usize = 65_536;

/// The signatures of the last messages: a signed message that was recorded and is sent again must
/// not run again.
#[derive(Debug, Default)]
pub struct Replays {
    seen: HashSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

impl Replays {
    /// Remembers a signature; false if it was seen before. An empty one, of a kernel without a
    /// key, is always new.
    pub fn is_new(&mut self, signature: &[u8]) -> bool {
        if signature.is_empty() {
            return true;
        }
        // Half of an HMAC tells signatures apart as well, in half of the memory.
        let mut short = [0; 32];
        for (to, digit) in short.iter_mut().zip(signature) {
            *to = *digit;
        }
        if !self.seen.insert(short) {
            return false;
        }
        self.order.push_back(short);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_time_is_told_from_the_first() {
        let mut replays = Replays::default();
        let long = |i: u32| format!("{:08x}{:056x}", i, 7);
        for i in 0..1000 {
            assert!(replays.is_new(long(i).as_bytes()), "{i}");
            assert!(!replays.is_new(long(i).as_bytes()), "{i}");
        }
        assert!(replays.is_new(b""));
        assert!(replays.is_new(b""));
    }

    #[test]
    fn memory_is_bounded() {
        let mut replays = Replays::default();
        for i in 0..70_000_u32 {
            assert!(replays.is_new(format!("{i:08x}{:056x}", 0).as_bytes()));
        }
        assert_eq!(replays.seen.len(), REMEMBERED);
        assert!(replays.is_new(format!("{:08x}{:056x}", 0, 0).as_bytes()), "forgotten by now");
    }
}
