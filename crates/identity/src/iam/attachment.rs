//! Managed policies and those whom they are attached to.

use std::collections::HashMap;

use super::Answer;
use super::asked::Ask;
use super::holder::Holder;
use super::quota;
use crate::query::{Refusal, Xml};
use crate::store::entity::{Grants, Group, Role, User, key_of};
use crate::store::{Account, Draft, managed};

/// A policy that is attached already stays so.
pub(super) fn attach<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    let mut holder = H::clone(H::asked(ask, draft)?);
    refuse_missing(draft, arn)?;
    if holder.grants().attached.iter().any(|other| other == arn) {
        return Ok(None);
    }
    quota::refuse_beyond(H::ATTACHED_QUOTA, holder.grants().attached.len(), quota::ATTACHED_MAX)?;
    holder.grants_mut().attached.push(arn.to_owned());
    draft.put(holder);
    Ok(None)
}

pub(super) fn detach<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    let mut holder = H::clone(H::asked(ask, draft)?);
    let attached = &mut holder.grants_mut().attached;
    let Some(at) = attached.iter().position(|other| other == arn) else {
        return Err(Refusal::no_such_entity(format!("Policy {arn} was not found.")));
    };
    attached.remove(at);
    draft.put(holder);
    Ok(None)
}

pub(super) fn list<H: Holder>(ask: &Ask<'_>, account: &Account) -> Answer {
    let prefix = ask.path_prefix()?;
    let holder = H::asked(ask, account)?;
    let mut attached: Vec<_> = holder.grants().attached.iter().map(|arn| (sorted_by(arn), arn)).collect();
    attached.retain(|(_, arn)| path_and_name(arn).0.starts_with(prefix));
    attached.sort();
    let mut xml = Xml::new();
    ask.page(&mut xml, "AttachedPolicies", attached, |xml, arn| show(xml, arn))?;
    Ok(Some(xml))
}

pub(super) fn show(xml: &mut Xml, arn: &str) {
    xml.text("PolicyName", path_and_name(arn).1);
    xml.text("PolicyArn", arn);
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
pub(super) fn refuse_missing(account: &Account, arn: &str) -> Result<(), Refusal> {
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

/// Its users, groups and roles are paged through together.
pub(super) fn list_entities(ask: &Ask<'_>, account: &Account) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    if account.policy(arn).is_none() && managed::find(arn).is_none() {
        return Err(Refusal::no_such_entity(format!("Policy {arn} was not found.")));
    }
    let entity = ask.optional("EntityFilter");
    let usage = ask.optional("PolicyUsageFilter");
    let filter = Filter { arn, entity, usage, prefix: ask.path_prefix()? };
    let mut found = Vec::new();
    let mut add = |kind: &'static str, key: &str, named: Named| found.push((format!("{kind}/{key}"), (kind, named)));
    for (key, Group { name, id, path, grants, .. }) in account.groups.iter().map(|(key, group)| (key, &**group)) {
        if filter.takes("Group", path, grants) {
            add("Group", key, Named { name: name.clone(), id: id.clone() });
        }
    }
    for (key, Role { name, id, path, grants, .. }) in account.roles.iter().map(|(key, role)| (key, &**role)) {
        if filter.takes("Role", path, grants) {
            add("Role", key, Named { name: name.clone(), id: id.clone() });
        }
    }
    for (key, User { name, id, path, grants, .. }) in account.users.iter().map(|(key, user)| (key, &**user)) {
        if filter.takes("User", path, grants) {
            add("User", key, Named { name: name.clone(), id: id.clone() });
        }
    }
    let page = ask.items_of_page(found)?;
    let mut xml = Xml::new();
    for kind in ["Group", "Role", "User"] {
        let of_kind = page.items.iter().filter(|(_, (of, _))| *of == kind);
        xml.list(&format!("Policy{kind}s"), of_kind, |xml, (_, (_, named))| {
            xml.text(&format!("{kind}Name"), &named.name);
            xml.text(&format!("{kind}Id"), &named.id);
        });
    }
    page.end(&mut xml);
    Ok(Some(xml))
}

struct Named {
    name: String,
    id: String,
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
