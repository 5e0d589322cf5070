//! Groups and who is in them.

use super::asked::Ask;
use super::holder::{self, Holder};
use super::{Answer, quota, user};
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::{Grants, Group, User};
use crate::store::{Account, Draft, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("GroupName")?;
    let group = Group {
        name: name.to_owned(),
        path: ask.path()?.to_owned(),
        id: unique_id(UniqueIdKind::Group),
        created_ms: ask.now_ms,
        grants: Grants::default(),
    };
    refuse_second(draft, name)?;
    quota::refuse_beyond("GroupsPerAccount", draft.groups.len(), quota::GROUPS_MAX)?;
    let mut xml = Xml::new();
    xml.within("Group", |xml| show(xml, draft, &group));
    draft.put(group);
    Ok(Some(xml))
}

/// With its users, page by page.
pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    let group = Group::asked(ask, account)?;
    let mut xml = Xml::new();
    xml.within("Group", |xml| show(xml, account, group));
    let users = account.users.iter().filter(|(_, user)| user.groups.contains(&group.id));
    let users = users.map(|(key, user)| (key.clone(), user));
    ask.page(&mut xml, "Users", users, |xml, member| user::show(xml, account, member))?;
    Ok(Some(xml))
}

pub(super) fn list(ask: &Ask<'_>, account: &Account) -> Answer {
    let prefix = ask.path_prefix()?;
    let groups = account.groups.iter().filter(|(_, group)| group.path.starts_with(prefix));
    let groups = groups.map(|(key, group)| (key.clone(), group));
    let mut xml = Xml::new();
    ask.page(&mut xml, "Groups", groups, |xml, group| show(xml, account, group))?;
    Ok(Some(xml))
}

pub(super) fn list_for_user(ask: &Ask<'_>, account: &Account) -> Answer {
    let user = User::asked(ask, account)?;
    let groups = account.groups.iter().filter(|(_, group)| user.groups.contains(&group.id));
    let groups = groups.map(|(key, group)| (key.clone(), group));
    let mut xml = Xml::new();
    ask.page(&mut xml, "Groups", groups, |xml, group| show(xml, account, group))?;
    Ok(Some(xml))
}

pub(super) fn update(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let before = Group::clone(Group::asked(ask, draft)?);
    let mut after = before.clone();
    if let Some(path) = ask.new_path()? {
        path.clone_into(&mut after.path);
    }
    if let Some(name) = ask.other_name("NewGroupName")? {
        if !name.eq_ignore_ascii_case(&before.name) {
            refuse_second(draft, name)?;
        }
        name.clone_into(&mut after.name);
        draft.remove(&before);
    }
    draft.put(after);
    Ok(None)
}

pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let group = Group::clone(Group::asked(ask, draft)?);
    if draft.users.values().any(|user| user.groups.contains(&group.id)) {
        return Err(holder::conflict("must remove users from group first."));
    }
    holder::refuse_with_policies(&group)?;
    draft.remove(&group);
    Ok(None)
}

/// Who is in it already stays in it.
pub(super) fn add_user(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let group = Group::asked(ask, draft)?.id.clone();
    let mut user = User::clone(User::asked(ask, draft)?);
    if !user.groups.contains(&group) {
        quota::refuse_beyond("GroupsPerUser", user.groups.len(), quota::GROUPS_PER_USER_MAX)?;
        user.groups.push(group);
        draft.put(user);
    }
    Ok(None)
}

pub(super) fn remove_user(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let group = Group::asked(ask, draft)?.id.clone();
    let mut user = User::clone(User::asked(ask, draft)?);
    if user.groups.contains(&group) {
        user.groups.retain(|other| *other != group);
        draft.put(user);
    }
    Ok(None)
}

fn refuse_second(account: &Account, name: &str) -> Result<(), Refusal> {
    match account.group(name) {
        None => Ok(()),
        Some(_) => Err(Refusal::new(Code::EntityAlreadyExists, format!("Group with name {name} already exists."))),
    }
}

pub(super) fn show(xml: &mut Xml, account: &Account, group: &Group) {
    xml.text("Path", &group.path);
    xml.text("GroupName", &group.name);
    xml.text("GroupId", &group.id);
    xml.text("Arn", &group.arn(&account.id));
    xml.text("CreateDate", &timestamp(group.created_ms));
}
