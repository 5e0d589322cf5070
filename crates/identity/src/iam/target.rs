//! What an operation is about: the resource on which its caller must be allowed to do it, with what conditions can ask of it.
//!
//! Entities are asked for by name, and paths stand in ARNs; something that is not there has the path `/`. What a request
//! does not name at all is every one of its kind.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".

use super::asked::Ask;
use crate::store::Account;
use crate::store::entity::{Role, Tags, User};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Target {
    pub arn: String,
    pub tags: Tags,
    pub boundary: Option<String>,
}

impl Target {
    fn untagged(arn: String) -> Target {
        Target { arn, ..Target::default() }
    }

    fn named(account: &Account, kind: &str, path: &str, name: &str) -> Target {
        Target::untagged(format!("arn:aws:iam::{}:{kind}{path}{name}", account.id))
    }

    fn user(account: &Account, user: &User) -> Target {
        Target { arn: user.arn(&account.id), tags: user.tags.clone(), boundary: user.grants.boundary.clone() }
    }

    fn role(account: &Account, role: &Role) -> Target {
        Target { arn: role.arn(&account.id), tags: role.tags.clone(), boundary: role.grants.boundary.clone() }
    }
}

fn name<'a>(ask: &Ask<'a>, member: &str) -> &'a str {
    ask.optional(member).unwrap_or("*")
}

fn path<'a>(ask: &Ask<'a>) -> &'a str {
    ask.optional("Path").unwrap_or("/")
}

/// Of operations that no resource bounds.
pub(super) fn any(_ask: &Ask<'_>, _account: &Account) -> Target {
    Target::untagged("*".to_owned())
}

/// All of a kind below a path. The reference names no resource for lists, and AWS's own refusals name this one.
fn listed(ask: &Ask<'_>, account: &Account, kind: &str) -> Target {
    Target::named(account, kind, ask.optional("PathPrefix").unwrap_or("/"), "")
}

pub(super) fn users(ask: &Ask<'_>, account: &Account) -> Target {
    listed(ask, account, "user")
}

pub(super) fn groups(ask: &Ask<'_>, account: &Account) -> Target {
    listed(ask, account, "group")
}

pub(super) fn roles(ask: &Ask<'_>, account: &Account) -> Target {
    listed(ask, account, "role")
}

pub(super) fn new_user(ask: &Ask<'_>, account: &Account) -> Target {
    Target::named(account, "user", path(ask), name(ask, "UserName"))
}

pub(super) fn new_group(ask: &Ask<'_>, account: &Account) -> Target {
    Target::named(account, "group", path(ask), name(ask, "GroupName"))
}

pub(super) fn new_role(ask: &Ask<'_>, account: &Account) -> Target {
    Target::named(account, "role", path(ask), name(ask, "RoleName"))
}

pub(super) fn new_policy(ask: &Ask<'_>, account: &Account) -> Target {
    Target::named(account, "policy", path(ask), name(ask, "PolicyName"))
}

pub(super) fn new_provider(ask: &Ask<'_>, account: &Account) -> Target {
    // As the operation takes it: without its scheme, and without a slash at its end.
    let url = ask.optional("Url").unwrap_or("*");
    let name = url.split_once("://").map_or(url, |(_, name)| name).trim_end_matches('/');
    Target::named(account, "oidc-provider", "/", name)
}

fn user_named(account: &Account, name: &str) -> Target {
    let user = account.user(name).map(|user| Target::user(account, user));
    user.unwrap_or_else(|| Target::named(account, "user", "/", name))
}

pub(super) fn user(ask: &Ask<'_>, account: &Account) -> Target {
    user_named(account, name(ask, "UserName"))
}

/// The user that is named, or the caller itself.
pub(super) fn own_user(ask: &Ask<'_>, account: &Account) -> Target {
    user_named(account, ask.user_or_caller().ok().flatten().unwrap_or("*"))
}

pub(super) fn group(ask: &Ask<'_>, account: &Account) -> Target {
    let name = name(ask, "GroupName");
    let group = account.group(name).map(|group| Target::untagged(group.arn(&account.id)));
    group.unwrap_or_else(|| Target::named(account, "group", "/", name))
}

pub(super) fn role(ask: &Ask<'_>, account: &Account) -> Target {
    let name = name(ask, "RoleName");
    let role = account.role(name).map(|role| Target::role(account, role));
    role.unwrap_or_else(|| Target::named(account, "role", "/", name))
}

pub(super) fn policy(ask: &Ask<'_>, account: &Account) -> Target {
    let arn = name(ask, "PolicyArn");
    let tags = account.policy(arn).map(|policy| policy.tags.clone()).unwrap_or_default();
    Target { arn: arn.to_owned(), tags, boundary: None }
}

pub(super) fn provider(ask: &Ask<'_>, account: &Account) -> Target {
    let arn = name(ask, "OpenIDConnectProviderArn");
    let tags = account.provider_of_arn(arn).map(|provider| provider.tags.clone()).unwrap_or_default();
    Target { arn: arn.to_owned(), tags, boundary: None }
}

/// The user whose access key is asked about.
pub(super) fn key_owner(ask: &Ask<'_>, account: &Account) -> Target {
    let key = account.keys.get(name(ask, "AccessKeyId"));
    user_named(account, key.and_then(|key| key.user.as_deref()).unwrap_or("*"))
}

pub(super) fn instance_profile(ask: &Ask<'_>, account: &Account) -> Target {
    Target::named(account, "instance-profile", "/", name(ask, "InstanceProfileName"))
}

/// The user, group or role whose policies are tried out.
pub(super) fn source(ask: &Ask<'_>, _account: &Account) -> Target {
    Target::untagged(name(ask, "PolicySourceArn").to_owned())
}
