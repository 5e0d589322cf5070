//! Roles: what they are, and the principals that may assume them.

use auth::iam::PolicyKind;
use aws::iam::{
    CreateRoleRequest, CreateRoleResponse, GetRoleResponse, ListRolesRequest, RoleLastUsed,
    UpdateAssumeRolePolicyRequest, UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse, UpdateRoleRequest,
    UpdateRoleResponse,
};

use super::asked::Ask;
use super::holder::{self, Holder};
use super::page::Page;
use super::{Answer, boundary, constraint, quota, tag};
use crate::query::{Code, Refusal, percent_encoded, timestamp};
use crate::store::entity::{Grants, Role};
use crate::store::{Account, Draft, Lookup, TrustPolicy, UniqueIdKind, unique_id};

/// How long a session may last. Unit: seconds. Source: IAM API Reference, CreateRole, MaxSessionDuration.
const SESSION_SECONDS_DEFAULT: u32 = 3_600;

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft, request: CreateRoleRequest) -> Answer<CreateRoleResponse> {
    let name = constraint::name("RoleName", &request.role_name)?;
    let role = Role {
        name: name.to_owned(),
        path: constraint::path(request.path.as_deref())?,
        id: unique_id(UniqueIdKind::Role),
        created_ms: ask.now_ms,
        description: request.description.clone().filter(|text| !text.is_empty()),
        trust: trust(ask, draft, &request.assume_role_policy_document)?,
        max_session_seconds: request.max_session_duration.map_or(SESSION_SECONDS_DEFAULT, i32::unsigned_abs),
        grants: Grants {
            boundary: boundary::of_new(draft, request.permissions_boundary.as_deref())?,
            ..Grants::default()
        },
        tags: tag::asked(request.tags.iter().flatten())?,
    };
    holder::refuse_second::<Role>(draft, name)?;
    quota::refuse_beyond("RolesPerAccount", draft.roles.len(), quota::ROLES_MAX)?;
    let shown = whole(ask, draft, &role);
    draft.put(role);
    Ok(CreateRoleResponse { role: shown })
}

pub(super) fn get(ask: &Ask<'_>, account: &Account, name: &str) -> Answer<GetRoleResponse> {
    Ok(GetRoleResponse { role: whole(ask, account, Role::named(account, name)?) })
}

pub(super) fn list(ask: &Ask<'_>, account: &Account, request: ListRolesRequest) -> Answer<Page<aws::iam::Role>> {
    let prefix = constraint::path_prefix(&request.path_prefix)?;
    let roles = account.roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let roles = roles.map(|(key, role)| (key.clone(), role));
    let snapshot = ask.identities.snapshot();
    let lookup = Lookup::new(&snapshot, Some(account));
    let page =
        Page::within((request.marker, request.max_items), roles, |role| 1_024 + role.trust.document().text().len())?;
    Ok(page.map(|role| shown(&lookup, account, role)))
}

pub(super) fn update(draft: &mut Draft, request: UpdateRoleRequest) -> Answer<UpdateRoleResponse> {
    let mut role = Role::clone(Role::named(draft, &request.role_name)?);
    if let Some(text) = &request.description {
        role.description = Some(text.clone()).filter(|text| !text.is_empty());
    }
    if let Some(seconds) = request.max_session_duration {
        role.max_session_seconds = seconds.unsigned_abs();
    }
    draft.put(role);
    Ok(UpdateRoleResponse {})
}

pub(super) fn update_description(
    ask: &Ask<'_>,
    draft: &mut Draft,
    request: UpdateRoleDescriptionRequest,
) -> Answer<UpdateRoleDescriptionResponse> {
    let mut role = Role::clone(Role::named(draft, &request.role_name)?);
    role.description = Some(request.description.clone()).filter(|text| !text.is_empty());
    let shown = whole(ask, draft, &role);
    draft.put(role);
    Ok(UpdateRoleDescriptionResponse { role: Some(shown) })
}

pub(super) fn update_trust(ask: &Ask<'_>, draft: &mut Draft, request: UpdateAssumeRolePolicyRequest) -> Answer {
    let mut role = Role::clone(Role::named(draft, &request.role_name)?);
    role.trust = trust(ask, draft, &request.policy_document)?;
    draft.put(role);
    Ok(())
}

pub(super) fn delete(draft: &mut Draft, name: &str) -> Answer {
    let role = Role::clone(Role::named(draft, name)?);
    holder::refuse_with_policies(&role)?;
    draft.remove(&role);
    Ok(())
}

/// Binds the document to the users and roles that have these ARNs now.
fn trust(ask: &Ask<'_>, account: &Account, document: &str) -> Answer<TrustPolicy> {
    let document = constraint::document(PolicyKind::Trust, document)?;
    if quota::size(document.text()) > quota::TRUST_SIZE_MAX {
        return Err(quota::exceeded("ACLSizePerRole", quota::TRUST_SIZE_MAX));
    }
    let policy = document.policy(PolicyKind::Trust);
    let named = policy.iter().flat_map(|policy| policy.principals());
    let snapshot = ask.identities.snapshot();
    let principals = Lookup::new(&snapshot, Some(account)).ids(named).map_err(|missing| {
        let text = format!("Invalid principal in policy: \"AWS\":\"{missing}\"");
        Refusal::new(Code::MalformedPolicyDocument, text)
    })?;
    Ok(TrustPolicy::new(document, principals))
}

fn whole(ask: &Ask<'_>, account: &Account, role: &Role) -> aws::iam::Role {
    let snapshot = ask.identities.snapshot();
    aws::iam::Role {
        permissions_boundary: boundary::shown(&role.grants),
        tags: tag::some(&role.tags),
        // When a role was last assumed is not stored.
        role_last_used: Some(RoleLastUsed::default()),
        ..shown(&Lookup::new(&snapshot, Some(account)), account, role)
    }
}

/// As lists have it.
pub(super) fn shown(lookup: &Lookup<'_>, account: &Account, role: &Role) -> aws::iam::Role {
    let trust = role.trust.text(|principal, id| lookup.current_arn(principal, id));
    aws::iam::Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(&account.id),
        create_date: timestamp(role.created_ms),
        assume_role_policy_document: Some(percent_encoded(&trust)),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_seconds).ok(),
        ..aws::iam::Role::default()
    }
}
