//! What an operation is about: the ARN of the resource on which its caller must be allowed to do it.
//!
//! Entities are asked for by name, and paths stand in ARNs; something that is not there has the path `/`.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".

use super::asked::Ask;
use crate::store::Account;

fn named(ask: &Ask<'_>, account: &Account, kind: &str, path: &str, name: &str) -> String {
    let _ = ask;
    format!("arn:aws:iam::{}:{kind}{path}{name}", account.id)
}

fn asked<'a>(ask: &Ask<'a>, member: &str) -> &'a str {
    ask.optional(member).unwrap_or_default()
}

pub(super) fn new_user(ask: &Ask<'_>, account: &Account) -> String {
    named(ask, account, "user", ask.optional("Path").unwrap_or("/"), asked(ask, "UserName"))
}

fn user_named(ask: &Ask<'_>, account: &Account, name: &str) -> String {
    let user = account.user(name).map(|user| user.arn(&account.id));
    user.unwrap_or_else(|| named(ask, account, "user", "/", name))
}

/// The user that is named, or the caller itself.
pub(super) fn own_user(ask: &Ask<'_>, account: &Account) -> String {
    match ask.user_or_caller() {
        Ok(Some(name)) => user_named(ask, account, name),
        _ => user_named(ask, account, "*"),
    }
}

/// The user whose access key is asked about.
pub(super) fn key_owner(ask: &Ask<'_>, account: &Account) -> String {
    let key = account.keys.get(asked(ask, "AccessKeyId"));
    user_named(ask, account, key.and_then(|key| key.user.as_deref()).unwrap_or("*"))
}
