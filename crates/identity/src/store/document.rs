//! A policy's document as it is kept: its text, and what it says once somebody has asked.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use auth::iam::{Malformed, Policy, PolicyKind, PrincipalIds};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Default)]
pub struct PolicyDocument {
    text: String,
    white_space_bytes: usize,
    parsed: OnceLock<Option<Arc<Policy>>>,
}

impl PolicyDocument {
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(kind: PolicyKind, text: &str) -> Result<PolicyDocument, Malformed> {
        // What it says may take fifty times its text: it is kept of those alone that requests are decided by.
        Policy::parse(kind, text)?;
        Ok(PolicyDocument {
            text: text.to_owned(),
            white_space_bytes: white_space_bytes(text),
            parsed: OnceLock::new(),
        })
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
        self.parsed.get_or_init(|| parsed(kind, &self.text).map(Arc::new)).clone()
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
    bound: OnceLock<Option<Arc<Policy>>>,
}

impl TrustPolicy {
    pub(crate) fn new(document: PolicyDocument, principals: PrincipalIds) -> TrustPolicy {
        TrustPolicy { document, principals: Some(principals), bound: OnceLock::new() }
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
        let bound = self.bound.get_or_init(|| {
            let mut policy = parsed(PolicyKind::Trust, self.document.text())?;
            policy.bind(principals);
            Some(Arc::new(policy))
        });
        bound.clone()
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
        let text = String::deserialize(deserializer)?;
        Ok(PolicyDocument { white_space_bytes: white_space_bytes(&text), text, parsed: OnceLock::new() })
    }
}
