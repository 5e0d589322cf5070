//! What an operation is about: the ARN of the resource on which its caller must be allowed to do it.
//!
//! Entities are asked for by name, and paths stand in ARNs; something that is not there has the path `/`. What a request
//! does not name at all is every one of its kind.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".

use super::asked::Ask;
use crate::store::Account;

fn named(account: &Account, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{}:{kind}{path}{name}", account.id)
}

fn name<'a>(ask: &Ask<'a>, member: &str) -> &'a str {
    ask.optional(member).unwrap_or("*")
}

fn path<'a>(ask: &Ask<'a>) -> &'a str {
    ask.optional("Path").unwrap_or("/")
}

/// Of operations that no resource bounds.
pub(super) fn any(_ask: &Ask<'_>, _account: &Account) -> String {
    "*".to_owned()
}

pub(super) fn new_user(ask: &Ask<'_>, account: &Account) -> String {
    named(account, "user", path(ask), name(ask, "UserName"))
}

pub(super) fn new_group(ask: &Ask<'_>, account: &Account) -> String {
    named(account, "group", path(ask), name(ask, "GroupName"))
}

pub(super) fn new_role(ask: &Ask<'_>, account: &Account) -> String {
    named(account, "role", path(ask), name(ask, "RoleName"))
}

pub(super) fn new_policy(ask: &Ask<'_>, account: &Account) -> String {
    named(account, "policy", path(ask), name(ask, "PolicyName"))
}

pub(super) fn new_provider(ask: &Ask<'_>, account: &Account) -> String {
    let url = ask.optional("Url").map_or("*", |url| url.trim_start_matches("https://"));
    named(account, "oidc-provider", "/", url)
}

fn user_named(account: &Account, name: &str) -> String {
    let user = account.user(name).map(|user| user.arn(&account.id));
    user.unwrap_or_else(|| named(account, "user", "/", name))
}

pub(super) fn user(ask: &Ask<'_>, account: &Account) -> String {
    user_named(account, name(ask, "UserName"))
}

/// The user that is named, or the caller itself.
pub(super) fn own_user(ask: &Ask<'_>, account: &Account) -> String {
    user_named(account, ask.user_or_caller().ok().flatten().unwrap_or("*"))
}

pub(super) fn group(ask: &Ask<'_>, account: &Account) -> String {
    let name = name(ask, "GroupName");
    let group = account.group(name).map(|group| group.arn(&account.id));
    group.unwrap_or_else(|| named(account, "group", "/", name))
}

pub(super) fn role(ask: &Ask<'_>, account: &Account) -> String {
    let name = name(ask, "RoleName");
    let role = account.role(name).map(|role| role.arn(&account.id));
    role.unwrap_or_else(|| named(account, "role", "/", name))
}

pub(super) fn policy(ask: &Ask<'_>, _account: &Account) -> String {
    name(ask, "PolicyArn").to_owned()
}

pub(super) fn provider(ask: &Ask<'_>, _account: &Account) -> String {
    name(ask, "OpenIDConnectProviderArn").to_owned()
}

/// The user whose access key is asked about.
pub(super) fn key_owner(ask: &Ask<'_>, account: &Account) -> String {
    let key = account.keys.get(name(ask, "AccessKeyId"));
    user_named(account, key.and_then(|key| key.user.as_deref()).unwrap_or("*"))
}

pub(super) fn instance_profile(ask: &Ask<'_>, account: &Account) -> String {
    named(account, "instance-profile", "/", name(ask, "InstanceProfileName"))
}

/// The user, group or role whose policies are tried out.
pub(super) fn source(ask: &Ask<'_>, _account: &Account) -> String {
    name(ask, "PolicySourceArn").to_owned()
}
