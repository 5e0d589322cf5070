//! Roles: what they are, and who may take them on.

use auth::iam::PolicyKind;

use super::asked::Ask;
use super::holder::{self, Holder};
use super::{Answer, boundary, quota, tag};
use crate::query::{Code, Refusal, Xml, percent_encoded, timestamp};
use crate::store::entity::{Grants, Role};
use crate::store::{Account, Draft, Lookup, TrustPolicy, UniqueIdKind, unique_id};

/// How long a session may last. Unit: seconds. Source: IAM API Reference, CreateRole, MaxSessionDuration.
const SESSION_SECONDS_DEFAULT: u32 = 3_600;

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("RoleName")?;
    let role = Role {
        name: name.to_owned(),
        path: ask.path()?.to_owned(),
        id: unique_id(UniqueIdKind::Role),
        created_ms: ask.now_ms,
        description: ask.optional("Description").filter(|text| !text.is_empty()).map(str::to_owned),
        trust: trust(ask, draft, "AssumeRolePolicyDocument")?,
        max_session_seconds: session_seconds(ask).unwrap_or(SESSION_SECONDS_DEFAULT),
        grants: Grants { boundary: boundary::of_new(ask, draft)?, ..Grants::default() },
        tags: tag::of_new(ask)?,
    };
    if draft.role(name).is_some() {
        return Err(Refusal::new(Code::EntityAlreadyExists, format!("Role with name {name} already exists.")));
    }
    quota::refuse_beyond("RolesPerAccount", draft.roles.len(), quota::ROLES_MAX)?;
    let xml = whole(ask, draft, &role);
    draft.put(role);
    Ok(Some(xml))
}

pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    Ok(Some(whole(ask, account, Role::asked(ask, account)?)))
}

pub(super) fn list(ask: &Ask<'_>, account: &Account) -> Answer {
    let prefix = ask.path_prefix()?;
    let roles = account.roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let roles = roles.map(|(key, role)| (key.clone(), role));
    let moment = ask.identities.snapshot();
    let lookup = Lookup::new(&moment, Some(account));
    let page = ask.items_of_page_within(roles, |role| 1_024 + role.trust.document().text().len())?;
    let mut xml = Xml::new();
    xml.list("Roles", &page.items, |xml, (_, role)| show(xml, &lookup, account, role));
    page.end(&mut xml);
    Ok(Some(xml))
}

pub(super) fn update(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut role = Role::clone(Role::asked(ask, draft)?);
    if let Some(text) = ask.optional("Description") {
        role.description = Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
    }
    if let Some(seconds) = session_seconds(ask) {
        role.max_session_seconds = seconds;
    }
    draft.put(role);
    // Its result is there, and empty.
    Ok(Some(Xml::new()))
}

pub(super) fn update_description(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    ask.required("Description")?;
    let mut role = Role::clone(Role::asked(ask, draft)?);
    role.description = ask.optional("Description").filter(|text| !text.is_empty()).map(str::to_owned);
    let xml = whole(ask, draft, &role);
    draft.put(role);
    Ok(Some(xml))
}

pub(super) fn update_trust(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut role = Role::clone(Role::asked(ask, draft)?);
    role.trust = trust(ask, draft, "PolicyDocument")?;
    draft.put(role);
    Ok(None)
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let role = Role::clone(Role::asked(ask, draft)?);
    holder::refuse_with_policies(&role)?;
    draft.remove(&role);
    Ok(None)
}

/// Between an hour and twelve, as the model has it.
fn session_seconds(ask: &Ask<'_>) -> Option<u32> {
    ask.members.integer("MaxSessionDuration").and_then(|seconds| u32::try_from(seconds).ok())
}

/// Binds the document to the users and roles that have these ARNs now.
fn trust(ask: &Ask<'_>, account: &Account, member: &str) -> Result<TrustPolicy, Refusal> {
    let document = ask.document(member, PolicyKind::Trust)?;
    if quota::size(document.text()) > quota::TRUST_SIZE_MAX {
        return Err(quota::exceeded("ACLSizePerRole", quota::TRUST_SIZE_MAX));
    }
    let policy = document.policy(PolicyKind::Trust);
    let named = policy.iter().flat_map(|policy| policy.principals());
    let moment = ask.identities.snapshot();
    let principals = Lookup::new(&moment, Some(account)).ids(named).map_err(|missing| {
        let text = format!("Invalid principal in policy: \"AWS\":\"{missing}\"");
        Refusal::new(Code::MalformedPolicyDocument, text)
    })?;
    Ok(TrustPolicy::new(document, principals))
}

fn whole(ask: &Ask<'_>, account: &Account, role: &Role) -> Xml {
    let moment = ask.identities.snapshot();
    let lookup = Lookup::new(&moment, Some(account));
    let mut xml = Xml::new();
    xml.within("Role", |xml| {
        show(xml, &lookup, account, role);
        boundary::show(xml, &role.grants);
        tag::show_some(xml, &role.tags);
        // When it was last taken on is not kept.
        xml.within("RoleLastUsed", |_| {});
    });
    xml
}

/// As the account's details have it.
pub(super) fn show_detail(xml: &mut Xml, lookup: &Lookup<'_>, account: &Account, role: &Role) {
    xml.text("Path", &role.path);
    xml.text("RoleName", &role.name);
    xml.text("RoleId", &role.id);
    xml.text("Arn", &role.arn(&account.id));
    xml.text("CreateDate", &timestamp(role.created_ms));
    let trust = role.trust.text(|principal, id| lookup.current_arn(principal, id));
    xml.text("AssumeRolePolicyDocument", &percent_encoded(&trust));
}

/// As lists have it.
fn show(xml: &mut Xml, lookup: &Lookup<'_>, account: &Account, role: &Role) {
    show_detail(xml, lookup, account, role);
    xml.optional("Description", role.description.as_deref());
    xml.value("MaxSessionDuration", role.max_session_seconds);
}
