//! AssumeRoleWithWebIdentity: a role, for a while, for the subject of a token of an OpenID Connect provider.

use std::collections::BTreeMap;

use auth::iam::{Decision, decide_federated, is_same_tag};
use aws::sts::{AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse};
use client::Url;

use super::condition_context::ConditionContext;
use super::grant::{Bounds, Grant};
use super::role::{self, AskedRole};
use super::{RequestOrigin, tags};
use crate::authority::Authority;
use crate::query::{Code, Refusal};
use crate::session::Holder;
use crate::store::Account;
use crate::store::entity::OidcProvider;
use crate::web_identity::{Claims, Jwt, Rejected, is_issuer};

impl Authority {
    pub(super) async fn assume_role_with_web_identity(
        &self,
        origin: &RequestOrigin,
        request: &AssumeRoleWithWebIdentityRequest,
    ) -> Result<AssumeRoleWithWebIdentityResponse, Refusal> {
        let arn = role::arn(&request.role_arn)?;
        let session_name = &request.role_session_name;
        let token = Jwt::parse(&request.web_identity_token)?;
        self.identities.confirm(None).await?;
        // The token is proven by the account's providers before the role is looked for. So a role that is not there, one that
        // does not trust the provider, and one of an account that is not here are answered alike.
        let account = self.identities.account(role::account_of(arn).unwrap_or_default());
        let issuer = token.issuer().map(str::to_owned).unwrap_or_default();
        let provider = provider(&account, &issuer)?;
        let claims = self.issuers.claims(token, &account.id, &provider.url, &provider.entity.client_ids).await?;
        let provider_arn = provider.entity.arn(&account.id);
        let role = AskedRole::find(self, arn).ok_or_else(denied)?;
        let session_tags = self.may_assume(origin, request, &role, &provider_arn, &claims)?;
        let mut context = claims.context;
        context.insert("aws:federatedprovider".to_owned(), vec![provider_arn.clone()]);
        let grant = Grant {
            account: &role.account.id,
            holder: Holder::Role { id: role.role.id.clone(), session_name: session_name.clone() },
            issued_by: None,
            seconds: role.seconds(request.duration_seconds, false)?,
            bounds: Bounds::asked(request.policy.as_deref(), request.policy_arns.as_deref(), &role.account)?,
            tags: session_tags,
            transitive: claims.transitive,
            source_identity: claims.source_identity.clone(),
            context,
        };
        let granted = grant.granted(self)?;
        Ok(AssumeRoleWithWebIdentityResponse {
            assumed_role_user: Some(role.user(session_name)),
            audience: Some(claims.audience),
            packed_policy_size: granted.packed_size(),
            credentials: Some(granted.into_credentials()),
            provider: Some(provider_arn),
            source_identity: claims.source_identity,
            subject_from_web_identity_token: Some(claims.subject),
            ..AssumeRoleWithWebIdentityResponse::default()
        })
    }

    /// Whether the role's trust policy allows all that the claims ask for; if so, the session's tags.
    fn may_assume(
        &self,
        origin: &RequestOrigin,
        request: &AssumeRoleWithWebIdentityRequest,
        role: &AskedRole,
        provider_arn: &str,
        claims: &Claims,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let arn = &*request.role_arn;
        let trust = role.role.trust.policy().ok_or_else(denied)?;
        let condition_context = ConditionContext {
            tags: claims.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            transitive: claims.transitive.iter().map(String::as_str).collect(),
            source_identity: claims.source_identity.as_deref(),
            role_tags: Some(&role.role.tags),
            claims: Some(&claims.context),
            origin: Some((origin, self.identities.clock.now_ms())),
            role_session_name: Some(&request.role_session_name),
            ..ConditionContext::default()
        };
        let wanted = [
            ("sts:AssumeRoleWithWebIdentity", true),
            ("sts:TagSession", !claims.tags.is_empty()),
            ("sts:SetSourceIdentity", claims.source_identity.is_some()),
        ];
        for (action, _) in wanted.into_iter().filter(|(_, is_wanted)| *is_wanted) {
            if decide_federated(&trust, provider_arn, action, arn, &condition_context) != Decision::Allowed {
                return Err(Refusal::new(Code::AccessDenied, format!("Not authorized to perform {action}")));
            }
        }
        let mut checked = BTreeMap::new();
        for (key, value) in &claims.tags {
            tags::put(&mut checked, key, value)?;
        }
        let is_known = |key: &String| claims.tags.keys().any(|tag| is_same_tag(tag, key));
        match claims.transitive.iter().all(is_known) {
            true => Ok(checked),
            false => Err(Refusal::from(Rejected::Claim("A transitive tag key is no key of a tag".to_owned()))),
        }
    }
}

fn denied() -> Refusal {
    Refusal::new(Code::AccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

/// A provider that an account has registered.
struct Registered<'a> {
    entity: &'a OidcProvider,
    /// Where its keys are: the same URL however a token spells its issuer.
    url: String,
}

/// The provider of an account that a token's issuer is. An account without any is answered as one that is not here.
fn provider<'a>(account: &'a Account, issuer: &str) -> Result<Registered<'a>, Refusal> {
    let found = issuer.split_once("://").filter(|_| is_issuer(issuer)).and_then(|(_, name)| {
        let entity = account.provider(name.trim_end_matches('/'))?;
        let is_encrypted = Url::parse(issuer).ok()?.is_encrypted();
        // Older programs have not written the scheme of a registration: a token's counts then. It is written in small letters,
        // as each spelling would be an issuer of its own, with a question and a pause of its own.
        let is_registered = entity.is_encrypted.is_none_or(|registered| registered == is_encrypted);
        let scheme = if is_encrypted { "https" } else { "http" };
        is_registered.then(|| Registered { entity, url: format!("{scheme}://{}", entity.url) })
    });
    if account.providers.is_empty() {
        return Err(denied());
    }
    let unknown = || Rejected::Invalid(format!("No OpenIDConnect provider found in your account for {issuer}"));
    Ok(found.ok_or_else(unknown)?)
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Refusal {
        let code = match &rejected {
            Rejected::Invalid(_) => Code::InvalidIdentityToken,
            Rejected::Expired { .. } => Code::ExpiredTokenException,
            Rejected::Claim(_) => Code::IdpRejectedClaim,
            Rejected::Communication => Code::IdpCommunicationError,
        };
        Refusal::new(code, rejected.to_string())
    }
}
