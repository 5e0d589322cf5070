//! What is about the account as a whole: its summary, its alias, and everything in it at once.

use std::collections::HashMap;

use super::asked::Ask;
use super::attachment::Usage;
use super::policy::{Shown, Version};
use super::{Answer, attachment, boundary, group, quota, role, tag, user};
use crate::query::{Code, Refusal, Xml, percent_encoded};
use crate::store::entity::{Alias, Grants, Group, ManagedPolicy, Role, Tags, User};
use crate::store::{Account, Draft, Lookup};

pub(super) fn summary(_ask: &Ask<'_>, account: &Account) -> Answer {
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
    let mut xml = Xml::new();
    xml.within("SummaryMap", |xml| {
        for (key, value) in figures {
            xml.within("entry", |xml| {
                xml.text("key", key);
                xml.value("value", value);
            });
        }
    });
    Ok(Some(xml))
}

pub(super) fn list_aliases(ask: &Ask<'_>, account: &Account) -> Answer {
    let aliases = account.alias.values().map(|alias| (alias.name.clone(), alias));
    let mut xml = Xml::new();
    ask.page(&mut xml, "AccountAliases", aliases, |xml, alias| xml.content(&alias.name))?;
    Ok(Some(xml))
}

/// An account has one alias, and no two accounts the same.
pub(super) fn create_alias(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = alias(ask)?;
    let moment = ask.identities.snapshot();
    if moment.accounts().any(|account| account.id != draft.id && has_alias(account, name)) {
        let text = format!("The account alias {name} already exists.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    draft.put(Alias { name: name.to_owned() });
    Ok(None)
}

pub(super) fn delete_alias(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = alias(ask)?;
    if !has_alias(draft, name) {
        return Err(Refusal::no_such_entity(format!("The account alias {name} cannot be found.")));
    }
    draft.remove(&Alias { name: name.to_owned() });
    Ok(None)
}

fn has_alias(account: &Account, name: &str) -> bool {
    account.alias.values().any(|alias| alias.name == name)
}

fn alias<'a>(ask: &Ask<'a>) -> Result<&'a str, Refusal> {
    let name = ask.required("AccountAlias")?;
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
pub(super) fn authorization_details(ask: &Ask<'_>, account: &Account) -> Answer {
    let filter = ask.members.texts("Filter");
    let takes = |kind: &str| filter.is_empty() || filter.contains(&kind);
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
    let page = ask.items_of_page_within(all, |detail| detail.shown_bytes())?;
    let moment = ask.identities.snapshot();
    let known = Known { usages: attachment::usages(account), lookup: Lookup::new(&moment, Some(account)) };
    let mut xml = Xml::new();
    for (list, number) in
        [("UserDetailList", "1/"), ("GroupDetailList", "2/"), ("RoleDetailList", "3/"), ("Policies", "4/")]
    {
        let of_kind = page.items.iter().filter(|(key, _)| key.starts_with(number));
        xml.list(list, of_kind, |xml, (_, detail)| show_detail(xml, account, &known, detail));
    }
    page.end(&mut xml);
    Ok(Some(xml))
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

/// What details are shown with.
struct Known<'a> {
    usages: HashMap<&'a str, Usage>,
    lookup: Lookup<'a>,
}

fn show_detail(xml: &mut Xml, account: &Account, known: &Known<'_>, detail: &Detail<'_>) {
    match detail {
        Detail::User(one) => {
            user::show(xml, account, one);
            show_grants(xml, "UserPolicyList", &one.grants);
            let groups = one.groups.iter().filter_map(|id| account.group_of_id(id));
            xml.list("GroupList", groups, |xml, group| xml.content(&group.name));
            tag::show(xml, &one.tags);
        }
        Detail::Group(one) => {
            group::show(xml, account, one);
            show_grants(xml, "GroupPolicyList", &one.grants);
        }
        Detail::Role(one) => {
            role::show_detail(xml, &known.lookup, account, one);
            xml.list("InstanceProfileList", [(); 0], |_, ()| {});
            show_grants(xml, "RolePolicyList", &one.grants);
            tag::show(xml, &one.tags);
        }
        Detail::Policy(one) => {
            let usage = known.usages.get(&*one.arn(&account.id)).copied().unwrap_or_default();
            Shown::own(account, one).show(xml, usage, true);
            let versions = one.versions.keys().rev().filter_map(|number| Version::of(one, *number));
            xml.list("PolicyVersionList", versions, |xml, version| version.show(xml, true));
        }
    }
}

fn show_grants(xml: &mut Xml, inline: &str, grants: &Grants) {
    xml.list(inline, &grants.inline, |xml, (name, document)| {
        xml.text("PolicyName", name);
        xml.text("PolicyDocument", &percent_encoded(document.text()));
    });
    xml.list("AttachedManagedPolicies", &grants.attached, |xml, arn| attachment::show(xml, arn));
    boundary::show(xml, grants);
}
