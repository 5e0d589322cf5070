//! Managed policies, and the users, groups and roles that they are attached to.

use std::collections::HashMap;

use aws::iam::{
    AttachedPolicy, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse, PolicyGroup, PolicyRole, PolicyUser,
};

use super::holder::Holder;
use super::page::{Page, Paging};
use super::{Answer, constraint, quota};
use crate::query::Refusal;
use crate::store::entity::{Grants, Group, Role, User, key_of};
use crate::store::{Account, Draft, managed};

/// A policy that is attached already stays so.
pub(super) fn attach<H: Holder>(draft: &mut Draft, name: &str, arn: &str) -> Answer {
    constraint::arn(arn)?;
    let mut holder = H::clone(H::named(draft, name)?);
    refuse_missing(draft, arn)?;
    if holder.grants().attached.iter().any(|other| other == arn) {
        return Ok(());
    }
    quota::refuse_beyond(H::ATTACHED_QUOTA, holder.grants().attached.len(), quota::ATTACHED_MAX)?;
    holder.grants_mut().attached.push(arn.to_owned());
    draft.put(holder);
    Ok(())
}

pub(super) fn detach<H: Holder>(draft: &mut Draft, name: &str, arn: &str) -> Answer {
    constraint::arn(arn)?;
    let mut holder = H::clone(H::named(draft, name)?);
    let attached = &mut holder.grants_mut().attached;
    let Some(at) = attached.iter().position(|other| other == arn) else {
        return Err(Refusal::no_such_entity(format!("Policy {arn} was not found.")));
    };
    attached.remove(at);
    draft.put(holder);
    Ok(())
}

pub(super) fn list<H: Holder>(
    account: &Account,
    name: &str,
    path_prefix: &Option<String>,
    paging: Paging,
) -> Answer<Page<AttachedPolicy>> {
    let prefix = constraint::path_prefix(path_prefix)?;
    let holder = H::named(account, name)?;
    let mut attached: Vec<_> = holder.grants().attached.iter().map(|arn| (sorted_by(arn), arn)).collect();
    attached.retain(|(_, arn)| path_and_name(arn).0.starts_with(prefix));
    attached.sort();
    Ok(Page::of(paging, attached)?.map(|arn| shown(arn)))
}

pub(super) fn shown(arn: &str) -> AttachedPolicy {
    AttachedPolicy { policy_name: Some(path_and_name(arn).1.to_owned()), policy_arn: Some(arn.to_owned()) }
}

fn sorted_by(arn: &str) -> String {
    format!("{} {arn}", key_of(path_and_name(arn).1))
}

/// `/a/` and `b` of `arn:aws:iam::123456789012:policy/a/b`.
pub(super) fn path_and_name(arn: &str) -> (&str, &str) {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let whole = &resource[resource.find('/').unwrap_or(0)..];
    whole.split_at(whole.rfind('/').map_or(0, |at| at + 1))
}

/// # Errors
/// If there is no such policy, of this account or of AWS.
pub(super) fn refuse_missing(account: &Account, arn: &str) -> Answer {
    match account.policy(arn).is_some() || managed::find(arn).is_some() {
        true => Ok(()),
        false => Err(Refusal::no_such_entity(format!("Policy {arn} does not exist or is not attachable."))),
    }
}

/// How often a policy is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Usage {
    pub attached: usize,
    pub boundaries: usize,
}

/// The uses of all policies, by their ARNs.
pub(super) fn usages(account: &Account) -> HashMap<&str, Usage> {
    let mut usages = HashMap::<&str, Usage>::new();
    for grants in all_grants(account) {
        for arn in &grants.attached {
            usages.entry(arn).or_default().attached += 1;
        }
        if let Some(arn) = &grants.boundary {
            usages.entry(arn).or_default().boundaries += 1;
        }
    }
    usages
}

fn all_grants(account: &Account) -> impl Iterator<Item = &Grants> {
    let users = account.users.values().map(|user| &user.grants);
    let groups = account.groups.values().map(|group| &group.grants);
    users.chain(groups).chain(account.roles.values().map(|role| &role.grants))
}

/// Which uses of a policy ListEntitiesForPolicy is asked for.
struct Filter<'a> {
    arn: &'a str,
    entity: Option<&'a str>,
    usage: Option<&'a str>,
    prefix: &'a str,
}

impl Filter<'_> {
    fn takes(&self, kind: &str, path: &str, grants: &Grants) -> bool {
        let attached = || grants.attached.iter().any(|arn| arn == self.arn);
        let bounded = || grants.boundary.as_deref() == Some(self.arn);
        let used = match self.usage {
            Some("PermissionsPolicy") => attached(),
            Some("PermissionsBoundary") => bounded(),
            _ => attached() || bounded(),
        };
        used && self.entity.is_none_or(|entity| entity == kind) && path.starts_with(self.prefix)
    }
}

/// An entity that uses a policy.
enum Using<'a> {
    Group(&'a Group),
    Role(&'a Role),
    User(&'a User),
}

/// Its users, groups and roles are paged through together.
pub(super) fn list_entities(
    account: &Account,
    request: ListEntitiesForPolicyRequest,
) -> Answer<ListEntitiesForPolicyResponse> {
    let arn = constraint::arn(&request.policy_arn)?;
    if account.policy(arn).is_none() && managed::find(arn).is_none() {
        return Err(Refusal::no_such_entity(format!("Policy {arn} was not found.")));
    }
    let (entity, usage) = (request.entity_filter.as_deref(), request.policy_usage_filter.as_deref());
    let filter = Filter { arn, entity, usage, prefix: constraint::path_prefix(&request.path_prefix)? };
    let groups = account.groups.iter().filter(|(_, group)| filter.takes("Group", &group.path, &group.grants));
    let roles = account.roles.iter().filter(|(_, role)| filter.takes("Role", &role.path, &role.grants));
    let users = account.users.iter().filter(|(_, user)| filter.takes("User", &user.path, &user.grants));
    let found = groups.map(|(key, group)| (format!("Group/{key}"), Using::Group(group)));
    let found = found.chain(roles.map(|(key, role)| (format!("Role/{key}"), Using::Role(role))));
    let found = found.chain(users.map(|(key, user)| (format!("User/{key}"), Using::User(user))));
    let Page { items, is_truncated, marker } = Page::of((request.marker, request.max_items), found)?;
    let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for used_by in items {
        match used_by {
            Using::Group(Group { name, id, .. }) => {
                groups.push(PolicyGroup { group_name: Some(name.clone()), group_id: Some(id.clone()) });
            }
            Using::Role(Role { name, id, .. }) => {
                roles.push(PolicyRole { role_name: Some(name.clone()), role_id: Some(id.clone()) });
            }
            Using::User(User { name, id, .. }) => {
                users.push(PolicyUser { user_name: Some(name.clone()), user_id: Some(id.clone()) });
            }
        }
    }
    let (policy_groups, policy_users, policy_roles) = (Some(groups), Some(users), Some(roles));
    Ok(ListEntitiesForPolicyResponse { policy_groups, policy_users, policy_roles, is_truncated, marker })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_of_policies() {
        for (arn, expected) in [
            ("arn:aws:iam::123456789012:policy/a", ("/", "a")),
            ("arn:aws:iam::aws:policy/service-role/b/c", ("/service-role/b/", "c")),
            ("arn:aws:iam::1:policy", ("", "policy")),
            ("arn", ("", "")),
        ] {
            assert_eq!(path_and_name(arn), expected, "{arn}");
        }
    }
}
