//! The first copy of a replica: all rows of the member that it was made from, with their stamps.
//!
//! Meanwhile every member delivers its changes to it, as to any other: a row is copied only over an older one, so that copy and
//! deliveries may come in any order. The replica can be used once it has all that the members had when the copy ended.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cluster::catalog::{Edit, Interrupted};
use cluster::nodes::owner::{self, Owned};
use model::RegionName;
use model::codec::row::{Stored, Tombstone};
use storage::{Consistency, Family, Key, KeyUse, Mode, Pages, Reads, Row, ScanRange, TxError};
use tables::rows;
use tables::{Definition, MemberStatus, Table, TableStatus};

use super::apply::stamp_of;
use super::ask::unexpected;
use super::leave::REMOTE_INTERVAL;
use super::shipment::Shipped;
use crate::change::Change;
use crate::peers::{Ask, PeerAnswer, Seen};
use crate::service::Service;

/// Rows of one step.
const STEP_ROWS: usize = 256;
/// What one step reads. Unit: bytes.
const STEP_BYTES: usize = 2 << 20;
/// Between two looks at whether the members have delivered what they had.
const DELIVERED_INTERVAL: Duration = Duration::from_millis(10);
/// The consequence of a damaged row, as it is reported.
pub(super) const LEFT_OUT: &str = "a replica is made without it";

impl Service {
    /// Fills a replica, and makes it usable.
    pub(crate) async fn copy_replica(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let Some(table) = self.being_replicated(table_id) else { return Ok(()) };
        let definition = table.definition.clone();
        drop(table);
        let from = definition.replication.as_ref().and_then(|replication| replication.copied_from.clone());
        let source = match &from {
            Some(region) => self.member_definition(&definition, region).await?,
            None => None,
        };
        let Some(source) = source.filter(Definition::is_usable) else {
            log::error!(
                event = "replica_failed", table = definition.arn().as_str();
                "a replica is deleted again: the table that it is copied from is not there any more"
            );
            return self.abandon_replica(table_id).await;
        };
        match self.is_remote(&source.region) {
            true => self.copy_from_peer(&definition, &source.region, owned).await?,
            false => self.copy_rows(source.table_id, table_id, owned).await?,
        }
        for member in definition.replica().iter().flat_map(|replica| &replica.members) {
            while !self.has_all_of(&definition, &member.region).await? {
                if self.being_replicated(table_id).is_none() {
                    return Ok(());
                }
                let is_remote = self.is_remote(&member.region);
                tokio::time::sleep(if is_remote { REMOTE_INTERVAL } else { DELIVERED_INTERVAL }).await;
            }
        }
        self.finish_replica(table_id, owned).await
    }

    /// Whether a new replica has what a member had by now.
    async fn has_all_of(&self, definition: &Definition, region: &str) -> Result<bool, Interrupted> {
        if self.is_remote(region) {
            return match self.look(definition, region).await? {
                Seen::Member(_) => Ok(self.ask_whether(definition, region, Ask::HasDelivered).await?),
                Seen::Absent | Seen::Stranger => Ok(true),
            };
        }
        let Some(table) = self.member_table(definition, region) else { return Ok(true) };
        let other = table.definition.clone();
        drop(table);
        Ok(!other.is_usable() || self.has_delivered(&other, &definition.region).await?)
    }

    /// Copies the rows of a member in another process, page by page.
    async fn copy_from_peer(
        &self,
        definition: &Definition,
        from: &str,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let table_id = definition.table_id;
        let progress = rows::build_progress(table_id, 0);
        let mut after = self.engine.get(&progress, Consistency::Strong).await?.map(|passed| passed.to_vec());
        loop {
            let (answer, rows) = self.ask(definition, from, Ask::Rows { after: after.clone() }, &[]).await?;
            let PeerAnswer::Rows { last } = answer else { return Err(unexpected().into()) };
            let Some(last) = last else { return Ok(()) };
            let shipped = Shipped::read_all(rows).map_err(Interrupted::Failed)?;
            self.refuse_future(&shipped).map_err(|error| Interrupted::Failed(error.to_string()))?;
            self.learn_table_key(table_id).await?;
            let Some(table) = self.being_replicated(table_id) else { return Ok(()) };
            let mut changes = Vec::with_capacity(shipped.len());
            for one in &shipped {
                let item = (!one.is_deletion).then(|| one.attributes().to_owned());
                let change = self.replicated(&table, one.attributes(), item, one.stamp, true);
                changes.push(change.map_err(|problem| Interrupted::Failed(problem.to_string()))?);
            }
            drop(table);
            let _turn = self.copies.take(&definition.account).await;
            self.apply_all(&changes, Some(&(progress.clone(), last.clone().into())), owned).await?;
            after = Some(last);
        }
    }

    fn being_replicated(&self, table_id: u64) -> Option<Arc<Table>> {
        self.catalog.by_id(table_id).filter(|table| table.definition.is_being_replicated())
    }

    async fn copy_rows(&self, from: u64, to: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let progress = rows::build_progress(to, 0);
        let passed = self.engine.get(&progress, Consistency::Strong).await?;
        let begun = passed.clone().unwrap_or_else(|| rows::table_prefix(from));
        // A write of a request that has ended may still be queued. Commits become visible in their order: a view that is made
        // after this one shows it.
        self.apply_all(&[], Some(&(progress.clone(), begun)), owned).await?;
        let mut range = ScanRange::of_prefix(Family::Items, rows::table_prefix(from), STEP_ROWS, STEP_BYTES);
        if let Some(passed) = passed {
            range.lower = Bound::Excluded(passed);
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        loop {
            let Some(account) = self.being_replicated(to).map(|table| table.definition.account.clone()) else {
                return Ok(());
            };
            // Before the turn: a KMS may take seconds to answer.
            for table_id in [from, to] {
                self.learn_table_key(table_id).await?;
            }
            let _turn = self.copies.take(&account).await;
            let Some(page) = pages.next_with_damaged().await? else { return Ok(()) };
            let Some(table) = self.being_replicated(to) else { return Ok(()) };
            let Some(region) = self.catalog.by_id(from).and_then(|from| RegionName::parse(&from.definition.region))
            else {
                return Ok(());
            };
            self.report_damaged_rows(from, &page.damaged, LEFT_OUT);
            // A damaged row at the end may have no key: the rows before it count all the same.
            let last = page.last_key().or_else(|| page.rows.last().map(|row| &row.key));
            let Some(last) = last.cloned() else { continue };
            let mut changes = Vec::with_capacity(page.rows.len());
            for row in &page.rows {
                match self.copied(&table, row, region) {
                    Ok(Copied::Item(change)) => changes.push(*change),
                    Ok(Copied::Tombstone(tombstone)) => {
                        self.copy_tombstone(&table, from, &row.key, tombstone, owned).await?;
                    }
                    Err(what) => self.report_row(from, Some(&row.key), &what, LEFT_OUT),
                }
            }
            drop(page);
            drop(table);
            self.apply_all(&changes, Some(&(progress.clone(), last)), owned).await?;
        }
    }

    fn copied(&self, table: &Arc<Table>, row: &Row, region: RegionName) -> Result<Copied, String> {
        match Stored::read(row.value.clone()).map_err(|what| what.to_string())? {
            Stored::Tombstone(tombstone) => Ok(Copied::Tombstone(tombstone)),
            Stored::Item(item) => {
                let (stamp, attributes) = (stamp_of(&item, region), item.attributes());
                let change = self.replicated(table, attributes, Some(attributes.to_owned()), stamp, true);
                change.map(|change| Copied::Item(Box::new(change))).map_err(|problem| problem.to_string())
            }
        }
    }

    /// Copies a tombstone: an older write of the item, by a third member, may arrive behind the copy. A tombstone does not have its
    /// item's key, but both tables have the same key in the same place behind their prefixes.
    async fn copy_tombstone(
        &self,
        table: &Arc<Table>,
        from: u64,
        row: &Bytes,
        tombstone: Tombstone,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let Some(rest) = row.strip_prefix(&rows::table_prefix(from)[..]) else { return Ok(()) };
        let key = Key::new(Family::Items, [&rows::table_prefix(table.id())[..], rest].concat());
        let keys: Vec<KeyUse> = std::iter::once(KeyUse::write(key.clone())).chain(owned.map(Owned::key)).collect();
        loop {
            let put = |reads: &Reads, batch: &mut storage::Batch| {
                if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                    return Err(Met::Owner(owner::taken()));
                }
                let stored = reads.values[0].clone().map(Stored::read).transpose().map_err(|_| Met::Older)?;
                match stored {
                    Some(stored) if stored.stamp().is_some_and(|stamp| stamp >= tombstone.stamp) => Err(Met::Newer),
                    Some(Stored::Item(_)) => Err(Met::Older),
                    Some(Stored::Tombstone(_)) | None => {
                        batch.put(key.clone(), tombstone.encode());
                        Ok(())
                    }
                }
            };
            match self.engine.write(Mode::Plain, &keys, put).await {
                Ok(Ok(()) | Err(Met::Newer)) => return Ok(()),
                Ok(Err(Met::Owner(error))) => return Err(Interrupted::Failed(error.to_string())),
                Ok(Err(Met::Older)) => return self.delete_copied(table, &key, tombstone, owned).await,
                Err(TxError::Conflict { .. } | TxError::Busy) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(TxError::Storage(error)) => return Err(error.into()),
                Err(error) => return Err(Interrupted::Failed(format!("a tombstone could not be copied: {error}"))),
            }
        }
    }

    /// Deletes an item that is older than a tombstone. It was delivered by a member that does not know of the deletion yet.
    async fn delete_copied(
        &self,
        table: &Arc<Table>,
        key: &Key,
        tombstone: Tombstone,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let Some(row) = self.engine.get(key, Consistency::Strong).await? else { return Ok(()) };
        let item = Stored::read(row).map(Stored::into_item).map_err(|what| Interrupted::Failed(what.to_string()))?;
        let Some(item) = item else { return Ok(()) };
        let change = self.replicated(table, item.attributes(), None, tombstone.stamp, true);
        let change: Change = change.map_err(|problem| Interrupted::Failed(problem.to_string()))?;
        self.apply_all(&[change], None, owned).await
    }

    /// Makes a replica usable that has all that its members had.
    async fn finish_replica(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let Some(mut definition) = self.being_replicated(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        definition.status = TableStatus::Active;
        if let Some(replication) = &mut definition.replication {
            replication.copied_from = None;
        }
        let edit = Edit { deletes: vec![rows::build_progress(table_id, 0)], ..owner::edit_of(owned) };
        let table = self.catalog.replace(&self.engine, guard, definition.clone(), edit).await?;
        drop(table);
        for member in definition.replica().iter().flat_map(|replica| &replica.members) {
            match self.show_member(&definition, &member.region, Some(MemberStatus::Active)).await {
                // Members of other processes are looked at again, and those of this one only here.
                Err(Interrupted::Failed(why)) if self.is_remote(&member.region) => {
                    ::log::debug!(event = "replica_not_shown", region = member.region.as_str(); "a replica is ACTIVE and another region does not know it yet: {why}");
                }
                shown => shown?,
            }
        }
        Ok(())
    }
}

enum Copied {
    Item(Box<Change>),
    Tombstone(Tombstone),
}

/// Why a tombstone was not put.
enum Met {
    /// A newer row.
    Newer,
    /// An older item.
    Older,
    Owner(TxError),
}
