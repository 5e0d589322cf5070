//! TagResource, UntagResource, ListTagsOfResource.
//!
//! They take an ARN, never a name. A missing table is not found in the caller's own account and denied in any other, as on
//! AWS, so that a caller learns nothing about other accounts' tables.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use api::{Exception, ListTagsOfResourceInput, ListTagsOfResourceOutput, Tag, TagResourceInput, UntagResourceInput};
use auth::Caller;
use cluster::catalog::{ChangeGuard, Edit};
use model::limits::TAGS_PAGE_MAX;
use tables::{self, Table, TableArn, TableStatus};

use crate::permission;
use crate::service::Service;

impl Service {
    /// # Errors
    /// DynamoDB's refusals of the ARN and of the tags.
    pub(crate) async fn tag_resource(&self, caller: &Caller, request: TagResourceInput) -> Result<(), Exception> {
        if request.tags.is_empty() {
            return Err(Exception::validation("Atleast one Tag needs to be provided as Input."));
        }
        tables::check_tags(&BTreeMap::new(), request.tags.clone())?;
        // Locked from the read of the tags on: those of another request would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.tagged(caller, "TagResource", &request.resource_arn)?;
        let tags = tables::check_tags(&table.definition.tags, request.tags)?;
        self.replace_tags(guard, &table, tags).await
    }

    /// # Errors
    /// DynamoDB's refusals of the ARN. A key that no tag has is no error.
    pub(crate) async fn untag_resource(&self, caller: &Caller, request: UntagResourceInput) -> Result<(), Exception> {
        if request.tag_keys.is_empty() {
            return Err(Exception::validation("Atleast one Tag Key needs to be provided as Input."));
        }
        tables::check_tag_keys(&request.tag_keys)?;
        // As in `tag_resource`: locked from the read of the tags on.
        let guard = self.catalog.lock().await?;
        let table = self.tagged(caller, "UntagResource", &request.resource_arn)?;
        let mut tags = table.definition.tags.clone();
        tags.retain(|key, _| !request.tag_keys.contains(key));
        self.replace_tags(guard, &table, tags).await
    }

    /// # Errors
    /// DynamoDB's refusals of the ARN and of a token that is not its own.
    pub(crate) async fn list_tags_of_resource(
        &self,
        caller: &Caller,
        request: ListTagsOfResourceInput,
    ) -> Result<ListTagsOfResourceOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.tagged(caller, "ListTagsOfResource", &request.resource_arn)?;
        let tags = &table.definition.tags;
        let after = request.next_token.as_deref().map(decode_token).transpose()?;
        let lower = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = tags.range::<str, _>((lower, Bound::Unbounded));
        let tag = |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
        let page: Vec<Tag> = rest.by_ref().take(TAGS_PAGE_MAX).map(tag).collect();
        let more = rest.next().is_some();
        let next_token = page.last().filter(|_| more).and_then(|last| last.key.as_deref()).map(encode_token);
        Ok(ListTagsOfResourceOutput { next_token, tags: Some(page) })
    }

    /// The table that an ARN names.
    fn tagged(&self, caller: &Caller, action: &str, text: &str) -> Result<Arc<Table>, Exception> {
        let arn = tagged_arn(text)?;
        let not_found =
            || Exception::ResourceNotFound(format!("Requested resource not found: ResourcArn: {text} not found"));
        let place = arn.place(caller);
        let Some(table) = place.map(|place| self.catalog.lookup(place)).transpose()?.flatten() else {
            return Err(match (arn.account == caller.account, arn.region == caller.region) {
                (true, true) => not_found(),
                (true, false) => {
                    Exception::validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {text}"))
                }
                (false, _) => {
                    let user = permission::user(caller);
                    Exception::AccessDenied(format!(
                        "User: {user} is not authorized to perform: dynamodb:{action} on resource: {text}"
                    ))
                }
            });
        };
        match table.definition.status {
            TableStatus::Deleting | TableStatus::Creating => Err(not_found()),
            TableStatus::Active | TableStatus::Updating | TableStatus::Backup => Ok(table),
        }
    }

    async fn replace_tags(
        &self,
        guard: ChangeGuard,
        table: &Table,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Exception> {
        let mut definition = table.definition.clone();
        definition.tags = tags;
        self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await.map(drop)
    }
}

/// An ARN of a table. The refusals are captures from us-west-2.
fn tagged_arn(text: &str) -> Result<TableArn<'_>, Exception> {
    if !text.starts_with("arn:") {
        return Err(tables::invalid(format!("ARNs must start with 'arn:': {text}")));
    }
    let arn = TableArn::parse(text)
        .filter(|arn| !arn.rest.is_some_and(|rest| rest.starts_with("backup/")))
        .ok_or_else(|| tables::invalid(format!("Provided Arn is not a DynamoDB resource arn: {text}")))?;
    if arn.rest.is_some() {
        return Err(tables::invalid(format!(
            "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {text}"
        )));
    }
    Ok(arn)
}

/// A token is the last key of the page before, in hexadecimal: opaque enough, and safe in any text.
fn encode_token(key: &str) -> String {
    base::hex(key.as_bytes())
}

/// The key that a token was made of. It need not exist any more: tags may be removed between two pages.
fn decode_token(token: &str) -> Result<String, Exception> {
    let key = base::unhex(token.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| Exception::validation("The provided NextToken is invalid"))
}

#[cfg(test)]
mod tests;
