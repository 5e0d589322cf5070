//! Access keys: Create-, List-, Update- and DeleteAccessKey, GetAccessKeyLastUsed.

use super::Answer;
use super::asked::Ask;
use super::holder::Holder;
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::{KeyStatus, User};
use crate::store::{Account, Draft};

/// Of a user, or of the account itself. Source: IAM User Guide, "IAM and AWS STS quotas".
const KEYS_MAX: usize = 2;

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let user = ask.user_or_caller()?;
    let user = user.map(|name| User::of_name(draft, name).map(|user| user.name.clone())).transpose()?;
    if draft.keys_of(user.as_deref()).count() >= KEYS_MAX {
        return Err(Refusal::new(
            Code::LimitExceeded,
            format!("Cannot exceed quota for AccessKeysPerUser: {KEYS_MAX}"),
        ));
    }
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

pub(super) async fn last_used(ask: &Ask<'_>, account: &Account) -> Answer {
    let id = ask.required("AccessKeyId")?;
    let missing = || Refusal::new(Code::AccessDenied, format!("The access key with id {id} is not of this account."));
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
