//! What is about the account as a whole: its summary, its alias, and everything in it at once.

use std::collections::HashMap;

use aws::iam::{
    AttachedPolicy, CreateAccountAliasRequest, DeleteAccountAliasRequest, GetAccountAuthorizationDetailsRequest,
    GetAccountAuthorizationDetailsResponse, GetAccountSummaryResponse, GroupDetail, ListAccountAliasesRequest,
    ManagedPolicyDetail, PolicyDetail, RoleDetail, UserDetail,
};

use super::asked::Ask;
use super::attachment::Usage;
use super::page::Page;
use super::{Answer, attachment, boundary, policy, quota, role, tag};
use crate::query::{Code, Refusal, percent_encoded, timestamp};
use crate::store::entity::{Alias, Grants, Group, ManagedPolicy, Role, Tags, User};
use crate::store::{Account, Draft, Lookup, PolicyDocument};

pub(super) fn summary(account: &Account) -> Answer<GetAccountSummaryResponse> {
    let root_keys = account.keys_of(None).count();
    let versions = account.policies.values().map(|policy| policy.versions.len()).sum();
    let figures = [
        ("Users", account.users.len()),
        ("UsersQuota", quota::USERS_MAX),
        ("Groups", account.groups.len()),
        ("GroupsQuota", quota::GROUPS_MAX),
        ("GroupsPerUserQuota", quota::GROUPS_PER_USER_MAX),
        ("Roles", account.roles.len()),
        ("RolesQuota", quota::ROLES_MAX),
        ("Policies", account.policies.len()),
        ("PoliciesQuota", quota::POLICIES_MAX),
        ("PolicySizeQuota", quota::POLICY_SIZE_MAX),
        ("PolicyVersionsInUse", versions),
        ("VersionsPerPolicyQuota", quota::VERSIONS_MAX),
        ("AttachedPoliciesPerUserQuota", quota::ATTACHED_MAX),
        ("AttachedPoliciesPerGroupQuota", quota::ATTACHED_MAX),
        ("AttachedPoliciesPerRoleQuota", quota::ATTACHED_MAX),
        ("AssumeRolePolicySizeQuota", quota::TRUST_SIZE_MAX),
        ("AccessKeysPerUserQuota", quota::ACCESS_KEYS_PER_USER_MAX),
        ("AccountAccessKeysPresent", usize::from(root_keys > 0)),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("Providers", account.providers.len()),
        ("InstanceProfiles", 0),
        ("ServerCertificates", 0),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
    ];
    let figures = figures.map(|(key, value)| (key.to_owned(), i32::try_from(value).unwrap_or(i32::MAX)));
    Ok(GetAccountSummaryResponse { summary_map: Some(figures.into()) })
}

pub(super) fn list_aliases(account: &Account, request: ListAccountAliasesRequest) -> Answer<Page<String>> {
    Page::of(
        (request.marker, request.max_items),
        account.alias.values().map(|alias| (alias.name.clone(), alias.name.clone())),
    )
}

/// An account has one alias, and no two accounts the same.
pub(super) fn create_alias(ask: &Ask<'_>, draft: &mut Draft, request: CreateAccountAliasRequest) -> Answer {
    let name = alias(&request.account_alias)?;
    let snapshot = ask.identities.snapshot();
    if snapshot.accounts().any(|account| account.id != draft.id && has_alias(account, name)) {
        let text = format!("The account alias {name} already exists.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    draft.put(Alias { name: name.to_owned() });
    Ok(())
}

pub(super) fn delete_alias(draft: &mut Draft, request: DeleteAccountAliasRequest) -> Answer {
    let name = alias(&request.account_alias)?;
    if !has_alias(draft, name) {
        return Err(Refusal::no_such_entity(format!("The account alias {name} cannot be found.")));
    }
    draft.remove(&Alias { name: name.to_owned() });
    Ok(())
}

fn has_alias(account: &Account, name: &str) -> bool {
    account.alias.values().any(|alias| alias.name == name)
}

fn alias(name: &str) -> Answer<&str> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_good = name.bytes().all(is_letter) && !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
    match is_good {
        true => Ok(name),
        false => {
            let pattern = "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
            Err(Refusal::broken("AccountAlias", name, pattern))
        }
    }
}

/// One entity of the account's details.
#[derive(Clone, Copy)]
enum Detail<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Policy(&'a ManagedPolicy),
}

/// Everything, paged through together.
pub(super) fn authorization_details(
    ask: &Ask<'_>,
    account: &Account,
    request: GetAccountAuthorizationDetailsRequest,
) -> Answer<GetAccountAuthorizationDetailsResponse> {
    let filter = request.filter.as_deref().unwrap_or_default();
    let takes = |kind: &str| filter.is_empty() || filter.iter().any(|word| word == kind);
    let mut all = Vec::new();
    if takes("User") {
        all.extend(account.users.iter().map(|(key, user)| (format!("1/{key}"), Detail::User(user))));
    }
    if takes("Group") {
        all.extend(account.groups.iter().map(|(key, group)| (format!("2/{key}"), Detail::Group(group))));
    }
    if takes("Role") {
        all.extend(account.roles.iter().map(|(key, role)| (format!("3/{key}"), Detail::Role(role))));
    }
    if takes("LocalManagedPolicy") {
        all.extend(account.policies.iter().map(|(key, policy)| (format!("4/{key}"), Detail::Policy(policy))));
    }
    let Page { items, is_truncated, marker } =
        Page::within((request.marker, request.max_items), all, |detail| detail.shown_bytes())?;
    let snapshot = ask.identities.snapshot();
    let lookup = Lookup::new(&snapshot, Some(account));
    let usages = attachment::usages(account);
    let (mut users, mut groups, mut roles, mut policies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for detail in items {
        match detail {
            Detail::User(user) => users.push(user_detail(account, user)),
            Detail::Group(group) => groups.push(group_detail(account, group)),
            Detail::Role(role) => roles.push(role_detail(account, &lookup, role)),
            Detail::Policy(policy) => policies.push(policy_detail(account, &usages, policy)),
        }
    }
    Ok(GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(policies),
        is_truncated,
        marker,
    })
}

/// About how much all details of an account are. Unit: bytes.
pub(super) fn detail_bytes(account: &Account) -> usize {
    let users = account.users.values().map(|user| Detail::User(user));
    let groups = account.groups.values().map(|group| Detail::Group(group));
    let roles = account.roles.values().map(|role| Detail::Role(role));
    let policies = account.policies.values().map(|policy| Detail::Policy(policy));
    users.chain(groups).chain(roles).chain(policies).map(Detail::shown_bytes).sum()
}

impl Detail<'_> {
    /// About how much it is before its documents are encoded. Unit: bytes.
    fn shown_bytes(self) -> usize {
        let tags = |tags: &Tags| tags.iter().map(|(key, value)| 64 + key.len() + value.len()).sum::<usize>();
        let grants = |grants: &Grants| {
            let inline = grants.inline.iter().map(|(name, document)| 64 + name.len() + document.text().len());
            inline.chain(grants.attached.iter().map(|arn| 64 + 2 * arn.len())).sum::<usize>()
        };
        let own = match self {
            Detail::User(one) => grants(&one.grants) + tags(&one.tags) + one.groups.len() * 256,
            Detail::Group(one) => grants(&one.grants),
            Detail::Role(one) => grants(&one.grants) + tags(&one.tags) + one.trust.document().text().len(),
            Detail::Policy(one) => {
                tags(&one.tags)
                    + one.versions.values().map(|version| 256 + version.document.text().len()).sum::<usize>()
            }
        };
        1_024 + own
    }
}

fn user_detail(account: &Account, user: &User) -> UserDetail {
    let groups = user.groups.iter().filter_map(|id| account.group_of_id(id));
    UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(user.arn(&account.id)),
        create_date: Some(timestamp(user.created_ms)),
        user_policy_list: inline(&user.grants),
        group_list: Some(groups.map(|group| group.name.clone()).collect()),
        attached_managed_policies: attached(&user.grants),
        permissions_boundary: boundary::shown(&user.grants),
        tags: Some(tag::all(&user.tags)),
    }
}

fn group_detail(account: &Account, group: &Group) -> GroupDetail {
    GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(group.arn(&account.id)),
        create_date: Some(timestamp(group.created_ms)),
        group_policy_list: inline(&group.grants),
        attached_managed_policies: attached(&group.grants),
    }
}

fn role_detail(account: &Account, lookup: &Lookup<'_>, role: &Role) -> RoleDetail {
    let shown = role::shown(lookup, account, role);
    RoleDetail {
        path: Some(shown.path),
        role_name: Some(shown.role_name),
        role_id: Some(shown.role_id),
        arn: Some(shown.arn),
        create_date: Some(shown.create_date),
        assume_role_policy_document: shown.assume_role_policy_document,
        instance_profile_list: Some(Vec::new()),
        role_policy_list: inline(&role.grants),
        attached_managed_policies: attached(&role.grants),
        permissions_boundary: boundary::shown(&role.grants),
        tags: Some(tag::all(&role.tags)),
        role_last_used: None,
    }
}

fn policy_detail(account: &Account, usages: &HashMap<&str, Usage>, policy: &ManagedPolicy) -> ManagedPolicyDetail {
    let arn = policy.arn(&account.id);
    let shown = policy::shown(policy, &arn, usages.get(&*arn).copied().unwrap_or_default(), true);
    let versions = policy.versions.keys().rev().filter_map(|number| policy::shown_version(policy, *number, true));
    ManagedPolicyDetail {
        policy_name: shown.policy_name,
        policy_id: shown.policy_id,
        arn: shown.arn,
        path: shown.path,
        default_version_id: shown.default_version_id,
        attachment_count: shown.attachment_count,
        permissions_boundary_usage_count: shown.permissions_boundary_usage_count,
        is_attachable: shown.is_attachable,
        description: shown.description,
        create_date: shown.create_date,
        update_date: shown.update_date,
        policy_version_list: Some(versions.collect()),
    }
}

fn inline(grants: &Grants) -> Option<Vec<PolicyDetail>> {
    let detail = |(name, document): (&String, &PolicyDocument)| PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(percent_encoded(document.text())),
    };
    Some(grants.inline.iter().map(detail).collect())
}

fn attached(grants: &Grants) -> Option<Vec<AttachedPolicy>> {
    Some(grants.attached.iter().map(|arn| attachment::shown(arn)).collect())
}
