//! Global tables: tables of one name in several regions, each of which can be written.
//!
//! A replica is a table like any other; its definition knows the other members of its group (`tables::Replication`). Each write of
//! a replica has a stamp. The changes that were made in a region are read from the table's log, by a consumer for each other
//! member, and applied there if their stamp is greater than that of the row (`apply`): the last writer wins, in whatever order
//! changes arrive, and however often. They consume the capacity of the region that they arrive in (`receive`).
//!
//! UpdateTable adds and removes members (`members`, `update`); what follows from it is work in the background (`work`), which
//! creates the new table, introduces it to the group and copies the items (`copy`). The settings that the group shares
//! follow a change in any region; replicas with provisioned capacity have auto scaling (`scaling`). A table that is deleted leaves its group once the others have all that was written to it (`leave`).

mod apply;
mod copy;
mod describe;
pub(crate) mod keys;
mod leave;
pub(crate) mod members;
mod receive;
pub(crate) mod scaling;
mod sweep;
#[cfg(test)]
mod tests;
pub(crate) mod update;
mod work;

pub use apply::Replicated;
use std::sync::Arc;

use api::Exception;
use auth::Caller;
use cluster::catalog::Work;
use tables::{Definition, OpenShards, Place, Stamps, Table};

use crate::follow::{Consumer, Followed, Passed};
use crate::service::Service;

/// Where the changes of a replica are delivered to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplicaDestination {
    /// Of the log of the replica that the changes were made in.
    pub consumer: Consumer,
    pub account: String,
    pub table_name: String,
    /// Where the changes were made.
    pub from_region: String,
    pub to_region: String,
}

impl Service {
    /// All pairs of replicas that changes are delivered between.
    pub fn replica_destinations(&self) -> Vec<ReplicaDestination> {
        let mut all = Vec::new();
        for table_id in self.catalog.table_ids(Definition::delivers_to_members) {
            let Some(table) = self.catalog.by_id(table_id) else { continue };
            let definition = &table.definition;
            for member in definition.replica().iter().flat_map(|replica| &replica.members) {
                let (name, of) = (member.consumer_name(), Followed::Table);
                all.push(ReplicaDestination {
                    consumer: Consumer { table_id, name, of },
                    account: definition.account.clone(),
                    table_name: definition.name.clone(),
                    from_region: definition.region.clone(),
                    to_region: member.region.clone(),
                });
            }
        }
        all
    }

    /// The open shards of a table's log, which say when a write of a replica is durable on this node.
    pub fn log_of(&self, table_id: u64) -> Option<Arc<OpenShards>> {
        Some(Arc::clone(&self.catalog.by_id(table_id)?.log))
    }

    /// Wakes what delivers a replica's changes: a write is durable.
    pub(crate) fn note_written(&self, table: &Table) {
        if matches!(table.stamps, Stamps::All(_)) {
            table.log.written.notify_waiters();
        }
    }

    /// Refuses a change of a table while members are added or removed, and while another region's change of the group's settings has
    /// not arrived here: the later one of two changes that do not know of each other would undo the earlier one.
    pub(crate) fn refuse_while_group_changes(&self, definition: &Definition) -> Result<(), Exception> {
        let own = definition.replication.as_ref().map(|own| own.group.clone()).unwrap_or_default();
        let members = definition.replica().into_iter().flat_map(|replica| &replica.members);
        let is_behind = members
            .filter_map(|member| self.member_table(definition, &member.region))
            .any(|table| table.definition.replication.as_ref().is_some_and(|other| other.group.version > own.version));
        match definition.has_changing_members() || is_behind {
            true => {
                Err(Exception::ResourceInUse("The resource which you are attempting to change is in use.".to_owned()))
            }
            false => Ok(()),
        }
    }

    /// Brings the newest settings of the group to the table that a request is about to change.
    pub(crate) async fn catch_up_with_group(&self, caller: &Caller, name_or_arn: &str) {
        let Ok(table) = self.catalog.changeable(caller, name_or_arn) else { return };
        let definition = table.definition.clone();
        drop(table);
        for member in definition.replica().into_iter().flat_map(|replica| &replica.members) {
            // Background work does it otherwise, and the request is refused.
            let _ = self.share_settings(definition.table_id, member).await;
        }
    }

    /// Brings a change of the settings that a group shares to its other members.
    pub(crate) fn share_group_change(&self, definition: &Definition) {
        if definition.replica().is_some() {
            self.catalog.start(Work::UpdateReplicas { table_id: definition.table_id });
        }
    }

    /// The table of this group in another region; none if there is none, or a table that is no member.
    fn member_table(&self, definition: &Definition, region: &str) -> Option<Arc<Table>> {
        let place = Place { account: &definition.account, region, name: &definition.name };
        self.catalog.find(place).filter(|table| table.definition.member(&definition.region).is_some())
    }

    /// Whether the table in another region has all changes that have been made in this one by now.
    async fn has_delivered(&self, definition: &Definition, region: &str) -> Result<bool, Exception> {
        let heads = self.heads(definition).await?;
        self.has_taken(definition, region, &heads).await
    }

    /// The last position of each open log of a table.
    async fn heads(&self, definition: &Definition) -> Result<Vec<(u32, u64)>, Exception> {
        let (table_id, open) = (definition.table_id, &definition.log.open);
        let logs: Vec<u32> = open.iter().map(|open| open.number).chain(definition.log.closing.clone()).collect();
        let view = self.view_of_logs(table_id, &logs).await?;
        let mut heads = Vec::with_capacity(logs.len());
        for log in logs {
            let head = storage::log::head(tables::rows::log(table_id, log));
            let row = view.get_many(&[head]).await.map_err(tables::failure::storage_failure)?.pop().flatten();
            let last = storage::log::decode_head(row.as_ref());
            heads.push((log, last.ok_or_else(|| Exception::internal("the head of a log cannot be read"))?));
        }
        Ok(heads)
    }

    /// Whether the table in another region has all changes of this one up to these positions.
    async fn has_taken(&self, definition: &Definition, region: &str, heads: &[(u32, u64)]) -> Result<bool, Exception> {
        let Some(member) = definition.member(region) else { return Ok(true) };
        let (table_id, name) = (definition.table_id, member.consumer_name());
        let logs: Vec<u32> = heads.iter().map(|(log, _)| *log).collect();
        let view = self.view_of_logs(table_id, &logs).await?;
        let shards = change_log::Shard::list(&*view, table_id, 0, u32::MAX).await?;
        let (passed, _) = Passed::read(&*view, table_id, &name, &shards).await?;
        Ok(heads.iter().all(|(log, last)| passed.has_taken(*log, *last)))
    }
}
