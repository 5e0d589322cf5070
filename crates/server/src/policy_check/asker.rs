//! The caller and its condition context, from the arguments.

use std::borrow::Cow;
use std::collections::BTreeMap;

use auth::iam::{Context, Principal, PrincipalKind, Values, WorkBudget, reference};

/// `KEY=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it must be KEY=VALUE")?;
    if !key.contains(':') {
        return Err("a key has a prefix, such as aws: or dynamodb:".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// The keys that were given, before all others.
pub(super) struct Given<'a> {
    keys: BTreeMap<String, Vec<String>>,
    others: Option<&'a dyn Context>,
}

impl<'a> Given<'a> {
    pub(super) fn new(pairs: &[(String, String)], others: Option<&'a dyn Context>) -> Given<'a> {
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in pairs {
            keys.entry(key.to_lowercase()).or_default().push(value.clone());
        }
        Given { keys, others }
    }
}

impl Context for Given<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        let Some(values) = self.keys.get(key) else {
            // A unique id is unknown, if it was not given.
            let unknown =
                |values: &Values<'_>| matches!(values, Values::One(value) if key == "aws:userid" && value.is_empty());
            return self.others?.values(key, work).filter(|values| !unknown(values));
        };
        Some(match values.as_slice() {
            [one] if !reference::is_list(key) => Values::One(Cow::Borrowed(one)),
            many => Values::Many(many.iter().map(|value| Cow::Borrowed(value.as_str())).collect()),
        })
    }
}

/// A principal without policies.
pub(super) fn principal(arn: &str, session_of: Option<&str>) -> Option<Principal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, resource] = parts[..] else { return None };
    let (kind, name) = match (service, resource.split_once('/')) {
        ("iam", None) if resource == "root" => (PrincipalKind::Root, ""),
        ("iam", Some(("user", name))) => (PrincipalKind::User, name),
        ("sts", Some(("assumed-role", name))) => (PrincipalKind::AssumedRole, name),
        ("sts", Some(("federated-user", name))) => (PrincipalKind::FederatedUser, name),
        _ => return None,
    };
    if account.len() != 12 || (name.is_empty() && kind != PrincipalKind::Root) {
        return None;
    }
    let role = match (kind, name.split_once('/')) {
        (PrincipalKind::AssumedRole, Some((role, _))) => Some(format!("arn:{partition}:iam::{account}:role/{role}")),
        (PrincipalKind::AssumedRole, None) => return None,
        _ => None,
    };
    let user_id = match kind {
        PrincipalKind::Root => account.to_owned(),
        PrincipalKind::FederatedUser => format!("{account}:{name}"),
        // A unique id is not in the ARN; it may be given as aws:userid.
        PrincipalKind::User | PrincipalKind::AssumedRole => String::new(),
    };
    let username = (kind == PrincipalKind::User).then(|| name.rsplit('/').next().unwrap_or(name).to_owned());
    Some(Principal {
        kind,
        account: account.to_owned(),
        arn: arn.to_owned(),
        role_arn: session_of.map(str::to_owned).or(role),
        role_id: None,
        user_id,
        username,
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: Vec::new(),
        boundary: None,
        session_policies: None,
    })
}

/// What a resource's ARN says of where it is.
pub(super) struct Place<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) account: Option<&'a str>,
}

pub(super) fn place(resource: &str) -> Place<'_> {
    let mut parts = resource.split(':').skip(3).map(|part| (!part.is_empty()).then_some(part));
    Place { region: parts.next().flatten(), account: parts.next().flatten() }
}
