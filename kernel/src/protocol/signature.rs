//! HMAC-SHA256 over the four frames of a message.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Signs and verifies with the key of the connection file.
#[derive(Clone)]
pub struct Signer(Option<Hmac<Sha256>>);

/// The connection file names a scheme that is not spoken here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownScheme(pub String);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key must not reach a log.
        f.write_str(if self.0.is_some() { "Signer(..)" } else { "Signer(none)" })
    }
}

impl Signer {
    /// A signer with this key; an empty one switches signatures off.
    ///
    /// # Errors
    /// [`UnknownScheme`] for anything but `hmac-sha256`.
    pub fn new(scheme: &str, key: &str) -> Result<Self, UnknownScheme> {
        if key.is_empty() {
            return Ok(Self(None));
        }
        if scheme != "hmac-sha256" {
            return Err(UnknownScheme(scheme.to_owned()));
        }
        // Keys of every length are fine.
        Ok(Self(Hmac::new_from_slice(key.as_bytes()).ok()))
    }

    /// The signature of these frames in lower-case hexadecimals; empty without a key.
    pub fn sign(&self, frames: [&[u8]; 4]) -> String {
        let Some(mac) = self.mac(frames) else { return String::new() };
        let mut out = String::with_capacity(64);
        for byte in mac.finalize().into_bytes() {
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789abcdef"[usize::from(half)]));
            }
        }
        out
    }

    /// Whether a signature is the right one; takes the same time wherever it differs.
    pub fn verify(&self, frames: [&[u8]; 4], signature: &[u8]) -> bool {
        let Some(mac) = self.mac(frames) else { return true };
        match from_hex(signature) {
            Some(bytes) => mac.verify_slice(&bytes).is_ok(),
            None => false,
        }
    }

    fn mac(&self, frames: [&[u8]; 4]) -> Option<Hmac<Sha256>> {
        let mut mac = self.0.clone()?;
        for frame in frames {
            mac.update(frame);
        }
        Some(mac)
    }
}

fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = [*pair.first()?, *pair.last()?];
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_rfc_4231() {
        // Test case 2: key "Jefe", data "what do ya want for nothing?".
        let signer = Signer::new("hmac-sha256", "Jefe").unwrap();
        let frames: [&[u8]; 4] = [b"what do ya ", b"want ", b"", b"for nothing?"];
        let digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signer.sign(frames), digest);
        assert!(signer.verify(frames, digest.as_bytes()));
        assert!(!signer.verify(frames, digest.to_uppercase().as_bytes()));
        assert!(!signer.verify(frames, &digest.as_bytes()[..62]));
        assert!(!signer.verify(frames, b""));
    }

    #[test]
    fn no_key_means_no_signature() {
        let signer = Signer::new("", "").unwrap();
        assert_eq!(signer.sign([b"", b"", b"", b""]), "");
        assert!(signer.verify([b"a", b"", b"", b""], b"anything"));
        assert_eq!(Signer::new("hmac-md5", "k").unwrap_err(), UnknownScheme("hmac-md5".to_owned()));
    }
}
