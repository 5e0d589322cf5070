//! The master key: what an operator keeps apart from the data, and what the database key is wrapped by.

use std::fmt;

use ring::aead::LessSafeKey;

use crate::secret::{Secret, hex};
use crate::value::aes;
use crate::wrap;

pub enum MasterKey {
    /// Its bytes, from a file or the environment.
    Given(GivenKey),
}

pub struct GivenKey {
    key: LessSafeKey,
    fingerprint: String,
}

/// Why a master key cannot do its work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MasterError {
    /// What it should unwrap was not wrapped by it, or was changed since.
    Refused,
}

impl fmt::Display for MasterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MasterError::Refused => f.write_str("the master key does not fit"),
        }
    }
}

impl MasterKey {
    pub fn given(secret: &Secret) -> MasterKey {
        MasterKey::Given(GivenKey { key: aes(secret), fingerprint: hex(&secret.fingerprint()) })
    }

    /// What a keyring says of the master key that it needs. No secret.
    pub(crate) fn name(&self) -> String {
        match self {
            MasterKey::Given(given) => format!("given {}", given.fingerprint),
        }
    }

    pub(crate) async fn wrap(&self, secret: &Secret, context: &str) -> Result<Vec<u8>, MasterError> {
        match self {
            MasterKey::Given(given) => Ok(wrap::wrap(&given.key, secret, context.as_bytes())),
        }
    }

    pub(crate) async fn unwrap(&self, wrapped: &[u8], context: &str) -> Result<Secret, MasterError> {
        match self {
            MasterKey::Given(given) => {
                wrap::unwrap(&given.key, wrapped, context.as_bytes()).ok_or(MasterError::Refused)
            }
        }
    }
}
