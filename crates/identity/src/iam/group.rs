//! Groups, and the users in them.

use aws::iam::{
    AddUserToGroupRequest, CreateGroupRequest, CreateGroupResponse, GetGroupRequest, GetGroupResponse,
    ListGroupsForUserRequest, ListGroupsRequest, RemoveUserFromGroupRequest, UpdateGroupRequest,
};

use super::asked::Ask;
use super::holder::{self, Holder};
use super::page::Page;
use super::{Answer, constraint, quota, user};
use crate::query::timestamp;
use crate::store::entity::{Grants, Group, User};
use crate::store::{Account, Draft, UniqueIdKind, unique_id};

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft, request: CreateGroupRequest) -> Answer<CreateGroupResponse> {
    let name = constraint::name("GroupName", &request.group_name)?;
    let group = Group {
        name: name.to_owned(),
        path: constraint::path(request.path.as_deref())?,
        id: unique_id(UniqueIdKind::Group),
        created_ms: ask.now_ms,
        grants: Grants::default(),
    };
    holder::refuse_second::<Group>(draft, name)?;
    quota::refuse_beyond("GroupsPerAccount", draft.groups.len(), quota::GROUPS_MAX)?;
    let shown = shown(draft, &group);
    draft.put(group);
    Ok(CreateGroupResponse { group: shown })
}

/// With its users, page by page.
pub(super) fn get(account: &Account, request: GetGroupRequest) -> Answer<GetGroupResponse> {
    let group = Group::named(account, &request.group_name)?;
    let users = account.users.iter().filter(|(_, user)| user.groups.contains(&group.id));
    let page = Page::of((request.marker, request.max_items), users.map(|(key, user)| (key.clone(), user)))?;
    let Page { items: users, is_truncated, marker } = page.map(|member| user::shown(account, member));
    Ok(GetGroupResponse { group: shown(account, group), users, is_truncated, marker })
}

pub(super) fn list(account: &Account, request: ListGroupsRequest) -> Answer<Page<aws::iam::Group>> {
    let prefix = constraint::path_prefix(&request.path_prefix)?;
    let groups = account.groups.iter().filter(|(_, group)| group.path.starts_with(prefix));
    Ok(Page::of((request.marker, request.max_items), groups.map(|(key, group)| (key.clone(), group)))?
        .map(|group| shown(account, group)))
}

pub(super) fn list_for_user(account: &Account, request: ListGroupsForUserRequest) -> Answer<Page<aws::iam::Group>> {
    let user = User::named(account, &request.user_name)?;
    let groups = account.groups.iter().filter(|(_, group)| user.groups.contains(&group.id));
    Ok(Page::of((request.marker, request.max_items), groups.map(|(key, group)| (key.clone(), group)))?
        .map(|group| shown(account, group)))
}

pub(super) fn update(draft: &mut Draft, request: UpdateGroupRequest) -> Answer {
    let before = Group::clone(Group::named(draft, &request.group_name)?);
    let mut after = before.clone();
    if let Some(path) = &request.new_path {
        after.path = constraint::path(Some(path))?;
    }
    if let Some(name) = &request.new_group_name {
        constraint::name("NewGroupName", name)?;
        if !name.eq_ignore_ascii_case(&before.name) {
            holder::refuse_second::<Group>(draft, name)?;
        }
        name.clone_into(&mut after.name);
        draft.remove(&before);
    }
    draft.put(after);
    Ok(())
}

pub(super) fn delete(draft: &mut Draft, name: &str) -> Answer {
    let group = Group::clone(Group::named(draft, name)?);
    if draft.users.values().any(|user| user.groups.contains(&group.id)) {
        return Err(holder::conflict("must remove users from group first."));
    }
    holder::refuse_with_policies(&group)?;
    draft.remove(&group);
    Ok(())
}

/// A user that is in the group already stays in it.
pub(super) fn add_user(draft: &mut Draft, request: AddUserToGroupRequest) -> Answer {
    let group = Group::named(draft, &request.group_name)?.id.clone();
    let mut user = User::clone(User::named(draft, &request.user_name)?);
    if !user.groups.contains(&group) {
        quota::refuse_beyond("GroupsPerUser", user.groups.len(), quota::GROUPS_PER_USER_MAX)?;
        user.groups.push(group);
        draft.put(user);
    }
    Ok(())
}

pub(super) fn remove_user(draft: &mut Draft, request: RemoveUserFromGroupRequest) -> Answer {
    let group = Group::named(draft, &request.group_name)?.id.clone();
    let mut user = User::clone(User::named(draft, &request.user_name)?);
    if user.groups.contains(&group) {
        user.groups.retain(|other| *other != group);
        draft.put(user);
    }
    Ok(())
}

fn shown(account: &Account, group: &Group) -> aws::iam::Group {
    aws::iam::Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: group.arn(&account.id),
        create_date: timestamp(group.created_ms),
    }
}
