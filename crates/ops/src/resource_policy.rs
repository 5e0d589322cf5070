//! PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: resource-based policies of tables and streams.
//!
//! A policy is stored in the table's definition, and parsed once for each version of it (`tables::Table`). The table's policy
//! covers its indexes; a stream has one of its own. The operations take an ARN, never a name. Texts are observed.
//!
//! Its principals are stored by their unique ids (`principal_directory`).

use std::sync::Arc;

use api::{
    DeleteResourcePolicyInput, DeleteResourcePolicyOutput, Exception, GetResourcePolicyInput, GetResourcePolicyOutput,
    PutResourcePolicyInput, PutResourcePolicyOutput,
};
use auth::Caller;
use auth::iam::Policy;
use cluster::catalog::Edit;
use model::limits::RESOURCE_POLICY_SIZE_MAX;
use serde_json::Value;
use tables::{self, AttachedPolicy, Definition, PolicyOf, Table, TableArn, TableStatus};

use crate::permission::Action;
use crate::service::Service;

/// The expected revision if there is no policy.
const NO_POLICY: &str = "NO_POLICY";

/// The maximum size of the policies of a table's streams together. A disabled stream retains its policy for a day, and each is
/// held in memory. AWS names no maximum. Unit: bytes.
const STREAM_POLICIES_SIZE_MAX: usize = 2 * RESOURCE_POLICY_SIZE_MAX;

/// A table or one of its streams.
struct Attachable<'a> {
    table: Arc<Table>,
    stream: Option<&'a str>,
}

impl Attachable<'_> {
    fn policy(&self) -> Option<AttachedPolicy> {
        match self.stream {
            None => self.table.definition.policy(),
            Some(label) => self.table.definition.stream_named(label).and_then(|stream| stream.policy.clone()),
        }
    }

    fn kind(&self) -> PolicyOf {
        if self.stream.is_some() { PolicyOf::Stream } else { PolicyOf::Table }
    }

    /// The definition with another policy, or without one.
    fn with(&self, policy: Option<AttachedPolicy>) -> Definition {
        let mut definition = self.table.definition.clone();
        match self.stream {
            None => definition.set_policy(policy),
            Some(label) => {
                if let Some(stream) = definition.stream_named_mut(label) {
                    stream.policy = policy;
                }
            }
        }
        definition
    }
}

impl Service {
    /// # Errors
    /// DynamoDB's refusals of the ARN, of the policy, of a revision that is not the expected one, and of a policy that locks
    /// its caller out.
    pub(crate) async fn put_resource_policy(
        &self,
        caller: &Caller,
        request: PutResourcePolicyInput,
    ) -> Result<PutResourcePolicyOutput, Exception> {
        // Parsed and bound before the lock, which all changes of tables wait for: a policy may name many principals. The refresh comes
        // first, so that a table that is new on another node is found.
        self.catalog.refresh().await?;
        let kind = self.attachable(caller, &request.resource_arn)?.kind();
        let mut parsed = tables::check_resource_policy(kind, &request.policy)?;
        let principals = self.bind_principals(&mut parsed).await?;
        // Locked from the read of the revision on: of two requests that expect one revision, one succeeds. The table is looked up anew:
        // it may have been changed or deleted meanwhile.
        let guard = self.catalog.lock().await?;
        let attachable = self.attachable(caller, &request.resource_arn)?;
        let before = attachable.policy();
        check_revision(&attachable, request.expected_revision_id.as_deref(), &request.resource_arn)?;
        if request.confirm_remove_self_resource_access != Some(true) {
            self.check_not_locked_out(caller, &attachable, &request.resource_arn, &parsed)?;
        }
        if let Some(before) = &before
            && is_same(&before.document, &request.policy)
            // The same text means other principals once a user or role was created again under its name.
            && before.principals == principals
        {
            return Ok(PutResourcePolicyOutput { revision_id: Some(before.revision.clone()) });
        }
        let revision = next_revision(before.as_ref(), self.clock.now_ms());
        let policy = AttachedPolicy { document: request.policy, revision: revision.clone(), principals };
        let definition = attachable.with(Some(policy));
        check_policies_of_streams(&definition, &attachable.table.definition)?;
        self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await?;
        Ok(PutResourcePolicyOutput { revision_id: Some(revision) })
    }

    /// # Errors
    /// DynamoDB's refusals of the ARN, and if there is no policy.
    pub(crate) async fn get_resource_policy(
        &self,
        caller: &Caller,
        request: GetResourcePolicyInput,
    ) -> Result<GetResourcePolicyOutput, Exception> {
        self.catalog.refresh().await?;
        let policy = self.attachable(caller, &request.resource_arn)?.policy();
        let policy = policy.ok_or_else(|| not_found(&request.resource_arn))?;
        let document = self.shown_policy(&policy);
        Ok(GetResourcePolicyOutput { policy: Some(document), revision_id: Some(policy.revision) })
    }

    /// # Errors
    /// DynamoDB's refusals of the ARN, and of a revision that is not the expected one. A missing policy is no error.
    pub(crate) async fn delete_resource_policy(
        &self,
        caller: &Caller,
        request: DeleteResourcePolicyInput,
    ) -> Result<DeleteResourcePolicyOutput, Exception> {
        // Locked from the read of the revision on: the policy may be replaced meanwhile.
        let guard = self.catalog.lock().await?;
        let attachable = self.attachable(caller, &request.resource_arn)?;
        let before = attachable.policy();
        check_revision(&attachable, request.expected_revision_id.as_deref(), &request.resource_arn)?;
        let Some(before) = before else { return Ok(DeleteResourcePolicyOutput { revision_id: None }) };
        let definition = attachable.with(None);
        self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await?;
        Ok(DeleteResourcePolicyOutput { revision_id: Some(before.revision) })
    }

    /// The table or stream that an ARN names.
    fn attachable<'a>(&self, caller: &Caller, text: &'a str) -> Result<Attachable<'a>, Exception> {
        let invalid = |text: String| tables::invalid(text);
        if !text.starts_with("arn:") {
            return Err(invalid(format!("ARNs must start with 'arn:': {text}")));
        }
        let arn = TableArn::parse(text);
        let arn = arn.ok_or_else(|| invalid(format!("Provided Arn is not a DynamoDB resource arn: {text}")))?;
        let stream = match arn.rest {
            None => None,
            Some(rest) if rest.starts_with("index/") => {
                return Err(invalid(format!(
                    "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {text}"
                )));
            }
            Some(rest) => Some(
                rest.strip_prefix("stream/")
                    .ok_or_else(|| invalid(format!("Provided Arn is not a DynamoDB resource arn: {text}")))?,
            ),
        };
        let place = arn.place(caller).ok_or_else(|| match arn.account == caller.account {
            true => invalid(format!("Invalid resource Arn: {text}")),
            false => others_account(),
        })?;
        if place.account != caller.account {
            return Err(others_account());
        }
        let table = self.catalog.lookup(place)?.ok_or_else(|| tables::not_found(arn.name))?;
        match table.definition.status {
            TableStatus::Deleting => return Err(tables::being_deleted(table.name())),
            TableStatus::Creating => return Err(tables::not_found(table.name())),
            TableStatus::Active | TableStatus::Updating | TableStatus::Backup => {}
        }
        match stream {
            Some(label) if table.definition.stream_named(label).is_none() => Err(Exception::ResourceNotFound(format!(
                "Requested resource not found: Stream: {label} not found for Table: {}",
                arn.name
            ))),
            stream => Ok(Attachable { table, stream }),
        }
    }

    /// Refuses a policy under which the caller could not put a policy again. A caller that would lock itself out must set
    /// ConfirmRemoveSelfResourceAccess.
    fn check_not_locked_out(
        &self,
        caller: &Caller,
        attachable: &Attachable<'_>,
        arn: &str,
        policy: &Policy,
    ) -> Result<(), Exception> {
        match self.would_permit(caller, Action::PutResourcePolicy, arn, &attachable.table, policy) {
            true => Ok(()),
            false => Err(Exception::AccessDenied(
                "The new resource policy will not allow you to update the resource policy in the future.".to_owned(),
            )),
        }
    }
}

fn others_account() -> Exception {
    Exception::validation("This action is only supported by accounts that match the resource owner\u{2019}s account.")
}

fn not_found(details: &str) -> Exception {
    Exception::PolicyNotFound(format!("Resource-based policy not found for the provided ResourceArn: {details}"))
}

/// # Errors
/// If the policies of the table's streams grow beyond their common maximum.
fn check_policies_of_streams(new: &Definition, old: &Definition) -> Result<(), Exception> {
    let size = |definition: &Definition| -> usize {
        definition.streams().filter_map(|stream| stream.policy.as_ref()).map(|policy| policy.document.len()).sum()
    };
    if size(new) <= STREAM_POLICIES_SIZE_MAX.max(size(old)) {
        return Ok(());
    }
    Err(Exception::LimitExceeded(format!(
        "Too large policies of streams: those of table {} may have {STREAM_POLICIES_SIZE_MAX} bytes together, with those of \
         streams that were disabled in the last 24 hours.",
        new.name
    )))
}

fn check_revision(attachable: &Attachable<'_>, expected: Option<&str>, arn: &str) -> Result<(), Exception> {
    let found = attachable.policy();
    match (expected, found) {
        (None, _) | (Some(NO_POLICY), None) => Ok(()),
        (Some(expected), Some(found)) if found.revision == expected => Ok(()),
        (Some(expected), Some(found)) => Err(not_found(&format!(
            "Requested update for policy with revision id {expected}, but the policy associated to target table {} has \
             revision id {}.",
            attachable.table.name(),
            found.revision
        ))),
        (Some(_), None) => Err(not_found(arn)),
    }
}

/// A revision is the time of its change, increased if necessary: no two of one resource are the same.
fn next_revision(before: Option<&AttachedPolicy>, now_ms: u64) -> String {
    let before = before.and_then(|before| before.revision.parse::<u64>().ok());
    before.map_or(now_ms, |before| now_ms.max(before.saturating_add(1))).to_string()
}

/// Whether two documents are the same JSON value: white space and the order of members do not count.
fn is_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}

#[cfg(test)]
mod tests;
