//! Users: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser.

use super::asked::Ask;
use super::holder::Holder;
use super::{Answer, constraint};
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::{Grants, Tags, User};
use crate::store::{Account, Draft, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.new_name("UserName", constraint::USER_NAME_LENGTH_MAX)?;
    let user = User {
        name: name.to_owned(),
        path: ask.path()?.to_owned(),
        id: unique_id(UniqueIdKind::User),
        created_ms: ask.now_ms,
        grants: Grants::default(),
        groups: Vec::new(),
        tags: Tags::new(),
    };
    if draft.user(name).is_some() {
        return Err(Refusal::new(Code::EntityAlreadyExists, format!("User with name {name} already exists.")));
    }
    let mut xml = Xml::new();
    xml.within("User", |xml| show(xml, draft, &user));
    draft.put(user);
    Ok(Some(xml))
}

pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    let mut xml = Xml::new();
    match ask.user_or_caller()? {
        Some(name) => {
            let user = User::of_name(account, name)?;
            xml.within("User", |xml| show(xml, account, user));
        }
        None => xml.within("User", |xml| {
            xml.text("UserId", &account.id);
            xml.text("Arn", &format!("arn:aws:iam::{}:root", account.id));
        }),
    }
    Ok(Some(xml))
}

pub(super) fn show(xml: &mut Xml, account: &Account, user: &User) {
    xml.text("Path", &user.path);
    xml.text("UserName", &user.name);
    xml.text("UserId", &user.id);
    xml.text("Arn", &user.arn(&account.id));
    xml.text("CreateDate", &timestamp(user.created_ms));
}
