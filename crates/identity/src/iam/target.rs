//! What an operation is about: the resource on which its caller must be allowed to do it, with what conditions can read of it.
//!
//! Requests name entities by name, and ARNs have paths; an entity that does not exist has the path `/`. What a request
//! does not name at all is every one of its kind.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".

use auth::Caller;
use aws::Members;

use super::asked::user_or_caller;
use crate::store::Account;
use crate::store::entity::{Role, Tags, User};

/// A request before its permission is decided: its members may break constraints of the model.
pub(super) struct RequestAttributes<'a> {
    pub caller: &'a Caller,
    pub members: Members<'a>,
}

impl<'a> RequestAttributes<'a> {
    pub(super) fn optional(&self, member: &str) -> Option<&'a str> {
        self.members.text(member)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Target {
    pub arn: String,
    pub tags: Tags,
    pub boundary: Option<String>,
    /// How refusals name it, if not by its ARN: as the request does. An ARN has a path, which the request does not say, and
    /// which would show whether there is such an entity.
    pub shown: Option<String>,
}

impl Target {
    fn untagged(arn: String) -> Target {
        Target { arn, ..Target::default() }
    }

    fn shown_as(self, kind: &str, name: &str) -> Target {
        Target { shown: Some(format!("{kind} {name}")), ..self }
    }

    pub(super) fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.arn)
    }

    fn named(account: &Account, kind: &str, path: &str, name: &str) -> Target {
        Target::untagged(format!("arn:aws:iam::{}:{kind}{path}{name}", account.id))
    }

    fn user(account: &Account, user: &User) -> Target {
        let (tags, boundary) = (user.tags.clone(), user.grants.boundary.clone());
        Target { arn: user.arn(&account.id), tags, boundary, shown: None }
    }

    fn role(account: &Account, role: &Role) -> Target {
        let (tags, boundary) = (role.tags.clone(), role.grants.boundary.clone());
        Target { arn: role.arn(&account.id), tags, boundary, shown: None }
    }
}

fn name<'a>(request: &RequestAttributes<'a>, member: &str) -> &'a str {
    request.optional(member).unwrap_or("*")
}

fn path<'a>(request: &RequestAttributes<'a>) -> &'a str {
    request.optional("Path").unwrap_or("/")
}

/// Of operations that no resource bounds.
pub(super) fn any(_request: &RequestAttributes<'_>, _account: &Account) -> Target {
    Target::untagged("*".to_owned())
}

/// All of a kind below a path. The reference names no resource for lists, and AWS's own refusals name this one.
fn listed(request: &RequestAttributes<'_>, account: &Account, kind: &str) -> Target {
    Target::named(account, kind, request.optional("PathPrefix").unwrap_or("/"), "")
}

pub(super) fn users(request: &RequestAttributes<'_>, account: &Account) -> Target {
    listed(request, account, "user")
}

pub(super) fn groups(request: &RequestAttributes<'_>, account: &Account) -> Target {
    listed(request, account, "group")
}

pub(super) fn roles(request: &RequestAttributes<'_>, account: &Account) -> Target {
    listed(request, account, "role")
}

pub(super) fn new_user(request: &RequestAttributes<'_>, account: &Account) -> Target {
    Target::named(account, "user", path(request), name(request, "UserName"))
}

pub(super) fn new_group(request: &RequestAttributes<'_>, account: &Account) -> Target {
    Target::named(account, "group", path(request), name(request, "GroupName"))
}

pub(super) fn new_role(request: &RequestAttributes<'_>, account: &Account) -> Target {
    Target::named(account, "role", path(request), name(request, "RoleName"))
}

pub(super) fn new_policy(request: &RequestAttributes<'_>, account: &Account) -> Target {
    Target::named(account, "policy", path(request), name(request, "PolicyName"))
}

pub(super) fn new_provider(request: &RequestAttributes<'_>, account: &Account) -> Target {
    // As the operation takes it: without its scheme, and without a slash at its end. One with a user or a query is never
    // made, and refusals do not repeat those.
    let url = request.optional("Url").unwrap_or("*");
    let name = url.split_once("://").map_or(url, |(_, name)| name);
    let name = name.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = name.split_once('/').map_or((name, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit('@').next().unwrap_or_default();
    let name = path.map_or(host.to_owned(), |path| format!("{host}/{path}"));
    Target::named(account, "oidc-provider", "/", name.trim_end_matches('/'))
}

fn user_named(account: &Account, name: &str) -> Target {
    let user = account.user(name).map(|user| Target::user(account, user));
    user.unwrap_or_else(|| Target::named(account, "user", "/", name)).shown_as("user", name)
}

pub(super) fn user(request: &RequestAttributes<'_>, account: &Account) -> Target {
    user_named(account, name(request, "UserName"))
}

/// The user that is named, or the caller itself.
pub(super) fn own_user(request: &RequestAttributes<'_>, account: &Account) -> Target {
    user_named(account, user_or_caller(request.caller, request.optional("UserName")).ok().flatten().unwrap_or("*"))
}

pub(super) fn group(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let name = name(request, "GroupName");
    let group = account.group(name).map(|group| Target::untagged(group.arn(&account.id)));
    group.unwrap_or_else(|| Target::named(account, "group", "/", name)).shown_as("group", name)
}

/// What a renamed or moved user is to be: AWS asks for permission on both. Source: IAM API Reference, UpdateUser.
pub(super) fn renamed_user(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let before = account.user(name(request, "UserName"));
    let (path, name) = (before.map(|user| &*user.path), before.map_or(name(request, "UserName"), |user| &user.name));
    renamed(request, account, user(request, account), ("user", path), ("NewUserName", name))
}

/// As for users. Source: IAM API Reference, UpdateGroup.
pub(super) fn renamed_group(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let before = account.group(name(request, "GroupName"));
    let (path, name) =
        (before.map(|group| &*group.path), before.map_or(name(request, "GroupName"), |group| &group.name));
    renamed(request, account, group(request, account), ("group", path), ("NewGroupName", name))
}

/// Another name, another path, or both; the rest stays.
fn renamed(
    request: &RequestAttributes<'_>,
    account: &Account,
    before: Target,
    (kind, path): (&str, Option<&str>),
    (member, name): (&str, &str),
) -> Target {
    let path = request.optional("NewPath").or(path).unwrap_or("/");
    let after = Target::named(account, kind, path, request.optional(member).unwrap_or(name));
    let shown = before.shown.clone().filter(|_| after.arn == before.arn);
    Target { arn: after.arn, shown, ..before }
}

pub(super) fn role(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let name = name(request, "RoleName");
    let role = account.role(name).map(|role| Target::role(account, role));
    role.unwrap_or_else(|| Target::named(account, "role", "/", name)).shown_as("role", name)
}

pub(super) fn policy(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let arn = name(request, "PolicyArn");
    let tags = account.policy(arn).map(|policy| policy.tags.clone()).unwrap_or_default();
    Target { arn: arn.to_owned(), tags, ..Target::default() }.shown_as("policy", arn)
}

pub(super) fn provider(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let arn = name(request, "OpenIDConnectProviderArn");
    let tags = account.provider_of_arn(arn).map(|provider| provider.tags.clone()).unwrap_or_default();
    Target { arn: arn.to_owned(), tags, ..Target::default() }
}

/// The user of the access key that is asked about. A refusal does not name the user.
pub(super) fn key_owner(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let id = name(request, "AccessKeyId");
    let key = account.keys.get(id);
    user_named(account, key.and_then(|key| key.user.as_deref()).unwrap_or("*")).shown_as("access key", id)
}

pub(super) fn instance_profile(request: &RequestAttributes<'_>, account: &Account) -> Target {
    let name = name(request, "InstanceProfileName");
    Target::named(account, "instance-profile", "/", name).shown_as("instance profile", name)
}

/// The user, group or role of the simulated policies.
pub(super) fn source(request: &RequestAttributes<'_>, _account: &Account) -> Target {
    Target::untagged(name(request, "PolicySourceArn").to_owned())
}
