//! A KMS: a service that wraps keys by keys that never leave it. AWS's own, or any that speaks its JSON.
//!
//! The encryption context names the database (`stator:database`): policies and the KMS's own log can identify the database of a
//! call, and a key that was wrapped for one database is not unwrapped for another.
//!
//! Calls about a table's key are calls of the table's account: those for slow keys, or for many, leave other accounts theirs.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64_simd::STANDARD;
use bytes::Bytes;
use client::{
    AwsCall, Backoff, Call, Credentials, Holder, Protocol, ReplyBounds, Retries, Server, SignedFor, Trouble, Via,
    aws_call,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(5);
/// A wrapped secret and its names are far smaller. Unit: bytes.
const REPLY_BYTES_MAX: usize = 64 << 10;
/// What may pass is attempted again, for about two seconds in all.
const RETRIES: Retries = Retries::new(3, Backoff::new(400, 1_600));
/// The name of the encryption context's one entry.
const CONTEXT: &str = "stator:database";

#[derive(Clone, Debug)]
pub struct Kms {
    pub endpoint: String,
    /// An id, an ARN, or an alias of either form.
    pub key_id: String,
    /// Authorities to believe instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Reserves the calls.
    holder: Holder,
}

/// The account or process on behalf of which a table's key is requested.
#[derive(Clone, Copy)]
pub(crate) enum Behalf<'a> {
    /// Of a request. The account is the table's; where it is not known, it is empty.
    Account(&'a str),
    /// Of the server, which checks whether an account's keys may still be used. The account's own calls do not delay that, or an
    /// account could continue to use a revoked key.
    Check(&'a str),
}

impl Behalf<'_> {
    fn holder(self, key_id: &str) -> Holder {
        match self {
            Behalf::Account("") => Holder::server("kms"),
            // A holder for each key: within an account, too, a slow key leaves calls to the others.
            Behalf::Account(account) => Holder::new(account, &format!("kms {key_id}")),
            Behalf::Check(account) => Holder::server(&format!("kms {account}")),
        }
    }
}

/// A KMS does not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KmsError {
    /// It refused, with this exception.
    Refused { exception: String, text: String },
    /// It was not reached, or its response makes no sense.
    Unreachable(String),
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (KmsError::Refused { text, .. } | KmsError::Unreachable(text)) = self;
        f.write_str(text)
    }
}

/// Exceptions of Encrypt and Decrypt. Source: AWS Key Management Service API Reference.
const EXCEPTIONS: [&str; 12] = [
    "AccessDeniedException",
    "DependencyTimeoutException",
    "DisabledException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
    "ThrottlingException",
];

impl KmsError {
    /// What a client of this server may know of it: no word of what answered, which may be any server, and not where it is.
    pub fn for_client(&self) -> String {
        match self {
            KmsError::Refused { exception, .. } if EXCEPTIONS.contains(&exception.as_str()) => {
                format!("the KMS answered with {exception}")
            }
            KmsError::Refused { .. } => "the KMS refused the key".to_owned(),
            KmsError::Unreachable(_) => "the KMS could not be reached".to_owned(),
        }
    }
}

/// A secret, as the KMS has wrapped it.
pub(crate) struct Wrapped {
    /// The ARN of the key.
    pub(crate) key_arn: String,
    pub(crate) bytes: Vec<u8>,
}

impl Kms {
    /// Asked on behalf of no account.
    pub fn new(endpoint: String, key_id: String, ca_bundle: Option<PathBuf>) -> Kms {
        Kms { endpoint, key_id, ca_bundle, holder: Holder::server("kms") }
    }

    /// Another of its keys.
    pub(crate) fn key(&self, key_id: &str, behalf: Behalf<'_>) -> Kms {
        Kms { key_id: key_id.to_owned(), holder: behalf.holder(key_id), ..self.clone() }
    }

    pub(crate) async fn encrypt(&self, secret: &Secret, database: &str) -> Result<Wrapped, KmsError> {
        let plain = Zeroizing::new(STANDARD.encode_to_string(secret.bytes()));
        let body = json!({"KeyId": self.key_id, "Plaintext": *plain, "EncryptionContext": {CONTEXT: database}});
        let answer = self.call("Encrypt", &body).await?;
        let bytes = bytes(&answer, "CiphertextBlob");
        let key_arn = answer["KeyId"].as_str().filter(|arn| is_one_word(arn));
        match (key_arn, bytes) {
            (Some(key_arn), Some(bytes)) => Ok(Wrapped { key_arn: key_arn.to_owned(), bytes }),
            _ => Err(self.senseless("Encrypt")),
        }
    }

    pub(crate) async fn decrypt(&self, key_arn: &str, wrapped: &[u8], database: &str) -> Result<Secret, KmsError> {
        let wrapped = STANDARD.encode_to_string(wrapped);
        let body = json!({"KeyId": key_arn, "CiphertextBlob": wrapped, "EncryptionContext": {CONTEXT: database}});
        let answer = self.call("Decrypt", &body).await?;
        let plain = bytes(&answer, "Plaintext").map(Zeroizing::new);
        plain.and_then(|plain| Secret::new(&plain)).ok_or_else(|| self.senseless("Decrypt"))
    }

    /// Whether the key that was named can be the one with this ARN. An alias can be any.
    pub(crate) fn may_be(&self, key_arn: &str) -> bool {
        let is_alias = self.key_id.contains("alias/");
        is_alias || key_arn == self.key_id || key_arn.rsplit('/').next() == Some(&self.key_id)
    }

    fn senseless(&self, operation: &str) -> KmsError {
        KmsError::Unreachable(format!("{operation} at {}: the answer cannot be understood", self.endpoint))
    }

    async fn call(&self, operation: &str, body: &Value) -> Result<Value, KmsError> {
        let body = Zeroizing::new(body.to_string().into_bytes());
        // Boxed, so that what may have to call has no room for a call.
        let reply = Box::pin(self.send(operation, Bytes::from_owner(body))).await;
        let reply = reply.map_err(|trouble| self.error(operation, trouble))?;
        Ok(serde_json::from_slice(&reply).unwrap_or_default())
    }

    async fn send(&self, operation: &str, body: Bytes) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        let unusable = |failure: client::Failure| Trouble::Unusable(failure.to_string());
        let server = Server::parse(&self.endpoint, self.ca_bundle.clone()).map_err(unusable)?;
        let credentials = &Credentials::for_server(&server, self.region()).map_err(unusable)?;
        let target = format!("TrentService.{operation}");
        let call = AwsCall {
            call: Call { method: "POST", target: "/", headers: &Protocol::KMS.headers(&target), body },
            signed_for: SignedFor { credentials, service: Protocol::KMS.service },
            timeout: TIMEOUT,
            reply: ReplyBounds::whole(REPLY_BYTES_MAX),
            retries: RETRIES,
        };
        Ok(Zeroizing::new(aws_call(Via::Reserving(&server, &self.holder), &call).await?.success()?))
    }

    /// That of the key's ARN, if it was named by one.
    fn region(&self) -> Option<&str> {
        self.key_id.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
    }

    fn error(&self, operation: &str, trouble: Trouble) -> KmsError {
        let text = format!("{operation} at {}: {trouble}", self.endpoint);
        // What may pass says nothing of the key: it is no refusal.
        let passes = trouble.is_passing();
        match trouble {
            Trouble::Refused { exception, .. } if !passes => KmsError::Refused { exception, text },
            _ => KmsError::Unreachable(text),
        }
    }
}

/// It is the rest of a line of text, which it must not break.
fn is_one_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn bytes(answer: &Value, member: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(answer[member].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_see_the_names_of_exceptions_only() {
        let refused = |exception: &str| {
            KmsError::Refused { exception: exception.to_owned(), text: "at http://kms: 400 SECRET".to_owned() }
                .for_client()
        };
        assert_eq!(refused("DisabledException"), "the KMS answered with DisabledException");
        assert_eq!(refused("SECRET"), "the KMS refused the key");
        assert_eq!(refused(""), "the KMS refused the key");
        assert_eq!(KmsError::Unreachable("SECRET".to_owned()).for_client(), "the KMS could not be reached");
    }

    #[test]
    fn keys_are_known_by_any_of_their_names() {
        let arn = "arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab";
        for (key_id, may_be, region) in [
            (arn, true, Some("eu-west-3")),
            ("1234abcd-12ab", true, None),
            ("alias/stator", true, None),
            ("arn:aws:kms:eu-west-1:111122223333:alias/stator", true, Some("eu-west-1")),
            ("arn:aws:kms:eu-west-3:111122223333:key/other", false, Some("eu-west-3")),
            ("other", false, None),
        ] {
            let kms = Kms::new(String::new(), key_id.to_owned(), None);
            assert_eq!((kms.may_be(arn), kms.region()), (may_be, region), "{key_id}");
        }
    }
}
