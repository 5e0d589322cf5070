//! Applying the changes of another replica: each whole item, or its deletion, if its stamp is greater than the row's.
//!
//! That makes them repeatable: a delivery that was interrupted is repeated from its checkpoint, and changes nothing that was applied.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base::Gate;
use bytes::Bytes;
use change_log::{Author, LogRecord};
use model::codec::row::{Stamp, StoredItem};
use model::{Attributes, MapRef, RegionName};
use tables::item_key::KeyProblem;
use tables::rows::{self, ItemKey};
use tables::{Place, Table};

use super::ReplicaDestination;
use super::ask::unexpected;
use super::shipment::Shipped;
use crate::change::{Action, Change};
use crate::follow::FollowError;
use crate::peers::{Ask, PeerAnswer};
use crate::service::Service;

/// How far the stamp of another process's write may be ahead of the clock here. Unit: milliseconds.
const STAMP_AHEAD_MS_MAX: u64 = 60_000;
static FUTURE_LINES: LazyLock<Gate> = LazyLock::new(|| Gate::new(1, Duration::from_secs(60)));

impl Service {
    /// Applies changes that were made in one region to the replica in another one. Those that came from other regions are delivered
    /// from there.
    ///
    /// # Errors
    /// [`FollowError::Gone`] if there is no such replica any more; otherwise the changes are to be given again.
    pub async fn replicate(
        &self,
        destination: &ReplicaDestination,
        records: &[LogRecord],
    ) -> Result<Replicated, FollowError> {
        if self.is_remote(&destination.to_region) {
            return self.replicate_to_peer(destination, records).await;
        }
        let place =
            Place { account: &destination.account, region: &destination.to_region, name: &destination.table_name };
        let table = self.member_that_takes(place, &destination.from_region).await?;
        let mut newest = BTreeMap::<Bytes, Change>::new();
        let mut replicated = Replicated::default();
        for record in records.iter().filter(|record| record.is_local()) {
            // A record without a stamp is older than the group: what it changed was copied.
            let (Some(stamp), Some(image)) = (record.stamp, record.image()) else { continue };
            let item = record.after.as_ref().map(|item| item.attributes().to_owned());
            let change = self.replicated(&table, image.attributes(), item, stamp, false);
            let change = change.map_err(|problem| FollowError::Damaged(problem.to_string()))?;
            // Of an item's changes the last one counts: they are in their order.
            newest.insert(change.key.row.bytes.clone(), change);
            replicated.count += 1;
            replicated.oldest_ms = Some(replicated.oldest_ms.unwrap_or(u64::MAX).min(record.created_ms));
        }
        if !newest.is_empty() {
            let changes: Vec<Change> = newest.into_values().collect();
            drop(table);
            self.receive(&changes).await?;
        }
        self.measure_replication(destination, replicated.oldest_ms);
        Ok(replicated)
    }

    /// The replica that changes of a region are applied to.
    async fn member_that_takes(&self, place: Place<'_>, from: &str) -> Result<Arc<Table>, FollowError> {
        let table = self.catalog.lookup(place)?;
        let Some(table) = table.filter(|table| table.definition.member(from).is_some()) else {
            // It may not be created yet.
            return Err(FollowError::Failed(format!("there is no replica {} yet", place.arn())));
        };
        if !table.is_usable() && !table.definition.is_being_replicated() {
            return Err(FollowError::Gone);
        }
        self.learn_table_key(table.id()).await?;
        Ok(table)
    }

    /// Hands changes to the process of another region, which applies them.
    async fn replicate_to_peer(
        &self,
        destination: &ReplicaDestination,
        records: &[LogRecord],
    ) -> Result<Replicated, FollowError> {
        let table = self.catalog.by_id(destination.consumer.table_id).ok_or(FollowError::Gone)?;
        let mut replicated = Replicated::default();
        let mut out = Vec::new();
        for record in records.iter().filter(|record| record.is_local()) {
            let Some(shipped) = Shipped::of_record(&table, record) else { continue };
            shipped.push(&mut out);
            replicated.count += 1;
            replicated.oldest_ms = Some(replicated.oldest_ms.unwrap_or(u64::MAX).min(record.created_ms));
        }
        let own = table.definition.clone();
        // A reference to the table would hold up its changes while the peer does not answer.
        drop(table);
        if replicated.count > 0 {
            match self.ask(&own, &destination.to_region, Ask::Replicate, &out).await? {
                // All or nothing: a checkpoint is stored behind the whole batch.
                (PeerAnswer::Replicated { count }, _) if count == replicated.count => {}
                _ => return Err(unexpected().into()),
            }
        }
        self.measure_replication(destination, replicated.oldest_ms);
        Ok(replicated)
    }

    /// Applies changes that another process hands in; returns how many, those included that a greater stamp was already there for.
    pub(super) async fn apply_shipped(
        &self,
        place: Place<'_>,
        from: &str,
        shipped: &[Shipped],
    ) -> Result<usize, FollowError> {
        self.refuse_future(shipped)?;
        let table = self.member_that_takes(place, from).await?;
        let mut newest = BTreeMap::<Bytes, (Stamp, Change)>::new();
        for one in shipped {
            let item = (!one.is_deletion).then(|| one.attributes().to_owned());
            let change = self.replicated(&table, one.attributes(), item, one.stamp, false);
            let change = change.map_err(|problem| FollowError::Damaged(problem.to_string()))?;
            let key = change.key.row.bytes.clone();
            // By their stamps: a message says nothing about its order that could be relied on.
            if newest.get(&key).is_none_or(|(stamp, _)| *stamp < one.stamp) {
                newest.insert(key, (one.stamp, change));
            }
        }
        let changes: Vec<Change> = newest.into_values().map(|(_, change)| change).collect();
        drop(table);
        self.receive(&changes).await?;
        Ok(shipped.len())
    }

    /// Refuses writes of a clock that is far ahead of this one: their stamps would win over all writes here until then.
    pub(super) fn refuse_future(&self, shipped: &[Shipped]) -> Result<(), FollowError> {
        let until_ms = self.clock.now_ms().saturating_add(STAMP_AHEAD_MS_MAX);
        match shipped.iter().find(|one| one.stamp.time.wall_ms > until_ms) {
            None => Ok(()),
            Some(one) => {
                self.future_stamps.fetch_add(1, Ordering::Relaxed);
                let ahead_ms = one.stamp.time.wall_ms.saturating_sub(self.clock.now_ms());
                let why = format!(
                    "a write of {} has a stamp that is {ahead_ms} ms ahead of the clock here",
                    one.stamp.region
                );
                if let Some(held_back) = FUTURE_LINES.pass() {
                    log::error!(event = "replication_clock_ahead", held_back = held_back; "{why}: it is refused until the clocks agree");
                }
                Err(FollowError::Failed(why))
            }
        }
    }

    /// Measures how long the oldest change of a batch was on its way.
    fn measure_replication(&self, destination: &ReplicaDestination, oldest_ms: Option<u64>) {
        let ReplicaDestination { account, table_name: name, from_region, to_region, .. } = destination;
        if let Some((measures, oldest_ms)) = self.measures.as_ref().zip(oldest_ms) {
            let latency_ms = self.clock.now_ms().saturating_sub(oldest_ms) as f64;
            let dimensions = [("TableName", name.as_str()), ("ReceivingRegion", to_region.as_str())];
            let place = Place { account, region: from_region, name };
            measures.record(place, "ReplicationLatency", &dimensions, latency_ms);
        }
    }

    /// The change that gives a replica what another one has.
    pub(super) fn replicated(
        &self,
        table: &Arc<Table>,
        key: MapRef<'_>,
        item: Option<Attributes>,
        stamp: Stamp,
        is_copy: bool,
    ) -> Result<Change, KeyProblem> {
        Ok(Change {
            table: Arc::clone(table),
            key: ItemKey::of(&self.secret, table, key)?,
            key_attributes: rows::key_attributes(table, key),
            condition: None,
            action: Action::Replicate { item, stamp, is_copy },
            author: Author::Replication { region: stamp.region },
        })
    }
}

/// What was applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replicated {
    /// Changes of the region, those included that a greater stamp was already there for.
    pub count: usize,
    /// When the oldest of them was made.
    pub oldest_ms: Option<u64>,
}

/// The stamp of a stored item, or of one from before its table was in a group.
pub(super) fn stamp_of(item: &StoredItem, region: RegionName) -> Stamp {
    item.stamp().unwrap_or_else(|| tables::oldest_stamp(region))
}
