//! Permissions boundaries of users and roles.

use super::Answer;
use super::asked::Ask;
use super::attachment::refuse_missing;
use super::holder::Holder;
use crate::query::{Refusal, Xml};
use crate::store::entity::Grants;
use crate::store::{Account, Draft};

/// The one that a new user or role is asked for with.
pub(super) fn of_new(ask: &Ask<'_>, account: &Account) -> Result<Option<String>, Refusal> {
    if ask.optional("PermissionsBoundary").is_none() {
        return Ok(None);
    }
    let arn = ask.arn("PermissionsBoundary")?;
    refuse_missing(account, arn)?;
    Ok(Some(arn.to_owned()))
}

pub(super) fn put<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let arn = ask.arn("PermissionsBoundary")?;
    let mut holder = H::clone(H::asked(ask, draft)?);
    refuse_missing(draft, arn)?;
    holder.grants_mut().boundary = Some(arn.to_owned());
    draft.put(holder);
    Ok(None)
}

pub(super) fn delete<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut holder = H::clone(H::asked(ask, draft)?);
    if holder.grants_mut().boundary.take().is_none() {
        let (word, name) = (H::WORD, holder.name());
        return Err(Refusal::no_such_entity(format!(
            "The {word} with name {name} does not have a permissions boundary."
        )));
    }
    draft.put(holder);
    Ok(None)
}

pub(super) fn show(xml: &mut Xml, grants: &Grants) {
    if let Some(arn) = &grants.boundary {
        xml.within("PermissionsBoundary", |xml| {
            xml.text("PermissionsBoundaryType", "Policy");
            xml.text("PermissionsBoundaryArn", arn);
        });
    }
}
