//! The master key: an operator stores it apart from the data, and it wraps the database key.

use std::fmt;

use crate::kms::{Kms, KmsError, Wrapped};
use crate::secret::{CipherFailed, Secret, aes, hex};
use crate::wrap;

pub enum MasterKey {
    /// Its bytes, from a file or the environment.
    Given(GivenKey),
    /// A key that stays where it is.
    Kms(Kms),
}

pub struct GivenKey {
    secret: Secret,
    /// As a keyring names it.
    name: String,
}

/// Why a master key cannot do its work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MasterError {
    /// Another one is needed.
    Other {
        given: String,
    },
    /// What it should unwrap was changed since.
    Damaged,
    /// The cipher refuses the key.
    Cipher,
    Kms(KmsError),
}

impl From<CipherFailed> for MasterError {
    fn from(CipherFailed: CipherFailed) -> MasterError {
        MasterError::Cipher
    }
}

impl fmt::Display for MasterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MasterError::Other { given } => write!(f, "another master key is needed than {}", described(given)),
            MasterError::Damaged => f.write_str("what the master key has wrapped is damaged"),
            MasterError::Cipher => f.write_str("the cipher AES-256-GCM refuses the master key"),
            MasterError::Kms(error) => write!(f, "the master key cannot be used: {error}"),
        }
    }
}

impl From<KmsError> for MasterError {
    fn from(error: KmsError) -> MasterError {
        MasterError::Kms(error)
    }
}

const GIVEN: &str = "given ";
/// What the name of a KMS's key begins with.
pub(crate) const KMS: &str = "kms ";

/// A key's name in words. Of a key that is given it holds the fingerprint.
pub(crate) fn described(name: &str) -> String {
    match (name.strip_prefix(GIVEN), name.strip_prefix(KMS)) {
        (Some(fingerprint), _) => format!("the key with the fingerprint {fingerprint}"),
        (None, Some(key)) => format!("the KMS key {key}"),
        (None, None) => name.to_owned(),
    }
}

impl MasterKey {
    /// Whether both are the same bytes. A KMS may have another key behind the same name.
    pub fn is_same_given(&self, other: &MasterKey) -> bool {
        matches!((self, other), (MasterKey::Given(one), MasterKey::Given(other)) if one.name == other.name)
    }

    pub fn given(secret: &Secret) -> MasterKey {
        MasterKey::Given(GivenKey { secret: secret.clone(), name: format!("{GIVEN}{}", hex(&secret.fingerprint())) })
    }

    /// The secret, wrapped for one database, and the name of the key that did it. A name is no secret.
    pub(crate) async fn wrap(&self, secret: &Secret, database: &str) -> Result<(String, Vec<u8>), MasterError> {
        match self {
            MasterKey::Given(given) => {
                let wrapped =
                    aes(&given.secret).and_then(|by| wrap::wrap(&by, secret, context(database).as_bytes()))?;
                Ok((given.name.clone(), wrapped))
            }
            MasterKey::Kms(kms) => {
                let Wrapped { key_arn, bytes } = kms.encrypt(secret, database).await?;
                Ok((format!("{KMS}{key_arn}"), bytes))
            }
        }
    }

    /// The secret that the key of this name has wrapped.
    pub(crate) async fn unwrap(&self, name: &str, wrapped: &[u8], database: &str) -> Result<Secret, MasterError> {
        match self {
            MasterKey::Given(given) if given.name != name => Err(MasterError::Other { given: given.name.clone() }),
            MasterKey::Given(given) => {
                wrap::unwrap(&aes(&given.secret)?, wrapped, context(database).as_bytes()).ok_or(MasterError::Damaged)
            }
            MasterKey::Kms(kms) => match name.strip_prefix(KMS).filter(|key_arn| kms.may_be(key_arn)) {
                Some(key_arn) => Ok(kms.decrypt(key_arn, wrapped, database).await?),
                None => Err(MasterError::Other { given: format!("{KMS}{}", kms.key_id) }),
            },
        }
    }
}

fn context(database: &str) -> String {
    format!("the key of stator database {database}")
}
