//! Users: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser.

use aws::iam::{
    CreateUserRequest, CreateUserResponse, GetUserRequest, GetUserResponse, ListUsersRequest, UpdateUserRequest,
};

use super::asked::{Ask, user_or_caller};
use super::holder::{self, Holder};
use super::page::Page;
use super::{Answer, boundary, constraint, quota, tag};
use crate::query::timestamp;
use crate::store::entity::{AccessKey, Grants, User};
use crate::store::{Account, Draft, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft, request: CreateUserRequest) -> Answer<CreateUserResponse> {
    let name = constraint::name("UserName", &request.user_name)?;
    let user = User {
        name: name.to_owned(),
        path: constraint::path(request.path.as_deref())?,
        id: unique_id(UniqueIdKind::User),
        created_ms: ask.now_ms,
        grants: Grants {
            boundary: boundary::of_new(draft, request.permissions_boundary.as_deref())?,
            ..Grants::default()
        },
        groups: Vec::new(),
        tags: tag::asked(request.tags.iter().flatten())?,
    };
    holder::refuse_second::<User>(draft, name)?;
    quota::refuse_beyond("UsersPerAccount", draft.users.len(), quota::USERS_MAX)?;
    let shown = whole(draft, &user);
    draft.put(user);
    Ok(CreateUserResponse { user: Some(shown) })
}

pub(super) fn get(ask: &Ask<'_>, account: &Account, request: GetUserRequest) -> Answer<GetUserResponse> {
    let user = match user_or_caller(ask.caller, request.user_name.as_deref())? {
        Some(name) => whole(account, User::of_name(account, name)?),
        None => aws::iam::User {
            user_id: account.id.clone(),
            arn: account.root_arn(),
            // When the account's first key was made: nothing older is known of it.
            create_date: timestamp(account.keys_of(None).map(|key| key.created_ms).min().unwrap_or(0)),
            ..aws::iam::User::default()
        },
    };
    Ok(GetUserResponse { user })
}

pub(super) fn list(account: &Account, request: ListUsersRequest) -> Answer<Page<aws::iam::User>> {
    let prefix = constraint::path_prefix(&request.path_prefix)?;
    let users = account.users.iter().filter(|(_, user)| user.path.starts_with(prefix));
    Ok(Page::of((request.marker, request.max_items), users.map(|(key, user)| (key.clone(), user)))?
        .map(|user| shown(account, user)))
}

pub(super) fn update(draft: &mut Draft, request: UpdateUserRequest) -> Answer {
    let before = User::clone(User::named(draft, &request.user_name)?);
    let mut after = before.clone();
    if let Some(path) = &request.new_path {
        after.path = constraint::path(Some(path))?;
    }
    if let Some(name) = &request.new_user_name {
        constraint::name("NewUserName", name)?;
        if !name.eq_ignore_ascii_case(&before.name) {
            holder::refuse_second::<User>(draft, name)?;
        }
        name.clone_into(&mut after.name);
        rename_keys(draft, &before.name, name);
        draft.remove(&before);
    }
    draft.put(after);
    Ok(())
}

/// Keys name their user.
fn rename_keys(draft: &mut Draft, before: &str, after: &str) {
    let keys: Vec<AccessKey> = draft.keys_of(Some(before)).map(|key| AccessKey::clone(key)).collect();
    for key in keys {
        draft.put(AccessKey { user: Some(after.to_owned()), ..key });
    }
}

pub(super) fn delete(draft: &mut Draft, name: &str) -> Answer {
    let user = User::clone(User::named(draft, name)?);
    if draft.keys_of(Some(&user.name)).next().is_some() {
        return Err(holder::conflict("must delete access keys first."));
    }
    holder::refuse_with_policies(&user)?;
    if !user.groups.is_empty() {
        return Err(holder::conflict("must remove user from groups first."));
    }
    draft.remove(&user);
    Ok(())
}

/// As lists have it.
pub(super) fn shown(account: &Account, user: &User) -> aws::iam::User {
    aws::iam::User {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: user.id.clone(),
        arn: user.arn(&account.id),
        create_date: timestamp(user.created_ms),
        ..aws::iam::User::default()
    }
}

fn whole(account: &Account, user: &User) -> aws::iam::User {
    let permissions_boundary = boundary::shown(&user.grants);
    aws::iam::User { permissions_boundary, tags: tag::some(&user.tags), ..shown(account, user) }
}
