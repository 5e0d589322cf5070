//! Applying the changes of another replica: each whole item, or its deletion, if its stamp is greater than the row's.
//!
//! That makes them repeatable: a delivery that was interrupted is repeated from its checkpoint, and changes nothing that was applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use change_log::{Author, LogRecord};
use model::codec::row::{Stamp, StoredItem};
use model::{Attributes, MapRef, RegionName};
use tables::item_key::KeyProblem;
use tables::rows::{self, ItemKey};
use tables::{Place, Table};

use super::ReplicaDestination;
use crate::change::{Action, Change};
use crate::follow::FollowError;
use crate::service::Service;

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
        let place =
            Place { account: &destination.account, region: &destination.to_region, name: &destination.table_name };
        let table = self.catalog.lookup(place)?;
        let Some(table) = table.filter(|table| table.definition.member(&destination.from_region).is_some()) else {
            // It may not be created yet.
            return Err(FollowError::Failed(format!("there is no replica {} yet", place.arn())));
        };
        if !table.is_usable() && !table.definition.is_being_replicated() {
            return Err(FollowError::Gone);
        }
        self.learn_table_key(table.id()).await?;
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
