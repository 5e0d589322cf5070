//! Access keys: Create-, List-, Update- and DeleteAccessKey, GetAccessKeyLastUsed.

use std::sync::Arc;

use aws::iam::{
    AccessKeyLastUsed, AccessKeyMetadata, CreateAccessKeyRequest, CreateAccessKeyResponse, DeleteAccessKeyRequest,
    GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse, ListAccessKeysRequest, UpdateAccessKeyRequest,
};

use super::asked::{Ask, user_or_caller};
use super::holder::Holder;
use super::page::Page;
use super::{Answer, quota};
use crate::query::{Code, Refusal, timestamp};
use crate::store::entity::{AccessKey, KeyStatus, User};
use crate::store::{Account, Draft};

pub(super) fn create(
    ask: &Ask<'_>,
    draft: &mut Draft,
    request: CreateAccessKeyRequest,
) -> Answer<CreateAccessKeyResponse> {
    let user = owner(ask, draft, request.user_name.as_deref())?;
    let count = draft.keys_of(user.as_deref()).count();
    quota::refuse_beyond("AccessKeysPerUser", count, quota::ACCESS_KEYS_PER_USER_MAX)?;
    let new = ask.identities.new_key(&draft.id, user.as_deref())?;
    let access_key = aws::iam::AccessKey {
        user_name: user,
        access_key_id: new.key.id.clone(),
        status: word(new.key.status).to_owned(),
        secret_access_key: new.secret,
        create_date: Some(timestamp(new.key.created_ms)),
    };
    draft.put(new.key);
    Ok(CreateAccessKeyResponse { access_key })
}

pub(super) fn list(
    ask: &Ask<'_>,
    account: &Account,
    request: ListAccessKeysRequest,
) -> Answer<Page<AccessKeyMetadata>> {
    let user = owner(ask, account, request.user_name.as_deref())?;
    let mut keys: Vec<_> = account.keys_of(user.as_deref()).map(|key| (order(key), key)).collect();
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(Page::of((request.marker, request.max_items), keys)?.map(|key| AccessKeyMetadata {
        user_name: key.user.clone(),
        access_key_id: Some(key.id.clone()),
        status: Some(word(key.status).to_owned()),
        create_date: Some(timestamp(key.created_ms)),
    }))
}

/// The older one first.
fn order(key: &AccessKey) -> String {
    format!("{:015} {}", key.created_ms, key.id)
}

pub(super) fn update(ask: &Ask<'_>, draft: &mut Draft, request: UpdateAccessKeyRequest) -> Answer {
    let status = match &*request.status {
        "Active" => KeyStatus::Active,
        _ => KeyStatus::Inactive,
    };
    let key = AccessKey::clone(named(ask, draft, &request.access_key_id, request.user_name.as_deref())?);
    draft.put(AccessKey { status, ..key });
    Ok(())
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft, request: DeleteAccessKeyRequest) -> Answer {
    let key = AccessKey::clone(named(ask, draft, &request.access_key_id, request.user_name.as_deref())?);
    draft.remove(&key);
    Ok(())
}

/// The key that a request names, of the user that it names.
fn named<'a>(ask: &Ask<'_>, account: &'a Account, id: &str, user: Option<&str>) -> Answer<&'a Arc<AccessKey>> {
    check_id(id)?;
    let user = owner(ask, account, user)?;
    let key = account.keys.get(id).filter(|key| key.user == user);
    key.ok_or_else(|| Refusal::no_such_entity(format!("The Access Key with id {id} cannot be found.")))
}

/// The name of the user that a request is about; none for the account itself.
fn owner(ask: &Ask<'_>, account: &Account, name: Option<&str>) -> Answer<Option<String>> {
    let name = user_or_caller(ask.caller, name)?;
    name.map(|name| User::of_name(account, name).map(|user| user.name.clone())).transpose()
}

fn check_id(id: &str) -> Answer {
    match id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => Ok(()),
        false => Err(Refusal::validation(
            "The specified value for accessKeyId is invalid. It must contain only alphanumeric characters.",
        )),
    }
}

pub(super) async fn last_used(
    ask: &Ask<'_>,
    account: &Account,
    request: GetAccessKeyLastUsedRequest,
) -> Answer<GetAccessKeyLastUsedResponse> {
    let id = &*request.access_key_id;
    check_id(id)?;
    // AWS does not say whether another account has such a key.
    let missing = || {
        let denied = "is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key";
        let identity = ask.caller.identity.as_ref();
        let caller = identity.map_or_else(|| account.root_arn(), |identity| identity.principal.arn.clone());
        Refusal::new(Code::AccessDenied, format!("User: {caller} {denied} {id}"))
    };
    let key = account.keys.get(id).ok_or_else(missing)?;
    let none = || "N/A".to_owned();
    let last_used = match ask.identities.last_use(&account.id, id).await? {
        Some(used) => AccessKeyLastUsed {
            last_used_date: Some(timestamp(used.at_ms)),
            service_name: used.service.to_string(),
            region: used.region.to_string(),
        },
        None => AccessKeyLastUsed { last_used_date: None, service_name: none(), region: none() },
    };
    Ok(GetAccessKeyLastUsedResponse { user_name: key.user.clone(), access_key_last_used: Some(last_used) })
}

fn word(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "Active",
        KeyStatus::Inactive => "Inactive",
    }
}
