//! Access keys: Create-, List-, Update- and DeleteAccessKey, GetAccessKeyLastUsed.

use std::sync::Arc;

use super::asked::Ask;
use super::holder::Holder;
use super::{Answer, quota};
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::{AccessKey, KeyStatus, User};
use crate::store::{Account, Draft};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let user = owner(ask, draft)?;
    let count = draft.keys_of(user.as_deref()).count();
    quota::refuse_beyond("AccessKeysPerUser", count, quota::ACCESS_KEYS_PER_USER_MAX)?;
    let new = ask.identities.new_key(&draft.id, user.as_deref())?;
    let mut xml = Xml::new();
    xml.within("AccessKey", |xml| {
        xml.optional("UserName", user.as_deref());
        xml.text("AccessKeyId", &new.key.id);
        xml.text("Status", word(new.key.status));
        xml.text("SecretAccessKey", &new.secret);
        xml.text("CreateDate", &timestamp(new.key.created_ms));
    });
    draft.put(new.key);
    Ok(Some(xml))
}

pub(super) fn list(ask: &Ask<'_>, account: &Account) -> Answer {
    let user = owner(ask, account)?;
    let mut keys: Vec<_> = account.keys_of(user.as_deref()).map(|key| (order(key), key)).collect();
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    let mut xml = Xml::new();
    ask.page(&mut xml, "AccessKeyMetadata", keys, |xml, key| {
        xml.optional("UserName", key.user.as_deref());
        xml.text("AccessKeyId", &key.id);
        xml.text("Status", word(key.status));
        xml.text("CreateDate", &timestamp(key.created_ms));
    })?;
    Ok(Some(xml))
}

/// The older one first.
fn order(key: &AccessKey) -> String {
    format!("{:015} {}", key.created_ms, key.id)
}

pub(super) fn update(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let status = match ask.required("Status")? {
        "Active" => KeyStatus::Active,
        _ => KeyStatus::Inactive,
    };
    let key = AccessKey::clone(asked(ask, draft)?);
    draft.put(AccessKey { status, ..key });
    Ok(None)
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let key = AccessKey::clone(asked(ask, draft)?);
    draft.remove(&key);
    Ok(None)
}

/// The key that a request names, of the user that it names.
fn asked<'a>(ask: &Ask<'_>, account: &'a Account) -> Result<&'a Arc<AccessKey>, Refusal> {
    let id = id(ask)?;
    let user = owner(ask, account)?;
    let key = account.keys.get(id).filter(|key| key.user == user);
    key.ok_or_else(|| Refusal::no_such_entity(format!("The Access Key with id {id} cannot be found.")))
}

/// The name of the user that a request is about; none for the account itself.
fn owner(ask: &Ask<'_>, account: &Account) -> Result<Option<String>, Refusal> {
    let name = ask.user_or_caller()?;
    name.map(|name| User::of_name(account, name).map(|user| user.name.clone())).transpose()
}

fn id<'a>(ask: &Ask<'a>) -> Result<&'a str, Refusal> {
    let id = ask.required("AccessKeyId")?;
    match id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => Ok(id),
        false => Err(Refusal::validation(
            "The specified value for accessKeyId is invalid. It must contain only alphanumeric characters.",
        )),
    }
}

pub(super) async fn last_used(ask: &Ask<'_>, account: &Account) -> Answer {
    let id = id(ask)?;
    // AWS does not tell whether another account has such a key.
    let missing = || {
        let denied = "is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key";
        let identity = ask.caller.identity.as_ref();
        let caller = identity.map_or_else(|| account.root_arn(), |identity| identity.principal.arn.clone());
        Refusal::new(Code::AccessDenied, format!("User: {caller} {denied} {id}"))
    };
    let key = account.keys.get(id).ok_or_else(missing)?;
    let used = ask.identities.last_use(&account.id, id).await?;
    let mut xml = Xml::new();
    xml.optional("UserName", key.user.as_deref());
    xml.within("AccessKeyLastUsed", |xml| match &used {
        Some(used) => {
            xml.text("LastUsedDate", &timestamp(used.at_ms));
            xml.text("ServiceName", &used.service);
            xml.text("Region", &used.region);
        }
        None => {
            xml.text("ServiceName", "N/A");
            xml.text("Region", "N/A");
        }
    });
    Ok(Some(xml))
}

fn word(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "Active",
        KeyStatus::Inactive => "Inactive",
    }
}
