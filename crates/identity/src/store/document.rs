//! A policy's document as it is stored: its text. The parsed policy can take fifty times as much memory, so a document only finds it
//! again while others hold it: requests that use it, and the cache of credentials, which is bounded in bytes. Without them the
//! text is parsed again.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Weak};

use auth::iam::{Malformed, Policy, PolicyKind, PrincipalIds};
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The parsed policy of one document.
#[derive(Default)]
struct Parsed(Mutex<State>);

#[derive(Clone, Default)]
enum State {
    #[default]
    Unused,
    /// Dangling once the last user is dropped.
    Used(Weak<Policy>),
    /// As the log has said. A further attempt would end the same way.
    Unreadable,
}

impl Parsed {
    /// The policy that users share, or else a new one.
    fn get(&self, parse: impl FnOnce() -> Option<Policy>) -> Option<Arc<Policy>> {
        // Locked while it is parsed: of requests that come at the same time one parses it, and the others share it.
        let mut state = self.0.lock();
        let shared = match &*state {
            State::Unused => None,
            State::Used(policy) => policy.upgrade(),
            State::Unreadable => return None,
        };
        if shared.is_some() {
            return shared;
        }
        let parsed = parse().map(Arc::new);
        *state = parsed.as_ref().map_or(State::Unreadable, |policy| State::Used(Arc::downgrade(policy)));
        parsed
    }
}

impl Clone for Parsed {
    fn clone(&self) -> Parsed {
        Parsed(Mutex::new(self.0.lock().clone()))
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed")
    }
}

#[derive(Clone, Default)]
pub struct PolicyDocument {
    text: String,
    white_space_bytes: usize,
    parsed: Parsed,
}

impl PolicyDocument {
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(kind: PolicyKind, text: &str) -> Result<PolicyDocument, Malformed> {
        Policy::parse(kind, text)?;
        Ok(PolicyDocument::of(text.to_owned()))
    }

    fn of(text: String) -> PolicyDocument {
        PolicyDocument { white_space_bytes: white_space_bytes(&text), text, parsed: Parsed::default() }
    }

    /// How much of the text is white space, which most quotas do not count.
    pub fn white_space_bytes(&self) -> usize {
        self.white_space_bytes
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says; nothing if a stored document cannot be read, which is then worth a line in the log.
    pub fn policy(&self, kind: PolicyKind) -> Option<Arc<Policy>> {
        self.parsed.get(|| parsed(kind, &self.text))
    }
}

/// A role's trust policy, with the unique ids of the principals that it named when it was put. One that an older program has
/// stored has no ids, and means whatever has the ARNs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrustPolicy {
    #[serde(rename = "trust")]
    document: PolicyDocument,
    #[serde(rename = "trust_principals", default, skip_serializing_if = "Option::is_none")]
    principals: Option<PrincipalIds>,
    #[serde(skip)]
    bound: Parsed,
}

impl TrustPolicy {
    pub(crate) fn new(document: PolicyDocument, principals: PrincipalIds) -> TrustPolicy {
        TrustPolicy { document, principals: Some(principals), bound: Parsed::default() }
    }

    pub(crate) fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// As it is shown, with the ARNs that its principals have now.
    pub(crate) fn text(&self, current_arn: impl Fn(&str, &str) -> Option<String>) -> Cow<'_, str> {
        match &self.principals {
            Some(principals) => principals.shown(self.document.text(), current_arn),
            None => Cow::Borrowed(self.document.text()),
        }
    }

    /// What it says; nothing if it cannot be read.
    pub fn policy(&self) -> Option<Arc<Policy>> {
        let Some(principals) = &self.principals else { return self.document.policy(PolicyKind::Trust) };
        self.bound.get(|| {
            let mut policy = parsed(PolicyKind::Trust, self.document.text())?;
            policy.bind(principals);
            Some(policy)
        })
    }
}

fn white_space_bytes(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_whitespace).count()
}

fn parsed(kind: PolicyKind, text: &str) -> Option<Policy> {
    let policy = Policy::parse(kind, text);
    policy.inspect_err(|error| log::error!(event = "policy_unreadable"; "a stored policy cannot be read: {error}")).ok()
}

impl fmt::Debug for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &PolicyDocument) -> bool {
        self.text == other.text
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PolicyDocument, D::Error> {
        Ok(PolicyDocument::of(String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

    #[test]
    fn a_parsed_policy_is_shared_while_it_is_used_and_ends_with_its_last_user() {
        let document = PolicyDocument::parse(PolicyKind::Identity, ALL).expect("a policy");
        let (first, second) = (document.policy(PolicyKind::Identity), document.clone().policy(PolicyKind::Identity));
        let (first, second) = (first.expect("readable"), second.expect("readable"));
        assert!(Arc::ptr_eq(&first, &second));
        let weak = Arc::downgrade(&first);
        drop((first, second));
        assert!(weak.upgrade().is_none(), "the document does not hold it");
        assert!(document.policy(PolicyKind::Identity).is_some());
    }

    #[test]
    fn a_document_that_cannot_be_read_is_not_parsed_again() {
        let parsed = Parsed::default();
        assert!(parsed.get(|| None).is_none());
        assert!(parsed.get(|| unreachable!("it was tried before")).is_none());
    }
}
