//! A policy's document as it is kept: its text, and what it says once somebody has asked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use auth::iam::{Malformed, Policy, PolicyKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Default)]
pub struct PolicyDocument {
    text: String,
    parsed: OnceLock<Option<Arc<Policy>>>,
}

impl PolicyDocument {
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(kind: PolicyKind, text: &str) -> Result<PolicyDocument, Malformed> {
        let policy = Policy::parse(kind, text)?;
        Ok(PolicyDocument { text: text.to_owned(), parsed: OnceLock::from(Some(Arc::new(policy))) })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says; nothing if a stored document cannot be read, which is then worth a line in the log.
    pub fn policy(&self, kind: PolicyKind) -> Option<Arc<Policy>> {
        let parsed = self.parsed.get_or_init(|| match Policy::parse(kind, &self.text) {
            Ok(policy) => Some(Arc::new(policy)),
            Err(error) => {
                log::error!("a stored policy cannot be read: {error}");
                None
            }
        });
        parsed.clone()
    }
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
        Ok(PolicyDocument { text: String::deserialize(deserializer)?, parsed: OnceLock::new() })
    }
}
