//! The sweep: deletes items that have expired, soon after, a few at a time.
//!
//! Due items are at the beginning of a range of the table's TTL index. Each deletion reads the item once more, under the
//! same exclusion as any other write, so that an item with a postponed expiry stays. An interrupted sweep has left nothing
//! half done, and the next one finds the rest; two at once are harmless. Of several nodes one sweeps.
//!
//! A run lasts a period at most, and the next one continues where it ended ([`Passes`]): rows that stay, such as those of damaged items,
//! delay the items behind them by one pass, however many they are.
//!
//! Accounts are swept side by side ([`Job::by_account`]): a table whose KMS does not answer delays its own account's only.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use api::Exception;
use bytes::Bytes;
use change_log::Author;
use jobs::{Job, Ran};
use keyspace::{expiry_of_row, item_of_expiry_row};
use model::codec::key::HashSecret;
use model::codec::row::Stored;
use parking_lot::Mutex;
use storage::{Consistency, DamagedRow, Family, Key, Row, ScanDirection, ScanRange, StorageError, View};
use tables::expiry::oldest_s;
use tables::failure::storage_failure;
use tables::rows::{self, ItemKey};
use tables::{Definition, Table, TimeIndex};

use crate::change::{Action, Change};
use crate::consumed::Consumed;
use crate::service::Service;

/// How often a table's due items are looked for. Unit: milliseconds.
const SWEEP_INTERVAL_MS: u64 = 10_000;
/// How long an account's tables are swept without a look at those that had nothing due. Shorter than a run, which then ends with its
/// last account and is followed by another one at once. Unit: milliseconds.
const SLICE_MS: u64 = SWEEP_INTERVAL_MS / 5 * 4;
/// Items that are deleted together.
const STEP_ITEMS: usize = 64;
/// The longest pause between two steps. Unit: milliseconds.
const PAUSE_MAX_MS: u64 = 100;
/// What follows from a damaged item.
const STAYS: &str = "an item stays beyond its expiry";
/// Rows of the index that are read at once. Unit: bytes.
const STEP_BYTES: usize = 1 << 20;

/// The passes that runs of the job have not ended, by table.
#[derive(Default)]
pub(crate) struct Passes(Mutex<BTreeMap<u64, Pass>>);

/// A walk over the rows of a table's index that were due when it began: it ends also where items fall due faster than they are deleted.
/// The next one begins at the head of the index, for what was put there or left there meanwhile.
#[derive(Clone)]
struct Pass {
    until_s: u64,
    /// The last row of the steps so far.
    after: Option<Key>,
    has_deleted: bool,
}

impl Pass {
    fn new(now_s: u64) -> Pass {
        Pass { until_s: now_s, after: None, has_deleted: false }
    }
}

impl Passes {
    /// The tables with their passes: at the head where there is none.
    fn of(&self, tables: Vec<u64>, now_s: u64) -> Vec<(u64, Pass)> {
        let passes = self.0.lock();
        let pass = |table_id| (table_id, passes.get(&table_id).cloned().unwrap_or_else(|| Pass::new(now_s)));
        tables.into_iter().map(pass).collect()
    }

    /// Stores a table's pass for the next run; none if it has ended, or has failed.
    fn store(&self, table_id: u64, pass: Option<Pass>) {
        let mut passes = self.0.lock();
        match pass {
            Some(pass) => _ = passes.insert(table_id, pass),
            None => _ = passes.remove(&table_id),
        }
    }

    /// Forgets those of tables that are not swept any more.
    fn retain<'a>(&self, swept: impl Iterator<Item = &'a u64>) {
        let swept: BTreeSet<&u64> = swept.collect();
        self.0.lock().retain(|table_id, _| swept.contains(table_id));
    }
}

impl Service {
    /// The job that sweeps expired items.
    pub(crate) fn expiry_job(self: &Arc<Service>) -> Job {
        let interval = Duration::from_millis(SWEEP_INTERVAL_MS);
        let passes = Arc::new(Passes::default());
        let job = Job::by_account(self, "sweep_expired_items", interval, move |service| {
            let by_account = service.catalog.table_ids_by_account(has_expiries);
            passes.retain(by_account.values().flatten());
            let sweep = |(account, tables)| {
                let (service, passes) = (Arc::clone(&service), Arc::clone(&passes));
                (account, async move { service.sweep_tables(tables, &passes).await })
            };
            by_account.into_iter().map(sweep).collect()
        });
        let is_ours = self.lease(rows::EXPIRY_WORK);
        let service = Arc::downgrade(self);
        job.leased(move || {
            // Without time to live there is nothing to own, and to write down that it is owned. A node that deletes nothing does not
            // keep another one from it.
            let sweeps = |service: Arc<Service>| {
                service.settings.deletes_expired && !service.catalog.table_ids(has_expiries).is_empty()
            };
            let is_used = service.upgrade().is_some_and(sweeps);
            let is_ours = is_used.then(&is_ours);
            async move {
                match is_ours {
                    Some(is_ours) => is_ours.await,
                    None => false,
                }
            }
        })
    }

    /// Sweeps all tables, one after the other.
    #[cfg(test)]
    pub(crate) async fn sweep_expired(&self) -> Ran {
        self.sweep_expired_further(&Passes::default()).await
    }

    /// As [`Service::sweep_expired`], from where the run before ended.
    #[cfg(test)]
    pub(crate) async fn sweep_expired_further(&self, passes: &Passes) -> Ran {
        self.sweep_tables(self.catalog.table_ids(has_expiries), passes).await
    }

    /// Deletes what is due in tables of an account, until nothing is or a slice is over: what is left is the next run's, which follows
    /// at once. A table that could not be swept is tried again after a period.
    async fn sweep_tables(&self, tables: Vec<u64>, passes: &Passes) -> Ran {
        let (began_ms, mut failed) = (self.clock.steady_ms(), false);
        let mut left = passes.of(tables, self.clock.now_ms() / 1000);
        while !left.is_empty() {
            // Items may fall due faster than they are deleted, so one table's work may have no end. Tables take turns, a step each, and
            // a table that had nothing due is in the next run again.
            let mut unfinished = Vec::new();
            for (table_id, pass) in left {
                jobs::take_slot().await;
                let step = self.sweep_step(table_id, pass).await;
                // Stored after each step: a run that is dropped, or panics with another table, loses one step.
                passes.store(table_id, step.as_ref().ok().cloned().flatten());
                match step {
                    Ok(Some(pass)) => unfinished.push((table_id, pass)),
                    Err(Exception::InternalServerError(text)) => {
                        let table = self.table_label(table_id);
                        log::error!(event = "ttl_delete_failed", table = table.as_str(); "deleting expired items failed and is retried: {text}");
                        failed = true;
                    }
                    Ok(None) | Err(_) => {}
                }
            }
            left = unfinished;
            if self.clock.steady_ms().saturating_sub(began_ms) >= SLICE_MS {
                break;
            }
        }
        match (failed, left.is_empty()) {
            (true, _) => Ran::Failed,
            (false, true) => Ran::Done,
            (false, false) => Ran::Again(Duration::ZERO),
        }
    }

    /// Deletes the next items of a table's pass. Returns what is left of the pass, or the next one; none if the table has nothing more
    /// that is due.
    async fn sweep_step(&self, table_id: u64, pass: Pass) -> Result<Option<Pass>, Exception> {
        // The table is looked up for each step: a change of it waits until no operation uses the definition before.
        let Some(table) = self.catalog.by_id(table_id).filter(|table| table.is_usable()) else { return Ok(None) };
        let Some(times) = &table.times else { return Ok(None) };
        let (now_s, began_ms) = (self.clock.now_ms() / 1000, self.clock.steady_ms());
        let due = self.due(&table, times, pass.until_s, pass.after).await?;
        self.lags.set_overdue(table_id, due.first().map_or(0, |row| overdue_s(row, now_s)));
        let Some(last) = due.last() else {
            // Items may have fallen due meanwhile. A pass that has deleted nothing has met only rows that stay: the next run's is soon
            // enough.
            return Ok((pass.has_deleted && pass.until_s < now_s).then(|| Pass::new(now_s)));
        };
        // An item with two rows, one of an expiry that was not removed, is deleted once.
        let items: BTreeSet<Key> = due.iter().filter_map(|row| item_of_expiry_row(table_id, &row.bytes)).collect();
        let items: Vec<Key> = items.into_iter().collect();
        let changes = self.expirations(&table, now_s, &items).await?;
        // An item in a transaction under way is left for the next sweep.
        let names = vec![table.name(); changes.len()];
        let done = self.write_each(&changes, &names, &mut Consumed::new(None, None)).await?;
        let deleted = done.iter().flatten().filter(|applied| applied.wrote).count();
        self.expired.fetch_add(deleted as u64, Ordering::Relaxed);
        if deleted > 0 {
            self.measure_table(&table, "TimeToLiveDeletedItemCount", &[], deleted as f64);
        }
        // A third of the time is for others; the busier they are, the longer a step takes and its pause.
        let pause_ms = (self.clock.steady_ms().saturating_sub(began_ms) / 2).min(PAUSE_MAX_MS);
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        Ok(Some(Pass { after: Some(last.clone()), has_deleted: pass.has_deleted || deleted > 0, ..pass }))
    }

    /// The next rows of the index that are due.
    pub(crate) async fn due(
        &self,
        table: &Table,
        times: &TimeIndex,
        now_s: u64,
        passed: Option<Key>,
    ) -> Result<Vec<Key>, Exception> {
        let prefix = rows::index_prefix(table.id(), times.id);
        let edge = |second: u64| [&prefix[..], &second.to_be_bytes()].concat().into();
        // A row of an index that this one has replaced is no place in it.
        let passed = passed.filter(|key| key.bytes.starts_with(&prefix));
        let range = ScanRange {
            family: Family::Index,
            lower: passed.map_or_else(|| Bound::Included(edge(oldest_s(now_s))), |key| Bound::Excluded(key.bytes)),
            upper: Bound::Excluded(edge(now_s)),
            direction: ScanDirection::Forward,
            rows_max: STEP_ITEMS,
            bytes_max: STEP_BYTES,
        };
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        // All that is needed is in a row's key. A damaged row's value is none.
        let page = view.scan_page(&range).await.map_err(storage_failure)?;
        let key = |row: Result<&Row, &DamagedRow>| row.map_or_else(|row| row.key.clone(), |row| Some(row.key.clone()));
        Ok(page.in_order().filter_map(key).map(|key| Key::new(Family::Index, key)).collect())
    }

    /// The deletions of these items.
    pub(crate) async fn expirations(
        &self,
        table: &Arc<Table>,
        now_s: u64,
        items: &[Key],
    ) -> Result<Vec<Change>, Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let stored = match view.get_many(items).await {
            Err(StorageError::Corrupt(_)) => self.each_alone(view.as_ref(), table, items).await?,
            stored => stored.map_err(storage_failure)?,
        };
        let expiration = |(row, bytes): (&Key, Option<Bytes>)| {
            // The others are not to wait for one that is damaged.
            match expiration(&self.secret, table, now_s, row, bytes?) {
                Ok(change) => change,
                Err(what) => {
                    self.report_damaged(table, Some(&row.bytes), &what, STAYS);
                    None
                }
            }
        };
        Ok(items.iter().zip(stored).filter_map(expiration).collect())
    }

    /// The items one by one, where the engine refuses them together because one is damaged: that one is reported and passed over.
    async fn each_alone(&self, view: &dyn View, table: &Table, items: &[Key]) -> Result<Vec<Option<Bytes>>, Exception> {
        let mut stored = Vec::with_capacity(items.len());
        for item in items {
            match view.get_many(std::slice::from_ref(item)).await {
                Ok(found) => stored.push(found.into_iter().next().flatten()),
                Err(StorageError::Corrupt(what)) => {
                    self.report_damaged(table, Some(&item.bytes), &what, STAYS);
                    stored.push(None);
                }
                Err(error) => return Err(storage_failure(error)),
            }
        }
        Ok(stored)
    }
}

fn has_expiries(definition: &Definition) -> bool {
    definition.time_to_live.index.is_some()
}

/// The deletion of one stored item, or why its row is damaged; none if there is no item.
fn expiration(
    secret: &HashSecret,
    table: &Arc<Table>,
    now_s: u64,
    row: &Key,
    bytes: Bytes,
) -> Result<Option<Change>, String> {
    let stored = Stored::read(bytes).map_err(|what| what.to_string())?;
    let Stored::Item(item) = stored else { return Ok(None) };
    let key = ItemKey::of(secret, table, item.attributes()).ok().filter(|key| key.row == *row);
    Ok(Some(Change {
        table: Arc::clone(table),
        key: key.ok_or_else(|| "it is another item than its key names".to_owned())?,
        key_attributes: rows::key_attributes(table, item.attributes()),
        condition: None,
        action: Action::Expire { now_s },
        author: Author::TimeToLive,
    }))
}

/// How long a row of the index has been due.
fn overdue_s(row: &Key, now_s: u64) -> u64 {
    expiry_of_row(&row.bytes).map_or(0, |expiry_s| now_s.saturating_sub(expiry_s))
}
