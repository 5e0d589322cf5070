//! Users: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser.

use super::asked::Ask;
use super::holder::{self, Holder};
use super::{Answer, boundary, quota, tag};
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::{AccessKey, Grants, User};
use crate::store::{Account, Draft, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("UserName")?;
    let user = User {
        name: name.to_owned(),
        path: ask.path()?.to_owned(),
        id: unique_id(UniqueIdKind::User),
        created_ms: ask.now_ms,
        grants: Grants { boundary: boundary::of_new(ask, draft)?, ..Grants::default() },
        groups: Vec::new(),
        tags: tag::of_new(ask)?,
    };
    refuse_second(draft, name)?;
    quota::refuse_beyond("UsersPerAccount", draft.users.len(), quota::USERS_MAX)?;
    let mut xml = Xml::new();
    xml.within("User", |xml| show_whole(xml, draft, &user));
    draft.put(user);
    Ok(Some(xml))
}

pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    let mut xml = Xml::new();
    match ask.user_or_caller()? {
        Some(name) => {
            let user = User::of_name(account, name)?;
            xml.within("User", |xml| show_whole(xml, account, user));
        }
        None => xml.within("User", |xml| {
            xml.text("UserId", &account.id);
            xml.text("Arn", &format!("arn:aws:iam::{}:root", account.id));
            // When the account's first key was made: nothing older is known of it.
            let since = account.keys_of(None).map(|key| key.created_ms).min().unwrap_or(0);
            xml.text("CreateDate", &timestamp(since));
        }),
    }
    Ok(Some(xml))
}

pub(super) fn list(ask: &Ask<'_>, account: &Account) -> Answer {
    let prefix = ask.path_prefix()?;
    let users = account.users.iter().filter(|(_, user)| user.path.starts_with(prefix));
    let mut xml = Xml::new();
    let users = users.map(|(key, user)| (key.clone(), user));
    ask.page(&mut xml, "Users", users, |xml, user| show(xml, account, user))?;
    Ok(Some(xml))
}

pub(super) fn update(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let before = User::clone(User::asked(ask, draft)?);
    let mut after = before.clone();
    if let Some(path) = ask.new_path()? {
        path.clone_into(&mut after.path);
    }
    if let Some(name) = ask.other_name("NewUserName")? {
        if !name.eq_ignore_ascii_case(&before.name) {
            refuse_second(draft, name)?;
        }
        name.clone_into(&mut after.name);
        rename_keys(draft, &before.name, name);
        draft.remove(&before);
    }
    draft.put(after);
    Ok(None)
}

/// Keys name their user.
fn rename_keys(draft: &mut Draft, before: &str, after: &str) {
    let keys: Vec<AccessKey> = draft.keys_of(Some(before)).map(|key| AccessKey::clone(key)).collect();
    for key in keys {
        draft.put(AccessKey { user: Some(after.to_owned()), ..key });
    }
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let user = User::clone(User::asked(ask, draft)?);
    if draft.keys_of(Some(&user.name)).next().is_some() {
        return Err(holder::conflict("must delete access keys first."));
    }
    holder::refuse_with_policies(&user)?;
    if !user.groups.is_empty() {
        return Err(holder::conflict("must remove user from groups first."));
    }
    draft.remove(&user);
    Ok(None)
}

fn refuse_second(account: &Account, name: &str) -> Result<(), Refusal> {
    match account.user(name) {
        None => Ok(()),
        Some(_) => Err(Refusal::new(Code::EntityAlreadyExists, format!("User with name {name} already exists."))),
    }
}

/// As lists have it.
pub(super) fn show(xml: &mut Xml, account: &Account, user: &User) {
    xml.text("Path", &user.path);
    xml.text("UserName", &user.name);
    xml.text("UserId", &user.id);
    xml.text("Arn", &user.arn(&account.id));
    xml.text("CreateDate", &timestamp(user.created_ms));
}

fn show_whole(xml: &mut Xml, account: &Account, user: &User) {
    show(xml, account, user);
    boundary::show(xml, &user.grants);
    tag::show_some(xml, &user.tags);
}
