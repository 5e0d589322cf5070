//! Managed policies and their versions.

use std::sync::Arc;

use auth::iam::PolicyKind;

use super::asked::Ask;
use super::attachment::{self, Usage};
use super::{Answer, quota, tag};
use crate::query::{Code, Refusal, Xml, percent_encoded, timestamp};
use crate::store::entity::{ManagedPolicy, PolicyVersion, Tags, Versions, key_of};
use crate::store::managed::{self, AwsPolicy};
use crate::store::{Account, Draft, PolicyDocument, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("PolicyName")?;
    let description = ask.optional("Description").filter(|text| !text.is_empty());
    let version = PolicyVersion { document: document(ask)?, created_ms: ask.now_ms };
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path: ask.path()?.to_owned(),
        id: unique_id(UniqueIdKind::ManagedPolicy),
        created_ms: ask.now_ms,
        updated_ms: ask.now_ms,
        description: description.map(str::to_owned),
        versions: Versions::from([(1, version)]),
        default_version: 1,
        next_version: 2,
        tags: tag::of_new(ask)?,
    };
    if draft.policies.contains_key(&key_of(name)) {
        let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    quota::refuse_beyond("PoliciesPerAccount", draft.policies.len(), quota::POLICIES_MAX)?;
    let mut xml = Xml::new();
    let shown = Shown::own(draft, &policy);
    xml.within("Policy", |xml| shown.show(xml, Usage::default(), true));
    draft.put(policy);
    Ok(Some(xml))
}

pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    let shown = match managed::find(arn) {
        Some(policy) => Shown::aws(policy),
        None => Shown::own(account, asked(ask, account)?),
    };
    let usage = attachment::usages(account).get(arn).copied().unwrap_or_default();
    let mut xml = Xml::new();
    xml.within("Policy", |xml| shown.show(xml, usage, true));
    Ok(Some(xml))
}

pub(super) fn list(ask: &Ask<'_>, account: &Account) -> Answer {
    let scope = ask.optional("Scope").unwrap_or("All");
    let used_as = ask.optional("PolicyUsageFilter");
    let only_attached = ask.members.boolean("OnlyAttached").unwrap_or(false);
    let prefix = ask.path_prefix()?;
    let usages = attachment::usages(account);
    let own = account.policies.values().filter(|_| scope != "AWS").map(|policy| Shown::own(account, policy));
    let aws = managed::all().iter().filter(|_| scope != "Local").map(Shown::aws);
    let usage = |shown: &Shown<'_>| usages.get(&*shown.arn).copied().unwrap_or_default();
    let is_asked_for = |shown: &Shown<'_>| {
        let usage = usage(shown);
        let used = match used_as {
            Some("PermissionsBoundary") => usage.boundaries > 0,
            Some(_) => usage.attached > 0,
            None => usage.attached > 0 || !only_attached,
        };
        used && shown.path.starts_with(prefix)
    };
    let mut found: Vec<_> = own.chain(aws).filter(is_asked_for).map(|shown| (key_of(&shown.arn), shown)).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let mut xml = Xml::new();
    ask.page(&mut xml, "Policies", found, |xml, shown| shown.show(xml, usage(shown), false))?;
    Ok(Some(xml))
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let policy = ManagedPolicy::clone(changeable(ask, draft)?);
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
    Ok(None)
}

pub(super) fn create_version(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let version = PolicyVersion { document: document(ask)?, created_ms: ask.now_ms };
    let becomes_default = ask.members.boolean("SetAsDefault").unwrap_or(false);
    let mut policy = ManagedPolicy::clone(changeable(ask, draft)?);
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
    let mut xml = Xml::new();
    xml.within("PolicyVersion", |xml| show_version(xml, &policy, number, false));
    draft.put(policy);
    Ok(Some(xml))
}

pub(super) fn get_version(ask: &Ask<'_>, account: &Account) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    let mut xml = Xml::new();
    if let Some(policy) = managed::find(arn) {
        if ask.required("VersionId")? != managed::VERSION_ID {
            return Err(missing_version(ask, arn));
        }
        xml.within("PolicyVersion", |xml| {
            let (document, created_ms) = (&policy.document, managed::CREATED_MS);
            Version { document, id: managed::VERSION_ID.to_owned(), is_default: true, created_ms }.show(xml, true);
        });
        return Ok(Some(xml));
    }
    let policy = asked(ask, account)?;
    let number = version_number(ask, policy, arn)?;
    xml.within("PolicyVersion", |xml| show_version(xml, policy, number, true));
    Ok(Some(xml))
}

/// The newest one first.
pub(super) fn list_versions(ask: &Ask<'_>, account: &Account) -> Answer {
    let arn = ask.arn("PolicyArn")?;
    let versions: Vec<Version<'_>> = match managed::find(arn) {
        Some(policy) => vec![Version {
            document: &policy.document,
            id: managed::VERSION_ID.to_owned(),
            is_default: true,
            created_ms: managed::CREATED_MS,
        }],
        None => {
            let policy = asked(ask, account)?;
            policy.versions.keys().rev().filter_map(|number| Version::of(policy, *number)).collect()
        }
    };
    let versions = versions.into_iter().enumerate().map(|(at, version)| (format!("{at:03}"), version));
    let mut xml = Xml::new();
    ask.page(&mut xml, "Versions", versions, |xml, version| version.show(xml, false))?;
    Ok(Some(xml))
}

pub(super) fn delete_version(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut policy = ManagedPolicy::clone(changeable(ask, draft)?);
    let number = version_number(ask, &policy, &policy.arn(&draft.id))?;
    if number == policy.default_version {
        return Err(Refusal::new(Code::DeleteConflict, "Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    draft.put(policy);
    Ok(None)
}

pub(super) fn set_default_version(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut policy = ManagedPolicy::clone(changeable(ask, draft)?);
    policy.default_version = version_number(ask, &policy, &policy.arn(&draft.id))?;
    policy.updated_ms = ask.now_ms;
    draft.put(policy);
    Ok(None)
}

/// The account's policy that a request names.
pub(super) fn asked<'a>(ask: &Ask<'_>, account: &'a Account) -> Result<&'a Arc<ManagedPolicy>, Refusal> {
    let arn = ask.arn("PolicyArn")?;
    account.policy(arn).ok_or_else(|| Refusal::no_such_entity(format!("Policy {arn} was not found.")))
}

/// As `asked`, to be changed: AWS's own cannot be.
fn changeable<'a>(ask: &Ask<'_>, account: &'a Account) -> Result<&'a Arc<ManagedPolicy>, Refusal> {
    match managed::find(ask.arn("PolicyArn")?) {
        Some(_) => Err(Refusal::new(Code::AccessDenied, "Policy is outside your own account.")),
        None => asked(ask, account),
    }
}

fn document(ask: &Ask<'_>) -> Result<PolicyDocument, Refusal> {
    let document = ask.document("PolicyDocument", PolicyKind::Identity)?;
    match quota::size(document.text()) <= quota::POLICY_SIZE_MAX {
        true => Ok(document),
        false => Err(quota::exceeded("PolicySize", quota::POLICY_SIZE_MAX)),
    }
}

fn version_number(ask: &Ask<'_>, policy: &ManagedPolicy, arn: &str) -> Result<u32, Refusal> {
    let id = ask.required("VersionId")?;
    let Some(number) = id.strip_prefix('v').and_then(|number| number.parse().ok()) else {
        let constraint = "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
        return Err(Refusal::broken("VersionId", id, constraint));
    };
    match policy.versions.contains_key(&number) {
        true => Ok(number),
        false => Err(missing_version(ask, arn)),
    }
}

fn missing_version(ask: &Ask<'_>, arn: &str) -> Refusal {
    let id = ask.optional("VersionId").unwrap_or_default();
    Refusal::no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

fn show_version(xml: &mut Xml, policy: &ManagedPolicy, number: u32, with_document: bool) {
    if let Some(version) = Version::of(policy, number) {
        version.show(xml, with_document);
    }
}

/// One version as answers have it.
pub(super) struct Version<'a> {
    document: &'a PolicyDocument,
    id: String,
    is_default: bool,
    created_ms: u64,
}

impl<'a> Version<'a> {
    pub(super) fn of(policy: &'a ManagedPolicy, number: u32) -> Option<Version<'a>> {
        let version = policy.versions.get(&number)?;
        Some(Version {
            document: &version.document,
            id: format!("v{number}"),
            is_default: number == policy.default_version,
            created_ms: version.created_ms,
        })
    }

    pub(super) fn show(&self, xml: &mut Xml, with_document: bool) {
        if with_document {
            xml.text("Document", &percent_encoded(self.document.text()));
        }
        xml.text("VersionId", &self.id);
        xml.value("IsDefaultVersion", self.is_default);
        xml.text("CreateDate", &timestamp(self.created_ms));
    }
}

/// A policy as answers have it, be it the account's or AWS's.
pub(super) struct Shown<'a> {
    name: &'a str,
    id: String,
    arn: String,
    path: &'a str,
    default_version: String,
    created_ms: u64,
    updated_ms: u64,
    description: Option<&'a str>,
    tags: Option<&'a Tags>,
}

impl<'a> Shown<'a> {
    pub(super) fn own(account: &Account, policy: &'a ManagedPolicy) -> Shown<'a> {
        Shown {
            name: &policy.name,
            id: policy.id.clone(),
            arn: policy.arn(&account.id),
            path: &policy.path,
            default_version: format!("v{}", policy.default_version),
            created_ms: policy.created_ms,
            updated_ms: policy.updated_ms,
            description: policy.description.as_deref(),
            tags: Some(&policy.tags),
        }
    }

    fn aws(policy: &'a AwsPolicy) -> Shown<'a> {
        Shown {
            name: policy.name,
            id: policy.id(),
            arn: policy.arn(),
            path: policy.path,
            default_version: managed::VERSION_ID.to_owned(),
            created_ms: managed::CREATED_MS,
            updated_ms: managed::CREATED_MS,
            description: Some(policy.description),
            tags: None,
        }
    }

    /// Lists leave out the description and the tags.
    pub(super) fn show(&self, xml: &mut Xml, usage: Usage, whole: bool) {
        xml.text("PolicyName", self.name);
        xml.text("PolicyId", &self.id);
        xml.text("Arn", &self.arn);
        xml.text("Path", self.path);
        xml.text("DefaultVersionId", &self.default_version);
        xml.value("AttachmentCount", usage.attached);
        xml.value("PermissionsBoundaryUsageCount", usage.boundaries);
        xml.value("IsAttachable", true);
        if whole {
            xml.optional("Description", self.description);
        }
        xml.text("CreateDate", &timestamp(self.created_ms));
        xml.text("UpdateDate", &timestamp(self.updated_ms));
        if let Some(tags) = self.tags.filter(|_| whole) {
            tag::show(xml, tags);
        }
    }
}
