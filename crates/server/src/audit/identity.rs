//! Who asked: CloudTrail's `userIdentity`.

use auth::Caller;
use auth::iam::{Principal, PrincipalKind};
use serde::Serialize;

use super::names::is_name;

/// Of an access key's id. Unit: bytes. Source: IAM API Reference, AccessKey.
const KEY_SIZE_MAX: usize = 128;
/// Of one that nobody knows: shorter than a secret, which somebody may have put in its place.
const CLAIMED_SIZE_MAX: usize = 32;

const UNKNOWN: &str = "Unknown";

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdentity {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext>,
}

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    session_issuer: SessionIssuer,
}

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    r#type: &'static str,
    principal_id: String,
    arn: String,
    account_id: String,
    user_name: String,
}

impl UserIdentity {
    /// Without identities, whoever has a key is the account.
    pub(super) fn of(caller: &Caller) -> UserIdentity {
        let access_key_id = access_key(&caller.access_key, KEY_SIZE_MAX);
        match &caller.identity {
            Some(identity) => UserIdentity { access_key_id, ..UserIdentity::of_principal(&identity.principal) },
            None => UserIdentity {
                r#type: "Root",
                principal_id: Some(caller.account.clone()),
                arn: Some(format!("arn:aws:iam::{}:root", caller.account)),
                account_id: Some(caller.account.clone()),
                access_key_id,
                user_name: None,
                session_context: None,
            },
        }
    }

    /// Somebody who was not let in, and the key that they say is theirs.
    pub(super) fn unknown(claimed: Option<&str>) -> UserIdentity {
        UserIdentity {
            r#type: UNKNOWN,
            principal_id: None,
            arn: None,
            account_id: None,
            access_key_id: claimed.and_then(|claimed| access_key(claimed, CLAIMED_SIZE_MAX)),
            user_name: None,
            session_context: None,
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.r#type == UNKNOWN
    }

    fn of_principal(principal: &Principal) -> UserIdentity {
        UserIdentity {
            r#type: match principal.kind {
                PrincipalKind::Root => "Root",
                PrincipalKind::User => "IAMUser",
                PrincipalKind::AssumedRole => "AssumedRole",
                PrincipalKind::FederatedUser => "FederatedUser",
            },
            principal_id: Some(principal.user_id.clone()),
            arn: Some(principal.arn.clone()),
            account_id: Some(principal.account.clone()),
            access_key_id: None,
            user_name: principal.username.clone(),
            session_context: principal.role_arn.as_ref().map(|role| SessionContext {
                session_issuer: SessionIssuer {
                    r#type: "Role",
                    principal_id: principal.user_id.split(':').next().unwrap_or_default().to_owned(),
                    arn: role.clone(),
                    account_id: principal.account.clone(),
                    user_name: role.rsplit('/').next().unwrap_or_default().to_owned(),
                },
            }),
        }
    }
}

/// Anything may be sent as an access key; what cannot be one is not repeated.
fn access_key(text: &str, size_max: usize) -> Option<String> {
    (is_name(text) && text.len() <= size_max).then(|| text.to_owned())
}
