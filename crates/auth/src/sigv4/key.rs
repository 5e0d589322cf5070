//! Signing keys: what a secret becomes for a day, a region and a service. They are kept, so that a request costs one
//! HMAC and not five.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Credential;

/// Keys that are kept. With more of them all are forgotten: a day has one for each key, region and service.
const KEPT_MAX: usize = 4096;

#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// `day` is `YYYYMMDD`.
    pub fn new(secret: &str, day: &str, region: &str, service: &str) -> SigningKey {
        let secret = Zeroizing::new(format!("AWS4{secret}"));
        let step = |key: Hmac<Sha256>, text: &str| keyed(&mac(key, &[text.as_bytes()]));
        let first = keyed(secret.as_bytes());
        SigningKey([day, region, service, "aws4_request"].into_iter().fold(first, step))
    }

    /// The signature of a string to sign, which is given in parts.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(self.0.clone(), parts)
    }

    /// Whether this is the signature of a string. Takes the same time wherever they differ.
    pub(super) fn verify(&self, parts: &[&[u8]], signature: &[u8; 32]) -> bool {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.verify_slice(signature).is_ok()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

fn mac(mut keyed: Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    for part in parts {
        keyed.update(part);
    }
    keyed.finalize().into_bytes().into()
}

/// The signing keys of the last requests.
#[derive(Default)]
pub struct SigningKeys(RwLock<HashMap<String, SigningKey>>);

impl SigningKeys {
    /// The signing key of a credential, whose access key has this secret and no other.
    pub fn key(&self, credential: &Credential<'_>, secret: &str) -> SigningKey {
        let Credential { access_key, date, region, service } = credential;
        let name = [access_key, date, region, service].map(|part| &**part).join("/");
        if let Some(key) = self.0.read().get(&name) {
            return key.clone();
        }
        let key = SigningKey::new(secret, date, region, service);
        let mut kept = self.0.write();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(name, key.clone());
        key
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn kept_keys_are_the_same_and_do_not_mix() {
        let keys = SigningKeys::default();
        let credential = |access_key: &str, day: &str, region: &str, service: &str| {
            let [access_key, date, region, service] =
                [access_key, day, region, service].map(|part| Cow::Owned(part.to_owned()));
            Credential { access_key, date, region, service }
        };
        let scopes = [("20150830", "us-east-1", "iam"), ("20150830", "us-east-1", "sts"), ("20150831", "u", "iam")];
        for (day, region, service) in scopes.into_iter().chain(scopes) {
            for (access_key, secret) in [("a", "x"), ("b", "y")] {
                let fresh = SigningKey::new(secret, day, region, service);
                let kept = keys.key(&credential(access_key, day, region, service), secret);
                assert_eq!(kept.sign(&[b"text"]), fresh.sign(&[b"te", b"xt"]));
            }
        }
        assert_eq!(keys.0.read().len(), 6);
        (0..2 * KEPT_MAX).for_each(|at| drop(keys.key(&credential(&at.to_string(), "20150830", "r", "s"), "x")));
        assert!(keys.0.read().len() <= KEPT_MAX);
    }
}
