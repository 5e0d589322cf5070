//! Permissions boundaries of users and roles.

use aws::iam::AttachedPermissionsBoundary;

use super::attachment::refuse_missing;
use super::holder::Holder;
use super::{Answer, constraint};
use crate::query::Refusal;
use crate::store::entity::Grants;
use crate::store::{Account, Draft};

/// The one that a new user or role is asked for with.
pub(super) fn of_new(account: &Account, arn: Option<&str>) -> Answer<Option<String>> {
    let Some(arn) = arn else { return Ok(None) };
    refuse_missing(account, constraint::arn(arn)?)?;
    Ok(Some(arn.to_owned()))
}

pub(super) fn put<H: Holder>(draft: &mut Draft, name: &str, arn: &str) -> Answer {
    constraint::arn(arn)?;
    let mut holder = H::clone(H::named(draft, name)?);
    refuse_missing(draft, arn)?;
    holder.grants_mut().boundary = Some(arn.to_owned());
    draft.put(holder);
    Ok(())
}

pub(super) fn delete<H: Holder>(draft: &mut Draft, name: &str) -> Answer {
    let mut holder = H::clone(H::named(draft, name)?);
    if holder.grants_mut().boundary.take().is_none() {
        let (word, name) = (H::WORD, holder.name());
        return Err(Refusal::no_such_entity(format!(
            "The {word} with name {name} does not have a permissions boundary."
        )));
    }
    draft.put(holder);
    Ok(())
}

pub(super) fn shown(grants: &Grants) -> Option<AttachedPermissionsBoundary> {
    grants.boundary.as_ref().map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.clone()),
    })
}
