//! Signing keys: what a secret becomes for a day, a region and a service. They are cached, so that a request costs one
//! HMAC and not five.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Credential, Received, Refusal, Signature};

/// Keys in the cache. At the limit all are dropped: a day has one for each access key, region and service.
const CACHED_MAX: usize = 4096;
/// Longer names are not cached: access keys, dates, regions and services are shorter. Together with [`CACHED_MAX`] it bounds
/// the cache to about 2 MiB. Unit: bytes.
const NAME_BYTES_MAX: usize = 256;

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

/// The signing keys of the last well-signed requests.
#[derive(Default)]
pub struct SigningKeys(RwLock<HashMap<String, SigningKey>>);

impl SigningKeys {
    /// Whether a signature is the request's, by the access key that has this secret and no other.
    ///
    /// # Errors
    /// AWS's refusal, which includes what should have been signed.
    pub fn verify(&self, signature: &Signature<'_>, secret: &str, received: &Received<'_>) -> Result<(), Refusal> {
        let Credential { access_key, date, region, service } = &signature.credential;
        let name = [access_key, date, region, service].map(|part| &**part).join("/");
        let cached = self.0.read().get(&name).cloned();
        let is_cached = cached.is_some();
        let key = cached.unwrap_or_else(|| SigningKey::new(secret, date, region, service));
        signature.verify(&key, received)?;
        // Only behind a good signature: scopes are the client's words, and an unknown client could fill the cache with
        // them and push out the keys that others use.
        if !is_cached {
            self.insert(name, key);
        }
        Ok(())
    }

    fn insert(&self, name: String, key: SigningKey) {
        if name.len() > NAME_BYTES_MAX {
            return;
        }
        let mut cached = self.0.write();
        if cached.len() >= CACHED_MAX {
            cached.clear();
        }
        cached.insert(name, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::canonical::digest;
    use crate::sigv4::{Headers, Signed, amz_date, hex};

    struct Sent;

    impl Headers for Sent {
        fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
            if name == "host" {
                each(b"here");
            }
        }

        fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
            each("host");
        }
    }

    const DATE: &str = "20150830T123600Z";

    /// Verifies a request that was signed with one secret against another.
    fn verify(keys: &SigningKeys, scope: [&str; 3], signed_with: &str, secret: &str) -> Result<(), Refusal> {
        let [access_key, region, service] = scope;
        let received = Received { method: "POST", path: "/", query: None, headers: &Sent, body: b"{}" };
        let hashed = hex(&digest(&received.canonical("host")));
        let text = format!("AWS4-HMAC-SHA256\n{DATE}\n20150830/{region}/{service}/aws4_request\n");
        let value = SigningKey::new(signed_with, "20150830", region, service).sign(&[text.as_bytes(), &hashed]);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/20150830/{region}/{service}/aws4_request, SignedHeaders=host, \
             Signature={}",
            String::from_utf8_lossy(&hex(&value))
        );
        let signed = Signed { authorization: Some(&authorization), date: Some(DATE), ..Signed::default() };
        keys.verify(&signed.signature().unwrap(), secret, &received)
    }

    #[test]
    fn cached_keys_are_the_same_and_do_not_mix() {
        assert_eq!(amz_date(1_440_938_160), *b"20150830T123600Z");
        let keys = SigningKeys::default();
        let scopes = [("us-east-1", "iam"), ("us-east-1", "sts"), ("eu-west-3", "iam")];
        for (region, service) in scopes.into_iter().chain(scopes) {
            for (access_key, secret) in [("a", "x"), ("b", "y")] {
                assert_eq!(verify(&keys, [access_key, region, service], secret, secret), Ok(()));
            }
        }
        assert_eq!(keys.0.read().len(), 6);
        // From the cache, whatever the caller says that the secret is.
        assert_eq!(verify(&keys, ["a", "us-east-1", "iam"], "x", "other"), Ok(()));
        assert!(verify(&keys, ["a", "us-east-1", "iam"], "y", "x").is_err());
    }

    #[test]
    fn nothing_is_cached_before_a_signature_is_good() {
        let keys = SigningKeys::default();
        for at in 0..100 {
            assert!(verify(&keys, ["a", &format!("region-{at}"), "iam"], "wrong", "x").is_err());
        }
        assert!(keys.0.read().is_empty());
    }

    #[test]
    fn the_cache_is_bounded() {
        let keys = SigningKeys::default();
        let key = SigningKey::new("x", "20150830", "r", "s");
        (0..2 * CACHED_MAX).for_each(|at| keys.insert(at.to_string(), key.clone()));
        assert!(keys.0.read().len() <= CACHED_MAX);
        let keys = SigningKeys::default();
        assert_eq!(verify(&keys, [&"a".repeat(NAME_BYTES_MAX), "us-east-1", "iam"], "x", "x"), Ok(()));
        assert!(keys.0.read().is_empty());
    }
}
