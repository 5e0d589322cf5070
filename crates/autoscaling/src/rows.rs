//! The rows of targets and of their activities.
//!
//! | row | key | value |
//! |---|---|---|
//! | a target, with its policy and its scheduled actions | `T` · scope of its account and region (8) · target id (16) | JSON: the target |
//! | how many targets there are | `C` · scope (8); of all regions, the scope of the region `*` | the count (8) |
//! | an activity | `A` · scope (8) · target id (16) · number (8) | JSON: the activity |
//!
//! The id is a hash of account, region, dimension and resource: a target that is registered again has the ARN that it had.
//! All changes of a target are decided in a write that reads its row, which has the number of its next activity.

use bytes::Bytes;
use cloudwatch::scope;
use keyspace::DatabaseRow;
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Mode, Pages, Reads, ScanRange, StorageError, TxError};

use crate::id::{TargetId, TargetKey};
use crate::target::{Activity, Target};

const PAGE_ROWS: usize = 512;
const PAGE_BYTES: usize = 1 << 20;
/// Of an account in a region. Source: Application Auto Scaling User Guide, "Quotas", of the resource type DynamoDB.
pub(crate) const TARGETS_MAX: u64 = 5_000;
/// An account has as many targets in all regions as in so many: names of regions are any.
const REGIONS_MAX: u64 = 4;
/// Activities of a target: older ones are deleted.
pub(crate) const ACTIVITIES_MAX: u64 = 100;
/// Of a target's row, with its actions and tags, as requests make it. The evaluation reads all rows. Unit: bytes.
const TARGET_BYTES_MAX: usize = 64 << 10;
/// What the evaluation may add: digits of bounds, times and numbers. Unit: bytes.
const EVALUATED_BYTES_MAX: usize = 8 << 10;

/// What becomes of a target's row.
pub(crate) enum Change {
    /// By a request.
    Put(Box<Target>),
    /// By the evaluation, with its activities by their numbers.
    Evaluated(Box<Target>, Vec<(u64, Activity)>),
    Delete,
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// As the change has decided.
    Refused(E),
    /// The account has as many targets as it may have.
    TooMany,
    /// The target's row would be too large.
    TooLarge,
    Storage(StorageError),
}

impl TargetKey {
    fn rest(self, kind: u8) -> Vec<u8> {
        [&[kind][..], &self.scope, &self.hash].concat()
    }

    fn target(self) -> Key {
        DatabaseRow::Scaling.key(&self.rest(b'T'))
    }

    /// In the region, and in all.
    fn counts(self) -> [Key; 2] {
        [self.scope, self.account].map(|scope| DatabaseRow::Scaling.key(&[&b"C"[..], &scope].concat()))
    }

    fn activity(self, number: u64) -> Key {
        DatabaseRow::Scaling.key(&[&self.rest(b'A')[..], &number.to_be_bytes()].concat())
    }
}

/// Whether a row has the form that its key says, by what the key has behind its kind.
pub fn is_row(rest: &[u8], value: &[u8]) -> bool {
    match rest.split_first() {
        Some((b'T', rest)) => rest.len() == 24 && read(value).is_some(),
        Some((b'C', rest)) => rest.len() == 8 && value.len() == 8,
        Some((b'A', rest)) => rest.len() == 32 && serde_json::from_slice::<Activity>(value).is_ok(),
        _ => false,
    }
}

fn read(row: &[u8]) -> Option<Target> {
    serde_json::from_slice(row).ok()
}

fn json(value: &impl serde::Serialize) -> Result<Bytes, StorageError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn value(reads: &Reads, place: usize) -> Option<&Bytes> {
    reads.values.get(place).and_then(Option::as_ref)
}

fn storage_error(error: TxError) -> StorageError {
    match error {
        TxError::Storage(error) => error,
        error => StorageError::Corrupt(error.to_string()),
    }
}

/// With its row.
pub(crate) async fn get_row(engine: &dyn Engine, key: TargetKey) -> Result<Option<(Target, Bytes)>, StorageError> {
    let row = engine.get(&key.target(), Consistency::Strong).await?;
    Ok(row.and_then(|row| Some((read(&row)?, row))))
}

pub(crate) async fn get(engine: &dyn Engine, key: TargetKey) -> Result<Option<Target>, StorageError> {
    Ok(get_row(engine, key).await?.map(|(target, _)| target))
}

/// Changes a target as `decide` says of it and its row.
///
/// # Errors
/// The refusal of `decide`, a limit, or the engine's failure; nothing is changed then.
pub(crate) async fn change<E: Send>(
    engine: &dyn Engine,
    key: TargetKey,
    mut decide: impl FnMut(Option<Target>, Option<&Bytes>) -> Result<Change, E> + Send,
) -> Result<(), Failure<E>> {
    // The counts are among the keys: two registrations at once do not both take the last place.
    let [own, all] = key.counts();
    let keys = [key.target(), own, all].map(KeyUse::write);
    let write = |reads: &Reads, batch: &mut Batch| {
        let row = value(reads, 0);
        let counted = |place: usize| {
            let row = value(reads, place).and_then(|row| row.first_chunk::<8>());
            row.map_or(0, |row| u64::from_be_bytes(*row))
        };
        let stored = row.and_then(|row| read(row));
        let activities = stored.as_ref().map_or(0, |stored| stored.activity_next);
        match decide(stored, row).map_err(Failure::Refused)? {
            Change::Put(target) => {
                if row.is_none() {
                    for (place, max) in [(1, TARGETS_MAX), (2, TARGETS_MAX * REGIONS_MAX)] {
                        let is_full = counted(place) >= max;
                        (!is_full).then_some(()).ok_or(Failure::TooMany)?;
                        batch.put(keys[place].key.clone(), (counted(place) + 1).to_be_bytes().to_vec());
                    }
                }
                // What makes a row smaller is taken, whatever the evaluation has added to it.
                let bytes_max = row.map_or(0, Bytes::len).max(TARGET_BYTES_MAX);
                put(batch, key, &target, &[], bytes_max)?;
            }
            Change::Evaluated(target, begun) => {
                put(batch, key, &target, &begun, TARGET_BYTES_MAX + EVALUATED_BYTES_MAX)?;
            }
            Change::Delete if row.is_some() => {
                batch.delete(key.target());
                for place in [1, 2] {
                    let left = counted(place).saturating_sub(1);
                    batch.put(keys[place].key.clone(), left.to_be_bytes().to_vec());
                }
                let first = activities.saturating_sub(ACTIVITIES_MAX);
                (first..activities).for_each(|number| batch.delete(key.activity(number)));
            }
            Change::Delete => {}
        }
        Ok(())
    };
    engine.write(Mode::Plain, &keys, write).await.map_err(|error| Failure::Storage(storage_error(error)))?
}

fn put<E>(
    batch: &mut Batch,
    key: TargetKey,
    target: &Target,
    activities: &[(u64, Activity)],
    bytes_max: usize,
) -> Result<(), Failure<E>> {
    // Not from the reserve of a full disk.
    batch.grows = true;
    let row = json(target).map_err(Failure::Storage)?;
    if row.len() > bytes_max {
        return Err(Failure::TooLarge);
    }
    batch.put(key.target(), row);
    for (number, activity) in activities {
        batch.put(key.activity(*number), json(activity).map_err(Failure::Storage)?);
        if let Some(over) = number.checked_sub(ACTIVITIES_MAX) {
            batch.delete(key.activity(over));
        }
    }
    Ok(())
}

/// Targets with their rows, a page at a time: those of an account and a region, or all.
pub(crate) struct TargetPages<'a> {
    pages: Pages<'a>,
    of: Option<(&'a str, &'a str)>,
}

impl<'a> TargetPages<'a> {
    pub(crate) fn new(engine: &'a dyn Engine, of: Option<(&'a str, &'a str)>) -> TargetPages<'a> {
        let scope = of.map(|(account, region)| scope(account, region));
        let rest = [&b"T"[..], scope.as_ref().map_or(&[], |scope| &scope[..])].concat();
        TargetPages { pages: pages(engine, &rest), of }
    }

    /// Damaged rows are left out.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<(Target, Bytes)>>, StorageError> {
        let Some(page) = self.pages.next_with_damaged().await? else { return Ok(None) };
        let is_own = |target: &Target| {
            self.of.is_none_or(|(account, region)| target.account == account && target.region == region)
        };
        let targets = page.rows.iter().filter_map(|row| Some((read(&row.value)?, row.value.clone())));
        Ok(Some(targets.filter(|(target, _)| is_own(target)).collect()))
    }
}

fn pages<'a>(engine: &'a dyn Engine, rest: &[u8]) -> Pages<'a> {
    let prefix = DatabaseRow::Scaling.key(rest).bytes;
    Pages::of_fresh_views(engine, ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES))
}

/// The number of an activity and its target's hash: where it is among those of one moment.
pub(crate) type ActivityPlace = ([u8; 16], u64);

pub(crate) async fn activity(
    engine: &dyn Engine,
    key: TargetKey,
    number: u64,
) -> Result<Option<Activity>, StorageError> {
    let row = engine.get(&key.activity(number), Consistency::Strong).await?;
    Ok(row.and_then(|row| serde_json::from_slice(&row).ok()))
}

/// The activities of a target, or of all targets of an account and a region. `each` is called in no order.
pub(crate) async fn activities(
    engine: &dyn Engine,
    (account, region): (&str, &str),
    of: Option<TargetKey>,
    mut each: impl FnMut(ActivityPlace, Activity),
) -> Result<(), StorageError> {
    let rest = match of {
        Some(key) => key.rest(b'A'),
        None => [&b"A"[..], &scope(account, region)].concat(),
    };
    let mut pages = pages(engine, &rest);
    while let Some(page) = pages.next_with_damaged().await? {
        for row in &page.rows {
            let Ok(activity) = serde_json::from_slice::<Activity>(&row.value) else { continue };
            let Activity { resource_id, dimension, .. } = &activity;
            let key = TargetId { account, region, resource_id, dimension: *dimension }.key();
            let number = row.key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number));
            // By its own key: two scopes may have one hash.
            if let Some(number) = number.filter(|number| key.activity(*number).bytes == row.key) {
                each((key.hash, number), activity);
            }
        }
        // An engine that answers at once would give other tasks no turn.
        tokio::task::yield_now().await;
    }
    Ok(())
}
