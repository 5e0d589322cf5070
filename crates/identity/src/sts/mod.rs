//! STS's API, version 2011-06-15: the identity of a caller, and sessions, which are temporary credentials.
//!
//! Source: STS API Reference; IAM User Guide, "Compare AWS STS credentials".

mod access_key_info;
mod asked;
mod assume_role;
mod caller_identity;
mod condition_context;
mod federation_token;
mod grant;
mod role;
mod session_token;
mod tags;
mod web_identity;

use auth::Caller;
use auth::iam::{Identity, PrincipalKind, Transport};
use aws::codec::output;
use aws::sts::DecodeAuthorizationMessageRequest;
use aws::{OperationId, STS, Structure};

use crate::authority::{Authority, ISSUED};
use crate::query::{Api, Code, Refusal, Reply, Request};
use asked::Ask;

pub(crate) use caller_identity::caller_identity;

/// A typed answer, as encoders take it.
type Answer = Result<Structure, Refusal>;

/// How a request came, beside its parameters.
#[derive(Clone, Debug)]
pub struct RequestOrigin {
    pub transport: Transport,
    pub user_agent: Option<String>,
}

const GET_CALLER_IDENTITY: &str = "GetCallerIdentity";
/// The one operation whose caller has no credentials yet.
const UNSIGNED: &str = "AssumeRoleWithWebIdentity";

/// The signed operations that give sessions.
const ISSUING: &[&str] = &["AssumeRole", "GetSessionToken", "GetFederationToken"];

impl Authority {
    /// The answer to a request of IAM or STS. There is a caller if it was signed, as it must be unless the operation's model says
    /// otherwise.
    pub async fn answer(
        &self,
        api: Api,
        caller: Option<&Caller>,
        origin: &RequestOrigin,
        request: &Request<'_>,
    ) -> Reply {
        let answer = match (api, caller) {
            (Api::Iam, Some(caller)) => match in_session(caller) {
                Ok(()) => return self.identities.answer(caller, request).await,
                Err(refusal) => Err(refusal),
            },
            (Api::Iam, None) => Err(Refusal::from(auth::Refusal::Missing)),
            (Api::Sts, caller) => match operation(request) {
                Ok(operation) => {
                    let answer = self.answered(caller, origin, operation, request).await;
                    answer.map(|output| Reply::encoded(operation, &output, request.request_id))
                }
                Err(refusal) => Err(refusal),
            },
        };
        answer.unwrap_or_else(|refusal| refusal.reply(api, request.request_id))
    }

    async fn answered(
        &self,
        caller: Option<&Caller>,
        origin: &RequestOrigin,
        operation: OperationId,
        request: &Request<'_>,
    ) -> Answer {
        let action = operation.name();
        let Some(caller) = caller else {
            if action != UNSIGNED {
                return Err(Refusal::unknown_action(action, Api::Sts.version()));
            }
            let request = asked::decoded(operation, request.parameters)?;
            return self.assume_role_with_web_identity(origin, &request).await.map(output);
        };
        let identity = caller.identity.as_ref().ok_or_else(|| Refusal::from(auth::Refusal::Missing))?;
        let ask = Ask { authority: self, caller, identity, operation, parameters: request.parameters };
        if action != GET_CALLER_IDENTITY {
            refuse_in_session(identity, action)?;
        }
        if ISSUING.contains(&action) {
            self.identities.confirm(Some(identity.now_ms)).await?;
        }
        match action {
            GET_CALLER_IDENTITY => Ok(output(caller_identity(caller))),
            "AssumeRole" => assume_role::answer(&ask, &ask.request()?).map(output),
            "GetSessionToken" => session_token::answer(&ask, &ask.request()?).map(output),
            "GetFederationToken" => federation_token::answer(&ask, &ask.request()?).map(output),
            "GetAccessKeyInfo" => access_key_info::answer(&ask, &ask.request()?).map(output),
            "DecodeAuthorizationMessage" => Err(undecodable(&ask)),
            _ => Err(Refusal::unknown_action(action, Api::Sts.version())),
        }
    }
}

fn operation(request: &Request<'_>) -> Result<OperationId, Refusal> {
    let action = request.parameters.get("Action").unwrap_or_default();
    STS.operation(action).ok_or_else(|| Refusal::unknown_action(action, Api::Sts.version()))
}

/// Refusals do not come with a message that is encoded.
fn undecodable(ask: &Ask<'_>) -> Refusal {
    let message = ask.request::<DecodeAuthorizationMessageRequest>();
    let allowed = message.and_then(|_| ask.allowed("sts:DecodeAuthorizationMessage", "*"));
    allowed.err().unwrap_or_else(|| Refusal::new(Code::InvalidAuthorizationMessage, "Message is not valid"))
}

/// Whether the credentials are temporary.
fn is_session(identity: &Identity) -> bool {
    identity.principal.context.contains_key(ISSUED)
}

/// IAM knows no credentials of GetFederationToken, and none of GetSessionToken that came without a second factor, as all do.
fn in_session(caller: &Caller) -> Result<(), Refusal> {
    let unknown = caller.identity.as_ref().is_some_and(|identity| match identity.principal.kind {
        PrincipalKind::AssumedRole => false,
        PrincipalKind::FederatedUser => true,
        PrincipalKind::Root | PrincipalKind::User => is_session(identity),
    });
    if unknown { Err(Refusal::from(auth::Refusal::Unrecognized)) } else { Ok(()) }
}

/// What credentials of a session cannot be used for. Source: IAM User Guide, "Compare AWS STS credentials".
fn refuse_in_session(identity: &Identity, action: &str) -> Result<(), Refusal> {
    let possible = match identity.principal.kind {
        PrincipalKind::FederatedUser => false,
        PrincipalKind::AssumedRole => !matches!(action, "GetSessionToken" | "GetFederationToken"),
        PrincipalKind::Root | PrincipalKind::User => !is_session(identity) || action == "AssumeRole",
    };
    match possible {
        true => Ok(()),
        false => Err(Refusal::new(Code::AccessDenied, format!("Cannot call {action} with session credentials"))),
    }
}

#[cfg(test)]
mod tests;
