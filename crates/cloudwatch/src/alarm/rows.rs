//! The rows of alarms.
//!
//! | row | key | value |
//! |---|---|---|
//! | an alarm | `A` · scope of its account and region (8) · alarm id (16) | JSON: the alarm |
//! | how many alarms there are | `C` · scope (8); of all regions, the scope of the region `*` | the count (8) |
//! | an item of an alarm's history | `H` · scope (8) · alarm id (16) · number (8) | JSON: the item |
//!
//! The id is a hash of account, region and name. An alarm is changed in a write that reads its row, which has the number
//! of its next item: two writers never write the same item.

use bytes::Bytes;
use keyspace::DatabaseRow;
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Mode, Pages, Reads, ScanRange, StorageError};

use super::{Alarm, HistoryItem};
use crate::series::{beginning, scope};
use crate::store::storage_error;

const PAGE_ROWS: usize = 512;
/// A page is decoded at once. Unit: bytes.
const PAGE_BYTES: usize = 256 << 10;
/// Items of an alarm's history: older ones are deleted.
pub(super) const HISTORY_MAX: u64 = 100;
/// An account has as many alarms in all regions as in so many: names of regions are any.
const REGIONS_MAX: u64 = 4;
/// Alarms that one write deletes, with their histories.
const DELETED_AT_ONCE: usize = 10;

/// What an alarm is found by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AlarmId<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub name: &'a str,
}

/// A changed alarm, with what its history gets.
pub(crate) type Changed = (Alarm, Vec<HistoryItem>);

/// The order of items: by time, then by alarm and number.
pub(crate) type HistoryPlace = (u64, [u8; 16], u64);

/// The order of alarms in pages.
pub(crate) type AlarmPlace = [u8; 24];

/// Alarms with their rows.
pub(crate) type AlarmPage = Vec<(Alarm, Bytes)>;

impl AlarmId<'_> {
    pub(crate) fn arn(self) -> String {
        format!("arn:aws:cloudwatch:{}:{}:alarm:{}", self.region, self.account, self.name)
    }

    /// The name of an alarm of this one's account and region, by its ARN.
    pub(crate) fn of_arn(self, arn: &str) -> Option<&str> {
        arn.strip_prefix(&AlarmId { name: "", ..self }.arn()).filter(|name| !name.is_empty())
    }

    fn hash(self) -> [u8; 16] {
        beginning([self.account, self.region, self.name].into_iter())
    }

    fn rest(self, kind: u8) -> Vec<u8> {
        [&[kind][..], &scope(self.account, self.region), &self.hash()].concat()
    }

    pub(crate) fn place(self) -> AlarmPlace {
        let mut place = [0; 24];
        place.copy_from_slice(&self.rest(b'A')[1..]);
        place
    }

    fn key(self) -> Key {
        DatabaseRow::Metric.key(&self.rest(b'A'))
    }

    /// In the region, and in all.
    fn count_keys(self) -> [Key; 2] {
        [self.region, "*"].map(|region| DatabaseRow::Metric.key(&[&b"C"[..], &scope(self.account, region)].concat()))
    }

    fn history_key(self, number: u64) -> Key {
        DatabaseRow::Metric.key(&[&self.rest(b'H')[..], &number.to_be_bytes()].concat())
    }
}

/// Whether a row of alarms has the form that its key says, by what the key has behind its kind.
pub(crate) fn is_row(rest: &[u8], value: &[u8]) -> bool {
    match rest.split_first() {
        Some((b'A', rest)) => rest.len() == 24 && read(value).is_some(),
        Some((b'C', rest)) => rest.len() == 8 && value.len() == 8,
        Some((b'H', rest)) => rest.len() == 32 && serde_json::from_slice::<HistoryItem>(value).is_ok(),
        _ => false,
    }
}

fn read(row: &[u8]) -> Option<Alarm> {
    serde_json::from_slice(row).ok()
}

fn json(value: &impl serde::Serialize) -> Result<Bytes, StorageError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn value(reads: &Reads, place: usize) -> Option<&Bytes> {
    reads.values.get(place).and_then(Option::as_ref)
}

/// Alarms that there are.
fn count(row: Option<&Bytes>) -> u64 {
    row.and_then(|row| row.first_chunk::<8>()).map_or(0, |count| u64::from_be_bytes(*count))
}

pub(crate) async fn get(engine: &dyn Engine, id: AlarmId<'_>) -> Result<Option<Alarm>, StorageError> {
    Ok(get_sized(engine, id).await?.map(|(alarm, _)| alarm))
}

/// An alarm with the size of its row. Unit: bytes.
pub(crate) async fn get_sized(engine: &dyn Engine, id: AlarmId<'_>) -> Result<Option<(Alarm, usize)>, StorageError> {
    let row = engine.get(&id.key(), Consistency::Strong).await?;
    Ok(row.and_then(|row| Some((read(&row)?, row.len()))))
}

/// Puts the row and the items of a changed alarm.
fn write(batch: &mut Batch, (mut alarm, items): Changed) -> Result<(), StorageError> {
    // Not from the reserve of a full disk.
    batch.grows = true;
    for item in items {
        let number = alarm.history_next;
        batch.put(alarm.id().history_key(number), json(&item)?);
        if let Some(over) = number.checked_sub(HISTORY_MAX) {
            batch.delete(alarm.id().history_key(over));
        }
        alarm.history_next += 1;
    }
    batch.put(alarm.id().key(), json(&alarm)?);
    Ok(())
}

/// Creates or replaces an alarm; none if there are `alarms_max` others in the region, or [`REGIONS_MAX`] times as many in all.
/// `changed` gets the alarm that is there.
pub(crate) async fn put(
    engine: &dyn Engine,
    id: AlarmId<'_>,
    alarms_max: u64,
    mut changed: impl FnMut(Option<Alarm>) -> Changed + Send,
) -> Result<Option<()>, StorageError> {
    // The counts are among the keys: two new alarms at once do not both take the last place.
    let [own, all] = id.count_keys();
    let keys = [id.key(), own, all].map(KeyUse::write);
    let put = |reads: &Reads, batch: &mut Batch| {
        let stored = value(reads, 0);
        if stored.is_none() {
            for (place, max) in [(1, alarms_max), (2, alarms_max.saturating_mul(REGIONS_MAX))] {
                let count = count(value(reads, place));
                if count >= max {
                    return Err(None);
                }
                batch.put(keys[place].key.clone(), (count + 1).to_be_bytes().to_vec());
            }
        }
        write(batch, changed(stored.and_then(|row| read(row)))).map_err(Some)
    };
    match engine.write(Mode::Plain, &keys, put).await.map_err(storage_error)? {
        Ok(()) => Ok(Some(())),
        Err(None) => Ok(None),
        Err(Some(error)) => Err(error),
    }
}

/// Changes an alarm by itself and its row. False if there is none; nothing is written if `changed` has nothing.
pub(crate) async fn change(
    engine: &dyn Engine,
    id: AlarmId<'_>,
    mut changed: impl FnMut(Alarm, &Bytes) -> Option<Changed> + Send,
) -> Result<bool, StorageError> {
    // Read in the write: the alarm is changed as it is, whichever node or request changed it a moment ago.
    let keys = [KeyUse::write(id.key())];
    let change = |reads: &Reads, batch: &mut Batch| {
        let Some((alarm, row)) = value(reads, 0).and_then(|row| Some((read(row)?, row))) else { return Ok(false) };
        match changed(alarm, row) {
            Some(changed) => write(batch, changed).map(|()| true),
            None => Ok(true),
        }
    };
    engine.write(Mode::Plain, &keys, change).await.map_err(storage_error)?
}

/// Deletes alarms with their histories.
pub(crate) async fn delete(engine: &dyn Engine, ids: &[AlarmId<'_>]) -> Result<(), StorageError> {
    for ids in ids.chunks(DELETED_AT_ONCE) {
        let mut keys: Vec<KeyUse> = ids.iter().map(|id| KeyUse::write(id.key())).collect();
        let Some(count_keys) = ids.first().map(|id| id.count_keys()) else { continue };
        keys.extend(count_keys.clone().map(KeyUse::write));
        let delete = |reads: &Reads, batch: &mut Batch| {
            // Counted by the rows that are there: an alarm that two requests delete at once is counted down once.
            let mut deleted = 0;
            for (place, id) in ids.iter().enumerate() {
                let Some(row) = value(reads, place) else { continue };
                deleted += 1;
                batch.delete(id.key());
                let next = read(row).map_or(0, |alarm| alarm.history_next);
                (next.saturating_sub(HISTORY_MAX)..next).for_each(|number| batch.delete(id.history_key(number)));
            }
            for (number, key) in count_keys.iter().enumerate().filter(|_| deleted > 0) {
                let left = count(value(reads, ids.len() + number)).saturating_sub(deleted);
                batch.put(key.clone(), left.to_be_bytes().to_vec());
            }
            Ok::<(), StorageError>(())
        };
        engine.write(Mode::Plain, &keys, delete).await.map_err(storage_error)??;
    }
    Ok(())
}

/// Alarms with their rows, a page at a time: those of an account and a region, or all.
pub(crate) struct AlarmPages<'a> {
    pages: Pages<'a>,
    of: Option<(&'a str, &'a str)>,
}

impl<'a> AlarmPages<'a> {
    pub(crate) fn new(engine: &'a dyn Engine, of: Option<(&'a str, &'a str)>) -> AlarmPages<'a> {
        let scope = of.map(|(account, region)| scope(account, region));
        let rest = [&b"A"[..], scope.as_ref().map_or(&[], |scope| &scope[..])].concat();
        let range = ScanRange::of_prefix(Family::Catalog, DatabaseRow::Metric.key(&rest).bytes, PAGE_ROWS, PAGE_BYTES);
        AlarmPages { pages: Pages::of_fresh_views(engine, range), of }
    }

    /// Damaged rows are left out.
    pub(crate) async fn next(&mut self) -> Result<Option<AlarmPage>, StorageError> {
        let Some(page) = self.pages.next_with_damaged().await? else { return Ok(None) };
        let is_own = |alarm: &Alarm| {
            self.of.is_none_or(|(account, region)| alarm.series.account == account && alarm.series.region == region)
        };
        let alarms = page.rows.iter().filter_map(|row| Some((read(&row.value)?, row.value.clone())));
        Ok(Some(alarms.filter(|(alarm, _)| is_own(alarm)).collect()))
    }
}

/// The history of an alarm, or of all alarms of an account and a region. `each` is called in no order.
pub(crate) async fn history(
    engine: &dyn Engine,
    (account, region): (&str, &str),
    name: Option<&str>,
    mut each: impl FnMut(HistoryPlace, HistoryItem),
) -> Result<(), StorageError> {
    let rest = match name {
        Some(name) => AlarmId { account, region, name }.rest(b'H'),
        None => [&b"H"[..], &scope(account, region)].concat(),
    };
    let prefix = DatabaseRow::Metric.key(&rest).bytes;
    let mut pages = Pages::of_fresh_views(engine, ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES));
    while let Some(page) = pages.next_with_damaged().await? {
        for row in &page.rows {
            let Ok(item) = serde_json::from_slice::<HistoryItem>(&row.value) else { continue };
            let hash = AlarmId { account, region, name: &item.name }.hash();
            let number = row.key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number));
            // By its own key: two scopes may have one hash.
            let number = number
                .filter(|number| AlarmId { account, region, name: &item.name }.history_key(*number).bytes == row.key);
            if let Some(number) = number {
                each((item.at_ms, hash, number), item);
            }
        }
        // An engine that answers at once would give other tasks no turn.
        tokio::task::yield_now().await;
    }
    Ok(())
}
