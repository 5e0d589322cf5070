//! A key under a key: nonce (12) · sealed (32) · tag (16), by AES-256-GCM with a random nonce. Keys are few, so that nonces
//! do not meet.

use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use crate::secret::{CipherFailed, Secret};

/// The secret, bound to what it is for.
pub(crate) fn wrap(by: &LessSafeKey, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, CipherFailed> {
    let mut nonce = [0; NONCE_LEN];
    base::random::fill(&mut nonce);
    let mut sealed = Zeroizing::new(secret.bytes().to_vec());
    let tag = by.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed);
    let tag = tag.map_err(|_| CipherFailed)?;
    Ok([&nonce[..], &sealed, tag.as_ref()].concat())
}

/// None if it was not wrapped by this key for this.
pub(crate) fn unwrap(by: &LessSafeKey, wrapped: &[u8], context: &[u8]) -> Option<Secret> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>()?;
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let opened = by.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut sealed);
    Secret::new(opened.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::aes;

    #[test]
    fn secrets_come_back_by_their_key_and_for_their_purpose() {
        let key = || aes(&Secret::random()).expect("a key");
        let (by, other, secret) = (key(), key(), Secret::random());
        let wrapped = wrap(&by, &secret, b"context").expect("wrapped");
        assert_eq!(unwrap(&by, &wrapped, b"context").expect("the secret").bytes(), secret.bytes());
        assert!(unwrap(&other, &wrapped, b"context").is_none());
        assert!(unwrap(&by, &wrapped, b"other").is_none());
        for end in 0..wrapped.len() {
            assert!(unwrap(&by, &wrapped[..end], b"context").is_none());
        }
    }
}
