//! AssumeRole: a role, for a while, if its trust policy and the caller's own policies agree.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::{Decision, Globals, PrincipalKind, Question, decide, is_same_tag};
use aws::sts::{AssumeRoleRequest, AssumeRoleResponse};

use super::asked::Ask;
use super::condition_context::ConditionContext;
use super::grant::{Bounds, Grant};
use super::role::{self, AskedRole};
use super::tags;
use crate::authority::{SOURCE_IDENTITY, TRANSITIVE};
use crate::query::{Code, Refusal};
use crate::session::Holder;

pub(super) fn answer(ask: &Ask<'_>, request: &AssumeRoleRequest) -> Result<AssumeRoleResponse, Refusal> {
    let arn = role::arn(&request.role_arn)?;
    let session_name = &request.role_session_name;
    if ask.identity.principal.kind == PrincipalKind::Root {
        return Err(Refusal::new(Code::AccessDenied, "Roles may not be assumed by root accounts."));
    }
    let source_identity = source_identity(ask, request)?;
    let session_tags = SessionTags::of(ask, request)?;
    // What a request is wrong by itself for is refused before. From here on a role that is not there is answered as one that
    // does not trust the caller.
    let role = AskedRole::find(ask.authority, arn).ok_or_else(|| denied(ask, "sts:AssumeRole", arn))?;
    may_assume(ask, request, &role, &session_tags, source_identity.as_deref())?;
    let grant = Grant {
        account: &role.account.id,
        holder: Holder::Role { id: role.role.id.clone(), session_name: session_name.clone() },
        issued_by: None,
        seconds: role.seconds(request.duration_seconds, ask.identity.principal.kind == PrincipalKind::AssumedRole)?,
        bounds: Bounds::asked(request.policy.as_deref(), request.policy_arns.as_deref(), &role.account)?,
        tags: session_tags.all,
        transitive: session_tags.transitive,
        source_identity: source_identity.clone(),
        context: BTreeMap::new(),
    };
    let granted = grant.granted(ask.authority)?;
    Ok(AssumeRoleResponse {
        assumed_role_user: Some(role.user(session_name)),
        packed_policy_size: granted.packed_size(),
        credentials: Some(granted.into_credentials()),
        source_identity,
        ..AssumeRoleResponse::default()
    })
}

/// Whether the role's trust policy and the caller's own policies allow all that is asked for.
fn may_assume(
    ask: &Ask<'_>,
    request: &AssumeRoleRequest,
    role: &AskedRole,
    tags: &SessionTags,
    source_identity: Option<&str>,
) -> Result<(), Refusal> {
    let arn = &*request.role_arn;
    let trust = role.role.trust.policy().ok_or_else(|| denied(ask, "sts:AssumeRole", arn))?;
    let own = ConditionContext {
        tags: tags.asked.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        transitive: tags.transitive.iter().map(String::as_str).collect(),
        source_identity,
        role_tags: Some(&role.role.tags),
        external_id: request.external_id.as_deref(),
        role_session_name: Some(&request.role_session_name),
        ..ConditionContext::default()
    };
    let account = &role.account.id;
    let context = Globals { identity: ask.identity, region: &ask.caller.region, resource_account: account, own: &own };
    let tagged = !tags.asked.is_empty() || !tags.transitive.is_empty();
    let wanted =
        [("sts:AssumeRole", true), ("sts:TagSession", tagged), ("sts:SetSourceIdentity", source_identity.is_some())];
    for (action, _) in wanted.into_iter().filter(|(_, is_wanted)| *is_wanted) {
        let question = Question {
            principal: &ask.identity.principal,
            action,
            resource: arn,
            resource_account: account,
            resource_policy: Some(&trust),
            context: &context,
        };
        if decide(&question) != Decision::Allowed {
            return Err(denied(ask, action, arn));
        }
    }
    Ok(())
}

/// STS does not report the reason.
fn denied(ask: &Ask<'_>, action: &str, arn: &str) -> Refusal {
    let caller = &ask.identity.principal.arn;
    Refusal::new(
        Code::AccessDenied,
        format!("User: {caller} is not authorized to perform: {action} on resource: {arn}"),
    )
}

/// Once it is set, all further sessions of the chain have it.
fn source_identity(ask: &Ask<'_>, request: &AssumeRoleRequest) -> Result<Option<String>, Refusal> {
    let asked = request.source_identity.as_deref();
    let before = ask.identity.principal.context.get(SOURCE_IDENTITY).and_then(|values| values.first());
    match (before, asked) {
        (Some(before), Some(asked)) if before != asked => {
            Err(Refusal::new(Code::AccessDenied, "The source identity of a session cannot be changed."))
        }
        (before, asked) => Ok(asked.or(before.map(String::as_str)).map(str::to_owned)),
    }
}

struct SessionTags {
    /// What the request itself names.
    asked: BTreeMap<String, String>,
    /// With those that come from the caller's own session.
    all: BTreeMap<String, String>,
    transitive: BTreeSet<String>,
}

impl SessionTags {
    fn of(ask: &Ask<'_>, request: &AssumeRoleRequest) -> Result<SessionTags, Refusal> {
        let asked = tags::asked(request.tags.as_deref())?;
        let principal = &ask.identity.principal;
        let inherited = principal.context.get(TRANSITIVE).map(Vec::as_slice).unwrap_or_default();
        let mut all = asked.clone();
        for key in inherited {
            if asked.keys().any(|other| is_same_tag(other, key)) {
                let text = "One of the specified transitive tag keys can't be set because it conflicts with a \
                            transitive tag key from the calling session.";
                return Err(Refusal::new(Code::InvalidParameterValue, text));
            }
            if let Some((_, value)) = principal.tags.iter().find(|(own, _)| is_same_tag(own, key)) {
                tags::put(&mut all, key, value)?;
            }
        }
        let mut transitive: BTreeSet<String> = inherited.iter().cloned().collect();
        for key in request.transitive_tag_keys.iter().flatten() {
            let Some(tag) = asked.keys().find(|tag| is_same_tag(tag, key)) else {
                let text = "The specified transitive tag key must be included in the requested tags.";
                return Err(Refusal::new(Code::InvalidParameterValue, text));
            };
            transitive.insert(tag.clone());
        }
        Ok(SessionTags { asked, all, transitive })
    }
}
