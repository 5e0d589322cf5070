//! The caller: CloudTrail's `userIdentity`.

use auth::Caller;
use auth::iam::{Principal, PrincipalKind};
use base::cut;
use serde::Serialize;

use super::names::shown;

/// Of an access key's id. Unit: bytes. Source: IAM API Reference, AccessKey.
const KEY_SIZE_MAX: usize = 128;
/// Of an unknown one: shorter than a secret, which a client may have sent in its place.
pub(super) const CLAIMED_SIZE_MAX: usize = 32;

/// Unit: bytes. Source: STS API Reference, AssumeRole, `SourceIdentity`.
const SOURCE_IDENTITY_SIZE_MAX: usize = 64;

const UNKNOWN: &str = "Unknown";
const OPERATOR: &str = "Operator";

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
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'static str>,
}

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<SessionAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes {
    creation_date: String,
    mfa_authenticated: String,
}

#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    r#type: &'static str,
    principal_id: String,
    arn: String,
    account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

impl UserIdentity {
    /// A user of this machine. CloudTrail has no such type.
    pub(super) fn operator(uid: u32) -> UserIdentity {
        UserIdentity { r#type: OPERATOR, principal_id: Some(format!("uid:{uid}")), ..UserIdentity::unknown(None) }
    }

    /// A service of the server itself, as Application Auto Scaling that changes a table.
    pub(super) fn service(name: &'static str, account: &str) -> UserIdentity {
        let account_id = Some(account.to_owned());
        UserIdentity { r#type: "AWSService", account_id, invoked_by: Some(name), ..UserIdentity::unknown(None) }
    }

    /// Without identities, every key of an account acts as its root.
    pub(super) fn of(caller: &Caller) -> UserIdentity {
        let access_key_id = Some(shown(cut(&caller.access_key, KEY_SIZE_MAX)));
        match &caller.identity {
            Some(identity) => UserIdentity { access_key_id, ..UserIdentity::of_principal(&identity.principal) },
            None => UserIdentity {
                r#type: "Root",
                principal_id: Some(caller.account.clone()),
                arn: Some(root_arn(&caller.account)),
                account_id: Some(caller.account.clone()),
                access_key_id,
                user_name: None,
                session_context: None,
                invoked_by: None,
            },
        }
    }

    /// A caller that was not authenticated, with the access key that it claims.
    pub(super) fn unknown(claimed: Option<&str>) -> UserIdentity {
        UserIdentity {
            r#type: UNKNOWN,
            principal_id: None,
            arn: None,
            account_id: None,
            access_key_id: claimed.filter(|claimed| is_access_key(claimed)).map(str::to_owned),
            user_name: None,
            session_context: None,
            invoked_by: None,
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
            session_context: SessionContext::of(principal),
            invoked_by: None,
        }
    }
}

impl SessionContext {
    /// What a session's credentials say of it: the issuer, when it was issued, and the source identity that it carries to every
    /// role that is assumed from it. Credentials that do not end have none of it.
    fn of(principal: &Principal) -> Option<SessionContext> {
        let said = |key: &str| principal.context.get(key).and_then(|values| values.first()).cloned();
        let attributes = said("aws:tokenissuetime").map(|creation_date| SessionAttributes {
            creation_date,
            mfa_authenticated: said("aws:multifactorauthpresent").unwrap_or_else(|| "false".to_owned()),
        });
        let source_identity = said("aws:sourceidentity").map(|said| shown(cut(&said, SOURCE_IDENTITY_SIZE_MAX)));
        let context = SessionContext { session_issuer: SessionIssuer::of(principal), attributes, source_identity };
        let is_empty =
            context.session_issuer.is_none() && context.attributes.is_none() && context.source_identity.is_none();
        (!is_empty).then_some(context)
    }
}

impl SessionIssuer {
    /// The role that was assumed, or the user or the root that federated. Other principals have none.
    fn of(principal: &Principal) -> Option<SessionIssuer> {
        let r#type = match (principal.kind, &principal.role_arn) {
            (PrincipalKind::AssumedRole, _) => "Role",
            (PrincipalKind::FederatedUser, Some(_)) => "IAMUser",
            (PrincipalKind::FederatedUser, None) => "Root",
            (PrincipalKind::Root | PrincipalKind::User, _) => return None,
        };
        let account = &principal.account;
        let of_session = || principal.user_id.split(':').next().unwrap_or_default().to_owned();
        let name = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
        Some(SessionIssuer {
            r#type,
            principal_id: principal.role_id.clone().unwrap_or_else(of_session),
            arn: principal.role_arn.clone().unwrap_or_else(|| root_arn(account)),
            account_id: account.clone(),
            user_name: principal.role_arn.as_ref().map(name),
        })
    }
}

fn root_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// Anything may be claimed as an access key; what cannot be one is not repeated.
fn is_access_key(text: &str) -> bool {
    let of_a_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/*".contains(&byte);
    (1..=CLAIMED_SIZE_MAX).contains(&text.len()) && text.bytes().all(of_a_key) && !text.contains("//")
}
