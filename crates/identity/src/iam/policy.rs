//! Managed policies and their versions.

use std::sync::Arc;

use auth::iam::PolicyKind;
use aws::iam::{
    CreatePolicyRequest, CreatePolicyResponse, CreatePolicyVersionRequest, CreatePolicyVersionResponse,
    DeletePolicyVersionRequest, GetPolicyResponse, GetPolicyVersionRequest, GetPolicyVersionResponse,
    ListPoliciesRequest, ListPolicyVersionsRequest, Policy, SetDefaultPolicyVersionRequest,
};

use super::asked::Ask;
use super::attachment::{self, Usage};
use super::page::Page;
use super::{Answer, constraint, quota, tag};
use crate::query::{Code, Refusal, percent_encoded, timestamp};
use crate::store::entity::{ManagedPolicy, PolicyVersion, Versions, key_of};
use crate::store::{Account, Draft, PolicyDocument, UniqueIdKind, managed, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft, request: CreatePolicyRequest) -> Answer<CreatePolicyResponse> {
    let name = constraint::name("PolicyName", &request.policy_name)?;
    let version = PolicyVersion { document: document(&request.policy_document)?, created_ms: ask.now_ms };
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path: constraint::path(request.path.as_deref())?,
        id: unique_id(UniqueIdKind::ManagedPolicy),
        created_ms: ask.now_ms,
        updated_ms: ask.now_ms,
        description: request.description.clone().filter(|text| !text.is_empty()),
        versions: Versions::from([(1, version)]),
        default_version: 1,
        next_version: 2,
        tags: tag::asked(request.tags.iter().flatten())?,
    };
    if draft.policies.contains_key(&key_of(name)) {
        let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    quota::refuse_beyond("PoliciesPerAccount", draft.policies.len(), quota::POLICIES_MAX)?;
    let shown = shown(&policy, &policy.arn(&draft.id), Usage::default(), true);
    draft.put(policy);
    Ok(CreatePolicyResponse { policy: Some(shown) })
}

pub(super) fn get(account: &Account, arn: &str) -> Answer<GetPolicyResponse> {
    let policy = readable(account, arn)?;
    let usage = attachment::usages(account).get(arn).copied().unwrap_or_default();
    Ok(GetPolicyResponse { policy: Some(shown(policy, arn, usage, true)) })
}

pub(super) fn list(account: &Account, request: ListPoliciesRequest) -> Answer<Page<Policy>> {
    let scope = request.scope.as_deref().unwrap_or("All");
    let used_as = request.policy_usage_filter.as_deref();
    let only_attached = request.only_attached.unwrap_or(false);
    let prefix = constraint::path_prefix(&request.path_prefix)?;
    let usages = attachment::usages(account);
    let own = account.policies.values().filter(|_| scope != "AWS").map(|policy| (policy.arn(&account.id), &**policy));
    let aws = managed::all().iter().filter(|_| scope != "Local").map(|policy| (policy.arn(managed::OWNER), policy));
    let usage = |arn: &str| usages.get(arn).copied().unwrap_or_default();
    let is_asked_for = |(arn, policy): &(String, &ManagedPolicy)| {
        let usage = usage(arn);
        let used = match used_as {
            Some("PermissionsBoundary") => usage.boundaries > 0,
            Some(_) => usage.attached > 0,
            None => usage.attached > 0 || !only_attached,
        };
        used && policy.path.starts_with(prefix)
    };
    let mut found: Vec<_> = own.chain(aws).filter(is_asked_for).map(|found| (key_of(&found.0), found)).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let page = Page::of((request.marker, request.max_items), found)?;
    Ok(page.map(|(arn, policy)| shown(policy, &arn, usage(&arn), false)))
}

pub(super) fn delete(draft: &mut Draft, arn: &str) -> Answer {
    let policy = ManagedPolicy::clone(changeable(draft, arn)?);
    let usage = attachment::usages(draft).get(&*policy.arn(&draft.id)).copied().unwrap_or_default();
    if usage != Usage::default() {
        return Err(Refusal::new(Code::DeleteConflict, "Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(Refusal::new(
            Code::DeleteConflict,
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        ));
    }
    draft.remove(&policy);
    Ok(())
}

pub(super) fn create_version(
    ask: &Ask<'_>,
    draft: &mut Draft,
    request: CreatePolicyVersionRequest,
) -> Answer<CreatePolicyVersionResponse> {
    let version = PolicyVersion { document: document(&request.policy_document)?, created_ms: ask.now_ms };
    let becomes_default = request.set_as_default.unwrap_or(false);
    let mut policy = ManagedPolicy::clone(changeable(draft, &request.policy_arn)?);
    if policy.versions.len() >= quota::VERSIONS_MAX {
        let text = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                    existing version.";
        return Err(Refusal::new(Code::LimitExceeded, text));
    }
    let number = policy.next_version;
    policy.next_version += 1;
    policy.updated_ms = ask.now_ms;
    policy.versions.insert(number, version);
    if becomes_default {
        policy.default_version = number;
    }
    let shown = shown_version(&policy, number, false);
    draft.put(policy);
    Ok(CreatePolicyVersionResponse { policy_version: shown })
}

pub(super) fn get_version(account: &Account, request: GetPolicyVersionRequest) -> Answer<GetPolicyVersionResponse> {
    let policy = readable(account, &request.policy_arn)?;
    let number = version_number(policy, &request.policy_arn, &request.version_id)?;
    Ok(GetPolicyVersionResponse { policy_version: shown_version(policy, number, true) })
}

/// The newest one first.
pub(super) fn list_versions(
    account: &Account,
    request: ListPolicyVersionsRequest,
) -> Answer<Page<aws::iam::PolicyVersion>> {
    let policy = readable(account, &request.policy_arn)?;
    let versions = policy.versions.keys().rev().filter_map(|number| shown_version(policy, *number, false));
    let versions = versions.enumerate().map(|(at, version)| (format!("{at:03}"), version));
    Page::of((request.marker, request.max_items), versions)
}

pub(super) fn delete_version(draft: &mut Draft, request: DeletePolicyVersionRequest) -> Answer {
    let mut policy = ManagedPolicy::clone(changeable(draft, &request.policy_arn)?);
    let number = version_number(&policy, &request.policy_arn, &request.version_id)?;
    if number == policy.default_version {
        return Err(Refusal::new(Code::DeleteConflict, "Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    draft.put(policy);
    Ok(())
}

pub(super) fn set_default_version(ask: &Ask<'_>, draft: &mut Draft, request: SetDefaultPolicyVersionRequest) -> Answer {
    let mut policy = ManagedPolicy::clone(changeable(draft, &request.policy_arn)?);
    policy.default_version = version_number(&policy, &request.policy_arn, &request.version_id)?;
    policy.updated_ms = ask.now_ms;
    draft.put(policy);
    Ok(())
}

/// The account's policy that a request names.
pub(super) fn named<'a>(account: &'a Account, arn: &str) -> Answer<&'a Arc<ManagedPolicy>> {
    let arn = constraint::arn(arn)?;
    account.policy(arn).ok_or_else(|| Refusal::no_such_entity(format!("Policy {arn} was not found.")))
}

/// The policy that a request names, of the account or of AWS.
fn readable<'a>(account: &'a Account, arn: &str) -> Answer<&'a ManagedPolicy> {
    match managed::find(constraint::arn(arn)?) {
        Some(policy) => Ok(policy),
        None => named(account, arn).map(|policy| &**policy),
    }
}

/// As [`named`], to be changed: AWS's own cannot be.
fn changeable<'a>(account: &'a Account, arn: &str) -> Answer<&'a Arc<ManagedPolicy>> {
    match managed::find(constraint::arn(arn)?) {
        Some(_) => Err(Refusal::new(Code::AccessDenied, "Policy is outside your own account.")),
        None => named(account, arn),
    }
}

fn document(text: &str) -> Answer<PolicyDocument> {
    let document = constraint::document(PolicyKind::Identity, text)?;
    match quota::size(document.text()) <= quota::POLICY_SIZE_MAX {
        true => Ok(document),
        false => Err(quota::exceeded("PolicySize", quota::POLICY_SIZE_MAX)),
    }
}

fn version_number(policy: &ManagedPolicy, arn: &str, id: &str) -> Answer<u32> {
    let Some(number) = id.strip_prefix('v').and_then(|number| number.parse().ok()) else {
        let constraint = "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
        return Err(Refusal::broken("VersionId", id, constraint));
    };
    match policy.versions.contains_key(&number) {
        true => Ok(number),
        false => {
            let text = format!("Policy {arn} version {id} does not exist or is not attachable.");
            Err(Refusal::no_such_entity(text))
        }
    }
}

pub(super) fn shown_version(policy: &ManagedPolicy, number: u32, whole: bool) -> Option<aws::iam::PolicyVersion> {
    let version = policy.versions.get(&number)?;
    Some(aws::iam::PolicyVersion {
        document: whole.then(|| percent_encoded(version.document.text())),
        version_id: Some(format!("v{number}")),
        is_default_version: Some(number == policy.default_version),
        create_date: Some(timestamp(version.created_ms)),
    })
}

/// Lists leave out the description and the tags.
pub(super) fn shown(policy: &ManagedPolicy, arn: &str, usage: Usage, whole: bool) -> Policy {
    let count = |count: usize| i32::try_from(count).ok();
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        arn: Some(arn.to_owned()),
        path: Some(policy.path.clone()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: count(usage.attached),
        permissions_boundary_usage_count: count(usage.boundaries),
        is_attachable: Some(true),
        description: policy.description.clone().filter(|_| whole),
        create_date: Some(timestamp(policy.created_ms)),
        update_date: Some(timestamp(policy.updated_ms)),
        tags: whole.then(|| tag::all(&policy.tags)),
    }
}
