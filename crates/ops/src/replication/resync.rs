//! A replica that was away for longer than the log: changes that it has not taken are gone, and the whole tables are compared.
//!
//! First all items that were last written in this region are handed to the replica, which takes them if their stamps are greater, as
//! from the log. Then its rows are read: what was deleted here is deleted there. A tombstone says so as long as it lives. An item of
//! which nothing is left here was deleted longer ago than that, if it was ever here: if it was written before the region that wrote
//! it had delivered everything to this one. Of a region that does not answer that is not known, and its items stay.

use std::collections::BTreeMap;

use cluster::catalog::Interrupted;
use model::RegionName;
use model::codec::row::{HybridTime, Stamp, Stored, StoredItem};
use storage::Consistency;
use tables::rows::ItemKey;
use tables::{Definition, Place, rows};

use super::ReplicaDestination;
use super::ask::unexpected;
use super::shipment::Shipped;
use crate::follow::FollowError;
use crate::peers::{Ask, PeerAnswer};
use crate::service::Service;

/// How far clocks of regions may be apart. Unit: milliseconds.
const CLOCKS_APART_MS: u64 = 60_000;

/// What a comparison did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// Items that were handed over, those included that the replica had.
    pub items: usize,
    /// Items that were deleted there.
    pub deletions: usize,
    /// Items of regions that did not answer, which may have been deleted.
    pub undecided: usize,
}

impl Service {
    /// Compares a table with a replica, and brings all changes of this region to it. It may be repeated, and interrupted.
    ///
    /// # Errors
    /// As [`Service::replicate`].
    pub async fn resync_replica(&self, destination: &ReplicaDestination) -> Result<Compared, FollowError> {
        let table_id = destination.consumer.table_id;
        let table = self.catalog.by_id(table_id).ok_or(FollowError::Gone)?;
        let own = table.definition.clone();
        drop(table);
        let begun_ms = self.clock.now_ms();
        let mut compared =
            Compared { items: self.hand_over(&own, &destination.to_region).await?, ..Compared::default() };
        // From here on the replica may rely on all writes of before: two regions that compare at once do not wait for each other.
        let key = (table_id, destination.to_region.clone());
        self.handed_over.lock().insert(key.clone(), begun_ms);
        let deleted = self.delete_there(&own, &destination.to_region, begun_ms, &mut compared).await;
        self.handed_over.lock().remove(&key);
        deleted.map(|()| compared)
    }

    /// Hands over all items that were last written in this region.
    async fn hand_over(&self, own: &Definition, to: &str) -> Result<usize, FollowError> {
        let (mut after, mut count) = (None, 0);
        loop {
            let (answer, bytes) = self.page_of_rows(own, after).await.map_err(FollowError::Failed)?;
            let PeerAnswer::Rows { last } = answer else { return Err(unexpected().into()) };
            let Some(last) = last else { return Ok(count) };
            let own_region = |shipped: &Shipped| shipped.stamp.region.as_str() == own.region;
            let all = Shipped::read_all(bytes.into()).map_err(FollowError::Failed)?;
            let all: Vec<Shipped> = all.into_iter().filter(own_region).collect();
            count += all.len();
            self.hand_in(own, to, all).await?;
            after = Some(last);
        }
    }

    /// Has changes of this region applied in another one, of this process or of another.
    async fn hand_in(&self, own: &Definition, to: &str, all: Vec<Shipped>) -> Result<(), FollowError> {
        if all.is_empty() {
            return Ok(());
        }
        if !self.is_remote(to) {
            let place = Place { account: &own.account, region: to, name: &own.name };
            return self.apply_shipped(place, &own.region, &all).await.map(drop);
        }
        let (count, mut bytes) = (all.len(), Vec::new());
        all.into_iter().for_each(|shipped| shipped.push(&mut bytes));
        match self.ask(own, to, Ask::Replicate, &bytes).await? {
            (PeerAnswer::Replicated { count: taken }, _) if taken == count => Ok(()),
            _ => Err(unexpected().into()),
        }
    }

    /// Deletes what the replica has, and what was deleted here.
    async fn delete_there(
        &self,
        own: &Definition,
        to: &str,
        begun_ms: u64,
        compared: &mut Compared,
    ) -> Result<(), FollowError> {
        let known = self.known_until(own, begun_ms).await?;
        let mut after = None;
        loop {
            let Some((shipped, last)) = self.rows_there(own, to, after).await? else { return Ok(()) };
            let mut deletions = Vec::new();
            for there in &shipped {
                match self.deletion(own, there, &known).await? {
                    Decided::Deleted(stamp) => deletions.push(self.deletion_of(own, there, stamp)?),
                    Decided::Unknown => compared.undecided += 1,
                    Decided::Stays => {}
                }
            }
            compared.deletions += deletions.len();
            self.hand_in(own, to, deletions).await?;
            after = Some(last);
        }
    }

    async fn rows_there(
        &self,
        own: &Definition,
        to: &str,
        after: Option<Vec<u8>>,
    ) -> Result<Option<(Vec<Shipped>, Vec<u8>)>, FollowError> {
        let (answer, bytes) = match self.is_remote(to) {
            true => self.ask(own, to, Ask::Rows { after }, &[]).await?,
            false => {
                let table = self.member_table(own, to).ok_or(FollowError::Gone)?;
                let other = table.definition.clone();
                drop(table);
                let (answer, bytes) = self.page_of_rows(&other, after).await.map_err(FollowError::Failed)?;
                (answer, bytes.into())
            }
        };
        let PeerAnswer::Rows { last } = answer else { return Err(unexpected().into()) };
        let Some(last) = last else { return Ok(None) };
        Ok(Some((Shipped::read_all(bytes).map_err(FollowError::Failed)?, last)))
    }

    /// What became here of an item that the replica has.
    async fn deletion(
        &self,
        own: &Definition,
        there: &Shipped,
        known: &BTreeMap<String, u64>,
    ) -> Result<Decided, FollowError> {
        let table = self.catalog.by_id(own.table_id).ok_or(FollowError::Gone)?;
        let key = ItemKey::of(&self.secret, &table, there.attributes());
        drop(table);
        let key = key.map_err(|problem| FollowError::Failed(problem.to_string()))?;
        let row = self.engine.get(&key.row, Consistency::Strong).await.map_err(Interrupted::from)?;
        let stored = row.map(Stored::read).transpose().map_err(|what| FollowError::Failed(what.to_string()))?;
        Ok(match stored {
            Some(Stored::Item(_)) => Decided::Stays,
            // Of another region: that one delivers it.
            Some(Stored::Tombstone(deleted)) if deleted.stamp.region.as_str() != own.region => Decided::Stays,
            Some(Stored::Tombstone(deleted)) if deleted.stamp > there.stamp => Decided::Deleted(deleted.stamp),
            Some(Stored::Tombstone(_)) => Decided::Stays,
            None => {
                let region = RegionName::parse(&own.region).ok_or(FollowError::Gone)?;
                // A region that is not known may have become a member since the begin: what is younger is on its way.
                let of_region = known.get(there.stamp.region.as_str()).or_else(|| known.get(own.region.as_str()));
                decided(there.stamp, region, of_region.copied().unwrap_or(0))
            }
        })
    }

    fn deletion_of(&self, own: &Definition, there: &Shipped, stamp: Stamp) -> Result<Shipped, FollowError> {
        let table = self.catalog.by_id(own.table_id).ok_or(FollowError::Gone)?;
        let row = StoredItem::new(0, rows::key_attributes(&table, there.attributes()).view());
        Ok(Shipped { stamp, created_ms: self.clock.now_ms(), row, is_deletion: true })
    }

    /// Until when this region had all writes of each member; 0 of one that does not say. Regions that are no members any more have
    /// delivered everything before they left.
    async fn known_until(&self, own: &Definition, begun_ms: u64) -> Result<BTreeMap<String, u64>, FollowError> {
        let mut known = BTreeMap::from([(own.region.clone(), begun_ms)]);
        for member in own.replica().iter().flat_map(|replica| &replica.members) {
            let until_ms = match self.is_remote(&member.region) {
                true => match self.ask(own, &member.region, Ask::DeliveredUntil, &[]).await {
                    Ok((PeerAnswer::Until(until_ms), _)) => until_ms,
                    _ => 0,
                },
                false => match self.member_table(own, &member.region).map(|table| table.definition.clone()) {
                    Some(other) => self.delivered_until(&other, &own.region).await.map_err(Interrupted::from)?,
                    None => begun_ms,
                },
            };
            known.insert(member.region.clone(), until_ms);
        }
        Ok(known)
    }

    /// Until when a region has all writes of this one. Unit: milliseconds since 1970.
    pub(super) async fn delivered_until(&self, own: &Definition, to: &str) -> Result<u64, api::Exception> {
        // Read before the positions: what is written in between is not delivered.
        let now_ms = self.clock.now_ms();
        let handed_over = self.handed_over.lock().get(&(own.table_id, to.to_owned())).copied();
        match handed_over {
            Some(begun_ms) => Ok(begun_ms),
            None => Ok(if self.delivers_soon(own, to).await? { now_ms } else { 0 }),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Decided {
    Stays,
    Deleted(Stamp),
    Unknown,
}

/// What became of an item of which nothing is left here. `known_ms` is until when its region's writes are all here.
fn decided(there: Stamp, own: RegionName, known_ms: u64) -> Decided {
    match known_ms {
        0 => Decided::Unknown,
        // It may still be on its way.
        until_ms if there.time.wall_ms.saturating_add(CLOCKS_APART_MS) >= until_ms => Decided::Stays,
        // Just behind the write: one that is made later wins over the deletion.
        _ => {
            let HybridTime { wall_ms, counter } = there.time;
            let time = match counter.checked_add(1) {
                Some(counter) => HybridTime { wall_ms, counter },
                None => HybridTime { wall_ms: wall_ms.saturating_add(1), counter: 0 },
            };
            Decided::Deleted(Stamp { time, region: own })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_may_be_on_its_way_stays() {
        let [own, other] = ["eu-west-1", "us-east-1"].map(|name| RegionName::parse(name).unwrap());
        let stamp = |wall_ms, counter, region| Stamp { time: HybridTime { wall_ms, counter }, region };
        let there = stamp(1_000_000, 4, other);
        let behind = Decided::Deleted(stamp(1_000_000, 5, own));
        for (known_ms, expected) in
            [(0, Decided::Unknown), (999_000, Decided::Stays), (1_060_000, Decided::Stays), (1_060_001, behind)]
        {
            assert_eq!(decided(there, own, known_ms), expected, "{known_ms:?}");
        }
        let last = decided(stamp(7, u32::MAX, other), own, u64::MAX);
        assert_eq!(last, Decided::Deleted(stamp(8, 0, own)));
    }
}
