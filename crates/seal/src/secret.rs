//! Keys of 256 bits: forgotten when they are let go of, and shown by nothing.

use std::fmt;

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hmac;
use storage::StorageError;
use zeroize::{Zeroize, Zeroizing};

pub(crate) const SECRET_SIZE: usize = 32;

#[derive(Clone)]
pub struct Secret(Box<[u8; SECRET_SIZE]>);

impl Secret {
    pub fn random() -> Secret {
        let mut secret = Box::new([0; SECRET_SIZE]);
        base::random::fill(&mut secret[..]);
        Secret(secret)
    }

    pub fn new(bytes: &[u8]) -> Option<Secret> {
        Some(Secret(Box::new(bytes.try_into().ok()?)))
    }

    pub(crate) fn bytes(&self) -> &[u8; SECRET_SIZE] {
        &self.0
    }

    /// Another secret that follows from this one, for one purpose.
    pub(crate) fn derive(&self, purpose: &str) -> Secret {
        let mark = self.mark(purpose);
        let mut derived = Box::new([0; SECRET_SIZE]);
        // HMAC-SHA-256 has as many bytes.
        derived.iter_mut().zip(mark.as_ref()).for_each(|(to, from)| *to = *from);
        Secret(derived)
    }

    /// What makes the secret trivial to guess, if anything does.
    pub fn weakness(&self) -> Option<base::Weakness> {
        base::weakness(&self.0)
    }

    /// Identifies a secret without revealing it.
    pub(crate) fn fingerprint(&self) -> [u8; 8] {
        self.mark("stator: which key this is").as_ref().first_chunk().copied().unwrap_or_default()
    }

    fn mark(&self, purpose: &str) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]), purpose.as_bytes())
    }

    /// Parses the contents of a key file: 32 raw bytes, 64 hexadecimal digits, or base64.
    pub fn parse(given: &[u8]) -> Option<Secret> {
        if given.len() == SECRET_SIZE {
            return Secret::new(given);
        }
        let text = given.trim_ascii();
        if text.len() == 2 * SECRET_SIZE {
            return Secret::new(&Zeroizing::new(unhex(text)?));
        }
        Secret::new(&Zeroizing::new(base64_simd::STANDARD.decode_to_vec(text).ok()?))
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

pub(crate) use base::{hex, unhex};

/// The cipher refuses what it takes by its documentation: a key of 32 bytes, or so few bytes to seal. Nothing is sealed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CipherFailed;

impl From<CipherFailed> for StorageError {
    fn from(CipherFailed: CipherFailed) -> StorageError {
        StorageError::Unavailable("the cipher AES-256-GCM refuses a key".to_owned())
    }
}

/// The secret as a key of AES-256-GCM.
pub(crate) fn aes(secret: &Secret) -> Result<LessSafeKey, CipherFailed> {
    UnboundKey::new(&AES_256_GCM, secret.bytes()).map(LessSafeKey::new).map_err(|_| CipherFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_as_people_keep_them() {
        let bytes: Vec<u8> = (100..132).collect();
        let base64 = base64_simd::STANDARD.encode_to_string(&bytes);
        let lines = [hex(&bytes), hex(&bytes).to_uppercase(), base64.clone(), format!("  {base64}\r\n")];
        for given in lines.iter().map(|line| line.as_bytes()).chain([&bytes[..]]) {
            assert_eq!(Secret::parse(given).expect("a secret").bytes()[..], bytes[..]);
        }
        for given in [&b""[..], b"secret", &[b'g'; 64], &[b'A'; 40], &bytes[1..]] {
            assert!(Secret::parse(given).is_none(), "{given:?}");
        }
    }

    #[test]
    fn what_follows_from_a_secret_tells_nothing_of_it() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.derive("a").bytes(), one.clone().derive("a").bytes());
        assert_ne!(one.derive("a").bytes(), one.derive("b").bytes());
        assert_ne!(one.derive("a").bytes(), other.derive("a").bytes());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(format!("{one:?}"), "…");
    }
}
