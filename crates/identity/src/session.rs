//! Session tokens: everything about temporary credentials, sealed. Every server that has the auth key recognizes a session by its
//! token, and none of them stores it. What a session may do is looked up with each request, so that changes of its role or
//! user hold at once.
//!
//! A token is base64 of sealed bytes (see `auth_key`), bound to the access key id; within are deflated bytes of JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Write};

use auth::Refusal;
use base64_simd::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::auth_key::{AuthKey, Sealing};

/// Longer ones are not ours. Unit: bytes.
const TOKEN_SIZE_BYTES_MAX: usize = 16 * 1024;
/// What a token may become when it is inflated. Unit: bytes.
const INFLATED_SIZE_BYTES_MAX: u64 = 256 * 1024;
/// What policies and tags may take of a token, when they are packed. Unit: bytes. AWS reports percents of a size that
/// it does not document.
pub(crate) const PACKED_SIZE_BYTES_MAX: usize = 4 * 1024;

/// The principal of a session, by ids that are never reused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Holder {
    /// The account's root.
    Root,
    /// A user's own session, by the user's id.
    User { id: String },
    /// A role, by its id.
    Role { id: String, session_name: String },
    /// A federated user: the permissions of a user or of the root, limited by the session's policies.
    Federated { name: String, user: Option<String> },
}

/// Temporary credentials, and their session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub access_key: String,
    pub secret: String,
    /// 12 digits.
    pub account: String,
    pub issued_s: u64,
    pub expires_s: u64,
    pub holder: Holder,
    /// The access key that it was taken with, if it is a user's own, a federated user's or the root's: it ends with that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// What it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Managed policies that it is narrowed to, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Their unique ids, in the same order; of AWS's own policies they are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Keys of tags that go on into sessions of roles that this one takes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub transitive: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Further keys of the context of its requests, in lower case, such as claims of a web identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("access_key", &self.access_key)
            .field("holder", &self.holder)
            .field("expires_s", &self.expires_s)
            .finish_non_exhaustive()
    }
}

/// Seals sessions into tokens, and opens them.
pub struct Tokens(Sealing);

impl Tokens {
    pub fn new(key: &AuthKey) -> Tokens {
        Tokens(key.sealing("session tokens"))
    }

    pub fn token(&self, session: &Session) -> String {
        let json = serde_json::to_vec(session).unwrap_or_default();
        STANDARD.encode_to_string(self.0.sealed(&session.access_key, &deflated(&json)))
    }

    /// The session of a token that came with an access key.
    ///
    /// # Errors
    /// `Unrecognized` if it is not a token of ours or belongs to another access key; `Expired`.
    pub fn session(&self, access_key: &str, token: &str, now_ms: u64) -> Result<Session, Refusal> {
        let session = self.opened(access_key, token).ok_or(Refusal::Unrecognized)?;
        if session.expires_s <= now_ms / 1_000 {
            return Err(Refusal::Expired);
        }
        Ok(session)
    }

    fn opened(&self, access_key: &str, token: &str) -> Option<Session> {
        if token.len() > TOKEN_SIZE_BYTES_MAX {
            return None;
        }
        let sealed = STANDARD.decode_to_vec(token).ok()?;
        let packed = self.0.opened(access_key, &sealed)?;
        let session: Session = serde_json::from_slice(&inflated(&packed)?).ok()?;
        (session.access_key == access_key).then_some(session)
    }
}

impl Session {
    /// How much of the room for policies and tags they take. Unit: parts in a hundred, rounded up; `None` if there are none.
    pub fn packed_percent(&self) -> Option<usize> {
        if self.policy.is_none() && self.policy_arns.is_empty() && self.tags.is_empty() {
            return None;
        }
        let parts = serde_json::to_vec(&(&self.policy, &self.policy_arns, &self.tags, &self.transitive));
        let packed = deflated(&parts.unwrap_or_default()).len();
        Some((packed * 100).div_ceil(PACKED_SIZE_BYTES_MAX))
    }
}

/// Writing to memory does not fail.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    DeflateDecoder::new(bytes).take(INFLATED_SIZE_BYTES_MAX).read_to_end(&mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn session() -> Session {
        Session {
            access_key: "ASIAQNZGKIQY56JQ7WML".to_owned(),
            secret: "a-secret".to_owned(),
            account: "029608264753".to_owned(),
            issued_s: 1_000,
            expires_s: 4_600,
            holder: Holder::Role { id: "AROAX".to_owned(), session_name: "s".to_owned() },
            issued_by: Some("AKIAX".to_owned()),
            policy: Some("{}".to_owned()),
            policy_arns: vec!["arn".to_owned()],
            policy_ids: vec!["ANPAX".to_owned()],
            tags: [("k".to_owned(), "v".to_owned())].into(),
            transitive: ["k".to_owned()].into(),
            source_identity: Some("me".to_owned()),
            context: [("issuer:sub".to_owned(), vec!["x".to_owned()])].into(),
        }
    }

    #[test]
    fn a_token_is_known_until_it_expires() {
        let tokens = Tokens::new(&AuthKey::random());
        let session = session();
        let token = tokens.token(&session);
        let known = |access_key: &str, token: &str, now_s: u64| tokens.session(access_key, token, now_s * 1_000);
        assert_eq!(known(&session.access_key, &token, 4_599), Ok(session.clone()));
        assert_eq!(known(&session.access_key, &token, 4_600), Err(Refusal::Expired));
        assert_eq!(known("ASIAQNZGKIQY56JQ7WMM", &token, 1_000), Err(Refusal::Unrecognized));
        let others = Tokens::new(&AuthKey::random());
        assert_eq!(others.session(&session.access_key, &token, 1_000), Err(Refusal::Unrecognized));
        for token in ["", "x", "AAAA", &format!("{token}\n"), &"A".repeat(TOKEN_SIZE_BYTES_MAX + 4)] {
            assert_eq!(known(&session.access_key, token, 1_000), Err(Refusal::Unrecognized));
        }
        assert!(!format!("{session:?} {token}").contains("a-secret"));
    }

    #[test]
    fn packed_sizes() {
        let bare = Session { policy: None, policy_arns: Vec::new(), tags: BTreeMap::new(), ..session() };
        assert_eq!(bare.packed_percent(), None);
        assert!(session().packed_percent().is_some_and(|percent| (1..10).contains(&percent)));
        let noise: String = (0..8_000).map(|_| char::from(b'a' + (base::random::u64() % 26) as u8)).collect();
        let large = Session { policy: Some(noise), ..session() };
        assert!(large.packed_percent().is_some_and(|percent| percent > 100));
    }

    proptest! {
        #[test]
        fn no_other_token_is_accepted(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
            let tokens = Tokens::new(&AuthKey::random());
            let session = session();
            let token = tokens.token(&session);
            let mut changed = token.clone().into_bytes();
            let at = at.index(changed.len());
            if cut { changed.truncate(at) } else { changed[at] = byte }
            let changed = String::from_utf8_lossy(&changed);
            let known = tokens.session(&session.access_key, &changed, 1_000);
            prop_assert_eq!(known.is_ok(), changed == token);
        }

        #[test]
        fn any_bytes_are_refused(token in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let tokens = Tokens::new(&AuthKey::random());
            prop_assert_eq!(tokens.session("ASIA", &token, 0), Err(Refusal::Unrecognized));
            prop_assert_eq!(tokens.session("ASIA", &STANDARD.encode_to_string(&bytes), 0), Err(Refusal::Unrecognized));
        }
    }
}
